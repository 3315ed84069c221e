"""The effective receptive field: sigma is that of Luo et al. for uniform layers, and the shape is that of the gradient."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from test_kernels import BY_HAND
from test_random_graphs import sensible, specs
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.effective import Room, _alike, effective
from cnncalc.effective.uniform import local, rule_of
from cnncalc.errors import CnncalcError
from cnncalc.kernels.backward import upstream
from cnncalc.language import zoo
from cnncalc.layers import KINDS

LINEAR = "input: [1, {n}]\nnet:\n  - {{conv: {{out: 1, kernel: {k}, padding: half, bias: false}}, repeat: {layers}}}\n"


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `receptive-field`."""
    done = CliRunner().invoke(app, ["receptive-field", *arguments])
    return done.exit_code, done.stdout, done.stderr


def as_json(*arguments: str) -> dict:
    """What `--effective --format json` says."""
    code, out, err = command(*arguments, "--effective", "--format", "json")
    assert (0, "") == (code, err)
    return json.loads(out)


@pytest.mark.parametrize(("layers", "k"), [(1, 3), (4, 3), (10, 3), (20, 3), (5, 5), (8, 7), (3, 9), (40, 3), (2, 2)])
@pytest.mark.parametrize("n", [31, 500])
def test_uniform_layers_have_the_sigma_of_the_paper(layers: int, k: int, n: int) -> None:
    """n layers of k equal taps: sigma = sqrt(n (k^2 - 1) / 12), and the image's border does not change it."""
    field = 1 + layers * (k - 1)
    graph = cnncalc.parse(LINEAR.format(n=n, k=k, layers=layers))
    (axis,) = effective(graph, graph.output)

    assert math.sqrt(layers * (k * k - 1) / 12) == pytest.approx(axis.sigma, rel=1e-9)
    assert (field, field, False) == (axis.field.size, int((axis.profile > 0).sum()), axis.cut)


# fmt: off
CHAINS = [
    # (kind and kernel, stride, dilation) of each layer
    [("conv", 3, 2, 1), ("conv", 3, 1, 1), ("conv", 5, 2, 1)],
    [("conv", 7, 2, 1), ("maxpool", 3, 2, 1), ("conv", 3, 1, 2), ("avgpool", 2, 2, 1)],
    [("conv", 3, 1, 4), ("l2pool", 2, 3, 1), ("conv", 4, 1, 1)],
]
# fmt: on


@pytest.mark.parametrize("chain", CHAINS)
def test_strides_and_dilations_stretch_a_layer(chain: Sequence[tuple[str, int, int, int]]) -> None:
    """The variances add up: (k^2 - 1) / 12 x (dilation x jump)^2 of each layer, a pool like a convolution."""
    text, variance, jump = "input: [2, 90]\nnet:\n", 0.0, 1
    for kind, k, stride, dilation in chain:
        out = "out: 3, " if kind == "conv" else ""
        spread = "" if kind == "avgpool" else f", dilation: {dilation}"
        text += f"  - {{{kind}: {{{out}kernel: {k}, stride: {stride}{spread}}}}}\n  - relu\n"
        variance += (k * k - 1) / 12 * (dilation * jump) ** 2
        jump *= stride
    (axis,) = effective(graph := cnncalc.parse(text), graph.output)

    assert math.sqrt(variance) == pytest.approx(axis.sigma, rel=1e-9)


def test_vgg16() -> None:
    """Thirteen convolutions at the jumps 1 to 16 and five pools of two taps."""
    variance = 2 / 3 * sum(n * jump**2 for n, jump in [(2, 1), (2, 2), (3, 4), (3, 8), (3, 16)])
    variance += 1 / 4 * sum(jump**2 for jump in (1, 2, 4, 8, 16))

    assert [math.sqrt(variance)] * 2 == pytest.approx(
        [axis.sigma for axis in effective(cnncalc.load("vgg16"), "pool5")]
    )


CUT = {"alexnet_owt"}
"""An adaptive pool makes six parts of any image: it cannot be larger."""


@pytest.mark.parametrize("name", list(zoo.names()))
def test_every_network_of_the_zoo_has_one(name: str) -> None:
    """On each axis sigma is less than that of a flat field, and nothing is cut."""
    graph = cnncalc.load(name).inference
    last = cnncalc.last_map(graph, cnncalc.receptive_fields(graph))
    if last is None:
        return
    for axis in effective(graph, last):
        assert axis.sigma < math.sqrt((axis.field.size**2 - 1) / 12) + 1e-9
        assert (name in CUT) == axis.cut
        assert pytest.approx(1) == axis.profile.sum()


BRANCHED = """
input: [4, 40, 52]
net:
  - {conv: {out: 8, kernel: [3, 5], stride: [1, 2], padding: half, act: relu6, norm: batchnorm}}
  - concat:
      wide: [{conv: {out: 4, kernel: [1, 7], padding: half}}, {conv: {out: 4, kernel: [7, 1], padding: half}}]
      narrow: [{pointwise: 6}]
      pooled: [{maxpool: {kernel: 3, stride: 1, padding: half}}, {depthwise: {kernel: 3, padding: half}}]
  - {channel_shuffle: 2}
  - {conv: {out: 6, kernel: 3, stride: 2, groups: 2}, as: before}
  - add: [[{conv: {out: 6, kernel: 3, padding: half}}, tanh], prev]
  - mul: [prev, [globalavgpool, {conv: {out: 6, kernel: 1}}, sigmoid]]
  - {maxout: 2}
  - {upconv: {out: 3, kernel: 4, stride: 2, padding: 1}}
  - {upsample: {scale: 2, mode: bilinear}}
"""


def test_axes_are_worked_out_apart_as_together() -> None:
    """All windows are boxes, so that one axis does not change the other."""
    graph = cnncalc.parse(BRANCHED)
    place = tuple(n // 2 for n in graph.output_shape[1:])
    room = Room(upstream(graph, graph.output), place, (0, 0))
    apart, together = (_alike(room, graph.output, apart=apart) for apart in (True, False))

    assert set(apart) == set(together)
    for key, profile in apart.items():
        np.testing.assert_allclose(together[key], profile, rtol=1e-9, atol=1e-12)


def test_it_is_the_gradient_of_pytorch() -> None:
    """Mean weights, means for maxima and no activations, by autograd."""
    torch = pytest.importorskip("torch", reason="no torch: pip install torch==2.13.0")

    def convolved(x, out: int, kernel: Sequence[int], stride: int = 1, groups: int = 1):
        read = x.shape[1] // groups
        weight = torch.full((out, read, *kernel), 1 / (read * math.prod(kernel)), dtype=x.dtype)
        return torch.nn.functional.conv2d(x, weight, None, stride, tuple(k // 2 for k in kernel), 1, groups)

    x = torch.ones(1, 3, 41, 37, dtype=torch.float64, requires_grad=True)
    first = convolved(x, 4, (3, 5), 2)
    branches = torch.cat([convolved(first, 2, (1, 7)), torch.nn.functional.avg_pool2d(first, 3, 1, 1)], 1)
    last = convolved(branches, 6, (3, 3), 1, 2) + convolved(branches, 6, (1, 1))
    last[0, :, 10, 9].sum().backward()
    total = x.grad[0].sum(0).numpy()
    graph = cnncalc.parse(
        "input: [3, 41, 37]\ndefaults: {conv: {padding: half}}\nnet:\n"
        "  - {conv: {out: 4, kernel: [3, 5], stride: 2, act: relu}}\n"
        "  - concat: [[{conv: {out: 2, kernel: [1, 7]}}, elu], [{maxpool: {kernel: 3, stride: 1, padding: 1}}]]\n"
        "  - add: [[{conv: {out: 6, kernel: 3, groups: 2, act: relu}}], [{pointwise: 6}, sigmoid]]\n"
    )
    for axis in effective(graph, graph.output, unit=(10, 9)):
        profile = total.sum(axis=1 - axis.axis) / total.sum()
        np.testing.assert_allclose(axis.profile, profile[axis.first : axis.first + len(axis.profile)], rtol=1e-9)
        assert pytest.approx(1) == axis.profile.sum()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
@example(
    "input: [1, 3]\nnet:\n  - {pad: {padding: 1, mode: replicate}}\n"
    "  - {mul: {other: [globalavgpool, {pointwise: 1}, sigmoid], map: [{slice: {axis: length, stop: 1}}]}}\n"
)
@example(
    "input: [1, 3, 3]\nnet:\n  - {conv: {out: 4, kernel: 3, padding: half}}\n"
    "  - {mul: {other: [globalavgpool, {pointwise: 4}, sigmoid], map: [{slice: {axis: height, stop: 1}}]}}\n"
)
@example(
    "input: {a: [1, 3, 3, 3], b: [1, 3, 3, 3]}\nnet:\n  - {sub: {l: a, r: b}}\n"
    "  - {add: {l: [{conv: {out: 4, kernel: [1, 1, 3], padding: half}, share: n}],"
    " r: [relu, {conv: {out: 4, kernel: [1, 1, 3], padding: half}, share: n}]}}\n"
)
def test_random_networks(text: str) -> None:
    """The shares lie in the field and add up to 1; the image goes on beyond its border without changing them."""
    graph = sensible(text).inference
    last = cnncalc.last_map(graph, cnncalc.receptive_fields(graph))
    if last is None:
        return
    place = tuple(n // 2 for n in graph.shapes[last][1:])
    try:
        free, placed = effective(graph, last), effective(graph, last, place)
    except CnncalcError:  # the unit lies in padding or in a hole
        return
    for axis in free:
        positions = np.flatnonzero(axis.profile) + axis.first
        assert pytest.approx(1) == axis.profile.sum()
        edge = graph.inputs[axis.input][1 + axis.axis] - 1  # padding that repeats the edge reads the edge
        assert min(axis.field.first, edge) <= positions.min()
        assert positions.max() <= max(axis.field.last, 0)
    if not any(axis.cut for axis in placed):
        assert [axis.sigma for axis in free] == pytest.approx([axis.sigma for axis in placed], abs=1e-9)


@pytest.mark.parametrize(("kind", "arguments", "inputs", "weights", "_"), BY_HAND, ids=[row[0] for row in BY_HAND])
def test_no_layer_takes_anything_away(kind, arguments, inputs, weights, _) -> None:
    """With weights all alike no gradient is negative, whatever the kind, and none asks for values."""
    arrays = tuple(np.zeros(np.shape(x)) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    output = np.zeros(layer.output(*(x.shape for x in arrays)))
    for share in local(rule_of(layer))(layer, arrays, output, {}, np.ones(output.shape)):
        assert np.isfinite(share).all()
        assert (share >= 0).all()


@pytest.mark.parametrize("scheme", ["he", "glorot"])
def test_random_layers_come_near_the_same_sigma(scheme: str) -> None:
    """The mean square of the gradient over draws of random weights has the same sigma, within the noise."""
    graph = cnncalc.parse(
        "input: [4, 81]\nnet:\n  - {conv: {out: 16, kernel: 3, padding: half, bias: false}, repeat: 10}\n"
    )
    (axis,) = effective(graph, graph.output, scheme=scheme, draws=40)

    assert math.sqrt(10 * 8 / 12) == pytest.approx(axis.sigma, rel=0.1)


def test_draws_are_the_mean_of_their_seeds() -> None:
    """Two draws from seed 3 are those of seed 3 and of seed 4."""
    graph = cnncalc.parse(
        "input: [1, 9]\nnet:\n  - {conv: {out: 2, kernel: 3}}\n  - relu\n  - {conv: {out: 2, kernel: 3}}\n"
    )
    ((both,), (same,), (other,)) = (
        effective(graph, graph.output, scheme="he", draws=draws, seed=seed) for draws, seed in ((2, 3), (2, 3), (2, 4))
    )

    assert both.sigma == same.sigma
    assert both.sigma != other.sigma


def test_a_scheme_must_be_known() -> None:
    """The nearest is suggested."""
    graph = cnncalc.parse(LINEAR.format(n=9, k=3, layers=1))
    with pytest.raises(CnncalcError, match="no effective field has weights `hee`"):
        effective(graph, graph.output, scheme="hee")


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


def test_a_unit_at_the_border_is_cut() -> None:
    """A unit that is named lies where it lies: the corner sees half of a field, and what comes from padding is lost."""
    graph = cnncalc.parse(LINEAR.format(n=9, k=3, layers=1))
    (axis,) = effective(graph, graph.output, unit=(0,))

    assert (True, 0, [0.5, 0.5]) == (axis.cut, axis.first, list(axis.profile))


TWO_INPUTS = """
input: {left: [1, 40], right: [2, 40]}
net:
  - {conv: {out: 2, kernel: 3, padding: half}, as: a, from: left}
  - {conv: {out: 2, kernel: 7, padding: half}, as: b, from: right}
  - add: [a, b]
"""


def test_each_input_has_its_own() -> None:
    """The two branches see 3 and 7 positions of their inputs; a branch alone has one input."""
    graph = cnncalc.parse(TWO_INPUTS)
    found = effective(graph, graph.output)

    assert [("left", 3, math.sqrt(8 / 12)), ("right", 7, 2.0)] == [
        (axis.input, axis.field.size, pytest.approx(axis.sigma)) for axis in found
    ]
    assert ["right"] == [axis.input for axis in effective(graph, "b")]


DEAD = "input: [1, 9]\nnet:\n  - {conv: {out: 1, kernel: 3, bias: true}}\n  - relu\n  - {abs: }\n"
HOLE = "input: [1, 8]\nnet:\n  - {upconv: {out: 1, kernel: 1, stride: 3}}\n"


def test_a_unit_that_no_pixel_moves_is_an_error() -> None:
    """It says why: a hole of an upconv, or a ReLU in every draw."""
    hole, dead = cnncalc.parse(HOLE), cnncalc.parse(DEAD)

    with pytest.raises(CnncalcError, match=r"no pixel moves unit 1 of .*in a hole of an upconv"):
        effective(hole, hole.output, unit=(1,))
    with pytest.raises(CnncalcError, match=r"no pixel moves unit 3 of .*as behind a ReLU"):
        effective(dead, dead.output, scheme="he", draws=2, seed=2)


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def line(tmp_path: Path) -> str:
    """Ten layers of three taps on 61 positions."""
    spec = tmp_path / "line.yaml"
    spec.write_text(LINEAR.format(n=61, k=3, layers=10), encoding="utf-8")
    return str(spec)


def test_the_command_shows_sigma_beside_the_theoretical_size(line: str) -> None:
    """`receptive-field --effective` prints size and sigma per axis, and the shape is symmetric."""
    code, out, _ = command(line, "--effective")
    (row,) = [text for text in out.splitlines() if text.startswith("  length")]
    shape = row[row.index("[") + 1 : row.index("]")]

    assert (0, "21   2.58           0.492    30.0") == (code, row[: row.index("[")].split(maxsplit=1)[1].strip())
    assert shape == shape[::-1]
    assert (21, 10) == (len(shape), shape.index("█"))


def test_json_and_csv_have_the_share_of_every_position(line: str) -> None:
    """They add up to 1, and give the sigma and the centre that are printed."""
    found = as_json(line)
    (axis,) = found["axes"]
    rows = list(csv.DictReader(io.StringIO(command(line, "--effective", "--format", "csv")[1])))
    shares = [float(row["share"]) for row in rows]
    positions = [int(row["position"]) for row in rows]

    assert ("cnncalc.effective/1", [30], "ones", None) == tuple(
        found[key] for key in ("schema", "unit", "init", "seed")
    )
    assert (21, [20, 40], 61, False) == tuple(axis[key] for key in ("size", "field", "image", "cut"))
    assert math.sqrt(10 * 8 / 12) == pytest.approx(axis["sigma"])
    assert (axis["profile"]["first"], axis["profile"]["shares"]) == (positions[0], shares)
    assert list(range(20, 41)) == positions
    assert 1 == pytest.approx(sum(shares))
    assert axis["sigma"] ** 2 == pytest.approx(
        sum(share * (at - axis["centre"]) ** 2 for share, at in zip(shares, positions, strict=True))
    )


@pytest.mark.parametrize(
    ("arguments", "unit", "seed"),
    [(["--unit", "0,1"], [0, 1], None), (["--init", "he", "--draws", "2"], [2, 2], 0), (["--at", "C3"], [5, 5], None)],
)
def test_options_of_the_effective_field(arguments: list[str], unit: list[int], seed: int | None) -> None:
    """--unit, --at, --init and --draws are in the answer."""
    found = as_json("lenet5", *arguments)

    assert (unit, seed) == (found["unit"], found["seed"])


# fmt: off
NO_EFFECT = [
    ("--effective --top 3",       "`--top` changes nothing beside `--effective`"),
    ("--effective --sort size",   "`--sort` changes nothing beside `--effective`"),
    ("--effective --depth 1",     "`--depth` changes nothing beside `--effective`"),
    ("--effective --plot",        "`--plot` changes nothing beside `--effective`"),
    ("--effective --batch 2",     "no option `--batch`"),
    ("--effective --seed 1",      "with weights all alike nothing is drawn\n   = help: --init he"),
    ("--effective --init hee",    "no effective field has weights `hee`\n   = help: did you mean `he`?"),
    ("--effective --unit 9,9",    "`--unit 9,9` lies outside S4, which is 5x5"),
    ("--effective --at F6",       "the units of F6 have no position on the input\n   = help: name a map with --at"),
    ("--seed 1",                  "`--seed` changes nothing without `--effective`"),
    ("--at S4",                   "`--at` changes nothing without `--effective` or `--unit`"),
    ("--unit 0,0 --plot",         "`--plot` changes nothing beside `--unit`"),
    ("--plot --top 2",            "`--top` changes nothing beside `--plot`"),
]
# fmt: on


@pytest.mark.parametrize(("options", "message"), NO_EFFECT, ids=[row[0] for row in NO_EFFECT])
def test_no_option_is_ignored(options: str, message: str) -> None:
    """What would change nothing, or is wrong, is refused with exit code 2."""
    code, out, err = command("lenet5", *options.split())

    assert (2, "") == (code, out)
    assert message in err


def test_signs_that_stdout_does_not_have_are_drawn_with_others() -> None:
    """Where stdout is ASCII the bars are too."""
    for options in (["lenet5", "--effective"], ["resnet50", "--plot"]):
        done = subprocess.run(
            [sys.executable, "-m", "cnncalc", "receptive-field", *options],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=True,
        )

        assert b"#" in done.stdout
        assert b"\\u" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (["resnet50"], "the image is taken to go on there"),
        (["resnet50", "--unit", "0,0"], "cut at the border of the image"),
        (["efficientnet_b0"], "paths that look at the whole input are left out"),
        (["resnet20_cifar", "--init", "he", "--draws", "1"], "weights drawn (he, seed 0), images of normal noise"),
    ],
)
def test_conventions_are_printed(arguments: list[str], note: str) -> None:
    """What sigma is of stands under the table."""
    assert note in command(*arguments, "--effective")[1]


def test_what_cannot_fit_is_refused_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """No weight is drawn."""
    monkeypatch.setattr("cnncalc.kernels.weights.initial", None)
    monkeypatch.setattr("cnncalc.affordable.installed", lambda: 10**6)
    for options in (["--init", "he"], ["--unit", "0,0"], ["--input", "3,224,9000000"]):
        code, _, err = command("vgg16", "--effective", *options)

        assert 2 == code
        assert "all activations and their gradients of vgg16 take" in err
