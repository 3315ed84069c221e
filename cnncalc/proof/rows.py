"""A figure as it is predicted and as it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..namedtuples import NamedTuple

TOLD = 3
"""Layers that a note names; the others are counted."""


class Row(NamedTuple):
    """One figure, predicted and measured."""

    figure: str
    predicted: Any
    """A number, or the size of a field; None where it could not be worked out."""

    measured: Any
    holds: bool
    note: str = ""
    unit: str = ""
    details: Mapping[str, Any] = {}
    """More for machines: the layers that differ, the units that were followed back."""


def told(wrong: Sequence[str]) -> str:
    """The first differences, and how many more there are."""
    more = f"; and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
    return "; ".join(wrong[:TOLD]) + more
