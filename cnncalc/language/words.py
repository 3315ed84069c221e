"""The words of the language besides the layer kinds, and the words of others that people bring along."""

from __future__ import annotations

TOP_KEYS = ("name", "source", "input", "vars", "defaults", "blocks", "net", "expect", "budget", "notes")
INPUT_KEYS = ("shape", "dtype")
MODIFIERS = ("as", "from", "when", "repeat", "first", "last", "each", "share", "frozen", "train_only")
OPERATIONS = ("for", "do", "head")
BRANCH_KEYS = frozenset({"from", "do", "when"})
SUGAR = ("norm", "act")


def switches_off(sugar: str, word: object) -> bool:
    """Whether `norm: none` or `act: none` is meant, in YAML's words, Python's, or (of an activation) Keras's."""
    return word in (None, "none", "None") or word is False or (sugar == "act" and word == "linear")


OTHER_TOP_WORDS = {
    "layers": "net",
    "model": "net",
    "network": "net",
    "steps": "net",
    "inputs": "input",
    "variables": "vars",
    "params": "vars",
    "functions": "blocks",
    "modules": "blocks",
}
"""What people call the keys of a spec -> the key."""

OTHER_WORDS = {
    "filters": "out",
    "features": "out",
    "units": "out",
    "channels": "out",
    "out_channels": "out",
    "out_features": "out",
    "kernel_size": "kernel",
    "filter": "kernel",
    "size": "kernel",
    "ksize": "kernel",
    "strides": "stride",
    "pad": "padding",
    "pads": "padding",
    "dilation_rate": "dilation",
    "dilations": "dilation",
    "use_bias": "bias",
    "group": "groups",
    "activation": "act",
    "normalization": "norm",
    "ceil_mode": "round",
    "count_include_pad": "count_padding",
    "negative_slope": "slope",
    "scale_factor": "scale",
    "p": "rate",
    "embedding_dim": "out",
    "output_dim": "out",
    "num_embeddings": "count",
    "input_dim": "count",
    "vocab_size": "count",
    "conv1d": "the number of axes comes from `input`: write `conv`",
    "conv2d": "the number of axes comes from `input`: write `conv`",
    "conv3d": "the number of axes comes from `input`: write `conv`",
    "convtranspose": "write `upconv`",
    "convtranspose2d": "write `upconv`",
    "deconv": "write `upconv`",
    "maxpool2d": "the number of axes comes from `input`: write `maxpool`",
    "avgpool2d": "the number of axes comes from `input`: write `avgpool`",
    "maxpooling2d": "the number of axes comes from `input`: write `maxpool`",
    "batchnorm2d": "write `batchnorm`",
    "bn": "write `batchnorm`",
    "batchnormalization": "write `batchnorm`",
    "dense": "write `linear`",
    "fc": "write `linear`",
    "gap": "write `globalavgpool`",
    "globalaveragepooling2d": "write `globalavgpool`",
    "global_avg_pool": "write `globalavgpool`",
    "adaptive_avg_pool2d": "write `adaptiveavgpool`",
    "swish": "write `silu`",
    "leaky_relu": "write `leakyrelu`",
    "concatenate": "write `concat`",
    "cat": "write `concat`",
    "multiply": "write `mul`",
    "subtract": "write `sub`",
    "residual": "write `add: {main: [...], shortcut: prev}`",
    "separable_conv": "write `separable`, a block over `depthwise` and `pointwise`",
    "separableconv2d": "write `separable`, a block over `depthwise` and `pointwise`",
    "dw_conv": "write `depthwise`",
    "dwconv": "write `depthwise`",
    "depthwise_conv": "write `depthwise`",
    "depthwiseconv2d": "write `depthwise`",
    "multihead_attention": "write `attention: {heads: 8}`",
    "multiheadattention": "write `attention: {heads: 8}`",
    "self_attention": "write `attention: {heads: 8}`",
    "mha": "write `attention: {heads: 8}`",
    "se": "a gate is `mul: {map: prev, gate: [globalavgpool, ...]}`; `cnncalc zoo mobilenet_v3_large --show` has one",
    "squeeze_excite": "a gate is `mul: {map: prev, gate: [globalavgpool, ...]}`; "
    "`cnncalc zoo mobilenet_v3_large --show` has one",
    "lookup": "write `embedding`",
    "embeddingbag": "write `embedding`, and `mean` or `sum` over the length",
    "position_embedding": "write `bias: {per: element}`",
    "divide": "write `div`",
    "zeropad": "write `pad`",
    "zero_pad": "write `pad`",
    "interpolate": "write `upsample`",
    "resize": "write `upsample`",
    "transpose": "write `permute`",
    "view": "write `reshape`",
    "pixel_unshuffle": "write `space_to_depth`",
}
"""What PyTorch, Keras and others call it -> what to write here (an argument, or the whole advice)."""


def values_text(count: int) -> str:
    """`1 value`, `3 values`."""
    return "1 value" if count == 1 else f"{count} values"
