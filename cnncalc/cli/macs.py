"""Multiply-accumulates (MACs): one learned-weight tap applied once. FLOPs are 2 a MAC.

    cnncalc macs resnet50 --top 10
    cnncalc macs net.yaml --flops --operations --batch 8
    cnncalc macs resnet50 --compare --form separable --write separable.yaml

Taps on padding count, a bias costs nothing. Element-wise and pooling work is `operations`, in a column of its
own. `--compare` puts every k x k convolution, and the network, beside its other forms: separable, bottleneck,
grouped, stacked (3x3 for 5x5), factored (k x 1, 1 x k), and dense for what is separable.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report


@report
def command(
    request: Request,
    flops: Annotated[bool, typer.Option("--flops", help="Add a column of FLOPs: 2 a MAC.")] = False,
    operations: Annotated[
        bool, typer.Option("--operations", help="Add a column of element-wise and pooling operations.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Each k x k convolution beside its other forms, cheaper or not.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help="Compare with one: separable, bottleneck, grouped, stacked, factored, dense.",
        ),
    ] = None,
    ratio: Annotated[
        int | None,
        typer.Option("--ratio", metavar="R", min=1, help="A bottleneck reduces C channels to C/R (4)."),
    ] = None,
    bottleneck: Annotated[
        str | None,
        typer.Option("--bottleneck", metavar="KIND", help="plain: 1x1, k x k; residual: 1x1, k x k, 1x1 (plain)."),
    ] = None,
    groups: Annotated[
        int | None, typer.Option("--groups", metavar="G", min=2, help="Groups of the grouped form (4).")
    ] = None,
    write: Annotated[
        str | None,
        typer.Option("--write", metavar="FILE", help="Write the network in the form of --form as a spec."),
    ] = None,
) -> Report:
    """Multiply-accumulates."""
    own = {"--form": form, "--ratio": ratio, "--bottleneck": bottleneck, "--groups": groups, "--write": write}
    if compare:
        from .compare import comparison

        return comparison(request, ratio, bottleneck, groups, write, form)
    alone = next((name for name, value in own.items() if value is not None), None)
    if alone:
        raise CnncalcError(f"`{alone}` goes with `--compare`")
    from ..analyses import macs
    from ..analyses import operations as count_operations
    from ..analyses import work as work_done
    from ..render import numbers
    from ..render.report import Column
    from .rows import KIND, LAYER, OUTPUT, caption, folds, mac_convention, table, total_of

    graph, batch = request.numeric, request.batch
    work, elementwise = macs(graph), count_operations(graph)
    by_word = {word: count * batch for word, count in work_done(graph).items()}
    rows = []
    for row in folds(graph, request):
        done = total_of(row, work.of) * batch
        rows.append(
            {
                "layer": row.name,
                "kind": row.kind,
                "output": row.last.output,
                "macs": done,
                "flops": 2 * done,
                "share": done / (work.total * batch) if work.total else 0,
                "operations": total_of(row, elementwise) * batch,
            }
        )
    columns = [
        LAYER,
        KIND,
        OUTPUT,
        Column("macs", "MACs", numbers.count),
        Column("share", "%", numbers.percent),
    ]
    if flops:
        columns.append(Column("flops", "FLOPs", numbers.count))
    if operations:
        columns.append(Column("operations", "operations", numbers.count))
    total = work.total * batch
    notes = [f"{total:,} MACs = {numbers.short(total)}   {2 * total:,} FLOPs = {numbers.short(2 * total)} (2 a MAC)"]
    if work.between_activations:
        between = work.between_activations * batch
        notes.append(f"of these {between:,} multiply two activations (matmul) and no weight")
    if operations:
        notes.append(f"operations: {sum(by_word.values()):,} of norms, activations, pools, biases and joins")
        largest = sorted(by_word.items(), key=lambda item: -item[1])
        notes.append("of these " + ", ".join(f"{word} {count:,}" for word, count in largest))
    if graph is not request.whole:
        extra = (macs(request.whole).total - work.total) * batch
        notes.append(f"left out: {extra:,} in steps that only training uses (--training counts them)")
    layers: list[dict[str, Any]] = [
        {
            "name": node.name,
            "kind": node.kind,
            "output": list(node.output),
            "macs": work.of[node.name] * batch,
            "flops": 2 * work.of[node.name] * batch,
            "operations": elementwise[node.name] * batch,
            "work": {word: count * batch for word, count in node.work.items()},
        }
        for node in graph.nodes
    ]
    return Report(
        caption(graph, mac_convention(work, request)),
        [table(columns, rows, request, ["macs", "flops", "share", "operations"], "macs")],
        lambda: {
            "schema": "cnncalc.macs/1",
            "name": graph.name,
            "input": list(graph.input_shape),
            "convention": mac_convention(work, request) + "; FLOPs are 2 a MAC",
            "batch": batch,
            "totals": {
                "macs": total,
                "matmul_macs": work.between_activations * batch,
                "flops": 2 * total,
                "operations": sum(by_word.values()),
                "work": by_word,
            },
            "layers": layers,
        },
        notes,
    )
