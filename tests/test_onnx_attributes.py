"""The attributes of the operators of ONNX, one small model each: the numbers are onnxruntime's, or it is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc

onnx = pytest.importorskip("onnx", reason="no onnx: pip install onnx")
runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install onnxruntime")
from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

DRAW = np.random.default_rng(11)
END = (1 << 63) - 1
TYPES = {"float32": 1, "int64": 7, "uint8": 2, "bool": 9, "int32": 6, "int8": 3}


def node(op: str, inputs: str, outputs: str = "y", domain: str = "", **attributes: Any) -> Any:
    """One operator; `-` stands for an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), domain=domain, **attributes)


def drawn(*shape: int) -> Any:
    """Normal numbers in single precision."""
    return DRAW.normal(size=shape).astype(np.float32)


def real(*numbers: float) -> Any:
    """A constant of floats; of one it is the number."""
    return np.array(numbers if len(numbers) != 1 else numbers[0], np.float32)


def ints(*numbers: int) -> Any:
    """A constant of whole numbers."""
    return np.array(numbers, np.int64)


MAP, LINE, ROW, SEQUENCE, VOLUME = drawn(1, 4, 6, 7), drawn(1, 4, 9), drawn(1, 10), drawn(1, 7, 6), drawn(1, 2, 4, 5, 6)
POSITIVE = np.abs(MAP) + np.float32(0.1)


class Case:
    """A model, and what it is run on."""

    def __init__(
        self, nodes: Any, x: Any = None, opset: int = 17, outputs: str = "y", moved: bool = False, **constants: Any
    ) -> None:
        self.nodes = nodes if isinstance(nodes, list) else [nodes]
        x = MAP if x is None else x
        self.inputs = x if isinstance(x, dict) else {"x": x}
        self.opset, self.outputs, self.constants = opset, outputs.split(), constants
        if moved:  # an operator that does nothing is no network: a sign goes before it
            self.nodes = [node("Neg", "x", "first"), *self.nodes]
            for one in self.nodes[1:]:
                one.input[:] = ["first" if name == "x" else name for name in one.input]

    def __str__(self) -> str:
        attributes = {one.name: helper.get_attribute_value(one) for each in self.nodes for one in each.attribute}
        sizes = {name: list(value.shape) for name, value in self.constants.items()}
        return f"{'+'.join(one.op_type for one in self.nodes)} {self.opset} {attributes} {sizes}"

    def model(self) -> bytes:
        """As a file."""
        read = {name for each in self.nodes for name in each.input}
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "g",
            [value(name, TYPES[str(x.dtype)], x.shape) for name, x in self.inputs.items()],
            [value(name, 1, None) for name in self.outputs],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items() if name in read],
        )
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        content: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
        return content


# fmt: off
def windows() -> Iterator[Case]:
    """Convolutions and pools: how they are padded, stepped and spread."""
    w, b = drawn(5, 4, 3, 2), drawn(5)
    for way, steps, spread in product(("", "SAME_UPPER", "SAME_LOWER", "VALID"), ([1, 1], [2, 2], [2, 3]), ([1, 1], [2, 1])):
        around = {"auto_pad": way} if way else {"pads": [1, 0, 2, 1]}
        yield Case(node("Conv", "x w b", strides=steps, dilations=spread, kernel_shape=[3, 2], **around), w=w, b=b)
    yield Case(node("Conv", "x w", group=2), w=drawn(6, 2, 3, 3))
    yield Case(node("Conv", "x w", group=4), w=drawn(8, 1, 3, 3))
    yield Case(node("Conv", "x w"), LINE, w=drawn(3, 4, 3))
    yield Case(node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2, 2]), VOLUME, w=drawn(3, 2, 3, 3, 3))
    yield Case(node("Conv", "x w", pads=[0, 2, 0, 2]), w=drawn(5, 4, 1, 1))
    yield Case(node("Conv", "x w", strides=[2, 2]), w=drawn(5, 4, 1, 1))
    for own in (
        {}, {"strides": [2, 3]}, {"strides": [2, 2], "pads": [1, 1, 0, 1]}, {"strides": [2, 2], "output_padding": [1, 0]},
        {"dilations": [2, 1]}, {"strides": [3, 2], "output_shape": [16, 14]}, {"strides": [2, 2], "output_shape": [12, 14]},
        {"strides": [2, 2], "output_shape": [13, 15], "auto_pad": "SAME_UPPER"}, {"strides": [3, 3], "output_shape": [20, 22]},
        {"strides": [2, 2], "output_padding": [1, 1], "output_shape": [13, 15]},
        *({"strides": [2, 2], "auto_pad": way} for way in ("SAME_UPPER", "SAME_LOWER", "VALID")),
    ):
        yield Case(node("ConvTranspose", "x w b", **own), w=drawn(4, 3, 3, 3), b=drawn(3))
    yield Case(node("ConvTranspose", "x w", group=2, strides=[2, 2]), w=drawn(4, 3, 3, 3))
    yield Case(node("ConvTranspose", "x w", group=4), w=drawn(4, 1, 2, 2))
    yield Case(node("ConvTranspose", "x w", strides=[2]), LINE, w=drawn(4, 3, 3))
    yield Case(node("ConvTranspose", "x w", strides=[2, 1, 2]), VOLUME, w=drawn(2, 3, 3, 3, 3))
    yield Case(node("DeformConv", "x w o"), {"x": MAP, "o": drawn(1, 18, 4, 5)}, 19, w=drawn(5, 4, 3, 3))
    yield Case(node("DeformConv", "x w o b m", pads=[1] * 4, strides=[2, 2], offset_group=2),
               {"x": MAP, "o": drawn(1, 36, 3, 4), "m": drawn(1, 18, 3, 4)}, 19, w=drawn(5, 4, 3, 3), b=b)
    half = {"strides": [2, 2]}
    for op in ("MaxPool", "AveragePool", "LpPool"):
        for own in (
            {}, half, half | {"pads": [1, 1, 1, 1]}, half | {"pads": [0, 1, 1, 0]}, half | {"auto_pad": "SAME_UPPER"},
            half | {"auto_pad": "SAME_LOWER"}, {"auto_pad": "VALID"}, half | {"ceil_mode": 1}, {"dilations": [2, 2]},
            half | {"ceil_mode": 1, "pads": [1, 1, 1, 1]}, half | {"dilations": [2, 1], "ceil_mode": 1},
            {"strides": [3, 3], "ceil_mode": 1, "pads": [1, 0, 1, 0]},
        ):
            for counted in ({"count_include_pad": n} for n in (0, 1)) if op == "AveragePool" else ({},):
                kernel = [3, 3] if "pads" in own else [3, 2]
                yield Case(node(op, "x", kernel_shape=kernel, **own, **counted), opset=18 if op == "LpPool" else 19)
    for p in (1, 3):
        yield Case(node("LpPool", "x", kernel_shape=[2, 2], p=p))
    yield Case(node("MaxPool", "x", kernel_shape=[3]), LINE)
    yield Case(node("AveragePool", "x", kernel_shape=[2, 2, 2]), VOLUME)
    yield Case(node("MaxPool", "x", kernel_shape=[3] * 3, strides=[2] * 3, pads=[1] * 6), VOLUME)
    yield Case(node("AveragePool", "x", kernel_shape=[2, 2]), opset=7)
    yield Case(node("MaxPool", "x", kernel_shape=[2, 2]), opset=8)
    for op, x in product(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), (MAP, LINE)):
        yield Case(node(op, "x"), x)


def norms() -> Iterator[Case]:
    """By their operators, and written out over any axes."""
    four = {name: drawn(4) for name in "abc"} | {"d": np.abs(drawn(4))}
    for opset in (7, 8, 9, 13, 14, 15):
        yield Case(node("BatchNormalization", "x a b c d", epsilon=1e-3), opset=opset, **four)
    for x in (ROW, SEQUENCE):
        n = x.shape[1]
        yield Case(node("BatchNormalization", "x a b c d"), x, a=drawn(n), b=drawn(n), c=drawn(n), d=np.abs(drawn(n)))
    for x in (MAP, LINE):
        yield Case(node("InstanceNormalization", "x a b"), x, a=drawn(4), b=drawn(4))
    for axis in (-1, 1, 2, 3, -2):
        size = MAP.shape[axis:]
        yield Case(node("LayerNormalization", "x a b", axis=axis), a=drawn(*size), b=drawn(*size))
        yield Case(node("LayerNormalization", "x a", axis=axis), a=drawn(*size))
        yield Case(node("RMSNormalization", "x a", axis=axis), opset=23, a=drawn(*size))
    yield Case(node("LayerNormalization", "x a b"), SEQUENCE, a=drawn(6), b=drawn(6))
    yield Case(node("GroupNormalization", "x a b", num_groups=2), opset=21, a=drawn(4), b=drawn(4))
    yield Case(node("GroupNormalization", "x a b", num_groups=2), opset=18, a=drawn(2), b=drawn(2))
    for size in (2, 3, 5):
        yield Case(node("LRN", "x", size=size))
    yield Case(node("LRN", "x", size=3, alpha=0.1, beta=0.5, bias=2.0))
    yield Case(node("MeanVarianceNormalization", "x"))
    yield Case(node("MeanVarianceNormalization", "x", axes=[1, 2, 3]))
    for p, axis in product((1, 2), (1, -1, 2)):
        yield Case(node("LpNormalization", "x", p=p, axis=axis))
    for axes in ([1], [1, 2, 3], [2, 3], [3], [1, 3], [2], [1, 2]):
        out = [
            node("ReduceMean", "x", "m", axes=axes), node("Sub", "x m", "d"), node("Mul", "d d", "q"),
            node("ReduceMean", "q", "v", axes=axes), node("Add", "v e", "w"), node("Sqrt", "w", "s"), node("Div", "d s", "o"),
        ]
        affine, e = [node("Mul", "o g", "p"), node("Add", "p h")], real(1e-5)
        size = [n if axis in axes else 1 for axis, n in enumerate(MAP.shape[1:], 1)]
        yield Case([*out, node("Relu", "o")], e=e)
        yield Case(out + affine, e=e, g=drawn(4, 1, 1), h=drawn(4, 1, 1))
        yield Case(out + affine, e=e, g=drawn(*size), h=drawn(*size))
        yield Case([*out, node("Mul", "o g")], e=e, g=drawn(7))


def reductions() -> Iterator[Case]:
    """Over one axis, several, or all, which stay or go; and softmax."""
    for op in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Sum", "SumSquare", "Prod"):
        opset = 13 if op == "Sum" else 18
        for axes, kept in product(([1], [3], [1, 3], [2, 3], [1, 2, 3], [-1], [-2, 1]), (0, 1)):
            yield Case(node(f"Reduce{op}", "x a", keepdims=kept), POSITIVE, opset, a=ints(*axes))
        yield Case(node(f"Reduce{op}", "x"), POSITIVE, 13)
    yield Case(node("ReduceSum", "x", noop_with_empty_axes=1), opset=18, moved=True)
    for op, axis, kept in product(("ArgMax", "ArgMin"), (1, 2, -1), (0, 1)):
        yield Case([node(op, "x", "i", axis=axis, keepdims=kept), node("Cast", "i", to=1)])
    yield Case([node("ArgMax", "x", "i", axis=1, select_last_index=1), node("Cast", "i", to=1)])
    for op, opset in product(("Softmax", "LogSoftmax", "Hardmax"), (11, 13)):
        yield Case(node(op, "x"), opset=opset)
        yield Case(node(op, "x"), ROW, opset)
        for axis in (1, 2, 3, -1, -2):
            yield Case(node(op, "x", axis=axis), opset=opset)
    for axis, merged in ((-1, (1, 4, 42)), (1, (1, 24, 7))):
        nodes = [node("Reshape", "x s", "r"), node("Softmax", "r", "q", axis=axis), node("Reshape", "q z")]
        yield Case(nodes, s=ints(*merged), z=ints(1, 4, 6, 7))


def elements() -> Iterator[Case]:
    """Activations, comparisons, arithmetic with numbers, learned tensors and each other."""
    for op in (
        "Abs Ceil Cos Elu Erf Exp Floor HardSigmoid HardSwish LeakyRelu Mish Neg Relu Round Selu Sigmoid Sign Sin Softplus "
        "Softsign Tanh Celu ThresholdedRelu Shrink Tan Atan Sinh Cosh Asinh"
    ).split():
        yield Case(node(op, "x"), opset=18)
    for op in ("Log", "Sqrt", "Reciprocal"):
        yield Case(node(op, "x"), POSITIVE)
    for op, own in (
        ("Elu", {"alpha": 0.3}), ("Selu", {"alpha": 1.2, "gamma": 0.9}), ("LeakyRelu", {"alpha": 0.3}), ("Celu", {"alpha": 0.7}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}), ("ThresholdedRelu", {"alpha": 0.5}), ("Shrink", {"lambd": 0.3, "bias": 0.1}),
    ):
        yield Case(node(op, "x", **own))
    yield Case(node("Gelu", "x"), opset=20)
    yield Case(node("Gelu", "x", approximate="tanh"), opset=20)
    yield Case(node("Gelu", "x", domain="com.microsoft"))
    yield Case(node("FastGelu", "x b", domain="com.microsoft"), b=drawn(7))
    yield Case(node("Swish", "x"), opset=24)
    for size in ((4, 1, 1), (1, 1, 1), (1,), (1, 4, 1, 1), (7,), (4, 6, 7), (1, 6, 1)):
        yield Case(node("PRelu", "x s"), s=drawn(*size))
    yield Case(node("PRelu", "x s"), {"x": MAP, "s": drawn(1, 4, 6, 7)})
    for bounds in ("x l h", "x l", "x - h"):
        yield Case(node("Clip", bounds), l=real(-0.5), h=real(0.7))
    yield Case(node("Clip", "x"), moved=True)
    yield Case(node("Clip", "x", min=-0.5, max=0.7), opset=6)
    yield Case(node("Clip", "x l h"), l=real(0), h=real(6))
    for opset, own in ((7, {"ratio": 0.3}), (10, {"ratio": 0.3}), (12, {}), (13, {})):
        yield Case(node("Dropout", "x", **own), opset=opset, moved=True)
    yield Case(node("Dropout", "x r t"), opset=13, moved=True, r=real(0.3), t=np.array(False))
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Mod"):
        own = {"fmod": 1} if op == "Mod" else {}
        for size in ((), (1,), (4, 1, 1), (7,), (4, 6, 7), (1, 4, 1, 7), (6, 1)):
            c = np.asarray(np.abs(drawn(*size)) + 0.5, np.float32)
            yield Case(node(op, "x c", **own), POSITIVE, c=c)
            yield Case(node(op, "c x", **own), POSITIVE, c=c)
        for size in ((1, 4, 6, 7), (1, 4, 1, 1), (1, 1, 6, 1)):
            yield Case(node(op, "z x", **own), {"x": POSITIVE, "z": np.asarray(np.abs(drawn(*size)) + 0.5, np.float32)})
    yield Case(node("Max", "x c d"), c=real(0.1), d=drawn(4, 1, 1))
    yield Case(node("Sum", "x c x"), c=drawn(4, 1, 1))
    yield Case(node("Mean", "x c"), c=drawn(4, 1, 1))
    yield Case(node("Mean", "x z"), {"x": MAP, "z": drawn(1, 4, 6, 7)})
    for op in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"):
        for reads, x, more in (("x c", MAP, {"c": real(0.2)}), ("c x", MAP, {"c": real(0.2)}), ("x c", MAP, {"c": drawn(4, 1, 1)}),
                               ("x z", {"x": MAP, "z": drawn(1, 4, 6, 7)}, {})):
            yield Case([node(op, reads, "b"), node("Cast", "b", to=1)], x, **more)
    sides = [node("Greater", "x c", "a"), node("Less", "x d", "b")]
    for op in ("And", "Or", "Xor"):
        yield Case([*sides, node(op, "a b", "e"), node("Cast", "e", to=1)], c=real(0.2), d=real(0.5))
    yield Case([sides[0], node("Not", "a", "b"), node("Cast", "b", to=1)], c=real(0.2))
    yield Case([sides[0], node("Where", "a x d")], c=real(0.2), d=real(-1))
    yield Case([sides[0], node("Where", "a d x")], c=real(0.2), d=drawn(4, 1, 1))
    yield Case(node("Where", "m x c"), c=real(0), m=drawn(6, 7) > 0)
    for first, to in product(("LeakyRelu", "Elu"), (3, 6, 7, 9)):
        scaled = [node("Mul", "x c", "m"), node(first, "m", "f")]
        yield Case([*scaled, node("Cast", "f", "i", to=to), node("Cast", "i", to=1)], c=real(4))
    yield Case([node("Cast", "x", "i", to=7), node("Cast", "i", to=1)])


def products() -> Iterator[Case]:
    """Linear layers and products."""
    for turned, other, alpha, beta, shift in product((0, 1), (0, 1), (1.0, 0.5), (1.0, 2.0), ((), (3,), (1, 3))):
        first = [node("Transpose", "x", "t", perm=[1, 0])] if turned else []
        made = node("Gemm", f"{'t' if turned else 'x'} w{' c' if shift else ''}", transA=turned, transB=other, alpha=alpha, beta=beta)
        yield Case([*first, made], ROW, w=drawn(3, 10) if other else drawn(10, 3), c=drawn(*shift))
    large = [node("Transpose", "x", "t", perm=[1, 0]), node("Gemm", "t w c", transA=1, transB=1, alpha=0.5, beta=2.0)]
    yield Case(large, ROW, w=drawn(300, 10), c=drawn(300))
    yield Case([node("Gemm", "a w", "m"), node("Mul", "x m")], drawn(1, 300), a=drawn(1, 90), w=drawn(90, 300))
    yield Case(node("MatMul", "x w"), drawn(1, 90), w=drawn(90))
    yield Case(node("Gemm", "x w c"), ROW, w=drawn(10, 3), c=real(0.5))
    yield Case(node("Gemm", "x w c"), {"x": ROW, "w": drawn(10, 3)}, c=drawn(3))
    yield Case(node("Gemm", "x w c", beta=0.5), {"x": ROW, "c": drawn(1, 3)}, w=drawn(10, 3))
    yield Case(node("Gemm", "x w", transB=1), {"x": drawn(1, 5), "w": drawn(1, 5)})
    for size in ((7, 3), (1, 7, 3), (4, 7, 3), (1, 1, 7, 3), (7,)):
        yield Case(node("MatMul", "x w"), w=drawn(*size))
    for size in ((3, 6), (1, 3, 6), (4, 3, 6), (6,)):
        yield Case(node("MatMul", "w x"), w=drawn(*size))
    yield Case(node("MatMul", "x w"), ROW, w=drawn(10, 3))
    yield Case(node("MatMul", "x w"), ROW, w=drawn(10))
    yield Case(node("MatMul", "x w"), SEQUENCE, w=drawn(6, 2))
    for size in ((1, 4, 7, 3), (1, 1, 7, 3)):
        yield Case(node("MatMul", "x z"), {"x": MAP, "z": drawn(*size)})
    for form, size in (("bchw,cd->bdhw", (4, 3)), ("bchw,dc->bhwd", (3, 4)), ("bchw,wv->bchv", (7, 2)), ("nchw,chw->nchw", (4, 6, 7))):
        yield Case(node("Einsum", "x w", equation=form), w=drawn(*size))
    for form, size in (("bchw,bcij->bhwij", (1, 4, 2, 3)), ("bchw,bchw->bc", (1, 4, 6, 7)), ("bchw,bdhw->bcd", (1, 3, 6, 7))):
        yield Case(node("Einsum", "x z", equation=form), {"x": MAP, "z": drawn(*size)})
    yield Case(node("Einsum", "x", equation="bchw->bhwc"), moved=True)
    yield Case(node("Einsum", "x", equation="bchw->bc"))


def moves() -> Iterator[Case]:
    """What cuts, turns, pads and repeats."""
    for size in ((0, -1), (1, 2, 2, 42), (1, -1, 7), (4, 42), (1, 4, -1), (-1,), (1, 6, 4, 7), (0, 0, -1)):
        yield Case(node("Reshape", "x s"), s=ints(*size), moved=True)
    for axis in (0, 1, 2, 3, -1, -2):
        yield Case(node("Flatten", "x", axis=axis), moved=True)
    for order in permutations((1, 2, 3)):
        turned = node("Transpose", "x", "t", perm=[0, *order])
        yield Case([turned, node("Reshape", "t s")], s=ints(1, -1), moved=True)
        yield Case([turned, node("Softmax", "t", axis=-1)], moved=True)
        yield Case([turned, node("Conv", "t w")], w=drawn(3, MAP.shape[order[0]], 2, 2), moved=True)
    yield Case([node("Unsqueeze", "x a", "u"), node("Relu", "u", "r"), node("Squeeze", "r a")], a=ints(2))
    yield Case([node("Unsqueeze", "x a", "u"), node("Relu", "u")], a=ints(1, -1))
    yield Case([node("ReduceMean", "x", "m", axes=[2, 3]), node("Squeeze", "m")])
    yield Case([node("ReduceMean", "x", "m", axes=[2, 3]), node("Squeeze", "m", axes=[2])], opset=11)
    for mode in ("DCR", "CRD"):
        yield Case(node("DepthToSpace", "x", blocksize=2, mode=mode), drawn(1, 8, 3, 2))
    yield Case(node("SpaceToDepth", "x", blocksize=2), drawn(1, 3, 4, 6))
    for axis in (1, 2, 3, -1):
        yield Case(node("Concat", "x z", axis=axis), {"x": MAP, "z": drawn(1, 4, 6, 7)})
        yield Case(node("Concat", "c x", axis=axis), c=drawn(1, 4, 6, 7))
    for starts, ends, axes, steps in (
        ([1], [3], [1], [1]), ([-2], [END], [2], [1]), ([0], [END], [3], [2]), ([-1], [-END], [3], [-1]), ([5], [1], [3], [-1]),
        ([-1], [-5], [2], [-2]), ([END], [-END], [2], [-3]), ([0, 1], [3, 5], [1, 3], [1, 2]), ([1], [-1], [-1], [1]),
        ([100], [-100], [2], [-1]), ([-100], [100], [2], [3]), ([6], [0], [3], [-2]),
    ):
        yield Case(node("Slice", "x s e a t"), s=ints(*starts), e=ints(*ends), a=ints(*axes), t=ints(*steps))
    yield Case(node("Slice", "x s e"), s=ints(0, 1), e=ints(1, 3))
    yield Case(node("Slice", "x s e - t"), s=ints(0, 0, 0, 0), e=ints(1, 4, 6, 7), t=ints(1, 1, 2, 3))
    yield Case(node("Slice", "x", starts=[1], ends=[3], axes=[2]), opset=9)
    yield Case(node("Split", "x", "y z", axis=1), opset=13, outputs="y z")
    yield Case(node("Split", "x", "y z w", axis=3, num_outputs=3), opset=18, outputs="y z w")
    yield Case(node("Split", "x", "y z", axis=3, num_outputs=2), opset=18, outputs="y z")
    yield Case(node("Split", "x s", "y z", axis=-1), outputs="y z", s=ints(2, 5))
    yield Case(node("Split", "x", "y z", axis=1, split=[1, 3]), opset=11, outputs="y z")
    for picks in (ints(0, 2), np.array(1), ints(-1, 0), np.array([[0, 1], [2, 3]]), ints(3, 1, 1, 0), ints(2)):
        for axis in (1, 2, -1):
            yield Case(node("Gather", "x i", axis=axis), i=picks)
    for times in ((1, 2, 1, 1), (1, 1, 2, 3), (1, 2, 3, 2)):
        yield Case(node("Tile", "x r"), r=ints(*times))
    yield Case([node("ReduceMax", "x", "m", axes=[1]), node("Expand", "m s")], s=ints(1, 4, 6, 7))
    yield Case([node("ReduceMax", "x", "m", axes=[2, 3]), node("Expand", "m s")], s=ints(4, 6, 1))
    yield Case(node("Expand", "x s"), s=ints(2, 1, 4, 6, 7))
    for mode in ("constant", "reflect", "edge", "wrap"):
        for pads in ((0, 0, 1, 2, 0, 0, 2, 1), (0, 1, 0, 0, 0, 2, 0, 0), (0, 0, -1, 0, 0, 0, 0, -2)):
            yield Case(node("Pad", "x p", mode=mode), opset=19, p=ints(*pads))
        yield Case(node("Pad", "x p - a", mode=mode), opset=19, p=ints(1, 0, 2, 1), a=ints(-1, 2))
    yield Case(node("Pad", "x p", mode="wrap"), opset=19, p=ints(0, 3, 6, 0, 0, 4, 2, 7))
    yield Case(node("Pad", "x p v a"), opset=19, p=ints(1, 2), a=ints(3), v=real(0.5))
    yield Case(node("Pad", "x", pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.5), opset=9)
    yield Case(node("Pad", "x p"), LINE, p=ints(0, 0, 2, 0, 0, 1))
    yield Case(node("TopK", "x k", "y i", axis=1), k=ints(2))
    for axis, own in ((2, {}), (1, {"exclusive": 1}), (3, {"reverse": 1}), (-1, {"exclusive": 1, "reverse": 1})):
        yield Case(node("CumSum", "x a", **own), a=np.array(axis))
    yield Case(node("Trilu", "x"))
    yield Case(node("GatherElements", "x i", axis=3), i=np.zeros((1, 4, 6, 2), np.int64))
    yield Case(node("GatherND", "x i"), i=np.array([[0, 1, 2]]))


def samples() -> Iterator[Case]:
    """What reads a map at places, and what makes it another size."""
    for mode, beyond, corners in product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (0, 1)):
        own = {"mode": mode, "padding_mode": beyond, "align_corners": corners}
        yield Case(node("GridSample", "x g", **own), {"x": MAP, "g": drawn(1, 3, 5, 2)}, 16)
    for corners, size in product((0, 1), ((1, 3, 4, 5), (1, 3, 2, 4, 5))):
        theta = drawn(1, len(size) - 2, len(size) - 1)
        yield Case(node("AffineGrid", "x s", align_corners=corners), theta, 20, s=ints(*size))
    pool = node("MaxPool", "x", "p i", kernel_shape=[2, 2], strides=[2, 2])
    for side in ((6, 8), (7, 9)):
        back = node("MaxUnpool", "p i s", kernel_shape=[2, 2], strides=[2, 2])
        yield Case([pool, back], drawn(1, 4, *side), s=ints(1, 4, *side))
    yield Case([pool, node("Cast", "i", to=1)])
    for way, count in product(("half_pixel", "output_half_pixel"), (0, 2)):
        own = {"output_height": 2, "output_width": 3, "spatial_scale": 0.5, "sampling_ratio": count}
        boxes = np.array([[0, 1, 9, 10], [2, 2, 6, 8]], np.float32)
        yield Case(node("RoiAlign", "x b i", coordinate_transformation_mode=way, **own), {"x": MAP, "b": boxes}, 16, i=ints(0, 0))
    for op, opset, x, scales in (
        ("Upsample", 9, MAP, (1, 1, 2, 2)), ("Resize", 10, MAP, (1, 1, 2, 2)), ("Resize", 10, MAP, (1, 1, 0.5, 0.5)),
    ):
        yield Case(node(op, "x s"), x, opset, s=real(*scales))
    yield Case(node("Upsample", "x s", mode="linear"), opset=9, s=real(1, 1, 2, 2))
    yield Case(node("Resize", "x - s"), LINE, 13, s=real(1, 1, 2))
    yield Case(node("Resize", "x - s", mode="linear"), VOLUME, 13, s=real(1, 1, 2, 2, 2))


def sequences() -> Iterator[Case]:
    """Layers with a state: each way, and what may be given beside the weights."""
    for (op, parts), way in product((("LSTM", 4), ("GRU", 3), ("RNN", 1)), ("forward", "reverse", "bidirectional")):
        n = 2 if way == "bidirectional" else 1
        own = {"w": drawn(n, parts * 5, 6), "r": drawn(n, parts * 5, 5), "b": drawn(n, parts * 10)}
        outputs = "y h c" if op == "LSTM" else "y h"
        turned = node("Transpose", "x", "t", perm=[1, 0, 2])
        usual = {"hidden_size": 5, "direction": way}
        yield Case(node(op, "x w r b", outputs, layout=1, **usual), SEQUENCE, outputs=outputs, **own)
        for more in (
            {}, {"clip": 0.5}, *([{"linear_before_reset": 1}] if op == "GRU" else []),
            *([{"input_forget": 1}] if op == "LSTM" else []), *([{"activations": ["Relu"] * n}] if op == "RNN" else []),
        ):
            yield Case([turned, node(op, "t w r b", outputs, **usual, **more)], SEQUENCE, outputs=outputs, **own)
        yield Case([turned, node(op, "t w r", outputs, **usual)], SEQUENCE, outputs=outputs, **own)
        begins = node(op, f"t w r b - h0{' c0' if op == 'LSTM' else ''}", outputs, **usual)
        yield Case([turned, begins], SEQUENCE, outputs=outputs, **own, h0=drawn(n, 1, 5), c0=drawn(n, 1, 5))
        for length in (7, 3):
            ends = node(op, "t w r b l", outputs, **usual)
            yield Case([turned, ends], SEQUENCE, outputs=outputs, **own, l=np.array([length], np.int32))
        if op == "LSTM":
            seen = node(op, "t w r b - - - p", outputs, **usual)
            yield Case([turned, seen], SEQUENCE, outputs=outputs, **own, p=drawn(n, 15))
    heads = {name: drawn(1, 5, 6) for name in "qkv"}
    yield Case(node("Attention", "q k v", q_num_heads=2, kv_num_heads=2), heads, 23)


def quantised() -> Iterator[Case]:
    """Weights in eight bits, and operators on such numbers."""
    w, z = DRAW.integers(-9, 9, (5, 4, 3, 3)).astype(np.int8), np.zeros(5, np.int8)
    yield Case([node("DequantizeLinear", "w s z", "d", axis=0), node("Conv", "x d")], w=w, s=np.abs(drawn(5)), z=z)
    turned = [node("DequantizeLinear", "w s z", "d"), node("Gemm", "x d", transB=1)]
    yield Case(turned, ROW, w=w.reshape(-1)[:30].reshape(3, 10), s=real(0.1), z=np.array(2, np.int8))
    dynamic = node("DynamicQuantizeLinear", "x", "q s z")
    scaled = [node("Cast", "m", "f", to=1), node("Mul", "f s")]
    whole = DRAW.integers(0, 255, (5, 4, 3, 3)).astype(np.uint8)
    yield Case([dynamic, node("ConvInteger", "q w z", "m"), *scaled], w=whole)
    yield Case([dynamic, node("MatMulInteger", "q w z", "m"), *scaled], ROW, w=whole.reshape(-1)[:30].reshape(10, 3))
# fmt: on


FAMILIES = (windows, norms, reductions, elements, products, moves, samples, sequences, quantised)
REFUSED = (
    # operator, why no layer or no run is made of it
    *((op, f"the operator {op} is not known") for op in ("Hardmax", "Atan", "Asinh", "TopK", "GatherElements")),
    *((op, "it reads numbers that only a run makes") for op in ("ReduceProd", "Trilu")),
    *((op, "two tensors, where one number is known") for op in ("Pow", "Mod")),
    ("Mod", "the remainder by a tensor"),
    ("LpPool", "`p` is "),
    ("LRN", "a neighbourhood of 2 channels"),
    ("GroupNormalization", "a scale a group"),
    ("ArgMax", "the last of several"),
    ("GatherND", "entries of several axes"),
    ("LSTM", "an input gate tied to the forget gate"),
    *((op, "states that are clipped") for op in ("LSTM", "GRU", "RNN")),
    *((op, "ends its sequences where another tensor says") for op in ("LSTM", "GRU", "RNN")),
    ("DynamicQuantizeLinear", "rounds to whole numbers"),
    ("MaxPool", "counts the places of its maxima over all channels"),
)


def theirs(case: Case) -> list[Any]:
    """What onnxruntime makes of it, or where it has no such operator the reference evaluator."""
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(case.model(), options, providers=["CPUExecutionProvider"])
        return list(session.run(None, case.inputs))
    except Exception:  # it has an error a version
        return list(ReferenceEvaluator(onnx.load_from_string(case.model())).run(None, case.inputs))


def ours(case: Case, path: Path) -> list[Any]:
    """The outputs, with the weights of the file. Raises CnncalcError."""
    path.write_bytes(case.model())
    graph = cnncalc.load(path)
    kept = [graph.output, *graph.heads.values()]
    images = {}
    for name, x in case.inputs.items():
        first = case.nodes[0]
        turned = first.op_type == "Transpose" and name in first.input and len(case.nodes) > 1
        order = helper.get_attribute_value(first.attribute[0]) if turned else [1]
        images[name] = (x if order[0] else np.transpose(x, order)).reshape(graph.inputs[name])
    assert graph.stored is not None
    done = cnncalc.run(graph, images, weights=graph.stored.read(graph, np.float32), keep=kept)
    return [done.arrays[name] for name in kept]


def alike(one: Any, other: Any) -> bool:
    """Number by number, axes of size 1 aside; where channels stand elsewhere than in the file, in any order."""
    one, other = (np.asarray(array, float).squeeze() for array in (one, other))
    if one.shape != other.shape:
        one, other = (np.sort(array.reshape(-1)) for array in (one, other))
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-4))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_attributes_of_operators(family: Any, tmp_path: Path) -> None:
    """All of a family, each with the numbers of onnxruntime; what is refused says why, and is a line of the table."""
    wrong = []
    for case in family():
        expected = theirs(case)
        try:
            found = ours(case, tmp_path / "m.onnx")
        except cnncalc.CnncalcError as error:
            said = " ".join((error.message, *error.details))
            if not any(op in str(case) and why in said for op, why in REFUSED):
                wrong.append(f"{case}: {said}")
            continue
        if len(found) != len(expected) or not all(map(alike, expected, found)):
            wrong.append(f"{case}: other numbers")
    assert not wrong, "\n".join(wrong)


def test_every_refusal_occurs(tmp_path: Path) -> None:
    """No line of the table is there for nothing."""
    occurred: Counter[tuple[str, str]] = Counter()
    for case in (case for family in FAMILIES for case in family()):
        path = tmp_path / "m.onnx"
        path.write_bytes(case.model())
        try:
            graph = cnncalc.load(path)
            assert graph.stored is not None
            graph.stored.read(graph, np.float32)
        except cnncalc.CnncalcError as error:
            said = " ".join((error.message, *error.details))
            occurred.update((op, why) for op, why in REFUSED if op in str(case) and why in said)
    assert {*REFUSED} == {*occurred}
