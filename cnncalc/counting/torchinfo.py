"""torchinfo 1.8.0, "Total mult-adds": the learned tensors of each module that runs, times positions for a "Conv"."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Node
from .base import BIASED, NUMBERS, SILENT, Rule, Term, Tool, both, size, times, upconv_at_outputs
from .pytorch import modules


def _bias(node: Node) -> Iterable[Term]:
    yield Term(NUMBERS, 1, size(node.weights["bias"]) if "bias" in node.weights else 0)


LEARNED: Rule = times(1, NUMBERS)


def _printed(count: int) -> str:
    """`Total mult-adds (G): 4.09`: a whole number of millions has no decimals."""
    letter, unit = next((pair for pair in (("T", 10**12), ("G", 10**9)) if count >= pair[1]), ("M", 10**6))
    value = count / unit
    return (
        f"Total mult-adds ({letter}): {int(value):,d}"
        if value.is_integer()
        else f"Total mult-adds ({letter}): {value:,.2f}"
    )


TORCHINFO = Tool(
    name="torchinfo",
    version="1.8.0",
    word="mult-adds",
    about="modules with weights: MACs and biases of convolutions, else each learned number once",
    omits="whatever has no weights; +, *, @, F.conv and other functions, without a word",
    sees=modules,
    rules={
        "nn.Conv": times(1, BIASED),
        "nn.ConvTranspose": both(upconv_at_outputs, times(1, BIASED)),
        "nn.Linear": _bias,
        "nn.BatchNorm": LEARNED,
        "nn.LayerNorm": LEARNED,
        "nn.GroupNorm": LEARNED,
        "nn.InstanceNorm": LEARNED,
        "nn.PReLU": LEARNED,
    },
    unknown=SILENT,
    printed=_printed,
    source="torchinfo/layer_info.py calculate_macs",
    also=("torchsummary",),
)
