"""The pages of the documentation as tests read them: their blocks, and a folder in which those run one after another."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cnncalc.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ cnncalc (?P<arguments>(?:.* \\\n)*.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: the language behind its fence, the file that it is, its text."""

    language: str
    title: str
    text: str


def named(page: Path) -> str:
    """A page by its path, as people write it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        language, _, rest = match["info"].partition(" ")
        title = re.search(r'title="(.*?)"', rest)
        yield Block(language if "notest" not in rest else "notest", title[1] if title else "", match["text"])


def rewrite(page: Path, texts: list[str]) -> None:
    """The page with other texts in its blocks, where any differs."""
    before = page.read_text(encoding="utf-8")
    wanted = iter(texts)
    after = FENCE.sub(lambda found: f"```{found['info']}\n{next(wanted)}```", before)
    if after != before:
        page.write_text(after, encoding="utf-8")


def screens(page: Path) -> list[tuple[str, str]]:
    """Each command of the page's console blocks with what is printed under it."""
    return [found.group("arguments", "shown") for one in blocks(page) if one.language == "console"
            for found in COMMAND.finditer(one.text)]  # fmt: skip


def shown(page: Path, arguments: str) -> str:
    """What stands under a command of a page now; empty where the page or the command is new."""
    return dict(screens(page)).get(arguments, "") if page.is_file() else ""


def furnish(page: Path, folder: Path) -> None:
    """What a reader has when the page begins: the small specs of docs, and the files of the steps before it."""
    (folder / "docs").mkdir()
    for given in (*DOCS.glob("*.yaml"), *DOCS.glob("*.png")):
        shutil.copy(given, folder / "docs")
    if named(page) == "docs/commands/log.md":
        _history(folder)
    if page.parent.name == "tutorial":
        for earlier in sorted(page.parent.glob("*.md")):
            if earlier < page:
                files(earlier, folder)


def _history(folder: Path) -> None:
    """A repository in which a network became narrower."""
    same = {f"GIT_{who}_{what}": given for who in ("AUTHOR", "COMMITTER")
            for what, given in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))}  # fmt: skip
    text = (DOCS / "first.yaml").read_text(encoding="utf-8")
    steps = (("2024-05-01T12:00:00Z", "A first net", text),
             ("2024-05-08T12:00:00Z", "Half the channels", text.replace("16", "8")))  # fmt: skip
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    for day, said, now in steps:
        (folder / "net.yaml").write_text(now, encoding="utf-8")
        times = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
        for order in (["add", "net.yaml"], ["-c", "commit.gpgsign=false", "commit", "-q", "-m", said]):
            subprocess.run(["git", *order], cwd=folder, check=True, env={**os.environ, **same, **times})


def files(page: Path, folder: Path) -> None:
    """The files of a page, each as it is last shown."""
    for one in blocks(page):
        if one.title:
            write(one, folder)


def write(block: Block, folder: Path) -> None:
    """One file of a page."""
    path = folder / block.title
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


def printed(arguments: str) -> str:
    """What a command prints: its answer, or its errors. In the folder where one is."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        app(shlex.split(arguments.replace("\\\n", " ")), prog_name="cnncalc")
    return out.getvalue() or err.getvalue()
