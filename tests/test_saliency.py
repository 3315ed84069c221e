"""`cnncalc saliency`: the gradient is PyTorch's, pictures are read as they are, and nothing misleading is written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.kernels.backward import activations, dead_end, unit_gradient, upstream
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse

COLOUR = """
input: [3, 12, 10]
net:
  - {conv: {out: 4, kernel: 3, padding: 1}, as: first}
  - relu
  - {maxpool: 2}
  - {conv: {out: 5, kernel: 3, stride: 2}, as: second}
  - relu
  - flatten
  - {linear: 6, as: scores}
  - softmax
"""
GREY = "input: [1, 6, 6]\nnet:\n  - {conv: {out: 2, kernel: 3}, as: first}\n  - flatten\n  - {linear: 3, as: scores}\n"
MAP = "input: [1, 8, 8]\nnet:\n  - {conv: {out: 3, kernel: 3, bias: false}, as: first}\n"
LINE = "input: [1, 20]\nnet:\n  - {conv: {out: 2, kernel: 3}}\n  - flatten\n  - {linear: 3}\n"
PAIR = """
input: {left: [1, 6, 6], right: [1, 6, 6]}
net:
  - {conv: {out: 2, kernel: 3}, as: a, from: left}
  - {conv: {out: 2, kernel: 5, padding: 1}, as: b, from: right}
  - add: [a, b]
  - globalavgpool
  - flatten
  - {linear: 3, as: scores}
"""
DEAD = """
input: [1, 6, 6]
net:
  - {conv: {out: 2, kernel: 3, bias: false}, as: first}
  - relu
  - {conv: {out: 2, kernel: 3, bias: false}, as: second}
  - {relu: , as: last}
  - globalavgpool
  - flatten
"""
DEEP = (
    "input: [1, 6, 6]\nnet:\n  - {conv: {out: 1, kernel: 3, bias: false}, as: first}\n"
    "  - {conv: {out: 1, kernel: 3, bias: false}, as: second}\n  - flatten\n"
)
HEADS = (
    "input: [1, 6, 6]\nnet:\n  - {conv: {out: 2, kernel: 3}}\n  - head: {aux: [flatten, {linear: 2}]}\n"
    "  - flatten\n  - {linear: 3}\n"
)
SPECS = {
    "colour": COLOUR,
    "grey": GREY,
    "map": MAP,
    "line": LINE,
    "pair": PAIR,
    "dead": DEAD,
    "deep": DEEP,
    "heads": HEADS,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the specs and images, where the command runs."""
    monkeypatch.chdir(tmp_path)
    for name, text in SPECS.items():
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    draw = np.random.default_rng(0)
    for name, shape in {"colour": (3, 12, 10), "grey": (1, 6, 6), "map": (1, 8, 8), "line": (1, 20)}.items():
        np.save(f"{name}.npy", draw.uniform(size=shape))
    return tmp_path


def saliency(*arguments: str, code: int = 0) -> tuple[str, str]:
    """Standard output of the command and what it says on the side; its exit code must be as told."""
    done = CliRunner().invoke(app, ["saliency", *arguments])
    assert code == done.exit_code, done.output
    return done.stdout, done.stderr


def as_json(*arguments: str) -> dict:
    """What the command answers with `--format json`."""
    return json.loads(saliency(*arguments, "--format", "json")[0])


def refused(*arguments: str) -> str:
    """The error of a command that must write nothing."""
    before = sorted(Path().iterdir())
    out, said = saliency(*arguments, code=2)
    assert "" == out
    assert before == sorted(Path().iterdir())
    return said


def pillow():
    """Pillow, or the test is skipped."""
    return pytest.importorskip("PIL.Image", reason="no Pillow: pip install pillow")


# --- the gradient ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["max", "mean"])
@pytest.mark.parametrize("class_", [0, 4])
def test_the_gradient_is_that_of_pytorch(folder: Path, how: str, class_: int) -> None:
    """Convolutions, ReLU, max pool and a linear layer by autograd, after --mean and --std."""
    torch = pytest.importorskip("torch", reason="no torch: pip install torch==2.13.0")
    graph = parse(COLOUR)
    weights = initial(graph, seed=5, dtype=np.float64)
    np.savez("w.npz", **weights)
    tensors = {name: torch.tensor(value) for name, value in weights.items()}
    mean, std = [0.1, 0.2, 0.3], [0.5, 0.25, 2.0]
    image = (np.load("colour.npy") - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    x = torch.tensor(image[None], requires_grad=True)
    y = torch.relu(torch.nn.functional.conv2d(x, tensors["first.weight"], tensors["first.bias"], padding=1))
    y = torch.nn.functional.max_pool2d(y, 2)
    y = torch.relu(torch.nn.functional.conv2d(y, tensors["second.weight"], tensors["second.bias"], stride=2))
    scores = tensors["scores.weight"] @ y.flatten() + tensors["scores.bias"]
    scores[class_].backward()
    scores, strength = scores.detach(), x.grad[0].abs()
    expected = strength.amax(0) if how == "max" else strength.mean(0)
    found = as_json(
        *["colour.yaml", "--image", "colour.npy", "--weights", "w.npz", "--class", str(class_), "--channels", how],
        *["--mean", "0.1,0.2,0.3", "--std", "0.5,0.25,2", "--out", "s.npy"],
    )

    np.testing.assert_allclose(np.load("s.npy"), expected.numpy(), rtol=1e-9, atol=1e-12)
    assert found["value"] == pytest.approx(float(scores[class_]))
    assert found["rank"] == 1 + int((scores > scores[class_]).sum())
    assert found["top"] == {"class": int(scores.argmax()), "value": pytest.approx(float(scores.max()))}


def test_without_a_class_it_is_the_one_that_scores_most(folder: Path) -> None:
    """The class, its score and its rank are in the answer, and it says that it was not given."""
    found = as_json("colour.yaml", "--image", "colour.npy", "--out", "s.npy")
    given = as_json("colour.yaml", "--image", "colour.npy", "--out", "s.npy", "--class", str(found["class"]))

    assert (1, False, True) == (found["rank"], found["class_given"], given["class_given"])
    assert {**found, "class_given": True} == given
    assert "which scores most" in saliency("colour.yaml", "--image", "colour.npy")[0]


def test_of_a_map_of_scores_the_middle_is_taken(folder: Path) -> None:
    """A map of 6x6 scores has its middle at 3,3, which sees the pixels from 3 to 5."""
    found = as_json("map.yaml", "--image", "map.npy", "--class", "1", "--out", "s.npy")
    values = np.load("s.npy")

    assert [3, 3] == found["position"]
    assert [(3, 3), (5, 5)] == [tuple(end(np.argwhere(values), axis=0)) for end in (np.min, np.max)]
    assert "of the map of scores the middle position, 3,3" in saliency("map.yaml", "--image", "map.npy")[0]


def test_json_has_all_that_it_depends_on(folder: Path) -> None:
    """Weights, image, channels, normalisation, class, position and files."""
    found = as_json(
        "grey.yaml", "--image", "grey.npy", "--seed", "2", "--class", "1", "--mean", "0.5", "--out", "s.npy"
    )

    assert {
        "schema": "cnncalc.saliency/1",
        "name": "grey",
        "class": 1,
        "class_given": True,
        "classes": 3,
        "score": "scores",
        "position": [],
        "channels": "max",
        "weights": {"init": "he", "seed": 2},
        "input": "input",
        "image": "grey.npy",
        "image_size": None,
        "normalisation": {"mean": [0.5], "std": [1.0]},
        "shape": [6, 6],
        "out": "s.npy",
    } == {key: value for key, value in found.items() if key not in ("value", "rank", "top", "most", "at", "mean")}
    assert np.load("s.npy")[tuple(found["at"])] == found["most"]


def test_drawn_weights_are_said(folder: Path) -> None:
    """A remark on stderr without --weights, and none with them."""
    np.savez("w.npz", **initial(parse(GREY), dtype=np.float64))

    assert "the weights are drawn" in saliency("grey.yaml", "--image", "grey.npy")[1]
    assert "" == saliency("grey.yaml", "--image", "grey.npy", "--weights", "w.npz")[1]


def test_the_main_output_is_taken(folder: Path) -> None:
    """Where there are heads it is said which score is meant."""
    assert "not of the side outputs aux" in saliency("heads.yaml", "--image", "grey.npy")[0]


def test_each_input_has_an_image_and_a_map(folder: Path) -> None:
    """NAME=FILE for each; the files have the names of the inputs in them."""
    images = ["--image", "left=grey.npy", "--image", "right=grey.npy"]
    found = as_json("pair.yaml", *images, "--class", "0", "--out", "s.npy")

    assert [("left", "s-left.npy"), ("right", "s-right.npy")] == [(row["input"], row["out"]) for row in found["inputs"]]
    assert not np.array_equal(np.load("s-left.npy"), np.load("s-right.npy"))


def test_a_map_with_one_axis_is_an_array(folder: Path) -> None:
    """The default name is that of a picture only where the map is one."""
    assert "saliency.npy" == as_json("line.yaml", "--image", "line.npy")["out"]


def test_of_a_vector_each_number_counts(folder: Path) -> None:
    """A network of features has a value for each of them."""
    Path("features.yaml").write_text(
        "input: [4]\nnet:\n  - {linear: {out: 2, bias: false}, as: scores}\n", encoding="utf-8"
    )
    np.savez("w.npz", **{"scores.weight": np.array([[1.0, -2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]])})
    np.save("x.npy", np.ones(4))
    found = as_json("features.yaml", "--image", "x.npy", "--weights", "w.npz", "--class", "0")

    assert ([4], 3.0, [2]) == (found["shape"], found["most"], found["at"])
    assert [1, 2, 3, 0] == list(np.load("saliency.npy"))


# --- what has no map ---------------------------------------------------------------------------------------------


def dead_weights() -> None:
    """Weights with which the second convolution is negative for every image that is not."""
    np.savez("w.npz", **{"first.weight": np.ones((2, 1, 3, 3)), "second.weight": -np.ones((2, 2, 3, 3))})


def test_a_score_that_no_pixel_moves_is_an_error(folder: Path) -> None:
    """It names the place where the gradient ends, and an old picture stays."""
    dead_weights()
    Path("s.png").write_bytes(b"old")

    assert (
        "error: no pixel moves class 1 of `flatten`: its gradient ends at `last` (relu), where the unit is dead\n"
        "   = help: another --class\n"
    ) == refused("dead.yaml", "--image", "grey.npy", "--weights", "w.npz", "--class", "1", "--out", "s.png")
    assert b"old" == Path("s.png").read_bytes()


def test_where_a_gradient_ends_is_found(folder: Path) -> None:
    """The first layer on the way back that lets nothing through; none where something arrives."""
    graph = parse(DEAD)
    image = np.load("grey.npy")
    for sign, expected in ((-1, "last"), (1, None)):
        weights = {"first.weight": np.ones((2, 1, 3, 3)), "second.weight": sign * np.ones((2, 2, 3, 3))}
        part = upstream(graph, graph.output)
        arrays = activations(part, image, weights)
        end = dead_end(part, arrays, weights, graph.output, unit_gradient(arrays[graph.output], 0, graph.output))

        assert expected == (end and end.name)


@pytest.mark.parametrize(
    ("weight", "pixel", "message"),
    [
        (1e200, 1.0, "error: the values of deep overflow at `second` (conv), and have no gradient\n"),
        (1e160, 1e-300, "error: the gradient of `flatten` overflows on its way to the input\n"),
    ],
)
def test_what_overflows_is_an_error(folder: Path, weight: float, pixel: float, message: str) -> None:
    """No NaN, no picture and no warning of NumPy, which pytest would make an error."""
    np.savez("w.npz", **{f"{name}.weight": np.full((1, 1, 3, 3), weight) for name in ("first", "second")})
    np.save("x.npy", np.full((1, 6, 6), pixel))

    assert refused("deep.yaml", "--image", "x.npy", "--weights", "w.npz").startswith(message)


def test_what_cannot_fit_is_refused_before_it_is_begun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before an image is read and a weight is drawn."""
    monkeypatch.setattr("cnncalc.kernels.weights.initial", None)
    monkeypatch.setattr("cnncalc.affordable.installed", lambda: 10**9)

    assert "all activations and their gradients of vgg16 take" in refused("vgg16", "--image", "none.png")


# fmt: off
REFUSED = [
    # options, the message
    ("grey.yaml",                                            "an image is needed\n   = help: --image cat.png"),
    ("grey.yaml --image none.npy",                           "none.npy cannot be read: No such file or directory"),
    ("grey.yaml --image none.png",                           "none.png cannot be read: No such file or directory"),
    ("grey.yaml --image grey.yaml",                          "grey.yaml is no picture that can be read"),
    ("grey.yaml --image grey.npy --image map.npy",           "the input `input` is given twice: grey.npy and map.npy"),
    ("grey.yaml --image map.npy",                            "the input `input` is 1x8x8, and grey takes 1x6x6"),
    ("grey.yaml --image two.npz",                            "two.npz holds 2 arrays, and an input is one"),
    ("grey.yaml --image nan.npy",                            "the input `input` holds a NaN or an infinity"),
    ("grey.yaml --image complex.npy",                        "complex.npy holds no real numbers but complex128"),
    ("grey.yaml --image grey.npy --class 3",                 "grey has 3 classes, and no class 3"),
    ("grey.yaml --image grey.npy --channels sum",            "`--channels sum`"),
    ("grey.yaml --image grey.npy --seed 1 --weights w.npz",  "`--seed` draws weights, and `--weights` gives them"),
    ("grey.yaml --image grey.npy --weights w.npz",           "w.npz cannot be read"),
    ("grey.yaml --image grey.npy --mean 0,0,0",              "`--mean 0,0,0` is for 3 channels, and `input` has 1"),
    ("grey.yaml --image grey.npy --mean a",                  "`--mean a` is no list of numbers\n"),
    ("grey.yaml --image grey.npy --mean nan",                "`--mean nan` is no list of numbers\n"),
    ("grey.yaml --image grey.npy --std 0",                   "`--std 0` is no list of numbers above 0\n"),
    ("grey.yaml --image grey.npy --out s.gif",               "`s.gif` is no name of a picture"),
    ("grey.yaml --image grey.npy --out none/s.npy",          "none/s.npy cannot be written: there is no folder none\n   = help: mkdir -p none"),
    ("grey.yaml --image grey.npy --out grey.npy",            "--image and --out are the same file: grey.npy"),
    ("grey.yaml --image grey.npy --out s.npy --output s.npy --format csv", "--output and --out are the same file: s.npy"),
    ("line.yaml --image line.npy --out s.png",               "a map with one axis is no picture\n   = help: --out saliency.npy"),
    ("line.yaml --image x.png",                              "the input `input` is 1x20: one axis, and a picture has two"),
    ("c3d --image x.png",                                    "the input `input` is 3x16x112x112: three axes, and a picture has two"),
    ("dilated_context --image x.png",                        "the input `input` has 21 channels, and a picture has 1 or 3"),
    ("pair.yaml",                                            "one for each of left, right: --image left=cat.png"),
    ("pair.yaml --image grey.npy",                           "which input is `grey.npy` of: left, right?\n   = help: --image left=grey.npy"),
    ("pair.yaml --image left=grey.npy",                      "the input `right` of pair has no image\n   = help: --image right=FILE"),
    ("pair.yaml --image rihgt=grey.npy",                     "which input is `rihgt=grey.npy` of: left, right?\n   = help: did you mean `right`?"),
]
# fmt: on


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_wrong_is_refused(folder: Path, options: str, message: str) -> None:
    """Each is an error that says what is wrong; exit code 2, nothing written."""
    np.savez("two.npz", a=np.zeros((1, 6, 6)), b=np.zeros(2))
    np.save("nan.npy", np.full((1, 6, 6), math.nan))
    np.save("complex.npy", np.zeros((1, 6, 6), complex))
    said = refused(*options.split())

    assert said.startswith("error: ")
    assert message in said


@pytest.mark.parametrize("out", ["s.gif", "none/s.png"])
def test_a_bad_name_is_refused_before_anything_is_computed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    """No weight is drawn for a map that cannot be written."""
    monkeypatch.setattr("cnncalc.kernels.weights.initial", None)
    refused("grey.yaml", "--image", "grey.npy", "--out", out)


# --- pictures ----------------------------------------------------------------------------------------------------


def values_of(path: str, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture as the network gets it."""
    from cnncalc.cli.pictures import read

    return read(path, shape).values


LEVELS = np.random.default_rng(1).integers(0, 256, (9, 7)).astype(np.uint8)


@pytest.mark.parametrize("size", [(9, 7), (6, 6), (20, 30)])
@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_of_any_width_are_the_same_picture(folder: Path, size: tuple[int, int], channels: int) -> None:
    """A grey of 8 bits, the same times 257 of 16 bits, and the same by 255 as floats, stretched or not."""
    images = pillow()
    images.fromarray(LEVELS).save("8.png")
    images.fromarray(LEVELS.astype(np.uint16) * 257).save("16.png")
    images.fromarray(LEVELS.astype(np.uint16) * 257).save("16.tif")
    images.fromarray(LEVELS.astype(np.float32) / np.float32(255)).save("float.tif")
    expected = values_of("8.png", (channels, *size))

    for path in ("16.png", "16.tif", "float.tif"):
        np.testing.assert_allclose(values_of(path, (channels, *size)), expected, atol=1e-6)
    if size == LEVELS.shape:
        np.testing.assert_allclose(expected, np.stack([LEVELS / 255] * channels), atol=1e-7)


def test_sixteen_bits_are_not_cut_to_eight(folder: Path) -> None:
    """Levels between those of 8 bits are kept."""
    pillow().fromarray(np.array([[0, 100, 300, 65535]], np.uint16)).save("x.png")

    np.testing.assert_allclose(values_of("x.png", (1, 1, 4))[0, 0], np.array([0, 100, 300, 65535]) / 65535, atol=1e-7)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "L", "LA", "1"])
def test_modes(folder: Path, mode: str) -> None:
    """Whatever the mode, the colours are those that Pillow converts to; transparency is left out and said to be."""
    images = pillow()
    colours = np.random.default_rng(2).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    picture = images.fromarray(colours).convert(mode)
    if mode in ("RGBA", "LA"):
        picture.putalpha(images.fromarray(LEVELS[:6, :6]))
    path = "x.tif" if mode == "CMYK" else "x.png"
    picture.save(path)
    with images.open(path) as opened:
        expected = np.asarray(opened.convert("RGB"), dtype=float).transpose(2, 0, 1) / 255
    said = saliency("grey.yaml", "--image", path)[1]

    np.testing.assert_allclose(values_of(path, (3, 6, 6)), expected, atol=1e-6)
    assert (mode in ("RGBA", "LA")) == ("its transparency is left out" in said)


def test_what_else_is_done_to_a_picture_is_said(folder: Path) -> None:
    """A picture of one pixel is stretched; of several frames the first is taken; a camera that was turned is turned."""
    images = pillow()
    images.fromarray(LEVELS[:1, :1]).save("tiny.png")
    images.fromarray(LEVELS).save("two.gif", save_all=True, append_images=[images.fromarray(255 - LEVELS)])
    exif = images.Exif()
    exif[0x0112] = 6
    images.fromarray(LEVELS).save("turned.png", exif=exif)

    assert (
        "tiny.png: 1x1 stretched to 6x6 (height x width), values from 0 to 1"
        in saliency("grey.yaml", "--image", "tiny.png")[0]
    )
    assert "two.gif: the first of its 2 frames is taken\n" in saliency("grey.yaml", "--image", "two.gif")[1]
    np.testing.assert_allclose(values_of("turned.png", (1, 7, 9))[0], np.rot90(LEVELS, -1) / 255, atol=1e-6)


def spoil() -> None:
    """Pictures that cannot be read."""
    images = pillow()
    images.fromarray(LEVELS).resize((90, 90)).save("whole.png")
    whole = Path("whole.png").read_bytes()
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    Path("header.png").write_bytes(whole[:20])
    place = whole.index(b"IDAT")
    Path("chunk.png").write_bytes(whole[: place + 1] + b"\xff\xff" + whole[place + 3 :])
    images.new("L", (30000, 9000)).save("huge.png")
    images.new("1", (8000, 7000)).save("large.png")
    images.fromarray(LEVELS.astype(np.float32)).save("float.tif")
    images.fromarray(LEVELS.astype(np.int32)).save("whole.tif")


# fmt: off
UNREADABLE = [
    ("cut.png",    "cut.png is damaged or cut short"),
    ("header.png", "header.png is damaged or cut short"),
    ("chunk.png",  "chunk.png is "),
    ("huge.png",   "huge.png has more than 50,000,000 pixels, too many to read\n   = help: scale it down first\n"),
    ("large.png",  "large.png has more than 50,000,000 pixels, too many to read"),
    ("float.tif",  "float.tif has numbers without a known range\n   = help: give an .npy array with values from 0 to 1\n"),
    ("whole.tif",  "whole.tif has numbers without a known range"),
    (".",          ". cannot be read: Is a directory\n"),
]
# fmt: on


@pytest.mark.parametrize(("path", "message"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
def test_a_picture_that_cannot_be_read_is_an_error(folder: Path, path: str, message: str) -> None:
    """Damaged, too large or without a range: a message, and no bug of ours."""
    spoil()

    assert refused("grey.yaml", "--image", path).startswith(f"error: {message}")


def test_a_map_becomes_a_picture(folder: Path) -> None:
    """Grey, of the size of the input, the most salient pixel white and one that does not count black."""
    images = pillow()
    found = as_json("map.yaml", "--image", "map.npy", "--out", "s.png")
    with images.open("s.png") as opened:
        assert ("PNG", "L", (8, 8)) == (opened.format, opened.mode, opened.size)
        pixels = np.asarray(opened)
    assert (255, 0) == (pixels[tuple(found["at"])], pixels[0, 0])
