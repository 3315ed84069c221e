"""README says what the tool does: its spec is one, its links lead somewhere; test_pages.py runs its blocks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc
from cnncalc.cli import COMMANDS
from cnncalc.language.schema import MODIFIER_SCHEMAS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"


def screen(arguments: str) -> str:
    """What a command prints: its answer, or its errors."""
    ran = subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments.split()], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return ran.stdout or ran.stderr


def test_the_spec_of_the_page_is_a_spec() -> None:
    """The page's example parses and is what it expects."""
    (spec,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "one-page.md").read_text(encoding="utf-8"), re.DOTALL)

    assert cnncalc.parse(spec).output_shape == (1000,)


def test_the_first_spec_is_the_file_whose_table_is_shown() -> None:
    """To the letter, and without a doubt."""
    (spec,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)

    assert (DOCS / "first.yaml").read_text(encoding="utf-8") == spec
    assert "fine" in screen("lint docs/first.yaml")


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    """Under 170 lines; every file that it names is there."""
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert len(README.splitlines()) < 170
    assert [] == [link for link in links if not (ROOT / link).is_file()]


def test_the_picture_is_what_the_command_draws() -> None:
    """The one that README shows."""
    assert "docs/inception.svg is up to date\n" == screen("show lecture/inception_module --check docs/inception.svg")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    """README (or a page of docs) names each command."""
    pages = [README, *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))]

    assert any(f"cnncalc {command}" in page for page in pages)


@pytest.mark.parametrize("word", [*MODIFIER_SCHEMAS, "head", "for", "in", "do"])
def test_every_word_of_the_language_is_documented(word: str) -> None:
    """The page of the language names each modifier and operation."""
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")

    assert f"`{word}" in page or f"{word}:" in page
