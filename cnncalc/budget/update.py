"""Bringing the lock up to date: what is written anew, what stays, and what went up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..analyses.values import Value
from ..errors import printable
from ..namedtuples import NamedTuple
from ..render import numbers
from . import amounts, words
from .check import ORDER
from .finding import Finding
from .limits import GROWTH, LOCK
from .lock import Entry, Lock
from .run import Result
from .status import ACCEPTED, FAIL, OK, WARN


class Change(NamedTuple):
    """A figure of the lock that is written anew; `then` is None for a new one, `now` for one that goes."""

    key: str
    metric: str
    then: Value | None
    now: Value | None


def updated(
    lock: Lock | None, results: Sequence[Result], accept: bool, gone: Callable[[str], bool]
) -> tuple[dict[str, Entry], list[Result], list[Change]]:
    """The lock with today's figures of these specs, their results as they then stand, and what changes.

    A spec that cannot be judged, or grows more than it may, keeps its old figures unless that is accepted:
    growth is measured from the lock. Entries of other specs stay; `gone` says which have no file any more.
    """
    entries = {key: dict(entry) for key, entry in (lock.entries if lock else {}).items() if not gone(key)}
    stand, changes = [], [Change(key, "", None, None) for key in (lock.entries if lock else {}) if gone(key)]
    for result in results:
        grown = any(f.kind == GROWTH and f.status == FAIL for f in result.findings)
        if result.problems or not result.figures or (grown and not accept):
            stand.append(result)
            continue
        before = entries.get(result.locked_as, {})
        changes += _changes(result.locked_as, before, result.figures)
        entries[result.locked_as] = dict(result.figures)
        findings = tuple(_accepted(f, accept) for f in result.findings)
        stand.append(replace(result, findings=findings, taken=True))
    return entries, stand, changes


def ratcheted(lock: Lock, results: Sequence[Result]) -> tuple[dict[str, Entry], list[Result], list[Change]]:
    """The lock with every figure that went down; what went up is left to fail."""
    entries = {key: dict(entry) for key, entry in lock.entries.items()}
    stand, changes = [], []
    for found in results:
        result = found
        lower = {f.subject.text for f in result.findings if f.kind == LOCK and f.status == WARN}
        if result.locked_as in entries and lower and not result.problems:
            now = {**entries[result.locked_as], **{metric: result.figures[metric] for metric in lower}}
            changes += _changes(result.locked_as, entries[result.locked_as], now)
            entries[result.locked_as] = now
            findings = tuple(
                replace(f, status=ACCEPTED) if f.kind == LOCK and f.status == WARN else f for f in result.findings
            )
            result = replace(result, findings=findings)
        stand.append(result)
    return entries, stand, changes


def _changes(key: str, before: Mapping[str, Value], now: Mapping[str, Value]) -> list[Change]:
    return [
        Change(key, metric, before.get(metric), now.get(metric))
        for metric in sorted({**before, **now}, key=lambda name: (ORDER.get(name, len(ORDER)), name))
        if before.get(metric) != now.get(metric)
    ]


def _accepted(finding: Finding, growth_too: bool) -> Finding:
    if finding.kind == LOCK and finding.status != OK:
        return replace(finding, status=ACCEPTED)
    if finding.kind == GROWTH and finding.status in (FAIL, WARN) and growth_too:
        return replace(finding, status=ACCEPTED)
    return finding


def told(changes: Sequence[Change], refused: Sequence[Result], count: int) -> Iterator[str]:
    """The changes in words: a line for a figure that changed, one for a spec that is new, gone or refused."""
    keys = {change.key for change in changes if change.metric}
    left = f", {len(refused)} not taken" if refused else ""
    yield f"{numbers.plural(len(keys), 'spec')} written anew, {count - len(keys) - len(refused)} as before{left}"
    for result in refused:
        grown = [f.subject.text for f in result.findings if f.kind == GROWTH and f.status == FAIL]
        why = f"{', '.join(grown)} beyond the growth limit; --accept takes it over" if grown else "it is not judged"
        yield f"  {printable(result.locked_as)}   not taken: {why}"
    new: dict[str, list[str]] = {}
    for change in changes:
        if not change.metric:
            yield f"  {printable(change.key)}   gone: there is no such file"
        elif change.then is None:
            new.setdefault(change.key, []).append(f"{change.metric} {amounts.figure(change.now, change.metric)}")
        else:
            moved = f"{amounts.figure(change.then, change.metric)} -> {amounts.figure(change.now, change.metric)}"
            more = words.change(change.then, change.now)
            yield f"  {printable(change.key)}   {change.metric}   {moved}   {more}".rstrip()
    for key, figures in new.items():
        yield f"  {printable(key)}   new: {', '.join(figures)}"
