"""Saliency: how much each pixel of an image moves the score of a class (Simonyan et al. 2013, arXiv:1312.6034).

    cnncalc saliency vgg16 --image cat.png --class 281 --weights vgg16.npz --out saliency.png

The five steps of the notes: run the image forward; take the score of the class before the softmax; set its
gradient to 1 and all others to 0; flow it back to the pixels; take the absolute value, and over the colour
channels the largest or the mean. The picture is grey, the most salient pixel white.
"""

from __future__ import annotations

from pathlib import Path
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
    image: Annotated[
        str | None, typer.Option("--image", metavar="FILE", help="A PNG or JPEG, or an .npy array.")
    ] = None,
    class_: Annotated[
        int, typer.Option("--class", metavar="K", min=0, help="The class whose score it is, 0 first.")
    ] = 0,
    channels: Annotated[str, typer.Option("--channels", metavar="HOW", help="Over the colours: max or mean.")] = "max",
    weights: Annotated[str | None, typer.Option("--weights", metavar="FILE", help="An .npz with the weights.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of drawn weights.")] = 0,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="The picture, or the values as .npy.")
    ] = "saliency.png",
) -> Report:
    """Saliency of the pixels."""
    import numpy as np

    from ..kernels import weights as tensors
    from ..kernels.backward import input_gradient
    from ..render import numbers
    from ..render.report import Column, Table
    from ..running import affordable
    from .rows import caption

    graph = request.numeric
    if channels not in ("max", "mean"):
        raise CnncalcError(f"`--channels {channels}`: the colours are taken together by max or mean")
    score = _before_softmax(graph)
    if class_ >= graph.shapes[score][0]:
        raise CnncalcError(
            f"{graph.name} has {graph.shapes[score][0]} classes, and no class {class_}", "the first is 0"
        )
    affordable(graph, 8, backward=True)
    if image is None:
        raise CnncalcError("an image is needed", "--image cat.png")
    pixels = _pixels(image, graph)
    values = tensors.load(weights, graph, np.float64) if weights else tensors.initial(graph, "he", seed, np.float64)
    position = (class_, *(n // 2 for n in graph.shapes[score][1:]))
    gradient = next(iter(input_gradient(graph, pixels, values, score, position).values()))
    strength = np.abs(gradient)
    flat = strength.max(axis=0) if channels == "max" else strength.mean(axis=0)
    _save(flat, out)
    top = np.unravel_index(int(flat.argmax()), flat.shape)
    row = {
        "score": score,
        "shape": flat.shape,
        "most": float(flat.max()),
        "at": ",".join(str(int(i)) for i in top),
        "mean": float(flat.mean()),
    }
    columns = [
        Column("score", "gradient of", right=False, kept=True),
        Column("shape", "map", numbers.shape),
        Column("most", "most", lambda value: f"{value:.6g}"),
        Column("at", "at"),
        Column("mean", "mean", lambda value: f"{value:.6g}"),
    ]
    how = f"weights of {weights}" if weights else f"weights drawn (he, seed {seed})"
    return Report(
        caption(graph, f"class {class_} of {graph.shapes[score][0]}", f"{channels} over the channels", how),
        [Table(columns, [row])],
        {
            "schema": "cnncalc.saliency/1",
            "name": graph.name,
            "class": class_,
            **row,
            "shape": list(flat.shape),
            "out": out,
        },
        [f"written: {out}"],
    )


def _before_softmax(graph: Graph) -> str:
    """The scores: the output, or what a softmax at the end is taken of."""
    last = graph.by_name.get(graph.output)
    return last.inputs[0] if last is not None and last.kind == "softmax" else graph.output


def _pixels(path: str, graph: Graph) -> Any:
    """The image as the network's input: channels first, 0 to 1, and of the right size."""
    import numpy as np

    if path.endswith((".npy", ".npz")):
        from ..kernels.weights import read

        return next(iter(read(path).values()))
    channels, *sizes = graph.input_shape
    image = _imported().open
    try:
        with image(path) as opened:
            picture = opened.convert("L" if channels == 1 else "RGB")
            if picture.size != tuple(reversed(sizes)):
                picture = picture.resize(tuple(reversed(sizes)))
            array = np.asarray(picture, dtype=np.float64) / 255
    except OSError as error:
        raise CnncalcError(f"{path} is no picture that can be read: {error}") from None
    return array[None] if channels == 1 else array.transpose(2, 0, 1)


def _save(values: Any, out: str) -> None:
    import io

    import numpy as np

    from ..render.formats import save_bytes

    if out.endswith(".npy"):
        buffer = io.BytesIO()
        np.save(buffer, values, allow_pickle=False)
    elif values.ndim != 2:
        raise CnncalcError(f"a map with {values.ndim} axes is no picture", "--out saliency.npy")
    else:
        scaled = values / (values.max() or 1)
        buffer = io.BytesIO()
        _imported().fromarray((255 * scaled).round().astype(np.uint8)).save(buffer, format=_format(out))
    save_bytes(buffer.getvalue(), out)


def _format(out: str) -> str:
    known = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    if Path(out).suffix.lower() not in known:
        raise CnncalcError(f"`{out}` is no name of a picture", "--out saliency.png, or .npy for the values")
    return known[Path(out).suffix.lower()]


def _imported() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise CnncalcError(
            "pictures need Pillow",
            "pip install 'cnncalc[images]'; or an .npy array with --image, and --out saliency.npy",
        ) from None
    return Image
