"""What the layers of Keras are: a class -> a rule, which reads its configuration and adds layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dims import product
from .read import Reader, Refused

Rule = Callable[..., str]

ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "softmax": ("softmax", {}),
    "softplus": ("softplus", {}),
    "softsign": ("softsign", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "mish": ("mish", {}),
    "swish": ("silu", {}),
    "silu": ("silu", {}),
    "hard_swish": ("hardswish", {}),
    "hard_silu": ("hardswish", {}),
    "exponential": ("map", {"formula": "exp(x)"}),
}
"""An activation by its name in Keras."""


def activated(reader: Reader, tensor: str, part: str = "activation") -> str:
    """The activation that a layer has of its own."""
    name = reader.config.get("activation")
    if isinstance(name, dict):
        name = name.get("config") if isinstance(name.get("config"), str) else name.get("class_name")
    if name in (None, "linear"):
        return tensor
    if name not in ACTIVATIONS:
        raise Refused(f"the activation {name} is not known")
    kind, arguments = ACTIVATIONS[name]
    return reader.add(kind, arguments, tensor, part=part)


def activation(reader: Reader, tensor: str) -> str:
    """An activation by itself."""
    made = activated(reader, tensor, "")
    return reader.add("identity", {}, tensor) if made == tensor else made


def windows(reader: Reader) -> dict[str, Any]:
    """Kernel, stride, dilation and padding of a convolution."""
    config = reader.config
    padding = config.get("padding", "valid")
    return {
        "kernel": config["kernel_size"],
        "stride": config.get("strides", 1),
        "dilation": config.get("dilation_rate", 1),
        "padding": 0 if padding == "valid" else padding,
    }


def conv(reader: Reader, tensor: str) -> str:
    """Conv1D, Conv2D, Conv3D."""
    config = reader.config
    more = {"out": config["filters"], "groups": config.get("groups", 1), "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("conv", {**windows(reader), **more}, tensor))


def depthwise(reader: Reader, tensor: str) -> str:
    """DepthwiseConv1D, DepthwiseConv2D."""
    config = reader.config
    more = {"multiplier": config.get("depth_multiplier", 1), "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("depthwise", {**windows(reader), **more}, tensor))


def separable(reader: Reader, tensor: str) -> str:
    """A depthwise convolution without a bias, and a pointwise one."""
    config = reader.config
    more = {"multiplier": config.get("depth_multiplier", 1), "bias": False}
    tensor = reader.add("depthwise", {**windows(reader), **more}, tensor, part="depthwise")
    out = {"out": config["filters"], "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("pointwise", out, tensor, part="pointwise"))


def upconv(reader: Reader, tensor: str) -> str:
    """Conv2DTranspose: `same` makes n * s of n, `valid` what the window reaches, at the least n * s."""
    config, found = reader.config, windows(reader)
    axes = len(reader.shape(tensor)) - 1
    kernel, stride, dilation = (
        [value] * axes if isinstance(value, int) else list(value)
        for value in (found["kernel"], found["stride"], found["dilation"])
    )
    if config.get("output_padding") is not None:
        raise Refused("`output_padding` is not read")
    spare = [(k - 1) * d + 1 - s for k, s, d in zip(kernel, stride, dilation, strict=True)]
    cut = [[max(n, 0) // 2, max(n, 0) - max(n, 0) // 2] if found["padding"] == "same" else [0, 0] for n in spare]
    more = {"padding": cut, "output_padding": [max(-n, 0) for n in spare]}
    more |= {"out": config["filters"], "bias": config.get("use_bias", True)}
    return activated(reader, reader.add("upconv", {**found, **more}, tensor))


def dense(reader: Reader, tensor: str) -> str:
    """A matrix on the last axis, the channels here."""
    arguments = {"out": reader.config["units"], "bias": reader.config.get("use_bias", True)}
    kind = "linear" if len(reader.shape(tensor)) == 1 else "pointwise"
    return activated(reader, reader.add(kind, arguments, tensor))


def pool(kind: str) -> Rule:
    """A pool with a window; zeros of the padding do not count in a mean."""

    def rule(reader: Reader, tensor: str) -> str:
        config = reader.config
        size = config["pool_size"]
        padding = config.get("padding", "valid")
        arguments = {"kernel": size, "stride": config.get("strides") or size, "padding": padding}
        arguments["padding"] = 0 if padding == "valid" else padding
        return reader.add(kind, arguments | ({"count_padding": False} if kind == "avgpool" else {}), tensor)

    return rule


def global_pool(kind: str) -> Rule:
    """A pool of the whole map; the axes stay only where the model keeps them."""

    def rule(reader: Reader, tensor: str) -> str:
        made = reader.add(kind, {}, tensor)
        return made if reader.config.get("keepdims") else reader.add("flatten", {}, made, part="flatten")

    return rule


def batchnorm(reader: Reader, tensor: str) -> str:
    """A batch norm on the channels; a scale without a shift is a layer of its own."""
    config = reader.config
    _last(reader, tensor)
    scale, center = config.get("scale", True), config.get("center", True)
    arguments = {"eps": config.get("epsilon", 1e-3), "affine": center, "scale": scale or not center}
    made = reader.add("batchnorm", arguments, tensor)
    return reader.add("scale", {}, made, part="scale") if scale and not center else made


def layernorm(reader: Reader, tensor: str) -> str:
    """A layer norm on the channels."""
    config = reader.config
    _last(reader, tensor)
    scale, center = config.get("scale", True), config.get("center", True)
    if scale != center:
        raise Refused("a scale without a shift, or a shift without a scale, is not read")
    over = "all" if len(reader.shape(tensor)) == 1 else "channels"
    return reader.add("layernorm", {"over": over, "eps": config.get("epsilon", 1e-3), "affine": scale}, tensor)


def _last(reader: Reader, tensor: str) -> None:
    axis = reader.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis not in (-1, len(reader.shape(tensor))):
        raise Refused(f"`axis: {axis}` is not the channels")


def relu(reader: Reader, tensor: str) -> str:
    """ReLU with its slope and its largest output."""
    config = reader.config
    slope, most = config.get("negative_slope") or 0.0, config.get("max_value")
    if config.get("threshold") or (slope and most is not None) or most not in (None, 6):
        raise Refused("only a slope, or a largest output of 6, is read")
    if slope:
        return reader.add("leakyrelu", {"slope": slope}, tensor)
    return reader.add("relu" if most is None else "relu6", {}, tensor)


def leakyrelu(reader: Reader, tensor: str) -> str:
    """LeakyReLU: `negative_slope` in Keras 3, `alpha` before."""
    config = reader.config
    return reader.add("leakyrelu", {"slope": float(config.get("negative_slope", config.get("alpha", 0.3)))}, tensor)


def prelu(reader: Reader, tensor: str) -> str:
    """A slope for each element, or for each channel where all other axes share it."""
    shared = {*(reader.config.get("shared_axes") or ())}
    axes = {*range(1, len(reader.shape(tensor)))}
    if shared not in (set(), axes):
        raise Refused("slopes that some axes of the map share are not read")
    return reader.add("prelu", {"per": "channel" if shared == axes else "element"}, tensor)


def softmax(reader: Reader, tensor: str) -> str:
    """A softmax over the channels."""
    _last(reader, tensor)
    return reader.add("softmax", {}, tensor)


def plain(kind: str) -> Rule:
    """A layer without arguments."""

    def rule(reader: Reader, *tensors: str) -> str:
        return reader.add(kind, {}, *tensors)

    return rule


def dropout(reader: Reader, tensor: str) -> str:
    """Each dropout: nothing at inference."""
    return reader.add("dropout", {"rate": reader.config.get("rate", 0.5)}, tensor)


def concat(reader: Reader, *tensors: str) -> str:
    """Side by side on the channels."""
    _last(reader, tensors[0])
    return reader.add("concat", {}, *tensors)


def sides(reader: Reader, tensor: str, name: str) -> list[list[int]]:
    """Two numbers for each axis of the map."""
    value, axes = reader.config[name], len(reader.shape(tensor)) - 1
    value = [value] * axes if isinstance(value, int) else value
    if axes == 1 and all(isinstance(n, int) for n in value) and len(value) == 2:
        value = [value]
    return [[n, n] if isinstance(n, int) else list(n) for n in value]


def zero_padding(reader: Reader, tensor: str) -> str:
    """Zeros around the map."""
    return reader.add("pad", {"padding": sides(reader, tensor, "padding")}, tensor)


def cropping(reader: Reader, tensor: str) -> str:
    """What remains of the map."""
    cut = sides(reader, tensor, "cropping")
    sizes = reader.shape(tensor)[1:]
    size = [n - before - after for n, (before, after) in zip(sizes, cut, strict=True)]
    return reader.add("crop", {"size": size, "offset": [before for before, _ in cut]}, tensor)


def upsampling(reader: Reader, tensor: str) -> str:
    """A larger map."""
    mode = reader.config.get("interpolation", "nearest")
    return reader.add("upsample", {"scale": reader.config["size"], "mode": mode}, tensor)


def reshape(reader: Reader, tensor: str) -> str:
    """The elements in the order of Keras, which goes through the channels first."""
    shape = reader.shape(tensor)
    wanted = list(reader.config["target_shape"])
    if -1 in wanted:
        wanted[wanted.index(-1)] = product(shape) // max(product([n for n in wanted if n != -1]), 1)
    if wanted[-1] == shape[0]:
        return reader.add("reshape", {"shape": [wanted[-1], *wanted[:-1]]}, tensor)
    if len(shape) > 1:
        tensor = reader.add("permute", {"order": [*range(1, len(shape)), 0]}, tensor, part="channels_last")
    tensor = reader.add("reshape", {"shape": wanted}, tensor)
    if len(wanted) == 1:
        return tensor
    order = [len(wanted) - 1, *range(len(wanted) - 1)]
    return reader.add("permute", {"order": order}, tensor, part="channels_first")


def permute(reader: Reader, tensor: str) -> str:
    """The axes in another order."""
    old = reader.config["dims"]
    order = [old[(axis - 1) % len(old)] % len(old) for axis in range(len(old))]
    return reader.add("permute", {"order": order}, tensor)


def rescaling(reader: Reader, tensor: str) -> str:
    """`x * scale + offset` with one number each."""
    scale, offset = reader.config.get("scale", 1.0), reader.config.get("offset", 0.0)
    if not isinstance(scale, int | float) or not isinstance(offset, int | float):
        raise Refused("a number for each channel is not read")
    tensor = reader.add("map", {"formula": f"x * {scale!r}"}, tensor)
    return reader.add("map", {"formula": f"x + {offset!r}"}, tensor, part="offset") if offset else tensor


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Convolution2D"), conv),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), separable),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), upconv),
    **{
        f"{word}Pooling{n}D": pool(kind)
        for word, kind in (("Max", "maxpool"), ("Average", "avgpool"))
        for n in (1, 2, 3)
    },
    **{
        f"Global{word}Pooling{n}D": global_pool(kind)
        for word, kind in (("Max", "globalmaxpool"), ("Average", "globalavgpool"))
        for n in (1, 2, 3)
    },
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), dropout),
    **{f"ZeroPadding{n}D": zero_padding for n in (1, 2, 3)},
    **{f"Cropping{n}D": cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": upsampling for n in (1, 2, 3)},
    "Add": plain("add"),
    "Subtract": plain("sub"),
    "Multiply": plain("mul"),
    "Maximum": plain("maximum"),
    "Minimum": plain("minimum"),
    "Dense": dense,
    "BatchNormalization": batchnorm,
    "LayerNormalization": layernorm,
    "Activation": activation,
    "ReLU": relu,
    "LeakyReLU": leakyrelu,
    "PReLU": prelu,
    "Softmax": softmax,
    "Concatenate": concat,
    "Flatten": plain("flatten"),
    "Reshape": reshape,
    "Permute": permute,
    "Rescaling": rescaling,
    "GaussianNoise": plain("identity"),
}
"""Every class that is read."""
