"""Losses of the notes: triplets and pairs of faces, content and style of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from random import Random

from .example import Answer, Example, Matrix, Number, Setting, Step, Terms, affordable, divided, few
from .reading import matrix, number, planes, vector


def squared(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """The squared distance of two vectors."""
    return sum(((x - y) ** 2 for x, y in zip(a, b, strict=True)), 0)


def _alike(*vectors: Sequence[Number]) -> None:
    if len({len(v) for v in vectors}) > 1:
        raise ValueError(f"vectors differ in length: {', '.join(str(len(v)) for v in vectors)}")


def _kind(near: Number, far: Number, margin: Number) -> str:
    """How hard a triplet is, as FaceNet says it."""
    if near - far + margin <= 0:
        return "easy: nothing is learned of it"
    return "semi-hard: within the margin" if far > near else "hard: the negative is no further than the positive"


def triplet(anchor: list[Number], positive: list[Number], negative: Matrix, margin: Number) -> Answer:
    """The triplet loss of an anchor, a positive and one negative or more: squared distances, and which is hard.

    All are vectors of one length, a row of `negative` for each; the loss has the unit of a squared distance.
    Source: F4, week 4; Schroff et al. 2015, arXiv:1503.03832, sections 3.1 and 3.2. Raises ValueError.
    """
    _alike(anchor, positive, *negative)
    few(len(negative), "negatives")
    affordable(len(anchor) * (len(negative) + 1))
    near = squared(anchor, positive)
    away = [squared(anchor, one) for one in negative]
    losses = [max(near - far + margin, 0) for far in away]
    steps = [Step("d(A, P)", "||f(A) - f(P)||^2", {}, near, "", _distance(anchor, positive))]
    for place, (one, far, loss) in enumerate(zip(negative, away, losses, strict=True), 1):
        name = "N" if len(negative) == 1 else f"N{place}"
        values = {"d(A, P)": near, f"d(A, {name})": far, "margin": margin}
        formula = f"max({{d(A, P)}} - {{d(A, {name})}} + {{margin}}, 0)"
        steps += [
            Step(f"d(A, {name})", f"||f(A) - f({name})||^2", {}, far, "", _distance(anchor, one)),
            Step("loss" if len(negative) == 1 else f"loss {place}", formula, values, loss, _kind(near, far, margin)),
        ]
    if len(negative) > 1:
        hardest = min(range(len(away)), key=lambda n: away[n])
        within = [n for n, far in enumerate(away) if near < far < near + margin]
        steps += [
            Step("cost", "the sum over the triplets", {}, sum(losses), "", Terms("{}", [(loss,) for loss in losses])),
            Step("hardest", "the nearest negative", {}, f"N{hardest + 1}"),
            Step("semi-hard", "d(A, P) < d(A, N) < d(A, P) + margin", {}, tuple(n + 1 for n in within),
                 "what FaceNet picks: the hardest alone may make all encodings one"),
        ]  # fmt: skip
    return Answer(steps)


def _distance(a: Sequence[Number], b: Sequence[Number]) -> Terms:
    return Terms("({} - {})^2", [*zip(a, b, strict=True)])


def _apart(x: Number, y: Number) -> Number:
    return x - y if x > y else y - x


def verification(a: list[Number], b: list[Number], weights: list[Number], bias: Number) -> Answer:
    """Logistic regression on the differences of two encodings: the chance that they are of one person.

    `a`, `b` and `weights` are vectors of one length; z has no unit, y is from 0 to 1.
    Source: F4, week 4; Taigman et al. 2014, DeepFace, section 4.2. Raises ValueError.
    """
    _alike(a, b, weights)
    rows: list[tuple[Number, Number, Number]] = [*zip(weights, a, b, strict=True)]
    total = sum((w * _apart(x, y) for w, x, y in rows), bias)
    chance = 1 / (1 + exp(-max(min(float(total), 700.0), -700.0)))
    same = "the same person" if chance >= 0.5 else "two persons"
    steps = [
        Step("z", "the sum of w_k * |f_k - f_k'|, and b", {}, total, "", Terms("{} * |{} - {}|", rows, bias)),
        Step("y", "1 / (1 + exp(-{z}))", {"z": total}, chance, same),
    ]
    return Answer(steps)


def gram_of(activations: Matrix) -> list[list[Number]]:
    """n_c x n_c: for each two channels the sum over the places of the products of what they have."""
    return [[sum((x * y for x, y in zip(one, other, strict=True)), 0) for other in activations] for one in activations]


def gram(activations: Matrix) -> Answer:
    """The Gram matrix n_c x n_c of activations n_c x (n_h n_w): a row a channel, a column a place.

    Nothing is divided by n_c n_h n_w, as some texts do.
    Source: F4, week 4; Gatys et al. 2015, arXiv:1508.06576, equation 3. Raises ValueError for too large a one.
    """
    channels, places = len(activations), len(activations[0])
    macs = channels * channels * places
    affordable(macs)
    found = gram_of(activations)
    other = min(1, channels - 1)
    pairs = [*zip(activations[0], activations[other], strict=True)]
    values = {"n_c": channels, "n_h * n_w": places}
    steps = [
        Step(f"G 1,{other + 1}", "the sum over places of a_k * a_k'", {}, found[0][other], "", Terms("{} * {}", pairs)),
        Step("size", "{n_c} * {n_c}", values, channels * channels),
        Step("multiplications", "{n_c} * {n_c} * {n_h * n_w}", values, macs, "MACs"),
    ]
    return Answer(steps, {"activations": activations, "Gram": found})


def content(content: Matrix, generated: Matrix) -> Answer:
    """The content cost of two sets of activations n_c x (n_h n_w): half the squared distance.

    Source: F4, week 4; Gatys et al. 2015, arXiv:1508.06576, equation 1. The course's assignment divides by
    4 n_h n_w n_c in place of 2. Raises ValueError where the sizes differ.
    """
    _same_size(content, generated)
    total = sum(squared(one, other) for one, other in zip(content, generated, strict=True))
    pairs = [pair for one, other in zip(content, generated, strict=True) for pair in zip(one, other, strict=True)]
    steps = [
        Step("distance", "the sum of (a_C - a_G)^2", {}, total, "", Terms("({} - {})^2", pairs)),
        Step("cost", "1/2 * {distance}", {"distance": total}, divided(total, 2)),
    ]
    return Answer(steps)


def _same_size(a: Matrix, b: Matrix) -> None:
    if (len(a), len(a[0])) != (len(b), len(b[0])):
        raise ValueError(f"activations differ in size: {len(a)}x{len(a[0])} and {len(b)}x{len(b[0])}")


def style(style: Matrix, generated: Matrix) -> Answer:
    """The style cost of one layer, of activations n_c x (n_h n_w): how far the Gram matrices are apart.

    Source: F4, week 4; Gatys et al. 2015, arXiv:1508.06576, equation 4. Raises ValueError where the sizes differ.
    """
    _same_size(style, generated)
    channels, places = len(style), len(style[0])
    affordable(2 * channels * channels * places)
    one, other = gram_of(style), gram_of(generated)
    total = sum(squared(a, b) for a, b in zip(one, other, strict=True))
    scale = (2 * places * channels) ** 2
    cost = divided(total, scale)
    values = {"n_h * n_w": places, "n_c": channels, "distance": total, "scale": scale, "cost": float(cost)}
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip(a, b, strict=True)]
    steps = [
        Step("distance", "the sum of (G_S - G_G)^2", {}, total, "", Terms("({} - {})^2", pairs)),
        Step("scale", "(2 * {n_h * n_w} * {n_c})^2", values, scale),
        Step("cost", "{distance} / {scale}", values, cost, "{cost}, without a unit"),
    ]
    return Answer(steps, {"Gram of the style": one, "Gram of the generated": other})


def _some_triplet(draw: Random) -> dict[str, str]:
    def one() -> str:
        return " ".join(f"0.{draw.randrange(1, 10)}" for _ in range(3))

    return {"anchor": one(), "positive": one(), "negative": f"{one()}; {one()}"}


def _some_activations(draw: Random) -> str:
    return "; ".join(" ".join(f"{draw.randrange(0, 4)}" for _ in range(4)) for _ in range(2))


PLANES = "a row a channel, a column a place; or a file, .npy of n_c x n_h x n_w too"


def _some_faces(draw: Random) -> dict[str, str]:
    def encoding() -> str:
        return " ".join(f"0.{draw.randrange(1, 10)}" for _ in range(3))

    weights = " ".join(f"-{draw.randrange(1, 7)}" for _ in range(3))
    return {"a": encoding(), "b": encoding(), "weights": weights, "bias": f"{draw.randrange(1, 4)}"}


EXAMPLES = {
    "triplet": Example(
        "the triplet loss of an anchor, a positive and a negative",
        "F4, week 4, triplet loss",
        "max(||f(A) - f(P)||^2 - ||f(A) - f(N)||^2 + margin, 0)",
        "right",
        "the sum over the triplets is the cost, and only those within the margin teach anything",
        {
            "anchor": Setting(vector, "0.1 0.9", "f(A), or a file"),
            "positive": Setting(vector, "0.2 0.8", "f(P)"),
            "negative": Setting(matrix, "0.5 0.6", "f(N); several between ;, or a file with a row for each"),
            "margin": Setting(number, "0.2", "alpha"),
        },
        triplet,
        _some_triplet,
    ),
    "verification": Example(
        "face verification as logistic regression of differences",
        "F4, week 4, face verification and binary classification",
        "y = sigma(sum |f(x)_k - f(x')_k| + b)",
        "incomplete",
        "each difference has a weight w_k",
        {
            "a": Setting(vector, "0.1 0.9 0.3", "the encoding of one picture, or a file"),
            "b": Setting(vector, "0.2 0.8 0.1", "of the other"),
            "weights": Setting(vector, "-4 -4 -4", "w_k"),
            "bias": Setting(number, "2", "b"),
        },
        verification,
        _some_faces,
    ),
    "gram": Example(
        "the Gram matrix of activations",
        "F4, week 4, style cost function",
        "G_kk' = sum over i and j of a_ijk a_ijk'",
        "right",
        "n_c x n_c, and n_h n_w n_c^2 MACs",
        {"activations": Setting(planes, "1 2 0 1; 0 1 1 2; 1 1 1 0", PLANES)},
        gram,
        lambda draw: {"activations": _some_activations(draw)},
    ),
    "content": Example(
        "the content cost of neural style transfer",
        "F4, week 4, content cost function",
        "1/2 ||a(C) - a(G)||^2",
        "right",
        "half the squared distance",
        {
            "content": Setting(planes, "1 2 0 1; 0 1 1 2", PLANES),
            "generated": Setting(planes, "1 1 0 1; 0 2 1 1", "the same of the generated picture"),
        },
        content,
        lambda draw: {"content": _some_activations(draw), "generated": _some_activations(draw)},
    ),
    "style": Example(
        "the style cost of a layer",
        "F4, week 4, style cost function",
        "1 / (2 n_h n_w n_c)^2 sum sum (G(S) - G(G))",
        "wrong",
        "the difference is squared",
        {
            "style": Setting(planes, "1 2 0 1; 0 1 1 2", PLANES),
            "generated": Setting(planes, "1 1 0 1; 0 2 1 1", "the same of the generated picture"),
        },
        style,
        lambda draw: {"style": _some_activations(draw), "generated": _some_activations(draw)},
    ),
}
