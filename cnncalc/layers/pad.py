"""Positions added around a map, or empty channels.

pad: 1      pad: {padding: [[2, 0]], mode: replicate}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..dims import Shape
from .arrange import Arrangement
from .base import AXIS_NAMES, NEW, ArgumentError, Need, Shapes
from .fields import REAL, Choice, Pad, Padding, field
from .windows import Border, Reach, Window


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
    fill: float = field(REAL, 0.0, about="the number in the place of zeros")

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
        values: dict[str, Any] = {}
        for name, of_axes in (("padding", axes), ("channels", 1), ("mode", axes), ("fill", axes)):
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
