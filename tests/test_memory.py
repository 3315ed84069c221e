"""Memory: which tensors are alive when, worked by hand and against a simulator."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc import Graph, Node
from cnncalc.analyses.dtypes import BYTES
from cnncalc.analyses.highest import narrowed
from cnncalc.analyses.memory import folded_params, memory, weight_shapes
from cnncalc.contracts import contract
from cnncalc.dims import product
from cnncalc.layers import KINDS
from cnncalc.reports.memory_report import memory as report
from cnncalc.symbolic import opened


def network(net: list[Any], size: int = 10, **more: Any) -> Graph:
    """A graph on a line of so many positions."""
    return cnncalc.parse(json.dumps({"input": [1, size], "net": net} | more))


def wide(out: int) -> dict[str, Any]:
    """A step with so many channels."""
    return {"pointwise": out}


RESIDUAL = [wide(2), {"add": {"main": [wide(4), "relu", wide(2)], "shortcut": "prev"}}, "relu"]
GATED = [wide(4), {"mul": {"map": "prev", "gate": ["globalavgpool", "sigmoid"]}}]

# fmt: off
BY_HAND = {
    # name: net, in place, alive at each step, peak at, tensors alive then
    "a chain": ([wide(2), "relu", wide(1)], False, [30, 40, 30], "relu", {"pointwise1": 20, "relu": 20}),
    "a chain in place": ([wide(2), "relu", wide(1)], True, [30, 20, 30], "pointwise1", {"input": 10, "pointwise1": 20}),
    "the input is not written over": (["relu", "relu"], True, [20, 10], "relu1", {"input": 10, "relu1": 10}),
    "views cost nothing": ([wide(2), {"dropout": 0.5}, "identity", "flatten", {"linear": 5}], False,
                           [30, 20, 20, 20, 25], "pointwise", {"input": 10, "pointwise": 20}),
    "a view keeps its tensor alive": ([wide(4), {"slice": {"stop": 1}}, wide(6)], False,
                                      [50, 40, 100], "pointwise2", {"pointwise1": 40, "pointwise2": 60}),
    "a residual": (RESIDUAL, False, [30, 60, 100, 80, 60, 40], "main/relu",
                   {"pointwise": 20, "main/pointwise1": 40, "main/relu": 40}),
    "a residual in place": (RESIDUAL, True, [30, 60, 60, 80, 40, 20], "main/pointwise2",
                            {"pointwise": 20, "main/pointwise1": 40, "main/pointwise2": 20}),
    "a concatenation": ([wide(2), {"concat": [[wide(3)], [wide(1)], "prev"]}], False, [30, 50, 60, 120], "concat",
                        {"pointwise": 20, "branch1/pointwise": 30, "branch2/pointwise": 10, "concat": 60}),
    "a concatenation is never in place": ([wide(2), {"concat": ["prev", "prev"]}], True, [30, 60], "concat",
                                          {"pointwise": 20, "concat": 40}),
    "a gate does not overwrite what it gates with": (GATED, True, [50, 44, 44, 44], "pointwise",
                                                     {"input": 10, "pointwise": 40}),
    "two outputs": ([wide(3), {"head": [wide(2)], "as": "side"}, wide(1), wide(1)], False,
                    [40, 50, 60, 40], "pointwise2", {"pointwise1": 30, "side/pointwise": 20, "pointwise2": 10}),
    "an output that is read later is not written over": (
        [wide(3), {"head": ["identity"], "as": "side"}, "relu"], True,
        [40, 30, 60], "relu", {"pointwise": 30, "relu": 30}),
    "what is read again later is not written over": (
        [{**wide(3), "as": "a"}, "relu", wide(1), {"concat": ["prev", "a"]}], True,
        [40, 60, 70, 80], "concat", {"a": 30, "pointwise2": 10, "concat": 40}),
}
# fmt: on


@pytest.mark.parametrize("case", BY_HAND)
def test_what_is_alive_is_as_worked_by_hand(case: str) -> None:
    """Elements alive while each step runs, the first step with the most, and the tensors alive then."""
    net, in_place, alive, peak_at, tensors = BY_HAND[case]
    found = memory(network(net), in_place)

    assert alive == list(found.alive_elements.values())
    assert (max(alive), peak_at) == (found.peak_elements, found.peak_at)
    assert tensors == found.peak_tensors
    assert found.peak_elements == sum(found.peak_tensors.values())


def test_lenet_peaks_while_its_first_tanh_runs() -> None:
    """Two maps of 6x28x28 in fp32: 37,632 bytes; in place the pool's input and output, 23,520."""
    graph = cnncalc.load("lenet5")

    assert (37_632, "tanh1") == (memory(graph).peak_elements * BYTES["fp32"], memory(graph).peak_at)
    assert (23_520, "S2") == (memory(graph, True).peak_elements * 4, memory(graph, True).peak_at)
    assert {"C1": 4_704, "S2": 1_176} == memory(graph, True).peak_tensors


def test_resnet50_holds_input_output_and_residual_of_its_first_bottleneck() -> None:
    """In place: 64x56x56 in, 256x56x56 out and 256x56x56 of the shortcut are 7,225,344 bytes in fp32."""
    found = memory(cnncalc.load("resnet50"), in_place=True)

    assert 7_225_344 == found.peak_elements * BYTES["fp32"]
    assert "layer1[0]/shortcut/pointwise" == found.peak_at
    assert {
        "pool": 64 * 56 * 56,
        "layer1[0]/main/pointwise2": 256 * 56 * 56,
        "layer1[0]/shortcut/pointwise": 256 * 56 * 56,
    } == found.peak_tensors


NORMED = {"pointwise": {"out": 4, "norm": "batchnorm", "act": "relu"}}
BARE = {"pointwise": 4}


@pytest.mark.parametrize(
    ("net", "runs"),
    [
        ([NORMED, NORMED, wide(1)], [BARE, BARE, wide(1)]),
        (
            [NORMED, {"add": {"main": [NORMED], "shortcut": "prev"}}, "relu", "maxpool: 2"],
            [BARE, {"add": {"main": [BARE], "shortcut": "prev"}}, "maxpool: 2"],
        ),
        ([{"maxpool": 2}, "sigmoid", {"pointwise": {"out": 4, "act": "relu"}}], [{"maxpool": 2}, BARE]),
        # what cannot be folded: a norm behind a pool or an activation, one whose input others read, other norms
        ([NORMED, "batchnorm", wide(1)], [BARE, "batchnorm", wide(1)]),
        ([{"maxpool": 2}, "batchnorm"], [{"maxpool": 2}, "batchnorm"]),
        (
            [{**BARE, "as": "a"}, "batchnorm", {"add": ["prev", "a"]}],
            [{**BARE, "as": "a"}, "batchnorm", {"add": ["prev", "a"]}],
        ),
        ([BARE, {"mul": ["prev", ["sigmoid"]]}], [BARE, {"mul": ["prev", ["sigmoid"]]}]),
        ([BARE, {"layernorm": "channels"}, "relu"], [BARE, {"layernorm": "channels"}, "relu"]),
        ([BARE, "softmax"], [BARE, "softmax"]),
        (["relu", BARE], ["relu", BARE]),
        # a tensor that no layer makes
        (
            [{"add": ["prev", [{"learned": [4, 10]}]]}, "relu", wide(1)],
            [{"add": ["prev", [{"learned": [4, 10]}]]}, wide(1)],
        ),
        (
            [{**BARE, "as": "a"}, "batchnorm", {**BARE, "share": "a"}, "batchnorm"],
            [{**BARE, "as": "a"}, "batchnorm", {**BARE, "share": "a"}, "batchnorm"],
        ),
    ],
)
def test_folded_is_as_if_norms_and_activations_were_not_there(net: list[Any], runs: list[Any]) -> None:
    """What is alive at the peak is what is alive in the network without the layers that are folded."""
    net, runs = ([{"maxpool": 2} if step == "maxpool: 2" else step for step in steps] for steps in (net, runs))
    inputs = {"input": [4, 10]}
    folded, left = memory(network(net, **inputs), folded=True), memory(network(runs, **inputs))

    assert folded.peak_elements == left.peak_elements
    assert folded.activation_elements == left.activation_elements
    assert sorted(folded.peak_tensors.values()) == sorted(left.peak_tensors.values())


def test_the_folded_peaks_of_two_networks_worked_by_hand() -> None:
    """ResNet-18: the pool reads conv1; MobileNetV2: the strided depthwise of the second bottleneck."""
    peaks = [memory(cnncalc.load(name), folded=True).peak_elements for name in ("resnet18", "mobilenet_v2")]

    assert peaks == [64 * 112 * 112 + 64 * 56 * 56, 96 * 112 * 112 + 96 * 56 * 56]


def test_folded_norms_leave_a_bias_where_there_is_none() -> None:
    """2 learned numbers a channel go, and 1 comes; none comes where the layer has a bias already."""
    bare = network([{"pointwise": {"out": 4, "bias": False, "norm": "batchnorm"}}, NORMED])

    assert folded_params(bare, memory(bare, folded=True)) == (4 - 8) + (0 - 8)
    assert folded_params(bare, memory(bare)) == 0


def test_all_activations_are_the_outputs_that_have_memory_of_their_own() -> None:
    """Views, and in place the results that overwrite, add nothing to the sum."""
    graph = network([wide(2), "relu", "flatten", {"linear": 5}])

    assert 20 + 20 + 5 == memory(graph).activation_elements
    assert 20 + 5 == memory(graph, True).activation_elements
    assert {"pointwise": 20, "relu": 20, "flatten": 0, "linear": 5} == memory(graph).of


def test_the_bytes_of_a_dtype() -> None:
    """Half precision is two bytes, and bf16 as many."""
    assert {"fp64": 8, "fp32": 4, "fp16": 2, "bf16": 2, "int8": 1}.items() <= BYTES.items()


def test_a_shared_tensor_is_stored_once() -> None:
    """Two steps with the same weights have one tensor of each name."""
    graph = network([{**wide(1), "share": "w"}, {**wide(1), "share": "w"}])

    assert 2 == len(weight_shapes(graph))
    assert {(1, 1, 1), (1,)} == set(weight_shapes(graph).values())


# --- random graphs against a simulator ---------------------------------------------------------------------------

ONE_INPUT = (
    "relu",
    "batchnorm",
    "identity",
    "dropout",
    "pointwise",
    "flatten",
    "maxpool",
    "globalavgpool",
    "slice",
)
TWO_INPUTS = ("add", "mul", "concat")
ARGUMENTS = {"pointwise": {"out": 3}, "maxpool": {"kernel": 1}, "slice": {"stop": 1}}
VIEWS = {"identity", "dropout", "flatten", "slice"}
OVERWRITING = {"relu", "batchnorm", "add", "mul"}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random layers that read any earlier tensors that they can read; some tensors, inputs too, may go unread."""
    shapes: dict[str, tuple[int, ...]] = {
        f"in{k}": (draw(st.integers(1, 3)), 4) for k in range(draw(st.integers(1, 2)))
    }
    inputs = dict(shapes)
    nodes = []
    for step in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(ONE_INPUT + TWO_INPUTS))
        names = [draw(st.sampled_from(list(shapes))) for _ in range(2 if kind in TWO_INPUTS else 1)]
        incoming = tuple(shapes[name] for name in names)
        if KINDS[kind].check(len(incoming[0]) - 1):
            continue
        layer = KINDS[kind].read(ARGUMENTS.get(kind, {}), len(incoming[0]) - 1)
        if not all(need.holds is True for need in layer.needs(*incoming)):
            continue
        name = f"n{step}"
        shapes[name] = layer.output(*incoming)
        nodes.append(Node(name, layer, tuple(names), incoming, shapes[name], name))
    heads = {f"h{k}": draw(st.sampled_from(list(shapes))) for k in range(draw(st.integers(0, 1)))}
    return Graph("random", inputs, tuple(nodes), list(shapes)[-1], heads)


def simulated(graph: Graph, in_place: bool) -> list[int]:
    """Buffers with readers still to come, counted step by step."""
    to_come = Counter(name for node in graph.nodes for name in node.inputs) + Counter(set(graph.outputs))
    buffer = {name: name for name in graph.inputs}
    size = {name: product(shape) for name, shape in graph.inputs.items()}
    alive = []
    for node in graph.nodes:
        held = {buffer[name] for name, readers in to_come.items() if readers and name in buffer}
        to_come.subtract(node.inputs)
        still = {buffer[name] for name, readers in to_come.items() if readers and name in buffer}
        mine = node.name
        if node.kind in VIEWS:
            mine = buffer[node.inputs[0]]
        elif in_place and node.kind in OVERWRITING:
            for name, shape in zip(node.inputs, node.incoming, strict=True):
                if shape == node.output and buffer[name] not in still and buffer[name] not in graph.inputs:
                    mine = buffer[name]
                    break
        buffer[node.name] = mine
        size.setdefault(mine, product(node.output))
        alive.append(sum(size[name] for name in held | {mine}))
    return alive


@given(graph=graphs(), in_place=st.booleans())
def test_what_is_alive_is_what_a_simulator_holds(graph: Graph, in_place: bool) -> None:
    """Every step of every random graph; the tensors at the peak add up to it."""
    found = memory(graph, in_place)
    alive = simulated(graph, in_place)

    assert alive == list(found.alive_elements.values())
    assert found.peak_elements == sum(found.peak_tensors.values())
    if alive:
        assert max(alive) == found.peak_elements


# --- sizes that are open -----------------------------------------------------------------------------------------


def lines(net: list[Any]) -> Graph:
    """A graph on a line of L positions."""
    return cnncalc.parse(json.dumps({"input": [1, "L"], "net": net}))


# fmt: off
OPEN = [   # the peak in elements, the steps that may have it, for which sizes it is settled, the net
    # 1 L + 2 L, 2 L + 2 L, 2 L + 1 L
    ("4 L", ["relu"], ("16 L", {}), [wide(2), "relu", wide(1)]),
    # L + 4 ceil(L/2), and (4 + 2) ceil(L/2), which is never less: L <= 2 ceil(L/2)
    ("6 ceil(L/2)", ["pointwise"], ("24 ceil(L/2)", {}), [{"conv": {"out": 4, "kernel": 1, "stride": 2}}, wide(2)]),
    # L + 8, and 8 + 2 * 8: from L = 16 on the first
    ("max(L + 8, 24)", ["adaptiveavgpool", "pointwise"], ("4 L + 32", {"L": 16}), [{"adaptiveavgpool": 8}, wide(2)]),
    # L + 7, and 7 + 64 * 7: from L = 448 on the first, and nothing is that long usually
    ("max(L + 7, 455)", ["adaptiveavgpool", "pointwise"], ("max(4 L + 28, 1820)", {}),
     [{"adaptiveavgpool": 7}, wide(64)]),
]
# fmt: on


@pytest.mark.parametrize(("peak", "steps", "settled", "net"), OPEN, ids=[peak for peak, *_ in OPEN])
def test_the_peak_of_open_sizes_is_as_worked_by_hand(peak: str, steps: list[str], settled: Any, net: list[Any]) -> None:
    """The formula that holds for all, the steps that may have it, and the one in bytes that holds from some size on."""
    graph = cnncalc.parse(json.dumps({"input": [1, "L"], "net": net}))
    found = memory(graph)
    narrow = narrowed(found.peak_bytes, graph.provisos)

    assert (peak, steps) == (str(found.peak_elements), [*found.peaks])
    assert settled == (str(narrow.size), narrow.lowest)


OPENED = {"resnet50": [1, 2, 17, 18, 33, 224], "unet": [188, 189, 250, 331, 572], "mobilenet_v2": [1, 9, 10, 11, 250]}


@pytest.mark.parametrize("manner", [{}, {"in_place": True}, {"folded": True}], ids=str)
@pytest.mark.parametrize("name", OPENED)
def test_the_peak_of_open_sizes_is_that_of_each_number(name: str, manner: Any) -> None:
    """With numbers put in, what the network of that size has: for all of them, and narrowed from its least on."""
    graph = cnncalc.load(name)
    again = graph.again
    assert again is not None
    graph = opened(lambda settings, shapes: again(shapes, settings), graph, ["H"]).graph.inference
    found = memory(graph, **manner).peak_bytes
    narrow = narrowed(found, graph.provisos)

    for size in OPENED[name]:
        shape = (graph.input_shape[0], size, size)
        number = memory(again({"input": shape}).inference, **manner).peak_bytes
        assert number == found.at({"H": size})
        if size >= narrow.lowest.get("H", 1):
            assert number == narrow.size.at({"H": size})


def test_the_report_of_open_sizes_has_formulas_and_what_must_hold() -> None:
    """4 bytes of 2 * 8 maps of H - 2 by W - 2; the first layer has 12 H W + 32 (H - 2) (W - 2), which is 588 and not
    576 at H = W = 5, and 944 and not 1024 at 6.
    """
    text = "input: [3, H, W]\nnet: [{conv: {out: 8, kernel: 3}}, relu]\n"
    report = cnncalc.reports.memory(cnncalc.parse(text))
    found = json.loads(report.written("json"))
    jsonschema.Draft7Validator(contract("memory").schema).validate(found)

    assert "64 H W - 128 H - 128 W + 256" == found["totals"]["peak_activations"]
    assert {"at": "relu", "tensors": dict.fromkeys(("conv", "relu"), "32 H W - 64 H - 64 W + 128")} == found["peak"]
    assert ({"H": 6, "W": 6}, ["H >= 3", "W >= 3"]) == (found.get("lowest"), found["provisos"])
    assert "peak 64 H W - 128 H - 128 W + 256 bytes" in report.written()


def test_a_part_that_is_written_over_keeps_the_whole_alive() -> None:
    """A view of 1 of 8 channels becomes the sigmoid: 8 + 8 floats stay, where 1 + 8 would be alive with a copy."""
    graph = cnncalc.parse("""
input: [8, 2]
net:
  - {pointwise: 8, as: wide}
  - {split: {part: 0, parts: 8}}
  - {sigmoid, as: gate}
  - {pointwise: 16}
  - {pointwise: 8}
  - {mul: [prev, gate]}
""")
    apart, over = report(graph), report(graph, in_place=True)

    # apart: gate 2 + 32 + 16 numbers of 4 bytes while the second pointwise 8 runs; in place: wide 16 + 32 + 16
    assert (4 * (2 + 32 + 16), 4 * (16 + 32 + 16)) == tuple(
        r.facts["totals"]["peak_activations"] for r in (apart, over)
    )
    assert [str(note) for note in over.notes if note.code == "in_place"] == [
        "in place needs more than the 200 B without: what is written over a part of a tensor keeps all of it alive"
    ]
    assert not [note for note in apart.notes if note.code == "in_place"]
