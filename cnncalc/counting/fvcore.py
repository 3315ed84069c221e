"""fvcore 0.1.5, FlopCountAnalysis: operators of a trace; a multiply-add is one "flop". mmengine has the same code."""

from __future__ import annotations

from dataclasses import replace

from .base import IN, OUT, SAME, WARNS, Rule, Tool, all_of_it, amiss, nothing, of_einsum, own, scaled, times
from .pytorch import PRODUCTS, traced

RULES: dict[str, Rule] = {
    "aten::_convolution": nothing,
    "aten::_convolution_mode": amiss(SAME, all_of_it),
    "aten::linear": nothing,
    **{f"aten::{name}": nothing for name in PRODUCTS if name not in ("baddbmm", "einsum")},
    "aten::einsum": own(lambda node: of_einsum(node) // 2 - int(node.macs)),
    "aten::batch_norm": scaled(2, IN, plain=1),
    "aten::group_norm": scaled(5, IN, plain=4),
    "aten::layer_norm": scaled(5, IN, plain=4),
    "aten::instance_norm": scaled(5, IN, plain=4),
    "aten::upsample_nearest2d": times(1, OUT),
    "aten::upsample_bilinear2d": times(4, OUT),
    "aten::adaptive_avg_pool2d": times(1, IN),
    "aten::grid_sampler": times(4, OUT),
}

IGNORED = frozenset(
    f"aten::{name}"
    for name in [
        "cat",
        "chunk",
        "clamp",
        "constant_pad_nd",
        "dropout",
        "flatten",
        "floor",
        "index",
        "max",
        "narrow",
        "permute",
        "relu",
        "reshape",
        "slice",
        "split",
        "t",
        "transpose",
        "view",
    ]
)

FVCORE = Tool(
    name="fvcore",
    version="0.1.5",
    word="flops (one a multiply-add)",
    about="a trace: MACs without biases, 2 an element of a batch norm, 5 of other norms, adaptive average pools",
    omits="biases, relu; and with a warning other activations, pools, +, *, mean, convolutions with padding='same'",
    sees=traced,
    rules=RULES,
    quiet=IGNORED,
    unknown=WARNS,
    source="fvcore/nn/flop_count.py, fvcore/nn/jit_handles.py",
    also=("detectron2", "flopcountanalysis"),
)

TRAINING = replace(
    FVCORE,
    name="fvcore-training",
    about="a trace of a model that nobody set to eval(): as fvcore, and 5 an element of a batch norm",
    rules={**RULES, "aten::batch_norm": scaled(5, IN, plain=4)},
    also=(),
)

MMENGINE = replace(
    FVCORE,
    name="mmengine",
    version="0.10.7",
    word="flops (one a multiply-add)",
    source="mmengine/analysis/complexity_analysis.py, taken over from fvcore",
    also=("mmcv", "mmdetection", "mmsegmentation"),
)
