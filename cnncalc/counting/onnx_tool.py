"""onnx-tool 1.0.1 on the file that PyTorch's exporter writes, in which batch norms after convolutions are folded."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Node
from .base import BIASED, FAILS, IN, JOINED, OUT, OWN, UPCONV, Rule, Term, Tool, both, nothing, own, size, times
from .onnx import CUBIC, operators
from .recurrent import biases

DIVIDE, EXP, ROOT, LOG = 4, 32, 24, 43
TANH = EXP + 2 + DIVIDE
"""What it says that one costs, in MACs."""


def _layernorm(node: Node) -> int:
    """Seven an element; for each of the first axis that it goes over an addition, a root and a division."""
    n = size(node.output)
    rows = n // size(node.output[:1])
    return 7 * n + rows * (1 + ROOT + DIVIDE)


def _pooled(node: Node) -> int:
    """Outputs times a window, of which it multiplies two sides at the most: with one or three axes the first alone."""
    taps = int(node.work["pool"]) // size(node.output)
    sides = vars(node.layer).get("kernel")
    return size(node.output) * (taps if not sides or len(sides) == 2 else int(sides[0]))


def _upconv(node: Node) -> Iterable[Term]:
    """Outputs times the filters of a group and the window, where the channels that come in are meant."""
    taps = size(node.weights["weight"][1:])
    yield Term(UPCONV, 1, int(size(node.output) * taps - node.macs))


def _recurrent(each: int) -> Rule:
    """Biases, and so many operations for each step and number of the state, of one direction alone."""

    def rule(node: Node) -> Iterable[Term]:
        yield from biases(node)
        yield Term(OWN, each, int(node.incoming[0][1] * vars(node.layer)["hidden"]))

    return rule


def _upsampled(node: Node) -> int:
    return size(node.output) * {"nearest": 0, "bilinear": 4, "bicubic": 8}[vars(node.layer)["mode"]]


RULES: dict[str, Rule] = {
    "Conv": times(1, BIASED),
    "ConvTranspose": both(_upconv, times(1, BIASED)),
    "Gemm": times(1, BIASED),
    "MatMul": nothing,
    "Add": times(1, JOINED),
    "Sub": times(1, JOINED),
    "Mul": times(1, JOINED),
    "Div": times(DIVIDE, JOINED),
    "Max": times(1, JOINED),
    "Min": times(1, JOINED),
    "AddNumber": times(1, OUT),
    "SubNumber": times(1, OUT),
    "MulNumber": times(1, OUT),
    "DivNumber": times(DIVIDE, OUT),
    "MaxPool": own(_pooled),
    "AveragePool": own(_pooled),
    "GlobalAveragePool": both(times(1, IN), times(DIVIDE, OUT)),
    "ReduceMean": times(1, IN),
    "ReduceSum": times(1, IN),
    "ReduceMax": times(1, IN),
    "ReduceL2": times(1 + ROOT, IN),
    "BatchNormalization": times(1 + ROOT + DIVIDE + 1 + 1, OUT),
    "InstanceNormalization": times(1 + 1 + 1 + DIVIDE, OUT),
    "LayerNormalization": own(_layernorm),
    "Relu": times(1, OUT),
    "Clip": times(2, OUT),
    "LeakyRelu": times(2, OUT),
    "PRelu": times(2, OUT),
    "Elu": times(1 + EXP + 1 + 1, OUT),
    "Sigmoid": times(EXP, OUT),
    "Tanh": times(2 * TANH, OUT),
    "Softplus": times(EXP + 1 + LOG, OUT),
    "Softmax": times(EXP + DIVIDE, OUT),
    "HardSigmoid": times(4, OUT),
    "HardSwish": times(5, OUT),
    "Exp": times(EXP, OUT),
    "Log": times(LOG, OUT),
    "Pow": times(EXP, OUT),
    "Sqrt": times(ROOT, OUT),
    "Abs": times(1, OUT),
    "Neg": times(1, OUT),
    "Resize": own(_upsampled),
    CUBIC: own(_upsampled),
    "LSTM": _recurrent(4 + 3 * EXP + 2 * TANH + 4),
    "GRU": _recurrent(3 + 2 * EXP + TANH + 5),
}

ONNX_TOOL = Tool(
    name="onnx-tool",
    version="1.0.1",
    word="MACs",
    about="the exported ONNX: MACs with biases, 32 an exponential, 31 an element of a norm that is not folded, joins",
    omits="concatenations, reshapes and other movements of elements, erf",
    sees=operators,
    rules=RULES,
    quiet=frozenset(
        {
            "Erf",
            "Concat",
            "Reshape",
            "Flatten",
            "Transpose",
            "Slice",
            "Split",
            "Pad",
            "DepthToSpace",
            "SpaceToDepth",
            "Gather",
        }
    ),
    source="onnx_tool/node.py",
    unknown=FAILS,
    folds=1,
)
