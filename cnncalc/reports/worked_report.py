"""A worked example of the lecture notes as a report: its steps, its matrices, and what the notes print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import printable
from ..render import formulas, numbers, units
from ..render.arithmetic import Written, page, table
from ..render.report import MACHINES, Column, Contract, Note, Report, Table
from ..worked import EXAMPLES, NOTES, VERDICTS, example, exercise, solve
from ..worked.example import Answer, Step

LONGEST_SETTING = 160
"""Signs of a setting that the caption repeats."""

RESULT = units.ANY._replace(form=numbers.exact)
STEPS = (
    Column("name", "figure", units.WORD, "its name"),
    Column("formula", "formula", units.WORD, "with names"),
    Column("numbers", "numbers", units.WORD, "the formula with the numbers put in"),
    Column("values", unit=units.by_name(units.ANY), about="name -> what stands for it", where=MACHINES),
    Column("result", "result", RESULT, "what comes out: a number, a text, or the numbers of rows"),
    Column("exact", unit=units.TEXT, about="the same as it is exactly: 1/7", where=MACHINES),
    Column("remark", "remark", units.WORD, "what it is of"),
)
SETTINGS = units.by_name(units.TEXT)
VERDICT = f"what becomes of it: {', '.join(VERDICTS)}"
CONTRACT = Contract(
    "worked",
    1,
    "A worked example of the lecture notes.",
    (
        Column("name", about="of the example"),
        Column("about", about="what it works out"),
        Column("section", about="where the notes have it"),
        Column("printed", about="what the notes print"),
        Column("verdict", about=VERDICT),
        Column("why", about="what is right, where that is another, and why"),
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
    Column("verdict", "verdict", about=VERDICT, where=MACHINES),
)
INDEX_CONTRACT = Contract(
    "worked-examples", 1, "The worked examples of the lecture notes.", (Column("examples", unit=units.rows(*INDEX)),)
)


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
    head = [name, found.about, f"{', '.join(f'{key} = {_short(value)}' for key, value in values.items())}{own}"]
    style = formulas.LATEX if form == "latex" else formulas.TEXT
    lines = [Written(step.name, ["?"], "") if asks else _written(step, style) for step in answer.steps]
    notes = [Note("said", formulas.told(*said)) for said in answer.said if not asks]
    if not given:
        notes += [
            Note("printed", f"the notes print: {found.printed} ({found.section})"),
            Note("verdict", f"that is {VERDICTS[found.verdict]}; {found.why}"),
        ]
    if asks:
        notes.append(Note("solution", f"`cnncalc worked {name} --exercise --seed {seed} --solution` answers"))
    rows = [] if asks else [_row(step) for step in answer.steps]
    return Report(
        head,
        [table(lines), *([] if asks else _tables(answer))],
        CONTRACT,
        {
            "name": name,
            "about": found.about,
            "section": found.section,
            "printed": found.printed,
            "verdict": found.verdict,
            "why": found.why,
            "settings": values,
            "steps": rows,
            "matrices": {} if asks else {key: [*map(list, rows)] for key, rows in answer.matrices.items()},
        },
        notes,
        text=page(head, lines, form) if form == "latex" else None,
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
            *(Note("notes", f"{short}: {name}") for short, name in NOTES.items()),
        ],
    )


def _short(value: str) -> str:
    """A setting in the caption: on one line, and of a large matrix how long it is."""
    line = printable(" ".join(value.split()))
    return line if len(line) <= LONGEST_SETTING else f"({numbers.whole(len(line))} signs)"


def _written(step: Step, style: formulas.Style) -> Written:
    """A step as the arithmetic of `explain` is written: formula, numbers, result; without what only repeats."""
    result = numbers.whole(step.result) if isinstance(step.result, int) else numbers.exact(step.result)
    put = _numbers(step, style)
    steps = [formulas.spelled(step.formula, style)]
    if put and put not in (steps[0], numbers.exact(step.result)):
        steps.append(put)
    return Written(step.name, [*steps, result], formulas.told(step.remark, step.values))


def _numbers(step: Step, style: formulas.Style = formulas.TEXT) -> str:
    """The formula with the numbers put in; nothing where it is a sentence."""
    if step.terms is not None:
        return formulas.summed(*step.terms, style)
    return formulas.filled(step.formula, step.values, style)


def _row(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "formula": formulas.spelled(step.formula),
        "numbers": _numbers(step),
        "values": step.values,
        "result": step.result,
        "exact": numbers.exact(step.result),
        "remark": formulas.told(step.remark, step.values),
    }


def _tables(answer: Answer) -> list[Table]:
    """Each matrix as a table of its own, with the heads that it has."""
    made: list[Table] = []
    for name, rows in answer.matrices.items():
        heads = answer.heads.get(name, [""] * len(rows[0]))
        unit = units.WORD._replace(right=name not in answer.heads)
        columns = [Column(f"{n}", head, unit, kept=True) for n, head in enumerate(heads)]
        form = numbers.exact if name not in answer.heads else _cell
        made.append(Table(columns, [{f"{n}": form(entry) for n, entry in enumerate(row)} for row in rows], title=name))
    return made


def _cell(value: Any) -> str:
    return numbers.whole(value) if isinstance(value, int) else numbers.exact(value)
