"""Operators of `keras.ops` along axes: what is taken over some of them, cut into parts, turned or padded."""

from __future__ import annotations

from itertools import pairwise

from ..read import Reader, Refused, Rule
from .arrange import permute
from .base import named, place

WHOLE = {"mean": "globalavgpool", "amax": "globalmaxpool"}
"""What leaves a map of size 1."""

PADDED = {"constant": "zeros", "reflect": "reflect", "edge": "edge"}


def over(kind: str) -> Rule:
    """One number for all entries of an axis, or of several; they stay only where the model keeps them."""

    def rule(reader: Reader, tensor: str) -> str:
        axis = reader.config.get("axis")
        listed = list(axis) if isinstance(axis, list | tuple) else [axis]
        axes = [place(reader, tensor, one) for one in listed]
        if len({*axes}) < len(axes) or reader.config.get("initial") is not None:
            raise Refused("an axis twice, or a number beside the entries")
        if sorted(axes) == [*range(1, len(reader.shape(tensor)))]:
            return _whole(reader, tensor, kind)
        names = [named(reader, tensor, one) for one in listed]
        for n, name in enumerate(names):
            tensor = reader.add(kind, {"over": name}, tensor, part="" if n == len(names) - 1 else name)
        return tensor if reader.config.get("keepdims") else _without(reader, tensor, axes)

    return rule


def _whole(reader: Reader, tensor: str, kind: str) -> str:
    """Over the whole map."""
    if not reader.config.get("keepdims"):
        return reader.add(kind, {}, tensor)
    if kind in WHOLE:
        return reader.add(WHOLE[kind], {}, tensor)
    channels, *map = reader.shape(tensor)
    return reader.add("reshape", {"shape": [channels, *(1 for _ in map)]}, reader.add(kind, {}, tensor, part=kind))


def _without(reader: Reader, tensor: str, axes: list[int]) -> str:
    """The tensor without axes of size 1; where the channels go, the last of the others are the channels there."""
    sizes = list(reader.shape(tensor))
    left = [size for axis, size in enumerate(sizes) if axis not in axes]
    if not left:
        raise Refused("one number an image is left")
    made = reader.add("reshape", {"shape": left}, tensor, part="squeeze")
    if 0 in axes and len(left) > 1 and not reader.channels_first:
        order = [len(left) - 1, *range(len(left) - 1)]
        made = reader.add("permute", {"order": order}, made, part="channels_first")
    return made


def transpose(reader: Reader, tensor: str) -> str:
    """The axes in another order, that of the images being the first."""
    axes = reader.config.get("axes")
    if not isinstance(axes, list | tuple) or not axes or axes[0] != 0:
        raise Refused("it moves the axis of the images")
    reader.config = {"dims": [axis % len(axes) for axis in axes[1:]]}
    return permute(reader, tensor)


def split(reader: Reader, tensor: str) -> list[str]:
    """Equal parts of an axis, or what lies between the entries that are named; \"\" for a part that nothing reads."""
    cuts, axis = reader.config["indices_or_sections"], reader.config.get("axis", 0)
    name, size = named(reader, tensor, axis), reader.shape(tensor)[place(reader, tensor, axis)]
    if isinstance(cuts, int):
        kind, parts = "split", [{"part": n, "parts": cuts, "axis": name} for n in range(cuts)]
    else:
        ends = [0, *cuts, size]
        kind, parts = "slice", [{"axis": name, "start": a, "stop": b} for a, b in pairwise(ends)]
    read = reader.places
    return [reader.add(kind, p, tensor, part=f"part{n}") if n in read else "" for n, p in enumerate(parts)]


def pad(reader: Reader, tensor: str) -> str:
    """Entries around a tensor."""
    mode, value = reader.config.get("mode", "constant"), reader.operands("constant_values")[1:]
    each, axes = reader.config["pad_width"], len(reader.shape(tensor))
    if isinstance(each, int) or len(each) != axes + 1 or list(each[0]) != [0, 0] or mode not in PADDED:
        raise Refused(f"`pad_width: {each}` with `mode: {mode}` is not read")
    channels, rows = (each[1], each[2:]) if reader.channels_first else (each[-1], each[1:-1])
    if mode != "constant" and list(channels) != [0, 0]:
        raise Refused("its channels are padded, and not with a number")
    around = {"padding": [list(one) for one in rows]} if any(any(one) for one in rows) else {}
    beside = {"channels": [list(channels)]} if any(channels) else {}
    fill = {"fill": value[0]} if value and value[0] else {}
    return reader.add("pad", {**around, **beside, **fill, "mode": PADDED[mode]}, tensor)


RULES: dict[str, Rule] = {
    "Mean": over("mean"),
    "Max": over("amax"),
    "Min": over("amin"),
    "Sum": over("sum"),
    "Transpose": transpose,
    "Split": split,
    "Pad": pad,
}
