"""Questions about a network: one file each, all of them folds of the layers' own answers over a Graph."""

from __future__ import annotations

from .dtypes import BYTES
from .macs import Macs, macs, operations, work
from .memory import Memory, memory
from .params import Params, params

__all__ = ["BYTES", "Macs", "Memory", "Params", "macs", "memory", "operations", "params", "work"]
