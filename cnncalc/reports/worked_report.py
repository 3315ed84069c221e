"""A worked example of the lecture notes as a report: its steps, its matrices, and what the notes print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..render import units
from ..render.arithmetic import page, table
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from ..worked import EXAMPLES, example, exercise, solve
from ..worked.example import Matrix, Step
from ..worked.example import text as number

STEPS = (
    Column("name", "figure", units.WORD, "its name"),
    Column("formula", "formula", units.WORD, "with names"),
    Column("numbers", "numbers", units.WORD, "the formula with the numbers put in"),
    Column("result", "result", units.ANY, "what comes out: a number, or a text"),
    Column("exact", unit=units.TEXT, about="the same as it is exactly: 1/7", where=MACHINES),
    Column("remark", "remark", units.WORD, "what it is of"),
)
SETTINGS = units.by_name(units.TEXT)
CONTRACT = Contract(
    "worked",
    1,
    "A worked example of the lecture notes.",
    (
        Column("name", about="of the example"),
        Column("about", about="what it works out"),
        Column("section", about="where the notes have it"),
        Column("printed", about="what the notes print"),
        Column("verdict", about="whether that is right, and why not"),
        Column("settings", unit=SETTINGS, about="the numbers that are put in, as they are typed"),
        Column("steps", unit=units.rows(*STEPS), about="each figure"),
        Column("matrices", unit=units.by_name(units.ANY), about="name -> rows of numbers"),
    ),
)
INDEX = (
    Column("name", "example", about="its name", kept=True),
    Column("about", "what it works out", about="what it works out", kept=True),
    Column("section", "in the notes", about="where the notes have it"),
    Column("settings", "settings", units.listed(units.TEXT), "what may be given"),
    Column("verdict", "right", about="whether what the notes print is right", where=MACHINES),
)
INDEX_CONTRACT = Contract(
    "worked-examples", 1, "The worked examples of the lecture notes.", (Column("examples", unit=units.rows(*INDEX)),)
)
NOTES = (
    "F0 and F3: Coursera, Convolutional Neural Networks, week 2 (F3 in Chinese); F1: the same with separable "
    "convolutions; F2: Harvard CS109B, lecture 11; F4: the whole Coursera course"
)


class _Line(NamedTuple):
    """A step as the arithmetic of `explain` is written."""

    name: str
    steps: list[str]
    remark: str


def worked(
    name: str,
    settings: Mapping[str, str] | None = None,
    *,
    seed: int | None = None,
    solution: bool = False,
    form: str = "table",
) -> Report:
    """An example worked out with the notes' own numbers or others; with a `seed` the numbers of an exercise.

    An exercise asks, and answers with `solution`. Raises CnncalcError.
    """
    found = example(name)
    given = {**(exercise(name, seed) if seed is not None else {}), **(settings or {})}
    answer = solve(name, **given)
    values = {key: given.get(key, setting.text) for key, setting in found.settings.items()}
    asks = seed is not None and not solution
    own = "" if given else " (the notes' own numbers)"
    head = [name, found.about, f"{', '.join(f'{key} = {value}' for key, value in values.items())}{own}"]
    lines = [_Line(step.name, ["?"] if asks else _steps(step), "" if asks else step.remark) for step in answer.steps]
    notes = [Note("said", said) for said in answer.said if not asks]
    if not given:
        notes += [
            Note("printed", f"the notes print: {found.printed} ({found.section})"),
            Note("verdict", f"that is {found.verdict}" if _judges(found.verdict) else f"right is: {found.verdict}"),
        ]
    if asks:
        notes.append(Note("solution", f"`cnncalc worked {name} --exercise --seed {seed} --solution` answers"))
    rows = [] if asks else [_row(step) for step in answer.steps]
    matrices = {} if asks else answer.matrices
    return Report(
        head,
        [table(lines), *_tables(matrices)],  # type: ignore[arg-type]  # what a line has, a step has
        CONTRACT,
        {
            "name": name,
            "about": found.about,
            "section": found.section,
            "printed": found.printed,
            "verdict": found.verdict,
            "settings": values,
            "steps": rows,
            "matrices": {key: [[_plain(entry) for entry in row] for row in rows] for key, rows in matrices.items()},
        },
        notes,
        text=page(head, lines, form) if form == "latex" else None,  # type: ignore[arg-type]  # the same
        records=Table(STEPS, rows),
    )


def examples() -> Report:
    """The examples: what each works out, where the notes have it, what may be given."""
    rows = [
        {
            "name": name,
            "about": one.about,
            "section": one.section,
            "settings": list(one.settings),
            "verdict": one.verdict,
        }
        for name, one in EXAMPLES.items()
    ]
    return Report(
        ["worked examples of the lecture notes", f"{len(rows)} examples"],
        [Table(INDEX, rows, key="examples")],
        INDEX_CONTRACT,
        {},
        [
            Note("how", "`cnncalc worked NAME` works one out; NAME SETTING=VALUE with other numbers"),
            Note("notes", NOTES),
        ],
    )


def _judges(verdict: str) -> bool:
    return verdict.startswith(("right", "wrong", "incomplete"))


def _steps(step: Step) -> list[str]:
    result = number(step.result)
    steps = [step.formula]
    if step.numbers not in (step.formula, result):
        steps.append(step.numbers)
    return [*steps, f"{step.result:,}" if isinstance(step.result, int) else result]


def _row(step: Step) -> dict[str, Any]:
    exact = step.result if isinstance(step.result, str) else number(step.result)
    return {**step.__dict__, "result": _plain(step.result), "exact": exact}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else units.exact(value)


def _tables(matrices: Mapping[str, Matrix]) -> list[Table]:
    """Each matrix as a table of its own, without heads."""
    made: list[Table] = []
    for name, rows in matrices.items():
        columns: Sequence[Column] = [Column(f"{n}", unit=units.WORD, kept=True) for n in range(len(rows[0]))]
        texts = [{f"{n}": number(entry) for n, entry in enumerate(row)} for row in rows]
        made.append(Table(columns, texts, title=name))
    return made
