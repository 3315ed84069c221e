"""Exported models whose batch norms are folded, against the networks that they are of: the norms are told as folded.

The models are written by cnncalc and folded here as PyTorch's two exporters do it: the older gives the weights of the
convolution names of its own, the newer notes its rule on it and drops a bias of zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.formats.onnx.write import written

onnx = pytest.importorskip("onnx")
RULE = ("pkg.onnxscript.rewriter.rule_name", "FuseBatchNormIntoConv")


def exported(
    name: str, path: Path, *, biased: bool = True, folds: Callable[[int], bool] = lambda place: True, rest: bool = True
) -> tuple[cnncalc.Graph, cnncalc.Graph]:
    """A network of the zoo, and its model without norms: those that `folds` by their place, of the `rest` no trace.

    What is not folded stays where `rest` is false.
    """
    graph = cnncalc.load(name).inference
    path.write_bytes(b"".join(written(graph, None).pieces))
    model = onnx.load(path)
    makers = {node.output[0]: node for node in model.graph.node if node.op_type == "Conv"}
    kept: list[Any] = []
    stands_for: dict[str, str] = {}
    place = 0
    for node in [*model.graph.node]:
        node.input[:] = [stands_for.get(tensor, tensor) for tensor in node.input]
        maker = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if maker is None or not (rest or folds(place)):
            kept.append(node)
            place += maker is not None
            continue
        if folds(place):
            _fold(model, maker, node, place, biased)
        stands_for[node.output[0]] = node.input[0]
        place += 1
    del model.graph.node[:]
    model.graph.node.extend(sorted(kept, key=lambda node: node.op_type != "ConstantOfShape"))
    onnx.save(model, path)
    return graph, cnncalc.load(str(path))


def _fold(model: Any, convolution: Any, norm: Any, place: int, biased: bool) -> None:
    if not biased:
        entry = convolution.metadata_props.add()
        entry.key, entry.value = RULE
        return
    weights = [convolution.input[1], norm.input[2]]
    convolution.input[:] = [convolution.input[0], f"onnx::Conv_{2 * place}", f"onnx::Conv_{2 * place + 1}"]
    for old, new in zip(weights, convolution.input[1:], strict=True):
        next(node for node in model.graph.node if node.output[0] == old).output[0] = new


def told(one: cnncalc.Graph, other: cnncalc.Graph) -> list[tuple[str, str, int]]:
    """What is said of layers with parameters; all of it adds up to what the totals differ by."""
    rows = cnncalc.diff(one, other).tables[-1].rows
    assert sum(row["params"] for row in rows) == cnncalc.params(other).total - cnncalc.params(one).total
    assert sum(row["macs"] for row in rows) == cnncalc.macs(other).total - cnncalc.macs(one).total
    return [(row["change"], row["what"], row["params"]) for row in rows if row["params"]]


# Scales and shifts of all norms, summed over the BatchNorm2d of `torchvision.models`.
NORMS = {
    "resnet50": (53, 53_120),
    "mobilenet_v2": (52, 34_112),
    "mobilenet_v3_large": (46, 24_400),
    "efficientnet_b0": (49, 42_016),
    "inception_v3": (94, 34_432),
}


@pytest.mark.parametrize("biased", [True, False], ids=["biases", "zero biases dropped"])
@pytest.mark.parametrize("name", NORMS)
def test_norms_of_an_export_are_folded(name: str, biased: bool, tmp_path: Path) -> None:
    """With a bias in place of a scale and a shift, or, where the bias is zero, with none."""
    count, params = NORMS[name]
    graph, model = exported(name, tmp_path / "model.onnx", biased=biased)
    more = -params // 2 if biased else -params

    assert [("folded", f"batchnorm folded in the second, {count} layers", more)] == told(graph, model)
    assert [("folded", f"batchnorm folded in the first, {count} layers", -more)] == told(model, graph)


def test_norms_that_are_gone_are_removed(tmp_path: Path) -> None:
    """A model that shows no trace of them never had them."""
    graph, model = exported("resnet50", tmp_path / "model.onnx", folds=lambda place: False)

    assert [("removed", "batchnorm, 53 times", -53_120)] == told(graph, model)


@pytest.mark.parametrize("biased", [True, False])
def test_some_are_folded_and_some_removed(biased: bool, tmp_path: Path) -> None:
    """The first 11, of the stem and layer1 with 64 + 3 * 64 * 2 + 3 * 256 + 256 channels, are folded; 42 are gone."""
    graph, model = exported("resnet50", tmp_path / "model.onnx", biased=biased, folds=lambda place: place < 11)
    channels = 64 + 3 * 2 * 64 + 3 * 256 + 256

    assert sorted(told(graph, model)) == [
        ("folded", "batchnorm folded in the second, 11 layers", -channels if biased else -2 * channels),
        ("removed", "batchnorm, 42 times", 2 * channels - 53_120),
    ]


def test_a_learned_tensor_that_is_gone_is_no_norm(tmp_path: Path) -> None:
    """It reads nothing, where a norm reads the convolution that it may be folded into."""
    _, model = exported("resnet18", tmp_path / "model.onnx")
    graph = cnncalc.parse("input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 1}}, {add: [prev, [{learned: [4, 8, 8]}]]}]")

    assert "removed" in {sort for sort, what, _ in told(graph, model) if what == "learned"}


def test_some_are_folded_and_some_stay(tmp_path: Path) -> None:
    """What stays is the same on both sides."""
    graph, model = exported("resnet50", tmp_path / "model.onnx", folds=lambda place: place < 11, rest=False)

    assert [("folded", "batchnorm folded in the second, 11 layers", -(64 + 6 * 64 + 4 * 256))] == told(graph, model)
