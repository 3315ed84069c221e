"""How a model of another format is read: what is given beside its inputs and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ..errors import CnncalcError
from ..namedtuples import NamedTuple


class Reading(NamedTuple):
    """What may be asked of the reader of a model."""

    batch: bool = True
    """Whether the first axis of an input is that of the images."""

    allow_unknown: bool = False
    """Whether an operator that is not known may stand as a layer that is counted nowhere."""

    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    """Shapes of what such operators make, by the names of tensors, where the file has none."""


USUAL = Reading()

SPECS_ALONE = "--no-batch, --allow-unknown and --shape change nothing here: there are specs alone, and no model"
"""What is said where these are given for several files, which may be other ones the next time."""


def reading(allow_unknown: bool, no_batch: bool, shape: list[str] | None) -> Reading:
    """What the options of the command line ask. Raises CnncalcError."""
    return Reading(not no_batch, allow_unknown, shapes_of(shape or []))


def shapes_of(texts: list[str]) -> dict[str, tuple[int, ...]]:
    """`boxes=1,100,4`: the shape of a tensor. Raises CnncalcError."""
    found: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, equals, sizes = text.rpartition("=")
        parts = [part.strip() for part in sizes.split(",")]
        if not (equals and name and all(part.isascii() and part.isdigit() and 0 < int(part) < 2**40 for part in parts)):
            raise CnncalcError(f"`--shape {text}` is no shape of a tensor", "--shape boxes=1,100,4")
        found[name] = tuple(int(part) for part in parts)
    return found


def refuse_inexact(name: str, inexact: Sequence[str]) -> None:
    """Begin no run where an operator makes other numbers than its layer. Raises CnncalcError."""
    if inexact:
        raise CnncalcError(
            f"{name}: {inexact[0]}, and its layer does not: what a run makes would differ", "its shapes and counts hold"
        )
