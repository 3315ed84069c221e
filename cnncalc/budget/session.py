"""One call of `cnncalc check`: what is asked for -> what is found; the lock is brought up to date."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import files
from ..errors import CnncalcError, printable
from ..project import here, shown
from . import baselines, plan
from .config import Config, config
from .limits import Limit
from .lock import Lock, read, write
from .outcome import Outcome
from .progress import Progress
from .run import Result, run
from .update import ratcheted, told, updated

Remark = Callable[[str], None]


@dataclass(frozen=True)
class Ask:
    """What is asked for."""

    specs: Sequence[str] = ()
    limits: Sequence[Limit] = ()
    baseline: str | None = None
    config: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    input: Any = None
    update: bool = False
    accept: bool = False
    ratchet: bool = False
    why: bool = False
    idle: bool = False
    """Whether no limits, or no specs, are fine."""

    measure: bool = False
    """Figures only: no lock, no baseline, no limit is needed."""

    fail_on: str = "error"
    jobs: int = 1


def session(ask: Ask, remark: Remark) -> Outcome:
    """The outcome; remarks are for stderr. Raises CnncalcError where nothing can be judged."""
    project = config(here(), ask.config)
    path = files.inside(project.folder, project.lock, "the lock")
    lock = read(path, shown(path)) if path.is_file() and not ask.measure else None
    base = baselines.baseline(ask.baseline, project, lock) if not ask.measure else None
    try:
        names = plan.specs(ask.specs, project, remark, lock.entries if lock else ())
    except plan.Unnamed:
        if not ask.idle:
            raise
        names = []
    cases = plan.cases(names, project, ask.limits, ask.settings, ask.input, lock=lock, why=ask.why)
    cases = baselines.with_baseline(cases, base, ask.update or ask.accept or ask.measure)
    if not ask.specs:
        for pattern in plan.unmatched(project, names):
            remark(f"{project.name}: no spec matches {pattern!r}")
    with Progress(len(cases)) as progress:
        results = run(cases, ask.jobs, progress)
    results = baselines.explained_by_history(cases, results)
    results = _written(ask, project, lock, results, remark)
    outcome = Outcome(results, base.name if base else "", ask.fail_on)
    for result in results:
        for text in (*result.remarks, *(problem.text for problem in result.problems)):
            remark(text)
    silent = not outcome.findings and not outcome.unjudged and not project.rules and lock is None
    if silent and ask.idle:
        remark("there are no limits to check: `budget: {macs: 320M}` in a spec, or a lock, would be")
    elif silent and not (ask.update or ask.accept or ask.measure):
        raise CnncalcError(
            "there are no limits to check",
            "`budget: {macs: 320M}` in a spec, --max macs=320M, or a lock: cnncalc check --update",
        )
    return outcome


def _written(ask: Ask, project: Config, lock: Lock | None, results: list[Result], remark: Remark) -> list[Result]:
    """The results as they stand once the lock is brought up to date, where that is asked for."""
    path = project.folder / project.lock
    keys = {result.key for result in results}

    def gone(key: str) -> bool:
        spec = re.match(r"(.+?\.ya?ml)(?: |$)", key)
        return not ask.specs and key not in keys and spec is not None and not files.is_there(project.folder / spec[1])

    if ask.measure or not (ask.update or ask.accept or ((ask.ratchet or project.ratchet) and lock is not None)):
        return results
    with files.alone(path):  # another check may have written its specs meanwhile: they stay
        now = read(path, shown(path)) if path.is_file() else None
        if ask.update or ask.accept:
            entries, stand, changes = updated(now, results, ask.accept, gone)
        else:
            entries, stand, changes = ratcheted(now or Lock(shown(path)), results)
        if changes:
            write(path, entries)
    for line in told(changes, len(results)):
        remark(f"{printable(shown(path))}: {line}" if not line.startswith(" ") else line)
    return stand
