"""The tools themselves, run where they are installed: what each says of layers and of networks is what the tables have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import other_tools
import pytest
from other_tools import FIGURES, TOOLS, measured, missing, rows

import cnncalc
from cnncalc.counting import TOOLS as TOOLS_KNOWN
from cnncalc.counting import counted

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

torch = pytest.importorskip("torch", reason="PyTorch is not installed: the tools have nothing to look at")
nn = torch.nn

from torch_code import CODE  # noqa: E402  # needs torch


class Along(nn.Module):  # type: ignore[misc,name-defined]
    """A recurrent layer whose features are the channels."""

    def __init__(self, layer: Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Rows of features, and back."""
        return self.layer(x.transpose(1, 2).contiguous())[0].transpose(1, 2)


class First(nn.Module):  # type: ignore[misc,name-defined]
    """The first row of a table at each position, whatever a tool puts in."""

    def __init__(self, layer: Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Rows."""
        return self.layer(torch.zeros_like(x[:, 0], dtype=torch.int64))


class Joined(nn.Module):  # type: ignore[misc,name-defined]
    """Its input, joined with what comes of it."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor], *branch: Module) -> None:
        super().__init__()
        self.join, self.branch = join, nn.Sequential(*branch)

    def forward(self, x: Tensor) -> Tensor:
        """Both, joined."""
        return self.join(x, self.branch(x))


MODULES: Mapping[str, Callable[[], Any]] = {
    "conv same": lambda: Alone(nn.Conv2d(4, 8, 3, padding="same")),
    "conv bias": lambda: Alone(nn.Conv2d(4, 8, 3, stride=2)),
    "conv grouped": lambda: Alone(nn.Conv2d(4, 8, 3, groups=2, bias=False)),
    "depthwise": lambda: Alone(nn.Conv2d(4, 4, 3, groups=4)),
    "conv 1d": lambda: Alone(nn.Conv1d(4, 8, 3)),
    "conv 3d": lambda: Alone(nn.Conv3d(4, 8, 3)),
    "upconv": lambda: Alone(nn.ConvTranspose2d(8, 6, 2, stride=2)),
    "upconv square": lambda: Alone(nn.ConvTranspose2d(8, 8, 2, stride=2)),
    "upconv grouped": lambda: Alone(nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1, groups=2, bias=False)),
    "linear": lambda: Alone(nn.Linear(16, 10)),
    "linear plain": lambda: Alone(nn.Linear(16, 10, bias=False)),
    "maxpool": lambda: Alone(nn.MaxPool2d(3, 2)),
    "maxpool oblong": lambda: Alone(nn.MaxPool2d((2, 3))),
    "avgpool": lambda: Alone(nn.AvgPool2d(3, 2, 1)),
    "avgpool 1d": lambda: Alone(nn.AvgPool1d(3)),
    "maxpool 3d": lambda: Alone(nn.MaxPool3d(2)),
    "adaptive": lambda: Alone(nn.AdaptiveAvgPool2d(3)),
    "adaptive uneven": lambda: Alone(nn.AdaptiveAvgPool2d(3)),
    "adaptive wider": lambda: Alone(nn.AdaptiveAvgPool2d(7)),
    "adaptive max": lambda: Alone(nn.AdaptiveMaxPool2d(3)),
    "globalavg 1d": lambda: Alone(nn.AdaptiveAvgPool1d(1)),
    "globalmax": lambda: Alone(nn.AdaptiveMaxPool2d(1)),
    "batchnorm": lambda: Alone(nn.BatchNorm2d(4)),
    "batchnorm plain": lambda: Alone(nn.BatchNorm2d(4, affine=False)),
    "layernorm": lambda: Alone(nn.LayerNorm([4, 12, 12])),
    "layernorm vector": lambda: Alone(nn.LayerNorm(16)),
    "layernorm plain": lambda: Alone(nn.LayerNorm([4, 12, 12], elementwise_affine=False)),
    "groupnorm": lambda: Alone(nn.GroupNorm(2, 4)),
    "instancenorm": lambda: Alone(nn.InstanceNorm2d(4)),
    "instancenorm affine": lambda: Alone(nn.InstanceNorm2d(4, affine=True)),
    "lrn": lambda: Alone(nn.LocalResponseNorm(5)),
    "relu": lambda: Alone(nn.ReLU()),
    "relu6": lambda: Alone(nn.ReLU6()),
    "leakyrelu": lambda: Alone(nn.LeakyReLU()),
    "prelu": lambda: Alone(nn.PReLU(4)),
    "elu": lambda: Alone(nn.ELU()),
    "selu": lambda: Alone(nn.SELU()),
    "gelu": lambda: Alone(nn.GELU()),
    "silu": lambda: Alone(nn.SiLU()),
    "mish": lambda: Alone(nn.Mish()),
    "hardswish": lambda: Alone(nn.Hardswish()),
    "hardsigmoid": lambda: Alone(nn.Hardsigmoid()),
    "hardtanh": lambda: Alone(nn.Hardtanh()),
    "sigmoid": lambda: Alone(nn.Sigmoid()),
    "tanh": lambda: Alone(nn.Tanh()),
    "softplus": lambda: Alone(nn.Softplus()),
    "softsign": lambda: Alone(nn.Softsign()),
    "softmax": lambda: Alone(nn.Softmax(1)),
    "softmax map": lambda: Alone(nn.Softmax(1)),
    "softmax over height": lambda: Alone(nn.Softmax(2)),
    "dropout": lambda: Alone(nn.Dropout(0.5)),
    "upsample": lambda: Alone(nn.Upsample(scale_factor=2)),
    "upsample bilinear": lambda: Alone(nn.Upsample(scale_factor=2, mode="bilinear")),
    "upsample size": lambda: Alone(nn.Upsample(size=(9, 11), mode="bilinear")),
    "upsample bicubic": lambda: Alone(nn.Upsample(scale_factor=2, mode="bicubic")),
    "upsample 1d": lambda: Alone(nn.Upsample(scale_factor=2, mode="linear")),
    "pixel_shuffle": lambda: Alone(nn.PixelShuffle(2)),
    "add": lambda: Alone(Joined(lambda x, y: x + y, nn.ReLU())),
    "mul": lambda: Alone(Joined(lambda x, y: x * y, nn.Sigmoid())),
    "gate": lambda: Alone(Joined(lambda x, y: x * y, nn.AdaptiveAvgPool2d(1), nn.Sigmoid())),
    "concat": lambda: Alone(Joined(lambda x, y: torch.cat([x, y], 1), nn.ReLU())),
    "mean": lambda: Alone(Joined(lambda x, y: x.mean([2, 3]))),
    "lstm": lambda: Alone(Along(nn.LSTM(16, 8, batch_first=True))),
    "lstm both ways": lambda: Alone(Along(nn.LSTM(16, 8, batch_first=True, bidirectional=True))),
    "lstm plain": lambda: Alone(Along(nn.LSTM(16, 8, batch_first=True, bias=False))),
    "gru": lambda: Alone(Along(nn.GRU(16, 8, batch_first=True))),
    "rnn": lambda: Alone(Along(nn.RNN(16, 8, batch_first=True))),
    "embedding": lambda: Alone(First(nn.Embedding(20, 6))),
    "conv same even": lambda: Alone(nn.Conv2d(4, 8, 4, padding="same")),
    "adaptive equal": lambda: Alone(nn.AdaptiveAvgPool2d(7)),
    "adaptive thirteen": lambda: Alone(nn.AdaptiveAvgPool2d(6)),
}
"""The layers of tests/data/counting_layers.csv, as PyTorch has them."""


class Alone(nn.Module):  # type: ignore[misc,name-defined]
    """One layer in a network, which has a parameter: calflops asks it for its device."""

    def __init__(self, layer: Module) -> None:
        super().__init__()
        self.layer, self.parameter = layer, nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """The layer."""
        return self.layer(x)


def figures(package: str, row: Mapping[str, str], module: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What a table has for a tool, and what the tool says now."""
    shape = tuple(map(int, row["input"].split("x")))
    said = measured(package, module, shape)
    names = [name for name in FIGURES[package] if name in row]
    return {name: row[name] for name in names}, {name: "" if said[name] is None else str(said[name]) for name in names}


@pytest.mark.parametrize("package", TOOLS)
def test_a_tool_says_of_a_layer_what_the_table_has(package: str) -> None:
    """Every layer of the table, to the integer; where the table has nothing the tool fails."""
    if why := missing(package):
        pytest.skip(why)
    differing = []
    for table, made in (("counting_layers.csv", MODULES), ("counting_code.csv", CODE)):
        for row in rows(table):
            if any(name in row for name in FIGURES[package]):
                wanted, said = figures(package, row, made[row["name"]]())
                differing += [(row["name"], wanted, said)] * (wanted != said)

    assert [] == differing


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "shufflenet_v2_x1_0", "mobilenet_v3_large"])
@pytest.mark.parametrize("package", TOOLS)
def test_a_tool_says_of_a_network_what_the_table_has(package: str, name: str) -> None:
    """torchvision's own, without weights."""
    if why := missing(package) or missing_torchvision():
        pytest.skip(why)
    row = next(row for row in rows("counting_networks.csv") if row["network"] == name)
    wanted, said = figures(package, row, other_tools.network(name))

    assert wanted == said


def missing_torchvision() -> str:
    """Why there is no torchvision, or nothing."""
    from importlib.util import find_spec

    return "" if find_spec("torchvision") else "torchvision is not installed"


def test_every_layer_of_the_table_is_a_module_here() -> None:
    """No row is without its witness, and no witness without its row."""
    assert {row["name"] for row in rows("counting_layers.csv")} == set(MODULES)
    assert {row["name"] for row in rows("counting_code.csv")} == set(CODE)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "densenet121"])
def test_a_network_out_of_pytorch_counts_as_its_spec_does(name: str, tmp_path: Path) -> None:
    """Exported with its batch norms, read, and counted by every tool: to the integer, but for dropouts, which are gone."""
    if why := missing_torchvision():
        pytest.skip(why)
    pytest.importorskip("onnx", reason="onnx is not installed, which the exporter needs")
    path = tmp_path / "net.onnx"
    with other_tools.quiet():
        torch.onnx.export(
            other_tools.network(name).eval(),
            (torch.zeros(1, 3, 224, 224),),
            str(path),
            opset_version=17,
            dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    imported, spec = cnncalc.load(path), cnncalc.load(name)
    compared = [tool for tool in TOOLS_KNOWN.values() if tool.name != "torchscan-flops"]

    assert [counted(spec, tool).total for tool in compared] == [counted(imported, tool).total for tool in compared]
