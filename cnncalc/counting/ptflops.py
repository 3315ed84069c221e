"""ptflops 0.7.5: hooks on modules and patched functions together (an nn.ReLU counts twice), or ATen operators."""

from __future__ import annotations

from dataclasses import replace

from .base import BIASED, IN, OUT, Rule, Tool, local_response, nothing, own, times
from .pytorch import modules, modules_and_functions, traced

HOOKS: dict[str, Rule] = {
    **{f"nn.{name}": times(1, BIASED) for name in ("Conv", "ConvTranspose", "Linear")},
    **{f"nn.{name}": times(1, OUT) for name in ("ReLU", "PReLU", "ELU", "LeakyReLU", "ReLU6", "GELU", "Upsample")},
    **{f"nn.{name}": times(1, IN) for name in ("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")},
    **{f"nn.{name}": times(2, IN, plain=1) for name in ("BatchNorm", "InstanceNorm", "GroupNorm")},
    "nn.LayerNorm": times(1, IN),
}

PATCHED: dict[str, Rule] = {
    **{f"F.{name}": times(1, IN) for name in ("relu", "prelu", "elu", "relu6", "gelu", "silu", "softmax")},
    **{f"F.{name}": times(1, IN) for name in ("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool")},
    "F.interpolate": times(1, OUT),
    "F.local_response_norm": own(local_response),
}


def _printed(count: int) -> str:
    """`4.13 GMac`."""
    for letter, unit in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if count // unit > 0:
            return f"{round(count / unit, 2)} {letter}Mac"
    return f"{count} Mac"


PTFLOPS = Tool(
    name="ptflops",
    version="0.7.5",
    word="MACs (GMac)",
    about="modules and functions: MACs with biases, 2 an element of a norm, activations and pools, nn.ReLU twice",
    omits="+, *, @, mean, sigmoid, hardswish and other modules without a hook, without a word",
    sees=modules_and_functions,
    rules={**HOOKS, **PATCHED},
    printed=_printed,
    batched=False,
    source="ptflops/pytorch_ops.py MODULES_MAPPING, FUNCTIONAL_MAPPING; backend pytorch",
    also=("flops-counter.pytorch",),
)

MODULES = replace(
    PTFLOPS,
    name="ptflops-modules",
    about="modules alone (count_functional=False): MACs with biases, 2 an element of a norm, activations and pools",
    omits="+, *, @, every function, and modules without a hook, without a word",
    sees=modules,
    rules=HOOKS,
    also=(),
)

ATEN = replace(
    PTFLOPS,
    name="ptflops-aten",
    about="operators (backend aten): MACs with biases",
    omits="norms, activations, pools, + and *",
    sees=traced,
    rules={
        "aten::_convolution": times(1, BIASED),
        "aten::_convolution_mode": times(1, BIASED),
        "aten::linear": times(1, BIASED),
        "aten::matmul": nothing,
    },
    source="ptflops/aten_ops.py",
    also=(),
)
