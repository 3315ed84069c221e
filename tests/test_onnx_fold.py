"""Operators on small constants: equal to the reference evaluator of the onnx package."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.formats.onnx.constants import Constant, NotFolded
from cnncalc.formats.onnx.fold import FOLDERS, folded
from cnncalc.symbols import symbol

WHOLE, REAL = [3, -7, 2, 5, 0, 4], [1.5, -2.25, 0.5, 4.0, 8.0, -3.0]
INT, FLOAT, BOOL = ([2, 3], WHOLE), ([2, 3], REAL), ([2, 3], [True, False, True, True, False, False])
POSITIVE = ([2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

# fmt: off
CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Abs", [INT], {}),
    ("Add", [INT, ([3], [1, 2, 3])], {}),
    ("Add", [FLOAT, ([2, 1], [0.5, 1.0])], {}),
    ("And", [BOOL, ([3], [True, True, False])], {}),
    ("Cast", [FLOAT], {"to": 7}),
    ("Cast", [INT], {"to": 1}),
    ("Cast", [INT], {"to": 9}),
    ("Ceil", [FLOAT], {}),
    ("Clip", [INT, ([], [-1]), ([], [3])], {}),
    ("CumSum", [INT, ([], [1])], {}),
    ("Concat", [INT, ([2, 1], [9, 8])], {"axis": 1}),
    ("Concat", [INT, INT], {"axis": -2}),
    ("ConstantOfShape", [([2], [2, 3])], {}),
    ("Div", [INT, ([], [2])], {}),
    ("Div", [FLOAT, ([], [2.0])], {}),
    ("Equal", [INT, ([], [2])], {}),
    ("Exp", [FLOAT], {}),
    ("Expand", [([3, 1], [1, 2, 3]), ([3], [2, 1, 4])], {}),
    ("Flatten", [([2, 1, 3], WHOLE)], {"axis": 1}),
    ("Flatten", [([2, 1, 3], WHOLE)], {"axis": -1}),
    ("Floor", [FLOAT], {}),
    ("Gather", [INT, ([2, 2], [0, 1, 1, -2])], {"axis": 0}),
    ("Gather", [INT, ([], [2])], {"axis": 1}),
    ("Greater", [INT, ([], [2])], {}),
    ("GreaterOrEqual", [INT, ([], [2])], {}),
    ("Identity", [INT], {}),
    ("Less", [INT, ([], [2])], {}),
    ("LessOrEqual", [INT, ([], [2])], {}),
    ("Log", [POSITIVE], {}),
    ("Max", [INT, ([3], [1, 2, 3])], {}),
    ("Min", [INT, ([3], [1, 2, 3])], {}),
    ("Mod", [INT, ([], [3])], {}),
    ("Mul", [INT, ([2, 1], [2, -3])], {}),
    ("Neg", [INT], {}),
    ("NonZero", [INT], {}),
    ("Not", [BOOL], {}),
    ("OneHot", [([3], [0, 2, 1]), ([], [4]), ([2], [0, 5])], {}),
    ("Or", [BOOL, ([3], [True, True, False])], {}),
    ("Pow", [POSITIVE, ([], [2.0])], {}),
    ("Range", [([], [2]), ([], [11]), ([], [3])], {}),
    ("Range", [([], [5]), ([], [0]), ([], [-2])], {}),
    ("Reciprocal", [POSITIVE], {}),
    ("ReduceMax", [INT, ([1], [1])], {}),
    ("ReduceMean", [FLOAT, ([1], [0])], {"keepdims": 0}),
    ("ReduceMin", [INT], {"keepdims": 0}),
    ("ReduceProd", [INT, ([1], [-1])], {}),
    ("ReduceSum", [INT, ([2], [0, 1])], {}),
    ("Reshape", [INT, ([2], [3, -1])], {}),
    ("Reshape", [INT, ([2], [0, 3])], {}),
    ("Round", [FLOAT], {}),
    ("ScatterND", [INT, ([2, 2], [0, 1, 1, 2]), ([2], [70, 80])], {}),
    ("ScatterND", [INT, ([1, 1], [1]), ([1, 3], [7, 8, 9])], {}),
    ("Shape", [([2, 1, 3], WHOLE)], {}),
    ("Shape", [([2, 1, 3], WHOLE)], {"start": 1}),
    ("Sign", [INT], {}),
    ("Size", [INT], {}),
    ("Slice", [INT, ([2], [0, 1]), ([2], [2, 9_223_372_036_854_775_807])], {}),
    ("Slice", [INT, ([1], [-1]), ([1], [-9_223_372_036_854_775_807]), ([1], [1]), ([1], [-1])], {}),
    ("Slice", [INT, ([1], [-2]), ([1], [-1]), ([1], [-1])], {}),
    ("Split", [INT, ([2], [1, 2])], {"axis": 1}),
    ("Sqrt", [POSITIVE], {}),
    ("Squeeze", [([1, 2, 1, 3], WHOLE), ([1], [0])], {}),
    ("Squeeze", [([1, 2, 1, 3], WHOLE)], {}),
    ("Sub", [INT, ([3], [1, 2, 3])], {}),
    ("Tile", [INT, ([2], [2, 1])], {}),
    ("Transpose", [INT], {}),
    ("Transpose", [([1, 2, 3], WHOLE)], {"perm": [2, 0, 1]}),
    ("Trilu", [([2, 3], REAL), ([], [1])], {}),
    ("Trilu", [([2, 3], REAL)], {"upper": 0}),
    ("Unsqueeze", [INT, ([2], [0, -1])], {}),
    ("Where", [BOOL, INT, ([], [0])], {}),
    ("Xor", [BOOL, ([3], [True, True, False])], {}),
]
# fmt: on


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operator_on_constants(op: str, inputs: list[Any], attributes: dict[str, Any]) -> None:
    """The dims and the entries that the reference evaluator makes."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    import numpy as np
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    arrays = [
        np.array(entries, dtype={int: np.int64, float: np.float32, bool: np.bool_}[type(entries[0])]).reshape(dims)
        for dims, entries in inputs
    ]
    outputs = ["y0", "y1"] if op == "Split" else ["y0"]
    node = helper.make_node(op, [f"x{i}" for i in range(len(arrays))], outputs, **attributes)
    values = [
        helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for i, array in enumerate(arrays)
    ]
    made = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
    graph = helper.make_graph([node], "g", values, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    expected = ReferenceEvaluator(model).run(None, {f"x{i}": array for i, array in enumerate(arrays)})

    found = folded(
        op,
        [Constant(tuple(dims), tuple(entries)) for dims, entries in inputs],
        {**attributes, "__outputs__": len(outputs)},
        17,
    )

    assert [array.shape for array in expected] == [value.dims for value in found]
    for array, value in zip(expected, found, strict=True):
        assert array.ravel().tolist() == pytest.approx(list(value.entries))


def test_every_operator_has_a_case() -> None:
    """CastLike is Cast to the type of another constant, which sizes do not ask for."""
    assert set(FOLDERS) - {"CastLike"} == {op for op, _, _ in CASES}


def test_open_sizes_take_part() -> None:
    """A batch axis, half a height: arithmetic goes on, and a question whose answer depends on the size is not folded."""
    height = symbol("height")
    sizes = Constant((2,), (height, 224))

    (halved,) = folded("Div", [sizes, Constant((), (2,))], {}, 17)
    (picked,) = folded("Gather", [sizes, Constant((), (0,))], {"axis": 0}, 17)
    (unlike,) = folded("Equal", [sizes, Constant((), (-1,))], {}, 17)

    assert ("floor(height/2)", 112) == (str(halved.entries[0]), halved.entries[1])
    assert (height,) == picked.entries
    assert (False, False) == unlike.entries
    with pytest.raises(NotFolded):
        folded("Greater", [sizes, Constant((), (7,))], {}, 17)


def test_what_is_large_is_not_folded() -> None:
    """65,536 entries at most, whatever an operator is asked to make."""
    for op, inputs in (
        ("Expand", [Constant((1,), (1,)), Constant((2,), (300, 300))]),
        ("Tile", [Constant((1,), (1,)), Constant((1,), (70_000,))]),
        ("Range", [Constant((), (0,)), Constant((), (10**9,)), Constant((), (1,))]),
        ("ConstantOfShape", [Constant((1,), (10**9,))]),
        ("OneHot", [Constant((2,), (0, 1)), Constant((), (10**6,)), Constant((2,), (0, 1))]),
    ):
        with pytest.raises(NotFolded):
            folded(op, inputs, {}, 17)
