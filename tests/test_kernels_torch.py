"""The kernels against PyTorch, an independent witness: random layers in 1 to 3 axes, values and gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from cnncalc.kernels import KERNELS, Tally
from cnncalc.layers import KINDS

torch = pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0 (a CPU build)")
F = torch.nn.functional
SETTINGS = settings(max_examples=25, deadline=None)
SMALL = st.integers(1, 3)


def agree(kind, arguments, x, weights, theirs, tolerance=1e-9):
    """Ours equals theirs, forward and backward; the rules give the same shape and the same MACs."""
    layer = KINDS[kind].read(arguments, x.ndim - 1)
    if not all(need.holds for need in layer.needs(x.shape)):
        reject()
    tally = Tally()
    ours = KERNELS[kind].forward(layer, (x,), weights, tally)
    seen = torch.tensor(x[None], requires_grad=True)
    expected = theirs(seen, {name: torch.tensor(w) for name, w in weights.items()})
    np.testing.assert_allclose(ours, expected[0].detach().numpy(), rtol=tolerance, atol=tolerance)
    assert layer.output(x.shape) == ours.shape
    assert layer.macs((x.shape,), ours.shape) == tally.multiplications
    upstream = np.random.default_rng(1).normal(size=ours.shape)
    expected.backward(torch.tensor(upstream[None]))
    (gradient,) = KERNELS[kind].backward(layer, (x,), ours, weights, upstream)
    np.testing.assert_allclose(gradient, seen.grad[0].numpy(), rtol=tolerance, atol=tolerance)
    assert gradient.shape == x.shape


def per_axis(axes, values):
    """One value for each axis."""
    return st.lists(values, min_size=axes, max_size=axes)


@st.composite
def maps(draw, axes, channels=None, largest=9):
    """A map with distinct values: no ties for a maximum."""
    shape = (channels or draw(st.integers(1, 6)), *draw(per_axis(axes, st.integers(1, largest))))
    seed = draw(st.integers(0, 99))
    values = np.linspace(-2, 2, int(np.prod(shape)) + 1)[1:]
    return np.random.default_rng(seed).permutation(values).reshape(shape)


def drawn(shape, seed=5):
    """Normal numbers."""
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def convolutions(draw):
    """The arguments of a random convolution and its map."""
    axes, groups = draw(SMALL), draw(SMALL)
    channels, out = groups * draw(SMALL), groups * draw(SMALL)
    pads = st.lists(st.integers(0, 3), min_size=2, max_size=2)
    arguments = {
        "out": out,
        "kernel": draw(per_axis(axes, SMALL)),
        "stride": draw(per_axis(axes, SMALL)),
        "dilation": draw(per_axis(axes, SMALL)),
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding": draw(st.sampled_from(["valid", "half", "full", "causal"]) | per_axis(axes, pads)),
    }
    return arguments, draw(maps(axes, channels))


def declared(arguments, axes):
    """The zeros on both sides of each axis, as the words mean."""
    extents = [(k - 1) * d + 1 for k, d in zip(arguments["kernel"], arguments["dilation"], strict=True)]
    words = {
        "valid": lambda e: (0, 0),
        "half": lambda e: (e // 2, e // 2),
        "full": lambda e: (e - 1, e - 1),
        "causal": lambda e: (e - 1, 0),
    }
    if isinstance(arguments["padding"], str):
        return [words[arguments["padding"]](extent) for extent in extents]
    return arguments["padding"]


def padded(x, pads, value=0.0):
    """PyTorch's padding names the last axis first."""
    return F.pad(x, [n for pair in reversed(pads) for n in pair], value=value)


@SETTINGS
@given(convolutions())
def test_convolution(case):
    """Groups, strides, dilation, uneven padding."""
    arguments, x = case
    axes = x.ndim - 1
    weights = {"weight": drawn((arguments["out"], len(x) // arguments["groups"], *arguments["kernel"]))}
    if arguments["bias"]:
        weights["bias"] = drawn((arguments["out"],))
    convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]

    agree("conv", arguments, x, weights, lambda t, w: convolve(
        padded(t, declared(arguments, axes)), w["weight"], w.get("bias"), arguments["stride"],
        dilation=arguments["dilation"], groups=arguments["groups"],
    ))  # fmt: skip


@SETTINGS
@given(convolutions(), SMALL)
def test_depthwise_and_pointwise(case, multiplier):
    """The convolutions whose groups or kernel go without saying."""
    arguments, x = case
    axes = x.ndim - 1
    convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
    depthwise = {k: arguments[k] for k in ("kernel", "stride", "padding", "dilation")}
    filters = len(x) * multiplier
    weights = {"weight": drawn((filters, 1, *arguments["kernel"])), "bias": drawn((filters,))}
    agree("depthwise", {**depthwise, "multiplier": multiplier}, x, weights, lambda t, w: convolve(
        padded(t, declared(arguments, axes)), w["weight"], w["bias"], arguments["stride"],
        dilation=arguments["dilation"], groups=len(x),
    ))  # fmt: skip
    pointwise = {k: arguments[k] for k in ("out", "stride", "groups")}
    weights = {"weight": drawn((arguments["out"], len(x) // arguments["groups"], *(1,) * axes))}
    agree("pointwise", {**pointwise, "bias": False}, x, weights, lambda t, w: convolve(
        t, w["weight"], None, arguments["stride"], groups=arguments["groups"]
    ))  # fmt: skip


@SETTINGS
@given(convolutions(), st.integers(0, 2))
def test_same_padding(case, seed):
    """TensorFlow's `same`: ceil(n / stride) outputs, the odd zero at the end."""
    arguments, x = case
    axes = x.ndim - 1
    arguments = {**arguments, "padding": "same", "bias": False}
    pads = []
    given = (arguments[name] for name in ("kernel", "stride", "dilation"))
    for n, k, s, d in zip(x.shape[1:], *given, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append((total // 2, total - total // 2))
    weights = {"weight": drawn((arguments["out"], len(x) // arguments["groups"], *arguments["kernel"]), seed)}
    convolve = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]

    agree("conv", arguments, x, weights, lambda t, w: convolve(
        padded(t, pads), w["weight"], None, arguments["stride"],
        dilation=arguments["dilation"], groups=arguments["groups"],
    ))  # fmt: skip


@SETTINGS
@given(convolutions(), st.data())
def test_transposed_convolution(case, data):
    """Strides, groups, dilation, even padding, and outputs added at the end."""
    arguments, x = case
    axes = x.ndim - 1
    pads = data.draw(per_axis(axes, st.integers(0, 2)))
    extra = [
        data.draw(st.integers(0, max(s, d) - 1))
        for s, d in zip(arguments["stride"], arguments["dilation"], strict=True)
    ]
    arguments = {**arguments, "padding": pads, "output_padding": extra}
    weights = {"weight": drawn((len(x), arguments["out"] // arguments["groups"], *arguments["kernel"]))}
    if arguments["bias"]:
        weights["bias"] = drawn((arguments["out"],))
    convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[axes - 1]

    agree("upconv", arguments, x, weights, lambda t, w: convolve(
        t, w["weight"], w.get("bias"), arguments["stride"], pads, extra,
        arguments["groups"], arguments["dilation"],
    ))  # fmt: skip


@SETTINGS
@given(convolutions(), st.sampled_from(["floor", "ceil"]), st.booleans())
def test_pools(case, rounding, count_padding):
    """Largest, mean and length, floor and ceil; padding of at most half the kernel, as PyTorch has it."""
    arguments, x = case
    axes = x.ndim - 1
    kernel, stride = arguments["kernel"], arguments["stride"]
    assume(all((k - 1) * d < n for k, d, n in zip(kernel, arguments["dilation"], x.shape[1:], strict=True)))
    pads = [min(k // 2, s) for k, s in zip(kernel, stride, strict=True)]
    ceil = rounding == "ceil"
    pool = {"kernel": kernel, "stride": stride, "padding": pads, "round": rounding}
    largest = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]
    agree("maxpool", {**pool, "dilation": arguments["dilation"]}, x, {}, lambda t, w: largest(
        t, kernel, stride, pads, arguments["dilation"], ceil_mode=ceil
    ))  # fmt: skip
    mean = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[axes - 1]
    agree("avgpool", {**pool, "count_padding": count_padding}, x, {}, lambda t, w: mean(
        t, kernel, stride, pads, ceil_mode=ceil, count_include_pad=count_padding
    ))  # fmt: skip
    if axes < 3:
        length = (F.lp_pool1d, F.lp_pool2d)[axes - 1]
        sides = (kernel[0], stride[0]) if axes == 1 else (tuple(kernel), tuple(stride))
        agree("l2pool", {"kernel": kernel, "stride": stride}, x, {}, lambda t, w: length(t, 2.0, *sides))


@SETTINGS
@given(st.data(), SMALL)
def test_adaptive_and_global_pools(data, axes):
    """Parts that overlap, parts that repeat, the whole map."""
    x = data.draw(maps(axes))
    size = data.draw(per_axis(axes, st.integers(1, 7)))
    mean = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[axes - 1]
    largest = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[axes - 1]
    agree("adaptiveavgpool", {"size": size}, x, {}, lambda t, w: mean(t, size))
    agree("adaptivemaxpool", {"size": size}, x, {}, lambda t, w: largest(t, size))
    agree("globalavgpool", {}, x, {}, lambda t, w: mean(t, [1] * axes))
    agree("globalmaxpool", {}, x, {}, lambda t, w: largest(t, [1] * axes))


def _global_response(x, scale, shift):
    """ConvNeXt V2's layer as its authors write it, channels first."""
    lengths = torch.norm(x, p=2, dim=tuple(range(2, x.ndim)), keepdim=True)
    shares = lengths / (lengths.mean(dim=1, keepdim=True) + 1e-6)
    shape = (-1, *(1,) * (x.ndim - 2))
    return scale.reshape(shape) * (x * shares) + shift.reshape(shape) + x


@SETTINGS
@given(st.data(), SMALL, SMALL)
def test_norms(data, axes, groups):
    """Stored statistics, and those of the image: all of it, groups, channels, positions."""
    x = data.draw(maps(axes, channels=groups * data.draw(SMALL)))
    assume(x[0].size > 1)
    scale, shift = drawn((len(x),), 1), drawn((len(x),), 2)
    both = {"weight": scale, "bias": shift}
    stored = {"running_mean": drawn((len(x),), 3), "running_var": drawn((len(x),), 4) ** 2}
    agree("batchnorm", {}, x, {**both, **stored}, lambda t, w: F.batch_norm(
        t, w["running_mean"], w["running_var"], w["weight"], w["bias"]
    ))  # fmt: skip
    agree("groupnorm", {"groups": groups}, x, both, lambda t, w: F.group_norm(
        t, groups, w["weight"], w["bias"]
    ))  # fmt: skip
    agree("instancenorm", {}, x, {}, lambda t, w: F.instance_norm(t), 1e-6)
    whole = {"weight": drawn(x.shape, 1), "bias": drawn(x.shape, 2)}
    agree("layernorm", {}, x, whole, lambda t, w: F.layer_norm(t, x.shape, w["weight"], w["bias"]))
    agree("rmsnorm", {}, x, {"weight": whole["weight"]}, lambda t, w: F.rms_norm(t, x.shape, w["weight"], 1e-6))
    agree("rmsnorm", {"over": "channels"}, x, {"weight": both["weight"]}, lambda t, w: F.rms_norm(
        t.movedim(1, -1), (len(x),), w["weight"], 1e-6
    ).movedim(-1, 1))  # fmt: skip
    along = {name: drawn((x.shape[-1],), seed) for seed, name in enumerate(("weight", "bias"))}
    last = ("length", "width", "width")[x.ndim - 2]
    agree("layernorm", {"over": last}, x, along, lambda t, w: F.layer_norm(t, t.shape[-1:], w["weight"], w["bias"]))
    agree("layernorm", {"over": "channels"}, x, both, lambda t, w: F.layer_norm(
        t.movedim(1, -1), (len(x),), w["weight"], w["bias"]
    ).movedim(-1, 1), 1e-6)  # fmt: skip
    agree("grn", {}, x, both, lambda t, w: _global_response(t, w["weight"], w["bias"]))
    size = data.draw(st.integers(1, 6))
    agree("lrn", {"size": size, "alpha": 0.3}, x, {}, lambda t, w: F.local_response_norm(
        t, size, 0.3 * size, 0.75, 2.0
    ))  # fmt: skip
    agree("l2norm", {}, x, {}, lambda t, w: F.normalize(t, dim=1), 1e-7)


ACTIVATIONS = {
    "relu": ({}, F.relu),
    "relu6": ({}, F.relu6),
    "leakyrelu": ({"slope": 0.2}, lambda t: F.leaky_relu(t, 0.2)),
    "elu": ({"alpha": 1.5}, lambda t: F.elu(t, 1.5)),
    "selu": ({}, F.selu),
    "gelu": ({}, F.gelu),
    "silu": ({}, F.silu),
    "mish": ({}, F.mish),
    "hardswish": ({}, F.hardswish),
    "hardsigmoid": ({}, F.hardsigmoid),
    "hardtanh": ({"low": -0.5}, lambda t: F.hardtanh(t, -0.5, 1.0)),
    "sigmoid": ({}, torch.sigmoid),
    "tanh": ({}, torch.tanh),
    "softplus": ({}, F.softplus),
    "softsign": ({}, F.softsign),
    "map": ({"formula": "exp(x)"}, torch.exp),
    "abs": ({}, torch.abs),
    "square": ({}, torch.square),
    "softmax": ({}, lambda t: torch.softmax(t, 1)),
    "identity": ({}, lambda t: t * 1),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations(kind):
    """Values and slopes from -8 to 8."""
    arguments, theirs = ACTIVATIONS[kind]
    x = np.random.default_rng(0).permutation(np.linspace(-8, 8, 240) + 0.011).reshape(4, 6, 10)

    agree(kind, arguments, x, {}, lambda t, w: theirs(t), 1e-7)


@SETTINGS
@given(st.data(), SMALL, st.booleans())
def test_upsampling(data, axes, corners):
    """Nearest in any axes; linear in one to three; cubic in two."""
    x = data.draw(maps(axes, largest=6))
    size = data.draw(per_axis(axes, st.integers(1, 13)))
    agree("upsample", {"size": size}, x, {}, lambda t, w: F.interpolate(t, size))
    linear = ("linear", "bilinear", "trilinear")[axes - 1]
    linearly = {"size": size, "mode": "bilinear", "align_corners": corners}
    agree("upsample", linearly, x, {}, lambda t, w: F.interpolate(
        t, size, mode=linear, align_corners=corners
    ), 1e-6)  # fmt: skip
    if axes == 2:
        agree("upsample", {"size": size, "mode": "bicubic", "align_corners": corners}, x, {}, lambda t, w:
            F.interpolate(t, size, mode="bicubic", align_corners=corners), 1e-6)  # fmt: skip


@SETTINGS
@given(st.data(), SMALL)
def test_arrangements(data, axes):
    """Shuffles and paddings."""
    x = data.draw(maps(axes, channels=12))
    before = [data.draw(st.integers(0, n - 1)) for n in x.shape[1:]]
    pads = [[b, data.draw(st.integers(0, n - 1))] for b, n in zip(before, x.shape[1:], strict=True)]
    flat = [n for pair in reversed(pads) for n in pair]
    for ours, mode in (("zeros", "constant"), ("reflect", "reflect"), ("replicate", "replicate")):
        agree("pad", {"padding": pads, "mode": ours}, x, {}, lambda t, w, m=mode: F.pad(t, flat, mode=m))
    if axes == 2:
        agree("channel_shuffle", {"groups": 3}, x, {}, lambda t, w: F.channel_shuffle(t, 3))
        agree("pixel_shuffle", {"scale": 2}, x, {}, lambda t, w: F.pixel_shuffle(t, 2))
        agree("argmax", {}, x, {}, lambda t, w: t.argmax(1, keepdim=True).to(t.dtype) + 0 * t[:, :1])
        for axis, by in ((2, 3), (3, -1), (1, -2)):
            word = ("channels", "height", "width")[axis - 1]
            agree("roll", {"axis": word, "by": by}, x, {}, lambda t, w, by=by, axis=axis: t.roll(by, axis))
        agree("space_to_depth", {"scale": 2}, np.tile(x, (1, 2, 2)), {}, lambda t, w: F.pixel_unshuffle(t, 2))


@SETTINGS
@given(st.data(), SMALL)
def test_sums_so_far(data, axes):
    """Along the channels and along each axis of the map."""
    x = data.draw(maps(axes, largest=6))
    names = ("channels", *{1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[axes])
    for place, name in enumerate(names, start=1):
        agree("cumsum", {"axis": name}, x, {}, lambda t, w, place=place: t.cumsum(place))


@SETTINGS
@given(st.integers(0, 3), st.integers(1, 9), SMALL, st.data())
def test_embedding(axes, count, out, data):
    """The rows of whole numbers, which PyTorch has with their features last."""
    sizes = data.draw(per_axis(axes, st.integers(1, 5)))
    draw = np.random.default_rng(data.draw(st.integers(0, 9)))
    places, table = draw.integers(0, count, (1, *sizes)), draw.normal(size=(count, out))
    layer, tally = KINDS["embedding"].read({"count": count, "out": out}, axes), Tally()
    ours = KERNELS["embedding"].forward(layer, (places.astype(float),), {"weight": table}, tally)

    theirs = F.embedding(torch.tensor(places[0]), torch.tensor(table)).movedim(-1, 0)
    assert np.array_equal(theirs.numpy(), ours)
    assert (0, ours.shape) == (tally.multiplications, layer.output(places.shape))
