"""If: the branch that is taken, where its condition is known or is given from outside (`--set sr=16000`).

A branch reads what stands around it, and its nodes are read where it stands. Loops have no number of turns before
they run, and are Refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ....dims import Dim, is_symbolic
from ..names import symbol_name
from ..read import Refused
from ..records import Function, GraphRecord, Node, Reference
from ..values import Weight

if TYPE_CHECKING:
    from ..read import Reader, Rule

MOST_DEEP = 32
"""Branches in branches."""


def if_(reader: Reader, node: Node) -> None:
    """The nodes of the branch that is taken."""
    known = reader.known(node.inputs[0])
    if known is None or len(known.entries) != 1 or is_symbolic(known.entries[0]):
        raise Refused(_unknown(reader, node))
    branch = node.attributes.get("then_branch" if known.entries[0] else "else_branch")
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
    return f"its condition hangs on the numbers of {', '.join(names) or 'a tensor'} ({sizes})"


def _symbols(size: Dim) -> set[str]:
    return set(size.symbols()) if is_symbolic(size) else set()


def _nodes(branch: object) -> int:
    return sum(1 for _ in every(branch.nodes)) if isinstance(branch, GraphRecord) else 0


def every(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes, those of branches too."""
    for node in nodes:
        yield node
        for value in node.attributes.values():
            if isinstance(value, GraphRecord):
                yield from every(value.nodes)


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
