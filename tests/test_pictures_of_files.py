"""Pictures of model files: those of the onnx package, and of networks of the zoo written as ONNX and read again."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from test_drawing import lifted, overlap, rectangle
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.cli.request import blocks
from cnncalc.drawing.parts import parts
from cnncalc.drawing.placing import absolute, placed
from cnncalc.drawing.svg import Drawing
from cnncalc.drawing.texts import Texts

LIGHT = Path(__file__).parent / "data" / "onnx"
FILES = sorted(path.name for path in LIGHT.glob("*.onnx"))
WRITTEN = ["lenet5", "alexnet", "vgg16", "resnet18", "resnet50", "densenet121", "googlenet", "inception_v3", "inception_v4",
           "mobilenet_v2", "shufflenet_v2", "squeezenet1_1", "unet", "siamese", "xception", "se_resnet50"]  # fmt: skip


def of(name: str, folder: Path) -> cnncalc.Graph:
    """The network of a file, in its blocks; that of a network of the zoo is written first, without its weights."""
    if name in FILES:
        return blocks(cnncalc.load(LIGHT / name))
    done = CliRunner().invoke(app, ["convert", name, "-o", str(folder / "net.onnx")], prog_name="cnncalc")
    assert 0 == done.exit_code, done.stderr
    return blocks(cnncalc.load(folder / "net.onnx"))


@pytest.mark.parametrize("name", [*FILES, *WRITTEN])
def test_boxes_and_lines_keep_apart_and_figures_add_up(name: str, tmp_path: Path) -> None:
    """At four depths: no box on another, each in its block, no line through a box, as many lines as flows, all MACs."""
    graph = of(name, tmp_path)
    macs = cnncalc.macs(graph)

    for depth in (None, 1, 2, 0):
        shown = parts(graph, depth)
        drawing = Drawing(Texts(graph), right=False)
        whole = placed(shown, drawing.measure, drawing.head)
        at = {child.box.path: rectangle(child, corner) for child, corner in absolute(whole)}
        leaves = [at[leaf.path] for leaf in shown.leaves]
        blocks_at: list[tuple[Any, tuple[float, float]]] = [(whole, (0.0, 0.0)), *absolute(whole)]

        assert sorted(node.name for node in graph.nodes) == sorted(n.name for leaf in shown.leaves for n in leaf.nodes)
        assert macs.total == sum(macs.of[node.name] for leaf in shown.leaves for node in leaf.nodes)
        assert lifted(shown) == sum(len(block.lines) for block, _ in blocks_at)
        assert not any(overlap(one, other) for one, other in combinations(leaves, 2) if len(leaves) < 150)
        for block, (x, y) in blocks_at:
            for line in block.lines:
                for (x1, y1), (x2, y2) in pairwise(line.points):
                    piece = x + min(x1, x2), y + min(y1, y2), x + max(x1, x2), y + max(y1, y2)
                    assert not any(overlap(piece, at[child.box.path], line=True) for child in block.inside)


def test_there_are_twenty_of_them() -> None:
    """Of several tools: Caffe2, Keras and MXNet by way of the onnx package, and cnncalc."""
    assert len(FILES) + len(WRITTEN) >= 20


def test_a_page_shows_the_blocks_of_a_file_without_scopes(tmp_path: Path) -> None:
    """As `show` does, and with the totals of the file."""
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["report", str(LIGHT / "light_resnet50.onnx"), "-o", str(page)], prog_name="cnncalc")
    text = page.read_text(encoding="utf-8")

    assert 0 == done.exit_code, done.stderr
    assert "25,557,032" in text
    assert "4,089,184,256" in text
    assert len(re.findall("<details", text)) > 10
