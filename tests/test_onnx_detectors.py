"""Detectors: behind the choice of boxes sizes hang on values, and what lies before it, or behind a given shape, is exact."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
helper = pytest.importorskip("onnx.helper")
numpy_helper = pytest.importorskip("onnx.numpy_helper")

RUN = CliRunner()
CHOICE = ("TopK", "NonMaxSuppression", "Loop", "If", "RoiAlign", "Gemm", "Softmax")
EXPORTS = Path(__file__).parent / "detectors.py"


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """One operator, named by what it makes."""
    return helper.make_node(op, inputs.split(), outputs.split(), outputs.split(maxsplit=1)[0], **attributes)


def two_stages() -> Any:
    """A trunk, the boxes and scores of each position, the best of them, and a linear layer on the map within each.

    A loop counts the boxes; without any of them, as an `If` has it, nothing follows.
    """
    draw, value = np.random.default_rng(0), helper.make_tensor_value_info
    weights = {"w": (8, 3, 3, 3), "v": (4, 8, 1, 1), "u": (1, 8, 1, 1), "f": (5, 8 * 7 * 7), "b": (5,)}
    constants = {name: draw.normal(0, 0.3, dims).astype(np.float32) for name, dims in weights.items()}
    constants |= {
        name: np.array(shape, np.int64) for name, shape in {"rows": [1, 4, -1], "row": [1, 1, -1], "k": [50]}.items()
    }
    constants |= {"most": np.array([20], np.int64), "iou": np.array([0.5], np.float32), "last": np.array([2], np.int64)}
    constants |= {"zero": np.array(0, np.int64), "flat": np.array([-1], np.int64), "first": np.array([0], np.int64)}
    constants |= {"true": np.array(True), "one": np.array(1, np.int64), "ahead": np.array([0, 1], np.int64)}
    scalar = ("t", "c", "n", "t2", "n2")
    body = helper.make_graph(
        [node("Identity", "c", "t2"), node("Add", "n one", "n2")],
        "body",
        [value(name, kind, ()) for name, kind in zip(scalar[:3], (7, 9, 7), strict=True)],
        [value(name, kind, ()) for name, kind in zip(scalar[3:], (9, 7), strict=True)],
    )
    some = helper.make_graph([node("Identity", "regions", "kept")], "some", [], [value("kept", 1, None)])
    none = helper.make_graph([node("Identity", "regions", "none")], "none", [], [value("none", 1, None)])
    nodes = [
        node("Conv", "x w", "trunk", pads=[1, 1, 1, 1]),
        node("Conv", "trunk v", "deltas"),
        node("Conv", "trunk u", "logits"),
        node("Reshape", "deltas rows", "boxes"),
        node("Transpose", "boxes", "places", perm=[0, 2, 1]),
        node("Reshape", "logits row", "scores"),
        node("TopK", "scores k", "best which"),
        node("Squeeze", "which ahead", "order"),
        node("Gather", "places order", "chosen", axis=1),
        node("NonMaxSuppression", "chosen best most iou", "found"),
        node("Gather", "found last", "index", axis=1),
        node("Reshape", "index flat", "indices"),
        node("Squeeze", "chosen first", "candidates"),
        node("Gather", "candidates indices", "regions"),
        node("Size", "indices", "size"),
        node("Loop", "size true zero", "count", body=body),
        node("Cast", "count", "any", to=9),
        node("If", "any", "kept_regions", then_branch=some, else_branch=none),
        node("Mul", "indices zero", "images"),
        node("RoiAlign", "trunk kept_regions images", "maps", output_height=7, output_width=7),
        node("Flatten", "maps", "flattened"),
        node("Gemm", "flattened f b", "classes", transB=1),
        node("Softmax", "classes", "y"),
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "net", [value("x", 1, (1, 3, 32, 32))], [value("y", 1, None)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)


@pytest.fixture(name="detector")
def two_stages_as_a_file(tmp_path: Path) -> Path:
    """The file."""
    path = tmp_path / "detector.onnx"
    onnx.save(two_stages(), path)
    return path


BEFORE = 32 * 32 * (8 * 27 + 4 * 8 + 8)


def test_a_detector_counts_up_to_the_choice_of_boxes(detector: Path) -> None:
    """Trunk and both heads; it is refused without the option, by the operators that make it so."""
    graph = cnncalc.load(detector, allow_unknown=True)

    assert BEFORE == cnncalc.macs(graph).total
    assert {"NonMaxSuppression", "Loop", "If", "RoiAlign", "Gemm"} <= {*graph.behind}
    refused = RUN.invoke(app, ["macs", str(detector)])
    assert (2, True) == (refused.exit_code, "TopK" in refused.stderr)


def test_a_shape_that_is_given_goes_on_behind_the_choice(detector: Path) -> None:
    """As many boxes as onnxruntime finds: a linear layer of 392 x 5 for each, and its shape of the output."""
    image = np.random.default_rng(1).normal(size=(1, 3, 32, 32)).astype(np.float32)
    (found,) = runtime.InferenceSession(detector.read_bytes(), providers=["CPUExecutionProvider"]).run(
        None, {"x": image}
    )
    boxes = len(found)
    graph = cnncalc.load(detector, allow_unknown=True, shapes={"maps": (boxes, 8, 7, 7)})

    assert boxes > 1
    assert BEFORE + boxes * 392 * 5 == cnncalc.macs(graph).total
    assert 8 * 27 + 4 * 8 + 8 + 392 * 5 + 5 == cnncalc.params(graph).total
    assert {boxes, 5} == {*graph.output_shape}
    assert "Gemm" not in graph.behind
    (pooled,) = [one for one in graph.nodes if one.kind == "unknown" and one.layer.operator == "RoiAlign"]
    assert graph.nodes[0].name in pooled.inputs


COMMANDS = [
    ["summary"],
    ["params"],
    ["macs"],
    ["memory"],
    ["receptive-field"],
    ["show"],
    ["lint"],
    ["convert"],
    ["roofline"],
]


@pytest.mark.parametrize("given", [[], ["--shape", "maps=9,8,7,7"]], ids=["before", "behind"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_reads_a_detector(command: list[str], given: list[str], detector: Path) -> None:
    """With what is not known allowed."""
    done = RUN.invoke(app, [command[0], str(detector), "--allow-unknown", *given])

    assert (0, None) == (done.exit_code, done.exception), done.output


def exported(name: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A detector of torchvision as PyTorch writes it, and what its own counter says; skipped where there is none."""
    if not all(map(find_spec, ("torch", "torchvision"))):
        pytest.skip("no torchvision")
    path = folder / f"{name}.onnx"
    done = subprocess.run([sys.executable, str(EXPORTS), name, str(path)], capture_output=True, text=True, check=False)
    if done.returncode or not path.exists():
        pytest.skip(f"PyTorch does not write it: {done.stderr[-200:]}")
    return path, json.loads(done.stdout.splitlines()[-1])


def test_a_detector_of_one_stage_is_counted_whole(tmp_path: Path) -> None:
    """SSDLite: the MACs are FlopCounterMode's, the params those of the module and the mean and deviation of an image."""
    path, said = exported("ssdlite320_mobilenet_v3_large", tmp_path)
    graph = cnncalc.load(path, allow_unknown=True)

    assert said["macs"] == cnncalc.macs(graph).total
    assert said["params"] + 6 == cnncalc.params(graph).total + sum(one.params for one in graph.changes)


def test_a_detector_of_two_stages_is_counted_for_a_number_of_boxes(tmp_path: Path) -> None:
    """Faster R-CNN: up to its second stage, and with it for as many boxes as its own run has."""
    path, said = exported("fasterrcnn_mobilenet_v3_large_320_fpn", tmp_path)
    first = cnncalc.load(path, allow_unknown=True)
    shapes = {said["pooled"]: (said["boxes"], 256, 7, 7)}
    whole = cnncalc.load(path, allow_unknown=True, shapes=shapes)

    assert said["before"] == cnncalc.macs(first).total
    assert said["macs"] == cnncalc.macs(whole).total
    assert said["params"] + 6 == cnncalc.params(whole).total + sum(one.params for one in whole.changes)
