"""Whether a network is what its spec expects it to be.

expect: {params: 61706, receptive_field: [7, 5]}                    of the network
expect: {at: {fc: {in: 400, out: 120}, layer1: {params: 215808}}}    of a layer or a part, by its path
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ..analyses.figures import CLAIMED, FIGURES, Figures, unknown
from ..analyses.subject import Subject, at_inference, value, within
from ..analyses.values import read, text
from ..errors import CnncalcError, Diagnostic, did_you_mean
from ..graph import Graph
from ..marked import Marked, plain
from ..quantities import POSITIONS, SHAPE

SIZES: Mapping[str, Callable[[tuple[Any, Any]], Any]] = {
    "in": lambda ends: ends[0][0],
    "out": lambda ends: ends[1][0],
    "input": lambda ends: ends[0],
    "output": lambda ends: ends[1],
}
"""What a layer says of the shapes that enter and leave it: channels (or features), or the whole shape."""

OF_LAYERS = tuple(name for name in CLAIMED if FIGURES[name].of is not None or FIGURES[name].at is not None)
"""The figures that a layer or a part has."""


def unmet(graph: Graph) -> list[Diagnostic]:
    """What the spec's `expect:` says and the network is not; without the steps that only training uses."""
    if graph.expect is None:
        return []
    if not graph.expect.is_mapping:
        return [Diagnostic("`expect` is a mapping of figures", graph.expect.mark, help="expect: {params: 61706}")]
    figures = at_inference(graph)
    problems: list[Diagnostic] = []
    for key, (key_node, node) in graph.expect.entries.items():
        if key == "at":
            problems += _at_layers(figures, node)
        elif key not in FIGURES:
            error = unknown(key)
            problems.append(Diagnostic(f"`expect` knows {error.message}", key_node.mark, help=error.help))
        elif key not in CLAIMED:
            message = f"`expect` is of the network alone, and `{key}` depends on more"
            problems.append(Diagnostic(message, key_node.mark, help=f"budget: {{{key}: ...}} holds it"))
        else:
            problems += _differs(key, node, FIGURES[key].unit == SHAPE, partial(value, figures, Subject(key)))
    return problems


def _at_layers(figures: Figures, node: Marked) -> Iterator[Diagnostic]:
    """What is expected of layers and parts, and is not so."""
    example = "at: {fc: {in: 400, out: 120}}"
    if not node.is_mapping:
        yield Diagnostic("`at` is a mapping from layers to what is expected of them", node.mark, help=example)
        return
    for path, (path_node, claims) in node.entries.items():
        names = within(path, figures.graph.by_name)
        if not names:
            near = did_you_mean(path, figures.graph.by_name) or "`cnncalc shapes` lists them"
            yield Diagnostic(f"{figures.graph.name} has no layer `{path}`", path_node.mark, help=near)
        elif not claims.is_mapping:
            yield Diagnostic("what is expected of a layer is a mapping", claims.mark, help=example)
        else:
            for key, (key_node, claim) in claims.entries.items():
                yield from _of_layer(figures, path, names, key, key_node, claim)


def _of_layer(
    figures: Figures, path: str, names: list[str], key: str, key_node: Marked, claim: Marked
) -> Iterator[Diagnostic]:
    by_name = figures.graph.by_name
    first, last = (by_name[path], by_name[path]) if path in by_name else (by_name[names[0]], by_name[names[-1]])
    if key in ("in", "input") and not first.incoming:
        yield Diagnostic(f"`{path}` reads no tensor", key_node.mark, help="expect its `out` or `output`")
    elif key in SIZES:
        ends = (first.incoming[0], last.output)
        yield from _differs(f"{key} of {path}", claim, key in ("input", "output"), partial(SIZES[key], ends))
    elif key in OF_LAYERS:
        subject = Subject(key, at=path) if FIGURES[key].unit == POSITIONS else Subject(key, path)
        yield from _differs(f"{key} of {path}", claim, False, partial(value, figures, subject))
    else:
        known = [*SIZES, *OF_LAYERS]
        help = did_you_mean(key, known) or f"known: {', '.join(known)}"
        yield Diagnostic(f"a layer has no `{key}` to expect", key_node.mark, help=help)


def _differs(what: str, node: Marked, shape: bool, figure: Callable[[], Any]) -> Iterator[Diagnostic]:
    """That a figure is not what is expected, or cannot be."""
    try:
        expected = read(plain(node), shape)
    except ValueError as error:
        yield Diagnostic(f"{error}: an expectation is exact", node.mark, help=f"{what.split(maxsplit=1)[0]}: 61706")
        return
    try:
        found = figure()
    except CnncalcError as error:
        yield Diagnostic(error.message, node.mark, help=error.help)
        return
    if expected != found:
        message = f"expected {what} {_shown(expected)}, found {_shown(found)}"
        yield Diagnostic(
            message, node.mark, help=f"where the change is meant, {what.split(maxsplit=1)[0]}: {_written(found)}"
        )


def _written(found: Any) -> str:
    """A figure as a spec has it."""
    return str(list(found)) if isinstance(found, tuple) else text(found)


def _shown(found: Any) -> str:
    return f"{found:,}" if isinstance(found, int) else str(list(found)) if isinstance(found, tuple) else text(found)
