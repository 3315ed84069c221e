"""Single layers against onnxruntime, an independent witness."""

from __future__ import annotations

import numpy as np
import pytest

from cnncalc.kernels import KERNELS, Tally
from cnncalc.layers import KINDS

onnx = pytest.importorskip("onnx", reason="no onnx: pip install onnx onnxruntime")
runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install onnxruntime")

# fmt: off
ONNX = [
    # kind, our arguments, operator, its attributes
    ("conv", {"out": 6, "kernel": 3, "stride": 2, "padding": [[1, 0], [2, 1]], "groups": 2, "bias": False},
     "Conv", {"strides": [2, 2], "pads": [1, 2, 0, 1], "group": 2}),
    ("conv", {"out": 4, "kernel": [3, 2], "dilation": [2, 3], "bias": False}, "Conv", {"dilations": [2, 3]}),
    ("conv", {"out": 4, "kernel": 3, "stride": 2, "padding": "same", "bias": False},
     "Conv", {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("depthwise", {"kernel": 3, "padding": 1, "bias": False}, "Conv", {"pads": [1] * 4, "group": 4}),
    ("maxpool", {"kernel": 3, "stride": 2, "padding": 1, "round": "ceil"},
     "MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4, "ceil_mode": 1}),
    ("avgpool", {"kernel": 3, "stride": 2, "padding": 1},
     "AveragePool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4, "count_include_pad": 1}),
    ("globalavgpool", {}, "GlobalAveragePool", {}),
]
# fmt: on


@pytest.mark.parametrize(("kind", "arguments", "operator", "attributes"), ONNX)
def test_layers_compute_what_onnxruntime_computes(kind, arguments, operator, attributes):
    """A model of one operator, run by onnxruntime."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4, 10, 11)).astype(np.float32)
    layer = KINDS[kind].read(arguments, 2)
    shapes = layer.weights(x.shape)
    weights = {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    ours = KERNELS[kind].forward(layer, (x,), weights, Tally())
    helper, single = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node(operator, ["x", *weights], ["y"], **attributes)
    given = [helper.make_tensor_value_info("x", single, [1, *x.shape])]
    result = [helper.make_tensor_value_info("y", single, [1, *ours.shape])]
    constants = [onnx.numpy_helper.from_array(w, name) for name, w in weights.items()]
    model = helper.make_model(
        helper.make_graph([node], "one", given, result, constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {"x": x[None]})

    np.testing.assert_allclose(ours, expected[0], rtol=1e-4, atol=1e-4)
