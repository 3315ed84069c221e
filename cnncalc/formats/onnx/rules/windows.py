"""The attributes that convolutions and pools share, as the language says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ....layers.join import is_one
from ..records import Node
from ..refused import Refused

if TYPE_CHECKING:
    from ..read import Reader
    from ..values import Held


def geometry(reader: Reader, node: Node, value: Held, kernel: Sequence[int]) -> dict[str, Any]:
    """`kernel`, `stride`, `padding` and `dilation`, each one number where all axes have the same."""
    axes = len(kernel)
    if len(value.dims) != axes + 2:
        raise Refused(f"a window of {axes} axes on a tensor of {len(value.dims)}")
    strides = node.attributes.get("strides") or [1] * axes
    dilations = node.attributes.get("dilations") or [1] * axes
    arguments: dict[str, Any] = {"kernel": alike(kernel)}
    if set(strides) != {1}:
        arguments["stride"] = alike(strides)
    if set(dilations) != {1}:
        arguments["dilation"] = alike(dilations)
    padding = padding_of(node, value, kernel, strides, dilations)
    if padding:
        arguments["padding"] = padding
    return arguments


def side_by_side(value: Held) -> bool:
    """Whether a tensor without images has several maps beside each other, along its first axis."""
    return not value.batched and len(value.dims) > 2 and not is_one(value.dims[0])


def one_by_one(arguments: Mapping[str, Any], axes: int) -> dict[str, Any]:
    """The same windows with an axis in front, along which each position is by itself."""
    wider = dict(arguments)
    for word, alone in (("kernel", 1), ("stride", 1), ("dilation", 1), ("padding", 0), ("output_padding", 0)):
        given = arguments.get(word)
        if isinstance(given, int) and given != alone:
            wider[word] = [alone, *[given] * axes]
        elif isinstance(given, list):
            wider[word] = [[0, 0] if isinstance(given[0], list) else alone, *given]
    return wider


def padding_of(node: Node, value: Held, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Any:
    """The padding as the language says it; 0 for none."""
    auto = node.attributes.get("auto_pad") or "NOTSET"
    if auto == "SAME_UPPER":
        return "same"
    if auto == "VALID":
        return 0
    pads = node.attributes.get("pads") or [0] * 2 * len(kernel)
    if auto == "SAME_LOWER":
        pads = _same_lower(value, kernel, strides, dilations)
    elif auto != "NOTSET":
        raise Refused(f"`auto_pad` is {auto}")
    pairs = list(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))
    if all(before == after for before, after in pairs):
        return alike([before for before, _ in pairs])
    return [list(pair) for pair in pairs]


def _same_lower(value: Held, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> list[int]:
    befores, afters = [], []
    for size, k, s, d in zip(value.dims[2:], kernel, strides, dilations, strict=True):
        if not isinstance(size, int):
            raise Refused("`auto_pad` is SAME_LOWER on a size without a number")
        total = max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
        befores.append(total - total // 2)
        afters.append(total // 2)
    return befores + afters


def alike(numbers: Sequence[int]) -> Any:
    """One number where all are the same, else the list."""
    return numbers[0] if len(set(numbers)) == 1 else list(numbers)
