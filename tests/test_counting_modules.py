"""PyTorch's modules as they are in memory: what the tools say of them, to the integer, from the calls that are read."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from counting_exceptions import OF_CODE as EXCEPTIONS  # noqa: E402
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


class Looked(torch.nn.Module):  # type: ignore[misc,name-defined]
    """The rows of a table that the first channel says: tools put in what is no place of a row, so theirs reads none."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Embedding(20, 6)

    def forward(self, x: Any) -> Any:
        """Rows."""
        return self.layer(x[:, 0].long())


def sizes(row: Mapping[str, str]) -> tuple[int, ...]:
    """The shape of one image."""
    return tuple(map(int, row["input"].split("x")))


def held(row: Mapping[str, str], name: str, module: Any) -> None:
    """Every tool says what the row has; where it gives no value, cnncalc says so."""
    graph = cnncalc.from_torch(module, sizes(row))
    counts_params(row, graph)
    compared = [tool for tool in LAYERS if row[tool] and (name, tool) not in EXCEPTIONS]

    assert {tool: row[tool] for tool in compared} == {tool: str(counted(graph, TOOLS[tool]).total) for tool in compared}


def counts_params(row: Mapping[str, str], graph: cnncalc.Graph) -> None:
    """With the parameters that evaluation does not use (auxiliary heads), but for thop, which has those of what ran."""
    tools = [name for name in ("torchinfo", "ptflops", "thop", "calflops") if row.get(f"{name} params")]

    assert {name: row[f"{name} params"] for name in tools} == {
        name: str(cnncalc.reports.params_as(graph, name).data["total"]) for name in tools
    }


@pytest.mark.parametrize("row", rows("counting_layers.csv"), ids=lambda row: row["name"])
def test_a_module_counts_as_each_tool_says(row: Mapping[str, str]) -> None:
    """One layer, read from the module itself."""
    held(row, row["name"], Looked() if row["name"] == "embedding" else MODULES[row["name"]]())


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


@pytest.mark.parametrize(
    ("name", "said"), [("resnet18", ""), ("resnet50", ""), ("mobilenet_v2", "globalavgpool=function")]
)
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


VGG = {
    "fvcore": 25088, "ptflops": 2 * 25088 - 1000, "thop": 2 * 25088 - 2999, "calflops": 25088 - 1000,
    "torchprofile": 25088, "flop-counter": 0, "torchinfo": 0,
}  # fmt: skip
"""Tool -> what torchvision's VGG-16 has more than the paper's: a pool of 7x7 to 7x7 more, the softmax of 1000 less."""


def test_torchvision_has_a_pool_that_the_paper_has_not() -> None:
    """25,088 elements, in and out; a softmax is 1000 elements, and 3 * 1000 - 1 operations."""
    if not find_spec("torchvision"):
        pytest.skip("torchvision is not installed")
    spec, module = cnncalc.load("vgg16").inference, cnncalc.from_torch(network("vgg16"), (3, 224, 224))

    assert VGG == {name: counted(module, TOOLS[name]).total - counted(spec, TOOLS[name]).total for name in VGG}
