"""Results as data frames of pandas, and of polars and whatever else reads Arrow: the same exact values."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import cnncalc
from cnncalc.errors import CnncalcError
from cnncalc.render import units
from cnncalc.render.report import Column, Report, Table

ANSWERS: dict[str, tuple[Any, int]] = {
    "summary": (lambda: cnncalc.summary("resnet18"), 69),
    "shapes": (lambda: cnncalc.shapes("resnet18"), 69),
    "explain": (lambda: cnncalc.explain("resnet18"), 41),
    "compare": (lambda: cnncalc.compare("resnet18", "resnet34", "unet"), 3),
    "sweep": (
        lambda: cnncalc.sweep("mobilenet_v1", {"width": [0.25, 0.5, 1]}, columns="params,macs,receptive_field"),
        3,
    ),
    "diff": (lambda: cnncalc.diff("resnet18", "resnet34"), 4),
}
"""What is asked, and how many rows it has: layers, layers with weights, networks, points, blocks."""


@pytest.mark.parametrize("name", ANSWERS)
def test_pandas_has_the_rows(name: str) -> None:
    """Integers as integers of 64 bits, also where some are missing; texts as texts."""
    pytest.importorskip("pandas")
    asked, rows = ANSWERS[name]
    found = asked().to_pandas()

    assert rows == len(found)
    assert all(str(found[key].dtype) == "Int64" for key in ("params", "macs") if key in found)


@pytest.mark.parametrize("name", ANSWERS)
def test_polars_has_the_same(name: str) -> None:
    """Value by value, by way of Arrow; no warning is raised."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    answer = ANSWERS[name][0]()
    one, other = answer.to_pandas(), polars.DataFrame(answer)

    assert list(one.columns) == other.columns
    for key in other.columns:
        values = [None if missing(a) else a for a in one[key].tolist()]
        mixed = len({type(value) for value in values if value is not None}) > 1
        wanted = [value if value is None else json.dumps(value) for value in values] if mixed else values

        assert wanted == other[key].to_list()


def missing(value: Any) -> bool:
    """Whether pandas has no value there."""
    return value is None or str(value) in ("<NA>", "nan")


def test_the_sums_are_those_of_the_papers_networks() -> None:
    """ResNet-18 as torchvision counts it, in both; a result of one analysis as well."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    summary = cnncalc.summary("resnet18")

    assert 11_689_512 == summary.to_pandas()["params"].sum() == polars.DataFrame(summary)["params"].sum()
    assert 1_814_073_344 == summary.to_pandas()["macs"].sum() == polars.DataFrame(summary)["macs"].sum()
    assert 11_689_512 == cnncalc.params("resnet18").to_pandas()["params"].sum()
    assert 1_814_073_344 == cnncalc.macs("resnet18").to_pandas()["macs"].sum()
    assert "conv1" in set(cnncalc.memory("googlenet").to_pandas()["name"])
    assert "fc" in set(cnncalc.receptive_fields("resnet18").to_pandas()["name"])


def test_what_arrow_has_no_type_for_is_json() -> None:
    """An integer above 64 bits, and a column with numbers and texts."""
    pyarrow = pytest.importorskip("pyarrow")
    columns = (Column("large", unit=units.COUNT), Column("mixed", unit=units.ANY), Column("plain", unit=units.COUNT))
    rows = [{"large": 2**70, "mixed": 3, "plain": 1}, {"large": 1, "mixed": "H - 2"}]
    found = pyarrow.table(Report(["a test"], [Table(columns, rows)])).to_pydict()

    assert {"large": [str(2**70), "1"], "mixed": ["3", '"H - 2"'], "plain": [1, None]} == found


def test_without_them_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And an answer that is a text says so."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CnncalcError, match="pip install pyarrow"):
        cnncalc.summary("lenet5").__arrow_c_stream__()
    with pytest.raises(CnncalcError, match="has no rows"):
        Report(["a text"], [], text="net: []").to_pandas()


def test_nothing_is_imported_for_it() -> None:
    """Neither pandas nor pyarrow, polars, IPython by cnncalc itself or by what a notebook shows."""
    code = "import sys, cnncalc; cnncalc.load('lenet5')._repr_html_(); cnncalc.summary('lenet5')._repr_html_(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {"pandas", "pyarrow", "polars", "IPython"} & set(done.stdout.split())
