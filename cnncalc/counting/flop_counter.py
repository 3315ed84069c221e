"""PyTorch's FlopCounterMode, and torchvision's published `_ops`, which are made with it."""

from __future__ import annotations

from dataclasses import replace

from .base import Tool, nothing
from .pytorch import PRODUCTS, traced
from .recurrent import FUNCTIONS

MULTIPLY = ("_convolution", "_convolution_mode", "linear", *PRODUCTS, *(name for name in FUNCTIONS if name != "lstm"))
"""Operators that are made of products; an LSTM on the CPU is one operator, which it does not know."""

ATTENTION = ("aten::scaled_dot_product_attention", "aten::_native_multi_head_attention")

FLOP_COUNTER = Tool(
    name="flop-counter",
    version="2.13",
    word="FLOPs",
    about="operators that multiply matrices, under no_grad: 2 a MAC",
    omits="biases, norms, activations, pools, + and *; on the CPU the products of fused attention, LSTMs, and all of"
    " `nn.MultiheadAttention`, whose linear layers it has with gradients",
    factor=2,
    sees=traced,
    rules={f"aten::{name}": nothing for name in MULTIPLY},
    source="torch/utils/flop_counter.py",
    also=("flopcountermode", "torch", "pytorch"),
)

TORCHVISION = replace(
    FLOP_COUNTER,
    name="torchvision",
    version="0.28",
    word="GFLOPS (which are GMACs)",
    about="`_ops` of its weights: MACs, in units of 10^9, at the input size of those weights",
    omits="biases, norms, activations, pools, + and *",
    factor=1,
    rules={**FLOP_COUNTER.rules, **dict.fromkeys(ATTENTION, nothing)},
    printed=lambda count: f"{count / 10**9:.3f}",
    source="torchvision.models, meta['_ops'] of each weight",
    also=("timm",),
)
