"""The layers computed in NumPy: the oracle that the tables are checked against.

It mirrors `layers/` file by file and shares no rule with it. To add a kind: its kernel, and its line here.
"""

from __future__ import annotations

from .blas import one_thread  # first of all: it speaks to BLAS before NumPy is loaded

# isort: split
from . import activation, affine, arrange, conv, join, learned, linear, map, norm, pool, resize, upconv
from .base import Array, Kernel, Tally

KERNELS: dict[str, Kernel] = {
    "conv": conv.KERNEL,
    "pointwise": conv.KERNEL,
    "depthwise": conv.KERNEL,
    "upconv": upconv.KERNEL,
    "linear": linear.KERNEL,
    "maxpool": pool.MAX,
    "avgpool": pool.AVG,
    "l2pool": pool.L2,
    "adaptiveavgpool": pool.ADAPTIVE_AVG,
    "adaptivemaxpool": pool.ADAPTIVE_MAX,
    "globalavgpool": pool.GLOBAL_AVG,
    "globalmaxpool": pool.GLOBAL_MAX,
    "mean": pool.MEAN,
    "sum": pool.SUM,
    "batchnorm": norm.BATCH,
    "layernorm": norm.IMAGE,
    "groupnorm": norm.IMAGE,
    "instancenorm": norm.IMAGE,
    "grn": norm.RESPONSE,
    "lrn": norm.LOCAL,
    "l2norm": norm.UNIT,
    "scale": affine.SCALE,
    "bias": affine.BIAS,
    "relu": activation.RELU,
    "relu6": activation.RELU6,
    "leakyrelu": activation.LEAKY_RELU,
    "prelu": activation.PRELU,
    "elu": activation.ELU,
    "selu": activation.SELU,
    "gelu": activation.GELU,
    "silu": activation.SILU,
    "mish": activation.MISH,
    "hardswish": activation.HARD_SWISH,
    "hardsigmoid": activation.HARD_SIGMOID,
    "hardtanh": activation.HARD_TANH,
    "sigmoid": activation.SIGMOID,
    "tanh": activation.TANH,
    "softplus": activation.SOFTPLUS,
    "softsign": activation.SOFTSIGN,
    "map": map.KERNEL,
    "softmax": activation.SOFTMAX,
    "maxout": activation.MAXOUT,
    "abs": activation.ABS,
    "square": activation.SQUARE,
    "sqrt": activation.SQRT,
    "identity": activation.IDENTITY,
    "dropout": activation.IDENTITY,
    "add": join.ADD,
    "sub": join.SUB,
    "div": join.DIV,
    "mul": join.MUL,
    "maximum": join.MAXIMUM,
    "minimum": join.MINIMUM,
    "concat": join.CONCAT,
    "matmul": join.MATMUL,
    "flatten": arrange.FLATTEN,
    "reshape": arrange.RESHAPE,
    "permute": arrange.PERMUTE,
    "pad": arrange.PAD,
    "crop": arrange.CROP,
    "slice": arrange.SELECT,
    "split": arrange.SELECT,
    "channel_shuffle": arrange.SHUFFLE,
    "pixel_shuffle": arrange.PIXEL_SHUFFLE,
    "space_to_depth": arrange.SPACE_TO_DEPTH,
    "upsample": resize.KERNEL,
    "learned": learned.KERNEL,
}
"""Kind -> how it is computed."""

__all__ = ["KERNELS", "Array", "Kernel", "Tally", "one_thread"]
