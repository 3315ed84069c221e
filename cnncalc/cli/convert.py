"""A network as the spec that a person would have written, or as an ONNX model.

    cnncalc convert model.onnx -o net.cnn.yaml
    cnncalc convert resnet152                       the spec to standard output
    cnncalc convert model.onnx --flat               one step a layer
    cnncalc convert net.yaml -o net.onnx            by shape alone, a few kB
    cnncalc convert net.yaml -o net.onnx --init he --seed 1

A spec has blocks, loops and tables in place of one step a layer. What is written has been read back: it is the same
network, with the same layers, sizes, connections, shared and frozen weights and side outputs. Where no shorter text is,
it has one step a layer, and a remark says so. Names of layers are those of the new text; `expect` holds its figures.

An ONNX model has operator set 21 and images of a batch of 1. Its weights are drawn with --init; without it they have
their shapes and no numbers. What is used in training only is left out.
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
    flat: Annotated[bool, typer.Option("--flat", help="One step a layer: no blocks, loops and tables.")] = False,
    init: Annotated[
        str | None, typer.Option("--init", metavar="SCHEME", help="Draw the weights of an ONNX model: he, glorot ...")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="The seed of --init; 0.")] = None,
) -> None:
    """A network as a spec, or as an ONNX model."""
    from ..errors import CnncalcError

    with failures():
        usual = {name: default for name, (_, default) in COMMON.items()}
        given = {"spec": spec, "output": output, "set": set or [], "input": input or [], "training": True}
        request = Request(**{**usual, **given})
        if output is not None:
            writable(output, spec)
        model = output is not None and output.lower().endswith(".onnx")
        if output is not None and not model and not output.lower().endswith((".yaml", ".yml")):
            raise CnncalcError(f"no format is known by the name {output}", "a spec ends in .yaml, a model in .onnx")
        _no_contradiction(model, flat, init, seed)
        if model:
            _model(request.whole, str(output), init, seed or 0)
        else:
            _spec(request.whole, output, flat)


def _no_contradiction(model: bool, flat: bool, init: str | None, seed: int | None) -> None:
    """Refuse what an option asks for and the format does not have. Raises CnncalcError."""
    from ..errors import CnncalcError

    if model and flat:
        raise CnncalcError("--flat is for a spec, and an ONNX model is flat anyway", "leave it out")
    if not model and init is not None:
        raise CnncalcError("--init draws the weights of an ONNX model, and a spec has none", "-o net.onnx")
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


def _done(output: str, what: str) -> None:
    print(f"wrote {output}: {what}", file=sys.stderr)
    print(f"next: cnncalc summary {output}", file=sys.stderr)
