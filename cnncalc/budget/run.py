"""Many specs against their limits: cases are planned, judged one by one or on several cores, and gathered.

Nothing is started per spec: git is asked once for all baselines, and `-j` starts its workers once.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from ..analyses.figures import FIGURES, Figures
from ..analyses.subject import Subject, at_inference
from ..analyses.terms import Machines
from ..analyses.values import Value
from ..errors import CnncalcError, Diagnostic, SpecError, bug, debugging, printable
from ..formats.reading import Reading
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..opening import SPEC, NetworkFile, opened
from . import words
from .before import APPROVE, Before, network, other_input, raised, unread
from .check import Unjudged, against_lock, agreed, derived, judge, require_numbers
from .finding import Finding
from .limits import GROWTH, LOCK, Limit, Place, conflicts
from .lock import Entry, Lock
from .notice import UNJUDGED, Notice
from .reading import limits
from .status import ACCEPTED, ALL, FAIL, NEW, OK, WARN
from .why import Cause, Steps, growth, largest, side

UPDATE = "`cnncalc check --update` writes it"


class Case(NamedTuple):
    """A spec with settings, and all that it is judged by."""

    spec: str
    """As `load` takes it."""

    key: str
    """As the reports call it: with what is set."""

    settings: Mapping[str, Any]
    input: Any
    limits: tuple[Limit, ...]
    """Those that do not stand in the spec."""

    before: Before | None = None
    """What the baseline has of it; None where there is no baseline."""

    locked_as: str = ""
    """As its lock calls it."""

    lock: Lock | None = None
    own: bool = True
    """Whether the spec's `budget:` is judged too."""

    why: bool = False
    allow_unknown: bool = False
    """Whether operators of a model may be unknown, whose totals are lower bounds."""

    no_batch: bool = False
    """Whether the first axis of an input of a model is no batch."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Shapes of what operators make that are not known, by the names of tensors."""

    allow_code: bool = False
    """Whether code of the baseline may run."""

    machines: Machines | None = None
    """The machines that the configuration names."""


class Problem(NamedTuple):
    """Why a spec could not be judged."""

    message: str
    text: str
    """As it is printed, with the place and a caret."""

    place: Place


@dataclass(frozen=True)
class Result:
    """A case, judged."""

    spec: str
    key: str
    name: str = ""
    locked_as: str = ""
    input: Mapping[str, Sequence[int]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    figures: Entry = field(default_factory=dict)
    base: Entry | None = None
    """The figures of the baseline; None where it has none."""

    causes: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    """Metric -> the steps that account for its growth, for those that differ from the baseline."""

    notices: tuple[Notice, ...] = ()
    """What is said beside the limits."""

    between_activations: bool = False
    """Whether some MACs multiply two activations."""

    taken: bool = False
    """Whether its figures are those of the lock now."""

    model: bool = False
    """Whether it is a model of another format."""

    def with_notices(self, *more: Notice) -> Result:
        """The same with more to say."""
        return replace(self, notices=(*self.notices, *more))

    def keeping(self, wanted: Callable[[Notice], bool]) -> Result:
        """The same with less to say."""
        return replace(self, notices=tuple(filter(wanted, self.notices)))


def judged(case: Case) -> Result:
    """Judge one case; whatever is wrong with it is part of the result."""
    result = Result(case.spec, case.key, locked_as=case.locked_as, settings=case.settings)
    try:
        return _judged(case, result)
    except CnncalcError as error:
        return replace(result, problems=(*result.problems, *problems_of(error, case.spec)))
    except Exception as error:  # one spec does not lose the others their results
        if debugging():
            raise
        said = bug(error)
        message = said.partition("\n")[0].removeprefix("error: ")
        problem = Problem(message, f"{printable(case.spec)}: {said}", Place(case.spec, 0, 0))
        return replace(result, problems=(*result.problems, problem))


def _judged(case: Case, result: Result) -> Result:
    file = opened(case.spec).reading(Reading(not case.no_batch, case.allow_unknown, case.shapes))
    graph = file.graph(case.settings, case.input)
    require_numbers(graph)
    result = replace(
        result,
        model=file.format is not SPEC,
        name=graph.name,
        input={name: list(shape) for name, shape in graph.inputs.items()},
    )
    figures = at_inference(graph)
    wrong: list[Diagnostic] = []
    own = graph.budget if case.own else None
    found = limits(own, wrong, machines=case.machines) if own is not None else []
    found += case.limits
    wrong += conflicts(found)
    if wrong:
        raise SpecError(wrong)
    then, notices = _then(case, file, graph)
    entry = case.before.entry if case.before else None
    base = at_inference(then) if then is not None else None
    problems: tuple[Problem, ...] = ()
    try:
        findings = judge(found, figures, base, entry)
    except Unjudged as error:
        findings, problems = error.findings, tuple(problems_of(error, case.spec))
    if case.before is None:
        problems += tuple(_no_baseline(finding) for finding in findings if finding.kind == GROWTH)
        findings = [finding for finding in findings if finding.kind != GROWTH]
    now = agreed(figures, found)
    findings, approved = _approved(case, findings)
    notices = [*_open(notices, findings, case, then is not None), *approved]
    if then is not None and then is not graph and case.before is not None:
        start = Place(case.spec, 1, 1)
        told = other_input(graph, then, _again(file, case, then), start)
        notices += [*([told] if told else ()), *raised(found, case.before, then, case.own, start, case.machines)]
    elif then is graph and case.before is not None:
        notices += raised(found, case.before, graph, case.own, Place(case.spec, 1, 1), case.machines)
    in_lock, of_lock = _against_lock(case, figures, now)
    findings += in_lock
    before = agreed(base, found) if base is not None else entry
    explained, causes = _explained(case, _text(file) is not None, findings, graph, then, now, before)
    return replace(
        result,
        findings=tuple(explained),
        problems=problems,
        figures=now,
        base=before,
        causes=causes,
        notices=(*notices, *of_lock),
        between_activations=bool(figures.macs.between_activations),
    )


def _then(case: Case, file: NetworkFile, graph: Graph) -> tuple[Graph | None, list[Notice]]:
    """The network of the baseline, and what is to be said of it."""
    if case.before is None:
        return None, []
    notices = list(case.before.notices)
    try:
        then = network(case.before, file, graph, case.settings, case.input)
        if then is not None:
            require_numbers(then)
    except CnncalcError as error:
        return None, [*notices, unread(error, Place(case.spec, 1, 1))]
    return then, notices


def _again(file: NetworkFile, case: Case, then: Graph) -> Graph | None:
    """The network at the input that it had; None where it cannot take it."""
    try:
        return file.graph(case.settings, dict(then.inputs) if len(then.inputs) > 1 else then.input_shape)
    except CnncalcError:
        return None


def _approved(case: Case, findings: Sequence[Finding]) -> tuple[list[Finding], list[Notice]]:
    """The findings with those growths accepted that an entry of the lock approves, which is new since the baseline."""
    if case.before is None or case.lock is None:
        return list(findings), []
    entry, then = case.lock.entries.get(case.locked_as, {}), case.before.entry or {}
    found: list[Finding] = []
    notices = []
    for finding in findings:
        now = derived(entry, finding.subject) if finding.kind == GROWTH else None
        open_ = finding.status in (FAIL, WARN) or (finding.status == NEW and case.before.there)
        if open_ and now is not None and now == finding.value and derived(then, finding.subject) != now:
            place = case.lock.place(case.locked_as, finding.subject.text)
            notices.append(Notice("approved", words.approval(finding), place))
            found.append(replace(finding, status=ACCEPTED))
        else:
            found.append(finding)
    return found, notices


def _open(notices: Sequence[Notice], findings: Sequence[Finding], case: Case, read: bool) -> list[Notice]:
    """The notices of the baseline: what cannot be looked up is no gap where no growth depends on it."""
    growths = [finding for finding in findings if finding.kind == GROWTH and finding.status == NEW]
    found = [
        notice._replace(code="baseline-skipped") if notice.weight == UNJUDGED and not growths else notice
        for notice in notices
    ]
    if read:
        lacks = "is limited in its growth, and the baseline has no such figure of it"
        found += [Notice("baseline-lacks", f"{f.subject.title} {lacks}", f.place, APPROVE) for f in growths]
    return found


def _text(file: NetworkFile) -> str | None:
    """The text of a user's spec; None for what is not one."""
    return file.text if file.format is SPEC and file.member is None else None


def _against_lock(case: Case, figures: Figures, now: Entry) -> tuple[list[Finding], list[Notice]]:
    """How the figures stand to the lock, and what it lacks."""
    lock = case.lock
    if lock is None:
        return [], []
    entry = lock.entries.get(case.locked_as)
    if entry is None:
        place = lock.place(case.locked_as, "")
        missing = Notice("lock-no-entry", f"{printable(lock.name)} does not have it", place, UPDATE)
        return [Finding(Subject(ALL), LOCK, NEW, None, None, place)], [missing]
    findings = against_lock(figures, now, entry, lambda name: lock.place(case.locked_as, name))
    lacking = [name for name in now if name not in entry]
    notices = []
    if lacking:
        text = f"{printable(lock.name)} does not have its {', '.join(lacking)}"
        notices.append(Notice("lock-no-figure", text, lock.place(case.locked_as, ""), UPDATE))
    if lock.by not in ("", version("cnncalc")) and any(finding.status != OK for finding in findings):
        text = f"{printable(lock.name)} was written by cnncalc {printable(lock.by)}, and this is {version('cnncalc')}"
        notices.append(Notice("lock-version", text, lock.place("", "")))
    return findings, notices


def _no_baseline(finding: Finding) -> Problem:
    message = f"the growth of {finding.subject.title} is limited, and there is no baseline"
    help = "--baseline git:main, `baseline` in cnncalc.toml, or a lock: cnncalc check --update"
    return Problem(message, str(CnncalcError(message, help)), finding.place)


def _explained(
    case: Case,
    own: bool,
    findings: Sequence[Finding],
    graph: Graph,
    base: Graph | None,
    now: Entry,
    then: Mapping[str, Value] | None,
) -> tuple[list[Finding], dict[str, tuple[Cause, ...]]]:
    """The findings with the steps that account for those that do not hold; and what grew, by metric."""
    broken = [finding for finding in findings if finding.status in (FAIL, WARN)]
    differ = [
        metric
        for metric, value in now.items()
        if metric in FIGURES and base is not None and base is not graph and then and then.get(metric) != value
    ]
    if not differ and not (broken and (case.why or base is not None)):
        return list(findings), {}
    ours = side(graph, own)
    theirs = side(base, own) if base is not None and base is not graph else None
    both = Steps(theirs, ours) if theirs is not None else None
    causes = {metric: tuple(growth(Subject(metric), both)) for metric in differ} if both else {}
    explained = []
    for finding in findings:
        why: list[Cause] = []
        if finding in broken and both is not None:
            why = growth(finding.subject, both)
        if finding in broken and case.why and not why and finding.kind == "max":
            why = largest(finding.subject, ours)
        explained.append(replace(finding, why=tuple(why)) if why else finding)
    return explained, causes


def problems_of(error: CnncalcError, spec: str) -> Iterator[Problem]:
    """The problems of an error."""
    if isinstance(error, SpecError):
        for diagnostic in error.diagnostics:
            yield Problem(diagnostic.message, str(diagnostic), Place.of(diagnostic.mark))
    else:
        yield Problem(error.message, str(error), Place(spec, 0, 0))


def run(cases: Sequence[Case], jobs: int = 1, progress: Callable[[int], None] = lambda done: None) -> list[Result]:
    """Judge all cases, in their order; with `jobs` on so many cores."""
    results: list[Result] = []
    if jobs <= 1 or len(cases) < 2:
        gc.freeze()  # what is loaded stays, and need not be looked through again
        for case in cases:
            results.append(judged(case))
            if len(cases) > 1:
                gc.collect()  # its networks are full of cycles, and would stand beside the next ones
            progress(len(results))
        gc.unfreeze()
        return results
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workers = min(jobs, len(cases))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for result in pool.map(judged, cases, chunksize=max(1, len(cases) // (workers * 8))):
            results.append(result)
            progress(len(results))
    return results
