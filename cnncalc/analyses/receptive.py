"""Receptive fields: which input positions one output position sees, along each axis.

A field is the interval of input positions that a unit sees, padding included, and how far it moves from one unit
to the next. Behind convolutions and pools both are the same everywhere:

    size   = size + (k - 1) * d * jump        jump = jump * s        first = first - before * jump

After an upsampling neighbouring units see different boxes, and the picture repeats only after some of them: a
field then has one interval for each of the units of a `period`. Where branches meet the field is the union of
theirs. A layer that looks at everything (a global pool, a linear layer, an SE gate) makes it global; what is seen
apart from that stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from ..dims import Dim, Shape, is_symbolic
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import AXIS_NAMES, Layer
from ..layers.windows import EVERYTHING, SAME_PLACE, Axis, Reach, Window, on_map, sees_everything
from .remarks import CENTRES, STRIDES, Remark

LONGEST_PERIOD = 4096

MOST_PATCHES = 256

Patch = tuple[frozenset[int], ...]
"""Positions on a map: all combinations of those on each axis."""


class Interval(NamedTuple):
    """Input positions from `first` to `last`, both seen."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many positions."""
        return self.last - self.first + 1

    def clipped(self, n: int) -> Interval | None:
        """The part on an axis of n positions, or None."""
        first, last = max(self.first, 0), min(self.last, n - 1)
        return Interval(first, last) if first <= last else None


class Field(NamedTuple):
    """What the units along one axis see: unit j sees `intervals[j % period]`, moved by `jump` a period."""

    intervals: tuple[Interval | None, ...]
    jump: int

    @property
    def period(self) -> int:
        """Units until the picture repeats."""
        return len(self.intervals)

    @property
    def stride(self) -> Fraction:
        """Inputs from one unit to the next; on the average, where it differs."""
        return Fraction(self.jump, self.period)

    def at(self, j: int) -> Interval | None:
        """What unit j sees, positions outside the image included; None for a unit that sees nothing."""
        turn, phase = divmod(j, self.period)
        seen = self.intervals[phase]
        return seen and Interval(seen.first + turn * self.jump, seen.last + turn * self.jump)

    def sizes(self, units: int | None = None) -> Counter[int]:
        """How many of the first `units` units (of one period, if not given) see how many positions."""
        seen = (self.at(j) for j in range(self.period if units is None else units))
        return Counter(interval.size if interval else 0 for interval in seen)

    def size(self, units: int | None = None) -> tuple[int, int]:
        """The smallest and the largest size."""
        if self.period == 1:
            only = self.intervals[0]
            return (only.size, only.size) if only else (0, 0)
        sizes = self.sizes(min(units, self.period) if units is not None else None)
        return min(sizes), max(sizes)

    @property
    def centre(self) -> Fraction:
        """The middle of what a unit sees less j * stride, on the average over a period."""
        total, count = Fraction(0), 0
        for j, seen in enumerate(self.intervals):
            if seen:
                total += Fraction(seen.first + seen.last, 2) - j * self.stride
                count += 1
        return total / max(count, 1)

    @property
    def padding(self) -> int:
        """Positions before the image that the first unit sees; negative where it starts inside."""
        first = next((seen for seen in self.intervals if seen), Interval(0, 0))
        return -first.first

    def through(self, window: Axis, units: int) -> Field:
        """The field behind a window with so many outputs."""
        if window is SAME_PLACE:
            return self
        if type(window) is Window and self.period == 1 and self.intervals[0] is not None:
            kernel, stride, before, dilation = window
            first, last = self.intervals[0]
            start = first - before * self.jump
            return Field(
                (Interval(start, start + last - first + (kernel - 1) * dilation * self.jump),),
                self.jump * stride,
            )
        turns = self.period // gcd(self.period, window.shift)
        period, jump = window.period * turns, self.jump * window.shift * turns // self.period
        if period > LONGEST_PERIOD and units < period:
            jump, period = max(1, round(Fraction(jump * units, period))), units
        return Field(tuple(self._hull(window.taps(j)) for j in range(period)), jump)

    def _hull(self, taps: range) -> Interval | None:
        seen = [interval for i in taps if (interval := self.at(i)) is not None]
        return Interval(min(i.first for i in seen), max(i.last for i in seen)) if seen else None

    def union(self, other: Field, units: int) -> Field:
        """What either sees. Fields that move at different speeds are united unit by unit."""
        if self.period == other.period == 1 and self.jump == other.jump:
            return Field((_either(self.intervals[0], other.intervals[0]),), self.jump)
        if self.stride == other.stride:
            period, jump = lcm(self.period, other.period), int(self.stride * lcm(self.period, other.period))
        else:
            period = units
            jump = max(1, int(max(self.stride, other.stride) * units))
        return Field(tuple(_either(self.at(j), other.at(j)) for j in range(period)), jump)


ITSELF = Field((Interval(0, 0),), 1)
"""An input position sees itself."""


class Seen(NamedTuple):
    """What the units of a node see."""

    axes: tuple[Field, ...] | None
    """Per spatial axis; None where no position matters (after a global pool, in a vector)."""

    everything: bool = False
    """Whether each unit depends on the whole input, by a path that looks at all of it."""


class ReceptiveFields(NamedTuple):
    """The receptive field of every input and node."""

    of: Mapping[str, Seen]
    remarks: tuple[Remark, ...]
    """Where branches meet that see differently placed or spaced positions; see `remarks.worded`."""


def receptive_fields(graph: Graph) -> ReceptiveFields:
    """The receptive fields of a network. Raises CnncalcError where a size without a number decides."""
    of = {name: Seen((ITSELF,) * (len(shape) - 1) or None) for name, shape in graph.inputs.items()}
    remarks: list[Remark] = []
    reaches: dict[tuple[Layer, tuple[Shape, ...]], tuple[Reach, ...]] = {}
    for node in graph.nodes:
        key = (node.layer, node.incoming)
        reach = reaches.get(key)
        if reach is None:
            reach = reaches[key] = _windows(node)
        of[node.name] = _seen(node, reach, [of[name] for name in node.inputs], remarks)
    return ReceptiveFields(of, tuple(remarks))


def _last_map(graph: Graph, fields: ReceptiveFields) -> str | None:
    """The last tensor before the output whose units have a field of their own, or are several that see all."""
    if all(len(shape) == 1 for shape in graph.inputs.values()):
        return None
    needed = {graph.output}
    for node in reversed(graph.nodes):
        if node.name in needed:
            one_place = all(isinstance(n, int) and n == 1 for n in node.output[1:])
            if len(node.output) > 1 and (fields.of[node.name].axes is not None or not one_place):
                return node.name
            needed.update(node.inputs)
    return None


def last_map(graph: Graph, fields: ReceptiveFields) -> str | None:
    """The last tensor on the way to the output whose units have positions: what "the receptive field" is of."""
    needed = {graph.output}
    for node in reversed(graph.nodes):
        if node.name in needed:
            if fields.of[node.name].axes is not None and len(node.output) > 1:
                return node.name
            needed.update(node.inputs)
    return None


class Extent(NamedTuple):
    """What the units of one map see: "the receptive field" where a number is asked for."""

    at: str
    """The node whose units it is of."""

    sizes: tuple[tuple[int, int], ...]
    """Per spatial axis the smallest and the largest size, in input positions."""

    strides: tuple[Fraction, ...]
    """Per spatial axis, in input positions; the average where it differs."""

    everything: bool = False
    """Whether each unit sees the whole input, so that no size says what it sees."""


def network_field(graph: Graph, fields: ReceptiveFields | None = None) -> Extent | None:
    """THE receptive field of a network: that of its output; where that is a vector or one place, of the last map.

    None where no input and no layer has positions. Raises CnncalcError where a size without a number decides.
    """
    fields = fields or receptive_fields(graph)
    name = _last_map(graph, fields)
    return field_at(graph, name, fields) if name else None


def field_at(graph: Graph, name: str, fields: ReceptiveFields) -> Extent | None:
    """The receptive field of the units of one node; None for one without positions."""
    seen, shape = fields.of[name], graph.shapes[name]
    if seen.axes is None:
        return Extent(name, (), (), everything=True) if seen.everything and len(shape) > 1 else None
    units = [n if isinstance(n, int) else None for n in shape[1:]]
    sizes = tuple(field.size(n) for field, n in zip(seen.axes, units, strict=True))
    return Extent(name, sizes, tuple(field.stride for field in seen.axes))


def box(graph: Graph, name: str, unit: Sequence[int]) -> dict[str, tuple[Interval, ...]]:
    """The pixels that one unit of a node really depends on, per axis, by input.

    Padding anywhere on the way is left out, and what falls into the holes of an upconv. `unit` is its position, one
    number per spatial axis. Inputs that it does not depend on are missing.
    """
    needed: dict[str, list[Patch]] = {name: [tuple(frozenset([j]) for j in unit)]}
    for node in reversed(graph.nodes):
        wanted = needed.get(node.name)
        if wanted is None:
            continue
        for source, shape, reach in zip(node.inputs, node.incoming, _windows(node), strict=True):
            for patch in wanted:
                read = _read(reach, patch, shape)
                if all(read):
                    needed[source] = _with(needed.get(source, []), read)
    return {source: tuple(map(_span, _cover(needed[source]))) for source in graph.inputs if source in needed}


def _windows(node: Node) -> tuple[Reach, ...]:
    reaches = node.layer.windows(node.incoming, node.output)
    for reach in reaches:
        for window in reach or ():
            dims: tuple[Dim, ...] = window
            for dim in dims:
                if is_symbolic(dim):
                    sizes = ", ".join(sorted(dim.symbols()))
                    raise CnncalcError(
                        f"the receptive field of `{node.name}` depends on the size {sizes}",
                        "give the input a size: --input 3,224,224",
                    )
    return reaches


def _seen(node: Node, reaches: tuple[Reach, ...], sources: list[Seen], remarks: list[Remark]) -> Seen:
    everything = False
    fields: tuple[Field, ...] | None = None
    for source, reach in zip(sources, reaches, strict=True):
        everything = everything or source.everything or sees_everything(reach)
        if reach is EVERYTHING or source.axes is None or not reach:
            continue
        through = _through(source.axes, reach, node.output)
        if fields is None:
            fields = through
        elif fields != through:
            _remark(node, fields, through, remarks)
            units = _units(node.output)
            fields = tuple(a.union(b, n) for a, b, n in zip(fields, through, units, strict=True))
    return Seen(fields, everything)


def _through(fields: tuple[Field, ...], reach: tuple[Axis, ...], output: Shape) -> tuple[Field, ...]:
    """The fields behind a layer; axes that are alike are worked out once."""
    if all(window is SAME_PLACE for window in reach):
        return fields
    units = _units(output)
    first = fields[0].through(reach[0], units[0])
    return (
        first,
        *(
            first
            if (fields[a], reach[a], units[a]) == (fields[0], reach[0], units[0])
            else fields[a].through(reach[a], n)
            for a, n in enumerate(units[1:], 1)
        ),
    )


def _units(output: Shape) -> list[int]:
    return [n if isinstance(n, int) else LONGEST_PERIOD for n in output[1:]]


def _remark(node: Node, ours: tuple[Field, ...], theirs: tuple[Field, ...], remarks: list[Remark]) -> None:
    """Note where branches are not aligned, the axes of one finding together."""
    found: dict[tuple[str, tuple[Fraction, ...]], list[str]] = {}
    for axis, a, b in zip(AXIS_NAMES[len(ours)], ours, theirs, strict=True):
        if a.period == b.period == 1 and a.jump == b.jump and _centred(a) == _centred(b):
            continue
        if a.stride != b.stride:
            found.setdefault((STRIDES, (a.stride, b.stride)), []).append(axis)
        elif a.centre != b.centre and not _end_together(a, b):
            found.setdefault((CENTRES, (abs(a.centre - b.centre),)), []).append(axis)
    remarks.extend(Remark(code, node.name, tuple(axes), values) for (code, values), axes in found.items())


def _end_together(a: Field, b: Field) -> bool:
    """Whether no unit sees beyond its own position, which is the last that either sees: both are causal."""
    if not a.period == b.period == 1:
        return False
    (one,), (other,) = a.intervals, b.intervals
    return one is not None and other is not None and one.last == other.last and one.last % a.jump == 0


def _read(reach: Reach, wanted: Patch, shape: Shape) -> Patch:
    if reach is None or sees_everything(reach):
        return tuple(frozenset(range(n)) for n in shape[1:])
    return tuple(
        frozenset(i for j in positions for i in on_map(window, j, n))
        for window, positions, n in zip(reach, wanted, shape[1:], strict=True)
    )


def _with(patches: list[Patch], patch: Patch) -> list[Patch]:
    """Patches and one more, without those that lie in another; beyond MOST_PATCHES one that covers all."""
    if any(_lies_in(patch, other) for other in patches):
        return patches
    kept = [*(other for other in patches if not _lies_in(other, patch)), patch]
    return kept if len(kept) <= MOST_PATCHES else [_cover(kept)]


def _lies_in(patch: Patch, other: Patch) -> bool:
    return all(a <= b for a, b in zip(patch, other, strict=True))


def _cover(patches: list[Patch]) -> Patch:
    return tuple(frozenset().union(*axis) for axis in zip(*patches, strict=True))


def _span(positions: frozenset[int]) -> Interval:
    return Interval(min(positions), max(positions))


def _either(a: Interval | None, b: Interval | None) -> Interval | None:
    return Interval(min(a.first, b.first), max(a.last, b.last)) if a and b else a or b


def _centred(field: Field) -> int | None:
    only = field.intervals[0]
    return only and only.first + only.last
