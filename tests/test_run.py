"""`run`, `validate` and `saliency` as commands: what they write, what they refuse, and their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.layers.conv import Convolution

SMALL = """
input: [3, 8, 8]
net:
  - {conv: {out: 4, kernel: 3}, as: first}
  - relu
  - globalavgpool
  - flatten
  - {linear: 2, as: scores}
  - softmax
"""
LINEAR = "input: [3, 4, 6]\nnet:\n  - flatten\n  - {linear: {out: 2, bias: false}, as: scores}\n  - softmax\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two specs, an image and nothing else, where commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "linear.yaml").write_text(LINEAR, encoding="utf-8")
    np.save(tmp_path / "image.npy", np.random.default_rng(0).uniform(size=(3, 8, 8)))
    return tmp_path


def cnncalc(*arguments, code=0):
    """Standard output of a command and what it says on the side; its exit code must be as told."""
    done = CliRunner().invoke(app, list(arguments))
    assert code == done.exit_code, done.output
    return done.stdout, done.stderr


def as_json(*arguments, code=0):
    """What a command answers with `--format json`."""
    return json.loads(cnncalc(*arguments, "--format", "json", code=code)[0])


def names(folder):
    """The files of the folder."""
    return sorted(path.name for path in folder.iterdir())


def loaded(path):
    """The arrays of an .npz by name."""
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


GIVEN = ["image.npy", "linear.yaml", "small.yaml"]


def test_weights_make_the_round_trip(folder):
    """Weights written by one run give the next the same output, and nothing else is left behind."""
    image = ["--input-file", "image.npy"]
    cnncalc("run", "small.yaml", *image, "--seed", "3", "--save-weights", "w.npz", "--out", "y.npz")
    cnncalc("run", "small.yaml", *image, "--weights", "w.npz", "--out", "again.npz")
    weights = loaded("w.npz")

    assert ["first.bias", "first.weight", "scores.bias", "scores.weight"] == sorted(weights)
    assert (4, 3, 3, 3) == weights["first.weight"].shape
    np.testing.assert_array_equal(loaded("y.npz")["output"], loaded("again.npz")["output"])
    assert sorted([*GIVEN, "again.npz", "w.npz", "y.npz"]) == names(folder)


def test_taps(folder):
    """A tap is one array more, the very one that was computed on the way."""
    found = as_json("run", "small.yaml", "--tap", "first", "--tap", "scores", "--out", "y.npz")
    arrays = loaded("y.npz")
    scores = np.exp(arrays["scores"])

    assert ["output", "first", "scores"] == [row["tensor"] for row in found["outputs"]]
    assert {"output": (2,), "first": (4, 6, 6), "scores": (2,)} == {name: array.shape for name, array in arrays.items()}
    np.testing.assert_allclose(arrays["output"], scores / scores.sum(), rtol=1e-5)


# fmt: off
SAME = [
    # options of two runs, whether they give the same output
    ([], [], True),
    (["--seed", "1"], ["--seed", "1"], True),
    (["--seed", "1"], ["--seed", "2"], False),
    (["--init", "he"], ["--init", "glorot"], False),
    (["--threads", "2"], [], True),
]
# fmt: on


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_seeds_are_reproducible(folder, one, other, same):
    """The same seed and scheme give the same output, others another; threads change nothing."""
    (first,), (second,) = (as_json("run", "small.yaml", *options)["outputs"] for options in (one, other))

    assert same == (first["least"] == pytest.approx(second["least"], rel=1e-5))


def test_run_as_json(folder):
    """The figures of a run: 4 filters of 27 taps on 36 places, and a matrix of 2 by 4."""
    found = as_json("run", "small.yaml", "--dtype", "fp64")
    seconds = found.pop("seconds")

    assert seconds > 0
    assert {"schema": "cnncalc.run/1", "name": "small", "dtype": "fp64", "macs": 4 * 27 * 36 + 8} == {
        key: found[key] for key in ("schema", "name", "dtype", "macs")
    }
    assert 8 * (3 * 8 * 8 + 4 * 6 * 6) == found["peak_activations"]
    assert 8 * 27 * 36 <= found["workspace"] <= 8 * (27 * 36 + 3 * 3 * 8 * 6)


def spoiled(kind):
    """Write a file that `run` must refuse; the options that name it."""
    right = {"first.weight": np.ones((4, 3, 3, 3)), "first.bias": np.ones(4), "scores.bias": np.ones(2)}
    match kind:
        case "size":
            np.save("x.npy", np.ones((3, 9, 8)))
        case "nan":
            np.save("x.npy", np.full((3, 8, 8), np.nan))
        case "several":
            np.savez("x.npz", a=np.ones(1), b=np.ones(1))
            return ["--input-file", "x.npz"]
        case "names":
            np.savez("w.npz", **right, **{"last.weight": np.ones((2, 5))})
            return ["--weights", "w.npz"]
        case "cut":
            np.savez("whole.npz", **right)
            with open("whole.npz", "rb") as whole, open("w.npz", "wb") as part:  # noqa: PTH123 - two at once
                part.write(whole.read()[:-50])
            return ["--weights", "w.npz"]
    return ["--input-file", "x.npy"]


# fmt: off
REFUSED = [
    # what is wrong, the message
    ("size", "error: the input `input` is 3x9x8, and small takes 3x8x8\n"
             "   = help: channels come first; --input gives the network another size\n"),
    ("nan", "error: the input `input` holds a NaN or an infinity\n"),
    ("several", "error: x.npz holds 2 arrays, and an input is one\n   = help: write it with numpy.save\n"),
    ("names", "error: the weights of w.npz are not those of small: 2 of them differ\n"
              "   the network         the file\n"
              "   scores.weight 2x4   -\n"
              "   -                   last.weight 2x5\n"),
]
# fmt: on


@pytest.mark.parametrize(("wrong", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_bad_files_are_refused(folder, wrong, message):
    """The whole message on stderr, exit code 2, no output, nothing written."""
    options = spoiled(wrong)
    before = names(folder)

    assert ("", message) == cnncalc("run", "small.yaml", *options, "--out", "y.npz", code=2)
    assert before == names(folder)


def test_a_file_cut_short_is_refused(folder):
    """Half an .npz is an error that names the file."""
    _, said = cnncalc("run", "small.yaml", *spoiled("cut"), "--out", "y.npz", code=2)

    assert "error: w.npz is no file of arrays, or is cut short" in said
    assert not (folder / "y.npz").exists()


# fmt: off
TOO_LARGE = [
    # command and options
    ["run", "vgg16", "--input", "3,60000,60000"],
    ["validate", "vgg16", "--input", "3,60000,60000"],
]
# fmt: on


@pytest.mark.parametrize("arguments", TOO_LARGE, ids=[row[0] for row in TOO_LARGE])
def test_what_cannot_fit_is_refused_before_it_is_begun(monkeypatch, arguments):
    """The bytes that it takes are in the error, and no weight was drawn."""
    monkeypatch.setattr("cnncalc.kernels.weights.initial", None)
    monkeypatch.setattr("cnncalc.running.installed", lambda: 16 * 10**9)
    _, said = cnncalc(*arguments, code=2)

    assert said == (
        "error: weights and the peak of activations of vgg16 take 31.3 TB, and this machine has 16.0 GB of memory\n"
        "   = help: a smaller --input, or --set with fewer channels\n"
    )


# fmt: off
WRONG_OPTIONS = [
    (["run", "small.yaml", "--dtype", "int8"], "error: a network runs in fp32 or fp64, not in `int8`"),
    (["run", "small.yaml", "--init", "hee"], "error: no scheme is called `hee`"),
    (["run", "small.yaml", "--tap", "frist"], "error: small has no tensor `frist`"),
    (["run", "small.yaml", "--weights", "none.npz"], "error: none.npz cannot be read"),
    (["run", "small.yaml", "--out", "none/y.npz"], "error: none/y.npz cannot be written"),
    (["run", "small.yaml", "--threads", "0"], "'--threads'"),
    (["saliency", "small.yaml", "--image", "image.npy", "--class", "2"], "2 classes, and no class 2"),
    (["saliency", "small.yaml"], "error: an image is needed"),
    (["saliency", "small.yaml", "--image", "small.yaml"], "error: small.yaml is no picture that can be read"),
    (["saliency", "small.yaml", "--image", "image.npy", "--channels", "sum"], "error: `--channels sum`"),
    (["saliency", "small.yaml", "--image", "image.npy", "--out", "s.gif"], "`s.gif` is no name of a picture"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "message"), WRONG_OPTIONS, ids=[" ".join(row[0]) for row in WRONG_OPTIONS])
def test_wrong_options(folder, arguments, message):
    """Each is an error that says what is wrong; exit code 2, nothing written."""
    out, said = cnncalc(*arguments, code=2)

    assert message in said
    assert "" == out
    assert GIVEN == names(folder)


def test_files_are_whole_or_not_there(folder, monkeypatch):
    """When writing fails half-way the old file stays as it was, and no part is left."""
    (folder / "y.npz").write_bytes(b"old")

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)

    assert ("", "error: y.npz cannot be written: No space left on device\n") == cnncalc(
        "run", "small.yaml", "--out", "y.npz", code=2
    )
    assert b"old" == (folder / "y.npz").read_bytes()
    assert [*GIVEN, "y.npz"] == names(folder)


def test_validate_as_json(folder):
    """Every figure holds, and is the same on both sides."""
    found = as_json("validate", "small.yaml")

    assert found["holds"]
    assert ["shapes", "parameters", "MACs performed", "receptive field", "peak activations"] == [
        row["figure"] for row in found["figures"]
    ]
    assert all(row["predicted"] == row["measured"] for row in found["figures"])


def test_validate_shows_a_broken_rule(folder, monkeypatch):
    """Exit code 1, and both numbers in the row."""
    monkeypatch.setattr(Convolution, "macs", lambda self, inputs, output: 7)
    found = as_json("validate", "small.yaml", code=1)
    text, said = cnncalc("validate", "small.yaml", code=1)
    (row,) = [row for row in found["figures"] if not row["holds"]]

    assert not found["holds"]
    assert ("MACs performed", 15, 3896) == (row["figure"], row["predicted"], row["measured"])
    assert "DIFFERS" in text
    assert "differs: MACs performed" in text + said


def test_saliency_is_a_grey_picture(folder):
    """As large as the input, one channel, the most salient pixel white."""
    images = pytest.importorskip("PIL.Image", reason="no Pillow: pip install pillow")
    picture = np.random.default_rng(0).integers(0, 255, (10, 20, 3)).astype(np.uint8)
    images.fromarray(picture).save("photo.png")
    cnncalc("saliency", "small.yaml", "--image", "photo.png", "--class", "1", "--out", "s.png")
    with images.open("s.png") as opened:
        assert ("PNG", "L", (8, 8)) == (opened.format, opened.mode, opened.size)
        assert 255 == np.asarray(opened).max()


@pytest.mark.parametrize(("how", "reduce"), [("max", np.max), ("mean", np.mean)])
def test_saliency_of_a_linear_network_is_its_weights(folder, how, reduce):
    """Without a product of pixels the score moves by the weight of each, whatever the image."""
    weight = np.random.default_rng(0).normal(size=(2, 72))
    np.savez("w.npz", **{"scores.weight": weight})
    np.save("flat.npy", np.ones((3, 4, 6)))
    options = [
        "--image",
        "flat.npy",
        "--weights",
        "w.npz",
        "--class",
        "1",
        "--channels",
        how,
        "--out",
        "s.npy",
    ]
    found = as_json("saliency", "linear.yaml", *options)

    np.testing.assert_allclose(np.load("s.npy"), reduce(np.abs(weight[1].reshape(3, 4, 6)), axis=0))
    assert ("scores", [4, 6], 1) == (found["score"], found["shape"], found["class"])


def test_blas_is_held_to_one_thread():
    """The backend, loaded before NumPy, keeps BLAS from starting threads; a setting of the user stays."""
    script = "import os, cnncalc.kernels; print(os.environ['OPENBLAS_NUM_THREADS'])"
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for environment, expected in ((clean, "1\n"), ({**clean, "OPENBLAS_NUM_THREADS": "3"}, "3\n")):
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)

        assert expected == done.stdout.decode()
