"""A network with symbols in place of some of its sizes: variables of the spec, and the axes of its input.

    opened(load, graph, ["H", "width"])       input 3xHxH, width a symbol, the rest as it was

The input's axes are H and W (T for the depth of a volume, L for the length of a sequence, C for the
channels). Where the input is square and only H is asked for, the width is H too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .dims import Dim, Shape
from .errors import CnncalcError, SpecError, did_you_mean
from .graph import Graph
from .namedtuples import NamedTuple
from .spelling import spelled
from .symbols import symbol

AXES = {0: ("C",), 1: ("C", "L"), 2: ("C", "H", "W"), 3: ("C", "T", "H", "W")}

Load = Callable[[Mapping[str, Any], Mapping[str, Shape] | None], Graph]
"""The same network with other variables and another input."""


class Opened(NamedTuple):
    """A network whose sizes are symbols."""

    graph: Graph
    over: tuple[str, ...]
    point: Mapping[str, int]
    """The numbers that the symbols stand for in the network as it was, where it has them."""

    tied: bool
    """Whether the width of the input is its height."""


def opened(load: Load, graph: Graph, over: Sequence[str] | None) -> Opened:
    """The network over these names; over its input's spatial axes if none are given. Raises CnncalcError."""
    names = list(dict.fromkeys([*graph.symbols(), *(_axes(graph) if over is None else over)]))
    point: dict[str, int] = {}
    settings: dict[str, Any] = {}
    places: dict[str, int] = {}
    for name in names:
        if name in graph.symbols():
            continue
        if name in graph.settings:
            settings[name] = symbol(name)
            point[name] = _whole(name, graph.settings[name])
        else:
            places[name] = _place(graph, name)
            point[name] = _length(graph, name, places[name])
    tied = "H" in places and "W" not in (*names, *graph.settings) and _is_square(graph)
    if tied:
        names = [name for name in names if name != "W"]
    shapes = {name: _with_symbols(shape, places, tied) for name, shape in graph.inputs.items()} if places else None
    try:
        return Opened(load(settings, shapes), tuple(names), point, tied)
    except (SpecError, TypeError, ValueError, ZeroDivisionError) as error:
        raise _undecided(load, graph, error, settings, list(places), names) from None


def _axes(graph: Graph) -> list[str]:
    """The spatial axes of the input; of several inputs those that are one size in all."""
    axes = [name for name in AXES[len(graph.input_shape) - 1][1:] if name not in graph.settings]
    if any(graph.symbols()):
        return []
    agreed = [name for name in axes if len(_lengths(graph, AXES[len(graph.input_shape) - 1].index(name))) == 1]
    axes = agreed or axes
    return [name for name in axes if name != "W"] if _is_square(graph) else axes


def _is_square(graph: Graph) -> bool:
    """Whether every map that comes in is as wide as it is high."""
    return all(len(shape) < 3 or shape[-1] == shape[-2] for shape in graph.inputs.values())


def _place(graph: Graph, name: str) -> int:
    axes = AXES[len(graph.input_shape) - 1]
    if name in axes:
        return axes.index(name)
    known = [*graph.settings, *axes]
    help = did_you_mean(name, known) or f"it has {', '.join(known)}"
    if name == "input":
        help = f"its axes are {', '.join(axes)}: --over {','.join(axes[1:])}"
    raise CnncalcError(f"{graph.name} has no variable and its input no axis `{name}`", help)


def _lengths(graph: Graph, place: int) -> set[Any]:
    """The sizes of an axis of all inputs that have it."""
    return {shape[place] for shape in graph.inputs.values() if len(shape) > place}


def _length(graph: Graph, name: str, place: int) -> int:
    lengths = _lengths(graph, place)
    if len(lengths) > 1:
        raise CnncalcError(
            f"the inputs of {graph.name} differ in {name}: {', '.join(map(str, sorted(lengths)))}",
            f"leave {name} out of --over, or give them one size with --input",
        )
    return _whole(name, lengths.pop())


def _whole(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise CnncalcError(
        f"`{name}` is {spelled(value)}, and a formula is over whole numbers of at least 1",
        f"leave {name} out of --over; `cnncalc sweep` takes any values",
    )


def _with_symbols(shape: Shape, places: Mapping[str, int], tied: bool) -> Shape:
    sizes: list[Dim] = list(shape)
    for name, place in places.items():
        if place < len(sizes):
            sizes[place] = symbol(name)
    if tied and len(sizes) > 2:
        sizes[-1] = sizes[-2]
    return tuple(sizes)


def _undecided(
    load: Load, graph: Graph, error: Exception, settings: Mapping[str, Any], axes: list[str], names: list[str]
) -> CnncalcError:
    """The first thing that no symbol decides, and which name to leave out of --over."""
    guilty = [name for name in settings if not _loads(load, {name: settings[name]})] or [*settings] or axes or names
    ways = ", ".join(f"`{name}`" for name in guilty)
    given = graph.settings.get(guilty[0])
    help = f"leave {ways} out of --over" + (
        f": it stays {given}, or what --set gives it" if len(guilty) == 1 and given else ""
    )
    if isinstance(error, SpecError):
        return SpecError([error.diagnostics[0]._replace(help=help)])
    return CnncalcError(f"{graph.name} has no one formula over {', '.join(names)}: {error}", help)


def _loads(load: Load, settings: Mapping[str, Any]) -> bool:
    try:
        load(settings, None)
    except (CnncalcError, TypeError, ValueError, ZeroDivisionError):
        return False
    return True
