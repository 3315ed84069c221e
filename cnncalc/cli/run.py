"""Execute a network in NumPy: an array in, arrays out.

    cnncalc run lenet5 --input-file digit.npy --out result.npz
    cnncalc run vgg16 --init he --seed 1 --save-weights vgg16.npz
    cnncalc run vgg16 --input-file cat.npy --weights vgg16.npz --tap pool3 --out taps.npz

Arrays are of one image: channels, then the spatial axes. Weights are `.npz` files with a name for each tensor
(`conv1.weight`), or are drawn with --init and --seed. Without --input-file the input is uniform noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import Request, report_with

if TYPE_CHECKING:
    from ..graph import Graph


@report_with("spec", "format", "output", "set", "input")
def command(
    request: Request,
    input_file: Annotated[
        list[str] | None,
        typer.Option("--input-file", metavar="FILE", help="An .npy array; NAME=FILE for one of several inputs."),
    ] = None,
    weights: Annotated[str | None, typer.Option("--weights", metavar="FILE", help="An .npz with the weights.")] = None,
    init: Annotated[
        str,
        typer.Option("--init", metavar="SCHEME", help="he, glorot, positive, ones or constant, without --weights."),
    ] = "he",
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the weights and of the noise.")] = 0,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the outputs (and taps) to an .npz.")
    ] = None,
    save_weights: Annotated[
        str | None, typer.Option("--save-weights", metavar="FILE", help="Write the weights to an .npz.")
    ] = None,
    tap: Annotated[list[str] | None, typer.Option("--tap", metavar="LAYER", help="Keep this tensor as well.")] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32 or fp64.")] = "fp32",
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="Threads that share each layer.")] = 1,
    fast: Annotated[
        bool, typer.Option("--fast", help="Fold norms into convolutions; 3x3 windows by Winograd's algorithm.")
    ] = False,
) -> Report:
    """Execute a network."""
    from ..analyses import macs
    from ..kernels import weights as tensors
    from ..render import numbers
    from ..render.report import Column, Table
    from ..running import affordable, run
    from .progress import progress
    from .rows import caption

    graph = request.numeric
    kind = dtype_of(dtype)
    affordable(graph, kind.itemsize)
    inputs = _inputs(graph, input_file or [], seed)
    values = tensors.load(weights, graph, kind) if weights else tensors.initial(graph, init, seed, kind)
    with progress(f"running {graph.name}", len(graph.nodes)) as step:
        done = run(graph, inputs, values, dtype=kind, keep=tap or (), threads=threads, fast=fast, progress=step)
    performed = sum(done.multiplications.values())
    names = {"output": graph.output, **graph.heads, **{name: name for name in tap or []}}
    results = {label: done.arrays[name] for label, name in names.items()}
    if out:
        tensors.save(out, results)
    if save_weights:
        tensors.save(save_weights, values)
    rows: list[dict[str, Any]] = [
        {
            "tensor": label,
            "shape": array.shape,
            "least": float(array.min()),
            "mean": float(array.mean()),
            "most": float(array.max()),
            "at": _largest(array),
        }
        for label, array in results.items()
    ]
    columns = [
        Column("tensor", "tensor", right=False, kept=True),
        Column("shape", "shape", numbers.shape),
        *(Column(key, key, _value) for key in ("least", "mean", "most")),
        Column("at", "most at"),
    ]
    weights_text = f"weights of {weights}" if weights else f"weights {init}, seed {seed}"
    fed = ", ".join(input_file) if input_file else f"uniform noise, seed {seed}"
    return Report(
        caption(graph, dtype, f"input: {fed}", weights_text),
        [Table(columns, rows)],
        {
            "schema": "cnncalc.run/1",
            "name": graph.name,
            "dtype": dtype,
            "outputs": [{**row, "shape": list(row["shape"])} for row in rows],
            "fast": fast,
            "macs": macs(graph).total,
            "multiplications": performed,
            "peak_activations": done.peak,
            "workspace": done.workspace,
            "seconds": sum(done.seconds.values()),
        },
        [
            f"{performed:,} multiplications performed for {macs(graph).total:,} MACs "
            f"in {sum(done.seconds.values()):.2f} s; "
            f"peak {numbers.size(done.peak)} of activations at {done.peak_at}, "
            f"workspace {numbers.size(done.workspace)}",
            *([f"written: {out}"] if out else []),
            *([f"weights written: {save_weights}"] if save_weights else []),
        ],
    )


def dtype_of(name: str) -> Any:
    """A dtype that kernels compute in. Raises CnncalcError."""
    import numpy as np

    kinds = {"fp32": np.dtype(np.float32), "fp64": np.dtype(np.float64)}
    if name not in kinds:
        raise CnncalcError(f"a network runs in fp32 or fp64, not in `{name}`")
    return kinds[name]


def _inputs(graph: Graph, files: list[str], seed: int) -> Any:
    import numpy as np

    from ..kernels.weights import read

    if not files:
        draw = np.random.default_rng(seed)
        return {name: draw.uniform(0, 1, shape) for name, shape in graph.inputs.items()}
    named = {}
    for text in files:
        name, equals, path = text.partition("=")
        if not equals:
            name, path = next(iter(graph.inputs)), text
        arrays = read(path)
        if len(arrays) != 1:
            raise CnncalcError(f"{path} holds {len(arrays)} arrays, and an input is one", "write it with numpy.save")
        (named[name],) = arrays.values()
    return named


def _largest(array: Any) -> str:
    import numpy as np

    return ",".join(str(int(i)) for i in np.unravel_index(int(array.argmax()), array.shape))


def _value(value: float) -> str:
    return f"{value:.6g}"
