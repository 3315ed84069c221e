"""Saliency: how much each pixel of an image moves the score of a class (Simonyan et al. 2013, arXiv:1312.6034).

    cnncalc saliency vgg16 --image cat.png --class 281 --weights vgg16.npz --out saliency.png
    cnncalc saliency vgg16 --image cat.png --weights vgg16.npz --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
    cnncalc saliency siamese --image left=a.png --image right=b.png

The five steps of the notes: run the image forward; take the score of the class before the softmax; set its
gradient to 1 and all others to 0; flow it back to the pixels; take the absolute value, and over the colour
channels the largest or the mean. The picture is grey, the most salient pixel white.

A picture is stretched to the size of the input, and its values are from 0 to 1; --mean and --std, in the same unit,
are those that the weights were trained with. An .npy array is taken as it is. The gradient is that of what the
network takes, after --mean and --std. The score is that of the main output; without --class that of the class with
the highest; of a map of scores, that at its middle. Without --weights they are drawn, and the map shows only what
the structure lets through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import CnncalcError
from ..render.report import Report
from .request import MODEL, Request, report_with

if TYPE_CHECKING:
    from ..graph import Graph
    from ..reports.saliency_report import Score


@report_with("spec", "format", "output", "set", "input", *MODEL, texts=(".npy",))
def command(
    request: Request,
    image: Annotated[
        list[str] | None,
        typer.Option("--image", metavar="FILE", help="A PNG or JPEG, or an .npy array; NAME=FILE for several inputs."),
    ] = None,
    class_: Annotated[
        int | None,
        typer.Option("--class", metavar="K", min=0, help="The class, 0 first; if not given, the one that scores most."),
    ] = None,
    channels: Annotated[str, typer.Option("--channels", metavar="HOW", help="Over the colours: max or mean.")] = "max",
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="FILE", help="An .npz or a .safetensors file with the weights.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Seed of drawn weights; 0 if it is not given.")
    ] = None,
    mean: Annotated[
        str | None, typer.Option("--mean", metavar="R,G,B", help="Taken off the values, which are from 0 to 1.")
    ] = None,
    std: Annotated[
        str | None, typer.Option("--std", metavar="R,G,B", help="What the values are divided by after that.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help="The map as .png or .jpg, its values as .npy; saliency.png if none."
        ),
    ] = None,
) -> Report:
    """Saliency of the pixels."""
    import numpy as np

    from ..affordable import affordable
    from ..files import write
    from ..kernels import weights as tensors
    from ..kernels.backward import activations, gradients, unit_gradient, upstream
    from ..reports.saliency_report import Map, Settings, saliency_report
    from . import pictures, run_weights, saliency_files
    from .progress import progress
    from .run_files import distinct

    graph = request.numeric
    layer = _before_softmax(graph)
    classes = graph.shapes[layer][0]
    if channels not in ("max", "mean"):
        raise CnncalcError(f"`--channels {channels}`: the colours are taken together by max or mean")
    if weights is not None and seed is not None:
        raise CnncalcError("`--seed` draws weights, and `--weights` gives them", "leave one of them out")
    if class_ is not None and class_ >= classes:
        raise CnncalcError(f"{graph.name} has {classes} classes, and no class {class_}", "the first is 0")
    paths = saliency_files.named(graph, image or [])
    outs = saliency_files.outs(graph, out)
    normal = saliency_files.normalisation(mean, std, graph)
    for name, shape in graph.inputs.items():
        pictures.suits(paths[name], name, shape)
        pictures.writable(outs[name], len(shape) - 1)
    given = [*(("--image", path) for path in paths.values()), ("--weights", weights), ("SPEC", request.file.path)]
    distinct(given, [("--output", request.output), *(("--out", path) for path in outs.values())])
    part = upstream(graph, layer)
    affordable(part, 8, backward=True)
    images = saliency_files.images(graph, paths, normal)
    inputs = {name: image.values for name, image in images.items()}
    own = graph.stored if weights is None and seed is None else None
    values = own.read(graph, np.float64) if own else None
    weights = own.name if own else weights
    if values is None:
        drawn = tensors.initial(graph, "he", seed or 0, np.float64) if weights is None else None
        values = drawn or run_weights.read(str(weights), graph, np.float64)
    with progress(f"saliency of {graph.name}", 2 * len(part.nodes)) as step:
        arrays = activations(part, inputs, values, np.float64, step)
        score = _score(layer, arrays[layer], class_)
        one = unit_gradient(arrays[layer], (score.chosen, *score.place), layer)
        found = {name: np.abs(slopes) for name, slopes in gradients(part, arrays, values, layer, one, step).items()}
    over = np.max if channels == "max" else np.mean
    maps = {name: over(slopes, axis=0) if slopes.ndim > 1 else slopes for name, slopes in found.items() if slopes.any()}
    if not maps:
        raise _dead(part, arrays, values, score, one, drawn=weights is None)
    for path, content in [(outs[name], pictures.encoded(map_, outs[name])) for name, map_ in maps.items()]:
        write(path, content)
    how = Settings(channels, weights, seed or 0, class_ is not None, normal)
    return saliency_report(graph, score, [Map(name, images[name], maps.get(name), outs[name]) for name in images], how)


def _before_softmax(graph: Graph) -> str:
    """The scores: the output, or what a softmax at the end is taken of."""
    last = graph.by_name.get(graph.output)
    return last.inputs[0] if last is not None and last.kind == "softmax" else graph.output


def _score(layer: str, array: Any, class_: int | None) -> Score:
    """The score of the class, or the highest; on a map of scores at its middle."""
    from ..reports.saliency_report import Score

    place = tuple(n // 2 for n in array.shape[1:])
    scores = array[(slice(None), *place)]
    top = int(scores.argmax())
    chosen = top if class_ is None else class_
    rank = 1 + int((scores > scores[chosen]).sum())
    return Score(layer, len(scores), place, chosen, float(scores[chosen]), rank, top, float(scores[top]))


def _dead(
    part: Graph, arrays: Mapping[str, Any], values: Mapping[str, Any], score: Score, one: Any, drawn: bool
) -> CnncalcError:
    """Why no pixel moves the score."""
    from ..kernels.backward import dead_end

    end = dead_end(part, arrays, values, score.layer, one)
    if end and end.layer.looks_up:
        message = f"`{end.name}` ({end.kind}) looks rows up by the input, and whole numbers have no gradient"
        return CnncalcError(message, "`cnncalc receptive-field` says which of them a score sees")
    where = f": its gradient ends at `{end.name}` ({end.kind}), where the unit is dead" if end else ""
    return CnncalcError(
        f"no pixel moves class {score.chosen} of `{score.layer}`{where}",
        "another --class" + (", or another --seed of the weights" if drawn else ""),
    )
