"""Keras: a configuration is the network that Keras makes of it."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc import CnncalcError, load
from cnncalc.analyses.macs import macs
from cnncalc.analyses.params import params
from cnncalc.formats.keras.config import MOST
from cnncalc.graph import Graph


def layer(kind: str, name: str, reads: list[Any] | None = None, **config: Any) -> dict[str, Any]:
    """A layer as Keras 2 writes it."""
    nodes = [[[other, number, 0, {}] for other, number in reads]] if reads else []
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def functional(layers: list[Any], output: str, number: int = 0) -> dict[str, Any]:
    """A model as Keras 2 writes it, with one input `x`."""
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[output, number, 0]]}
    return {"class_name": "Functional", "config": {"name": "net", "layers": layers, **ends}}


X = layer("InputLayer", "x", batch_input_shape=[None, 8, 6, 3])
CONV = {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}
INNER = functional([X, layer("Conv2D", "c", [("x", 0)], **CONV)], "c")

READ = {
    "a convolution: 4 * 3 * 9 + 4 params, ceil of 8 / 2 by 6 / 2": (
        (112, (4, 4, 3)),
        functional([X, layer("Conv2D", "c", [("x", 0)], **CONV)], "c"),
    ),
    "a separable one: 3 * 9 and 3 * 4 + 4": (
        (43, (4, 4, 3)),
        functional([X, layer("SeparableConv2D", "c", [("x", 0)], **CONV)], "c"),
    ),
    "a dense layer on the channels of a map: 3 * 5 + 5": (
        (20, (5, 8, 6)),
        functional([X, layer("Dense", "d", [("x", 0)], units=5)], "d"),
    ),
    "a transposed one, same: twice the size": (
        (112, (4, 16, 12)),
        functional([X, layer("Conv2DTranspose", "c", [("x", 0)], **CONV)], "c"),
    ),
    "a transposed one, valid: 7 * 2 + 3 by 5 * 2 + 3": (
        (112, (4, 17, 13)),
        functional([X, layer("Conv2DTranspose", "c", [("x", 0)], **(CONV | {"padding": "valid"}))], "c"),
    ),
    "height and width change places": (
        (0, (3, 6, 8)),
        functional([X, layer("Permute", "p", [("x", 0)], dims=[2, 1, 3])], "p"),
    ),
    "a nested model counts its calls from 1": (
        (112, (4, 4, 3)),
        functional([X, {**INNER, "name": "enc", "inbound_nodes": [[["x", 0, 0, {}]]]}], "enc", 1),
    ),
    "a layer called twice has its params once: 3 * 3 + 3": (
        (12, (3, 8, 6)),
        functional(
            [X, {**layer("Dense", "d", units=3), "inbound_nodes": [[["x", 0, 0, {}]], [["d", 0, 0, {}]]]}], "d", 1
        ),
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_configuration_is_a_network(case: str, tmp_path: Path) -> None:
    """Params and output are those of Keras, channels first, from a `.json` and from a `.keras` file."""
    (count, output), config = READ[case]
    (tmp_path / "m.json").write_text(json.dumps(config), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))

    for name in ("m.json", "m.keras"):
        graph = load(tmp_path / name)
        assert (count, output) == (params(graph).total, graph.output_shape)


DATA = Path(__file__).parent / "data" / "keras"
"""Configurations, with what Keras says of them: Keras 3.15 and tf-keras 2.16."""

LAYERS: dict[str, Any] = json.loads(gzip.decompress((DATA / "layers.json.gz").read_bytes()))


def counts(graph: Graph) -> tuple[int, int]:
    """Trainable and non-trainable numbers, as Keras has them."""
    found = params(graph)
    return int(found.trainable), int(found.buffers + found.frozen)


def owner(name: str, layers: Mapping[str, Any]) -> str:
    """The layer of Keras that a row is of: `a/b` itself, or the `a` that it is a part of."""
    while name not in layers and "/" in name:
        name = name.rpartition("/")[0]
    return name


def turned(shape: list[int]) -> tuple[int, ...]:
    """A shape with channels last, channels first."""
    return (shape[-1], *shape[:-1])


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_has_the_numbers_and_the_output_of_keras(name: str, tmp_path: Path) -> None:
    """Trainable, non-trainable, and the shape."""
    truth = LAYERS[name]
    (tmp_path / "m.json").write_text(json.dumps(truth["config"]), encoding="utf-8")

    graph = load(tmp_path / "m.json")

    output = truth["outputs"][0]
    assert (truth["trainable"], truth["non_trainable"]) == counts(graph)
    assert (tuple(output) if "channels_first" in name else turned(output)) == graph.output_shape


OPERATORS = {
    "ops_mean_map": lambda x: x.mean((0, 1)),
    "ops_mean_kept": lambda x: x.mean((0, 1), keepdims=True),
    "ops_mean_channels": lambda x: x.mean(2),
    "ops_max_rows": lambda x: x.max(0),
    "ops_min_two": lambda x: x.min((1, 2)),
    "ops_sum_kept": lambda x: x.sum((0, 1), keepdims=True),
    "ops_transpose": lambda x: x.transpose(2, 0, 1),
    "ops_split": lambda x: x[:, :, 2:],
    "ops_split_at": lambda x: x[1:3],
    "ops_pad": lambda x: np.pad(x, [(1, 2), (3, 0), (0, 1)], constant_values=2.5),
    "ops_pad_reflect": lambda x: np.pad(x, [(1, 2), (3, 0), (0, 0)], mode="reflect"),
    "ops_average_pool": lambda x: x.reshape(4, 2, 3, 2, 4).mean((1, 3)),
    "ops_reshape": lambda x: x.reshape(16, 12),
}
"""What an operator makes of one image with its channels last, in NumPy."""


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_makes_the_numbers_of_numpy(name: str, tmp_path: Path) -> None:
    """Channels last there, first here."""
    (tmp_path / "m.json").write_text(json.dumps(LAYERS[name]["config"]), encoding="utf-8")
    image = np.random.default_rng(0).normal(size=(8, 6, 4))

    graph = load(tmp_path / "m.json")

    found = cnncalc.run(graph, {"x": np.moveaxis(image, -1, 0)}, dtype="float64").output
    np.testing.assert_allclose(np.moveaxis(found, 0, -1), OPERATORS[name](image), rtol=1e-12)
    assert all(graph.readers[node.name] or node.name == graph.output for node in graph.nodes)


def test_an_embedding_reads_a_sequence_of_whole_numbers(tmp_path: Path) -> None:
    """Ten numbers below 20 and their 7 features: a map with one channel, whatever way its length is given."""
    (tmp_path / "m.json").write_text(json.dumps(LAYERS["embedding"]["config"]), encoding="utf-8")

    graph = load(tmp_path / "m.json")

    assert [("embedding", (7, 10))] == [(node.kind, node.output) for node in graph.nodes]
    assert [(1, 10)] == list(graph.inputs.values())
    for given in ((12,), (1, 12)):
        assert (7, 12) == load(tmp_path / "m.json", input=given).output_shape


@pytest.mark.parametrize("path", sorted(DATA.glob("*.keras?.json.gz")), ids=lambda path: path.name[:-8])
def test_an_application_has_the_numbers_and_shapes_of_keras(path: Path, tmp_path: Path) -> None:
    """Each layer's shape, and the sums."""
    truth = json.loads(gzip.decompress(path.read_bytes()))
    (tmp_path / "m.json").write_text(json.dumps(truth["config"]), encoding="utf-8")

    graph = load(tmp_path / "m.json")

    last = {owner(node.name, truth["shapes"]): node.output for node in graph.nodes}
    wanted = {name: turned(shape[1:]) for name, shape in truth["shapes"].items() if shape and name in last}
    assert (truth["trainable"], truth["non_trainable"]) == counts(graph)
    assert len(truth["shapes"]) - 2 <= len(wanted)
    assert wanted == {name: last[name] for name in wanted}


def test_attention_multiplies_what_its_formula_says(tmp_path: Path) -> None:
    """T steps, D features, h heads of k and v: T D h (k + k + v) + T h v D of projections, T T h (k + v) of products."""
    (tmp_path / "m.json").write_text(json.dumps(LAYERS["mha"]["config"]), encoding="utf-8")

    found = macs(load(tmp_path / "m.json"))

    steps, features, heads, k, v = 10, 12, 3, 4, 5
    projections = steps * features * heads * (2 * k + 2 * v)
    assert projections + steps * steps * heads * (k + v) == found.total


REFUSED = {
    "all in one run": (
        functional([X, layer("Lambda", "f", [("x", 0)]), layer("Odd", "g", [("f", 0)])], "g"),
        "2 layers cannot be read",
    ),
    "a circle": (
        functional([X, layer("ReLU", "a", [("b", 0)]), layer("ReLU", "b", [("a", 0)])], "b"),
        "`a` reads what nothing makes, or what is made of itself",
    ),
    "a name twice": (
        functional([X, layer("ReLU", "a", [("x", 0)]), layer("Softmax", "a", [("x", 0)])], "a"),
        "two layers have the same name",
    ),
    "an output that is not there": (
        functional([X, layer("ReLU", "a", [("x", 0)])], "b"),
        "the output `b` is made by no layer",
    ),
    "a graph-model": ({"format": "graph-model", "modelTopology": {"node": []}}, "is a graph-model of TensorFlow.js"),
    "no model": ({"a": 1}, "is no configuration of a Keras model"),
    "an output that is endless": (functional([X, layer("ReLU", "a", [("x", 0)])], "a", float("inf")), "is damaged"),  # type: ignore[arg-type]
    "no outputs": (
        {"class_name": "Functional", "config": {"layers": [X], "input_layers": [["x", 0, 0]], "output_layers": []}},
        "is damaged",
    ),
    "a name for the outputs": (
        {"class_name": "Functional", "config": {"layers": [X], "input_layers": "x", "output_layers": "x"}},
        "is damaged",
    ),
    "an operator that is not known": (
        functional([X, layer("TFOpLambda", "f", [("x", 0)], function="image.resize")], "f"),
        "`f`: the operator tf.image.resize is not known",
    ),
    "channels first and last": (
        functional(
            [
                X,
                layer("Conv2D", "c", [("x", 0)], data_format="channels_first", **CONV),
                layer("Conv2D", "d", [("c", 0)], data_format="channels_last", **CONV),
            ],
            "d",
        ),
        "has layers with channels first and layers with channels last",
    ),
    "no layers": ({"class_name": "Functional", "config": {"name": "n"}}, "is damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_said(case: str, tmp_path: Path) -> None:
    """An error with the reason, and no traceback."""
    config, message = REFUSED[case]
    (tmp_path / "m.json").write_text(json.dumps(config), encoding="utf-8")

    with pytest.raises(CnncalcError, match=re.escape(message)):
        load(tmp_path / "m.json")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rest", b"{", b"[" * 100_000])
def test_a_damaged_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    """Cut off, no JSON, nested without an end."""
    (tmp_path / "m.keras").write_bytes(content)

    with pytest.raises(CnncalcError, match=r"m\.keras"):
        load(tmp_path / "m.keras")


def test_an_archive_that_unpacks_without_an_end_is_refused(tmp_path: Path) -> None:
    """Not more is read than a configuration has."""
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * (MOST + 1))

    with pytest.raises(CnncalcError, match="is larger than"):
        load(tmp_path / "m.keras")


def test_layers_may_stand_in_any_order(tmp_path: Path) -> None:
    """Three thousand, the last first."""
    chain = [X, *(layer("ReLU", f"r{n}", [(f"r{n - 1}" if n else "x", 0)]) for n in range(3000))]
    (tmp_path / "m.json").write_text(json.dumps(functional(chain[::-1], "r2999")), encoding="utf-8")

    assert [f"r{n}" for n in range(3000)] == [node.name for node in load(tmp_path / "m.json").nodes]


def test_the_page_lists_the_classes_that_are_read(request: pytest.FixtureRequest) -> None:
    """docs/formats.md names what the table holds, no more and no less; --update-golden writes its list again."""
    from cnncalc.formats.keras.rules import RULES

    page = Path(__file__).parents[1] / "docs" / "formats.md"
    parts = re.search(r"(### Classes\n\n)(.*?)(\n(?:\n|$))", text := page.read_text(encoding="utf-8"), re.DOTALL)
    assert parts is not None
    written = fill(", ".join(f"`{name}`" for name in sorted(RULES)), 120, break_long_words=False)
    if request.config.getoption("--update-golden"):
        page.write_text(text.replace(parts[0], parts[1] + written + parts[3]), encoding="utf-8")
        return

    assert parts[2] == written
