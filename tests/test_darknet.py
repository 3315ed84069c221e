"""darknet's BFLOPs: what it printed for its own configurations, total by total and line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc
from cnncalc import Graph
from cnncalc.counting import counted, tool

CONVS = """
defaults:
  conv: {padding: half, kernel: 3, bias: false, norm: batchnorm, act: {leakyrelu: 0.1}}
  pointwise: {bias: false, norm: batchnorm, act: {leakyrelu: 0.1}}
"""

V3 = f"""
input: [3, 416, 416]
{CONVS}
blocks:
  residual:
    - add: {{main: [{{pointwise: $in.channels / 2}}, {{conv: $in.channels}}], shortcut: prev}}
  detect(out):
    - repeat: 2
      do: [{{pointwise: $out}}, {{conv: $out * 2}}]
    - {{pointwise: $out, as: small}}
    - head: [{{conv: $out * 2}}, {{pointwise: {{out: 255, bias: true, norm: none, act: none}}}}]
net:
  - conv: 32
  - for: [out, n]
    in: [[64, 1], [128, 2], [256, 8], [512, 8], [1024, 4]]
    do:
      - conv: {{out: $out, stride: 2}}
      - {{residual, repeat: $n, as: trunk$out}}
  - {{detect: 512}}
  - for: [out, before]
    in: [[256, 512], [128, 256]]
    do:
      - pointwise: $out
      - upsample: 2
      - concat: {{up: prev, trunk: [{{identity: , from: "trunk$before"}}]}}
      - {{detect: $out}}
"""

V2 = f"""
input: [3, 608, 608]
{CONVS}
net:
  - conv: 32
  - maxpool: 2
  - conv: 64
  - maxpool: 2
  - for: out
    in: [128, 256]
    do: [{{conv: $out}}, {{pointwise: $out / 2}}, {{conv: $out}}, {{maxpool: 2}}]
  - repeat: 2
    do: [{{conv: 512}}, {{pointwise: 256}}]
  - {{conv: 512, as: through}}
  - maxpool: 2
  - repeat: 2
    do: [{{conv: 1024}}, {{pointwise: 512}}]
  - repeat: 3
    do: [{{conv: 1024}}]
  - concat: {{through: [{{pointwise: 64, from: through}}, {{space_to_depth: 2}}], deep: prev}}
  - conv: 1024
  - pointwise: {{out: 425, bias: true, norm: none, act: none}}
"""

TINY_V3 = f"""
input: [3, 416, 416]
{CONVS}
net:
  - for: out
    in: [16, 32, 64, 128]
    do: [{{conv: $out}}, {{maxpool: 2}}]
  - {{conv: 256, as: through}}
  - maxpool: 2
  - conv: 512
  - maxpool: {{kernel: 2, stride: 1, padding: same}}
  - conv: 1024
  - {{pointwise: 256, as: small}}
  - head: [{{conv: 512}}, {{pointwise: {{out: 255, bias: true, norm: none, act: none}}}}]
  - pointwise: 128
  - upsample: 2
  - concat: {{up: prev, trunk: [{{identity: , from: through}}]}}
  - conv: 256
  - pointwise: {{out: 255, bias: true, norm: none, act: none}}
"""

TINY_V2 = f"""
input: [3, 416, 416]
{CONVS}
net:
  - for: out
    in: [16, 32, 64, 128, 256]
    do: [{{conv: $out}}, {{maxpool: 2}}]
  - conv: 512
  - maxpool: {{kernel: 2, stride: 1, padding: same}}
  - conv: 1024
  - conv: 512
  - pointwise: {{out: 425, bias: true, norm: none, act: none}}
"""


def network(tmp_path: Path, spec: str, side: int | None = None) -> Graph:
    """A configuration as a spec."""
    path = tmp_path / "net.yaml"
    path.write_text(spec, encoding="utf-8")
    return cnncalc.load(path, input=(3, side, side) if side else None)


PUBLISHED = (
    ("yolov3.cfg", V3, 320, "38.97"),
    ("yolov3.cfg", V3, 416, "65.86"),
    ("yolov3.cfg", V3, 608, "140.69"),
    ("yolov2.cfg", V2, 608, "62.94"),
    ("yolov3-tiny.cfg", TINY_V3, 416, "5.56"),
    ("yolov2-tiny.cfg", TINY_V2, 416, "5.41"),
)
"""Configuration, spec, side, the "FLOPS" in Bn of the page on YOLO."""


@pytest.mark.parametrize(("name", "spec", "side", "bn"), PUBLISHED)
def test_darknet_counts_as_its_page_says(name: str, spec: str, side: int, bn: str, tmp_path: Path) -> None:
    """The sum of the convolutions, 2 a MAC."""
    assert bn == f"{counted(network(tmp_path, spec, side), tool('darknet')).total / 10**9:.2f}"


FORK = ((V3, 416, "65.879"), (TINY_V3, 416, "5.571"))
"""Spec, side, what the fork of AlexeyAB prints behind "Total BFLOPS"."""


@pytest.mark.parametrize(("spec", "side", "printed"), FORK)
def test_the_fork_counts_pools_and_shortcuts(spec: str, side: int, printed: str, tmp_path: Path) -> None:
    """A tap a window, an addition an element."""
    found = counted(network(tmp_path, spec, side), tool("darknet-alexeyab"))

    assert found.tool.printed is not None
    assert f"Total BFLOPS {printed}" == found.tool.printed(found.total)


def test_the_fork_counts_yolov1_as_it_prints() -> None:
    """The paper's 24 convolutions and 4 pools: 40.155."""
    found = counted(cnncalc.load("yolov1"), tool("darknet-alexeyab"))

    assert "40.155" == f"{found.total / 10**9:.3f}"


LINES = (
    ("conv: {out: 32, kernel: 3, padding: half}", "3, 416, 416", "0.299"),
    ("conv: {out: 64, kernel: 3, stride: 2, padding: half}", "32, 416, 416", "1.595"),
    ("pointwise: 32", "64, 208, 208", "0.177"),
    ("pointwise: 255", "1024, 13, 13", "0.088"),
    ("pointwise: 256", "768, 26, 26", "0.266"),
    ("conv: {out: 1024, kernel: 3, padding: half}", "512, 19, 19", "3.407"),
    ("pointwise: 255", "1024, 19, 19", "0.189"),
    ("conv: {out: 120, kernel: 5, padding: half, groups: 120}", "120, 10, 10", "0.001"),
)
"""Step, input, the BFLOPs of its line."""


@pytest.mark.parametrize(("step", "shape", "printed"), LINES)
def test_a_line_of_the_table_is_that_line(step: str, shape: str, printed: str, tmp_path: Path) -> None:
    """As both print it for a convolution."""
    graph = network(tmp_path, f"input: [{shape}]\nnet:\n  - {step}\n")

    assert f"{printed} BFLOPs" == cnncalc.reports.counts_as(graph, "darknet").data["printed"]
