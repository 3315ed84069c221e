"""Sizes, parameters and multiplications of a convolution from numbers alone; what a stack of layers sees."""

from __future__ import annotations

import re
from random import Random

from .example import Answer, Example, Setting, Step
from .reading import whole


def output_size(n: int, f: int, p: int, s: int, d: int) -> Answer:
    """Outputs of a window of f taps, d apart, over n inputs with p zeros on either side and stride s."""
    extent = (f - 1) * d + 1
    room = n + 2 * p - extent
    if room < 0:
        raise ValueError(f"a window over {extent} does not fit into {n} + 2*{p} = {n + 2 * p}")
    out = room // s + 1
    steps = [Step("extent", "(f - 1) d + 1", f"({f} - 1) * {d} + 1", extent)] if d > 1 else []
    said = [f"the last {room % s} of {n + 2 * p} are not seen: no step of {s} ends there"] if room % s else []
    same = (extent - 1) / 2
    if s == 1 and p == same:
        said.append("the size stays: p = (f - 1) / 2 with stride 1, which is what `same` means")
    width = "f" if d == 1 else "extent"
    steps.append(
        Step("outputs", f"floor((n + 2p - {width}) / s) + 1", f"floor(({n} + 2*{p} - {extent}) / {s}) + 1", out)
    )
    return Answer(steps, said=said)


def layer(n: int, channels: int, filters: int, f: int, p: int, s: int, groups: int, bias: int) -> Answer:
    """Parameters and multiplications of a convolution on a square map."""
    for name, value in (("channels", channels), ("filters", filters)):
        if value % groups:
            raise ValueError(f"{value} {name} are not whole groups of {groups}")
    out = int(output_size(n, f, p, s, 1).results["outputs"])
    taps = f * f * channels // groups
    weights, places = taps * filters, out * out
    of = "n_c" if groups == 1 else "n_c/groups"
    inner = f"{channels}" if groups == 1 else f"{channels}/{groups}"
    params = weights + filters * bool(bias)
    steps = [
        Step("outputs", "floor((n + 2p - f) / s) + 1", f"floor(({n} + 2*{p} - {f}) / {s}) + 1", out, "a side"),
        Step("weights", f"f * f * {of} * n_c'", f"{f} * {f} * {inner} * {filters}", weights),
        Step("parameters", "weights + n_c'", f"{weights} + {filters}", params) if bias
        else Step("parameters", "weights", f"{weights}", params),
        Step("multiplications", "weights * out * out", f"{weights} * {out} * {out}", weights * places,
             "MACs, per image"),
        Step("additions", "(taps - 1) * n_c' * out * out", f"({taps} - 1) * {filters} * {out} * {out}",
             (taps - 1) * filters * places, "of the products; a bias adds one more an output"),
    ]  # fmt: skip
    return Answer(steps)


def separable(n: int, channels: int, filters: int, f: int, p: int, s: int) -> Answer:
    """A dense convolution, and a depthwise with a pointwise one in its place."""
    out = int(output_size(n, f, p, s, 1).results["outputs"])
    places = out * out
    dense = f * f * channels * filters * places
    depthwise, pointwise = f * f * channels * places, channels * filters * places
    cheap = depthwise + pointwise
    ratio = cheap / dense
    steps = [
        Step("outputs", "floor((n + 2p - f) / s) + 1", f"floor(({n} + 2*{p} - {f}) / {s}) + 1", out, "a side"),
        Step("dense", "f * f * n_c * n_c' * out * out", f"{f} * {f} * {channels} * {filters} * {out} * {out}", dense),
        Step("depthwise", "f * f * n_c * out * out", f"{f} * {f} * {channels} * {out} * {out}", depthwise),
        Step("pointwise", "n_c * n_c' * out * out", f"{channels} * {filters} * {out} * {out}", pointwise),
        Step("separable", "depthwise + pointwise", f"{depthwise} + {pointwise}", cheap),
        Step("ratio", "1 / n_c' + 1 / f^2", f"1 / {filters} + 1 / {f * f}", ratio,
             f"{dense / cheap:.2f} times cheaper"),
        Step("dense parameters", "f * f * n_c * n_c' + n_c'", f"{f} * {f} * {channels} * {filters} + {filters}",
             f * f * channels * filters + filters, "with biases"),
        Step("separable parameters", "(f * f + 1) * n_c + (n_c + 1) * n_c'",
             f"({f} * {f} + 1) * {channels} + ({channels} + 1) * {filters}",
             (f * f + 1) * channels + (channels + 1) * filters, "with biases"),
    ]  # fmt: skip
    return Answer(steps)


def bottleneck(n: int, channels: int, filters: int, f: int, reduce: int) -> Answer:
    """A convolution that keeps the size, and a 1x1 that reduces the channels before it."""
    places = n * n
    direct = f * f * channels * filters * places
    first, second = channels * reduce * places, f * f * reduce * filters * places
    both = first + second
    steps = [
        Step("direct", "f * f * n_c * n_c' * n * n", f"{f} * {f} * {channels} * {filters} * {n} * {n}", direct),
        Step("reduce", "n_c * r * n * n", f"{channels} * {reduce} * {n} * {n}", first, "1x1"),
        Step("convolve", "f * f * r * n_c' * n * n", f"{f} * {f} * {reduce} * {filters} * {n} * {n}", second),
        Step("bottleneck", "reduce + convolve", f"{first} + {second}", both),
        Step("ratio", "bottleneck / direct", f"{both} / {direct}", both / direct,
             f"{direct / both:.2f} times cheaper"),
    ]  # fmt: skip
    return Answer(steps)


LAYER = re.compile(r"(\d+)((?:[sd]\d+)*)")


def stack(text: str) -> list[tuple[int, int, int]]:
    """`3s1,3s2,5d2`: kernel, stride and dilation of each layer."""
    found = []
    for word in text.replace(" ", "").split(","):
        match = LAYER.fullmatch(word)
        if not match or len(match[1]) > 9:
            raise ValueError(f"must be layers such as 3s1,3s2,5d2, and `{word}` is none")
        more = {part[0]: int(part[1:]) for part in re.findall(r"[sd]\d{1,9}", match[2])}
        kernel, stride, dilation = int(match[1]), more.get("s", 1), more.get("d", 1)
        if min(kernel, stride, dilation) < 1:
            raise ValueError(f"must have kernels, strides and dilations from 1, and `{word}` has a 0")
        found.append((kernel, stride, dilation))
    if len(found) > 1_000:
        raise ValueError(f"must be at most 1,000 layers, and is {len(found)}")
    return found


def receptive_field(layers: list[tuple[int, int, int]]) -> Answer:
    """The inputs that one output of a stack sees, and how far neighbours are apart."""
    field, jump, steps = 1, 1, []
    for number, (kernel, stride, dilation) in enumerate(layers, 1):
        by = "(k - 1) d j" if dilation > 1 else "(k - 1) j"
        put = f"{field} + ({kernel} - 1) * {f'{dilation} * ' if dilation > 1 else ''}{jump}"
        field += (kernel - 1) * dilation * jump
        jump *= stride
        steps.append(Step(f"layer {number}", f"r + {by}", put, field, f"then j = {jump}" if stride > 1 else ""))
    steps.append(Step("field", "r", f"{field}", field, f"inputs; neighbouring outputs are {jump} apart"))
    return Answer(steps)


def _some_layer(draw: Random) -> dict[str, str]:
    f = draw.choice([1, 3, 5, 7])
    return {
        "n": f"{draw.randrange(12, 65)}", "channels": f"{draw.choice([1, 3, 8, 16, 32])}",
        "filters": f"{draw.choice([4, 8, 10, 16, 32, 64])}", "f": f"{f}", "p": f"{draw.choice([0, f // 2])}",
        "s": f"{draw.choice([1, 1, 2])}",
    }  # fmt: skip


def _some_size(draw: Random) -> dict[str, str]:
    f = draw.choice([2, 3, 5, 7])
    return {
        "n": f"{draw.randrange(10, 65)}",
        "f": f"{f}",
        "p": f"{draw.randrange(0, f // 2 + 1)}",
        "s": f"{draw.choice([1, 2, 3])}",
    }


def _some_stack(draw: Random) -> dict[str, str]:
    words = [f"{draw.choice([3, 3, 5])}" + draw.choice(["", "s2", "d2"]) for _ in range(draw.randrange(3, 6))]
    return {"layers": ",".join(words)}


COUNT, NATURAL = whole(1), whole(0)

EXAMPLES = {
    "output-size": Example(
        "outputs of a convolution or a pool from n, f, p and s",
        "F4, week 1, strided convolutions",
        "floor((n + 2p - f) / s + 1); 7 x 7 with f = 3, s = 2 gives 3 x 3",
        "right; p = (f - 1) / 2 keeps the size for odd f and s = 1 alone",
        {
            "n": Setting(COUNT, "7", "inputs a side"),
            "f": Setting(COUNT, "3", "taps of the window"),
            "p": Setting(NATURAL, "0", "zeros on either side"),
            "s": Setting(COUNT, "2", "stride"),
            "d": Setting(COUNT, "1", "distance between taps"),
        },
        output_size,
        _some_size,
    ),
    "layer": Example(
        "parameters and multiplications of a convolution",
        "F4, week 1, one layer of a convolutional network",
        "#parameters = f x f x nc[1] + nc[l]",
        "wrong: f x f x nc[l-1] x nc[l] + nc[l]; ten filters of 3 x 3 x 3 have 280, whatever the size of the image",
        {
            "n": Setting(COUNT, "64", "inputs a side"),
            "channels": Setting(COUNT, "3", "n_c, input channels"),
            "filters": Setting(COUNT, "10", "n_c', output channels"),
            "f": Setting(COUNT, "3", "taps a side"),
            "p": Setting(NATURAL, "0", "zeros on either side"),
            "s": Setting(COUNT, "1", "stride"),
            "groups": Setting(COUNT, "1", "groups of channels"),
            "bias": Setting(NATURAL, "1", "1, or 0 for none"),
        },
        layer,
        _some_layer,
    ),
    "separable": Example(
        "a depthwise and a pointwise convolution in place of a dense one",
        "F2, slide 83; F1, week 2, MobileNet",
        "(5x5) x 3 x 256 x (12x12) = 2.8M; (5x5) x 3 x (12x12) + 3 x 256 x (8x8) = 60K; parameters 19,456 and 1K",
        "a 5x5 window without padding has 8 x 8 places on a 12 x 12 map: 1,228,800 and 53,952, 22.8 times cheaper",
        {
            "n": Setting(COUNT, "12", "inputs a side"),
            "channels": Setting(COUNT, "3", "n_c"),
            "filters": Setting(COUNT, "256", "n_c'"),
            "f": Setting(COUNT, "5", "taps a side"),
            "p": Setting(NATURAL, "0", "zeros on either side"),
            "s": Setting(COUNT, "1", "stride"),
        },
        separable,
        _some_layer,
    ),
    "bottleneck": Example(
        "a 1x1 convolution that makes a larger one cheap",
        "F0, F3 and F4, week 2, inception network",
        "120M against 28 x 28 x 16 x 1 x 1 x 192 + 28 x 28 x 32 x 5 x 5 x 32 = 12M (F0), about 10M (F3)",
        "the second term has 5 x 5 x 16: 2,408,448 + 10,035,200 = 12,443,648; 10M is that term alone; 9.68 times",
        {
            "n": Setting(COUNT, "28", "inputs a side; the size stays"),
            "channels": Setting(COUNT, "192", "n_c"),
            "filters": Setting(COUNT, "32", "n_c'"),
            "f": Setting(COUNT, "5", "taps a side"),
            "reduce": Setting(COUNT, "16", "r, channels of the bottleneck"),
        },
        bottleneck,
    ),
    "receptive-field": Example(
        "what one output of a stack of layers sees",
        "F2, slides 40, 41 and 72",
        "5 x 5, k = 3, p = 1, s = 2: 3 x 3, then 2 x 2; two 3 x 3 layers see what one 5 x 5 sees",
        "right; fields of 3 and 7, strides of 2 and 4; two 3 x 3 without stride: layers=3,3 sees 5",
        {"layers": Setting(stack, "3s2,3s2", "kernel, s and stride, d and dilation: 3s1,3s2,5d2")},
        receptive_field,
        _some_stack,
    ),
}  # fmt: skip
