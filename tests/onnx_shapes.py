"""Whether every tensor of ONNX models has the shape that onnxruntime gives it.

    python tests/onnx_shapes.py model.onnx ... [folder ...]

Each model is run by onnxruntime on zeros with every tensor as an output. The shapes that it makes are written into a
copy as what the file says of them; cnncalc, which holds what a file says against its own rules, reads that copy and
fails at the first node that differs. Open sizes are 1 for the images and 64 else. Needs onnx and onnxruntime.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import cnncalc

OPEN = 64
"""The size of an axis that has none."""

TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}


def main() -> int:
    """A line a model; how many differ."""
    paths = [
        path for name in sys.argv[1:] for path in ([Path(name)] if Path(name).is_file() else Path(name).rglob("*.onnx"))
    ]
    differ = 0
    for path in sorted(paths):
        with tempfile.TemporaryDirectory() as folder:
            verdict, good = compared(path, Path(folder) / "said.onnx")
        differ += not good
        sys.stdout.write(f"{path.name}: {verdict}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(paths)} models, {differ} differ\n")
    return 1 if differ else 0


def compared(path: Path, copy: Path) -> tuple[str, bool]:
    """What comes of one model, and whether nothing differs."""
    model = onnx.load(str(path))
    try:
        shapes = measured(model)
    except Exception as error:  # whatever onnxruntime refuses: there is nothing to compare with
        return f"not run by onnxruntime: {str(error).splitlines()[0][:100]}", True
    del model.graph.value_info[:]
    for name, shape in shapes.items():
        model.graph.value_info.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    onnx.save(model, str(copy))
    try:
        graph = cnncalc.load(copy)
    except cnncalc.CnncalcError as error:
        return f"DIFFERS: {error.message[:300]}", False
    return (
        f"{len(shapes)} tensors agree, {cnncalc.macs(graph).total:,} MACs, {cnncalc.params(graph).total:,} params",
        True,
    )


def measured(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that a run makes. The inputs of the model are given their sizes."""
    names = list(dict.fromkeys(name for node in model.graph.node for name in node.output if name))
    known = {output.name for output in model.graph.output}
    for given in model.graph.input:
        for axis, dim in enumerate(given.type.tensor_type.shape.dim):
            if dim.dim_value < 1:
                dim.dim_value = 1 if axis == 0 else OPEN
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    zeros = {one.name: np.zeros(one.shape, TYPES[one.type]) for one in session.get_inputs()}
    wanted = [one.name for one in session.get_outputs()]
    made = session.run(wanted, zeros)
    return {name: array.shape for name, array in zip(wanted, made, strict=True) if hasattr(array, "shape")}


if __name__ == "__main__":
    sys.exit(main())
