"""One call of `cnncalc check`: what is asked for -> what is found; the lock is brought up to date."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import CnncalcError
from ..files import inside
from ..formats.reading import SPECS_ALONE
from ..project import here
from . import absent, baselines, plan
from .baselines import Repositories
from .config import config
from .keeping import Kept, keep, kept
from .notice import Notice
from .outcome import Outcome
from .progress import Progress
from .reading import option
from .run import Case, Result, run

Remark = Callable[[str], None]


@dataclass(frozen=True)
class Ask:
    """What is asked for."""

    specs: Sequence[str] = ()
    limits: Sequence[tuple[str, str]] = ()
    """Kind and text of each limit of an option: `("max", "macs=320M")`."""

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

    strict: bool = False
    """Whether what cannot be judged, and a lock that does not fit, are failures."""

    locked: bool = False
    """Whether there must be a lock that fits, and nothing is written."""

    ci: bool = False
    """Whether this is the run of a CI, which writes nothing that it is not asked to."""

    fail_on: str = "error"
    jobs: int = 1
    allow_unknown: bool = False
    """Whether operators of a model may be unknown."""

    no_batch: bool = False
    """Whether the first axis of an input of a model is no batch."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes of what operators make that are not known, by the names of tensors."""

    allow_code: bool = False
    """Whether code runs that the configuration names, and that of the baseline."""

    @property
    def writes(self) -> bool:
        """Whether the lock is written anew."""
        return self.update or self.accept


def in_ci() -> bool:
    """Whether the environment says that this is a CI's."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def session(ask: Ask, remark: Remark) -> Outcome:
    """The outcome; remarks are for stderr. Raises CnncalcError where nothing can be judged."""
    top = config(here(), ask.config)
    inside(top.folder, top.lock, "the lock")
    first = kept(top, ask.writes, ask.measure)
    try:
        names = plan.specs(ask.specs, top, remark, first.lock.entries if first.lock else (), ask.allow_code)
    except plan.Unnamed:
        if not ask.idle:
            raise
        names = []
    known = Repositories()
    given = [limit for kind, text in ask.limits for limit in option(kind, text, top.machines)]
    asked: dict[str, Any] = {"why": ask.why, "allow_unknown": ask.allow_unknown, "allow_code": ask.allow_code}
    asked |= {"no_batch": ask.no_batch, "shapes": ask.shapes}
    planned: list[tuple[plan.Part, Kept, list[Case], list[Notice]]] = []
    named = []
    for part in plan.parts(names, top, ask.config):
        locks = first if part.config.folder == top.folder else kept(part.config, ask.writes, ask.measure)
        base = baselines.baseline(ask.baseline, part, locks.lock, known) if not ask.measure else None
        cases = plan.cases(part, top.folder, given, ask.settings, ask.input, lock=locks.lock, **asked)
        cases = baselines.with_baseline(cases, base, part.config, ask.writes or ask.measure)
        about = [] if ask.measure else list(absent.notices(part, locks.lock, base, ask.specs, ask.locked))
        planned.append((part, locks, cases, about))
        named += [base.name] if base else []
    found = [case for _, _, cases, _ in planned for case in cases]
    with Progress(len(found)) as progress:
        results = baselines.explained_by_history(found, run(found, ask.jobs, progress))
    for result in results:
        for problem in result.problems:
            remark(problem.text)
    asks_of_models = ask.no_batch or ask.allow_unknown or ask.shapes
    if asks_of_models and results and not any(result.model or result.problems for result in results):
        remark(SPECS_ALONE)
    stand: list[Result] = []
    open_: list[Notice] = []
    for part, locks, cases, about in planned:
        start = len(stand)
        own, left = keep(ask, part, locks, results[start : start + len(cases)], about, remark)
        stand, open_ = [*stand, *own], [*open_, *left]
    outcome = Outcome(stand, ", ".join(dict.fromkeys(named)), ask.fail_on, ask.strict or ask.locked, tuple(open_))
    _told(outcome, remark)
    silent = not outcome.findings and not outcome.unjudged and not outcome.gaps
    silent = silent and not any(part.config.rules or locks.lock for part, locks, _, _ in planned)
    if silent and ask.idle:
        remark("there are no limits to check: `budget: {macs: 320M}` in a spec, or a lock, would be")
    elif silent and not (ask.writes or ask.measure):
        raise CnncalcError(
            "there are no limits to check",
            "`budget: {macs: 320M}` in a spec, --max macs=320M, or a lock: cnncalc check --update",
        )
    return outcome


def _told(outcome: Outcome, remark: Remark) -> None:
    """The gaps on stderr too, so that they are seen whatever the report."""
    for result, notice in outcome.notices:
        if outcome.matters(notice):
            remark(f"{outcome.level(notice)}: {f'{result.key}: ' if result else ''}{notice.sentence}")
