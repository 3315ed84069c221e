"""A network as the spec that a person would have written, as an ONNX model, or as code.

    cnncalc convert model.onnx -o net.cnn.yaml
    cnncalc convert resnet152                       the spec to standard output
    cnncalc convert model.onnx --flat               one step a layer
    cnncalc convert net.yaml -o net.onnx            by shape alone, a few kB
    cnncalc convert net.yaml -o net.onnx --init he --seed 1
    cnncalc convert net.yaml -o net.py              PyTorch code; --to torch prints it
    cnncalc convert net.yaml -o net.py --to keras
    cnncalc convert model.onnx -o net.yaml --save-weights weights.npz
    cnncalc convert detector.onnx --allow-unknown -o trunk.cnn.yaml

A spec has blocks, loops and tables in place of one step a layer. What is written has been read back: it is the same
network, with the same layers, sizes, connections, shared and frozen weights and side outputs. Where no shorter text is,
it has one step a layer, and a remark says so. Names of layers are those of the new text; `expect` holds its figures.

An ONNX model has operator set 21 and images of a batch of 1. Its weights are those of a model that was read, of
--weights, or drawn with --init; without any they have their shapes and no numbers. --save-weights writes them by the
names of the new spec or code, for `cnncalc run net.yaml --weights weights.npz`. What is used in training only is left
out, as it is of code: modules of PyTorch, one class a block, or a model of Keras 3, one function a block, which do not
need cnncalc. With --allow-unknown an operator that is not known is a step `unknown` of its shape.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .request import COMMON, AllowUnknown, Input, NoBatch, Output, Request, Set, ShapeOf, Spec, failures, writable

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="FILE", help="The weights of SPEC: .npz, .safetensors.")
    ] = None,
    save_weights: Annotated[
        str | None,
        typer.Option("--save-weights", metavar="FILE", help="Write them to an .npz by the names of what is written."),
    ] = None,
    allow_unknown: AllowUnknown = False,
    no_batch: NoBatch = False,
    shape: ShapeOf = None,
) -> None:
    """A network as a spec, as an ONNX model, or as PyTorch or Keras code."""

    from ..errors import CnncalcError
    from ..opening import TORCH

    with failures():
        usual = {name: default for name, (_, default) in COMMON.items()}
        given = {"spec": spec, "output": output, "set": set or [], "input": input or [], "training": True}
        read = {"allow_unknown": allow_unknown, "no_batch": no_batch, "shape": shape}
        request = Request(**{**usual, **given, **read})
        if output is not None:
            writable(output, spec)
        format = _format(output, to)
        _no_contradiction(format, flat, init, seed, weights, save_weights)
        _distinct(spec, output, weights, save_weights)
        graph = request.whole
        if graph.behind:
            print(f"{len(graph.behind):,} operators behind sizes that depend on values are left out", file=sys.stderr)
        _made_of_others(graph)
        if format != "spec":
            _as_floats(graph)
        asked = weights is not None or init is not None or request.file.format is not TORCH
        needed = save_weights is not None or (format == "onnx" and asked)
        values = _weights(graph, weights, init, seed or 0, needed)
        if save_weights is not None and not values:
            raise CnncalcError(
                f"{graph.name} has no weights, and --save-weights nothing to write",
                "--init he draws them, --weights FILE reads them",
            )
        if format == "onnx":
            made = f"drawn ({init}, seed {seed or 0})" if init is not None else f"of {weights or spec}"
            _model(graph, str(output), values, made)
            return
        other = _spec(graph, output, flat) if format == "spec" else _code(graph, output, format)
        if save_weights is not None and values:
            _saved(save_weights, values, graph, other)


def _made_of_others(graph: Graph) -> None:
    """Say what is lost where the code makes weights of other tensors, which nothing that is written does."""
    from ..analyses.params import params

    stored, used = params(graph), params(graph.plain)
    if (stored.total, stored.frozen) != (used.total, used.frozen):
        layers = [name for name, count in used.of.items() if count != stored.of[name]]
        told = ", ".join(f"`{name}`" for name in layers[:4]) + ", ..." * (len(layers) > 4)
        print(
            f"weights are written as the layers use them: {used.total:,} params, {used.frozen:,} of them frozen; "
            f"{graph.name} stores {stored.total:,} and {stored.frozen:,}: they differ in {told}",
            file=sys.stderr,
        )


def _as_floats(graph: Graph) -> None:
    """Say of how many layers the taps are written as floats, and are stored in fewer bits."""
    from ..analyses.weight_bytes import packed

    found = packed(graph)
    if found:
        layers, bits = sum(found.values()), " or ".join(map(str, sorted(found, reverse=True)))
        of = f"taps of {layers:,} layers are" if layers > 1 else "taps of a layer are"
        print(f"{of} written as floats, and not in {bits} bits", file=sys.stderr)


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


def _no_contradiction(
    format: str, flat: bool, init: str | None, seed: int | None, weights: str | None, save_weights: str | None
) -> None:
    """Refuse what an option asks for and the format does not have. Raises CnncalcError."""
    from ..errors import CnncalcError

    if format != "spec" and flat:
        raise CnncalcError("--flat is for a spec, one step a layer", "leave it out")
    if format == "onnx" and save_weights is not None:
        raise CnncalcError(
            "an ONNX model has its weights in it, and --save-weights is for a spec or code", "leave it out"
        )
    if format != "onnx" and init is not None and save_weights is None:
        raise CnncalcError(
            "--init draws weights, and nothing that is written has them", "-o net.onnx, or --save-weights"
        )
    if format != "onnx" and weights is not None and save_weights is None:
        raise CnncalcError("--weights are read, and nothing that is written has them", "-o net.onnx, or --save-weights")
    if init is not None and weights is not None:
        raise CnncalcError("--init draws weights, and --weights reads them", "one of the two")
    if seed is not None and init is None:
        raise CnncalcError("without --init nothing is drawn, and --seed says nothing", "--init he")


def _distinct(spec: str | None, output: str | None, weights: str | None, save_weights: str | None) -> None:
    from .run_files import archives, distinct

    read = [("SPEC", spec or ""), ("--weights", weights)]
    distinct(read, [("--output", output), ("--save-weights", save_weights)])
    archives({"--save-weights": save_weights})


def _weights(graph: Graph, path: str | None, init: str | None, seed: int, needed: bool) -> Mapping[str, Any] | None:
    """The weights, of a file, drawn or the model's own; None where there are none. Raises CnncalcError."""
    from ..errors import CnncalcError

    if not needed or (path is None and init is None and graph.stored is None):
        return None
    import numpy as np

    from ..analyses.sizes import numeric
    from ..kernels import weights as tensors

    graph = numeric(graph)
    if path is not None and path.lower().endswith(".safetensors"):
        from .run_weights import stored

        return stored(path, graph, np.dtype("float32"))
    if path is not None:
        return tensors.load(path, graph)
    if init is not None:
        return tensors.initial(graph, init, seed)
    assert graph.stored is not None  # noqa: S101 - for the type checker
    try:
        values = graph.stored.read(graph, np.dtype("float32"))
        return values if any(array.any() for array in values.values()) else None
    except CnncalcError as error:
        print(f"no weights: {error.message}", file=sys.stderr)
        return None


def _saved(path: str, values: Mapping[str, Any], graph: Graph, other: Graph) -> None:
    """Write the weights by the names of what was written."""
    from ..analyses.counterparts import moved
    from ..kernels.weights import save

    save(path, moved(values, graph, other))
    print(f"weights written: {path}", file=sys.stderr)


def _spec(graph: Graph, output: str | None, flat: bool) -> Graph:
    """Write a spec; its network."""
    from ..recovery.write import recover
    from ..render.formats import put, save

    recovered = recover(graph, plain=flat)
    if recovered.remark:
        print(recovered.remark, file=sys.stderr)
    if output is None:
        put(recovered.text)
        return recovered.graph
    save(recovered.text, output)
    lines = len(recovered.text.splitlines())
    _done(output, f"{graph.name}, {lines} lines for {len(graph.nodes):,} layers")
    return recovered.graph


def _model(graph: Graph, output: str, weights: Mapping[str, Any] | None, made: str) -> None:
    from ..analyses.sizes import numeric
    from ..files import writing
    from ..formats.onnx.write import written

    message = written(graph if weights is None else numeric(graph), weights)
    with writing(output) as file:
        for piece in message.pieces:
            file.write(piece)
    kept = f"weights {made}" if weights is not None else "weights by shape alone"
    if weights is None and graph.stored is not None and any(node.weights for node in graph.nodes):
        how = "--weights FILE (.npz, .safetensors) reads them, --init he draws some"
        print(f"weights have their shapes and no numbers, as the model's own are not written: {how}", file=sys.stderr)
    _done(output, f"{graph.name}, {message.size:,} bytes, {kept}")


def _code(graph: Graph, output: str | None, framework: str) -> Graph:
    """Write code; the network that it has the names of."""
    from ..analyses.sizes import numeric
    from ..formats.code.keras.write import written as keras
    from ..formats.code.pytorch.write import written as pytorch
    from ..recovery.write import recover
    from ..render.formats import put, save

    graph = numeric(graph.inference)
    if not any(node.origin for node in graph.nodes) and not any(node.kind == "unknown" for node in graph.nodes):
        graph = recover(graph).graph
    text = (keras if framework == "keras" else pytorch)(graph)
    if output is None:
        put(text)
        return graph
    save(text, output)
    print(f"wrote {output}: {graph.name}, {len(text.splitlines()):,} lines", file=sys.stderr)
    return graph


def _done(output: str, what: str) -> None:
    print(f"wrote {output}: {what}", file=sys.stderr)
    print(f"next: cnncalc summary {output}", file=sys.stderr)
