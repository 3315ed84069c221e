"""Why another tool, or a number that somebody printed, says something else: an account, or what gives the number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..analyses.sizes import numeric
from ..counting import counted, tool
from ..counting.account import Line, lines
from ..counting.forms import written
from ..counting.number import Number, number
from ..counting.readings import PLAIN, Reading, Readings, Relatives
from ..counting.readings import readings as read
from ..graph import Graph
from ..render import units
from ..render.numbers import percent, short, size, whole
from ..render.report import Column, Contract, Note, Report, Table
from .counted_report import (
    BLIND,
    CODE,
    DOES,
    LAYERS,
    PRINTED,
    STATUS,
    TOOL,
    TOTAL,
    VERSION,
    WORD,
    WRONGS,
    called,
    folded,
    told,
    wrongs,
)
from .explain_report import named_node
from .rows import CONVENTION, INPUT, NETWORK, caption, inputs, used

WHAT = Column("about", "what is counted", units.TEXT, "what it is", kept=True)
TIMES = Column("times", "times", units.COUNT, "how often each is counted")
OF = Column("of", "of", units.COUNT, "how many there are")
COUNT = Column("count", "count", units.COUNT, "what it adds to the figure", kept=True)

CONTRACT = Contract(
    "account",
    1,
    "The figure of another tool as lines that add up to it.",
    (
        NETWORK,
        INPUT,
        TOOL,
        VERSION,
        WORD,
        CONVENTION,
        Column("layer", about="the layer whose figure it is; none for the network", nullable=True),
        TOTAL,
        STATUS,
        PRINTED,
        Column("macs", unit=units.COUNT, about="multiply-accumulates, as `cnncalc macs` counts them"),
        Column("difference", unit=units.COUNT, about="the figure less the MACs"),
        Column("sentence", about="the account in a line"),
        WRONGS,
        BLIND,
        DOES,
        Column("lines", unit=units.rows(CODE, WHAT, LAYERS, TIMES, OF, COUNT)),
    ),
)


def account(
    graph: Graph, name: str, layer: str | None = None, *, written_as: Iterable[str] = (), training: bool = False
) -> Report:
    """The account of a tool's figure, of the network or of one layer. Raises CnncalcError."""
    one = tool(name)
    graph = numeric(used(graph, training))
    found = counted(graph, one, written(graph, written_as))
    node = named_node(graph, layer).name if layer is not None else None
    made = lines(graph, found, None if node is None else [node])
    total = sum(line.amount for line in made)
    macs = sum(int(each.macs) for each in graph.nodes if node in (None, each.name))
    partial = found.partial
    word = one.word.split(" (")[0]
    sentence = f"{one.name} {whole(total)} = {' '.join(_spoken(made)) or '0'}"
    rows = [
        {
            "code": line.what,
            "about": line.text,
            "layers": line.layers,
            "times": line.times,
            "of": line.of,
            "count": line.amount,
        }
        for line in made
    ]
    wrong = wrongs(found)
    difference = total - macs
    notes = [
        Note("convention", f"it counts {one.about}"),
        Note("sentence", sentence),
        Note("difference", f"here: {whole(macs)} MACs, {_versus(difference)}"),
    ]
    if partial:
        notes.append(Note("partial", f"{one.name} gives no value for this network: the lines are what it knows"))
    printed = one.printed(total) if one.printed and not partial and node is None else None
    if printed:
        notes.append(Note("printed", f"printed as `{printed}`"))
    if node is None:
        notes += [*told(found, wrong), *folded(graph, found)]
    return Report(
        caption(graph, *([node] if node else []), called(one.name, one.version), "per image"),
        [
            Table(
                (WHAT, LAYERS, TIMES, OF, COUNT._replace(title=word)),
                rows,
                {"about": "total", "count": total},
                key="lines",
            )
        ],
        CONTRACT,
        {
            "name": graph.name,
            "input": inputs(graph),
            "tool": one.name,
            "version": one.version,
            "word": one.word,
            "convention": one.about,
            "layer": node,
            "total": total,
            "status": "partial" if partial else "complete",
            "printed": printed,
            "macs": macs,
            "difference": difference,
            "sentence": sentence,
            "wrong": wrong,
            "unknown": [blind._asdict() for blind in found.blind],
            "does": one.unknown,
        },
        notes,
    )


def _spoken(made: list[Line]) -> Iterable[str]:
    """`4,089,184,256 MACs`, `+ 4 x 11,113,984 elements into batchnorm`, `- 1,000 ...`."""
    for place, line in enumerate(made):
        negative = line.amount < 0
        sign = "- " if negative else "+ " if place else ""
        factor = f"{abs(line.times)} x " if abs(line.times) != 1 else ""
        yield f"{sign}{factor}{whole(abs(line.of))} {line.spoken}"


def _versus(difference: int) -> str:
    if not difference:
        return "the same"
    return f"{whole(abs(difference))} {'fewer' if difference > 0 else 'more'}"


def _plain(names: list[str]) -> str:
    """The conventions; where it is the plain count, that alone."""
    return names[0] if names and names[0] in PLAIN else ", ".join(names)


CONVENTIONS = Column(
    "conventions", "counted as", units.listed(units.TEXT, _plain), "the conventions that give it", kept=True
)
READ = (
    Column("rank", unit=units.COUNT, about="the simplest first").hidden,
    Column("network", "network", units.TEXT, "what it is a figure of: nothing for the network as it is"),
    CONVENTIONS._replace(unit=CONVENTIONS.unit._replace(right=False)),
    Column("how", "printed", units.TEXT, "how the figure becomes the number: nothing where it is it"),
    Column("figure", "figure", units.COUNT, "what is counted", kept=True),
    Column("changes", unit=units.COUNT, about="how much has to be assumed: 0 for nothing").hidden,
)
READINGS = Contract(
    "readings",
    1,
    "What gives a number that somebody printed for a network.",
    (
        NETWORK,
        INPUT,
        Column("number", about="as it was asked"),
        Column("least", unit=units.REAL, about="the smallest figure that is printed so"),
        Column("most", unit=units.REAL, about="the largest figure that is printed so, where digits are cut off"),
        Column("macs", unit=units.COUNT, about="multiply-accumulates, as `cnncalc macs` counts them"),
        Column("params", unit=units.COUNT, about="learned numbers, as `cnncalc params` counts them"),
        Column("compared", unit=units.COUNT, about="how many figures were compared"),
        Column("readings", unit=units.rows(*READ)),
        Column("nearest", unit=units.rows(*READ), about="with no reading, the nearest figures"),
    ),
)


def readings(graph: Graph, text: str, *, relatives: Relatives = (), family: Relatives = (), most: int = 12) -> Report:
    """What gives a number within its rounding: conventions, sizes, widths, heads, versions. Raises CnncalcError."""
    from ..analyses.params import params

    asked = number(text)
    graph = numeric(graph)
    own = graph.inference
    found = read(graph, asked, relatives, family)
    macs, learned = sum(int(node.macs) for node in own.nodes), int(params(own).total)
    given, nearest = (
        [_row(n, r) for n, r in enumerate(found.given, 1)],
        [_row(n, r) for n, r in enumerate(found.nearest, 1)],
    )
    shown = given[:most] or nearest
    stored = f" = {size(4 * learned)} in fp32" if asked.bytes else ""
    here = f"here: {whole(macs)} MACs = {short(macs)}, {whole(learned)} params = {short(learned)}{stored}"
    notes = [Note("here", here)]
    if not given:
        notes.insert(
            0, Note("none", f"nothing of {whole(found.looked)} figures gives {asked.text}; these are the nearest")
        )
    elif len(given) > most:
        notes.append(Note("more", f"{len(given) - most} more readings in JSON, which assume more"))
    notes += _doubts(found, asked, {"multiply-adds": macs, "params": learned})
    if given and given[0]["network"] == "" and not str(given[0]["conventions"][0]).startswith("params"):
        notes.append(Note("account", f"`--against {given[0]['conventions'][0]}` adds it up"))
    return Report(
        caption(graph, f"what gives {asked.text}", "the simplest first" if given else "nearest first"),
        [Table(READ, shown)],
        READINGS,
        {
            "name": graph.name,
            "input": inputs(graph),
            "number": asked.text,
            "least": asked.value - asked.step / 2,
            "most": asked.value + asked.step,
            "macs": macs,
            "params": learned,
            "compared": found.looked,
            "readings": given,
            "nearest": nearest,
        },
        notes,
    )


CLOSE = Fraction(2, 100)
SURE = 1
"""Readings that assume no more are no chance."""


def _doubts(found: Readings, asked: Number, plain: Mapping[str, int]) -> Iterable[Note]:
    """That a plain count is near a number that it does not give; that a short number is met by chance too."""
    if found.given and found.given[0].changes <= SURE:
        return
    for name, figure in plain.items():
        away = Fraction(figure) / asked.value - 1
        if not asked.bytes and 0 < abs(away) <= CLOSE and all(name not in one.conventions for one in found.given):
            than = "more" if away > 0 else "less"
            yield Note("close", f"{name} are {short(figure)}, {percent(abs(away))}% {than} than {asked.text}")
    if found.given and 2 * found.looked >= 10**asked.digits:
        counted = f"{whole(found.looked)} figures were compared"
        yield Note("chance", f"{counted}: a number of {asked.digits} digits is met by some of them by chance")


def _row(rank: int, reading: Reading) -> dict[str, Any]:
    return {"rank": rank, **reading._asdict(), "conventions": list(reading.conventions)}
