"""The worked examples: what the notes print or what is right, and PyTorch's own on random numbers."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from cnncalc import worked
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
        ("forms", {}, "dense", 120_422_400),
        ("forms", {}, "separable", 8_580_096),
        ("forms", {}, "bottleneck", 12_443_648),
        ("iou", {}, "IoU", Fraction(1, 7)),
        ("iou", {"b": "4 1 6 3"}, "IoU", 0),
        ("iou", {"b": "2 1 4 3"}, "IoU", 1),
        ("nms", {}, "kept", (1, 3)),
        ("nms", {"boxes": "0 0 2 2 0.9 1; 0 0 2 2 0.8 2", "apart": "1"}, "kept", (1, 2)),
        ("nms", {"boxes": "0 0 2 2 0.9 1; 0 0 2 2 0.8 2", "apart": "0"}, "kept", (1,)),
        ("anchors", {}, "assigned", "anchor 2"),
        ("yolo-target", {}, "target", 144),
        ("yolo-target", {"grid": "19", "classes": "80", "anchors": "1 1; 1 2; 2 1; 2 2; 3 3"}, "target", 153_425),
        ("sliding-windows", {}, "shared", 1_459_200),
        ("sliding-windows", {}, "apart", 1_766_400),
        ("sliding-windows", {"n": "28"}, "shared", 21_273_600),
        ("sliding-windows", {"n": "28"}, "apart", 28_262_400),
        ("triplet", {}, "loss", 0),
        ("triplet", {"negative": "0.2 0.8"}, "loss", Fraction(1, 5)),
        ("triplet", {"negative": "0.5 0.6; 0.2 0.6; 0.1 0.85"}, "hardest", "N3"),
        ("triplet", {"negative": "0.5 0.6; 0.2 0.6; 0.1 0.85"}, "semi-hard", (2,)),
        ("triplet", {"negative": "0.5 0.6; 0.2 0.6; 0.1 0.85"}, "cost", Fraction(27, 80)),
        ("verification", {"b": "0.1 0.9 0.3", "bias": "0"}, "y", 0.5),
        ("gram", {}, "G 1,2", 4),
        ("content", {}, "cost", Fraction(3, 2)),
        ("ensemble", {}, "passes", 1_008),
        ("ensemble", {"spec": "alexnet", "crops": "10", "models": "1"}, "MACs", 7_244_068_160),
        ("ensemble", {"spec": "alexnet", "crops": "10", "models": "5"}, "params", 5 * 60_965_224),
        ("freezing", {}, "kept an image", 16_384),
        ("freezing", {"spec": "lecture/vgg16_two_classes"}, "trained", 8_194),
        ("freezing", {"spec": "lecture/vgg16_two_classes"}, "frozen", 134_260_544),
        ("freezing", {"spec": "vgg16", "freeze": "conv1..conv4"}, "frozen", 7_635_264),
        ("freezing", {"spec": "lenet5", "freeze": "..C1"}, "kept an image", 6 * 28 * 28 * 4),
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


def test_sums_that_nobody_reads_are_left_out_and_said() -> None:
    """Of 1,600 inputs that each get a gradient; the matrix has them all."""
    grid = [[1] * 40 for _ in range(40)]
    answer = worked.maps.max_pool(grid, 1, 1, grid)

    assert ["outputs", "sum"] == [step.name for step in answer.steps]
    assert [1_600] == [said.values["inputs"] for said in answer.said]
    assert grid == answer.matrices["gradient"]


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


@pytest.mark.parametrize("name", [*EXAMPLES])
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


@pytest.fixture(scope="module")
def ops(torch: Any) -> Any:
    """The operators of torchvision, where it is installed and its library loads."""
    try:
        from torchvision import ops

        ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except (ImportError, RuntimeError) as error:  # a build for CUDA beside a PyTorch for the CPU
        pytest.skip(f"torchvision is not here: {error}")
    return ops


def some_boxes(draw: Random, count: int) -> list[list[Any]]:
    """Boxes of whole and of broken sides, some of them twice, with scores that differ and two classes."""
    boxes: list[list[Any]] = []
    for place in range(count):
        x, y = Fraction(draw.randrange(0, 80), 4), Fraction(draw.randrange(0, 80), 4)
        sides = [x, y, x + Fraction(draw.randrange(1, 48), 4), y + Fraction(draw.randrange(1, 48), 4)]
        if place % 7 == 6:
            sides = boxes[-1][:4]
        boxes.append([*sides, None, draw.randrange(1, 3)])
    for box, score in zip(boxes, draw.sample(range(1, 1000), count), strict=True):
        box[4] = Fraction(score, 1000)
    return boxes


def corners_of(boxes: list[list[Any]], torch: Any) -> Any:
    """Boxes as PyTorch has them."""
    return torch.tensor([[float(entry) for entry in box[:4]] for box in boxes], dtype=torch.float64)


@pytest.mark.parametrize("seed", range(8))
def test_iou_is_torchvisions(seed: int, torch: Any, ops: Any) -> None:
    """`box_iou` of each two of 20 boxes, one without area among them."""
    boxes = some_boxes(Random(seed), 20)  # noqa: S311 - no secret
    boxes[3][2:4] = boxes[3][:2]
    wanted = ops.box_iou(corners_of(boxes, torch), corners_of(boxes, torch))
    wanted[3, 3] = 0  # 0/0, which torchvision leaves as NaN

    found = [[float(overlap(a[:4], b[:4])) for b in boxes] for a in boxes]
    assert wanted.tolist() == [pytest.approx(row) for row in found]


@pytest.mark.parametrize("threshold", ["0.3", "0.5", "0.7"])
@pytest.mark.parametrize("seed", range(6))
def test_nms_is_torchvisions(seed: int, threshold: str, torch: Any, ops: Any) -> None:
    """`nms` of all boxes together and `batched_nms` of each class, behind a limit of the scores."""
    boxes = some_boxes(Random(seed), 40)  # noqa: S311 - no secret
    limit = Fraction(1, 5)
    over = [n for n, box in enumerate(boxes) if box[4] >= limit]
    sides = corners_of([boxes[n] for n in over], torch)
    scores = torch.tensor([float(boxes[n][4]) for n in over], dtype=torch.float64)
    classes = torch.tensor([boxes[n][5] for n in over])

    for apart, kept in enumerate(
        (ops.nms(sides, scores, float(threshold)), ops.batched_nms(sides, scores, classes, float(threshold)))
    ):
        answer = worked.detection.nms(boxes, Fraction(threshold), limit, apart)
        assert tuple(over[n] + 1 for n in kept.tolist()) == answer.results["kept"]


@pytest.mark.parametrize("seed", range(6))
def test_iou_and_nms_are_the_greedy_loop(seed: int, torch: Any) -> None:
    """By the definition, over a matrix of IoUs in PyTorch's tensors, where there is no torchvision too."""
    boxes = some_boxes(Random(seed), 40)  # noqa: S311 - no secret
    corners = corners_of(boxes, torch)
    low = torch.max(corners[:, None, :2], corners[None, :, :2])
    high = torch.min(corners[:, None, 2:], corners[None, :, 2:])
    inner, area = (high - low).clamp(min=0).prod(dim=2), (corners[:, 2:] - corners[:, :2]).prod(dim=1)
    ious = inner / (area[:, None] + area[None, :] - inner)
    kept: list[int] = []
    for n in sorted(range(40), key=lambda n: -boxes[n][4]):
        if all(ious[n, other] <= 0.45 or boxes[n][5] != boxes[other][5] for other in kept):
            kept.append(n)
    found = [[float(overlap(a[:4], b[:4])) for b in boxes] for a in boxes]

    assert ious.tolist() == [pytest.approx(row) for row in found]
    assert tuple(n + 1 for n in kept) == worked.detection.nms(boxes, Fraction(9, 20), 0, 1).results["kept"]


@pytest.mark.parametrize("seed", range(6))
def test_edges_are_pytorchs_convolution(seed: int, torch: Any) -> None:
    """`conv2d`, which is a cross-correlation; turned by half a circle a convolution (NumPy's, in one dimension)."""
    import numpy as np

    draw = Random(seed)  # noqa: S311 - no secret
    grid = [[draw.randrange(-9, 10) for _ in range(7)] for _ in range(6)]
    kernel = [[draw.randrange(-3, 4) for _ in range(draw.randrange(1, 4))]]
    kernel += [[draw.randrange(-3, 4) for _ in kernel[0]] for _ in range(draw.randrange(0, 3))]
    wanted = torch.nn.functional.conv2d(torch.tensor([[grid]]), torch.tensor([[kernel]]))[0, 0].tolist()

    assert wanted == worked.maps.edges(grid, kernel).matrices["output"]
    assert [np.convolve(grid[0], kernel[0], "valid").tolist()] == worked.maps.edges([grid[0]], [kernel[0]], 1).matrices[
        "output"
    ]


@pytest.mark.parametrize("seed", range(6))
def test_the_field_of_a_stack_is_where_pytorch_has_a_gradient(seed: int, torch: Any) -> None:
    """The inputs that a middle output depends on, with weights of 1; and how far the next one looks away."""
    settings = dict(exercise("receptive-field", seed))
    x = torch.zeros(1, 1, 2001, dtype=torch.float64, requires_grad=True)
    y = x
    for kernel, stride, dilation in worked.sizes.stack(settings["layers"]):
        weight = torch.ones(1, 1, kernel, dtype=torch.float64)
        y = torch.nn.functional.conv1d(y, weight, stride=stride, dilation=dilation)
    middle = y.shape[-1] // 2
    first, second = (
        torch.autograd.grad(y[0, 0, middle + step], x, retain_graph=True)[0][0, 0].nonzero()[:, 0] for step in (0, 1)
    )
    answer = solve("receptive-field", **settings)

    assert (first[-1] - first[0] + 1).item() == answer.results["field"]
    assert (second[0] - first[0]).item() == answer.steps[-1].values["j"]


@pytest.mark.parametrize("seed", range(6))
def test_losses_are_pytorchs(seed: int, torch: Any) -> None:
    """Gram matrix, content and style cost, and triplet loss with squared distances, on random numbers."""
    draw = Random(seed)  # noqa: S311 - no secret
    rows = [[[Fraction(draw.randrange(-20, 20), 8) for _ in range(6)] for _ in range(3)] for _ in range(3)]
    a, p, n = (torch.tensor([[float(entry) for entry in row] for row in one], dtype=torch.float64) for one in rows)
    distance = torch.nn.functional.mse_loss
    gram = lambda x: torch.einsum("ci,di->cd", x, x)  # noqa: E731 - the definition

    assert gram(a).tolist() == [[float(e) for e in row] for row in worked.losses.gram(rows[0]).matrices["Gram"]]
    assert distance(a, p, reduction="sum").item() / 2 == float(worked.losses.content(rows[0], rows[1]).results["cost"])
    wanted = distance(gram(a), gram(p), reduction="sum").item() / (2 * 6 * 3) ** 2
    assert wanted == pytest.approx(float(worked.losses.style(rows[0], rows[1]).results["cost"]))
    wanted = torch.nn.functional.triplet_margin_with_distance_loss(
        a[:1].expand(3, 6), p[:1].expand(3, 6), n, margin=0.5, reduction="none",
        distance_function=lambda x, y: (x - y).square().sum(dim=1),
    )  # fmt: skip
    results = worked.losses.triplet(rows[0][0], rows[1][0], rows[2], Fraction(1, 2)).results
    assert wanted.tolist() == pytest.approx([float(results[f"loss {place}"]) for place in (1, 2, 3)])
    assert wanted.sum().item() == pytest.approx(float(results["cost"]))


def test_verification_is_pytorchs_logistic_unit(torch: Any) -> None:
    """A linear layer on the absolute differences, and a sigmoid."""
    draw = Random(5)  # noqa: S311 - no secret
    a, b, w = ([Fraction(draw.randrange(-20, 20), 8) for _ in range(7)] for _ in range(3))
    tensors = [torch.tensor([float(entry) for entry in one], dtype=torch.float64) for one in (a, b, w)]
    wanted = torch.sigmoid(torch.nn.functional.linear((tensors[0] - tensors[1]).abs(), tensors[2][None]) + 0.25)

    assert wanted.item() == pytest.approx(worked.losses.verification(a, b, w, Fraction(1, 4)).results["y"])


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
    assert (0, True) == (command("--exercise", "--seed", "7")[0], "  ?" in command("--exercise", "--seed", "7")[1])
    assert "1/7" in command("iou", "--format", "json")[1]
