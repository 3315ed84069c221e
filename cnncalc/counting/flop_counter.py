"""PyTorch's FlopCounterMode, and torchvision's published `_ops`, which are made with it."""

from __future__ import annotations

from dataclasses import replace

from .base import Tool, nothing
from .pytorch import traced

FLOP_COUNTER = Tool(
    name="flop-counter",
    version="2.13",
    word="FLOPs",
    about="operators that multiply matrices: 2 a MAC",
    omits="biases, norms, activations, pools, + and *; attention on its fast path",
    factor=2,
    sees=traced,
    rules={f"aten::{name}": nothing for name in ("_convolution", "_convolution_mode", "linear", "matmul")},
    source="torch/utils/flop_counter.py",
    also=("flopcountermode", "torch", "pytorch"),
)

TORCHVISION = replace(
    FLOP_COUNTER,
    name="torchvision",
    version="0.28",
    word="GFLOPS (which are GMACs)",
    about="`_ops` of its weights: MACs, in units of 10^9, at the input size of those weights",
    factor=1,
    printed=lambda count: f"{count / 10**9:.3f}",
    source="torchvision.models, meta['_ops'] of each weight",
    also=("timm",),
)
