"""The questions of the command line from Python: by graph, file or name; typed; short to look at; light to import."""

from __future__ import annotations

import re
import subprocess
import sys
import types
import venv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnncalc
from cnncalc.cli import COMMANDS
from cnncalc.errors import CnncalcError
from cnncalc.recovery.write import recover

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
REPORTS = ("summary", "shapes", "show", "explain")
NUMBERS = ("params", "macs", "memory", "receptive_fields")
OTHERS = ("compare", "diff", "formula")


@pytest.mark.parametrize("name", [*REPORTS, *NUMBERS])
def test_a_graph_a_file_and_a_name_are_one_answer(name: str, tmp_path: Path) -> None:
    """Whatever the network is named by."""
    question = getattr(cnncalc, name)
    (tmp_path / "net.yaml").write_text("name: net\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}]\n")

    assert str(question("lenet5")) == str(question(cnncalc.load("lenet5")))
    assert str(question(tmp_path / "net.yaml")) == str(question(str(tmp_path / "net.yaml")))


@pytest.mark.parametrize(
    "name", [*REPORTS, *NUMBERS, *OTHERS, "sweep", "fit", "validate", "check", "draw", "box", "run"]
)
@pytest.mark.parametrize("wrong", [None, 3, ["lenet5"]])
def test_what_is_no_network_is_told(name: str, wrong: Any) -> None:
    """By a CnncalcError, never by what Python says of an attribute."""
    others = {"diff": ["lenet5"], "sweep": [{"input": "32"}], "fit": ["input"], "box": ["C1", (0, 0)], "run": [0]}.get(
        name, []
    )
    more = {"max": {"macs": 1}} if name == "fit" else {}

    with pytest.raises(CnncalcError, match=r"a network is a Graph, a path or a name|takes the path or the name"):
        getattr(cnncalc, name)(wrong, *others, **more)


# fmt: off
WRONG = [   # the question, its arguments, its keywords, what is said
    ("summary",  ["lenet5"],                  {"batch": "2"},              "`batch` is a whole number, and this is '2', of type str"),
    ("summary",  ["lenet5"],                  {"batch": 0},                "`batch` is at least 1, and this is 0"),
    ("summary",  ["lenet5"],                  {"batch": True},             "`batch` is a whole number, and this is True"),
    ("summary",  ["lenet5"],                  {"dtype": "int9"},           "no dtype `int9`"),
    ("summary",  ["lenet5"],                  {"in_place": "yes"},         "`in_place` is True or False"),
    ("memory",   ["lenet5"],                  {"dtype": "int9"},           "no dtype `int9`"),
    ("show",     ["lenet5"],                  {"depth": 1.5},              "`depth` is a whole number"),
    ("explain",  ["lenet5", "C9"],            {},                          "C9"),
    ("compare",  ["lenet5", "lenet5"],        {},                          "two networks are called lenet5"),
    ("compare",  [],                          {},                          "nothing to compare"),
    ("compare",  ["lenet5"],                  {"columns": [3]},            "a list of names is asked for"),
    ("diff",     ["lenet5", "resnet18"],      {"batch": 0},                "`batch` is at least 1"),
    ("formula",  ["lenet5", "energy"], {},                       "no formula of `energy`"),
    ("formula",  ["lenet5"],                  {"at": {"Q": 3}},            "the formula is over H, not over Q"),
    ("sweep",    ["lenet5", "width=1"],       {},                          "what is swept is a mapping"),
    ("sweep",    ["lenet5", {"wdth": [1, 2]}], {},                         "no variable `wdth`"),
    ("fit",      ["lenet5", "input"],         {},                          "nothing limits how large it may be"),
]
# fmt: on


@pytest.mark.parametrize(("name", "args", "keywords", "said"), WRONG)
def test_a_wrong_value_is_told(name: str, args: list[Any], keywords: dict[str, Any], said: str) -> None:
    """In the words of the command line."""
    with pytest.raises(CnncalcError) as caught:
        getattr(cnncalc, name)(*args, **keywords)

    assert said in str(caught.value)


def test_sweep_and_fit_answer_what_the_commands_do() -> None:
    """The same document, remarks kept in the report and not on stderr."""
    swept = cnncalc.sweep("mobilenet_v1", {"width": [0.25, 1], "input": "192:224:32"}, columns="macs", sort="macs")
    assert [(1, 224), (1, 192), (0.25, 224), (0.25, 192)] == [(p["width"], p["input"]) for p in swept.data["points"]]
    assert "cnncalc.sweep/" in swept.data["schema"]
    best = cnncalc.fit("mobilenet_v1", {"width": "0.25:1:0.25"}, max={"params": 3_000_000}).data["best"]
    assert [{"width": 0.75}] == [step["setting"] for step in best]
    assert any("left out" in remark for remark in cnncalc.sweep("lenet5", {"input": [4, 32]}).remarks)


def test_bytes_and_elements_are_named_so() -> None:
    """resnet50 has 2,408,448 elements alive at the peak; an element of int8 is a byte, of fp32 four."""
    whole, small = cnncalc.memory("resnet50"), cnncalc.memory("resnet50", dtype="int8")

    assert (2_408_448, 2_408_448 * 4, 2_408_448) == (whole.peak_elements, whole.peak_bytes, small.peak_bytes)
    assert whole.activation_bytes == 4 * small.activation_bytes == 4 * whole.activation_elements


def test_what_is_looked_at_is_short() -> None:
    """A graph, a node, and every result: less than 200 characters, without an address."""
    graph = cnncalc.load("densenet121")
    results = [getattr(cnncalc, name)(graph) for name in (*REPORTS, *NUMBERS)]
    results += [cnncalc.validate(cnncalc.load("lenet5"), quick=True), graph, graph.nodes[7]]

    assert [] == [text for text in map(repr, results) if len(text) >= 200 or " at 0x" in text]
    assert "<Graph densenet121: input 3x224x224" in repr(graph)


@pytest.mark.parametrize(("name", "rows"), [
    ("params",           ["C3           2,416", "total       61,706"]),
    ("macs",             ["C1          117,600", "total       416,520"]),
    ("memory",           ["tanh1           18.8 kB  37.6 kB", "total           58.4 kB  37.6 kB"]),
    ("receptive_fields", ["S4              16", "F5          global"]),
])  # fmt: skip
def test_a_result_is_printed_as_a_table(name: str, rows: list[str]) -> None:
    """LeCun's LeNet-5 as in Ng's course: 61,706 params; a row a layer, in a notebook too."""
    result = getattr(cnncalc, name)("lenet5")

    assert rows == [line.strip() for line in str(result).splitlines() if line.strip() in rows]
    assert "<table>" in result._repr_html_()


def test_a_notebook_shows_a_table() -> None:
    """A part of a page; names from outside are text in it."""
    graph = cnncalc.parse("name: <script>\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}]\n")
    page = cnncalc.summary(graph)._repr_html_()

    assert "<table>" in page
    assert "<html" not in page
    assert "<script>" not in page


def test_a_data_frame_has_exact_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column a key, as CSV; integers, and nothing of the total."""
    pandas: Any = types.ModuleType("pandas")

    class DataFrame:
        def __init__(self, rows: list[dict[str, Any]], columns: list[str], dtype: type) -> None:
            self.rows, self.columns = rows, columns

        def convert_dtypes(self) -> DataFrame:
            return self

    pandas.DataFrame = DataFrame
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    found = cnncalc.compare("lenet5", "resnet50", columns="params,receptive_field").to_pandas()

    assert ["name", "params", "receptive_field"] == found.columns
    assert [("lenet5", 61_706), ("resnet50", 25_557_032)] == [(row["name"], row["params"]) for row in found.rows]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(CnncalcError, match="pip install pandas"):
        cnncalc.summary("lenet5").to_pandas()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), ids=lambda code: code[:30])
def test_each_example_of_the_page_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is printed, after the first."""
    first = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    exec(f"{first}\n{code}", {})  # noqa: S102 - the page's own code


def test_the_page_names_every_function_that_is_a_command() -> None:
    """A command without a function of its name is one that writes files or looks at a folder, or is in `reports`."""
    apart = {name for name in COMMANDS if not hasattr(cnncalc, name.replace("-", "_"))}

    assert [] == [name for name in cnncalc.__all__ if name in COMMANDS and f"{name}" not in PAGE]
    assert {"summary", "compare", "diff", "explain", "formula", "sweep", "fit", "show", "check", "run"} <= set(
        COMMANDS
    ) - apart


def test_a_wheel_has_its_types_and_its_licence(tmp_path: Path) -> None:
    """`py.typed`: mypy of somebody who installed it sees that `summary` takes no list, and what it answers with."""
    pytest.importorskip("hatchling")
    pytest.importorskip("mypy")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == built.returncode, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    user = tmp_path / "user.py"
    user.write_text(
        "import cnncalc\nreveal_type(cnncalc.summary('lenet5', batch=2))\nreveal_type(cnncalc.params('lenet5').total)\n"
        "reveal_type(cnncalc.compare('lenet5'))\ncnncalc.summary(['lenet5'])\ncnncalc.memory('lenet5', dtyp='int8')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--cache-dir", "cache", "--python-executable", "venv/bin/python", "user.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": ""},
    )  # fmt: skip
    said = done.stdout

    assert any(path.name == "LICENSE" for path in site.glob("*.dist-info/licenses/*"))
    assert (site / "cnncalc" / "py.typed").is_file()
    assert said.count('Revealed type is "cnncalc.render.report.Report"') == 2, said
    assert 'incompatible type "list[str]"' in said
    assert 'Unexpected keyword argument "dtyp"' in said
    assert "missing library stubs" not in said


@pytest.mark.parametrize(
    ("width", "params"),
    [
        (0.35, 1_677_128),
        (np.float64(0.35), 1_677_128),
        (np.float32(0.35), 1_677_128),
        (1.4, 6_108_776),
        (1.0, 3_504_872),
    ],
)
def test_a_width_that_is_a_float_makes_whole_sizes(width: Any, params: int) -> None:
    """As Keras and torchvision have MobileNetV2; every size and count is an int, and the spec of it has no `16.0`."""
    graph = cnncalc.load("mobilenet_v2", set={"width": width})

    assert (params, int) == (cnncalc.params(graph).total, type(cnncalc.params(graph).total))
    assert {int} == {type(size) for node in graph.nodes for size in (*node.output, node.macs)}
    assert not re.search(r"\b[0-9]+[.]0\b", recover(graph).text)


@pytest.mark.parametrize("width", [float("nan"), float("inf"), np.float64("nan")])
def test_a_variable_is_no_nan(width: Any) -> None:
    """It would compare as false in every condition of the spec."""
    with pytest.raises(cnncalc.CnncalcError, match="the variable `width` is a number"):
        cnncalc.load("mobilenet_v2", set={"width": width})
