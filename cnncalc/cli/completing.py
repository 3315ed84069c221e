"""What a word of the command line may be, for the shell: networks, files, formats, dtypes, layers, variables, figures.

A shell asks while somebody types, so that little is read: names from folders, variables from the text of a spec; only
for layers and positions is the network built. Whatever goes wrong, nothing is offered and nothing is said.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from ..graph import Graph

Words = Callable[[typer.Context, str], Iterable[str]]

READ = (".yaml", ".yml", ".onnx")


def attach(name: str, command: Callable[..., Any]) -> None:
    """Give the parameters of a command what their words may be."""
    hints = get_type_hints(command, include_extras=True)
    for parameter, hint in hints.items():
        words = WORDS.get(f"{name} {parameter}") or WORDS.get(parameter)
        for told in getattr(hint, "__metadata__", ()):
            if words is not None and hasattr(told, "autocompletion"):
                told.autocompletion = _answering(words)
    command.__annotations__ = hints  # or Typer would make the annotations, and what they hold, anew


def _answering(words: Words) -> Callable[[typer.Context, str], list[str]]:
    def answer(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            return [word for word in words(ctx, incomplete) if word.startswith(incomplete)]
        except Exception:
            return []  # somebody is typing: no time for messages

    return answer


def _networks(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..language import zoo

    yield from _files(incomplete, READ)
    yield from zoo.names()
    if incomplete.startswith("lec"):
        yield from zoo.lecture()


def _files(incomplete: str, suffixes: tuple[str, ...] = ()) -> Iterable[str]:
    """Folders, and files of some suffixes; hidden ones only where a dot is typed."""
    before, slash, start = incomplete.rpartition("/")
    folder = Path(before or ("/" if slash else "."))
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") and not start.startswith("."):
            continue
        if path.is_dir():
            yield f"{before}{slash}{path.name}/"
        elif not suffixes or path.suffix in suffixes:
            yield f"{before}{slash}{path.name}"


def _any_file(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    return _files(incomplete)


def _typed(ctx: typer.Context, incomplete: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the options with a value that are already typed; click has none while an option is open."""
    text = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = text.split()[2:]
    if incomplete and words and words[-1] == incomplete:
        words.pop()
    flags = {name for param in ctx.command.params if getattr(param, "is_flag", False) for name in param.opts}
    arguments: list[str] = []
    options: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            arguments.append(word)
        elif word not in flags and words:
            options[word.lstrip("-")] = words.pop(0)
    return arguments, options


def _spec(ctx: typer.Context, incomplete: str) -> str | None:
    """The spec that is already typed; the folder's own where there is none."""
    found = next((word for word in _typed(ctx, incomplete)[0] if "=" not in word), None)
    return found or ("spec.yaml" if Path("spec.yaml").is_file() else None)


def _network(ctx: typer.Context, incomplete: str) -> Graph | None:
    from ..opening import load

    spec = _spec(ctx, incomplete)
    return None if spec is None or spec == "-" or spec.startswith("torch:") else load(spec)  # a Tab runs no code


def _layers(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    graph = _network(ctx, incomplete)
    return [node.name for node in graph.nodes] if graph else []


def _positions(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The first, the middle and the last unit of the layer that is asked about."""
    graph = _network(ctx, incomplete)
    if graph is None:
        return
    maps = [node for node in graph.nodes if len(node.output) > 1 and max(node.output[1:]) > 1]
    node = graph.by_name.get(_typed(ctx, incomplete)[1].get("at", "")) or (maps or graph.nodes)[-1]
    axes = node.output[1:]
    for place in (lambda n: 0, lambda n: n // 2, lambda n: n - 1):
        yield ",".join(str(place(n)) for n in axes)


def _variables(ctx: typer.Context, incomplete: str) -> list[str]:
    return _variables_of(_spec(ctx, incomplete))


def _variables_of(spec: str | None) -> list[str]:
    """The variables of a spec, from its text alone."""
    from ..language.yaml import compose
    from ..opening import opened

    if spec in (None, "-"):
        return []
    file = opened(str(spec))
    variables = compose(file.text, file.name, []).get("vars")
    return list(variables.entries) if variables is not None else []


def _settings(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    return [f"{name}=" for name in _variables(ctx, incomplete)]


def _varied(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    return [*_variables(ctx, incomplete), "input"]


def _swept(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """A spec first, then what is varied."""
    if _spec(ctx, incomplete) is None:
        yield from _networks(ctx, incomplete)
    yield from (f"{name}=" for name in (*_variables(ctx, incomplete), "input"))


def _compared(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """Another network, or a setting of the last one."""
    yield from _networks(ctx, incomplete)
    specs = [word for word in _typed(ctx, incomplete)[0] if "=" not in word]
    if specs:
        yield from (f"{name}=" for name in (*_variables_of(specs[-1]), "input"))


def _symbols(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in ("H", "W", "C", *_variables(ctx, incomplete))]


def _figures(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..analyses.figures import FIGURES

    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in FIGURES]


def _limits(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    return [f"{name}=" for name in _figures(ctx, "")]


def _dtypes(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..analyses.dtypes import BYTES

    return BYTES


def _stored(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..analyses.dtypes import STORED_BYTES

    return STORED_BYTES


def _formats(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..render import FORMATS, STREAMS

    return [*FORMATS, *(STREAMS if ctx.info_name == "sweep" else ())]


def _forms(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..transforms.forms import FORMS

    return FORMS


def _tools(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..counting import TOOLS

    return TOOLS


def _kinds(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..layers import KINDS

    return KINDS


def _zoo(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..language import zoo

    return [*zoo.names(), *zoo.lecture()]


def _examples(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..worked import EXAMPLES

    return EXAMPLES


def _given(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    """The settings of the example that is already typed."""
    from ..worked import EXAMPLES

    typed = _typed(ctx, incomplete)[0]
    example = EXAMPLES.get(typed[0]) if typed else None
    return [f"{name}=" for name in example.settings] if example else []


def _documents(ctx: typer.Context, incomplete: str) -> Iterable[str]:
    from ..contracts import HOMES

    return HOMES


def _of(*words: str) -> Words:
    return lambda ctx, incomplete: words


WORDS: dict[str, Words] = {
    "spec": _networks,
    "specs": _networks,
    "others": _networks,
    "compare arguments": _compared,
    "zoo spec": _zoo,
    "schema spec": _kinds,
    "schema of": _documents,
    "worked name": _examples,
    "worked settings": _given,
    "init source": _zoo,
    "init path": _any_file,
    "format": _formats,
    "lint format": _of("table", "json"),
    "output": _any_file,
    "dtype": _dtypes,
    "run dtype": _of("fp32", "fp64"),
    "validate dtype": _of("fp32", "fp64"),
    "weights_dtype": _dtypes,
    "input_dtype": _stored,
    "activations_dtype": _dtypes,
    "layer": _layers,
    "tap": _layers,
    "at": _layers,
    "freeze": _layers,
    "unit": _positions,
    "set": _settings,
    "set_a": _settings,
    "set_b": _settings,
    "vary": _varied,
    "fit most": _limits,
    "fit least": _limits,
    "settings": _settings,
    "convention": _tools,
    "sweep arguments": _swept,
    "formula over": _symbols,
    "formula at": _settings,
    "of": _figures,
    "columns": _figures,
    "max": _limits,
    "min": _limits,
    "form": _forms,
    "against": _tools,
    "bottleneck": _of("plain", "residual"),
    "notation": _of("plain", "lecture"),
    "optimizer": _of("sgd", "momentum", "adam"),
    "engine": _of("local", "dask"),
    "direction": _of("down", "right"),
    "theme": _of("auto", "light", "dark"),
    "input_file": _any_file,
    "weights": _any_file,
    "image": _any_file,
    "labels": _any_file,
    "out": _any_file,
    "write": _any_file,
    "baseline": _any_file,
    "config": _any_file,
    "energy_table": _any_file,
}
"""A parameter (of a command) -> what its words may be."""
