"""The lock of one configuration while a check runs: read, even where it is broken, and brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import files
from ..errors import CnncalcError, printable
from ..git import Repository
from ..namedtuples import NamedTuple
from ..project import shown
from .absent import gone
from .config import Config
from .limits import LOCK
from .lock import Broken, Lock, parse, read, salvaged, sides, smallest, text_in, write
from .notice import Notice
from .plan import Part
from .run import Result
from .status import WARN
from .update import ratcheted, told, updated

if TYPE_CHECKING:
    from .session import Ask

MENDED = ("lock-no-entry", "lock-no-figure", "lock-stale", "lock-missing", "lock-version")
"""What is no gap any more once the lock is written."""


class Kept(NamedTuple):
    """A lock as it is judged by."""

    lock: Lock | None
    """None where there is none, or it is not wanted."""

    broken: str = ""
    """Why the file cannot be used, and is written anew."""

    how: str = ""
    """What is made of it."""


def kept(config: Config, writes: bool, measure: bool) -> Kept:
    """The lock of a configuration; one that is broken is an error unless it is written anew. Raises CnncalcError."""
    path = files.inside(config.folder, config.lock, "the lock")
    name = shown(path)
    if not (measure or writes) and (to := files.dangling(path)) is not None:
        raise CnncalcError(
            f"the lock {name} is a link to {to}, which is not there", "`cnncalc check --update` writes it"
        )
    if measure or not files.is_there(path):
        return Kept(None)
    if not path.is_file():
        raise CnncalcError(f"the lock {name} is no file")
    try:
        return Kept(read(path, name))
    except Broken as error:
        if not writes:
            raise
        return _mended(path, name, error)


def _mended(path: Path, name: str, error: Broken) -> Kept:
    """What is left of a broken lock: both sides of a merge, else that of the last commit, else nothing."""
    try:
        found = sides(text_in(path, name), name)
    except Broken:
        found = None
    if found is not None:
        return Kept(smallest(found, name), error.message, "resolved, with growth judged against both sides")
    if (before := _last(path, name)) is not None:
        return Kept(before, error.message, "written anew, with growth judged by that of the last commit")
    if (rest := _rest(path, name)) is not None:
        return Kept(rest, error.message, "written anew, with growth judged by what can be read of it")
    return Kept(Lock(name), error.message, "written anew, with no figures to judge growth by, for these specs")


def _rest(path: Path, name: str) -> Lock | None:
    try:
        return salvaged(text_in(path, name), name)
    except Broken:
        return None


def _last(path: Path, name: str) -> Lock | None:
    """The lock of the last commit; None where there is none that can be read."""
    try:
        repository = Repository(path.absolute().parent)
        inside = repository.where(path)
        commit = repository.commit("HEAD")
        content = repository.texts([(commit, inside)]).get((commit, inside)) if inside else None
        return parse(content.decode("utf-8-sig"), name) if content is not None else None
    except (CnncalcError, UnicodeDecodeError):
        return None


def keep(
    ask: Ask,
    part: Part,
    locks: Kept,
    results: list[Result],
    about: Sequence[Notice],
    remark: Callable[[str], None],
) -> tuple[list[Result], list[Notice]]:
    """The results and notices as they stand once the lock is brought up to date, where that is asked for."""
    wanted = (ask.ratchet or part.config.ratchet) and locks.lock is not None
    if ask.measure:
        return results, []
    if not ask.writes:
        if ask.locked or (wanted and ask.ci):
            return [_behind(result, locks.lock) for result in results], list(about)
        if not wanted:
            return results, list(about)
    path = part.config.folder / part.config.lock
    stand, changed = _written(ask, part, locks, path, results, remark)
    if not ask.writes:
        if changed:
            remark(f"{printable(shown(path))}: commit it")
        return stand, list(about)
    left = [notice for notice in about if notice.code not in MENDED or (ask.specs and notice.code == "lock-stale")]
    return [_without(result) for result in stand], left


def _written(
    ask: Ask, part: Part, locks: Kept, path: Path, results: list[Result], remark: Callable[[str], None]
) -> tuple[list[Result], bool]:
    name = shown(path)
    with files.alone(path):  # another check may have written its specs meanwhile: they stay
        now = locks.lock if locks.broken else read(path, name) if path.is_file() else None
        if ask.writes:
            entries, stand, changes = updated(now, results, ask.accept, lambda key: not ask.specs and gone(part, key))
        else:
            entries, stand, changes = ratcheted(now or Lock(name), results)
        if changes or locks.broken:
            write(path, entries)
    if locks.broken:
        remark(printable(f"{locks.broken}: it is {locks.how}"))
    refused = [result for result in stand if ask.writes and not result.taken]
    for line in told(changes, refused, len(results)):
        remark(f"{printable(name)}: {line}" if not line.startswith(" ") else line)
    return stand, bool(changes)


def _behind(result: Result, lock: Lock | None) -> Result:
    """The result with a notice for figures that are less than the lock says."""
    lower = [f for f in result.findings if f.kind == LOCK and f.status == WARN]
    if not lower or lock is None:
        return result
    names = ", ".join(finding.subject.text for finding in lower)
    text = f"{printable(lock.name)} is behind: {names} went down"
    help = "`cnncalc check --ratchet` writes it; commit it"
    return result.with_notices(Notice("lock-behind", text, lower[0].place, help))


def _without(result: Result) -> Result:
    """The result without the gaps of a lock that is now written; those of a spec that keeps its old entry stay."""
    if result.problems or not result.taken:
        return result
    return result.keeping(lambda notice: notice.code not in MENDED)
