"""Layers without weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ....graph import Node
from ..base import PLAIN, Argument, Code, Rule, Unwritable, axes, entries, expression, short
from .base import axis, is_same, last, padded, pairs_text, to_first, to_last, zeros_first


def _pool(node: Node) -> Code:
    """One that Keras has; else what its windows reach is put around the map first."""
    layer: Any = node.layer
    if set(layer.dilation) != {1}:
        raise Unwritable(f"`{node.name}` is `{node.kind}` with a dilation, which Keras has not", "a dilation of 1")
    found, n = layer.resolved(*node.incoming), axes(node)
    pairs, strides = found["padding"], found["stride"]
    sliding = {"pool_size": Argument(short(layer.kernel))}
    sliding["strides"] = Argument(short(strides), short(layer.kernel))
    reached = [
        (before, (steps - 1) * s + k - size - before)
        for (before, _), steps, s, k, size in zip(
            pairs, node.output[1:], strides, layer.kernel, node.incoming[0][1:], strict=True
        )
    ]
    around = [(before, max(after, 0)) for before, after in reached]
    word = {"maxpool": "MaxPooling", "avgpool": "AveragePooling", "l2pool": ""}[node.kind]
    counts = node.kind == "avgpool" and layer.count_padding
    alone = not any(map(any, around))
    same = is_same(node, around, strides, layer.kernel) and not alone and not counts
    lowest = padded("{0}", around, ', constant_values=float("-inf")')
    general = Code(f"layers.{word}{n}D", sliding, first=lowest) if node.kind == "maxpool" else None
    if word and (alone or same):
        mode = {"padding": Argument("same" if same else "valid", "valid")}
        return Code(f"layers.{word}{n}D", {**sliding, **mode}, general=general)
    if general is not None:
        return general
    if counts and all(a >= b for pair, got in zip(pairs, around, strict=True) for a, b in zip(pair, got, strict=True)):
        return Code(f"layers.{word}{n}D", sliding, PLAIN, zeros_first(around))
    mean = f"ops.average_pool({{}}, {short(layer.kernel)}, {short(strides)})"
    if node.kind == "l2pool":
        square = padded("{0} ** 2", around) if not alone else "{0} ** 2"
        return Code(call=f"ops.sqrt({mean.format(square)} * {prod(layer.kernel)})")
    ones, outside = "ops.ones_like({0})", around
    if counts:
        ones = padded(ones, pairs, ", constant_values=1.0")
        outside = [(0, full - after) for (_, full), (_, after) in zip(around, pairs, strict=True)]
    return Code(call=f"{mean.format(padded('{0}', around))} / {mean.format(padded(ones, outside))}")


def _adaptive(word: str, reduce: str) -> Rule:
    """A pool where the grid divides the map."""

    def rule(node: Node) -> Code:
        layer: Any = node.layer
        sizes, n = node.incoming[0][1:], axes(node)
        grid = layer.resolved(*node.incoming)["size"]
        if all(size % part == 0 for size, part in zip(sizes, grid, strict=True)):
            kernel = short(size // part for size, part in zip(sizes, grid, strict=True))
            return Code(f"layers.{word}Pooling{n}D", {"pool_size": Argument(kernel)})
        return Code(call=f"adaptive_pool({{0}}, {tuple(grid)}, ops.{reduce})")

    return rule


def _global(word: str) -> Rule:
    def rule(node: Node) -> Code:
        return Code(f"layers.Global{word}Pooling{axes(node)}D", {"keepdims": Argument(True, False)})

    return rule


def _reduction(word: str) -> Rule:
    def rule(node: Node) -> Code:
        layer: Any = node.layer
        if layer.over != "map":
            return Code(call=f"ops.{word}({{0}}, axis={axis(node, 'over')}, keepdims=True)")
        if not axes(node):
            return Code(call="{0}")
        return Code(call=f"ops.{word}({{0}}, axis={tuple(range(1, axes(node) + 1))})")

    return rule


def _aligned(node: Node) -> list[str]:
    """The tensors that come in; a vector meets a map as one number a channel."""
    rank = len(node.output)
    return [
        f"{{{place}}}" + (f"[:, {'None, ' * (rank - 1)}:]" if len(shape) == 1 < rank else "")
        for place, shape in enumerate(node.incoming)
    ]


def _elementwise(sign: str, word: str) -> Rule:
    """A layer where all branches have the same size, else an expression."""

    def rule(node: Node) -> Code:
        alike = len(set(node.incoming)) == 1 and len(node.incoming) > 1
        if alike and (word != "Subtract" or len(node.incoming) == 2):
            return _merge(f"layers.{word}", node)
        if sign:
            return Code(call=f" {sign} ".join(_aligned(node)))
        first, *others = _aligned(node)
        for other in others:
            first = f"ops.{word.lower()}({first}, {other})"
        return Code(call=first)

    return rule


def _merge(word: str, node: Node, **arguments: Argument) -> Code:
    return Code(word, arguments, f"{{m}}([{', '.join(f'{{{place}}}' for place in range(len(node.inputs)))}])")


def _where(node: Node) -> Code:
    truth, one, other = _aligned(node)
    return Code(call=f"ops.where({truth} != 0, {one}, {other})")


def _concat(node: Node) -> Code:
    if len(node.inputs) == 1:
        return Code(call="{0}")
    return _merge("layers.Concatenate", node, axis=Argument(axis(node), -1))


def _matmul(node: Node) -> Code:
    """Of matrices with their channels last, the other way round."""
    if len(node.output) == 2 and all(len(shape) == 2 for shape in node.incoming):
        return Code(call="ops.matmul({1}, {0})")
    one, other = (to_first(f"{{{place}}}", shape) for place, shape in enumerate(node.incoming))
    return Code(call=to_last(f"ops.matmul({one}, {other})", node.output))


SIGNS = {"^": "**"}


def _map(node: Node) -> Code:
    layer: Any = node.layer
    formula = layer.formula
    if formula == "-x":
        return Code(call="-{0}")
    word, bracket, rest = formula.partition("(")
    if bracket:
        bound = rest.partition(", ")[2].rstrip(")")
        if not bound:
            return Code(call=f"ops.{word}({{0}})")
        return Code(call=f"ops.{word}imum({{0}}, {bound})")
    left, sign, right = formula.split()
    call = f"{left.replace('x', '{0}')} {SIGNS.get(sign, sign)} {right.replace('x', '{0}')}"
    return Code(call=f'ops.cast({call}, "float32")' if sign[0] in "<>=!" else call)


def _activation(word: str) -> Rule:
    return lambda node: Code("layers.Activation", {"activation": Argument(word)})


def _relu6(node: Node) -> Code:
    return Code("layers.ReLU", {"max_value": Argument(6, None)})


def _leakyrelu(node: Node) -> Code:
    layer: Any = node.layer
    return Code("layers.LeakyReLU", {"negative_slope": Argument(layer.slope, 0.3)})


def _elu(node: Node) -> Code:
    layer: Any = node.layer
    return Code("layers.ELU", {"alpha": Argument(layer.alpha, 1.0)})


def _gelu(node: Node) -> Code:
    layer: Any = node.layer
    if layer.form == "tanh":
        return Code(call="keras.activations.gelu({0}, approximate=True)")
    return Code("layers.Activation", {"activation": Argument("gelu")})


def _hardsigmoid(node: Node) -> Code:
    layer: Any = node.layer
    if (layer.slope, layer.offset) == (1 / 6, 0.5):
        return Code("layers.Activation", {"activation": Argument("hard_sigmoid")})
    return Code(call=f"ops.clip({{0}} * {layer.slope} + {layer.offset}, 0, 1)")


def _hardtanh(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"ops.clip({{0}}, {layer.low}, {layer.high})")


def _softmax(node: Node) -> Code:
    return Code("layers.Softmax", {"axis": Argument(axis(node, "over"), -1)})


def _maxout(node: Node) -> Code:
    layer: Any = node.layer
    split = (*last(node.output), layer.pieces)
    return Code(call=f"ops.max(ops.reshape({{0}}, (-1, {', '.join(map(str, split))})), axis=-1)")


def _flatten(node: Node) -> Code:
    """Channel by channel, as the weights after it were learned."""
    channels, *sizes = node.incoming[0]
    turned = f"layers.Permute({(len(sizes) + 1, *range(1, len(sizes) + 1))})({{0}})"
    return Code("layers.Flatten", first=turned if channels > 1 and prod(sizes) > 1 else "")


def _reshape(node: Node) -> Code:
    channels, *sizes = node.incoming[0]
    if len(sizes) > 1 and tuple(node.output) == (channels, prod(sizes)):
        return Code(call="layers.Reshape((-1, {0}.shape[-1]))({0})")
    shape = ", ".join(map(str, node.output))
    return Code(call=to_last(f"ops.reshape({to_first('{0}', node.incoming[0])}, (-1, {shape}))", node.output))


def _permute(node: Node) -> Code:
    layer: Any = node.layer
    order = last([axis or len(layer.order) for axis in layer.order])
    return Code("layers.Permute", {"dims": Argument(tuple(order))})


MODES = {"reflect": "reflect", "replicate": "edge"}


def _pad(node: Node) -> Code:
    layer: Any = node.layer
    ((before, after),) = layer.channels
    if layer.mode == "zeros" and not (before or after or layer.fill):
        pads = Argument(Pads(pairs_text(layer.padding)))
        return Code(f"layers.ZeroPadding{axes(node)}D", {"padding": pads})
    if layer.mode != "zeros" and (before or after):
        raise Unwritable(f"`{node.name}` adds channels that repeat others, which Keras has not", "two `pad` steps")
    mode = f', mode="{MODES[layer.mode]}"' if layer.mode != "zeros" else ""
    fill = f", constant_values={layer.fill}" if layer.fill else ""
    return Code(call=f"ops.pad({{0}}, {((0, 0), *layer.padding, (before, after))}{mode}{fill})")


class Pads(str):
    """Pairs of numbers as they are written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _crop(node: Node) -> Code:
    found = node.layer.resolved(*node.incoming)
    cut = [
        (start, whole - start - size)
        for start, size, whole in zip(found["offset"], found["size"], node.incoming[0][1:], strict=True)
    ]
    return Code(f"layers.Cropping{axes(node)}D", {"cropping": Argument(Pads(pairs_text(cut)))})


def _slice(node: Node) -> Code:
    layer: Any = node.layer
    stop = "" if layer.stop is None else layer.stop
    entries = f"{layer.start or ''}:{stop}" + (f":{layer.step}" if layer.step != 1 else "")
    place = axis(node)
    return Code(call=f"{{0}}[..., {entries}]" if place == -1 else f"{{0}}[{':, ' * place}{entries}]")


def _split(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"ops.split({{0}}, {layer.parts}, axis={axis(node)})[{layer.part}]")


def _roll(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"ops.roll({{0}}, {layer.by}, axis={axis(node)})")


def _argmax(node: Node) -> Code:
    return Code(call=f'ops.cast(ops.argmax({{0}}, axis={axis(node, "over")}, keepdims=True), "float32")')


def _cumsum(node: Node) -> Code:
    return Code(call=f"ops.cumsum({{0}}, axis={axis(node)})")


def _flip(node: Node) -> Code:
    return Code(call=f"ops.flip({{0}}, axis={axis(node)})")


def _tile(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"ops.concatenate([{{0}}] * {layer.times}, axis={axis(node)})")


def _take(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"ops.take({{0}}, {entries(layer)}, axis={axis(node)})")


def _turned(split: list[int], order: list[int], end: tuple[int, ...]) -> Code:
    """Axes split, in another order, and put together."""
    parts, turned = ", ".join(map(str, split)), ", ".join(str(place + 1) for place in order)
    text = f"ops.transpose(ops.reshape({{0}}, (-1, {parts})), (0, {turned}))"
    return Code(call=f"ops.reshape({text}, (-1, {', '.join(map(str, last(end)))}))")


def _channel_shuffle(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"channel_shuffle({{0}}, {layer.groups})")


def _pixel_shuffle(node: Node) -> Code:
    layer: Any = node.layer
    sizes, n = node.incoming[0][1:], axes(node)
    split = [*sizes, node.output[0], *(layer.scale,) * n]
    return _turned(split, [*(at for one in range(n) for at in (one, n + 1 + one)), n], node.output)


def _space_to_depth(node: Node) -> Code:
    layer: Any = node.layer
    n = axes(node)
    split = [*(part for size in node.output[1:] for part in (size, layer.scale)), node.incoming[0][0]]
    return _turned(split, [*range(0, 2 * n, 2), 2 * n, *range(1, 2 * n, 2)], node.output)


def _upsample(node: Node) -> Code:
    """Keras' own where it repeats positions, else a weighted sum along each axis."""
    layer: Any = node.layer
    n, sizes = axes(node), node.incoming[0][1:]
    grown = [(out, size) for out, size in zip(node.output[1:], sizes, strict=True)]
    whole = all(out % size == 0 for out, size in grown)
    factor = short(out // size for out, size in grown)
    if layer.mode == "nearest" and whole:
        return Code(f"layers.UpSampling{n}D", {"size": Argument(factor)})
    if layer.mode == "bilinear" and whole and n == 2 and not (layer.align_corners or layer.asymmetric):
        return Code("layers.UpSampling2D", {"size": Argument(factor), "interpolation": Argument("bilinear", "nearest")})
    align = ", align_corners=True" if layer.align_corners else ", asymmetric=True" if layer.asymmetric else ""
    return Code(call=f'resize({{0}}, {tuple(node.output[1:])}, "{layer.mode}"{align})')


def _missing(node: Node) -> Code:
    raise Unwritable(f"`{node.name}` is `{node.kind}`, and Keras has none", "`--to torch` writes it")


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("deform_conv", "grid_sample", "roi_align", "argmaxpool", "max_unpool"), _missing),
    **dict.fromkeys(("maxpool", "avgpool", "l2pool"), _pool),
    "adaptiveavgpool": _adaptive("Average", "mean"),
    "adaptivemaxpool": _adaptive("Max", "max"),
    "globalavgpool": _global("Average"),
    "globalmaxpool": _global("Max"),
    "mean": _reduction("mean"),
    "sum": _reduction("sum"),
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "argmax": _argmax,
    "cumsum": _cumsum,
    "relu": lambda node: Code("layers.ReLU", general=Code("layers.Activation", {"activation": Argument("relu")})),
    "relu6": _relu6,
    "leakyrelu": _leakyrelu,
    "elu": _elu,
    "gelu": _gelu,
    **{word: _activation(word) for word in ("selu", "silu", "mish", "sigmoid", "tanh", "softplus", "softsign")},
    "hardswish": _activation("hard_silu"),
    "hardsigmoid": _hardsigmoid,
    "hardtanh": _hardtanh,
    "map": _map,
    "softmax": _softmax,
    "maxout": _maxout,
    "abs": expression("ops.abs({0})"),
    "square": expression("ops.square({0})"),
    "sqrt": expression("ops.sqrt({0})"),
    "identity": lambda node: Code("layers.Identity"),
    "add": _elementwise("+", "Add"),
    "sub": _elementwise("-", "Subtract"),
    "mul": _elementwise("*", "Multiply"),
    "div": lambda node: Code(call=" / ".join(_aligned(node))),
    "maximum": _elementwise("", "Maximum"),
    "minimum": _elementwise("", "Minimum"),
    "where": _where,
    "concat": _concat,
    "matmul": _matmul,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "slice": _slice,
    "split": _split,
    "flip": _flip,
    "roll": _roll,
    "tile": _tile,
    "take": _take,
    "channel_shuffle": _channel_shuffle,
    "pixel_shuffle": _pixel_shuffle,
    "space_to_depth": _space_to_depth,
    "upsample": _upsample,
}
"""By kind."""
