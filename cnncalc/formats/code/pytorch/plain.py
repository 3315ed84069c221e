"""Layers without weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from ....graph import Node
from ....layers.base import axis_of
from ..base import Argument, Code, Rule, Unwritable, axes, entries, expression, short
from .base import module, pads


def _pool(node: Node) -> Code:
    """One that PyTorch has; with uneven zeros, those that the window reaches are put around the map first."""
    layer: Any = node.layer
    found, n = layer.resolved(*node.incoming), axes(node)
    pairs = found["padding"]
    if node.kind != "maxpool" and set(layer.dilation) != {1}:
        raise Unwritable(f"`{node.name}` is `{node.kind}` with a dilation, which PyTorch has not")
    sliding = {"kernel": Argument(short(layer.kernel)), "stride": Argument(short(found["stride"]), None)}
    dilation = {"dilation": Argument(short(layer.dilation), 1)}
    reached = [
        (before, (steps - 1) * s + (k - 1) * d + 1 - size - before)
        for (before, _), steps, s, k, d, size in zip(
            pairs, node.output[1:], found["stride"], layer.kernel, layer.dilation, node.incoming[0][1:], strict=True
        )
    ]
    around = pads(reached)
    padded = Code(f"nn.MaxPool{n}d", {**sliding, **dilation}, f'{{m}}(F.pad({{0}}, {around}, value=float("-inf")))')
    if all(before == after for before, after in pairs) and node.kind != "l2pool":
        rest = {"padding": Argument(short(before for before, _ in pairs), 0)}
        rest["ceil_mode"] = Argument(layer.round == "ceil", False)
        if node.kind == "maxpool":
            return Code(f"nn.MaxPool{n}d", {**sliding, **rest, **dilation}, general=padded)
        rest["count_include_pad"] = Argument(layer.count_padding, True)
        return Code(f"nn.AvgPool{n}d", {**sliding, **rest})
    if node.kind == "maxpool":
        return padded
    if node.kind == "l2pool":
        taps = prod(layer.kernel)
        return Code(f"nn.AvgPool{n}d", sliding, f"({{m}}(F.pad({{0}} ** 2, {around})) * {taps}).sqrt()")
    ones = "torch.ones_like({0})"
    if layer.count_padding:
        ones = f"F.pad({ones}, {pads(pairs)}, value=1.0)"
        around_ones = pads((0, full - after) for (_, full), (_, after) in zip(reached, pairs, strict=True))
    else:
        around_ones = around
    return Code(f"nn.AvgPool{n}d", sliding, f"{{m}}(F.pad({{0}}, {around})) / {{m}}(F.pad({ones}, {around_ones}))")


def _adaptive(word: str) -> Rule:
    def rule(node: Node) -> Code:
        layer: Any = node.layer
        sizes = layer.resolved(*node.incoming)["size"] if hasattr(layer, "size") else (1,) * axes(node)
        return Code(f"nn.Adaptive{word}Pool{axes(node)}d", {"size": Argument(short(sizes))})

    return rule


def _reduction(word: str) -> Rule:
    def rule(node: Node) -> Code:
        layer: Any = node.layer
        if layer.over != "map":
            return Code(call=f"{{0}}.{word}({_axis(node, 'over')}, keepdim=True)")
        if not axes(node):
            return Code(call="{0}")
        return Code(call=f"{{0}}.flatten(2).{word}(2)")

    return rule


def _axis(node: Node, name: str = "axis") -> int:
    return 1 + (axis_of(getattr(node.layer, name), node.incoming[0]) or 0)


def _aligned(node: Node) -> list[str]:
    """The tensors that come in; a vector meets a map as one number a channel."""
    rank = len(node.output)
    return [
        f"{{{place}}}" + (f"[{', '.join(['...', *['None'] * (rank - len(shape))])}]" if len(shape) < rank else "")
        for place, shape in enumerate(node.incoming)
    ]


def _elementwise(sign: str) -> Rule:
    return lambda node: Code(call=f" {sign} ".join(_aligned(node)))


def _nested(word: str) -> Rule:
    def rule(node: Node) -> Code:
        first, *others = _aligned(node)
        for other in others:
            first = f"torch.{word}({first}, {other})"
        return Code(call=first)

    return rule


def _where(node: Node) -> Code:
    truth, one, other = _aligned(node)
    return Code(call=f"torch.where({truth} != 0, {one}, {other})")


def _concat(node: Node) -> Code:
    parts = ", ".join(f"{{{place}}}" for place in range(len(node.inputs)))
    return Code(call=f"torch.cat([{parts}], dim={_axis(node)})")


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
            return Code(call=f"torch.{word}({{0}})")
        return Code(call=f"{{0}}.clamp({(word == 'max' and 'min') or 'max'}={bound})")
    left, sign, right = formula.split()
    call = f"{left.replace('x', '{0}')} {SIGNS.get(sign, sign)} {right.replace('x', '{0}')}"
    return Code(call=f"({call}).float()" if sign[0] in "<>=!" else call)


def _softmax(node: Node) -> Code:
    return Code("nn.Softmax", {"dim": Argument(_axis(node, "over"), None)})


def _hardsigmoid(node: Node) -> Code:
    layer: Any = node.layer
    if (layer.slope, layer.offset) == (1 / 6, 0.5):
        return Code("nn.Hardsigmoid")
    return Code(call=f"({{0}} * {layer.slope} + {layer.offset}).clamp(0, 1)")


def _gelu(node: Node) -> Code:
    layer: Any = node.layer
    return Code("nn.GELU", {"approximate": Argument("tanh" if layer.form == "tanh" else "none", "none")})


def _maxout(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"{{0}}.unflatten(1, (-1, {layer.pieces})).amax(2)")


def _reshape(node: Node) -> Code:
    channels, *sizes = node.incoming[0]
    if len(sizes) > 1 and tuple(node.output) == (channels, prod(sizes)):
        return Code(call="{0}.flatten(2)")
    return Code(call=f"{{0}}.reshape(-1, {', '.join(map(str, node.output))})")


def _permute(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"{{0}}.permute(0, {', '.join(str(axis + 1) for axis in layer.order)})")


def _pad(node: Node) -> Code:
    layer: Any = node.layer
    if layer.mode == "zeros":
        fill = f", value={layer.fill}" if layer.fill else ""
        channels = layer.channels if any(layer.channels[0]) else ()
        return Code(call=f"F.pad({{0}}, {pads((*channels, *layer.padding))}{fill})")
    if any(layer.channels[0]):
        raise Unwritable(f"`{node.name}` adds channels that repeat others, which PyTorch has not", "two `pad` steps")
    return Code(call=f'F.pad({{0}}, {pads(layer.padding)}, mode="{layer.mode}")')


def _indexed(axis: int, entries: str) -> Code:
    return Code(call=f"{{0}}[{':, ' * axis}{entries}]")


def _crop(node: Node) -> Code:
    found = node.layer.resolved(*node.incoming)
    cuts = ", ".join(f"{start}:{start + size}" for start, size in zip(found["offset"], found["size"], strict=True))
    return _indexed(2, cuts)


def _slice(node: Node) -> Code:
    layer: Any = node.layer
    stop = "" if layer.stop is None else layer.stop
    return _indexed(_axis(node), f"{layer.start or ''}:{stop}" + (f":{layer.step}" if layer.step != 1 else ""))


def _split(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"{{0}}.chunk({layer.parts}, dim={_axis(node)})[{layer.part}]")


def _argmax(node: Node) -> Code:
    return Code(call=f"{{0}}.argmax({_axis(node, 'over')}, keepdim=True).to({{0}}.dtype)")


def _cumsum(node: Node) -> Code:
    return Code(call=f"{{0}}.cumsum({_axis(node)})")


def _flip(node: Node) -> Code:
    return Code(call=f"{{0}}.flip({_axis(node)})")


def _roll(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"{{0}}.roll({layer.by}, {_axis(node)})")


def _tile(node: Node) -> Code:
    layer: Any = node.layer
    return Code(call=f"torch.cat([{{0}}] * {layer.times}, dim={_axis(node)})")


def _take(node: Node) -> Code:
    layer: Any = node.layer
    return _indexed(_axis(node), entries(layer))


def _turned(node: Node, split: tuple[int, ...], order: list[int]) -> Code:
    parts, turned = ", ".join(map(str, split)), ", ".join(str(axis + 1) for axis in order)
    end = ", ".join(map(str, node.output))
    return Code(call=f"{{0}}.reshape(-1, {parts}).permute(0, {turned}).reshape(-1, {end})")


def _pixel_shuffle(node: Node) -> Code:
    layer: Any = node.layer
    r, n = layer.scale, axes(node)
    if n == 2:
        return Code("nn.PixelShuffle", {"scale": Argument(r)})
    order = [0, *(place for axis in range(n) for place in (1 + n + axis, 1 + axis))]
    return _turned(node, (node.output[0], *(r,) * n, *node.incoming[0][1:]), order)


def _space_to_depth(node: Node) -> Code:
    layer: Any = node.layer
    r, n = layer.scale, axes(node)
    if n == 2:
        return Code("nn.PixelUnshuffle", {"scale": Argument(r)})
    split = (node.incoming[0][0], *(part for size in node.output[1:] for part in (size, r)))
    return _turned(node, split, [0, *(2 + 2 * axis for axis in range(n)), *(1 + 2 * axis for axis in range(n))])


def _upsample(node: Node) -> Code:
    layer: Any = node.layer
    n = axes(node)
    modes = {"nearest": "nearest", "bilinear": ("linear", "bilinear", "trilinear")[n - 1], "bicubic": "bicubic"}
    if layer.mode == "bicubic" and n != 2:
        raise Unwritable(f"`{node.name}`: PyTorch has `bicubic` on two axes alone", "bilinear")
    if layer.asymmetric and layer.mode != "nearest":
        return Code(call=f'resize_asymmetric({{0}}, {tuple(node.output[1:])}, "{layer.mode}")')
    arguments = {"size": Argument(None if layer.size is None else short(layer.size), None)}
    arguments["scale_factor"] = Argument(None if layer.scale is None else short(layer.scale), None)
    arguments["mode"] = Argument(modes[layer.mode], "nearest")
    arguments["align_corners"] = Argument(True if layer.align_corners else None, None)
    return Code("nn.Upsample", arguments)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("maxpool", "avgpool", "l2pool"), _pool),
    **dict.fromkeys(("adaptiveavgpool", "globalavgpool"), _adaptive("Avg")),
    **dict.fromkeys(("adaptivemaxpool", "globalmaxpool"), _adaptive("Max")),
    **{word: _reduction(word) for word in ("mean", "sum", "amax", "amin")},
    "argmax": _argmax,
    "cumsum": _cumsum,
    "relu": module("ReLU"),
    "relu6": module("ReLU6"),
    "leakyrelu": module("LeakyReLU", negative_slope=("slope", 0.01)),
    "elu": module("ELU", alpha=("alpha", 1.0)),
    "selu": module("SELU"),
    "gelu": _gelu,
    "silu": module("SiLU"),
    "mish": module("Mish"),
    "hardswish": module("Hardswish"),
    "hardsigmoid": _hardsigmoid,
    "hardtanh": module("Hardtanh", min_val=("low", -1.0), max_val=("high", 1.0)),
    "sigmoid": module("Sigmoid"),
    "tanh": module("Tanh"),
    "softplus": module("Softplus"),
    "softsign": module("Softsign"),
    "map": _map,
    "softmax": _softmax,
    "maxout": _maxout,
    "abs": expression("{0}.abs()"),
    "square": expression("{0} ** 2"),
    "sqrt": expression("{0}.sqrt()"),
    "identity": module("Identity"),
    "add": _elementwise("+"),
    "sub": _elementwise("-"),
    "mul": _elementwise("*"),
    "div": _elementwise("/"),
    "maximum": _nested("maximum"),
    "minimum": _nested("minimum"),
    "where": _where,
    "concat": _concat,
    "matmul": expression("{0} @ {1}"),
    "flatten": module("Flatten"),
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
    "channel_shuffle": module("ChannelShuffle", groups=("groups", ...)),
    "pixel_shuffle": _pixel_shuffle,
    "space_to_depth": _space_to_depth,
    "upsample": _upsample,
}
"""By kind."""
