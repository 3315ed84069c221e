"""The files of `cnncalc run`: inputs and labels that are read, and that nothing is written over what is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..errors import CnncalcError, did_you_mean
from ..inputs import called

if TYPE_CHECKING:
    from ..graph import Graph

LARGEST_LABELS = 1 << 24
"""Bytes of a file of names at most."""


def named(graph: Graph, texts: Iterable[str]) -> dict[str, str]:
    """Input -> its file, of `FILE` or `NAME=FILE`. Raises CnncalcError."""
    found: dict[str, str] = {}
    inputs = ", ".join(graph.inputs)
    for text in texts:
        name, equals, path = text.partition("=")
        name = called(name, graph.inputs)
        if not equals or name not in graph.inputs:
            if equals and not Path(text).exists():
                help = did_you_mean(name, graph.inputs) or f"its inputs: {inputs}"
                raise CnncalcError(f"{graph.name} has no input `{name}`", help)
            name, path = next(iter(graph.inputs)), text
            if len(graph.inputs) > 1:
                raise CnncalcError(f"{graph.name} has the inputs {inputs}", f"--input-file {name}={text}")
        if name in found:
            raise CnncalcError(f"the input `{name}` is given twice: {found[name]} and {path}")
        found[name] = path
    for name in graph.inputs if found else ():
        if name not in found:
            raise CnncalcError(f"the input `{name}` of {graph.name} is missing", f"--input-file {name}=FILE")
    return found


def read(graph: Graph, paths: Mapping[str, str]) -> dict[str, Any]:
    """The arrays of the inputs; their shapes are compared before they are read. Raises CnncalcError."""
    from ..analyses.looked_up import looked_up
    from ..kernels import arrays
    from ..render import numbers

    found, rows = {}, looked_up(graph)
    for name, path in paths.items():
        shape = tuple(graph.inputs[name])
        with arrays.opened(path) as file:
            if len(file.headers) != 1:
                count = len(file.headers)
                raise CnncalcError(f"{path} holds {count} arrays, and an input is one", "write it with numpy.save")
            ((key, header),) = file.headers.items()
            if header.shape == (1, *shape) and graph.stored is not None:
                found[name] = file.array(key)[0]  # a batch of one image, as other tools take it
                continue
            if name in rows and shape[0] == 1 and header.shape == shape[1:]:
                found[name] = file.array(key)[None]  # words in a line, which a network has as a map of one channel
                continue
            if header.shape != shape:
                size = numbers.shape(header.shape) or "a single number"
                raise CnncalcError(
                    f"the input `{name}` is {size}, and {graph.name} takes {numbers.shape(shape)}",
                    _arranged(header.shape, shape),
                )
            found[name] = file.array(key)
    return found


def _arranged(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """How an array becomes what the network takes."""
    if found[1:] == wanted:
        return "arrays are of one image: save x[0]"
    if found != wanted and found == (*wanted[1:], wanted[0]):
        return "channels come first: save numpy.moveaxis(x, -1, 0)"
    return "channels come first; --input gives the network another size"


def labels(path: str, graph: Graph) -> list[str]:
    """The names of the values of the output, one a line. Raises CnncalcError."""
    with files.reading(path) as file:
        content = file.read(LARGEST_LABELS + 1)
    if len(content) > LARGEST_LABELS:
        raise CnncalcError(f"{path} is too long for a file of names")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CnncalcError(f"{path} is no text in UTF-8") from None
    names = ["".join(filter(str.isprintable, line)).strip() for line in text.rstrip().splitlines()]
    if len(names) != graph.output_shape[0]:
        raise CnncalcError(
            f"{path} has {len(names):,} names, and the output of {graph.name} {graph.output_shape[0]:,} values",
            "one name a line, in the order of the values",
        )
    return names


def archives(written: Mapping[str, str | None]) -> None:
    """Refuse names of another format for what is written as an .npz. Raises CnncalcError."""
    for option, path in written.items():
        suffix = Path(path or "").suffix
        if suffix.lower() not in ("", ".npz"):
            text = f"{option} writes an .npz, and {path} ends in {suffix}"
            raise CnncalcError(text, f"{option} {Path(path or '').with_suffix('.npz')}")


def distinct(read: Sequence[tuple[str, str | None]], written: Sequence[tuple[str, str | None]]) -> None:
    """Refuse, before anything is done, what cannot be written or would be written over. Raises CnncalcError."""
    known = [(option, path) for option, path in read if path is not None]
    for option, path in written:
        if path is None:
            continue
        files.destination(path)
        for other, taken in known:
            if files.same(path, taken):
                raise CnncalcError(f"{other} and {option} are the same file: {path}", f"another name for {option}")
        known.append((option, path))
