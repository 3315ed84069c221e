"""Where the elements of each tensor lie: which outputs are views of their input, and which are copies.

Along each axis the next entry lies a stride further. A permute takes its strides along, a slice multiplies one. A
reshape or a flatten is a view where each group of axes that it merges and splits again is evenly spaced,

    stride of an axis = size of the next one x its stride        for all but the last axis of the group

as NumPy and PyTorch decide it, and else a copy. What is computed lies side by side, the last axis first; but what is
computed element by element lies in the order of its first input, as PyTorch leaves it: a relu behind a permute is
permuted too. Sizes without a number are taken to be large, and multiples of what they are divided by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from zlib import crc32

from ..dims import Dim, Shape, is_symbolic, product
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import ALIKE, VIEW, Look, size_text
from ..namedtuples import NamedTuple

Strides: TypeAlias = Shape | None
"""How many elements further the next entry of each axis lies; None where all lie side by side, the last axis first."""


class Laid(NamedTuple):
    """How the output of a node lies."""

    view: bool
    """Whether it is its first input, looked at in another way."""

    strides: Strides


def layouts(graph: Graph) -> Mapping[str, Laid]:
    """How the output of each node lies."""
    strides: dict[str, Strides] = dict.fromkeys(graph.inputs)
    found: dict[str, Laid] = {}
    for node in graph.nodes:
        found[node.name] = laid(node, [strides[name] for name in node.inputs])
        strides[node.name] = found[node.name].strides
    return found


def views(graph: Graph) -> frozenset[str]:
    """The nodes whose output is their input looked at in another way."""
    return frozenset(name for name, place in layouts(graph).items() if place.view)


def laid(node: Node, strides: Sequence[Strides]) -> Laid:
    """How the output of a node lies, of which the inputs lie so."""
    if node.layer.storage == VIEW:
        shape, output = _numbers(node.incoming[0]), _numbers(node.output)
        look = node.layer.look(*node.incoming)
        if look.order is None:
            if strides[0] is not None and product(shape) != product(output):
                sizes = " and ".join(sorted({name for n in node.incoming[0] if is_symbolic(n) for name in n.symbols()}))
                help = f"leave {sizes} out of --over: few numbers fit {size_text(node.output)}"
                raise CnncalcError(f"whether `{node.name}` is a view of its input depends on {sizes}", help)
            return _reshaped(shape, strides[0], output)
        return Laid(True, _looked(shape, strides[0], output, look))
    if node.layer.storage == ALIKE and any(strides):
        for shape, own in zip(node.incoming, strides, strict=True):
            if shape == node.output:
                return Laid(False, own and _dense(_numbers(shape), own))
    return Laid(False, None)


def _looked(shape: Shape, strides: Strides, output: Shape, look: Look) -> Strides:
    """The axes in another order, some in longer steps."""
    old = strides or _side_by_side(shape)
    steps = _numbers(look.steps) or (1,) * len(output)
    return _plain(output, tuple(old[axis] * step for axis, step in zip(look.order or (), steps, strict=True)))


def _reshaped(shape: Shape, strides: Strides, output: Shape) -> Laid:
    """The same elements in other axes."""
    if strides is None:
        return Laid(True, None)
    old = [(n, stride) for n, stride in zip(shape, strides, strict=True) if n != 1]
    new: list[Dim] = []
    left = list(output)
    while old:
        n, stride = old.pop()
        while old and old[-1][1] == n * stride:
            n = n * old.pop()[0]
        while n != 1:
            size = left.pop()
            if n % size != 0:
                return Laid(False, None)
            new.append(stride)
            n, stride = n // size, stride * size
    new += [1] * len(left)
    return Laid(True, _plain(output, tuple(reversed(new))))


def _plain(shape: Shape, strides: Shape) -> Strides:
    """The strides, or None where all elements lie side by side in order."""
    pairs = zip(shape, strides, _side_by_side(shape), strict=True)
    return strides if any(found != plain and n != 1 for n, found, plain in pairs) else None


def _dense(shape: Shape, strides: Shape) -> Strides:
    """The strides of a new tensor with its axes in the order of these: the longest stride outermost."""
    outermost = sorted(range(len(shape)), key=lambda axis: strides[axis], reverse=True)
    found, inner = dict.fromkeys(outermost, 1), 1
    for axis in reversed(outermost):
        found[axis] = inner
        inner = inner * shape[axis]
    return _plain(shape, tuple(found[axis] for axis in range(len(shape))))


def _side_by_side(shape: Shape) -> Shape:
    strides: list[Dim] = [1] * len(shape)
    for axis in range(len(shape) - 1, 0, -1):
        strides[axis - 1] = strides[axis] * shape[axis]
    return tuple(strides)


MULTIPLE = 720720
"""What each size without a number is a multiple of; it has all divisors up to 16."""


def _numbers(shape: Shape) -> Shape:
    """A shape in numbers, where those that it lacks are large and no two of them the same."""
    if not any(map(is_symbolic, shape)):
        return shape
    return tuple(
        n.at({name: MULTIPLE * (1 + crc32(name.encode())) for name in n.symbols()}) if is_symbolic(n) else n
        for n in shape
    )
