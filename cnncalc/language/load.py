"""From the text of a spec to its Graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..building import Builder
from ..dims import Shape
from ..errors import CnncalcError, Diagnostic, SpecError, did_you_mean
from ..graph import Graph
from .expanding.expand import Expander
from .expanding.problems import TooLarge
from .given import exact, input_shape, inputs, opened, setting, sizes, symbols, variables
from .piecewise import taken
from .reading.document import read
from .steps import RECURSION, Document
from .zoo import Member

__all__ = ["expanded", "input_shape", "made", "parse", "setting"]


def parse(
    text: str,
    name: str = "spec",
    *,
    set: Mapping[str, Any] | None = None,
    input: Any = None,
) -> Graph:
    """The network that the text of a spec describes; `name` is what errors call it."""
    return made(text, name, set, input)


def expanded(document: Document, name: str, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of a document that has been read; `input` may also be a function from the spec's shapes to others."""
    return Making(document, name, set, input).graph([])


def made(
    text: str, name: str, set: Mapping[str, Any] | None = None, input: Any = None, member: Member | None = None
) -> Graph:
    """The same, of a family of the zoo: `member` has the settings that make it, its name and what is expected."""
    problems: list[Diagnostic] = []
    making = Making(read(text, name, problems), name, set or {}, input, member)
    try:
        return making.graph(problems)
    except SpecError as error:
        from .nearest import with_nearest

        raise with_nearest(error, making.shapes(), making) from None


class Making:
    """A document that was read and what was given with it: makes its network, and makes it again with other givens.

    `file` is what errors call the text, `member` the network of the zoo that the settings of a family make of it.
    """

    def __init__(
        self, document: Document, file: str, settings: Mapping[str, Any], input: Any, member: Member | None = None
    ) -> None:
        self.document = document
        self.file = file
        self.settings = settings
        self.input = input
        self.member = member

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        """The network on these inputs and with these settings, the rest as it was. Raises CnncalcError."""
        given = self.input if inputs is None else dict(inputs)
        settings = {**self.settings, **(settings or {})}
        return Making(self.document, self.file, settings, given, self.member).graph([])

    def shapes(self) -> Mapping[str, Shape]:
        """The shapes of its inputs; what is wrong with them is not told here."""
        settings = self._given()
        values = variables(self.document, settings, [])
        return inputs(self.document, values, settings, self.input, [])

    def graph(self, problems: list[Diagnostic]) -> Graph:
        """The network. Raises SpecError with these problems and all that are found."""
        with taken() as conditions:
            graph = self._graph(problems)
        return replace(graph, provisos=(*graph.provisos, *conditions)) if conditions else graph

    def _graph(self, problems: list[Diagnostic]) -> Graph:
        document, member, settings = self.document, self.member, self._given()
        self._known(settings)
        values = variables(document, settings, problems)
        for dims in document.inputs.values():
            for value in dims:
                if value.constant in document.variables and isinstance(value.constant, str):
                    message = f"`{value.constant}` is a variable, and here the name of a size"
                    help = f"write `${value.constant}`, or use another name"
                    problems.append(Diagnostic(message, value.mark, help=help))
        shapes = inputs(document, values, settings, self.input, problems)
        builder = Builder(member.name if member else document.name or Path(self.file).name.split(".")[0], shapes)
        output = ""
        try:
            if not _recursive(problems):
                output = Expander(document, {**sizes(document, shapes), **values}, builder, problems).expand()
        except TooLarge as error:
            problems.append(error.diagnostic)
        except RecursionError:
            problems.append(Diagnostic("blocks that call blocks, too many levels deep", document.mark))
        if problems:
            raise SpecError(problems)
        return builder.graph(
            output,
            input_marks=document.input_marks,
            input_dtypes=document.input_dtypes,
            source=(member.source if member else "") or document.source,
            settings=values,
            expect=member.expect if member else document.expect,
            budget=document.budget,
            notes=document.notes,
            changed=bool(self.settings) or self.input is not None,
            given=tuple(name for name in values if name in self.settings),
            again=self,
        )

    def _given(self) -> dict[str, Any]:
        """The settings of the member of a family, and those that are given, exact. Raises CnncalcError."""
        own = {name: exact(name, value) for name, value in self.settings.items()}
        return {**(self.member.settings if self.member else {}), **own}

    def _known(self, settings: Mapping[str, Any]) -> None:
        """The settings are of variables, or of sizes that are symbols. Raises CnncalcError."""
        known = [*self.document.variables, *symbols(self.document), *opened(self.input)]
        for key in settings:
            if key not in known:
                listed = f"its variables: {', '.join(known)}" if known else "it has no variables"
                raise CnncalcError(f"{self.file} has no variable `{key}`", did_you_mean(key, known) or listed)


def _recursive(problems: list[Diagnostic]) -> bool:
    return any(problem.code == RECURSION for problem in problems)
