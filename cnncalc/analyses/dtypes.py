"""What numbers are stored as: the dtype of each tensor, and the bytes of an element.

A network computes in one dtype. An input may be stored in another (an image in uint8, tokens in int64): then the layers
read it as it is, and what a layer computes is of the network's dtype. A layer that computes nothing and moves what
comes in (a reshape, a permutation, zeros around a map, a concatenation of such) leaves it as it is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import CnncalcError, did_you_mean
from ..graph import Graph, Node

BYTES: Mapping[str, int] = {"fp64": 8, "fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "int8": 1, "uint8": 1}
"""Bytes an element, by the dtype that a network computes in."""

STORED_BYTES: Mapping[str, int] = {
    **{dtype: size for dtype, size in BYTES.items() if dtype != "tf32"},
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "bool": 1,
}
"""Bytes an element, by the dtype that an input is stored in."""


DEFAULT_DTYPE = "fp32"


OTHER_NAMES: Mapping[str, str] = {
    "float64": "fp64",
    "double": "fp64",
    "float32": "fp32",
    "float": "fp32",
    "float16": "fp16",
    "half": "fp16",
    "bfloat16": "bf16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "byte": "uint8",
    "char": "int8",
    "boolean": "bool",
}
"""What PyTorch, NumPy and others call a dtype -> what it is called here."""


def unknown_dtype(dtype: object, known: Collection[str]) -> CnncalcError:
    """The error for a dtype that is not among those that are known."""
    other = OTHER_NAMES.get(str(dtype).lower().removeprefix("torch."), "")
    near = f"write `{other}`" if other in known else did_you_mean(str(dtype), known)
    return CnncalcError(f"no dtype `{dtype}`", near or f"known: {', '.join(known)}")


def bytes_of(dtype: str) -> int:
    """Bytes an element of a dtype that a network computes in. Raises CnncalcError for one that is not known."""
    if dtype not in BYTES:
        raise unknown_dtype(dtype, BYTES)
    return BYTES[dtype]


def moves(node: Node) -> bool:
    """Whether a layer computes nothing, and puts what comes in somewhere else."""
    layer = node.layer
    computes = node.work or node.weights or node.buffers or layer.multiplies
    return layer.counted and not computes and not layer.starts


def stored(graph: Graph) -> Mapping[str, str]:
    """Tensor -> the dtype that it is stored in, where that is not the one that the network computes in."""
    found = dict(graph.input_dtypes)
    if found:
        for node in graph.nodes:
            dtypes = {found.get(name, "") for name in node.inputs}
            if moves(node) and len(dtypes) == 1 and dtypes != {""}:
                found[node.name] = dtypes.pop()
    return found


def element_bytes(graph: Graph, dtype: str) -> Mapping[str, int]:
    """Bytes an element of every input and node, where the network computes in `dtype`. Raises CnncalcError."""
    size, own = bytes_of(dtype), stored(graph)
    return {name: STORED_BYTES[own[name]] if name in own else size for name in graph.shapes}
