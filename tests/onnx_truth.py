"""Whether every tensor and the MACs of ONNX models are those that onnxruntime makes.

    python tests/onnx_truth.py model.onnx ... [folder ...]

Each model is run by onnxruntime on zeros with every tensor as an output. The shapes that it makes are written into a
copy as what the file says of them: cnncalc, which holds what a file says against its own rules, reads that copy and
fails at the first node that differs. MACs are counted here, from those shapes and the definitions of the operators.

Beside the models may lie `truth.json`, a list of `{"file": ..., "inputs": {name: sizes}}` with `macs` and
`activation_macs` from elsewhere, or `params`. Open sizes are 1 for the images and 64 else where it says none.
Needs onnx and onnxruntime.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime

import cnncalc

OPEN = 64
"""The size of an axis that has none."""

TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}

Shapes = Mapping[str, tuple[int, ...]]


class Verdict(NamedTuple):
    """What comes of one model."""

    text: str
    good: bool
    compared: bool = True
    """Whether there was anything to compare with."""


def main() -> int:
    """A line a model; 1 where one differs."""
    verdicts = []
    for path, entry in models(sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            verdict = compared(path, entry, Path(folder) / "said.onnx")
        verdicts.append(verdict)
        sys.stdout.write(f"{path.name}: {verdict.text}\n")
        sys.stdout.flush()
    differ, held = sum(not one.good for one in verdicts), sum(one.compared for one in verdicts)
    sys.stdout.write(f"{len(verdicts)} models, {held} compared, {differ} differ\n")
    return 1 if differ else 0


def models(names: Sequence[str]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The files, and what `truth.json` has of each."""
    for name in names:
        folder = Path(name)
        if folder.is_file():
            yield folder, {}
            continue
        truth = folder / "truth.json"
        entries = json.loads(truth.read_text(encoding="utf-8")) if truth.is_file() else []
        said = {(folder / one["file"]).resolve(): one for one in entries if one.get("file")}
        for path in sorted(folder.rglob("*.onnx")):
            yield path, said.get(path.resolve(), {})


def compared(path: Path, entry: Mapping[str, Any], copy: Path) -> Verdict:
    """One model against a run, and against what is said of it."""
    try:
        model = onnx.load(str(path), load_external_data=True)
        sizes = _sized(model, entry.get("inputs") or {})
        shapes = measured(model)
    except Exception as error:  # whatever onnx and onnxruntime refuse: there is nothing to compare with
        return Verdict(f"not run by onnxruntime: {str(error).splitlines()[0][:100]}", True, False)
    constants = {one.name for one in model.graph.initializer}
    first = next((size for name, size in sizes.items() if name not in constants and size), (1,))
    whole = bool(entry.get("inputs")) and first[0] != 1  # the first axis is no batch: what is said of it has another
    images = 1 if whole else first[0]
    macs, between = (count // images for count in counted(model, shapes | sizes))
    del model.graph.value_info[:]
    for name, shape in shapes.items():
        model.graph.value_info.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    onnx.save(model, str(copy))
    options: dict[str, Any] = {"batch": not whole, "set": _settings(model)}
    try:
        graph = cnncalc.load(copy, **options)
    except cnncalc.CnncalcError as error:
        return Verdict(f"DIFFERS: {error.message} {' '.join(error.details)}"[:400], False)
    ours = cnncalc.macs(graph)
    found = {
        "MACs": (ours.total, macs + between),
        "MACs said": (ours.total, entry["macs"] + entry.get("activation_macs", 0)) if "macs" in entry else None,
        "params": (cnncalc.params(graph).total, entry["params"]) if "params" in entry else None,
    }
    if any(node.op_type in ("If", "Loop") for node in model.graph.node):
        found["MACs"] = None  # a run shows nothing of what lies in a branch
    wrong = [f"{what} {pair[0]:,}, not {pair[1]:,}" for what, pair in found.items() if pair and pair[0] != pair[1]]
    text = f"{len(shapes)} tensors agree, {ours.total:,} MACs, {cnncalc.params(graph).total:,} params"
    return Verdict(f"DIFFERS: {', '.join(wrong)}" if wrong else text, not wrong)


def _settings(model: onnx.ModelProto) -> dict[str, int]:
    """The value of an input that is a rate: networks for sound choose by it."""
    return {"sr": 16_000} if any(one.name == "sr" for one in model.graph.input) else {}


def _sized(model: onnx.ModelProto, given: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Give the inputs of a model their sizes, and its weights' shapes beside them."""
    constants = {one.name: tuple(one.dims) for one in model.graph.initializer}
    sizes = {}
    for one in model.graph.input:
        if one.name in constants:
            continue
        dims = one.type.tensor_type.shape.dim
        for axis, dim in enumerate(dims):
            if one.name in given:
                dim.dim_value = given[one.name][axis]
            elif dim.dim_value < 1:
                dim.dim_value = 1 if axis == 0 else OPEN
        sizes[one.name] = tuple(dim.dim_value for dim in dims)
    return sizes | constants


def measured(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that a run makes."""
    names = list(dict.fromkeys(name for node in model.graph.node for name in node.output if name))
    known = {output.name for output in model.graph.output}
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    zeros = {
        one.name: np.full(one.shape, _settings(model).get(one.name, 0), TYPES[one.type]) for one in session.get_inputs()
    }
    wanted = [one.name for one in session.get_outputs()]
    made = session.run(wanted, zeros)
    return {name: array.shape for name, array in zip(wanted, made, strict=True) if hasattr(array, "shape")}


# --- MACs, by the definitions of the operators ---------------------------------------------------------------------

PLACES = {
    # operator -> where it has what it reads, and its weights
    "Conv": ("conv", 0, 1),
    "ConvInteger": ("conv", 0, 1),
    "QLinearConv": ("conv", 0, 3),
    "DeformConv": ("conv", 0, 1),
    "ConvTranspose": ("upconv", 0, 1),
    "Gemm": ("product", 0, 1),
    "MatMul": ("product", 0, 1),
    "MatMulInteger": ("product", 0, 1),
    "QLinearMatMul": ("product", 0, 3),
    "QGemm": ("product", 0, 3),
    "LSTM": ("states", 0, 1),
    "GRU": ("states", 0, 1),
    "RNN": ("states", 0, 1),
    "DynamicQuantizeLSTM": ("states", 0, 1),
    "Einsum": ("letters", 0, 1),
}


def counted(model: onnx.ModelProto, shapes: Shapes) -> tuple[int, int]:
    """MACs with weights, and those of two tensors that both come from the input."""
    alive = {one.name for one in model.graph.input} - {one.name for one in model.graph.initializer}
    weights = between = 0
    for node in model.graph.node:
        if any(name in alive for name in node.input):
            alive.update(node.output)
        if node.op_type not in PLACES:
            continue
        how, left, right = PLACES[node.op_type]
        pair = [node.input[left], node.input[right]]
        count = _count(how, node, shapes[pair[0]], shapes[pair[1]], shapes.get(node.output[0], ()))
        if all(name in alive for name in pair):
            between += count
        else:
            weights += count
    return weights, between


def _count(how: str, node: onnx.NodeProto, one: tuple[int, ...], other: tuple[int, ...], out: tuple[int, ...]) -> int:
    own = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    if how == "conv":  # each output, times the inputs of a group and the taps
        return prod(out) * prod(other[1:])
    if how == "upconv":  # each input, times the outputs of a group and the taps
        return prod(one) * prod(other[1:])
    if how == "product":
        inner = one[0] if own.get("transA") else one[-1]
        return prod(out) * inner
    if how == "states":  # W is directions x parts of hidden x features
        steps = one[0] * one[1]
        ways, rows, features = other if node.op_type != "DynamicQuantizeLSTM" else (other[0], other[2], other[1])
        hidden = own["hidden_size"]
        return steps * ways * rows * (features + hidden)
    left, right = own["equation"].decode().replace(" ", "").partition("->")[0].split(",")
    return prod((dict(zip(left, one, strict=True)) | dict(zip(right, other, strict=True))).values())


if __name__ == "__main__":
    sys.exit(main())
