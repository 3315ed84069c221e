"""A network by PyTorch, layer by layer: what the benchmarks run beside cnncalc, and what the tests compare it with."""

from __future__ import annotations

import torch

F = torch.nn.functional


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
    if any(before != after for before, after in pads):
        raise ValueError("uneven padding of a mean")
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
