"""The weights of a network: first values, and files of them.

    he         normal with variance 2 / fan-in (He et al. 2015)
    glorot     uniform up to sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010)
    positive   uniform from 0.5 to 1.5, by the fan-in: every path through the network counts
    ones       1 everywhere            constant   one value everywhere: 0.1, or v with `constant=v`

Where values are drawn, the rows of an embedding are normal with variance 1 (of `positive` uniform from 0.5 to 1.5),
scales and the tensors of `learned` 1, shifts 0 and learned slopes 0.25; running means are 0 and variances and fixed
tensors 1.
The fans are PyTorch's: of a tensor (a, b, *kernel) b * taps in and a * taps out. A tensor goes by
`node.weight`, and nodes that share their weights go by one name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from math import isfinite, nan, prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from . import arrays
from .arrays import read
from .base import Array

__all__ = ["SCHEMES", "fitting", "initial", "load", "named", "read", "save", "save_all", "shapes"]

SCHEMES = ("he", "glorot", "positive", "ones", "constant")
FIRST = {"scale": 1.0, "shift": 0.0, "slope": 0.25, "value": 1.0}
"""What a learned tensor is in its layer -> its first value; taps and rows are drawn."""


def initial(graph: Graph, scheme: str = "he", seed: int = 0, dtype: Any = np.float32) -> dict[str, Array]:
    """First values of every tensor that a run reads, learned or stored, by its full name. Raises CnncalcError."""
    scheme, constant = named(scheme, dtype)
    draw = np.random.default_rng(seed)
    values: dict[str, Array] = {}
    for node in graph.inference.nodes:
        for name, shape in node.weights.items():
            key = f"{node.weights_of}.{name}"
            if key not in values:
                values[key] = _first(node, name, shape, scheme, draw, constant, dtype)
        for name, shape in node.buffers.items():
            one = float(name in ("running_var", "value"))
            values.setdefault(f"{node.weights_of}.{name}", np.full(shape, one, dtype))
    return values


CONSTANT = 0.1


def named(text: str, dtype: Any = np.float32) -> tuple[str, float]:
    """A scheme and its value: `he`, or `constant=0.5`. Raises CnncalcError."""
    scheme, equals, value = text.partition("=")
    if scheme not in SCHEMES:
        raise CnncalcError(f"no scheme is called `{scheme}`", did_you_mean(scheme, SCHEMES) or ", ".join(SCHEMES))
    if not equals:
        return scheme, CONSTANT
    if scheme != "constant":
        raise CnncalcError(f"`{text}`: {scheme} takes no value", "constant=0.5 is the scheme that does")
    try:
        constant = float(value)
    except ValueError:
        constant = nan
    if not isfinite(constant):
        raise CnncalcError(f"`{text}`: `{value}` is no number", "constant=0.5")
    if abs(constant) > float(np.finfo(dtype).max):
        raise CnncalcError(f"`{text}`: {value} is too large for {np.dtype(dtype)}")
    return scheme, constant


def _first(
    node: Node,
    name: str,
    shape: tuple[int, ...],
    scheme: str,
    draw: np.random.Generator,
    constant: float,
    dtype: Any,
) -> Array:
    if scheme == "ones":
        return np.ones(shape, dtype)
    if scheme == "constant":
        return np.full(shape, constant, dtype)
    role = node.layer.roles[name]
    if role == "rows":
        positive = scheme == "positive"
        return _drawn(lambda n: draw.uniform(0.5, 1.5, n) if positive else draw.normal(0, 1, n), shape, dtype)
    if role != "taps":
        return np.full(shape, FIRST[role], dtype)
    taps = prod(shape[2:])
    fan_in, fan_out = shape[1] * taps, shape[0] * taps
    if scheme == "he":
        return _drawn(lambda n: draw.normal(0, sqrt(2 / fan_in), n), shape, dtype)
    if scheme == "glorot":
        limit = sqrt(6 / (fan_in + fan_out))
        return _drawn(lambda n: draw.uniform(-limit, limit, n), shape, dtype)
    return _drawn(lambda n: draw.uniform(0.5, 1.5, n) / fan_in, shape, dtype)


AT_A_TIME = 1 << 20
"""Numbers drawn at a time: in double precision, so that a seed means the same in every dtype."""


def _drawn(numbers: Callable[[int], Array], shape: tuple[int, ...], dtype: Any) -> Array:
    values = np.empty(prod(shape), dtype)
    for first in range(0, len(values), AT_A_TIME):
        part = values[first : first + AT_A_TIME]
        part[...] = numbers(len(part))
    return values.reshape(shape)


def save(path: str | Path, values: Mapping[str, Array]) -> None:
    """Write arrays to an `.npz` file, all or nothing."""
    save_all({path: values})


def save_all(contents: Mapping[str | Path, Mapping[str, Array]]) -> None:
    """Write several `.npz` files: when one of them cannot be written, none is."""
    with ExitStack() as stack:
        opened = [(stack.enter_context(files.writing(path)), values) for path, values in contents.items()]
        for file, values in opened:
            arrays.write(file, values)


def load(path: str | Path, graph: Graph, dtype: Any = np.float32) -> dict[str, Array]:
    """Read the weights of a network from an `.npz` file. Raises CnncalcError."""
    with arrays.opened(path) as file:
        if "" in file.headers:
            raise CnncalcError(
                f"{path} holds one array, and weights are an .npz with a name for each tensor",
                "--save-weights writes one to look at",
            )
        wanted = shapes(graph)
        _agree(wanted, {name: header.shape for name, header in file.headers.items()}, graph, str(path))
        return {name: _taken(file.array(name), f"`{name}` of {path}", dtype) for name in wanted}


def fitting(values: Mapping[str, Array], graph: Graph, origin: str, dtype: Any) -> dict[str, Array]:
    """The values as the network takes them. Raises CnncalcError, both lists in it, where they differ."""
    wanted = shapes(graph)
    _agree(wanted, {name: np.shape(value) for name, value in values.items()}, graph, origin)
    return {name: _taken(np.asarray(values[name]), f"`{name}` of {origin}", dtype) for name in wanted}


def _agree(
    wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], graph: Graph, origin: str
) -> None:
    if wanted != found:
        count = sum(wanted.get(name) != found.get(name) for name in {**wanted, **found})
        raise CnncalcError(
            f"the weights of {origin} are not those of {graph.name}: {count} of them differ",
            details=_side_by_side(wanted, found),
        )


def _taken(values: Array, what: str, dtype: Any) -> Array:
    """The values in the dtype of the run."""
    if values.dtype.kind not in "fiu":
        raise CnncalcError(f"{what} holds no real numbers but {values.dtype}")
    if not np.isfinite(values).all():
        raise CnncalcError(f"{what} holds a NaN or an infinity")
    with np.errstate(over="ignore"):
        taken = values.astype(dtype, copy=False)
    if taken is not values and not np.isfinite(taken).all():
        raise CnncalcError(f"{what} holds a number too large for {np.dtype(dtype)}", "--dtype fp64")
    return taken


def shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor that a run reads, learned or stored, each once, by its full name."""
    return {
        f"{node.weights_of}.{name}": tuple(shape)
        for node in graph.inference.nodes
        for name, shape in (*node.weights.items(), *node.buffers.items())
    }


MOST_LINES = 20


def _side_by_side(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> list[str]:
    """The tensors that differ: the network's on the left, the file's on the right."""
    differing = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    rows = [("the network", "the file")]
    rows += [(_entry(name, wanted.get(name)), _entry(name, found.get(name))) for name in differing[:MOST_LINES]]
    width = max(len(left) for left, _ in rows)
    lines = [f"{left:<{width}}   {right}" for left, right in rows]
    if len(differing) > MOST_LINES:
        lines.append(f"and {len(differing) - MOST_LINES} more")
    return lines


def _entry(name: str, shape: tuple[int, ...] | None) -> str:
    return "-" if shape is None else f"{name} {'x'.join(map(str, shape))}"
