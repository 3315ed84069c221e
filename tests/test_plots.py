"""Answers as pictures: what is drawn stands where the numbers say, and what cannot be drawn is one line."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, code: int = 0) -> str:
    """What a command says, without a traceback."""
    done = CliRunner().invoke(app, command.split(), prog_name="cnncalc")
    assert code == done.exit_code, done.stderr
    return str(done.stdout + done.stderr)


def picture(command: str) -> ET.Element:
    """The picture that a command writes."""
    run(f"{command} -o picture.svg")
    text = Path("picture.svg").read_text(encoding="utf-8")
    assert "NaN" not in text
    return ET.fromstring(text)  # noqa: S314 - our own


def all_of(found: ET.Element, tag: str, **attributes: str) -> list[ET.Element]:
    """The elements of a tag with some attributes."""
    return [e for e in found.iter(NAMESPACE + tag) if all(e.get(k) == v for k, v in attributes.items())]


def test_two_units_stand_a_stride_apart_on_the_image() -> None:
    """VGG's pool3: 44 pixels wide, 8 apart (3x3 four times and 2x2 twice: 3, 5, 6, 10, 14, 16, 24, 32, 40, 44)."""
    found = picture("receptive-field vgg16 pool3")
    image = all_of(found, "rect", **{"class": "image"})[0]
    units = all_of(found, "rect", **{"class": "unit"})
    scale = float(image.get("width", 0)) / 224

    assert [44, 44] == [round(float(unit.get("width", 0)) / scale) for unit in units]
    assert 8 == round((float(units[1].get("x", 0)) - float(units[0].get("x", 0))) / scale)
    assert 94 == round((float(units[0].get("x", 0)) - float(image.get("x", 0))) / scale)


def test_the_shading_is_darkest_in_the_middle_of_the_box() -> None:
    """The effective field of Luo et al.: a bell, inside the theoretical box."""
    found = picture("receptive-field vgg16 pool3 --unit 14,14")
    shades = all_of(found, "path", **{"class": "shade"})
    darkest = max(shades, key=lambda shade: float(shade.get("fill-opacity", 0)))
    unit = all_of(found, "rect", **{"class": "unit"})[0]
    left, wide = float(unit.get("x", 0)), float(unit.get("width", 0))
    starts = [float(x) for x in re.findall(r"M([\d.-]+),", darkest.get("d", ""))]

    assert len(shades) > 10
    assert all(left + 0.35 * wide < x < left + 0.65 * wide for x in starts)


def test_the_plot_of_memory_has_its_peak() -> None:
    """As `memory` says: LeNet's 37.6 kB stand at the top of the first line."""
    found = picture("memory lenet5")
    lines = all_of(found, "path", fill="none")
    bars = run("memory lenet5 --plot")

    assert 2 == len(lines)
    assert max(bars.splitlines(), key=lambda line: line.count("█")).endswith("37.6 kB")


def test_the_front_of_a_sweep_is_drawn_over_all_points() -> None:
    """Twelve points, those of the front told apart; a point says its figures."""
    found = picture("sweep mobilenet_v2 width=0.5,0.75,1 input=128,160,192,224 --pareto macs,params:max")
    texts = [element.text or "" for element in all_of(found, "title")[1:]]
    table = run("sweep mobilenet_v2 width=0.5,0.75,1 input=128,160,192,224 --pareto macs,params:max -f csv")

    assert 12 == len(all_of(found, "circle"))
    assert len(table.strip().splitlines()) - 1 == len(all_of(found, "circle", fill="#ea580c"))
    assert any("params 3.50 M" in text for text in texts)


def test_a_fit_is_drawn_with_its_limits() -> None:
    """One variable: each limited figure over it, and the largest setting; two: the front."""
    one = picture("fit mobilenet_v2 --vary width --max macs=200M --max params=3M")
    two = picture("fit mobilenet_v2 --vary width=0.35:1.4:0.05 --vary input=96:320:32 --max macs=300M")
    rows = run("fit mobilenet_v2 --vary width=0.35:1.4:0.05 --vary input=96:320:32 --max macs=300M -f csv")

    assert any("width 0.74" in (text.text or "") for text in all_of(one, "text"))
    assert 1 == len(all_of(one, "circle"))
    assert len(rows.strip().splitlines()) - 1 == len(all_of(two, "circle"))


# fmt: off
REFUSED = [
    ("receptive-field lenet5 output -o a.svg",              "no position"),
    ("receptive-field lenet5 --depth 1 -o a.svg",           "`--depth` changes nothing in svg"),
    ("receptive-field lenet5 nothing -o a.svg",             "nothing"),
    ("memory lenet5 --in-place -o a.svg",                   "`--in-place` changes nothing in svg"),
    ("memory lenet5 --batch 2 -o a.svg",                    "per image"),
    ("memory lenet5 --plot -f json",                        "`--plot` changes nothing in json"),
    ("sweep lenet5 classes=10 --columns params -f svg --plot --part 3", "`--part` is for a folder"),
    ("params lenet5 -o a.svg",                              "is the name of a picture"),
]
# fmt: on


@pytest.mark.parametrize(("command", "said"), REFUSED, ids=[command for command, _ in REFUSED])
def test_what_cannot_be_drawn_is_one_line(command: str, said: str) -> None:
    """Exit code 2, and no file."""
    text = run(command, code=2)

    assert said in text
    assert not Path("a.svg").exists()
