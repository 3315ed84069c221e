"""Arithmetic intensity of each layer, and the least time that a machine's peak and bandwidth allow.

    cnncalc roofline resnet50
    cnncalc roofline mobilenet_v2 --peak 2T --bandwidth 50G --dtype fp16
    cnncalc roofline resnet50 --peak 19.5T --bandwidth 1.5T --batch 32 --fused

FLOPs are 2 x MACs. Bytes are a layer's inputs, weights and output, each once, at one dtype; weights once a
batch. Time = max(FLOPs / peak, bytes / bandwidth) is a lower bound: nothing that runs layer by layer is
faster, and most is slower. With --fused activations, norms and additions are done on the way and move no
bytes of their own.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report

if TYPE_CHECKING:
    from ..analyses.cost import Machine


@report
def command(
    request: Request,
    peak: Annotated[
        str | None, typer.Option("--peak", metavar="RATE", help="FLOPs a second: 2T; a MAC is two.")
    ] = None,
    bandwidth: Annotated[str | None, typer.Option("--bandwidth", metavar="RATE", help="Bytes a second: 50G.")] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16, bf16, int8 or fp64.")] = "fp32",
    fused: Annotated[
        bool, typer.Option("--fused", help="Activations, norms and additions move no bytes of their own.")
    ] = False,
) -> Report:
    """Intensity and the roofline."""
    from ..analyses.cost import bound, traffic
    from ..render import numbers, physics
    from ..render.report import Column
    from .memory import bytes_of
    from .rows import KIND, LAYER, OUTPUT, caption, folds, table

    machine = _machine(peak, bandwidth)
    graph, size = request.numeric, bytes_of(dtype)
    of = traffic(graph, request.batch, fused)
    bounds = {name: bound(done.flops, done.elements * size, machine) for name, done in of.items()} if machine else {}
    whole: Fraction = sum((found.seconds for found in bounds.values()), Fraction(0))
    rows: list[dict[str, Any]] = []
    for row in folds(graph, request):
        flops = sum(of[node.name].flops for node in row.nodes)
        moved = sum(of[node.name].elements for node in row.nodes) * size
        seconds = sum((bounds[node.name].seconds for node in row.nodes), Fraction(0)) if machine else 0
        kinds = sorted({bounds[node.name].binds for node in row.nodes} - {""}) if machine else []
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "flops": flops,
                "bytes": moved,
                "intensity": flops / moved if moved else None,
                "binds": " and ".join(kinds),
                "seconds": float(seconds),
                "share": float(seconds / whole) if whole else 0,
            }
        )
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("flops", "FLOPs", numbers.count),
        Column("bytes", "bytes", numbers.count),
    ]
    columns.append(Column("intensity", "FLOPs/byte", physics.intensity))
    if machine:
        columns += [
            Column("binds", "bound by", right=False),
            Column("seconds", "time >=", physics.seconds),
            Column("share", "%", numbers.percent),
        ]
    flops, moved = sum(done.flops for done in of.values()), sum(done.elements for done in of.values()) * size
    total = {"layer": "total", "flops": flops, "bytes": moved, "intensity": flops / moved if moved else None}
    if machine:
        total |= {"seconds": float(whole), "share": 1}
    notes = ["bytes: inputs, weights and output of each layer, each once; layers run one after the other"]
    if machine:
        notes = [
            f"lower bound {physics.seconds(whole)}: {flops:,} FLOPs, {moved:,} bytes",
            f"ridge at {physics.intensity(machine.ridge)} FLOPs/byte: below, the bandwidth binds",
            *notes,
        ]
    manner = "in place on the way (fused)" if fused else "every layer through memory"
    convention = f"FLOPs are 2 x MACs, {request.per}; {dtype}; {manner}"
    return Report(
        caption(graph, convention, *([physics.machine(machine)] if machine else [])),
        [
            table(
                columns,
                rows,
                request,
                ["flops", "bytes", "seconds", "share"],
                "seconds" if machine else "bytes",
                total,
            )
        ],
        {
            "schema": "cnncalc.roofline/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "convention": f"{convention}; time >= max(FLOPs / peak, bytes / bandwidth), a lower bound",
            "batch": request.batch,
            "dtype": dtype,
            "fused": fused,
            "peak": float(machine.peak) if machine else None,
            "bandwidth": float(machine.bandwidth) if machine else None,
            "totals": {"flops": flops, "bytes": moved, "seconds": float(whole) if machine else None},
            "layers": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "flops": of[node.name].flops,
                    "bytes": of[node.name].elements * size,
                    "binds": bounds[node.name].binds if machine else None,
                    "seconds": float(bounds[node.name].seconds) if machine else None,
                }
                for node in graph.nodes
            ],
        },
        notes,
    )


def _machine(peak: str | None, bandwidth: str | None) -> Machine | None:
    from ..analyses.cost import Machine
    from ..quantities import BYTES_PER_SECOND, FLOPS_PER_SECOND, rate

    if peak is None and bandwidth is None:
        return None
    if peak is None or bandwidth is None:
        missing, given = ("--peak", "--bandwidth") if peak is None else ("--bandwidth", "--peak")
        raise CnncalcError(f"`{given}` without `{missing}` bounds no time", "for instance --peak 2T --bandwidth 50G")
    return Machine(
        rate(peak, "--peak", FLOPS_PER_SECOND, "2T"), rate(bandwidth, "--bandwidth", BYTES_PER_SECOND, "50G")
    )
