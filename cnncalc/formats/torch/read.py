"""A trace -> a Graph: the reader of ONNX, with the rules that PyTorch needs besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from ...graph import Change, Graph
from ..onnx.read import Reader, Rule
from ..onnx.records import Declared, GraphRecord, Model, Node
from ..reading import USUAL, Reading
from .accounting import accounted
from .numbers import Numbers, Source
from .operators import NUMBERLESS, OPERATORS
from .rules import RULES
from .trace import Trace
from .translate import ELEMENT_TYPES, Writing
from .worked import Worked

UNREAD, APART, MADE = "parameters-unread", "parameters-apart", "weights-made"
"""Codes of changes: parameters that the forward pass does not read; that reach no layer; layers whose weights are made
of others, as under a weight norm."""


class TraceReader(Reader):
    """The tensors of a trace so far, and the network that grows of them."""

    rules: Mapping[str, Rule] = RULES
    truncates = False
    turned_for = frozenset(("Conv", "Pad", "MaxPool", "AveragePool", "BatchNormalization"))
    author, pages = "PyTorch", ""

    def __init__(self, trace: Trace, name: str, how: Reading = USUAL) -> None:
        self.trace = trace
        writing = Writing(trace)
        writing.all(OPERATORS, NUMBERLESS)
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
        self.of, self.writing = writing.of, writing
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
        nodes = accounted(graph, self.learned, self.trace, self.worked)
        graph = replace(graph, nodes=nodes)
        return replace(graph, changes=(*graph.changes, *self._left_out(graph)))

    @property
    def worked(self) -> Worked:
        """What is made of stored tensors before the input comes."""
        return Worked(self.trace, self.writing, self.values, self.file)

    def own(self, source: Source, state: Callable[[], Any]) -> Numbers:
        """The numbers of its tensors, and what a checkpoint of it holds, of what has made the trace."""
        paths = {name: stored.path for name, stored in self.trace.tensors.items() if stored.owned}
        paths |= {path: path for path in paths.values()}
        return Numbers(self.file, self.learned, paths, self.worked, source, state, self.inexact)

    def _left_out(self, graph: Graph) -> list[Change]:
        found = []
        unread = sum(self.trace.unread.values())
        if unread:
            found.append(Change(UNREAD, len(self.trace.unread), unread))
        owners = {node.weights_of if node.made_of is None else node.name: node for node in reversed(graph.nodes)}
        counted = sum(prod(shape) for node in owners.values() for shape in node.parameters.values())
        apart = self.trace.parameters - unread - counted - self.changes.unused_params
        if apart:
            found.append(Change(APART, 1, apart))
        made = sum(1 for node in graph.nodes if any(one.learned for one in node.made_of or ()))
        if made:
            found.append(Change(MADE, made, 0))
        return found

    def _source(self) -> str:
        return f"PyTorch {self.trace.torch}: {self.file}"
