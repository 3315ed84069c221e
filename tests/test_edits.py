"""What was done to a network reads as what was done: one row an edit, whatever follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cnncalc
from cnncalc.graph import Change, Graph
from cnncalc.language.zoo import member


def text_of(name: str, *replaced: tuple[str, str]) -> str:
    """A spec of the zoo without its claims, with some of its words replaced."""
    found = member(name)
    assert found is not None
    text = found.path.read_text(encoding="utf-8").split("\nexpect:")[0] + "\n"
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return text


def rows(before: str, after: str, name: str = "net") -> list[tuple[str, str, str, int, int]]:
    """The rows of the difference of two specs, with what they add to params and MACs."""
    report = cnncalc.diff(cnncalc.parse(before, name), cnncalc.parse(after, name))
    return [tuple(row[key] for key in ("change", "name", "what", "params", "macs")) for row in report.tables[-1].rows]


# Two inverted residuals of t 6, from 32 to 48 and from 48 to 48, at 28 x 28, without their norms.
ROW = 32 * 192 + 9 * 192 + 192 * 48 + 48 * 288 + 9 * 288 + 288 * 48
# An SE gate of c channels has c/4 in the middle, and biases, which cost no MACs; two for each of these c.
SE = sum(2 * (c * c // 4 + c // 4 + c // 4 * c + c) for c in (64, 128, 256, 512))
SE_MACS = sum(2 * (2 * c * c // 4) for c in (64, 128, 256, 512))
GATE = "{mul: {main: prev, gate: [globalavgpool, {pointwise: {out: $out // 4, norm: none, bias: true}}, {pointwise: {out: $out, act: sigmoid, norm: none, bias: true}}]}}"
# 17 depthwise convolutions from 3x3 to 5x5: 16 taps more a channel; their channels and output sides.
DEPTHWISE = [(32, 112), (96, 56), (144, 56), (144, 28), *[(192, 28)] * 2, (192, 14), *[(384, 14)] * 3, (384, 14), *[(576, 14)] * 2, (576, 7), *[(960, 7)] * 3]  # fmt: skip

# fmt: off
EDITS = {
    "an activation everywhere": ("mobilenet_v2", [("relu6", "silu")], [
        ("changed", "stem ... last", "act relu6 -> silu, 35 layers", 0, 0)]),
    "a kernel in all blocks": ("mobilenet_v2", [("depthwise: {kernel: 3", "depthwise: {kernel: 5")], [
        ("changed", "bottleneck16[0] ... bottleneck320[0]", "kernel 3 -> 5, 17 layers",
         sum(16 * c for c, _ in DEPTHWISE), sum(16 * c * n * n for c, n in DEPTHWISE))]),
    "a row of a table": ("mobilenet_v2", [("      - [6, 64, 4, 2]\n", "      - [6, 48, 2, 1]\n      - [6, 64, 4, 2]\n")], [
        ("changed", "bottleneck64[0]/main", "out 192 -> 288, 7 layers",
         48 * 288 - 32 * 192 + 9 * 96 + 96 * 64 + 2 * 2 * 96, (48 * 288 - 32 * 192) * 784 + (9 * 96 + 96 * 64) * 196),
        ("added", "bottleneck48", "inverted_residual, 17 layers",
         ROW + 2 * (2 * 192 + 48) + 2 * (2 * 288 + 48), ROW * 784)]),
    "more turns of a row": ("mobilenet_v2", [("[6, 96, 3, 1]", "[6, 96, 4, 1]")], [
        ("repeat", "bottleneck96", "repeat 3 -> 4", 118272, 2 * 96 * 576 * 196 + 9 * 576 * 196)]),
    "SE in every block": ("resnet18", [("kernel: 3, act: none}\n", f"kernel: 3, act: none}}\n          - {GATE}\n")], [
        ("added", "layer1[0] ... layer4[1]", "mul (globalavgpool, pointwise, relu, pointwise, sigmoid, mul), 8 times",
         SE, SE_MACS)]),
    "a renamed block": ("resnet18", [("as: layer2", "as: stage2")], [
        ("renamed", "layer2", "-> stage2, 16 layers", 0, 0)]),
    "a step put in": ("resnet18", [("  - globalavgpool", "  - {pointwise: 512, as: extra}\n  - globalavgpool")], [
        ("added", "extra", "pointwise, batchnorm, relu", 512 * 512 + 2 * 512, 512 * 512 * 49)]),
    "a step taken out": ("alexnet", [("  - {linear: {out: 4096, act: relu}, as: fc7}\n", "")], [
        ("removed", "fc7", "linear, relu", -(4096 * 4096 + 4096), -4096 * 4096)]),
    "norms everywhere": ("unet", [("conv: {act: relu}", "conv: {act: relu, norm: batchnorm}"), ("upconv: {act: none}", "upconv: {act: none, norm: none}"), ("{pointwise: {out: $classes", "{pointwise: {norm: none, out: $classes")], [
        ("added", "down1 ... merged1", "batchnorm, 18 times", 2 * 2 * (2 * (64 + 128 + 256 + 512) + 1024), 0)]),
}
# fmt: on


@pytest.mark.parametrize(("name", "replaced", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_is_one_row(name, replaced, expected) -> None:
    """Where, what, and how much by hand."""
    assert expected == rows(text_of(name), text_of(name, *replaced))


def test_norms_that_a_file_has_folded_are_one_sentence() -> None:
    """A bias of 8 and of 4 for a scale and a shift each; a network that only has other norms is told as what it is."""
    steps = "input: [3, 16, 16]\nnet:\n  - {conv: {out: 8, kernel: 3, bias: %s}, as: a}%s\n  - {conv: {out: 4, kernel: 3, bias: %s}, as: b}%s\n  - relu\n"  # fmt: skip
    trained = cnncalc.parse(steps % ("false", "\n  - batchnorm", "false", "\n  - batchnorm"), "net")
    plain = cnncalc.parse(steps % ("true", "", "true", ""), "net")
    exported = replace(plain, changes=(Change("norms-folded", 2, 12, layers=("a", "b")),))

    def told(one: Graph, other: Graph) -> list[tuple[str, str, int]]:
        rows = cnncalc.diff(one, other).tables[-1].rows
        return [(row["change"], row["what"], row["params"]) for row in rows if row["params"]]

    assert [("folded", "batchnorm folded in the second, 2 layers", -12)] == told(trained, exported)
    assert [("folded", "batchnorm folded in the first, 2 layers", 12)] == told(exported, trained)
    assert {"changed", "removed"} == {change for change, _, _ in told(trained, plain)}


def test_a_dropout_does_not_become_an_activation() -> None:
    """A model has none of it: a new layer with a relu in its place came, and the dropout went."""
    net = "input: [3, 8, 8]\nnet: [{pointwise: 8, as: first}, %s, {pointwise: 4, as: last}]\n"

    assert [row[:2] for row in rows(net % "dropout", net % "{pointwise: {out: 8, act: relu}, as: new}")] == [
        ("added", "new"),
        ("removed", "dropout"),
    ]
