"""The front door: what a newcomer sees, and what is answered to words that are nearly right."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from cnncalc.cli import app
from cnncalc.cli.commands import COMMANDS, EXAMPLES, GROUPS, MEANT
from cnncalc.cli.request import COMMON


def said(words: str) -> tuple[str, str, int]:
    """stdout, stderr and exit code of a command line."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(words.split(), prog_name="cnncalc")
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
    return out.getvalue(), err.getvalue(), code


def test_help_has_examples_first_and_commands_in_groups() -> None:
    """In this order, each command once, each with its line."""
    text = said("--help")[0]
    places = [text.index(f"\n{title}:\n") for title in ("Try", *GROUPS, "Options")]

    assert places == sorted(places)
    assert [] == [example for example in EXAMPLES if example not in text]
    assert [] == [name for name in COMMANDS if not re.search(rf"^  {name} +\S", text, re.MULTILINE)]


@pytest.mark.parametrize("words", ["help", "-h", "--help"])
def test_the_help_may_be_asked_for_in_any_way(words: str) -> None:
    """`help` too."""

    assert said("--help") == said(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_80_columns_wide_and_has_its_own_options_first(name: str) -> None:
    """`cnncalc help NAME` is `cnncalc NAME --help`."""
    text, _, code = said(f"help {name}")
    own, _, shared = text.partition("\nOptions that commands share:\n")

    assert (text, 0) == (said(f"{name} --help")[0], code)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "-h, --help" in shared
    kept = {"--" + key for key in COMMON}
    assert not kept & set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", own, re.MULTILINE))


@pytest.mark.parametrize("words", ["--version", "-V"])
def test_the_version_has_a_short_name(words: str) -> None:
    """-V."""

    assert re.fullmatch(r"cnncalc \d+\.\d+\.\d+\S*\n", said(words)[0])


@pytest.mark.parametrize(
    ("meant", "words"),
    [
        ("cnncalc receptive-field", "rf resnet50"),
        ("cnncalc receptive-field", "receptive_field"),
        ("cnncalc receptive-field", "Receptive-Field"),
        ("cnncalc macs --flops", "flops resnet50"),
        ("summary", "sumary"),
        ("cnncalc summary resnet50", "resnet50"),
        ("cnncalc summary net.yaml", "net.yaml"),
        ("cnncalc summary model.onnx", "model.onnx"),
        ("params", "help parms"),
        ("--format", "params resnet50 --formt csv"),
    ],
)
def test_a_word_that_is_nearly_right_is_understood(meant: str, words: str) -> None:
    """The message says what to write, as every other message does."""
    out, err, code = said(words)

    assert ("", 2) == (out, code)
    assert err.startswith("error: no ")
    assert f"\n   = help: did you mean `{meant}`?\n" in err


def test_each_word_that_is_understood_leads_to_a_command() -> None:
    """And none of them is one."""

    assert set() == set(MEANT) & set(COMMANDS)
    assert [] == [to for to in MEANT.values() if to.split()[0] not in (*COMMANDS, "--version")]
