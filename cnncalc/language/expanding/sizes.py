"""The size of what a layer makes: its needs are checked, and its output is worked out once."""

from __future__ import annotations

from typing import Any

from ...dims import Shape, sized
from ...layers import Layer, Need


class Unmet(Exception):
    """What a layer needs and does not find."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.message)
        self.need = need


class Sizes:
    """Output shapes, and the conditions on symbols that were taken to hold."""

    def __init__(self) -> None:
        self.provisos: list[Any] = []
        self._outputs: dict[tuple[Layer, tuple[Shape, ...]], Shape] = {}

    def of(self, layer: Layer, incoming: tuple[Shape, ...]) -> Shape:
        """The shape that a layer makes of these. Raises Unmet."""
        key = (layer, incoming)
        try:
            known = self._outputs.get(key)
        except TypeError:  # arrays of sizes cannot be a key
            known = None
        if known is not None:
            return known
        for need in layer.needs(*incoming):
            if not self._holds(need):
                raise Unmet(need)
        output = sized(layer.output(*incoming))
        try:
            self._outputs[key] = output
        except TypeError:
            pass
        return output

    def _holds(self, need: Need) -> bool:
        """Numbers decide; a condition on symbols is taken to hold, and kept as a proviso."""
        if isinstance(need.holds, bool):
            return need.holds
        self.provisos.append(need.holds)
        return True
