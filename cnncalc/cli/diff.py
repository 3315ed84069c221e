"""What differs between two networks: totals, and the layers that changed, came, went or have other names.

    cnncalc diff resnet50 resnet101
    cnncalc diff git:HEAD:net.yaml net.yaml --exit-code
    cnncalc diff resnet50 --set-b width=32         one spec with two settings; --set and --input are for both

SPEC is a file, a network of the zoo, or `git:REF:PATH`. Exit code 0, the same or not; with --exit-code 1
where they differ; 2 where one of them cannot be read. Layers are matched by their path; a block
whose layers are all the same under another path is renamed, a repeat with more turns is a longer repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report

if TYPE_CHECKING:
    from ..analyses.difference import Difference, Side
    from ..graph import Node

Setting = list[str] | None


@report
def command(
    request: Request,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[OTHER]", help="The network that is compared with it; the same if not given."),
    ] = None,
    set_a: Annotated[
        Setting, typer.Option("--set-a", metavar="NAME=VALUE", help="As --set, for the first alone.")
    ] = None,
    set_b: Annotated[
        Setting, typer.Option("--set-b", metavar="NAME=VALUE", help="As --set, for the second alone.")
    ] = None,
    input_a: Annotated[Setting, typer.Option("--input-a", metavar="C,H,W", help="As --input, for the first.")] = None,
    input_b: Annotated[Setting, typer.Option("--input-b", metavar="C,H,W", help="As --input, for the second.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where they differ.")] = False,
) -> Report:
    """What differs between two networks."""
    from ..analyses.difference import difference
    from .diff_rows import figure_table, layer_tables
    from .rows import mac_convention

    if request.spec is None:
        raise CnncalcError("nothing to compare", "cnncalc diff A B, or one spec with --set-b NAME=VALUE")
    own = [set_a, set_b, input_a, input_b]
    if other is None and not any(own):
        raise CnncalcError(
            f"{request.spec} is compared with nothing",
            f"cnncalc diff {request.spec} OTHER, or --set-b NAME=VALUE; git:HEAD:PATH is what was committed",
        )
    left = _side(request, request.spec, set_a, input_a)
    right = _side(request, other or request.spec, set_b, input_b)
    found = difference(left.numeric, right.numeric)
    names = _names(left, right)
    convention = mac_convention(found.b.macs, request)
    tables = [figure_table(found, names, request), *layer_tables(found, request)]
    return Report(
        [" -> ".join(names), convention],
        tables[::-1] if request.format == "csv" else tables,
        _data(found, names, request, convention),
        _notes(found),
        failed=exit_code and not found.same,
    )


def _side(request: Request, spec: str, settings: Setting, shape: Setting) -> Request:
    return replace(request, spec=spec, set=[*request.set, *(settings or [])], input=shape or request.input)


def _names(left: Request, right: Request) -> tuple[str, str]:
    """What the two are called: the specs, and what is set where that differs."""
    texts = []
    for side, against in ((left, right), (right, left)):
        extra = [text for text in (*side.set, *side.input) if text not in (*against.set, *against.input)]
        texts.append(f"{side.spec}" + (f" ({', '.join(extra)})" if extra else ""))
    return texts[0], texts[1]


def _notes(found: Difference) -> list[str]:
    if found.same:
        count = len(found.b.graph.nodes)
        layers = f"{count} layer{'s' if count != 1 else ''}"
        return [f"no difference: {layers}, the same arguments, shapes and connections"]
    new = {node.name for node in found.added}
    new.update(node.name for repeat in found.repeats for node in repeat.nodes if repeat.after > repeat.before)
    differing = {change.after.name for change in found.changed}
    renamed = {y.name for block in found.renamed for _, y in block.nodes} - differing
    counts = {
        "the same": len(found.b.graph.nodes) - len(new) - len(differing) - len(renamed),
        "changed": len(differing),
        "only renamed": len(renamed),
        "added": len(new),
        "removed": len(found.removed)
        + sum(len(repeat.nodes) for repeat in found.repeats if repeat.after < repeat.before),
    }
    return ["layers: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count)]


def _data(found: Difference, names: tuple[str, str], request: Request, convention: str) -> dict[str, Any]:
    """The JSON contract `cnncalc.diff/1`."""
    from .diff_rows import sums, totals

    batch = request.batch
    sides = zip(("a", "b"), names, (found.a, found.b), strict=True)

    def figures(side: Side, nodes: Sequence[Node]) -> dict[str, int]:
        return sums(side, nodes, 1, batch)

    return {
        "schema": "cnncalc.diff/1",
        "convention": f"{convention}; FLOPs are 2 a MAC; activations in elements",
        "batch": batch,
        **{
            key: {
                "spec": name,
                "name": side.graph.name,
                "inputs": {input_: list(shape) for input_, shape in side.graph.inputs.items()},
                "output": list(side.graph.output_shape),
                "heads": dict(side.graph.heads),
                "totals": totals(side, batch),
            }
            for key, name, side in sides
        },
        "same": found.same,
        "changed": [
            {
                "layer": change.after.name,
                "what": {key: {"a": a, "b": b} for key, (a, b) in change.what.items()},
                "a": figures(found.a, [change.before]),
                "b": figures(found.b, [change.after]),
            }
            for change in found.changed
        ],
        "added": [{"layer": n.name, "kind": n.kind, **figures(found.b, [n])} for n in found.added],
        "removed": [{"layer": n.name, "kind": n.kind, **figures(found.a, [n])} for n in found.removed],
        "renamed": [{"a": r.before, "b": r.after, "layers": len(r.nodes)} for r in found.renamed],
        "repeats": [
            {
                "layer": r.name,
                "a": r.before,
                "b": r.after,
                **sums(
                    found.b if r.after > r.before else found.a,
                    r.nodes,
                    1 if r.after > r.before else -1,
                    batch,
                ),
            }
            for r in found.repeats
        ],
    }
