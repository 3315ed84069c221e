"""The way back through a maximum: each value where the largest of its window was, zeros elsewhere (SegNet).

    - {argmaxpool: 2, from: x, as: places}
    - {maxpool: 2, from: x}
    - max_unpool: {kernel: 2, branches: [prev, places]}

With the arguments of the pool it makes a map of (n - 1) * s + k - before - after; `size` says another, less than a
stride larger or smaller, as odd sizes need it (PyTorch's rule). A place is a number, counted over the map that comes
out, within the window that it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, equals
from .base import AXIS_NAMES, MEANT, NEW, NO_WORK, OWN, Need, Shapes, Weightless, size_text, tensors
from .fields import COUNT_PER_AXIS, Pad, Padding, field
from .sliding import zeros
from .windows import Reach, Scatter


class MaxUnpool(Weightless):
    """Values put where a pool found the largest, with zeros around them (Badrinarayanan et al. 2015)."""

    kind = "max_unpool"
    main = "kernel"
    family = "resize"
    storage = NEW
    elementwise = False
    doubled = MEANT
    mixes = OWN
    extra: ClassVar[int] = 1

    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window of the pool")
    stride: tuple[Dim, ...] | None = field(COUNT_PER_AXIS, None, about="step of that window; the kernel if not given")
    padding: tuple[Pad, ...] = field(
        Padding(modes=("valid", "half", "full")), 0, about="zeros around the map before the pool"
    )
    size: tuple[Dim, ...] | None = field(COUNT_PER_AXIS, None, about="size of the map before the pool")

    @classmethod
    def check(cls, axes: int) -> str:
        """There must be a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """A place for each value; a map with as many windows as there are values."""
        if len(inputs) != 2:
            text = f"reads values and their places, and is given {tensors(len(inputs))}"
            yield Need("", False, text, code="places")
        for places in inputs[1:2]:
            text = f"do not fit: {size_text(places)} are no places of {size_text(inputs[0])}"
            yield Need("1", len(places) == len(inputs[0]), text, code="places")
            for n, m in zip(inputs[0], places, strict=False):
                yield Need("1", equals(n, m), text, code="places")
        sizes = zip(AXIS_NAMES[len(inputs[0]) - 1], self._covered(inputs[0]), self.output(*inputs)[1:], strict=True)
        for (name, least, size), stride in zip(sizes, self._steps, strict=True):
            yield Need("padding", least >= 1, f"the padding cuts off the whole {name}", code="cut-off")
            text = f"a {name} of {size} has not as many windows: {least - stride + 1} to {least + stride - 1} have"
            yield Need("size", size - least + stride >= 1, text, code="unpooled")
            yield Need("size", least + stride - size >= 1, text, code="unpooled")

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The step, the zeros before and after, and the size that comes out."""
        around = tuple(zeros(pad, k) for pad, k in zip(self.padding, self.kernel, strict=True))
        return {**vars(self), "stride": self._steps, "padding": around, "size": self.output(*inputs)[1:]}

    def output(self, *inputs: Shape) -> Shape:
        """The channels, and the map before the pool."""
        return (inputs[0][0], *(self._covered(inputs[0]) if self.size is None else self.size))

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None: elements are copied."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The values whose windows cover an output, and their places."""
        reach = tuple(
            Scatter(k, s, zeros(pad, k)[0], 1) for k, s, pad in zip(self.kernel, self._steps, self.padding, strict=True)
        )
        return (reach,) * len(inputs)

    @property
    def _steps(self) -> tuple[Dim, ...]:
        return self.kernel if self.stride is None else self.stride

    def _covered(self, shape: Shape) -> list[Dim]:
        """The map that so many windows cover."""
        return [
            (n - 1) * s + k - sum(zeros(pad, k))
            for n, k, s, pad in zip(shape[1:], self.kernel, self._steps, self.padding, strict=True)
        ]
