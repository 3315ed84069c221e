"""What growth is measured from: the specs of a commit, or the figures of a lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import CnncalcError
from ..git import Repository, ref_of
from ..project import here
from .config import Config
from .finding import FAIL, WARN
from .lock import Lock
from .lock import read as read_lock
from .run import Case, Result, judged

EXPLAINED = 20
"""Specs that are looked for in the history, at most."""


class Baseline(NamedTuple):
    """What growth is measured from: specs of a commit, or the figures of a lock."""

    name: str
    commit: str = ""
    repository: Repository | None = None
    lock: Lock | None = None


def baseline(named: str | None, config: Config, lock: Lock | None) -> Baseline | None:
    """The baseline that is asked for, or configured; else the lock, if there is one. Raises CnncalcError."""
    asked = named or config.baseline
    if not asked:
        return Baseline(lock.name, lock=lock) if lock else None
    ref = ref_of(asked)
    if ref is not None:
        repository = Repository(here(), asked)
        return Baseline(asked, commit=repository.commit(ref), repository=repository)
    path = Path(asked) if named else config.folder / asked
    if not path.is_file():
        raise CnncalcError(
            f"there is no baseline {asked}", "`cnncalc check --update` writes one, or --baseline git:main"
        )
    return Baseline(asked, lock=read_lock(path, asked))


def with_baseline(found: Sequence[Case], base: Baseline | None, first: bool) -> list[Case]:
    """The cases with what the baseline says of each; the `first` time there need not be one."""
    if base is None:
        return [case._replace(has_baseline=first) for case in found]
    if base.lock is not None:
        entries = base.lock.entries
        return [case._replace(has_baseline=True, base_entry=entries.get(case.key)) for case in found]
    texts = base.repository.texts((base.commit, Path(case.spec)) for case in found) if base.repository else {}
    return [case._replace(has_baseline=True, base_text=texts.get((base.commit, Path(case.spec)))) for case in found]


def explained_by_history(found: Sequence[Case], results: Sequence[Result]) -> list[Result]:
    """Name the steps behind a growth against a lock: the lock has none, but the repository's history does.

    The spec is looked for in the last commits; it is believed only where it has the very figures of the lock.
    """
    open_ = [
        place
        for place, (case, result) in enumerate(zip(found, results, strict=True))
        if case.base_text is None
        and any(f.status in (FAIL, WARN) and f.baseline is not None and not f.why for f in result.findings)
    ][:EXPLAINED]
    explained = list(results)
    if not open_:
        return explained
    try:
        repository = Repository(here())
        commits = repository.past(Path(found[place].spec) for place in open_)
        texts = repository.texts((commit, Path(found[place].spec)) for place in open_ for commit in commits)
    except CnncalcError:
        return explained
    for place in open_:
        case = found[place]
        entry = case.base_entry or (case.lock.entries.get(case.key) if case.lock else None)
        for text in dict.fromkeys(texts[key] for commit in commits if (key := (commit, Path(case.spec))) in texts):
            again = judged(case._replace(base_text=text, has_baseline=True, figures=True))
            if again.base is not None and entry is not None and all(again.base.get(m) == v for m, v in entry.items()):
                explained[place] = again
                break
    return explained
