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

from typing import Annotated

import typer

from ..render.report import Report
from .request import InputDtype, Request, report


@report
def command(
    request: Request,
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="DTYPE", help="fp32, fp16 or int8; what the table has.")
    ] = "fp32",
    input_dtype: InputDtype = "",
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
    from .. import reports
    from ..analyses.energy import HOROWITZ

    energies = HOROWITZ
    if energy_table is not None:
        from ..energy_table import energy_table as read

        energies = read(energy_table)
    return reports.energy(
        request.whole,
        dtype=dtype,
        input_dtype=input_dtype,
        memory=memory,
        energies=energies,
        fused=fused,
        batch=request.batch,
        training=request.training,
        view=request.view,
    )
