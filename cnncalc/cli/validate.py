"""The tables proved: the network is run in NumPy, and what is measured stands beside what was predicted.

    cnncalc validate lenet5
    cnncalc validate resnet50 --quick        a smaller input and fewer channels; the structure stays

Measured are: the shape of every array; the elements of the weights really used; the multiplications really
performed; the receptive field, by the support of the gradient and by spoiling pixels in and just outside the
predicted box; the bytes really alive. Exit code 1 where anything differs.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..render.report import Report
from .request import Request, report_with


@report_with("spec", "format", "output", "set", "input")
def command(
    request: Request,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shrink the input and narrow the channels; keep the structure.")
    ] = False,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32 or fp64.")] = "fp32",
) -> Report:
    """Predictions against measurements."""
    from ..render import numbers
    from ..render.report import Column, Table
    from ..validation import validate
    from .progress import progress
    from .run import dtype_of

    graph = request.numeric
    kind = dtype_of(dtype)
    with progress(f"running {graph.name}", len(graph.nodes)) as step:
        result = validate(graph, quick=quick, dtype=kind, progress=step)
    rows = [
        {
            "figure": row.figure,
            "predicted": row.predicted,
            "measured": row.measured,
            "holds": "holds" if row.holds else "DIFFERS",
            "note": row.note,
        }
        for row in result.rows
    ]
    columns = [
        Column("figure", "figure", right=False, kept=True),
        Column("predicted", "predicted", _figure, kept=True),
        Column("measured", "measured", _figure, kept=True),
        Column("holds", "", right=False, kept=True),
        Column("note", "", right=False),
    ]
    shapes = " and ".join(map(numbers.shape, result.inputs.values()))
    narrowed = f"channels divided by {result.narrowed} (quick)" if result.narrowed > 1 else ""
    caption = [
        graph.name,
        f"input {shapes}",
        *([narrowed] if narrowed else []),
        f"{result.nodes} nodes run in NumPy, {dtype}",
    ]
    failed = [row.figure for row in result.rows if not row.holds]
    return Report(
        caption,
        [Table(columns, rows)],
        {
            "schema": "cnncalc.validate/1",
            "name": graph.name,
            "input": {name: list(shape) for name, shape in result.inputs.items()},
            "dtype": dtype,
            "quick": quick,
            "narrowed": result.narrowed,
            "holds": result.holds,
            "figures": [{**row._asdict()} for row in result.rows],
        },
        ["all figures hold" if result.holds else f"differs: {', '.join(failed)}"],
        failed=not result.holds,
    )


def _figure(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
