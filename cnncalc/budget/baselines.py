"""What growth is measured from: the specs of a commit, or the figures of a lock."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CnncalcError, SpecError, printable
from ..git import Changes, Repository, ref_of
from ..namedtuples import NamedTuple
from ..project import Project, here, root_of, shown
from . import lock as locks
from .before import APPROVE, Before
from .config import Config
from .config import read as config_of
from .limits import Place
from .lock import Lock
from .notice import Notice
from .plan import Part, is_code, key_of, source_of, variants
from .run import Case, Result, judged
from .status import FAIL, WARN

EXPLAINED = 20
"""Specs that are looked for in the history, at most."""

BY_PARTS = (".onnx", ".keras", ".json", ".h5", ".hdf5", ".py")
"""Models, which are read one at a time: they may be large, or code."""


@dataclass(frozen=True)
class Commit:
    """What a commit holds of one configuration's specs."""

    id: str
    repository: Repository
    changes: Changes
    texts: Mapping[tuple[str, str], bytes]
    models: set[str]
    lock: Lock | None = None
    config: Config | None = None
    """Its configuration; None where there was none, or none that can be read."""

    def text(self, path: str) -> bytes | None:
        """The content of a spec."""
        return self.texts.get((self.id, path))


class Baseline(NamedTuple):
    """What growth is measured from: specs of a commit, or the figures of a lock."""

    name: str
    commit: Commit | None = None
    lock: Lock | None = None


@dataclass
class Repositories:
    """Repositories and commits, each asked for once."""

    found: dict[tuple[Path, str], tuple[Repository, str, Changes]] = field(default_factory=dict)

    def at(self, folder: Path, asked: str, ref: str) -> tuple[Repository, str, Changes]:
        """The repository of a folder, the commit that is meant, and what has changed since. Raises CnncalcError."""
        if (folder, asked) not in self.found:
            repository = Repository(folder, asked)
            commit = repository.commit(ref)
            self.found[folder, asked] = repository, commit, repository.changes(commit)
        return self.found[folder, asked]


def baseline(named: str | None, part: Part, lock: Lock | None, known: Repositories) -> Baseline | None:
    """The baseline that is asked for, or configured; else the lock, if there is one. Raises CnncalcError."""
    config = part.config
    asked = named or config.baseline
    if not asked:
        return Baseline(lock.name, lock=lock) if lock else None
    ref = ref_of(asked)
    if ref is not None:
        folder = here() if named or not config.name else config.folder
        return Baseline(asked, commit=_commit(part, *known.at(folder, asked, ref)))
    path = Path(asked) if named else config.folder / asked
    if not path.is_file():
        raise CnncalcError(
            f"there is no baseline {asked}", "`cnncalc check --update` writes one, or --baseline git:main"
        )
    return Baseline(asked, lock=locks.read(path, asked))


def _commit(part: Part, repository: Repository, commit: str, changes: Changes) -> Commit:
    """All that a commit has of the specs, by one process of git."""
    config = part.config
    sources = [path for name in part.names if (path := source_of(name))]
    paths = [inside for path in sources if (inside := repository.where(path))]
    then = [changes.renamed.get(path, path) for path in paths]
    lock = repository.where(config.folder / config.lock)
    file = repository.where(config.folder / Path(config.name).name) if config.name else None
    wanted = [*(path for path in then if not path.endswith(BY_PARTS)), *changes.removed[:LOST], lock, file]
    texts = repository.texts((commit, path) for path in wanted if path is not None)
    models = repository.there(commit, (path for path in then if path.endswith(BY_PARTS)))
    return Commit(
        commit,
        repository,
        changes,
        texts,
        models,
        _lock_then(texts.get((commit, lock or "")), config),
        _config_then(texts.get((commit, file or "")), config),
    )


LOST = 200
"""Removed files that are looked into, at most."""


def _lock_then(content: bytes | None, config: Config) -> Lock | None:
    if content is None:
        return None
    try:
        return locks.parse(content.decode("utf-8-sig"), config.lock)
    except (CnncalcError, UnicodeDecodeError):
        return None


def _config_then(content: bytes | None, config: Config) -> Config | None:
    """The configuration of a commit; what it extends is read as it is now."""
    if content is None:
        return None
    try:
        root = root_of(content.decode("utf-8-sig"), config.name, Path(config.name).name == "pyproject.toml")
        return config_of(Project(config.folder, config.name, root), root) if root is not None else None
    except (CnncalcError, SpecError, UnicodeDecodeError):
        return None


def with_baseline(found: Sequence[Case], base: Baseline | None, config: Config, first: bool) -> list[Case]:
    """The cases with what the baseline says of each; the `first` time there need not be one."""
    if base is None:
        return [case._replace(before=Before() if first else None) for case in found]
    if base.lock is not None:
        return [case._replace(before=Before(base.name, entry=base.lock.entries.get(case.locked_as))) for case in found]
    assert base.commit is not None  # noqa: S101 - a baseline is a lock or a commit
    return [case._replace(before=_before(case, base.name, base.commit, config)) for case in found]


def _before(case: Case, named: str, commit: Commit, config: Config) -> Before:
    start = Place(case.spec, 1, 1)
    path = source_of(case.spec)
    if path is None and is_code(case.spec):
        text = f"it is a module that Python imports, which cannot be looked up in {printable(named)}"
        return Before(named, commit.id, notices=(Notice("baseline-outside", text, start, APPROVE),))
    if path is None:
        text = f"it is no file, and {printable(named)} has files"
        return Before(named, commit.id, notices=(Notice("new", text, start),))
    inside = commit.repository.where(path)
    if inside is None:
        text = f"it is not in the repository of {printable(named)}, so it cannot be looked up there"
        return Before(named, commit.id, notices=(Notice("baseline-outside", text, start, APPROVE),))
    then = commit.changes.renamed.get(inside, inside)
    notices = []
    if then != inside:
        notices.append(Notice("renamed", f"{printable(named)} has it as {printable(then)}", start))
    there = then in commit.models or commit.text(then) is not None
    if there and is_code(case.spec) and not case.allow_code:
        text = f"its code as it was in {printable(named)} runs only with --allow-code"
        return Before(named, commit.id, notices=(*notices, Notice("baseline-outside", text, start, APPROVE)))
    if not there:
        notices.append(Notice("new", f"{printable(named)} does not have it", start))
    old = commit.repository.top / then
    locked_as = case.locked_as
    if then != inside and old.is_relative_to(config.folder) and not is_code(case.spec):
        locked_as = locked_as.replace(key_of(case.spec, config.folder, {}, None), shown(old, config.folder), 1)
    limits = None
    if there:
        rules = commit.config.rules if commit.config else ()
        same = variants(rules, case.spec, old, {}, None) if rules else {}
        limits = next((v.limits for v in same.values() if v.own == case.own and (v.own or _alike(v, case))), ())
    return Before(
        named,
        commit.id,
        content=commit.text(then),
        at=(os.fspath(commit.repository.top), commit.id, then) if then in commit.models else None,
        entry=commit.lock.entries.get(locked_as) if commit.lock else None,
        limits=limits,
        notices=tuple(notices),
    )


def _alike(variant: object, case: Case) -> bool:
    return (getattr(variant, "settings", None), getattr(variant, "input", None)) == (case.settings, case.input)


def explained_by_history(found: Sequence[Case], results: Sequence[Result]) -> list[Result]:
    """Name the steps behind a growth against a lock: the lock has none, but the repository's history does.

    The spec is looked for in the last commits; it is believed only where it has the very figures of the lock.
    """
    open_ = [
        place
        for place, (case, result) in enumerate(zip(found, results, strict=True))
        if (case.before is None or not case.before.commit)
        and any(f.status in (FAIL, WARN) and f.baseline is not None and not f.why for f in result.findings)
    ][:EXPLAINED]
    explained = list(results)
    if not open_:
        return explained
    try:
        repository = Repository(here())
        commits = repository.past(Path(found[place].spec) for place in open_)
        inside = {place: path for place in open_ if (path := repository.where(Path(found[place].spec)))}
        texts = repository.texts((commit, path) for path in inside.values() for commit in commits)
    except CnncalcError:
        return explained
    for place, path in inside.items():
        case = found[place]
        entry = (case.before.entry if case.before else None) or (
            case.lock.entries.get(case.locked_as) if case.lock else None
        )
        for text in dict.fromkeys(texts[key] for commit in commits if (key := (commit, path)) in texts):
            before = Before(content=text, entry=case.before.entry if case.before else None)
            again = judged(case._replace(before=before))
            if again.base is not None and entry is not None and _are_those(again.base, entry):
                explained[place] = again
                break
    return explained


def _are_those(base: Mapping[str, object], entry: Mapping[str, object]) -> bool:
    """Whether the figures of a network are those of a lock, of parts apart."""
    return all(base.get(name) == value for name, value in entry.items() if name in base or ":" not in name)
