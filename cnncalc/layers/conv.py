"""Convolution: dense, grouped, depthwise and pointwise are one layer with different groups and kernels.

    conv: {out: 64, kernel: 7, stride: 2, padding: 3}
    depthwise: 3                                          one group a channel
    pointwise: 128                                        a 1x1 convolution

With C input and O output channels in G groups and an output of h x w:

    weights = O * C/G * kh * kw
    params  = weights + O        the O only with a bias
    MACs    = weights * h * w    taps on padding count, a bias costs nothing

A separable pair thus costs 1/O + 1/(kh * kw) of the dense layer that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, divides, divisors, equals, exact_div, product
from .base import ALL, AXIS_NAMES, MEANT, NEW, NO_WEIGHTS, NO_WORK, SHIFT, SOME, TAPS, Need, Shapes, Uncentred
from .fields import BITS, COUNT, COUNT_PER_AXIS, FLAG, Connections, Pad, Padding, field
from .join import is_one
from .sliding import Slide, padded, slide
from .windows import Reach


class Convolution(Uncentred):
    """The answers that every convolution shares; the kinds say what their arguments are."""

    family = "convolution"
    roles: ClassVar[Mapping[str, str]] = {"weight": TAPS, "bias": SHIFT}
    storage = NEW
    elementwise = False
    multiplies = False
    doubled = MEANT
    sugar = True
    stride: tuple[Dim, ...]
    padding: tuple[Pad, ...]
    bias: bool

    def filters(self, channels: Dim) -> Dim:
        """Output channels."""
        raise NotImplementedError

    def taps(self) -> tuple[Dim, ...]:
        """Extent of the window per axis, in taps."""
        raise NotImplementedError

    def spread(self) -> tuple[Dim, ...]:
        """Distance between taps per axis."""
        raise NotImplementedError

    def parts(self, channels: Dim) -> Dim:
        """Groups."""
        raise NotImplementedError

    @classmethod
    def check(cls, axes: int) -> str:
        """A convolution slides over a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Groups divide, and the window fits."""
        channels, *sizes = inputs[0]
        groups, filters = self.parts(channels), self.filters(channels)
        yield Need(
            "groups",
            divides(groups, channels),
            f"{groups} groups do not divide the {channels} input channels",
            divisors(groups, channels),
            code="groups-in",
        )
        yield Need(
            "groups",
            divides(groups, filters),
            f"{groups} groups do not divide the {filters} output channels",
            divisors(groups, filters),
            code="groups-out",
        )
        yield from windows_fit(sizes, self._slides(sizes))

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The padding is the zeros before and after."""
        return {**vars(self), "padding": padded(self._slides(inputs[0][1:]))}

    def meaning(self, *inputs: Shape) -> tuple[str, Mapping[str, Any]]:
        """A convolution is one whatever word has its window and groups; taps of a window of 1 have no distance."""
        channels, taps = inputs[0][0], self.taps()
        given = {name: value for name, value in self.resolved(*inputs).items() if name in ("stride", "padding", "bias")}
        return "convolution", {
            **given,
            "out": self.filters(channels),
            "kernel": taps,
            "dilation": tuple(1 if is_one(k) else d for k, d in zip(taps, self.spread(), strict=True)),
            "groups": self.parts(channels),
            "connections": vars(self).get("connections"),
        }

    def output(self, *inputs: Shape) -> Shape:
        """Filters, then the steps of the window on each axis."""
        channels, *sizes = inputs[0]
        return (self.filters(channels), *(slid.steps for slid in self._slides(sizes)))

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` (filters, channels of a group, *kernel) and `bias` (filters)."""
        channels = inputs[0][0]
        filters = self.filters(channels)
        weight = (filters, exact_div(channels, self.parts(channels)), *self.taps())
        return {"weight": weight, "bias": (filters,)} if self.bias else {"weight": weight}

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """Weights times output positions."""
        return product(self.weights(*inputs)["weight"]) * product(output[1:])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One addition an output for the bias."""
        return {"bias": product(output)} if self.bias else NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The sliding window."""
        return (tuple(slid.window for slid in self._slides(inputs[0][1:])),)

    def _slides(self, sizes: Shape | list[Dim]) -> list[Slide]:
        return [
            slide(n, k, s, d, p)
            for n, k, s, d, p in zip(sizes, self.taps(), self.stride, self.spread(), self.padding, strict=True)
        ]


def windows_fit(sizes: Shape | list[Dim], slides: list[Slide]) -> Iterator[Need]:
    """The window must have at least one place on every axis."""
    for name, n, slid in zip(AXIS_NAMES[len(slides)], sizes, slides, strict=True):
        window = slid.window
        dilated = f", dilation {window.dilation}" if isinstance(window.dilation, int) and window.dilation > 1 else ""
        yield Need(
            "kernel",
            slid.steps >= 1,
            f"the window spans {window.extent} positions (kernel {window.kernel}{dilated}), "
            f"and the {name} at this point is {n} + {window.before + slid.after} padding",
            "a larger input, fewer strides before it, a smaller kernel, or padding",
            code="window-fits",
        )


STRIDE = "step of the window"
PADDING = "zeros around the map: a number, [before, after] per axis, valid, half, full, same or causal"
BIAS = "whether each output channel adds a learned number"


class Windowed(Convolution):
    """A convolution whose filters, window and groups are arguments."""

    out: Dim
    kernel: tuple[Dim, ...]
    dilation: tuple[Dim, ...]
    groups: Dim

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """A channel reads all of its group."""
        return ALL if is_one(self.groups) else SOME

    def filters(self, channels: Dim) -> Dim:
        """`out`."""
        return self.out

    def taps(self) -> tuple[Dim, ...]:
        """`kernel`."""
        return self.kernel

    def spread(self) -> tuple[Dim, ...]:
        """`dilation`."""
        return self.dilation

    def parts(self, channels: Dim) -> Dim:
        """`groups`."""
        return self.groups


class Conv(Windowed):
    """A window of learned weights slid over the map."""

    kind = "conv"
    main = "out"

    out: Dim = field(COUNT, about="output channels")
    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window in taps")
    stride: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about=STRIDE)
    padding: tuple[Pad, ...] = field(Padding(), 0, about=PADDING)
    dilation: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="distance between taps")
    groups: Dim = field(COUNT, 1, about="groups of channels that are convolved apart")
    bias: bool = field(FLAG, True, about=BIAS)
    bits: Dim | None = field(COUNT, None, about=BITS)
    connections: tuple[tuple[int, ...], ...] | None = field(
        Connections(), None, about="for each output channel the input channels that it reads; all if not given"
    )

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """A channel reads all of its group."""
        return ALL if is_one(self.groups) and self.connections is None else SOME

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Also: a table of connections fits the channels."""
        yield from super().needs(*inputs)
        if self.connections is not None:
            rows, channels = len(self.connections), inputs[0][0]
            largest = max(channel for row in self.connections for channel in row)
            yield Need(
                "connections",
                equals(rows, self.out),
                f"the table has {rows} rows for {self.out} output channels",
                code="connections-rows",
            )
            yield Need(
                "connections",
                channels - largest >= 1,
                f"there is no channel {largest} among {channels}, 0 first",
                code="connections-channel",
            )
            yield Need(
                "connections",
                equals(self.groups, 1),
                "a table of connections and groups exclude each other",
                code="connections-groups",
            )

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """As every convolution; with a table of connections `weight` is (connections, *kernel)."""
        weights = super().weights(*inputs)
        if self.connections is None:
            return weights
        return {**weights, "weight": (sum(map(len, self.connections)), *self.kernel)}


class Pointwise(Convolution):
    """A 1x1 convolution: a linear layer at every position."""

    kind = "pointwise"
    main = "out"
    inherits: ClassVar[str | None] = "conv"
    not_inherited = frozenset({"out", "kernel", "dilation", "padding"})

    out: Dim = field(COUNT, about="output channels")
    stride: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about=STRIDE)
    padding: tuple[Pad, ...] = field(Padding(), 0, about=PADDING)
    groups: Dim = field(COUNT, 1, about="groups of channels that are convolved apart")
    bias: bool = field(FLAG, True, about=BIAS)
    bits: Dim | None = field(COUNT, None, about=BITS)

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """A channel reads all of its group."""
        return ALL if is_one(self.groups) else SOME

    def filters(self, channels: Dim) -> Dim:
        """`out`."""
        return self.out

    def taps(self) -> tuple[Dim, ...]:
        """1 on every axis."""
        return (1,) * len(self.stride)

    def spread(self) -> tuple[Dim, ...]:
        """1 on every axis."""
        return (1,) * len(self.stride)

    def parts(self, channels: Dim) -> Dim:
        """`groups`."""
        return self.groups


class Depthwise(Convolution):
    """A convolution of each channel by itself."""

    mixes = SOME
    kind = "depthwise"
    main = "kernel"
    inherits: ClassVar[str | None] = "conv"
    not_inherited = frozenset({"out", "groups"})

    kernel: tuple[Dim, ...] = field(COUNT_PER_AXIS, about="extent of the window in taps")
    stride: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about=STRIDE)
    padding: tuple[Pad, ...] = field(Padding(), 0, about=PADDING)
    dilation: tuple[Dim, ...] = field(COUNT_PER_AXIS, 1, about="distance between taps")
    multiplier: Dim = field(COUNT, 1, about="output channels for each input channel")
    bias: bool = field(FLAG, True, about=BIAS)
    bits: Dim | None = field(COUNT, None, about=BITS)

    def filters(self, channels: Dim) -> Dim:
        """`multiplier` for each channel."""
        return channels * self.multiplier

    def taps(self) -> tuple[Dim, ...]:
        """`kernel`."""
        return self.kernel

    def spread(self) -> tuple[Dim, ...]:
        """`dilation`."""
        return self.dilation

    def parts(self, channels: Dim) -> Dim:
        """One a channel."""
        return channels
