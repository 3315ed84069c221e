"""Losses of the notes: triplets and pairs of faces, content and style of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import exp

from .example import Answer, Example, Matrix, Number, Setting, Step, bracketed, text
from .reading import matrix, number, vector


def squared(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """The squared distance of two vectors."""
    return sum(((x - y) ** 2 for x, y in zip(a, b, strict=True)), 0)


def _distance_of(x: Number, y: Number) -> Number:
    return x - y if x > y else y - x


def _alike(*vectors: Sequence[Number]) -> None:
    if len({len(v) for v in vectors}) > 1:
        raise ValueError(f"vectors differ in length: {', '.join(str(len(v)) for v in vectors)}")


def triplet(anchor: list[Number], positive: list[Number], negative: list[Number], margin: Number) -> Answer:
    """The triplet loss of one triplet: the squared distances, the margin, and whether the triplet is hard."""
    _alike(anchor, positive, negative)
    near, far = squared(anchor, positive), squared(anchor, negative)
    loss = max(near - far + margin, 0)
    kind = "hard: the negative is nearer than the positive" if far < near else "semi-hard: within the margin"
    kind = "easy: nothing is learned of it" if not loss else kind
    steps = [
        Step("d(A, P)", "||f(A) - f(P)||^2", _distance(anchor, positive), near),
        Step("d(A, N)", "||f(A) - f(N)||^2", _distance(anchor, negative), far),
        Step(
            "loss",
            "max(d(A, P) - d(A, N) + margin, 0)",
            f"max({text(near)} - {text(far)} + {text(margin)}, 0)",
            loss,
            kind,
        ),
    ]
    return Answer(steps)


def _distance(a: Sequence[Number], b: Sequence[Number]) -> str:
    return " + ".join(f"({text(x)} - {bracketed(y)})^2" for x, y in zip(a, b, strict=True))


def verification(a: list[Number], b: list[Number], weights: list[Number], bias: Number) -> Answer:
    """Logistic regression on the differences of two encodings: whether they are of one person."""
    _alike(a, b, weights)
    total = bias
    for x, y, w in zip(a, b, weights, strict=True):
        total += w * _distance_of(x, y)
    chance = 1 / (1 + exp(-max(min(float(total), 700.0), -700.0)))
    put = " + ".join(f"{bracketed(w)} * |{text(x)} - {bracketed(y)}|" for x, y, w in zip(a, b, weights, strict=True))
    steps = [
        Step("z", "sum w_k |f_k - f_k'| + b", f"{put} + {bracketed(bias)}", total),
        Step(
            "y",
            "1 / (1 + e^-z)",
            f"1 / (1 + e^-{bracketed(total)})",
            chance,
            "the same person" if chance >= 0.5 else "two persons",
        ),
    ]
    return Answer(steps)


def gram_of(activations: Matrix) -> list[list[Number]]:
    """Channels by channels: the sum over the places of what two channels have."""
    return [[sum((x * y for x, y in zip(one, other, strict=True)), 0) for other in activations] for one in activations]


def gram(activations: Matrix) -> Answer:
    """The Gram matrix of activations, a row a channel, a column a place."""
    channels, places = len(activations), len(activations[0])
    found = gram_of(activations)
    other = min(1, channels - 1)
    pairs = zip(activations[0], activations[other], strict=True)
    put = " + ".join(f"{bracketed(x)}*{bracketed(y)}" for x, y in pairs)
    macs = channels * channels * places
    steps = [
        Step(f"G 1,{other + 1}", "sum over places of a_k * a_k'", put, found[0][other]),
        Step("size", "n_c * n_c", f"{channels} * {channels}", channels * channels),
        Step("multiplications", "n_c * n_c * n_h * n_w", f"{channels} * {channels} * {places}", macs, "MACs"),
    ]
    return Answer(steps, {"activations": activations, "Gram": found})


def content(content: Matrix, generated: Matrix) -> Answer:
    """The content cost of two sets of activations."""
    _same_size(content, generated)
    total = sum(squared(one, other) for one, other in zip(content, generated, strict=True))
    steps = [
        Step("distance", "sum of (a_C - a_G)^2", f"{len(content) * len(content[0])} squares", total),
        Step("cost", "1/2 ||a_C - a_G||^2", f"1/2 * {text(total)}", _half(total)),
    ]
    return Answer(steps)


def _half(value: Number) -> Number:
    return value / 2 if isinstance(value, float) else Fraction(value, 2)


def _same_size(a: Matrix, b: Matrix) -> None:
    if (len(a), len(a[0])) != (len(b), len(b[0])):
        raise ValueError(f"activations differ in size: {len(a)}x{len(a[0])} and {len(b)}x{len(b[0])}")


def style(style: Matrix, generated: Matrix) -> Answer:
    """The style cost of one layer: how far the Gram matrices are apart."""
    _same_size(style, generated)
    channels, places = len(style), len(style[0])
    one, other = gram_of(style), gram_of(generated)
    total = sum(squared(a, b) for a, b in zip(one, other, strict=True))
    scale = (2 * places * channels) ** 2
    cost = total / scale if isinstance(total, float) else Fraction(total) / scale
    steps = [
        Step("distance", "sum of (G_S - G_G)^2", f"{channels * channels} squares", total),
        Step("scale", "(2 n_h n_w n_c)^2", f"(2 * {places} * {channels})^2", scale),
        Step("cost", "distance / scale", f"{text(total)} / {scale}", cost, f"{float(cost):.6g}"),
    ]
    return Answer(steps, {"Gram of the style": one, "Gram of the generated": other})


EXAMPLES = {
    "triplet": Example(
        "the triplet loss of an anchor, a positive and a negative",
        "F4, week 4, triplet loss",
        "max(||f(A) - f(P)||^2 - ||f(A) - f(N)||^2 + margin, 0)",
        "right; the sum over the triplets is the cost",
        {
            "anchor": Setting(vector, "0.1 0.9", "f(A), or a file"),
            "positive": Setting(vector, "0.2 0.8", "f(P)"),
            "negative": Setting(vector, "0.5 0.6", "f(N)"),
            "margin": Setting(number, "0.2", "alpha"),
        },
        triplet,
    ),
    "verification": Example(
        "face verification as logistic regression of differences",
        "F4, week 4, face verification and binary classification",
        "y = sigma(sum |f(x)_k - f(x')_k| + b)",
        "incomplete: each difference has a weight w_k",
        {
            "a": Setting(vector, "0.1 0.9 0.3", "the encoding of one picture, or a file"),
            "b": Setting(vector, "0.2 0.8 0.1", "of the other"),
            "weights": Setting(vector, "-4 -4 -4", "w_k"),
            "bias": Setting(number, "2", "b"),
        },
        verification,
    ),
    "gram": Example(
        "the Gram matrix of activations",
        "F4, week 4, style cost function",
        "G_kk' = sum over i and j of a_ijk a_ijk'",
        "right; n_c x n_c, and n_h n_w n_c^2 MACs",
        {"activations": Setting(matrix, "1 2 0 1; 0 1 1 2; 1 1 1 0", "a row a channel, a column a place; or a file")},
        gram,
    ),
    "content": Example(
        "the content cost of neural style transfer",
        "F4, week 4, content cost function",
        "1/2 ||a(C) - a(G)||^2",
        "right",
        {
            "content": Setting(matrix, "1 2 0 1; 0 1 1 2", "activations: a row a channel; or a file"),
            "generated": Setting(matrix, "1 1 0 1; 0 2 1 1", "the same of the generated picture"),
        },
        content,
    ),
    "style": Example(
        "the style cost of a layer",
        "F4, week 4, style cost function",
        "1 / (2 n_h n_w n_c)^2 sum sum (G(S) - G(G))",
        "wrong: the difference is squared",
        {
            "style": Setting(matrix, "1 2 0 1; 0 1 1 2", "activations: a row a channel; or a file"),
            "generated": Setting(matrix, "1 1 0 1; 0 2 1 1", "the same of the generated picture"),
        },
        style,
    ),
}
