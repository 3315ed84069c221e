"""The report page: its figures are the commands', and it fetches nothing; `test_page_in_chromium.py` looks at it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses import figures, memory, receptive
from cnncalc.cli import app
from cnncalc.drawing import report
from cnncalc.drawing.parts import parts
from cnncalc.errors import CnncalcError

SOME = ["lenet5", "resnet50", "unet", "googlenet", "densenet121"]


def rows(page: str) -> list[list[str]]:
    """The table of the layers."""
    table = page.partition('id="layers"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [[unescape(cell) for cell in row.split("<td>")[1:]] for row in table.replace("\n", "").split("<tr>")[1:]]


@pytest.mark.parametrize("name", SOME)
def test_the_table_is_the_one_of_summary(name: str) -> None:
    """Every layer, with the same figures."""
    graph = cnncalc.load(name)
    found = rows(report(graph))
    wanted = [
        (row["name"], f"{row['params']:,}" if row["params"] else "-", f"{row['macs']:,}" if row["macs"] else "-")
        for row in cnncalc.reports.summary(graph).data["layers"]
    ]

    assert wanted == [(row[0], row[3], row[4]) for row in found]


@pytest.mark.parametrize("name", SOME)
def test_the_arithmetic_is_that_of_explain(name: str) -> None:
    """The same lines, for every layer that is drawn."""
    graph = cnncalc.load(name).inference
    text = report(graph).partition('id="arithmetic">')[2].partition("</script>")[0]
    said = json.loads(text)
    shown = dict(zip(said["names"], [[said["lines"][line] for line in lines] for lines in said["of"]], strict=True))
    drawn = [node.name for leaf in parts(graph, 0).leaves for turn in leaf.turns[:1] for node in turn.nodes]

    assert drawn == list(shown)
    for layer in drawn[:: max(1, len(drawn) // 12)]:
        explained = cnncalc.reports.explain(graph, layer).written()
        assert shown[layer][1:] == explained.splitlines()[1:]


def test_nothing_is_fetched_and_only_the_own_script_runs() -> None:
    """No address but the name spaces, and a policy that names the script by its hash."""
    page = report(cnncalc.load("lenet5"))

    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert "default-src 'none'" in page
    assert "script-src 'sha256-" in page


def test_the_same_network_is_the_same_page() -> None:
    """No date, and no order that changes."""
    assert report(cnncalc.load("googlenet")) == report(cnncalc.load("googlenet"))


@pytest.mark.parametrize(("name", "most"), [("resnet50", 120), ("densenet121", 350), ("resnet1202_cifar", 500)])
def test_a_page_is_a_small_file(name: str, most: int) -> None:
    """In kB of 1000 bytes, with the arithmetic of every layer."""
    assert len(report(cnncalc.load(name)).encode()) <= 1000 * most


def test_each_analysis_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever reads it: the head, the boxes, the arithmetic, the plots, the table."""
    ran: list[str] = []

    def counted(module: Any, name: str) -> None:
        real = getattr(module, name)

        def noted(*given: Any, **named: Any) -> Any:
            ran.append(" ".join([name, *map(str, given[1:]), *named]))
            return real(*given, **named)

        monkeypatch.setattr(module, name, noted)

    counted(receptive, "receptive_fields")
    counted(memory, "memory")
    for name in ("macs", "params"):
        counted(figures, name)
    report(cnncalc.load("googlenet"))

    assert ["macs", "memory dtype", "memory in_place dtype", "params", "receptive_fields"] == sorted(ran)


def test_a_network_held_against_itself_has_no_difference() -> None:
    """And against another its rows are those of diff."""
    one, other = cnncalc.load("resnet18"), cnncalc.load("resnet34")

    assert "no difference: 69 layers" in report(one, one)
    assert "repeat 2 -&gt; 4" in report(one, other)
    assert report(one, other).count("<figure>") == 4


def test_open_sizes_are_asked_for() -> None:
    """A page has numbers."""
    with pytest.raises(CnncalcError, match="H"):
        report(cnncalc.parse("input: [3, H, W]\nnet: [{conv: {out: 4, kernel: 3}}]"))


def test_the_command_writes_a_file_and_refuses_what_it_cannot(tmp_path: Path) -> None:
    """A page in a file; a roofline for a machine; no machine by halves."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cnncalc", "report", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

    done = run("lenet5", "resnet18", "--peak", "2T", "--bandwidth", "50G", "-o", "page.html")

    assert (0, "", "wrote page.html\n") == (done.returncode, done.stdout, done.stderr)
    assert "roofline, fp32" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run("lenet5", "--peak", "2T", "-o", "page.html").returncode == 2
    assert run("lenet5", "nothing.yaml", "-o", "page.html").returncode == 2
    assert run("lenet5", "-o", "page.csv").returncode == 2


def test_limits_other_counts_and_totals_have_their_sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a spec allows with how it stands, what thop counts, and several networks side by side."""
    monkeypatch.chdir(tmp_path)
    spec = "name: small\nsource: a test\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}, batchnorm]\n"
    Path("a.yaml").write_text(spec + "budget: {params: 100, macs: {max: 1M, growth: 2%}}\n", encoding="utf-8")
    Path("b.yaml").write_text(spec.replace("small", "<b>"), encoding="utf-8")
    done = CliRunner().invoke(app, ["report", "a.yaml", "b.yaml", "--as", "thop", "-o", "page.html"])
    text = Path("page.html").read_text(encoding="utf-8")

    assert 0 == done.exit_code, done.stderr
    assert "Limits of small" in text
    assert 1 == text.count(">fail")
    assert "Side by side" in text
    assert "small, as thop counts" in text
    assert "<b>, as thop" not in text
