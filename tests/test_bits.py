"""Taps that are stored in bits of their own: what they take, and that files and specs say the same of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import reports
from cnncalc.analyses.figures import FIGURES, Figures
from cnncalc.cli import app
from cnncalc.language.load import parse

MIXED = """
input: [3, 32, 32]
defaults:
  conv: {bits: 8}
net:
  - conv: {out: 16, kernel: 3, padding: 1, act: relu}
  - depthwise: {kernel: 3, padding: 1}
  - pointwise: {out: 5, bits: 4}
  - globalavgpool
  - linear: {out: 10, bits: 1, bias: false}
"""

# taps: 16*3*9 at 8 bits, 16*9 at 8, 5*16 at 4, 10*5 at 1 (50 bits are 7 bytes); biases 16, 16 and 5 of the dtype
TAPS = 432 + 144 + 40 + 7
BIASES = 16 + 16 + 5


def of_text(text: str) -> cnncalc.Graph:
    """The network of a spec."""
    return parse(text)


def run(*arguments: object) -> Any:
    """What a command answers."""
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.mark.parametrize(("dtype", "size"), [("fp32", 4), ("fp16", 2), ("int8", 1), ("fp64", 8)])
def test_taps_take_their_bits_and_the_rest_the_dtype(dtype: str, size: int) -> None:
    """In the table of params, in memory and as a figure."""
    graph, expected = of_text(MIXED), TAPS + BIASES * size

    assert expected == reports.params(graph, dtype=dtype).data["totals"]["weight_bytes"]
    assert expected == reports.memory(graph, weights_dtype=dtype).data["totals"]["weight_bytes"]
    assert expected == FIGURES["weight_bytes"].whole(Figures(graph, dtype=dtype))
    assert 16 * 27 + 16 + 16 * 9 + 16 + 5 * 16 + 5 + 50 == cnncalc.params(graph).total


def test_the_tables_say_so() -> None:
    """Under the table, the widest first."""
    for report in (reports.params, reports.summary, reports.memory):
        assert "bits of a stored tap: 8 in 2 layers, 4 in 1 layer, 1 in 1 layer; its bytes are counted so" in str(
            report(of_text(MIXED))
        )


def test_weights_that_are_shared_are_stored_once() -> None:
    """Two layers of one label: 8 x 8 x 9 taps of a byte, and 8 biases of four."""
    graph = of_text(
        "input: [8, 8, 8]\nnet:\n  - conv: {out: 8, kernel: 3, padding: 1, bits: 8}\n    share: w\n"
        "  - conv: {out: 8, kernel: 3, padding: 1, bits: 8}\n    share: w\n"
    )

    assert 8 * 8 * 9 + 8 * 4 == reports.params(graph).data["totals"]["weight_bytes"]


def test_bits_that_are_no_number_are_refused() -> None:
    """As every count."""
    with pytest.raises(cnncalc.SpecError, match="`bits` must be a whole number of at least 1, and is 0"):
        of_text("input: [3, 8, 8]\nnet: [{conv: {out: 8, kernel: 3, bits: 0}}]")


def test_what_is_written_as_a_spec_has_them_and_other_formats_say_that_they_have_not(
    tmp_path: Path,
) -> None:
    """A spec reads back to the same network; a file and code hold floats, which is said."""
    spec = tmp_path / "mixed.cnn.yaml"
    spec.write_text(MIXED, encoding="utf-8")
    for name in ("again.cnn.yaml", "net.onnx", "net.py"):
        done = run("convert", spec, "-o", tmp_path / name)
        said = "taps of 4 layers are written as floats, and not in 8 or 4 or 1 bits" in done.stderr
        assert (0, name != "again.cnn.yaml") == (done.exit_code, said)

    again = cnncalc.load(tmp_path / "again.cnn.yaml")
    assert [8, None, 8, 4, None, None, 1] == [node.layer.bits for node in again.nodes]


def test_growth_of_bytes_is_judged_against_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock holds the bytes of such a network, since they do not follow from its params."""
    spec = tmp_path / "mixed.cnn.yaml"
    spec.write_text(MIXED, encoding="utf-8")
    (tmp_path / "cnncalc.toml").write_text(
        'lock = "cnncalc.lock.json"\n[[budget]]\nmatch = "*.yaml"\nweight_bytes = {growth = "1%"}\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert 0 == run("check", "--update", spec.name).exit_code
    held = json.loads((tmp_path / "cnncalc.lock.json").read_text(encoding="utf-8"))
    assert TAPS + BIASES * 4 in [entry["weight_bytes"] for entry in held["specs"].values()]

    spec.write_text(MIXED.replace("bits: 4", "bits: 8"), encoding="utf-8")  # 40 bytes more, and no param
    done = run("check", spec.name)
    assert 1 == done.exit_code
    assert "weight_bytes" in done.stdout


def test_a_quantised_file_takes_what_it_holds(tmp_path: Path) -> None:
    """A network that onnxruntime has quantised: the bytes of the learned tensors in the file, scales apart."""
    onnx = pytest.importorskip("onnx")
    quantization = pytest.importorskip("onnxruntime.quantization")
    whole, narrow = tmp_path / "whole.onnx", tmp_path / "narrow.onnx"
    value = onnx.helper.make_tensor_value_info
    weights = {"a": np.ones((16, 3, 3, 3), np.float32), "b": np.ones((4, 16, 1, 1), np.float32)}
    weights["c"] = np.ones(4, np.float32)
    nodes = [
        onnx.helper.make_node("Conv", ["x", "a"], ["y"], pads=[1, 1, 1, 1]),
        onnx.helper.make_node("Relu", ["y"], ["z"]),
        onnx.helper.make_node("Conv", ["z", "b", "c"], ["o"]),
    ]
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = onnx.helper.make_graph(nodes, "n", [value("x", 1, (1, 3, 8, 8))], [value("o", 1, None)], tensors)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), whole)

    class Images(quantization.CalibrationDataReader):  # type: ignore[name-defined, misc]
        """Two images."""

        def __init__(self) -> None:
            self.left = [{"x": np.random.default_rng(n).random((1, 3, 8, 8), np.float32)} for n in range(2)]

        def get_next(self) -> Any:
            return self.left.pop() if self.left else None

    quantization.quantize_static(str(whole), str(narrow), Images(), per_channel=True)
    stored = {
        tensor.name: onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(narrow).graph.initializer
        if not tensor.name.endswith(("_scale", "_zero_point"))
    }
    read = cnncalc.load(narrow)

    assert [8, 8] == [node.layer.bits for node in read.nodes if node.weights]
    assert {"int8", "int32"} == {str(array.dtype) for array in stored.values()}
    assert sum(array.nbytes for array in stored.values()) == reports.params(read).data["totals"]["weight_bytes"]
