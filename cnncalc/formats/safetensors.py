"""Checkpoints: what a `.safetensors` file says of its tensors, from its header alone.

    checkpoint("model.safetensors").tensors["conv1.weight"]      dtype F32, shape (64, 3, 7, 7)

The file is eight bytes (the length of the header, little-endian), the header (JSON: name -> dtype, shape and where the
numbers lie) and the numbers, one tensor after the other without a gap. Every claim is held against the size of the
file; the numbers are read where a network is run, and nowhere else.
Source: https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from .. import files
from ..dims import product
from ..errors import CnncalcError
from ..namedtuples import NamedTuple

if TYPE_CHECKING:
    from ..graph import Graph
    from ..opening import NetworkFile

MOST = 1 << 25
"""Bytes of a header: some 300,000 tensors."""

MOST_AXES, MOST_NUMBERS = 64, 1 << 62

BITS = {
    "F4": 4,
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
"""dtype -> bits of a number."""

COUNTER = "num_batches_tracked"
"""What a batch norm of PyTorch stores and needs in no run."""

STATISTICS = ("running_mean", "running_var", COUNTER)
"""What PyTorch calls the buffers of a batch norm."""

NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""dtype -> how NumPy reads it; bfloat16 as the upper half of a float32."""


WHOLE = {"BOOL": "?", **{f"{word}{8 * size}": f"<{word.lower()}{size}" for word in "IU" for size in (1, 2, 4, 8)}}
"""The same of whole numbers and truth values."""


class Tensor(NamedTuple):
    """A tensor of a checkpoint, without its numbers."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    """Where its numbers begin, in bytes behind the header."""

    end: int

    @property
    def numbers(self) -> int:
        """How many numbers."""
        return int(product(self.shape))

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return self.end - self.begin


def learned(name: str, tensor: Tensor) -> bool:
    """Whether a tensor is a parameter, as far as its name and dtype say: a float that is no running statistic."""
    return not name.endswith(STATISTICS) and tensor.dtype.startswith(("F", "BF", "C"))


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The tensors of a file by their names, in the order in which they lie, and what is noted beside them."""

    name: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    start: int
    """Bytes before the numbers."""

    @property
    def alphabetical(self) -> bool:
        """Whether tensors lie as the library `safetensors` sorts them, so that their order says nothing."""
        by_dtype: dict[str, list[str]] = {}
        for name, tensor in self.tensors.items():
            by_dtype.setdefault(tensor.dtype, []).append(name)
        return all(names == sorted(names) for names in by_dtype.values())

    @property
    def in_order(self) -> list[str]:
        """The names in the likeliest order of the layers: numbers in names count as numbers where a file is sorted."""
        return sorted(self.tensors, key=_natural) if self.alphabetical else list(self.tensors)

    def arrays(self, names: Mapping[str, tuple[int, ...]], whole: bool = False) -> dict[str, Any]:
        """The numbers of some tensors, each in the shape that is asked for. Raises CnncalcError.

        Whole numbers and truth values are read with `whole` alone: no network computes with them.
        """
        import numpy as np

        found = {}
        with files.reading(self.name) as file:
            for name, shape in names.items():
                tensor = self.tensors[name]
                letters = {**NUMPY, **WHOLE} if whole else NUMPY
                if tensor.dtype not in letters:
                    raise CnncalcError(
                        f"`{name}` of {self.name} is {tensor.dtype}", "F64, F32, F16 and BF16 are read to run a network"
                    )
                file.seek(self.start + tensor.begin)
                values = np.frombuffer(file.read(tensor.nbytes), letters[tensor.dtype])
                if len(values) != tensor.numbers:
                    raise CnncalcError(f"`{name}` of {self.name} is cut short")
                if tensor.dtype == "BF16":
                    values = (values.astype(np.uint32) << 16).view(np.float32)
                found[name] = values.reshape(shape)
        return found


def checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """What the header of a file says, its numbers unread. Raises CnncalcError where it says what cannot be."""
    name = os.fspath(path)
    with files.reading(name) as file:
        size = os.fstat(file.fileno()).st_size
        text = _header(name, file, size)
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise CnncalcError(f"{name} is damaged: its header is nested too deeply") from None
    except _Twice as error:
        raise CnncalcError(f"{name} is damaged: its header has `{error}` twice") from None
    except ValueError:
        raise CnncalcError(f"{name} is damaged: its header is no JSON") from None
    if not isinstance(found, dict):
        raise CnncalcError(f"{name} is damaged: its header names no tensors")
    notes = found.pop("__metadata__", {})
    if not isinstance(notes, dict) or any(not isinstance(note, str) for note in notes.values()):
        raise CnncalcError(f"{name} is damaged: its `__metadata__` is no record of texts")
    start = 8 + len(text)
    tensors = {key: _tensor(name, key, value) for key, value in found.items()}
    return Checkpoint(name, _one_after_the_other(name, tensors, size - start), notes, start)


def network(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    """A checkpoint is no network. Raises CnncalcError."""
    raise CnncalcError(
        f"{file.name} is a checkpoint: it has tensors and no architecture, so that no size, MAC or field is known",
        f"cnncalc params {file.name} lists the tensors; "
        f"cnncalc diff net.yaml {file.name} --params tells whether they fit a network",
    )


def refused(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    """A pickle is a program, and is not run. Raises CnncalcError, with the way to a file that is none."""
    safe = os.path.splitext(os.path.basename(file.name))[0] + ".safetensors"  # noqa: PTH119,PTH122 - a name, no path
    raise CnncalcError(
        f"{file.name} is a pickle, as torch.save writes it: a program, which is never run",
        f"in Python: from safetensors.torch import save_file; "
        f"save_file(torch.load({file.name!r}, map_location='cpu', weights_only=True), {safe!r})",
    )


def _header(name: str, file: BinaryIO, size: int) -> bytes:
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8:
        raise CnncalcError(f"{name} is cut short: {size} bytes are no checkpoint")
    if first.startswith(b"version "):
        raise CnncalcError(f"{name} is a pointer of Git LFS and not the file itself", "git lfs pull fetches it")
    if length > size - 8:
        raise CnncalcError(
            f"{name} is cut short or no checkpoint: its header would have {length:,} bytes of {size - 8:,}"
        )
    if length > MOST:
        raise CnncalcError(f"{name} has a header of {length:,} bytes, and {MOST:,} are the most that are read")
    text = file.read(length)
    if len(text) < length:
        raise CnncalcError(f"{name} is cut short in its header")
    return text


class _Twice(Exception):
    """A name that stands twice in a header."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _tensor(file: str, name: str, record: Any) -> Tensor:
    what = f"{file} is damaged: `{name}`"
    if not isinstance(record, dict) or {*record} != {"dtype", "shape", "data_offsets"}:
        raise CnncalcError(f"{what} is not told by a dtype, a shape and offsets")
    dtype, shape, offsets = record["dtype"], record["shape"], record["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise CnncalcError(f"{what} has the dtype {dtype!s:.20}, which is not known")
    if not _sizes(shape) or len(shape) > MOST_AXES or product(tuple(shape)) > MOST_NUMBERS:
        raise CnncalcError(f"{what} has no shape that a tensor can have")
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise CnncalcError(f"{what} has no offsets that a tensor can have")
    tensor = Tensor(dtype, tuple(shape), offsets[0], offsets[1])
    if tensor.nbytes * 8 != tensor.numbers * BITS[dtype]:
        bits = tensor.numbers * BITS[dtype]
        raise CnncalcError(f"{what} has {tensor.nbytes:,} bytes where its shape and dtype need {-(-bits // 8):,}")
    return tensor


def _sizes(given: Any) -> bool:
    return isinstance(given, list) and all(type(n) is int and n >= 0 for n in given)


def _one_after_the_other(name: str, tensors: Mapping[str, Tensor], size: int) -> dict[str, Tensor]:
    """The tensors as they lie. Raises CnncalcError for a gap, an overlap, and what is not in the file."""
    ordered = sorted(tensors, key=lambda one: (tensors[one].begin, tensors[one].end))
    at = 0
    for one in ordered:
        if tensors[one].begin != at:
            how = "overlaps the tensor before it" if tensors[one].begin < at else "lies behind a gap"
            raise CnncalcError(f"{name} is damaged: `{one}` {how}")
        at = tensors[one].end
    if at > size:
        raise CnncalcError(f"{name} is cut short: its tensors have {at:,} bytes, and {size:,} are there")
    if at < size:
        raise CnncalcError(f"{name} is damaged: {size - at:,} bytes behind its last tensor belong to none")
    return {one: tensors[one] for one in ordered}


def _natural(name: str) -> list[tuple[int, int | str]]:
    """`layer.10` behind `layer.2`."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d{1,18})", name) if part]
