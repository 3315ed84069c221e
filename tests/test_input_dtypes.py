"""Inputs of models that are no float32: read as the file declares them, counted in bytes, written back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app

onnx = pytest.importorskip("onnx")
helper = pytest.importorskip("onnx.helper")

RUN = CliRunner()


def model(element: int, path: Path) -> Path:
    """An image of 16 numbers of an element type, as floats through a convolution to 2 x 4 x 4."""
    weight = helper.make_tensor("w", 1, (2, 1, 3, 3), np.arange(18, dtype=np.float32).tobytes(), raw=True)
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=1),
        helper.make_node("Conv", ["f", "w"], ["y"], "conv", pads=[1, 1, 1, 1]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "net", [value("x", element, (1, 1, 4, 4))], [value("y", 1, (1, 2, 4, 4))], [weight]
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize(
    ("element", "dtype", "size"),
    [
        ("UINT8", "uint8", 1), ("INT8", "int8", 1), ("BOOL", "bool", 1), ("FLOAT16", "fp16", 2), ("BFLOAT16", "bf16", 2),
        ("UINT16", "uint16", 2), ("INT16", "int16", 2), ("INT32", "int32", 4), ("UINT32", "uint32", 4),
        ("INT64", "int64", 8), ("UINT64", "uint64", 8), ("DOUBLE", "fp64", 8),
    ],
)  # fmt: skip
def test_a_declared_element_type_is_that_of_the_input(element: str, dtype: str, size: int, tmp_path: Path) -> None:
    """16 numbers of so many bytes, and 32 floats that the convolution makes; in the spec and in ONNX again."""
    path = model(getattr(onnx.TensorProto, element), tmp_path / "m.onnx")
    graph = cnncalc.load(path)
    assert {"x": dtype} == graph.input_dtypes
    assert 16 * size + 32 * 4 == cnncalc.memory(graph).peak_bytes

    for name in ("net.yaml", "again.onnx"):
        written = tmp_path / name
        assert 0 == RUN.invoke(app, ["convert", str(path), "-o", str(written)]).exit_code
        assert graph.input_dtypes == cnncalc.load(written).input_dtypes
    again = onnx.load(tmp_path / "again.onnx")
    onnx.checker.check_model(again, full_check=True)
    assert [getattr(onnx.TensorProto, element)] == [one.type.tensor_type.elem_type for one in again.graph.input]


@pytest.mark.parametrize("element", ["uint8", "int64", "float16"])
def test_what_is_written_computes_the_same(element: str, tmp_path: Path) -> None:
    """In onnxruntime, on numbers of that type; and `run` has the same of them."""
    runtime = pytest.importorskip("onnxruntime")
    path = model(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(element)), tmp_path / "m.onnx")
    assert 0 == RUN.invoke(app, ["convert", str(path), "-o", str(tmp_path / "again.onnx")]).exit_code
    image = np.arange(16).reshape(1, 1, 4, 4).astype(element)
    first, second = (
        runtime.InferenceSession(name, providers=["CPUExecutionProvider"]).run(None, {"x": image})[0]
        for name in (path, tmp_path / "again.onnx")
    )
    np.testing.assert_array_equal(first, second)
    np.save(tmp_path / "x.npy", image[0])
    given = ["--input-file", str(tmp_path / "x.npy"), "--out", str(tmp_path / "y.npz")]
    assert 0 == RUN.invoke(app, ["run", str(path), *given]).exit_code
    np.testing.assert_allclose(np.load(tmp_path / "y.npz")["output"], first[0])


def test_float32_is_not_said(tmp_path: Path) -> None:
    """It is what networks are counted in unless another is asked for."""
    path = model(onnx.TensorProto.FLOAT, tmp_path / "m.onnx")
    assert {} == cnncalc.load(path).input_dtypes
    assert "dtype" not in RUN.invoke(app, ["convert", str(path)]).stdout


def test_an_option_says_another(tmp_path: Path) -> None:
    """16 numbers of 8 bytes instead of one."""
    path = model(onnx.TensorProto.UINT8, tmp_path / "m.onnx")
    of_file, given = (
        json.loads(RUN.invoke(app, ["memory", str(path), "-f", "json", *more]).stdout)
        for more in ([], ["--input-dtype", "int64"])
    )
    assert [{"x": "uint8"}, {"x": "int64"}] == [of_file["input_dtypes"], given["input_dtypes"]]
    assert 16 * 7 == given["peak"]["tensors"]["x"] - of_file["peak"]["tensors"]["x"]


def test_a_model_of_keras_says_its_dtype(tmp_path: Path) -> None:
    """Of its `InputLayer`."""
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [None, 4, 4, 1], "dtype": "uint8"}},
        {"class_name": "Rescaling", "config": {"name": "scaled", "scale": 0.5, "offset": 0.0}},
        {"class_name": "Flatten", "config": {"name": "flat"}},
    ]
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": layers}}))
    assert ["uint8"] == [*cnncalc.load(path).input_dtypes.values()]
    path.write_text(path.read_text().replace("uint8", "float32"))
    assert {} == cnncalc.load(path).input_dtypes


def test_a_module_of_pytorch_is_given_what_it_takes() -> None:
    """An image in bytes, which its code makes floats."""
    torch = pytest.importorskip("torch")

    class Bytes(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 2, 3)

        def forward(self, x: object) -> object:
            return self.conv(x.float())  # type: ignore[attr-defined]

    image = torch.zeros((1, 1, 4, 4), dtype=torch.uint8)
    assert ["uint8"] == [*cnncalc.from_torch(Bytes(), image).input_dtypes.values()]
    assert {} == cnncalc.from_torch(torch.nn.Conv2d(1, 2, 3), (1, 4, 4)).input_dtypes
