"""The figures of other tools for a network: what each prints, by layer, and what it gets otherwise here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..analyses.params import params as learned_of
from ..analyses.sizes import numeric
from ..counting import TOOLS, Counted, counted, tool
from ..counting.base import FAILS, PARTIAL, SILENT, WARNS, WRONG
from ..counting.forms import matters, written
from ..counting.params import DIFFERENCES, PARAMS, params_tool
from ..errors import CnncalcError
from ..graph import Graph
from ..render import units
from ..render.numbers import short, size, whole
from ..render.report import SHOWN, Column, Contract, Note, Report, Table
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
LEARNED = Column("params", "params", units.COUNT, "learned numbers, as `cnncalc params` counts them")
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
PARAMS_CONTRACT = Contract(
    "counted-params",
    1,
    "The parameters that another tool counts for a network.",
    (
        NETWORK,
        INPUT,
        TOOL,
        VERSION,
        WORD,
        CONVENTION,
        TOTAL,
        PRINTED,
        Column("params", unit=units.COUNT, about="learned numbers, as `cnncalc params` counts them"),
        Column("differences", unit=units.rows(CODE, ABOUT, LAYERS, DIFFERENCE), about="what it adds or leaves out"),
        Column("layers", unit=units.rows(NAME, KIND, COUNT, LEARNED)),
    ),
)
TOOLS_CONTRACT = Contract(
    "tools",
    1,
    "The tools whose conventions are known.",
    (
        Column("of", about="macs or params"),
        Column(
            "tools",
            unit=units.rows(
                TOOL,
                VERSION,
                WORD,
                Column("counts", "counts", units.TEXT, "what it counts"),
                Column("omits", "leaves out", units.TEXT, "what it leaves out"),
                Column("also", unit=units.listed(units.TEXT), about="other names by which it may be asked for"),
            ),
        ),
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
        [Note("convention", f"it counts {one.about}"), *_notes(found, graph, facts, bool(forms)), *told(found, wrong)],
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


def layers(count: int) -> str:
    """`1 layer`, `3 layers`."""
    return f"{whole(count)} layer{'s' * (count != 1)}"


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


def params_as(graph: Graph, name: str, *, training: bool = False, view: View = EVERY_LAYER) -> Report:
    """The parameters that a tool counts for each layer. Raises CnncalcError for a tool that is not known."""
    one = params_tool(name)
    graph = used(graph, training)
    learned = learned_of(graph)
    if not isinstance(learned.total, int):
        numeric(graph)
    parts = [part for part in one.parts(graph) if part.amount]
    theirs = {node.name: learned.of[node.name] + sum(p.of.get(node.name, 0) for p in parts) for node in graph.nodes}
    total = sum(theirs.values())
    rows = [
        {
            "name": row.name,
            "kind": row.kind,
            "count": sum_of(row, theirs),
            "params": sum_of(row, learned.of),
        }
        for row in folds(graph, view)
    ]
    differences: list[dict[str, Any]] = [
        {"code": part.code, "about": DIFFERENCES[part.code], "layers": len(part.of), "count": part.amount}
        for part in parts
    ]
    printed = one.printed(total) if one.printed else None
    said = f"{one.name}: {whole(total)} = {short(total)}" + (f", printed as `{printed}`" if printed else "")
    notes = [
        Note("convention", f"it counts {one.about}"),
        Note("totals", said),
        Note("here", f"here: {whole(learned.total)} params"),
        *(
            Note(d["code"], f"{d['about']}: {layers(d['layers'])}, {'+' * (d['count'] > 0)}{whole(d['count'])}")
            for d in differences
        ),
        Note("units", f"{total / 10**6:.2f} M (10^6) or {total / 2**20:.2f} Mi (2^20); in fp32 {size(total * 4)}, or "
             f"{total * 4 / 2**20:.1f} MiB"),
    ]  # fmt: skip
    if one.omits and (differences or printed):
        notes.append(Note("also", one.omits))
    return Report(
        caption(graph, called(one.name, one.version)),
        [table((NAME, KIND, COUNT._replace(title=one.word), LEARNED), rows, view, ["count", "params"], "count")],
        PARAMS_CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "tool": one.name,
            "version": one.version,
            "word": one.word,
            "convention": one.about,
            "total": total,
            "printed": printed,
            "params": learned.total,
            "differences": differences,
        },
        notes,
    )


def tools(of: str = "macs") -> Report:
    """The tools whose conventions of `macs` or of `params` are known."""
    text = units.TEXT
    columns = (
        TOOL,
        VERSION,
        WORD,
        Column("counts", "counts", text, "what it counts", where=SHOWN),
        Column("omits", "leaves out", text, "what it leaves out", where=SHOWN),
    )
    rows: list[dict[str, Any]]
    if of == "macs":
        rows = [
            {"tool": t.name, "version": t.version, "word": t.word, "counts": t.about, "omits": t.omits, "also": t.also}
            for t in TOOLS.values()
        ]
    else:
        rows = [
            {"tool": p.name, "version": p.version, "word": p.word, "counts": p.about, "omits": p.omits, "also": ()}
            for p in PARAMS.values()
        ]
    return Report(
        [f"tools whose counting is known, for `cnncalc {of} SPEC --as TOOL`"],
        [Table(columns, rows)],
        TOOLS_CONTRACT,
        {"of": of, "tools": rows},
        text=_listed(rows),
    )


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    """A paragraph a tool: the sentences are longer than columns."""
    import textwrap

    lines: list[str] = []
    for row in rows:
        lines.append(f"{row['tool']} {row['version']}".rstrip() + f": {row['word']}")
        for lead, said in (("counts ", row["counts"]), ("leaves out ", row["omits"])):
            if said:
                lines += textwrap.wrap(lead + said, 78, initial_indent="    ", subsequent_indent="      ")
        if row["also"]:
            lines.append(f"    also asked for as {', '.join(row['also'])}")
    return "\n".join(lines) + "\n"
