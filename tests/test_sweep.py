"""Sweeps: every figure of a point is what the spec gives for that point alone."""

# ruff: noqa: RUF005 - tables of whole messages

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cnncalc.analyses.figures import Figures, NoFigure
from cnncalc.analyses.subject import value
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.language.load import parse
from cnncalc.quantities import quantity
from cnncalc.spelling import spelled
from cnncalc.sweeping.columns import column
from cnncalc.sweeping.engine import all_rows
from cnncalc.sweeping.evaluate import Evaluator
from cnncalc.sweeping.grid import grid, variable
from cnncalc.sweeping.plan import plan
from cnncalc.sweeping.select import conditions, front, goals, kept

ROOT = Path(__file__).parents[1]
PAPERS = list(csv.DictReader((ROOT / "tests" / "data" / "networks.csv").read_text(encoding="utf-8").splitlines()))

EVERYTHING = [
    *("params", "macs", "weight_bytes", "activations", "peak_activations"),
    *("receptive_field", "stride", "output.channels", "output.height"),
]


def swept(spec: str, *texts: str, columns: list[str] | None = None) -> tuple[Evaluator, Any]:
    """The evaluator of a sweep and all its rows."""
    evaluator = Evaluator(plan(spec, grid(texts), columns or ["params", "macs"], "fp32", {}, None))
    return evaluator, evaluator.rows(0, evaluator.plan.grid.count)


def alone(evaluator: Evaluator, point: int) -> list[Any] | None:
    """The figures of one point, by plain integers and fractions; None where there is no network."""
    values = evaluator.plan.grid.at(point)
    axes = {name: value for name, value in values.items() if name.partition(".")[0] == "input"}
    chosen = {name: value for name, value in values.items() if name not in axes}
    try:
        shapes = lambda inputs: evaluator.shapes(inputs, axes)  # noqa: E731 - what --input does, in plain numbers
        graph = parse(evaluator.plan.text, set={**evaluator.plan.fixed, **chosen}, input=shapes).inference
        return [figure_or_none(graph, name) for name in evaluator.plan.columns]
    except CnncalcError:
        return None


def figure_or_none(graph: Any, name: str) -> Any:
    """A figure of one network; None where it has none."""
    try:
        return value(Figures(graph), column(name))
    except NoFigure:
        return None


def by_point(evaluator: Evaluator, rows: Any) -> dict[int, list[Any]]:
    """Point -> its figures in the sweep."""
    whole = evaluator.plan.grid
    points = sum(rows.values[one.name] * stride for one, stride in zip(whole.variables, whole.strides, strict=True))
    columns = [rows.columns[name].tolist() for name in evaluator.plan.columns]
    return {point: [column[place] for column in columns] for place, point in enumerate(points.tolist())}


# fmt: off
NETWORKS = [
    ("mobilenet_v1",       ["width=0.25:1:0.25", "input=120:136:4"]),
    ("mobilenet_v1",       ["width=0.01:0.3:0.04", "input=1:20:3"]),
    ("mobilenet_v2",       ["width=0.1:1.4:0.1", "input=96,101"]),
    ("resnet50",           ["width=1:40:13", "input=1:64:9"]),
    ("resnet_cifar",       ["depth=2:21", "input=32"]),
    ("resnext50_32x4d",    ["cardinality=1:20:3", "group_width=1:4"]),
    ("densenet121",        ["growth=1:9:4", "input=32,64"]),
    ("unet",               ["input=180:200:2"]),
    ("shufflenet_v2",      ["width=0.5,2", "input=96:160:32"]),
    ("efficientnet_b0",    ["width=0.5:2:0.5", "input.height=200:210:5", "input.width=200:208:4"]),
]
# fmt: on


@pytest.mark.parametrize(("spec", "texts"), NETWORKS, ids=[f"{s} {' '.join(t)}" for s, t in NETWORKS])
def test_a_sweep_is_what_its_points_are_alone(spec: str, texts: list[str]) -> None:
    """Every figure of every point, valid or not, against the expansion in plain numbers."""
    evaluator, rows = swept(spec, *texts, columns=EVERYTHING)
    found = by_point(evaluator, rows)
    for point in range(0, evaluator.plan.grid.count, max(1, evaluator.plan.grid.count // 12)):
        assert alone(evaluator, point) == found.get(point), evaluator.plan.grid.at(point)

    assert evaluator.plan.grid.count == rows.count + rows.invalid


# --- random specs --------------------------------------------------------------------------------------------------

sizes = st.sampled_from(
    ["$w", "8 * $w", "$w * $m", "floor(16 * $m)", "ceil($w * $m)", "round(10 * $m)", "divisible(24 * $m, 8)"]
    + [
        "max($w, 6)",
        "min(4 * $w, 20)",
        "$w if $w > 3 else 12",
        "$w // 2 + 1",
        "$w % 3 + 1",
        "4 * $m",
        "$w ** 2",
    ]
    + ["$prev.channels", "$in.channels // 2", "divisible($w * $m * 5, 4, 4)"]
)
layers = st.one_of(
    st.builds(
        lambda out, k, s, p: f"{{conv: {{out: '{out}', kernel: {k}, stride: {s}, padding: {p}}}}}",
        sizes,
        st.sampled_from(["1", "3", "'$w % 3 + 1'"]),
        st.sampled_from(["1", "2", "'1 if $m > 1 else 2'"]),
        st.sampled_from(["0", "1", "half", "same"]),
    ),
    st.builds(
        lambda k, r: f"{{maxpool: {{kernel: {k}, stride: 2, round: {r}}}}}",
        st.integers(2, 3),
        st.sampled_from(["floor", "ceil"]),
    ),
    st.builds(
        lambda g: f"{{conv: {{out: 24, kernel: 1, groups: {g}}}}}",
        st.sampled_from(["2", "$w", "$prev.channels"]),
    ),
    st.builds(
        lambda out, when: f"{{pointwise: '{out}', when: {when}}}",
        sizes,
        st.sampled_from(["$w > 4", "$m == 1", "$prev.height > 9"]),
    ),
    st.builds(
        lambda out, n: f"{{pointwise: '{out}', repeat: {n}}}",
        sizes,
        st.sampled_from(["2", "$w % 3", "'$w // 3'"]),
    ),
    st.builds(lambda out: f"{{add: {{a: [{{pointwise: '{out}'}}], b: [{{pointwise: $w}}]}}}}", sizes),
    st.builds(lambda out: f"{{concat: [[{{pointwise: '{out}'}}], prev]}}", sizes),
    st.builds(lambda out: f"{{add: [prev, [globalavgpool, {{pointwise: '{out}'}}]]}}", sizes),
    st.sampled_from(
        [
            "relu",
            "batchnorm",
            "{depthwise: {kernel: 3, padding: 1}}",
            "{upsample: 2}",
            "{channel_shuffle: $w}",
        ]
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(layers, min_size=1, max_size=5), st.data())
def test_random_specs_give_the_same_numbers_in_a_sweep_as_alone(steps: list[str], data: st.DataObject) -> None:
    """Arrays and integers agree at every point, and leave out the same points."""
    net = "\n".join(f"  - {step}" for step in steps)
    text = f"input: [3, 8, 8]\nvars: {{w: 4, m: 1}}\nnet:\n{net}\n  - globalavgpool\n  - {{linear: $w, when: $m > 0}}\n"
    path = Path("/tmp") / f"cnncalc-sweep-{abs(hash(text))}.yaml"  # noqa: S108 - removed below
    path.write_text(text, encoding="utf-8")
    columns = ["params", "macs", "peak_activations", "receptive_field"]
    try:
        try:
            evaluator, rows = swept(str(path), "w=1:9", "m=0.25:1.5:0.25", "input=1,7,8,16", columns=columns)
        except CnncalcError as error:
            assert "twice" in str(error) or "not used" in str(error), str(error)
            return
        found = by_point(evaluator, rows)
        for point in data.draw(st.lists(st.integers(0, evaluator.plan.grid.count - 1), min_size=6, max_size=6)):
            assert alone(evaluator, point) == found.get(point), (text, evaluator.plan.grid.at(point))
    finally:
        path.unlink()


# --- decisions -----------------------------------------------------------------------------------------------------


def spec_file(folder: Path, net: str, variables: str = "{w: 4}", shape: str = "[3, 16, 16]") -> str:
    """A spec with these steps, as a file."""
    path = folder / "net.yaml"
    path.write_text(f"input: {shape}\nvars: {variables}\nnet:\n{net}\n", encoding="utf-8")
    return str(path)


def test_a_when_that_differs_splits_the_points(tmp_path: Path) -> None:
    """Both answers are expanded, each for its own points."""
    path = spec_file(
        tmp_path,
        "  - {pointwise: {out: $w, bias: false}}\n  - {pointwise: {out: 1, bias: false}, when: $w > 4}",
    )
    evaluator, rows = swept(path, "w=3:6", columns=["params"])

    assert [9, 12, 20, 24] == rows.columns["params"].tolist()
    assert evaluator.expansions == 2


CONV = "  - {conv: {out: $w, kernel: 3, padding: 1}}\n"


@pytest.mark.parametrize(
    ("expansions", "net"),
    [
        (1, CONV + "  - linear: 10"),
        (1, CONV + "  - globalavgpool\n  - linear: 10"),
        (1, CONV + "  - globalavgpool\n  - flatten\n  - {reshape: [4, 1, 1]}\n  - {upsample: {size: [7, 7]}}"),
        (4, CONV + "  - {upsample: {size: [7, 7]}}"),
        (4, CONV + "  - {adaptiveavgpool: 3}"),
    ],
)
def test_sizes_split_the_points_of_a_receptive_field_only_where_it_hangs_on_them(
    tmp_path: Path, expansions: int, net: str
) -> None:
    """Nobody has a place in a vector or behind a global pool; what is made of n positions there sees all alike."""
    evaluator, rows = swept(spec_file(tmp_path, net), "input=20:26:2", columns=["receptive_field"])

    assert [alone(evaluator, point)[0] for point in range(4)] == rows.columns["receptive_field"].tolist()  # type: ignore[index]  # all are networks
    assert expansions == evaluator.expansions


def test_points_without_a_network_are_left_out_and_counted(tmp_path: Path) -> None:
    """12 channels have 1, 2, 3, 4, 6 groups; the others are invalid, with the reason of the first."""
    path = spec_file(tmp_path, "  - {conv: {out: 12, kernel: 1, groups: $w}}", shape="[12, 4, 4]")
    _, rows = swept(path, "w=1:6", columns=["params"])

    assert [0, 1, 2, 3, 5] == rows.values["w"].tolist()
    assert 1 == rows.invalid
    assert "5 groups do not divide the 12 input channels" in next(iter(rows.reasons))


@pytest.mark.parametrize(("name", "step"), [("when", "$w > 4"), ("repeat", "$w")])
def test_every_path_is_found_whatever_point_comes_first(tmp_path: Path, name: str, step: str) -> None:
    """A sweep downwards gives the figures of the sweep upwards."""
    path = spec_file(tmp_path, f"  - {{pointwise: 5, {name}: {step}}}\n  - {{pointwise: 2}}")
    up, down = (swept(path, text)[1].columns["params"].tolist() for text in ("w=1:7", "w=7:1:-1"))

    assert up == down[::-1]


def test_numbers_above_2_to_the_62_are_refused(tmp_path: Path) -> None:
    """int64 would wrap without a word: those points are left out and counted, the others stand."""
    path = spec_file(tmp_path, "  - {conv: {out: $w, kernel: 3, padding: 1}}")
    evaluator, rows = swept(path, "w=4,8", "input=1000,1000000000")

    assert [108 * 10**6, 216 * 10**6] == rows.columns["macs"].tolist()
    assert {"a number there is above 2^62, and a sweep counts in 64 bits": 2} == rows.reasons
    assert (evaluator.plan.grid.count, rows.invalid) == (4, 2)


def test_the_only_point_above_2_to_the_62_is_refused(tmp_path: Path) -> None:
    """A figure that is the same at every point of a block is one too."""
    path = spec_file(tmp_path, "  - {conv: {out: $w, kernel: 3, padding: 1}}")
    _, rows = swept(path, "w=4", "input=2000000000")

    assert (rows.columns["macs"].tolist(), rows.invalid, sum(rows.reasons.values())) == ([], 1, 1)


def test_points_near_the_limit_are_exact(tmp_path: Path) -> None:
    """Figures between 2^53 and 2^62 are integers to the last digit."""
    path = spec_file(tmp_path, "  - {conv: {out: $w, kernel: 3, padding: 1, bias: false}}")
    _, rows = swept(path, "w=1,3", "input=99999999")

    assert [27 * 99999999**2, 81 * 99999999**2] == rows.columns["macs"].tolist()


def test_a_block_boundary_changes_nothing() -> None:
    """Rows are the same however the points are cut."""
    evaluator, whole = swept("mobilenet_v2", "width=0.1:2:0.01", "input=32:288:2")
    halves = [Evaluator(evaluator.plan).rows(a, b) for a, b in ((0, 7001), (7001, evaluator.plan.grid.count))]
    joined = np.concatenate([half.columns["macs"] for half in halves])

    assert (whole.columns["macs"] == joined).all()


# --- papers --------------------------------------------------------------------------------------------------------


def test_mobilenets_tables_6_and_7_are_one_sweep() -> None:
    """Width and resolution multipliers of MobileNet, parameters and MACs."""
    _, rows = swept("mobilenet_v1", "width=0.25:1:0.25", "input=128,160,192,224")
    found = {
        (spelled(Fraction(w + 1, 4)), (128, 160, 192, 224)[i]): (p, m)
        for w, i, p, m in zip(*(v.tolist() for v in (*rows.values.values(), *rows.columns.values())), strict=True)
    }
    printed = [row for row in PAPERS if row["network"].startswith("MobileNetV1")]

    assert 7 == len(printed)
    for row in printed:
        width, side = row["network"].split()[1].split("-")
        assert (int(row["computed_params"]), int(row["computed_macs"])) == found[f"{float(width):g}", int(side)]


def test_mobilenet_v2_in_the_paper_is_a_point_of_its_sweep() -> None:
    """Width 1 at 224, and the figures that its authors publish for other widths (millions, slim's README)."""
    _, rows = swept("mobilenet_v2", "width=0.35,0.5,0.75,1,1.4", "input=96,128,160,192,224")
    millions = (rows.columns["macs"] / 1e6).round().astype(int).reshape(5, 5).tolist()

    assert (3504872, 300774272) == (rows.columns["params"][19], rows.columns["macs"][19])
    assert [97, 209, 301, 582] == [millions[w][4] for w in (1, 2, 3, 4)]


# --- what is chosen ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300M", 300_000_000),
        ("2.5k", 2500),
        ("64KiB", 65536),
        ("1_000", 1000),
        ("1.5GB", 1_500_000_000),
        (".5", Fraction(1, 2)),
    ],
)
def test_figures_have_units(text: str, value: Any) -> None:
    """k is 1000, Ki is 1024."""
    assert value == quantity(text)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("macs < 41030272", 3),
        ("macs <= 41030272", 4),
        ("width == 0.5 and input >= 160", 3),
        ("20M < macs < 100M", 5),
        ("0.3 < width <= 0.75", 8),
    ],
)
def test_conditions_are_exact(where: str, expected: int) -> None:
    """Rational variables and figures are compared without rounding."""
    texts = ["width=0.25:1:0.25", "input=128,160,192,224"]
    _, rows = swept("mobilenet_v1", *texts)

    assert expected == kept(rows, conditions([where], grid(texts)), grid(texts)).count


@given(
    st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=40),
    st.sampled_from(["params", "params,macs", "params,macs,flops", "params,macs:max"]),
)
def test_the_front_is_what_no_point_beats(points: list[tuple[int, ...]], goal: str) -> None:
    """Against the definition, for one, two and three goals."""
    from cnncalc.sweeping.rows import Rows

    whole = grid([f"w=0:{len(points)}"])
    columns = {name: np.array([point[k] for point in points]) for k, name in enumerate(("params", "macs", "flops"))}
    rows = Rows({"w": np.arange(len(points))}, columns)
    wanted = goals(goal, whole)
    table = [[columns[g.name][k] * (-1 if g.largest else 1) for g in wanted] for k in range(len(points))]
    best = {
        k
        for k, ours in enumerate(table)
        if not any(all(a <= b for a, b in zip(theirs, ours, strict=True)) and theirs != ours for theirs in table)
    }

    assert best == set(front(rows, wanted, whole).values["w"].tolist())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("w=0.25:1:0.25", ["0.25", "0.5", "0.75", "1"]),
        ("w=1:4", ["1", "2", "3", "4"]),
        ("w=4:1:-2", ["4", "2"]),
        ("w=relu,relu6", ["relu", "relu6"]),
        ("w=[3,4],[5,6]", ["[3,4]", "[5,6]"]),
        ("w=true,false", ["true", "false"]),
        ("w=0.1:0.35:0.1", ["0.1", "0.2", "0.3"]),
    ],
)
def test_values_are_read_as_they_are_typed(text: str, values: list[str]) -> None:
    """Ranges include their end where it is hit; lists, words and booleans are values too."""
    assert values == [spelled(value) for value in variable(text).values]


# --- the command ---------------------------------------------------------------------------------------------------


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    """What the command prints on stdout and stderr."""
    ran = subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert code == ran.returncode, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout, ran.stderr


# fmt: off
REFUSED = [
    (["mobilenet_v1", "wdith=1:2"],                          "error: mobilenet_v1.yaml has no variable `wdith`\n   = help: did you mean `width`?\n"),
    (["resnet50", "input=224:128"],                          "error: the range `input=224:128` is empty: 224 is above 128\n   = help: for instance input=128:224\n"),
    (["resnet50", "input=1:2:0"],                            "error: `input=1:2:0` has steps of 0\n"),
    (["resnet50", "input="],                                 "error: `input` has no values\n   = help: for instance input=0.25:1.5:0.25, or input=1,2,4\n"),
    (["resnet50", "input=0,32"],                             "error: a size of the input is a whole number from 1 to 2^31, and `input` takes 0\n"),
    (["resnet50", "input=32,32"],                            "error: `input` has the value 32 twice\n"),
    (["resnet50"],                                           "error: nothing to sweep\n   = help: for instance cnncalc sweep resnet50 input=128,160,192,224\n"),
    (["resnet50", "input=128", "--columns", "parms"],        "error: no column `parms`\n   = help: did you mean `params`?\n"),
    (["resnet50", "input=128", "--where", "macs"],           "error: `macs` is no condition\n   = help: for instance --where 'macs < 300M'\n"),
    (["resnet50", "input=128", "--where", "macs < 3m"],      "error: no unit `m` for this number\n   = help: write 3M\n"),
    (["resnet50", "input=128", "--format", "cvs"],           "error: no format `cvs`\n   = help: did you mean `csv`?\n"),
    (["resnet50", "input=128", "--engine", "desk"],          "error: no engine `desk`\n   = help: did you mean `dask`?\n"),
    (["resnet50", "input=128", "--format", "parquet"],       "error: Parquet goes to a file\n   = help: --output points.parquet, or a folder: --output points/\n"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=[" ".join(a) for a, _ in REFUSED])
def test_bad_input_is_refused_in_one_message(arguments: list[str], message: str) -> None:
    """The whole text on stderr, exit code 2."""
    assert message == run("sweep", *arguments, code=2)[1]


def test_no_point_that_satisfies_is_exit_code_1_as_in_fit() -> None:
    """A limit that nothing holds is no wrong input; the closest point is told."""
    _, errors = run("sweep", "resnet50", "input=128,224", "--where", "macs < 1k", code=1)

    said = "error: no point satisfies macs < 1k\n   = help: `macs` is 1,336,623,104 at the closest point, input=128\n"
    assert said == errors
    assert run("fit", "resnet50", "--vary", "input", "--max", "macs=1k", code=1)[1].startswith(
        "error: no setting holds"
    )


def test_a_sweep_without_a_valid_point_shows_the_first_reason() -> None:
    """The spec's own message, with its place."""
    _, errors = run("sweep", "unet", "input=10:12", code=2)

    assert errors.startswith("error: `conv`: the window spans 3 positions")
    assert errors.endswith("error: none of the 3 points is a network: 2 because of the error above\n")


def test_formats_agree() -> None:
    """CSV, JSON lines and JSON hold the same rows."""
    arguments = ["sweep", "mobilenet_v2", "width=0.35,0.5", "input=96,128", "--columns", "macs,stride"]
    rows = list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv")[0])))
    lines = [json.loads(line) for line in run(*arguments, "--format", "jsonl")[0].splitlines()]
    whole = json.loads(run(*arguments, "--format", "json")[0])

    assert whole["points"] == lines
    assert [{k: str(v) for k, v in line.items()} for line in lines] == rows
    assert "cnncalc.sweep/1" == whole["schema"]


def test_a_killed_sweep_resumes(tmp_path: Path) -> None:
    """Parts that are there are not worked out again; what is lost is, and the rows are the same."""
    arguments = [
        "sweep",
        "resnet50",
        "input=64:163",
        "width=16:25",
        "--part",
        "300",
        "--output",
        f"{tmp_path}/",
    ]
    first = run(*arguments)[1]
    parts = {path.name: path.read_bytes() for path in tmp_path.glob("part-*")}
    (tmp_path / "part-000002.csv").unlink()
    kept = bytes(len(parts["part-000001.csv"]))
    (tmp_path / "part-000001.csv").write_bytes(kept)
    second = run(*arguments)[1]

    assert first.endswith(f"4 parts in {tmp_path}/\n")
    assert second.endswith(f"4 parts in {tmp_path}/, 3 of them from before\n")
    assert parts["part-000002.csv"] == (tmp_path / "part-000002.csv").read_bytes()
    assert kept == (tmp_path / "part-000001.csv").read_bytes()
    assert "holds another sweep" in run(*arguments, "--columns", "params", code=2)[1]


def test_parquet_holds_the_rows(tmp_path: Path) -> None:
    """With pyarrow; the figures are int64."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    run("sweep", "mobilenet_v1", "width=0.5,1", "--output", str(tmp_path / "points.parquet"))
    table = parquet.read_table(tmp_path / "points.parquet").to_pydict()

    assert {"width": [0.5, 1.0], "params": [1331592, 4231976], "macs": [149497088, 568740352]} == table


def test_a_plot_shows_the_points_and_the_front() -> None:
    """Stars for the front, dots for the rest."""
    drawn, _ = run(
        "sweep",
        "mobilenet_v2",
        "width=0.35:1.4:0.05",
        "input=96:224:32",
        "--pareto",
        "macs,params:max",
        "--plot",
    )

    assert "*" in drawn
    assert "." in drawn.partition(" params\n")[2]


def test_all_rows_is_the_whole_sweep() -> None:
    """The rows of several stretches in order."""
    made = plan("resnet50", grid(["input=64:96"]), ["macs"], "fp32", {}, None)

    assert all_rows(made).columns["macs"].tolist() == all_rows(made, size=7).columns["macs"].tolist()


def test_a_value_beyond_64_bits_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a fault of the tool."""
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(
        "input: [3, 8, 8]\nvars: {w: 4}\nnet: [{conv: {out: $w, kernel: 3}}]\n", encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["sweep", "net.yaml", "w=8,9223372036854775808"])

    assert 2 == done.exit_code
    assert "a value of w is above 2^63" in done.stderr


@pytest.mark.parametrize(
    ("n", "said"),
    [
        ("1,2000000000", "2 points, 1 left out: their figures are too large"),
        ("0,1", "2 points, 1 left out: no network there"),
        ("0,1,2000000000", "3 points, 2 left out: 1 without a network, 1 with figures that are too large"),
        (
            "2000000000,2100000000",
            "none of the 2 points has figures that a sweep can count: 2 because of the error above",
        ),
        ("0,-1", "none of the 2 points is a network: 1 because of the error above"),
    ],
)
def test_a_point_with_too_large_figures_is_a_network_all_the_same(tmp_path: Path, n: str, said: str) -> None:
    """n channels by n channels by 9 taps on 32 x 32: 2e9 makes 3.7e22 MACs."""
    path = spec_file(
        tmp_path, "  - {conv: {out: $w, kernel: 3, padding: 1}}\n  - {conv: {out: $w, kernel: 3, padding: 1}}"
    )
    code = 2 if "none" in said else 0

    assert said in run("sweep", str(path), f"w={n}", code=code)[1]
