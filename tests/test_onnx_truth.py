"""Whole ONNX models against what onnxruntime makes of them: every tensor's shape, and the MACs that follow from those.

`CNNCALC_REAL=FOLDER pytest tests/test_onnx_truth.py` holds every model of a folder, with a `truth.json` beside them
where there is one. Nothing is fetched.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import cnncalc

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from onnx_truth import compared, models

LIGHT = Path(__file__).parent / "data" / "onnx"
REAL = os.environ.get("CNNCALC_REAL", "")


@pytest.mark.parametrize("name", ["light_bvlc_alexnet", "light_inception_v1", "light_shufflenet", "light_squeezenet"])
def test_every_tensor_of_a_small_file(name: str, tmp_path: Path) -> None:
    """Files without weights, as the onnx package ships them."""
    verdict = compared(LIGHT / f"{name}.onnx", {}, tmp_path / "said.onnx")

    assert (True, True) == (verdict.good, verdict.compared), verdict.text


@pytest.mark.parametrize(
    ("path", "entry"), [pytest.param(*one, id=str(one[0])) for one in models([REAL])] if REAL else []
)
def test_every_tensor_of_a_real_file(path: Path, entry: dict[str, Any], tmp_path: Path) -> None:
    """Other people's models, where a folder of them is given."""
    verdict = compared(path, entry, tmp_path / "said.onnx")
    if not verdict.compared:
        pytest.skip(verdict.text)

    assert verdict.good, verdict.text


def _networks() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Small networks as people write them, each with the shape of its input."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.SiLU(),
                nn.Conv2d(width, width, 3, padding=1, groups=width), nn.GroupNorm(4, width),
            )  # fmt: skip
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, 4, 1), nn.Hardswish(),
                                      nn.Conv2d(4, width, 1), nn.Hardsigmoid())  # fmt: skip

        def forward(self, x: Any) -> Any:
            y = self.body(x)
            return nn.functional.relu(x + y * self.gate(y))

    class Sequence(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(1, 8, 3, padding=1)
            self.states = nn.GRU(8 * 16, 12, bidirectional=True, batch_first=True)
            self.head = nn.Linear(24, 5)

        def forward(self, x: Any) -> Any:
            y = self.stem(x).permute(0, 3, 1, 2).flatten(2)
            return self.head(self.states(y)[0]).log_softmax(-1)

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cut = nn.Conv2d(3, 24, 8, 8)
            self.norm = nn.LayerNorm(24)
            self.queries = nn.Linear(24, 72)
            self.out = nn.Sequential(nn.Linear(24, 96), nn.GELU(), nn.Linear(96, 24))

        def forward(self, x: Any) -> Any:
            y = self.norm(self.cut(x).flatten(2).transpose(1, 2))
            images, length, width = y.shape
            q, k, v = self.queries(y).reshape(images, length, 3, 4, width // 4).permute(2, 0, 3, 1, 4).unbind(0)
            mixed = ((q * 0.4) @ k.transpose(-2, -1)).softmax(-1) @ v
            return self.out(mixed.transpose(1, 2).reshape(images, length, width)).mean(1)

    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 16, 3, 2, 1)
            self.deep = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), nn.PReLU(32), nn.ConvTranspose2d(32, 16, 2, 2))
            self.up = nn.Sequential(nn.Conv2d(32, 16, 1), nn.PixelShuffle(2))

        def forward(self, x: Any) -> Any:
            import torch

            y = self.down(x)
            return nn.functional.interpolate(self.up(torch.cat([y, self.deep(y)], 1)), scale_factor=2)

    residual = nn.Sequential(
        nn.Conv2d(3, 16, 5, 2), Residual(16), nn.AvgPool2d(3, 2, 1), nn.Flatten(1), nn.LazyLinear(10)
    )
    return {
        "residual": (residual, (3, 32, 32)),
        "sequence": (Sequence(), (1, 16, 20)),
        "tokens": (Tokens(), (3, 32, 32)),
        "pyramid": (Pyramid(), (3, 24, 32)),
    }


@pytest.mark.parametrize("images", [1, 4])
@pytest.mark.parametrize("name", ["residual", "sequence", "tokens", "pyramid"])
def test_an_export_of_pytorch_has_its_figures(name: str, images: int, tmp_path: Path) -> None:
    """Parameters as the module has them, MACs as PyTorch counts them, every tensor as onnxruntime makes it."""
    torch = pytest.importorskip("torch")
    import copy
    import warnings

    from torch.utils.flop_counter import FlopCounterMode

    module, shape = _networks()[name]
    x, path = torch.zeros(images, *shape), tmp_path / f"{name}.onnx"
    module(x)
    module = module.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, (x,), path, opset_version=17, dynamo=False, input_names=["x"], do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )  # fmt: skip
    graph = cnncalc.load(path)
    lean = copy.deepcopy(module).to("meta")
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        lean(torch.empty(1, *shape, device="meta"))
    recurrent = 20 * 2 * 3 * 12 * (128 + 12) if name == "sequence" else 0  # on meta FlopCounterMode counts it or not

    assert sum(p.numel() for p in module.parameters()) == cnncalc.params(graph).total
    assert cnncalc.macs(graph).total in (flops.get_total_flops() // 2, flops.get_total_flops() // 2 + recurrent)
    verdict = compared(path, {}, tmp_path / "said.onnx")
    assert (True, True) == (verdict.good, verdict.compared), verdict.text
