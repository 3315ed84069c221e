"""The zoo: every name loads, the table of docs is what the command prints, the notes' examples are listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.language import zoo
from cnncalc.lint import unmet

ROOT = Path(__file__).parents[1]

ISSUED = """
lenet5 lenet5_1998 alexnet alexnet_owt zfnet vgg11 vgg13 vgg16 vgg19 nin_cifar googlenet googlenet_torchvision
inception_v2 inception_v3 inception_v4 inception_resnet_v1 inception_resnet_v2 resnet18 resnet34 resnet50 resnet101
resnet152 resnet50_v1 resnet101_v1 resnet152_v1 resnet50_keras resnet_cifar plain34 wide_resnet_cifar wide_resnet50_2
resnext50_32x4d resnext101_64x4d densenet121 densenet169 densenet201 densenet264 densenet_cifar se_resnet50
se_resnet101 se_resnet152 xception mobilenet_v1 conv_mobilenet mobilenet_v2 mobilenet_v3_large shufflenet_v1
shufflenet_v2 squeezenet1_0 squeezenet1_1 efficientnet_b0 fcn8s fcn16s fcn32s unet yolov1 darknet53 facenet_nn1
facenet_nn2 siamese triplet style_transfer_vgg19 fast_rcnn_vgg16 faster_rcnn_vgg16 mask_rcnn_head tdnn c3d
dilated_context m5
""".split()


def run(*arguments: str) -> str:
    """What a command prints."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ISSUED)
def test_every_network_of_the_notes_is_in_the_zoo(name: str) -> None:
    """A reader of the notes finds each network by its name."""

    assert name in zoo.names()


@pytest.mark.parametrize("name", [*zoo.names(), *zoo.lecture()])
def test_a_network_is_what_it_expects_and_names_its_source(name: str) -> None:
    """Each spec has a source with a year, and what it expects holds."""
    graph = cnncalc.load(name)

    assert [] == list(map(str, unmet(graph)))
    assert any(word.strip(",;()")[:4].isdigit() for word in graph.source.split())


@pytest.mark.parametrize(
    ("name", "column"), [("vgg11", "A"), ("vgg13", "B"), ("vgg16", "D"), ("vgg19", "E"), ("resnet34", "")]
)
def test_a_member_of_a_family_names_the_column_that_it_is(name: str, column: str) -> None:
    """The configurations of VGG are columns of one table; other families have one source."""
    own = f"Simonyan and Zisserman 2014, arXiv:1409.1556, Table 1, column {column}"

    assert (own if column else cnncalc.load("resnet18").source) == cnncalc.load(name).source


def test_the_table_of_docs_is_what_the_command_prints() -> None:
    """`cnncalc zoo --format markdown --output docs/zoo.md` would change nothing."""

    assert (ROOT / "docs" / "zoo.md").read_text(encoding="utf-8") == run("zoo", "--format", "markdown")


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("inception_5x5", {"macs": 120_422_400}),
        ("inception_5x5_bottleneck", {"macs": 12_443_648}),
        ("cs109b_conv_dense", {"params": 2_103_156, "macs": 3_139_584}),
        ("mobilenet_slide_standard", {"macs": 1_228_800, "params": 19_456}),
        ("mobilenet_slide_separable", {"macs": 53_952, "params": 1_102}),
        ("vgg16_two_classes", {"params": 134_268_738}),
        ("sliding_window", {"macs": 441_600}),
        ("sliding_window_shared", {"macs": 1_459_200}),
    ],
)
def test_the_notes_figures_come_out_right(name: str, figures: dict[str, int]) -> None:
    """The right figures of the notes' worked examples, corrected where the print is wrong."""
    graph = cnncalc.load(f"lecture/{name}")
    found = {"params": cnncalc.params(graph).total, "macs": cnncalc.macs(graph).total}

    assert figures == {key: found[key] for key in figures}


def test_two_classes_train_8194_and_freeze_the_rest() -> None:
    """VGG-16 with a head of two classes: 8,194 trainable and 134,260,544 frozen."""
    learned = cnncalc.params(cnncalc.load("lecture/vgg16_two_classes"))

    assert (8_194, 134_260_544) == (learned.trainable, learned.frozen)


def test_shared_weights_count_once_and_their_macs_each_time() -> None:
    """The triplet network has the parameters of one encoder and the MACs of three."""
    one, three = cnncalc.load("facenet_nn1"), cnncalc.load("triplet")

    assert cnncalc.params(one).total == cnncalc.params(three).total
    assert 3 * cnncalc.macs(one).total == cnncalc.macs(three).total


def test_a_part_of_a_name_filters_and_a_wrong_one_is_refused() -> None:
    """`zoo resnet` lists the resnets; `zoo resnat` asks whether resnet was meant."""
    names = [network["name"] for network in json.loads(run("zoo", "resnet", "--format", "json"))["networks"]]
    wrong = CliRunner().invoke(app, ["zoo", "resnat50"])

    assert names
    assert all("resnet" in name for name in names)
    assert (2, "") == (wrong.exit_code, wrong.stdout)
    assert "did you mean `resnet50`" in wrong.stderr


def test_show_prints_the_spec_of_a_member_with_its_settings() -> None:
    """An alias shows the family's file and the settings that make it."""

    assert run("zoo", "resnet152", "--show").startswith(
        "# resnet152 is resnet50 --set blocks=[3,8,36,3]\nname: resnet50"
    )
