"""What a network is given: the values of its variables, the sizes of its inputs, and both from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from ..dims import Dim, Shape, admitted, is_symbolic, sized
from ..errors import CnncalcError, Diagnostic
from ..inputs import LARGEST, no_size, replaced
from ..marked import plain
from .arithmetic import share_of_100
from .expressions import LOST, Unknown
from .steps import Document, Fault, Value
from .yaml import compose, scalar

OPEN = re.compile(r"[A-Z][A-Z0-9_]*")
"""The name of an open size on the command line, where small letters are a slip."""


def variables(document: Document, settings: Mapping[str, Any], problems: list[Diagnostic]) -> dict[str, Any]:
    """The variables' values; they may use each other in any order, and one that has no value is LOST."""
    values = {name: settings[name] for name in document.variables if name in settings}
    open_: list[str] = []

    def work_out(name: str) -> None:
        value = document.variables[name]
        if name in open_:
            cycle = " -> ".join([*open_[open_.index(name) :], name])
            values[name] = LOST
            problems.append(Diagnostic(f"the variable `{name}` hangs on itself: {cycle}", value.mark))
            return
        open_.append(name)
        for other in value.names:
            if other in document.variables and other not in values:
                work_out(other)
        open_.pop()
        if name in values:
            return
        try:
            values[name] = value(values)
        except (Fault, Unknown) as fault:
            values[name] = LOST
            if isinstance(fault, Fault):
                _tell(problems, fault.diagnostic)

    for name in document.variables:
        if name not in values:
            work_out(name)
    return {name: values[name] for name in document.variables}


def exact(name: str, value: Any) -> Any:
    """A value for a variable, as the language has it: a float of Python or NumPy is the fraction that it is written as.

    Raises CnncalcError for one that is not finite.
    """
    if isinstance(value, list | tuple):
        return [exact(name, member) for member in value]
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = float(str(value)) if isinstance(value.item(), float) else value.item()
    if not isinstance(value, float):
        return value
    if not isfinite(value):
        raise CnncalcError(f"the variable `{name}` is a number, and is set to {value}", "width=0.5, for instance")
    return scalar(repr(value))


def symbols(document: Document) -> list[str]:
    """The names that stand for sizes in the inputs, in order."""
    names = [
        value.constant
        for values in document.inputs.values()
        for value in values
        if isinstance(value.constant, str) and value.constant.isidentifier()
    ]
    return list(dict.fromkeys(names))


def sizes(document: Document, shapes: Mapping[str, Shape]) -> dict[str, Dim]:
    """The names that stand for sizes in the inputs, each with the size that comes in there."""
    found: dict[str, Dim] = {}
    for name, values in document.inputs.items():
        for value, dim in zip(values, shapes[name], strict=True):
            if isinstance(value.constant, str) and value.constant.isidentifier():
                found.setdefault(value.constant, dim)
    return found


def opened(given: Any) -> list[str]:
    """The names of open sizes among those that are given for the inputs."""
    shapes = given.values() if isinstance(given, Mapping) else [given]
    sizes = [dim for shape in shapes if isinstance(shape, tuple | list) for dim in shape]
    return list(dict.fromkeys(str(dim) for dim in sizes if is_symbolic(dim) and str(dim).isidentifier()))


def inputs(
    document: Document,
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    given: Any,
    problems: list[Diagnostic],
) -> dict[str, Shape]:
    """The shapes of the inputs: those of the spec, or those that are given in their place."""
    found = {name: _input(name, values, variables, settings, problems) for name, values in document.inputs.items()}
    if given is None or not found:
        return found
    values = {name: settings[name] for name in opened(given) if name in settings}
    shapes = {
        name: tuple(values.get(str(dim), dim) if is_symbolic(dim) else dim for dim in shape)
        for name, shape in replaced(found, given).items()
    }
    return replaced(found, shapes) if values else shapes


def _input(
    name: str,
    values: tuple[Value, ...],
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    problems: list[Diagnostic],
) -> Shape:
    dims: list[Dim] = []
    for value in values:
        try:
            dim = admitted(value(variables))
        except (Fault, Unknown) as fault:
            if isinstance(fault, Fault):
                _tell(problems, fault.diagnostic)
            dim = 1
        if isinstance(dim, str) and re.fullmatch(r"[A-Za-z_]\w*", dim):
            from ..symbols import symbol

            if dim in settings and (wrong := no_size(settings[dim])):
                raise CnncalcError(f"a size of the input {wrong}: {dim}", f"for instance --set {dim}=224")
            dim = settings[dim] if dim in settings else symbol(dim)
        elif wrong := no_size(dim):
            problems.append(Diagnostic(f"a size of the input {wrong}", value.mark, help="or a name, such as `H`"))
            dim = 1
        dims.append(dim)
    return sized(tuple(dims))


def _tell(problems: list[Diagnostic], diagnostic: Diagnostic) -> None:
    """Add a problem that is not known yet."""
    if all((known.mark, known.message) != (diagnostic.mark, diagnostic.message) for known in problems):
        problems.append(diagnostic)


def setting(text: str) -> tuple[str, Any]:
    """`width=0.5` as a name and a value. Raises CnncalcError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise CnncalcError(f"`--set {text}` is not of the form name=value", "for instance --set width=0.5")
    problems: list[Diagnostic] = []
    listed = value.strip().startswith("[")
    if not listed and re.search(r",\s*[A-Za-z_]\w*\s*=", value):
        each = " ".join(f"--set {part.strip()}" for part in re.split(r",(?=\s*[A-Za-z_]\w*\s*=)", text))
        raise CnncalcError(f"`--set {text}` sets more than one variable", f"one --set for each: {each}")
    if hint := share_of_100(value):
        raise CnncalcError(f"`--set {text}`: `{value.strip()}` is a text and no number", f"--set {name.strip()}={hint}")
    if listed or "," in value:
        return name.strip(), plain(compose(value if listed else f"[{value}]", "--set", problems))
    return name.strip(), scalar(value.strip())


def _size(word: str) -> Dim | None:
    """A size of the command line: a number, or a name in capitals for one that is open; None for anything else."""
    if OPEN.fullmatch(word):
        from ..symbols import symbol

        return symbol(word)
    return int(word) if word.isdecimal() and word.isascii() and 1 <= int(word) <= LARGEST else None


def input_shape(texts: list[str]) -> Any:
    """`3,192,192` or `left=3,96,96` as a shape, or shapes by name. Raises CnncalcError."""
    named: dict[str, Shape] = {}
    for text in texts:
        name, equals, sizes = text.rpartition("=")
        words = re.split(r"[,x]", sizes.strip().removeprefix("[").removesuffix("]"))
        shape = tuple(size for word in words if (size := _size(word.strip())) is not None)
        if len(shape) < len(words):
            raise CnncalcError(
                f"`--input {text}` is no list of sizes", "for instance --input 3,224,224, or 3,H,W for open sizes"
            )
        if not equals:
            if len(texts) > 1:
                raise CnncalcError("several inputs need their names", "for instance --input left=3,96,96")
            return shape
        named[name.strip()] = shape
    return named or None
