"""Formulas as people write them: `floor((h + 2*p - k)/s) + 1`, with names, with numbers, in text or in LaTeX."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..namedtuples import NamedTuple
from ..symbols import Atom, Monomial, Polynomial
from . import numbers

ORDER = (
    "field",
    "out",
    "in",
    "groups",
    "m",
    "H",
    "W",
    "T",
    "N",
    "p",
    "ph",
    "pw",
    "before",
    "after",
    "k",
    "kd",
    "kh",
    "kw",
    "d",
    "jump",
    "s",
)
"""Factors are read in this order; others follow by their names."""

Names = Callable[[str], str]


class Style(NamedTuple):
    """How products and fractions are written."""

    times: str
    tex: bool


TEXT = Style(" * ", False)
LATEX = Style(r" \cdot ", True)


def named(formula: Any, style: Style = TEXT, names: Mapping[str, str] | None = None, values: Any = None) -> str:
    """The formula with its names, or with other names for them."""
    known = names or {}
    return _sum(formula, style, lambda name: known.get(name, name), values or {})


def numbered(formula: Any, values: Mapping[str, int], style: Style = TEXT) -> str:
    """The formula with numbers in place of its names."""
    return _sum(formula, style, lambda name: str(values[name]), values)


def _sum(formula: Any, style: Style, names: Names, values: Mapping[str, int]) -> str:
    if not isinstance(formula, Polynomial):
        return str(formula)
    text = ""
    for factors, count, less_one in sorted(_factored(formula.ordered()), key=_rank):
        product = _product(factors, abs(count), less_one, style, names, values)
        text += (" - " if count < 0 else " + ") + product
    if text.startswith(" - "):
        return "-" + text[3:]
    return text[3:] or "0"


def _factored(terms: list[tuple[Monomial, int]]) -> Iterator[tuple[Monomial, int, Monomial]]:
    """The terms as (factors, count, x), where x stands for a factor x - 1: k jump - jump is (k - 1) jump."""
    left = sorted(terms, key=lambda term: term[1], reverse=True)
    while left:
        factors, count = left.pop(0)
        partner = next(((y, n) for y, n in left if y and n == -count < 0 and y < factors), None)
        if partner is None:
            yield factors, count, frozenset()
        else:
            left.remove(partner)
            yield partner[0], count, factors - partner[0]


def _rank(term: tuple[Monomial, int, Monomial]) -> tuple[bool, bool, int, list[tuple[int, str]]]:
    """Constants last, what is taken away before them, long products first."""
    factors, count, less_one = term
    degree = 1 if less_one else sum(power for _, power in factors)
    return (not factors and not less_one, count < 0, -degree, _places(factors | less_one))


def _places(factors: Monomial) -> list[tuple[int, str]]:
    return sorted(map(_place, factors))


def _product(
    factors: Monomial, count: int, less_one: Monomial, style: Style, names: Names, values: Mapping[str, int]
) -> str:
    parts = [str(count)] if count > 1 or not (factors or less_one) else []
    if less_one:
        parts.append(f"({_product(less_one, 1, frozenset(), style, names, values)} - 1)")
    for atom, power in sorted(factors, key=_place):
        base = _atom(atom, style, names, values)
        if power > 1:
            base = f"{base}^{{{power}}}" if style.tex else f"{base}^{power}"
        parts.append(base)
    return style.times.join(parts)


def _place(factor: tuple[Atom, int]) -> tuple[int, str]:
    word = _first_name(factor[0])
    return (ORDER.index(word) if word in ORDER else len(ORDER), word)


def _first_name(atom: Atom) -> str:
    return atom.word if not atom.parts else min(atom.symbols(), default=atom.word)


def _atom(atom: Atom, style: Style, names: Names, values: Mapping[str, int]) -> str:
    if not atom.parts:
        return names(atom.word)
    if atom.word != "floor":
        inside = ", ".join(_sum(part, style, names, values) for part in atom.parts)
        return f"{chr(92) if style.tex else ''}{atom.word}({inside})"
    over, under = atom.parts
    if _is_whole(over, under, values):
        return _fraction(over, under, style, names, values, "")
    raised = over - under + 1
    word, over = ("ceil", raised) if len(raised.terms) < len(over.terms) else ("floor", over)
    return _fraction(over, under, style, names, values, word)


def _is_whole(over: Polynomial, under: Polynomial, values: Mapping[str, int]) -> bool:
    """A division that is whole by a need of the layer is a fraction, without a floor around it."""
    if len(over.terms) > 1 or not (over.symbols() | under.symbols()) <= values.keys():
        return False
    return bool(over.at(values) % under.at(values) == 0)


def _fraction(
    over: Polynomial, under: Polynomial, style: Style, names: Names, values: Mapping[str, int], word: str
) -> str:
    top, bottom = _sum(over, style, names, values), _sum(under, style, names, values)
    if style.tex:
        fraction = rf"\frac{{{top}}}{{{bottom}}}"
        return rf"\left\l{word} {fraction} \right\r{word}" if word else fraction
    top = f"({top})" if len(over.terms) > 1 else top
    bottom = f"({bottom})" if " " in bottom else bottom
    return f"{word}({top} / {bottom})" if word else f"{top}/{bottom}"


LECTURE: Mapping[str, str] = {
    "k": "f",
    "kh": "f_H",
    "kw": "f_W",
    "in": "n_c[l-1]",
    "out": "n_c[l]",
    "H": "n_H[l-1]",
    "W": "n_W[l-1]",
    "N": "n[l-1]",
    "oh": "n_H[l]",
    "ow": "n_W[l]",
    "groups": "g",
}
"""The names of the lecture notes."""


def lecture(tex: bool) -> Mapping[str, str]:
    """The names of the lecture notes, in text or in LaTeX."""
    if not tex:
        return LECTURE
    return {name: word.replace("[", "^{[").replace("]", "]}") for name, word in LECTURE.items()}


NAME = re.compile(r"\{([^{}]+)\}")
"""A name in a formula that is a text."""

FUNCTION = re.compile(r"\b(floor|max|min|exp)\(")
WORDS = re.compile(r"(?<![\\{\w])[A-Za-z]{2,}(?: [A-Za-z]{2,})*(?!\w)(?: (?=\w))?")
"""Words, which are no product of variables."""

SHOWN_TERMS = 12
"""Terms of a long sum that are written, the last of them included."""


def spelled(formula: str, style: Style = TEXT) -> str:
    """A formula that is a text with its names in braces: `({n} + 2 * {p}) / {s}` as `(n + 2 * p) / s`."""
    return _styled(NAME.sub(lambda found: found[1], formula), style)


def filled(formula: str, values: Mapping[str, Any], style: Style = TEXT) -> str:
    """The same with numbers in place of the names that have one, exact; nothing where there is none."""
    if not NAME.search(formula):
        return ""

    def number(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[1]
        before, after = formula[: found.start()].rstrip(), formula[found.end() :].lstrip()
        return _inside(numbers.exact(values[found[1]]), before[-1:], after[:1])

    return _styled(NAME.sub(number, formula), style)


def summed(pattern: str, rows: Sequence[Sequence[Any]], last: Any = None, style: Style = TEXT) -> str:
    """A sum with its numbers: `({} - {})^2` once for each row; of many the first ones, and how many there are."""
    counted = itertools.count()
    formula = re.sub(r"\{\}", lambda _: f"{{{next(counted)}}}", pattern)

    def term(row: Sequence[Any]) -> str:
        return filled(formula, {str(place): value for place, value in enumerate(row)})

    if len(rows) > SHOWN_TERMS:
        terms = [*map(term, rows[: SHOWN_TERMS - 1]), "...", term(rows[-1])]
    else:
        terms = [*map(term, rows)]
    if last is not None:
        terms.append(numbers.exact(last))
    text = " + ".join(f"({term})" if term.startswith("-") and place else term for place, term in enumerate(terms))
    return _styled(text, style) + (f" ({numbers.whole(len(rows))} terms)" if len(rows) > SHOWN_TERMS else "")


def told(sentence: str, values: Mapping[str, Any]) -> str:
    """A sentence with numbers in place of the names in braces, as people read them."""
    return NAME.sub(lambda found: numbers.brief(values[found[1]]) if found[1] in values else found[1], sentence)


def _inside(number: str, before: str, after: str) -> str:
    """A number in its place: a fraction or a negative one in brackets, where it would be read otherwise."""
    alone = before in ("", "(", ",", "|")
    if "/" in number and not (alone and after in ("", ")", ",", "|")):
        return f"({number})"
    return f"({number})" if number.startswith("-") and (not alone or after == "^") else number


def _styled(text: str, style: Style) -> str:
    if not style.tex:
        return text
    text = FUNCTION.sub(lambda found: rf"\operatorname{{{found[1]}}}(", text)
    text = WORDS.sub(lambda found: rf"\text{{{found[0]}}}", text)
    return text.replace(" * ", style.times)


__all__: Sequence[str] = ("LATEX", "TEXT", "filled", "lecture", "named", "numbered", "spelled", "summed", "told")
