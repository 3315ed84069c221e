"""A step of each kind of layer, with its arguments: the input that it reads, and how it is written; and noise to run it on."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnncalc.kernels.weights import initial

MAP, FLAT, ROW = "[6, 9, 8]", "[6]", "[4, 12]"
WORDS = "{shape: [1, 12], dtype: int64}"
STEPS = [
    (MAP, "conv: {out: 4, kernel: 3, stride: 2, padding: same, dilation: 1}"),
    (MAP, "conv: {out: 4, kernel: [3, 2], padding: [[1, 0], [0, 2]], groups: 2, bias: false}"),
    (MAP, "conv: {out: 3, kernel: 3, connections: [[0, 1, 5], [2], [1, 2, 3]]}"),
    (ROW, "conv: {out: 4, kernel: 3, dilation: 2, padding: causal}"),
    (MAP, "pointwise: {out: 4, stride: 2}"),
    (MAP, "depthwise: {kernel: 3, multiplier: 2, padding: half}"),
    (MAP, "upconv: {out: 4, kernel: 3, stride: 2, padding: half, output_padding: 1, groups: 2}"),
    (MAP, "upconv: {out: 4, kernel: 2, stride: 3, padding: same}"),
    (MAP, "linear: 5"),
    (MAP, "maxpool: {kernel: 3, stride: 2, padding: 1, round: ceil}"),
    (MAP, "avgpool: {kernel: 3, stride: 2, padding: 1, count_padding: false}"),
    (MAP, "avgpool: {kernel: 3, stride: 1, padding: same}"),
    (MAP, "l2pool: {kernel: 2}"),
    (MAP, "adaptiveavgpool: [3, 4]"),
    (MAP, "adaptiveavgpool: [4, 5]"),
    (MAP, "adaptivemaxpool: [2, 3]"),
    (MAP, "globalavgpool"),
    (MAP, "globalmaxpool"),
    (MAP, "mean: map"),
    (MAP, "mean: height"),
    (MAP, "sum: channels"),
    (MAP, "batchnorm: {eps: 0.01}"),
    (MAP, "batchnorm: {scale: false}"),
    (MAP, "batchnorm: {bias: false}"),
    (MAP, "layernorm: {bias: false}"),
    (MAP, "layernorm: {scale: false}"),
    (MAP, "layernorm: {over: channels, bias: false}"),
    (MAP, "layernorm: {over: channels, scale: false}"),
    (MAP, "groupnorm: {groups: 2, bias: false}"),
    (MAP, "groupnorm: {groups: 2, scale: false}"),
    (MAP, "instancenorm: {affine: true, bias: false}"),
    (MAP, "instancenorm: {affine: true, scale: false}"),
    (MAP, "layernorm"),
    (MAP, "layernorm: {over: channels}"),
    (MAP, "layernorm: {affine: false}"),
    (MAP, "layernorm: {over: width}"),
    (MAP, "layernorm: {over: height, affine: false}"),
    (MAP, "rmsnorm: channels"),
    (ROW, "rmsnorm: length"),
    (MAP, "groupnorm: 2"),
    (MAP, "groupnorm: {groups: 3, affine: false}"),
    (MAP, "instancenorm"),
    (MAP, "instancenorm: {affine: true}"),
    (MAP, "grn"),
    (MAP, "lrn: {size: 3, alpha: 0.1}"),
    (MAP, "l2norm"),
    (MAP, "scale"),
    (MAP, "bias: {per: element}"),
    (FLAT, "bias"),
    (MAP, "relu"),
    (MAP, "relu6"),
    (MAP, "leakyrelu: 0.2"),
    (MAP, "prelu"),
    (MAP, "prelu: {shared: true}"),
    (MAP, "elu: 0.5"),
    (MAP, "selu"),
    (MAP, "gelu"),
    (MAP, "gelu: tanh"),
    (MAP, "silu"),
    (MAP, "mish"),
    (MAP, "hardswish"),
    (MAP, "hardsigmoid"),
    (MAP, "hardtanh: {low: -0.2, high: 0.3}"),
    (MAP, "sigmoid"),
    (MAP, "tanh"),
    (MAP, "softplus"),
    (MAP, "softsign"),
    *((MAP, f'map: "{form}"') for form in ("x * 0.5", "1 - x", "max(x, 0.1)", "exp(x)", "-x", "x < 0.2", "x != 0.5")),
    (MAP, "softmax"),
    (MAP, "softmax: width"),
    (MAP, "maxout: 3"),
    (MAP, "abs"),
    (MAP, "square"),
    (MAP, "sqrt"),
    (MAP, "identity"),
    (MAP, "dropout: 0.3"),
    (MAP, "add: [prev, [relu], [tanh]]"),
    (MAP, "add: [prev, [{mean: map}]]"),
    (MAP, "sub: [prev, [tanh], [sigmoid]]"),
    (MAP, "mul: [prev, [globalavgpool, sigmoid]]"),
    (MAP, 'div: [prev, [{map: "x + 2"}]]'),
    (MAP, "maximum: [prev, [tanh]]"),
    (MAP, "minimum: [prev, [tanh], [sigmoid]]"),
    (MAP, "concat: [prev, [tanh]]"),
    (MAP, "concat: {axis: width, branches: [prev, [tanh]]}"),
    (MAP, "amax: map"),
    (MAP, "argmax: channels"),
    (MAP, "cumsum: height"),
    (ROW, "cumsum"),
    (FLAT, "cumsum: channels"),
    (MAP, "amin: width"),
    (MAP, "where: [[{map: x > 0.5}], prev, [tanh]]"),
    (MAP, "flip: width"),
    (MAP, "roll: {axis: width, by: -2}"),
    (MAP, "tile: {times: 3, axis: height}"),
    (MAP, "take: {entries: [2, 0, 2]}"),
    (MAP, "pad: {padding: 1, fill: 0.5}"),
    (ROW, "matmul: [prev, [{permute: [1, 0]}]]"),
    (MAP, "flatten"),
    (MAP, "reshape: [12, 0]"),
    (MAP, "permute: [1, 2, 0]"),
    (MAP, "pad: {padding: [[1, 0], [2, 1]], channels: [[1, 2]]}"),
    (MAP, "pad: {padding: 1, mode: reflect}"),
    (MAP, "crop: [4, 5]"),
    (MAP, "slice: {axis: width, start: -5, step: 2}"),
    (MAP, "split: {parts: 3, part: 1}"),
    (MAP, "channel_shuffle: 3"),
    ("[8, 3, 5]", "pixel_shuffle: 2"),
    (ROW, "pixel_shuffle: 2"),
    ("[2, 4, 6]", "space_to_depth: 2"),
    (MAP, "upsample: 2"),
    (MAP, "upsample: {size: [12, 20], mode: bilinear}"),
    (MAP, "upsample: {scale: 2, mode: bilinear, align_corners: true}"),
    (MAP, "upsample: {scale: 2, mode: bilinear, asymmetric: true}"),
    (MAP, "upsample: {size: [4, 11], mode: bicubic, asymmetric: true}"),
    (MAP, "upsample: {scale: 2, mode: bicubic}"),
    (ROW, "concat: [prev, [{learned: [3, 12]}]]"),
    (WORDS, "embedding: {count: 9, out: 5}"),
    ("{shape: [1, 4, 3], dtype: int32}", "embedding: {count: 7, out: 2}"),
    ("[1]", "embedding: {count: 5, out: 3}"),
]

SAMPLED = [
    (
        MAP,
        "deform_conv: {out: 4, kernel: 3, padding: half, groups: 2, branches: [prev, [{conv: {out: 18, kernel: 3, padding: half}}]]}",
    ),
    (
        MAP,
        "deform_conv: {out: 4, kernel: [3, 2], stride: [1, 2], dilation: 2, padding: 1, offset_groups: 3, bias: false, "
        "branches: [prev, [{conv: {out: 36, kernel: [3, 2], stride: [1, 2], dilation: 2, padding: 1}}], "
        "[{conv: {out: 18, kernel: [3, 2], stride: [1, 2], dilation: 2, padding: 1, act: sigmoid}}]]}",
    ),
    (MAP, "grid_sample: [prev, [{pointwise: 2}]]"),
    (MAP, "grid_sample: {mode: bicubic, beyond: border, align_corners: true, branches: [prev, [{pointwise: 2}]]}"),
    (MAP, "grid_sample: {mode: nearest, beyond: reflection, branches: [prev, [{pointwise: 2}]]}"),
    ("[6, 4, 5, 3]", "grid_sample: {beyond: border, branches: [prev, [{pointwise: 3}]]}"),
    ("{x: [6, 9, 8], boxes: [4, 5]}", "roi_align: {size: [2, 3], scale: 4, branches: [x, boxes]}"),
    (
        "{x: [6, 9, 8], boxes: [4, 5]}",
        "roi_align: {size: 3, scale: 8, samples: 2, aligned: true, branches: [x, boxes]}",
    ),
    (MAP, "argmaxpool: {kernel: 3, stride: 2, padding: 1}"),
    (MAP, "argmaxpool: {kernel: 2, round: ceil}"),
    (MAP, "max_unpool: {kernel: 2, size: [9, 8], branches: [[{maxpool: 2}], [{argmaxpool: 2}]]}"),
    (
        MAP,
        "max_unpool: {kernel: 3, stride: 2, padding: 1, size: [9, 8], branches: [[{maxpool: {kernel: 3, stride: 2, padding: 1}}, "
        "tanh], [{argmaxpool: {kernel: 3, stride: 2, padding: 1}}, identity]]}",
    ),
    (ROW, "max_unpool: {kernel: 2, branches: [[{maxpool: 2}], [{argmaxpool: 2}]]}"),
]
"""Steps that read or write a map at places that another tensor says."""

MORE = [
    ("[4, 12]", "lstm: 5"),
    (MAP, "rmsnorm"),
    (MAP, "rmsnorm: {over: channels, affine: false}"),
    ("[4, 12]", "gru: {hidden: 3, bidirectional: true}"),
    ("[4, 12]", "rnn: 3"),
    ("[6, 9, 8]", "avgpool: {kernel: 3, stride: 2, padding: [[0, 1], [1, 0]]}"),
]
"""Steps that not every format has."""


def noise(graph: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights near those that are drawn first, and inputs, the same each time."""
    draw = np.random.default_rng(1)
    weights = {
        name: np.ascontiguousarray(
            draw.uniform(0.5, 1.5, values.shape) if "running" in name else values + draw.uniform(0, 0.1, values.shape),
            np.float32,
        )
        for name, values in initial(graph).items()
    }
    return weights, inputs_of(graph, draw)


def inputs_of(graph: Any, draw: np.random.Generator) -> dict[str, Any]:
    """Numbers between 0 and 1, or whole ones below the rows of a table."""
    rows = min((vars(node.layer)["count"] for node in graph.nodes if node.kind == "embedding"), default=0)
    types = {"int64": np.int64, "int32": np.int32}
    return {
        name: (draw.integers(0, rows, shape) if rows else draw.uniform(0, 1, shape)).astype(
            types.get(graph.input_dtypes.get(name, ""), np.float32)
        )
        for name, shape in graph.inputs.items()
    }
