"""From the name of a spec to its Graph: a file, a text, or a network of the zoo."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..dims import Dim, Shape
from ..errors import CnncalcError, Diagnostic, SpecError, did_you_mean
from ..graph import Graph
from .expand import Expander, TooLarge
from .expressions import ExpressionError
from .read import read
from .steps import Document, Fault, Unknown, Value
from .yaml import MAX_BYTES, compose, scalar
from .zoo import plain

SUFFIXES = (".yaml", ".yml")


def load(
    spec: str | Path,
    *,
    set: Mapping[str, Any] | None = None,
    input: Any = None,
) -> Graph:
    """The network that a spec describes.

    `spec` is a path or the name of a network of the zoo. `set` gives variables (and sizes that are symbols) other
    values; `input` replaces the input: `(3, 192, 192)`, or a mapping from names where there are several inputs.
    Raises SpecError with everything that is wrong with the spec, CnncalcError where there is none to read.
    """
    from . import zoo

    if not Path(spec).exists() and (member := zoo.member(str(spec))) is not None:
        text = member.path.read_text(encoding="utf-8")
        graph = parse(text, member.path.name, set={**member.settings, **(set or {})}, input=input, origin=str(spec))
        if not member.settings:
            return graph
        changed = bool(set) or input is not None
        return replace(graph, name=member.name, expect=member.expect, changed=changed)
    text, name = _text(str(spec))
    return parse(text, name, set=set, input=input, origin=str(spec))


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
    graph = _graph(document, dict(set or {}), input, name, origin or name, problems)
    if problems:
        raise SpecError(problems)
    return graph


def _graph(
    document: Document,
    settings: dict[str, Any],
    input: Any,
    name: str,
    origin: str,
    problems: list[Diagnostic],
) -> Graph:
    symbols = _symbols(document)
    for key in settings:
        if key not in document.variables and key not in symbols:
            known = [*document.variables, *symbols]
            help = did_you_mean(key, known) or (f"its variables: {', '.join(known)}" if known else "it has no variables")
            raise CnncalcError(f"{name} has no variable `{key}`", help)
    variables = _variables(document, settings, problems)
    inputs = _inputs(document, variables, settings, input, problems)
    expander = Expander(document, variables, problems)
    try:
        nodes, output, heads = expander.expand(inputs) if not _recursive(problems) else ((), "", {})
    except TooLarge as error:
        problems.append(error.diagnostic)
        nodes, output, heads = (), "", {}
    except RecursionError:
        problems.append(Diagnostic("the blocks are nested too deep", document.mark))
        nodes, output, heads = (), "", {}
    return Graph(
        name=document.name or Path(name).name.split(".")[0],
        inputs=inputs,
        nodes=nodes,
        output=output,
        heads=heads,
        source=document.source,
        origin=origin,
        settings=variables,
        expect=document.expect,
        budget=document.budget,
        notes=document.notes,
        changed=bool(settings) or input is not None,
    )


def _recursive(problems: list[Diagnostic]) -> bool:
    return any("calls itself" in problem.message for problem in problems)


def _variables(document: Document, settings: Mapping[str, Any], problems: list[Diagnostic]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in document.variables.items():
        if name in settings:
            values[name] = settings[name]
            continue
        try:
            values[name] = value(values)
        except Fault as fault:
            problems.append(fault.diagnostic)
            values[name] = None
    return values


def _symbols(document: Document) -> list[str]:
    """The names that stand for sizes in the inputs, in order."""
    names = [
        value.constant
        for values in document.inputs.values()
        for value in values
        if isinstance(value.constant, str) and value.constant.isidentifier()
    ]
    return list(dict.fromkeys(names))


def _inputs(
    document: Document,
    variables: Mapping[str, Any],
    settings: Mapping[str, Any],
    given: Any,
    problems: list[Diagnostic],
) -> dict[str, Shape]:
    inputs = {name: _input(name, values, variables, settings, problems) for name, values in document.inputs.items()}
    if given is None or not inputs:
        return inputs
    shapes = given if isinstance(given, Mapping) else {next(iter(inputs)): given}
    if not isinstance(given, Mapping) and len(inputs) > 1 and len(set(map(len, inputs.values()))) == 1:
        shapes = dict.fromkeys(inputs, given)
    for name, shape in shapes.items():
        if name not in inputs:
            help = did_you_mean(name, inputs) or f"its inputs: {', '.join(inputs)}"
            raise CnncalcError(f"the network has no input `{name}`", help)
        if len(shape) != len(inputs[name]):
            raise CnncalcError(
                f"the input of the network has {len(inputs[name])} sizes, and {len(shape)} are given",
                f"for instance --input {','.join(map(str, inputs[name]))}: channels, then the spatial axes",
            )
        inputs[name] = tuple(shape)
    return inputs


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
            dim = value(variables)
        except (Fault, Unknown) as fault:
            if isinstance(fault, Fault):
                problems.append(fault.diagnostic)
            dim = 1
        if isinstance(dim, str) and re.fullmatch(r"[A-Za-z_]\w*", dim):
            from ..symbols import symbol

            dim = settings.get(dim) or symbol(dim)
        elif isinstance(dim, bool | str | list | None) or (isinstance(dim, int) and not 1 <= dim <= 2**31):
            problems.append(
                Diagnostic(
                    f"a size of the input is a whole number of at least 1 or a name, and this is `{dim}`", value.mark
                )
            )
            dim = 1
        elif hasattr(dim, "denominator") and not isinstance(dim, int):
            problems.append(Diagnostic(f"a size of the input is whole, and this is {float(dim):g}", value.mark))
            dim = 1
        dims.append(dim)
    return tuple(dims)


def setting(text: str) -> tuple[str, Any]:
    """`width=0.5` as a name and a value. Raises CnncalcError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise CnncalcError(f"`--set {text}` is not of the form name=value", "for instance --set width=0.5")
    problems: list[Diagnostic] = []
    if value.strip().startswith("["):
        tree = compose(value, "--set", problems)
        return name.strip(), plain(tree)
    return name.strip(), scalar(value.strip())


def input_shape(texts: list[str]) -> Any:
    """`3,192,192` or `left=3,96,96` as a shape, or shapes by name. Raises CnncalcError."""
    named: dict[str, Shape] = {}
    for text in texts:
        name, equals, sizes = text.rpartition("=")
        try:
            shape = tuple(int(size) for size in re.split(r"[,x]", sizes.strip()))
        except ValueError:
            shape = ()
        if not shape or min(shape) < 1 or max(shape) > 2**31:
            raise CnncalcError(f"`--input {text}` is no list of sizes", "for instance --input 3,224,224")
        if not equals:
            if len(texts) > 1:
                raise CnncalcError("several inputs need their names", "for instance --input left=3,96,96")
            return shape
        named[name.strip()] = shape
    return named or None


# --- where specs are ---------------------------------------------------------------------------------------------


def _text(spec: str) -> tuple[str, str]:
    """The text of a spec and the name that errors call it."""
    if spec == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"), "<stdin>"
    path = Path(spec)
    if path.is_dir():
        raise CnncalcError(f"{spec} is a folder", "name one spec in it")
    if path.is_file():
        try:
            with path.open("rb") as file:
                return _decoded(file.read(MAX_BYTES + 1), spec), spec
        except OSError as error:
            raise CnncalcError(f"{spec} cannot be read: {error.strerror}") from None
    if spec.endswith(SUFFIXES) or "/" in spec:
        raise CnncalcError(f"there is no file {spec}", _near(path))
    from . import zoo

    help = did_you_mean(spec, zoo.names()) or "`cnncalc zoo` lists the networks; a spec is a file such as net.yaml"
    raise CnncalcError(f"there is no file and no network of the zoo called {spec}", help)


def _near(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    return did_you_mean(path.name, (other.name for other in folder.glob("*.y*ml")))


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise CnncalcError(f"{name} is larger than {MAX_BYTES:,} bytes, which is no spec")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CnncalcError(f"{name} is not a text file: byte {error.start} is not UTF-8") from None
    if "\x00" in text:
        raise CnncalcError(f"{name} is not a text file: it holds a zero byte")
    return text


def worked_example() -> str:
    """The spec that commands work on where none is given: the 5x5 branch of GoogLeNet's module 3a."""
    return WORKED_EXAMPLE


WORKED_EXAMPLE = """\
name: googlenet-3a
source: Szegedy et al. 2014, arXiv:1409.4842, Table 1, module 3a
input: [192, 28, 28]
defaults:
  conv: {padding: half, bias: false}
net:
  - concat:
      b1x1: [{pointwise: 64}]
      b3x3: [{pointwise: 96}, {conv: {out: 128, kernel: 3}}]
      b5x5: [{pointwise: 16}, {conv: {out: 32, kernel: 5}}]
      pool: [{maxpool: {kernel: 3, stride: 1, padding: 1}}, {pointwise: 32}]
expect: {params: 163328, macs: 128049152, output: [256, 28, 28]}
"""
