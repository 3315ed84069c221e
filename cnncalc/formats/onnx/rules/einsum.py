"""Einsum: written out as what it is, a step for each operand after the first.

    bhwc,hkc->bhwk      h stays on both sides and lies side by side, c goes and is summed up: a matrix product
    bld,dhk->blhk       with dhk learned: a linear layer
    bij->bji            nothing but a permute
    bii->bi             a diagonal
    bij,jk->bk          i stands in one operand alone, and goes: the product, and a sum

The MACs of a product are the sizes of all letters of its two operands multiplied, as `numpy.einsum_path` counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import ascii_letters
from typing import TYPE_CHECKING

from ....dims import Dim
from ....dims import product as elements
from ....layers.join import is_one
from ....namedtuples import NamedTuple
from ..records import Node
from ..refused import AlongImages, Refused
from ..values import BATCH, Held, Value
from .arrange import recut
from .beside import alone
from .linear import on_rows, product
from .words import axis_word

if TYPE_CHECKING:
    from ..read import Reader, Rule

SIDE_BY_SIDE = 4
"""Letters that stay apart as axes of their own in a product; more of them are put together."""


class Operand(NamedTuple):
    """A tensor, a letter for each of its axes, and which input it is."""

    value: Value
    letters: str
    place: int = 0


Groups = tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
"""Letters of both operands that stay, of the first alone, of the second alone, and of both that are summed up."""


def einsum(reader: Reader, node: Node) -> None:
    """One operand after the other, from the left."""
    text = str(node.attributes.get("equation", "")).replace(" ", "")
    values = [reader.value(node, place) for place in range(len(node.inputs))]
    terms, out = spelt(text, [len(value.dims) for value in values])
    for value, term in zip(values, terms, strict=True):
        if isinstance(value, Held) and value.batched and term[value.axes.index(BATCH)] not in out:
            raise AlongImages(f"the equation `{text}`, which sums over the images")
    sizes = _sizes(values, terms, text)
    operands = [
        _single(reader, node, Operand(value, term, place), sizes)
        for place, (value, term) in enumerate(zip(values, terms, strict=True))
    ]
    made = operands[0]
    for place, other in enumerate(operands[1:], 2):
        later = {*out, *(letter for operand in operands[place:] for letter in operand.letters)}
        made = _multiplied(reader, node, made, other, later, sizes)
    reader.define(node, _ordered(reader, node, made, out, sizes))


def spelt(text: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each operand and of what comes out, also those of `...`, and of an output that is left out."""
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    letters = r"[A-Za-z]*(\.\.\.)?[A-Za-z]*"
    if len(terms) != len(ranks) or not re.fullmatch(rf"{letters}(,{letters})*(->{letters})?", text):
        raise Refused(f"the equation `{text}`")
    counts = [rank - len(term) + 3 if "..." in term else 0 for term, rank in zip(terms, ranks, strict=True)]
    free = [letter for letter in ascii_letters if letter not in text]
    dots = "".join(free[: max(counts)])
    terms = [term.replace("...", dots[len(dots) - count :]) for term, count in zip(terms, counts, strict=True)]
    every = "".join(terms)
    if arrow:
        out = out.replace("...", dots)
    else:
        out = dots + "".join(sorted(letter for letter in {*every} - {*dots} if every.count(letter) == 1))
    if [len(term) for term in terms] != [*ranks] or not {*out} <= {*every} or len({*out}) < len(out):
        raise Refused(f"the equation `{text}`")
    return terms, out


def _sizes(values: Sequence[Value], terms: Sequence[str], text: str) -> Mapping[str, Dim]:
    """The size of each letter; an axis of size 1 is repeated beside a longer one."""
    sizes: dict[str, Dim] = {}
    for value, term in zip(values, terms, strict=True):
        for letter, size in zip(term, value.dims, strict=True):
            known = sizes.setdefault(letter, size)
            if is_one(known):
                sizes[letter] = size
            elif not is_one(size) and str(size) != str(known):
                raise Refused(f"the equation `{text}`, where `{letter}` is {known} and {size}")
    return sizes


def _single(reader: Reader, node: Node, operand: Operand, sizes: Mapping[str, Dim]) -> Operand:
    """An operand with each letter once, and none that is repeated: of two axes of one letter it is the diagonal."""
    value, term, _ = operand
    repeated = [is_one(size) and not is_one(sizes[letter]) for letter, size in zip(term, value.dims, strict=True)]
    if len({*term}) == len(term) and not any(repeated):
        return operand
    held = _held(reader, node, operand)
    held = recut(reader, node, held, tuple(n for n, again in zip(held.dims, repeated, strict=True) if not again))
    term = "".join(letter for letter, again in zip(term, repeated, strict=True) if not again)
    while twice := next((letter for letter in term if term.count(letter) > 1), ""):
        held, term = _diagonal(reader, node, held, term, twice)
    return operand._replace(value=held, letters=term)


def _diagonal(reader: Reader, node: Node, value: Held, term: str, letter: str) -> tuple[Held, str]:
    """Two axes of n entries as one of n^2, of which every (n + 1)th stays."""
    pair = [axis for axis, name in enumerate(term) if name == letter][:2]
    others = [axis for axis in range(len(term)) if axis not in pair]
    size, left = value.dims[pair[0]], tuple(value.dims[axis] for axis in others)
    flat = recut(reader, node, value.transposed((*others, *pair)), (*left, size * size))
    if not is_one(size):
        word = axis_word(flat, len(others))
        flat = reader.step(node, "slice", {"step": size + 1} | ({} if word == "channels" else {"axis": word}), flat)
    return flat, "".join(term[axis] for axis in others) + letter


def _multiplied(
    reader: Reader, node: Node, first: Operand, second: Operand, later: set[str], sizes: Mapping[str, Dim]
) -> Operand:
    """Letters of both that are read later lie side by side, those that are not are summed up."""
    if not isinstance(first.value, Held) and isinstance(second.value, Held):
        first, second = second, first
    left, right = first.letters, second.letters
    both = [letter for letter in left if letter in right]
    kept, summed = [n for n in both if n in later], [n for n in both if n not in later]
    groups = (kept, [n for n in left if n not in both], [n for n in right if n not in both], summed)
    first = first._replace(value=_held(reader, node, first))
    if isinstance(second.value, Held) or not all(is_one(sizes[letter]) for letter in kept):
        second = second._replace(value=_held(reader, node, second))
        made, order = _matmul(reader, node, first, second, groups, sizes)
    else:
        made, order = _linear(reader, node, first, second, groups, sizes)
    front = _image(first) or _image(second)
    if is_one(sizes.get(front, 0)) and front in order:
        order = front + order.replace(front, "")
    made = recut(reader, node, made, tuple(sizes[letter] for letter in order))
    return Operand(*_summed(reader, node, made, order, later))


def _linear(
    reader: Reader, node: Node, first: Operand, second: Operand, groups: Groups, sizes: Mapping[str, Dim]
) -> tuple[Held, str]:
    """A learned matrix on each row: its rows are the letters that it alone has."""
    kept, rows, columns, summed = groups
    order = [letter for letter in first.letters if letter in (*kept, *rows)]
    apart = [sizes[letter] for letter in order] if len(order) <= SIDE_BY_SIDE else [elements(sizes[n] for n in order)]
    value = _cut(reader, node, first, (order, summed), (*apart, elements(sizes[n] for n in summed)))
    weight = reader.weight(node, second.place)
    turned = tuple(second.letters.index(letter) for letter in (*kept, *columns, *summed))
    if list(turned) != sorted(turned):
        weight = weight._replace(order=turned)
    out, inner = (elements(sizes[letter] for letter in group) for group in (columns, summed))
    return on_rows(reader, node, value, (out, inner), [weight], defined=False), "".join((*order, *columns))


def _matmul(
    reader: Reader, node: Node, first: Operand, second: Operand, groups: Groups, sizes: Mapping[str, Dim]
) -> tuple[Held, str]:
    """A product of two tensors, matrix by matrix."""
    kept, rows, columns, summed = groups
    large = [sizes[letter] for letter in kept if not is_one(sizes[letter])]
    apart = large if len(large) <= SIDE_BY_SIDE else [elements(large)]
    across, down, inner = (elements(sizes[letter] for letter in group) for group in (rows, columns, summed))
    left = _cut(reader, node, first, (kept, rows, summed), (*apart, across, inner))
    right = _cut(reader, node, second, (kept, summed, columns), (*apart, inner, down))
    made = product(reader, node, left, right, defined=False)
    return made._replace(merged=made.merged or right.merged), "".join((*kept, *rows, *columns))


def _cut(reader: Reader, node: Node, operand: Operand, groups: Sequence[Sequence[str]], dims: tuple[Dim, ...]) -> Held:
    """An operand with its axes in the order of the groups, put together to these sizes."""
    order = [operand.letters.index(letter) for group in groups for letter in group]
    return recut(reader, node, _held(reader, node, operand).transposed(tuple(order)), dims)


def _summed(reader: Reader, node: Node, value: Held, letters: str, later: set[str]) -> tuple[Held, str]:
    """Without the letters that nothing reads any more."""
    for axis, letter in enumerate(letters):
        if letter not in later and not is_one(value.dims[axis]):
            value = reader.step(node, "sum", {"over": axis_word(value, axis)}, value)
    dims = tuple(size for size, letter in zip(value.dims, letters, strict=True) if letter in later)
    return recut(reader, node, value, dims), "".join(letter for letter in letters if letter in later)


def _ordered(reader: Reader, node: Node, made: Operand, out: str, sizes: Mapping[str, Dim]) -> Held:
    """What comes out, its letters as they are asked for."""
    value, letters = _summed(reader, node, _held(reader, node, made), made.letters, {*out})
    return value.transposed(tuple(letters.index(letter) for letter in out)) if out else value


def _held(reader: Reader, node: Node, operand: Operand) -> Held:
    value = operand.value
    return value if isinstance(value, Held) else alone(reader, node, operand.place, value)


def _image(operand: Operand) -> str:
    """The letter of the images."""
    value = operand.value
    return operand.letters[value.axes.index(BATCH)] if isinstance(value, Held) and value.batched else ""


RULES: Mapping[str, Rule] = {"Einsum": einsum}
