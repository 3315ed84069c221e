"""Every block of every page of the documentation: screens are what is printed, Python runs, commands are taken."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest
import typer

import cnncalc
from cnncalc.cli import COMMANDS, app

ELSEWHERE = {
    ("README.md", "yaml"): "test_readme.py",
    ("docs/ci.md", "python"): "test_check_git.py",
    ("docs/ci.md", "toml"): "test_check_git.py",
    ("docs/ci.md", "yaml"): "test_check_git.py",
    ("docs/convert.md", "python"): "test_code.py",
    ("docs/convert.md", "yaml"): "test_recovery.py",
    ("docs/language.md", "yaml"): "test_language_page.py",
    ("docs/lint.md", "yaml"): "test_lint.py",
    ("docs/one-page.md", "yaml"): "test_readme.py",
    ("docs/pictures.md", "yaml"): "test_drawing.py",
    ("docs/python.md", "python"): "test_python.py",
}
"""Page and language -> the test that reads those blocks."""

FREE = ("sh", "text", "json", "notest", "")
"""Blocks that are no files and no screens; the commands in them are held against their options."""


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.named)
def test_a_page_runs_from_its_top_to_its_end(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Files are written, commands print what is shown, Python runs and prints what stands under it."""
    monkeypatch.chdir(tmp_path)
    pages.furnish(page, tmp_path)
    update = request.config.getoption("--update-golden")
    made = []
    for block, text in _made(page, tmp_path):
        assert update or block.text == text
        made.append(text)
    if update:
        pages.rewrite(page, made)


def _made(page: Path, folder: Path) -> Iterator[tuple[pages.Block, str]]:
    """Each block with its text as it should be: screens as printed, what Python prints, files as they are."""
    space: dict[str, Any] = {}
    said = ""
    for block in pages.blocks(page):
        before, said = said, ""
        if block.title:
            pages.write(block, folder)
            yield block, block.text
        elif block.language == "console":
            yield block, _screens(block.text)
        elif block.language == "python" and (pages.named(page), "python") not in ELSEWHERE:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.text, pages.named(page), "exec"), space)  # noqa: S102 - an example of the page
            said = out.getvalue()
            yield block, block.text
        else:
            yield block, before if block.language == "text" and before else block.text


def _screens(text: str) -> str:
    assert text.startswith("$ cnncalc "), f"a console block begins with a command: {text[:60]}"
    return "".join(f"$ cnncalc {arguments}\n{pages.printed(arguments)}" for arguments, _ in pages.COMMAND.findall(text))


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.named)
def test_no_block_is_without_a_test(page: Path) -> None:
    """It is run here, or by the test that is named; a block of YAML here is a file that commands take."""
    kinds = {(pages.named(page), block.language) for block in pages.blocks(page) if not block.title}
    mine = {(pages.named(page), language) for language in ("console", "python", *FREE)}

    assert set() == kinds - mine - set(ELSEWHERE)


def commands(page: Path) -> list[str]:
    """The commands in blocks of a page, without the remarks behind them."""
    text = re.sub(r" \\\n\s*", " ", page.read_text(encoding="utf-8"))
    lines = re.findall(r"^(?: {4,}|\$ )?(cnncalc .*)$", text, re.MULTILINE)
    return [re.split(r"\s{2,}(?=\S)|\s+#", line)[0] for line in lines]


@pytest.mark.parametrize("page", pages.PAGES, ids=pages.named)
def test_every_command_takes_what_is_written(page: Path) -> None:
    """The name of a command that there is, and options that it has."""
    group: Any = typer.main.get_command(app)
    for line in commands(page):
        _, name, *arguments = shlex.split(line)
        assert name in COMMANDS or name.startswith("-"), line
        if name in COMMANDS:
            command = group.get_command(None, name)
            command.make_parser(command.context_class(command, **command.context_settings)).parse_args(arguments)


NOTES = [
    (page.name, command, wanted)
    for page in pages.PAGES
    if page.parent.name == "notes"
    for row in re.findall(r"^\|.*\|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    for command, wanted in [(re.search(r"`cnncalc (.*?)` \|$", row), re.findall(r"\*\*(.*?)\*\*", row))]
    if command
]


@pytest.mark.parametrize(("page", "command", "wanted"), NOTES, ids=[f"{row[0]}: {row[1][1]}" for row in NOTES])
def test_what_is_right_of_the_notes_is_shown_by_the_command(
    page: str, command: re.Match[str], wanted: list[str]
) -> None:
    """What stands in bold is printed, as a number or words of its own."""
    printed = pages.printed(command[1])

    assert [] == [one for one in wanted if not re.search(rf"(?<![\w,.]){re.escape(one)}(?![\w]|,\d|\.\d)", printed)]


@pytest.mark.parametrize(("file", "params", "macs"), [("net", 25_578, 1_642_496), ("separable", 21_642, 630_784)])
def test_the_nets_of_the_tutorial_are_what_pytorch_counts(file: str, params: int, macs: int) -> None:
    """Its own count of the same layers, written by hand; half of its FLOPs are MACs."""
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    nn = torch.nn
    second = {
        "net": [nn.Conv2d(16, 32, 3, padding=1)],
        "separable": [nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.Conv2d(16, 32, 1)],
    }[file]
    first = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*first, *second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2048, 10))
    with FlopCounterMode(display=False) as counted:
        net(torch.zeros(1, 3, 32, 32))
    page = next(
        page for page in pages.PAGES if page.name == {"net": "1-your-own-net", "separable": "3-separable"}[file] + ".md"
    )
    spec = next(block.text for block in pages.blocks(page) if block.title == f"{file}.yaml")
    graph = cnncalc.parse(spec)

    assert (params, macs) == (sum(p.numel() for p in net.parameters()), counted.get_total_flops() // 2)
    assert (params, macs) == (cnncalc.params(graph).total, cnncalc.macs(graph).total)


def test_the_code_of_the_lecture_is_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two commands of the recipe, with PyTorch."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    page = pages.DOCS / "recipes" / "lecture-to-code.md"
    write, compare = [line.removeprefix("cnncalc ") for line in commands(page) if "block.py" in line]

    assert "wrote block.py" in pages.printed(write)
    assert "the same network under other names: 9 layers" in pages.printed(compare)
