"""What became of a network's file, commit by commit: each version with its network, or with why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import files, opening
from .errors import CnncalcError
from .formats.reading import USUAL, Reading
from .git import Repository, Version
from .graph import Graph
from .opening import NetworkFile

LAST = 50
"""Commits that are looked at where no number is asked for."""


@dataclass(frozen=True)
class Step:
    """A version of the file."""

    commit: str
    """Its hash; empty for what is not committed yet."""

    date: str
    subject: str
    graph: Graph | None
    reason: str = ""
    """Why there is no network."""


@dataclass(frozen=True)
class History:
    """The versions of a file, the oldest first."""

    path: str
    steps: tuple[Step, ...]
    more: bool
    """Whether there are older versions that were not looked at."""

    shallow: bool
    """Whether the clone ends before the history does."""


def history(
    path: str | Path,
    *,
    since: str = "",
    last: int = LAST,
    set: Mapping[str, Any] | None = None,
    input: Any = None,
    how: Reading = USUAL,
) -> History:
    """The network of a file at each commit that changed it, followed through renames.

    With `since` from that commit on: its state is the first step, then what came after it. What is in the working
    tree and in no commit is the last; `how` is asked of the reader of a model. Raises CnncalcError where there is no
    such file, repository or commit.
    """
    named = str(path)
    if named == "-" or named.startswith("git:") or not files.is_there(named):
        raise CnncalcError(
            f"there is no file {named}", "`log` follows a file of the working tree: cnncalc log models/net.yaml"
        )
    if how != USUAL:
        opening.opened(named).asked(how)

    def made(file: NetworkFile) -> Graph:
        return file.reading(how).graph(set or {}, input)

    where = Path(named)
    repository = Repository(where.absolute().parent, f"log {named}")
    start = repository.commit(since) if since else ""
    versions = repository.versions(where, last + 1)
    if start:
        after = repository.since(start)
        newer = [version for version in versions if version.commit in after]
        versions = versions[: len(newer) + 1]
    more, versions = len(versions) > last, versions[:last]
    steps = [_step(repository, version, made) for version in reversed(versions)]
    if not versions or repository.differs(where):
        steps.append(_present(named, made))
    return History(named, tuple(steps), more, repository.shallow)


def _step(repository: Repository, version: Version, made: Callable[[NetworkFile], Graph]) -> Step:
    try:
        file = opening.of_bytes(version.path, repository.content(version, opening.MOST_PIPED))
        return Step(version.commit, version.date, version.subject, made(file))
    except CnncalcError as error:
        return Step(version.commit, version.date, version.subject, None, error.message)


def _present(named: str, made: Callable[[NetworkFile], Graph]) -> Step:
    try:
        return Step("", "", "not committed", made(opening.opened(named)))
    except CnncalcError as error:
        return Step("", "", "not committed", None, error.message)
