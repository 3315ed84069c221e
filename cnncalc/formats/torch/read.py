"""A trace -> a Graph: the reader of ONNX, with the rules that PyTorch needs besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...graph import Change, Graph
from ..onnx.read import Reader, Rule
from ..onnx.records import Declared, GraphRecord, Model, Node
from ..reading import USUAL, Reading
from .operators import OPERATORS
from .rules import RULES
from .trace import Trace
from .translate import ELEMENT_TYPES, Writing

UNREAD, APART = "parameters-unread", "parameters-apart"
"""Codes of changes: parameters that the forward pass does not read; that only make others, as in a weight norm."""


class TraceReader(Reader):
    """The tensors of a trace so far, and the network that grows of them."""

    rules: Mapping[str, Rule] = RULES

    def __init__(self, trace: Trace, name: str, how: Reading = USUAL) -> None:
        self.trace = trace
        writing = Writing(trace)
        writing.all(OPERATORS)
        declared = {
            made.name: Declared(made.name, ELEMENT_TYPES.get(made.dtype, 1), made.shape)
            for operator in trace.operators
            for made in operator.outputs
        }
        record = GraphRecord(
            nodes=writing.nodes,
            inputs=[Declared(made.name, ELEMENT_TYPES.get(made.dtype, 1), made.shape) for made in trace.inputs],
            outputs=[Declared(writing.named(output), 1, None) for output in trace.outputs],
            declared=declared,
        )
        self.of = writing.of
        super().__init__(Model(name, record, {"": 23}, producer=f"PyTorch {trace.torch}"), None, None, how)
        self.builder.name = trace.module
        self.values.update(writing.values)

    def read(self, node: Node) -> None:
        """One record; its layers know the call that it is of."""
        count, operator = len(self.builder.nodes), self.of.get(id(node))
        super().read(node)
        if operator is not None:
            self.builder.called(count, operator.call)

    def graph(self) -> Graph:
        """The network, its frozen layers marked, each parameter accounted for. Raises CnncalcError."""
        graph = super().graph()
        frozen = {stored.path for stored in self.trace.tensors.values() if stored.frozen}
        if frozen:
            graph = replace(
                graph, nodes=tuple(node._replace(frozen=self._frozen(node.name, frozen)) for node in graph.nodes)
            )
        return replace(graph, changes=(*graph.changes, *self._left_out(graph)))

    def _frozen(self, node: str, frozen: set[str]) -> bool:
        names = {weight.name.partition("#")[0] for weight in self.learned.get(node, {}).values() if weight.learned}
        return bool(names) and names <= frozen

    def _left_out(self, graph: Graph) -> list[Change]:
        found = []
        unread = sum(self.trace.unread.values())
        if unread:
            found.append(Change(UNREAD, len(self.trace.unread), unread))
        counted: dict[str, int] = {}
        for node in graph.nodes:
            counted.setdefault(node.weights_of, sum(_elements(shape) for shape in node.weights.values()))
        apart = self.trace.parameters - unread - sum(counted.values())
        if apart:
            found.append(Change(APART, 1, apart))
        return found

    def _source(self) -> str:
        return f"PyTorch {self.trace.torch}: {self.file}"


def _elements(shape: Any) -> int:
    size = 1
    for one in shape:
        size *= one
    return size
