"""Transposed convolution: each input position adds a weighted window to the output.

upconv: {out: 64, kernel: 2, stride: 2}

size    = (n - 1) * s - before - after + (k - 1) * d + 1 + output_padding
weights = C * O/G * kh * kw
MACs    = weights * input positions      every input tap is multiplied, even what the padding cuts off
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, at_least, divides, divisors, exact_div, product
from .base import ALL, AXIS_NAMES, MEANT, NEW, NO_WEIGHTS, NO_WORK, SHIFT, SOME, TAPS, Need, Shapes, Uncentred
from .conv import BIAS
from .fields import BITS, COUNT, COUNT_PER_AXIS, FLAG, NATURAL_PER_AXIS, Pad, Padding, field
from .join import is_one
from .sliding import zeros
from .windows import Reach, Scatter

CUTS = ("valid", "half", "full", "same")
"""The modes that a transposed convolution has: to undo a causal one is not to be causal."""


class Upconv(Uncentred):
    """The transpose of a convolution: it undoes the shrinking of one with the same arguments."""

    kind = "upconv"
    main = "out"
    family = "convolution"
    roles: ClassVar[Mapping[str, str]] = {"weight": TAPS, "bias": SHIFT}
    storage = NEW
    elementwise = False
    multiplies = False
    doubled = MEANT
    sugar = True
    inherits: ClassVar[str | None] = "conv"
    not_inherited = frozenset({"out", "kernel"})

    out: Dim = field(COUNT, about="output channels")
    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window in taps")
    stride: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="outputs from one input to the next")
    padding: tuple[Pad, ...] = field(
        Padding(modes=CUTS), 0, about="outputs cut off at the edges: as the conv that it undoes"
    )
    output_padding: tuple[Dim, ...] = field(NATURAL_PER_AXIS, 0, about="outputs added at the end")
    dilation: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="distance between taps")
    groups: Dim = field(COUNT, 1, about="groups of channels that are convolved apart")
    bias: bool = field(FLAG, True, about=BIAS)
    bits: Dim | None = field(COUNT, None, about=BITS)

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """A channel reads all of its group."""
        return ALL if is_one(self.groups) else SOME

    @classmethod
    def check(cls, axes: int) -> str:
        """A convolution slides over a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Groups divide, and something is left after the padding is cut off."""
        channels, *sizes = inputs[0]
        groups = self.groups
        yield Need(
            "groups",
            divides(groups, channels),
            f"{groups} groups do not divide the {channels} input channels",
            divisors(groups, channels),
            code="groups-in",
        )
        yield Need(
            "groups",
            divides(groups, self.out),
            f"{groups} groups do not divide the {self.out} output channels",
            divisors(groups, self.out),
            code="groups-out",
        )
        for name, n, size in zip(AXIS_NAMES[len(sizes)], sizes, self.output(inputs[0])[1:], strict=True):
            yield Need(
                "padding", size >= 1, f"the padding cuts off the whole {name}: {n} becomes {size}", code="cut-off"
            )
        for extra, s, d in zip(self.output_padding, self.stride, self.dilation, strict=True):
            yield Need(
                "output_padding",
                at_least(s, d) - extra >= 1,
                f"{extra} is not less than the stride {s} or the dilation {d}",
                "a smaller one: the added outputs would be empty",
                code="output-padding",
            )

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The padding is what is cut off before and after."""
        return {**vars(self), "padding": tuple(self._cut(axis, n) for axis, n in enumerate(inputs[0][1:]))}

    def output(self, *inputs: Shape) -> Shape:
        """Filters, then the stretched sizes."""
        return (
            self.out,
            *(
                (n - 1) * s - sum(self._cut(axis, n)) + (k - 1) * d + 1 + extra
                for axis, (n, k, s, d, extra) in enumerate(
                    zip(
                        inputs[0][1:],
                        self.kernel,
                        self.stride,
                        self.dilation,
                        self.output_padding,
                        strict=True,
                    )
                )
            ),
        )

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` (channels, filters of a group, *kernel), as PyTorch stores it, and `bias` (filters)."""
        weight = (inputs[0][0], exact_div(self.out, self.groups), *self.kernel)
        return {"weight": weight, "bias": (self.out,)} if self.bias else {"weight": weight}

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """Weights times input positions."""
        return product(self.weights(*inputs)["weight"]) * product(inputs[0][1:])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One addition an output for the bias."""
        return {"bias": product(output)} if self.bias else NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The inputs whose windows cover an output."""
        return (
            tuple(
                Scatter(k, s, self._cut(axis, n)[0], d)
                for axis, (n, k, s, d) in enumerate(
                    zip(inputs[0][1:], self.kernel, self.stride, self.dilation, strict=True)
                )
            ),
        )

    def _cut(self, axis: int, n: Dim) -> tuple[Dim, Dim]:
        """Outputs cut off before and after; `same` makes n * s outputs, as TensorFlow."""
        extent = (self.kernel[axis] - 1) * self.dilation[axis] + 1
        if self.padding[axis] == "same":
            total = extent - self.stride[axis]
            before = at_least(total, 0) // 2
            return before, total - before
        return zeros(self.padding[axis], extent)
