"""TensorFlow's profiler (`float_ops`) on a Keras model, channels last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..graph import Node
from .base import BIASED, IN, JOINED, OUT, TAPS, UNSEEN, Tool, amiss, nothing, own, size, times

SEVERAL = (
    "adaptiveavgpool", "adaptivemaxpool", "l2pool", "layernorm", "rmsnorm", "groupnorm", "instancenorm", "grn", "lrn",
    "l2norm", "prelu", "gelu", "mish", "hardtanh", "maxout", "map", "lstm", "gru", "rnn", "amax",
    "amin", "argmax", "cumsum", "argmaxpool", "where", "deform_conv", "max_unpool", "grid_sample", "roi_align",
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
    **dict.fromkeys(("flip", "roll", "tile", "take", "embedding"), ()),
}
"""Kind -> the operators of Keras's layer for it; `several` are not known to the profiler here."""


def operators(node: Node, form: str) -> Sequence[str]:
    """The operators of a layer."""
    return WRITTEN[node.kind]


def _keras3_norm(node: Node) -> int:
    """A product and a sum an element; for each channel the root, the scale and the shift that they are with."""
    return 2 * size(node.output) + 6 * size(node.output[:1])


def _plain_group(node: Node) -> int:
    """A convolution in groups is compiled, where the profiler does not look; one of single channels is not."""
    layer = vars(node.layer)
    grouped = int(layer.get("groups", 1)) not in (1, int(node.incoming[0][0]))
    return -2 * int(node.macs) - (size(node.output) if "bias" in node.weights else 0) if grouped else 0


TENSORFLOW = Tool(
    name="tensorflow",
    version="2.21",
    word="float_ops",
    about="operators of a Keras 2 model (tf_keras): 2 a MAC, biases, taps of pools, softmax 5, joins",
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

KERAS3 = replace(
    TENSORFLOW,
    name="tensorflow-keras3",
    about="operators of a Keras 3 model: as tensorflow, and 2 an element and 6 a channel of a batch norm",
    omits="activations but softmax, convolutions in groups, and operators that have no statistics, without a word",
    rules={
        **TENSORFLOW.rules,
        "FusedBatchNormV3": own(_keras3_norm),
        "MatMul": amiss(UNSEEN, _plain_group),
    },
    also=("keras3", "keras"),
)
