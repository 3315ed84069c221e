"""`--report NAME[=FILE]` of check and lint."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import CnncalcError, did_you_mean


def asked(texts: list[str], reports: Iterable[str]) -> list[tuple[str, str]]:
    """(report, file) of each `--report`; no file is stdout. Raises CnncalcError."""
    from ..files import destination

    found = [(name, file) for name, _, file in (text.partition("=") for text in texts)]
    for name, _ in found:
        known("report", name, reports)
    for _, file in found:
        if file:
            destination(file)
    if sum(not file for _, file in found) > 1:
        raise CnncalcError("two reports to one stdout", "give all but one a file: --report json=check.json")
    return found


def known(what: str, name: str, names: Iterable[str]) -> None:
    """Raises CnncalcError for a name that there is not."""
    if name not in names:
        raise CnncalcError(f"no {what} `{name}`", did_you_mean(name, names) or f"known: {', '.join(names)}")
