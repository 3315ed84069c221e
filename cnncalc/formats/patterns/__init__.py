"""Groups of layers that are one: how exporters write out what they have no operator for.

    sigmoid, mul                                 silu
    reshape, permute, reshape                    channel_shuffle, pixel_shuffle, space_to_depth
    mean, sub, square, mean, map, sqrt, div      layernorm
    square, sum, sqrt, mean, map, div, mul ...   grn

A pattern is asked at the last layer of its group and looks back from there. It matches only where nothing else reads
what lies inside. Whatever a network was read from, its layers come out as a person would draw them, and so do their
receptive fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import activations, attention, constants, directions, lengths, norms, rearranged
from .draft import Draft, Pattern
from .draft import rewritten as _rewritten

__all__ = ["PATTERNS", "Draft", "applied"]

FAMILIES = (activations, attention, norms, lengths, rearranged, constants, directions)
PATTERNS: Mapping[str, Sequence[Pattern]] = {
    kind: [pattern for each in FAMILIES for pattern in each.PATTERNS.get(kind, ())]
    for family in FAMILIES
    for kind in family.PATTERNS
}
"""The kind of the last layer -> what may end there, the first that matches first."""


def applied(draft: Draft) -> bool:
    """Put one layer in the place of each group that is one; whether there was any, or a layer that is left out."""
    return _rewritten(draft, PATTERNS) or bool(draft.left_out)
