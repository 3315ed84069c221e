"""The report of a network as one file: the graph to fold and unfold, the arithmetic of each layer, plots, the table.

Nothing is fetched and nothing runs but the page's own script, which its policy names by hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import metadata, resources
from typing import Any

from .. import reports
from ..analyses.cost import Machine
from ..analyses.figures import Figures
from ..analyses.known import least
from ..analyses.sizes import numeric
from ..analyses.subject import Subject
from ..errors import printable
from ..graph import Graph
from ..render import numbers
from ..render.cells import body, total
from ..render.report import Report, Table
from ..render.wrapping import joined
from .board import board, shown
from .colours import families, variables
from .panels import panels
from .parts import Parts, parts
from .texts import Texts

COLOURS = ("kind", "macs", "params", "memory")

LONG = 24
"""Rows of a table after which it begins folded."""

MARKER = (
    '<svg id="heads" width="0" height="0" aria-hidden="true"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" '
    'refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,1L7,4L0,7z"/></marker></defs></svg>'
)


def page(
    graphs: Sequence[Graph],
    *,
    title: str = "",
    dtype: str = "fp32",
    machine: Machine | None = None,
    arithmetic: bool = True,
    also: Sequence[tuple[str, Report]] = (),
) -> str:
    """The page of a network with all its layers; of several the first is drawn and the others are held against it.

    `also` are answers that stand in sections of their own, under their titles.

    With a `machine` there is a roofline; without `arithmetic` the file is smaller. Raises CnncalcError.
    """
    graphs = [numeric(graph) for graph in graphs]
    known = [Figures(graph) for graph in graphs]
    graph, first = graphs[0], known[0]
    boxes = parts(graph, 0)
    summary = reports.summary(graph, dtype=dtype, training=True, known=first)
    drawn = shown(boxes)
    texts = reports.arithmetic(graph, drawn, first.fields) if arithmetic else {}
    drawing = board(boxes, Texts(graph, known=first), _heat(first), _opened(graph, boxes))
    head = title or " and ".join(one.name for one in graphs)
    script, style = _own("page.js"), _style()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_hash(script)}'"
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{_text(head)}</title><style>{style}</style></head><body>",
            f"<header><h1>{_text(head)}</h1>{_head(graph, summary)}</header><main>",
            *_side_by_side(graphs, dtype),
            *_compared(graphs, dtype),
            *(line for name, answer in also for line in _section(name, answer)),
            "<section aria-labelledby=h-graph><h2 id=h-graph>Graph</h2>",
            _tools(),
            f'<div class="split"><div id="frame" tabindex="0" role="region" aria-label="the network">{MARKER}'
            f'<div id="graph" data-colour="kind">{drawing}</div></div>',
            '<section id="shown" tabindex="0" aria-live="polite" aria-label="the arithmetic of a layer">'
            "<p>Choose a layer: its arithmetic stands here.</p></section></div></section>",
            "<section aria-labelledby=h-plots><h2 id=h-plots>Plots</h2>",
            f'<div class="plots">{"".join(_figures(known, dtype, machine))}</div></section>',
            "<section aria-labelledby=h-layers><h2 id=h-layers>Layers</h2>",
            '<p><button type="button" id="copy">copy as CSV</button></p>',
            *_table(summary.tables[0], "the layers", "layers"),
            *(f"<p>{_text(joined(note))}</p>" for note in summary.notes if note),
            f"</section></main><footer><p>Made by cnncalc {metadata.version('cnncalc')}.</p></footer>",
            f'<script type="application/json" id="arithmetic">{_json(_arithmetic(drawn, texts))}</script>',
            f"<script>{script}</script></body></html>\n",
        ]
    )


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _style() -> str:
    return (
        variables(":root")
        + families(".leaf.FAMILY{background:var(--FAMILY);border-color:var(--FAMILY-line)}")
        + _own("page.css")
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(value: Any) -> str:
    """JSON that ends no script element and holds no line break of JavaScript."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _text(text: Any) -> str:
    return escape(printable(str(text)))


def _arithmetic(drawn: Sequence[str], texts: Mapping[str, str]) -> Mapping[str, Any]:
    """The layers that are drawn, and of each which lines its text has: most lines are those of many layers."""
    place: dict[str, int] = {}
    of = [[place.setdefault(line, len(place)) for line in texts[name].splitlines()] for name in drawn if name in texts]
    return {"names": drawn, "lines": list(place), "of": of}


def _head(graph: Graph, summary: Report) -> str:
    """What it is, and its totals with their conventions."""
    totals = summary.facts["totals"]
    shown = {
        "params": ("params", numbers.whole(totals["params"])),
        "MACs": ("macs", numbers.whole(totals["macs"])),
        "FLOPs (2 a MAC)": ("flops", numbers.whole(totals["flops"])),
        "weights": ("weight_bytes", numbers.size(totals["weight_bytes"])),
        "peak activations": ("peak_activations", numbers.size(totals["peak_activations"])),
    }
    of = {name: f">= {text}" if least(graph, Subject(metric)) else text for name, (metric, text) in shown.items()}
    of["input"] = numbers.shapes(graph.inputs if len(graph.inputs) > 1 else graph.input_shape)
    of["output"] = numbers.shape(graph.output_shape)
    source = f'<p class="quiet">{_text(graph.source)}</p>' if graph.source else ""
    settings = ", ".join(f"{name} = {value}" for name, value in graph.settings.items())
    facts = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in of.items())
    said = f'<p class="quiet">{_text(summary.facts["convention"])}</p>'
    return f'{source}<dl class="totals">{facts}</dl>{said}' + (
        f'<p class="quiet">settings: {_text(settings)}</p>' if settings else ""
    )


def _tools() -> str:
    options = "".join(f'<option value="{name}">{name}</option>' for name in COLOURS)
    return (
        '<div class="tools"><button type="button" id="unfold">unfold all</button>'
        '<button type="button" id="fold">fold</button>'
        f'<label>colour by <select id="colour">{options}</select></label>'
        '<button type="button" id="closer" aria-label="larger">+</button>'
        '<button type="button" id="farther" aria-label="smaller">−</button>'
        '<button type="button" id="whole">100%</button>'
        '<label>find <input id="find" type="search"></label><span id="found" role="status"></span></div>'
    )


def _heat(known: Figures) -> Mapping[str, Mapping[str, float]]:
    """The share of each layer of the largest, by figure."""
    found = {"macs": known.macs.of, "params": known.params.of, "memory": known.memory.alive_bytes}
    most = {figure: max(of.values(), default=0) or 1 for figure, of in found.items()}
    return {figure: {name: value / most[figure] for name, value in of.items()} for figure, of in found.items()}


def _opened(graph: Graph, shown: Parts) -> frozenset[str]:
    """The blocks that are unfolded at the usual depth."""
    usual = parts(graph)
    wanted = {box.path for chain in usual.around.values() for box in chain[:-1]}
    return frozenset(box.path for chain in shown.around.values() for box in chain[:-1] if box.path in wanted)


def _section(name: str, report: Report) -> Iterator[str]:
    """An answer under its title."""
    yield f"<section><h2>{_text(name)}</h2>"
    yield f'<p class="quiet">{_text("; ".join(report.caption[1:]))}</p>' if report.caption[1:] else ""
    for number, table in enumerate(report.tables, 1):
        long = len(table.rows) > LONG
        yield f"<details class=long><summary>{numbers.plural(len(table.rows), 'row')}</summary>" if long else ""
        yield from _table(table, f"{name}, table {number}")
        yield "</details>" if long else ""
    yield from (f"<p>{_text(joined(note))}</p>" for note in report.notes if note)
    yield "</section>"


def _side_by_side(graphs: Sequence[Graph], dtype: str) -> Iterator[str]:
    """The totals of several networks, a row each."""
    names = [graph.name for graph in graphs]
    if len(graphs) > 1:
        named = {
            name if names.count(name) == 1 else f"{name} ({place})": graph
            for place, (name, graph) in enumerate(zip(names, graphs, strict=True), 1)
        }
        yield from _section("Side by side", reports.compare(named, dtype=dtype, training=True))


def _compared(graphs: Sequence[Graph], dtype: str) -> Iterator[str]:
    """Each of the others against the first: the totals, and the layers that differ."""
    for other in graphs[1:]:
        report = reports.diff(graphs[0], other, training=True)
        yield from _section(f"{graphs[0].name} -> {other.name}", report)


def _figures(graphs: Sequence[Figures], dtype: str, machine: Machine | None) -> Iterator[str]:
    for panel in panels(graphs, dtype, machine):
        said = f'<p class="quiet">{_text(panel.said)}</p>' if panel.said else ""
        yield f"<figure><figcaption>{_text(panel.title)}</figcaption>{panel.picture}{said}</figure>"


def _column(kind: str, title: str, sorts: bool) -> str:
    """The head of a column; one that sorts is a button, and on paper a text: there buttons are not repeated."""
    if not title:
        return "<td>"
    text = _text(title)
    return (
        f'<th{kind} scope=col data-title="{text}"><button type="button">{text}</button>'
        if sorts
        else (f"<th{kind} scope=col>{text}")
    )


def _table(table: Table, label: str, name: str = "") -> Iterator[str]:
    """A table, said as `label`; with a name one that is sorted by its heads.

    What HTML closes by itself is left open: rows are many.
    """
    columns = table.shown
    right = ",".join(f"#{name} td:nth-child({n})" for n, column in enumerate(columns, 1) if name and column.unit.right)
    kinds = [" class=number" if column.unit.right else "" for column in columns]
    known = f' id="{name}" class="sortable"' if name else ""
    yield f"<style>{right}{{text-align:right}}</style>" if right else ""
    yield f'<div class="wide" tabindex="0" role="region" aria-label="{_text(label)}"><table{known}>'
    yield "<thead><tr>" + "".join(map(_column, kinds, (column.title for column in columns), [bool(name)] * len(kinds)))
    yield "</thead>"
    yield "<tbody>"
    if name:
        kinds = [""] * len(columns)
    for texts in body(table, columns):
        yield "<tr>" + "".join(f"<td{kind}>{_text(text)}" for kind, text in zip(kinds, texts, strict=True))
    yield "</tbody>"
    if table.total is not None:
        sums = zip(kinds, total(table, columns), strict=True)
        yield "<tfoot><tr>" + "".join(f"<td{kind}>{_text(text)}" for kind, text in sums) + "</tfoot>"
    yield "</table></div>"
