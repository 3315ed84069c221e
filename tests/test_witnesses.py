"""Whole networks of the zoo against PyTorch, an independent witness."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cnncalc.analyses.params import params
from cnncalc.engine.ready import Ready
from cnncalc.kernels import weights as first
from cnncalc.kernels.backward import upstream
from cnncalc.kernels.execute import run
from cnncalc.opening import load

torch = pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0 (a CPU build)")
sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))
from eager import twin  # noqa: E402 - a script's module, and only where there is PyTorch

# fmt: off
NETWORKS = [
    # network, its input (smaller than its own where that takes long)
    ("lenet5", (1, 32, 32)),
    ("alexnet", (3, 227, 227)),
    ("vgg16", (3, 96, 96)),
    ("resnet50", (3, 97, 97)),
    ("googlenet", (3, 112, 112)),
    ("mobilenet_v2", (3, 127, 127)),
    ("densenet121", (3, 96, 96)),
    ("unet", (1, 188, 188)),
    ("shufflenet_v2", (3, 128, 128)),
    ("efficientnet_b0", (3, 130, 130)),
    ("inception_v3", (3, 139, 139)),
]
# fmt: on


def moved(weights):
    """Weights of which none is 0 or 1 throughout, as trained ones are."""
    draw = np.random.default_rng(1)
    ranges = {"running_var": (0.5, 2), "running_mean": (-0.2, 0.2), "bias": (-0.2, 0.2)}
    values = dict(weights)
    for name, weight in weights.items():
        kind = name.rpartition(".")[2]
        if kind in ranges:
            values[name] = draw.uniform(*ranges[kind], weight.shape).astype(weight.dtype)
    return values


@pytest.mark.parametrize(("name", "size"), NETWORKS, ids=[name for name, _ in NETWORKS])
def test_networks_compute_what_pytorch_computes(name, size):
    """The scores are PyTorch's: layer by layer, made ready with two threads, and with fewer multiplications."""
    graph = load(name, input=size).inference
    last = graph.by_name[graph.output]
    graph = upstream(graph, last.inputs[0] if last.kind == "softmax" else last.name)
    weights = moved(first.initial(graph))
    image = np.random.default_rng(0).uniform(-1, 1, size).astype(np.float32)
    with torch.inference_mode():
        expected = twin(graph, weights, image)
    plain = run(graph, image, weights)
    done = [
        plain,
        Ready(graph, weights, winograd=False, threads=2).run(image),
        Ready(graph, weights).run(image),
    ]

    assert expected.std() > 0
    performed = [sum(ours.multiplications.values()) for ours in done]
    for ours in done:
        np.testing.assert_allclose(ours.arrays[graph.output], expected, rtol=1e-3, atol=1e-4 * abs(expected).max())
    assert performed[0] == performed[1] >= performed[2]


def module(node):
    """The layer as a PyTorch module without values, or None for one without weights."""
    nn, a, channels = torch.nn, node.layer, node.incoming[0][0]
    with torch.device("meta"):
        match node.kind:
            case "conv" | "pointwise":
                return nn.Conv2d(channels, a.out, getattr(a, "kernel", 1), groups=a.groups, bias=a.bias)
            case "depthwise":
                return nn.Conv2d(channels, channels * a.multiplier, a.kernel, groups=channels, bias=a.bias)
            case "upconv":
                return nn.ConvTranspose2d(channels, a.out, a.kernel, groups=a.groups, bias=a.bias)
            case "linear":
                return nn.Linear(channels, a.out, bias=a.bias)
            case "batchnorm":
                return nn.BatchNorm2d(channels, affine=a.affine)
    return None


WITH_SCALES = [name for name, _ in NETWORKS if name != "inception_v3"]
"""The norms of Inception v3 have a shift and no scale, which PyTorch's modules cannot have."""


@pytest.mark.parametrize("name", WITH_SCALES)
def test_parameters_are_those_of_the_modules(name):
    """The parameters of the whole network are those of PyTorch's modules."""
    graph = load(name).inference
    modules = [made for node in graph.nodes if (made := module(node)) is not None]

    assert sum(p.numel() for made in modules for p in made.parameters()) == params(graph).total
