"""The figures of other tools for a network: what each prints, by layer, and what it gets otherwise here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..analyses.sizes import numeric
from ..counting import Counted, counted, tool
from ..counting.base import FAILS, PARTIAL, SILENT, WARNS, WRONG
from ..counting.forms import matters, written
from ..errors import CnncalcError
from ..graph import Graph
from ..render import units
from ..render.numbers import plural, short, whole
from ..render.report import Column, Contract, Note, Report
from .rows import (
    BATCH,
    CONVENTION,
    EVERY_LAYER,
    INPUT,
    KIND,
    NAME,
    NETWORK,
    OUTPUT,
    View,
    caption,
    folds,
    inputs,
    per,
    sum_of,
    table,
    used,
)

TOOL = Column("tool", "tool", units.TEXT, "the tool whose convention it is", kept=True)
VERSION = Column("version", "version", units.TEXT, "the release whose code this is")
WORD = Column("word", "its word", units.TEXT, "as the tool calls its figure")
COUNT = Column("count", "count", units.COUNT, "what the tool counts")
MACS = Column("macs", "MACs", units.COUNT, "multiply-accumulates, as `cnncalc macs` counts them")
TOTAL = Column("total", unit=units.COUNT, about="the figure of the tool; what it knows, where the status is partial")
STATUS = Column("status", about="complete, or partial: the tool gives no value")
PRINTED = Column("printed", about="the text that the tool prints for its figure", nullable=True)

CODE = Column("code", about="what it is, as a word that stays")
ABOUT = Column("about", about="what it is")
LAYERS = Column("layers", "layers", units.COUNT, "how many layers of the network")
DIFFERENCE = Column("count", unit=units.COUNT, about="what it adds to the figure")
OPERATIONS = Column("operations", unit=units.COUNT, about="their element-wise and pooling work")
WRONGS = Column(
    "wrong", unit=units.rows(CODE, ABOUT, LAYERS, DIFFERENCE), about="what the tool makes otherwise of MACs"
)
SEEN = Column("seen", unit=units.YES_NO, about="whether it comes upon them: hooks on modules pass `+` by")
BLIND = Column("unknown", unit=units.rows(KIND, LAYERS, OPERATIONS, SEEN), about="layers that it has no rule for")
DOES = Column(
    "does", about="what it does with these: silent (0 without a word), warns (0 and a warning), partial (no value)"
)

CONTRACT = Contract(
    "counted",
    1,
    "What another tool counts for a network.",
    (
        NETWORK,
        INPUT,
        TOOL,
        VERSION,
        WORD,
        CONVENTION,
        BATCH,
        TOTAL,
        STATUS,
        PRINTED,
        Column("macs", unit=units.COUNT, about="multiply-accumulates, as `cnncalc macs` counts them"),
        WRONGS,
        BLIND,
        DOES,
        Column("layers", unit=units.rows(NAME, KIND, OUTPUT, COUNT, MACS)),
    ),
)
DOING: Mapping[str, str] = {
    SILENT: "it counts them 0 without a word",
    WARNS: "it counts them 0 and warns",
    PARTIAL: "it answers `partial` and gives no value",
    FAILS: "it stops with an error",
}


def counts_as(
    graph: Graph,
    name: str,
    *,
    written_as: Iterable[str] = (),
    batch: int = 1,
    training: bool = False,
    view: View = EVERY_LAYER,
) -> Report:
    """What a tool counts for each layer; `written_as`: how the PyTorch code writes layers, such as `relu=function`.

    Raises CnncalcError for a tool that is not known.
    """
    one = tool(name)
    graph = numeric(used(graph, training))
    if batch > 1 and not one.batched:
        raise CnncalcError(f"{one.name} counts one image, whatever the batch", "without --batch")
    forms = written(graph, written_as)
    found = counted(graph, one, forms)
    total = found.total * batch
    rows: list[dict[str, Any]] = []
    own = {node.name: int(node.macs) for node in graph.nodes}
    theirs = {node.name: found.node(node.name) for node in graph.nodes}
    for row in folds(graph, view):
        rows.append(
            {
                "name": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "count": sum_of(row, theirs) * batch,
                "macs": sum_of(row, own) * batch,
            }
        )
    wrong = wrongs(found, batch)
    partial = found.partial
    title = COUNT._replace(title=f"{one.name} {one.word.split(' (')[0]}")
    facts = {
        "name": graph.name,
        "input": inputs(graph),
        "tool": one.name,
        "version": one.version,
        "word": one.word,
        "convention": one.about,
        "batch": batch,
        "total": total,
        "status": "partial" if partial else "complete",
        "printed": one.printed(total) if one.printed and not partial else None,
        "macs": sum(own.values()) * batch,
        "wrong": wrong,
        "unknown": [blind._asdict() for blind in found.blind],
        "does": one.unknown,
    }
    return Report(
        caption(graph, called(one.name, one.version), per(batch)),
        [table((NAME, KIND, OUTPUT, title, MACS), rows, view, ["count", "macs"], "count")],
        CONTRACT,
        facts,
        [
            Note("convention", f"it counts {one.about}"),
            *_notes(found, graph, facts, bool(forms)),
            *told(found, wrong),
            *folded(graph, found),
        ],
    )


def called(name: str, version: str) -> str:
    """`as thop 0.1.1`."""
    return f"as {name} {version}".strip()


def wrongs(found: Counted, batch: int = 1) -> list[dict[str, Any]]:
    """What the tool makes otherwise of MACs, by its code."""
    by_code: dict[str, list[int]] = {}
    for terms in found.of.values():
        for term in terms:
            if term.what in WRONG:
                by_code.setdefault(term.what, []).append(term.amount * batch)
    return [
        {"code": code, "about": WRONG[code], "layers": len(counts), "count": sum(counts)}
        for code, counts in by_code.items()
    ]


def told(found: Counted, wrong: Sequence[Mapping[str, Any]]) -> list[Note]:
    """Where what the tool gets otherwise, and what it does not know, touches the network."""
    notes = [
        Note(row["code"], f"{row['about']}: {layers(row['layers'])}, {'+' * (row['count'] > 0)}{whole(row['count'])}")
        for row in wrong
    ]
    for seen, said in ((True, DOING[found.tool.unknown]), (False, "counted 0, it does not come upon them")):
        kinds = ", ".join(f"{one.kind} ({layers(one.layers)})" for one in found.blind if one.seen is seen)
        if kinds:
            notes.append(Note("unknown" if seen else "unseen", f"no rule for {kinds}: {said}"))
    return notes


def folded(graph: Graph, found: Counted) -> list[Note]:
    """That a file may have had norms, which the tool counts in the code that the file was made of."""
    if not graph.exported or found.tool.folds is not None or any(node.buffers for node in graph.nodes):
        return []
    asked = "`training=TrainingMode.PRESERVE` keeps them"
    return [Note("folded", f"the file has no batch norm: a tool on the code counts those that were folded; {asked}")]


def layers(count: int) -> str:
    """`1 layer`, `3 layers`."""
    return plural(count, "layer")


def _notes(found: Counted, graph: Graph, facts: Mapping[str, Any], asked: bool) -> list[Note]:
    total, macs = facts["total"], facts["macs"]
    word = found.tool.word.split(" (")[0]
    if found.partial:
        said = f"{found.tool.name} gives no value; what it knows is {whole(total)} {word}"
    else:
        said = f"{found.tool.name}: {whole(total)} {word} = {short(total)}"
        said += f", printed as `{facts['printed']}`" if facts["printed"] else ""
    notes = [Note("totals", said), Note("here", f"here: {whole(macs)} MACs = {short(macs)}")]
    if not asked and (kinds := matters(graph, found.tool)):
        calls = " ".join(f"--written {kind}=function" for kind in kinds[:2])
        notes.append(Note("written", f"layers taken as modules; for code that calls functions: {calls}"))
    return notes
