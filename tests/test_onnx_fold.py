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


EIGHT, ZEROS = ([2, 2], [3, 5, 7, 9]), ([2], [1, 2])  # numbers of eight bits
ROW = ([2, 3], [0.5, -1.0, 2.0, 1.5, 0.25, -3.0])
# fmt: off
OF_WEIGHTS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("BatchNormalization", [([2, 2], REAL[:4]), *[([2], [0.5, 2.0])] * 4], {}),
    ("CastLike", [INT, ([1], [1.0])], {}),
    ("Clip", [FLOAT, None, ([], [1.0])], {}),
    ("Cos", [FLOAT], {}),
    ("CumSum", [INT, ([], [1])], {"exclusive": 1}),
    ("CumSum", [INT, ([], [0])], {"reverse": 1}),
    ("DequantizeLinear", [EIGHT, ([2], [0.5, 2.0])], {"axis": 0}),
    ("DequantizeLinear", [EIGHT, ([2], [0.5, 2.0]), ZEROS], {}),
    ("DequantizeLinear", [EIGHT, ([], [0.5])], {}),
    ("Erf", [FLOAT], {}),
    ("LayerNormalization", [ROW, ([3], [1.0, 2.0, 3.0]), ([3], [0.5, 0.0, 1.0])], {}),
    ("LayerNormalization", [ROW, ([2, 3], REAL)], {"axis": 0}),
    ("MatMul", [ROW, ([3, 1], [1.0, 2.0, 3.0])], {}),
    ("Max", [INT, INT, ([], [1])], {}),
    ("Mod", [ROW, ([], [0.75])], {"fmod": 1}),
    ("OneHot", [([3], [0, 2, 1]), ([], [4]), ([2], [0, 5])], {"axis": 0}),
    ("ReduceL1", [ROW, ([1], [1])], {}),
    ("ReduceL2", [ROW, ([1], [0])], {"keepdims": 0}),
    ("ReduceSum", [INT], {"noop_with_empty_axes": 1}),
    ("ReduceSumSquare", [ROW, ([1], [1])], {}),
    ("ScatterElements", [INT, ([1, 3], [1, 0, 1]), ([1, 3], [7, 8, 9])], {}),
    ("ScatterElements", [INT, ([2, 1], [1, 2]), ([2, 1], [7, 8])], {"axis": 1}),
    ("Sigmoid", [FLOAT], {}),
    ("Sin", [FLOAT], {}),
    ("Slice", [INT, ([1], [0]), ([1], [2]), None, ([1], [2])], {}),
    ("Softmax", [ROW], {"axis": 0}),
    ("Split", [([5], [1, 2, 3, 4, 5])], {"num_outputs": 2}),
    ("Sqrt", [POSITIVE], {}),
    ("Tanh", [FLOAT], {}),
]
"""Operators on weights too large to be worked out while the file is read: their shapes are, then, and these later."""
# fmt: on


def by_reference(op: str, arrays: list[Any], attributes: dict[str, Any], outputs: list[str]) -> list[Any]:
    """What the reference evaluator of the onnx package makes."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    names = ["" if array is None else f"x{i}" for i, array in enumerate(arrays)]
    given = {name: array for name, array in zip(names, arrays, strict=True) if name}
    values = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in given.items()
    ]
    made = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
    graph = helper.make_graph([helper.make_node(op, names, outputs, **attributes)], "g", values, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19 if op == "DequantizeLinear" else 18)])
    return list(ReferenceEvaluator(model).run(None, given))


def as_arrays(inputs: list[Any]) -> list[Any]:
    """Dims and entries as arrays."""
    import numpy as np

    types = {int: np.int64, float: np.float32, bool: np.bool_}
    kinds = [
        None if one is None else np.uint8 if one is EIGHT or one is ZEROS else types[type(one[1][0])] for one in inputs
    ]
    return [
        None if one is None else np.array(one[1], kind).reshape(one[0]) for one, kind in zip(inputs, kinds, strict=True)
    ]


def outputs_of(op: str) -> list[str]:
    """The names of what an operator makes."""
    return ["y0", "y1"] if op == "Split" else ["y0"]


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operator_on_constants(op: str, inputs: list[Any], attributes: dict[str, Any]) -> None:
    """The dims and the entries that the reference evaluator makes."""
    expected = by_reference(op, as_arrays(inputs), attributes, outputs_of(op))

    found = folded(
        op,
        [Constant(tuple(dims), tuple(entries)) for dims, entries in inputs],
        {**attributes, "__outputs__": len(outputs_of(op))},
        17,
    )

    assert [array.shape for array in expected] == [value.dims for value in found]
    for array, value in zip(expected, found, strict=True):
        assert array.ravel().tolist() == pytest.approx(list(value.entries))


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"), CASES + OF_WEIGHTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operator_on_weights(op: str, inputs: list[Any], attributes: dict[str, Any]) -> None:
    """The same of arrays, which a run works out; and the shapes that are known before, where there are such."""
    from cnncalc.formats.onnx.computed import computed
    from cnncalc.formats.onnx.records import Node
    from cnncalc.formats.onnx.values import Weight
    from cnncalc.formats.onnx.weights import OPERATORS

    arrays = as_arrays(inputs)
    expected = by_reference(op, arrays, attributes, outputs_of(op))
    made = OPERATORS[op](arrays, {**attributes, "__outputs__": len(expected)})
    found = made if isinstance(made, tuple) else (made,)

    for array, other in zip(expected, found, strict=True):
        assert array.shape == other.shape
        assert array.ravel().tolist() == pytest.approx(other.ravel().tolist(), abs=1e-6)
    names = tuple("" if one is None else f"x{i}" for i, one in enumerate(inputs))
    node = Node(op, "", "", names, tuple(outputs_of(op)), attributes, {})
    held = [None if one is None else Weight("w", tuple(one[0]), None, fixed=True) for one in inputs]
    known = [None if one is None else Constant(tuple(one[0]), tuple(one[1])) for one in inputs]
    if op not in ("ConstantOfShape", "NonZero", "OneHot", "Range", "Shape", "Size", "MatMul", "DequantizeLinear"):
        shapes = [one.dims for one in computed(node, held, known)]
        assert [array.shape for array in expected] == shapes


def test_every_operator_on_weights_is_worked_out() -> None:
    """Whatever has a shape while the file is read has numbers in a run."""
    from cnncalc.formats.onnx.computed import ELEMENTWISE, LIKE_THE_FIRST, REDUCTIONS
    from cnncalc.formats.onnx.moved import MOVED
    from cnncalc.formats.onnx.weights import OPERATORS

    tested = {op for op, _, _ in CASES + OF_WEIGHTS}
    assert {*FOLDERS, *ELEMENTWISE, *LIKE_THE_FIRST, *REDUCTIONS, *MOVED} <= OPERATORS.keys()
    assert OPERATORS.keys() <= tested


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


def test_sizes_as_floats_are_exact() -> None:
    """TensorFlow's padding as it is exported: ceil(height/2) in floats, and back; by hand for 7 and 8 and 9."""
    height = symbol("height")

    def one(op: str, *inputs: Any, **attributes: Any) -> Any:
        (made,) = folded(op, [x if isinstance(x, Constant) else Constant((), (x,)) for x in inputs], attributes, 17)
        return made

    size = one("Cast", height, to=1)
    steps = one("Sub", one("Ceil", one("Div", size, 2.0)), 1.0)
    total = one("Clip", one("Sub", one("Add", one("Mul", steps, 2.0), 3.0), size), 0.0)
    before = one("Cast", one("Div", total, 2.0), to=7)
    after = one("Cast", one("Sub", total, one("Cast", before, to=1)), to=7)
    for n, pads in ((7, (1, 1)), (8, (0, 1)), (9, (1, 1))):
        assert pads == tuple(int(pad.scalar.at({"height": n})) for pad in (before, after))
    backwards = one("Cast", one("Floor", one("Mul", one("Neg", size), 0.25)), to=6)
    assert [-2, -3] == [int(backwards.scalar.at({"height": n})) for n in (8, 9)]
    assert "height" == str(one("Cast", one("Mul", one("Div", size, 3.0), 3.0), to=7).scalar)
    assert 1 == int(one("Cast", one("Div", size, size), to=7).scalar)
    assert 4 == int(one("Cast", one("Min", one("Div", size, 2.0), 4.0), to=7).scalar.at({"height": 99}))
    even = one("Add", height, one("Mod", height, 2)).scalar
    assert ("2 ceil(height/2)", 8, 8) == (str(even), *(even.at({"height": n}) for n in (7, 8)))
    for op, other in (("Div", one("Sub", size, 3.0)), ("Mul", 1 / 3), ("Pow", 2.0)):
        with pytest.raises(NotFolded):
            one(op, size, other)
    with pytest.raises(NotFolded):
        one("Cast", one("Sub", size, 3.5), to=7)


def test_numbers_made_of_learned_ones_are_learned() -> None:
    """And those of sizes and positions are not; one number is neither."""
    from cnncalc.formats.onnx.computed import of_learned
    from cnncalc.formats.onnx.records import Node

    scale, places = Constant((3,), (0.1, 0.2, 0.3), learned=True), Constant((3,), (0, 1, 2))

    def learned(op: str, *inputs: Constant, made: int = 3) -> bool:
        return of_learned(Node(op, "", "", tuple("abc"[: len(inputs)]), ("y",), {}, {}), inputs, made)

    assert learned("Mul", Constant((), (2.0,)), scale)
    assert learned("Reshape", scale, Constant((4,), (1, 3, 1, 1)))
    assert not learned("Add", places, Constant((), (0.5,)))
    assert not learned("Div", Constant((4, 1), (0, 1, 2, 3)), scale, made=12)  # sines at so many frequencies
    assert learned("Concat", scale, scale, made=6)
    assert not learned("Shape", scale)
    assert not learned("Expand", places, scale)


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
