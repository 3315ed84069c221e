"""What a file says of the shapes of its tensors, held against those that the layers' own rules make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dims import is_symbolic
from ...errors import CnncalcError
from ...layers.base import size_text
from .records import Node
from .values import BATCH, Held

if TYPE_CHECKING:
    from .read import Reader


def compare(reader: Reader, node: Node, name: str, value: Held) -> None:
    """Raises CnncalcError where the file says another shape of a tensor that a node makes; open sizes are any."""
    declared = reader.model.graph.declared.get(name)
    if declared is None or declared.dims is None:
        return
    dims = declared.dims
    wrong = len(dims) != len(value.dims) or any(
        isinstance(says, int) and isinstance(is_, int) and says != is_ and not (axis == BATCH and reader.batch)
        for says, is_, axis in zip(dims, value.whole(reader.images), value.axes, strict=True)
    )
    if wrong and not any(is_symbolic(size) for size in value.dims):
        raise CnncalcError(
            f"{reader.file}: {node.op} `{node.label}` makes {size_text(value.dims)}, "
            f"and {reader.author} says {size_text(tuple('?' if size is None else size for size in dims))}"
        )
