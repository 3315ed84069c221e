"""Models in ONNX files: what the records say, what is folded, and the figures of whole networks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc
from cnncalc.analyses.figures import Figures
from cnncalc.symbols import symbol

LIGHT = Path(__file__).parent / "data" / "onnx"

FIGURES = {
    # parameters: torchvision's and Caffe's own counts; MACs: from the shapes that onnxruntime made
    "light_bvlc_alexnet": (60_965_224, 654_560_384),
    "light_inception_v1": (6_998_552, 1_431_556_352),
    "light_resnet50": (25_557_032, 4_089_184_256),
    "light_shufflenet": (1_393_320, 124_664_528),
    "light_vgg19": (143_667_240, 19_632_062_464),
    "light_zfnet512": (87_250_536, 1_481_727_008),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_a_model(name: str) -> None:
    """Files without weights, as the onnx package ships them: every parameter and every MAC."""
    graph = cnncalc.load(LIGHT / f"{name}.onnx")

    assert FIGURES[name] == (cnncalc.params(graph).total, cnncalc.macs(graph).total)


def test_channels_dealt_out_are_one_layer_and_keep_their_positions() -> None:
    """ShuffleNet has 16 shuffles and no reshape but that before its linear layer; its field is 719 wide (paper's net)."""
    graph = cnncalc.load(LIGHT / "light_shufflenet.onnx")
    kinds = [node.kind for node in graph.nodes]

    assert (16, 0, 0) == (kinds.count("channel_shuffle"), kinds.count("permute"), kinds.count("reshape"))
    assert ((719, 719), (719, 719)) == Figures(graph).extent().sizes


def test_a_model_needs_neither_onnx_nor_numpy() -> None:
    """What reads a file is ours and plain Python."""
    code = f"from cnncalc.cli import app\ntry:\n    app(['summary', {str(LIGHT / 'light_resnet50.onnx')!r}])\nexcept SystemExit:\n    pass\nimport sys\nprint('\\n' + ' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set() == {"numpy", "onnx", "google", "torch"} & set(done.stdout.splitlines()[-1].split())
    assert "4,089,184,256" in done.stdout


def test_the_page_lists_the_operators_that_are_read(request: pytest.FixtureRequest) -> None:
    """docs/formats.md names what the tables hold, no more and no less; --update-golden writes its lists again."""
    import re
    from textwrap import fill

    from cnncalc.formats.onnx.fold import FOLDERS
    from cnncalc.formats.onnx.rules import RULES

    page = Path(__file__).parents[1] / "docs" / "formats.md"
    lists = r"(Read as layers[^\n]*\n\n)(.*?)(\n\nWorked out where[^\n]*\n\n)(.*?)(\n(?:\n|$))"
    parts = re.search(lists, text := page.read_text(encoding="utf-8"), re.DOTALL)
    assert parts is not None
    written = [
        fill(", ".join(f"`{op}`" for op in sorted(table)), 120, break_long_words=False) for table in (RULES, FOLDERS)
    ]
    if request.config.getoption("--update-golden"):
        new = parts[1] + written[0] + parts[3] + written[1] + parts[5]
        page.write_text(text.replace(parts[0], new), encoding="utf-8")
        return

    assert [parts[2], parts[4]] == written


NO_MODELS = {
    "empty": (b"", "is empty"),
    "a pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "is a pointer of Git LFS and not the model itself: `git lfs pull` fetches it",
    ),
    "a page": (b"<!DOCTYPE html><html>", "is a page of the web, and no ONNX model"),
    "an archive": (b"PK\x03\x04rest", "is a zip archive, and no ONNX model"),
    "no graph": (b"\x08\x07", "is no ONNX model: it has no graph"),
    "cut off": (b"\x3a\x7f\x0a", "is damaged or cut off: at byte 2 something is longer than what is left"),
    "a group": (b"\x0b", "is damaged: wire type 3 at byte 1"),
    "a number without an end": (b"\x08" + b"\xff" * 12, "is damaged: a number without an end at byte 1"),
    "another wire type": (b"\x38\x01", "is damaged: `graph` has another wire type than in ONNX"),
}


@pytest.mark.parametrize("case", NO_MODELS)
def test_what_is_no_model_is_told_in_one_line(case: str, tmp_path: Path) -> None:
    """Whatever stands in the file; nothing is guessed."""
    content, expected = NO_MODELS[case]
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(path)

    assert expected in refused.value.message.replace(str(path), "m.onnx")
    assert refused.value.message.replace(str(path), "m.onnx").startswith("m.onnx ")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
@pytest.mark.parametrize("name", ["light_bvlc_alexnet", "light_vgg19", "light_zfnet512"])
def test_a_damaged_model_is_an_error_of_ours(name: str) -> None:
    """A network or a CnncalcError with one line, within 2 s and 100 MB; a million in `.ci/nightly`."""
    count = os.environ.get("CNNCALC_DAMAGED", "500")
    script = Path(__file__).parent / "onnx_damaged.py"
    done = subprocess.run(
        [sys.executable, script, LIGHT / f"{name}.onnx", count], capture_output=True, text=True, check=False
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


GIVEN = [
    # what is given from outside, and what is said of it
    ({"set": {"foo": 3}}, "m.onnx has no size `foo`", "it has no open sizes"),
    ({"input": {"bar": (3, 32, 32)}}, "the network has no input `bar`", "its inputs: gpu_0_data_0"),
    ({"input": (3, 32)}, "the input of the network has 3 sizes, and 2 are given", "--input 3,224,224"),
    ({"input": (3, -1, 32)}, "a size of the input `gpu_0_data_0` must be a whole number of at least 1, and is -1", ""),
]


@pytest.mark.parametrize(("options", "message", "help"), GIVEN)
def test_what_is_given_to_a_model_and_fits_nothing_is_an_error(options, message, help) -> None:
    """As for a spec: nothing from outside is left aside without a word."""
    with pytest.raises(cnncalc.CnncalcError) as refused:
        cnncalc.load(LIGHT / "light_resnet50.onnx", **options)

    assert message == refused.value.message.replace(str(LIGHT / "light_resnet50.onnx"), "m.onnx")
    assert help in refused.value.help


def test_names_in_a_given_input_are_set() -> None:
    """As those of a spec: five halvings leave 8 and 7 positions."""
    given = {"input": (3, symbol("A"), symbol("B")), "set": {"A": 256, "B": 224}}
    graph = cnncalc.load(LIGHT / "light_resnet50.onnx", **given)

    assert (3, 256, 224) == graph.input_shape
    assert [(2048, 8, 7)] == [node.incoming[0] for node in graph.nodes if node.kind == "avgpool"]


@pytest.mark.parametrize(("operator", "made"), [("Transpose", []), ("Cast", []), ("Identity", ["x"])])
def test_an_operator_that_makes_nothing_new_of_the_input_is_an_error_of_ours(operator: str, made: list[str]) -> None:
    """One without an output, as in a damaged file, and one whose output is what it reads."""
    onnx = pytest.importorskip("onnx")
    helper, one = onnx.helper, onnx.TensorProto.FLOAT
    attributes = {"perm": [0, 2, 3, 1]} if operator == "Transpose" else {"to": 1} if operator == "Cast" else {}
    nodes = [helper.make_node(operator, ["x"], made, **attributes), helper.make_node("Relu", ["x"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", one, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", one, [1, 3, 8, 8])],
    )
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()

    try:
        read = cnncalc.from_onnx(content)
    except cnncalc.CnncalcError as error:
        assert operator in str(error) or "x" in str(error)
    else:
        assert [node.kind for node in read.nodes] == ["relu"]


@pytest.mark.parametrize("epsilon", ["near nothing", [1e-5, 1e-5]])
def test_an_attribute_of_another_type_is_an_error_of_ours(epsilon: object) -> None:
    """As a damaged file has it."""
    onnx = pytest.importorskip("onnx")
    helper, one = onnx.helper, onnx.TensorProto.FLOAT
    tensors = [helper.make_tensor(name, one, [3], [1.0, 2.0, 3.0]) for name in "abmv"]
    node = helper.make_node("BatchNormalization", ["x", *"abmv"], ["y"], epsilon=epsilon)
    shape = [1, 3, 8, 8]
    values = [helper.make_tensor_value_info(name, one, shape) for name in "xy"]
    graph = helper.make_graph([node], "g", values[:1], values[1:], tensors)
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()

    with pytest.raises(cnncalc.CnncalcError, match="an operator cannot be read"):
        cnncalc.from_onnx(content)
