"""torchprofile 0.1.0: operators of a trace, with their outputs."""

from __future__ import annotations

from ..graph import Node
from .base import OUT, SAME, WARNS, Rule, Tool, all_of_it, amiss, nothing, own, scaled, size, times
from .pytorch import PRODUCTS, traced
from .transposed import of_the_weight


def _sampled(node: Node) -> int:
    """Products of the neighbours that it goes between."""
    return {"bilinear": 4, "nearest": 0, "bicubic": 16}[vars(node.layer)["mode"]] * size(node.output)


QUIET = frozenset(
    f"aten::{name}"
    for name in [
        "abs",
        "adaptive_max_pool1d",
        "adaptive_max_pool2d",
        "adaptive_max_pool3d",
        "add",
        "cat",
        "chunk",
        "clamp",
        "constant_pad_nd",
        "cos",
        "div",
        "dropout",
        "flatten",
        "floor",
        "gelu",
        "hardtanh",
        "log2",
        "log_softmax",
        "max",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "neg",
        "permute",
        "pow",
        "relu",
        "reshape",
        "sigmoid",
        "sign",
        "silu",
        "sin",
        "slice",
        "softmax",
        "split",
        "sqrt",
        "sub",
        "sum",
        "tanh",
        "transpose",
        "upsample_nearest2d",
        "view",
    ]
)

RULES: dict[str, Rule] = {
    "aten::_convolution": of_the_weight,
    "aten::_convolution_mode": amiss(SAME, all_of_it),
    "aten::linear": nothing,
    **{f"aten::{name}": nothing for name in PRODUCTS if name != "mm"},
    "aten::scaled_dot_product_attention": nothing,
    "aten::lstm": nothing,
    "aten::batch_norm": scaled(1, OUT, plain=0),
    "aten::layer_norm": scaled(1, OUT, plain=0),
    "aten::group_norm": scaled(1, OUT, plain=0),
    "aten::instance_norm": scaled(1, OUT, plain=0),
    "aten::leaky_relu": times(1, OUT),
    "aten::upsample_bilinear2d": times(4, OUT),
    "aten::grid_sampler": own(_sampled),
    "aten::mul": times(1, OUT),
    **{f"aten::{pool}{axes}d": times(1, OUT) for pool in ("avg_pool", "adaptive_avg_pool") for axes in (1, 2, 3)},
    "aten::mean": times(1, OUT),
}

TORCHPROFILE = Tool(
    name="torchprofile",
    version="0.1.0",
    word="MACs",
    about="a trace: MACs without biases, 1 an element out of a norm, of a product and of an average pool",
    omits="biases, activations but leaky ReLU, max pools, additions; with a warning what it does not know",
    sees=traced,
    rules=RULES,
    quiet=QUIET,
    unknown=WARNS,
    source="torchprofile/handlers.py",
)
