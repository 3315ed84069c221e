"""The files of `cnncalc saliency`: an image for each input, made what the network takes, and a map of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CnncalcError, did_you_mean
from ..reports.saliency_report import Image, Normalisation

if TYPE_CHECKING:
    from ..graph import Graph


def named(graph: Graph, texts: Sequence[str]) -> dict[str, str]:
    """Input -> its file, of `FILE` or `NAME=FILE`. Raises CnncalcError."""
    inputs = ", ".join(graph.inputs)
    if not texts:
        several = f"one for each of {inputs}: --image {next(iter(graph.inputs))}=cat.png"
        raise CnncalcError("an image is needed", several if len(graph.inputs) > 1 else "--image cat.png")
    found: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or name not in graph.inputs:
            if len(graph.inputs) > 1:
                near = did_you_mean(name, graph.inputs) if equals else ""
                raise CnncalcError(f"which input is `{text}` of: {inputs}?", near or f"--image {name_of(graph)}={text}")
            name, path = name_of(graph), text
        if not path:
            raise CnncalcError("a file without a name cannot be read", "--image cat.png")
        if name in found:
            raise CnncalcError(f"the input `{name}` is given twice: {found[name]} and {path}", "one --image for each")
        found[name] = path
    for name in graph.inputs:
        if name not in found:
            raise CnncalcError(f"the input `{name}` of {graph.name} has no image", f"--image {name}=FILE")
    return found


def name_of(graph: Graph) -> str:
    """The first input."""
    return next(iter(graph.inputs))


def outs(graph: Graph, out: str | None) -> dict[str, str]:
    """Input -> the file of its map: --out, where there are several inputs with the name of each in it."""
    pictures = all(len(shape) == 3 for shape in graph.inputs.values())
    if out is None:
        out = "saliency.png" if pictures else "saliency.npy"
    path = Path(out)
    return {
        name: str(path.with_name(f"{path.stem}-{name}{path.suffix}")) if len(graph.inputs) > 1 and path.name else out
        for name in graph.inputs
    }


def normalisation(mean: str | None, std: str | None, graph: Graph) -> dict[str, Normalisation]:
    """Input -> what --mean and --std say; no input where neither is given. Raises CnncalcError."""
    if mean is None and std is None:
        return {}
    found = {}
    for name, (channels, *_) in graph.inputs.items():
        less, by = (_numbers(*option, channels, name) for option in (("--mean", mean or "0"), ("--std", std or "1")))
        found[name] = Normalisation(less, by)
    return found


def _numbers(option: str, text: str, channels: int, name: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(map(isfinite, values)) or (option == "--std" and min(values) <= 0):
        least = " above 0" if option == "--std" else ""
        example = "0.229,0.224,0.225" if option == "--std" else "0.485,0.456,0.406"
        raise CnncalcError(f"`{option} {text}` is no list of numbers{least}", f"such as {option} {example}")
    if len(values) not in (1, channels):
        raise CnncalcError(f"`{option} {text}` is for {len(values)} channels, and `{name}` has {channels}")
    return values * channels if len(values) == 1 else values


def images(graph: Graph, paths: Mapping[str, str], normal: Mapping[str, Normalisation]) -> dict[str, Image]:
    """Input -> its image as the network takes it. Raises CnncalcError."""
    import numpy as np

    from . import pictures
    from .run_files import read

    found = {}
    for name, path in paths.items():
        if pictures.is_array(path):
            image = Image(path, read(graph, {name: path})[name], None)
        else:
            picture = pictures.read(path, graph.inputs[name])
            image = Image(path, picture.values, picture.size, picture.remarks)
        if name in normal:
            each = (-1, *(1,) * (len(graph.inputs[name]) - 1))
            mean, std = (np.array(values).reshape(each) for values in normal[name])
            image = image._replace(values=(image.values - mean) / std)
        found[name] = image
    return found
