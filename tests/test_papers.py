"""The zoo against figures that do not come from cnncalc.

tests/data/networks.csv has published figures (papers, torchvision, Keras and others) and recomputed ones.
Every row is walked: it is matched (to the integer where `computed_*` is given, within the rounding of what
was printed otherwise), or excused here with a reason. An excuse that is not needed fails too. The reasons
at length stand in docs/why-numbers-differ.md.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.analyses.extent import network_field
from cnncalc.dims import product
from cnncalc.graph import Graph, Node
from cnncalc.language.zoo import folder, names
from cnncalc.marked import plain

DATA = Path(__file__).parent / "data"
SPECS = list(names())


@cache
def zoo(name: str, settings: tuple[tuple[str, Any], ...] = (), shape: tuple[int, ...] | None = None) -> Graph:
    """A network of the zoo as it runs at inference."""
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in settings}
    return cnncalc.load(name, set=values, input=shape).inference


@dataclass(frozen=True)
class Case:
    """What a row is about: a network with settings, or a part of it."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    part: tuple[str, ...] = ()
    """Only the nodes of these names (and inside them)."""
    upto: str = ""
    """Only the nodes up to this one."""
    count: str = "params"
    """params; weights: no biases of convolutions; keras: and running statistics; keras_unscaled: no scale."""
    more: int = 0
    """Numbers that the source counts besides."""
    at: str = ""
    """The node whose receptive field is meant."""

    @property
    def graph(self) -> Graph:
        """The whole network."""
        frozen = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in self.settings.items())
        return zoo(self.name, frozen, self.shape)

    def nodes(self) -> list[Node]:
        """The nodes that count."""
        nodes = list(self.graph.nodes)
        if self.upto:
            last = max(place for place, node in enumerate(nodes) if _within(node.name, self.upto))
            nodes = nodes[: last + 1]
        parts = self.part
        return [node for node in nodes if not parts or any(_within(node.name, name) for name in parts)]

    def params(self) -> int:
        """The parameters as the source counts them; each tensor once."""
        tensors: dict[tuple[str, str], int] = {}
        for node in self.nodes():
            for tensor, shape in node.weights.items():
                if self.count == "weights" and tensor == "bias" and node.kind != "linear":
                    continue
                if self.count == "keras_unscaled" and tensor == "weight" and node.kind == "batchnorm":
                    continue
                tensors[node.weights_of, tensor] = product(shape)
            if self.count.startswith("keras"):
                for tensor, shape in node.buffers.items():
                    tensors[node.weights_of, tensor] = product(shape)
        return sum(tensors.values()) + self.more

    def macs(self) -> int:
        """The MACs of the nodes that count."""
        return sum(node.macs for node in self.nodes())

    def field(self) -> tuple[dict[int, int], Any]:
        """How many columns see how many pixels, and the stride, on the last axis of the last map."""
        graph = self.graph
        fields = cnncalc.receptive_fields(graph)
        name = self.at or self.upto or cnncalc.last_map(graph, fields) or ""
        node = next(node for node in reversed(graph.nodes) if _within(node.name, name))
        axes = fields.of[node.name].axes
        assert axes is not None
        return dict(axes[-1].sizes(graph.shapes[node.name][-1])), axes[-1].stride


def _within(name: str, place: str) -> bool:
    return name == place or name.startswith((f"{place}/", f"{place}["))


def mobilenet(width: str = "1", size: int = 224) -> Case:
    """MobileNet v1 with a width multiplier at a resolution."""
    return Case("mobilenet_v1", {"width": Fraction(width)}, (3, size, size))


CASES: dict[str, Case] = {
    "LeNet-5 (1998, sparse C3, trainable subsampling)": Case("lenet5_1998"),
    "LeNet-5 (Ng course / modern, dense C3, softmax)": Case("lenet5"),
    "AlexNet 2012 grouped (two GPUs)": Case("alexnet"),
    "AlexNet ungrouped": Case("alexnet", {"groups": 1}),
    "AlexNet one-weird-trick (torchvision)": Case("alexnet_owt"),
    "ZFNet": Case("zfnet"),
    "VGG11": Case("vgg11"),
    "VGG16": Case("vgg16"),
    "VGG19": Case("vgg19"),
    "VGG-16 conv layers only": Case("vgg16", upto="pool5"),
    "VGG-16, 2-class head": Case("vgg16", {"classes": 2}),
    "FCN-AlexNet": Case("alexnet", upto="fc7", at="pool5"),
    "FCN-VGG16": Case("fcn32s", upto="fc7"),
    "FCN-GoogLeNet": Case("googlenet"),
    "NiN (CIFAR-10)": Case("nin_cifar"),
    "GoogLeNet (paper)": Case("googlenet", count="weights"),
    "GoogLeNet module conv1": Case("googlenet", part=("conv1",), count="weights"),
    "GoogLeNet module conv2": Case("googlenet", part=("conv2_reduce", "conv2"), count="weights"),
    "GoogLeNet module 3a": Case("googlenet", part=("inception3a",), count="weights"),
    "GoogLeNet module 3b": Case("googlenet", part=("inception3b",), count="weights"),
    "GoogLeNet (torchvision, BN, 3x3 in place of 5x5)": Case("googlenet_torchvision"),
    "Inception-v2 / BN-Inception": Case("inception_v2"),
    "Inception-v3 (no aux)": Case("inception_v3"),
    "Inception-v3 (paper)": Case("inception_v3"),
    "Inception-v4": Case("inception_v4"),
    "Inception-ResNet-v1": Case("facenet_inception_resnet_v1"),
    "Inception-ResNet-v2": Case("inception_resnet_v2"),
    "ResNet-18 (paper v1: stride on first 1x1)": Case("resnet18"),
    "ResNet-34 (paper v1: stride on first 1x1)": Case("resnet34"),
    "ResNet-50 (paper v1: stride on first 1x1)": Case("resnet50_v1"),
    "ResNet-101 (paper v1: stride on first 1x1)": Case("resnet101_v1"),
    "ResNet-152 (paper v1: stride on first 1x1)": Case("resnet152_v1"),
    "ResNet-50 v1.5 (torchvision: stride on 3x3)": Case("resnet50"),
    "ResNet-101 v1.5 (torchvision: stride on 3x3)": Case("resnet101"),
    "ResNet-152 v1.5 (torchvision: stride on 3x3)": Case("resnet152"),
    "ResNet-18 (torchvision)": Case("resnet18"),
    "ResNet-34 (torchvision)": Case("resnet34"),
    "CIFAR ResNet-20 (option A zero-pad shortcut)": Case("resnet_cifar"),
    "CIFAR ResNet-32 (option A zero-pad shortcut)": Case("resnet_cifar", {"depth": 32}),
    "CIFAR ResNet-56 (option A zero-pad shortcut)": Case("resnet_cifar", {"depth": 56}),
    "CIFAR ResNet-110 (option A zero-pad shortcut)": Case("resnet_cifar", {"depth": 110}),
    "WRN-28-10": Case("wide_resnet_cifar"),
    "WRN-16-8": Case("wide_resnet_cifar", {"depth": 16, "k": 8}),
    "WRN-50-2": Case("wide_resnet50_2"),
    "resnext50_32x4d": Case("resnext50_32x4d"),
    "resnext101_64x4d": Case("resnext101_64x4d"),
    "densenet121": Case("densenet121"),
    "densenet169": Case("densenet169"),
    "densenet201": Case("densenet201"),
    "densenet264 k=32 (paper)": Case("densenet264"),
    "densenet264 (timm) is really k=48": Case("densenet264", {"growth": 48}),
    "densenet_L40_k12": Case("densenet_cifar"),
    "densenet_L100_k12": Case("densenet_cifar", {"depth": 100}),
    "densenetBC_L100_k12": Case("densenet_cifar", {"depth": 100, "bottleneck": True}),
    "densenetBC_L190_k40": Case("densenet_cifar", {"depth": 190, "k": 40, "bottleneck": True}),
    "SE-ResNet-50": Case("se_resnet50"),
    "SE-ResNet-152": Case("se_resnet152"),
    "Xception": Case("xception"),
    "MobileNetV1 1.0-224": mobilenet(),
    "MobileNetV1 1.0-192": mobilenet(size=192),
    "MobileNetV1 1.0-160": mobilenet(size=160),
    "MobileNetV1 1.0-128": mobilenet(size=128),
    "MobileNetV1 0.75-224": mobilenet("0.75"),
    "MobileNetV1 0.5-224": mobilenet("0.5"),
    "MobileNetV1 0.25-224": mobilenet("0.25"),
    "Conv MobileNet (full conv)": Case("conv_mobilenet"),
    "Shallow MobileNet": Case("mobilenet_v1", {"repeats": 0}),
    "MobileNetV2 1.0 (paper Table 4)": Case("mobilenet_v2"),
    "ShuffleNet v1 1x g=1": Case("shufflenet_v1", {"groups": 1}),
    "ShuffleNet v1 1x g=3": Case("shufflenet_v1"),
    "ShuffleNet v1 1x g=8": Case("shufflenet_v1", {"groups": 8}),
    "ShuffleNet v2 0.5x": Case("shufflenet_v2_x0_5"),
    "ShuffleNet v2 1.0x": Case("shufflenet_v2"),
    "ShuffleNet v2 2.0x": Case("shufflenet_v2_x2_0"),
    "SqueezeNet 1.0": Case("squeezenet1_0"),
    "SqueezeNet 1.1": Case("squeezenet1_1"),
    "U-Net (paper, valid, 2 classes, 1 channel)": Case("unet"),
    "YOLOv1 (paper, 24 conv + 2 FC)": Case("yolov1"),
    "FaceNet NN1": Case("facenet_nn1"),
    "keras.applications Xception": Case("xception", count="keras"),
    "keras.applications VGG16": Case("vgg16", count="keras"),
    "keras.applications VGG19": Case("vgg19", count="keras"),
    "keras.applications ResNet50": Case("resnet50_keras", count="keras"),
    "keras.applications ResNet101": Case("resnet50_keras", {"blocks": [3, 4, 23, 3]}, count="keras"),
    "keras.applications ResNet152": Case("resnet50_keras", {"blocks": [3, 8, 36, 3]}, count="keras"),
    "keras.applications InceptionV3": Case("inception_v3", count="keras_unscaled"),
    "keras.applications InceptionResNetV2": Case("inception_resnet_v2", count="keras_unscaled"),
    "keras.applications MobileNet": Case("mobilenet_v1", count="keras"),
    "keras.applications MobileNetV2": Case("mobilenet_v2", count="keras"),
    "keras.applications DenseNet121": Case("densenet121", count="keras"),
    "keras.applications DenseNet169": Case("densenet169", count="keras"),
    "keras.applications DenseNet201": Case("densenet201", count="keras"),
    # 7 of its input normalisation
    "keras.applications EfficientNetB0": Case("efficientnet_b0", count="keras", more=7),
    "RF alexnet_v2": Case("alexnet_owt"),
    "RF vgg_16": Case("vgg16"),
    "RF inception_v3": Case("inception_v3", {}, (3, 224, 224)),
    "RF inception_resnet_v2": Case("inception_resnet_v2", {}, (3, 224, 224)),
    "RF inception_resnet_v2-same": Case("inception_resnet_v2", {}, (3, 224, 224)),
    "RF mobilenet_v1": mobilenet(),
    "RF mobilenet_v1_075": mobilenet("0.75"),
    "RF resnet_v1_50": Case("resnet50_v1"),
}

PROFILED = "tf.profiler on the trunk alone, with biases and pools; only its receptive field is compared"
TF_MODELS = (
    *("alexnet_v2", "vgg_16", "inception_v3", "inception_resnet_v2", "inception_resnet_v2-same"),
    *("mobilenet_v1_075", "resnet_v1_50"),
)
IMGCLSMOB = "imgclsmob counts biases, norms, activations and pools as FLOPs too, and halves the sum"
NO_FC = "the paper leaves the last linear layer out"
NO_NORMS = "TF's README has 3.47M without the scale and shift of the norms; the paper prints 3.4M"
TABLE_5 = "about 1% more than the layers of the paper's Table 5; torchvision's figures are ours"

EXCUSED: dict[str, dict[str, str]] = {
    "LeNet-5 (1998, sparse C3, trainable subsampling)": {"macs": "the paper counts connections"},
    "AlexNet ungrouped": {"macs": "the source feeds 224, and 227 is what makes 55 x 55 units"},
    "ZFNet": {"macs": f"{IMGCLSMOB}; at 224"},
    "NiN (CIFAR-10)": {"macs": IMGCLSMOB},
    "GoogLeNet (paper)": {
        "params": "the paper's column is low for most modules (4c prints 463K and has 509K)",
        "macs": "the paper's column has a separable conv1 and a 5x5 reduction of 48 in 5a",
    },
    "GoogLeNet module conv1": {
        "params": "2.7K is a separable 7x7, and Table 1 a plain one",
        "macs": "34M is a separable 7x7, and Table 1 a plain one",
    },
    "GoogLeNet module conv2": {"params": "the paper's K is 1024: 112 K"},
    "GoogLeNet module 3a": {"params": "the paper's K is 1024: 159.5 K"},
    "GoogLeNet (torchvision, BN, 3x3 in place of 5x5)": {
        "rf": "395 is with the paper's 3x3 pool before 5a; torchvision's maxpool4 is 2x2, which makes 379"
    },
    "Inception-v2 / BN-Inception": {"macs": IMGCLSMOB},
    "Inception-v3 (no aux)": {"macs": IMGCLSMOB},
    "Inception-v4": {"macs": IMGCLSMOB},
    "Inception-ResNet-v1": {"macs": IMGCLSMOB},
    "Inception-ResNet-v2": {"macs": IMGCLSMOB},
    "densenet264 (timm) is really k=48": {"macs": "0.8% more, and not said how it was counted"},
    "SE-ResNet-152": {"macs": "0.3% more, and not said how it was counted"},
    "Xception": {"macs": IMGCLSMOB},
    "Conv MobileNet (full conv)": {"macs": NO_FC},
    "MobileNetV2 1.0 (paper Table 4)": {"params": NO_NORMS},
    "ShuffleNet v1 1x g=8": {"macs": NO_FC},
    "ShuffleNet v2 1.0x": {"macs": TABLE_5},
    "ShuffleNet v2 2.0x": {"macs": TABLE_5},
    **{f"RF {name}": {"macs": PROFILED} for name in TF_MODELS},
}
"""Row -> quantity (params and macs as published, or rf) -> why it differs."""

DETECTION = "a detector or segmenter of torchvision: not in the zoo"
OPENFACE = "a variant of FaceNet's networks that no paper prints: not in the zoo"
V2 = "the pre-activation ResNets of Keras: not in the zoo"

OUTSIDE: dict[str, str] = {
    "SENet-154": "a variant with a different stem and grouping, given in no table: not in the zoo",
    **dict.fromkeys(("FaceNet NN4", "FaceNet NNS1", "FaceNet NNS2"), "the paper does not print their layers"),
    **dict.fromkeys(("OpenFace nn4.small2", "OpenFace nn4.small1", "OpenFace nn4", "OpenFace nn2"), OPENFACE),
    **dict.fromkeys((f"keras.applications ResNet{depth}V2" for depth in (50, 101, 152)), V2),
}
"""Rows about networks that the zoo does not have, and why."""

DETECTORS = ("RCNN", "FCOS", "RetinaNet", "SSD", "DeepLab", "FCN_ResNet", "LRASPP")


def outside(name: str) -> str:
    """Why a row is not about a network of the zoo."""
    if "_Weights." in name and name.lower().startswith(tuple(prefix.lower() for prefix in DETECTORS)):
        return DETECTION
    if "RCNN_" in name and "_Weights." in name:
        return DETECTION
    return OUTSIDE.get(name, "")


def rounded(published: int, ours: int) -> bool:
    """Whether a figure is ours, rounded or cut off at its last digit that is no zero."""
    unit = 10 ** (len(str(published)) - len(str(published).rstrip("0")))
    return abs(published - ours) < unit or published == ours


with (DATA / "networks.csv").open(newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", ROWS, ids=[row["network"] for row in ROWS])
def test_row(row: dict[str, str]) -> None:
    """A row of networks.csv is matched or excused."""
    name = row["network"]
    if name not in CASES:
        assert outside(name), f"{name} is neither matched nor excused"
        return
    assert not outside(name)
    case, excuses = CASES[name], dict(EXCUSED.get(name, {}))
    params, macs = case.params(), case.macs()
    if row["computed_params"]:
        assert params == int(row["computed_params"])
    if row["computed_macs"]:
        assert macs == int(row["computed_macs"])
    ops = macs * 2 if "2 per MAC" in row["convention"] else macs
    figures = (("params", params, row["params_published"]), ("macs", ops, row["ops_published"]))
    for what, ours, published in figures:
        excuse = excuses.pop(what, None)
        if published:
            shown = f"{what}: {ours:,} and {int(published):,}"
            assert rounded(int(published), ours) == (excuse is None), shown
        else:
            assert excuse is None, f"{what} has nothing to excuse"
    if row["rf"]:
        check_field(case, row, excuses.pop("rf", None))
    assert not excuses


def check_field(case: Case, row: dict[str, str], excuse: str | None) -> None:
    """The receptive field of a row."""
    sizes, stride = case.field()
    if row["network"].startswith("U-Net"):
        assert (sizes, stride) == ({188: 100, 204: 288}, 1)
        return
    assert (list(sizes) == [int(row["rf"])]) == (excuse is None), f"{sizes} and {row['rf']}"
    assert stride == int(row["rf_stride"])


# --- receptive fields, layer by layer ---

ENDS: dict[str, tuple[Case, dict[str, str], str]] = {
    "vgg_16": (Case("vgg16"), {"conv1/": "", "conv2/": "", "conv3/": "", "conv4/": "", "conv5/": ""}, ""),
    "mobilenet_v1": (Case("mobilenet_v1"), {"Conv2d_": "conv", "_pointwise": ""}, ""),
    "inception_v3": (Case("inception_v3", {}, (3, 224, 224)), {}, ""),
    "inception_resnet_v2": (Case("inception_resnet_v2", {}, (3, 224, 224)), {"PreAuxLogits": "block17"}, ""),
    "inception_v2": (
        Case("inception_v2"),
        {
            "Conv2d_1a_7x7": "conv1",
            "MaxPool_2a_3x3": "pool1",
            "Conv2d_2b_1x1": "conv2_reduce",
            "Conv2d_2c_3x3": "conv2",
            "MaxPool_3a_3x3": "pool2",
            "Mixed_3b": "inception3a",
            "Mixed_3c": "inception3b",
            "Mixed_4a": "inception3c",
            "Mixed_4b": "inception4a",
            "Mixed_4c": "inception4b",
            "Mixed_4d": "inception4c",
            "Mixed_4e": "inception4d",
            "Mixed_5a": "inception4e",
            "Mixed_5b": "inception5a",
            "Mixed_5c": "inception5b",
        },
        "TensorFlow's padding",
    ),
    "alexnet_v2": (Case("alexnet_owt"), {}, "TF-slim's conv1 has no padding"),
    "resnet_v1_50": (
        Case("resnet50_v1"),
        {"block1": "conv2", "block2": "conv3", "block3": "conv4", "block4": "conv5"},
        "TF-slim strides at the end of a block, and TensorFlow's padding",
    ),
}
"""Network of receptive_fields.csv -> ours, the names of its layers, and why its padding differs."""

with (DATA / "receptive_fields.csv").open(newline="") as file:
    FIELDS = list(csv.DictReader(file))


@pytest.mark.parametrize("row", FIELDS, ids=[f"{row['cnn']}-{row['end_point']}" for row in FIELDS])
def test_receptive_field(row: dict[str, str]) -> None:
    """TF's own computation (google-research/receptive_field), at 224 pixels."""
    case, words, excuse = ENDS[row["cnn"]]
    name = row["end_point"].removeprefix(f"{row['cnn']}/")
    for theirs, ours in words.items():
        name = name.replace(theirs, ours)
    graph = case.graph
    node = next(node for node in reversed(graph.nodes) if _within(node.name, name))
    axes = cnncalc.receptive_fields(graph).of[node.name].axes
    assert axes is not None
    size = axes[0].size()
    assert size == (int(row["rf"]), int(row["rf"]))
    if row["cnn"] != "resnet_v1_50":
        assert axes[0].stride == int(row["stride"])
    if not excuse:
        assert axes[0].padding == int(row["padding"])


# --- every network ---


@pytest.mark.parametrize("name", SPECS)
def test_expect(name: str) -> None:
    """A network of the zoo is what its own spec expects, and has a source."""
    graph = cnncalc.load(name)
    assert re.match(r"[A-Z].* (19|20)\d\d, ", graph.source)
    expected = plain(graph.expect) if graph.expect else {}
    assert expected, f"{name} expects nothing"
    facts = _facts(graph)
    assert {key: facts[key] for key in expected} == expected


def _facts(graph: Graph) -> dict[str, Any]:
    """What `expect:` may name; of a field the interval, `global` where the output is a map that sees everything."""
    graph = graph.inference
    params = cnncalc.params(graph)
    field = network_field(graph)
    low, high = field.sizes[-1] if field and field.sizes else (0, 0)
    size = low if low == high else f"{low}-{high}"
    return {
        "params": params.total,
        "trainable": params.trainable,
        "frozen": params.frozen,
        "buffers": params.buffers,
        "macs": cnncalc.macs(graph).total,
        "output": list(graph.output_shape),
        "receptive_field": "global" if field and field.everything else size,
        "stride": field.strides[-1] if field and field.strides else None,
    }


LINES = {"resnet50": 30, "googlenet": 50, "mobilenet_v2": 35, "densenet121": 30, "inception_v4": 110}


@pytest.mark.parametrize("name", LINES)
def test_length(name: str) -> None:
    """A spec is not longer than the table that it comes from."""
    assert len((folder() / f"{name}.yaml").read_text().splitlines()) <= LINES[name]


VARIANTS: list[tuple[Case, int | None, float | None]] = [
    # torchvision's num_params and _ops (GMAC, three decimals)
    (Case("vgg13"), 133_047_848, 11.308),
    (Case("wide_resnet101_2"), 126_886_696, 22.753),
    (Case("resnext101_32x8d"), 88_791_336, 16.414),
    (Case("shufflenet_v2_x1_5"), 3_503_624, 0.296),
    (Case("mobilenet_v3_large"), 5_483_032, 0.217),
    (Case("efficientnet_b0"), 5_288_548, 0.386),
    (Case("inception_v3"), None, 5.713),
    (Case("resnet50", {"classes": 10}), 25_557_032 - 990 * 2049, None),
    (Case("mobilenet_v2", {}, (3, 448, 448)), 3_504_872, None),
    # papers: He et al. Table 6 (19.4M), Tran et al. with the 101 classes of UCF101, Koch et al. (38,951,745)
    (Case("resnet1202_cifar"), 19_421_274, None),
    (Case("c3d", {"classes": 101}), 78_409_573, None),
    (Case("siamese"), 38_951_745, None),
    # TF's README for MobileNetV2: 6.06M (1.4, without the norms' 47k) and 582M
    (Case("mobilenet_v2", {"width": 1.4}), 6_108_776, 0.582),
    # Sandler et al. Table 4's 585M and the widths of TF's README: 97M at 0.5, 59M at 0.35
    (Case("mobilenet_v2", {"width": 0.5}), None, 0.097),
    (Case("mobilenet_v2", {"width": 0.35}), None, 0.059),
]


@pytest.mark.parametrize(("case", "params", "giga"), VARIANTS, ids=[f"{v[0].name}{v[0].settings}" for v in VARIANTS])
def test_variant(case: Case, params: int | None, giga: float | None) -> None:
    """Other widths, depths, sizes and classes, against figures that come from elsewhere."""
    if params is not None:
        assert case.params() == params
    if giga is not None:
        assert abs(case.macs() / 1e9 - giga) <= 0.0005


def test_lenet_connections() -> None:
    """LeCun et al. 1998 count connections: taps and biases; the RBF output has 84 each."""
    graph = zoo("lenet5_1998")
    counted = [node for node in graph.nodes if node.kind in ("conv", "linear", "avgpool", "bias")]
    assert sum(node.macs + node.operations for node in counted) + 84 * 10 == 340_908


def test_training_heads() -> None:
    """What only training uses is apart: 6,379,728 in GoogLeNet; torchvision's counts with heads."""
    from_heads = {
        "googlenet": 6_998_552 + 6_379_728,
        "googlenet_torchvision": 13_004_888,
        "inception_v3": 27_161_264,
    }
    for name, whole in from_heads.items():
        assert cnncalc.params(cnncalc.load(name)).total == whole


def test_shared_weights() -> None:
    """Siamese and triplet networks: weights once, MACs for each image."""
    nn1, triplet = zoo("facenet_nn1"), zoo("triplet")
    assert cnncalc.params(triplet).total == cnncalc.params(nn1).total
    assert cnncalc.macs(triplet).total == 3 * cnncalc.macs(nn1).total


def test_unknown_depth() -> None:
    """A depth that a family does not have is an error at its place."""
    with pytest.raises(cnncalc.SpecError, match=r"\(\$depth - 2\) / 6"):
        cnncalc.load("resnet_cifar", set={"depth": 21})


LECTURE = sorted(path.stem for path in (folder() / "lecture").glob("*.yaml"))


@pytest.mark.parametrize("name", LECTURE)
def test_lecture(name: str) -> None:
    """A worked example says where it is from, what is printed, whether that is right and why, and it holds."""
    graph = cnncalc.load(f"lecture/{name}")
    notes = plain(graph.notes)
    assert {*notes} - {"why", "ask"} == {"section", "printed", "verdict", "right"}
    assert graph.name == name
    expected = plain(graph.expect)
    facts = _facts(graph)
    assert {key: facts[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [  # the figures of the notes, put right
        ("inception_5x5", None, 120_422_400),
        ("inception_5x5_bottleneck", None, 2_408_448 + 10_035_200),
        ("cs109b_conv_dense", 224 + 3_216 + 2_097_664 + 2_052, 3_139_584),
        ("mobilenet_slide_standard", 19_456, 1_228_800),
        ("mobilenet_slide_separable", 78 + 1_024, 53_952),
        ("vgg16_two_classes", 134_268_738, 15_466_176_512),
        ("sliding_window", None, 441_600),
        ("sliding_window_shared", None, 1_459_200),
        ("one_5x5", 25 * 64**2, None),
        ("two_3x3", 18 * 64**2, None),
    ],
)
def test_lecture_figures(name: str, params: int | None, macs: int | None) -> None:
    """The figures of the notes, checked by hand."""
    case = Case(f"lecture/{name}")
    assert params in (None, case.params())
    assert macs in (None, case.macs())


def test_lecture_ratios() -> None:
    """4.2% of a dense layer for N = 512 and f = 5; 8 x 8 windows of a 28 x 28 image in one pass."""
    dense = Case("lecture/separable_ratio", {"dense": True}).macs()
    assert Fraction(Case("lecture/separable_ratio").macs(), dense) == Fraction(1, 512) + Fraction(1, 25)
    assert Case("lecture/sliding_window", {}, (3, 28, 28)).macs() == 21_273_600


CONVNEXT_V2 = """\
name: convnextv2
input: [3, 224, 224]
vars: {first: 40, middle: 6}
blocks:
  block:
    - add:
        main:
          - {depthwise: {kernel: 7, padding: half}}
          - layernorm: channels
          - {pointwise: {out: 4 * $in.channels, act: gelu}}
          - grn
          - pointwise: $in.channels
        shortcut: prev
net:
  - {conv: {out: $first, kernel: 4, stride: 4, norm: {layernorm: channels}}, as: stem}
  - for: [stage, depth]
    in: [[0, 2], [1, 2], [2, $middle], [3, 2]]
    do:
      - {do: [{layernorm: channels}, {conv: {out: $first * 2 ** $stage, kernel: 2, stride: 2}}], when: $stage > 0, as: down$stage}
      - {block, repeat: $depth, as: stage$stage}
  - globalavgpool
  - layernorm: channels
  - {linear: 1000, as: head}
"""


@pytest.mark.parametrize(
    ("first", "middle", "params", "macs"),
    [  # millions and billions as printed (the "FLOPs" are MACs); atto to the integer as timm counts it
        (40, 6, "3.7", "0.55"),
        (48, 6, "5.2", "0.78"),
        (64, 6, "9.1", "1.37"),
        (80, 8, "15.6", "2.45"),
    ],
)
def test_convnext_v2(first: int, middle: int, params: str, macs: str) -> None:
    """Woo et al. 2023, arXiv:2301.00808: Atto, Femto, Pico and Nano, with a `grn` in every block."""
    text = CONVNEXT_V2.replace("first: 40, middle: 6", f"first: {first}, middle: {middle}")
    graph = cnncalc.parse(text)

    assert params == f"{cnncalc.params(graph).total / 1e6:.1f}"
    assert macs == f"{cnncalc.macs(graph).total / 1e9:.2f}"
    if first == 40:
        assert 3_708_400 == cnncalc.params(graph).total
