"""What is not there: removed specs of the baseline, the spec of a lock's entry or of a rule, the lock itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .. import files
from ..analyses.subject import Subject, at_inference, value
from ..errors import CnncalcError, printable
from ..folders import MODELS, says_so
from ..git import PREFIX
from ..language import zoo
from ..opening import of_bytes
from ..project import CODE, matches, patterns, shown
from . import amounts
from .baselines import Baseline, Commit
from .limits import Place
from .lock import Lock
from .notice import Notice
from .plan import Part, source_of, unmatched

FILE = re.compile(r"(.+?\.(?:ya?ml|onnx|keras))(?: |$)")
"""The file that a key of a lock begins with."""

CODE_FILE = re.compile(r"torch:(.+?\.py):")
"""The file that a key begins with whose network is code."""

UPDATE = "`cnncalc check --update` takes it out"


def notices(
    part: Part, lock: Lock | None, base: Baseline | None, arguments: Sequence[str], wanted: bool = False
) -> Iterator[Notice]:
    """All that is not there, of one configuration; `arguments` are the specs that are named, none for all.

    A lock is missed where the configuration names it, the baseline has one, or it is `wanted`.
    """
    yield from _of_the_lock(part, lock, base, arguments, wanted)
    for rule in unmatched(part, not arguments):
        texts = ", ".join(repr(pattern) for pattern in rule.match)
        help = "patterns are relative to the folder of the configuration"
        yield Notice("rule-unmatched", f"no spec matches {texts} of a budget", Place.of(rule.mark), help)
    if base is not None and base.commit is not None:
        yield from _removed(part, base.name, base.commit, arguments)


def _of_the_lock(
    part: Part, lock: Lock | None, base: Baseline | None, arguments: Sequence[str], wanted: bool
) -> Iterator[Notice]:
    config = part.config
    name = shown(config.folder / config.lock)
    if lock is None:
        then = base.commit.lock if base is not None and base.commit is not None else None
        if wanted or config.locked or then is not None:
            text = f"there is no lock {printable(name)}" + (f", and {base.name} has one" if base and then else "")
            help = "`cnncalc check --update` writes it; commit it"
            yield Notice("lock-missing", text, Place(config.name or name, 1, 1), help)
        return
    judged = {path for spec in part.names if (path := source_of(spec))}
    for key in lock.entries:
        match = CODE_FILE.match(key) if key.startswith(CODE) else FILE.match(key)
        place = lock.place(key, "")
        if gone(part, key):
            text = f"{printable(lock.name)} has {printable(key)}, which is not there"
            yield Notice("lock-stale", text, place, UPDATE)
        elif match and not arguments and (config.folder / match[1]).resolve() not in judged:
            text = f"{printable(lock.name)} has {printable(key)}, which is not among the specs that are checked"
            yield Notice("lock-unread", text, place, "`specs` of the configuration names them")


def gone(part: Part, key: str) -> bool:
    """Whether an entry of the lock is of a spec that is not there any more."""
    match = FILE.match(key)
    if key.startswith(CODE):
        source = CODE_FILE.match(key)
        return source is not None and not files.is_there(part.config.folder / source[1])
    if key.startswith(PREFIX) or key.partition(" ")[0] == "-":
        return False
    if match is None:
        return zoo.member(key.partition(" ")[0]) is None and not files.is_there(part.config.folder / key)
    return not files.is_there(part.config.folder / match[1])


def _removed(part: Part, named: str, commit: Commit, arguments: Sequence[str]) -> Iterator[Notice]:
    for path in commit.changes.removed:
        content = commit.text(path)
        old = commit.repository.top / path
        if not path.endswith(MODELS) or files.is_there(old) or not _meant(part, commit, old, arguments):
            continue
        if content is not None and not says_so(path, content):
            continue
        text = f"{printable(shown(old))} of {printable(named)} is removed{_figures(path, content)}"
        yield Notice("removed", text, Place(shown(old), 1, 1))


def _meant(part: Part, commit: Commit, old: Path, arguments: Sequence[str]) -> bool:
    """Whether a file that is gone would be one of the specs."""
    if arguments:
        whole = [Path(argument).resolve() for argument in arguments if files.is_folder(argument)]
        globs = [argument for argument in arguments if any(sign in argument for sign in "*?[")]
        return any(old.is_relative_to(folder) for folder in whole) or any(matches(one, shown(old)) for one in globs)
    if not old.is_relative_to(part.config.folder):
        return False
    inside = old.relative_to(part.config.folder).as_posix()
    locked = commit.lock is not None and inside in commit.lock.entries
    return locked or any(matches(pattern, inside) for pattern in patterns(part.config.project))


def _figures(path: str, content: bytes | None) -> str:
    if content is None:
        return ""
    try:
        figures = at_inference(of_bytes(path, content).graph())
        found = [f"{name} {amounts.figure(value(figures, Subject(name)), name)}" for name in ("params", "macs")]
    except CnncalcError:
        return ""
    return f" ({', '.join(found)})"
