"""TensorFlow's profiler (`float_ops`) on a Keras model, channels last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..graph import Node
from .base import BIASED, IN, JOINED, OUT, TAPS, Tool, nothing, times

SEVERAL = (
    "adaptiveavgpool", "adaptivemaxpool", "l2pool", "layernorm", "groupnorm", "instancenorm", "grn", "lrn", "l2norm",
    "prelu", "gelu", "mish", "hardtanh", "maxout", "map", "lstm", "gru", "rnn", "amax",
    "amin", "argmax", "where",
)  # fmt: skip
"""Kinds that Keras has no one operator for, and no one way to write."""

WRITTEN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("conv", "pointwise", "depthwise", "linear"), ("MatMul", "BiasAdd")),
    "upconv": ("Conv2DBackpropInput", "BiasAdd"),
    "maxpool": ("MaxPool",),
    "avgpool": ("AvgPool",),
    **dict.fromkeys(("globalavgpool", "mean"), ("Mean",)),
    "sum": ("Sum",),
    "globalmaxpool": ("Max",),
    "batchnorm": ("FusedBatchNormV3",),
    "relu": ("Relu",),
    "relu6": ("Relu6",),
    "leakyrelu": ("LeakyRelu",),
    "elu": ("Elu",),
    "selu": ("Selu",),
    "silu": ("Sigmoid", "MulNumber"),
    "hardswish": ("AddNumber", "Relu6", "MulNumber", "MulNumber"),
    "hardsigmoid": ("AddNumber", "Relu6", "MulNumber"),
    "sigmoid": ("Sigmoid",),
    "tanh": ("Tanh",),
    "softplus": ("Softplus",),
    "softmax": ("Softmax",),
    "add": ("AddV2",),
    "sub": ("Sub",),
    "mul": ("Mul",),
    "div": ("RealDiv",),
    "maximum": ("Maximum",),
    "minimum": ("Minimum",),
    "matmul": ("BatchMatMulV2",),
    "scale": ("MulNumber",),
    "bias": ("AddNumber",),
    "square": ("Square",),
    "softsign": ("Softsign",),
    "abs": ("Abs",),
    "sqrt": ("Sqrt",),
    **dict.fromkeys(SEVERAL, ("several",)),
    **dict.fromkeys(("concat", "upsample", "flatten", "reshape", "permute", "pad", "crop", "slice", "split"), ()),
    **dict.fromkeys(("channel_shuffle", "pixel_shuffle", "space_to_depth", "identity", "dropout", "learned"), ()),
    **dict.fromkeys(("flip", "roll", "tile", "take"), ()),
}
"""Kind -> the operators of Keras's layer for it; `several` are not known to the profiler here."""


def operators(node: Node, form: str) -> Sequence[str]:
    """The operators of a layer."""
    return WRITTEN[node.kind]


TENSORFLOW = Tool(
    name="tensorflow",
    version="2",
    word="float_ops",
    about="operators: 2 a MAC, biases, taps of pools, softmax 5, joins",
    omits="batch norms, activations but softmax, and operators that have no statistics, without a word",
    factor=2,
    sees=operators,
    rules={
        "MatMul": nothing,
        "Conv2DBackpropInput": nothing,
        "BiasAdd": times(1, BIASED),
        "MaxPool": times(1, TAPS),
        "AvgPool": times(1, TAPS),
        "Mean": times(1, IN),
        "Sum": times(1, IN),
        "Softmax": times(5, IN),
        "AddV2": times(1, JOINED),
        "Sub": times(1, JOINED),
        "Mul": times(1, JOINED),
        "RealDiv": times(1, JOINED),
        "Maximum": times(1, JOINED),
        "Minimum": times(1, JOINED),
        "MulNumber": times(1, OUT),
        "AddNumber": times(1, OUT),
        "Square": times(1, IN),
    },
    source="tensorflow/python/profiler/internal/flops_registry.py",
    also=("tf", "tf.profiler", "float_ops"),
)
