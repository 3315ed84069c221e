"""HaoLine 1.3, onnx-opcounter 0.0.4 and onnxsim 0.8.1, which read the file that PyTorch's exporter writes."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Node
from .base import (
    AXES,
    BIASED,
    FAILS,
    IN,
    OUT,
    OWN,
    TRANSPOSED,
    Rule,
    Term,
    Tool,
    all_of_it,
    nothing,
    own,
    size,
    times,
    upconv_at_outputs,
)
from .onnx import CUBIC, UNEVEN, operators


def _two_axes(node: Node) -> Iterable[Term]:
    """Of the weight and of the output as if a map had two axes: none with one, the first two and last two of three."""
    weight, output = node.weights["weight"], node.output
    places = size(output[-2:])
    macs = size(weight[:4]) * places if len(weight) >= 4 else 0
    yield Term(AXES, 2, int(macs - node.macs))
    yield Term(BIASED, 1, size(output[:1]) * places if "bias" in node.weights and len(weight) >= 4 else 0)


def _transposed(node: Node) -> Iterable[Term]:
    """The weight of a linear layer is stored (out, in), and read (in, out): where these differ the layer is nothing."""
    out, inner = node.weights["weight"]
    yield Term(TRANSPOSED, 2, all_of_it(node) if out != inner else 0)
    yield from times(1, BIASED)(node)


def _resized_by(node: Node) -> Iterable[Term]:
    """An element out, and the factors: a constant is an operator too."""
    yield from times(1, OUT)(node)
    yield Term(OWN, 1, len(node.output) + 1)


HAOLINE = Tool(
    name="haoline",
    version="1.3.0",
    word="FLOPs",
    about="the exported ONNX: 2 a MAC, biases, an element out of every other operator, movements too",
    omits="transposed convolutions but their outputs, and linear layers whose weight is transposed and not square",
    factor=2,
    sees=operators,
    rules={
        "Conv": _two_axes,
        "Gemm": _transposed,
        "MatMul": nothing,
        "Softmax": times(5, OUT),
        "LayerNormalization": times(5, OUT),
        "BatchNormalization": times(2, OUT),
        "Resize": _resized_by,
        CUBIC: _resized_by,
    },
    otherwise=times(1, OUT),
    unknown=FAILS,
    refused=frozenset({UNEVEN}),
    source="haoline/analyzer.py",
    folds=1,
)


def _resized(node: Node) -> int:
    """Eleven an element of a linear one."""
    return 11 * size(node.output) if vars(node.layer)["mode"] == "bilinear" else 0


OPCOUNTER_RULES: dict[str, Rule] = {
    "Conv": nothing,
    "ConvTranspose": upconv_at_outputs,
    "Gemm": nothing,
    "MatMul": nothing,
    "BatchNormalization": times(2, OUT),
    "Relu": times(1, IN),
    "Add": times(1, IN),
    "AddNumber": times(1, IN),
    "Resize": own(_resized),
}

OPCOUNTER = Tool(
    name="onnx-opcounter",
    version="0.0.4",
    word="MACs",
    about="the exported ONNX: MACs without biases, and an element out of every operator that it does not know",
    omits="biases, reshapes, transposes, slices and splits",
    sees=operators,
    rules=OPCOUNTER_RULES,
    quiet=frozenset({"Reshape", "Slice", "Transpose", "Split", "Gather"}),
    otherwise=times(1, OUT),
    unknown=FAILS,
    refused=frozenset({UNEVEN, CUBIC}),
    source="onnx_opcounter/onnx_opcounter.py calculate_macs",
    folds=0,
)

ONNXSIM = Tool(
    name="onnxsim",
    version="0.8.1",
    word="MACs",
    about="the exported ONNX: MACs without biases, of Conv, ConvTranspose, Gemm and MatMul (its FLOPs are twice these)",
    omits="every other operator, without a word",
    sees=operators,
    rules=dict.fromkeys(("Conv", "ConvTranspose", "Gemm", "MatMul"), nothing),
    otherwise=nothing,
    unknown=FAILS,
    refused=frozenset({UNEVEN}),
    source="onnxsim/model_info.py",
    folds=0,
    also=("onnx-simplifier",),
)
