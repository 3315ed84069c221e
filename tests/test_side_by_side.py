"""`cnncalc compare`: several networks in one table, each figure that of the network alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.reports import View, compare

TINY = "name: tiny\ninput: [3, 32, 32]\nvars: {width: 4}\nnet: [{conv: {out: $width, kernel: 3}}, relu]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spec of one's own beside the zoo."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(TINY)


def run(*arguments: str) -> Any:
    """A comparison, in this process."""
    return CliRunner().invoke(app, ["compare", *arguments])


def rows(*arguments: str) -> dict[str, dict[str, Any]]:
    """Network -> its figures."""
    found = json.loads(run(*arguments, "--format", "json").stdout)
    return {row["name"]: row["figures"] for row in found["networks"]}


def test_each_network_has_the_figures_it_has_alone() -> None:
    """Of the papers and of other tools: those that each spec expects; a file by its name, with its own width."""
    found = rows("mine.yaml", "width=8", "resnet50", "lenet5", "-c", "params,macs,output,input")

    assert {"params": 25_557_032, "macs": 4_089_184_256, "output": [1000], "input": [3, 224, 224]} == found["resnet50"]
    assert {"params": 61_706, "macs": 416_520, "output": [10], "input": [1, 32, 32]} == found["lenet5"]
    # 8 kernels of 3x3x3 and 8 biases; 30x30 positions
    assert {"params": 224, "macs": 194_400, "output": [8, 30, 30], "input": [3, 32, 32]} == found["tiny width=8"]


def test_one_input_is_for_all_and_a_network_may_have_its_own() -> None:
    """`--input 64` keeps the channels of each."""
    found = rows("mine.yaml", "lenet5", "resnet18", "input=3,96,96", "--input", "64", "-c", "input,macs")

    assert [[3, 64, 64], [1, 64, 64], [3, 96, 96]] == [figures["input"] for figures in found.values()]
    assert 62 * 62 * 4 * 27 == found["tiny"]["macs"]


def test_bytes_are_of_the_dtype_that_a_column_or_the_option_names() -> None:
    """int8 is a byte an element."""
    found = rows("lenet5", "-c", "weight_bytes,weight_bytes@int8,weight_bytes@fp32", "--dtype", "fp16")["lenet5"]

    assert {"weight_bytes": 123_412, "weight_bytes@int8": 61_706, "weight_bytes@fp32": 246_824} == found
    header = run("lenet5", "-c", "weight_bytes,weight_bytes@int8", "--dtype", "fp16").stdout.splitlines()[2]
    assert ["network", "weight bytes fp16", "weight bytes int8"] == header.split("  ")[1:]


def test_rows_stand_in_the_order_that_is_asked_for() -> None:
    """As named, or the largest first, in every format."""
    assert ["lenet5", "resnet50", "tiny"] == list(rows("lenet5", "resnet50", "mine.yaml"))
    assert ["resnet50", "lenet5", "tiny"] == list(rows("lenet5", "resnet50", "mine.yaml", "--sort", "params"))
    table = csv.DictReader(io.StringIO(run("lenet5", "resnet50", "--sort", "macs", "--format", "csv").stdout))
    assert [("resnet50", "4089184256"), ("lenet5", "416520")] == [(row["name"], row["macs"]) for row in table]


def test_a_figure_that_some_do_not_have_is_empty_and_why_is_said() -> None:
    """Never a zero."""
    done = run("siamese", "resnet50", "-c", "params,layer1/**:macs")

    assert 0 == done.exit_code
    assert "no layer of siamese is in `layer1/**`" in done.stdout
    assert rows("siamese", "resnet50", "-c", "layer1/**:macs")["siamese"] == {"layer1/**:macs": None}
    assert {"left", "right"} == set(rows("siamese", "-c", "input")["siamese"]["input"])


# fmt: off
WRONG = [   # what is asked, what is wrong, the way out
    (["resnet50", "resnet50"],                  "resnet50 is named twice",                     "resnet50 input=192"),
    (["width=1", "resnet50"],                   "`width=1` stands before any network",         "resnet50 width=1"),
    (["resnet50", ""],                          "the name of a network is empty",              "a variable that is not set"),
    (["resnet50", "resnet10"],                  "no network of the zoo called resnet10",       "`resnet101`"),
    (["resnet50", "-c", "param"],               "no column `param`",                           "`params`"),
    (["resnet50", "-c", "weights"],             "no column `weights`",                         "`weight_bytes`"),
    (["resnet50", "-c", ","],                   "no columns are asked for",                    "params"),
    (["resnet50", "--sort", "flops"],           "no column `flops` to sort by",                "columns: network"),
    (["resnet50", "--dtype", "int9"],           "no dtype `int9`",                             "`int8`"),
    (["resnet50", "depth=3"],                   "depth",                                       "resnet50"),
    (["lenet5", "-c", "nowhere/**:macs"],       "no layer of lenet5 is in `nowhere/**`",       "`cnncalc shapes`"),
]
# fmt: on


@pytest.mark.parametrize(("asked", "wrong", "help"), WRONG, ids=[" ".join(asked) for asked, _, _ in WRONG])
def test_what_is_wrong_is_said_with_a_way_out(asked: list[str], wrong: str, help: str) -> None:
    """Exit code 2, nothing on stdout."""
    done = run(*asked)

    assert (2, "") == (done.exit_code, done.stdout)
    assert wrong in done.stderr
    assert help in done.stderr


def test_diff_of_three_leads_here() -> None:
    """The command to type."""
    done = CliRunner().invoke(app, ["diff", "resnet18", "resnet34", "resnet50"])

    assert 2 == done.exit_code
    assert "cnncalc compare resnet18 resnet34 resnet50" in done.stderr


def test_python_names_the_networks_itself() -> None:
    """A mapping of graphs, in the words of the command."""
    graphs = {"small": cnncalc.load("resnet18"), "large": cnncalc.load("resnet50")}
    report = compare(graphs, columns=["params"], view=View(sort="params"))

    assert ["large", "small"] == [row["name"] for row in report.tables[0].rows]
    with pytest.raises(CnncalcError, match="nothing to compare"):
        compare({})
