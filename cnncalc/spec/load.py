"""From the name of a spec to its Graph: a file, a text, or a network of the zoo."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..dims import Dim, Shape, admitted, sized
from ..errors import CnncalcError, Diagnostic, SpecError, did_you_mean
from ..graph import Graph
from ..layers.fields import shown
from .expand import Expander, TooLarge
from .expressions import LOST, Unknown
from .read import read
from .steps import Document, Fault, Value
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

    if not _exists(spec) and (member := zoo.member(str(spec))) is not None:
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


def found(spec: str | Path) -> tuple[str, str, Mapping[str, Any]]:
    """The text of a spec, the name that errors call it, and the settings that make it of a family."""
    from . import zoo

    if not _exists(spec) and (member := zoo.member(str(spec))) is not None:
        return member.path.read_text(encoding="utf-8"), member.path.name, member.settings
    return *_text(str(spec)), {}


def expanded(document: Document, name: str, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of a document that has been read; `input` may also be a function from the spec's shapes to others."""
    problems: list[Diagnostic] = []
    graph = _graph(document, dict(set), input, name, name, problems)
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
            help = did_you_mean(key, known) or (
                f"its variables: {', '.join(known)}" if known else "it has no variables"
            )
            raise CnncalcError(f"{name} has no variable `{key}`", help)
    variables = _variables(document, settings, problems)
    for values in document.inputs.values():
        for value in values:
            if value.constant in document.variables and isinstance(value.constant, str):
                message = f"`{value.constant}` is a variable, and here the name of a size"
                problems.append(Diagnostic(message, value.mark, help=f"write `${value.constant}`, or use another name"))
    inputs = _inputs(document, variables, settings, input, problems)
    expander = Expander(document, variables, problems)
    try:
        nodes, output, heads = expander.expand(inputs) if not _recursive(problems) else ((), "", {})
    except TooLarge as error:
        problems.append(error.diagnostic)
        nodes, output, heads = (), "", {}
    except RecursionError:
        problems.append(Diagnostic("blocks that call blocks, too many levels deep", document.mark))
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
        provisos=tuple(expander.provisos),
    )


def _recursive(problems: list[Diagnostic]) -> bool:
    return any("calls itself" in problem.message for problem in problems)


def _variables(document: Document, settings: Mapping[str, Any], problems: list[Diagnostic]) -> dict[str, Any]:
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
    if callable(given):
        given = given(inputs)
    shapes = given if isinstance(given, Mapping) else {next(iter(inputs)): given}
    if not isinstance(given, Mapping) and len(inputs) > 1 and len(set(map(len, inputs.values()))) == 1:
        shapes = dict.fromkeys(inputs, given)
    for name, shape in shapes.items():
        if not isinstance(shape, tuple | list):
            raise CnncalcError(f"the sizes of the input `{name}` are a list, and are {shown(shape)}")
        if name not in inputs:
            help = did_you_mean(name, inputs) or f"its inputs: {', '.join(inputs)}"
            raise CnncalcError(f"the network has no input `{name}`", help)
        if len(shape) != len(inputs[name]):
            raise CnncalcError(
                f"the input of the network has {len(inputs[name])} sizes, and {len(shape)} are given",
                f"for instance --input {','.join(map(str, inputs[name]))}: channels, then the spatial axes",
            )
        for dim in shape:
            if wrong := _no_size(dim):
                raise CnncalcError(f"a size of the input `{name}` {wrong}", "for instance --input 3,224,224")
        inputs[name] = sized(tuple(shape))
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
            dim = admitted(value(variables))
        except (Fault, Unknown) as fault:
            if isinstance(fault, Fault):
                _tell(problems, fault.diagnostic)
            dim = 1
        if isinstance(dim, str) and re.fullmatch(r"[A-Za-z_]\w*", dim):
            from ..symbols import symbol

            if dim in settings and (wrong := _no_size(settings[dim])):
                raise CnncalcError(f"a size of the input {wrong}: {dim}", f"for instance --set {dim}=224")
            dim = settings[dim] if dim in settings else symbol(dim)
        elif wrong := _no_size(dim):
            problems.append(Diagnostic(f"a size of the input {wrong}", value.mark, help="or a name, such as `H`"))
            dim = 1
        dims.append(dim)
    return sized(tuple(dims))


def _tell(problems: list[Diagnostic], diagnostic: Diagnostic) -> None:
    """Add a problem that is not known yet."""
    if all((known.mark, known.message) != (diagnostic.mark, diagnostic.message) for known in problems):
        problems.append(diagnostic)


def _no_size(dim: Any) -> str:
    """Why this is no size of an input, or nothing."""
    if isinstance(dim, bool | str | list | tuple | Mapping | None):
        return f"must be a whole number, and is {shown(dim)}"
    if isinstance(dim, int):
        if dim < 1:
            return f"must be a whole number of at least 1, and is {dim}"
        return f"is {dim:,}, which is more than 2^31" if dim > LARGEST_INPUT else ""
    if isinstance(dim, float) or (hasattr(dim, "denominator") and not hasattr(dim, "__array__")):
        return f"must be whole, and is {float(dim):g}"
    return ""


LARGEST_INPUT = 2**31


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


def _exists(spec: str | Path) -> bool:
    try:
        return Path(spec).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _text(spec: str) -> tuple[str, str]:
    """The text of a spec and the name that errors call it."""
    if spec == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"), "<stdin>"
    path = Path(spec)
    try:
        if path.is_dir():
            raise CnncalcError(f"{spec} is a folder", "name one spec in it")
        if path.exists():
            with path.open("rb") as file:
                return _decoded(file.read(MAX_BYTES + 1), spec), spec
    except (OSError, ValueError) as error:
        raise CnncalcError(f"{spec} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if spec.endswith(SUFFIXES) or "/" in spec:
        raise CnncalcError(f"there is no file {spec}", _near(path))
    from . import zoo

    help = did_you_mean(spec, zoo.names()) or "`cnncalc zoo` lists the networks; a spec is a file such as net.yaml"
    raise CnncalcError(f"there is no file and no network of the zoo called {spec}", help)


def _near(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    near = did_you_mean(path.name, (other.name for other in path.parent.glob("*.y*ml")))
    return near.replace("`", f"`{path.parent}/", 1) if near and path.parent != Path() else near


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
