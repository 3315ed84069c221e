"""torchinfo 1.8.0, "Total mult-adds": the learned tensors of each module that runs, times positions for a "Conv"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph import Node
from .base import BIASED, NUMBERS, ONCE, SILENT, Term, Tool, both, elements, size, times, upconv_at_outputs
from .pytorch import modules
from .recurrent import MODULES, biases
from .transposed import transposed


def _once(node: Node) -> Iterable[Term]:
    """Each learned number once an image: of a linear layer on rows, and of a convolution that is no "Conv" by name."""
    images = node.calls[0].first if node.calls else 1
    learned = elements(node, NUMBERS) * images
    weight = size(node.weights["weight"]) * images if node.macs else 0
    yield Term(ONCE, 1, weight - int(node.macs))
    yield Term(NUMBERS, 1, learned - weight)


def classes(node: Node, form: str) -> Sequence[str]:
    """A module without others in it, by whether "Conv" is in its class; its numbers are called `weight` and `bias`.

    `weight_ih_l0` and the like of a recurrent one are counted at each step.
    """
    if not node.calls or form or node.layer.family == "recurrent":
        return modules(node, form)
    words: list[str] = []
    for call in node.calls if node.weights else ():
        if call.whole and call.learned and {"weight", "bias"}.issuperset(call.learned):
            words.append("nn.Linear" if "Conv" not in call.module.rpartition(".")[2] else CONVS[transposed(node)])
    return words


CONVS = ("nn.Conv", "nn.ConvTranspose")


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
    about="modules with weights: MACs and biases of convolutions and recurrent layers, else each learned number once",
    omits="whatever has no weights; +, *, @, F.conv and other functions, without a word",
    sees=classes,
    rules={
        "nn.Conv": times(1, BIASED),
        "nn.ConvTranspose": both(upconv_at_outputs, times(1, BIASED)),
        **{
            f"nn.{name}": _once
            for name in ("Linear", "BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "PReLU", "Embedding")
        },
        **{f"nn.{name}": biases for name in MODULES},
    },
    unknown=SILENT,
    printed=_printed,
    source="torchinfo/layer_info.py calculate_macs",
    also=("torchsummary",),
)
