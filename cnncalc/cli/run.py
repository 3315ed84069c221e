"""Execute a network in NumPy: an array in, arrays out.

    cnncalc run lenet5 --input-file digit.npy --out result.npz
    cnncalc run vgg16 --init he --seed 1 --save-weights vgg16.npz
    cnncalc run vgg16 --input-file cat.npy --weights vgg16.npz --labels classes.txt
    cnncalc run vgg16 --input-file cat.npy --tap pool3 --out taps.npz

Arrays are of one image: channels, then the spatial axes. Without --input-file the input is uniform noise from 0 to 1,
or places of rows where an embedding looks them up. The .npz of --out has the main output as `output`, each head by
its name and each tap by the name of its layer; where another tensor has that name already, as `head:NAME` or
`tap:NAME`. Equal runs write equal files.

Weights are those of the file where it has any, as an ONNX model does; else they are drawn with --init and --seed, or
read from an .npz that has an array for each tensor, by the name of its layer; --save-weights writes one to look at.
Names, shapes and order are those of PyTorch:

    conv, pointwise, depthwise   weight (out, in / groups, *kernel), bias (out)
    upconv                       weight (in, out / groups, *kernel), bias (out)
    linear                       weight (out, in), bias (out)
    embedding                    weight (count, out)
    batchnorm                    weight, bias, running_mean, running_var (channels)

A checkpoint in a .safetensors file is read as it is: its tensors are matched by their names, and where those are
others by the order of layers with the same shapes; stderr says which, `cnncalc diff SPEC FILE --params -f json` has
each pair. In PyTorch: `safetensors.torch.save_file(model.state_dict(), "model.safetensors")`.

A result that is NaN or infinite is no failure: the exit code is 0, a remark on stderr tells where it begins, and in
JSON the number is null and `finite` false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, Request, report_with
from .vain import refused

if TYPE_CHECKING:
    from ..graph import Graph

MOST_LIKELY = 5
"""Values of the output that are shown unless --top says otherwise."""


@report_with("spec", "format", "output", "set", "input", *MODEL, texts=(".npz", ".npy"))
def command(
    request: Request,
    input_file: Annotated[
        list[str] | None,
        typer.Option("--input-file", metavar="FILE", help="An .npy array; NAME=FILE where there are several inputs."),
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="FILE", help="An .npz or a .safetensors file with the weights.")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            "--init",
            metavar="SCHEME",
            help="How weights are drawn: he (the default of a spec), glorot, positive, ones, constant or constant=0.5.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", min=0, help="Seed of drawn weights and of noise; 0 if it is not given."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the outputs (and taps) to an .npz.")
    ] = None,
    save_weights: Annotated[
        str | None, typer.Option("--save-weights", metavar="FILE", help="Write the weights to an .npz.")
    ] = None,
    tap: Annotated[list[str] | None, typer.Option("--tap", metavar="LAYER", help="Keep this tensor as well.")] = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--top",
            metavar="N",
            min=0,
            help="So many of the largest values of an output that is a vector; 5 if it is not given.",
        ),
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="FILE", help="Names of the values of the output, one a line.")
    ] = None,
    dtype: Annotated[str, typer.Option("--dtype", metavar="DTYPE", help="fp32 or fp64.")] = "fp32",
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, help="Threads that share each layer.")] = 1,
    fast: Annotated[
        bool, typer.Option("--fast", help="Fold norms into convolutions; 3x3 windows by Winograd's algorithm.")
    ] = False,
) -> Report:
    """Execute a network."""
    from .. import reports
    from ..affordable import affordable, within_memory
    from ..analyses.looked_up import looked_up
    from ..engine.running import beyond_range, run
    from ..kernels import weights as tensors
    from ..render import numbers
    from .progress import progress
    from .run_files import archives, distinct, named, read
    from .run_files import labels as read_labels
    from .run_results import endless, keys, largest, row

    if request.format == "csv":
        refused({"--top": most, "--labels": labels}, "in csv, which has the tensors and no values")
    kind = dtype_of(dtype)
    _no_contradiction(request.output, weights, init, seed, input_file)
    whole, graph = request.whole, request.numeric
    own = graph.stored is not None and weights is None and init is None
    init, seed = init or "he", seed or 0
    tensors.named(init, kind)
    taps = whole.tensors(tap or ())
    paths = named(graph, input_file or [])
    distinct(
        [
            ("SPEC", request.file.path),
            *(("--input-file", path) for path in paths.values()),
            ("--weights", weights),
            ("--labels", labels),
        ],
        [("--output", request.output), ("--out", out), ("--save-weights", save_weights)],
    )
    archives({"--out": out, "--save-weights": save_weights})
    if (labels is not None or most is not None) and len(graph.output_shape) != 1:
        option, shape = "--labels" if labels is not None else "--top", numbers.shape(graph.output_shape)
        raise CnncalcError(f"{option} is for an output that is a vector, and that of {graph.name} is {shape}")
    affordable(graph, kind.itemsize, fast=fast)
    classes = read_labels(labels, graph) if labels is not None else None
    with within_memory(graph), progress(f"running {graph.name}", len(graph.nodes)) as step, _quiet():
        inputs = read(graph, paths) if paths else _noise(graph, seed)
        values = _weights(graph, weights, init, seed, kind, own)
        done = run(whole, inputs, values, dtype=kind, keep=taps, threads=threads, fast=fast, progress=step)
        layers = keys(graph, taps)
        results = {key: done.arrays[name] for key, name in layers.items()}
        values_of = [row(key, array) for key, array in results.items()]
        remarks = endless(values_of, dtype, lambda: beyond_range(graph, inputs, values, kind, threads))
    tensors.save_all({path: arrays for path, arrays in ((out, results), (save_weights, values)) if path is not None})
    shown = MOST_LIKELY if results["output"].size > 1 else 0
    top = largest(results["output"], shown if most is None else most, classes)
    file = graph.stored.name if own and graph.stored else weights
    made = f"weights {init}, seed {seed}" if file is None else f"weights of {file}"
    rows = looked_up(graph)
    given = [
        ("file", paths[name]) if paths else ("noise", "rows" if name in rows else "uniform") for name in graph.inputs
    ]
    noise = f"{'places of rows' if len(rows) == len(graph.inputs) else 'uniform noise'}, seed {seed}"
    answer = reports.run(
        graph,
        done,
        [{**figures, "layer": layers[figures["tensor"]]} for figures in values_of],
        top,
        caption=(dtype, f"input: {', '.join(input_file) if input_file else noise}", made),
        facts={
            "inputs": {
                name: {"shape": shape, how: what, **({} if paths else {"seed": seed})}
                for (name, shape), (how, what) in zip(graph.inputs.items(), given, strict=True)
            },
            "weights": {"init": init, "seed": seed} if file is None else {"file": file},
            "dtype": dtype,
            "threads": threads,
            "fast": fast,
            "taps": taps,
        },
    )
    written = [*([f"written: {out}"] if out else []), *([f"weights written: {save_weights}"] if save_weights else [])]
    return replace(answer, remarks=[*answer.remarks, *remarks, *written])


def _weights(graph: Graph, path: str | None, init: str, seed: int, dtype: Any, own: bool) -> Any:
    """The weights: of a file, of the model's own file, or drawn. Raises CnncalcError."""
    from ..kernels import weights as tensors

    if path is not None:
        from .run_weights import read

        return read(path, graph, dtype)
    if own and graph.stored is not None:
        return graph.stored.read(graph, dtype)
    return tensors.initial(graph, init, seed, dtype)


def _no_contradiction(
    output: str | None, weights: str | None, init: str | None, seed: int | None, input_file: Sequence[str] | None
) -> None:
    """Refuse what one option asks for and another makes vain. Raises CnncalcError."""
    if output is not None and output.endswith((".npz", ".npy")):
        raise CnncalcError(
            f"--output writes this table, and {output} is no name of a text",
            f"--out {Path(output).with_suffix('.npz')}",
        )
    if weights is not None and init is not None:
        raise CnncalcError("--init draws weights, and --weights reads them", "one of the two")
    if weights is not None and input_file and seed is not None:
        raise CnncalcError("--seed is for what is drawn, and the weights and the input are read", "leave it out")


def dtype_of(name: str) -> Any:
    """A dtype that kernels compute in. Raises CnncalcError."""
    import numpy as np

    kinds = {"fp32": np.dtype(np.float32), "fp64": np.dtype(np.float64)}
    if name not in kinds:
        raise CnncalcError(f"a network runs in fp32 or fp64, not in `{name}`")
    return kinds[name]


def _noise(graph: Graph, seed: int) -> dict[str, Any]:
    import numpy as np

    from ..noise import noise

    draw = np.random.default_rng(seed)
    return noise(graph, draw, lambda shape, stored: draw.uniform(0, 1, shape))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without NumPy's warnings of overflows, in whatever thread: what is not finite is found in the results."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
