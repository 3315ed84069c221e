"""thop 0.1.1 (ultralytics' too): hooks on modules of exact types; what has no hook is 0 in silence."""

from __future__ import annotations

from math import prod

from ..graph import Node
from .base import IN, OUT, Tool, nothing, own, size, times, upconv_at_outputs
from .pytorch import modules
from .recurrent import states


def _adaptive(node: Node) -> int:
    """A sum over the inputs of an output, and a division, in the floating point that it works with."""
    inputs = prod(n / m for n, m in zip(node.incoming[0][1:], node.output[1:], strict=True))
    return int((inputs + 1) * size(node.output))


def _softmax(node: Node) -> int:
    """An exponential, an addition less one, and a division, along the axis."""
    n = size(node.output)
    return 3 * n - n // _along(node)


def _along(node: Node) -> int:
    from ..layers.base import axis_of

    place = axis_of(vars(node.layer)["over"], node.output) or 0
    return int(node.output[place])


UPSAMPLED = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 224 + 35}


def _upsample(node: Node) -> int:
    mode, axes = vars(node.layer)["mode"], len(node.output) - 1
    if mode == "bilinear" and axes != 2:
        mode = "linear" if axes == 1 else ""  # it knows no trilinear, and warns
    return size(node.output) * UPSAMPLED.get(mode, 0)


THOP = Tool(
    name="thop",
    version="0.1.1",
    word="MACs",
    about="modules: MACs without biases, 4 an element of a norm, the adds of average pools",
    omits="biases, activations but PReLU and softmax, max pools, whatever is no nn.Module: +, *, @, F.relu, mean",
    sees=modules,
    rules={
        "nn.Conv": nothing,
        "nn.ConvTranspose": upconv_at_outputs,
        "nn.Linear": nothing,
        "nn.BatchNorm": times(4, IN, plain=2),
        "nn.LayerNorm": times(4, IN, plain=2),
        "nn.InstanceNorm": times(4, IN, plain=2),
        "nn.PReLU": times(1, IN),
        "nn.Softmax": own(_softmax),
        "nn.AvgPool": times(1, OUT),
        "nn.AdaptiveAvgPool": own(_adaptive),
        "nn.Upsample": own(_upsample),
        "nn.UpsamplingNearest": own(_upsample),
        "nn.UpsamplingBilinear": own(_upsample),
        **{f"nn.{name}": states(each) for name, each in (("LSTM", 8), ("GRU", 7), ("RNN", 1))},
    },
    quiet=frozenset(
        {"nn.ReLU", "nn.ReLU6", "nn.LeakyReLU", "nn.MaxPool", "nn.AdaptiveMaxPool", "nn.Dropout", "nn.PixelShuffle"}
    ),
    source="thop/profile.py register_hooks, thop/vision/calc_func.py",
    also=("pytorch-opcounter", "ultralytics"),
)
