"""Markdown and LaTeX as they go into a page or a paper: alignment, caption, label, rules, and nothing that breaks out."""

from __future__ import annotations

import re

import pytest

import cnncalc
from cnncalc.render import units as of
from cnncalc.render.report import Column, Note, Report, Table
from cnncalc.reports import compare, macs, show, summary

COLUMNS = (Column("name", "layer", of.TEXT), Column("output", "output", of.SHAPE), Column("n", "% of #", of.COUNT))
ODD = r"a_b & 50% of $x^2$ \input{secret} #1 ~ <3x3>"


def report(name: str = "net", total: bool = True) -> Report:
    """A table of one row."""
    rows = [{"name": name, "output": (64, 7, 7), "n": 12}]
    table = Table(COLUMNS, rows, {"name": "total", "n": 12} if total else None)
    return Report([name, "input 3x8x8"], [table], notes=[Note("two", "one thing   another   a third")])


def test_latex_has_what_a_paper_asks_for() -> None:
    """Caption, label, booktabs, numbers at the right, sizes as products, a rule before the total."""
    assert [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        r"\caption{net; input $3\times 8\times 8$}",
        r"\label{tab:table-net}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"layer & output & \% of \# \\",
        r"\midrule",
        r"net & $64\times 7\times 7$ & 12 \\",
        r"\midrule",
        r"total &  & 12 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "% one thing   another   a third",
    ] == report().written("latex").splitlines()
    assert 1 == report(total=False).written("latex").count(r"\midrule")


def test_a_name_from_outside_is_text_in_latex() -> None:
    """Every sign that means something is escaped; no command comes from a spec."""
    text = report(ODD).written("latex")

    assert r"a\_b \& 50\% of \$x\textasciicircum{}2\$ \textbackslash{}input\{secret\} \#1" in text
    assert r"\textasciitilde{} \ensuremath{<}$3\times 3$\ensuremath{>}" in text
    assert r"\label{tab:table-a-b-50-of-x-2-input-secret-1-3x3}" in text
    assert r"\input" not in text


def test_markdown_aligns_numbers_and_lists_what_stands_under_the_table() -> None:
    """`---:` for numbers, `:---` for texts; the parts of a note are set apart by semicolons."""
    lines = report("a|b").written("markdown").splitlines()

    assert re.fullmatch(r"\|:-+\|-+:\|-+:\|", lines[3])
    assert r"| a\|b    |   64x7x7 |       12 |" == lines[4]
    assert "- one thing; another; a third" == lines[-1]


@pytest.mark.parametrize(
    ("form", "inner"), [("markdown", "| &ensp;&ensp;b3x3 "), ("latex", r"\quad b3x3 & pointwise 96")]
)
def test_a_tree_stays_one(form: str, inner: str) -> None:
    """What is in a block stands further in."""
    text = show(cnncalc.load("googlenet"), depth=2).written(form)

    assert inner in text
    assert "\nb3x3 " not in text


def test_each_table_has_a_label_of_its_own() -> None:
    """The document and the network; two networks are two labels."""
    graphs = {name: cnncalc.load(name) for name in ("lenet5", "resnet18")}
    texts = [summary(graph).written("latex") for graph in graphs.values()]
    texts += [macs(graphs["lenet5"]).written("latex"), compare(graphs).written("latex")]
    labels = [label for text in texts for label in re.findall(r"\\label\{(.*)\}", text)]

    assert ["tab:summary-lenet5", "tab:summary-resnet18", "tab:macs-lenet5", "tab:compare-2-networks"] == labels
    assert all(text.count("{") == text.count("}") and text.count("$") % 2 == 0 for text in texts)


def test_a_layer_that_begins_a_block_hides_none_of_it() -> None:
    """Exporters give a dense layer's concat the name of its module: the layers after it are rows of their own."""
    named = "[{pointwise: 8, as: stem}, {concat: [prev, input], as: dense}, {batchnorm, as: dense/norm}, "
    spec = f"input: [4, 8, 8]\nnet: {named}{{relu, as: dense/relu}}, {{conv: {{out: 6, kernel: 3}}, as: dense/conv}}]"
    report = show(cnncalc.parse(spec))
    rows = report.tables[0].rows

    assert [row["layer"].strip() for row in rows] == ["stem", "dense", "concat", "norm", "relu", "conv"]
    assert [row["params"] for row in rows] == [40, None, 0, 24, 0, 12 * 6 * 9 + 6]
