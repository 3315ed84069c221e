"""A JSON Schema (draft-07) of the spec language, for editors; or the layer kinds with their arguments.

    cnncalc schema --output cnncalc.schema.json
    cnncalc schema --kinds
    cnncalc schema --kinds conv

In the first line of a spec, `# yaml-language-server: $schema=cnncalc.schema.json` gives completion and hover.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError, did_you_mean
from ..render.report import Column, Report, Table
from .request import Request, report_with


@report_with("spec", "format", "output")
def command(
    request: Request,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="List the layer kinds, or the arguments of the one named.")
    ] = False,
) -> Report:
    """The language, for machines and for people."""
    if kinds or request.spec is not None:
        return _kinds(request.spec)
    import json

    from ..budget.schema import budget_schema
    from ..language.schema import schema

    described = schema(budget_schema())
    return Report(["cnncalc spec"], [], described, text=json.dumps(described, indent=2) + "\n")


def _kinds(only: str | None) -> Report:
    from ..layers import KINDS
    from ..layers.fields import REQUIRED

    if only is not None and only not in KINDS:
        raise CnncalcError(f"no layer kind `{only}`", did_you_mean(only, KINDS))
    rows: list[dict[str, Any]] = []
    if only is None:
        for name, kind in KINDS.items():
            arguments = ", ".join(_argument(kind, field) for field in kind.fields) if not kind.joins else "branches"
            rows.append(
                {"kind": name, "about": (kind.__doc__ or "").strip().partition("\n")[0], "arguments": arguments}
            )
        columns = [
            Column("kind", "kind", right=False, kept=True),
            Column("about", "what it is", right=False),
            Column("arguments", "arguments (* needed)", right=False),
        ]
        title = ["layer kinds", "`cnncalc schema --kinds conv` explains one"]
    else:
        for name, field in KINDS[only].fields.items():
            default = (
                "needed" if field.default is REQUIRED else "-" if field.default is None else str(field.default).lower()
            )
            rows.append({"argument": name, "default": default, "about": field.about, "form": field.reader.describes})
        columns = [
            Column("argument", "argument", right=False, kept=True),
            Column("default", "default", right=False),
            Column("about", "what it is", right=False),
            Column("form", "form", right=False),
        ]
        title = [only, (KINDS[only].__doc__ or "").strip().partition("\n")[0]]
    return Report(title, [Table(columns, rows)], {"schema": "cnncalc.kinds/1", "kinds": rows})


def _argument(kind: Any, name: str) -> str:
    from ..layers.fields import REQUIRED

    return name + ("*" if kind.fields[name].default is REQUIRED else "")
