"""What the worked examples are given: typed, as files, and what makes no sense, which is one line and exit code 2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.worked import solve

BOXES = "1 1 4 4 0.9 1; 1.2 1 4.2 4 0.7 1; 6 1 9 4 0.8 2"


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
        ("nms", {"boxes": "0 0 1 1 0.6 1;" * 5_001}, "at most 5,000"),
        ("gram", {"activations": "1 " * 1_000_001}, "more than 1,000,000"),
        ("output-size", {"f": "9"}, "does not fit"),
        ("output-size", {"n": "1e30"}, "below 10^18"),
        ("output-size", {"k": "3"}, "no setting `k`"),
        ("receptive-field", {"layers": "3s0"}, "has a 0"),
        ("receptive-field", {"layers": "x"}, "3s1,3s2,5d2"),
        ("freezing", {"freeze": "fc9"}, "has no layer `fc9`"),
        ("freezing", {"freeze": "pool1"}, "no weights to freeze"),
        ("freezing", {"freeze": "fc7..fc6"}, "stands before"),
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


def test_tables_have_their_columns_in_any_order(tmp_path: Path) -> None:
    """By a first line of names; between commas, semicolons or spaces; classes are numbers or words."""
    (tmp_path / "a.csv").write_text('class,score,x1,y1,x2,y2\ncar,0.9,0,0,2,2\n"car",0.8,0,0,2,2.1\ndog,0.7,0,0,2,2\n')
    (tmp_path / "b.csv").write_text("\ufeff0;0;2;2;0.9;car\r\n0;0;2;2.1;0.8;car\r\n0;0;2;2;0.7;dog\r\n")
    (tmp_path / "c.txt").write_text("0 0 2 2 0.9 car\n\n0 0 2 2.1 0.8 car\n0 0 2 2 0.7 dog")
    found = [solve("nms", boxes=f"{tmp_path}/{name}").results for name in ("a.csv", "b.csv", "c.txt")]

    assert found == [{**found[0], "kept": (1, 3)}] * 3


def test_activations_have_three_axes_too(tmp_path: Path) -> None:
    """Channels first, as PyTorch has them: the Gram matrix of n_c x n_h x n_w is that of n_c rows."""
    import numpy as np

    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.save(tmp_path / "maps.npy", maps)
    rows = maps.reshape(2, 12)

    assert (rows @ rows.T).tolist() == solve("gram", activations=f"{tmp_path}/maps.npy").matrices["Gram"]


@pytest.mark.parametrize(
    "words", [["kernel=2", "upstream=1 2"], ["--kernel", "2", "--upstream", "1 2"], ["--kernel=2", "upstream=1 2"]]
)
def test_a_setting_is_written_in_two_ways(words: list[str]) -> None:
    """`kernel=2` and `--kernel 2`, one beside the other, behind options of the command or before them."""
    wanted = CliRunner().invoke(
        app, ["worked", "max-pool", "matrix=1 3 2; 9 1 1", "kernel=2", "upstream=1 2", "-f", "json"]
    )
    found = CliRunner().invoke(app, ["worked", "max-pool", "-f", "json", "--matrix", "1 3 2; 9 1 1", *words])

    assert 0 == wanted.exit_code
    assert wanted.stdout == found.stdout
    assert '"gradient"' in found.stdout


WRONG: list[tuple[list[str], str]] = [
    (["iou", "--a", "3 1 1 3"], "`a` has a negative side: -2 x 2"),
    (["nms", "boxes=3 1 1 3 0.9 1"], "has a negative side"),
    (["yolo-target", "boxes=1 0.5 0.5 -0.1 0.2"], "sides above 0"),
    (["anchors", "size=-1 2"], "above 0"),
    (["iou", "a=nan 1 2 3"], "`a` must be a number, and is `nan`"),
    (["iou", "a=inf 1 2 3"], "must be a number, and is `inf`"),
    (["gram", "activations=1e999999999"], "must be a number"),
    (["content", "content=1/0"], "must be a number"),
    (["output-size", "n=" + "9" * 5000], "must be a number"),
    (["nms", "boxes=empty.csv"], "must have a number, and is empty"),
    (["nms", "boxes=names.csv"], "has the names of its columns and no row"),
    (["nms", "boxes=other.csv"], "has the columns a b, and takes x1 y1 x2 y2 score class"),
    (["nms", "boxes=uneven.csv"], "has 6 numbers in row 1 and 5 in row 2"),
    (["gram", "activations=gap.csv"], "must be a number, and is ``"),
    (["gram", "activations=nan.npy"], "must have finite numbers"),
    (["gram", "activations=four.npy"], "one array with one to three axes"),
    (["max-pool", "matrix=three.npy"], "one array with one to two axes"),
    (["gram", "activations=words.npy"], "words.npy"),
    (["gram", "activations=half.npy"], "half.npy"),
    (["gram", "activations=latin.csv"], "latin.csv is not UTF-8"),
    (["gram", "activations=none.csv"], "none.csv cannot be read: No such file"),
    (["nms", "boxes=many.csv"], "many.csv is larger than 16,777,216 bytes"),
    (["nms", "boxes=some.csv", "score=0"], "boxes at or above the score are at most 5,000, and these are 5,001"),
    (["nms", "boxes=" + BOXES, "threshold=1.5"], "`threshold` must be from 0 to 1"),
    (["nms", "boxes=" + BOXES, "threshold=-0.1"], "`threshold` must be from 0 to 1"),
    (["nms", "boxes=" + BOXES, "score=2"], "`score` must be from 0 to 1"),
    (["gram", "activations=wide.npy"], "multiplications of exact numbers, and at most 5,000,000"),
    (["edges", "matrix=wide.npy", "filter=wide.npy", "flip=2"], "`flip` must be 0 or 1"),
    (["max-pool", "matrix=wide.npy", "kernel=500"], "multiplications of exact numbers"),
    (["gram", "activations=huge.npy"], "must have from 1 to 1,000,000 numbers"),
    (["receptive-field", "layers=" + "3s999999999," * 900 + "3"], "sees more than 10^18 inputs"),
    (["yolo-target", "classes=1000000000"], "classes are at most 10,000"),
    (["anchors", "size=" + "1 1;" * 101, "anchors=" + "1 2;" * 100], "objects times anchors are at most 10,000"),
    (["triplet", "negative=" + "1 1;" * 10_001], "negatives are at most 10,000"),
    (["freezing", "spec=no_such_net"], "no_such_net"),
    (["freezing", "--freeze", "conv9"], "has no layer `conv9`"),
    (["max-pool", "--matrx", "1"], "did you mean `matrix`?"),
    (["max-pool", "--matrix"], "`matrix` has no value"),
    (["max-pool", "kernel=2", "--kernel", "2"], "`kernel` is given twice"),
    (["max-pool", "3"], "`3` is no setting"),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that are wrong."""
    import numpy as np

    folder = tmp_path_factory.mktemp("desk")
    for name, text in {
        "empty.csv": "\n \n",
        "names.csv": "x1,y1,x2,y2,score,class\n",
        "other.csv": "a,b\n1,2\n",
        "uneven.csv": "0,0,1,1,0.5,1\n0,0,1,1,0.5\n",
        "gap.csv": "1,,2\n",
        "half.npy": "no array",
        "some.csv": "0,0,1,1,0.5,1\n" * 5001,
    }.items():
        (folder / name).write_text(text)
    (folder / "latin.csv").write_bytes("caf\u00e9".encode("latin-1"))
    with (folder / "many.csv").open("wb") as file:
        file.truncate(200_000_000)
    for name, array in {
        "nan.npy": np.array([[1.0, np.nan]]),
        "four.npy": np.zeros((1, 2, 1, 1)),
        "three.npy": np.zeros((1, 2, 3)),
        "words.npy": np.array(["a"]),
        "wide.npy": np.ones((1000, 1000)),
        "huge.npy": np.zeros((1001, 1000), dtype=np.uint8),
    }.items():
        np.save(folder / name, array)
    return folder


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words)[:60] for words, _ in WRONG])
def test_the_command_refuses_in_one_line(
    words: list[str], said: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, nothing on stdout, an error in one line and a help below it."""
    monkeypatch.chdir(desk)
    done = CliRunner().invoke(app, ["worked", *words])
    lines = done.stderr.splitlines()

    assert (2, "") == (done.exit_code, done.stdout)
    assert said in done.stderr
    assert lines[0].startswith("error: ")
    assert len(lines[0]) < 400
    assert all(line.startswith("   = help: ") for line in lines[1:])
    assert "bug" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    """What nobody may ever write into is not waited for."""
    os.mkfifo(tmp_path / "boxes.csv")
    done = CliRunner().invoke(app, ["worked", "nms", f"boxes={tmp_path}/boxes.csv"])

    assert (2, "") == (done.exit_code, done.stdout)
    assert "cannot be read" in done.stderr
