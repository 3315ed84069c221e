"""Small numbers that lie in a file beside the model: shapes and positions that an exporter put there.

Only a plain file in the model's own folder is opened, by its bare name, and at most 512 kB of it are read. Weights are
not read, their shapes stand in the model, but for a few whose values say whether they are learned at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .external import NotPlain, all_of, plain
from .numbers import numbers
from .records import DATA_TYPES, FLOATS, MAX_ENTRIES, Tensor
from .wire import Damaged, Memory, Part

MOST = 8 * MAX_ENTRIES
"""Bytes that are read."""


def outside(tensor: Tensor, model: str, floats: bool = False) -> list[Any] | None:
    """The numbers of a small constant in another file; None for weights unless `floats`, and without the file.

    Raises Damaged for a place outside of the folder, a link, and a file that is too short.
    """
    where = tensor.external
    if where is None or (tensor.type in FLOATS and not floats) or tensor.elements > MAX_ENTRIES:
        return None
    content = _read(where, tensor, model)
    return None if content is None else numbers(tensor, Part(Memory(content, model), 0, len(content)))


def _read(where: Mapping[str, str], tensor: Tensor, model: str) -> bytes | None:
    name, what = where.get("location", ""), f"{model}: the tensor `{tensor.name}`"
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise Damaged(f"{what} lies in `{name}`, and only files beside the model are read")
    try:
        offset, length = int(where.get("offset", "0")), int(where.get("length", "-1"))
    except ValueError:
        raise Damaged(f"{what} lies at no number in `{name}`") from None
    if offset < 0 or length > MOST:
        raise Damaged(f"{what} lies at {offset} in `{name}`, {length} bytes long")
    try:
        with plain(Path(model).parent / name) as descriptor:
            content = all_of(descriptor, offset, MOST if length < 0 else length)
    except OSError:
        return None
    except NotPlain:
        raise Damaged(f"{what} lies in `{name}`, which is no plain file of its own") from None
    if 0 <= length != len(content):
        raise Damaged(f"{what} reaches beyond the end of `{name}`")
    return content


def alike(tensor: Tensor | None, model: str) -> float | None:
    """The one value of all numbers of a small tensor, here or in another file; None where it has none or is not had."""
    if tensor is None or tensor.type not in DATA_TYPES or tensor.elements > MAX_ENTRIES:
        return None
    try:
        found = numbers(tensor) if tensor.external is None else outside(tensor, model, floats=True)
    except Damaged:
        return None
    values = {*found} if found else ()
    return float(next(iter(values))) if len(values) == 1 else None
