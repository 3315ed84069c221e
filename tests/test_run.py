"""`run`, `validate` and `saliency` as commands: what they write, what they refuse, and their exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.cli.run_results import endless
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
NAMES = """
input: [3, 8, 8]
net:
  - {{conv: {{out: 4, kernel: 1}}, as: {conv}}}
  - {{globalavgpool, as: file}}
  - {{relu, as: allow_pickle}}
  - {{head: [flatten, {{linear: 7, as: seven}}], as: {head}}}
  - {{linear: 5, as: last}}
"""
SQUARES = "input: [3]\nnet:\n  - {mul: [prev, prev], repeat: 7}\n"
TWO = "input: {left: [2], right: [2]}\nnet:\n  - {sub: [left, right]}\n"


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


def loaded_after(*arguments):
    """The arrays that a command writes to `--out`."""
    cnncalc(*arguments, "--out", "out.npz")
    return loaded("out.npz")


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
    """The figures of a run: 4 filters of 27 taps on 36 places, and a matrix of 2 by 4; and what it was a run of."""
    found = as_json("run", "small.yaml", "--dtype", "fp64", "--seed", "3", "--tap", "scores")
    output, scores = found.pop("outputs")

    assert found.pop("seconds") > 0
    assert 8 * 27 * 36 <= found.pop("workspace") <= 8 * (27 * 36 + 3 * 3 * 8 * 6)
    assert [1, 0] == sorted([row["index"] for row in found["top"]], reverse=True)
    assert [output["most"], output["least"]] == [row["value"] for row in found.pop("top")]
    assert {
        "schema": "cnncalc.run/1",
        "units": {"peak_activations": "bytes", "workspace": "bytes", "macs": "multiply-accumulates of one image"},
        "name": "small",
        "inputs": {"input": {"shape": [3, 8, 8], "noise": "uniform", "seed": 3}},
        "weights": {"init": "he", "seed": 3},
        "dtype": "fp64",
        "threads": 1,
        "fast": False,
        "taps": ["scores"],
        "macs": 4 * 27 * 36 + 8,
        "multiplications": 4 * 27 * 36 + 8,
        "peak_activations": 8 * (3 * 8 * 8 + 4 * 6 * 6),
    } == found
    assert ("output", "softmax", [2], True) == tuple(output[key] for key in ("tensor", "layer", "shape", "finite"))
    assert ("scores", "scores", [2], True) == tuple(scores[key] for key in ("tensor", "layer", "shape", "finite"))


def test_files_are_named_in_json(folder):
    """What was read stands in the place of the seeds."""
    cnncalc("run", "small.yaml", "--save-weights", "w.npz")
    found = as_json("run", "small.yaml", "--input-file", "image.npy", "--weights", "w.npz")

    assert {"input": {"shape": [3, 8, 8], "file": "image.npy"}} == found["inputs"]
    assert {"file": "w.npz"} == found["weights"]


def test_no_result_is_lost(folder):
    """The main output is `output`; a tap of that name is there besides, and names that NumPy's savez has no place for."""
    (folder / "names.yaml").write_text(NAMES.format(conv="output", head="aside"), encoding="utf-8")
    taps = [option for name in ("output", "file", "allow_pickle", "last") for option in ("--tap", name)]
    rows = as_json("run", "names.yaml", *taps, "--out", "y.npz")["outputs"]
    keys = ["output", "aside", "tap:output", "file", "allow_pickle", "last"]

    assert keys == [row["tensor"] for row in rows] == list(loaded("y.npz"))
    assert ["last", "aside/seven", "output", "file", "allow_pickle", "last"] == [row["layer"] for row in rows]
    assert [(5,), (7,), (4, 8, 8), (4, 1, 1), (4, 1, 1), (5,)] == [array.shape for array in loaded("y.npz").values()]


def test_a_head_named_output(folder):
    """It stands beside the main output."""
    (folder / "names.yaml").write_text(NAMES.format(conv="first", head="output"), encoding="utf-8")

    assert {"output": (5,), "head:output": (7,)} == {
        key: array.shape for key, array in loaded_after("run", "names.yaml").items()
    }


def test_equal_runs_write_equal_files(folder, monkeypatch):
    """Byte for byte, whenever they are written."""
    cnncalc("run", "small.yaml", "--out", "y.npz", "--save-weights", "w.npz")
    before = [(folder / name).read_bytes() for name in ("y.npz", "w.npz")]
    monkeypatch.setattr("time.time", lambda: 2e9)
    cnncalc("run", "small.yaml", "--out", "y.npz", "--save-weights", "w.npz")

    assert before == [(folder / name).read_bytes() for name in ("y.npz", "w.npz")]


def test_the_largest_values_are_shown(folder):
    """Five, or as many as --top says; the first of equals first; with their names where these are given."""
    (folder / "ten.yaml").write_text("input: [10]\nnet:\n  - relu\n", encoding="utf-8")
    np.save("x.npy", np.array([0, 3, 1, 3, 9, 2, 4, 5, 0, 0.5]))
    (folder / "names.txt").write_text("\n".join("abcdefghij") + "\n\n", encoding="utf-8")
    image = ["ten.yaml", "--input-file", "x.npy"]

    assert [4, 7, 6, 1, 3] == [row["index"] for row in as_json("run", *image)["top"]]
    assert [] == as_json("run", *image, "--top", "0")["top"]
    assert [
        {"index": 4, "value": 9.0, "label": "e"},
        {"index": 7, "value": 5.0, "label": "h"},
    ] == as_json("run", *image, "--top", "2", "--labels", "names.txt")["top"]
    assert cnncalc("run", *image, "--top", "2", "--labels", "names.txt")[0] == (
        "ten   input 10   fp32   input: x.npy   weights he, seed 0\n\n"
        "  tensor  shape  least  mean  most  most at\n"
        "  output     10      0  2.75     9        4\n\n"
        "  the 2 largest of the 10 values of the output\n"
        "  index  value  label\n"
        "      4      9  e\n"
        "      7      5  h\n"
    )


# fmt: off
BEYOND = [
    # options, the layer where it begins, the way out
    ([], "mul[1]", "--dtype fp64, or other weights (--weights, --init)"),
    (["--threads", "2", "--fast"], "mul[1]", "--dtype fp64, or other weights (--weights, --init)"),
    (["--dtype", "fp64"], "mul[4]", "other weights (--weights, --init)"),
]
# fmt: on


@pytest.mark.parametrize(("options", "layer", "way_out"), BEYOND)
def test_what_leaves_the_range_of_numbers_is_said(folder, options, layer, way_out):
    """10^10 squared again and again: exit code 0, a remark with the layer, null in JSON, and no warning of NumPy."""
    (folder / "square.yaml").write_text(SQUARES, encoding="utf-8")
    np.save("x.npy", np.full(3, 1e10))
    arguments = ["run", "square.yaml", "--input-file", "x.npy", *options]
    out, said = cnncalc(*arguments)
    (found,) = as_json(*arguments)["outputs"]
    dtype = "fp64" if "fp64" in options else "fp32"

    assert "  output      3    inf   inf   inf\n" in out
    assert [
        f"note: NaN or infinity in `output`: the first to leave the range of {dtype} is `{layer}`",
        f"   = help: {way_out}",
    ] == said.splitlines()[1:]
    assert (None, None, None, None, False) == tuple(found[key] for key in ("least", "mean", "most", "at", "finite"))


def test_where_it_begins_is_not_sought_where_it_would_not_fit(folder, monkeypatch):
    """A run that keeps everything is not begun; the remark says how to find it."""
    (folder / "square.yaml").write_text(SQUARES, encoding="utf-8")
    np.save("x.npy", np.full(3, 1e10))
    monkeypatch.setattr("cnncalc.engine.running.installed", lambda: 100)
    _, said = cnncalc("run", "square.yaml", "--input-file", "x.npy")

    assert "note: NaN or infinity in `output`: --tap shows where it begins\n" in said


@pytest.mark.parametrize(
    ("begins", "where"),
    [("conv", "the first to leave the range of fp64 is `conv`"), ("", "--tap shows where it begins"),
     (None, "without --fast all are finite")],
)  # fmt: skip
def test_the_remark_about_what_is_not_finite(begins, where):
    """Where it begins is known, or would take too much memory, or is found with --fast only."""
    rows = [{"tensor": "a", "finite": True}, {"tensor": "b", "finite": False}, {"tensor": "c", "finite": False}]

    assert [f"note: NaN or infinity in `b`, `c`: {where}", "   = help: other weights (--weights, --init)"] == endless(
        rows, "fp64", lambda: begins
    )
    assert [] == endless(rows[:1], "fp64", lambda: begins)


def test_no_warning_of_numpy_is_shown(folder):
    """In a process of its own, also where threads overflow."""
    arguments = ["run", "vgg11", "--input", "3,64,64", "--init", "constant=9", "--threads", "2"]
    done = subprocess.run([sys.executable, "-m", "cnncalc", *arguments], capture_output=True, text=True, check=True)

    assert "Warning" not in done.stderr
    assert "note: NaN or infinity in `output`: the first to leave the range of fp32 is `" in done.stderr


def test_taps_are_said_to_count(folder):
    """What is kept stays alive: the peak is with it."""
    assert " of activations at first, workspace " in cnncalc("run", "small.yaml")[1]
    assert (
        " of activations at relu, with the taps kept, workspace " in cnncalc("run", "small.yaml", "--tap", "input")[1]
    )


def test_inputs_by_their_names(folder):
    """`NAME=FILE` where NAME is an input; any other `=` is part of a file's name."""
    (folder / "two.yaml").write_text(TWO, encoding="utf-8")
    np.save("a=b.npy", np.ones((3, 8, 8)))
    np.save("l.npy", np.ones(2))
    np.save("r.npy", np.full(2, 5))
    both = ["--input-file", "right=r.npy", "--input-file", "left=l.npy"]

    assert [-4.0] * 2 == loaded_after("run", "two.yaml", *both)["output"].tolist()
    for path in ("a=b.npy", "./a=b.npy", "input=a=b.npy"):
        assert (2,) == loaded_after("run", "small.yaml", "--input-file", path)["output"].shape


def test_an_input_through_a_pipe(folder):
    """What cannot be sought in is read into memory."""
    os.mkfifo("pipe")
    content = (folder / "image.npy").read_bytes()
    writer = threading.Thread(target=lambda: (folder / "pipe").write_bytes(content))
    writer.start()
    piped = loaded_after("run", "small.yaml", "--input-file", "pipe")
    writer.join()

    assert loaded_after("run", "small.yaml", "--input-file", "image.npy")["output"].tolist() == piped["output"].tolist()


def spoiled(kind):
    """Write a file that `run` must refuse; the options that name it."""
    right = {"first.weight": np.ones((4, 3, 3, 3)), "first.bias": np.ones(4), "scores.bias": np.ones(2)}
    match kind:
        case "size":
            np.save("x.npy", np.ones((3, 9, 8)))
        case "batch" | "last" | "number":
            np.save("x.npy", np.ones({"batch": (1, 3, 8, 8), "last": (8, 8, 3), "number": ()}[kind]))
        case "text":
            np.save("x.npy", np.full((3, 8, 8), "x"))
        case "large" | "nan":
            np.save("x.npy", np.full((3, 8, 8), np.nan if kind == "nan" else 1e300))
        case "cut" | "more":
            content = Path("image.npy").read_bytes()
            Path("x.npy").write_bytes(content[:-1] if kind == "cut" else content + b"x")
        case "several":
            np.savez("x.npz", a=np.ones(1), b=np.ones(1))
            return ["--input-file", "x.npz"]
        case "names":
            np.savez("w.npz", **right, **{"last.weight": np.ones((2, 5))})
            return ["--weights", "w.npz"]
    return ["--input-file", "x.npy"]


# fmt: off
REFUSED = [
    # what is wrong, the message
    ("size", "error: the input `input` is 3x9x8, and small takes 3x8x8\n"
             "   = help: channels come first; --input gives the network another size\n"),
    ("batch", "error: the input `input` is 1x3x8x8, and small takes 3x8x8\n"
              "   = help: arrays are of one image: save x[0]\n"),
    ("last", "error: the input `input` is 8x8x3, and small takes 3x8x8\n"
             "   = help: channels come first: save numpy.moveaxis(x, -1, 0)\n"),
    ("number", "error: the input `input` is a single number, and small takes 3x8x8\n"
               "   = help: channels come first; --input gives the network another size\n"),
    ("text", "error: x.npy holds no real numbers but <U1\n"),
    ("large", "error: the input `input` holds a number too large for float32\n   = help: --dtype fp64\n"),
    ("cut", "error: x.npy is cut short: 1,535 bytes of 1,536\n"),
    ("more", "error: x.npy goes on after its array, for 1 bytes\n"),
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
    monkeypatch.setattr("cnncalc.affordable.installed", lambda: 16 * 10**9)
    _, said = cnncalc(*arguments, code=2)

    assert said == (
        "error: weights and the peak of activations of vgg16 take 32.3 TB, and this machine has 16.0 GB of memory\n"
        "   = help: a smaller --input, or --set with fewer channels\n"
    )


# fmt: off
NEEDED = [
    # options, elements: weights and buffers, the peak, a padded copy of the input of a convolution, prepared weights
    ([], 108 + 4 + 4 * 4 + 192 + 256 + 192),
    (["--fast"], 108 + 4 + 4 * 4 + 192 + 256 + 192 + 4 * 108),  # 36 numbers for the 9 of each window
    (["--dtype", "fp64"], 2 * (108 + 4 + 4 * 4 + 192 + 256 + 192)),
]
# fmt: on


@pytest.mark.parametrize(("options", "elements"), NEEDED)
def test_the_memory_that_a_run_needs(folder, monkeypatch, options, elements):
    """It is run with so many bytes of fp32, and refused with one less; a container's limit is the machine's."""
    text = "input: [3, 8, 8]\nnet:\n  - {conv: {out: 4, kernel: 3, padding: 1}}\n  - batchnorm\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    limit = folder / "memory.max"
    monkeypatch.setattr("cnncalc.affordable.CONTAINER", limit)
    limit.write_text(f"{4 * elements - 1}\n", encoding="ascii")
    _, said = cnncalc("run", "net.yaml", *options, code=2)
    limit.write_text(f"{4 * elements}\n", encoding="ascii")
    cnncalc("run", "net.yaml", *options)
    limit.write_text("max\n", encoding="ascii")
    cnncalc("run", "net.yaml", *options)

    assert said.startswith("error: weights and the peak of activations of net take ")


@pytest.mark.parametrize("where", ["execute.evaluate", "weights.initial", "arrays.opened"])
def test_memory_that_runs_out_is_an_error(folder, monkeypatch, where):
    """What the machine has and others use: also while inputs are read and weights drawn."""

    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr(f"cnncalc.kernels.{where}", full)

    assert cnncalc("run", "small.yaml", "--input-file", "image.npy", code=2)[1] == (
        "error: small does not fit in the memory that is free\n"
        "   = help: a smaller --input, or --set with fewer channels\n"
    )


# fmt: off
WRONG_OPTIONS = [
    # options, the whole message
    (["--dtype", "int8"], "a network runs in fp32 or fp64, not in `int8`"),
    (["--init", "hee"], "no scheme is called `hee`\n   = help: did you mean `he`?"),
    (["--tap", "frist"], "small has no tensor `frist`\n   = help: did you mean `first`?"),
    (["--tap", "S5"], "small has no tensor `S5`\n   = help: `cnncalc shapes` lists them"),
    (["--weights", "none.npz"], "none.npz cannot be read: No such file or directory"),
    (["--weights", ""], "a file without a name cannot be read\n   = help: the option that names it is empty"),
    (["--input-file", ""], "a file without a name cannot be read\n   = help: the option that names it is empty"),
    (["--input-file", "."], ". cannot be read: Is a directory"),
    (["--input-file", "small.yaml"], "small.yaml is no .npy or .npz\n   = help: NumPy's save and savez write them"),
    (["--input-file", "inptu=image.npy"], "small has no input `inptu`\n   = help: did you mean `input`?"),
    (["--input-file", "image.npy", "--input-file", "input=./image.npy"],
     "the input `input` is given twice: image.npy and ./image.npy"),
    (["--out", ""], "a file without a name cannot be written\n   = help: the option that names it is empty"),
    (["--out", "."], ". cannot be written: it is a folder\n   = help: name a file in it"),
    (["--out", "none/y.npz"], "none/y.npz cannot be written: there is no folder none\n   = help: mkdir -p none"),
    (["--out", "y.npz", "--save-weights", "none/w.npz"], "none/w.npz cannot be written: there is no folder none\n   = help: mkdir -p none"),
    (["--out", "y.npz", "--output", "none/y.txt"], "none/y.txt cannot be written: there is no folder none\n   = help: mkdir -p none"),
    (["--output", "y.npz"], "--output writes this table, and y.npz is no name of a text\n   = help: --out y.npz"),
    (["--output", "y.npy"], "--output writes this table, and y.npy is no name of a text\n   = help: --out y.npz"),
    (["--out", "y.npy"], "--out writes an .npz, and y.npy ends in .npy\n   = help: --out y.npz"),
    (["--save-weights", "w.safetensors"],
     "--save-weights writes an .npz, and w.safetensors ends in .safetensors\n   = help: --save-weights w.npz"),
    (["--out", "small.yaml"], "SPEC and --out are the same file: small.yaml\n   = help: another name for --out"),
    (["--input-file", "image.npy", "--out", "./image.npy"],
     "--input-file and --out are the same file: ./image.npy\n   = help: another name for --out"),
    (["--weights", "image.npy", "--save-weights", "image.npy"],
     "--weights and --save-weights are the same file: image.npy\n   = help: another name for --save-weights"),
    (["--out", "y", "--save-weights", "./y"],
     "--out and --save-weights are the same file: ./y\n   = help: another name for --save-weights"),
    (["-o", "y", "--out", "y"], "--output and --out are the same file: y\n   = help: another name for --out"),
    (["--init", "he", "--weights", "image.npy"],
     "--init draws weights, and --weights reads them\n   = help: one of the two"),
    (["--seed", "0", "--weights", "image.npy", "--input-file", "image.npy"],
     "--seed is for what is drawn, and the weights and the input are read\n   = help: leave it out"),
    (["--labels", "small.yaml"], "small.yaml has 9 names, and the output of small 2 values\n"
                                 "   = help: one name a line, in the order of the values"),
    (["--labels", "image.npy"], "image.npy is no text in UTF-8"),
]
# fmt: on


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS, ids=[" ".join(row[0]) for row in WRONG_OPTIONS])
def test_wrong_options(folder, monkeypatch, options, message):
    """Each is an error that says what is wrong; exit code 2, before anything is computed or written."""
    monkeypatch.setattr("cnncalc.kernels.execute.evaluate", None)

    assert ("", f"error: {message}\n") == cnncalc("run", "small.yaml", *options, code=2)
    assert GIVEN == names(folder)


# fmt: off
WRONG_FOR_OTHERS = [
    # spec and options, the whole message
    (["googlenet", "--tap", "loss1/auxiliary/softmax"],
     "`loss1/auxiliary/softmax` of googlenet is used in training only, and a run leaves it out"),
    (["googlenet", "--tap", "loss1"], "`loss1` of googlenet is used in training only, and a run leaves it out"),
    (["googlenet", "--tap", "inception3a"],
     "googlenet has no tensor `inception3a`\n   = help: it ends with `inception3a/concat`"),
    (["two.yaml", "--input-file", "image.npy"],
     "two has the inputs left, right\n   = help: --input-file left=image.npy"),
    (["two.yaml", "--input-file", "left=image.npy"],
     "the input `right` of two is missing\n   = help: --input-file right=FILE"),
    (["map.yaml", "--top", "3"], "--top is for an output that is a vector, and that of map is 3x8x8"),
    (["map.yaml", "--labels", "map.yaml"], "--labels is for an output that is a vector, and that of map is 3x8x8"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "message"), WRONG_FOR_OTHERS, ids=[" ".join(r[0]) for r in WRONG_FOR_OTHERS])
def test_options_that_a_network_has_no_place_for(folder, arguments, message):
    """Taps that are not computed, inputs without a name, values of a map."""
    (folder / "two.yaml").write_text(TWO, encoding="utf-8")
    (folder / "map.yaml").write_text("input: [3, 8, 8]\nnet:\n  - relu\n", encoding="utf-8")

    assert ("", f"error: {message}\n") == cnncalc("run", *arguments, code=2)


# fmt: off
WRONG_FOR_SALIENCY = [
    (["saliency", "small.yaml", "--image", "image.npy", "--class", "2"], "2 classes, and no class 2"),
    (["saliency", "small.yaml"], "error: an image is needed"),
    (["saliency", "small.yaml", "--image", "small.yaml"], "error: small.yaml is no picture that can be read"),
    (["saliency", "small.yaml", "--image", "image.npy", "--channels", "sum"], "error: `--channels sum`"),
    (["saliency", "small.yaml", "--image", "image.npy", "--out", "s.gif"], "`s.gif` is no name of a picture"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "message"), WRONG_FOR_SALIENCY, ids=[" ".join(r[0]) for r in WRONG_FOR_SALIENCY])
def test_wrong_options_of_saliency(folder, arguments, message):
    """Each is an error that says what is wrong; exit code 2, nothing written."""
    out, said = cnncalc(*arguments, code=2)

    assert message in said
    assert "" == out
    assert GIVEN == names(folder)


def test_files_are_whole_or_not_there(folder, monkeypatch):
    """When writing fails half-way the old files stay as they were, and no part is left."""
    (folder / "y.npz").write_bytes(b"old")

    def fail(file, arrays):
        file.write(b"half")
        if "first.weight" in arrays:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnncalc.kernels.arrays.write", fail)

    assert ("", "error: w.npz cannot be written: No space left on device\n") == cnncalc(
        "run", "small.yaml", "--out", "y.npz", "--save-weights", "w.npz", code=2
    )
    assert b"old" == (folder / "y.npz").read_bytes()
    assert [*GIVEN, "y.npz"] == names(folder)


def test_links_stay_links(folder):
    """Through a symbolic link the file that it leads to is written."""
    (folder / "link.npz").symlink_to("target.npz")
    cnncalc("run", "small.yaml", "--out", "link.npz")

    assert (folder / "link.npz").is_symlink()
    assert ["output"] == list(loaded("target.npz"))


@pytest.mark.parametrize("after", [0.02, 0.05, 0.1, 0.2])
def test_ctrl_c_ends_it_without_a_traceback(after):
    """Whenever it comes once the program has begun: exit code 130, or the run was over."""
    script = "from cnncalc.cli import main; print(flush=True); main()"
    command = [sys.executable, "-c", script, "run", "vgg16"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]

    assert process.returncode in (130, 0)
    assert b"Traceback" not in said


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


def test_blas_is_held_to_one_thread_for_a_run():
    """Where NumPy was loaded first, BLAS has one thread while a network runs, and its own number again after it."""
    script = (
        "import numpy, cnncalc\n"
        "from threadpoolctl import threadpool_info\n"
        "threads = lambda *_: [pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas']\n"
        "before, during = threads(), []\n"
        "cnncalc.run(cnncalc.load('lenet5'), numpy.zeros((1, 32, 32)), progress=lambda _: during.extend(threads()))\n"
        "assert set(during) <= {1} and threads() == before, (before, during, threads())"
    )
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_blas_is_held_to_one_thread():
    """The backend, loaded before NumPy, keeps BLAS from starting threads; a setting of the user stays."""
    script = "import os, cnncalc.kernels; print(os.environ['OPENBLAS_NUM_THREADS'])"
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for environment, expected in ((clean, "1\n"), ({**clean, "OPENBLAS_NUM_THREADS": "3"}, "3\n")):
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)

        assert expected == done.stdout.decode()
