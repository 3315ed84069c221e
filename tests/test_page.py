"""The report page: its figures are the commands', it fetches nothing, and it works in a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.drawing import report
from cnncalc.drawing.parts import parts
from cnncalc.errors import CnncalcError

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
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
    shown = json.loads(text)
    drawn = [node.name for leaf in parts(graph, 0).leaves for turn in leaf.turns[:1] for node in turn.nodes]

    assert drawn == list(shown)
    for layer in drawn[:: max(1, len(drawn) // 12)]:
        explained = cnncalc.reports.explain(graph, layer).written()
        assert shown[layer].partition("\n\n")[2] == explained.partition("\n\n")[2]


def test_nothing_is_fetched_and_only_the_own_script_runs() -> None:
    """No address but the name spaces, and a policy that names the script by its hash."""
    page = report(cnncalc.load("lenet5"))

    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert "default-src 'none'" in page
    assert "script-src 'sha256-" in page


def test_the_same_network_is_the_same_page() -> None:
    """No date, and no order that changes."""
    assert report(cnncalc.load("googlenet")) == report(cnncalc.load("googlenet"))


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


HOSTILE = '</script><script>document.title="bad"</script><img src=x onerror=alert(1)>'


def said(page: str, script: str, tmp_path: Path) -> str:
    """What a script says of a page in Chromium; it runs beside the page's own, so the policy is left out."""
    file = tmp_path / "page.html"
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    element = f"<pre id=said></pre><script>addEventListener('load', () => setTimeout(() => {{{script}}}, 300))</script>"
    file.write_text(page.replace("</body>", f"{element}</body>"), encoding="utf-8")
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
         "--virtual-time-budget=8000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return unescape(done.stdout.partition('<pre id="said">')[2].partition("</pre>")[0])


@needs_chromium
@pytest.mark.parametrize("name", SOME)
def test_lines_touch_their_boxes_and_folding_comes_back(name: str, tmp_path: Path) -> None:
    """Each line that is drawn begins and ends at a box or border; fold after unfold is what was."""
    script = """
    const graph = document.getElementById('graph');
    const state = () => [...graph.querySelectorAll('details')].map((one) => one.open).join();
    const first = state();
    document.getElementById('unfold').click();
    const open = [...graph.querySelectorAll('details')].every((one) => one.open);
    let wrong = 0, drawn = 0;
    for (const rows of graph.querySelectorAll('.rows')) {
      lines(rows);
      const boxes = children(rows);
      const flows = JSON.parse(rows.dataset.lines);
      [...rows.querySelector(':scope > svg').querySelectorAll('path')].forEach((path, n) => {
        drawn += 1;
        const [source, target] = flows[n];
        const start = path.getPointAtLength(0), end = path.getPointAtLength(path.getTotalLength());
        const near = (point, box, edge) => Math.abs(point.y - edge) < 2 && point.x > box.offsetLeft - 2 && point.x < box.offsetLeft + box.offsetWidth + 2;
        if (source >= 0 && !near(start, boxes[source], boxes[source].offsetTop + boxes[source].offsetHeight)) wrong += 1;
        if (target >= 0 && !near(end, boxes[target], boxes[target].offsetTop)) wrong += 1;
      });
    }
    document.getElementById('fold').click();
    document.getElementById('said').textContent = [wrong, drawn > 8, open, first === state()].join(' ');
    """

    assert said(report(cnncalc.load(name)), script, tmp_path) == "0 true true true"


@needs_chromium
def test_a_click_shows_the_arithmetic_and_a_name_is_only_text(tmp_path: Path) -> None:
    """Of a layer with a hostile name; find, colours and sorting work as well."""
    graph = cnncalc.load("lenet5")
    nodes = tuple(
        node._replace(
            name=HOSTILE if node.name == "C1" else node.name,
            inputs=tuple(HOSTILE if name == "C1" else name for name in node.inputs),
            weights_of=HOSTILE if node.weights_of == "C1" else node.weights_of,
        )
        for node in graph.nodes
    )
    hostile = cnncalc.Graph(graph.name, graph.inputs, nodes, graph.output)
    script = """
    const leaf = $('button.leaf').find((one) => one.textContent.includes('onerror'));
    leaf.click();
    const text = document.getElementById('shown').textContent;
    const found = document.getElementById('find');
    found.value = 'pool';
    found.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}));
    const heads = $('#layers thead button');
    heads[4].click();
    const top = $('#layers tbody tr')[0].cells[4].textContent;
    const colour = document.getElementById('colour');
    colour.value = 'macs';
    colour.dispatchEvent(new Event('change'));
    document.getElementById('said').textContent = [
      document.title, text.includes('n + 2') || text.includes('weights'), $('img').length,
      document.getElementById('found').textContent, top, graph.dataset.colour].join('|');
    """

    assert "LeNet-5" in report(hostile) or "lenet5" in report(hostile)
    assert said(report(hostile), script, tmp_path) == f"{graph.name}|true|0|2 found|240,000|macs"


@needs_chromium
def test_an_address_opens_its_layer(tmp_path: Path) -> None:
    """`#path` unfolds what is around it, and shows its arithmetic."""
    script = """
    location.hash = encodeURIComponent('layer3[0]/main/conv');
    setTimeout(() => {
      const leaf = $('[aria-pressed=true]')[0];
      document.getElementById('said').textContent = leaf.dataset.path + ' ' + (leaf.offsetWidth > 0);
    }, 200);
    """

    assert said(report(cnncalc.load("resnet50")), script, tmp_path) == "layer3[0]/main/conv true"


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
