"""Whole networks of the zoo against PyTorch, an independent witness."""

from __future__ import annotations

import numpy as np
import pytest

from cnncalc.analyses import params
from cnncalc.engine.ready import Ready
from cnncalc.kernels import weights as first
from cnncalc.kernels.backward import upstream
from cnncalc.kernels.execute import run
from cnncalc.opening import load

torch = pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0 (a CPU build)")
F = torch.nn.functional

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


def pairs(layer, sizes, kernel, stride, dilation):
    """The zeros before and after each axis, from the words of PyTorch and TensorFlow."""
    found = []
    for n, k, s, d, padding in zip(sizes, kernel, stride, dilation, layer.padding, strict=True):
        extent = (k - 1) * d + 1
        total = max((-(-n // s) - 1) * s + extent - n, 0)
        words = {
            "valid": (0, 0),
            "half": (extent // 2, extent // 2),
            "same": (total // 2, total - total // 2),
        }
        found.append(words[padding] if isinstance(padding, str) else padding)
    return found


def around(x, pads, value=0.0):
    """PyTorch's padding names the last axis first."""
    return F.pad(x, [n for pair in reversed(pads) for n in pair], value=value)


def convolution(layer, x, w):
    """Dense, grouped, depthwise and pointwise."""
    kernel = getattr(layer, "kernel", (1, 1))
    dilation = getattr(layer, "dilation", (1, 1))
    groups = x.shape[1] if layer.kind == "depthwise" else layer.groups
    x = around(x, pairs(layer, x.shape[2:], kernel, layer.stride, dilation))
    return F.conv2d(x, w["weight"], w.get("bias"), layer.stride, 0, dilation, groups)


def pool(layer, x, w):
    """The largest element or the mean; uneven padding is not PyTorch's and not the zoo's."""
    stride = layer.stride or layer.kernel
    pads = pairs(layer, x.shape[2:], layer.kernel, stride, layer.dilation)
    ceil = layer.round == "ceil"
    if layer.kind == "maxpool":
        if any(before != after for before, after in pads):
            return F.max_pool2d(around(x, pads, float("-inf")), layer.kernel, stride, 0, layer.dilation, ceil)
        return F.max_pool2d(x, layer.kernel, stride, [b for b, _ in pads], layer.dilation, ceil)
    assert all(before == after for before, after in pads)
    return F.avg_pool2d(x, layer.kernel, stride, [b for b, _ in pads], ceil, layer.count_padding)


def crop(layer, x, w):
    """The middle."""
    height, width = layer.size
    top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, top : top + height, left : left + width]


def norm(layer, x, w):
    """By stored statistics."""
    return F.batch_norm(x, w["running_mean"], w["running_var"], w.get("weight"), w.get("bias"), eps=layer.eps)


TWINS = {
    **dict.fromkeys(("conv", "pointwise", "depthwise"), convolution),
    **dict.fromkeys(("maxpool", "avgpool"), pool),
    "upconv": lambda a, x, w: F.conv_transpose2d(
        x,
        w["weight"],
        w.get("bias"),
        a.stride,
        [before for before, _ in a.padding],
        a.output_padding,
        a.groups,
    ),
    "linear": lambda a, x, w: F.linear(x, w["weight"], w.get("bias")),
    "globalavgpool": lambda a, x, w: F.adaptive_avg_pool2d(x, 1),
    "batchnorm": norm,
    "lrn": lambda a, x, w: F.local_response_norm(x, a.size, a.alpha * a.size, a.beta, a.k),
    "relu": lambda a, x, w: F.relu(x),
    "relu6": lambda a, x, w: F.relu6(x),
    "silu": lambda a, x, w: F.silu(x),
    "sigmoid": lambda a, x, w: torch.sigmoid(x),
    "tanh": lambda a, x, w: torch.tanh(x),
    "softmax": lambda a, x, w: torch.softmax(x, 1),
    "dropout": lambda a, x, w: x,
    "flatten": lambda a, x, w: x.flatten(1),
    "channel_shuffle": lambda a, x, w: F.channel_shuffle(x, a.groups),
    "split": lambda a, x, w: x.chunk(a.parts, 1)[a.part],
    "crop": crop,
}
JOINS = {"add": sum, "concat": lambda xs: torch.cat(xs, 1), "mul": lambda xs: torch.mul(*xs)}


def twin(graph, weights, image):
    """The output by PyTorch, node after node."""
    arrays = {name: torch.from_numpy(image)[None] for name in graph.inputs}
    for node in graph.nodes:
        inputs = [arrays[name] for name in node.inputs]
        names = (*node.weights, *node.buffers)
        own = {name: torch.from_numpy(weights[f"{node.weights_of}.{name}"]) for name in names}
        if node.kind in JOINS:
            arrays[node.name] = JOINS[node.kind](inputs)
        else:
            arrays[node.name] = TWINS[node.kind](node.layer, inputs[0], own)
    return arrays[graph.output][0].numpy()


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
