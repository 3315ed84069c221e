"""The layers and functions that a file of code has where Keras has none: name -> text."""

from __future__ import annotations

HELPERS = {
    "Scale": '''
class Scale(layers.Layer):
    """Multiplies by learned numbers."""

    def __init__(self, shape, **rest):
        super().__init__(**rest)
        self.weight = self.add_weight(shape=shape, initializer="ones", name="weight")

    def call(self, x):
        return x * self.weight
''',
    "Bias": '''
class Bias(layers.Layer):
    """Adds learned numbers."""

    def __init__(self, shape, **rest):
        super().__init__(**rest)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, x):
        return x + self.bias
''',
    "Learned": '''
class Learned(layers.Layer):
    """A learned tensor, for each image of a batch the same."""

    def __init__(self, shape, fixed=False, **rest):
        super().__init__(**rest)
        name = "value" if fixed else "weight"
        self.value = self.add_weight(shape=shape, initializer="ones", trainable=not fixed, name=name)

    def call(self, x):
        return ops.repeat(self.value[None], ops.shape(x)[0], axis=0)

    def compute_output_shape(self, shape):
        return (shape[0], *self.value.shape)
''',
    "GlobalResponseNorm": '''
class GlobalResponseNorm(layers.Layer):
    """Weighs each channel by its length over the map among the lengths of all."""

    def __init__(self, epsilon=1e-6, **rest):
        super().__init__(**rest)
        self.epsilon = epsilon

    def build(self, shape):
        self.gamma = self.add_weight(shape=(shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        length = ops.sqrt(ops.sum(x**2, axis=tuple(range(1, len(x.shape) - 1)), keepdims=True))
        share = length / (ops.mean(length, axis=-1, keepdims=True) + self.epsilon)
        return x + self.gamma * x * share + self.beta
''',
    "ConnectedConv": '''
class ConnectedConv(layers.Layer):
    """A convolution whose output channels each read the input channels of a table; run as a dense one with zeros."""

    def __init__(self, connections, kernel, strides=1, dilation_rate=1, use_bias=True, **rest):
        super().__init__(**rest)
        self.connections, self.taps = connections, kernel
        self.sliding = {"strides": strides, "dilation_rate": dilation_rate}
        outputs, pairs = len(connections), sum(map(len, connections))
        self.weight = self.add_weight(shape=(pairs, *kernel), initializer="glorot_uniform", name="weight")
        self.bias = self.add_weight(shape=(outputs,), initializer="zeros", name="bias") if use_bias else 0.0

    def call(self, x):
        places = [[channel, out] for out, channels in enumerate(self.connections) for channel in channels]
        dense = ops.scatter(places, self.weight, (x.shape[-1], len(self.connections), *self.taps))
        dense = ops.moveaxis(dense, (0, 1), (-2, -1))
        return ops.conv(x, dense, padding="valid", **self.sliding) + self.bias
''',
    "GroupedConvTranspose": '''
class GroupedConvTranspose(layers.Layer):
    """A transposed convolution of each group of channels by itself."""

    def __init__(self, groups, filters, kernel, strides=1, padding="valid", dilation_rate=1, use_bias=True, **rest):
        super().__init__(**rest)
        self.groups, self.filters, self.taps = groups, filters, kernel
        self.sliding = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        self.use_bias = use_bias

    def build(self, shape):
        taps = self.taps if isinstance(self.taps, tuple) else (self.taps,) * (len(shape) - 2)
        self.kernel = self.add_weight(shape=(*taps, self.filters // self.groups, shape[-1]), name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias") if self.use_bias else 0.0

    def call(self, x):
        maps, kernels = ops.split(x, self.groups, axis=-1), ops.split(self.kernel, self.groups, axis=-1)
        parts = [ops.conv_transpose(*pair, **self.sliding) for pair in zip(maps, kernels)]
        return ops.concatenate(parts, axis=-1) + self.bias
''',
    "local_response_norm": '''
def local_response_norm(x, size, alpha, beta, k):
    """Divides by the activity of neighbouring channels."""
    channels, before = x.shape[-1], size // 2
    zeros = [(0, 0)] * (len(x.shape) - 1)
    squares = ops.pad(x**2, (*zeros, (before, size - 1 - before)))
    total = sum(squares[..., start : start + channels] for start in range(size))
    return x / (k + alpha * total) ** beta
''',
    "channel_shuffle": '''
def channel_shuffle(x, groups):
    """The first channels of all groups, then the second ones ..."""
    *sizes, channels = x.shape[1:]
    x = ops.reshape(x, (-1, *sizes, groups, channels // groups))
    return ops.reshape(ops.swapaxes(x, -1, -2), (-1, *sizes, channels))
''',
    "l2_norm": '''
def l2_norm(x, eps):
    """Divides each position's vector of channels by its length."""
    return x / ops.maximum(ops.sqrt(ops.sum(x**2, axis=-1, keepdims=True)), eps)
''',
    "adaptive_pool": '''
def adaptive_pool(x, grid, reduce):
    """The mean or the largest value of each part of a grid."""
    for axis, parts in enumerate(grid, start=1):
        size = x.shape[axis]
        edges = [(part * size // parts, -(-(part + 1) * size // parts)) for part in range(parts)]
        pieces = [ops.take(x, list(range(*edge)), axis=axis) for edge in edges]
        x = ops.concatenate([reduce(piece, axis=axis, keepdims=True) for piece in pieces], axis=axis)
    return x
''',
    "resize": '''
def resize(x, sizes, mode, align_corners=False, asymmetric=False):
    """Interpolated along each axis, as PyTorch does it, or ONNX where it is asymmetric."""
    for axis, out in enumerate(sizes, start=1):
        size = x.shape[axis]
        if size == out:
            continue
        at = numpy.arange(out)
        if mode == "nearest":
            x = ops.take(x, (at * size // out).tolist(), axis=axis)
            continue
        halves = 0 if asymmetric else 0.5
        at = at * (size - 1) / max(out - 1, 1) if align_corners else (at + halves) * size / out - halves
        at = at if mode == "bicubic" else numpy.maximum(at, 0)
        taps = (0, 1) if mode == "bilinear" else (-1, 0, 1, 2)
        table = numpy.zeros((size, out), "float32")
        for tap in taps:
            place = numpy.floor(at).astype(int) + tap
            d = abs(at - place)
            near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
            weight = 1 - d if mode == "bilinear" else numpy.where(d <= 1, near, far)
            numpy.add.at(table, (place.clip(0, size - 1), numpy.arange(out)), weight)
        x = ops.moveaxis(ops.matmul(ops.moveaxis(x, axis, -1), table), -1, axis)
    return x
''',
}
