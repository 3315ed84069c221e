"""The words and numbers that the reports share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analyses.values import Value
from ..render import numbers
from .amounts import figure, signed
from .limits import GROWTH, LOCK, MIN, Place
from .status import ACCEPTED, ALL, FAIL, NEW, WARN

if TYPE_CHECKING:
    from .finding import Finding
    from .notice import Notice
    from .run import Result
    from .why import Cause


def percent(share: Fraction | None, signed: bool = False) -> str:
    """`102.0%`, or `+8.6%`; with more digits where one would hide the difference."""
    if share is None:
        return ""
    for digits in (1, 3):
        text = f"{float(100 * share):{'+' if signed else ''},.{digits}f}%"
        if (not signed and share != 1 and text == "100.0%") or (
            signed and share and float(text[:-1].replace(",", "")) == 0
        ):
            continue
        return text
    return text


def change(then: Value | None, now: Value | None) -> str:
    """`+8.6%` from one figure to the other, where both are numbers."""
    if isinstance(then, int | Fraction) and isinstance(now, int | Fraction) and then:
        return percent(Fraction(now) / then - 1, signed=True)
    return ""


def value(finding: Finding) -> str:
    """What a limit is about: the figure, or how much it grew."""
    grown = finding.grown
    if finding.kind == GROWTH and grown is not None:
        if not finding.relative:
            return signed(grown, finding.subject.metric)
        return change(finding.baseline, finding.value) or signed(grown, finding.subject.metric)
    if finding.subject.metric == ALL:
        return f"{finding.value} figures" if finding.value is not None else numbers.NOTHING
    return figure(finding.value, finding.subject.metric)


def bound(finding: Finding) -> str:
    """What the limit asks for."""
    if finding.subject.metric == ALL:
        return "the lock"
    if finding.kind == GROWTH and finding.relative and isinstance(finding.bound, Fraction | int):
        return f"{float(100 * finding.bound):g}%"
    if finding.kind == GROWTH and isinstance(finding.bound, Fraction | int):
        return signed(finding.bound.numerator, finding.subject.metric)
    return figure(finding.bound, finding.subject.metric)


def note(finding: Finding) -> str:
    """The excess, and what it is compared with."""
    if finding.layer:
        more = f" and {finding.others} more" if finding.others else ""
        return ", ".join(filter(None, (_excess(finding), f"{finding.layer}{more}")))
    metric = finding.subject.metric
    if finding.status == ACCEPTED:
        return "now in the lock" if finding.kind == LOCK else "approved by the lock"
    if finding.status == NEW:
        return "not in the lock: --update adds it" if finding.kind == LOCK else "new: not in the baseline"
    if finding.kind == GROWTH:
        return f"baseline {figure(finding.baseline, metric)}"
    if finding.kind == LOCK and finding.status == WARN:
        return "less than the lock: --update holds it"
    return _excess(finding)


def _excess(finding: Finding) -> str:
    """By how much a limit does not hold."""
    metric = finding.subject.metric
    if finding.excess == inf:
        return "it sees all of the input"
    if finding.excess:
        excess = abs(Fraction(finding.excess))
        exact = excess.numerator if excess.denominator == 1 else excess
        under = finding.kind == MIN or finding.excess < 0
        return f"{'under' if under else 'over'} by {figure(exact, metric)}"
    return "differs" if finding.status in (FAIL, WARN) else ""


def approval(finding: Finding) -> str:
    """What a notice says of a growth that the lock approves."""
    metric = finding.subject.metric
    moved = f"{figure(finding.baseline, metric)} -> {figure(finding.value, metric)}"
    return f"{finding.title} {value(finding)} is over {bound(finding)}, and approved by the lock: {moved}"


def where(place: Place, spec: str) -> str:
    """Where a limit is written: `line 33` of the spec itself, `cnncalc.toml:12`, `--max`."""
    if not place.file:
        return place.text
    return f"line {place.line}" if place.file == spec else f"{place.file}:{place.line}"


def sentence(finding: Finding) -> str:
    """One limit in one line, without colour or column."""
    text = f"{finding.title} {value(finding)} {finding.relation} {bound(finding)}"
    more = [text for text in (note(finding), because(finding.why[:1], finding.subject.metric)) if text]
    return text + (f" ({'; '.join(more)})" if more else "")


def because(causes: Iterable[Cause], metric: str) -> str:
    """The steps that account for it, in one line."""
    return "; ".join(", ".join(filter(None, (cause.place, cause.change, amount(cause, metric)))) for cause in causes)


def amount(cause: Cause, metric: str) -> str:
    """+25,740,288, or what a step has where nothing is compared."""
    if cause.amount is None:
        return ""
    return signed(cause.amount, metric) if cause.grown else figure(cause.amount, metric)


def header(result: Result) -> str:
    """The line that says of what the figures are."""
    shapes = [f"{'x'.join(map(str, shape))}" for shape in result.input.values()]
    inputs = f"input {shapes[0]}" if len(shapes) == 1 else "inputs " + ", ".join(shapes)
    others = ", linear and matmul" if result.between_activations else " and linear"
    return f"{inputs}, MACs of convolution{others}"


def fingerprint(result: Result, finding: Finding) -> str:
    """What stays the same while lines move and figures change: the spec, the figure and the kind of limit."""
    subject = finding.subject
    of = (*subject[:-1], *([subject.terms.text] if subject.terms else []))
    text = "\0".join((result.key, *of, finding.kind, finding.level, finding.place.file, finding.place.text))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def rooted(file: str) -> str:
    """A path of the current folder as seen from the top of its repository, which is what other systems want."""
    top = repository_top()
    if top is None or not file:
        return file.removeprefix("./")
    path = Path(os.path.normpath(Path.cwd() / file))
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else file


def repository_top() -> Path | None:
    """The nearest folder upwards that git keeps."""
    start = Path.cwd()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def spot(result: Result, finding: Finding) -> Place:
    """Where to show a finding: at the step that grew, else where the limit is written, else the spec's first line."""
    place = finding.step or finding.place
    return place._replace(line=max(place.line, 1)) if place.file else Place(result.spec, 1, 1)


def limit_at(result: Result, finding: Finding) -> Place | None:
    """Where the limit is written, where the finding is shown elsewhere; None for one that is in no file."""
    place = finding.place
    return place if place.file and place[:2] != spot(result, finding)[:2] else None


def located(result: Result, finding: Finding) -> str:
    """`sentence`, and where the limit is written, where it is shown elsewhere."""
    place = limit_at(result, finding)
    more = f"; the limit is written at {rooted(place.file)}:{max(place.line, 1)}" if place else ""
    return sentence(finding) + more


def plain_settings(settings: Any) -> dict[str, Any]:
    """Settings for JSON."""
    return {name: float(v) if isinstance(v, Fraction) else v for name, v in settings.items()}


def told(result: Result | None, notice: Notice) -> str:
    """A notice in one line, with the spec that it is about."""
    return f"{result.key}: {notice.sentence}" if result else notice.sentence


def notice_spot(result: Result | None, notice: Notice) -> tuple[str, int]:
    """File and line to show a notice at."""
    return (notice.place.file or (result.spec if result else ""), max(notice.place.line, 1))


def notice_print(result: Result | None, notice: Notice) -> str:
    """What stays the same of a notice while figures change; what is said of no spec, or by lint, is its text."""
    of = notice.text if result is None or notice.weighs else ""
    text = "\0".join((result.key if result else "", notice.code, notice.place.file, of))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
