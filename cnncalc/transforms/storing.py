"""A network whose inputs are stored in a dtype of their own: images in uint8, tokens in int64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..analyses.dtypes import STORED_BYTES, unknown_dtype
from ..dims import Shape
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph


@dataclass(frozen=True)
class _Again:
    """Makes a network again, with inputs that are stored as these."""

    graph: Graph
    given: str

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        assert self.graph.again is not None  # noqa: S101 - else there is none of this
        return stored_as(self.graph.again(inputs, settings), self.given)


def stored_as(graph: Graph, given: str) -> Graph:
    """The network with every input stored as `uint8`, or by name: `image=uint8,mask=bool`; "" changes nothing.

    Raises CnncalcError for a dtype that is not known and for an input that the network does not have.
    """
    if not given:
        return graph
    dtypes = dict(graph.input_dtypes)
    for word in given.split(","):
        name, equals, dtype = word.rpartition("=")
        name, dtype = name.strip(), dtype.strip()
        if equals and name not in graph.inputs:
            near = did_you_mean(name, graph.inputs) or f"its inputs: {', '.join(graph.inputs)}"
            raise CnncalcError(f"{graph.name} has no input `{name}`", near)
        if dtype not in STORED_BYTES:
            raise unknown_dtype(dtype, STORED_BYTES)
        dtypes |= {name: dtype} if equals else dict.fromkeys(graph.inputs, dtype)
    return replace(graph, input_dtypes=dtypes, again=_Again(graph, given) if graph.again else None)
