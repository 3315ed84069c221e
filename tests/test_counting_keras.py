"""TensorFlow's profiler and Keras: what they say of layers and networks of Keras, to the number."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.counting import counted, tool

LAYERS = (
    ("conv: {out: 8, kernel: 3}", "4, 11, 11", "Conv2D", 47304),
    ("conv: {out: 8, kernel: 3, padding: same}", "4, 10, 10", "Conv2D same", 58400),
    ("conv: {out: 8, kernel: 3, groups: 2, bias: false}", "4, 11, 11", "Conv2D groups", 0),
    ("depthwise: {kernel: 3}", "4, 11, 11", "DepthwiseConv2D", 6156),
    ("conv: {out: 8, kernel: 3}", "4, 20", "Conv1D", 3600),
    ("conv: {out: 8, kernel: 3}", "4, 8, 8, 8", "Conv3D", 374976),
    ("upconv: {out: 6, kernel: 2, stride: 2}", "8, 7, 7", "Conv2DTranspose", 19992),
    ("linear: 10", "16", "Dense", 330),
    ("linear: {out: 10, bias: false}", "16", "Dense plain", 320),
    ("maxpool: {kernel: 3, stride: 2}", "4, 11, 11", "MaxPooling2D", 900),
    ("avgpool: {kernel: 3, stride: 2}", "4, 11, 11", "AveragePooling2D", 900),
    ("globalavgpool", "4, 12, 12", "GlobalAveragePooling2D", 576),
    ("globalmaxpool", "4, 12, 12", "GlobalMaxPooling2D", 0),
    ("batchnorm", "4, 12, 12", "BatchNormalization", 1176),
    ("relu", "4, 12, 12", "relu", 0),
    ("relu6", "4, 12, 12", "relu6", 0),
    ("sigmoid", "4, 12, 12", "sigmoid", 0),
    ("hardsigmoid", "4, 12, 12", "hard_sigmoid", 1152),
    ("hardswish", "4, 12, 12", "hard_silu", 1728),
    ("softmax", "4, 12, 12", "softmax", 2880),
    ("add: [prev, [relu]]", "4, 6, 6", "Add", 144),
    ("sub: [prev, [relu]]", "4, 6, 6", "Subtract", 144),
    ("mul: [prev, [relu]]", "4, 6, 6", "Multiply", 144),
    ("maximum: [prev, [relu]]", "4, 6, 6", "Maximum", 144),
    ("concat: [prev, [relu]]", "4, 6, 6", "Concatenate", 0),
)
"""Step, input, the layer of Keras, `total_float_ops` of TensorFlow 2.21 with Keras 3.15."""

MADE: Mapping[str, Callable[[Any], Any]] = {
    "Conv2D": lambda layers: layers.Conv2D(8, 3),
    "Conv2D same": lambda layers: layers.Conv2D(8, 3, padding="same"),
    "Conv2D groups": lambda layers: layers.Conv2D(8, 3, groups=2, use_bias=False),
    "DepthwiseConv2D": lambda layers: layers.DepthwiseConv2D(3),
    "Conv1D": lambda layers: layers.Conv1D(8, 3),
    "Conv3D": lambda layers: layers.Conv3D(8, 3),
    "Conv2DTranspose": lambda layers: layers.Conv2DTranspose(6, 2, strides=2),
    "Dense": lambda layers: layers.Dense(10),
    "Dense plain": lambda layers: layers.Dense(10, use_bias=False),
    "MaxPooling2D": lambda layers: layers.MaxPooling2D(3, 2),
    "AveragePooling2D": lambda layers: layers.AveragePooling2D(3, 2),
}
"""Layers with arguments; another name is a layer without, a join or an activation."""

JOINS = ("Add", "Subtract", "Multiply", "Maximum", "Concatenate")


def made(tmp_path: Path, step: str, shape: str) -> cnncalc.Graph:
    """A network of one step."""
    path = tmp_path / "net.yaml"
    path.write_text(f"input: [{shape}]\nnet:\n  - {step}\n", encoding="utf-8")
    return cnncalc.load(path)


@pytest.mark.parametrize(("step", "shape", "layer", "figure"), LAYERS, ids=[row[2] for row in LAYERS])
def test_a_layer_counts_as_tensorflow_says(step: str, shape: str, layer: str, figure: int, tmp_path: Path) -> None:
    """By the rules for Keras 3."""
    assert figure == counted(made(tmp_path, step, shape), tool("tensorflow-keras3")).total


SOFTMAX = 5 * 1000


@pytest.mark.parametrize(("name", "figure"), [("tensorflow", 601833648), ("tensorflow-keras3", 615292208)])
def test_a_network_counts_as_tensorflow_says(name: str, figure: int) -> None:
    """MobileNetV2 of tf_keras and of Keras 3, which have a softmax at the end."""
    assert figure - SOFTMAX == counted(cnncalc.load("mobilenet_v2"), tool(name)).total


def tensorflow() -> Any:
    """TensorFlow with Keras on it; else the test is skipped."""
    if not (find_spec("tensorflow") and find_spec("keras")):
        pytest.skip("TensorFlow or Keras is not installed")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras does not stand on TensorFlow")
    return pytest.importorskip("tensorflow")


def float_ops(tf: Any, model: Any) -> int:
    """What the profiler says of a model for one image."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2_as_graph as constant

    spec = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    frozen = constant(function)[1]
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen, name="")
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation() | {"output": "none"}
        return int(tf.compat.v1.profiler.profile(graph=graph, cmd="op", options=options).total_float_ops)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("shape", "layer", "figure"), [row[1:] for row in LAYERS], ids=[row[2] for row in LAYERS])
def test_tensorflow_says_of_a_layer_what_the_table_has(shape: str, layer: str, figure: int) -> None:
    """Run again, where it is installed."""
    tf = tensorflow()
    import keras

    channels, *places = map(int, shape.split(", "))
    image = keras.Input((*places, channels))
    if layer in JOINS:
        out = getattr(keras.layers, layer)()([image, keras.layers.ReLU()(image)])
    elif layer in MADE:
        out = MADE[layer](keras.layers)(image)
    else:
        known = getattr(keras.layers, layer, None)
        out = (known() if known else keras.layers.Activation(layer))(image)

    assert figure == float_ops(tf, keras.Model(image, out))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0", "NASNetMobile"])
def test_keras_says_of_a_network_what_cnncalc_does(name: str) -> None:
    """`params --as keras` is `count_params()`; with the first, what TensorFlow's profiler says."""
    tf = tensorflow()
    import keras

    model = getattr(keras.applications, name)(weights=None)
    graph = cnncalc.from_keras(model)

    assert model.count_params() == cnncalc.reports.params_as(graph, "keras").data["total"]
    if name == "MobileNetV2":
        assert float_ops(tf, model) == counted(graph, tool("tensorflow-keras3")).total
