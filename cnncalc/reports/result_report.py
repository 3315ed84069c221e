"""What an analysis found, as a table: for whoever prints a result in Python and has no graph at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..analyses.macs import Macs
from ..analyses.memory import Memory
from ..analyses.params import Params
from ..analyses.receptive import ReceptiveFields
from ..render.report import Report, Table
from .fields import RECEPTIVE_FIELD, field
from .macs_report import MACS
from .memory_report import ACTIVATIONS, ALIVE
from .params_report import BUFFERS, FROZEN, PARAMS
from .rows import NAME


def result(found: Any) -> Report:
    """The rows of a result, a tensor each, and its total."""
    return TABLES[type(found)](found)


def _params(found: Params) -> Report:
    of = {"params": found.of, "frozen": found.frozen_of, "buffers": found.buffers_of}
    total = {"name": "total", "params": found.total, "frozen": found.frozen, "buffers": found.buffers}
    more = [*([FROZEN] if found.frozen else []), *([BUFFERS] if found.buffers else [])]
    table = Table((NAME, PARAMS, *more), _rows(of), total)
    return Report(["learned tensors, each once"], [table])


def _macs(found: Macs) -> Report:
    table = Table((NAME, MACS), _rows({"macs": found.of}), {"name": "total", "macs": found.total})
    return Report([f"MACs of {found.kinds}, per image"], [table])


def _memory(found: Memory) -> Report:
    rows = _rows({"activations": found.of_bytes, "alive": found.alive_bytes})
    total = {"name": "total", "activations": found.activation_bytes, "alive": found.peak_bytes}
    note = f"the total of `alive` is the peak, at {found.peak_at}"
    return Report(
        [f"activations in {found.dtype}, per image"], [Table((NAME, ACTIVATIONS, ALIVE), rows, total)], notes=[note]
    )


def _fields(found: ReceptiveFields) -> Report:
    rows = [{"name": name, "receptive_field": field(seen, len(seen.axes or (0,)))} for name, seen in found.of.items()]
    return Report(
        ["receptive field per axis, in input pixels; padding included"], [Table((NAME, RECEPTIVE_FIELD), rows)]
    )


def _rows(of: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures by name, as a row for each name."""
    names = next(iter(of.values()))
    return [{"name": name, **{key: values[name] for key, values in of.items()}} for name in names]


TABLES: Mapping[type, Callable[[Any], Report]] = {
    Params: _params,
    Macs: _macs,
    Memory: _memory,
    ReceptiveFields: _fields,
}
"""The kind of a result -> its table."""
