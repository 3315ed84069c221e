"""For a comment on a pull request or the summary of a job: broken limits, and the models that changed.

The first line is a hidden marker, by which a bot finds its own comment again. Never longer than GitHub takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from ...analyses.figures import FIGURES
from ...analyses.subject import subject
from ...errors import printable
from ...render import numbers
from .. import amounts, words
from ..outcome import ERROR, NOTE, WARNING, Outcome
from ..run import Result
from ..status import FAIL, WARN
from .text import closing

LONGEST = 60_000
"""Characters of a comment."""

OF_A_SUMMARY = 250_000
"""Characters of the summary of a job, which are at most a million bytes."""

EVERYTHING = "`--report json` has everything"
GROWING = frozenset(name for name, figure in FIGURES.items() if figure.growing)
SIGNS = {ERROR: "**FAIL** ", WARNING: "warn ", NOTE: ""}
"""What a notice begins with."""


def written(outcome: Outcome, longest: int = LONGEST) -> str:
    """The text of the report, with what there is room for: broken limits, then notices, then models."""
    head = [f"<!-- {outcome.title} -->", f"### cnncalc: {outcome.sign}", "", closing(outcome) + _against(outcome), ""]
    text = "\n".join(head) + "\n"
    text += _limits(outcome, longest // 2)
    blocks = [*_told(outcome), *_changed(outcome)]
    left = len(blocks)
    for block in blocks:
        if len(text) + len(block) > longest - 200:
            break
        text += block
        left -= 1
    more = "1 more section is" if left == 1 else f"{left} more sections are"
    return text + (f"\n_{more} left out; {EVERYTHING}._\n" if left else "")


def _against(outcome: Outcome) -> str:
    return f". Differences are against `{code(outcome.baseline)}`." if outcome.baseline else ""


def _limits(outcome: Outcome, room: int) -> str:
    """The limits that are broken, as many as there is room for: failures before warnings where there are more."""
    rows = [
        (
            "**FAIL**" if finding.status == FAIL else "warn",
            cell(result.key),
            cell(finding.title),
            words.value(finding),
            f"{finding.relation.replace('<', '&lt;').replace('>', '&gt;')} {words.bound(finding)}",
            cell(words.note(finding)),
            cell(words.where(finding.place, result.spec)),
        )
        for result, finding in outcome.findings
        if finding.status in (FAIL, WARN)
    ]
    if not rows:
        return ""
    whole = _table_of(rows)
    if len(whole) <= room:
        return whole
    rows.sort(key=lambda row: not row[0].startswith("**"))
    sizes = accumulate(sum(map(len, row)) + 3 * len(row) + 2 for row in rows)
    kept = sum(size <= room - 200 for size in sizes)
    return f"{_table_of(rows[:kept])}_{len(rows) - kept} more limits are not held; {EVERYTHING}._\n\n"


def _table_of(rows: Sequence[tuple[str, ...]]) -> str:
    return table(["", "model", "figure", "value", "limit", "", "written"], rows, right=(3,)) + "\n"


def _told(outcome: Outcome) -> Iterator[str]:
    """What could not be judged, and the notices."""
    for result in outcome.results:
        for problem in result.problems:
            yield f"- `{code(result.key)}` was {outcome.missed}: {cell(problem.message)}\n"
    for level in (ERROR, WARNING, NOTE):
        for about, notice in outcome.notices:
            if outcome.level(notice) == level:
                of = f"`{code(about.key)}`: " if about else ""
                yield f"- {SIGNS[level]}{of}{cell(notice.sentence)}\n"


def _changed(outcome: Outcome) -> Iterator[str]:
    """A section for each model that differs from the base, or is new; those that are the same are counted."""
    if not outcome.baseline:
        return
    same = 0
    for result in outcome.results:
        if not result.figures:
            continue
        if result.base is not None and all(
            result.base.get(m) == v for m, v in result.figures.items() if m in result.base
        ):
            same += 1
            continue
        yield _model(result)
    if same:
        yield f"\n{numbers.plural(same, 'model')} unchanged.\n"


def _model(result: Result) -> str:
    base = result.base
    rows = []
    for metric, value in result.figures.items():
        then = base.get(metric) if base is not None else None
        if base is not None and then == value and metric not in ("params", "macs"):
            continue
        difference = (
            ""
            if then is None or not isinstance(value, int) or not isinstance(then, int)
            else amounts.signed(value - then, metric)
        )
        delta = "new" if then is None else words.change(then, value) or ("" if then == value else "differs")
        rows.append((metric, amounts.figure(then, metric), amounts.figure(value, metric), difference, delta))
    new = " (new)" if base is None else ""
    text = f"\n#### `{code(result.key)}`{new}\n\n" + table(["figure", "base", "now", "", ""], rows, right=(1, 2, 3, 4))
    return text + _layers(result)


def _layers(result: Result) -> str:
    rows = [
        (metric, cell(cause.place), cell(cause.change), words.amount(cause, subject(metric).metric))
        for metric, causes in result.causes.items()
        if subject(metric).metric in GROWING and not (metric == "trainable" and causes == result.causes.get("params"))
        for cause in causes
        if cause.amount is not None
    ]
    if not rows:
        return ""
    inner = table(["figure", "step", "change", ""], rows, right=(3,))
    summary = f"{numbers.plural(len({row[1] for row in rows}), 'step')} that account for it"
    return f"\n<details><summary>{summary}</summary>\n\n{inner}\n</details>\n"


def table(titles: list[str], rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> str:
    """A table of cells that are escaped already."""
    lines = [
        " | ".join(titles),
        " | ".join("--:" if place in right else "---" for place in range(len(titles))),
    ]
    return "".join(f"| {line} |\n" for line in [*lines, *(" | ".join(row) for row in rows)])


def cell(text: str) -> str:
    """A text that is shown as it is: no HTML, no emphasis, no mention, no end of the cell."""
    safe = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\\`*_\[\]|~#])", r"\\\1", safe)
    return re.sub(r"\s+", " ", safe).replace("@", "@&#8203;")


def code(text: str) -> str:
    """A text between backticks."""
    return re.sub(r"\s+", " ", printable(text).replace("`", "'"))
