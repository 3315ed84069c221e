"""How PyTorch is usually written for each kind of layer: the module, the function it calls, and what a trace has.

A module calls its function, and a function leaves its operators in a trace; code that calls the function itself has
no module. `+`, `*` and `@` have neither a module nor a function that can be patched by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..graph import Node
from .base import MEAN
from .onnx import sign_of


class Written(NamedTuple):
    """One kind of layer in PyTorch."""

    module: str = ""
    """The class in `torch.nn` without its number of axes; none where it is no module."""

    function: str = ""
    """The function in `torch.nn.functional` or `torch` that is called by its name."""

    traced: tuple[str, ...] = ()
    """The operators in a trace, without `aten::` and the number of axes."""


def _same(name: str, module: str = "") -> Written:
    return Written(module, name, (name,))


def _traced(*names: str) -> Written:
    return Written("", "", names)


CONV = Written("Conv", "conv", ("_convolution",))

WRITTEN: Mapping[str, Written] = {
    "conv": CONV,
    "pointwise": CONV,
    "depthwise": CONV,
    "upconv": Written("ConvTranspose", "conv_transpose", ("_convolution",)),
    "linear": _same("linear", "Linear"),
    "lstm": _same("lstm", "LSTM"),
    "gru": _same("gru", "GRU"),
    "rnn": _same("rnn_tanh", "RNN"),
    "maxpool": _same("max_pool", "MaxPool"),
    "avgpool": _same("avg_pool", "AvgPool"),
    "l2pool": Written("LPPool", "avg_pool", ("pow", "avg_pool", "sign", "abs", "relu", "mul", "mul", "pow")),
    "adaptiveavgpool": _same("adaptive_avg_pool", "AdaptiveAvgPool"),
    "adaptivemaxpool": _same("adaptive_max_pool", "AdaptiveMaxPool"),
    "globalavgpool": _same("adaptive_avg_pool", "AdaptiveAvgPool"),
    "globalmaxpool": _same("adaptive_max_pool", "AdaptiveMaxPool"),
    "mean": _traced("mean"),
    "sum": _traced("sum"),
    "amax": _traced("amax"),
    "amin": _traced("amin"),
    "argmax": _traced("argmax"),
    "batchnorm": _same("batch_norm", "BatchNorm"),
    "layernorm": _same("layer_norm", "LayerNorm"),
    "groupnorm": _same("group_norm", "GroupNorm"),
    "instancenorm": _same("instance_norm", "InstanceNorm"),
    "grn": _traced("norm", "mean", "div", "mul", "mul", "add", "add"),
    "lrn": Written("LocalResponseNorm", "local_response_norm", ("mul", "avg_pool", "mul", "add", "pow", "div")),
    "l2norm": _traced("norm", "clamp_min", "expand_as", "div"),
    "scale": _traced("mul"),
    "bias": _traced("add"),
    "relu": _same("relu", "ReLU"),
    "relu6": Written("ReLU6", "hardtanh", ("hardtanh",)),
    "leakyrelu": _same("leaky_relu", "LeakyReLU"),
    "prelu": _same("prelu", "PReLU"),
    "elu": _same("elu", "ELU"),
    "selu": _same("selu", "SELU"),
    "gelu": _same("gelu", "GELU"),
    "silu": _same("silu", "SiLU"),
    "mish": _same("mish", "Mish"),
    "hardswish": _same("hardswish", "Hardswish"),
    "hardsigmoid": _same("hardsigmoid", "Hardsigmoid"),
    "hardtanh": _same("hardtanh", "Hardtanh"),
    "sigmoid": Written("Sigmoid", "", ("sigmoid",)),
    "tanh": Written("Tanh", "", ("tanh",)),
    "softplus": _same("softplus", "Softplus"),
    "softsign": Written("Softsign", "softsign", ("abs", "add", "div")),
    "softmax": _same("softmax", "Softmax"),
    "dropout": _same("dropout", "Dropout"),
    "identity": Written("Identity"),
    "maxout": _traced("max"),
    "abs": _traced("abs"),
    "square": _traced("pow"),
    "sqrt": _traced("sqrt"),
    "add": _traced("add"),
    "sub": _traced("sub"),
    "mul": _traced("mul"),
    "div": _traced("div"),
    "maximum": _traced("maximum"),
    "minimum": _traced("minimum"),
    "where": _traced("where"),
    "matmul": _traced("matmul"),
    "concat": _traced("cat"),
    "upsample": Written("Upsample", "interpolate", ("upsample",)),
    "flatten": _traced("flatten"),
    "reshape": _traced("reshape"),
    "permute": _traced("permute"),
    "pad": _traced("pad"),
    "crop": _traced("slice"),
    "slice": _traced("slice"),
    "split": _traced("chunk"),
    "channel_shuffle": _traced("view", "transpose", "view"),
    "pixel_shuffle": Written("PixelShuffle", "pixel_shuffle", ("pixel_shuffle",)),
    "space_to_depth": Written("PixelUnshuffle", "pixel_unshuffle", ("pixel_unshuffle",)),
    "flip": _traced("flip"),
    "roll": _traced("roll"),
    "tile": _traced("repeat"),
    "take": _traced("index_select"),
    "learned": _traced(),
}
"""Kind -> how it is written. `map` is read from its formula."""

FORMULAS: Mapping[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "^": "pow",
    "max": "clamp",
    "min": "clamp",
}
"""The sign of a formula with a fixed number -> its operator."""

INTERPOLATED: Mapping[tuple[str, int], str] = {("bilinear", 1): "linear", ("bilinear", 3): "trilinear"}
"""(mode, axes) -> PyTorch's word for it, where that is another."""


def modules(node: Node, form: str) -> Sequence[str]:
    """`nn.Conv`: what a hook on modules sees."""
    name = "" if form else _written(node, form).module
    return (f"nn.{name}",) if name else ()


def functions(node: Node, form: str) -> Sequence[str]:
    """`F.relu`: what is called by a name that can be patched."""
    name = _written(node, form).function
    return (f"F.{name}",) if name else ()


def modules_and_functions(node: Node, form: str) -> Sequence[str]:
    """Both: a module's function is called too."""
    return (*modules(node, form), *functions(node, form))


def traced(node: Node, form: str) -> Sequence[str]:
    """`aten::relu`: what `torch.jit.trace` records."""
    if padded_same(node):
        return ("aten::_convolution_mode",)
    axes = len(node.incoming[0]) - 1 if node.incoming else 0
    if node.kind == "upsample":
        return (
            f"aten::upsample_{INTERPOLATED.get((vars(node.layer)['mode'], axes), vars(node.layer)['mode'])}{axes}d",
        )
    return tuple(
        f"aten::{name}{axes}d" if name.endswith("_pool") else f"aten::{name}" for name in _written(node, form).traced
    )


def padded_same(node: Node) -> bool:
    """Whether PyTorch has `padding="same"` for it: TensorFlow's, which it takes with a stride of 1 alone."""
    layer = vars(node.layer)
    padding, stride = layer.get("padding"), layer.get("stride")
    same = _written(node, "") is CONV and padding and stride and set(padding) == {"same"} and set(stride) == {1}
    return bool(same) and any(size > 1 for size in node.weights["weight"][2:])


def _written(node: Node, form: str) -> Written:
    if form == MEAN:
        return WRITTEN["mean"]
    if node.kind == "map":
        sign = sign_of(str(vars(node.layer)["formula"]))
        return _traced(FORMULAS.get(sign, sign))
    return WRITTEN[node.kind]
