"""`cnncalc check --init`: today's figures as limits with some room, to be pasted and tightened by hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from ..analyses.figures import FIGURES
from ..errors import CnncalcError
from ..quantities import BYTES
from . import amounts
from .outcome import Outcome

PROPOSED = ("params", "macs", "peak_activations")
ROOM = 1.05
"""Five percent more than today, rounded up to two digits."""


def proposal(outcome: Outcome) -> str:
    """The text to paste: `budget:` for one spec, `[[budget]]` for several. Raises CnncalcError."""
    for result in outcome.results:
        for problem in result.problems:
            raise CnncalcError(f"{result.key}: {problem.message}")
    if len(outcome.results) == 1:
        rows = _rows(outcome, 0)
        width = max(len(f"{name}: {limit}") for name, limit, _ in rows)
        lines = [f"  {f'{name}: {limit}'.ljust(width)}   # {today}" for name, limit, today in rows]
        return (
            "\n".join([f"# {outcome.results[0].key}: today's figures with 5 to 15% of room", "budget:", *lines]) + "\n"
        )
    parts = ["# cnncalc.toml: today's figures with 5 to 15% of room\n"]
    for place, result in enumerate(outcome.results):
        lines = [f'{name} = "{limit}"   # {today}' for name, limit, today in _rows(outcome, place)]
        parts.append("\n".join(["[[budget]]", f'match = "{result.key}"', *lines]) + "\n")
    return "\n".join(parts)


def _rows(outcome: Outcome, place: int) -> Sequence[tuple[str, str, str]]:
    figures = outcome.results[place].figures
    found = []
    for name in PROPOSED:
        value = figures.get(name)
        if isinstance(value, int) and value:
            found.append((name, roomy(value, FIGURES[name].unit == BYTES), f"{amounts.figure(value, name)} today"))
    return found


def roomy(value: int, in_bytes: bool) -> str:
    """`3.7M` for 3,504,872: at least 5% more, in two digits."""
    power = floor(log10(value * ROOM)) - 1
    step = 10 ** max(power, 0)
    limit = ceil(value * ROOM / step) * step
    for prefix, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if limit >= size:
            text = f"{limit / size:g}"
            return f"{text} {prefix}B" if in_bytes else f"{text}{prefix}"
    return f"{limit} B" if in_bytes else str(limit)
