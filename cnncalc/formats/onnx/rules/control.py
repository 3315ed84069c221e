"""If: the branch that is taken, where its condition is known or is given from outside (`--set sr=16000`).

Where both branches have the same layers it does not matter which is taken; where the condition hangs on the numbers of
a tensor, one is chosen by the name of the node (`--set If_32=then`).
A branch reads what stands around it, and its nodes are read where it stands. Loops have no number of turns before
they run, and are Refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ....dims import Dim, is_symbolic
from ..names import symbol_name
from ..numbers import numbers
from ..records import FLOATS, MAX_ENTRIES, Function, GraphRecord, Node, Reference, Tensor, every
from ..refused import Refused
from ..values import Weight

if TYPE_CHECKING:
    from ..read import Reader, Rule

CHOICES = ("then", "else")
MOST_DEEP = 32
"""Branches in branches."""


def if_(reader: Reader, node: Node) -> None:
    """The nodes of the branch that is taken."""
    branch = node.attributes.get(f"{_taken(reader, node)}_branch")
    if not isinstance(branch, GraphRecord):
        raise Refused("it has no branch")
    if reader.deep >= MOST_DEEP:
        raise Refused(f"branches in branches, more than {MOST_DEEP} deep")
    for name, tensor in branch.constants.items():
        reader.values[name] = Weight(name, tensor.dims, tensor)
    reader.model.graph.declared.update(branch.declared)
    reader.deep += 1
    for inner in branch.nodes:
        reader.read(inner)
    reader.deep -= 1
    if reader.unread:
        return  # what follows from it cannot be read either
    for place, (name, made) in enumerate(zip(node.outputs, branch.outputs, strict=False)):
        if made.name not in reader.values:
            raise Refused(f"its branch makes no `{made.name}`")
        if name and name != made.name:
            reader.define(node, reader.values[made.name], place)


def _taken(reader: Reader, node: Node) -> str:
    """`then` or `else`. Raises Refused where nothing decides."""
    chosen = reader.settings.get(symbol_name(node.label))
    if chosen is not None:
        if chosen not in CHOICES:
            raise Refused(f"`--set {symbol_name(node.label)}={chosen}` is none of {' and '.join(CHOICES)}")
        return str(chosen)
    known = reader.known(node.inputs[0])
    if known is not None and len(known.entries) == 1 and not is_symbolic(known.entries[0]):
        return "then" if known.entries[0] else "else"
    first, second = (node.attributes.get(f"{word}_branch") for word in CHOICES)
    if isinstance(first, GraphRecord) and isinstance(second, GraphRecord):
        one, other = (_drawn(reader, branch) for branch in (first, second))
        if one is not None and one == other:
            reader.changes.alike += 1
            return "then"
    raise Refused(_unknown(reader, node))


def _drawn(reader: Reader, branch: GraphRecord) -> list[object] | None:
    """What a branch is made of, without the names in it and the numbers of its weights; None where that is not known.

    Two branches with the same such drawing have the same layers of the same sizes.
    """
    places: dict[str, object] = {name: ("weight", one.dims, one.type) for name, one in branch.constants.items()}
    drawn: list[object] = []
    for node in branch.nodes:
        attributes: dict[str, object] = {}
        for key, value in node.attributes.items():
            if isinstance(value, GraphRecord | Reference):
                return None
            attributes[key] = ("weight", value.dims, value.type) if isinstance(value, Tensor) else value
        inputs = [places.get(name) or _outer(reader, name) for name in node.inputs]
        shapes = [_numbers(reader, branch, name) for name in node.inputs]
        drawn.append((node.op, node.domain, attributes, inputs, shapes, len(node.outputs)))
        places |= {name: ("made", len(drawn), place) for place, name in enumerate(node.outputs)}
    return [*drawn, [places.get(made.name) or _outer(reader, made.name) for made in branch.outputs]]


def _outer(reader: Reader, name: str) -> object:
    value = reader.values.get(name)
    return ("weight", value.dims, value.record and value.record.type) if isinstance(value, Weight) else name


def _numbers(reader: Reader, branch: GraphRecord, name: str) -> object:
    """The whole numbers of a constant: shapes and axes, which must be the same."""
    record = branch.constants.get(name)
    if record is None:
        known = reader.known(name)
        return known.entries if known is not None and all(isinstance(one, int) for one in known.entries) else None
    if record.type in FLOATS or record.elements > MAX_ENTRIES or record.external is not None:
        return None
    return tuple(numbers(record))


def call(reader: Reader, node: Node, function: Function) -> None:
    """An operator that the model defines itself: its nodes, with the names of the call."""
    if reader.deep >= MOST_DEEP:
        raise Refused(f"functions in functions, more than {MOST_DEEP} deep")
    given = (*node.inputs, *("",) * (len(function.inputs) - len(node.inputs)))
    names = dict(zip(function.inputs, given, strict=False)) | dict(zip(function.outputs, node.outputs, strict=False))
    own = f"{node.label}#{len(reader.values)}/"
    reader.deep += 1
    for inner in function.nodes:
        inputs, outputs = (
            tuple(names.setdefault(name, own + name) if name else "" for name in side)
            for side in (inner.inputs, inner.outputs)
        )
        attributes = {
            name: node.attributes.get(value.name) if isinstance(value, Reference) else value
            for name, value in inner.attributes.items()
            if not isinstance(value, Reference) or value.name in node.attributes
        }
        reader.readers.update(name for name in inputs if name)
        label = node.name or inner.name
        reader.read(
            Node(inner.op, inner.domain, label, inputs, outputs, attributes, {**inner.metadata, **node.metadata})
        )
    reader.deep -= 1


def _unknown(reader: Reader, node: Node) -> str:
    """What the condition hangs on, and what both branches have."""
    sizes = ", ".join(f"{word} {_nodes(node.attributes.get(f'{word}_branch'))} operators" for word in ("then", "else"))
    names = sorted(_sources(reader.model.graph.nodes, node.inputs[0]) & {one.name for one in reader.model.graph.inputs})
    single = [
        symbol_name(one.name)
        for one in reader.model.graph.inputs
        if one.name in names and one.dims is not None and all(size == 1 for size in one.dims)
    ]
    if single:
        return f"its condition hangs on `{single[0]}` ({sizes}): `--set {single[0]}=VALUE` chooses"
    open_ = sorted({n for shape in reader.builder.inputs.values() for size in shape for n in _symbols(size)})
    if open_:
        return f"its condition may hang on a size ({sizes}): `--set {open_[0]}=NUMBER` or --input gives it"
    own = symbol_name(node.label)
    return (
        f"its condition hangs on the numbers of {', '.join(names) or 'a tensor'} ({sizes}): `--set {own}=then` chooses"
    )


def _symbols(size: Dim) -> set[str]:
    return set(size.symbols()) if is_symbolic(size) else set()


def _nodes(branch: object) -> int:
    return sum(1 for _ in every(branch.nodes)) if isinstance(branch, GraphRecord) else 0


def _sources(nodes: Sequence[Node], name: str) -> set[str]:
    """The tensors that one is made of, itself among them."""
    makers = {made: node for node in every(nodes) for made in node.outputs}
    found, left = {name}, [name]
    while left:
        maker = makers.get(left.pop())
        new = [source for source in maker.inputs if source not in found] if maker else []
        found.update(new)
        left += new
    return found


RULES: Mapping[str, Rule] = {"If": if_}
