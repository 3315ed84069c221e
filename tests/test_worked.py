"""The worked examples: what the notes print or what is right, and PyTorch's own on random numbers."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cnncalc import worked
from cnncalc.errors import CnncalcError
from cnncalc.worked import EXAMPLES, exercise, solve
from cnncalc.worked.detection import overlap


@pytest.mark.parametrize(
    ("name", "settings", "figure", "result"),
    [
        ("output-size", {}, "outputs", 3),
        ("output-size", {"n": "227", "f": "11", "s": "4"}, "outputs", 55),
        ("output-size", {"n": "6", "f": "3", "s": "1"}, "outputs", 4),
        ("output-size", {"n": "9", "f": "3", "d": "4", "s": "1"}, "outputs", 1),
        ("layer", {}, "parameters", 280),
        ("layer", {}, "outputs", 62),
        ("layer", {"n": "32", "channels": "3", "filters": "1"}, "parameters", 28),
        ("layer", {"n": "32", "channels": "3", "filters": "16"}, "parameters", 448),
        ("layer", {"n": "32", "channels": "8", "filters": "16", "f": "5", "p": "2", "s": "2"}, "parameters", 3216),
        ("layer", {"channels": "64", "filters": "64", "groups": "64", "bias": "0"}, "parameters", 576),
        ("separable", {}, "dense", 1_228_800),
        ("separable", {}, "separable", 53_952),
        ("separable", {}, "dense parameters", 19_456),
        ("separable", {}, "separable parameters", 1_102),
        ("separable", {"filters": "512"}, "ratio", pytest.approx(0.041953, rel=1e-4)),
        ("bottleneck", {}, "direct", 120_422_400),
        ("bottleneck", {}, "bottleneck", 12_443_648),
        ("receptive-field", {}, "field", 7),
        ("receptive-field", {"layers": "3,3"}, "field", 5),
        ("receptive-field", {"layers": "3,3d2,3d4,3d8"}, "field", 31),
        ("max-pool", {}, "sum", 21),
        ("edges", {}, "outputs", 16),
        ("iou", {}, "IoU", Fraction(1, 7)),
        ("iou", {"b": "4 1 6 3"}, "IoU", 0),
        ("iou", {"b": "2 1 4 3"}, "IoU", 1),
        ("nms", {}, "kept", "1, 3"),
        ("nms", {"boxes": "0 0 2 2 0.9 1; 0 0 2 2 0.8 2", "apart": "1"}, "kept", "1, 2"),
        ("nms", {"boxes": "0 0 2 2 0.9 1; 0 0 2 2 0.8 2", "apart": "0"}, "kept", "1"),
        ("anchors", {}, "assigned", "anchor 2"),
        ("yolo-target", {}, "target", 144),
        ("yolo-target", {"grid": "19", "classes": "80", "anchors": "1 1; 1 2; 2 1; 2 2; 3 3"}, "target", 153_425),
        ("sliding-windows", {}, "shared", 1_459_200),
        ("sliding-windows", {}, "apart", 1_766_400),
        ("sliding-windows", {"n": "28"}, "shared", 21_273_600),
        ("sliding-windows", {"n": "28"}, "apart", 28_262_400),
        ("triplet", {}, "loss", 0),
        ("triplet", {"negative": "0.2 0.8"}, "loss", Fraction(1, 5)),
        ("verification", {"b": "0.1 0.9 0.3", "bias": "0"}, "y", 0.5),
        ("gram", {}, "G 1,2", 4),
        ("content", {}, "cost", Fraction(3, 2)),
        ("ensemble", {}, "passes", 1_008),
        ("freezing", {}, "kept an image", 16_384),
        ("freezing", {"spec": "lecture/vgg16_two_classes"}, "trained", 8_194),
        ("freezing", {"spec": "lecture/vgg16_two_classes"}, "frozen", 134_260_544),
    ],
)  # fmt: skip
def test_the_numbers_of_the_notes(name: str, settings: dict[str, str], figure: str, result: Any) -> None:
    """What they print where that is right, and what is right where it is not."""
    assert result == solve(name, **settings).results[figure]


def test_the_slides_of_the_max_pool() -> None:
    """Forward and backward, element by element (F2, slides 19 to 31)."""
    answer = solve("max-pool")

    assert [[9, 8, 8], [9, 6, 6], [7, 7, 7]] == answer.matrices["output"]
    assert [[0, 0, 4, 0, 0], [2, 0, 0, 0, 0], [0, 0, 6, 0, 0], [0, 0, 0, 0, 0], [0, 8, 0, 0, 1]] == answer.matrices[
        "gradient"
    ]


def test_the_edges_of_the_course() -> None:
    """0 30 30 0 in each row; a convolution turns the sign."""
    assert [[0, 30, 30, 0]] * 4 == solve("edges").matrices["output"]
    assert [[0, -30, -30, 0]] * 4 == solve("edges", flip="1").matrices["output"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_where_it_is_and_what_is_right(name: str) -> None:
    """With its settings explained."""
    one = EXAMPLES[name]

    assert one.section[0] == "F"
    assert all((one.about, one.printed, one.verdict, solve(name).steps))
    assert all(setting.about for setting in one.settings.values())


@pytest.mark.parametrize("name", [name for name, one in EXAMPLES.items() if one.draw])
def test_exercises_are_other_numbers_and_the_same_for_a_seed(name: str) -> None:
    """Ten seeds, at least five different exercises, each of which has an answer."""
    made = [tuple(exercise(name, seed).items()) for seed in range(10)]

    assert made == [tuple(exercise(name, seed).items()) for seed in range(10)]
    assert len(set(made)) >= 5
    assert all(solve(name, **dict(settings)).steps for settings in made)


@pytest.fixture(scope="module")
def torch() -> Any:
    """PyTorch, where it is installed."""
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("seed", range(12))
def test_max_pool_backward_is_pytorchs(seed: int, torch: Any) -> None:
    """With equal entries too: the first of a window gets the gradient."""
    draw = Random(seed)  # noqa: S311 - no secret
    high, kernel, stride = draw.randrange(4, 8), draw.randrange(1, 4), draw.randrange(1, 3)
    grid = [[draw.randrange(0, 5) for _ in range(high + 1)] for _ in range(high)]
    x = torch.tensor([[grid]], dtype=torch.float64, requires_grad=True)
    pooled = torch.nn.functional.max_pool2d(x, kernel, stride)
    upper = [[draw.randrange(-4, 5) for _ in row] for row in pooled[0, 0]]
    pooled.backward(torch.tensor([[upper]], dtype=torch.float64))
    answer = worked.maps.max_pool(grid, kernel, stride, upper)

    assert pooled[0, 0].tolist() == answer.matrices["output"]
    assert x.grad[0, 0].tolist() == answer.matrices["gradient"]


@pytest.mark.parametrize("seed", range(12))
def test_iou_and_nms_are_torchvisions_definition(seed: int, torch: Any) -> None:
    """By the definition in PyTorch's tensors: the greedy loop over a matrix of IoUs."""
    draw = Random(seed)  # noqa: S311 - no secret
    boxes = []
    for _ in range(30):
        x, y = draw.randrange(0, 20), draw.randrange(0, 20)
        boxes.append(
            [x, y, x + draw.randrange(1, 12), y + draw.randrange(1, 12), draw.randrange(1, 1000), draw.randrange(1, 3)]
        )
    boxes = [[*box[:4], Fraction(box[4], 1000), box[5]] for box in boxes]
    corners = torch.tensor([[float(entry) for entry in box[:4]] for box in boxes], dtype=torch.float64)
    low, high = (
        torch.max(corners[:, None, :2], corners[None, :, :2]),
        torch.min(corners[:, None, 2:], corners[None, :, 2:]),
    )
    inner = (high - low).clamp(min=0).prod(dim=2)
    area = (corners[:, 2:] - corners[:, :2]).prod(dim=1)
    ious = inner / (area[:, None] + area[None, :] - inner)
    order, kept = sorted(range(30), key=lambda n: (-boxes[n][4], n)), []
    for n in order:
        if all(ious[n, other] <= 0.45 or boxes[n][5] != boxes[other][5] for other in kept):
            kept.append(n)
    answer = worked.detection.nms(boxes, Fraction(9, 20), 0, 1)

    assert all(
        ious[i, j].item() == pytest.approx(float(overlap(boxes[i][:4], boxes[j][:4])))
        for i in range(8)
        for j in range(30)
    )
    assert ", ".join(str(n + 1) for n in kept) == answer.results["kept"]


def test_losses_are_pytorchs(torch: Any) -> None:
    """Triplet loss with squared distances, Gram matrix, content and style cost, on random numbers."""
    draw = Random(3)  # noqa: S311 - no secret
    rows = [[[Fraction(draw.randrange(-20, 20), 8) for _ in range(6)] for _ in range(3)] for _ in range(3)]
    a, p, n = (torch.tensor([[float(entry) for entry in row] for row in one], dtype=torch.float64) for one in rows)
    distance = torch.nn.functional.mse_loss
    gram = lambda x: x @ x.T  # noqa: E731 - the definition

    assert gram(a).tolist() == [[float(e) for e in row] for row in worked.losses.gram(rows[0]).matrices["Gram"]]
    assert distance(a, p, reduction="sum").item() / 2 == float(worked.losses.content(rows[0], rows[1]).results["cost"])
    wanted = distance(gram(a), gram(p), reduction="sum").item() / (2 * 6 * 3) ** 2
    assert wanted == pytest.approx(float(worked.losses.style(rows[0], rows[1]).results["cost"]))
    wanted = torch.nn.functional.triplet_margin_with_distance_loss(
        a[:1], p[:1], n[:1], distance_function=lambda x, y: (x - y).square().sum(dim=1), margin=0.5
    )
    found = worked.losses.triplet(list(rows[0][0]), list(rows[1][0]), list(rows[2][0]), Fraction(1, 2)).results["loss"]
    assert wanted.item() == pytest.approx(float(found))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("iou", {"a": "3 1 1 3"}, "has a negative side"),
        ("iou", {"a": "1 1 3"}, "x1 y1 x2 y2"),
        ("iou", {"a": "nan 1 2 3"}, "must be a number"),
        ("max-pool", {"matrix": "1 2; 3"}, "2 numbers in row 1 and 1 in row 2"),
        ("max-pool", {"kernel": "6"}, "does not fit"),
        ("max-pool", {"upstream": "1"}, "upstream is 1x1"),
        ("nms", {"threshold": "1.5"}, "from 0 to 1"),
        ("nms", {"boxes": ""}, "must have a number"),
        ("nms", {"boxes": "0 0 1 1 0.5 1;" * 10_001}, "at most 10,000"),
        ("gram", {"activations": "1 " * 1_000_001}, "more than 1,000,000"),
        ("output-size", {"f": "9"}, "does not fit"),
        ("output-size", {"n": "1e30"}, "below 10^18"),
        ("output-size", {"k": "3"}, "no setting `k`"),
        ("receptive-field", {"layers": "3s0"}, "has a 0"),
        ("receptive-field", {"layers": "x"}, "3s1,3s2,5d2"),
        ("freezing", {"until": "fc9"}, "names no layer"),
        ("yolo-target", {"boxes": "9 0.5 0.5 0.1 0.1"}, "of class 9"),
        ("sliding-windows", {"n": "13"}, "from 14"),
        ("triplet", {"anchor": "1 2 3"}, "differ in length"),
        ("iuo", {}, "did you mean `iou`"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(name: str, settings: dict[str, str], said: str) -> None:
    """In a line that says what it must be."""
    with pytest.raises(CnncalcError) as raised:
        solve(name, **settings)
    assert said in f"{raised.value}"


def test_matrices_come_from_files_too(tmp_path: Path) -> None:
    """CSV and .npy, with the same result as typed; an empty file is refused."""
    import numpy as np

    rows = [[1.0, 2.0], [3.5, 4.0]]
    np.save(tmp_path / "m.npy", np.array(rows))
    (tmp_path / "m.csv").write_text("1,2\n3.5,4\n")
    (tmp_path / "empty.csv").write_text("")
    typed = solve("gram", activations="1 2; 3.5 4").matrices["Gram"]

    assert typed == solve("gram", activations=f"{tmp_path}/m.npy").matrices["Gram"]
    assert typed == solve("gram", activations=f"{tmp_path}/m.csv").matrices["Gram"]
    with pytest.raises(CnncalcError, match="must have a number"):
        solve("gram", activations=f"{tmp_path}/empty.csv")


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `cnncalc worked`."""
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "worked", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_asks_answers_and_refuses() -> None:
    """An exercise has no answer in it; what is no setting has exit code 2."""
    code, asked, _ = command("output-size", "--exercise", "--seed", "4")
    _, answered, _ = command("output-size", "--exercise", "--seed", "4", "--solution")
    outputs = next(line for line in answered.splitlines() if line.startswith("  outputs"))

    assert code == 0
    assert "outputs  ?" in asked
    assert "= floor(" in outputs
    assert (2, "") == command("iou", "c=1 2 3 4")[:2]
    assert (2, "") == command("iou", "--solution")[:2]
    assert (2, "") == command("--exercise")[:2]
    assert "1/7" in command("iou", "--format", "json")[1]
