"""Pools and filters on a matrix: forward, and what flows back."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .example import Answer, Example, Matrix, Number, Said, Setting, Step, Terms, affordable
from .reading import flag, matrix, whole

FILTERS: dict[str, Matrix] = {
    "vertical": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "horizontal": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
    "sobel": [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
    "scharr": [[3, 0, -3], [10, 0, -10], [3, 0, -3]],
}
"""Edge detectors of the notes."""


MOST_SUMS = 1_000
"""Inputs whose gradient is added up step by step."""


def _sizes(x: Matrix, kernel: tuple[int, int], stride: int) -> tuple[int, int]:
    high, wide = (n - k for n, k in zip((len(x), len(x[0])), kernel, strict=True))
    if high < 0 or wide < 0:
        raise ValueError(f"a window of {kernel[0]}x{kernel[1]} does not fit into {len(x)}x{len(x[0])}")
    return high // stride + 1, wide // stride + 1


def max_pool(matrix: Matrix, kernel: int, stride: int = 1, upstream: Matrix | None = None) -> Answer:
    """The largest of each window, and what each input gets back of an upstream gradient.

    `matrix` is h x w, `upstream` as large as the output, (h - kernel) // stride + 1 rows. What several windows give one
    input adds up; of equal inputs the first of a window gets it, as in PyTorch. Positions are row,column from 0.
    Source: F2, slides 19 to 31. Raises ValueError where a size does not fit.
    """
    high, wide = _sizes(matrix, (kernel, kernel), stride)
    affordable(high * wide * kernel * kernel)
    pooled: list[list[Number]] = []
    back: list[list[Number]] = [[0] * len(matrix[0]) for _ in matrix]
    parts: dict[tuple[int, int], list[Number]] = {}
    if upstream is not None and (len(upstream), len(upstream[0])) != (high, wide):
        raise ValueError(f"upstream is {len(upstream)}x{len(upstream[0])}, and the pool gives {high}x{wide}")
    for i in range(high):
        pooled.append([])
        for j in range(wide):
            places = [(i * stride + a, j * stride + b) for a in range(kernel) for b in range(kernel)]
            largest = max(places, key=lambda place: matrix[place[0]][place[1]])
            pooled[-1].append(matrix[largest[0]][largest[1]])
            if upstream is not None:
                back[largest[0]][largest[1]] += upstream[i][j]
                parts.setdefault(largest, []).append(upstream[i][j])
    values = {"n": len(matrix), "f": kernel, "s": stride}
    steps = [Step("outputs", "floor(({n} - {f}) / {s}) + 1", values, high, "a side" if high == wide else "rows")]
    said = []
    if len(parts) > MOST_SUMS:
        said.append(Said("the sums of {inputs} inputs are left out: the matrix has them", {"inputs": len(parts)}))
    elif upstream is not None:
        steps += [
            Step(f"gradient at {row},{column}", "the sum of the windows that it is largest in", {}, sum(given),
                 "" if len(given) == 1 else "accumulated", Terms("{}", [(part,) for part in given]))
            for (row, column), given in sorted(parts.items())
        ]  # fmt: skip
    if upstream is not None:
        total = sum(map(sum, upstream))
        put = {"sum of upstream": total}
        steps.append(Step("sum", "{sum of upstream}", put, sum(map(sum, back)), "nothing is lost"))
    found: dict[str, Matrix] = {"input": matrix, "output": pooled}
    return Answer(steps, found if upstream is None else {**found, "upstream": upstream, "gradient": back}, said=said)


def edges(matrix: Matrix, filter: Matrix, flip: int = 0) -> Answer:
    """A filter slid over a matrix without padding: a cross-correlation, or with `flip` a convolution.

    `matrix` is h x w, `filter` a x b, the output (h - a + 1) x (w - b + 1), in the unit of the matrix.
    Source: F4, week 1, edge detection. Raises ValueError where the filter is larger than the matrix.
    """
    kernel = [list(reversed(row)) for row in reversed(filter)] if flip else filter
    (rows, columns), taps = (len(kernel), len(kernel[0])), len(kernel) * len(kernel[0])
    high, wide = _sizes(matrix, (rows, columns), 1)
    affordable(high * wide * taps)
    out = [
        [
            sum((kernel[a][b] * matrix[i + a][j + b] for a in range(rows) for b in range(columns)), 0)
            for j in range(wide)
        ]
        for i in range(high)
    ]
    pairs = [(kernel[a][b], matrix[a][b]) for a in range(rows) for b in range(columns)]
    values = {
        "h": len(matrix), "w": len(matrix[0]), "f": rows, "f'": columns, "taps": taps, "outputs": high * wide,
    }  # fmt: skip
    other = "{f}" if rows == columns else "{f'}"
    steps = [
        Step("output at 0,0", "the sum of filter * input", {}, out[0][0], "", Terms("{} * {}", pairs)),
        Step("outputs", f"({{h}} - {{f}} + 1) * ({{w}} - {other} + 1)", values, high * wide),
        Step("multiplications", "{taps} * {outputs}", values, taps * high * wide, "MACs"),
    ]
    return Answer(steps, {"input": matrix, "filter": kernel, "output": out})


def filter_of(said: str) -> Matrix:
    """A filter by its name, or a matrix."""
    return FILTERS[said] if said in FILTERS else matrix(said)


def written(rows: Sequence[Sequence[int]]) -> str:
    """A matrix as it is typed."""
    return "; ".join(" ".join(map(str, row)) for row in rows)


def _some_pool(draw: Random) -> dict[str, str]:
    grid = [[draw.randrange(0, 10) for _ in range(4)] for _ in range(4)]
    upper = [[draw.randrange(1, 7) for _ in range(3)] for _ in range(3)]
    return {"matrix": written(grid), "kernel": "2", "upstream": written(upper)}


def _some_edges(draw: Random) -> dict[str, str]:
    grid = [[draw.randrange(0, 10) for _ in range(5)] for _ in range(5)]
    return {"matrix": written(grid), "filter": draw.choice([*FILTERS])}


SLIDE = "1 2 8 3 0; 9 4 5 1 3; 2 3 6 4 5; 1 5 0 3 2; 4 7 1 2 7"
"""The matrix of slides 19 to 31 of F2."""

EXAMPLES = {
    "max-pool": Example(
        "a max pool forward, and the gradient that flows back through it",
        "F2, slides 19 to 31",
        "9 8 8 / 9 6 6 / 7 7 7; upstream 1 3 1 / 1 4 2 / 6 2 1 goes to the largest input, +1 and +3 make +4",
        "right",
        "(0,2) gets 4, (1,0) 2, (2,2) 6, (4,1) 8, (4,4) 1: 21 in sum, as upstream",
        {
            "matrix": Setting(matrix, SLIDE, "the input: rows between ;, or a file"),
            "kernel": Setting(whole(1), "3", "taps a side"),
            "stride": Setting(whole(1), "1", "step of the window"),
            "upstream": Setting(matrix, "1 3 1; 1 4 2; 6 2 1", "the gradient of the output"),
        },
        max_pool,
        _some_pool,
    ),
    "edges": Example(
        "an edge detector on a matrix",
        "F4, week 1, edge detection",
        "6 x 6 with a 3 x 3 filter gives 4 x 4: 0 30 30 0 in each row",
        "right",
        "what is computed is a cross-correlation, and flip=1 a convolution",
        {
            "matrix": Setting(matrix, "; ".join(["10 10 10 0 0 0"] * 6), "the input: rows between ;, or a file"),
            "filter": Setting(filter_of, "vertical", "vertical, horizontal, sobel, scharr, or a matrix"),
            "flip": Setting(flag, "0", "1 for a convolution as in mathematics"),
        },
        edges,
        _some_edges,
    ),
}  # fmt: skip
