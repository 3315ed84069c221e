"""Which format is meant: by its name, by another name that people have for it, or by the suffix of a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from ..errors import CnncalcError, did_you_mean
from . import FORMATS

ALSO = {
    "md": "markdown", "tex": "latex", "htm": "html", "txt": "table", "text": "table", "mmd": "mermaid", "gv": "dot",
}  # fmt: skip
"""Other names of formats, which are suffixes too."""

SUFFIXES = {"table": ".txt", "markdown": ".md", "latex": ".tex", "mermaid": ".mmd"}
"""The suffix of a format, where it is not its name."""

PICTURES = (".svg", ".png", ".pdf", ".jpg", ".jpeg")


def known(form: str, formats: Collection[str] = tuple(FORMATS)) -> str:
    """The format of a name. Raises CnncalcError for one that there is not."""
    found = form if form in formats else ALSO.get(form.lower(), form.lower())
    if found not in formats:
        near = did_you_mean(form, formats) or f"known: {', '.join(formats)}"
        raise CnncalcError(f"no format `{form}`", near)
    return found


def chosen(
    form: str | None,
    output: str | None,
    formats: Collection[str] = tuple(FORMATS),
    besides: Collection[str] = (),
) -> str:
    """The format that is named, else that of the file's suffix, else a table; `besides` are suffixes of texts.

    Raises CnncalcError for a suffix that is no format, and for one that is another format than the one named.
    """
    suffix = PurePath(output).suffix if output is not None else ""
    of_suffix = _of(suffix, formats)
    if form is not None:
        named = known(form, formats)
        if of_suffix not in (None, named):
            raise CnncalcError(
                f"{output} would hold {named}, and its name says {of_suffix}", "leave out --format, or another suffix"
            )
        return named
    if of_suffix is not None or not suffix or suffix.lower() in besides:
        return of_suffix or "table"
    suffixes = ", ".join(SUFFIXES.get(name, f".{name}") for name in formats)
    if suffix.lower() in PICTURES:
        raise CnncalcError(f"{output} is the name of a picture, and this answers with a table", f"known: {suffixes}")
    near = did_you_mean(suffix, [SUFFIXES.get(name, f".{name}") for name in formats])
    raise CnncalcError(
        f"{output}: `{suffix}` is the suffix of no format", near or f"known: {suffixes}; with --format any name will do"
    )


def _of(suffix: str, formats: Collection[str]) -> str | None:
    name = suffix.lower().removeprefix(".")
    found = ALSO.get(name, name)
    return found if found in formats else None
