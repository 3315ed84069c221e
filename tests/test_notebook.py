"""docs/notebook.ipynb: run from its top to its end it shows what is stored in it, and a browser can draw that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from chromium import needs_chromium, screen

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

NOTEBOOK = Path(__file__).parents[1] / "docs/notebook.ipynb"


@pytest.fixture(scope="module")
def stored() -> Any:
    """The notebook as it is in the repository."""
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same after a kernel of its own ran it."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    pytest.importorskip("pandas", reason="pandas is not installed")
    notebook = nbformat.read(NOTEBOOK, 4)
    folder = str(tmp_path_factory.mktemp("notebook"))
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def shown(notebook: Any, *, of_pandas: bool = True) -> list[str]:
    """The pictures, tables and texts that its cells show."""
    outputs = [one.data for cell in notebook.cells if cell.cell_type == "code" for one in cell.outputs]
    texts = [data.get("text/html") or data.get("image/svg+xml") or data["text/plain"] for data in outputs]
    return [text for text in texts if of_pandas or "dataframe" not in text]


def test_it_shows_what_is_stored(executed: Any, stored: Any, request: pytest.FixtureRequest) -> None:
    """All but how pandas lays out its own table; `pytest --update-golden tests/test_notebook.py` stores it again."""
    if request.config.getoption("--update-golden"):
        nbformat.write(executed, NOTEBOOK)
        stored = executed

    assert 8 == len(shown(stored))
    assert shown(executed, of_pandas=False) == shown(stored, of_pandas=False)


def test_no_output_has_a_script_or_an_address(stored: Any) -> None:
    """A notebook that is not trusted shows all of it."""
    for text in shown(stored):
        assert "<script" not in text
        assert {"http://www.w3.org/2000/svg"} >= set(re.findall(r"https?://[^\s\"'<)]+", text))


def test_each_code_cell_shows_something(stored: Any) -> None:
    """And none an error."""
    for cell in stored.cells:
        if cell.cell_type == "code":
            assert ["execute_result"] == [one.output_type for one in cell.outputs], cell.source


@needs_chromium
def test_its_pictures_are_drawn(stored: Any, tmp_path: Path) -> None:
    """As a page has them side by side: each has a size, its texts are in their boxes, no picture changes another."""
    with screen() as window:
        window.show(
            "<!DOCTYPE html><meta charset=utf-8>" + "".join(map("<div>{}</div>".format, shown(stored))), tmp_path
        )
        sizes = window.run(
            "[...document.querySelectorAll('svg')].map((one) => one.getBoundingClientRect().width > 200)"
        )
        over = window.run("""[...document.querySelectorAll('g.leaf, g.part')].flatMap((group) => {
            const box = group.querySelector('rect').getBBox();
            return [...group.querySelectorAll('text')].filter((text) => text.getBBox().x + text.getComputedTextLength() > box.x + box.width);
        }).length""")
        tables = window.run("document.querySelectorAll('table').length")

    assert [True, True] == sizes
    assert 0 == over
    assert tables >= 5
    assert [] == window.problems
