"""Einsum, from ONNX and from PyTorch: any equation; the numbers are NumPy's, the MACs one a combination of letters."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnncalc

onnx = pytest.importorskip("onnx", reason="no onnx: pip install onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

DRAW = np.random.default_rng(5)


def saved(path: Path, equation: str, arrays: list[Any], learned: set[int]) -> Path:
    """A model of one Einsum, whose output is laid flat in its order; some operands are constants of the file."""
    names = [f"x{place}" for place in range(len(arrays))]
    nodes = [
        helper.make_node("Einsum", names, ["y"], equation=equation),
        helper.make_node("Reshape", ["y", "flat"], ["z"]),
    ]
    given_ = [(name, array) for place, (name, array) in enumerate(zip(names, arrays, strict=True))]
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape)
            for i, (n, x) in enumerate(given_)
            if i not in learned
        ],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(x, n) for i, (n, x) in enumerate(given_) if i in learned]
        + [numpy_helper.from_array(np.array([1, -1], np.int64), "flat")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def ours(path: Path, arrays: list[Any]) -> tuple[int, Any]:
    """The MACs, and the numbers that come out, flat."""
    graph = cnncalc.load(path)
    weights = graph.stored.read(graph, np.float32) if graph.stored else {}
    given_ = {name: arrays[int(name[1:])].reshape(shape) for name, shape in graph.inputs.items()}
    made = cnncalc.run(graph, given_, weights=weights, keep=[graph.output])
    return cnncalc.macs(graph).total, np.ravel(made.arrays[graph.output])


@st.composite
def equations(draw: Any) -> tuple[str, list[list[int]], set[int]]:
    """One to three operands; `n` is the images, and stands in what is an input and in what comes out."""
    letters = draw(st.sampled_from(["ab", "abc", "abcd", "abcdE"]))
    sizes = {letter: draw(st.integers(1, 4)) for letter in letters} | {"n": 1}
    count = draw(st.integers(1, 3))
    learned = {place for place in range(1, count) if draw(st.booleans())}
    terms = []
    for place in range(count):
        term = draw(st.lists(st.sampled_from(letters), min_size=1, max_size=4))
        while len({*term}) < len(term) - 1:  # one diagonal at the most
            term.remove(next(letter for letter in term if term.count(letter) > 1))
        terms.append("".join(term if place in learned else ["n", *term]))
    every = sorted({*"".join(terms)} - {"n"})
    out = draw(st.permutations(["n", *draw(st.lists(st.sampled_from(every), unique=True, max_size=4))]))
    shapes = [[sizes[letter] for letter in term] for term in terms]
    return f"{','.join(terms)}->{''.join(out)}", shapes, learned


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(case=equations())
def test_any_equation_is_numpys(tmp_path: Path, case) -> None:
    """Values in their order, and of two operands one MAC a combination of the letters' entries, as it is defined."""
    equation, shapes, learned = case
    arrays = [DRAW.normal(size=shape).astype(np.float32) for shape in shapes]
    macs, y = ours(saved(tmp_path / "m.onnx", equation, arrays, learned), arrays)
    letters = {letter: size for term, shape in zip(equation.split("->")[0].split(","), shapes, strict=True)
               for letter, size in zip(term, shape, strict=True)}  # fmt: skip

    assert y == pytest.approx(np.ravel(np.einsum(equation, *arrays)), rel=1e-3, abs=1e-4)
    if len(shapes) == 2:
        assert prod(letters.values()) == macs


# fmt: off
WRITTEN = [
    # the equation, the shapes, which are learned, MACs
    ("bgid,bgjd->bgij", [(1, 2, 3, 4), (1, 2, 5, 4)], (), 2 * 3 * 5 * 4),
    ("bhwc,bhkc->bhwk", [(1, 3, 2, 5), (1, 3, 4, 5)], (), 3 * 2 * 4 * 5),
    ("bhwc,hkc->bhwk", [(1, 3, 2, 5), (3, 4, 5)], (1,), 3 * 2 * 4 * 5),       # relative positions of a row: SAM
    ("bld,dhk->blhk", [(1, 3, 4), (4, 2, 5)], (1,), 3 * 4 * 2 * 5),           # a matrix that lies the other way round
    ("bchw,bc->bchw", [(1, 3, 4, 2), (1, 3)], (), 3 * 4 * 2),                 # a gate
    ("...ij,...jk->...ik", [(1, 2, 3, 4), (1, 2, 4, 5)], (), 2 * 3 * 4 * 5),
    ("b...d,de->b...e", [(1, 2, 3, 4), (4, 5)], (1,), 2 * 3 * 4 * 5),
    ("...ij,jk", [(1, 3, 4), (4, 5)], (1,), 3 * 4 * 5),                       # what comes out is i, k and the rest
    ("bij,bkj->bik", [(1, 3, 4), (1, 5, 1)], (), 3 * 4 * 5),                  # an axis of size 1 is repeated
    ("bii->bi", [(1, 4, 4)], (), 0),
    ("bij->bji", [(1, 3, 4)], (), 0),
    ("bij->b", [(1, 3, 4)], (), 0),
    ("bi,bj,bk->bijk", [(1, 2), (1, 3), (1, 4)], (), 2 * 3 + 2 * 3 * 4),      # from the left
]
# fmt: on


@pytest.mark.parametrize(("equation", "shapes", "learned", "macs"), WRITTEN)
def test_an_equation_as_models_write_it(tmp_path: Path, equation, shapes, learned, macs) -> None:
    """With `...`, without an output, with axes that are repeated."""
    arrays = [DRAW.normal(size=shape).astype(np.float32) for shape in shapes]
    counted, y = ours(saved(tmp_path / "m.onnx", equation, arrays, {*learned}), arrays)

    assert macs == counted
    assert y == pytest.approx(np.ravel(np.einsum(equation, *arrays)), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(("equation", "shapes", "learned", "macs"), WRITTEN)
def test_an_equation_of_pytorch_is_the_same(equation, shapes, learned, macs) -> None:
    """Read from the trace of a module."""
    torch = pytest.importorskip("torch")

    class Module(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.own = torch.nn.ParameterList([torch.nn.Parameter(torch.ones(shapes[place])) for place in learned])

        def forward(self, a: Any, b: Any = None, c: Any = None) -> Any:
            return torch.einsum(equation, *(x for x in (a, b, c) if x is not None), *self.own)

    taken = [shape[1:] for place, shape in enumerate(shapes) if place not in learned]
    graph = cnncalc.from_torch(Module(), dict(zip("abc", taken, strict=False)))

    assert macs == cnncalc.macs(graph).total
    assert sum(prod(shapes[place]) for place in learned) == cnncalc.params(graph).total


@pytest.mark.parametrize(
    "equation",
    ["ij->ji", "ij,jk->iz", "ij,jk->ii", "ijk,jk->i", "i-j,jk->ik", "ij,jk->jk", "ij,jk,kl->il", "", "ij,ik->jk"],
)
def test_an_equation_that_cannot_be_is_refused_by_name(tmp_path: Path, equation: str) -> None:
    """With the equation in the message: letters that fit no axis, that come from nowhere, a sum over the images."""
    arrays = [DRAW.normal(size=(1, 3)).astype(np.float32), DRAW.normal(size=(3, 3)).astype(np.float32)]
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(saved(tmp_path / "m.onnx", equation, arrays, {1}))

    assert f"the equation `{equation}`" in str(refused.value)
