"""Every block of every page of the documentation: screens are what is printed, Python runs, commands are taken."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
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
    space: dict[str, Any] = {}
    said = ""
    for block in pages.blocks(page):
        if block.title:
            pages.write(block, tmp_path)
        elif block.language == "console":
            _screens(page, block.text, update)
        elif block.language == "python" and (pages.named(page), "python") not in ELSEWHERE:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.text, pages.named(page), "exec"), space)  # noqa: S102 - an example of the page
            said = out.getvalue()
            continue
        elif block.language == "text" and said:
            _kept(page, block.text, said, update)
        said = ""


def _screens(page: Path, text: str, update: bool) -> None:
    assert text.startswith("$ cnncalc "), f"a console block begins with a command: {text[:60]}"
    shown = "".join(
        f"$ cnncalc {arguments}\n{pages.printed(arguments)}" for arguments, _ in pages.COMMAND.findall(text)
    )
    _kept(page, text, shown, update)


def _kept(page: Path, shown: str, printed: str, update: bool) -> None:
    if update and shown != printed:
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(f"\n{shown}```", f"\n{printed}```"), encoding="utf-8")
        return

    assert shown == printed


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
            command.make_parser(command.context_class(command)).parse_args(arguments)


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
