"""Receptive fields of several inputs, behind reshapes, attention and long strides: by hand, and by gradients."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.analyses.extent import Extent, network_field
from cnncalc.analyses.figures import FIGURES, Figures, NoFigure
from cnncalc.analyses.intervals import ITSELF, Field, Interval
from cnncalc.analyses.places import MIXED, Piece, of_map, permuted, reshaped
from cnncalc.analyses.receptive import Seen, receptive_fields
from cnncalc.analyses.remarks import PHASES, folded
from cnncalc.layers.windows import Adaptive, Interpolated, Nearest, Scatter, Window
from cnncalc.proof.fields import field_rows

CONV = "{conv: {out: 4, kernel: 3, padding: 1}, as: x}"
TOKENS = "{conv: {out: 8, kernel: 4, stride: 4}, as: map}, {reshape: [8, 0], as: tokens}"
ATTENTION = (
    "{do: [{pointwise: 4}, {permute: [1, 0]}], as: q}, {do: [{pointwise: 4}], from: tokens, as: k}, "
    "{matmul: [q, k], as: scores}, {softmax: length}, {permute: [1, 0]}, {matmul: [tokens, prev], as: mixed}"
)


def told(seen: Seen) -> Any:
    """Sizes per axis, `global`, `unknown`, or both of them; by input where they differ."""
    if seen.apart:
        return {of.input: told(of) for of in seen.apart}
    if not seen.known:
        return "unknown"
    if seen.axes is None:
        return "global" if seen.everything else "-"
    sizes = [low if low == high else (low, high) for low, high in seen.sizes]
    return [*sizes, "global"] if seen.everything else sizes


# fmt: off
CASES = [
    # why, input, net, layer, what it sees
    ("two grids", "{slow: [1, 4], fast: [1, 32]}",
     "[{conv: {out: 1, kernel: 1}, from: slow, as: s}, {conv: {out: 1, kernel: 5, stride: 8, padding: 2}, from: fast, as: f}, "
     "{add: [s, f], as: out}]", "out", {"slow": [1], "fast": [5]}),
    ("one of two grids", "{slow: [1, 4], fast: [1, 32]}",
     "[{conv: {out: 1, kernel: 1}, from: slow, as: s}, {conv: {out: 1, kernel: 5, stride: 8, padding: 2}, from: fast, as: f}, "
     "{add: [s, f], as: out}]", "f", [5]),
    ("twins", "{a: [1, 9], b: [1, 9]}",
     "[{conv: {out: 1, kernel: 3}, from: a, as: s}, {conv: {out: 1, kernel: 3}, from: b, as: f}, {sub: [s, f], as: out}]",
     "out", [3]),
    ("two scales", "{full: [3, 16, 16], half: [3, 8, 8]}",
     "[{conv: {out: 4, kernel: 3, stride: 2, padding: 1}, from: full, as: s}, {conv: {out: 4, kernel: 5, padding: 2}, "
     "from: half, as: f}, {concat: [s, f], as: out}, {conv: {out: 4, kernel: 3}, as: last}]", "last",
     {"full": [7, 7], "half": [7, 7]}),
    ("a condition without positions", "{image: [4, 9, 9], t: [6]}",
     "[{linear: 4, from: t, as: s}, {conv: {out: 4, kernel: 3, padding: 1}, from: image, as: x}, {mul: [x, s], as: out}]",
     "out", [3, 3, "global"]),
    ("a gate", "[4, 9, 9]", f"[{CONV}, {{mul: [[globalavgpool, {{pointwise: 4}}], x], as: y}}]", "y", [3, 3, "global"]),
    ("what a global pool adds", "[4, 9, 9]", f"[{CONV}, {{add: [[globalavgpool, {{pointwise: 4}}], x], as: y}}]", "y", "global"),
    ("what a global pool stands beside", "[4, 9, 9]",
     f"[{CONV}, {{concat: [[globalavgpool, {{upsample: 9}}], x], as: y}}]", "y", "global"),
    ("statistics of a norm", "[4, 9, 9]", f"[{CONV}, {{groupnorm: 2, as: y}}]", "y", [3, 3, "global"]),
    ("tokens see their patch", "[3, 32, 32]", f"[{TOKENS}]", "tokens", [4, 4]),
    ("as columns too", "[3, 32, 32]", f"[{TOKENS}, {{permute: [1, 0], as: y}}]", "y", [4, 4]),
    ("and go on layer by layer", "[3, 32, 32]", f"[{TOKENS}, {{pointwise: 8}}, gelu, {{layernorm: channels, as: y}}]", "y", [4, 4]),
    ("and make a map again", "[3, 32, 32]", f"[{TOKENS}, {{reshape: [8, 8, 8]}}, {{conv: {{out: 8, kernel: 3}}, as: y}}]", "y", [12, 12]),
    ("laid flat and made a map again", "[4, 6, 6]", f"[{CONV}, flatten, bias, {{reshape: [4, 6, 6], as: y}}]", "y", [3, 3]),
    ("cut at another place", "[4, 6, 6]", f"[{CONV}, {{reshape: [4, 4, 9], as: y}}]", "y", "unknown"),
    ("a window over tokens", "[3, 32, 32]", f"[{TOKENS}, {{conv: {{out: 8, kernel: 3}}, as: y}}]", "y", "unknown"),
    ("tokens mixed", "[3, 32, 32]", f"[{TOKENS}, {{permute: [1, 0]}}, {{pointwise: 64, as: y}}]", "y", "global"),
    ("tokens mixed and added", "[3, 32, 32]",
     f"[{TOKENS}, {{do: [{{permute: [1, 0]}}, {{pointwise: 64}}, {{permute: [1, 0]}}], as: m}}, {{add: [tokens, m], as: y}}]",
     "y", "global"),
    ("windows mixed apart", "[4, 8, 8]",
     f"[{CONV}, {{reshape: [8, 4, 8]}}, {{permute: [1, 0, 2]}}, {{pointwise: 4, as: y}}]", "y", "unknown"),
    ("scores of attention", "[3, 32, 32]", f"[{TOKENS}, {ATTENTION}]", "scores", "unknown"),
    ("attention", "[3, 32, 32]", f"[{TOKENS}, {ATTENTION}]", "mixed", "global"),
    ("attention added to a skip", "[3, 32, 32]",
     f"[{TOKENS}, {ATTENTION}, {{reshape: [8, 8, 8]}}, {{add: [map, prev], as: y}}]", "y", "global"),
    ("attention times a map, which is no gate: it has a value for each position", "[3, 32, 32]",
     f"[{TOKENS}, {ATTENTION}, {{reshape: [8, 8, 8]}}, {{mul: [map, prev], as: y}}]", "y", "global"),
    ("weights of attention over the positions", "[4, 40]",
     "[{conv: {out: 4, kernel: 3, padding: 1}, as: x}, {mul: [x, [{softmax: length}]], as: y}]", "y", "global"),
    ("rows times columns", "[1, 7, 7]", "[relu, {matmul: [prev, prev], as: y}]", "y", "unknown"),
    ("a row and a column", "[4, 8, 8]",
     "[{adaptiveavgpool: [8, 1], as: a}, {adaptiveavgpool: [1, 8], from: input, as: b}, {add: [a, b], as: y}]", "y", [8, 8]),
    ("an upconv of a long stride", "[1, 14]",
     "[{upconv: {out: 1, kernel: 2, stride: 1000000000}}, {conv: {out: 1, kernel: 3}, as: y}]", "y", [(0, 1)]),
    ("an upsampling of a long stride", "[1, 14]",
     "[{upsample: 1000000000}, {conv: {out: 1, kernel: 3}, as: y}]", "y", [(1, 2)]),
    ("a long bilinear one", "[1, 14]", "[{upsample: {scale: 2643280, mode: bilinear}}, {conv: {out: 1, kernel: 3}, as: y}]",
     "y", [(2, 3)]),
    ("twice", "[1, 3]", "[{upsample: 100000}, {conv: {out: 1, kernel: 2}}, {upsample: 3, as: y}]", "y", [(1, 2)]),
]
# fmt: on


@pytest.mark.parametrize(
    ("sizes", "net", "layer", "seen"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_a_layer_sees(sizes: str, net: str, layer: str, seen: Any) -> None:
    """Per input where they differ; followed, or said to be unknown; global only where it is so."""
    assert seen == told(receptive_fields(cnncalc.parse(f"input: {sizes}\nnet: {net}")).of[layer])


@pytest.mark.parametrize(
    "case", [case for case in CASES if " long" not in case[0] and case[0] != "twice"], ids=lambda case: case[0]
)
def test_what_a_layer_sees_is_proved(case: tuple[str, str, str, str, Any]) -> None:
    """Followed back through the kernels, each of them as the output of its network."""
    rows = field_rows(cnncalc.parse(f"input: {case[1]}\nnet: {case[2]}"), np.float32, lambda what: None)

    assert [] == [row for row in rows if not row.holds]


def test_the_field_of_a_network_with_two_inputs_has_the_axes_of_both() -> None:
    """So a limit holds on each."""
    found = network_field(cnncalc.parse(f"input: {CASES[0][1]}\nnet: {CASES[0][2]}"))

    assert ("out", ((1, 1), (5, 5)), (1, 8)) == (found and found[:3])


def test_what_is_not_known_is_no_number() -> None:
    """A limit on it cannot be judged, and says why."""
    graph = cnncalc.parse(f"input: [4, 6, 6]\nnet: [{CONV}, {{reshape: [4, 4, 9], as: y}}]")

    assert Extent("y", (), (), known=False) == network_field(graph)
    with pytest.raises(NoFigure, match=r"has no receptive_field: its positions cannot be followed through what is cut"):
        FIGURES["receptive_field"].whole(Figures(graph))


def test_a_period_as_runs_is_the_period_unit_by_unit() -> None:
    """Strides that are kept one by one, and as runs: the same units, sizes, centre and padding."""
    short = ITSELF.through(Scatter(5, 4000, 2, 1), 10**6).through(Window(3, 1, 1), 10**6)
    long = ITSELF.through(Scatter(5, 5000, 2, 1), 10**6).through(Window(3, 1, 1), 10**6)

    assert () == short.starts
    assert 5000 == long.period
    assert {0: 4993, 1: 7} == dict(long.sizes())
    assert {0: 3993, 1: 7} == dict(short.sizes())
    assert [short.at(j) for j in range(-10, 10)] == [long.at(j) for j in range(-10, 10)]
    assert short.padding == long.padding


@pytest.mark.parametrize(
    "window",
    [
        *(Scatter(k, s, b, d) for k in (1, 3, 7) for s in (1, 4, 9) for b in (0, 2) for d in (1, 2, 3)),
        *(kind(n, m) for kind in (Nearest, Adaptive) for n, m in ((1, 8), (3, 7), (7, 3), (4, 6))),
        *(
            Interpolated(n, m, w, *how)
            for n, m in ((1, 8), (3, 7), (7, 3), (4, 8))
            for w in (2, 4)
            for how in ((False, False), (True, False), (False, True))
        ),
    ],
    ids=str,
)
def test_between_its_changes_a_window_reads_the_same(window: Any) -> None:
    """Every output that reads something else than the one before it is among them."""
    changes = {0, *window.changes()}

    assert set() == {j for j in range(1, window.period) if window.taps(j) != window.taps(j - 1)} - changes
    assert changes <= set(range(window.period + 1))


@pytest.mark.parametrize("taps", [Scatter(7, 5, 2, 3), Scatter(4, 6, 1, 4), Scatter(9, 2, 3, 1)], ids=str)
def test_an_upconv_reads_what_adds_to_it(taps: Scatter) -> None:
    """Input i adds to outputs i * stride - before + t * dilation."""
    for j in range(-20, 40):
        reached = [
            i
            for i in range(-60, 60)
            for t in range(taps.kernel)
            if i * taps.stride - taps.before + t * taps.dilation == j
        ]
        assert reached == [*taps.taps(j)]


def test_too_many_different_units_are_unknown_and_remarked_on() -> None:
    """An upsampling by 1000003 / 1000000 does not repeat: no hang and no guess."""
    spec = {"input": [1, 1000000], "net": [{"upsample": {"size": 1000003}, "as": "y"}]}
    fields = receptive_fields(cnncalc.parse(json.dumps(spec)))

    assert "unknown" == told(fields.of["y"])
    assert [PHASES] == [remark.code for remark in fields.remarks]
    assert ["the units of `y` see too many different intervals: their receptive field is not worked out"] == folded(
        fields.remarks
    )


def test_where_positions_lie() -> None:
    """8x6x4 as 8x24, turned, and back; cut across, their order is lost."""
    shape = (8, 6, 4)
    own = of_map(shape)
    tokens = reshaped(own, shape, (8, 24))

    assert (Piece(0, 6), Piece(1, 4)) == tokens[1]
    assert own == reshaped(tokens, (8, 24), shape)
    assert tokens[::-1] == permuted(tokens, (1, 0))
    assert (Piece(0, 2, 3),) == reshaped(own, shape, (8, 2, 3, 4))[1]
    assert MIXED == reshaped(tokens, (8, 24), (8, 4, 6))[1][0].axis


def test_a_field_of_many_runs_is_small() -> None:
    """A stride of 10^9 is two runs."""
    assert 2 == len(ITSELF.through(Scatter(2, 10**9, 0, 1), 10**10).intervals)
    assert Field((Interval(0, 0),), 1, (0,), 10**9) == ITSELF.through(Nearest(14, 14 * 10**9), 10**10)


# --- gradients ---------------------------------------------------------------------------------------------------

# fmt: off
GRADIENTS = [
    ("two grids", CASES[0][1], CASES[0][2], "out", (1,)),
    ("patches", "[3, 32, 32]", f"[{TOKENS}]", "tokens", (9,)),
    ("patches and a map", "[3, 32, 32]",
     f"[{TOKENS}, {{reshape: [8, 8, 8]}}, {{conv: {{out: 8, kernel: 3}}, as: y}}]", "y", (2, 3)),
    ("attention", "[3, 16, 16]", f"[{TOKENS}, {ATTENTION}, {{reshape: [8, 4, 4]}}, {{add: [map, prev], as: y}}]", "y", (1, 1)),
    ("upsampling", "[1, 9, 9]",
     "[{upconv: {out: 2, kernel: 4, stride: 2, padding: 1}}, {conv: {out: 1, kernel: 3}, as: y}]", "y", (5, 6)),
]
# fmt: on


@pytest.mark.parametrize(
    ("sizes", "net", "layer", "unit"), [case[1:] for case in GRADIENTS], ids=[case[0] for case in GRADIENTS]
)
def test_the_box_is_the_support_of_the_gradient(sizes: str, net: str, layer: str, unit: tuple[int, ...]) -> None:
    """PyTorch in float64 with positive weights: where the gradient of a unit is not zero."""
    torch = pytest.importorskip("torch", reason="no torch: pip install torch==2.13.0")
    graph = cnncalc.parse(f"input: {sizes}\nnet: {net}")
    draw = torch.Generator().manual_seed(0)

    def positive(*shape: int) -> Any:
        return torch.rand(shape, generator=draw, dtype=torch.float64) / 50 + 0.01

    known = {name: positive(*shape).requires_grad_() for name, shape in graph.inputs.items()}
    tensors: dict[str, Any] = dict(known)
    for node in graph.nodes:
        tensors[node.name] = _run(torch, node, [tensors[name] for name in node.inputs], positive)
        assert tuple(node.output) == tuple(tensors[node.name].shape)
    tensors[layer][(slice(None), *unit)].sum().backward()
    found = {
        name: tuple(Interval(int(axis.min()), int(axis.max())) for axis in x.grad.abs().sum(0).nonzero().T)
        for name, x in known.items()
        if x.grad is not None and x.grad.any()
    }

    assert found == cnncalc.box(graph, layer, unit)


def _run(torch: Any, node: Any, inputs: list[Any], positive: Any) -> Any:
    """A layer in PyTorch, its weights positive."""
    x, layer, functions = inputs[0], node.layer, torch.nn.functional
    weight = positive(*node.weights["weight"]) if "weight" in node.weights else None
    axes = x.ndim - 1
    if node.kind == "conv":
        run = (functions.conv1d, functions.conv2d)[axes - 1]
        return run(x[None], weight, stride=layer.stride, padding=[before for before, _ in layer.padding])[0]
    if node.kind == "upconv":
        return functions.conv_transpose2d(x[None], weight, stride=layer.stride, padding=[p for p, _ in layer.padding])[
            0
        ]
    return {
        "pointwise": lambda: torch.einsum("oi,i...->o...", weight.reshape(weight.shape[:2]), x),
        "reshape": lambda: x.reshape(node.output),
        "permute": lambda: x.permute(layer.order),
        "softmax": lambda: x.softmax(-1),
        "matmul": lambda: torch.matmul(*inputs),
        "add": lambda: sum(inputs),
    }[node.kind]()
