"""Keras: the configuration of a model -> a Graph, without Keras and without weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import CnncalcError
from ..reading import USUAL, Reading
from .config import config_of
from .read import Reader
from .rules import RULES

if TYPE_CHECKING:
    from ...dims import Shape
    from ...graph import Graph
    from ...opening import NetworkFile


@dataclass(frozen=True, eq=False)
class KerasNetwork:
    """A configuration and the input given with it: makes its network, and makes it again on another input."""

    name: str
    config: Mapping[str, Any]
    input: Any = None
    how: Reading = USUAL

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        """The network on these inputs. Raises CnncalcError: a model of Keras has no settings."""
        if settings:
            raise CnncalcError(f"{self.name} is a model of Keras, which has no variables to set", "--input is possible")
        return replace(self, input=self.input if inputs is None else dict(inputs)).graph()

    def graph(self) -> Graph:
        """The network. Raises CnncalcError."""
        graph = Reader(self.name, self.input, RULES, self.how).graph(self.config)
        return replace(graph, again=self, changed=self.input is not None)


def network(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of a Keras file. Raises CnncalcError."""
    if set:
        raise CnncalcError(f"{file.name} is a model of Keras, which has no variables to set", "--input is possible")
    if not file.how.batch:
        raise CnncalcError(f"{file.name} is a model of Keras, whose inputs have images first", "--no-batch is for ONNX")
    return KerasNetwork(file.name, config_of(file.name, file.content), input, file.how).graph()
