"""Keras code out: every kind has a form, and what is written computes what cnncalc does without it."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

import code_blocks
import numpy as np
import pytest
from layer_steps import MORE, STEPS, noise

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.formats.code.base import Unwritable
from cnncalc.formats.code.keras.rules import RULES
from cnncalc.formats.code.keras.write import written
from cnncalc.kernels.weights import save
from cnncalc.language import zoo
from cnncalc.layers import KINDS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def keras() -> Any:
    """The framework; a test that needs it is skipped without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = pytest.importorskip("keras")
    keras.backend.clear_session()
    return keras


def imported(graph: Any) -> tuple[dict[str, Any], Any]:
    """What a file of the text has, and its model."""
    space: dict[str, Any] = {"__name__": "written"}
    text = written(graph)
    assert "cnncalc." not in text and "import cnncalc" not in text
    exec(compile(text, "written.py", "exec"), space)  # noqa: S102 - what the product wrote itself
    model = next(line for line in text.splitlines() if line.startswith("def ") and line.endswith("():"))
    return space, space[model[4:-3]]()


def computed(graph: Any, path: Path) -> tuple[Any, Any]:
    """The output by cnncalc and by the code, channels first, with the same weights on the same noise."""
    weights, inputs = noise(graph)
    save(path / "weights.npz", weights)
    space, model = imported(graph)
    space["load_weights"](model, path / "weights.npz")
    found = model([np.moveaxis(values, 0, -1)[None] for values in inputs.values()], training=False)
    found = found[0] if isinstance(found, list | tuple) else found
    return cnncalc.run(graph, inputs, weights=weights).output, np.moveaxis(
        space["keras"].ops.convert_to_numpy(found)[0], -1, 0
    )


@pytest.mark.parametrize(("input", "step"), [*STEPS, *MORE], ids=[step for _, step in [*STEPS, *MORE]])
def test_keras_computes_what_cnncalc_does(input: str, step: str, keras: Any, tmp_path: Path) -> None:
    """A layer of each kind, with its arguments."""
    graph = cnncalc.parse(f"input: {input}\nnet:\n  - {step}")
    try:
        expected, found = computed(graph, tmp_path)
    except Unwritable as error:
        pytest.skip(f"Keras has no such layer, which is said: {error}")
    except (ValueError, RuntimeError, NotImplementedError):
        over = getattr(graph.nodes[0].layer, "over", "channels")
        if over == "channels" or keras.backend.backend() != "torch":
            raise
        pytest.skip("Keras's backend of torch norms the last axis alone")

    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_every_kind_has_a_form() -> None:
    """A new kind is named here until it has one."""
    assert set(KINDS) - {"unknown"} == set(RULES)


NETWORKS = [name for name in zoo.names() if not zoo.member(name).settings]
SMALL = ["lenet5_1998", "resnet20_cifar", "densenet_cifar", "nin_cifar", "m5", "siamese", "squeezenet1_1", "tdnn"]


@pytest.mark.parametrize("name", NETWORKS if os.environ.get("CNNCALC_GRAPHS") else SMALL)
def test_a_network_computes_what_cnncalc_does(name: str, keras: Any, tmp_path: Path) -> None:
    """The weights of `--save-weights` are read by the code's own function; nightly the whole zoo."""
    expected, found = computed(cnncalc.load(name).inference, tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_the_zoo_has_the_same_parameters_and_sizes(name: str, keras: Any) -> None:
    """Statistics of a batch norm are no parameters here; frozen ones are."""
    graph = cnncalc.load(name).inference
    _, model = imported(graph)
    learned = [variable for variable in model.weights if "moving" not in variable.name]

    assert cnncalc.params(graph).total == sum(int(np.prod(variable.shape)) for variable in learned)
    outputs = [(*out.shape[1:],) for out in model.outputs]
    assert [(*shape[1:], shape[0]) for shape in (graph.shapes[name] for name in graph.outputs)] == outputs


@pytest.mark.parametrize("name", list(zoo.names()))
def test_a_block_is_one_function(name: str) -> None:
    """Over the zoo: no more functions than the spec has blocks."""
    graph = cnncalc.load(name).inference
    functions = re.findall(r"(?m)^def (\w+)\(x\d*, .*\*, name\):", written(graph))

    assert len(functions) <= len(code_blocks.called(graph))


def test_mobilenet_v2_has_one_function_of_its_block() -> None:
    """What expands and what adds its input follows from what the block is given."""
    text = written(cnncalc.load("mobilenet_v2"))

    assert ["inverted_residual", "mobilenet_v2"] == re.findall(r"(?m)^def (\w+)\((?:x, .*)?\):", text)
    assert "    channels = x.shape[-1]\n    if t > 1:\n        main = layers.Conv2D(channels * t, 1, " in text
    assert "    else:\n        main = x\n" in text
    assert "    if stride == 1 and channels == c:\n        main = layers.Add(" in text


@pytest.mark.parametrize("seed", range(int(os.environ.get("CNNCALC_GRAPHS", "0")) // 100 or 12))
def test_a_block_with_conditions_computes_what_cnncalc_does(seed: int, keras: Any, tmp_path: Path) -> None:
    """Blocks by chance: each call has the steps, the weights and the connections that the spec gives it."""
    expected, found = computed(cnncalc.parse(code_blocks.spec(seed)), tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", ["mobilenet_v2", "inception_v3", "unet", "vgg16", "xception"])
def test_the_reader_of_keras_models_has_the_same_figures(name: str, keras: Any, tmp_path: Path) -> None:
    """The configuration of the model that was written, read by cnncalc: the same parameters and MACs."""
    graph = cnncalc.load(name).inference
    _, model = imported(graph)
    (tmp_path / "net.json").write_text(model.to_json())
    again = cnncalc.load(tmp_path / "net.json")

    assert cnncalc.params(graph).total == cnncalc.params(again).total
    assert cnncalc.macs(graph).total == cnncalc.macs(again).total


@pytest.mark.parametrize(
    ("input", "step", "says"),
    [
        ("[6, 9, 8]", "conv: {out: 4, kernel: 3, stride: 2, dilation: 2}", "has a stride and a dilation"),
        ("[6, 9, 8]", "maxpool: {kernel: 2, dilation: 2}", "with a dilation"),
        ("[6, 9, 8]", "unknown: {operator: Foo, shape: [6, 9, 8]}", "Keras has no form of `unknown`"),
        ("[6, 8]", "lstm: {hidden: 3, cells: true}", "cells as channels"),
    ],
)
def test_what_keras_has_not_is_said(input: str, step: str, says: str) -> None:
    """An error with its place, and no file."""
    with pytest.raises(CnncalcError, match=says):
        written(cnncalc.parse(f"input: {input}\nnet:\n  - {step}"))


def test_each_weight_is_read_by_the_name_that_keras_gives_it() -> None:
    """Without the framework: a `scale` is a weight where a layer is an RMSNormalization, whose one variable it is."""
    text = written(cnncalc.parse("input: [5, 8]\nnet: [{rmsnorm: channels}, {pointwise: 4}]"))
    assert '"scale": "weight"' in text
    assert '"scale"' not in written(cnncalc.parse("input: [5, 8]\nnet: [{layernorm: channels}, {pointwise: 4}]"))


@pytest.mark.parametrize("name", code_blocks.WORDS)
def test_a_name_that_python_or_keras_has_is_one_that_runs(name: str, keras: Any, tmp_path: Path) -> None:
    """Heads, inputs and layers called as a word of Python, or as Keras calls an operation of its own."""
    expected, found = computed(cnncalc.parse(code_blocks.WORDS[name]), tmp_path)

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_text_of_such_names_is_python() -> None:
    """Without the framework: each compiles, and a layer keeps its name where Keras has no operation of it."""
    for spec in code_blocks.WORDS.values():
        compile(written(cnncalc.parse(spec)), "written.py", "exec")

    assert 'name="class")' in written(cnncalc.parse(code_blocks.WORDS["layers"]))
    assert 'name="add_layer")' in written(cnncalc.parse(code_blocks.WORDS["an operator beside add"]))
    assert 'name="negative")' in written(cnncalc.load("triplet"))
