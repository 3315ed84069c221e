"""The options that all reports share, and what is the same around every command.

A command is a function from a `Request` to a `Report`. `report` gives it the shared options, loads nothing before
it is called, writes what it answers and turns every failure into a message and an exit code.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from ..errors import CnncalcError, bug, debugging
from ..render import FORMATS, one_of
from .vain import refused

if TYPE_CHECKING:
    from ..formats.reading import Reading
    from ..formats.safetensors import Checkpoint
    from ..graph import Graph
    from ..opening import NetworkFile
    from ..render.report import Report
    from ..reports import View

OK, FAILED, TROUBLE = 0, 1, 2
"""Exit codes: fine; a limit or a validation failed; could not judge (bad spec, option or file)."""

MACHINES = ("csv", "json")
"""Formats that have a row for every layer, unless --depth says otherwise."""

Spec = Annotated[
    str | None,
    typer.Argument(metavar="[SPEC]", help="A file, - for standard input, git:REF:PATH, or a network of the zoo."),
]
Format = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help=f"{one_of()}; table if not given.")
]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file; its suffix is the format: out.csv, out.md."),
]
Wide = Annotated[
    bool, typer.Option("--wide", help="All columns on a terminal, however narrow; what is piped has them anyway.")
]
Depth = Annotated[
    int | None,
    typer.Option("--depth", metavar="N", min=0, help="How deep to unfold blocks; 0 shows every layer."),
]
Top = Annotated[int | None, typer.Option("--top", metavar="N", min=1, help="Only the N largest rows.")]
Sort = Annotated[str | None, typer.Option("--sort", metavar="COLUMN", help="Sort by a column, the largest first.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="NAME=VALUE", help="Another value for a variable of the spec."),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="C,H,W",
        help="Another input size, or the side alone: 192; NAME=C,H,W where there are several.",
    ),
]
Batch = Annotated[int, typer.Option("--batch", "-b", metavar="N", min=1, help="Figures for N images instead of one.")]
Training = Annotated[bool, typer.Option("--training", help="Count steps that are used in training only.")]

AllowUnknown = Annotated[
    bool,
    typer.Option("--allow-unknown", help="Of a model: operators that are not known are counted nowhere, and told."),
]
NoBatch = Annotated[bool, typer.Option("--no-batch", help="Of a model: the first axis of an input is no batch.")]
ShapeOf = Annotated[
    list[str] | None,
    typer.Option(
        "--shape", metavar="NAME=N,...", help="Of a model: the shape of a tensor that an unknown operator makes."
    ),
]

Freeze = Annotated[
    list[str] | None,
    typer.Option("--freeze", metavar="PART", help="Freeze a layer, a block, or FIRST..LAST in the network's order."),
]
"""For the commands that tell what is trained."""

InputDtype = Annotated[
    str,
    typer.Option(
        "--input-dtype", metavar="DTYPE", help="Of the input, where it is another: uint8; or image=uint8,mask=bool."
    ),
]
"""For the commands that count bytes of activations."""

COMMON: dict[str, tuple[Any, Any]] = {
    "spec": (Spec, None),
    "format": (Format, None),
    "output": (Output, None),
    "wide": (Wide, False),
    "depth": (Depth, None),
    "top": (Top, None),
    "sort": (Sort, None),
    "set": (Set, None),
    "input": (Input, None),
    "batch": (Batch, 1),
    "training": (Training, False),
    "allow_unknown": (AllowUnknown, False),
    "no_batch": (NoBatch, False),
    "shape": (ShapeOf, None),
}

MODEL = ("allow_unknown", "no_batch", "shape")
"""What is asked of the reader of a model of another format."""


OF_A_CHECKPOINT = ("of a checkpoint", "it has tensors alone, in the dtypes that they are stored in")
"""Where an option changes nothing, and why."""


LOOKS = ("wide", "depth", "top", "sort")
"""How a table looks, whichever network it is of."""


@dataclass(frozen=True, eq=False, repr=False)
class Request:
    """What the shared options say."""

    spec: str | None
    format: str
    output: str | None
    wide: bool
    depth: int | None
    top: int | None
    sort: str | None
    set: list[str]
    input: list[str]
    batch: int
    training: bool
    allow_unknown: bool = False
    no_batch: bool = False
    shape: list[str] | None = None
    bare: bool = False
    """Whether none of the shared options is given."""

    example: bool = False
    """Whether the worked example answers where no spec is named and the folder has none."""

    @cached_property
    def file(self) -> NetworkFile:
        """What stands behind the spec; behind none the folder's own, or the worked example of a bare question."""
        from ..opening import chosen, worked_example

        file = worked_example() if self.example and self.bare and not _own() else chosen(self.spec)
        if file.remark:
            print(file.remark, file=sys.stderr)
        return file.asked(self.how)

    @cached_property
    def how(self) -> Reading:
        """What is asked of the reader of a model of another format. Raises CnncalcError."""
        from ..formats.reading import reading

        return reading(self.allow_unknown, self.no_batch, self.shape)

    @property
    def checkpoint(self) -> bool:
        """Whether what is named holds tensors and no network."""
        from ..opening import CHECKPOINT

        return self.file.format is CHECKPOINT

    def opened_checkpoint(self) -> Checkpoint:
        """The tensors of the checkpoint that is named. Raises CnncalcError."""
        from ..formats.safetensors import checkpoint

        if self.file.path is None:
            raise CnncalcError(f"{self.file.name} is a checkpoint, which is read as a file on this disk")
        given = {"--set": self.set, "--input": self.input, "--allow-unknown": self.allow_unknown}
        refused(given | {"--no-batch": self.no_batch, "--shape": self.shape}, *OF_A_CHECKPOINT)
        return checkpoint(self.file.path)

    @cached_property
    def whole(self) -> Graph:
        """The network with the steps that are used in training only."""
        return self.made(self.file)

    def made(self, file: NetworkFile) -> Graph:
        """The network of a file with what is set and asked here. Raises CnncalcError."""
        from ..language.load import input_shape, setting

        settings = dict(setting(text) for text in self.set)
        return file.allowing(self.allow_unknown).graph(settings, input_shape(self.input))

    def frozen(self, parts: list[str] | None) -> Graph:
        """The network with the steps that are used in training only, and with parts of it frozen."""
        if not parts:
            return self.whole
        from ..transforms.freezing import freeze

        return freeze(self.whole, parts)

    @property
    def graph(self) -> Graph:
        """The network as it is used; with --training, with the steps that only training uses."""
        return self.whole if self.training else self.whole.inference

    @property
    def numeric(self) -> Graph:
        """The same, for a question whose answer is a number: sizes that have none are asked for."""
        from ..analyses.sizes import numeric

        return numeric(self.graph)

    @property
    def view(self) -> View:
        """The rows of a table: every layer for machines."""
        from ..reports.rows import View

        depth = 0 if self.depth is None and self.format in MACHINES else self.depth
        return View(depth, self.top, self.sort)

    def holds(self, signs: str) -> bool:
        """Whether the encoding of the output has these signs; a file is UTF-8."""
        if self.output is not None or sys.stdout is None:
            return True
        try:
            signs.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    @property
    def columns(self) -> int | None:
        """The width of the terminal that shows the answer; None where it goes to a file or a pipe."""
        from ..render.colour import columns_of_terminal, looks_at

        return columns_of_terminal() if self.output is None and looks_at(sys.stdout) else None


def with_frozen(answer: Report, parts: list[str] | None) -> Report:
    """The answer with what was frozen in its caption."""
    return replace(answer, caption=[*answer.caption, f"frozen {', '.join(parts)}"]) if parts else answer


def _own() -> str | None:
    """The folder's own spec; reading the configuration is what a named spec need not wait for."""
    from ..project import own_spec

    return own_spec()[0]


def blocks(graph: Graph) -> Graph:
    """The network of a file without scopes in the blocks that are found in it, under the names of these."""
    if any(node.origin for node in graph.nodes):
        return graph
    from ..recovery.write import in_blocks

    return in_blocks(graph)


def named(spec: str | None) -> str:
    """The spec that is named, or the folder's own, which is told. Raises CnncalcError where there is neither."""
    if spec is not None:
        return spec
    from ..project import own_spec, unnamed

    own, remark = own_spec()
    if own is None:
        raise unnamed()
    print(remark, file=sys.stderr)
    return own


def writable(path: str, spec: str | None) -> None:
    """Refuse, before anything is computed, an output that cannot be written or is the spec. Raises CnncalcError."""
    from ..files import destination, is_there, same

    destination(path)
    if spec is not None and is_there(spec) and same(path, spec):
        raise CnncalcError(f"{path} is the spec, and would be written over", "another name for --output")


def report(command: Callable[..., Report]) -> Callable[..., None]:
    """Make a command of a function from a Request (and options of its own) to a Report."""
    return _command(command, tuple(COMMON))


def report_with(
    *taken: str, texts: tuple[str, ...] = (), formats: tuple[str, ...] = (), example: bool = False
) -> Callable[[Callable[..., Report]], Callable[..., None]]:
    """The same, with only some of the shared options: what a command would ignore it does not take.

    `texts` are suffixes of files that it may write besides those of formats, `formats` are formats of its own; with
    `example` the worked example answers where there is no spec.
    """
    return lambda command: _command(command, taken, texts, formats, example)


def _command(
    command: Callable[..., Report],
    taken: tuple[str, ...],
    texts: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    example: bool = False,
) -> Callable[..., None]:
    own = list(inspect.signature(command).parameters.values())[1:]
    hints = get_type_hints(command, include_extras=True)

    def run(**values: Any) -> None:
        common = {name: values.pop(name, default) for name, (_, default) in COMMON.items()}
        bare = all(common[name] in (COMMON[name][1], []) for name in COMMON if name not in LOOKS)
        with failures():
            from ..render.choosing import chosen
            from ..render.formats import deliver

            if common["spec"] == "":
                raise CnncalcError("the name of the spec is empty", "is it of a variable that is not set?")
            if common["output"] is not None:
                writable(common["output"], common["spec"])
            form = common["format"]
            common |= {
                "format": chosen(form, common["output"], (*FORMATS, *formats), texts),
                "set": common["set"] or [],
                "input": common["input"] or [],
            }
            request = Request(**common, bare=bare, example=example)
            if request.format != "table" or request.output is not None:
                refused({"--wide": request.wide}, "but on a terminal")
            answer = command(request, **values)
            if texts and answer.text is None:
                chosen(form, request.output)
            deliver(answer, answer.form or request.format, request.output, wide=request.wide)
            if answer.trouble or answer.failed:
                raise typer.Exit(TROUBLE if answer.trouble else FAILED)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in COMMON.items()
        if name in taken or (name == "wide" and "format" in taken)
    ]
    parameters += [
        inspect.Parameter(p.name, inspect.Parameter.KEYWORD_ONLY, default=p.default, annotation=hints[p.name])
        for p in own
    ]
    if formats:
        help = f"{one_of((*FORMATS, *formats))}; table if not given."
        choice = Annotated[str | None, typer.Option("--format", "-f", metavar="FORMAT", help=help)]
        parameters = [p.replace(annotation=choice) if p.name == "format" else p for p in parameters]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    return run


def tell(error: CnncalcError | str) -> None:
    """An error on stderr, in colour where a person looks at it."""
    from ..render.colour import brush

    paint = brush(sys.stderr)
    if isinstance(error, CnncalcError):
        print(error.drawn(paint), file=sys.stderr)
    else:
        word, colon, rest = error.partition(":")
        print(f"{paint('error', word + colon)}{rest}", file=sys.stderr)


class failures:  # noqa: N801 - reads as a statement: `with failures():`
    """Turns whatever goes wrong into a message on stderr and exit code 2."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, typer.Exit):
            return
        if isinstance(error, CnncalcError):
            tell(error)
        elif isinstance(error, BrokenPipeError):
            from ..files import unusable_stdout

            unusable_stdout()
            raise typer.Exit(OK) from None
        elif isinstance(error, KeyboardInterrupt):
            raise typer.Exit(130) from None
        elif isinstance(error, Exception):
            if debugging():
                return
            tell(bug(error))
        else:
            return
        raise typer.Exit(TROUBLE) from None
