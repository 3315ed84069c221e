"""Energy of one inference, of arithmetic and of memory: an order of magnitude, no prediction.

    cnncalc energy mobilenet_v2 --dtype int8
    cnncalc energy resnet50 --memory sram_1MB
    cnncalc energy net.yaml --energy-table chip.yaml

Arithmetic is MACs x (multiply + add). Memory is the bytes of each layer's inputs, weights and output, as in
`cnncalc roofline`, x the energy of an access. The table is Horowitz's (ISSCC 2014, 45 nm): fp32 3.7 + 0.9 pJ,
fp16 1.1 + 0.4, int8 0.2 + 0.1 (an int32 sum); for 64 bits of DRAM 1.3 to 2.6 nJ, of SRAM 100 pJ (1 MB), 20 pJ
(32 kB), 10 pJ (8 kB). A file of your own has `multiply`, `add` and `access`, in picojoules.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report


@report
def command(
    request: Request,
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16 or int8; what the table has.")
    ] = "fp32",
    memory: Annotated[
        str,
        typer.Option("--memory", metavar="NAME", help="Where tensors are: dram, sram_1MB, sram_32kB, sram_8kB."),
    ] = "dram",
    energy_table: Annotated[
        str | None,
        typer.Option("--energy-table", metavar="FILE", help="A YAML file with energies of your own."),
    ] = None,
    fused: Annotated[
        bool, typer.Option("--fused", help="Activations, norms and additions move no bytes of their own.")
    ] = False,
) -> Report:
    """Arithmetic and memory."""
    from ..analyses.cost import traffic
    from ..analyses.energy import HOROWITZ
    from ..analyses.energy import energy as spent
    from ..render import numbers, physics
    from ..render.report import Column
    from .memory import bytes_of
    from .rows import KIND, LAYER, OUTPUT, caption, folds, table

    energies = HOROWITZ
    if energy_table is not None:
        from ..energy_table import energy_table as read

        energies = read(energy_table)
    _known("dtype", dtype, energies.multiply)
    _known("memory", memory, energies.access)
    graph, size = request.numeric, bytes_of(dtype)
    of = traffic(graph, request.batch, fused)
    rows: list[dict[str, Any]] = []
    for row in folds(graph, request):
        macs = sum(of[node.name].macs for node in row.nodes)
        moved = sum(of[node.name].elements for node in row.nodes) * size
        low, high = spent(macs, moved, energies, dtype, memory).total
        arithmetic, moving = spent(macs, moved, energies, dtype, memory)
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "macs": macs,
                "bytes": moved,
                "arithmetic": float(arithmetic.high),
                "memory": float(moving.high),
                "lowest": float(low),
                "highest": float(high),
            }
        )
    macs, moved = sum(done.macs for done in of.values()), sum(done.elements for done in of.values()) * size
    whole = spent(macs, moved, energies, dtype, memory)
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("macs", "MACs", numbers.count),
        Column("bytes", "bytes", numbers.count),
    ]
    for key in ("arithmetic", "memory", "highest"):
        columns.append(Column(key, {"highest": "energy, high"}.get(key, key), physics.joules))
    total = {
        "layer": "total",
        "macs": macs,
        "bytes": moved,
        "arithmetic": float(whole.arithmetic.high),
        "memory": float(whole.memory.high),
        "lowest": float(whole.total.low),
        "highest": float(whole.total.high),
    }
    convention = f"{dtype}, tensors in {memory}, {request.per}; an order of magnitude by {energies.source}"
    between = " to ".join(dict.fromkeys(map(physics.joules, whole.total)))
    a_mac, a_word = energies.mac(dtype).high, energies.access[memory]
    word = " to ".join(dict.fromkeys(map(physics.joules, a_word)))
    return Report(
        caption(graph, convention),
        [table(columns, rows, request, ["macs", "bytes", "arithmetic", "memory", "highest"], "highest", total)],
        {
            "schema": "cnncalc.energy/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "convention": convention,
            "batch": request.batch,
            "dtype": dtype,
            "memory": memory,
            "unit": "pJ",
            "totals": {key: value for key, value in total.items() if key != "layer"},
            "layers": [{**row, "output": list(row["output"])} for row in rows],
        },
        [
            f"order of magnitude: {between} ({physics.joules(whole.arithmetic.high)} arithmetic)",
            f"a MAC {physics.joules(a_mac)}, 64 bits of {memory} {word}; the columns show the high end",
            "bytes: inputs, weights and output of each layer, each once; no cache",
        ],
    )


def _known(what: str, name: str, table: Any) -> None:
    if name not in table:
        near = did_you_mean(name, table) or f"it has {', '.join(table)}"
        raise CnncalcError(f"the energy table has no {what} `{name}`: {near}", "--energy-table FILE brings others")
