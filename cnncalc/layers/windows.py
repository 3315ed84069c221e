"""What one output position sees of the input, along one axis.

Every window answers the same three questions: which input positions output `j` reads (`taps`, positions outside the
map included), after how many outputs the picture repeats (`period`), and by how many inputs it has then moved on
(`shift`). A convolution repeats at every output; an upsampling by two at every second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import gcd

from ..dims import Dim, at_least, at_most, ceil_div
from ..namedtuples import NamedTuple


class Window(NamedTuple):
    """`kernel` taps, `dilation` apart, moved by `stride`, the first `before` positions ahead of the map."""

    kernel: Dim
    stride: Dim = 1
    before: Dim = 0
    dilation: Dim = 1

    @property
    def extent(self) -> Dim:
        """From the first to the last tap."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def period(self) -> int:
        """Every output has the same picture."""
        return 1

    @property
    def shift(self) -> Dim:
        """Inputs from one output to the next."""
        return self.stride

    def taps(self, j: int) -> range:
        """The input positions that output j reads."""
        first = j * self.stride - self.before
        return range(first, first + (self.kernel - 1) * self.dilation + 1, self.dilation)


class Border(NamedTuple):
    """A map between `before` positions and more that repeat its edge, or mirror what lies behind the edge.

    Unit by unit it is padding, as `taps` says; such a position holds a copy of the one that `inside` gives.
    """

    before: int
    mirrored: bool

    @property
    def period(self) -> int:
        """Every output has the same picture."""
        return 1

    @property
    def shift(self) -> int:
        """One input."""
        return 1

    def taps(self, j: int) -> range:
        """The same position, counted from the new edge."""
        return range(j - self.before, j - self.before + 1)

    def inside(self, j: int, n: int) -> int:
        """The position on a map of n that output j copies."""
        i, last = j - self.before, n - 1
        if self.mirrored:
            return abs(i) if i <= last else 2 * last - i
        return max(0, min(i, last))


class Scatter(NamedTuple):
    """A transposed convolution: input i adds to outputs i * stride - before + t * dilation."""

    kernel: int
    stride: int
    before: int
    dilation: int

    @property
    def period(self) -> int:
        """Outputs between two inputs."""
        return self.stride

    @property
    def shift(self) -> int:
        """One input."""
        return 1

    def taps(self, j: int) -> range:
        """The input positions that output j reads; none where the kernel leaves a hole."""
        common = gcd(self.dilation, self.stride)
        apart, each = self.stride // common, self.dilation // common
        place, rest = divmod(j + self.before, common)
        t = place * pow(each, -1, apart) % apart
        if rest or t >= self.kernel:
            return range(0)
        last = t + (self.kernel - 1 - t) // apart * apart
        first = (j + self.before - last * self.dilation) // self.stride
        return range(first, (j + self.before - t * self.dilation) // self.stride + 1, each)

    def changes(self) -> Iterator[int]:
        """The outputs of a period where others are read than by the one before."""
        if self.dilation == 1 and self.kernel >= self.stride:
            yield from ((q - self.before) % self.stride for q in (0, self.kernel))
        else:
            for t in range(self.kernel):
                yield from ((t * self.dilation - self.before + q) % self.stride for q in (0, 1))


class Nearest(NamedTuple):
    """Each output copies the input at floor(j * n / m), for m outputs from n inputs."""

    n: int
    m: int

    @property
    def period(self) -> int:
        """m and n without their common factor."""
        return self.m // gcd(self.n, self.m)

    @property
    def shift(self) -> int:
        """n and m without their common factor."""
        return self.n // gcd(self.n, self.m)

    def changes(self) -> Iterator[int]:
        """The first output of each input."""
        if self.n >= self.m:
            return iter(range(self.period))
        return (ceil_div(i * self.m, self.n) for i in range(self.shift))

    def taps(self, j: int) -> range:
        """The one input position."""
        i = j * self.n // self.m
        return range(i, i + 1)


class Interpolated(NamedTuple):
    """Each output weighs the `width` inputs around its place; m outputs from n inputs.

    The place is (j + 1/2) * n / m - 1/2, j * (n - 1) / (m - 1) with `corners` aligned, or j * n / m from the
    `beginning`. An input whose weight is zero is not seen; a place outside the map is moved to its edge.
    """

    n: int
    m: int
    width: int
    corners: bool
    beginning: bool = False

    @property
    def period(self) -> int:
        """With aligned corners the picture never repeats within the map."""
        return self.m if self.corners else self.m // gcd(self.n, self.m)

    @property
    def shift(self) -> int:
        """Inputs a period."""
        return self.n if self.corners else self.n // gcd(self.n, self.m)

    def changes(self) -> Iterator[int]:
        """The outputs whose place is at an input, and the first behind it."""
        each, start, under = self._place
        if self.n >= self.m:
            yield from range(self.period)
            return
        for i in range(start // under, self.shift + 1):
            j = ceil_div(i * under - start, at_least(each, 1))
            yield from (k for k in (j, j + 1) if 0 <= k < self.period)

    @property
    def _place(self) -> tuple[int, int, int]:
        """The place of output j is (each * j + start) / under."""
        if self.corners:
            return self.n - 1, 0, max(self.m - 1, 1)
        if self.beginning:
            return self.n, 0, self.m
        return 2 * self.n, self.n - self.m, 2 * self.m

    def taps(self, j: int) -> range:
        """The inputs with a weight other than zero."""
        each, start, under = self._place
        i, rest = divmod(each * j + start, under)
        if rest == 0:
            return range(i, i + 1)
        return range(i - self.width // 2 + 1, i + self.width // 2 + 1)


class Adaptive(NamedTuple):
    """Output j of m reads the inputs from floor(j * n / m) up to ceil((j + 1) * n / m) of n."""

    n: int
    m: int

    @property
    def period(self) -> int:
        """m and n without their common factor."""
        return self.m // gcd(self.n, self.m)

    @property
    def shift(self) -> int:
        """n and m without their common factor."""
        return self.n // gcd(self.n, self.m)

    def changes(self) -> Iterator[int]:
        """The outputs whose part begins or ends at another input than that of the one before."""
        if self.n >= self.m:
            yield from range(self.period)
            return
        for i in range(self.shift + 1):
            yield from (j for j in (ceil_div(i * self.m, self.n), i * self.m // self.n) if j < self.period)

    def taps(self, j: int) -> range:
        """The input positions of the j-th part."""
        return range(j * self.n // self.m, -(-(j + 1) * self.n // self.m))


class Picked(NamedTuple):
    """Output j copies the input at (first + step * j) modulo n, or at the j-th of `entries`."""

    first: int
    step: int
    n: int
    entries: tuple[int, ...] = ()

    @property
    def period(self) -> int:
        """Nothing says that a picture repeats."""
        return len(self.entries) or self.n

    @property
    def shift(self) -> int:
        """None."""
        return 0

    def changes(self) -> Iterator[int]:
        """Every output."""
        return iter(range(self.period))

    def taps(self, j: int) -> range:
        """The one input position."""
        i = self.entries[j] if self.entries else (self.first + self.step * j) % self.n
        return range(i, i + 1)


Axis = Window | Border | Scatter | Nearest | Interpolated | Adaptive | Picked

Reach = tuple[Axis, ...] | None
"""One window per spatial axis; `EVERYTHING` where each output sees the whole of the input."""

EVERYTHING: Reach = None


class Statistics(tuple[Axis, ...]):
    """Windows of an output that also depends on all of its input, through the statistics of a norm."""

    __slots__ = ()


class Rearranged(tuple[Axis, ...]):
    """No windows: the elements of the input one by one, its axes in `order`, or without one cut anew."""

    order: tuple[int, ...] | None

    def __new__(cls, order: Iterable[int] | None = None) -> Rearranged:
        """Axis 0 is the channels."""
        self = super().__new__(cls)
        self.order = None if order is None else tuple(order)
        return self


class Unfollowed(Rearranged):
    """No windows: what an output sees of the input is not known."""


class Contracted(tuple[Axis, ...]):
    """No windows: a sum along `axis` of the input; its other axes are axes `kept` of the output."""

    axis: int
    kept: tuple[int, ...]

    def __new__(cls, axis: int, kept: Iterable[int]) -> Contracted:
        """Axis 0 is the channels."""
        self = super().__new__(cls)
        self.axis, self.kept = axis, tuple(kept)
        return self


class Spliced(tuple[Axis, ...]):
    """Windows of a branch that lies along `axis` among others: what else stands along it is not its own."""

    axis: int

    def __new__(cls, axis: int, windows: Iterable[Axis]) -> Spliced:
        """Axis 0 is the channels."""
        self = super().__new__(cls, windows)
        self.axis = axis
        return self


class Moved(tuple[Axis, ...]):
    """Windows of an output whose positions lie in another order than those of the input."""

    __slots__ = ()


def sees_everything(reach: Reach) -> bool:
    """Whether an output depends on all of its input, apart from what its windows read."""
    return reach is EVERYTHING or isinstance(reach, Statistics)


SAME_PLACE = Window(1)
"""Output j reads input j."""


SAME_PLACES: tuple[Reach, ...] = tuple((SAME_PLACE,) * axes for axes in range(5))


def on_map(window: Axis, j: int, n: int) -> Iterator[int]:
    """The positions on a map of n that output j depends on."""
    if isinstance(window, Border):
        yield window.inside(j, n)
    else:
        taps = window.taps(j)
        skipped = at_least(0, ceil_div(-taps.start, taps.step))
        yield from range(taps.start + skipped * taps.step, at_most(taps.stop, n), taps.step)


def same_place(axes: int) -> Reach:
    """Each output position reads the input at the same position."""
    return SAME_PLACES[axes] if axes < 5 else (SAME_PLACE,) * axes
