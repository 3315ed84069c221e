"""What came out when a network was run: the figures of its outputs, and what the run took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..analyses.macs import macs
from ..graph import Graph
from ..render import numbers, units
from ..render.numbers import hundredths, size, whole
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from .macs_report import MACS
from .rows import DTYPE, NETWORK
from .rows import caption as named

if TYPE_CHECKING:
    from ..kernels.execute import Run

VALUE = units.REAL._replace(form=numbers.real)
OUTPUTS = (
    Column("tensor", "tensor", units.TEXT, "the name of the result", kept=True),
    Column("shape", "shape", units.SHAPE, "channels, then the spatial axes"),
    *(Column(key, key, VALUE, "of its values", kept=True, nullable=True) for key in ("least", "mean", "most")),
    Column("at", "most at", units.WORD, "the position of the largest value", kept=True, nullable=True),
    Column("finite", unit=units.YES_NO, about="whether no value is NaN or infinite", where=MACHINES),
    Column("layer", about="the layer that it comes from", where=MACHINES),
)
LARGEST = (
    Column("index", "index", units.COUNT._replace(form=numbers.text), "of the value", kept=True),
    Column("value", "value", VALUE, "one of the largest", kept=True),
    Column("label", "label", units.TEXT, "its name", kept=True, optional=True),
)
DRAWN = (
    Column("init", about="how they were drawn", optional=True),
    Column("seed", unit=units.COUNT, about="of what was drawn", optional=True),
    Column("file", about="where they were read", optional=True),
)
CONTRACT = Contract(
    "run",
    1,
    "A network executed in NumPy.",
    (
        NETWORK,
        Column(
            "inputs",
            unit=units.by_name(
                units.record(
                    Column("shape", unit=units.SHAPE, about="channels, then the spatial axes"),
                    Column("noise", about="how it was drawn", optional=True),
                    *DRAWN[1:],
                )
            ),
            about="input -> its shape and where its values are from",
        ),
        Column("weights", unit=units.record(*DRAWN)),
        DTYPE._replace(about="that it was run in"),
        Column("threads", unit=units.COUNT, about="that shared each layer"),
        Column("fast", unit=units.YES_NO, about="whether norms were folded and windows done by Winograd's algorithm"),
        Column("taps", unit=units.listed(units.TEXT), about="layers whose tensors were kept"),
        Column("outputs", unit=units.rows(*OUTPUTS)),
        Column("top", unit=units.rows(*LARGEST), about="the largest values of the output"),
        MACS,
        Column("multiplications", unit=units.COUNT, about="that were performed"),
        Column("units", unit=units.by_name(units.TEXT), about="figure -> its unit"),
        Column("peak_activations", unit=units.BYTES, about="of activations alive at one time"),
        Column("workspace", unit=units.BYTES, about="beside them"),
        Column("seconds", unit=units.SECONDS, about="that the layers took"),
    ),
)
UNITS = {"peak_activations": "bytes", "workspace": "bytes", "macs": "multiply-accumulates of one image"}


def run(
    graph: Graph,
    done: Run,
    outputs: Sequence[Mapping[str, Any]],
    top: Sequence[Mapping[str, Any]],
    *,
    caption: Sequence[str],
    facts: Mapping[str, Any],
) -> Report:
    """The figures of some outputs of a run, the largest values, and what it took."""
    work, performed, seconds = macs(graph).total, sum(done.multiplications.values()), sum(done.seconds.values())
    columns = LARGEST if any("label" in row for row in top) else LARGEST[:-1]
    values = whole(graph.output_shape[0])
    title = f"the {len(top)} largest of the {values} values of the output"
    largest = [Table(columns, top, title=title)] if top else []
    kept = ", with the taps kept" if facts["taps"] else ""
    return Report(
        named(graph, *caption),
        [Table(OUTPUTS, outputs, key="outputs"), *largest],
        CONTRACT,
        {
            **facts,
            "name": graph.name,
            "top": top,
            "macs": work,
            "multiplications": performed,
            "units": UNITS,
            "peak_activations": done.peak,
            "workspace": done.workspace,
            "seconds": seconds,
        },
        remarks=[
            Note(
                "took",
                f"{whole(performed)} multiplications performed for {whole(work)} MACs in {hundredths(seconds)} s; "
                f"peak {size(done.peak)} of activations at {done.peak_at}{kept}, workspace {size(done.workspace)}",
            )
        ],
    )
