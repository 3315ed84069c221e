"""Many specs against their limits: cases are planned, judged one by one or on several cores, and gathered.

Nothing is started per spec: git is asked once for all baselines, and `-j` starts its workers once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..analyses.figures import Figures
from ..analyses.subject import Subject, locked
from ..analyses.values import Value
from ..errors import CnncalcError, Diagnostic, SpecError, bug, debugging, printable, sentence
from ..graph import Graph
from ..opening import SPEC, NetworkFile, opened
from .check import Unjudged, against_lock, judge, require_numbers
from .finding import ALL, FAIL, NEW, WARN, Finding
from .limits import GROWTH, LOCK, Limit, Place, conflicts
from .lock import Entry, Lock
from .reading import limits
from .why import Cause, growth, largest, side


class Case(NamedTuple):
    """A spec with settings, and all that it is judged by."""

    spec: str
    """As `load` takes it."""

    key: str
    """As the lock and the reports call it: with what is set."""

    settings: Mapping[str, Any]
    input: Any
    limits: tuple[Limit, ...]
    """Those that do not stand in the spec."""

    base_text: str | None = None
    """The spec of the baseline."""

    base_entry: Entry | None = None
    """The figures of the baseline, where it is a lock."""

    has_baseline: bool = False
    lock: Lock | None = None
    own: bool = True
    """Whether the spec's `budget:` is judged too."""

    figures: bool = True
    """Whether all figures are wanted, and not only those with limits."""

    why: bool = False


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
    input: Mapping[str, Sequence[int]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    figures: Entry = field(default_factory=dict)
    base: Entry | None = None
    """The figures of the baseline; None where it has none."""

    causes: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    """Metric -> the steps that account for its growth, for those that differ from the baseline."""

    remarks: tuple[str, ...] = ()
    between_activations: bool = False
    """Whether some MACs multiply two activations."""


def judged(case: Case) -> Result:
    """Judge one case; whatever is wrong with it is part of the result."""
    result = Result(case.spec, case.key, settings=case.settings)
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
    file = opened(case.spec)
    graph = file.graph(case.settings, case.input)
    require_numbers(graph)
    result = replace(result, name=graph.name, input={name: list(shape) for name, shape in graph.inputs.items()})
    figures = Figures(graph.inference)
    wrong: list[Diagnostic] = []
    found = limits(graph.budget, wrong) if graph.budget is not None and case.own else []
    found += case.limits
    wrong += conflicts(found)
    if wrong:
        raise SpecError(wrong)
    remarks: list[str] = []
    base_graph = _base_graph(case, file, graph, remarks)
    base: Any = Figures(base_graph.inference) if base_graph is not None else case.base_entry
    problems: tuple[Problem, ...] = ()
    try:
        findings = judge(found, figures, base)
    except Unjudged as error:
        findings, problems = error.findings, tuple(problems_of(error, case.spec))
    if not case.has_baseline:
        problems += tuple(_no_baseline(finding) for finding in findings if finding.kind == GROWTH)
        findings = [finding for finding in findings if finding.kind != GROWTH]
    findings += _lock_findings(case, figures)
    now = locked(figures) if case.figures else {}
    then = locked(base) if isinstance(base, Figures) and case.figures else case.base_entry
    explained, causes = _explained(case, _text(file) is not None, findings, graph, base_graph, now, then)
    return replace(
        result,
        findings=tuple(explained),
        problems=problems,
        figures=now,
        base=then,
        causes=causes,
        remarks=tuple(remarks),
        between_activations=bool(figures.macs.between_activations),
    )


def _base_graph(case: Case, file: NetworkFile, graph: Graph, remarks: list[str]) -> Graph | None:
    if case.base_text is None:
        return None
    if case.base_text == _text(file):
        return graph
    try:
        base = replace(file, content=case.base_text.encode()).graph(case.settings, case.input)
        require_numbers(base)
    except CnncalcError as error:
        why = f"that of the baseline cannot be read ({sentence(error.message)}), so this one counts as new"
        remarks.append(f"{printable(case.key)}: {why}")
        return None
    return base


def _text(file: NetworkFile) -> str | None:
    """The text of a user's spec; None for what is not one."""
    return file.text if file.format is SPEC and file.member is None else None


def _lock_findings(case: Case, figures: Figures) -> list[Finding]:
    if case.lock is None:
        return []
    entry = case.lock.entries.get(case.key)
    if entry is None:
        return [Finding(Subject(ALL), LOCK, NEW, None, None, case.lock.place(case.key, ""))]
    lock = case.lock
    return against_lock(figures, entry, lambda metric: lock.place(case.key, metric))


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
        if base is not None and base is not graph and then and then.get(metric) != value
    ]
    if not differ and not (broken and (case.why or base is not None)):
        return list(findings), {}
    ours = side(graph, own)
    theirs = side(base, own) if base is not None and base is not graph else None
    causes = {metric: tuple(growth(Subject(metric), theirs, ours)) for metric in differ} if theirs else {}
    explained = []
    for finding in findings:
        why: list[Cause] = []
        if finding in broken and theirs is not None:
            why = growth(finding.subject, theirs, ours)
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
        for case in cases:
            results.append(judged(case))
            progress(len(results))
        return results
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workers = min(jobs, len(cases))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for result in pool.map(judged, cases, chunksize=max(1, len(cases) // (workers * 8))):
            results.append(result)
            progress(len(results))
    return results
