"""What the lecture notes print: each claim that is a number is reproduced or put right by a command that is run here.

The figures are those of an arithmetic done apart from this tool, from the notes and the papers.
"""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from typing import Any

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.errors import width_of
from cnncalc.language import zoo
from cnncalc.worked import CLAIMS, EXAMPLES, NOTES, VERDICTS

MIB = 1 << 20


@cache
def printed(command: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, shlex.split(command))
    assert 0 == done.exit_code, done.output
    return done.stdout


def says(text: str, figure: str) -> bool:
    """Whether a figure is in a text, as a number or words of its own."""
    return re.search(rf"(?<![\w,.]){re.escape(figure)}(?!\w|,\d|\.\d)", text) is not None


SHOWN: list[tuple[str, str, list[str]]] = [
    # claim, command, what is right
    ("F0, F3: LeNet-5 60k", "params lenet5", ["61,706"]),
    ("F0, F3: LeNet-5 60k, 1998", "params lenet5_1998", ["60,000"]),
    ("F0, F2, F3: AlexNet 60M", "params alexnet", ["60,965,224"]),
    ("F0, F2, F3: AlexNet 60M, ungrouped", "params alexnet --set groups=1", ["62,378,344"]),
    ("F0, F2, F3: AlexNet 60M, one tower", "params alexnet_owt", ["61,100,840"]),
    ("F2 s70: AlexNet 255 MB", "params alexnet", ["243.9 MB"]),
    ("F2 s70: AlexNet 255 MB, ungrouped", "params alexnet --set groups=1", ["249.5 MB"]),
    ("F2 s70: 227x227x3", "worked output-size n=227 f=11 s=4", ["55"]),
    ("F0: VGG-16 138M", "params vgg16", ["138,357,544"]),
    ("F3: VGG-16 136M", "params vgg16", ["138,357,544"]),
    ("F2 s73: VGG-16 522 MB", "params vgg16", ["553.4 MB"]),
    ("F2 s54, s55: VGG-16 134,268,737", "params lecture/vgg16_two_classes", ["134,268,738", "8,194", "134,260,544"]),
    ("F2 s54, s55: one sigmoid", "params lecture/vgg16_two_classes --set classes=1", ["134,264,641"]),
    ("F0, F3: 28x28x32 x 5x5x192 = 120M", "explain lecture/inception_5x5", ["120,422,400"]),
    ("F3: it is the 3x3 filter", "shapes lecture/inception_5x5", ["32x28x28"]),
    ("F0: 12M with 5x5x32", "worked bottleneck", ["2,408,448", "10,035,200", "12,443,648"]),
    ("F3: about 10M", "worked bottleneck", ["12,443,648"]),
    ("F0, F3, F4: 10 times cheaper", "worked bottleneck", ["9.68"]),
    ("F1: 4.2%, over 20 times", "worked separable n=12 channels=6 filters=512 f=5", ["0.0419531", "23.84"]),
    ("F1: N n^2 f^2 n_C and its like", "worked separable", ["1,228,800", "4,800", "49,152", "53,952"]),
    ("F2 s7: 28", "explain lecture/cs109b_one_filter", ["28"]),
    ("F2 s7: 28, from numbers", "worked layer n=32 filters=1", ["28"]),
    ("F2 s8: 448", "explain lecture/cs109b_sixteen_filters", ["448"]),
    ("F2 s9: the sum", "explain lecture/cs109b_conv_dense", ["2,103,156", "3,139,584", "2,097,664", "2,052"]),
    ("F2 s10: 224", "explain lecture/cs109b_conv_dense", ["224"]),
    ("F2 s11: 3216, and 32 becomes 16", "explain lecture/cs109b_conv_dense conv2", ["3,216", "16"]),
    ("F2 s12: 2,099,716", "explain lecture/cs109b_conv_dense", ["2,097,664", "2,052"]),
    ("F2 s19 to 23: the max pool", "worked max-pool", ["9  8  8", "9  6  6", "7  7  7"]),
    ("F2 s24 to 31: backward", "worked max-pool",
     ["0  0  4  0  0", "2  0  0  0  0", "0  0  6  0  0", "0  8  0  0  1", "21", "3 + 1"]),
    ("F2 s40, s41: 5x5, 3x3, 2x2", "shapes lecture/strides_5x5", ["1x3x3", "1x2x2"]),
    ("F2 s40, s41: fields and strides", "worked receptive-field", ["3", "7", "2", "4"]),
    ("F2 s72: two 3x3 see 5x5", "worked receptive-field layers=3,3", ["5"]),
    ("F2 s72: 18 C^2", "params lecture/two_3x3", ["73,728"]),
    ("F2 s72: 25 C^2", "params lecture/one_5x5", ["102,400"]),
    ("F2 s83: 2.8M", "explain lecture/mobilenet_slide_standard", ["1,228,800", "19,456"]),
    ("F2 s83: 60K", "explain lecture/mobilenet_slide_separable", ["53,952", "1,102"]),
    ("F2 s83: parameters and speed-up", "worked separable", ["19,456", "1,102", "22.78"]),
    ("F2 s86: ShuffleNet v2", "zoo shufflenet", ["arXiv:1807.11164", "arXiv:1707.01083"]),
    ("F2 s79: ResNets of 2016", "zoo resnet50_v1", ["2015"]),
    ("F2 s75, s74: 1x1, 3x3, 5x", "explain lecture/inception_module b5x5/conv", ["32x16x5x5"]),
    ("F2 s84: DenseNet k = 12", "params densenet_cifar", ["1,019,722"]),
    ("F4: valid n - f + 1", "worked output-size n=6 f=3 s=1", ["4"]),
    ("F4: same p = (f - 1)/2", "worked output-size n=6 f=3 s=1 p=1", ["6"]),
    ("F4: floor((n + 2p - f)/s + 1)", "worked output-size", ["3"]),
    ("F4: 64x64x3 gives 4x4", "worked output-size n=64 f=3 s=1", ["62"]),
    ("F4: 6x6x3 gives 4x4", "worked layer n=6 channels=3 filters=1", ["4"]),
    ("F4: 27 additions", "worked layer n=6 channels=3 filters=1", ["27 * 4 * 4", "(27 - 1) * 1 * 4 * 4", "432", "416"]),
    ("F4: parameters of a layer", "worked layer", ["280", "3 * 3 * 3 * 10"]),
    ("F4: weights and biases", "explain lecture/ten_filters conv", ["270", "10", "280", "10x3x3x3"]),
    ("F4: a pool makes smaller", "shapes lecture/pool_same", ["192x28x28"]),
    ("F4: VGG doubles the filter size", "shapes vgg16", ["64x224x224", "128x112x112", "256x56x56", "512x28x28", "512x14x14"]),
    ("F4: (nh nw #filters)(f f nc)", "worked bottleneck", ["5 * 5 * 192 * 32 * 28 * 28", "120,422,400"]),
    ("F4: the style cost squares", "worked style", ["(6 - 3)^2", "11/256"]),
    ("F4: the weights w_k", "worked verification", ["-4 * |0.1 - 0.2|", "0.598688"]),
    ("F4: triplet", "worked triplet", ["0.02", "0.25"]),
    ("F4: IoU >= 0.5", "worked iou", ["1/7"]),
    ("F4: p_c <= 0.6 goes", "worked nms", ["score < 0.6", "1, 3"]),
    ("F4: content 1/2", "worked content", ["1/2 * 3", "1.5"]),
    ("F4: Gram n_c x n_c", "worked gram", ["36"]),
    ("F4: Gram of the five taps", "macs style_transfer_vgg19", ["873,463,808"]),
    ("F0: ResNet-152", "params resnet152", ["60,192,808"]),
    ("F2, F4: sliding window 14", "macs lecture/sliding_window", ["441,600"]),
    ("F2, F4: sliding window 16", "worked sliding-windows", ["1,459,200", "1,766,400"]),
    ("F2, F4: sliding window 28", "worked sliding-windows n=28", ["21,273,600", "28,262,400"]),
    ("F4: YOLO 3x3x8", "shapes lecture/yolo_one_anchor", ["8x3x3"]),
    ("F4: YOLO 3x3x16", "shapes lecture/yolo_two_anchors", ["16x3x3"]),
    ("F4: YOLO 19x19x5x85", "shapes lecture/yolo_assignment", ["425x19x19"]),
    ("F4: YOLO 19x19x5x85, numbers", 'worked yolo-target grid=19 classes=80 anchors="1 1; 1 2; 2 1; 2 2; 3 3"', ["153,425"]),
    ("F2, F4: YOLOv1 7x7x30", "shapes yolov1", ["1470"]),
    ("F0 to F4: the inception module", "shapes lecture/inception_module", ["256x28x28"]),
    ("F0 to F4: its MACs", "macs lecture/inception_module", ["128,049,152"]),
    ("F0, F3, F4: 144 crops, 7 networks", "worked ensemble", ["1,008"]),
    ("F0, F3, F4: 10 crops", "worked ensemble spec=vgg16 crops=10 models=1", ["154,702,643,200"]),
    ("F0 to F4: the cache of a picture", "worked freezing", ["16,384"]),
    ("F4: siamese, parameters once", "params siamese", ["38,951,745"]),
    ("F4: edges 4 x 4", "worked edges", ["0  30  30  0"]),
    # what papers and tools print
    ("GoogLeNet conv1 2.7K/34M", "explain googlenet conv1", ["9,408", "118,013,952"]),
    ("GoogLeNet 6.80M/1.50G", "summary googlenet", ["6,998,552", "1,582,671,872"]),
    ("torchvision's GoogLeNet", "summary googlenet_torchvision", ["6,624,904", "1,498,376,192"]),
    ("ResNet-50 3.8e9", "macs resnet50_v1", ["3,857,973,248"]),
    ("ResNet-50 4.09e9", "macs resnet50", ["4,089,184,256"]),
    ("DenseNet-264 72.69M", "params densenet264", ["33,337,704"]),
    ("DenseNet-100, k = 12", "params densenet_cifar --set depth=100", ["6,979,642"]),
    ("ResNet-34 2.18M", "params resnet34", ["21,797,672"]),
    ("ShuffleNet without its last layer", "macs shufflenet_v1", ["137,460,672", "960,000"]),
    ("AlexNet's neurons", "shapes alexnet", ["96x55x55"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "command", "figures"), SHOWN, ids=[row[0] for row in SHOWN])
def test_a_claim_is_shown_by_a_command(claim: str, command: str, figures: list[str]) -> None:
    """What is right stands in what it prints."""
    assert [] == [figure for figure in figures if not says(printed(command), figure)]


@pytest.mark.parametrize(
    ("mib", "spec"),
    [("232.6", "alexnet"), ("527.8", "vgg16")],
)
def test_sizes_in_mib(mib: str, spec: str) -> None:
    """What the notes call MB is of neither kind for AlexNet, and MiB for VGG-16 (528, which they round to 522)."""
    size = json.loads(printed(f"params {spec} --format json"))["totals"]["weight_bytes"]

    assert mib == f"{size / MIB:.1f}"


def test_layers_are_counted_by_their_weights() -> None:
    """8 of AlexNet, 16 of VGG-16: 13 convolutions and 3 linear layers."""
    rows = {spec: json.loads(printed(f"params {spec} --format json"))["layers"] for spec in ("alexnet", "vgg16")}
    kinds = {spec: [row["kind"] for row in of if row["params"]] for spec, of in rows.items()}

    assert 8 == len(kinds["alexnet"])
    assert ["conv"] * 13 + ["linear"] * 3 == kinds["vgg16"]


def test_a_siamese_network_costs_two_passes_and_one_set_of_weights() -> None:
    """Shared weights count once; MACs of each picture count. What is left is the unit on the differences."""
    one = json.loads(printed("macs siamese --format json"))
    passes = {row["name"]: row["macs"] for row in one["layers"]}
    first = sum(macs for name, macs in passes.items() if name.startswith("f1/"))

    assert first > 0
    assert 4096 == one["totals"]["macs"] - 2 * first


INDEX: dict[str, Any] = json.loads(printed("zoo --lecture --format json"))


def test_the_index_has_every_network_every_calculator_and_every_claim() -> None:
    """Each with what is printed, what becomes of it, and a command unless it is about no network."""
    rows = INDEX["claims"]
    commands = [command for row in rows for command in row["commands"]]

    assert sorted(row["example"] for row in rows if row["example"]) == list(zoo.lecture())
    assert [] == [name for name in EXAMPLES if not any(c.startswith(f"cnncalc worked {name}") for c in commands)]
    assert {claim.printed for claim in CLAIMS} <= {row["printed"] for row in rows}
    assert NOTES == INDEX["notes"]
    assert {row["verdict"] for row in rows} == set(VERDICTS)
    for row in rows:
        assert row["section"][:2] in NOTES
        assert row["printed"]
        assert row["why"] or row["right"] is not None
        assert row["commands"] or "no figure of an architecture" in row["why"]


@pytest.mark.parametrize(
    "command", sorted({command for row in INDEX["claims"] for command in row["commands"]}), ids=lambda text: text[8:]
)
def test_every_command_of_the_index_answers(command: str) -> None:
    """And prints something."""
    assert printed(command.removeprefix("cnncalc "))


@pytest.mark.parametrize(
    "row",
    [row for row in INDEX["claims"] if isinstance(row["right"], int) and row["commands"]],
    ids=lambda row: row["printed"][:40],
)
def test_what_is_right_is_shown_by_the_commands_beside_it(row: dict[str, Any]) -> None:
    """A figure of the index stands in what one of its commands prints."""
    texts = [printed(command.removeprefix("cnncalc ")) for command in row["commands"]]
    figure = f"{row['right']:,}"

    assert any(says(text, figure) or re.search(rf"(?<!\d){row['right']}(?!\d)", text) for text in texts)


def test_the_index_is_read_at_80_columns() -> None:
    """Piped too, with the notes named first; no word of it is lost."""
    text = printed("zoo --lecture")

    assert 80 >= max(map(width_of, text.splitlines()))
    assert [f"  {short}  {name}" for short, name in NOTES.items()] == text.splitlines()[2:7]
    flat = " ".join(text.split())
    assert [] == [row["printed"] for row in INDEX["claims"] if " ".join(row["printed"].split()) not in flat]


def test_the_index_is_asked_for_a_word() -> None:
    """A network, a note, a calculator; what is nowhere is told."""
    assert "60,965,224" in printed("zoo alexnet --lecture")
    assert "138,357,544" not in printed("zoo alexnet --lecture")
    assert "cnncalc worked gram" in printed("zoo gram --lecture")
    done = CliRunner().invoke(app, ["zoo", "alexnot", "--lecture"])
    assert (2, "") == (done.exit_code, done.stdout)
    assert "nothing in the notes has `alexnot`" in done.stderr
