"""What Python shows of a network and of results: a picture in a notebook, a table where a result is printed."""

from __future__ import annotations

from html import escape
from typing import Any

from .errors import CnncalcError
from .graph import Graph


def html(graph: Graph) -> str:
    """The picture at its usual depth, which has no script."""
    from .drawing import draw

    try:
        return draw(graph)
    except CnncalcError:
        return f"<pre>{escape(repr(graph))}</pre>"


def table(result: Any) -> str:
    """What is printed of a result."""
    from .reports.result_report import result as report

    return report(result).written()


def fragment(result: Any) -> str:
    """The same for a notebook."""
    from .reports.result_report import result as report

    return report(result)._repr_html_()


def frame(result: Any) -> Any:
    """Its rows as a pandas DataFrame."""
    from .reports.result_report import result as report

    return report(result).to_pandas()


def attach() -> None:
    """Let notebooks ask a network for it; a Graph itself knows nothing of pictures."""
    Graph._repr_html_ = html  # type: ignore[attr-defined]  # what notebooks look for


def attach_tables() -> None:
    """Let results be printed as tables; an analysis itself knows nothing of tables."""
    from .reports.result_report import TABLES

    for kind in TABLES:
        kind.__str__ = table  # type: ignore[method-assign, assignment]  # which a NamedTuple leaves to its repr
        kind._repr_html_ = fragment  # type: ignore[attr-defined]  # what notebooks look for
        kind.to_pandas = frame  # type: ignore[attr-defined]  # as a report has it
