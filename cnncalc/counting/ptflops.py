"""ptflops 0.7.5: hooks on modules and patched functions together (an nn.ReLU counts twice), or ATen operators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..graph import Node
from .base import BIASED, IN, LAST, OUT, OWN, Rule, Term, Tool, all_of_it, local_response, nothing, own, size, times
from .pytorch import PRODUCTS, functions, modules, traced
from .recurrent import FUNCTIONS, biases, states

ATTENTION = "nn.MultiheadAttention"
TIMM = "timm.layers.attention.Attention"


def _attention(node: Node) -> Iterable[Term]:
    """Its layers with biases, an element of the softmax each, and one of the queries, which are scaled."""
    yield from times(1, BIASED)(node)
    yield Term(OWN, 1, _scaled(node))


def _timm_attention(node: Node) -> Iterable[Term]:
    """The same without the layers in it, which are not looked at beside it."""
    yield Term(LAST, 1, all_of_it(node) if node.weights else 0)
    yield Term(OWN, 1, _scaled(node))


def _scaled(node: Node) -> int:
    """Of each of the two products half of what goes in first and comes out: together the queries and the softmax."""
    if not node.layer.multiplies:
        return 0
    both = size(node.incoming[0]) + size(node.output)
    return both // 2 if node.incoming[0][-1] <= node.output[-1] else both - both // 2


def hooked(node: Node, form: str) -> Sequence[str]:
    """Modules of exact types; attention is one, with the layers in it."""
    for call in node.calls if not form else ():
        if call.module == "torch.nn.modules.activation.MultiheadAttention":
            return (ATTENTION,)
        if TIMM in (call.module, call.parent):
            return (TIMM,)
    return modules(node, form)


def hooked_and_functions(node: Node, form: str) -> Sequence[str]:
    """Both: a module's function is called too."""
    return (*hooked(node, form), *functions(node, form))


HOOKS: dict[str, Rule] = {
    **{f"nn.{name}": times(1, BIASED) for name in ("Conv", "ConvTranspose", "Linear")},
    **{f"nn.{name}": times(1, OUT) for name in ("ReLU", "PReLU", "ELU", "LeakyReLU", "ReLU6", "GELU", "Upsample")},
    **{f"nn.{name}": times(1, IN) for name in ("MaxPool", "AvgPool", "AdaptiveMaxPool", "AdaptiveAvgPool")},
    **{f"nn.{name}": times(2, IN, plain=1) for name in ("BatchNorm", "InstanceNorm", "GroupNorm")},
    "nn.LayerNorm": times(1, IN),
    **{f"nn.{name}": states(each) for name, each in (("LSTM", 10), ("GRU", 7), ("RNN", 1))},
    ATTENTION: _attention,
    TIMM: _timm_attention,
}

PATCHED: dict[str, Rule] = {
    **{f"F.{name}": times(1, IN) for name in ("relu", "prelu", "elu", "relu6", "gelu", "silu", "softmax")},
    **{f"F.{name}": times(1, IN) for name in ("avg_pool", "max_pool", "adaptive_avg_pool", "adaptive_max_pool")},
    "F.interpolate": times(1, OUT),
    **{f"{of}.{name}": nothing for of in ("torch", "Tensor") for name in ("matmul", "mm", "bmm", "addmm")},
    "torch.baddbmm": nothing,
    **{f"{of}.{name}": times(1, OUT) for of in ("torch", "Tensor") for name in ("mul", "add")},
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
    sees=hooked_and_functions,
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
    sees=hooked,
    rules=HOOKS,
    also=(),
)

ATEN = replace(
    PTFLOPS,
    name="ptflops-aten",
    about="operators (backend aten): MACs with biases",
    omits="norms, activations, pools, + and *, LSTMs",
    sees=traced,
    rules={
        "aten::_convolution": times(1, BIASED),
        "aten::_convolution_mode": times(1, BIASED),
        "aten::linear": times(1, BIASED),
        **{f"aten::{name}": nothing for name in PRODUCTS if name != "addmm"},
        "aten::addmm": times(1, BIASED),
        **{f"aten::{name}": biases for name in FUNCTIONS if name != "lstm"},
    },
    source="ptflops/aten_ops.py",
    also=(),
)
