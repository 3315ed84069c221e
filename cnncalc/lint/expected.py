"""Whether a network is what its spec expects it to be: `expect: {params: 61706, receptive_field: [7, 5]}`."""

from __future__ import annotations

from typing import Any

from ..analyses.figures import FIGURES, Figures, NoFigure, unknown
from ..analyses.subject import Subject, value
from ..analyses.values import read, text
from ..errors import Diagnostic
from ..graph import Graph
from ..marked import plain
from ..quantities import SHAPE


def unmet(graph: Graph) -> list[Diagnostic]:
    """What the spec's `expect:` says and the network is not; without the steps that only training uses."""
    if graph.expect is None:
        return []
    if not graph.expect.is_mapping:
        return [Diagnostic("`expect` is a mapping of figures", graph.expect.mark, help="expect: {params: 61706}")]
    figures = Figures(graph.inference)
    problems = []
    for key, (key_node, node) in graph.expect.entries.items():
        if key not in FIGURES:
            error = unknown(key)
            problems.append(Diagnostic(f"`expect` knows {error.message}", key_node.mark, help=error.help))
            continue
        try:
            expected = read(plain(node), FIGURES[key].unit == SHAPE)
        except ValueError as error:
            problems.append(Diagnostic(f"{error}: an expectation is exact", node.mark, help=f"{key}: 61706"))
            continue
        try:
            found = value(figures, Subject(key))
        except NoFigure as error:
            problems.append(Diagnostic(error.message, node.mark, help=error.help))
            continue
        if expected != found:
            problems.append(Diagnostic(f"expected {key} {_shown(expected)}, found {_shown(found)}", node.mark))
    return problems


def _shown(found: Any) -> str:
    return f"{found:,}" if isinstance(found, int) else str(list(found)) if isinstance(found, tuple) else text(found)
