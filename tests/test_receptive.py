"""Receptive fields: published figures, cases that other tools get wrong, and random graphs against brute force."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import Graph
from cnncalc.analyses.extent import network_field
from cnncalc.analyses.intervals import ITSELF, Field, Interval
from cnncalc.analyses.receptive import receptive_fields
from cnncalc.analyses.remarks import CENTRES, STRIDES, Remark, folded
from cnncalc.dims import is_symbolic
from cnncalc.layers import KINDS
from cnncalc.layers.windows import Window
from cnncalc.symbols import symbol

DATA = Path(__file__).parent / "data"
SPECS_FOLDER = Path(__file__).parents[1] / "specs"
CASES = {case["id"]: case for case in json.loads((DATA / "receptive_field_cases.json").read_text(encoding="utf-8"))}


def network(net: list[Any], size: Any = (64, 64), **more: Any) -> Graph:
    """A graph from its steps as Python values; one channel on a map of this size."""
    return cnncalc.parse(json.dumps({"input": [1, *size], "net": net, **more}))


def figures(graph: Graph, name: str | None = None) -> dict[str, Any]:
    """Size, stride and padding per axis of a node, or of the last map."""
    fields = receptive_fields(graph)
    axes = fields.of[name or cnncalc.last_map(graph, fields) or ""].axes or ()
    return {
        "size": [field.size() for field in axes],
        "stride": [field.stride for field in axes],
        "padding": [field.padding for field in axes],
    }


# --- the cases of other tools' tests -----------------------------------------------------------------------------


def conv(kernel: Any, stride: int = 1, padding: Any = "valid") -> dict[str, Any]:
    """A step of one channel."""
    return {"conv": {"out": 1, "kernel": kernel, "stride": stride, "padding": padding}}


def pool(kernel: int, stride: int, padding: Any = "valid") -> dict[str, Any]:
    """A pooling step."""
    return {"maxpool": {"kernel": kernel, "stride": stride, "padding": padding}}


AHEAD = {"pad": [[1, 0], [1, 0]]}
NET1 = [{"add": {"left": [conv(1, 4)], "right": [AHEAD, conv(3, 2), conv(1, 2)]}}]
NET2 = [{"add": {"left": [conv(1, 4)], "right": [AHEAD, pool(3, 2), pool(1, 2)]}}]
NET3 = [
    {
        "add": {
            "left": [{"pad": [[2, 1], [2, 1]]}, conv(5, 2)],
            "right": [conv(3), conv(3), {"crop": {"size": 32, "offset": 0}}],
        }
    }
]
NET4 = [{"add": {"left": [conv(1, 4)], "right": [conv(3, 2, "same"), conv(1, 2)]}}]
NET5 = [conv([3, 5], 2), conv([3, 1], 2), "relu"]
NET6 = [{"add": {"left": [conv(1, 4), {"dropout": 0.5}], "right": [AHEAD, conv(3, 2), conv(1, 2)]}}]
NET8 = [*NET1, "relu", {"add": {"left": [conv(1, 2)], "right": [AHEAD, conv(3, 2)]}}]
NET9 = [
    {"add": {"left": [conv(1, 4, "same")], "right": [conv(3, 2, "same"), conv(1, 2, "same")]}},
    "relu",
    {"add": {"left": [conv(1, 2, "same")], "right": [conv(3, 2, "same")]}},
]

SPECS: dict[str, tuple[list[Any], tuple[int, int]]] = {
    "net1_aligned": (NET1, (64, 64)),
    "net2_maxpool_same_as_conv": (NET2, (64, 64)),
    "net4_input9": (NET4, (9, 9)),
    "net6_dropout_stop_propagation": (NET6, (64, 64)),
    "net7_control_dependency": (NET1, (64, 64)),  # a spec has no control dependencies: the same graph
    "net8_intermediate_add": (NET8, (64, 64)),
    "net9_same_input17": (NET9, (17, 17)),
}


@pytest.mark.parametrize("case", SPECS)
def test_a_case_of_tensorflow_models_comes_out_as_published(case: str) -> None:
    """Size, stride and padding of google-research/receptive_field's own tests, with no remark."""
    net, size = SPECS[case]
    graph = network(net, size)
    wanted = CASES[case]

    assert {
        "size": [(n, n) for n in wanted["rf"]],
        "stride": wanted["stride"],
        "padding": wanted["padding"],
    } == figures(graph)
    assert () == receptive_fields(graph).remarks


@pytest.mark.parametrize(
    ("case", "net", "size", "remark", "words"),
    [
        (
            "net3_misaligned",
            NET3,
            (64, 64),
            (STRIDES, (2, 1)),
            "the branches of `add` move by 2 and 1 inputs a unit (height and width)",
        ),
        (
            "net4_input8",
            NET4,
            (8, 8),
            (CENTRES, (1,)),
            "the branches of `add` are not aligned: their centres are 1 apart (height and width)",
        ),
    ],
)
def test_branches_that_are_not_aligned_are_a_remark_and_no_error(
    case: str, net: list[Any], size: tuple[int, int], remark: tuple[str, tuple[int, ...]], words: str
) -> None:
    """Where the other tool raises, the field is the union of both branches and the shift is said, axes together."""
    code, values = remark
    remarks = receptive_fields(network(net, size)).remarks

    assert "error" in CASES[case]
    assert (Remark(code, "add", ("height", "width"), tuple(map(Fraction, values))),) == remarks
    assert [words] == folded(remarks)


def test_what_differs_only_in_its_node_is_remarked_on_once() -> None:
    """Three joins that are one position apart: one line, with the number of the others."""
    graph = network([{"add": [[conv(1)], [conv(2), {"pad": [[0, 1], [0, 1]]}]]}] * 3)

    assert [
        "the branches of `add1` (and of 2 more) are not aligned: their centres are 0.5 apart (height and width)"
    ] == folded(receptive_fields(graph).remarks)


@pytest.mark.parametrize(
    ("padding", "count"), [([2, 0], 0), ([0, 2], 1), ([1, 1], 0)], ids=["causal", "looks ahead", "centred"]
)
def test_causal_branches_are_aligned(padding: list[int], count: int) -> None:
    """A unit that sees nothing behind its own position ends where the skip ends."""
    graph = network([{"add": [[conv(3, 1, [padding])], "prev"]}], (20,))

    assert count == len(receptive_fields(graph).remarks)


@pytest.mark.parametrize(
    ("net", "at", "sizes", "everything"),
    [
        ([conv([7, 5])], "conv", ((7, 7), (5, 5)), False),
        ([conv(3), {"maxpool": 2}, "globalavgpool"], "maxpool", ((4, 4), (4, 4)), False),
        ([conv(3), {"linear": 4}], "conv", ((3, 3), (3, 3)), False),
        ([conv(3), {"linear": 16}, {"reshape": [1, 4, 4]}, {"upsample": 2}], "upsample", (), True),
    ],
    ids=["a map", "one place", "a vector", "a map that sees everything"],
)
def test_the_receptive_field_of_a_network(
    net: list[Any], at: str, sizes: tuple[tuple[int, int], ...], everything: bool
) -> None:
    """Of the output; of the last map where the output is a vector or one place; global where each unit sees all."""
    found = network_field(network(net))

    assert found is not None
    assert (at, sizes, everything) == (found.at, found.sizes, found.everything)


def test_a_non_square_kernel_has_a_field_of_its_own_on_each_axis() -> None:
    """Case net5: 7 high and 5 wide."""
    case = CASES["net5_nonsquare"]
    wide, high = case["rf_xy"]

    assert {
        "size": [(high, high), (wide, wide)],
        "stride": case["stride"],
        "padding": case["padding"],
    } == figures(network(NET5))


def test_same_padding_on_an_unknown_size_is_asked_for() -> None:
    """Case net4_undefined_padding: null there; here the size is asked for by its name, and any size gives 3 and 4."""
    assert [None, None] == CASES["net4_undefined_padding"]["padding"]
    with pytest.raises(cnncalc.CnncalcError) as caught:
        receptive_fields(network(NET4, ("H", "W")))
    assert "the receptive field of `right/conv1` depends on the size H" in str(caught.value)
    for n in range(5, 40):
        assert CASES["net4_undefined_padding"]["stride"] == figures(network(NET4, (n, n)))["stride"]
    for n in range(5, 40, 2):
        assert [(3, 3), (3, 3)] == figures(network(NET4, (n, n)))["size"]


@pytest.mark.parametrize(
    ("case", "size", "words"),
    [("parse_maxpool_3x3_s2_SAME_even4", 4, (0, 1)), ("parse_maxpool_3x3_s2_SAME_odd5", 5, (1, 2))],
)
def test_same_padding_depends_on_whether_the_size_is_even(case: str, size: int, words: tuple[int, int]) -> None:
    """A 3x3 max-pool of stride 2: on 4 positions one zero at the end, on 5 one on each side."""
    before, total = words
    layer = KINDS["maxpool"].read({"kernel": 3, "stride": 2, "padding": "same"}, 2)
    inputs = ((1, size, size),)
    output = layer.output(*inputs)
    (window, _), *_ = layer.windows(inputs, output)  # type: ignore[misc]

    assert f"left pad {before}, total pad {total}" == CASES[case]["expect"]
    assert (3, 2, before) == window[:3]
    assert total == (output[1] - 1) * 2 + 3 - size


def test_same_padding_on_a_symbol_is_a_formula() -> None:
    """Case parse_maxpool_3x3_s2_SAME_unknown: kernel 3, stride 2, and a padding that waits for the size."""
    layer = KINDS["maxpool"].read({"kernel": 3, "stride": 2, "padding": "same"}, 2)
    inputs = ((1, symbol("H"), symbol("W")),)
    (window, _), *_ = layer.windows(inputs, layer.output(*inputs))  # type: ignore[misc]

    assert "k3 s2 pad None" == CASES["parse_maxpool_3x3_s2_SAME_unknown"]["expect"]
    assert (3, 2) == (window.kernel, window.stride)
    assert is_symbolic(window.before)
    assert [0, 1, 0, 1] == [window.before.at({"H": n}) for n in (4, 5, 6, 7)]


def test_the_sizes_of_the_compute_order_case() -> None:
    """Case sizes_224: every named layer of the two-stage network has its size."""
    first = [{**AHEAD, "as": "L2_pad"}, {**conv(3, 2), "as": "L2"}, {**pool(1, 2), "as": "L3"}]
    second = [AHEAD, {**conv(3, 2), "as": "L6"}]
    graph = network(
        [
            {"add": {"left": [{**conv(1, 4), "as": "L1"}], "right": first}},
            {"add": {"left": [{**conv(1, 2), "as": "L5"}], "right": second}, "as": "L7_add"},
        ],
        (224, 224),
    )
    found = {name.split("/")[-1]: node.output[1] for name, node in graph.by_name.items()}
    wanted = {name.split("/")[0]: n for name, n in CASES["sizes_224"]["expect"].items()}

    assert wanted == {name: found[name] for name in wanted}


@pytest.mark.parametrize("case", list(SPECS))
def test_centres_and_units_are_each_others_inverse(case: str) -> None:
    """Case roundtrip: unit -> centre -> unit is the identity."""
    assert "identity" in CASES["roundtrip"]["check"]
    net, size = SPECS[case]
    graph = network(net, size)
    for field in receptive_fields(graph).of[graph.output].axes or ():
        for j in range(20):
            seen = field.at(j)
            assert seen is not None
            assert j == (Fraction(seen.first + seen.last, 2) - field.centre) / field.stride


def test_the_centres_of_inception_resnet_v2() -> None:
    """Case inception_resnet_v2_centres: units 0 and 2 of the last map look at the pixels around 37 and 101."""
    case = CASES["inception_resnet_v2_centres"]
    graph = cnncalc.load("inception_resnet_v2", input=(3, 224, 224)).inference
    fields = receptive_fields(graph)
    field = (fields.of[cnncalc.last_map(graph, fields) or ""].axes or ())[0]

    assert (case["rf"],) * 2 == field.size()
    assert (case["stride"], case["padding"]) == (field.stride, field.padding)
    assert case["centre"] == [field.centre + j * field.stride for j in case["feature"]]


def test_the_toy_network_of_distill() -> None:
    """Case distill_toy: unit 0 sees from -1 to 4."""
    case = CASES["distill_toy"]
    graph = network([conv(3, 3, 1), conv(2)], (20,))
    field = (receptive_fields(graph).of[graph.output].axes or ())[0]

    assert Interval(case["u0"], case["v0"]) == field.at(0)
    assert (case["rf"],) * 2 == field.size()


def test_keras_inception_v3_conv2d_85() -> None:
    """Case keras_inceptionv3_conv2d_85: the 1x1 that starts the last module."""
    assert [(n, n) for n in CASES["keras_inceptionv3_conv2d_85"]["rf"]] == figures(
        cnncalc.load("inception_v3"), "Mixed_7c/branch1x1/pointwise"
    )["size"]


def test_every_published_case_is_tried() -> None:
    """A case of the file that no test names is forgotten."""
    named = Path(__file__).read_text(encoding="utf-8").split("def test_every_published_case")[0]

    assert [] == [case for case in CASES if case not in named]


# --- the table of published networks -----------------------------------------------------------------------------

ROWS = list(csv.DictReader((DATA / "receptive_fields.csv").read_text(encoding="utf-8").splitlines()))


def _inception_v2(end: str) -> str:
    words = {"Conv2d_1a_7x7": "conv1", "MaxPool_2a_3x3": "pool1", "Conv2d_2b_1x1": "conv2_reduce"}
    words |= {"Conv2d_2c_3x3": "conv2", "MaxPool_3a_3x3": "pool2"}
    stages = dict(
        zip(
            ["3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b", "5c"],
            ["3a", "3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b"],
            strict=True,
        )
    )
    return words.get(end) or f"inception{stages[end[-2:]]}"


NODES: dict[str, tuple[str, Callable[[str], str]]] = {
    "alexnet_v2": ("alexnet", lambda end: end.split("/")[1]),
    "vgg_16": ("vgg16", lambda end: end.split("/")[-1]),
    "mobilenet_v1": ("mobilenet_v1", lambda end: "conv" + end.split("_")[1]),
    "inception_v2": ("inception_v2", _inception_v2),
    "inception_v3": ("inception_v3", lambda end: end),
    "inception_resnet_v2": (
        "inception_resnet_v2",
        lambda end: {"PreAuxLogits": "block17", "Conv2d_7b_1x1": "Conv2d_7b_1x1"}.get(end, end),
    ),
    "resnet_v1_50": ("resnet50_v1", lambda end: f"conv{int(end[-1]) + 1}"),
}

REWRITTEN = {
    # slim pads everything `same`; the released Caffe model, which the spec is, has 3 on both sides of the 7x7
    "inception_v2": [("padding: half", "padding: same"), ("round: ceil", "padding: same")],
    # slim has the stride of a stage in the 3x3 of its last unit, and pads the pool `same`
    "resnet50_v1": [
        ("pointwise: {out: $mid, stride: $stride}", "pointwise: $mid"),
        ("conv: {out: $mid, kernel: 3}", "conv: {out: $mid, kernel: 3, stride: $stride}"),
        ("stride: 2, padding: 1}", "stride: 2, padding: same}"),
        (", first: {stride: 2}", ""),
        *((f'"$blocks[{n}]"', f'"$blocks[{n}]", last: {{stride: 2}}') for n in range(3)),
    ],
}
"""What makes of a spec the graph that the table is of, where its figures differ."""


@pytest.fixture(scope="module")
def zoo() -> Callable[[str], tuple[Graph, Any]]:
    """Networks at 224, with their fields, each worked out once."""
    known: dict[str, tuple[Graph, Any]] = {}

    def of(name: str) -> tuple[Graph, Any]:
        if name not in known:
            text = (SPECS_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
            for old, new in REWRITTEN.get(name, ()):
                assert old in text
                text = text.replace(old, new)
            graph = cnncalc.parse(text, input=(3, 224, 224)).inference
            known[name] = graph, receptive_fields(graph)
        return known[name]

    return of


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["end_point"])
def test_a_row_of_the_published_table(row: dict[str, str], zoo: Callable[[str], tuple[Graph, Any]]) -> None:
    """Araujo et al. 2019: size, stride and padding of the named tensor, at 224. No row is left out."""
    spec, named = NODES[row["cnn"]]
    graph, fields = zoo(spec)
    name = named(row["end_point"])
    last = [node.name for node in graph.nodes if node.name == name or node.name.startswith((f"{name}/", f"{name}["))][
        -1
    ]
    wanted = int(row["rf"]), int(row["stride"]), int(row["padding"])
    found = [(field.size()[1], field.stride, field.padding) for field in fields.of[last].axes]

    assert "224" == row["resolution"]
    assert [wanted, wanted] == found


def test_the_published_ends_hold_for_the_specs_as_they_are() -> None:
    """Where only paddings or the place of a stride differ, the size at the end is that of the table."""
    assert [(483, 483)] * 2 == figures(cnncalc.load("resnet50_v1"))["size"]
    assert [(699, 699)] * 2 == figures(cnncalc.load("inception_v2"))["size"]


@pytest.mark.parametrize(("size", "padding"), [(224, 126), (321, 157), (225, 157), (256, 126)])
def test_mobilenets_padding_depends_on_the_input_size(size: int, padding: int) -> None:
    """TensorFlow's `same` puts the odd zero at the end: 126 on 224, 157 on 321."""
    graph = cnncalc.load("mobilenet_v1", input=(3, size, size))

    assert {"size": [(315, 315)] * 2, "stride": [32, 32], "padding": [padding, padding]} == figures(graph)


# --- what other tools get wrong ----------------------------------------------------------------------------------


def test_the_unet_of_2015_sees_188_or_204_and_never_200() -> None:
    """100 of 388 positions see 188 pixels, 288 see 204; the scalar recurrence says 200."""
    graph = cnncalc.load("unet")
    fields = receptive_fields(graph)
    field = (fields.of["scores"].axes or ())[0]

    assert {188: 100, 204: 288} == field.sizes(388)
    assert (188, 204) == field.size(388)
    assert {188, 204} == {(field.at(j) or Interval(0, 0)).size for j in range(388)}
    assert {"input": (Interval(96, 299), Interval(288, 475))} == cnncalc.box(graph, "scores", (100, 288))


@pytest.mark.parametrize(
    ("net", "size", "sizes", "stride"),
    [
        ([conv(3), {"conv": {"out": 1, "kernel": 3, "dilation": 2}}], 30, {7}, 1),
        ([{"conv": {"out": 1, "kernel": 2, "dilation": 2**k}} for k in range(4)], 30, {16}, 1),
        ([conv(2, 2), {"upsample": 2}], 16, {2}, 1),
        ([conv(2, 2), {"upsample": 2}, conv(3)], 16, {4}, 1),
        ([conv(2, 2), {"upsample": 2}, conv(2)], 16, {2, 4}, 1),
        ([conv(2, 2), {"upsample": {"scale": 2, "mode": "bilinear"}}], 16, {4}, 1),
        ([{"upsample": {"scale": 3, "mode": "bilinear"}}], 16, {1, 2}, Fraction(1, 3)),
        ([{"upconv": {"out": 1, "kernel": 2, "stride": 2}}], 16, {1}, Fraction(1, 2)),
        ([{"upconv": {"out": 1, "kernel": 3, "stride": 2}}], 16, {1, 2}, Fraction(1, 2)),
        ([{"upconv": {"out": 1, "kernel": 2, "stride": 3}}], 16, {0, 1}, Fraction(1, 3)),
        ([{"upconv": {"out": 1, "kernel": 1, "stride": 2}}, conv(2)], 16, {1}, Fraction(1, 2)),
        ([{"adaptiveavgpool": 3}], 10, {4}, Fraction(10, 3)),
        ([{"space_to_depth": 2}], 16, {2}, 2),
        ([{"slice": {"axis": "length", "start": 1, "step": 3}}, conv(2)], 16, {4}, 3),
    ],
)  # fmt: skip
def test_fields_by_hand(net: list[Any], size: int, sizes: set[int], stride: Fraction) -> None:
    """Dilations, upsamplings and transposed convolutions on a line: the sizes over a period and the mean stride."""
    graph = network(net, (size,))
    field = (receptive_fields(graph).of[graph.output].axes or ())[0]

    assert sizes == set(field.sizes())
    assert stride == field.stride


def test_behind_a_gate_a_unit_sees_its_neighbourhood_and_everything() -> None:
    """Squeeze and excitation: the local field stays 3, and the whole input is seen through the gate."""
    net = [conv(3), {"mul": {"map": "prev", "gate": ["globalavgpool", {"pointwise": 1}, "sigmoid"]}}]
    graph = network(net, (10, 12))
    seen = receptive_fields(graph).of["mul"]

    assert [(3, 3), (3, 3)] == [field.size() for field in seen.axes or ()]
    assert seen.everything
    assert {"input": (Interval(0, 9), Interval(0, 11))} == cnncalc.box(graph, "mul", (2, 2))


@pytest.mark.parametrize("net", [["globalavgpool"], [{"linear": 3}], ["flatten"], ["mean"]])
def test_what_looks_at_the_whole_map_is_global(net: list[Any]) -> None:
    """No position, no size: everything is seen."""
    graph = network([conv(3), *net], (9, 9))
    seen = receptive_fields(graph).of[graph.output]

    assert (None, True) == (seen.axes, seen.everything)


def test_statistics_of_the_image_make_a_field_global_and_those_of_training_do_not() -> None:
    """Group, instance and layer norm look at the whole map; a batch norm is a fixed scale at inference."""
    for norm, everything in (("batchnorm", False), ({"groupnorm": 1}, True), ("instancenorm", True), ("layernorm", True),
                             ({"layernorm": {"over": "channels"}}, False), ({"lrn": 5}, False)):  # fmt: skip
        graph = network([conv(3), norm], (9, 9))
        assert everything == receptive_fields(graph).of[graph.output].everything


def test_several_inputs_have_a_box_each() -> None:
    """The branch of one input says nothing of the other."""
    spec = {
        "input": {"left": [1, 20], "right": [1, 20]},
        "net": [{"add": [{"from": "left", "do": [conv(3)]}, {"from": "right", "do": [conv(1), {"crop": 18}]}]}],
    }
    graph = cnncalc.parse(json.dumps(spec))

    assert {"left": (Interval(4, 6),), "right": (Interval(5, 5),)} == cnncalc.box(graph, "add", (4,))


@pytest.mark.parametrize(
    ("mode", "unit", "pixels"),
    [
        ("zeros", 0, None),
        ("reflect", 0, (2, 2)),
        ("replicate", 0, (0, 0)),
        ("reflect", 13, (7, 7)),
        ("replicate", 13, (9, 9)),
    ],
)
def test_mirrored_and_repeated_edges_depend_on_the_pixels_that_they_copy(
    mode: str, unit: int, pixels: tuple[int, int] | None
) -> None:
    """A padding of 2 around 10 positions: the first unit is nothing, pixel 2 or pixel 0."""
    graph = network([{"pad": {"padding": 2, "mode": mode}}, conv(1)], (10,))
    wanted = {"input": (Interval(*pixels),)} if pixels else {}

    assert wanted == cnncalc.box(graph, graph.output, (unit,))
    assert [2] == figures(graph)["padding"]


def test_a_hole_between_two_taps_is_not_read() -> None:
    """Dilated taps that both fall into the holes of a transposed convolution see nothing, whatever lies between."""
    net = [{"upconv": {"out": 1, "kernel": 1, "stride": 2}}, {"conv": {"out": 1, "kernel": 2, "dilation": 2}}]
    graph = network(net, (6,))

    assert {} == cnncalc.box(graph, graph.output, (1,))
    assert {"input": (Interval(0, 1),)} == cnncalc.box(graph, graph.output, (0,))


def test_a_field_through_a_window_is_the_textbook_recurrence() -> None:
    """Size + (k - 1) d jump, jump s, and the first position moved back by the padding."""
    field = ITSELF.through(Window(7, 2, 3), 112).through(Window(3, 2, 1, 2), 55)

    assert Field((Interval(-5, 9),), 4) == field
    assert (15, 15) == field.size()
    assert 2 == field.centre


def test_boxes_of_many_different_branches_stay_few() -> None:
    """Twenty modules of a row-wise and a column-wise branch: exact, and not exponential."""
    rows = {"conv": {"out": 1, "kernel": [3, 1], "padding": "half"}}
    columns = {"conv": {"out": 1, "kernel": [1, 3], "padding": "half"}}
    graph = network([{"add": [[rows], [columns]]}] * 20, (64, 64))

    assert {"input": (Interval(12, 52), Interval(12, 52))} == cnncalc.box(graph, graph.output, (32, 32))


# --- random graphs against brute force ---------------------------------------------------------------------------

Unit = tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """The pixels that a unit depends on, and whether any tap on the way fell outside a map."""

    pixels: frozenset[Unit] = frozenset()
    padded: bool = False


@dataclass(frozen=True)
class Map:
    """What each unit of a tensor sees."""

    sizes: tuple[int, ...]
    units: dict[Unit, Seen]


def image(sizes: tuple[int, ...]) -> Map:
    """Each pixel sees itself."""
    return Map(sizes, {unit: Seen(frozenset([unit])) for unit in product(*map(range, sizes))})


def gathered(before: Map, sizes: tuple[int, ...], taps: list[list[list[int]]]) -> Map:
    """The tensor whose unit reads, on each axis, the listed positions; those outside the map are padding."""
    units = {}
    for unit in product(*map(range, sizes)):
        pixels: set[Unit] = set()
        padded = False
        for read in product(*(taps[axis][j] for axis, j in enumerate(unit))):
            seen = before.units.get(read)
            padded = padded or seen is None or seen.padded
            pixels |= seen.pixels if seen else set()
        units[unit] = Seen(frozenset(pixels), padded)
    return Map(sizes, units)


def united(maps: list[Map]) -> Map:
    """Where branches meet."""
    units = {}
    for unit in maps[0].units:
        seen = [m.units[unit] for m in maps]
        units[unit] = Seen(frozenset().union(*(s.pixels for s in seen)), any(s.padded for s in seen))
    return Map(maps[0].sizes, units)


def slid(
    n: int, kernel: int, stride: int, dilation: int, before: int, after: int, ceil: bool = False
) -> list[list[int]]:
    """The taps of a window that starts at -before and moves until it would leave the padded map."""
    extent = (kernel - 1) * dilation + 1
    taps = []
    start = -before
    while start + extent <= n + after or (ceil and start < n and start - stride + extent < n + after):
        taps.append([start + t * dilation for t in range(kernel)])
        start += stride
    return [window for window in taps if not ceil or window[0] < n]


def scattered(n: int, kernel: int, stride: int, dilation: int, cut: tuple[int, int], extra: int) -> list[list[int]]:
    """For each output of a transposed convolution the inputs that add to it."""
    size = (n - 1) * stride + (kernel - 1) * dilation + 1 - sum(cut) + extra
    taps: list[list[int]] = [[] for _ in range(size)]
    for i in range(-40, n + 40):
        for t in range(kernel):
            j = i * stride + t * dilation - cut[0]
            if 0 <= j < size:
                taps[j].append(i)
    return taps


def bilinear(n: int, scale: int) -> list[list[int]]:
    """The two neighbours of each output's place, those with weight zero left out; beside the map for the edges."""
    taps = []
    for j in range(n * scale):
        place = (j + Fraction(1, 2)) / scale - Fraction(1, 2)
        low = place.numerator // place.denominator
        taps.append([low] if place == low else [low, low + 1])
    return taps


def reflected(n: int, before: int, after: int) -> list[list[int]]:
    """Positions mirrored at the first and the last."""
    return [[-i if i < 0 else 2 * (n - 1) - i if i >= n else i] for i in range(-before, n + after)]


Drawn = tuple[dict[str, Any], Map]
MOST_UNITS = {1: 60, 2: 120}


@st.composite
def steps(draw: st.DrawFn, before: Map, holes: bool) -> Drawn:
    """A random step on a map, and the map behind it; the identity where what was drawn does not fit."""
    axes = len(before.sizes)

    def per_axis(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=axes, max_size=axes))

    kind = draw(
        st.sampled_from(["conv", "maxpool", "upconv", "upsample", "bilinear", "pad", "reflect", "crop", "same"])
    )
    kernel, stride, dilation = per_axis(1, 4), per_axis(1, 3), per_axis(1, 2)
    front, back, sizes = per_axis(0, 2), per_axis(0, 2), before.sizes
    pads = [list(pair) for pair in zip(front, back, strict=True)]
    if kind == "conv":
        step = {"conv": {"out": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": pads}}
        taps = [slid(*a) for a in zip(sizes, kernel, stride, dilation, front, back, strict=True)]
    elif kind == "maxpool":
        ceil = draw(st.booleans())
        front, back = ([min(a, k // 2) for a, k in zip(side, kernel, strict=True)] for side in (front, back))
        pads = [list(pair) for pair in zip(front, back, strict=True)]
        arguments = {
            "kernel": kernel,
            "stride": stride,
            "padding": pads,
            "round": "ceil" if ceil else "floor",
        }
        step = {"maxpool": arguments}
        taps = [slid(n, k, s, 1, a, b, ceil) for n, k, s, a, b in zip(sizes, kernel, stride, front, back, strict=True)]
        if any(n + a + b < k for n, k, a, b in zip(sizes, kernel, front, back, strict=True)):
            taps = [[]]
    elif kind == "same":
        step = {"conv": {"out": 1, "kernel": kernel, "stride": stride, "padding": "same"}}
        totals = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(sizes, kernel, stride, strict=True)]
        taps = [slid(n, k, s, 1, t // 2, t - t // 2) for n, k, s, t in zip(sizes, kernel, stride, totals, strict=True)]
    elif kind == "upconv":
        kernel = kernel if holes else [max(k, s) for k, s in zip(kernel, stride, strict=True)]
        dilation = dilation if holes else [1] * axes
        extra = [min(draw(st.integers(0, 1)), max(s, d) - 1) for s, d in zip(stride, dilation, strict=True)]
        arguments = {"out": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": pads}
        step = {"upconv": {**arguments, "output_padding": extra}}
        lengths = [
            (n - 1) * s + (k - 1) * d + 1 - a - b + e
            for n, k, s, d, a, b, e in zip(sizes, kernel, stride, dilation, front, back, extra, strict=True)
        ]
        taps = [[]] if min(lengths) < 1 else [
            scattered(n, k, s, d, (a, b), e)
            for n, k, s, d, a, b, e in zip(sizes, kernel, stride, dilation, front, back, extra, strict=True)
        ]  # fmt: skip
        if not holes and any(not tap for axis in taps for tap in axis):
            taps = [[]]
    elif kind == "upsample":
        step = {"upsample": stride}
        taps = [[[j // s] for j in range(n * s)] for n, s in zip(sizes, stride, strict=True)]
    elif kind == "bilinear":
        step = {"upsample": {"scale": stride, "mode": "bilinear"}}
        taps = [bilinear(n, s) for n, s in zip(sizes, stride, strict=True)]
    elif kind == "pad":
        step = {"pad": pads}
        taps = [[[i] for i in range(-a, n + b)] for n, a, b in zip(sizes, front, back, strict=True)]
    elif kind == "reflect":
        front, back = ([min(p, n - 1) for p, n in zip(side, sizes, strict=True)] for side in (front, back))
        step = {"pad": {"padding": [list(pair) for pair in zip(front, back, strict=True)], "mode": "reflect"}}
        taps = [reflected(n, a, b) for n, a, b in zip(sizes, front, back, strict=True)]
        if any((*front, *back)):  # unit by unit it counts as padding
            return step, _as_padding(gathered(before, tuple(map(len, taps)), taps), front, sizes)
    else:
        offset = [min(a, n - 1) for a, n in zip(front, sizes, strict=True)]
        left = [max(1, n - a - b) for n, a, b in zip(sizes, offset, back, strict=True)]
        step = {"crop": {"size": left, "offset": offset}}
        taps = [[[a + j] for j in range(m)] for a, m in zip(offset, left, strict=True)]
    after = tuple(map(len, taps))
    total = 1
    for n in after:
        total *= n
    if not 0 < total <= MOST_UNITS[axes]:
        return {"conv": {"out": 1, "kernel": 1}}, before
    return step, gathered(before, after, taps)


def _as_padding(behind: Map, front: list[int], sizes: tuple[int, ...]) -> Map:
    units = {
        unit: Seen(
            seen.pixels,
            seen.padded or any(not 0 <= j - a < n for j, a, n in zip(unit, front, sizes, strict=True)),
        )
        for unit, seen in behind.units.items()
    }
    return Map(behind.sizes, units)


@st.composite
def chains(
    draw: st.DrawFn, before: Map, holes: bool, longest: int, names: Iterator[int]
) -> tuple[list[Any], Map, dict[str, Map]]:
    """Random steps one after the other, each named."""
    net: list[Any] = []
    named: dict[str, Map] = {}
    for _ in range(draw(st.integers(0, longest))):
        step, before = draw(steps(before, holes))
        name = f"t{next(names)}"
        net.append({**step, "as": name})
        named[name] = before
    return net, before, named


@st.composite
def graphs(draw: st.DrawFn, axes: int) -> tuple[Graph, dict[str, Map]]:
    """A chain, two branches cropped to the same size, and another chain."""
    names = iter(range(100))
    holes = axes == 1
    sizes = tuple(draw(st.integers(1, 16 if axes == 1 else 7)) for _ in range(axes))
    net, at, named = draw(chains(image(sizes), holes, 3, names))
    for _ in range(draw(st.integers(0, 2))):
        ends = [draw(chains(at, holes, 2, names)) for _ in range(2)]
        smallest = tuple(min(dims) for dims in zip(*(end.sizes for _, end, _ in ends), strict=True))
        branches = []
        maps = []
        for branch, end, inner in ends:
            offset = [draw(st.integers(0, n - m)) for n, m in zip(end.sizes, smallest, strict=True)]
            branches.append([*branch, {"crop": {"size": list(smallest), "offset": offset}}])
            maps.append(
                gathered(
                    end,
                    smallest,
                    [[[a + j] for j in range(m)] for a, m in zip(offset, smallest, strict=True)],
                )
            )
            named |= {
                f"{place}/{name}": value for place, name, value in ((len(branches) - 1, n, v) for n, v in inner.items())
            }
        name = f"t{next(names)}"
        net.append({"add": branches, "as": name})
        at = named[name] = united(maps)
        more, at, further = draw(chains(at, holes, 2, names))
        net += more
        named |= further
    if not net:
        net, named = [{"relu": None, "as": "t"}], {"t": at}
    return network(net, sizes), named


def _agrees(graph: Graph, named: dict[str, Map]) -> None:
    fields = receptive_fields(graph)
    nodes = {node.name.split("/")[-1]: node for node in graph.nodes}
    mirrored = any(getattr(node.layer, "mode", "") == "reflect" for node in graph.nodes)  # a copy from elsewhere
    for path, seen_map in named.items():
        node = nodes[path.split("/")[-1]]
        assert seen_map.sizes == node.output[1:]
        axes = fields.of[node.name].axes
        assert axes is not None
        for unit, seen in seen_map.units.items():
            hull = tuple(Interval(min(axis), max(axis)) for axis in zip(*seen.pixels, strict=True))
            assert ({"input": hull} if hull else {}) == cnncalc.box(graph, node.name, unit)
            for field, j, pixels in zip(axes, unit, hull, strict=False):
                whole = field.at(j)
                if not seen.padded:
                    assert pixels == whole
                elif not mirrored:
                    assert whole is not None
                    assert whole.first <= pixels.first <= pixels.last <= whole.last


@settings(max_examples=150, deadline=None)
@given(graphs(axes=1))
def test_every_unit_of_a_random_line_sees_what_brute_force_says(drawn: tuple[Graph, dict[str, Map]]) -> None:
    """The clipped box is the hull of the pixels gathered unit by unit; the unclipped field holds it, or is it."""
    _agrees(*drawn)


@settings(max_examples=60, deadline=None)
@given(graphs(axes=2))
def test_every_unit_of_a_random_map_sees_what_brute_force_says(drawn: tuple[Graph, dict[str, Map]]) -> None:
    """The same on two axes, with pixels as pairs."""
    _agrees(*drawn)


@pytest.mark.parametrize(
    ("net", "seen", "everything"),
    [
        ("{crop: {size: 1, offset: 2}, as: c}, {add: [in, c], as: y}", ((1, 7), (1, 7)), False),
        ("{globalavgpool: , as: c}, {add: [in, c], as: y}", (), True),
        ("{globalavgpool: , as: c}, {mul: [in, c], as: y}", ((1, 1), (1, 1)), True),
        ("{conv: {out: 2, kernel: 9}, as: c}, {add: [in, c], as: y}", ((9, 9), (9, 9)), False),
        ("{mean: {over: width}, as: c}, {add: [in, c], as: y}", ((1, 1), (9, 9)), False),
        ("{crop: {size: [1, 9], offset: [8, 0]}, as: c}, {mul: [in, c], as: y}", ((1, 9), (1, 1)), False),
    ],
)
def test_a_branch_that_is_repeated_is_seen_where_it_looked(net: str, seen, everything: bool) -> None:
    """One entry repeated along an axis sees what it saw before, no more; it is global where it was. No doubt is raised."""
    found = receptive_fields(cnncalc.parse(f"input: [2, 9, 9]\nnet: [{net}]"))

    assert (found.of["y"].sizes, found.of["y"].everything) == (seen, everything)
    assert found.remarks == ()
