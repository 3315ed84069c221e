"""Operators of an ONNX file that are not known: all told at once, or taken as layers that are counted nowhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.figures import Figures
from cnncalc.analyses.sameness import same
from cnncalc.budget.check import judge
from cnncalc.budget.reading import option
from cnncalc.cli import app

onnx = pytest.importorskip("onnx")
helper = pytest.importorskip("onnx.helper")

RUN = CliRunner()


@pytest.fixture(name="model")
def with_two_unknown(tmp_path: Path) -> Path:
    """A convolution, an operator of another domain with a shape in the file, one without, and a convolution."""
    weight = helper.make_tensor("w", 1, (8, 3, 3, 3), np.zeros((8, 3, 3, 3), np.float32).tobytes(), raw=True)
    last = helper.make_tensor("v", 1, (4, 8, 1, 1), np.zeros((4, 8, 1, 1), np.float32).tobytes(), raw=True)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "first"),
        helper.make_node("Warp", ["a"], ["b"], "/head/warp", domain="com.example"),
        helper.make_node("Fold", ["b", "a"], ["c"], "/head/fold", domain="com.example"),
        helper.make_node("Conv", ["c", "v"], ["d"], "last"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "net",
        [value("x", 1, ("n", 3, 32, 32))],
        [value("d", 1, ("n", 4, 16, 16))],
        [weight, last],
        value_info=[value("b", 1, ("n", 8, 20, 20))],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_all_that_is_not_known_is_told_in_one_run(model: Path) -> None:
    """With the node, the operator and what it reads; the exit code says that nothing was judged."""
    done = RUN.invoke(app, ["macs", str(model)])

    assert 2 == done.exit_code
    assert "`/head/warp` reads 1x8x30x30" in done.stderr
    assert "Warp" in done.stderr


def test_a_shape_that_the_file_does_not_have_is_asked_for(model: Path) -> None:
    """By the name of the tensor, as the option takes it."""
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(model, allow_unknown=True)

    assert "the file has no shape of `c`: --shape c=1,8,16 gives it" in "\n".join(refused.value.details)


def test_they_are_layers_that_are_counted_nowhere(model: Path) -> None:
    """What lies before and behind them is counted."""
    graph = cnncalc.load(model, allow_unknown=True, shapes={"c": (1, 8, 16, 16)})

    assert ["conv", "unknown", "unknown", "pointwise"] == [node.kind for node in graph.nodes]
    assert [(8, 20, 20), (8, 16, 16)] == [node.output for node in graph.nodes[1:3]]
    assert graph.nodes[2].inputs == (graph.nodes[1].name, graph.nodes[0].name)
    assert 8 * 27 * 900 + 4 * 8 * 256 == cnncalc.macs(graph).total


def test_the_command_says_so(model: Path) -> None:
    """Totals are lower bounds, and each operator is named."""
    done = RUN.invoke(app, ["macs", str(model), "--allow-unknown", "--shape", "c=1,8,16,16"])

    assert 0 == done.exit_code
    assert ">= 202,592" in done.stdout
    assert "2 of 4 layers are not counted: com.example.Warp, com.example.Fold" in done.stdout


WRONG = [
    # the arguments, and what is said
    (["macs", "lenet5", "--allow-unknown"], "lenet5.yaml is a spec"),
    (["macs", "lenet5", "--no-batch"], "are for models of other formats"),
    (["macs", "MODEL", "--shape", "c"], "`--shape c` is no shape of a tensor"),
    (
        ["macs", "MODEL", "--allow-unknown", "--shape", "c=1,8,16,16", "--shape", "z=1,8"],
        "m.onnx has no tensor `z` that is not known",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_has_no_effect_is_refused(arguments: list[str], message: str, model: Path) -> None:
    """An option that is for something else, a shape of nothing."""
    done = RUN.invoke(app, [str(model) if word == "MODEL" else word for word in arguments])

    assert 2 == done.exit_code
    assert message in done.stderr.replace(str(model), "m.onnx")


def test_the_first_axis_may_be_no_batch(tmp_path: Path) -> None:
    """Rows of a matrix are positions then, and no images."""
    weight = helper.make_tensor("w", 1, (80, 20), np.zeros((80, 20), np.float32).tobytes(), raw=True)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph([node], "n", [value("x", 1, (100, 80))], [value("y", 1, (100, 20))], [weight])
    path = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)

    assert 80 * 20 == cnncalc.macs(cnncalc.load(path)).total
    assert 100 * 80 * 20 == cnncalc.macs(cnncalc.load(path, batch=False)).total


@pytest.fixture(name="detector")
def with_a_choice(tmp_path: Path) -> Path:
    """A convolution of two heads, one of them ending in a choice of as many places as there are above 0."""
    weights = [
        helper.make_tensor(name, 1, shape, np.zeros(shape, np.float32).tobytes(), raw=True)
        for name, shape in (("w", (8, 3, 3, 3)), ("v", (4, 8, 1, 1)), ("u", (2, 8, 1, 1)), ("zero", ()))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "trunk"),
        helper.make_node("Conv", ["a", "v"], ["boxes"], "boxes"),
        helper.make_node("Conv", ["a", "u"], ["scores"], "scores"),
        helper.make_node("Greater", ["scores", "zero"], ["mask"], "above"),
        helper.make_node("NonZero", ["mask"], ["places"], "chosen"),
        helper.make_node("Transpose", ["places"], ["rows"], "rows", perm=[1, 0]),
        helper.make_node("GatherND", ["boxes", "rows"], ["found"], "found"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "net", [value("x", 1, (1, 3, 32, 32))], [value("found", 1, ("k",))], weights)
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_a_detector_is_read_up_to_where_values_decide_sizes(detector: Path) -> None:
    """The trunk and both heads are counted, what follows is told, and the ends of what was read are the outputs."""
    graph = cnncalc.load(detector, allow_unknown=True)

    assert 30 * 30 * (8 * 27 + 4 * 8 + 2 * 8) == cnncalc.macs(graph).total
    assert ("NonZero", "Transpose", "GatherND") == graph.behind
    assert {(2, 30, 30), (4, 30, 30)} == {graph.shapes[name] for name in graph.outputs}


def test_totals_of_a_detector_are_lower_bounds(detector: Path) -> None:
    """In the table, in JSON, and for whoever asks without the option."""
    done = RUN.invoke(app, ["summary", str(detector), "--allow-unknown"])
    assert 0 == done.exit_code
    assert "3 operators are left out, where sizes depend on values: NonZero, Transpose, GatherND" in done.stdout
    assert "at least: " in done.stdout
    as_json = RUN.invoke(app, ["macs", str(detector), "--allow-unknown", "--format", "json"])
    assert '"complete": false' in as_json.stdout
    refused = RUN.invoke(app, ["macs", str(detector)])
    assert 2 == refused.exit_code
    assert "NonZero" in refused.stderr


def test_no_limit_of_a_detector_passes_on_what_is_not_known(detector: Path) -> None:
    """Neither of MACs nor of memory; one that is broken already is broken."""
    graph = cnncalc.load(detector, allow_unknown=True)
    for limit in ("macs=1G", "peak_activations=1GB"):
        with pytest.raises(cnncalc.CnncalcError, match="left out"):
            judge([*option("max", limit)], Figures(graph), None, None)
    (finding,) = judge([*option("max", "macs=1k")], Figures(graph), None, None)
    assert "fail" == finding.status


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["check", "--max", "macs=1G"], 2, "left out"),
        (["check", "--max", "macs=1k"], 1, "macs"),
        (["check", "--max", "macs=1k", "--update"], 2, "a lock holds figures that are known"),
        (["lint"], 0, ""),
    ],
)
def test_check_and_lint_allow_what_is_not_known(arguments: list[str], code: int, said: str, detector: Path) -> None:
    """Without the option such a model cannot be judged; with it only a limit that the lower bound breaks is."""
    command, *options = arguments
    asked = RUN.invoke(app, [command, str(detector), *options, "--allow-unknown"])
    assert (code, True) == (asked.exit_code, said in asked.output)
    assert 2 == RUN.invoke(app, [command, str(detector), *options]).exit_code


def test_what_is_converted_has_its_unknown_steps_and_counts_the_same(model: Path, tmp_path: Path) -> None:
    """As a spec they are steps `unknown`; nothing else can be written of them."""
    given = ["--allow-unknown", "--shape", "c=1,8,16,16"]
    spec = tmp_path / "net.cnn.yaml"
    done = RUN.invoke(app, ["convert", str(model), *given, "-o", str(spec)])
    read = cnncalc.load(spec)

    assert (0, "") == (done.exit_code, done.stdout)
    assert ["conv", "unknown", "unknown", "pointwise"] == [node.kind for node in read.nodes]
    assert same(cnncalc.load(model, allow_unknown=True, shapes={"c": (1, 8, 16, 16)}), read)
    assert spec.read_text(encoding="utf-8") == RUN.invoke(app, ["convert", str(spec)]).stdout
    assert same(read, cnncalc.parse(RUN.invoke(app, ["convert", str(model), *given, "--flat"]).stdout))
    assert 202_592 == cnncalc.macs(read).total
    assert ">= 202,592" in RUN.invoke(app, ["macs", str(spec)]).stdout
    assert 2 == RUN.invoke(app, ["convert", str(model)]).exit_code
    refused = RUN.invoke(app, ["convert", str(model), *given, "-o", str(tmp_path / "net.onnx")])
    assert 2 == refused.exit_code
    assert "`unknown`, which ONNX has no operators for" in refused.stderr


def test_a_converted_detector_says_what_is_left_out(detector: Path) -> None:
    """On stderr, and in the source of the spec."""
    done = RUN.invoke(app, ["convert", str(detector), "--allow-unknown"])

    assert "3 operators behind sizes that depend on values are left out" in done.stderr
    assert "3 operators left out" in done.stdout


def test_an_axis_that_is_no_batch_is_asked_for(tmp_path: Path) -> None:
    """Frames by features, and a mean over the frames: the message has the option."""
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[0])
    value = helper.make_tensor_value_info
    graph = helper.make_graph([node], "n", [value("x", 1, (100, 80))], [value("y", 1, None)])
    path = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert "where the first axis of an input is no batch, --no-batch" in refused.value.details[0]
    assert (1, 80) == cnncalc.load(path, batch=False).output_shape


MODEL = ["--allow-unknown", "--shape", "c=1,8,16,16"]


def of_rows(command: list[str], model: Path) -> list[str]:
    """The words of a command about the model, with what is asked of its reader."""
    return [str(model) if word == "MODEL" else word for word in command] + MODEL


@pytest.mark.parametrize(
    "command",
    [
        ["sweep", "MODEL", "input=32"],
        ["fit", "MODEL", "--vary", "input=32:32", "--max", "peak_activations=1GB"],
        ["compare", "MODEL", "lenet5"],
        ["log", "MODEL", "--columns", "params,macs"],
    ],
    ids=lambda command: command[0],
)
def test_figures_of_a_row_are_lower_bounds(command: list[str], model: Path) -> None:
    """The MACs that `macs` has for the two convolutions, as a lower bound for people and as such in JSON."""
    repository = ["git", "-C", str(model.parent)]
    subprocess.run([*repository, "init", "-q"], check=True)
    done = RUN.invoke(app, of_rows(command, model))
    assert 0 == done.exit_code, done.output
    assert ">= 202,592" in done.stdout
    assert "2 of 4 layers are not counted: com.example.Warp, com.example.Fold" in done.stdout
    as_json = json.loads(RUN.invoke(app, [*of_rows(command, model), "--format", "json"]).stdout)
    assert as_json["complete"] is False
    assert 2 == RUN.invoke(app, of_rows(command, model)[: -len(MODEL)]).exit_code


def test_a_network_beside_it_that_is_known_is_whole(model: Path) -> None:
    """Only the row that lacks layers is a lower bound; LeNet-5 has 61,706 parameters and 416,520 MACs (LeCun 1998)."""
    done = RUN.invoke(app, of_rows(["compare", "lenet5", "MODEL"], model))
    assert "61,706" in done.stdout
    assert ">= 61,706" not in done.stdout
    of_each = json.loads(RUN.invoke(app, of_rows(["compare", "lenet5", "MODEL", "-f", "json"], model)).stdout)
    assert [None, False] == [one.get("complete") for one in of_each["networks"]]


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "MODEL", "--vary", "input=32:32", "--max", "macs=1G"],
        ["fit", "MODEL", "--vary", "input=32:32", "--max", "peak_activations=1GB", "--min", "params=1"],
        ["sweep", "MODEL", "input=32", "--where", "macs < 1G"],
    ],
    ids=["max", "min", "where"],
)
def test_nothing_is_held_against_a_lower_bound(command: list[str], model: Path) -> None:
    """As no limit of `check` passes on what is not known."""
    done = RUN.invoke(app, of_rows(command, model))
    assert (2, "") == (done.exit_code, done.stdout)
    assert "is a lower bound, and not known: 2 of 4 layers are not counted" in done.stderr


def test_a_sweep_without_remarks_says_on_stderr_what_is_not_known(model: Path, tmp_path: Path) -> None:
    """Streams, and parts, also where all of them are there from before."""
    done = RUN.invoke(app, of_rows(["sweep", "MODEL", "input=32", "-f", "csv"], model))
    assert "input,params,macs\n32,248,202592\n" == done.stdout
    assert "params, macs are lower bounds: 2 of 4" in done.stderr
    for _ in range(2):
        done = RUN.invoke(app, of_rows(["sweep", "MODEL", "input=32", "-o", f"{tmp_path}/points/"], model))
        assert "params, macs are lower bounds: 2 of 4" in done.stderr
    assert "holds another sweep" in RUN.invoke(
        app, ["sweep", str(model), "input=32", "-o", f"{tmp_path}/points/", *MODEL[:-1], "c=1,8,8,8"]
    ).stderr  # fmt: skip


def test_a_page_has_lower_bounds(model: Path, tmp_path: Path) -> None:
    """At the top and under the table."""
    page = tmp_path / "net.html"
    assert 0 == RUN.invoke(app, of_rows(["report", "MODEL", "lenet5", "-o", str(page)], model)).exit_code
    assert "<dt>MACs</dt><dd>&gt;= 202,592</dd>" in page.read_text()


def test_of_several_networks_one_may_be_a_spec(model: Path) -> None:
    """What is asked of models is asked of those among them, and refused where there is none."""
    assert 0 == RUN.invoke(app, of_rows(["diff", "lenet5", "MODEL"], model)).exit_code
    for command in (["compare", "lenet5", "resnet18"], ["diff", "lenet5", "resnet18"], ["report", "lenet5"]):
        assert "is a spec" in RUN.invoke(app, [*command, "--no-batch"]).stderr
    assert "is a spec" in RUN.invoke(app, ["sweep", "lenet5", "input=32", "--allow-unknown"]).stderr


def test_python_asks_the_reader_too(model: Path) -> None:
    """`sweep`, `fit` and `log` take what `load` takes."""
    asked = {"allow_unknown": True, "shapes": {"c": (1, 8, 16, 16)}}
    assert [202_592] == [row["macs"] for row in cnncalc.sweep(model, {"input": [32]}, **asked).tables[0].rows]
    with pytest.raises(cnncalc.CnncalcError, match="lower bound"):
        cnncalc.fit(model, {"input": [32]}, max={"macs": "1G"}, **asked)


def test_rows_of_positions_are_swept(tmp_path: Path) -> None:
    """A first axis that is no batch: 100 rows of 80 numbers times 80x20 weights."""
    weight = helper.make_tensor("w", 1, (80, 20), np.zeros((80, 20), np.float32).tobytes(), raw=True)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph([node], "n", [value("x", 1, ("t", 80))], [value("y", 1, ("t", 20))], [weight])
    path = tmp_path / "rows.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    done = RUN.invoke(app, ["sweep", str(path), "t=50,100", "--no-batch", "-f", "csv", "-c", "macs"])
    assert f"t,macs\n50,{50 * 80 * 20}\n100,{100 * 80 * 20}\n" == done.stdout


def test_channels_that_were_taken_for_images_are_told(tmp_path: Path) -> None:
    """An image of three channels without a batch, as detectors of torchvision take it: the message has the option."""
    weight = helper.make_tensor("w", 1, (8, 3, 3, 3), np.zeros((8, 3, 3, 3), np.float32).tobytes(), raw=True)
    first = helper.make_tensor("first", 7, (1,), np.zeros(1, np.int64).tobytes(), raw=True)
    nodes = [helper.make_node("Unsqueeze", ["x", "first"], ["a"]), helper.make_node("Conv", ["a", "w"], ["y"])]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "n", [value("x", 1, (3, 32, 32))], [value("y", 1, None)], [weight, first])
    path = tmp_path / "detector.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert "where the first axis of an input is no batch, --no-batch" in refused.value.details[0]
    assert 8 * 27 * 30 * 30 == cnncalc.macs(cnncalc.load(path, batch=False)).total


@pytest.mark.parametrize("command", [["lint"], ["check", "--max", "macs=1G"]], ids=lambda words: words[0])
def test_options_for_models_are_told_where_there_are_specs_alone(tmp_path: Path, command: list[str]) -> None:
    """A hook that is given the files that changed has the same options each time: said, and no error."""
    spec, model = tmp_path / "net.yaml", tmp_path / "m.onnx"
    spec.write_text("input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}]\n")
    layer = helper.make_node("Relu", ["x"], ["y"])
    kinds = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 3, 8, 8)) for name in "xy"]
    onnx.save(helper.make_model(helper.make_graph([layer], "g", kinds[:1], kinds[1:]), ir_version=9), model)
    for more in (["--no-batch"], ["--allow-unknown"], ["--shape", "a=1,2"]):
        alone = RUN.invoke(app, [*command, str(spec), *more])
        assert 0 == alone.exit_code
        assert "--no-batch, --allow-unknown and --shape change nothing here" in alone.stderr
    assert "change nothing" not in RUN.invoke(app, [*command, str(spec), str(model), "--allow-unknown"]).stderr
    assert "change nothing" not in RUN.invoke(app, [*command, str(spec)]).stderr


def test_a_model_whose_output_is_its_input_is_an_identity(tmp_path: Path) -> None:
    """It is read as any other, and its output is the input."""
    path = tmp_path / "m.onnx"
    kinds = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 3, 8, 8)) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", kinds[:1], kinds[1:])
    onnx.save(helper.make_model(graph, ir_version=9), path)
    read = cnncalc.load(path)

    assert [("identity", (3, 8, 8))] == [(node.kind, node.output) for node in read.nodes]
    for command in ("summary", "show", "validate", "memory", "receptive-field", "lint"):
        assert 0 == RUN.invoke(app, [command, str(path)]).exit_code, command
