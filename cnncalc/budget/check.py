"""One network against its limits: what holds, what does not, and by how much.

    check(graph, macs="320M", params={"max": "3.6M", "growth": "2%"}, baseline=graph_before)

A cap compares a figure with a number, growth compares it with that of a baseline, the lock asks for the very
same integers. Everything is exact: integers and fractions, no rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from math import inf
from typing import Any

from ..analyses.dtypes import BYTES, DEFAULT_DTYPE
from ..analyses.figures import FIGURES, Figures
from ..analyses.known import least, uncounted
from ..analyses.subject import Subject, at_inference, locked, of_layers, subject, value
from ..analyses.values import Value, ends, text
from ..analyses.weight_bytes import WEIGHT_BYTES, packed
from ..errors import CnncalcError, Diagnostic, Mark, Source, SpecError
from ..graph import Graph
from ..marked import marked
from ..quantities import BYTES as IN_BYTES
from .finding import Finding
from .limits import EQUALS, ERROR, GROWTH, LOCK, MAX, MIN, NOT_NUMBERS, WARNING, Limit, Place, conflicts
from .reading import limits
from .status import ALL, FAIL, NEW, OK, WARN

ORDER = {name: place for place, name in enumerate(FIGURES)}
"""Figure -> its place in reports; those of parts come after them."""


class BudgetError(CnncalcError):
    """Limits that do not hold; `findings` has all of them, `failed` those."""

    def __init__(self, name: str, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        self.failed = [finding for finding in self.findings if finding.status == FAIL]
        super().__init__(f"{name}: " + "; ".join(map(str, self.failed)))


def check(
    graph: Graph,
    /,
    *,
    baseline: Graph | None = None,
    raises: bool = True,
    parts: Mapping[str, Mapping[str, Any]] | None = None,
    **metrics: Any,
) -> list[Finding]:
    """Judge a network by the limits given, and by those of its spec's own `budget:`.

    `macs="320M"` is the largest allowed, `macs={"max": ..., "warn": ..., "growth": "2%"}` says more,
    `parts={"layer4/**": {"macs": "900M"}}` is about a part; `training={"max": "2 GiB", "batch": 32}` says what it is
    worked out under, as `**{"training@batch=32": "2 GiB"}` does. Raises BudgetError where a limit does not hold
    (`raises=False` returns the findings all the same), CnncalcError where one cannot be judged.
    """
    mark = Mark(Source("check()", [", ".join(f"{name}={value!r}" for name, value in metrics.items())]), 0, 0)
    problems: list[Diagnostic] = []
    found = limits(graph.budget, problems) if graph.budget is not None else []
    found += limits(marked({**metrics, **(parts or {})}, mark), problems)
    problems += conflicts(found)
    if problems:
        raise SpecError(problems)
    require_numbers(graph)
    findings = judge(found, at_inference(graph), at_inference(baseline) if baseline is not None else None)
    if any(finding.kind == GROWTH and finding.status == NEW for finding in findings):
        raise CnncalcError("a growth limit needs something to compare with", "check(graph, baseline=graph_before, ...)")
    if raises and any(finding.status == FAIL for finding in findings):
        raise BudgetError(graph.name, findings)
    return findings


Base = Figures | Mapping[str, Value] | None
"""A network to compare with, or the figures of a lock."""


def judge(found: Iterable[Limit], figures: Figures, *bases: Base) -> list[Finding]:
    """The findings of limits, in their order; growth is measured from the first base that has the figure.

    Raises SpecError for a limit that cannot be judged.
    """
    findings = []
    problems = []
    for limit in found:
        try:
            now = value(figures, limit.subject)
            _known(limit, now, figures)
            if limit.kind == GROWTH:
                then = next((was for base in bases if (was := before(base, limit)) is not None), None)
                findings.append(_grown(limit, now, then))
            elif limit.subject.each:
                findings.append(_held_by_each(limit, figures))
            else:
                findings.append(_held(limit, now))
        except CnncalcError as error:
            problems.append(Diagnostic(error.message, limit.mark, help=error.help))
    if problems:
        raise Unjudged(problems, findings)
    return findings


def _known(limit: Limit, now: Any, figures: Figures) -> None:
    """Raise CnncalcError where what is counted is a lower bound, and that does not decide a limit."""
    if not least(figures.graph, limit.subject):
        return
    bound = limit.bound
    numbers = isinstance(now, int) and isinstance(bound, int | float | Fraction)
    enough = numbers and ((limit.kind == MIN and now >= bound) or (limit.kind == MAX and now > bound))
    if not enough:
        known = f"{now:,}" if isinstance(now, int) else text(now)
        missing = uncounted(figures.graph).text
        raise CnncalcError(
            f"{limit.subject.title} of {figures.graph.name} is at least {known}, and not known: {missing}"
        )


class Unjudged(SpecError):
    """Limits that could not be judged, and the findings of the others."""

    def __init__(self, problems: list[Diagnostic], findings: list[Finding]) -> None:
        super().__init__(problems)
        self.findings = findings


def before(base: Base, limit: Limit) -> Value | None:
    """The figure of a base, or None where it has none."""
    if isinstance(base, Figures):
        try:
            found: Value = value(base, limit.subject)
        except CnncalcError:
            return None
        return found
    return derived(base, limit.subject) if base is not None else None


def derived(entry: Mapping[str, Value], of: Subject) -> Value | None:
    """A figure of a lock, or one that follows from it; None where it has neither."""
    if of.axis:
        return None
    figure = FIGURES[of.metric]
    if of.text in entry:
        return entry[of.text]
    if of.metric == WEIGHT_BYTES and WEIGHT_BYTES in entry:  # of a network that stores its taps in bits of their own
        return None
    source, times = figure.follows or (figure.name, 1)
    factor = Fraction(times)
    if figure.unit == IN_BYTES:
        factor *= BYTES[of.dtype or DEFAULT_DTYPE]
    if FIGURES[source].unit == IN_BYTES:
        factor /= BYTES[DEFAULT_DTYPE]
    found = entry.get(of._replace(metric=source, dtype="").text)
    return int(found * factor) if isinstance(found, int) else found


def _held(limit: Limit, value: Any) -> Finding:
    finding = _finding(limit, value)
    low, high = ends(value)
    bound = limit.bound
    if isinstance(bound, NOT_NUMBERS) or isinstance(low, tuple):
        return replace(finding, status=_status(bound == value, limit.level))
    holds = {MAX: high <= bound, MIN: low >= bound, EQUALS: low == high == bound}[limit.kind]
    counted = low if limit.kind == MIN else high
    excess = None if holds else bound - low if limit.kind == MIN else high - bound
    used = _share(counted, bound)
    return replace(finding, status=_status(holds, limit.level), excess=excess, used=used)


def _held_by_each(limit: Limit, figures: Figures) -> Finding:
    """A limit on single layers: how the layer stands to it that has most of the figure, or least for a `min`."""
    shares = of_layers(figures, limit.subject)
    worst = (min if limit.kind == MIN else max)(shares, key=lambda name: shares[name])
    finding = _held(limit, shares[worst])
    beyond = [name for name, share in shares.items() if _held(limit, share).excess is not None]
    mark = figures.graph.by_name[worst].mark
    place = Place.of(mark) if mark and not mark.element else None
    return replace(finding, layer=worst, others=max(len(beyond) - 1, 0), layer_place=place)


def _grown(limit: Limit, value: Any, base: Value | None) -> Finding:
    finding = replace(_finding(limit, value), relative=limit.relative, baseline=base)
    now, then, bound = _top(value), _top(base), limit.bound
    if now is None or then is None or isinstance(bound, NOT_NUMBERS):
        return finding
    allowed = then * bound if limit.relative else bound
    holds = now == then or now - then <= allowed
    excess = None if holds else now - then - allowed
    used = _share(now, then)
    return replace(finding, status=_status(holds, limit.level), excess=excess, used=used)


def _finding(limit: Limit, value: Value) -> Finding:
    return Finding(limit.subject, limit.kind, NEW, value, limit.bound, Place.of(limit.mark), limit.level)


def agreed(figures: Figures, found: Iterable[Limit]) -> dict[str, Value]:
    """What a lock holds of a network: its figures, and those of the parts and places that limits are about."""
    now: dict[str, Value] = locked(figures)
    for limit in found:
        of = limit.subject
        if of.metric != WEIGHT_BYTES or not packed(figures.graph):
            follows = FIGURES[of.metric].follows
            of = of._replace(metric=follows[0] if follows else of.metric, dtype="", axis="")
        if (of.part or of.at or FIGURES[of.metric].priced) and not of.each:
            with suppress(CnncalcError):
                now[of.text] = value(figures, of)
    return now


def against_lock(
    figures: Figures, now: Mapping[str, Value], entry: Mapping[str, Value], place: Callable[[str], Place]
) -> list[Finding]:
    """How the figures stand to the lock: one finding for each that differs, or one that all are the same.

    More is a failure, and so is another receptive field, stride or output; less is a warning.
    """
    findings = []
    for name, then in sorted(entry.items(), key=lambda item: ORDER.get(item[0], len(ORDER))):
        of = subject(name)
        found = now[name] if name in now else _present(figures, of)
        if then == found:
            continue
        top, before = _top(found), _top(then)
        more = top - before if top is not None and before is not None else None
        level = WARNING if FIGURES[of.metric].growing and more is not None and more < 0 else ERROR
        used = _share(top, before)
        finding = Finding(of, LOCK, _status(False, level), found, then, place(name), level)
        findings.append(replace(finding, baseline=then, excess=more if level == ERROR else None, used=used))
    if not findings:
        findings.append(Finding(Subject(ALL), LOCK, OK, len(entry), len(entry), place("")))
    return findings


def _present(figures: Figures, of: Subject) -> Value | None:
    """A figure that the network may have no more."""
    try:
        found: Value = value(figures, of)
    except CnncalcError:
        return None
    return found


def _share(value: Any, of: Any) -> Fraction | None:
    """A value as a share of another, where both are numbers."""
    return Fraction(value) / of if of and value is not None and inf not in (value, of) else None


def _top(value: Value | None) -> Any:
    top = ends(value)[1]
    return None if isinstance(top, tuple) else top


def _status(holds: bool, level: str) -> str:
    return OK if holds else FAIL if level == ERROR else WARN


def require_numbers(graph: Graph) -> None:
    """Raises CnncalcError where a size of the input has no number."""
    missing = list(dict.fromkeys(graph.symbols()))
    if missing:
        raise CnncalcError(
            f"the input of {graph.name} is {'x'.join(map(str, graph.input_shape))}, "
            f"and {' and '.join(missing)} {'have' if len(missing) > 1 else 'has'} no value",
            "`--input 3,224,224`, or `input = [3, 224, 224]` in [[budget]]",
        )
