"""torchscan 0.2.0: modules by their classes; what has no formula makes the answer `partial`, without a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..graph import Node
from .base import BIASED, IN, PARTIAL, SUBTRACT, Rule, Term, Tool, both, nothing, own, size, times, upconv_at_outputs
from .pytorch import derived_modules


def _square(node: Node) -> int:
    """The extent of a window: a number for a square one is not squared (it is `kernel_size` as it is written)."""
    kernel = vars(node.layer)["kernel"]
    return int(kernel[0] if len(set(kernel)) == 1 else size(kernel))


def _maxpool(node: Node) -> int:
    return size(node.output) * (_square(node) - 1)


def _avgpool(node: Node) -> int:
    return size(node.output) * (_square(node) - 1 + len(node.output) - 1)


def _part(node: Node) -> int:
    """The extent of a part of an adaptive pool: n / m where that is whole, else the remainder and 1."""
    sizes = zip(node.incoming[0][1:], node.output[1:], strict=True)
    return size(tuple(n // m if n % m == 0 else n % m + 1 for n, m in sizes))


def _adaptive_max(node: Node) -> int:
    return size(node.output) * (_part(node) - 1)


def _adaptive_avg(node: Node) -> int:
    return size(node.output) * (_part(node) - 1 + len(node.output) - 1)


def _padding(each: int) -> Rule:
    """So many operations an axis, to work out a padding."""
    return own(lambda node: each * (len(node.output) - 1))


POOLS: dict[str, Rule] = {
    "nn.MaxPool": own(_maxpool),
    "nn.AvgPool": own(_avgpool),
    "nn.AdaptiveMaxPool": own(_adaptive_max),
    "nn.AdaptiveAvgPool": own(_adaptive_avg),
}

TORCHSCAN = Tool(
    name="torchscan",
    version="0.2.0",
    word="MACs",
    about="modules: MACs without biases, 2 an element of a batch norm, pools by an extent that is not squared",
    omits="biases and activations; it gives no total where a layer has no formula",
    sees=derived_modules,
    rules={
        "nn.Conv": nothing,
        "nn.ConvTranspose": both(upconv_at_outputs, _padding(4)),
        "nn.Linear": nothing,
        "nn.BatchNorm": times(2, IN, plain=1),
        **POOLS,
    },
    quiet=frozenset(
        f"nn.{name}"
        for name in ["Identity", "ReLU", "ELU", "LeakyReLU", "ReLU6", "Tanh", "Sigmoid", "Flatten", "Dropout"]
    ),
    unknown=PARTIAL,
    source="torchscan/modules/macs.py",
)


def _sums(node: Node) -> Iterable[Term]:
    """2 a MAC, less the first addition, and the bias."""
    yield Term(SUBTRACT, -1, size(node.output))
    yield from times(1, BIASED)(node)


def _twice_upconv(node: Node) -> Iterable[Term]:
    yield from (term._replace(times=2) for term in upconv_at_outputs(node))


def _layernorm(node: Node) -> int:
    n = size(node.output)
    rows = n // size(next(iter(node.weights.values()))) if node.weights else 1
    return 6 * n + 2 * rows + 2 * n * bool(node.weights)


FLOPS = replace(
    TORCHSCAN,
    name="torchscan-flops",
    word="FLOPs",
    about="modules: 2 a MAC less one an output, biases, norms, activations, pools by an extent that is not squared",
    omits="nothing; it gives no total where a layer has no formula",
    factor=2,
    rules={
        "nn.Conv": _sums,
        "nn.ConvTranspose": both(_twice_upconv, _sums, _padding(8)),
        "nn.Linear": _sums,
        "nn.BatchNorm": both(times(4, IN, plain=2), own(lambda node: 2 * size(node.incoming[0][:1]))),
        "nn.LayerNorm": own(_layernorm),
        "nn.ReLU": times(1, IN),
        "nn.ELU": times(6, IN),
        "nn.LeakyReLU": times(4, IN),
        "nn.ReLU6": times(2, IN),
        "nn.Tanh": times(6, IN),
        "nn.Sigmoid": times(4, IN),
        "nn.Dropout": own(lambda node: size(node.output) * (vars(node.layer)["rate"] > 0)),
        **POOLS,
    },
    quiet=frozenset({"nn.Identity", "nn.Flatten"}),
    source="torchscan/modules/flops.py",
)
