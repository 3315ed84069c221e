"""The arithmetic behind a layer's figures, from the very rules that compute them.

A layer's rules take sizes of any kind. Here they are asked with symbols in place of the numbers, `k` for the kernel,
`H` for the height, and what they answer is the formula. So a formula that the tool does not use cannot be stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dims import Dim, Shape, product
from ..graph import Graph, Node
from ..layers.base import AXIS_NAMES, Layer
from ..layers.fields import Padding, PerAxis, Whole
from ..layers.sliding import same_zeros, zeros
from ..layers.windows import Window
from ..namedtuples import NamedTuple
from ..symbols import Polynomial, symbol
from .dtypes import DEFAULT_DTYPE, STORED_BYTES, stored
from .intervals import Field, Interval
from .receptive import ReceptiveFields

SHORT = {"kernel": "k", "stride": "s", "padding": "p", "dilation": "d", "multiplier": "m", "output_padding": "extra"}
"""Arguments that have a sign of one letter in the field."""

SIZES: Mapping[int, tuple[str, ...]] = {0: (), 1: ("N",), 2: ("H", "W"), 3: ("T", "H", "W")}
OUTPUTS: Mapping[int, tuple[str, ...]] = {0: (), 1: ("on",), 2: ("oh", "ow"), 3: ("ot", "oh", "ow")}


class Figure(NamedTuple):
    """One figure of a layer: the formula, what its names stand for, and the result."""

    name: str
    formula: Any
    values: Mapping[str, int]
    result: int
    remark: str = ""


class _Symbols:
    """Names for numbers, made as they are needed; a number that says nothing (a stride of 1) stays a number."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def name(self, word: str, value: Dim) -> Dim:
        if not isinstance(value, int) or value < 1:
            return value
        known = self.values.setdefault(word, value)
        return symbol(word) if known == value else value

    def per_axis(self, word: str, values: tuple[Dim, ...], plain: int | None) -> tuple[Dim, ...]:
        if all(value == plain for value in values):
            return values
        if len(set(values)) == 1:
            return tuple(self.name(word.rstrip("_"), value) for value in values)
        axes = [name[0] for name in AXIS_NAMES[len(values)]]
        return tuple(self.name(f"{word}{axis}", value) for axis, value in zip(axes, values, strict=True))

    def padding(self, word: str, pads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Names for counts of zeros; a mode whose zeros do not depend on the map is already one of counts."""
        if any(isinstance(pad, str) for pad in pads):
            return pads
        if all(before == after for before, after in pads):
            counts = self.per_axis(word, tuple(before for before, _ in pads), 0)
            return tuple(zip(counts, counts, strict=True))
        befores, afters = zip(*pads, strict=True)
        return tuple(zip(self.per_axis("before_", befores, 0), self.per_axis("after_", afters, 0), strict=True))


def explain(graph: Graph, fields: ReceptiveFields, name: str) -> list[Figure]:
    """The figures of one layer, each as formula, numbers and result."""
    node = graph.by_name[name]
    names = _Symbols()
    padding = _padding(node, names)
    layer = _with_symbols(node.layer, names)
    incoming = tuple(_shape(shape, names, place, node) for place, shape in enumerate(node.incoming))
    output = _outputs(node, names)
    padding += _same(node, layer, incoming, output, names)
    figures = [*padding, *_sizes(node, layer, incoming, names), *_weights(node, layer, incoming, names)]
    if node.macs:
        figures.append(_figure("MACs", layer.macs(incoming, output), names, node.macs, _mac_remark(node)))
    elif node.work:
        done = sum(layer.work(incoming, output).values())
        figures.append(_figure("operations", done, names, node.operations, ", ".join(node.work)))
    figures += _field(graph, node, fields)
    dtype = stored(graph).get(name, DEFAULT_DTYPE)
    size, remark = STORED_BYTES[dtype], f"bytes of the output in {dtype}"
    figures.append(_figure("memory", product(output) * size, names, product(node.output) * size, remark))
    return figures


def _padding(node: Node, names: _Symbols) -> list[Figure]:
    """What `half`, `full` and `causal` mean here: zeros on each side or before, from the kernel."""
    layer: Any = node.layer
    pads = getattr(layer, "padding", ())
    if not pads or any(pad not in ("half", "full", "causal") for pad in pads) or not hasattr(layer, "taps"):
        return []
    if len(set(zip(pads, layer.taps(), layer.spread(), strict=True))) > 1:
        return []
    (mode, *_), (kernel, *_), (dilation, *_) = pads, layer.taps(), layer.spread()
    if kernel == 1:
        return []
    k, d = names.name("k", kernel), names.name("d", dilation) if dilation > 1 else 1
    before, _ = zeros(mode, (k - 1) * d + 1)
    count, _ = zeros(mode, (kernel - 1) * dilation + 1)
    return [_figure("before" if mode == "causal" else "padding", before, names, count, mode)]


def _same(node: Node, layer: Layer, incoming: tuple[Shape, ...], output: Shape, names: _Symbols) -> list[Figure]:
    """The zeros that `same` takes: how many in all along an axis, and how many of them on either side."""
    pads = getattr(node.layer, "padding", ())
    if "same" not in pads:
        return []
    plain, symbolic = node.layer.windows(node.incoming, node.output)[0], layer.windows(incoming, output)[0]
    alike: dict[Any, Figure] = {}
    for axis, (pad, window, named) in enumerate(zip(pads, plain or (), symbolic or (), strict=True)):
        if pad != "same" or type(window) is not Window or type(named) is not Window:
            continue
        n, steps = node.incoming[0][axis + 1], node.output[axis + 1]
        before, after = same_zeros(n, steps, window.stride, window.extent)
        total = sum(same_zeros(incoming[0][axis + 1], output[axis + 1], named.stride, named.extent))
        name, remark = f"padding ({AXIS_NAMES[len(pads)][axis]})", f"same: {before} before, {after} after"
        alike.setdefault((n, window), _figure(name, total, names, before + after, remark))
    figures = list(alike.values())
    return [figures[0]._replace(name="padding")] if len(figures) == 1 and len(set(pads)) == 1 else figures


def _with_symbols(layer: Layer, names: _Symbols) -> Layer:
    values: dict[str, Any] = {}
    for word, field in layer.fields.items():
        value = getattr(layer, word)
        sign = SHORT.get(word, word)
        if value is None:
            values[word] = None
        elif isinstance(field.reader, Padding) and word == "padding":
            values[word] = names.padding(sign, _counts(layer, value))
        elif isinstance(field.reader, PerAxis):
            values[word] = names.per_axis(sign, value, 1 if field.default == 1 else None)
        elif isinstance(field.reader, Whole) and value != field.default:
            values[word] = names.name(sign, value)
        else:
            values[word] = value
    return type(layer)(**values)


def _counts(layer: Any, pads: tuple[Any, ...]) -> tuple[Any, ...]:
    """`half`, `full` and `causal` as the counts that they are here."""
    if not hasattr(layer, "taps"):
        return pads
    extents = [(k - 1) * d + 1 for k, d in zip(layer.taps(), layer.spread(), strict=True)]
    return tuple(
        zeros(pad, extent) if pad in ("half", "full", "valid", "causal") else pad
        for pad, extent in zip(pads, extents, strict=True)
    )


def _axes(known: Mapping[int, tuple[str, ...]], word: str, count: int) -> tuple[str, ...]:
    """The names of so many axes; of more than space has, numbered."""
    return known[count] if count in known else tuple(f"{word}{axis + 1}" for axis in range(count))


def _shape(shape: Shape, names: _Symbols, place: int, node: Node) -> Shape:
    """Names for the sizes of an input; an axis of size 1 that is repeated along another stays 1."""
    sizes = _axes(SIZES, "N", len(shape) - 1)
    channels = "in" if len(node.incoming) == 1 else f"in{place + 1}"
    if len(sizes) > 1 and len(set(shape[1:])) == 1 and shape[1] == 1:
        sizes = ()
    joined = len(node.incoming) > 1 and node.layer.elementwise
    repeated = [joined and n == 1 < m for n, m in zip(shape, node.output, strict=False)]
    words = zip((channels, *sizes), shape, repeated, strict=False)
    named = [1 if again else names.name(word, n) for word, n, again in words]
    return (*named, *shape[len(named) :])


def _outputs(node: Node, names: _Symbols) -> Shape:
    shape = node.output
    sizes = _axes(OUTPUTS, "o", len(shape) - 1)
    return (names.name("out", shape[0]), *(names.name(s, n) for s, n in zip(sizes, shape[1:], strict=True)))


def _figure(name: str, formula: Dim, names: _Symbols, result: int, remark: str = "") -> Figure:
    used = formula.symbols() if isinstance(formula, Polynomial) else frozenset()
    values = {word: value for word, value in names.values.items() if word in used}
    found = formula.at(values) if isinstance(formula, Polynomial) else formula
    if found != result:
        raise ArithmeticError(f"the formula of {name} gives {found} and the rule {result}")
    return Figure(name, formula, values, result, remark)


def _sizes(node: Node, layer: Layer, incoming: tuple[Shape, ...], names: _Symbols) -> list[Figure]:
    channels, *sizes = layer.output(*incoming)
    axes = AXIS_NAMES[len(sizes)]
    figures = [_figure("channels" if sizes else "features", channels, names, node.output[0])]
    for axis, formula, n in zip(axes, sizes, node.output[1:], strict=True):
        figures.append(_figure(axis, formula, names, n, _padding_remark(node)))
    return figures


def _padding_remark(node: Node) -> str:
    modes = {pad for pad in getattr(node.layer, "padding", ()) if isinstance(pad, str)}
    return f"padding {', '.join(sorted(modes))}" if modes else ""


def _weights(node: Node, layer: Layer, incoming: tuple[Shape, ...], names: _Symbols) -> list[Figure]:
    tensors = layer.weights(*incoming)
    figures = []
    total: Dim = 0
    for name, shape in node.weights.items():
        formula = product(tensors[name])
        total = total + formula
        figures.append(_figure(_tensor(name), formula, names, product(shape), "x".join(map(str, shape))))
    if len(figures) > 1:
        figures.append(_figure("params", total, names, sum(figure.result for figure in figures)))
    elif figures and getattr(node.layer, "bias", None) is False:
        figures[0] = figures[0]._replace(remark=f"{figures[0].remark}, no bias")
    return figures


def _tensor(name: str) -> str:
    return {"weight": "weights"}.get(name, name)


def _mac_remark(node: Node) -> str:
    if node.layer.multiplies:
        return "two activations, no weight"
    return "taps on padding count, a bias costs nothing" if "weight" in node.weights else "a bias costs nothing"


def _field(graph: Graph, node: Node, fields: ReceptiveFields) -> list[Figure]:
    """The recurrence of the receptive field, axis by axis, where it is one: a window behind one input."""
    if len(node.inputs) != 1:
        return []
    before, after = fields.of[node.inputs[0]], fields.of[node.name]
    reach = node.layer.windows(node.incoming, node.output)[0]
    if not reach or before.axes is None or after.axes is None or before.moved:
        return []
    figures: list[Figure] = []
    whole = "+ global, by another path" if after.everything else ""
    for axis, window, old, new, (least, most) in zip(
        AXIS_NAMES[len(reach)], reach, before.axes, after.axes, after.sizes, strict=True
    ):
        seen = old.intervals[0]
        if type(window) is not Window or old.period != 1 or seen is None:
            remark = "; ".join(filter(None, ("the largest: it depends on the position" * (least < most), whole)))
            figures.append(Figure(f"field ({axis})", most, {}, most, remark))
            continue
        names = _Symbols()
        size, jump = names.name("field", seen.size), names.name("jump", old.jump)
        kernel, stride = names.name("k", window.kernel), names.name("s", window.stride)
        dilation = names.name("d", window.dilation) if window.dilation > 1 else 1
        grown = Field((Interval(0, size - 1),), jump).through(Window(kernel, stride, 0, dilation), 1)
        interval = grown.intervals[0]
        assert interval is not None  # noqa: S101 - a window sees something
        of_axis = "" if len(set(reach)) == 1 else f" ({axis})"
        figures.append(_figure(f"field{of_axis}", interval.last - interval.first + 1, names, most, whole))
        figures.append(_figure(f"jump{of_axis}", grown.jump, names, new.jump))
        if not of_axis:
            break
    return figures
