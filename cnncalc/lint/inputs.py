"""What is doubtful about the input of a network: axes in another order, or a batch among them."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Diagnostic
from ..graph import Graph
from ..inputs import COLOURS, channels_last


def doubts(graph: Graph) -> Iterator[Diagnostic]:
    """Warnings at the inputs as the spec writes them."""
    for name, mark in graph.input_marks.items():
        shape = graph.inputs[name]
        if not all(isinstance(n, int) for n in shape):
            continue
        text = "x".join(map(str, shape))
        if channels_last(shape):
            along = "long" if len(shape) == 2 else "wide"
            message = f"the input {text} has {shape[0]} channels and is {shape[-1]} {along}: channels come first"
            yield Diagnostic(
                message, mark, help=f"input: {[shape[-1], *shape[:-1]]}", severity="warning", code="channels-last"
            )
        elif len(shape) == 4 and shape[0] == 1 and shape[1] in COLOURS[:2] and shape[2] == shape[3]:
            message = f"the input {text} is a volume of one channel: a batch is not part of the input"
            help = f"input: {list(shape[1:])}; --batch N for several images"
            yield Diagnostic(message, mark, help=help, severity="warning", code="batch")
