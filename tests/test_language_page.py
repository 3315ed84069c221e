"""docs/language.md: every spec on the page makes the layers that are printed under it, or the errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.language.builtin import BUILTIN
from cnncalc.language.words import BRANCH_KEYS, MODIFIERS, OPERATIONS, SUGAR, TOP_KEYS
from cnncalc.layers.base import size_text

PAGE = Path(__file__).parents[1] / "docs" / "language.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def layers(spec: str) -> str:
    """Name, kind and size of each layer, in columns; or what is wrong with the spec."""
    try:
        nodes = cnncalc.parse(spec, "spec.yaml").nodes
    except cnncalc.SpecError as error:
        return f"{error}\n"
    rows = [(node.name, node.kind, size_text(node.output)) for node in nodes]
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{name:{wide[0]}}  {kind:{wide[1]}}  {size}\n" for name, kind, size in rows)


@pytest.mark.parametrize(("spec", "shown"), EXAMPLES, ids=[str(n) for n in range(len(EXAMPLES))])
def test_a_spec_makes_what_is_printed_under_it(spec: str, shown: str, request: pytest.FixtureRequest) -> None:
    """Each example, to the letter; --update-golden writes it again."""
    printed = layers(spec)
    if request.config.getoption("--update-golden"):
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(text.replace(f"{spec}```\n\n```text\n{shown}```", f"{spec}```\n\n```text\n{printed}```"))
        return

    assert printed == shown


def test_what_the_specs_of_the_page_expect_comes_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `expect` on the page holds."""
    for number, (spec, _) in enumerate(EXAMPLES):
        if "expect:" in spec:
            (tmp_path / f"{number}.yaml").write_text(spec, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    files = sorted(path.name for path in tmp_path.iterdir())
    outcome = CliRunner().invoke(app, ["lint", *files])

    assert (len(files) >= 2, outcome.exit_code, outcome.output.count("expected")) == (True, 0, 0)


def test_the_page_has_a_spec_for_every_word_of_the_language() -> None:
    """Keys of the top, modifiers, operations, sugar and built-in blocks stand in an example or in the text beside it."""
    text = PAGE.read_text(encoding="utf-8")
    words = {*TOP_KEYS, *MODIFIERS, *OPERATIONS, *BRANCH_KEYS, *SUGAR, *BUILTIN, "in", "branches"}

    assert [] == [word for word in sorted(words) if not re.search(rf"\b{word}\b\W", text)]
    assert len(EXAMPLES) == text.count("```yaml")
