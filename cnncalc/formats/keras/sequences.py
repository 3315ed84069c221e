"""Inputs of whole numbers, which Keras has as vectors: where rows are looked up by them, sequences with one channel."""

from __future__ import annotations

from ...building import Builder


def as_sequences(builder: Builder) -> Builder:
    """The network with each vector that is read by embeddings alone as the sequence that they make of it."""
    made = {name: [node for node in builder.nodes if name in node.inputs] for name in builder.inputs}
    wanted = {
        name: (1, *shape)
        for name, shape in builder.inputs.items()
        if len(shape) == 1 and made[name] and all(_looked_up(builder, node.name) for node in made[name])
    }
    if not wanted:
        return builder
    instead = {node.name: name for name in wanted for node in made[name]}
    found = Builder(builder.name, builder.inputs | wanted)
    for node in builder.nodes:
        if node.name not in instead:
            found.like(node, inputs=tuple(instead.get(name, name) for name in node.inputs))
    for head, tensor in builder.heads.items():
        found.head(head, tensor)
    return found


def _looked_up(builder: Builder, name: str) -> bool:
    """Whether a tensor is its vector in other axes, and rows are looked up by it and nothing else done."""
    node, reading = builder.node(name), [node for node in builder.nodes if name in node.inputs]
    return node is not None and node.kind == "reshape" and bool(reading) and all(n.layer.looks_up for n in reading)
