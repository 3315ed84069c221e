"""A part of a tensor: a window of the map, or entries of one axis.

crop: $up.size      slice: {axis: channels, stop: 24}      split: {parts: 2, part: 0}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dims import Dim, Shape, divides, divisors, exact_div
from .arrange import Arrangement
from .base import AXES, AXIS_NAMES, NEW, OWN, VIEW, Look, Need, Shapes, axis_of, size_text
from .fields import COUNT, INTEGER, NATURAL, Choice, PerAxis, field
from .windows import Reach, Window


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

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """An offset that is not given is that of the middle."""
        return {"size": self.size, "offset": self._starts(inputs[0])}

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

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The entries counted from the start, and the end as a number."""
        n = inputs[0][axis_of(self.axis, inputs[0]) or 0]
        return {**vars(self), "start": self._start(n), "stop": self._stop(n)}

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
            divisors(self.parts, n),
            code="parts-divide",
        )
        yield Need(
            "part",
            self.parts - self.part >= 1,
            f"part {self.part} is none of the {self.parts} parts, 0 first",
            code="part",
        )

    def meaning(self, *inputs: Shape) -> tuple[str, Mapping[str, Any]]:
        """A slice of its part."""
        size = exact_div(inputs[0][axis_of(self.axis, inputs[0]) or 0], self.parts)
        return Slice.kind, {"axis": self.axis, "start": self.part * size, "stop": (self.part + 1) * size, "step": 1}

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
