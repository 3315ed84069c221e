"""The builder of graphs: what it takes, what it refuses and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cnncalc
from cnncalc import Builder, CnncalcError
from cnncalc.building import Unlike, Unmet
from cnncalc.layers import KINDS


def made(kind: str, axes: int = 2, **arguments: Any) -> Any:
    """A layer of a kind."""
    return KINDS[kind].read(arguments, axes)


CONV = made("conv", out=4, kernel=3)


def test_a_network_is_built_layer_by_layer() -> None:
    """Names, shapes, connections, side outputs; the output is what was added last."""
    b = Builder("small", {"image": (3, 8, 8)})
    stem = b.add(CONV, ["image"], "stem")
    skip = b.add(made("pointwise", out=4), [stem], "skip", frozen=True)
    end = b.add(made("add"), [b.add(made("relu"), [stem]), skip])
    b.head("early", stem)
    graph = b.graph(source="by hand")

    assert ["stem", "skip", "relu", "add"] == [node.name for node in graph.nodes]
    assert [("image",), ("stem",), ("stem",), ("relu", "skip")] == [node.inputs for node in graph.nodes]
    assert ("small", "add", "by hand", {"early": "stem"}) == (graph.name, graph.output, graph.source, graph.heads)
    assert (4, 6, 6) == graph.output_shape == b.shapes[end]
    assert 4 * 3 * 9 + 4 + 4 * 4 + 4 == cnncalc.params(graph).total
    assert [False, True, False, False] == [node.frozen for node in graph.nodes]


@pytest.mark.parametrize(
    ("expected", "names"),
    [
        (["relu", "relu_2", "relu_3"], ["", "", ""]),
        (["a", "a_2", "a_3", "b"], ["a", "a", "a", "b"]),
        (["a_2", "a", "a_3"], ["a_2", "a", "a"]),
        (["features[0]/conv"], ["features[0]/conv"]),
        (["_a_b_c__"], ["$a:b c\n\x1b"[0:6] + "\x1b\n"]),
        (["prev_", "in_"], ["prev", "in"]),
        (["image_2"], ["image"]),
    ],
    ids=str,
)
def test_a_name_is_the_language_s_and_a_node_s_own(expected: list[str], names: list[str]) -> None:
    """A taken name gets a number, `_` stands for what is not allowed."""
    b = Builder("net", {"image": (3, 8, 8)})

    assert expected == [b.add(made("relu"), ["image"], name) for name in names]


def test_weights_are_shared_by_name_and_counted_once() -> None:
    """The first node may own them, or a name that is no node's."""
    b = Builder("net", {"x": (4, 8, 8)})
    same = made("conv", out=4, kernel=3, padding=1)
    a = b.add(same, ["x"], "a")
    b.add(same, [a], "b", weights_of="a")
    c = b.add(same, ["b"], "c", weights_of="w")
    b.add(same, [c], "d", weights_of="w")

    assert 2 * (4 * 4 * 9 + 4) == cnncalc.params(b.graph()).total


REFUSED: dict[str, tuple[str, Callable[[Builder], Any]]] = {
    "a tensor that is not there": (
        "error: net has no tensor `imagge`\n   = help: did you mean `image`?",
        lambda b: b.add(CONV, ["imagge"]),
    ),
    "a side output that is not there": (
        "error: net has no tensor `end`\n   = help: so far: image",
        lambda b: b.head("end", "end"),
    ),
    "a window that does not fit": (
        "error: `conv`: the window spans 9 positions (kernel 9), and the height at this point is 8 + 0 padding\n"
        "   = help: a larger input, fewer strides before it, a smaller kernel, or padding",
        lambda b: b.add(made("conv", out=4, kernel=9), ["image"]),
    ),
    "two tensors where one is read": (
        "error: `conv` reads one tensor, and not 2",
        lambda b: b.add(CONV, ["image", "image"]),
    ),
    "no tensor": ("error: `add` reads one tensor or more, and not 0", lambda b: b.add(made("add"), [])),
    "a vector for a map": (
        "error: `conv` needs a map with spatial axes, and the tensor is flat: 192",
        lambda b: b.add(CONV, [b.add(made("flatten"), ["image"])]),
    ),
    "arguments for other axes": (
        "error: `kernel` of `conv` is for 1 axes, and 3x8x8 has 2\n   = help: read it with `axes=2`",
        lambda b: b.add(made("conv", axes=1, out=4, kernel=3), ["image"]),
    ),
    "weights of another shape": (
        "error: `b` cannot share the weights of `a`: their shapes differ\n"
        "   b: weight 4x4x3x3, bias 4\n   a: weight 4x3x3x3, bias 4",
        lambda b: b.add(CONV, [b.add(CONV, ["image"], "a")], "b", weights_of="a"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case: str) -> None:
    """One error, in the user's words, and nothing is added."""
    expected, build = REFUSED[case]
    b = Builder("net", {"image": (3, 8, 8)})
    with pytest.raises(CnncalcError) as refused:
        build(b)

    assert expected == str(refused.value)


def test_what_a_layer_needs_comes_with_the_error() -> None:
    """A reader of other formats can say it in its own words."""
    b = Builder("net", {"image": (3, 8, 8)})
    with pytest.raises(Unmet) as unmet:
        b.add(made("conv", out=4, kernel=3, groups=2), ["image"])
    with pytest.raises(Unlike) as unlike:
        b.add(CONV, [b.add(CONV, ["image"], "a")], weights_of="a")

    assert ("groups", "2 groups do not divide the 3 input channels") == (
        unmet.value.need.field,
        unmet.value.need.message,
    )
    assert "a" == unlike.value.owner.name


def test_symbols_leave_a_proviso() -> None:
    """A condition that is not decided is taken to hold, and kept."""
    from cnncalc.symbols import symbol

    b = Builder("net", {"image": (3, symbol("H"), 8)})
    b.add(CONV, ["image"])

    assert ["H - 2 >= 1"] == [str(proviso) for proviso in b.graph().provisos]
