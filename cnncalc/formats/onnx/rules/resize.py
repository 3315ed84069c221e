"""Resize and Upsample: a map of another size.

An `upsample` reads between positions as PyTorch does, or with `asymmetric` as older files. Where a file does so
otherwise the map is as large, and its numbers differ: that is noted, and no run is begun on it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from ....dims import Dim, is_symbolic
from ..constants import axis_of
from ..ratios import Ratio, ratio
from ..records import Node
from ..refused import AlongImages, Refused
from .beside import imaged
from .windows import alike

if TYPE_CHECKING:
    from ..read import Reader, Rule

WORDS = {"nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear", "cubic": "bicubic"}
HALVES = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "tf_half_pixel_for_nn")
ROUNDED: Mapping[str, Callable[[float], int]] = {
    "floor": floor,
    "ceil": ceil,
    "round_prefer_floor": lambda place: ceil(place - 0.5),
    "round_prefer_ceil": lambda place: floor(place + 0.5),
}


def resize(reader: Reader, node: Node) -> None:
    """By scales or to sizes."""
    value = imaged(reader, reader.held(node))
    mode = node.attributes.get("mode", "nearest")
    if mode not in WORDS:
        raise Refused(f"`mode` is {mode}")
    now = value.dims[2:]
    scales, sizes = _asked(reader, node, value.dims)
    arguments: dict[str, Any] = {}
    factors = [scale for scale in scales if not is_symbolic(scale) and scale == int(scale)]
    if sizes is None and len(factors) == len(scales):
        arguments["scale"] = alike([int(factor) for factor in factors])
    else:
        arguments["size"] = sizes or [_size(size, scale) for size, scale in zip(now, scales, strict=True)]
    if mode != "nearest":
        arguments["mode"] = WORDS[mode]
    places = "asymmetric" if reader.opset < 11 or node.op == "Upsample" else "half_pixel"
    places = node.attributes.get("coordinate_transformation_mode", places)
    if mode != "nearest" and places == "align_corners":
        arguments["align_corners"] = True
    if mode != "nearest" and places == "asymmetric":
        arguments["asymmetric"] = True
    made = reader.emit(node, "upsample", arguments, [value])
    if why := _otherwise(reader, node, places, scales if sizes is None else [], now, made.dims[2:]):
        reader.differs(node, why)


def _asked(reader: Reader, node: Node, dims: Sequence[Dim]) -> tuple[list[Any], list[Dim] | None]:
    """The scales of the axes of the map, or their sizes. Raises Refused."""
    old = node.op == "Upsample" or reader.opset < 11
    scales = reader.constant(node, 1 if old else 2, "scales")
    sizes = None if old else reader.constant(node, 3)
    rank = len(dims)
    axes = [axis_of(axis, rank) for axis in node.attributes.get("axes") or range(rank)]
    if sizes:
        if node.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
            return _alike(node, dict(zip(axes, sizes, strict=True)), dims), None
        by_number = dict(zip(axes, sizes, strict=True))
        whole = [by_number.get(axis, size) for axis, size in enumerate(dims)]
        if str(whole[1]) != str(dims[1]):
            wrong = f"{whole[1]} channels, and it reads {dims[1]}"
            raise AlongImages(wrong) if reader.images > 1 else Refused(wrong)
        return [], whole[2:]
    if not scales:
        raise Refused("neither scales nor sizes")
    by_axis = [dict(zip(axes, scales, strict=True)).get(axis, 1) for axis in range(rank)]
    if [str(float(scale)) if not is_symbolic(scale) else "" for scale in by_axis[:2]] != ["1.0", "1.0"]:
        raise Refused("a scale of the channels")
    return by_axis[2:], None


def _alike(node: Node, sizes: Mapping[int, Dim], dims: Sequence[Dim]) -> list[Any]:
    """One scale for all axes, with which none is larger than was asked for, or none smaller."""
    if any(map(is_symbolic, (*dims, *sizes.values()))):
        raise Refused("`keep_aspect_ratio_policy` on sizes without a number")
    scales = [_single(size / dims[axis]) for axis, size in sizes.items() if axis > 1]
    smaller = node.attributes["keep_aspect_ratio_policy"] == "not_larger"
    scale = min(scales) if smaller else max(scales)
    return [Ratio(floor(n * scale + 0.5), n) if axis in sizes else 1 for axis, n in enumerate(dims)][2:]


def _size(size: Dim, scale: Any) -> Dim:
    """As onnxruntime works it out: in floats of 32 bits, without what stands behind the point."""
    if is_symbolic(scale) or is_symbolic(size):
        return (ratio(scale) * size).whole
    return int(_single(size * scale))


def _single(number: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


def _otherwise(
    reader: Reader, node: Node, places: str, scales: Sequence[Any], now: Sequence[Dim], then: Sequence[Dim]
) -> str:
    """How a file reads between positions where an `upsample` reads otherwise; nothing where both do the same."""
    own, mode = node.attributes, node.attributes.get("mode", "nearest")
    steps = [*scales] or [None] * len(now)
    axes = [one for one in zip(now, then, steps, strict=True) if str(one[0]) != str(one[1])]
    if not axes:
        return ""
    if mode == "nearest":
        rounding = own.get("nearest_mode", "round_prefer_floor" if reader.opset >= 11 else "floor")
        same = all(_same_nearest(places, rounding, *axis) for axis in axes)
        return "" if same else f"takes the nearest by `{places}` and `{rounding}`"
    if places not in ("align_corners", "asymmetric", *HALVES[:3]):
        return f"finds places by `{places}`"
    if places == "pytorch_half_pixel" and any(not is_symbolic(m) and m == 1 for _, m, _ in axes):
        return f"finds the one place by `{places}`"
    if not all(_quotient(*axis) for axis in axes):
        return "has a scale that is no quotient of its sizes"
    shrinks = any(is_symbolic(n) or is_symbolic(m) or m < n for n, m, _ in axes)
    if own.get("antialias") and shrinks:
        return "weighs more positions where a map gets smaller (`antialias`)"
    if mode == "cubic" and (own.get("cubic_coeff_a", -0.75) != -0.75 or own.get("exclude_outside")):
        return "weighs by another cubic"
    return ""


def _quotient(n: Dim, m: Dim, step: Any) -> bool:
    """Whether a scale is the quotient of the sizes, up to what floats round."""
    if step is None or is_symbolic(step) or is_symbolic(n):
        return step is None or is_symbolic(step) or bool(step == int(step))
    return bool(abs(step * n - m) < 1e-6 * n)


def _same_nearest(places: str, rounding: str, n: Dim, m: Dim, step: Any) -> bool:
    """Whether each position has the one at floor(j n / m)."""
    if is_symbolic(n) or is_symbolic(m):
        whole = step is not None and not is_symbolic(step) and step == int(step)
        return (places, rounding) == ("asymmetric", "floor") or (whole and places in HALVES and "round" in rounding)
    scale = m / n if _quotient(n, m, step) else step
    found = (
        min(max(ROUNDED[rounding](place), 0), n - 1) for place in (_place(places, j, n, m, scale) for j in range(m))
    )
    return all(place == j * n // m for j, place in enumerate(found))


def _place(places: str, j: int, n: int, m: int, scale: float) -> float:
    if places == "align_corners":
        return j * (n - 1) / max(m - 1, 1)
    if places == "asymmetric":
        return j / scale
    if places == "tf_half_pixel_for_nn":
        return (j + 0.5) / scale
    if places == "pytorch_half_pixel" and m == 1:
        return 0.0
    return (j + 0.5) / scale - 0.5


RULES: Mapping[str, Rule] = {"Resize": resize, "Upsample": resize}
