"""The networks that come with the tool, each usable by its name.

    cnncalc zoo                      the table
    cnncalc zoo resnet               only names with `resnet` in them
    cnncalc zoo resnet50 --show      the spec itself
    cnncalc zoo --lecture            the worked examples of the lecture notes, by note and section

Each is usable by its name: `cnncalc summary resnet50`, `cnncalc explain lecture/inception_5x5`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Report
from .request import Request, report_with


@report_with("spec", "format", "output", "top", "sort")
def command(
    request: Request,
    show: Annotated[bool, typer.Option("--show", help="Print the spec of the network that is named.")] = False,
    lecture: Annotated[bool, typer.Option("--lecture", help="The worked examples of the lecture notes.")] = False,
) -> Report:
    """The networks of the zoo."""
    from ..language import zoo
    from ..opening import load

    if lecture and not show:
        return _lecture([name for name in zoo.lecture() if (request.spec or "") in name], request)
    names = [*zoo.names(), *zoo.lecture()] if show else list(zoo.names())
    if show:
        if request.spec not in names:
            near = did_you_mean(request.spec or "", names)
            raise CnncalcError(f"the zoo has no network `{request.spec or ''}`", near or "`cnncalc zoo` lists them")
        member = zoo.member(str(request.spec))
        assert member is not None  # noqa: S101 - its name is one of the zoo's
        text = member.path.read_text(encoding="utf-8")
        if member.settings:
            settings = " ".join(
                f"--set {name}={str(value).replace(' ', '')}" for name, value in member.settings.items()
            )
            text = f"# {member.name} is {member.path.stem} {settings}\n{text}"
        return Report([str(request.spec)], [], {"name": request.spec, "spec": text}, text=text)
    chosen = [name for name in names if (request.spec or "") in name]
    if not chosen:
        near = did_you_mean(request.spec or "", names)
        raise CnncalcError(f"no network of the zoo has `{request.spec}` in its name", near)
    rows = [_row(name, load(name).inference) for name in chosen]
    return _report(request, rows)


def _lecture(names: list[str], request: Request) -> Report:
    from ..analyses import macs, params
    from ..marked import plain
    from ..opening import load
    from ..render import numbers
    from ..render.report import Column, Table

    if not names:
        raise CnncalcError(f"no worked example has `{request.spec}` in its name", "`cnncalc zoo --lecture` lists them")
    rows: list[dict[str, Any]] = []
    for name in names:
        graph = load(name).inference
        notes = plain(graph.notes) if graph.notes and graph.notes.is_mapping else {}
        rows.append(
            {
                "section": str(notes.get("section", "")),
                "example": name,
                "input": graph.input_shape,
                "output": graph.output_shape,
                "params": params(graph).total,
                "macs": macs(graph).total,
                "printed": str(notes.get("printed", "")),
                "right": notes.get("right"),
                "why": str(notes.get("why", "")),
            }
        )
    rows.sort(key=lambda row: (row["section"].split(",")[0], row["section"]))
    columns = [
        Column("section", "note and section", right=False, kept=True),
        Column("example", "example", right=False, kept=True),
        Column("input", "input", numbers.shape),
        Column("output", "output", numbers.shape),
        Column("params", "params", numbers.count),
        Column("macs", "MACs", numbers.count),
        Column("printed", "the notes print", right=False),
        Column("right", "right is", _figure),
        Column("why", "", right=False),
    ]
    return Report(
        [
            "worked examples of the lecture notes",
            "F0 to F4: five sets of notes",
            "MACs of convolution and linear, per image",
        ],
        [Table(columns, rows, {"section": f"{len(rows)} examples"})],
        {"schema": "cnncalc.lecture/1", "examples": [{k: _plain(v) for k, v in row.items()} for row in rows]},
        ["`cnncalc explain lecture/NAME` shows the arithmetic of one"],
    )


def _figure(value: Any) -> str:
    from ..render import numbers

    return numbers.count(value) if isinstance(value, int) else numbers.NOTHING if value is None else str(value)


def _row(name: str, graph: Any) -> dict[str, Any]:
    import re

    from ..analyses import macs, memory, params
    from ..analyses.extent import field_of
    from ..analyses.receptive import receptive_fields
    from .rows import field_text

    fields = receptive_fields(graph)
    last = field_of(graph, fields)
    year = re.search(r"\b(19|20)\d\d\b", graph.source)
    return {
        "layer": name,
        "year": int(year[0]) if year else None,
        "input": graph.input_shape,
        "params": params(graph).total,
        "macs": macs(graph).total,
        "field": field_text(fields.of[last]) if last else "-",
        "peak": memory(graph).peak * 4,
        "source": graph.source,
    }


def _report(request: Request, rows: list[dict[str, Any]]) -> Report:
    from ..render import numbers
    from ..render.report import Column
    from .rows import table

    columns = [
        Column("layer", "network", right=False, kept=True),
        Column("year", "year"),
        Column("input", "input", numbers.shape),
        Column("params", "params", numbers.count),
        Column("macs", "MACs", numbers.count),
        Column("field", "field"),
        Column("peak", "peak fp32", numbers.size),
        Column("source", "source", right=False),
    ]
    shown = table(
        columns, rows, request, [], "params", {"layer": f"{len(rows)} network{'' if len(rows) == 1 else 's'}"}
    )
    data = [{("name" if key == "layer" else key): _plain(value) for key, value in row.items()} for row in rows]
    return Report(
        ["the zoo", "MACs of convolution and linear, per image", "training heads left out", "field of the last map"],
        [shown],
        {"schema": "cnncalc.zoo/1", "networks": data},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, int | str | None) else float(value)
