"""PyTorch's modules as they are in memory: what the tools say of them, to the integer, from the calls that are read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from other_tools import network, rows  # noqa: E402  # both need torch
from test_counting_tools import MODULES  # noqa: E402
from torch_code import CODE  # noqa: E402

import cnncalc  # noqa: E402
from cnncalc.counting import TOOLS, counted  # noqa: E402
from cnncalc.counting.forms import written  # noqa: E402

LAYERS = (
    "torchinfo", "fvcore", "ptflops", "ptflops-modules", "ptflops-aten", "thop", "calflops", "calflops-macs",
    "torchprofile", "torchscan", "flop-counter", "mmengine", "deepspeed",
)  # fmt: skip
"""The tools that look at modules, calls and traces."""

EXCEPTIONS: Mapping[tuple[str, str], str] = {
    **{
        (network, "torchprofile"): f"{products} products of numbers, from which the code works {what} out"
        for network, products, what in (
            ("tf_efficientnet_b0", 20, "its padding"), ("swin_t", 24, "its windows"), ("maxvit_t", 22, "its windows"),
            ("mobilevit_xxs", 15, "its patches"), ("xcit_nano_12_p16_224", 424, "the sines of its positions"),
        )
    },
    **{
        (f"MultiheadAttention {how}", "torchprofile"): f"{products} products of numbers, which are sizes"
        for how, products in (("without biases", 4), ("on others", 6))
    },
    **{
        ("MultiheadAttention without biases", tool): "the bias of the layer at the end, which it counts where there is none"
        for tool in ("ptflops", "ptflops-modules")
    },
    **{
        (network, "ptflops-aten"): "linear layers on rows that do not lie one behind another: their bias is an addition"
        for network in ("xcit_nano_12_p16_224", "mixer_s32_224")
    },
}  # fmt: skip
"""(network or layer, tool) whose figure is another, and why."""


def sizes(row: Mapping[str, str]) -> tuple[int, ...]:
    """The shape of one image."""
    return tuple(map(int, row["input"].split("x")))


def held(row: Mapping[str, str], name: str, module: Any) -> None:
    """Every tool says what the row has; where it gives no value, cnncalc says so."""
    graph = cnncalc.from_torch(module, sizes(row))
    compared = [tool for tool in LAYERS if row[tool] and (name, tool) not in EXCEPTIONS]

    assert {tool: row[tool] for tool in compared} == {tool: str(counted(graph, TOOLS[tool]).total) for tool in compared}


@pytest.mark.parametrize("row", rows("counting_layers.csv"), ids=lambda row: row["name"])
def test_a_module_counts_as_each_tool_says(row: Mapping[str, str]) -> None:
    """One layer, read from the module itself."""
    held(row, row["name"], MODULES[row["name"]]())


@pytest.mark.parametrize("row", rows("counting_code.csv"), ids=lambda row: row["name"])
def test_code_counts_as_each_tool_says(row: Mapping[str, str]) -> None:
    """Attention, recurrent layers, functions and operators as they are called."""
    held(row, row["name"], CODE[row["name"]]())


@pytest.mark.parametrize("row", rows("counting_modules.csv"), ids=lambda row: f"{row['library']}-{row['network']}")
def test_a_network_counts_as_each_tool_says(row: Mapping[str, str]) -> None:
    """torchvision's and timm's, as their code writes them: classes of their own, functions, methods, attention."""
    for package in ("torchvision", row["library"]):
        if not find_spec(package):
            pytest.skip(f"{package} is not installed")

    held(row, row["network"], network(row["network"], row["library"]))


def test_the_networks_are_enough() -> None:
    """A dozen of each library at least; no exception for a network or a tool that the tables do not have."""
    found = rows("counting_modules.csv")
    names = {row["network"] for row in found}
    names |= {row["name"] for table in ("counting_layers.csv", "counting_code.csv") for row in rows(table)}

    assert all(sum(row["library"] == library for row in found) >= 12 for library in ("torchvision", "timm"))
    assert {(name, tool) for name, tool in EXCEPTIONS if name not in names or tool not in LAYERS} == set()


@pytest.mark.parametrize(("name", "said"), [("resnet18", ""), ("mobilenet_v2", "globalavgpool=function")])
def test_a_spec_counts_as_the_module_does(name: str, said: str) -> None:
    """By every tool, with what the code writes as functions; but for dropouts, which are not in a trace."""
    if not find_spec("torchvision"):
        pytest.skip("torchvision is not installed")
    spec, module = cnncalc.load(name).inference, cnncalc.from_torch(network(name), (3, 224, 224))
    forms = written(spec, said.split())
    compared = [tool for tool in TOOLS.values() if tool.name != "torchscan-flops"]

    assert {tool.name: counted(spec, tool, forms).total for tool in compared} == {
        tool.name: counted(module, tool).total for tool in compared
    }
