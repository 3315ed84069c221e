"""Pictures of the worked examples: the numbers of the matrices in their cells, boxes where they stand."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.worked import EXAMPLES, solve
from cnncalc.worked.detection import overlap

NAMESPACE = "{http://www.w3.org/2000/svg}"
PICTURED = ["max-pool", "edges", "iou", "nms", "yolo-target", "gram", "style", "receptive-field"]


def picture(*words: str) -> ET.Element:
    """The picture that a command writes."""
    done = CliRunner().invoke(app, ["worked", *words, "--format", "svg"])
    assert 0 == done.exit_code, done.stderr
    return ET.fromstring(done.stdout)  # noqa: S314 - our own


def rectangles(root: ET.Element, kind: str) -> list[tuple[float, float, float, float]]:
    """The corners of the rectangles of a class, in their order."""
    found = [one for one in root.iter(f"{NAMESPACE}rect") if one.get("class") == kind]
    sizes = [[float(one.get(name, "0")) for name in ("x", "y", "width", "height")] for one in found]
    return [(x, y, x + wide, y + high) for x, y, wide, high in sizes]


@pytest.mark.parametrize("name", PICTURED)
def test_everything_is_inside_and_in_words(name: str) -> None:
    """No text and no box beyond the border; the title says what it is; nothing is fetched."""
    root = picture(name)
    wide, high = float(root.get("width", "")), float(root.get("height", ""))
    text = ET.tostring(root, encoding="unicode")

    assert name == next(root.iter(f"{NAMESPACE}title")).text
    for one in root.iter(f"{NAMESPACE}text"):
        assert 0 < float(one.get("x", "")) < wide
        assert 0 < float(one.get("y", "")) < high
    for kind in ("frame", "box", "box gone"):
        for x1, y1, x2, y2 in rectangles(root, kind):
            assert 0 <= x1 <= x2 <= wide
            assert 0 <= y1 <= y2 <= high
    assert "href" not in text
    assert "url(" not in text


@pytest.mark.parametrize("name", ["max-pool", "edges", "gram", "style"])
def test_each_number_stands_in_its_cell(name: str) -> None:
    """Matrix by matrix, row by row, a cell for each; the darkest is the largest."""
    matrices = solve(name).matrices
    root = picture(name)
    words = [one.text for one in root.iter(f"{NAMESPACE}text") if one.get("class") == "number"]
    titles = [one.text for one in root.iter(f"{NAMESPACE}text") if one.get("class") is None]
    cells = [one for one in root.iter(f"{NAMESPACE}rect") if one.get("class") == "frame"]
    shades = [float(one.get("style", "").rpartition(":")[2]) for one in cells]
    place = 0

    assert [*matrices] == titles
    assert [str(entry) for rows in matrices.values() for row in rows for entry in row] == words
    assert len(words) == len(cells)
    for rows in matrices.values():
        entries = [abs(float(entry)) for row in rows for entry in row]
        mine = shades[place : place + len(entries)]
        assert entries.index(max(entries)) == mine.index(max(mine))
        place += len(entries)


def test_drawn_boxes_overlap_as_much_as_those_that_were_given() -> None:
    """1/7, measured on the picture."""
    one, other = rectangles(picture("iou"), "box")

    assert 1 / 7 == pytest.approx(float(overlap(one, other)), rel=1e-3)


@pytest.mark.parametrize(
    ("layers", "field", "jump"), [("3s2,3s2", 7, 4), ("3,3", 5, 1), ("3,3d2,3d4", 15, 1), ("2s2,5", 10, 2)]
)
def test_a_stack_is_followed_down_to_the_inputs_that_it_sees(layers: str, field: int, jump: int) -> None:
    """As many inputs are lit as the field has, one after the other, and the next output's begin a jump later."""
    root = picture("receptive-field", f"layers={layers}")
    dots = [
        (float(one.get("cx", "")), float(one.get("cy", "")), one.get("style", ""))
        for one in root.iter(f"{NAMESPACE}circle")
    ]
    bottom, top = max(y for _, y, _ in dots), min(y for _, y, _ in dots)
    inputs = [style.removeprefix("fill:") for _, y, style in sorted(dots) if y == bottom]

    assert 2 == len([y for _, y, _ in dots if y == top])
    assert ["#2563eb"] * field + ["#ea580c"] * jump == inputs


def test_boxes_that_go_are_dashed() -> None:
    """As many as go, and those that stay are not."""
    root = picture("nms")

    assert (2, 3) == (len(rectangles(root, "box")), len(rectangles(root, "box gone")))


def test_the_boxes_of_a_target_stand_on_its_cells() -> None:
    """The centre of each lies in the cell that the answer names."""
    root = picture("yolo-target")
    ((left, top, right, bottom),) = rectangles(root, "frame")
    found = [
        (int(3 * ((y1 + y2) / 2 - top) / (bottom - top)) + 1, int(3 * ((x1 + x2) / 2 - left) / (right - left)) + 1)
        for x1, y1, x2, y2 in rectangles(root, "box")
    ]

    assert [tuple(row[:2]) for row in solve("yolo-target").matrices["target"]] == found


def test_a_picture_is_written_by_its_name(tmp_path: Path) -> None:
    """`-o nms.svg` is the picture; what has none says so, and nothing is written."""
    out = tmp_path / "a.svg"
    assert 0 == CliRunner().invoke(app, ["worked", "nms", "-o", str(out)]).exit_code
    assert out.read_text(encoding="utf-8").startswith("<svg ")
    for name in EXAMPLES:
        if name in PICTURED:
            continue
        none = tmp_path / f"{name}.svg"
        done = CliRunner().invoke(app, ["worked", name, "-o", str(none)])
        assert (2, False) == (done.exit_code, none.exists()), name
        assert f"`{name}` has no picture" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["edges", "matrix=" + ";".join(["1 " * 50] * 50)], "at most 1,600 cells"),
        (["nms", "boxes=" + ";".join(f"{n} 0 {n + 1} 1 0.9 1" for n in range(500))], "at most 400 boxes"),
        (["iou", "--exercise"], "add --solution"),
        (["receptive-field", "layers=300"], "at most 128 inputs"),
        (["receptive-field", "layers=9999999d9999999"], "at most 128 inputs"),
        (["receptive-field", "layers=3s999,3"], "at most 128 inputs"),
        ([], "name one"),
    ],
)
def test_a_picture_that_nobody_could_read_is_refused(words: list[str], said: str) -> None:
    """One line, exit code 2."""
    done = CliRunner().invoke(app, ["worked", *words, "--format", "svg"])

    assert (2, "") == (done.exit_code, done.stdout)
    assert said in done.stderr
