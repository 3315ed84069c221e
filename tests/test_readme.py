"""README says what the tool does: its screens are what is printed, its spec is one, its Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc
from cnncalc.cli import COMMANDS
from cnncalc.spec.schema import MODIFIER_SCHEMAS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCREENS = re.findall(r"```console\n\$ cnncalc (.*?)\n(.*?)```", README, re.DOTALL)


def screen(arguments: str) -> str:
    """What a command prints, errors included."""
    ran = subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments.split()], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(("arguments", "shown"), SCREENS, ids=[arguments for arguments, _ in SCREENS])
def test_a_screen_is_what_the_command_prints(arguments: str, shown: str, request: pytest.FixtureRequest) -> None:
    """Each screen is the command's output to the letter; --update-golden writes it again."""
    printed = screen(arguments)
    if request.config.getoption("--update-golden"):
        path = ROOT / "README.md"
        before = f"$ cnncalc {arguments}\n{shown}```"
        path.write_text(path.read_text(encoding="utf-8").replace(before, f"$ cnncalc {arguments}\n{printed}```"))
        return

    assert printed == shown


def test_the_spec_of_the_language_page_is_a_spec() -> None:
    """The page's example parses and is what it expects."""
    (spec,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    graph = cnncalc.parse(spec)

    assert graph.output_shape == (1000,)


def test_the_python_example_runs() -> None:
    """The lines from Python run as they are printed."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    """README (or a page of docs) names each command."""
    pages = [README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))]

    assert any(f"cnncalc {command}" in page for page in pages)


@pytest.mark.parametrize("word", [*MODIFIER_SCHEMAS, "head", "for", "in", "do"])
def test_every_word_of_the_language_is_documented(word: str) -> None:
    """The page of the language names each modifier and operation."""

    assert f"`{word}" in README or f"{word}:" in README
