"""The questions of the command line as functions: of a Graph, a file, or the name of a network of the zoo.

Each answers with a report; the values of a wrong kind are a CnncalcError, as everything is that goes wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from .errors import CnncalcError
from .graph import Graph
from .opening import load

if TYPE_CHECKING:
    from .render.report import Report

Network = Graph | str | Path
"""What a question may be about."""

P = ParamSpec("P")
R = TypeVar("R")

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "bool": ((bool, int), "True or False"),
    "str": ((str,), "a text"),
    "float": ((int, float), "a number"),
}
"""Annotation of an argument -> what it takes."""

LEAST = {"batch": 1, "last": 1, "depth": 0}
"""The smallest value of arguments that count."""


def network(of: object) -> Graph:
    """The graph itself, or that of a file or a name. Raises CnncalcError for anything else."""
    if isinstance(of, Graph):
        return of
    if isinstance(of, str | Path):
        return load(of)
    raise CnncalcError(
        f"a network is a Graph, a path or a name, and this is {_a(of)}", 'for instance cnncalc.load("resnet50")'
    )


def asked(question: Callable[Concatenate[Graph, P], R]) -> Callable[Concatenate[Network, P], R]:
    """A question about a graph as one about a graph, a file or a name."""

    @wraps(question)
    def answer(of: Network, /, *args: P.args, **kwargs: P.kwargs) -> R:
        checked(question, (of, *args), kwargs)
        return question(network(of), *args, **kwargs)

    return answer


def checked(question: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Raise CnncalcError where a value is not of the kind that its argument says; TypeError for an unknown argument."""
    signature = inspect.signature(question)
    for name, value in signature.bind(*args, **kwargs).arguments.items():
        kinds = str(signature.parameters[name].annotation).split(" | ")
        if any(kind not in (*KINDS, "None") for kind in kinds):
            continue
        if value is None and "None" in kinds:
            continue
        allowed = [KINDS[kind] for kind in kinds if kind in KINDS]
        fits = any(isinstance(value, types) and (bool in types or type(value) is not bool) for types, _ in allowed)
        if not fits:
            raise CnncalcError(f"`{name}` is {' or '.join(words for _, words in allowed)}, and this is {_a(value)}")
        if isinstance(value, int) and value < LEAST.get(name, value):
            raise CnncalcError(f"`{name}` is at least {LEAST[name]}, and this is {value}")


def compare(
    *networks: Network | Mapping[str, Network],
    columns: str | Iterable[str] | None = None,
    dtype: str = "fp32",
    training: bool = False,
    sort: str | None = None,
) -> Report:
    """Several networks in one table: graphs, files and names, or a mapping from what each is called.

    `columns` are figures: "params,macs,peak_activations@int8", or a list.
    """
    from .reports.compare_report import DEFAULT_COLUMNS
    from .reports.compare_report import compare as side_by_side
    from .reports.rows import View

    checked(compare, (), {"dtype": dtype, "training": training, "sort": sort})
    named: dict[str, Graph] = {}
    for given in networks:
        for name, of in given.items() if isinstance(given, Mapping) else [(None, given)]:
            graph = network(of)
            called = name or (str(of) if isinstance(of, str) else graph.name)
            if called in named:
                raise CnncalcError(f"two networks are called {called}", 'a mapping names them: {"ours": graph}')
            named[called] = graph
    return side_by_side(
        named,
        columns=DEFAULT_COLUMNS if columns is None else _names(columns),
        dtype=dtype,
        training=training,
        view=View(sort=sort),
    )


def log(
    path: str | Path,
    *,
    since: str = "",
    last: int = 50,
    columns: str | Iterable[str] | None = None,
    dtype: str = "fp32",
    training: bool = False,
    batch: bool = True,
    allow_unknown: bool = False,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Report:
    """The figures of a file by commit, the oldest first; with `since` from that commit, branch or tag on.

    `batch`, `allow_unknown` and `shapes` are of a model of another format, as in `load`.
    """
    from .formats.reading import Reading
    from .history import history
    from .reports.log_report import DEFAULT_COLUMNS
    from .reports.log_report import log as by_commit

    checked(log, (path,), {"since": since, "last": last, "dtype": dtype, "training": training})
    wanted = DEFAULT_COLUMNS if columns is None else _names(columns)
    past = history(path, since=since, last=last, how=Reading(batch, allow_unknown, shapes or {}))
    return by_commit(past, columns=wanted, dtype=dtype, training=training)


def diff(a: Network, b: Network, *, batch: int = 1, training: bool = False, depth: int | None = None) -> Report:
    """What became of network a in network b; of two folders, of each network of a in b."""
    from .folders import is_folder, opened_folder
    from .reports.diff_report import diff as between
    from .reports.rows import View

    checked(diff, (a, b), {"batch": batch, "training": training, "depth": depth})
    if isinstance(a, str | Path) and isinstance(b, str | Path) and is_folder(str(a)) and is_folder(str(b)):
        from .reports.folders_report import diff_folders

        both = opened_folder(str(a)), opened_folder(str(b))
        return diff_folders(*both, batch=batch, training=training, view=View(depth))
    names = [of if isinstance(of, str) else network(of).name for of in (a, b)]
    return between(network(a), network(b), names=(names[0], names[1]), batch=batch, training=training, view=View(depth))


def formula(
    of: Network,
    figures: str | Iterable[str] = "macs",
    *,
    over: str | Iterable[str] | None = None,
    at: Mapping[str, int] | None = None,
    by_layer: bool = False,
    batch: int = 1,
) -> Report:
    """Figures as formulas of the input's size and of the variables in `over`; `at` gives them values."""
    from .analyses.figures import unknown
    from .analyses.formula import CLOSED, formulas
    from .reports.formula_report import formula as written
    from .symbolic import opened

    checked(formula, (of,), {"by_layer": by_layer, "batch": batch})
    graph, wanted = network(of), _names(figures)
    for figure in wanted:
        if figure not in CLOSED:
            raise unknown(figure, "formula of", CLOSED)
    if graph.again is None:
        raise CnncalcError(f"{graph.name} cannot be made again with sizes that are open", "a spec or an ONNX file can")
    again = graph.again

    def loaded(changes: Mapping[str, Any], shapes: Mapping[str, Any] | None) -> Graph:
        return again(shapes, changes).inference

    net = opened(loaded, graph.inference, None if over is None else _names(over))
    for name in at or {}:
        if name not in net.over:
            raise CnncalcError(f"the formula is over {', '.join(net.over) or 'nothing'}, not over {name}")
    found = [one for figure in wanted for one in formulas(net.graph, figure, batch, {**net.point, **(at or {})})]
    return written(net, found, point=dict(at or {}), by_layer=by_layer, batch=batch)


def _names(given: object) -> list[str]:
    """A list of names, or a text with commas between them. Raises CnncalcError."""
    from .analyses.subject import subjects

    names = subjects(given) if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    found: list[str] = []
    for name in names:
        if not isinstance(name, str):
            raise CnncalcError(f"a list of names is asked for, and `{name}` is {_a(name)}")
        found += [name.strip()] if name.strip() else []
    return found


def _a(value: object) -> str:
    """What a value is, for a message."""
    if value is None:
        return "None"
    text = repr(value)
    return f"a value of type {type(value).__name__}" if len(text) > 40 else f"{text}, of type {type(value).__name__}"
