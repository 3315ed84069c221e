"""Models in ONNX files: what the records say, what is folded, and the figures of whole networks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc

LIGHT = Path(__file__).parent / "data" / "onnx"

FIGURES = {
    # parameters: torchvision's and Caffe's own counts; MACs: from the shapes that onnxruntime made
    "light_bvlc_alexnet": (60_965_224, 654_560_384),
    "light_inception_v1": (6_998_552, 1_431_556_352),
    "light_resnet50": (25_557_032, 4_089_184_256),
    "light_shufflenet": (1_393_320, 124_664_528),
    "light_vgg19": (143_667_240, 19_632_062_464),
    "light_zfnet512": (87_250_536, 1_481_727_008),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_a_model(name: str) -> None:
    """Files without weights, as the onnx package ships them: every parameter and every MAC."""
    graph = cnncalc.load(LIGHT / f"{name}.onnx")

    assert FIGURES[name] == (cnncalc.params(graph).total, cnncalc.macs(graph).total)


def test_a_model_needs_neither_onnx_nor_numpy() -> None:
    """What reads a file is ours and plain Python."""
    code = f"from cnncalc.cli import app\ntry:\n    app(['summary', {str(LIGHT / 'light_resnet50.onnx')!r}])\nexcept SystemExit:\n    pass\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set() == {"numpy", "onnx", "google", "torch"} & set(done.stdout.splitlines()[-1].split())
    assert "4,089,184,256" in done.stdout
