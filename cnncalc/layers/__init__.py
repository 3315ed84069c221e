"""The layer kinds: one file a family, and this explicit table.

To add a kind: its class, its line here, its kernel, its rows in the tests and in the docs (CONTRIBUTING.md).
"""

from __future__ import annotations

from .activation import (
    Abs,
    Dropout,
    Elu,
    Gelu,
    HardSigmoid,
    HardSwish,
    HardTanh,
    Identity,
    LeakyRelu,
    Maxout,
    Mish,
    PRelu,
    Relu,
    Relu6,
    Selu,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    Softsign,
    Sqrt,
    Square,
    Tanh,
)
from .affine import Bias, Scale
from .arrange import Flatten, Permute, Reshape
from .base import ArgumentError, Layer, Need
from .conv import Conv, Depthwise, Pointwise
from .deform import DeformConv
from .entries import Flip, Roll, Take, Tile
from .join import Add, Concat, Div, Matmul, Maximum, Minimum, Mul, Sub, Where
from .learned import Learned
from .linear import Linear
from .map import Map
from .norm import BatchNorm, GlobalResponseNorm, GroupNorm, InstanceNorm, L2Norm, LayerNorm, LocalResponseNorm, RmsNorm
from .pad import PadMap
from .pool import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    Amax,
    Amin,
    Argmax,
    ArgmaxPool,
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    L2Pool,
    MaxPool,
    Mean,
    Sum,
)
from .recurrent import Gru, Lstm, Rnn
from .resize import Upsample
from .sampled import GridSample, RoiAlign
from .select import Crop, Slice, Split
from .shuffle import ChannelShuffle, PixelShuffle, SpaceToDepth
from .unknown import Unknown
from .unpool import MaxUnpool
from .upconv import Upconv

CLASSES: tuple[type[Layer], ...] = (
    *(Conv, Pointwise, Depthwise, DeformConv, Upconv, Linear, Lstm, Gru, Rnn),
    *(MaxPool, ArgmaxPool, AvgPool, L2Pool, AdaptiveAvgPool, AdaptiveMaxPool, GlobalAvgPool, GlobalMaxPool),
    *(Mean, Sum, Amax, Amin, Argmax),
    *(
        BatchNorm,
        LayerNorm,
        RmsNorm,
        GroupNorm,
        InstanceNorm,
        GlobalResponseNorm,
        LocalResponseNorm,
        L2Norm,
        Scale,
        Bias,
    ),
    *(Relu, Relu6, LeakyRelu, PRelu, Elu, Selu, Gelu, Silu, Mish, HardSwish, HardSigmoid, HardTanh),
    *(Sigmoid, Tanh, Softplus, Softsign, Map, Softmax, Maxout, Abs, Square, Sqrt, Identity, Dropout),
    *(Add, Sub, Mul, Div, Maximum, Minimum, Where, Concat, Matmul),
    *(Flatten, Reshape, Permute, PadMap, Crop, Slice, Split, ChannelShuffle, PixelShuffle, SpaceToDepth, Upsample),
    *(MaxUnpool, GridSample, RoiAlign, Flip, Roll, Tile, Take, Learned, Unknown),
)

KINDS: dict[str, type[Layer]] = {layer.kind: layer for layer in CLASSES}
"""Every kind by its word in a spec."""

__all__ = ["KINDS", "ArgumentError", "Layer", "Need"]
