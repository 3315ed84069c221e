"""Modules of `torch.nn`, one alone in a network: its parameters, MACs and numbers are PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cnncalc

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

ROW, MAP, BLOCK = (4, 12), (4, 12, 12), (4, 8, 8, 8)


def without(norm: Any, name: str) -> Any:
    """A norm that learns no `weight`, or no `bias`."""
    norm.register_parameter(name, None)
    return norm


NORMS = {
    "LayerNorm": (lambda: nn.LayerNorm((4, 12, 12), bias=False), MAP, "layernorm"),
    "LayerNorm of the last axis": (lambda: nn.LayerNorm(12, bias=False), MAP, "layernorm"),
    "LayerNorm without a scale": (lambda: without(nn.LayerNorm((4, 12)), "weight"), ROW, "layernorm"),
    "GroupNorm": (lambda: without(nn.GroupNorm(2, 4, eps=0.01), "bias"), MAP, "groupnorm"),
    "GroupNorm without a scale": (lambda: without(nn.GroupNorm(2, 4), "weight"), ROW, "groupnorm"),
    "BatchNorm3d": (lambda: without(nn.BatchNorm3d(4, eps=0.01), "bias"), BLOCK, "batchnorm"),
    "BatchNorm2d without a scale": (lambda: without(nn.BatchNorm2d(4), "weight"), MAP, "batchnorm"),
    "InstanceNorm1d": (lambda: without(nn.InstanceNorm1d(4, affine=True), "bias"), ROW, "instancenorm"),
}


def drawn(make: Callable[[], Any]) -> Any:
    """The module with numbers drawn for all that it learns and stores."""
    torch.manual_seed(0)
    module = make().eval()
    for parameter in module.parameters():
        parameter.data.uniform_(-1, 1)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    return module


def agree(module: Any, shape: tuple[int, ...]) -> cnncalc.Graph:
    """The network of a module, whose parameters and output are PyTorch's."""
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.from_numpy(image)[None])[0].numpy()
    graph = cnncalc.from_torch(module, shape)
    assert graph.stored is not None
    given = image.reshape(next(iter(graph.inputs.values())))
    output = cnncalc.run(graph, given, graph.stored.read(graph, np.float32)).output  # type: ignore[arg-type]

    assert sum(one.numel() for one in module.parameters()) == cnncalc.params(graph).total
    assert np.sort(np.ravel(output)) == pytest.approx(np.sort(np.ravel(wanted)), rel=1e-4, abs=1e-5)
    return graph


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_with_a_scale_or_a_shift_alone_is_one_layer(name: str) -> None:
    """Not a norm that learns nothing and a layer behind it, which a tool would count twice."""
    make, shape, kind = NORMS[name]

    graph = agree(drawn(make), shape)

    assert kind in [node.kind for node in graph.nodes]
    assert {kind, "permute"}.issuperset(node.kind for node in graph.nodes)
