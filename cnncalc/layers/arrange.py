"""Elements moved, dropped or added, and none computed.

flatten      reshape: [256, 6, 6]      permute: [1, 0]      channel_shuffle: 3
pad: 1       crop: $up.size            slice: {axis: channels, stop: 24}      split: {parts: 2, part: 0}
pixel_shuffle: 2                       space_to_depth: 2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dims import Dim, Shape, divides, equals, exact_div, product
from .base import (
    AXES,
    AXIS_NAMES,
    MEANT,
    NEW,
    NO_WORK,
    NOTHING,
    OWN,
    SOME,
    VIEW,
    Look,
    Need,
    Shapes,
    Weightless,
    axis_of,
    size_text,
)
from .fields import COUNT, INTEGER, NATURAL, Choice, Pad, Padding, PerAxis, WholeList, field
from .windows import Border, Nearest, Reach, Rearranged, Window, same_place


class Arrangement(Weightless):
    """What they share: nothing is computed."""

    mixes = SOME
    family = "arrangement"
    elementwise = False
    doubled = MEANT

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None: elements are moved."""
        return NO_WORK


class Flatten(Arrangement):
    """All elements of an image as one vector."""

    kind = "flatten"
    storage = VIEW
    doubled = NOTHING

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The number of elements."""
        return (product(inputs[0]),)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one; a vector has no positions."""
        return (Rearranged(),)


class Reshape(Arrangement):
    """The same elements, in order, in other axes; 0 stands once for what remains."""

    kind = "reshape"
    main = "shape"
    storage = VIEW

    shape: tuple[Dim, ...] = field(
        WholeList(0, "a list of sizes, channels first"),
        about="the new sizes, channels first; 0 for what remains",
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The elements fit."""
        n = product(inputs[0])
        known = product(self._known())
        rest = len(self.shape) - len(self._known())
        yield Need("shape", rest <= 1, "has more than one 0", code="one-rest")
        yield Need("shape", len(self.shape) <= 6, "has more than six axes", code="axes-most")
        if rest:
            yield Need(
                "shape",
                divides(known, n),
                f"{n} elements cannot be divided into parts of {known}",
                code="elements-divide",
            )
        else:
            yield Need(
                "shape",
                equals(known, n),
                f"{size_text(inputs[0])} has {n} elements, the new shape {known}",
                code="elements-equal",
            )

    def output(self, *inputs: Shape) -> Shape:
        """The new sizes."""
        rest = exact_div(product(inputs[0]), product(self._known()))
        return tuple(rest if _is_rest(n) else n for n in self.shape)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one."""
        return (Rearranged(),)

    def _known(self) -> list[Dim]:
        return [n for n in self.shape if not _is_rest(n)]


def _is_rest(n: Dim) -> bool:
    return isinstance(n, int) and n == 0


class Permute(Arrangement):
    """The axes in another order; axis 0 is the channels."""

    kind = "permute"
    main = "order"
    storage = VIEW

    order: tuple[int, ...] = field(
        WholeList(0, "a list of axes"), about="for each new axis the old one, 0 the channels"
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Each axis once."""
        axes = list(range(len(inputs[0])))
        yield Need("order", sorted(self.order) == axes, f"must have each of the axes {axes} once", code="order")

    def look(self, *inputs: Shape) -> Look:
        """The axes change places."""
        return Look(self.order)

    def output(self, *inputs: Shape) -> Shape:
        """The sizes in the new order."""
        return tuple(inputs[0][axis] for axis in self.order)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one."""
        return (Rearranged(self.order),)


class ChannelShuffle(Arrangement):
    """Channels of `groups` groups dealt out in turn (ShuffleNet, Zhang et al. 2017)."""

    kind = "channel_shuffle"
    main = "groups"
    storage = NEW

    groups: Dim = field(COUNT, about="groups of channels")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Groups divide the channels."""
        channels = inputs[0][0]
        yield Need(
            "groups",
            divides(self.groups, channels),
            f"{self.groups} groups do not divide the {channels} channels",
            code="groups-in",
        )

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class PixelShuffle(Arrangement):
    """Channels become positions: C * r^2 channels, h x w -> C channels, rh x rw (Shi et al. 2016)."""

    kind = "pixel_shuffle"
    main = "scale"
    storage = NEW

    scale: Dim = field(COUNT, about="factor on each axis")

    @classmethod
    def check(cls, axes: int) -> str:
        """Positions are made on a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The channels can be dealt out."""
        channels, *sizes = inputs[0]
        area = self.scale ** len(sizes)
        yield Need(
            "scale",
            divides(area, channels),
            f"{area} positions do not divide the {channels} channels",
            code="positions-divide",
        )

    def output(self, *inputs: Shape) -> Shape:
        """Fewer channels, longer axes."""
        channels, *sizes = inputs[0]
        return (exact_div(channels, self.scale ** len(sizes)), *(n * self.scale for n in sizes))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The position that the channels came from."""
        return (tuple(Nearest(1, self.scale) for _ in output[1:]),)


class SpaceToDepth(Arrangement):
    """Positions become channels: the opposite of `pixel_shuffle`; also called pixel unshuffle, reorg, focus."""

    kind = "space_to_depth"
    main = "scale"
    storage = NEW

    scale: Dim = field(COUNT, about="divisor of each axis")

    @classmethod
    def check(cls, axes: int) -> str:
        """Positions are taken from a map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axes divide."""
        for name, n in zip(AXIS_NAMES[len(inputs[0]) - 1], inputs[0][1:], strict=True):
            yield Need(
                "scale", divides(self.scale, n), f"{self.scale} does not divide the {name} {n}", code="blocks-divide"
            )

    def output(self, *inputs: Shape) -> Shape:
        """More channels, shorter axes."""
        channels, *sizes = inputs[0]
        return (channels * self.scale ** len(sizes), *(exact_div(n, self.scale) for n in sizes))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """A block of positions."""
        return (tuple(Window(self.scale, self.scale) for _ in output[1:]),)


class PadMap(Arrangement):
    """Zeros (or reflected or repeated edges) around the map, or empty channels (ResNet's option A)."""

    kind = "pad"
    main = "padding"
    storage = NEW

    padding: tuple[Pad, ...] = field(
        Padding(modes=()), 0, about="positions added: a number, or [before, after] per axis"
    )
    channels: tuple[Pad, ...] = field(
        Padding(modes=()), 0, about="channels added: a number before and after, or [[before, after]]"
    )
    mode: str = field(Choice("zeros", "reflect", "replicate"), "zeros", about="what the new positions hold")

    def per_axis(self) -> Iterator[tuple[str, tuple[Pad, ...]]]:
        """`channels` is one pair, whatever the number of axes."""
        return ((name, value) for name, value in super().per_axis() if name != "channels")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """A reflection needs enough to reflect."""
        if self.mode == "reflect":
            for name, n, (before, after) in zip(
                AXIS_NAMES[len(inputs[0]) - 1], inputs[0][1:], self.padding, strict=True
            ):
                yield Need(
                    "padding", before < n, f"a reflection of {before} needs more than the {name} {n}", code="reflection"
                )
                yield Need(
                    "padding", after < n, f"a reflection of {after} needs more than the {name} {n}", code="reflection"
                )

    @classmethod
    def read(cls, arguments: Any, axes: int) -> PadMap:
        """`channels` is one pair, whatever the number of axes."""
        from .base import ArgumentError

        values: dict[str, Any] = {}
        for name, of_axes in (("padding", axes), ("channels", 1), ("mode", axes)):
            declared = cls.fields[name]
            value = arguments.get(name, declared.default)
            if name == "channels" and isinstance(value, list | tuple) and len(value) == 2:
                value = [list(value)]
            try:
                values[name] = declared.reader.read(value, of_axes)
            except ValueError as error:
                raise ArgumentError(name, f"`{name}` {error}") from None
        return cls(**values)

    def output(self, *inputs: Shape) -> Shape:
        """Larger axes."""
        channels, *sizes = inputs[0]
        ((first, last),) = self.channels
        return (
            channels + first + last,
            *(n + before + after for n, (before, after) in zip(sizes, self.padding, strict=True)),
        )

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position, counted from the new edge; a mirrored or repeated one is a copy of another."""
        if self.mode == "zeros":
            return (tuple(Window(1, 1, before) for before, _ in self.padding),)
        return (tuple(Border(before, self.mode == "reflect") for before, _ in self.padding),)


class Crop(Arrangement):
    """The middle of a map, or the part that starts at an offset."""

    mixes = OWN
    kind = "crop"
    main = "size"
    storage = NEW

    size: tuple[Dim, ...] = field(PerAxis(1), about="size that remains, a number or one per axis, such as $up.size")
    offset: tuple[Dim, ...] | None = field(
        PerAxis(0), None, about="first position that remains; the middle if not given"
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The part lies in the map."""
        for name, n, size, start in zip(
            AXIS_NAMES[len(inputs[0]) - 1], inputs[0][1:], self.size, self._starts(inputs[0]), strict=True
        ):
            yield Need("size", n - size >= 0, f"{size} is more than the {name} {n}", code="crop-size")
            yield Need(
                "offset",
                n - size - start >= 0,
                f"{size} from position {start} is past the {name} {n}",
                code="crop-offset",
            )

    def output(self, *inputs: Shape) -> Shape:
        """The channels, and the size that remains."""
        return (inputs[0][0], *self.size)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position, counted from the old edge."""
        return (tuple(Window(1, 1, -start) for start in self._starts(inputs[0])),)

    def _starts(self, shape: Shape) -> tuple[Dim, ...]:
        if self.offset is not None:
            return self.offset
        return tuple((n - size) // 2 for n, size in zip(shape[1:], self.size, strict=True))


class Slice(Arrangement):
    """Every `step`-th entry of one axis from `start` up to `stop`."""

    kind = "slice"
    storage = VIEW

    axis: str = field(Choice(*AXES), "channels", about="the axis that is cut")
    start: Dim = field(INTEGER, 0, about="first entry; a negative one counts from the end")
    stop: Dim | None = field(COUNT, None, about="first entry that is left out; the end if not given")
    step: Dim = field(COUNT, 1, about="distance between entries")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The part lies in the axis."""
        axis = axis_of(self.axis, inputs[0])
        if axis is None:
            yield Need("axis", False, f"{size_text(inputs[0])} has no axis `{self.axis}`", code="axis")
            return
        n, stop = inputs[0][axis], self._stop(inputs[0][axis])
        yield Need("stop", n - stop >= 0, f"entry {stop} is past the {n} of axis `{self.axis}`", code="stop")
        start = self._start(n)
        yield Need(
            "start",
            start >= 0,
            f"entry {self.start} from the end is before the {n} of axis `{self.axis}`",
            code="start-before",
        )
        yield Need("start", stop - start >= 1, f"nothing is left from entry {start} to {stop}", code="start")

    def output(self, *inputs: Shape) -> Shape:
        """One axis is shorter."""
        axis = axis_of(self.axis, inputs[0]) or 0
        n = inputs[0][axis]
        kept = (self._stop(n) - self._start(n) - 1) // self.step + 1
        return (*inputs[0][:axis], kept, *inputs[0][axis + 1 :])

    def look(self, *inputs: Shape) -> Look:
        """Every step-th entry of the axis."""
        axes = len(inputs[0])
        before = axis_of(self.axis, inputs[0]) or 0
        return Look(tuple(range(axes)), (*(1,) * before, self.step, *(1,) * (axes - 1 - before)))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position, or every step-th from the start."""
        axis = axis_of(self.axis, inputs[0]) or 0
        cut = Window(1, self.step, -self._start(inputs[0][axis]))
        return (tuple(cut if place == axis else Window(1) for place in range(1, len(output))),)

    def _start(self, n: Dim) -> Dim:
        return n + self.start if isinstance(self.start, int) and self.start < 0 else self.start

    def _stop(self, n: Dim) -> Dim:
        return n if self.stop is None else self.stop


class Split(Arrangement):
    """One of several equal parts of an axis."""

    kind = "split"
    storage = VIEW

    part: Dim = field(NATURAL, about="which part, counted from 0")
    parts: Dim = field(COUNT, 2, about="equal parts")
    axis: str = field(Choice(*AXES), "channels", about="the axis that is cut")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The parts are equal and the part is one of them."""
        axis = axis_of(self.axis, inputs[0])
        if axis is None:
            yield Need("axis", False, f"{size_text(inputs[0])} has no axis `{self.axis}`", code="axis")
            return
        n = inputs[0][axis]
        yield Need(
            "parts",
            divides(self.parts, n),
            f"{self.parts} parts do not divide the {n} of axis `{self.axis}`",
            code="parts-divide",
        )
        yield Need(
            "part",
            self.parts - self.part >= 1,
            f"part {self.part} is none of the {self.parts} parts, 0 first",
            code="part",
        )

    def output(self, *inputs: Shape) -> Shape:
        """One axis is shorter."""
        axis = axis_of(self.axis, inputs[0]) or 0
        return (*inputs[0][:axis], exact_div(inputs[0][axis], self.parts), *inputs[0][axis + 1 :])

    def look(self, *inputs: Shape) -> Look:
        """Neighbouring entries of the axis."""
        return Look(tuple(range(len(inputs[0]))))

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position, counted from the start of the part."""
        axis = axis_of(self.axis, inputs[0])
        return (
            tuple(
                Window(1, 1, -self.part * output[place]) if place == axis else Window(1)
                for place in range(1, len(output))
            ),
        )
