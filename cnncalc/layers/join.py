"""Where branches meet.

    add: {main: [...], shortcut: prev}       element by element; the same shapes, or an axis of size 1
    concat: [[...], [...]]                   channels one after the other; the maps agree
    matmul: [a, b]                           (m, k) times (k, n): a product of two activations

A tensor of C numbers meets a map of C channels as one number a channel (an SE gate from a linear layer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, equals, product
from .base import (
    ALIKE,
    AXES,
    AXIS_NAMES,
    MEANT,
    NEW,
    NO_WORK,
    OWN,
    SOME,
    Layer,
    Need,
    Shapes,
    Weightless,
    axis_of,
    size_text,
)
from .fields import Choice, field
from .windows import EVERYTHING, SAME_PLACE, Contracted, Nearest, Reach, Spliced, Window, same_place

AXES_DIFFER, CHANNELS_DIFFER, SIZES_DIFFER = "axes-differ", "channels-differ", "sizes-differ"
"""Codes of needs: the branches have not as many axes, not as many channels, or maps of other sizes."""


def is_one(dim: Dim) -> bool:
    """Whether an axis has size 1 by construction, so that it is repeated along another."""
    return isinstance(dim, int) and dim == 1


class Join(Weightless):
    """What the joins share: several inputs."""

    mixes = SOME
    family = "join"
    doubled = MEANT
    joins = True
    fewest: ClassVar[int] = 1
    """Of branches; where it is 1, one branch alone goes on as it is."""


class Elementwise(Join):
    """Element by element over all branches; axes of size 1 are repeated."""

    storage = ALIKE
    mixes = OWN
    elementwise = True
    does: ClassVar[str]
    """The word of `WORK` for one element of a branch."""

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The branches have the same shape, where an axis is not repeated."""
        widest = max(inputs, key=len)
        target = self.output(*inputs)
        for place, shape in enumerate(inputs):
            if len(shape) not in (1, len(widest)):
                yield Need("", False, f"differ in their number of axes: {_texts(inputs)}", code=AXES_DIFFER)
                continue
            for axis, n in enumerate(shape):
                if is_one(n):
                    continue
                what = "channels" if axis == 0 else AXIS_NAMES[len(widest) - 1][axis - 1]
                yield Need(
                    str(place),
                    equals(n, target[axis]),
                    f"differ in {what}",
                    code=CHANNELS_DIFFER if axis == 0 else SIZES_DIFFER,
                )

    def output(self, *inputs: Shape) -> Shape:
        """On each axis the first size that is not repeated."""
        widest = max(inputs, key=len)
        return tuple(
            next((shape[axis] for shape in inputs if len(shape) > axis and not is_one(shape[axis])), 1)
            for axis in range(len(widest))
        )

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an output for each branch after the first."""
        return {self.does: product(output) * (len(inputs) - 1)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position; of a repeated axis its one entry, of a vector all."""
        return tuple(_reach(shape, output) for shape in inputs)


def _reach(shape: Shape, output: Shape) -> Reach:
    if len(shape) < len(output):
        return EVERYTHING
    repeated = [is_one(n) and not is_one(m) for n, m in zip(shape[1:], output[1:], strict=True)]
    if not any(repeated):
        return same_place(len(output) - 1)
    return tuple(Nearest(1, m) if again else SAME_PLACE for again, m in zip(repeated, output[1:], strict=True))


class Add(Elementwise):
    """The sum of the branches."""

    kind = "add"
    does = "add"
    commutes = True


class Sub(Elementwise):
    """The first branch less the others."""

    kind = "sub"
    does = "add"


class Mul(Elementwise):
    """The product of the branches."""

    kind = "mul"
    does = "multiply"
    commutes = True
    gates = True


class Maximum(Elementwise):
    """The largest of the branches."""

    kind = "maximum"
    does = "compare"
    commutes = True


class Minimum(Elementwise):
    """The smallest of the branches."""

    kind = "minimum"
    does = "compare"
    commutes = True


class Div(Elementwise):
    """The first branch divided by the others."""

    kind = "div"
    does = "divide"


class Where(Elementwise):
    """The second branch where the first is not zero, else the third."""

    kind = "where"
    fewest = 3
    does = "compare"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Three branches of the same shape, where an axis is not repeated."""
        if len(inputs) != 3:
            yield Need("", False, f"are {len(inputs)}, and a choice has three", code="branches-three")
            return
        yield from super().needs(*inputs)

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an output."""
        return {self.does: product(output)}


class Concat(Join):
    """The channels of the branches one after the other, or their entries along another axis."""

    kind = "concat"
    storage = NEW
    elementwise = False

    axis: str = field(Choice(*AXES), "channels", about="the axis along which they lie one after the other")

    def continues(self, branch: Layer) -> bool:
        """Of a concat along the same axis."""
        return isinstance(branch, Concat) and branch.axis == self.axis

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The other axes agree."""
        first = inputs[0]
        along = axis_of(self.axis, first)
        if along is None:
            yield Need("", False, f"have no axis `{self.axis}`: {_texts(inputs)}", code="axis")
            return
        for place, shape in enumerate(inputs):
            if len(shape) != len(first):
                yield Need(str(place), False, f"differ in their number of axes: {_texts(inputs)}", code=AXES_DIFFER)
                continue
            facts = list(zip(("channels", *AXIS_NAMES[len(shape) - 1]), shape, first, strict=True))
            for name, n, m in (*facts[:along], *facts[along + 1 :]):
                code = CHANNELS_DIFFER if name == "channels" else SIZES_DIFFER
                yield Need(str(place), equals(n, m), f"differ in {name}", code=code)

    def output(self, *inputs: Shape) -> Shape:
        """All entries of the axis; the other axes of the first branch."""
        along = axis_of(self.axis, inputs[0]) or 0
        entries: Dim = 0
        for shape in inputs:
            entries = entries + shape[along]
        return (*inputs[0][:along], entries, *inputs[0][along + 1 :])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None: elements are copied."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position; along a spatial axis counted from where the branch begins."""
        along = axis_of(self.axis, inputs[0])
        if not along:
            return (same_place(len(output) - 1),) * len(inputs)
        reaches: list[Reach] = []
        start: Dim = 0
        for shape in inputs:
            moved = Window(1, 1, start)
            reaches.append(Spliced(along, (moved if place == along else SAME_PLACE for place in range(1, len(shape)))))
            start = start + shape[along]
        return tuple(reaches)


class Matmul(Join):
    """The matrix product of two activations: (m, k) and (k, n) give (m, n); leading axes agree."""

    kind = "matmul"
    fewest = 2
    storage = NEW
    elementwise = False
    multiplies = True

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Two branches whose inner sizes agree."""
        if len(inputs) != 2:
            yield Need("", False, f"are {len(inputs)}, and a matrix product has two", code="branches-two")
            return
        left, right = inputs
        if len(left) != len(right) or len(left) < 2:
            yield Need(
                "",
                False,
                f"are no two matrices: {_texts(inputs)}",
                "`reshape` them to [rows, columns]",
                code="matrices",
            )
            return
        yield Need("1", equals(left[-1], right[-2]), "differ in the inner size", code="inner-size")
        for n, m in zip(left[:-2], right[:-2], strict=True):
            yield Need("1", equals(n, m), "differ in their leading axes", code="leading-axes")

    def output(self, *inputs: Shape) -> Shape:
        """The rows of the first, the columns of the second."""
        return (*inputs[0][:-1], inputs[1][-1])

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """The inner size for each output."""
        return product(output) * inputs[0][-1]

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None besides the MACs."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """A row of the first, a column of the second."""
        rows, columns = len(output) - 2, len(output) - 1
        leading = range(rows)
        return (Contracted(columns, (*leading, rows)), Contracted(rows, (*leading, columns)))


def _texts(shapes: Shapes) -> str:
    return " and ".join(map(size_text, shapes))
