"""A JSON Schema (draft-07) of the spec language, for editors; of a JSON document; or the layer kinds.

    cnncalc schema --output cnncalc.schema.json
    cnncalc schema --of summary             of what `--format json` of summary writes
    cnncalc schema --kinds
    cnncalc schema --kinds conv

In the first line of a spec, `# yaml-language-server: $schema=cnncalc.schema.json` gives completion and hover.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report_with


@report_with("spec", "format", "output")
def command(
    request: Request,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="List the layer kinds, or the arguments of the one named.")
    ] = False,
    of: Annotated[
        str | None, typer.Option("--of", metavar="NAME", help="Of the JSON that a command writes: summary, diff ...")
    ] = None,
) -> Report:
    """The language, for machines and for people."""
    if of is not None:
        if kinds or request.spec is not None:
            raise CnncalcError("`--of` names a document, and `--kinds` layer kinds", "one of the two")
        from ..contracts import contract

        found = contract(of)
        return _schema(found.id, found.schema)
    if kinds or request.spec is not None:
        from .. import reports

        return reports.kinds() if request.spec is None else reports.arguments(request.spec)
    from ..budget.schema import budget_schema
    from ..language.schema import schema

    return _schema("cnncalc spec", schema(budget_schema()))


def _schema(title: str, found: dict[str, Any]) -> Report:
    import json

    return Report([title], [], facts=found, text=json.dumps(found, indent=2) + "\n")
