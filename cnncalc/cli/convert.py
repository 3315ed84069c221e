"""A network as the spec that a person would have written, as an ONNX model, or as code.

    cnncalc convert model.onnx -o net.cnn.yaml
    cnncalc convert resnet152                       the spec to standard output
    cnncalc convert model.onnx --flat               one step a layer
    cnncalc convert net.yaml -o net.onnx            by shape alone, a few kB
    cnncalc convert net.yaml -o net.onnx --init he --seed 1
    cnncalc convert net.yaml -o net.py              PyTorch code; --to torch prints it
    cnncalc convert net.yaml -o net.py --to keras

A spec has blocks, loops and tables in place of one step a layer. What is written has been read back: it is the same
network, with the same layers, sizes, connections, shared and frozen weights and side outputs. Where no shorter text is,
it has one step a layer, and a remark says so. Names of layers are those of the new text; `expect` holds its figures.

An ONNX model has operator set 21 and images of a batch of 1. Its weights are drawn with --init; without it they have
their shapes and no numbers. What is used in training only is left out, as it is of code: modules of PyTorch, one class
a block, or a model of Keras 3, one function a block, which do not need cnncalc.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .request import COMMON, Input, Output, Request, Set, Spec, failures, writable

if TYPE_CHECKING:
    from ..graph import Graph


def command(
    spec: Spec = None,
    output: Output = None,
    set: Set = None,
    input: Input = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="What is written: spec, onnx, torch or keras; by the name of -o."),
    ] = None,
    flat: Annotated[bool, typer.Option("--flat", help="One step a layer: no blocks, loops and tables.")] = False,
    init: Annotated[
        str | None, typer.Option("--init", metavar="SCHEME", help="Draw the weights of an ONNX model: he, glorot ...")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="The seed of --init; 0.")] = None,
) -> None:
    """A network as a spec, as an ONNX model, or as PyTorch or Keras code."""

    with failures():
        usual = {name: default for name, (_, default) in COMMON.items()}
        given = {"spec": spec, "output": output, "set": set or [], "input": input or [], "training": True}
        request = Request(**{**usual, **given})
        if output is not None:
            writable(output, spec)
        format = _format(output, to)
        model = format == "onnx"
        _no_contradiction(format, flat, init, seed)
        if format in ("torch", "keras"):
            _code(request.whole, output, format)
        elif model:
            _model(request.whole, str(output), init, seed or 0)
        else:
            _spec(request.whole, output, flat)


FORMATS = {"spec": (".yaml", ".yml"), "onnx": (".onnx",), "torch": (".py",), "keras": (".py",)}
"""What may be written -> how its files end."""


def _format(output: str | None, to: str | None) -> str:
    """What is written, as it is asked for or by the name of the file. Raises CnncalcError."""
    from ..errors import CnncalcError, did_you_mean

    if to is not None and to not in FORMATS:
        raise CnncalcError(f"--to does not know `{to}`", did_you_mean(to, FORMATS) or ", ".join(FORMATS))
    if output is None:
        if to == "onnx":
            raise CnncalcError("an ONNX model is not text, and needs a file", "-o net.onnx")
        return to or "spec"
    named = [format for format, ends in FORMATS.items() if output.lower().endswith(ends)]
    if not named:
        help = "a spec ends in .yaml, a model in .onnx, code in .py"
        raise CnncalcError(f"no format is known by the name {output}", help)
    if to is not None and to not in named:
        raise CnncalcError(f"--to {to} is not what {output} is by its name", f"-o net{FORMATS[to][0]}")
    return to or named[0]


def _no_contradiction(format: str, flat: bool, init: str | None, seed: int | None) -> None:
    """Refuse what an option asks for and the format does not have. Raises CnncalcError."""
    from ..errors import CnncalcError

    if format != "spec" and flat:
        raise CnncalcError("--flat is for a spec, one step a layer", "leave it out")
    if format != "onnx" and init is not None:
        raise CnncalcError("--init draws the weights of an ONNX model, and this has none", "-o net.onnx")
    if seed is not None and init is None:
        raise CnncalcError("without --init nothing is drawn, and --seed says nothing", "--init he")


def _spec(graph: Graph, output: str | None, flat: bool) -> None:
    from ..recovery.write import recover
    from ..render.formats import put, save

    recovered = recover(graph, plain=flat)
    if recovered.remark:
        print(recovered.remark, file=sys.stderr)
    if output is None:
        put(recovered.text)
        return
    save(recovered.text, output)
    lines = len(recovered.text.splitlines())
    _done(output, f"{graph.name}, {lines} lines for {len(graph.nodes):,} layers")


def _model(graph: Graph, output: str, init: str | None, seed: int) -> None:
    from ..files import writing
    from ..formats.onnx.write import written

    weights: dict[str, Any] | None = None
    if init is not None:
        from ..analyses.sizes import numeric
        from ..kernels.weights import initial

        graph = numeric(graph)
        weights = initial(graph, init, seed)
    message = written(graph, weights)
    with writing(output) as file:
        for piece in message.pieces:
            file.write(piece)
    kept = f"weights drawn ({init}, seed {seed})" if init is not None else "weights by shape alone"
    _done(output, f"{graph.name}, {message.size:,} bytes, {kept}")


def _code(graph: Graph, output: str | None, framework: str) -> None:
    from ..analyses.sizes import numeric
    from ..formats.code.keras.write import written as keras
    from ..formats.code.pytorch.write import written as pytorch
    from ..language.load import parse
    from ..recovery.write import recover
    from ..render.formats import put, save

    graph = numeric(graph.inference)
    if not any(node.origin for node in graph.nodes) and not any(node.kind == "unknown" for node in graph.nodes):
        graph = parse(recover(graph).text, graph.name)
    text = (keras if framework == "keras" else pytorch)(graph)
    if output is None:
        put(text)
        return
    save(text, output)
    print(f"wrote {output}: {graph.name}, {len(text.splitlines()):,} lines", file=sys.stderr)


def _done(output: str, what: str) -> None:
    print(f"wrote {output}: {what}", file=sys.stderr)
    print(f"next: cnncalc summary {output}", file=sys.stderr)
