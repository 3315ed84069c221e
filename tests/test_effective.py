"""The effective receptive field: its sigma is that of Luo et al. for uniform layers, and it is no larger than the field."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.effective import effective

LINEAR = "input: [1, {n}]\nnet:\n  - {{conv: {{out: 1, kernel: {k}, padding: half, bias: false}}, repeat: {layers}}}\n"


@pytest.mark.parametrize(("layers", "k"), [(1, 3), (4, 3), (10, 3), (20, 3), (5, 5), (8, 7), (3, 9)])
def test_uniform_layers_have_the_sigma_of_the_paper(layers: int, k: int) -> None:
    """n layers of k equal taps: sigma = sqrt(n (k^2 - 1) / 12), exactly where no border cuts it off."""
    field = 1 + layers * (k - 1)
    graph = cnncalc.parse(LINEAR.format(n=2 * field + 1, k=k, layers=layers))
    (axis,) = effective(graph, graph.output)

    assert math.sqrt(layers * (k * k - 1) / 12) == pytest.approx(axis.sigma, rel=1e-9)
    assert field == int((axis.profile > 0).sum())


def test_random_layers_come_near_the_same_sigma() -> None:
    """The mean square of the gradient over draws of random weights has the same sigma, within the noise."""
    graph = cnncalc.parse(
        "input: [4, 81]\nnet:\n  - {conv: {out: 16, kernel: 3, padding: half, bias: false}, repeat: 10}\n"
    )
    (axis,) = effective(graph, graph.output, scheme="he", draws=40)

    assert math.sqrt(10 * 8 / 12) == pytest.approx(axis.sigma, rel=0.1)


def test_two_axes_are_told_apart() -> None:
    """A window of 1 x 5 spreads along the width alone."""
    graph = cnncalc.parse("input: [1, 15, 15]\nnet:\n  - conv: {out: 1, kernel: [1, 5], padding: half, bias: false}\n")
    height, width = effective(graph, graph.output)

    assert (0.0, math.sqrt(2)) == pytest.approx((height.sigma, width.sigma))


def test_the_centre_is_that_of_the_unit() -> None:
    """With odd kernels the pixels that count lie around the unit's own place."""
    graph = cnncalc.parse("input: [3, 33, 33]\nnet:\n  - {conv: {out: 3, kernel: 3, padding: half}, repeat: 3}\n")
    axes = effective(graph, graph.output, unit=(16, 10))

    assert [16, 10] == pytest.approx([axis.centre for axis in axes])


def test_the_command_shows_sigma_beside_the_theoretical_size(tmp_path: Path) -> None:
    """`receptive-field --effective` prints size and sigma per axis; JSON has them as numbers."""
    spec = tmp_path / "line.yaml"
    spec.write_text(LINEAR.format(n=61, k=3, layers=10), encoding="utf-8")
    result = CliRunner().invoke(app, ["receptive-field", str(spec), "--effective", "--format", "json"])
    (axis,) = json.loads(result.stdout)["axes"]

    assert (0, 21) == (result.exit_code, axis["size"])
    assert math.sqrt(10 * 8 / 12) == pytest.approx(axis["sigma"])


def test_a_vector_has_no_effective_field() -> None:
    """A layer without positions is refused."""
    result = CliRunner().invoke(app, ["receptive-field", "lenet5", "--at", "F6", "--effective"])

    assert (2, "") == (result.exit_code, result.stdout)
    assert "no map with positions" in result.stderr
