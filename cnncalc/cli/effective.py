"""The effective receptive field of `receptive-field --effective`: its sigma and shape beside the theoretical size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request

if TYPE_CHECKING:
    from ..analyses.receptive import ReceptiveFields

BINS = 24
"""Parts of the theoretical field that the shape is drawn in."""

BARS = " ▁▂▃▄▅▆▇█"


def effective_report(request: Request, fields: ReceptiveFields, name: str | None) -> Report:
    """The field of the middle unit, weights all alike: how much each position counts."""
    from ..effective import effective
    from ..layers.base import AXIS_NAMES
    from ..render import numbers
    from ..render.report import Column, Table
    from ..running import affordable
    from .rows import caption

    graph = request.numeric
    if name is None or fields.of[name].axes is None:
        raise CnncalcError(f"{graph.name} has no map with positions", "name a layer with --at")
    affordable(graph, 8, backward=True)
    seen = fields.of[name].axes or ()
    axes = effective(graph, name)
    rows: list[dict[str, Any]] = []
    for axis, field, found, n in zip(AXIS_NAMES[len(axes)], seen, axes, graph.shapes[name][1:], strict=True):
        size = field.size(n)[1]
        rows.append(
            {
                "axis": axis,
                "size": size,
                "sigma": found.sigma,
                "share": 4 * found.sigma / size,
                "centre": found.centre,
                "shape": _drawn(found.profile),
            }
        )
    columns = [
        Column("axis", "axis", right=False, kept=True),
        Column("size", "theoretical", numbers.count, kept=True),
        Column("sigma", "sigma", lambda value: f"{value:.2f}", kept=True),
        Column("share", "4 sigma / size", numbers.ratio),
        Column("centre", "centre", lambda value: f"{value:.1f}"),
        Column("shape", "shape over the image", right=False),
    ]
    return Report(
        caption(graph, f"effective receptive field of the middle unit of {name}", "in input pixels, all weights alike"),
        [Table(columns, rows)],
        {"schema": "cnncalc.effective/1", "name": graph.name, "layer": name, "axes": [dict(row) for row in rows]},
        [
            "sigma: standard deviation of |gradient| over positions (Luo et al. 2016, arXiv:1701.04128);",
            "of n layers of k equal taps it is sqrt(n (k^2 - 1) / 12)",
        ],
    )


def _drawn(profile: Any) -> str:
    """The profile in a line of bars."""
    import numpy as np

    parts = [part.sum() for part in np.array_split(profile, min(BINS, len(profile)))]
    most = max(parts)
    return "".join(BARS[round(part / most * (len(BARS) - 1))] for part in parts)
