"""What exactly a figure is of, in one spelling for limits, columns and formulas.

macs                      of the network
weight_bytes@int8         in a dtype
layer4/**:macs            of a part, by path
each layer4/**:macs       of the layer that has most of it
receptive_field@layer3    of the units of a layer
output.height             of one axis
training@adam,batch=32    under terms (`terms.py`)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from ..dims import Dim
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..layers.base import AXIS_NAMES
from ..namedtuples import NamedTuple
from ..quantities import BYTES, POSITIONS, SHAPE
from .dtypes import BYTES as DTYPES
from .dtypes import DEFAULT_DTYPE, unknown_dtype
from .figures import FIGURES, Ends, Figure, Figures, NoFigure, unknown, why_none
from .values import Number, PerAxis, PerInput, Span, per_axis
from .weight_bytes import WEIGHT_BYTES, packed

if TYPE_CHECKING:
    from .extent import Extent
    from .priced import Priced
    from .terms import Machines, Terms

AXES = ("channels", *dict.fromkeys(name for names in AXIS_NAMES.values() for name in names))


EACH = "each"
ALL_LAYERS = "**"


class Subject(NamedTuple):
    """A figure, and what of the network it is of."""

    metric: str
    part: str = ""
    dtype: str = ""
    at: str = ""
    axis: str = ""
    each: str = ""
    """`each` where it is of single layers of the part, and not of all together."""

    terms: Terms | None = None
    """What it is worked out under, for a figure that depends on more than the network."""

    @property
    def text(self) -> str:
        """As it is written."""
        detail = self.dtype or self.at or (self.terms.text if self.terms else "")
        return (
            (f"{self.each} " if self.each else "")
            + (f"{self.part}:" if self.part else "")
            + self.metric
            + (f".{self.axis}" if self.axis else "")
            + (f"@{detail}" if detail else "")
        )

    @property
    def title(self) -> str:
        """As reports call it."""
        detail = f" ({self.dtype})" if self.dtype and self.dtype != DEFAULT_DTYPE else ""
        detail = f" ({self.terms.told(self.metric, DEFAULT_DTYPE)})" if self.terms else detail
        axis = f".{self.axis}" if self.axis else ""
        return (
            f"{self.metric}{axis}{detail}"
            + (f" of {self.each} layer" if self.each else "")
            + (f" of {self.part}" if self.part and (self.part != ALL_LAYERS or not self.each) else "")
            + (f" at {self.at}" if self.at else "")
        )


def subject(text: str, what: str = "figure", machines: Machines | None = None) -> Subject:
    """`layer4/**:weight_bytes@int8` as a subject, which may name machines. Raises CnncalcError."""
    word, _, after = text.strip().partition(" ")
    each = EACH if word == EACH and after else ""
    part, _, rest = (after.strip() if each else text.strip()).rpartition(":")
    part = part or (ALL_LAYERS if each else "")
    rest, at_sign, detail = rest.partition("@")
    name, dot, axis = rest.strip().partition(".")
    figure = FIGURES.get(name)
    if figure is None:
        raise unknown(name, what)
    if part and figure.of is None:
        raise CnncalcError(f"a part of a network has no `{name}` of its own")
    if dot:
        known = {SHAPE: AXES, POSITIONS: AXES[1:]}.get(figure.unit, ())
        if axis not in known:
            near = did_you_mean(axis, known) or (f"known: {', '.join(known)}" if known else f"`{name}` has no axes")
            raise CnncalcError(f"no axis `{axis}` of `{name}`", near)
    if figure.priced:
        from .terms import terms

        return Subject(name, part, each=each, terms=terms(name, detail, machines))
    if at_sign and figure.unit == BYTES:
        if detail not in DTYPES:
            raise unknown_dtype(detail, DTYPES)
        return Subject(name, part, dtype=detail, axis=axis, each=each)
    if at_sign and figure.unit != POSITIONS:
        raise CnncalcError(f"`{name}` has neither a dtype nor a place", f"write `{name}`")
    return Subject(name, part, at=detail, axis=axis, each=each)


def subjects(text: str, others: Iterable[str] = ()) -> list[str]:
    """The figures of a list with commas, which the terms of a figure have too: `macs,training@adam,batch=32`.

    `others` are names that may stand between them; `:min` and `:max` end a figure.
    """
    names = {*FIGURES, *others}
    found: list[str] = []
    for piece in (piece.strip() for piece in text.split(",")):
        head = re.split("[@.]", found[-1].rpartition(":")[2])[0] if found else ""
        more = head in FIGURES and FIGURES[head].priced and "@" in found[-1]
        name = re.sub(":(min|max)$", "", piece)
        if more and name not in names and re.split("[@.]", name.rpartition(":")[2])[0] not in FIGURES:
            found[-1] += f",{piece}"
        elif piece:
            found.append(piece)
    return found


def pattern(path: str) -> re.Pattern[str]:
    """The names that a path pattern means: `layer4/**` and `layer4` mean `layer4[0]/main/conv` and its like.

    `*` stands for anything inside one step of the path, `**` for any number of steps; a step without brackets
    stands for every turn of it, and what is below a step belongs to it.
    """
    steps = path.strip("/").split("/")
    while len(steps) > 1 and steps[-1] == "**":
        steps.pop()
    text = ""
    for place, step in enumerate(steps):
        if step == "**":
            text += "(?:[^/]+/)*"
            continue
        one = "".join({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)) for character in step)
        text += one + ("" if step.endswith("]") else r"(?:\[[^\]]*\])*") + ("/" if place < len(steps) - 1 else "")
    return re.compile(text + r"(?:/.*|\[.*)?" if steps != ["**"] else ".*")


def within(path: str, names: Iterable[str]) -> list[str]:
    """The names that a path pattern means, in their order."""
    matches = pattern(path).fullmatch
    return [name for name in names if matches(name)]


def value(figures: Figures, wanted: Subject, dtype: str = DEFAULT_DTYPE) -> Any:
    """The value of a subject: a number (of whatever the graph has), a `values.Value` or a shape.

    Bytes are of the subject's dtype, else of `dtype`. Raises NoFigure, CnncalcError.
    """
    figure = FIGURES[wanted.metric]
    if figure.unit == SHAPE:
        return _shapes(figures, figure.whole(figures), wanted)
    if figure.unit == POSITIONS:
        return _positions(figures, figure, wanted)
    if figure.priced and not wanted.each:
        names = _within(figures, wanted) if wanted.part else None
        return priced(figures, wanted, dtype).total(names)
    if not wanted.part:
        return figure.whole(figures.in_dtype(wanted.dtype or dtype))
    of = of_layers(figures, wanted, dtype)
    return (max if wanted.each else figure.join)(list(of.values()))


def of_layers(figures: Figures, wanted: Subject, dtype: str = DEFAULT_DTYPE) -> Mapping[str, Dim]:
    """Layer of the part -> its share of a figure. Raises CnncalcError where there is no such layer."""
    of = of_nodes(figures, wanted, wanted.dtype or dtype)
    return {name: of[name] for name in _within(figures, wanted)}


def _within(figures: Figures, wanted: Subject) -> list[str]:
    """The layers of the part. Raises CnncalcError where there is none."""
    names = within(wanted.part, (node.name for node in figures.graph.nodes))
    if not names:
        raise CnncalcError(
            f"no layer of {figures.graph.name} is in `{wanted.part}`",
            did_you_mean(wanted.part.split("/")[0], _blocks(figures)) or "`cnncalc shapes` lists them",
        )
    return names


def priced(figures: Figures, wanted: Subject, dtype: str = DEFAULT_DTYPE) -> Priced:
    """A figure that depends on more than the network, by layer. Raises CnncalcError."""
    from .terms import Terms

    return figures.priced(wanted.metric, wanted.terms or Terms(), dtype)


def of_batch(figures: Figures, metric: str, batch: int, dtype: str = DEFAULT_DTYPE) -> Any:
    """A figure of the network for so many images: what is there once, such as the parameters, stays."""
    found = value(figures, Subject(metric), dtype)
    return found * batch if FIGURES[metric].per_image else found


def of_nodes(figures: Figures, wanted: Subject, dtype: str = "") -> Mapping[str, Dim]:
    """Node -> its share of a figure that is a sum; of a peak what is alive while it runs; nothing of the others."""
    figure = FIGURES[wanted.metric]
    if figure.of is None:
        return {}
    if figure.priced:
        return priced(figures, wanted, dtype or DEFAULT_DTYPE).by_layer
    return figure.of(figures.in_dtype(dtype or DEFAULT_DTYPE))


def at_inference(graph: Graph) -> Figures:
    """The figures of a network as it is used; what training takes is of the whole."""
    return Figures(graph.inference, graph)


def locked(figures: Figures) -> dict[str, Any]:
    """What a lock holds of a network; its bytes too where they do not follow from the params."""
    found: dict[str, Any] = {}
    for name, figure in FIGURES.items():
        if figure.locked or (name == WEIGHT_BYTES and packed(figures.graph)):
            try:
                found[name] = value(figures, Subject(name))
            except NoFigure:
                continue
    return found


def _shapes(figures: Figures, found: Any, wanted: Subject) -> Any:
    """A shape, or that of each input, where there are several; one axis only of one."""
    if not isinstance(found, Mapping):
        return _shape(tuple(found), wanted)
    if wanted.axis:
        raise NoFigure(f"{figures.graph.name} has several inputs", f"they are {', '.join(found)}")
    return PerInput(tuple((name, tuple(found[name])) for name in sorted(found)))


def _shape(shape: tuple[Dim, ...], wanted: Subject) -> Any:
    """A shape, or one axis of it; an axis that it does not have is 1."""
    names = ("channels", *AXIS_NAMES[len(shape) - 1])
    if not wanted.axis:
        return shape
    return shape[names.index(wanted.axis)] if wanted.axis in names else 1


def _positions(figures: Figures, figure: Figure, wanted: Subject) -> Any:
    """On each axis; of each input, where they differ."""
    extent = _at(figures, wanted) if wanted.at else figures.extent()
    ends = figure.at(extent) if extent is not None and figure.at is not None else ()
    if extent is None or not ends:
        has = f"`{wanted.at}` of {figures.graph.name}" if wanted.at else figures.graph.name
        raise NoFigure(f"{has} has no {figure.name}: {why_none(extent)}", f"{figure.name}@LAYER, of a feature map")
    if len(extent.inputs) != len(ends):
        return _on_axes(figures, ends, wanted)
    found: dict[str, Ends] = {}
    for name, of_axis in sorted(zip(extent.inputs, ends, strict=True), key=lambda pair: pair[0]):
        found[name] = (*found.get(name, ()), of_axis)
    values = {name: _on_axes(figures, of_axes, wanted) for name, of_axes in found.items()}
    return next(iter(values.values())) if len(set(values.values())) == 1 else PerInput(tuple(values.items()))


def _on_axes(figures: Figures, ends: Ends, wanted: Subject) -> Number | Span | PerAxis:
    """On all axes, or on the one that is asked for."""
    if not wanted.axis or ends[0][0] == inf:
        return per_axis(ends)
    names = AXIS_NAMES[len(ends)]
    if wanted.axis not in names:
        raise NoFigure(f"{figures.graph.name} has no {wanted.axis}", f"it has {', '.join(names)}")
    return per_axis([ends[names.index(wanted.axis)]])


def _at(figures: Figures, wanted: Subject) -> Extent | None:
    """Of the units of the last layer of that name or below it."""
    graph, name = figures.graph, wanted.at
    if name not in figures.fields.of:
        names = within(name, graph.by_name)
        if not names:
            raise CnncalcError(
                f"{graph.name} has no layer `{name}`", did_you_mean(name, [*graph.by_name, *_blocks(figures)])
            )
        name = names[-1]
    return figures.extent(name)


def _blocks(figures: Figures) -> set[str]:
    return {name.split("/")[0].split("[")[0] for name in figures.graph.by_name}
