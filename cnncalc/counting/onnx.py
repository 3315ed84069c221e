"""The operators of ONNX that PyTorch's exporter (opset 17) writes for each kind of layer.

`AddNumber` and the like have a fixed or a learned number beside the tensor; `Add` joins two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..graph import Node
from .base import MEAN

WRITTEN: Mapping[str, tuple[str, ...]] = {
    "conv": ("Conv",),
    "pointwise": ("Conv",),
    "depthwise": ("Conv",),
    "upconv": ("ConvTranspose",),
    "deform_conv": ("DeformConv",),
    "linear": ("Gemm",),
    "lstm": ("LSTM",),
    "gru": ("GRU",),
    "rnn": ("RNN",),
    "maxpool": ("MaxPool",),
    "argmaxpool": ("MaxPool",),
    "avgpool": ("AveragePool",),
    "l2pool": ("LpPool",),
    "adaptiveavgpool": ("AveragePool",),
    "adaptivemaxpool": ("MaxPool",),
    "globalavgpool": ("GlobalAveragePool",),
    "globalmaxpool": ("MaxPool",),
    "mean": ("ReduceMean",),
    "sum": ("ReduceSum",),
    "amax": ("ReduceMax",),
    "amin": ("ReduceMin",),
    "argmax": ("ArgMax",),
    "cumsum": ("CumSum",),
    "batchnorm": ("BatchNormalization",),
    "layernorm": ("LayerNormalization",),
    "rmsnorm": ("Pow", "ReduceMean", "AddNumber", "Sqrt", "DivNumber", "MulNumber", "MulNumber"),
    "groupnorm": ("Reshape", "InstanceNormalization", "Reshape", "MulNumber", "AddNumber"),
    "instancenorm": ("InstanceNormalization",),
    "grn": ("ReduceL2",),
    "lrn": ("LRN",),
    "l2norm": ("ReduceL2", "Clip", "Div"),
    "scale": ("MulNumber",),
    "bias": ("AddNumber",),
    "relu": ("Relu",),
    "relu6": ("Clip",),
    "leakyrelu": ("LeakyRelu",),
    "prelu": ("PRelu",),
    "elu": ("Elu",),
    "selu": ("Selu",),
    "gelu": ("DivNumber", "Erf", "AddNumber", "MulNumber", "MulNumber"),
    "silu": ("Sigmoid", "MulNumber"),
    "mish": ("Softplus", "Tanh", "MulNumber"),
    "hardswish": ("HardSwish",),
    "hardsigmoid": ("HardSigmoid",),
    "hardtanh": ("Clip",),
    "sigmoid": ("Sigmoid",),
    "tanh": ("Tanh",),
    "softplus": ("Softplus",),
    "softsign": ("Abs", "AddNumber", "DivNumber"),
    "softmax": ("Softmax",),
    "dropout": (),
    "identity": (),
    "maxout": ("ReduceMax",),
    "abs": ("Abs",),
    "square": ("Pow",),
    "sqrt": ("Sqrt",),
    "add": ("Add",),
    "sub": ("Sub",),
    "mul": ("Mul",),
    "div": ("Div",),
    "maximum": ("Max",),
    "minimum": ("Min",),
    "where": ("Where",),
    "matmul": ("MatMul",),
    "concat": ("Concat",),
    "upsample": ("Resize",),
    "flatten": ("Flatten",),
    "reshape": ("Reshape",),
    "permute": ("Transpose",),
    "pad": ("Pad",),
    "crop": ("Slice",),
    "slice": ("Slice",),
    "split": ("Split",),
    "channel_shuffle": ("Reshape", "Transpose", "Reshape"),
    "pixel_shuffle": ("DepthToSpace",),
    "space_to_depth": ("SpaceToDepth",),
    "max_unpool": ("MaxUnpool",),
    "grid_sample": ("GridSample",),
    "roi_align": ("RoiAlign",),
    "flip": ("Slice",),
    "roll": ("Slice", "Slice", "Concat"),
    "tile": ("Tile",),
    "take": ("Gather",),
    "learned": (),
    "embedding": ("Gather",),
}
"""Kind -> its operators. `map` is read from its formula."""

MOVES = ("Concat", "Reshape", "Flatten", "Transpose", "Slice", "Split", "Pad", "DepthToSpace", "SpaceToDepth")
"""What computes nothing."""

CUBIC = "Resize, cubic"
UNEVEN = "parts that are not equal"
"""A mode that one tool trips over, and what the exporter refuses."""

FORMULAS: Mapping[str, str] = {
    "+": "AddNumber", "-": "SubNumber", "*": "MulNumber", "/": "DivNumber", "^": "Pow", "max": "Clip", "min": "Clip",
    "exp": "Exp", "log": "Log", "erf": "Erf", "tanh": "Tanh", "sqrt": "Sqrt", "abs": "Abs", "neg": "Neg",
}  # fmt: skip
"""The sign or the function of a formula -> its operator."""


def operators(node: Node, form: str) -> Sequence[str]:
    """The operators of a layer."""
    if node.kind.startswith("adaptive") and any(
        n % m for n, m in zip(node.incoming[0][1:], node.output[1:], strict=True)
    ):
        return (UNEVEN,)
    if node.kind == "upsample" and vars(node.layer)["mode"] == "bicubic":
        return (CUBIC,)
    if node.kind == "linear" and "bias" not in node.weights:
        return ("MatMul",)
    if node.kind != "map":
        return WRITTEN[MEAN if form == MEAN else node.kind]
    sign = sign_of(str(vars(node.layer)["formula"]))
    return (FORMULAS.get(sign, sign),)


def sign_of(formula: str) -> str:
    """`*` of `x * 2`, `exp` of `exp(x)`, `neg` of `-x`."""
    if "(" in formula:
        return formula.split("(", maxsplit=1)[0]
    return formula.split()[1] if " " in formula else "neg"
