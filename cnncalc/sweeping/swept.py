"""What is swept: a spec, expanded once for many points, or a model of another format, made again at each point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..dims import is_symbolic
from ..errors import CnncalcError, SpecError
from ..graph import Graph
from ..language.given import symbols
from ..language.load import expanded
from ..language.reading.document import read
from ..opening import TORCH, NetworkFile

Shapes = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From the shapes of the inputs to those of a point."""


class Source(Protocol):
    """What makes the networks of a sweep."""

    traced: bool
    """Whether one expansion is a record for many points; else each point is made alone."""

    @property
    def variables(self) -> list[str]:
        """The names of its variables, sizes that are open aside."""
        ...

    @property
    def open_sizes(self) -> list[str]:
        """The names of the sizes of its inputs that are open."""
        ...

    @property
    def axes(self) -> Mapping[str, int]:
        """Each input and how many axes it has."""
        ...

    def graph(self, settings: Mapping[str, Any], shapes: Shapes) -> Graph:
        """The network with these settings, on these inputs. Raises CnncalcError."""
        ...


class OfSpec:
    """The text of a spec."""

    traced = True

    def __init__(self, text: str, name: str) -> None:
        problems: list[Any] = []
        self.document, self.name = read(text, name, problems), name
        if problems:
            raise SpecError(problems)

    @property
    def variables(self) -> list[str]:
        """The variables of the spec."""
        return list(self.document.variables)

    @property
    def open_sizes(self) -> list[str]:
        """The symbols of its inputs."""
        return symbols(self.document)

    @property
    def axes(self) -> Mapping[str, int]:
        """Each input and how many axes it has."""
        return {name: len(sizes) for name, sizes in self.document.inputs.items()}

    def graph(self, settings: Mapping[str, Any], shapes: Shapes) -> Graph:
        """The network with these settings, on these inputs. Raises SpecError."""
        return expanded(self.document, self.name, settings, shapes)


class OfModel:
    """A model of another format: its widths are those of its weights, and what varies are the sizes of its inputs."""

    traced = False

    def __init__(self, file: NetworkFile, fixed: Mapping[str, Any], shape: Any = None) -> None:
        self.file = file
        self.whole = file.graph(fixed, shape if file.format is TORCH else None)  # code does not say its input

    @property
    def variables(self) -> list[str]:
        """None."""
        return []

    @property
    def open_sizes(self) -> list[str]:
        """The sizes of its inputs that have no number."""
        return list(dict.fromkeys(self.whole.symbols()))

    @property
    def axes(self) -> Mapping[str, int]:
        """Each input and how many axes it has."""
        return {name: len(shape) for name, shape in self.whole.inputs.items()}

    def graph(self, settings: Mapping[str, Any], shapes: Shapes) -> Graph:
        """The network with these settings, on these inputs. Raises CnncalcError."""
        again = self.whole.again
        if again is None:
            raise CnncalcError(f"{self.file.name} cannot be made with other sizes")
        sized = shapes(self.whole.inputs)
        if settings:
            sized = {name: tuple(_set(size, settings) for size in shape) for name, shape in sized.items()}
        return again(sized)


def _set(size: Any, settings: Mapping[str, Any]) -> Any:
    """A size of an input, with its number where it is an open one that has been set."""
    return settings.get(str(size), size) if is_symbolic(size) else size
