"""docs/figures.md: how each figure is defined, written from the one table of figures; its runs are held by test_pages.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pages import DOCS, shown

from cnncalc.analyses.figures import FIGURES, OTHER_NAMES

PAGE = DOCS / "figures.md"


class Group(NamedTuple):
    """Figures that are told together: runs that show them, and the rules."""

    title: str
    figures: tuple[str, ...]
    runs: tuple[str, ...]
    rules: tuple[str, ...]


GROUPS = (
    Group(
        "Parameters",
        ("params", "trainable", "frozen", "buffers"),
        ("compare resnet18 siamese lecture/vgg16_two_classes --columns params,trainable,frozen,buffers",
         "explain lenet5 C3"),
        ("A tensor that two layers share is counted once: the two towers of `siamese` have one set of weights.",
         "`trainable` and `frozen` add up to `params`. Frozen is what a spec marks with `frozen: true`.",
         "Running means and variances of batch norms are **buffers** and no parameters; Keras adds them.",
         "A convolution of k x k from C to C' channels in G groups: C' x C/G x k x k weights, and C' biases."),
    ),
    Group(
        "Multiply-accumulates",
        ("macs", "matmul_macs", "flops"),
        ("compare resnet18 style_transfer_vgg19 --columns macs,matmul_macs,flops",),
        ("A MAC is a learned weight times an input, added to a sum. Convolution, transposed convolution and linear have them, "
         "and a product of two activations, which is in `macs` and named apart as `matmul_macs`.",
         "A convolution takes its weights times the positions of its output, a transposed one times those of its input.",
         "Taps on padding count. A bias costs nothing. Norms, activations and pools are *operations*, "
         "`cnncalc macs --operations`, and never mixed into MACs.",
         "FLOPs are 2 a MAC, and stand under that name beside the MACs or not at all."),
    ),
    Group(
        "Bytes",
        ("weight_bytes", "activations", "peak_activations", "peak_in_place", "peak_folded"),
        ("compare lenet5 mobilenet_v2 --columns weight_bytes@int8,activations@int8,peak_activations@int8,peak_folded@int8",
         "memory lenet5 --top 3"),
        ("Bytes are elements times the bytes of the dtype: 4 in fp32 (unless you say otherwise), 2 in fp16 and bf16, 1 in int8. "
         "Running statistics are in no figure of bytes but those of `training`.",
         "`activations` is the sum of all outputs. A view (a flatten, a slice, where strides allow it) adds nothing.",
         "`peak_activations` is the most that is alive at one time, layers run in the order of the spec: what a layer reads, "
         "what it writes, and what a later layer still reads. Nothing is in place unless `--in-place` is said.",
         "`peak_in_place` is that peak where activations, norms and joins write over their input; `peak_folded` where a batch "
         "norm is part of the convolution before it and an activation of the layer before it, as runtimes make them.",
         "kB is 1000 bytes and KiB 1024."),
    ),
    Group(
        "Positions of the input",
        ("receptive_field", "stride"),
        ("compare vgg16 unet --columns receptive_field,stride", "worked receptive-field layers=3s1,2s2,3s1"),
        ("The positions that one unit of the last map can depend on, on each axis, padding included; `receptive_field@LAYER` is "
         "that of another layer.",
         "A window of k adds (k - 1) x jump x dilation; a stride multiplies the jump. Where branches meet, the field is their union.",
         "After an upsampling it depends on the position: `188-204`. `global` sees the whole input.",
         "`stride` is the number of positions from one unit of the last map to the next."),
    ),
    Group(
        "On a machine",
        ("energy", "roofline", "training"),
        ("compare lenet5 mobilenet_v2 --columns energy@int8,training",
         "check lenet5 --max energy@int8=100uJ --max roofline@peak=472G,bandwidth=25.6G=1ms --max training@batch=32=4MB"),
        ("`energy` is MACs times a multiplication and an addition, and words moved times an access, by a table that can be "
         "replaced: an order of magnitude, at its high end.",
         "`roofline` is for each layer the larger of FLOPs / peak and bytes / bandwidth, added up: a lower bound of the time.",
         "`training` is weights, gradients, the state of the optimizer and the activations that are kept for the backward pass.",
         "What each is worked out under stands with it: `energy@int8`, `roofline@jetson,fp16`, `training@adam,batch=32`; "
         "[formulas and cost](formulas-and-cost.md) has the arithmetic."),
    ),
    Group(
        "Shapes",
        ("layers", "input", "output"),
        ("compare lenet5 unet --columns layers,input,output",),
        ("`layers` counts norms, activations and joins too. Papers count layers with weights: `cnncalc explain lenet5` lists those.",
         "A shape is channels first and has no batch."),
    ),
)  # fmt: skip

HEAD = """\
# How each figure is defined

Written by `pytest tests/test_figures_page.py --update-golden` from the one table of figures that `expect:`, `budget:`, `check`,
`compare`, `sweep`, `fit`, `formula`, `diff` and the lock read. All of them are for one image at inference.
"""

TAIL = """\
## Proof

No figure has to be trusted: `cnncalc validate` runs the network in NumPy and measures.

{run}

[What counts](conventions.md) has the conventions in one place, [why numbers differ](why-numbers-differ.md) what others count.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(_section, GROUPS), TAIL.format(run=_run("validate lenet5 --quick"))])


def _section(group: Group) -> str:
    rows = [f"| `{name}` | {FIGURES[name].unit} | {FIGURES[name].about} | {_others(name)} |" for name in group.figures]
    table = ["| figure | unit | what it is | also called |", "| --- | --- | --- | --- |", *rows]
    rules = [f"- {rule}" for rule in group.rules]
    return "\n".join([f"## {group.title}", "", *(_run(run) + "\n" for run in group.runs), *table, "", *rules, ""])


def _others(name: str) -> str:
    return ", ".join(f"`{other}`" for other, one in OTHER_NAMES.items() if one == name)


def _run(arguments: str) -> str:
    return f"```console\n$ cnncalc {arguments}\n{shown(PAGE, arguments)}```"


def test_the_page_is_what_the_table_says(golden: Callable[[Path, str], None]) -> None:
    """Written again with --update-golden."""
    golden(PAGE, page())


def test_every_figure_is_in_one_group() -> None:
    """A figure that is new needs its group, a run and its rule."""
    assert sorted(FIGURES) == sorted(name for group in GROUPS for name in group.figures)
