"""Sizes, parameters and multiplications of a convolution from numbers alone; what a stack of layers sees."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from .example import Answer, Example, Said, Setting, Step, Value
from .reading import LARGEST, flag, whole


def output_size(n: int, f: int, p: int, s: int, d: int = 1) -> Answer:
    """Outputs along one axis: `floor((n + 2p - f) / s) + 1`, with an extent of `(f - 1) d + 1` in place of f.

    n inputs, a window of f taps that are d apart, p zeros on either side, stride s: all are counts of positions.
    Source: F4, week 1; Dumoulin and Visin 2016, arXiv:1603.07285. Raises ValueError where the window does not fit.
    """
    extent = (f - 1) * d + 1
    room = n + 2 * p - extent
    if room < 0:
        raise ValueError(f"a window over {extent} does not fit into {n} + 2*{p} = {n + 2 * p}")
    values = {"n": n, "f": f, "p": p, "s": s, "d": d, "extent": extent}
    said = []
    if room % s:
        text = "the last {rest} of {padded} are not seen: no step of {s} ends there"
        said.append(Said(text, {**values, "rest": room % s, "padded": n + 2 * p}))
    if s == 1 and 2 * p == extent - 1:
        said.append(Said("the size stays: p = (f - 1) / 2 with stride 1, which is what `same` means"))
    width = "f" if d == 1 else "extent"
    steps = [Step("extent", "({f} - 1) * {d} + 1", values, extent)] if d > 1 else []
    steps.append(Step("outputs", f"floor(({{n}} + 2 * {{p}} - {{{width}}}) / {{s}}) + 1", values, room // s + 1))
    return Answer(steps, said=said)


def outputs_of(n: int, f: int, p: int, s: int) -> tuple[int, Step]:
    """Outputs along one axis, and the step that says so."""
    (step,) = output_size(n, f, p, s).steps
    assert isinstance(step.result, int)  # noqa: S101 - a count
    return step.result, replace(step, remark="a side")


def layer(n: int, channels: int, filters: int, f: int, p: int, s: int, groups: int, bias: int) -> Answer:
    """Parameters, multiplications and additions of a convolution on a square map.

    The map is channels x n x n, a filter channels/groups x f x f; parameters are counts of numbers, multiplications
    and additions are for one image. Source: F4, week 1. Raises ValueError where groups do not divide the channels.
    """
    for name, value in (("channels", channels), ("filters", filters)):
        if value % groups:
            raise ValueError(f"{value} {name} are not whole groups of {groups}")
    out, first = outputs_of(n, f, p, s)
    taps = f * f * channels // groups
    weights, places = taps * filters, out * out
    values = {
        "f": f, "n_c": channels, "n_c'": filters, "groups": groups, "out": out, "weights": weights, "taps": taps,
    }  # fmt: skip
    of = "{n_c}" if groups == 1 else "{n_c} / {groups}"
    steps = [
        first,
        Step("weights", f"{{f}} * {{f}} * {of} * {{n_c'}}", values, weights),
        Step("parameters", "{weights} + {n_c'}" if bias else "{weights}", values, weights + filters * bool(bias)),
        Step("multiplications", "{weights} * {out} * {out}", values, weights * places, "MACs, per image"),
        Step("additions", "({taps} - 1) * {n_c'} * {out} * {out}", values, (taps - 1) * filters * places,
             "of the products; a bias adds one more an output"),
    ]  # fmt: skip
    return Answer(steps)


def separable(n: int, channels: int, filters: int, f: int, p: int, s: int) -> Answer:
    """A dense convolution, and a depthwise with a pointwise one in its place: multiplications and parameters.

    The map is channels x n x n, the output filters x out x out; multiplications are MACs for one image.
    Source: F1, week 2; F2, slide 83; Howard et al. 2017, arXiv:1704.04861, section 3.1.
    """
    out, first = outputs_of(n, f, p, s)
    places = out * out
    values: dict[str, Value] = {"f": f, "n_c": channels, "n_c'": filters, "out": out}
    dense = f * f * channels * filters * places
    depthwise, pointwise = f * f * channels * places, channels * filters * places
    cheap = depthwise + pointwise
    values |= {"depthwise": depthwise, "pointwise": pointwise, "times": dense / cheap}
    steps = [
        first,
        Step("dense", "{f} * {f} * {n_c} * {n_c'} * {out} * {out}", values, dense),
        Step("depthwise", "{f} * {f} * {n_c} * {out} * {out}", values, depthwise),
        Step("pointwise", "{n_c} * {n_c'} * {out} * {out}", values, pointwise),
        Step("separable", "{depthwise} + {pointwise}", values, cheap),
        Step("ratio", "1 / {n_c'} + 1 / {f}^2", values, cheap / dense, "{times} times cheaper"),
        Step("dense parameters", "{f} * {f} * {n_c} * {n_c'} + {n_c'}", values,
             f * f * channels * filters + filters, "with biases"),
        Step("separable parameters", "({f} * {f} + 1) * {n_c} + ({n_c} + 1) * {n_c'}", values,
             (f * f + 1) * channels + (channels + 1) * filters, "with biases"),
    ]  # fmt: skip
    return Answer(steps)


def bottleneck(n: int, channels: int, filters: int, f: int, reduce: int) -> Answer:
    """A convolution that keeps the size, and a 1x1 that reduces the channels before it: multiplications.

    The map is channels x n x n, reduce x n x n between, filters x n x n in the end; MACs for one image.
    Source: F0, F3 and F4, week 2; Szegedy et al. 2014, arXiv:1409.4842.
    """
    places = n * n
    direct = f * f * channels * filters * places
    first, second = channels * reduce * places, f * f * reduce * filters * places
    both = first + second
    values = {
        "f": f, "n_c": channels, "n_c'": filters, "n": n, "r": reduce, "reduce": first, "convolve": second,
        "direct": direct, "bottleneck": both, "times": direct / both,
    }  # fmt: skip
    steps = [
        Step("direct", "{f} * {f} * {n_c} * {n_c'} * {n} * {n}", values, direct),
        Step("reduce", "{n_c} * {r} * {n} * {n}", values, first, "1x1"),
        Step("convolve", "{f} * {f} * {r} * {n_c'} * {n} * {n}", values, second),
        Step("bottleneck", "{reduce} + {convolve}", values, both),
        Step("ratio", "{bottleneck} / {direct}", values, both / direct, "{times} times cheaper"),
    ]
    return Answer(steps)


def forms(n: int, channels: int, filters: int, f: int, reduce: int) -> Answer:
    """One convolution as dense, as depthwise and pointwise, and behind a 1x1 that reduces the channels, side by side.

    The map is channels x n x n and keeps its size; multiplications are MACs for one image, parameters have no biases.
    Source: F0, F1, F3 and F4, week 2.
    """
    places = n * n
    values: dict[str, Value] = {"f": f, "n_c": channels, "n_c'": filters, "n": n, "r": reduce}
    formulas = {
        "dense": ("{f} * {f} * {n_c} * {n_c'}", f * f * channels * filters),
        "separable": ("{f} * {f} * {n_c} + {n_c} * {n_c'}", f * f * channels + channels * filters),
        "bottleneck": ("{n_c} * {r} + {f} * {f} * {r} * {n_c'}", channels * reduce + f * f * reduce * filters),
    }
    dense = formulas["dense"][1]
    steps: list[Step] = []
    rows: list[list[Value]] = []
    for name, (formula, weights) in formulas.items():
        values = {**values, name: weights}
        steps += [
            Step(f"{name} weights", formula, values, weights),
            Step(name, f"{{{name}}} * {{n}} * {{n}}", values, weights * places, "MACs, per image"),
        ]
        rows.append([name, weights, weights * places, weights / dense, dense / weights])
    return Answer(
        steps,
        {"side by side": rows},
        {"side by side": ("form", "weights", "MACs", "of dense", "times cheaper")},
        [Said("the norm and the activation between two layers cost no MACs")],
    )


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
    """The inputs that one output of a stack sees along one axis, and how far apart neighbouring outputs look.

    Of each layer kernel, stride and dilation; r grows by `(k - 1) d j`, then j by the stride. Both are in positions of
    the input. Source: F2, slides 34 to 42; Araujo et al. 2019, doi:10.23915/distill.00021.
    """
    field, jump, steps = 1, 1, []
    for number, (kernel, stride, dilation) in enumerate(layers, 1):
        values = {"r": field, "k": kernel, "d": dilation, "j": jump, "next": jump * stride}
        formula = "{r} + ({k} - 1) * {d} * {j}" if dilation > 1 else "{r} + ({k} - 1) * {j}"
        field += (kernel - 1) * dilation * jump
        jump *= stride
        if max(field, jump) > LARGEST:
            raise ValueError(f"layer {number} sees more than 10^18 inputs, or steps further")
        steps.append(Step(f"layer {number}", formula, values, field, "then j = {next}" if stride > 1 else ""))
    values = {"r": field, "j": jump}
    steps.append(Step("field", "{r}", values, field, "inputs; neighbouring outputs are {j} apart"))
    return Answer(steps, stack=layers)


def _some_layer(draw: Random) -> dict[str, str]:
    f = draw.choice([1, 3, 5, 7])
    return {
        "n": f"{draw.randrange(12, 65)}", "channels": f"{draw.choice([1, 3, 8, 16, 32])}",
        "filters": f"{draw.choice([4, 8, 10, 16, 32, 64])}", "f": f"{f}", "p": f"{draw.choice([0, f // 2])}",
        "s": f"{draw.choice([1, 1, 2])}",
    }  # fmt: skip


def _some_forms(draw: Random) -> dict[str, str]:
    return {
        "n": f"{draw.choice([7, 14, 28, 56])}", "channels": f"{draw.choice([32, 64, 96, 128, 256])}",
        "filters": f"{draw.choice([32, 64, 128, 256])}", "f": f"{draw.choice([3, 5, 7])}",
        "reduce": f"{draw.choice([8, 16, 24, 32])}",
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
        "right",
        "p = (f - 1) / 2 keeps the size for odd f and s = 1 alone",
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
        "wrong",
        "f x f x nc[l-1] x nc[l] + nc[l]; ten filters of 3 x 3 x 3 have 280, whatever the size of the image",
        {
            "n": Setting(COUNT, "64", "inputs a side"),
            "channels": Setting(COUNT, "3", "n_c, input channels"),
            "filters": Setting(COUNT, "10", "n_c', output channels"),
            "f": Setting(COUNT, "3", "taps a side"),
            "p": Setting(NATURAL, "0", "zeros on either side"),
            "s": Setting(COUNT, "1", "stride"),
            "groups": Setting(COUNT, "1", "groups of channels"),
            "bias": Setting(flag, "1", "1, or 0 for none"),
        },
        layer,
        _some_layer,
    ),
    "separable": Example(
        "a depthwise and a pointwise convolution in place of a dense one",
        "F2, slide 83; F1, week 2, MobileNet",
        "(5x5) x 3 x 256 x (12x12) = 2.8M; (5x5) x 3 x (12x12) + 3 x 256 x (8x8) = 60K; parameters 19,456 and 1K",
        "wrong",
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
        "wrong",
        "the second term has 5 x 5 x 16: 2,408,448 + 10,035,200 = 12,443,648; 10M is that term alone; 9.68 times",
        {
            "n": Setting(COUNT, "28", "inputs a side; the size stays"),
            "channels": Setting(COUNT, "192", "n_c"),
            "filters": Setting(COUNT, "32", "n_c'"),
            "f": Setting(COUNT, "5", "taps a side"),
            "reduce": Setting(COUNT, "16", "r, channels of the bottleneck"),
        },
        bottleneck,
        _some_forms,
    ),
    "forms": Example(
        "a convolution dense, separable and behind a bottleneck, side by side",
        "F0, F1, F3 and F4, week 2, inception network and MobileNet",
        "120M against 12M; 1/512 + 1/25 = 4.2% for 512 filters of 5 x 5",
        "rounded",
        "120,422,400 and 12,443,648; a separable one takes 8,580,096 here, 1/32 + 1/25 of the dense",
        {
            "n": Setting(COUNT, "28", "inputs a side; the size stays"),
            "channels": Setting(COUNT, "192", "n_c"),
            "filters": Setting(COUNT, "32", "n_c'"),
            "f": Setting(COUNT, "5", "taps a side"),
            "reduce": Setting(COUNT, "16", "r, channels of the bottleneck"),
        },
        forms,
        _some_forms,
    ),
    "receptive-field": Example(
        "what one output of a stack of layers sees",
        "F2, slides 40, 41 and 72",
        "5 x 5, k = 3, p = 1, s = 2: 3 x 3, then 2 x 2; two 3 x 3 layers see what one 5 x 5 sees",
        "right",
        "fields of 3 and 7, strides of 2 and 4; two 3 x 3 without stride: layers=3,3 sees 5",
        {"layers": Setting(stack, "3s2,3s2", "kernel, s and stride, d and dilation: 3s1,3s2,5d2")},
        receptive_field,
        _some_stack,
    ),
}  # fmt: skip
