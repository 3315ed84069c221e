"""From the text of a spec to its Graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..building import Builder
from ..errors import CnncalcError, Diagnostic, SpecError, did_you_mean
from ..graph import Graph
from .expanding.expand import Expander
from .expanding.problems import TooLarge
from .given import input_shape, inputs, setting, symbols, variables
from .reading.document import read
from .steps import RECURSION, Document

__all__ = ["expanded", "input_shape", "parse", "setting"]


def parse(
    text: str,
    name: str = "spec",
    *,
    set: Mapping[str, Any] | None = None,
    input: Any = None,
    origin: str = "",
) -> Graph:
    """The network that the text of a spec describes; `name` is what errors call it."""
    problems: list[Diagnostic] = []
    document = read(text, name, problems)
    return _graph(document, dict(set or {}), input, name, origin or name, problems)


def expanded(document: Document, name: str, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of a document that has been read; `input` may also be a function from the spec's shapes to others."""
    return _graph(document, dict(set), input, name, name, [])


def _graph(
    document: Document,
    settings: dict[str, Any],
    input: Any,
    name: str,
    origin: str,
    problems: list[Diagnostic],
) -> Graph:
    known_symbols = symbols(document)
    for key in settings:
        if key not in document.variables and key not in known_symbols:
            known = [*document.variables, *known_symbols]
            help = did_you_mean(key, known) or (
                f"its variables: {', '.join(known)}" if known else "it has no variables"
            )
            raise CnncalcError(f"{name} has no variable `{key}`", help)
    values = variables(document, settings, problems)
    for sizes in document.inputs.values():
        for value in sizes:
            if value.constant in document.variables and isinstance(value.constant, str):
                message = f"`{value.constant}` is a variable, and here the name of a size"
                problems.append(Diagnostic(message, value.mark, help=f"write `${value.constant}`, or use another name"))
    shapes = inputs(document, values, settings, input, problems)
    builder = Builder(document.name or Path(name).name.split(".")[0], shapes)
    output = ""
    try:
        if not _recursive(problems):
            output = Expander(document, values, builder, problems).expand()
    except TooLarge as error:
        problems.append(error.diagnostic)
    except RecursionError:
        problems.append(Diagnostic("blocks that call blocks, too many levels deep", document.mark))
    if problems:
        raise SpecError(problems)
    return builder.graph(
        output,
        input_marks=document.input_marks,
        source=document.source,
        origin=origin,
        settings=values,
        expect=document.expect,
        budget=document.budget,
        notes=document.notes,
        changed=bool(settings) or input is not None,
    )


def _recursive(problems: list[Diagnostic]) -> bool:
    return any(problem.code == RECURSION for problem in problems)
