"""What the tool says of itself: docs/commands/ has a page a command, docs/reference.md every layer kind with its arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import command_pages
import pytest

import cnncalc
from cnncalc.cli import COMMANDS
from cnncalc.cli.commands import FAILS
from cnncalc.layers import KINDS
from cnncalc.layers.fields import REQUIRED
from cnncalc.sweeping.ranges import MULTIPLIER, SIDE

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

STAR = "\\*"

HEAD = """\
# Reference

Written by `pytest tests/test_reference.py --update-golden` from the tool itself.

- [Commands](commands/index.md): {commands}
- [Exit codes](#exit-codes) and [ranges](#ranges)
- [Layer kinds](#layer-kinds): {kind_links}
- Elsewhere: [the language](language.md), [JSON documents](json.md), [Python](python.md), [budgets](ci.md)

## Exit codes

0: answered. 2: not answered, because a spec, an option or a file is wrong; stderr says why in one message. 130: ended by
Ctrl-C. 1 is an answer too, and means:

| command | exit code 1 |
| --- | --- |
{codes}

## Ranges

`sweep net.yaml width=0.5:1:0.25` is every step from the first number to the last; `:step` may be left out where both are
whole, and is 1 then. `fit --vary width` without a range tries every step from one step up to twice the value of the spec,
and twice as far again until a limit ends it. A step of `fit` is {fine} for a variable up to {multiplier}, 1 for a larger
one, and {side} for the side of an input that is a multiple of {side}; `--step` says another.

## Layer kinds

Arguments with a star must be given. The one in bold may stand alone: `conv: 64`.

{kinds}"""


def arguments_of(name: str) -> str:
    """The rows of a kind's arguments, or what it takes in their place."""
    kind = KINDS[name]
    branches = "Takes branches: a mapping from names, or a list.\n" if kind.joins else ""
    if kind.joins and not any(field.required for field in kind.fields.values()):
        return branches
    if not kind.fields:
        return "Takes no arguments.\n"
    rows = ["| argument | default | what it is |", "| --- | --- | --- |"]
    for argument, field in kind.fields.items():
        word = f"**{argument}**" if argument == kind.main else argument
        default = "-" if field.default is None or field.default is REQUIRED else str(field.default).lower()
        rows.append(f"| {word}{STAR * field.required} | {default} | {field.about}: {field.reader.describes} |")
    return "\n".join(rows) + "\n" + (f"\n`branches`: {branches[6:].removeprefix('branches: ')}" if branches else "")


def page() -> str:
    """The whole page."""
    kinds = "\n".join(
        f"### {name}\n\n{(kind.__doc__ or '').strip().splitlines()[0]}\n\n{arguments_of(name)}"
        for name, kind in KINDS.items()
    )
    return HEAD.format(
        commands=", ".join(f"[{name}](commands/{name}.md)" for name in COMMANDS),
        kinds=kinds,
        kind_links=", ".join(f"[{name}](#{name})" for name in KINDS),
        codes="\n".join(f"| `{name}` | {when} |" for name, when in FAILS.items()),
        fine="0.01",
        multiplier=MULTIPLIER,
        side=SIDE,
    )


def test_the_reference_is_what_the_tool_says(request: pytest.FixtureRequest) -> None:
    """The page has every kind and argument as they are now."""
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", [*COMMANDS, "index"])
def test_a_command_has_its_page(name: str, golden: Callable[[Path, str], None]) -> None:
    """With every option, its default and the schema of what it writes; its run is held by test_pages.py."""
    golden(command_pages.FOLDER / f"{name}.md", command_pages.index() if name == "index" else command_pages.page(name))


def test_no_page_is_of_a_command_that_is_gone() -> None:
    """The folder has the commands and their index."""
    assert {*COMMANDS, "index"} == {path.stem for path in command_pages.FOLDER.iterdir()}


def test_every_command_that_can_fail_says_when() -> None:
    """A command whose code knows exit code 1 has its row, and no other has one."""
    folder = Path(cnncalc.__file__).parent
    texts = {name: (folder / "cli" / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8") for name in COMMANDS}
    failing = {name for name, text in texts.items() if "FAILED" in text or "failed=" in text or "exit_code" in text}

    assert failing | {"validate"} == {*FAILS}


@pytest.mark.parametrize("name", KINDS)
def test_every_argument_of_a_kind_is_explained(name: str) -> None:
    """Each argument has a line about it and says what it takes."""

    assert [] == [a for a, field in KINDS[name].fields.items() if not (field.about and field.reader.describes)]
