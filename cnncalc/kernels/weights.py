"""The weights of a network: first values, and files of them.

    he         normal with variance 2 / fan-in (He et al. 2015)
    glorot     uniform up to sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010)
    positive   uniform from 0.5 to 1.5, by the fan-in: every path through the network counts
    ones       1 everywhere            constant   one value everywhere

Scales are 1, shifts 0 and learned slopes 0.25 where values are drawn; running means are 0 and variances 1.
The fans are PyTorch's: of a tensor (a, b, *kernel) b * taps in and a * taps out. A tensor goes by
`node.weight`, and nodes that share their weights go by one name.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from math import prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node
from .base import Array

SCHEMES = ("he", "glorot", "positive", "ones", "constant")
TAPPED = frozenset({"conv", "pointwise", "depthwise", "upconv", "linear"})
"""Kinds whose `weight` is multiplied with many inputs and drawn at random; elsewhere it is a factor."""


def initial(
    graph: Graph, scheme: str = "he", seed: int = 0, dtype: Any = np.float32, constant: float = 0.1
) -> dict[str, Array]:
    """First values of every learned and stored tensor, by its full name. Raises CnncalcError."""
    if scheme not in SCHEMES:
        help = did_you_mean(scheme, SCHEMES) or ", ".join(SCHEMES)
        raise CnncalcError(f"no scheme is called `{scheme}`", help)
    draw = np.random.default_rng(seed)
    values: dict[str, Array] = {}
    for node in graph.nodes:
        for name, shape in node.weights.items():
            key = f"{node.weights_of}.{name}"
            if key not in values:
                values[key] = _first(node, name, shape, scheme, draw, constant, dtype)
        for name, shape in node.buffers.items():
            one = float(name == "running_var")
            values.setdefault(f"{node.weights_of}.{name}", np.full(shape, one, dtype))
    return values


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
    if name == "bias":
        return np.zeros(shape, dtype)
    if node.kind not in TAPPED:
        return np.full(shape, 0.25 if node.kind == "prelu" else 1.0, dtype)
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


def save(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an `.npz` file, all or nothing."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        beside.replace(path)
    except OSError as error:
        raise CnncalcError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def load(path: str | Path, graph: Graph, dtype: Any = np.float32) -> dict[str, Array]:
    """Read the weights of a network from an `.npz` file. Raises CnncalcError."""
    return fitting(read(path), graph, str(path), dtype)


def read(path: str | Path) -> dict[str, Array]:
    """Every array of an `.npz` file (or the one of an `.npy` file, as ``). Raises CnncalcError."""
    try:
        with Path(path).open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"": loaded}
            return {name: loaded[name] for name in loaded.files}
    except OSError as error:
        raise CnncalcError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise CnncalcError(
            f"{path} is no file of arrays, or is cut short: {error}", "an .npz that NumPy or cnncalc wrote"
        ) from None


def fitting(values: Mapping[str, Array], graph: Graph, origin: str, dtype: Any) -> dict[str, Array]:
    """The values as the network takes them. Raises CnncalcError, both lists in it, where they differ."""
    wanted = shapes(graph)
    found = {name: tuple(value.shape) for name, value in values.items()}
    if wanted != found:
        count = sum(wanted.get(name) != found.get(name) for name in {**wanted, **found})
        raise CnncalcError(
            f"the weights of {origin} are not those of {graph.name}: {count} of them differ",
            details=_side_by_side(wanted, found),
        )
    for name, value in values.items():
        if value.dtype.kind not in "fiu":
            raise CnncalcError(f"`{name}` of {origin} holds no real numbers but {value.dtype}")
        if not np.isfinite(value).all():
            raise CnncalcError(f"`{name}` of {origin} holds a NaN or an infinity")
    return {name: values[name].astype(dtype, copy=False) for name in wanted}


def shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    """The shape of every learned and stored tensor, each once, by its full name."""
    return {
        f"{node.weights_of}.{name}": tuple(shape)
        for node in graph.nodes
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
