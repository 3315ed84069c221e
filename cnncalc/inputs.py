"""Sizes of inputs that are given from outside, in place of those that a spec or a file has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .dims import Shape, sized
from .errors import CnncalcError, did_you_mean
from .layers.fields import shown
from .spelling import spelled

LARGEST = 2**31

STORED_AS: Mapping[str, str] = {
    "float64": "fp64", "float16": "fp16", "bfloat16": "bf16", "int64": "int64", "int32": "int32", "int16": "int16",
    "int8": "int8", "uint64": "uint64", "uint32": "uint32", "uint16": "uint16", "uint8": "uint8", "bool": "bool",
}  # fmt: skip
"""What ONNX, PyTorch and Keras call an element type -> the dtype of an input that is stored so; float32 is unsaid."""


COLOURS = (1, 3, 4)
FEWEST = 16
"""Positions of an axis from which on it is hardly the channels."""


def channels_last(shape: Shape) -> bool:
    """Whether the last axis of an input is as short as colours are, and the others are not."""
    return len(shape) > 1 and shape[-1] in COLOURS and all(isinstance(n, int) and n >= FEWEST for n in shape[:-1])


def called(name: str, inputs: Iterable[str]) -> str:
    """The input that a name is of: its own, or that of a file, where `input.1` is what is `input_1` here."""
    known = list(inputs)
    alike = [own for own in known if _plain(own) == _plain(name)]
    return name if name in known or len(alike) != 1 else alike[0]


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").removeprefix("n_")


def replaced(shapes: Mapping[str, Shape], given: Any) -> dict[str, Shape]:
    """The shapes of the inputs with those that are given: one for all or for the first, or by name.

    One size alone, 192 or (192,), is that of every spatial axis: the channels stay. `given` may also be a function from
    the shapes to such. Raises CnncalcError for what fits no input.
    """
    found = dict(shapes)
    if callable(given):
        given = given(found)
    wanted = given if isinstance(given, Mapping) else {next(iter(found)): given}
    if not isinstance(given, Mapping) and len(found) > 1 and len(set(map(len, found.values()))) == 1:
        wanted = dict.fromkeys(found, given)
    for name, written in wanted.items():
        shape: Any = (written,) if type(written) is int else written
        if not isinstance(shape, tuple | list):
            raise CnncalcError(f"the sizes of the input `{name}` are a list, and are {shown(shape)}")
        if name not in found:
            help = did_you_mean(name, found) or f"its inputs: {', '.join(found)}"
            raise CnncalcError(f"the network has no input `{name}`", help)
        if len(shape) == 1:
            shape = (*found[name][:1], *(shape[0] for _ in found[name][1:])) if len(found[name]) > 1 else shape
        if len(shape) != len(found[name]):
            raise CnncalcError(
                f"the input of the network has {len(found[name])} sizes, and {len(shape)} are given",
                f"for instance --input {','.join(map(str, found[name]))}: channels, then the spatial axes",
            )
        for dim in shape:
            if wrong := no_size(dim):
                raise CnncalcError(f"a size of the input `{name}` {wrong}", "for instance --input 3,224,224")
        found[name] = sized(tuple(shape))
    return found


def no_size(dim: Any) -> str:
    """Why this is no size of an input, or nothing."""
    if isinstance(dim, bool | str | list | tuple | Mapping | None):
        return f"must be a whole number, and is {shown(dim)}"
    if isinstance(dim, int):
        if dim < 1:
            return f"must be a whole number of at least 1, and is {dim}"
        return f"is {dim:,}, which is more than 2^31" if dim > LARGEST else ""
    if isinstance(dim, float) or (hasattr(dim, "denominator") and not hasattr(dim, "__array__")):
        return f"must be whole, and is {spelled(dim)}"
    return ""
