"""The gallery and the pictures of docs/pictures.md are those that their commands draw today."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pages
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.language.zoo import names

DOCS = Path(__file__).parents[1] / "docs"
ZOO = sorted(names())
HEAD = """# Gallery

Every network of [the zoo](zoo.md) as `cnncalc show NAME -o NAME.svg` draws it: unfolded as deep as 40 boxes allow, equal turns
of a loop drawn once. Params are learned tensors, shared ones once; MACs are those of convolution and linear, per image. What
stands in a box, and how to draw it otherwise, is in [Pictures](pictures.md).
"""


def page() -> Iterator[str]:
    """The lines of docs/gallery.md, by the year of the paper."""
    graphs = {name: cnncalc.load(name) for name in ZOO}
    found = {name: re.search(r"\b(19|20)\d\d\b", graph.source) for name, graph in graphs.items()}
    years = {name: year[0] for name, year in found.items() if year}
    yield HEAD
    for year in sorted(set(years.values())):
        yield f"## {year}\n"
        for name in (name for name in ZOO if years[name] == year):
            params, macs = cnncalc.params(graphs[name]).total, cnncalc.macs(graphs[name]).total
            yield f"<details><summary><code>{name}</code>: {params:,} params, {macs:,} MACs</summary>"
            yield f"<p>{escape(graphs[name].source)}</p>"
            yield f'<img src="gallery/{name}.svg" alt="The layers of {name} and what flows between them" loading="lazy">'
            yield "</details>\n"


def test_the_page_has_every_network(golden: Callable[[Path, str], None]) -> None:
    """`pytest --update-golden tests/test_gallery.py` writes it and the pictures again."""
    golden(DOCS / "gallery.md", "\n".join(page()))


@pytest.mark.parametrize("name", ZOO)
def test_the_picture_is_up_to_date(name: str, golden: Callable[[Path, str], None]) -> None:
    """As `cnncalc show NAME --check docs/gallery/NAME.svg` says it."""
    golden(DOCS / "gallery" / f"{name}.svg", cnncalc.draw(cnncalc.load(name)))


def test_no_picture_is_left_over_and_all_are_small() -> None:
    """One a network; two megabytes together."""
    files = sorted((DOCS / "gallery").iterdir())

    assert ZOO == [file.stem for file in files]
    assert sum(file.stat().st_size for file in files) < 2_000_000


def shown() -> list[tuple[str, str]]:
    """The commands of docs/pictures.md under which a picture stands, and that picture."""
    text = (DOCS / "pictures.md").read_text(encoding="utf-8")
    return re.findall(r"^    cnncalc (.*)\n\n!\[[^\]]+\]\(pictures/(.*)\)$", text, re.MULTILINE)


def test_the_examples_are_those_of_the_page() -> None:
    """Each picture of the folder stands under its command, which writes that name; there are seven."""
    files = sorted(file.name for file in (DOCS / "pictures").iterdir())

    assert files == sorted(picture for _, picture in shown())
    assert all(command.endswith(f"-o {picture}") for command, picture in shown())
    assert 7 == len(files)


@pytest.mark.parametrize(("command", "picture"), shown())
def test_an_example_is_up_to_date(
    command: str, picture: str, golden: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command writes, in a folder with the page's own spec."""
    monkeypatch.chdir(tmp_path)
    for block in pages.blocks(DOCS / "pictures.md"):
        if block.title:
            pages.write(block, tmp_path)
    done = CliRunner().invoke(app, command.split(), prog_name="cnncalc")

    assert (0, f"wrote {picture}\n") == (done.exit_code, done.stderr)
    golden(DOCS / "pictures" / picture, (tmp_path / picture).read_text(encoding="utf-8"))


def test_the_program_of_the_page_runs() -> None:
    """Its Python, which draws in two formats."""
    (program,) = [block.text for block in pages.blocks(DOCS / "pictures.md") if block.language == "python"]
    made: dict[str, str] = {}
    exec(program, made)  # noqa: S102 - the page's own

    assert made["mermaid"].startswith("flowchart TD")
