"""An operator that is not known is counted nowhere, and whatever it is part of says so."""

from __future__ import annotations

import json

import numpy as np
import pytest

import cnncalc
from cnncalc.analyses.known import uncounted
from cnncalc.errors import SpecError
from cnncalc.graph import equal
from cnncalc.recovery.write import flat

SPEC = """\
name: net
input: [3, 32, 32]
net:
  - {conv: {out: 8, kernel: 3}, as: stem}
  - {unknown: {operator: GridSample, shape: [8, 16, 16], branches: [prev, input]}, as: warp}
  - conv: {out: 8, kernel: 3}
"""
PARAMS, MACS = 224 + 584, 194_400 + 112_896


@pytest.fixture(name="graph")
def of_spec() -> cnncalc.Graph:
    """A network with a layer that is not known between two that are."""
    return cnncalc.parse(SPEC, "net.yaml")


def test_a_total_is_a_lower_bound_and_says_of_what(graph: cnncalc.Graph) -> None:
    """On the screen and in JSON: no zero stands for what is not known."""
    report = cnncalc.reports.macs(graph)
    document = json.loads(report.written("json"))
    lines = str(report).splitlines()

    assert "1 of 3 layers is not counted: GridSample" == uncounted(graph).text
    assert any(line.split() == ["total", ">=", f"{MACS:,}", "100.0"] for line in lines)
    assert any(line.split()[:4] == ["warp", "unknown", "8x16x16", "?"] for line in lines)
    assert "  1 of 3 layers is not counted: GridSample; the figures are lower bounds" in lines
    assert (False, MACS) == (document["complete"], document["totals"]["macs"])
    assert [194_400, None, 112_896] == [layer["macs"] for layer in document["layers"]]


@pytest.mark.parametrize("name", ["summary", "params", "memory", "training", "energy", "roofline", "show", "explain"])
def test_every_report_says_that_it_is_not_complete(name: str, graph: cnncalc.Graph) -> None:
    """Its note has a code; a network that is whole has neither the note nor the member."""
    report = getattr(cnncalc.reports, name)(graph)
    whole = getattr(cnncalc.reports, name)(cnncalc.load("lenet5"))

    assert "incomplete" in [note.code for note in report.notes if hasattr(note, "code")]
    assert report.data["complete"] is False
    assert "complete" not in whole.data


def test_what_it_sees_is_not_known(graph: cnncalc.Graph) -> None:
    """Behind it the field is not known; before it, it is."""
    fields = cnncalc.receptive_fields(graph).of

    assert (True, False, False) == tuple(fields[node.name].known for node in graph.nodes)


LIMITS = [
    # the limit, and how it ends: None where it cannot be judged
    ({"macs": {"max": "1M"}}, None),
    ({"macs": {"max": "1k"}}, "fail"),
    ({"macs": {"min": "1k"}}, "ok"),
    ({"macs": {"min": "1M"}}, None),
    ({"params": {"max": "1M"}}, None),
    ({"peak_activations": {"max": "1MB"}}, "ok"),
]


@pytest.mark.parametrize(("limit", "status"), LIMITS)
def test_a_limit_is_judged_by_a_lower_bound_where_that_decides(
    limit: dict[str, dict[str, str]], status: str | None, graph: cnncalc.Graph
) -> None:
    """A cap never passes on a total that leaves something out."""
    if status is None:
        with pytest.raises(SpecError, match="and not known: 1 of 3 layers is not counted: GridSample"):
            cnncalc.check(graph, raises=False, **limit)
    else:
        assert [status] == [finding.status for finding in cnncalc.check(graph, raises=False, **limit)]


def test_it_cannot_be_run(graph: cnncalc.Graph) -> None:
    """There is nothing to compute it by."""
    with pytest.raises(cnncalc.CnncalcError, match="net cannot be run: what `warp` computes is not known"):
        cnncalc.run(graph, np.zeros((3, 32, 32)))


def test_it_is_written_and_read_again(graph: cnncalc.Graph) -> None:
    """With its operator, its shape and what it reads."""
    assert equal(graph, cnncalc.parse(flat(graph), "net.yaml"))


WRONG = [
    # what is written, and what is said of it
    ("unknown: {shape: [8]}", "`unknown` needs `operator`"),
    ("unknown: {operator: F}", "`unknown` needs `shape`"),
    ("unknown: {operator: F, shape: [0]}", "`shape`"),
    ("unknown: {operator: 3, shape: [8]}", "`operator` must be a name of at most 100 signs, and is `3`"),
    ("unknown", "`unknown` needs branches"),
]


@pytest.mark.parametrize(("step", "message"), WRONG)
def test_what_is_left_out_is_told(step: str, message: str) -> None:
    """Its place has a caret."""
    with pytest.raises(SpecError) as refused:
        cnncalc.parse(f"input: [3, 8, 8]\nnet:\n  - {step}\n", "net.yaml")

    assert message in str(refused.value)
    assert "net.yaml:3:" in str(refused.value)


def test_alone_it_reads_the_tensor_before_it() -> None:
    """As any other layer."""
    graph = cnncalc.parse("input: [3, 8, 8]\nnet:\n  - unknown: {operator: F, shape: [4, 8]}\n", "net.yaml")

    assert (("input",), (4, 8)) == (graph.nodes[0].inputs, graph.nodes[0].output)
