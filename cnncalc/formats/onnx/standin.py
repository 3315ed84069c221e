"""What stands in the place of an operator that is not known: a layer with the shape that the file or the user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...dims import Dim
from ...errors import CnncalcError, Mark
from ...layers import KINDS, ArgumentError
from .names import node_name, symbol_name
from .outlines import outline
from .records import Dims, Node
from .values import Held, plain_axes

if TYPE_CHECKING:
    from .read import Reader

MOST_AXES = 6


def stand_in(reader: Reader, node: Node) -> str:
    """Define what a node makes as layers that are not known; why that cannot be, or nothing."""
    held = reader.behind.sources(node, reader.values)
    if not held:
        return "it reads constants alone"
    wanted = [name for name in node.outputs if name and reader.readers[name]]
    found: dict[str, tuple[Dim, ...]] = {}
    for name in wanted:
        dims = _dims(reader, node, name)
        if dims is None:
            return f"{reader.author} has no shape of `{name}`: --shape {symbol_name(name) or name}=1,8,16 gives it"
        found[name] = dims
    for place, (name, dims) in enumerate(found.items()):
        batched = len(dims) > 1 and dims[0] == 1 and any(value.batched for value in held)
        shape = dims[1:] if batched else dims
        if not 1 <= len(shape) <= MOST_AXES:
            return f"what it makes has {len(shape)} axes"
        operator = f"{node.domain}.{node.op}" if node.domain else node.op
        named = operator if not place else f"{operator}, output {node.outputs.index(name) + 1}"
        try:
            layer = KINDS["unknown"].read({"operator": named[:100], "shape": list(shape)}, 0)
        except ArgumentError as error:
            return error.message
        mark, wish = Mark.of(reader.file, f"{node.op} `{node.label}`"), node_name(node, node.op.lower())
        tensor = reader.builder.add(layer, [value.tensor for value in held], wish, mark=mark)
        reader.wishes[tensor] = wish
        reader.values[name] = Held(tensor, dims, plain_axes(len(dims), batched))
    return ""


def go_on(reader: Reader, node: Node) -> bool:
    """Whether an operator is one behind others that are left out; where the user says a shape the network goes on."""
    if not reader.behind.reaches(node):
        return False
    if not any({name, symbol_name(name)} & reader.shapes.keys() for name in node.outputs if name):
        reader.behind.leave(node)
    elif trouble := stand_in(reader, node):
        raise CnncalcError(f"{reader.file}: {node.op} `{node.label}`: {trouble}")
    return True


def _dims(reader: Reader, node: Node, name: str) -> tuple[Dim, ...] | None:
    """The sizes of a tensor in the file's order: as they are given, as they follow, or as the file has them."""
    for given in (name, symbol_name(name)):
        if given in reader.shapes:
            reader.shaped.add(given)
            return tuple(reader.shapes[given])
    if (follows := outline(reader, node)) is not None:
        return follows
    declared = reader.model.graph.declared.get(name)
    dims: Dims | None = declared.dims if declared else None
    for output in reader.model.graph.outputs:
        if output.name == name and output.dims is not None:
            dims = output.dims
    if dims is None:
        return None
    sizes = [_size(reader, size, axis) for axis, size in enumerate(dims)]
    return None if any(size is None for size in sizes) else tuple(size for size in sizes if size is not None)


def _size(reader: Reader, size: int | str | None, axis: int) -> Dim | None:
    """A size that is declared: open ones of the inputs by their name; the first is that of the images."""
    if isinstance(size, int):
        return size
    word = symbol_name(size or "")
    for shape in reader.builder.inputs.values():
        for known in shape:
            if word and str(known) == word:
                return known
    return 1 if axis == 0 and reader.batch else None
