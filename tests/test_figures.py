"""The published figures of ten networks, by the Python API and by `summary --format json`, and the JSON contract."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import Any, NamedTuple

import pytest

import cnncalc


class Figures(NamedTuple):
    """What a network must show."""

    params: int
    macs: int
    output: list[int]
    size: tuple[int, int]
    """Smallest and largest receptive field of the last map."""

    stride: int
    padding: int
    only_training: int = 0


# fmt: off
TABLE = {
    "lenet5": Figures(61_706, 416_520, [10], (16, 16), 4, 0),
    "alexnet": Figures(60_965_224, 724_406_816, [1000], (195, 195), 32, 64),
    "vgg16": Figures(138_357_544, 15_470_264_320, [1000], (212, 212), 32, 90),
    "resnet50": Figures(25_557_032, 4_089_184_256, [1000], (427, 427), 32, 213),
    "resnet50_v1": Figures(25_557_032, 3_857_973_248, [1000], (483, 483), 32, 241),
    "googlenet": Figures(6_998_552, 1_582_671_872, [1000], (715, 715), 32, 327, 6_379_728),
    "mobilenet_v1": Figures(4_231_976, 568_740_352, [1000], (315, 315), 32, 126),
    "mobilenet_v2": Figures(3_504_872, 300_774_272, [1000], (491, 491), 32, 245),
    "densenet121": Figures(7_978_856, 2_834_161_664, [1000], (2071, 2071), 32, 1021),
    "unet": Figures(31_030_658, 150_428_424_448, [2, 388, 388], (188, 204), 1, 0),
}
# fmt: on


@cache
def summary(name: str, *options: str) -> dict[str, Any]:
    """What `cnncalc summary NAME --format json` prints."""
    command = [sys.executable, "-m", "cnncalc", "summary", name, "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", TABLE)
def test_a_network_has_the_published_figures_in_the_python_api(name: str) -> None:
    """Parameters, MACs, output and receptive field, exact."""
    whole = cnncalc.load(name)
    graph = whole.inference
    fields = cnncalc.receptive_fields(graph)
    last = cnncalc.last_map(graph, fields)
    axes = fields.of[last or ""].axes or ()
    wanted = TABLE[name]

    assert (wanted.params, wanted.macs) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)
    assert tuple(wanted.output) == graph.output_shape
    assert wanted.only_training == cnncalc.params(whole).total - wanted.params
    for field, units in zip(axes, graph.shapes[last or ""][1:], strict=True):
        assert (wanted.size, wanted.stride, wanted.padding) == (
            field.size(units),
            field.stride,
            field.padding,
        )


@pytest.mark.parametrize("name", TABLE)
def test_a_network_has_the_published_figures_on_the_command_line(name: str) -> None:
    """The same by `summary --format json`."""
    found, wanted = summary(name), TABLE[name]
    axis = {"size": list(wanted.size), "stride": wanted.stride, "padding": wanted.padding, "global": False}

    assert (wanted.params, wanted.macs) == (found["totals"]["params"], found["totals"]["macs"])
    assert wanted.output == found["output"]
    assert wanted.only_training == found["totals"]["train_only_params"]
    assert [axis, axis] == found["receptive_field"]


CONTRACT = ("schema", "name", "input", "output", "convention", "totals", "receptive_field", "layers")
TOTALS = (
    "params",
    "trainable",
    "frozen",
    "buffers",
    "macs",
    "flops",
    "weight_bytes",
    "activations",
    "peak_activations",
)
LAYER = ("name", "kind", "inputs", "output", "params", "macs", "receptive_field")


@pytest.mark.parametrize("name", TABLE)
def test_the_json_of_summary_keeps_its_contract(name: str) -> None:
    """`cnncalc.summary/1`: every key is there, integers are integers, and the parts add up to the totals."""
    found = summary(name)
    totals, layers = found["totals"], found["layers"]

    assert "cnncalc.summary/1" == found["schema"]
    assert set(CONTRACT) <= set(found)
    assert "schema" == next(iter(found))
    assert set(TOTALS) <= set(totals)
    assert all(set(LAYER) == set(layer) for layer in layers)
    assert all(type(value) is int for value in totals.values())
    assert all(type(n) is int for layer in layers for n in (layer["params"], layer["macs"], *layer["output"]))
    assert all(type(n) is int for n in (*found["input"], *found["output"]))
    assert totals["params"] == totals["trainable"] + totals["frozen"] == sum(layer["params"] for layer in layers)
    assert totals["macs"] == sum(layer["macs"] for layer in layers)
    assert totals["flops"] == 2 * totals["macs"]
    assert totals["weight_bytes"] == 4 * totals["params"]
    assert totals["peak_activations"] <= totals["activations"] + 4 * _elements(found["input"])
    assert found["output"] == layers[-1]["output"]
    assert "MACs of convolution and linear, per image" in found["convention"]


@pytest.mark.parametrize("name", TABLE)
def test_the_receptive_fields_in_json_have_a_record_for_each_axis(name: str) -> None:
    """Size as [min, max], stride, padding and global; null where a unit has no position."""
    for record in [
        summary(name)["receptive_field"],
        *(layer["receptive_field"] for layer in summary(name)["layers"]),
    ]:
        assert 2 == len(record)
        for axis in record:
            assert ["size", "stride", "padding", "global"] == list(axis)
            if axis["size"] is None:
                assert (None, None) == (axis["stride"], axis["padding"])
            else:
                low, high = axis["size"]
                assert 0 < low <= high
                assert all(type(n) is int for n in (low, high, axis["stride"], axis["padding"]))


def test_the_inputs_of_a_layer_are_layers_before_it_or_inputs_of_the_network() -> None:
    """The list is in an order in which the network can be computed."""
    known = {"input"}
    for layer in summary("resnet50")["layers"]:
        assert set(layer["inputs"]) <= known
        known.add(layer["name"])
    assert {"layer1[0]/main/conv", "fc"} <= known


def test_a_field_between_positions_is_no_integer_and_says_so() -> None:
    """After an upsampling the stride may be a fraction of a pixel: the only figure that is no integer."""
    graph = cnncalc.parse("{input: [1, 8], net: [{upsample: 2}]}")
    (field,) = cnncalc.receptive_fields(graph).of["upsample"].axes or ()

    assert 0.5 == float(field.stride)


def test_batch_and_dtype_scale_work_and_bytes_and_leave_parameters() -> None:
    """Two images in half precision: twice the MACs, the same activation bytes, half the weight bytes."""
    once, twice = summary("lenet5")["totals"], summary("lenet5", "--batch", "2", "--dtype", "fp16")["totals"]

    assert {key: once[key] for key in ("params", "trainable", "frozen", "buffers")}.items() <= twice.items()
    assert (2 * once["macs"], 2 * once["flops"]) == (twice["macs"], twice["flops"])
    assert (once["activations"], once["peak_activations"]) == (
        twice["activations"],
        twice["peak_activations"],
    )
    assert once["weight_bytes"] == 2 * twice["weight_bytes"]


def test_training_counts_the_heads_of_googlenet() -> None:
    """6,998,552 parameters to use it, and 6,379,728 more in its two training heads."""
    assert 6_998_552 + 6_379_728 == summary("googlenet", "--training")["totals"]["params"]
    assert 6_998_552 == summary("googlenet")["totals"]["params"]


def test_the_worked_sums_behind_three_totals() -> None:
    """LeNet-5, AlexNet's grouped convolutions and a bottleneck, written out."""
    lenet = (25 + 1) * 6 + (25 * 6 + 1) * 16 + 401 * 120 + 121 * 84 + 85 * 10
    alexnet = {
        "conv1": 11 * 11 * 3 * 96 * 55**2,
        "conv2": 5 * 5 * 48 * 256 * 27**2,
        "conv3": 3 * 3 * 256 * 384 * 13**2,
        "conv4": 3 * 3 * 192 * 384 * 13**2,
        "conv5": 3 * 3 * 192 * 256 * 13**2,
        "fc6": 9216 * 4096,
        "fc7": 4096**2,
        "fc8": 4096 * 1000,
    }
    bottleneck = 64 * 64 + 9 * 64 * 64 + 64 * 256 + 64 * 256 + 2 * (64 + 64 + 256 + 256)
    found = {layer["name"]: layer["macs"] for layer in summary("alexnet")["layers"]}
    first = [layer["params"] for layer in summary("resnet50")["layers"] if layer["name"].startswith("layer1[0]")]

    assert lenet == summary("lenet5")["totals"]["params"]
    assert alexnet == {name: found[name] for name in alexnet}
    assert sum(alexnet.values()) == TABLE["alexnet"].macs
    assert bottleneck == sum(first)


def _elements(shape: list[int]) -> int:
    total = 1
    for n in shape:
        total *= n
    return total
