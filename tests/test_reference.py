"""docs/reference.md is what the tool says of itself: every command with its options, every layer kind with its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc.cli import COMMANDS, app
from cnncalc.layers import KINDS
from cnncalc.layers.fields import REQUIRED

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

STAR = "\\*"

HEAD = """\
# Reference

Written by `pytest tests/test_reference.py --update-golden` from the tool itself.

## Commands

{commands}
## Layer kinds

Arguments with a star must be given. The one in bold may stand alone: `conv: 64`.

{kinds}"""


def help_of(command: str) -> str:
    """The help of a command, as it is printed at a width of 100."""
    result = CliRunner().invoke(app, [command, "--help"], prog_name="cnncalc", terminal_width=100)
    assert result.exit_code == 0
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


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
    commands = "".join(f"### cnncalc {name}\n\n```text\n{help_of(name)}\n```\n\n" for name in COMMANDS)
    kinds = "\n".join(
        f"### {name}\n\n{(kind.__doc__ or '').strip().splitlines()[0]}\n\n{arguments_of(name)}"
        for name, kind in KINDS.items()
    )
    return HEAD.format(commands=commands, kinds=kinds)


def test_the_reference_is_what_the_tool_says(request: pytest.FixtureRequest) -> None:
    """The page has every command, option, kind and argument as they are now."""
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", KINDS)
def test_every_argument_of_a_kind_is_explained(name: str) -> None:
    """Each argument has a line about it and says what it takes."""

    assert [] == [a for a, field in KINDS[name].fields.items() if not (field.about and field.reader.describes)]
