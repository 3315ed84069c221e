"""A network as the spec that a person would have written: blocks, loops and tables in place of one step a layer.

    cnncalc convert model.onnx -o net.cnn.yaml
    cnncalc convert resnet152                       to standard output
    cnncalc convert model.onnx --flat               one step a layer

What is written has been read back: it is the same network, with the same layers, sizes, connections, shared and frozen
weights and side outputs. Where no shorter text is, it has one step a layer, and a remark says so. Names of layers are
those of the new text; `expect` holds its figures.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .request import COMMON, Input, Output, Request, Set, Spec, failures, writable


def command(
    spec: Spec = None,
    output: Output = None,
    set: Set = None,
    input: Input = None,
    flat: Annotated[bool, typer.Option("--flat", help="One step a layer: no blocks, loops and tables.")] = False,
) -> None:
    """A network as a spec."""
    from ..errors import CnncalcError
    from ..recovery.write import recover
    from ..render.formats import put, save

    with failures():
        usual = {name: default for name, (_, default) in COMMON.items()}
        given = {"spec": spec, "output": output, "set": set or [], "input": input or [], "training": True}
        request = Request(**{**usual, **given})
        if output is not None:
            writable(output, spec)
            if not output.endswith((".yaml", ".yml")):
                raise CnncalcError(f"no format is known by the name {output}", "a spec ends in .yaml")
        graph = request.whole
        recovered = recover(graph, plain=flat)
        if recovered.remark:
            print(recovered.remark, file=sys.stderr)
        if output is None:
            put(recovered.text)
            return
        save(recovered.text, output)
        lines = len(recovered.text.splitlines())
        print(f"wrote {output}: {graph.name}, {lines} lines for {len(graph.nodes):,} layers", file=sys.stderr)
        print(f"next: cnncalc summary {output}", file=sys.stderr)
