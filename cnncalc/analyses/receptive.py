"""Receptive fields: which input positions one output position sees, along each axis of each input.

A layer moves and widens what its input sees (`intervals`); where branches meet the field is the union of theirs. A
layer that looks at everything (a global pool, a linear layer, attention) makes it global. Behind a gate or a norm
with statistics of the image what is seen apart from that stays. Elements that are reshaped or permuted are followed
(`places`): a token sees its patch, until tokens are mixed. Where that cannot be, the field is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from ..dims import Dim, Shape, is_symbolic
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers.base import ALL, AXIS_NAMES, OWN, Layer
from ..layers.windows import (
    EVERYTHING,
    SAME_PLACE,
    Axis,
    Contracted,
    Moved,
    Reach,
    Rearranged,
    Spliced,
    Unfollowed,
    sees_everything,
)
from ..namedtuples import NamedTuple
from ..spelling import brief
from .intervals import ITSELF, LONGEST_PERIOD, Field, TooManyError
from .places import Piece, Places, in_shape, is_mixed, mixed, of_map, of_positions, permuted, reshaped
from .remarks import CENTRES, PHASES, STRIDES, Remark


class View(NamedTuple):
    """What the elements of a tensor see of one input; without `axes` and `places` no position matters."""

    axes: tuple[Field, ...] | None = None
    """Per axis of a map: the tensor, or the one whose positions lie at `places`."""

    everything: bool = False
    """Whether the whole input is seen; beside `axes`, through a gate or the statistics of a norm."""

    units: Shape = ()
    """The sizes of that map."""

    places: Places | None = None
    """Where its positions lie, if not on axes of their own; mixed, without `axes`, where that is not known."""


GLOBAL = View(everything=True)


class Seen(NamedTuple):
    """What the units of a node see of an input."""

    axes: tuple[Field, ...] | None
    """Per spatial axis; None where no position matters (after a global pool, in a vector) or it is not known."""

    everything: bool = False
    """Whether each unit depends on the whole input, by a path that looks at all of it."""

    known: bool = True
    """Whether it could be followed through what was reshaped and permuted."""

    units: Shape = ()
    """How many units there are per axis; those of the map whose positions they are, where `moved`."""

    moved: bool = False
    """Whether the units lie in another order, as tokens do."""

    input: str = ""
    """The input, or the first of those that are seen alike."""

    apart: tuple[Seen, ...] = ()
    """One an input, where what is seen of them differs; nothing of it is said beside them then."""

    @property
    def each(self) -> tuple[Seen, ...]:
        """One, or one an input where they differ."""
        return self.apart or (self,)

    def of_input(self, name: str) -> Seen:
        """What is seen of an input."""
        return next((seen for seen in self.apart if seen.input == name), self)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Per axis the smallest and the largest size over the positions; of each input, where they differ."""
        return tuple(
            field.size(n if isinstance(n, int) else None)
            for seen in self.each
            for field, n in zip(seen.axes or (), seen.units, strict=False)
        )


class ReceptiveFields(NamedTuple):
    """The receptive field of every input and node."""

    of: Mapping[str, Seen]
    remarks: tuple[Remark, ...]
    """Where branches meet that see differently placed or spaced positions; see `remarks.folded`."""

    def __repr__(self) -> str:
        return brief(self)


def receptive_fields(graph: Graph) -> ReceptiveFields:
    """The receptive fields of a network. Raises CnncalcError where a size without a number decides."""
    return fold(graph, _checked)


def fold(graph: Graph, admitted: Callable[[Node, Axis], Axis]) -> ReceptiveFields:
    """The receptive fields, in whatever numbers; each window that moves a field is admitted before.

    Branches are compared where all they see is numbers.
    """
    views = {
        name: {name: View((ITSELF,) * (len(shape) - 1), False, shape[1:]) if len(shape) > 1 else View()}
        for name, shape in graph.inputs.items()
    }
    remarks: list[Remark] = []
    reaches: dict[tuple[Layer, tuple[Shape, ...]], tuple[Reach, ...]] = {}
    for node in graph.nodes:
        key = (node.layer, node.incoming)
        reach = reaches.get(key)
        if reach is None:
            reach = reaches[key] = node.layer.windows(node.incoming, node.output)
        views[node.name] = _views(node, reach, views, admitted, remarks)
    shapes = graph.shapes
    of = {name: _seen(views.get(name, {}), shapes[name], graph) for name in shapes}
    return ReceptiveFields(of, tuple(dict.fromkeys(remarks)))


def _checked(node: Node, window: Axis) -> Axis:
    dims: tuple[Dim, ...] = window
    for dim in dims:
        if is_symbolic(dim):
            sizes = ", ".join(sorted(dim.symbols()))
            raise CnncalcError(
                f"the receptive field of `{node.name}` depends on the size {sizes}",
                "give the input a size: --input 3,224,224",
            )
    return window


def _views(
    node: Node,
    reaches: tuple[Reach, ...],
    views: Mapping[str, Mapping[str, View]],
    admitted: Callable[[Node, Axis], Axis],
    remarks: list[Remark],
) -> dict[str, View]:
    """What a node sees, by input."""
    found: dict[str, list[tuple[View, Shape]]] = {}
    for source, shape, reach in zip(node.inputs, node.incoming, reaches, strict=True):
        for name, view in views.get(source, {}).items():
            try:
                behind = _behind(view, reach, node, shape, admitted)
            except TooManyError:
                remarks.append(Remark(PHASES, node.name, (), ()))
                behind = _unknown(view, node.output)
            found.setdefault(name, []).append((behind, shape))
    return {name: _union(node, behind, remarks) for name, behind in found.items()}


def _behind(view: View, reach: Reach, node: Node, shape: Shape, admitted: Callable[[Node, Axis], Axis]) -> View:
    """What a view of one source becomes behind a layer."""
    if isinstance(reach, Unfollowed):
        return _unknown(view, node.output)
    if view.axes is None and view.places is None:
        all_of_it = sees_everything(EVERYTHING if isinstance(reach, Rearranged) else reach)
        return GLOBAL if view.everything or all_of_it else view
    if isinstance(reach, Rearranged):
        return _rearranged(view, reach, shape, node.output)
    if isinstance(reach, Contracted):
        return _contracted(view, reach, shape, node.output)
    if reach is None:
        places = view.places
        if places is None or not of_positions(places[0]) or node.layer.mixes == ALL:
            return View(everything=sees_everything(reach))
        return View(None, view.everything, (), mixed((places[0], *((),) * (len(node.output) - 1))))
    if isinstance(reach, Moved):
        return View(None, view.everything, (), mixed(view.places or of_map(node.output)))
    if isinstance(reach, Spliced):
        places = view.places or of_map(shape)
        if view.places is not None and not of_positions(places[reach.axis]):
            return view
        return View(None, view.everything, (), mixed(places))
    if sees_everything(reach):
        view = view._replace(everything=True)
    if view.places is not None:
        return _moved(view, view.places, reach, node)
    assert view.axes is not None  # noqa: S101 - a map without places has axes
    return view._replace(axes=_through(node, view.axes, reach, admitted), units=node.output[1:])


def _rearranged(view: View, reach: Rearranged, before: Shape, after: Shape) -> View:
    places = view.places or of_map(before)
    there = reshaped(places, before, after) if reach.order is None else permuted(places, reach.order)
    if is_mixed(there):
        return View(None, view.everything, (), there)
    own = of_map((1, *view.units))
    plain = len(there) == len(own) and there[1:] == own[1:] and not of_positions(there[0])
    return view._replace(places=None if plain else there)


def _contracted(view: View, reach: Contracted, shape: Shape, output: Shape) -> View:
    """Behind a sum along one axis: all that lies along it is seen."""
    places = view.places or of_map(shape)
    kept = iter(reach.kept)
    to = {axis: next(kept) for axis in range(len(shape)) if axis != reach.axis}
    if any(map(of_positions, places)):
        return _spread(view, places, [reach.axis], output, to)
    return GLOBAL


def _spread(
    view: View, places: Places, over: Sequence[int], output: Shape, to: Mapping[int, int] | None = None
) -> View:
    """Behind a layer that looks at all along some axes; `to` says where the others come to lie."""
    rest: list[tuple[Piece, ...]] = [()] * len(output)
    for axis, pieces in enumerate(places):
        if axis not in over:
            rest[to[axis] if to else axis] = pieces
    if not any(map(of_positions, rest)):
        return GLOBAL
    if any(of_positions(places[axis]) for axis in over) or view.axes is None:
        return View(None, view.everything, (), mixed(tuple(rest)))
    return view._replace(places=in_shape(tuple(rest), output))


def _moved(view: View, places: Places, reach: tuple[Axis, ...], node: Node) -> View:
    """Behind windows over a tensor whose axes are not those of a map."""
    stays = all(
        window == SAME_PLACE or not of_positions(pieces) for window, pieces in zip(reach, places[1:], strict=True)
    )
    alone = node.layer.mixes in (OWN, ALL) and all(window == SAME_PLACE for window in reach)
    if not stays or (of_positions(places[0]) and not alone):
        return View(None, view.everything, (), mixed(places))
    if of_positions(places[0]) and node.layer.mixes == ALL:
        return _spread(view, places, [0], node.output)
    return view._replace(places=in_shape(places, node.output))


def _unknown(view: View, output: Shape) -> View:
    return View(None, view.everything, (), mixed(of_map(output)))


def _union(node: Node, seen: list[tuple[View, Shape]], remarks: list[Remark]) -> View:
    """What branches see together: all, where one that is more than a gate (one number for all positions) sees all."""
    views = [view for view, _ in seen]
    if len(views) == 1:
        return views[0]
    local = [view for view in views if view.axes is not None or view.places is not None]
    everything = any(view.everything for view in views)
    whole = [shape for view, shape in seen if view == GLOBAL]
    gates = node.layer.gates and all(n == 1 for shape in whole for n in shape[1:] if isinstance(n, int))
    if not local or (whole and not gates):
        return GLOBAL if everything else views[0]
    united = local[0]
    for view in local[1:]:
        united = _either(node, united, view, remarks)
    return united._replace(everything=everything)


def _either(node: Node, a: View, b: View, remarks: list[Remark]) -> View:
    if a == b:
        return a
    if a.axes is None or b.axes is None or (a.places, a.units) != (b.places, b.units):
        both = [view.places or of_map(node.output) for view in (a, b)]
        there = tuple(x if of_positions(x) else y for x, y in zip(*both, strict=True))
        return View(None, False, (), mixed(there))
    if not any(is_symbolic(bound) for field in (*a.axes, *b.axes) for bound in _bounds(field)):
        _remark(node, a.axes, b.axes, remarks)
    try:
        united = tuple(x.union(y, _units(n)) for x, y, n in zip(a.axes, b.axes, a.units, strict=True))
    except TooManyError:
        remarks.append(Remark(PHASES, node.name, (), ()))
        return _unknown(a, node.output)
    return a._replace(axes=united)


def _through(
    node: Node, fields: tuple[Field, ...], reach: tuple[Axis, ...], admitted: Callable[[Node, Axis], Axis]
) -> tuple[Field, ...]:
    """The fields behind a layer; axes that are alike are worked out once."""
    if all(window is SAME_PLACE for window in reach):
        return fields
    found: dict[tuple[Field, Axis, int], Field] = {}
    behind = []
    for field, window, n in zip(fields, reach, node.output[1:], strict=True):
        key = (field, admitted(node, window), _units(n))
        if key not in found:
            found[key] = key[0].through(*key[1:])
        behind.append(found[key])
    return tuple(behind)


def _units(n: Dim) -> int:
    return n if isinstance(n, int) else LONGEST_PERIOD


def _seen(views: Mapping[str, View], shape: Shape, graph: Graph) -> Seen:
    """What is told of a tensor: once where its inputs are seen alike; an input without positions adds `global`."""
    told = [_told(view, shape)._replace(input=name) for name, view in views.items() if len(graph.inputs[name]) > 1]
    vectors = any(view.everything for name, view in views.items() if len(graph.inputs[name]) == 1)
    told = [seen._replace(everything=seen.everything or vectors) for seen in told]
    if not told:
        return Seen(None, vectors)
    first = told[0]
    alike = all(seen._replace(input="") == first._replace(input="") for seen in told)
    if alike and (first.axes is None or len({graph.inputs[seen.input][1:] for seen in told}) == 1):
        return first
    return Seen(None, any(seen.everything for seen in told), all(seen.known for seen in told), apart=tuple(told))


def _told(view: View, shape: Shape) -> Seen:
    if view.axes is None and view.places is None:
        return Seen(None, view.everything)
    if len(shape) == 1:
        return Seen(None, True)
    if view.axes is None:
        return Seen(None, view.everything, known=False)
    return Seen(view.axes, view.everything, units=view.units, moved=view.places is not None)


def _remark(node: Node, ours: tuple[Field, ...], theirs: tuple[Field, ...], remarks: list[Remark]) -> None:
    """Note where branches are not aligned, the axes of one finding together; a repeated branch is at no place."""
    found: dict[tuple[str, tuple[Fraction, ...]], list[str]] = {}
    for place, (axis, a, b) in enumerate(zip(AXIS_NAMES[len(ours)], ours, theirs, strict=True), start=1):
        if any(len(shape) > place and shape[place] == 1 for shape in node.incoming) and node.output[place] != 1:
            continue
        if a.period == b.period == 1 and a.jump == b.jump and _centred(a) == _centred(b):
            continue
        if a.stride != b.stride:
            found.setdefault((STRIDES, (a.stride, b.stride)), []).append(axis)
        elif a.centre != b.centre and not _causal(a, b):
            found.setdefault((CENTRES, (abs(a.centre - b.centre),)), []).append(axis)
    remarks.extend(Remark(code, node.name, tuple(axes), values) for (code, values), axes in found.items())


def _bounds(field: Field) -> tuple[Dim, ...]:
    """The numbers that a field is made of, of one unit."""
    return (field.jump, *(field.intervals[0] or ()))


def _causal(a: Field, b: Field) -> bool:
    """Whether no unit sees beyond its own position, which is the last that either sees."""
    if not a.period == b.period == 1:
        return False
    (one,), (other,) = a.intervals, b.intervals
    return one is not None and other is not None and one.last == other.last and one.last % a.jump == 0


def _centred(field: Field) -> int | None:
    only = field.intervals[0]
    return only and only.first + only.last
