"""aten operator -> how it is written for the reader: one file a family, one table."""

from __future__ import annotations

from collections.abc import Mapping

from ..translate import Write
from . import activations, arithmetic, joins, layers, moves, products, recurrent, reductions, tables, windows
from .aliases import ALIASES

NAMED: Mapping[str, Write] = {
    **layers.OPERATORS,
    **activations.OPERATORS,
    **recurrent.OPERATORS,
    **windows.OPERATORS,
    **arithmetic.OPERATORS,
    **reductions.OPERATORS,
    **moves.OPERATORS,
    **joins.OPERATORS,
    **products.OPERATORS,
    **tables.OPERATORS,
}
"""By the one name of the operator, without its overload."""

OPERATORS: Mapping[str, Write] = {**NAMED, **{other: NAMED[name] for other, name in ALIASES.items()}}
"""By every name."""

NUMBERLESS = frozenset(layers.FILLED)
"""Those that take nothing but the shape of what they read."""
