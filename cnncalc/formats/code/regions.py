"""Statements with the same condition together, and those of the other calls after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...namedtuples import NamedTuple

Line = tuple[str, str]
"""What it assigns to, and what."""


class Region(NamedTuple):
    """Statements in a row."""

    turns: frozenset[int]
    """The calls that do them."""

    lines: tuple[Line, ...]
    others: tuple[Line, ...] = ()
    """What all other calls do instead."""


def regions(lines: Sequence[tuple[Line, frozenset[int]]], every: frozenset[int]) -> Iterator[Region]:
    """The regions of a class; `every` are all of its calls."""
    found: list[Region] = []
    for line, turns in lines:
        last = found[-1] if found else None
        if last is not None and last.turns == turns and not last.others:
            found[-1] = last._replace(lines=(*last.lines, line))
        elif last is not None and turns != every and turns == every - last.turns:
            found[-1] = last._replace(others=(*last.others, line))
        else:
            found.append(Region(turns, (line,)))
    return _plain(found, every)


def _plain(found: Sequence[Region], every: frozenset[int]) -> Iterator[Region]:
    """What is the same either way is asked of no call."""
    before: Region | None = None
    for region in found:
        one = Region(every, region.lines) if region.lines == region.others else region
        if before is not None and before.turns == one.turns == every:
            before = before._replace(lines=(*before.lines, *one.lines))
            continue
        if before is not None:
            yield before
        before = one
    if before is not None:
        yield before


def either(region: Region, condition: str, opposite: str) -> str:
    """One line for a region in which a name is one thing or another; "" for others."""
    if len(region.lines) != 1 or len(region.others) != 1 or region.lines[0][0] != region.others[0][0]:
        return ""
    (to, one), (_, other) = region.lines[0], region.others[0]
    return f"{to} = {one} if {condition} else {other}"
