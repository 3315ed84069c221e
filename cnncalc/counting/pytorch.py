"""How PyTorch is usually written for each kind of layer: the module, the function it calls, and what a trace has.

A module calls its function, and a function leaves its operators in a trace; code that calls the function itself has
no module. `+`, `*` and `@` have neither a module nor a function that can be patched by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ..graph import Node
from ..namedtuples import NamedTuple
from ..provenance import Call
from .base import MEAN
from .onnx import sign_of


class Written(NamedTuple):
    """One kind of layer in PyTorch."""

    module: str = ""
    """The class in `torch.nn` without its number of axes; none where it is no module."""

    function: str = ""
    """The function in `torch.nn.functional` or `torch` that is called by its name."""

    traced: tuple[str, ...] = ()
    """The operators in a trace, without `aten::` and the number of axes; those of others with their namespace."""


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
    "deform_conv": _traced("torchvision::deform_conv2d"),
    "linear": _same("linear", "Linear"),
    "lstm": _same("lstm", "LSTM"),
    "gru": _same("gru", "GRU"),
    "rnn": _same("rnn_tanh", "RNN"),
    "maxpool": _same("max_pool", "MaxPool"),
    "argmaxpool": Written("MaxPool", "max_pool", ("max_pool",)),
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
    "cumsum": _traced("cumsum"),
    "batchnorm": _same("batch_norm", "BatchNorm"),
    "layernorm": _same("layer_norm", "LayerNorm"),
    "rmsnorm": _same("rms_norm", "RMSNorm"),
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
    "max_unpool": Written("MaxUnpool", "max_unpool", ("max_unpool",)),
    "grid_sample": Written("", "grid_sample", ("grid_sampler",)),
    "roi_align": _traced("torchvision::roi_align"),
    "flip": _traced("flip"),
    "roll": _traced("roll"),
    "tile": _traced("repeat"),
    "take": _traced("index_select"),
    "learned": _traced(),
    "embedding": _same("embedding", "Embedding"),
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
    """`nn.Conv`: what a hook on modules sees; a class of others by its whole name, `timm.layers.norm.LayerNorm`."""
    if node.calls and not form:
        return _classes(node, lambda call: call.module)
    name = "" if form else _written(node, form).module
    return (f"nn.{name}",) if name else ()


def derived_modules(node: Node, form: str) -> Sequence[str]:
    """The same by the class of PyTorch that another is made from: what `isinstance` asks."""
    if node.calls and not form:
        return _classes(node, lambda call: call.base if call.base != MODULE else call.module)
    return modules(node, form)


def functions(node: Node, form: str) -> Sequence[str]:
    """`F.relu`: what is called by a name that can be patched."""
    if node.calls and not form:
        called = (call.function for call in node.calls)
        return tuple(_plain(name) for name in called if name and "__" not in name)
    name = _written(node, form).function
    return (f"F.{name}",) if name else ()


def all_functions(node: Node, form: str) -> Sequence[str]:
    """What is called, the operator `@` too, as `Tensor.__matmul__`."""
    if node.calls and not form:
        return tuple(_plain(call.function) for call in node.calls if call.function)
    return ("Tensor.__matmul__",) if node.kind == "matmul" else functions(node, form)


def traced(node: Node, form: str) -> Sequence[str]:
    """`aten::relu`: what `torch.jit.trace` records."""
    if node.calls and not form:
        return tuple(f"aten::{_recorded(call)}" for call in node.calls)
    if padded_same(node):
        return ("aten::_convolution_mode",)
    axes = len(node.incoming[0]) - 1 if node.incoming else 0
    if node.kind == "upsample":
        return (
            f"aten::upsample_{INTERPOLATED.get((vars(node.layer)['mode'], axes), vars(node.layer)['mode'])}{axes}d",
        )
    return tuple(
        name if "::" in name else f"aten::{name}{axes}d" if name.endswith("pool") else f"aten::{name}"
        for name in _written(node, form).traced
    )


AXES = re.compile(r"(?<=[a-z])[123]d$")


DECOMPOSED: Mapping[str, str] = {
    "native_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_softmax": "softmax",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "_adaptive_avg_pool3d": "adaptive_avg_pool3d",
}
"""What is in the name of an operator that another was taken apart into -> the other."""

PRODUCTS = ("matmul", "mm", "bmm", "addmm", "baddbmm", "einsum")
"""The functions and operators that multiply matrices."""

MODULE = "torch.nn.modules.module.Module"


def _classes(node: Node, named: Callable[[Call], str]) -> Sequence[str]:
    """`nn.Conv` of `torch.nn.modules.conv.Conv2d`, another's class as it is; of modules that have none in them."""
    found = [named(call) for call in node.calls if call.whole and call.module]
    own = {name: AXES.sub("", name.rpartition(".")[2]) for name in found if name.startswith("torch.nn.modules.")}
    return tuple(dict.fromkeys(f"nn.{own[name]}" if name in own else name for name in found))


def _plain(function: str) -> str:
    """`F.max_pool` of `F._max_pool2d`."""
    return AXES.sub("", re.sub(r"\._(?!_)", ".", function))


def _recorded(call: Call) -> str:
    """`_convolution` of `conv2d`, and `_convolution_mode` where its padding is a word; a decomposed one as it was.

    `nn.MultiheadAttention` in evaluation without gradients is one operator.
    """
    if call.function == "F.multi_head_attention_forward":
        return "_native_multi_head_attention"
    name, _, overload = call.operator.partition(".")
    if name.startswith("conv"):
        return "_convolution_mode" if overload == "padding" else "_convolution"
    return next((whole for part, whole in DECOMPOSED.items() if part in name), name)


def padded_same(node: Node) -> bool:
    """Whether PyTorch has `padding="same"` for it: TensorFlow's, which it takes with a stride of 1 alone."""
    layer = vars(node.layer)
    padding, stride = layer.get("padding"), layer.get("stride")
    same = _written(node, "") is CONV and padding and stride and set(padding) == {"same"} and set(stride) == {1}
    return bool(same) and any(size > 1 for size in node.weights["weight"][2:])


def is_same(node: Node) -> bool:
    """Whether its padding is the word `same` in PyTorch: of code that was read, as it is written there."""
    if node.calls:
        worded = any(call.operator.endswith(".padding") for call in node.calls)
        return worded and node.output[1:] == node.incoming[0][1:]
    return padded_same(node)


def _written(node: Node, form: str) -> Written:
    if form == MEAN:
        return WRITTEN["mean"]
    if node.kind == "map":
        sign = sign_of(str(vars(node.layer)["formula"]))
        return _traced(FORMULAS.get(sign, sign))
    return WRITTEN[node.kind]
