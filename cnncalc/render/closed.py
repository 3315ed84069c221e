"""Closed forms on the page: a line for each, and what numbers put in give; in text, a table or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..symbols import Monomial, Polynomial, Proviso, latex, symbol
from . import numbers, units
from .factors import bracketed, factored, written
from .report import Column, Table

if TYPE_CHECKING:
    from ..analyses.formula import Formula
    from ..analyses.provisos import Condition

RELATIONS = {">=": r"\ge", ">": ">", "<=": r"\le", "<": "<", "==": "=", "divides": r"\mid"}
TERMS_A_LINE = 3
INDICATOR = "[...]: 1 where it holds, 0 where not"
EQUATION = (Column("figure", kept=True), Column("formula", kept=True))


class Line:
    """A formula in words, and its value at a point."""

    def __init__(
        self, formula: Formula, title: str, at: Mapping[str, int], maps: Collection[str] | None, tex: bool
    ) -> None:
        self.title = " ".join(filter(None, (formula.part, title)))
        self.sizes = _collapsed(formula)
        self.groups = [_groups(size, maps, tex) for size in self.sizes]
        products = [" ".join(group) for group in self.groups]
        if len(self.sizes) > 1:
            products = [bracketed(size, tex, whole=maps is None) for size in self.sizes]
        self.shown = (r" \times " if tex else " x ").join(products) or numbers.NOTHING
        self.values = tuple(_at(size, at) for size in self.sizes)
        self.value = " x ".join(map(numbers.count, self.values)) if at else ""
        self.convention = formula.convention
        self.data: dict[str, Any] = {
            "figure": formula.figure,
            **({"part": formula.part} if formula.part else {}),
            "formula": _alone([str(size) for size in formula.sizes]),
            "latex": _alone([latex(size) for size in formula.sizes]),
            "value": _alone([_number(_at(size, at)) for size in formula.sizes]) if at else None,
            "convention": formula.convention,
            **({"lowest": formula.lowest} if formula.lowest else {}),
        }


def _groups(size: Any, maps: Collection[str] | None, tex: bool) -> list[str]:
    """The signed summands of a formula; with `maps` those with the same maps collected: `H^2 (2 w^2 + w)`."""
    write = latex if tex else str
    if not isinstance(size, Polynomial) or not size.terms:
        return [write(size)]
    as_product = factored(size) if maps is not None else None
    if as_product is not None:
        return [written(as_product, write, tex)]
    collected: dict[Monomial, list[tuple[Monomial, int]]] = {}
    for factors, count in size.ordered():
        of_maps = frozenset(
            (atom, power) for atom, power in factors if maps is not None and (atom.parts or atom.word in maps)
        )
        collected.setdefault(of_maps, []).append((factors - of_maps, count))
    summands: list[tuple[bool, str]] = []
    for of_maps, terms in collected.items():
        if len(terms) == 1 or not of_maps:
            for factors, count in terms:
                summands.append((count < 0, write(Polynomial(frozenset([(of_maps | factors, abs(count))])))))
        else:
            inside = Polynomial(frozenset(terms))
            less = inside.ordered()[0][1] < 0
            product = f"{write(Polynomial(frozenset([(of_maps, 1)])))} ({write(-inside if less else inside)})"
            summands.append((less, product))
    (less, first), *others = summands
    return ["-" * less + first, *(f"{'-' if less else '+'} {text}" for less, text in others)]


def _collapsed(formula: Formula) -> tuple[Any, ...]:
    """A receptive field that is the same on every axis is told once."""
    if formula.figure == "receptive_field" and len(set(formula.sizes)) == 1:
        return formula.sizes[:1]
    return formula.sizes


def _at(size: Any, at: Mapping[str, int]) -> Any:
    return size.at(at) if isinstance(size, Polynomial) else size


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, Polynomial) else value


def _alone(members: list[Any]) -> Any:
    return members[0] if len(members) == 1 else members


def screen(lines: Sequence[Line], at: Mapping[str, int], asked: bool) -> list[Table]:
    """The formulas for people: each whole, then their values."""
    tables = [Table(EQUATION, [{"figure": line.title, "formula": f"= {line.shown}"} for line in lines])]
    changing = [line for line in lines if line.value and any(map(_is_open, line.sizes))]
    if changing:
        point = ", ".join(f"{name}={n}" for name, n in at.items())
        rows = [{"figure": line.title, "formula": f"= {line.value}"} for line in changing]
        tables.append(Table(EQUATION, rows, title=f"at {point}" + ("" if asked else ", as the spec has it")))
    return tables


def conventions(lines: Sequence[Line]) -> list[str]:
    """What the figures are of, and what is not plain arithmetic."""
    notes = [f"{line.title}: {line.convention}" for line in lines]
    return [*notes, INDICATOR] if any("[" in line.shown for line in lines) else notes


def _is_open(size: Any) -> bool:
    return isinstance(size, Polynomial) and bool(size.symbols())


def table(lines: Sequence[Line], at: Mapping[str, int], form: str) -> Table:
    """The formulas as rows."""
    point = ", ".join(f"{name}={n}" for name, n in at.items())
    columns = [Column("figure", "figure"), Column("formula", "formula")]
    if at:
        columns.append(Column("value", f"at {point}", units.WORD))
    columns.append(Column("convention", "convention"))
    mark = "$" if form == "latex" else "`" if form == "markdown" else ""
    rows = [
        {
            "figure": line.title,
            "formula": f"{mark}{line.shown}{mark}",
            "value": line.value if form != "csv" else _csv(line.values),
            "convention": line.convention,
        }
        for line in lines
    ]
    return Table(columns, rows)


def _csv(values: Sequence[Any]) -> str:
    return "x".join(map(str, values))


def conditions(provisos: Sequence[Condition], form: str) -> list[str]:
    """What must hold, in a sentence, or one a line where there are many."""
    texts = [_condition(proviso) if form == "latex" else str(proviso) for proviso in provisos]
    if len(texts) <= 3:
        return [f"provided {' and '.join(texts)}"] if texts else []
    return ["provided", *(f"  {text}" for text in texts)]


def _condition(proviso: Condition) -> str:
    if not isinstance(proviso, Proviso):
        name = latex(symbol(proviso.name))
        return proviso.told(f"${name}$", f"${name.replace('{', '{{').replace('}', '}}')} {RELATIONS['>=']} {{}}$")
    return f"${latex(proviso.left)} {RELATIONS[proviso.relation]} {latex(proviso.right)}$"


def aligned(head: Sequence[str], lines: Sequence[Line], notes: Sequence[str]) -> str:
    """An align* with a row a formula; a long one goes on in the next row."""
    rows: list[str] = []
    for line in lines:
        parts = _broken(line)
        rows.append(rf"  \text{{{line.title}}} &= {parts[0]}")
        rows += [rf"  &\quad {part}" for part in parts[1:]]
        if line.value and any(map(_is_open, line.sizes)):
            value = line.value.replace(" x ", r" \times ").replace(",", "{,}")
            rows.append(rf"  &= {value}" if not any(map(_is_open, line.values)) else _later(line))
    comments = [f"% {'; '.join(head)}", *(f"% {line.title}: {line.convention}" for line in lines)]
    comments += [f"% {INDICATOR}"] if any("[" in line.shown for line in lines) else []
    comments += [f"% {note}" for note in notes]
    return "\n".join([*comments, r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]) + "\n"


def _later(line: Line) -> str:
    return "  &= " + r" \times ".join(map(latex, line.values))


def _broken(line: Line) -> list[str]:
    if len(line.groups) != 1:
        return [line.shown]
    terms = line.groups[0]
    return [" ".join(terms[k : k + TERMS_A_LINE]) for k in range(0, len(terms), TERMS_A_LINE)]


def tabular(head: Sequence[str], layers: Table, notes: Sequence[str]) -> str:
    """The formulas of the layers as a tabular; its cells are mathematics already."""
    titles = [column.title for column in layers.columns]
    rows = [[str(row.get(column.key, "")) for column in layers.columns] for row in (*layers.rows, layers.total or {})]
    named = [[_TEX_SIGN.sub(r"\\\g<0>", first), *others] for first, *others in rows]
    lines = [" & ".join(row) + r" \\" for row in [titles, *named]]
    return (
        "\n".join(
            [
                "% " + "; ".join(head),
                rf"\begin{{tabular}}{{{'l' * len(titles)}}}",
                r"\toprule",
                *(lines[0], r"\midrule", *lines[1:-1], r"\midrule", lines[-1]),
                r"\bottomrule",
                r"\end{tabular}",
                *(f"% {note}" for note in notes),
            ]
        )
        + "\n"
    )


_TEX_SIGN = re.compile(r"[_#%&]")


def latex_cell(size: Any) -> str:
    """A formula in a cell of a LaTeX table."""
    return f"${latex(size)}$"


def latex_shape(shape: Any) -> str:
    """A shape in a cell of a LaTeX table."""
    return "$" + r" \times ".join(bracketed(dim, tex=True) for dim in shape) + "$"
