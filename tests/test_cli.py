"""The command line as people meet it: screens, formats, options, failures and exit codes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cnncalc.cli import COMMANDS, app
from cnncalc.render import FORMATS, formats

GOLDEN = Path(__file__).parent / "golden"


class Ran(NamedTuple):
    """What a command answered."""

    out: str
    err: str
    code: int


def run(*arguments: str) -> Ran:
    """A command in this process, with what it wrote on both streams."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(list(arguments), prog_name="cnncalc")
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
    return Ran(out.getvalue(), err.getvalue(), code)


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cnncalc", *arguments], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


SPEC = "name: tiny\nsource: a test\ninput: [3, 8, 8]\nvars: {width: 4}\nnet: [{conv: {out: $width, kernel: 3}}, relu]\n"

# --- screens -----------------------------------------------------------------------------------------------------

SCREENS = [
    *(f"{command} lenet5 --format {form}" for command in ("summary", "shapes", "params", "macs", "receptive-field", "memory")
      for form in ("table", "markdown", "csv", "latex", "json")),
    *(f"summary {name}" for name in ("resnet50", "unet", "googlenet", "se_resnet50", "c3d", "m5", "siamese")),
    "summary resnet50 --depth 2",
    "summary lenet5 --in-place --batch 8 --dtype fp16",
    "shapes vgg16", "shapes unet", "shapes densenet121 --depth 2",
    "params resnet50", "params mobilenet_v2 --top 5", "params googlenet --training", "params siamese", "params fcn32s",
    "receptive-field", "macs alexnet --flops --operations", "macs resnet50 --sort macs --depth 1 --batch 32",
    "explain resnet50 --against thop", "explain unet --against torchinfo", "explain shufflenet_v2 --against onnx-tool",
    "explain resnet50 layer1[0]/main/conv --against calflops", "explain resnet50 --against 4.13G",
    "explain resnet50 --against 3.86G", "explain resnet50 --against 24.37M", "explain lenet5 --against 123G",
    "macs --as help", "macs resnet50 --as thop", "macs unet --as torchinfo --top 3", "macs efficientnet_b0 --as torchscan --top 2",
    "macs inception_v3 --as ptflops --written relu=function --top 2", "params --as help", "params mobilenet_v2 --as keras --top 2",
    "receptive-field resnet50", "receptive-field unet", "receptive-field vgg16 --plot", "receptive-field resnet50 --plot",
    "receptive-field unet --unit 100,288", "receptive-field vgg16 --at pool3 --unit 0,0",
    "receptive-field se_resnet50 --unit 3,3", "receptive-field mobilenet_v1 --input 3,321,321", "receptive-field m5",
    "memory resnet50 --in-place", "memory mobilenet_v1 --dtype int8", "memory unet --top 3",
    "compare lenet5 mobilenet_v2 width=0.5 unet",
    *(f"compare resnet50 mobilenet_v2 lenet5 --input 224 --sort params --columns {c} --format {form}" for c, form in
      (("params,macs,peak_activations@int8,output", "markdown"), ("params,flops,receptive_field", "latex"))),
    "lint vgg16", "lint lenet5 resnet50",
    "zoo lenet5", "zoo lenet5 --format json", "zoo lenet5 --show", "zoo resnet101 --show",
    "schema --kinds", "schema --kinds conv", "schema --kinds upsample --format json",
]  # fmt: skip


def slug(screen: str) -> str:
    """The name of a screen's file."""
    return re.sub(r"[^\w.]+", "-", screen).strip("-")


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_what_it_was(screen: str, request: pytest.FixtureRequest, folder: Path) -> None:
    """The whole output of a command; `pytest --update-golden` writes the files again."""
    done = run(*screen.split())
    shown = f"$ cnncalc {screen}\n{done.out}" + (f"--- stderr\n{done.err}" if done.err else "")
    path = GOLDEN / f"{slug(screen)}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(shown, encoding="utf-8")

    assert 0 == done.code
    assert path.read_text(encoding="utf-8") == shown


def test_every_golden_file_belongs_to_a_screen() -> None:
    """A file that no screen writes is left over; those of forms and diff have tests of their own."""
    written = {path.stem for path in GOLDEN.glob("*.txt") if not path.stem.startswith(("forms-", "diff-"))}

    assert {slug(screen) for screen in SCREENS} == written


def columns_of(header: str) -> dict[str, int]:
    """The titles of a printed table, each with the place where its right-aligned cells end."""
    return {match[0]: match.end() for match in re.finditer(r"\S+(?: \S+)*", header)}


def printed_sums(text: str) -> Iterator[tuple[str, int, int]]:
    """For every column of exact counts: its title, the sum of its cells, and its printed total."""
    rows = text.splitlines()
    rule = next(place for place, row in enumerate(rows) if re.fullmatch(r" +-{10,}", row))
    head = next(place for place, row in enumerate(rows) if place and not rows[place - 1].strip())
    for title, end in columns_of(rows[head]).items():
        total = _cell(rows[rule + 1], end)
        if re.fullmatch(r"[\d,]+", total) and title in (
            "params",
            "MACs",
            "FLOPs",
            "operations",
            "buffers",
            "frozen",
        ):
            yield title, sum(_number(_cell(row, end)) for row in rows[head + 1 : rule]), _number(total)


def _cell(row: str, end: int) -> str:
    return row[:end].rsplit(" ", maxsplit=1)[-1] if len(row) >= end else ""


def _number(cell: str) -> int:
    return int(cell.replace(",", "")) if re.fullmatch(r"[\d,]+", cell) else 0


@pytest.mark.parametrize(
    "screen",
    ["summary lenet5", "summary resnet50", "summary googlenet", "summary resnet50 --depth 2", "summary densenet121 --top 7",
     "params resnet50 --depth 0", "params mobilenet_v2 --top 5", "params googlenet --training", "params siamese",
     "macs alexnet --flops --operations", "macs unet --batch 3 --sort MACs", "macs resnet50 --depth 0 --top 1 --operations"],
)  # fmt: skip
def test_a_printed_column_adds_up_to_its_printed_total(screen: str) -> None:
    """The cells are read back from the table as it is printed, folded or cut."""
    sums = list(printed_sums(run(*screen.split()).out))

    assert sums
    for title, added, total in sums:
        assert (title, total) == (title, added)


@pytest.mark.parametrize("command", ["summary", "shapes", "params", "macs", "receptive-field", "memory"])
def test_every_table_names_its_network_its_input_and_its_convention(command: str) -> None:
    """No figure stands without what it is of."""
    first = run(command, "alexnet").out.splitlines()[0]

    assert first.startswith("alexnet   ")
    assert 2 <= first.count("   ") + (command == "params")
    assert ("input 3x227x227" in first) or command == "params"


# --- options -----------------------------------------------------------------------------------------------------


def rows(*arguments: str) -> list[dict[str, str]]:
    """The rows of a command's CSV."""
    return list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").out)))


def test_top_keeps_the_largest_and_sums_up_the_others() -> None:
    """Three layers and one row for the rest; the MACs still add up."""
    found = rows("macs", "alexnet", "--top", "3")

    assert ["conv2", "conv3", "conv4"] == sorted(row["name"] for row in found[:3])
    assert "(21 others)" == found[3]["name"]
    assert 724_406_816 == sum(int(row["macs"]) for row in found)


@pytest.mark.parametrize("column", ["params", "PARAMS", "macs", "MACs", "field", "output", "% MACs", "layer", "kind"])
def test_sort_takes_a_column_by_its_key_or_its_title(column: str) -> None:
    """The largest first; fields and shapes by their size and not by their spelling."""
    found = rows("summary", "alexnet", "--sort", column)
    key = {"PARAMS": "params", "MACs": "macs", "% MACs": "share", "field": "receptive_field"}.get(column, column)
    if key in ("params", "macs"):
        values = [int(row[key]) for row in found]
    elif key == "receptive_field":
        values = [int(row[key]) for row in found if row[key].isdigit()]
    elif key == "output":
        values = [_elements(row[key]) for row in found]
    else:
        return

    assert sorted(values, reverse=True) == values


@pytest.mark.parametrize(("command", "column"), [("summary", "field"), ("receptive-field", "size")])
def test_what_sees_the_whole_input_is_sorted_before_what_sees_a_part(command: str, column: str) -> None:
    """The pool and the classifier of a ResNet, then the last stage."""
    done = run(command, "resnet18", "--depth", "1", "--sort", column)
    names = [line.split()[0] for line in done.out.splitlines()[3:6]]

    assert ["globalavgpool", "fc", "layer4"] == names


def _elements(shape: str) -> int:
    total = 1
    for n in shape.split("x"):
        total *= int(n)
    return total


@pytest.mark.parametrize("command", ["summary", "shapes", "params", "macs", "receptive-field", "memory"])
def test_top_without_sort_takes_the_command_s_own_column(command: str) -> None:
    """Every report knows what its largest rows are."""
    done = run(command, "resnet50", "--top", "2")

    assert (0, "") == (done.code, done.err)
    assert "(173 others)" in done.out


def test_a_column_that_is_not_there_is_an_error_with_the_nearest_one() -> None:
    """No silent default for --sort."""
    done = run("params", "lenet5", "--sort", "parms")

    assert (2, "", "error: no column `parms` to sort by\n   = help: did you mean `params`?\n") == (
        done.code,
        done.out,
        done.err,
    )


def test_depth_unfolds_blocks() -> None:
    """0 is every layer, 1 the stages, 2 the blocks of each."""
    one, two, all_of_it = (run("summary", "resnet50", "--depth", n).out for n in "120")

    assert "layer3 (x6)" in one
    assert "layer3[5]" in two
    assert "layer3[5]/main/conv/batchnorm" in all_of_it
    assert 175 + 7 == len(all_of_it.splitlines()) - 1


def test_no_two_rows_of_a_folded_table_have_one_name() -> None:
    """A block whose turns are apart is named by its turn."""
    for name in ("unet", "googlenet", "resnet50", "densenet121"):
        names = [row.split("  ")[1].strip() for row in run("shapes", name).out.splitlines()[3:]]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("options", "caption", "params"),
    [
        (["--set", "width=8"], "tiny (width=8)   input 3x8x8", 3 * 8 * 9 + 8),
        (["-s", "width=2", "--input", "3,16,16"], "tiny (width=2)   input 3x16x16", 3 * 2 * 9 + 2),
        (["--input", "1x20x30"], "tiny   input 1x20x30", 4 * 9 + 4),
    ],
)
def test_set_and_input_change_the_network_and_the_caption_says_so(
    options: list[str], caption: str, params: int, folder: Path
) -> None:
    """A table never hides that it is of another network than the file's."""
    (folder / "net.yaml").write_text(SPEC, encoding="utf-8")
    done = run("summary", "net.yaml", *options)

    assert done.out.startswith(caption)
    assert f" {params:,} params" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["summary", "net.yaml", "--set", "wdth=2"], "net.yaml has no variable `wdth`\n   = help: did you mean `width`?"),
        (["summary", "net.yaml", "--set", "width"], "`--set width` is not of the form name=value"),
        (["summary", "net.yaml", "--input", "3,8"], "the input of the network has 3 sizes, and 2 are given"),
        (["summary", "net.yaml", "--input", "3,8,a"], "`--input 3,8,a` is no list of sizes"),
        (["summary", "net.yaml", "--input", "3,0,8"], "`--input 3,0,8` is no list of sizes"),
        (["summary", "net.yaml", "--dtype", "fp31"], "no dtype `fp31`\n   = help: did you mean `fp32`?"),
        (["summary", "net.yaml", "--format", "jsn"], "no format `jsn`\n   = help: did you mean `json`?"),
        (["summary", "net.yaml", "--format", "pdf"], "no format `pdf`\n   = help: known: table, markdown, csv, latex, html, json"),
        (["summary", "resnet5"], "no network of the zoo called resnet5\n   = help: did you mean `resnet50`?"),
        (["summary", "nett.yaml"], "there is no file nett.yaml\n   = help: did you mean `net.yaml`?"),
        (["summary", "."], ". is a folder"),
        (["summary", "net.yaml", "--set", "width=2,depth=5"], "sets more than one variable\n   = help: one --set for each: --set width=2 --set depth=5"),
        (["summary", "net.yaml", "--set", "width=50%"], "`50%` is a text and no number\n   = help: --set width=0.5"),
        (["explain", "c3d", "conv1"], "c3d has no layer `conv1`\n   = help: did you mean `conv1_1`?"),
        (["explain", "resnet18", "layer1/block1/batchnorm1"], "did you mean `layer1[1]/main/conv1/batchnorm`?"),
        (["receptive-field", "vgg16", "--at", "conv3_3"], "cnncalc receptive-field SPEC conv3_3"),
        (["sweep", "lenet5", "input=4000000001"], "from 1 to 2^31, and `input` takes 4000000001"),
        (["summary", "net.yaml", "-o", "no/x.csv"], "no/x.csv cannot be written: there is no folder no\n   = help: mkdir -p no"),
        (["receptive-field", "net.yaml", "--at", "cnv"], "tiny has no layer `cnv`\n   = help: did you mean `conv`?"),
        (["receptive-field", "net.yaml", "--unit", "6,0"], "`--unit 6,0` lies outside relu, which is 6x6"),
        (["receptive-field", "net.yaml", "--unit", "1"], "`--unit 1` is no position of relu\n   = help: one number per axis, such as --unit 0,0"),
        (["receptive-field", "net.yaml", "--unit", "a,b"], "`--unit a,b` is no position of relu"),
        (["receptive-field", "lenet5", "--at", "fc", "--unit", "0"], "lenet5 has no layer `fc`"),
        (["receptive-field", "lenet5", "--at", "output", "--unit", "0"], "output is a vector: its units have no position"),
        (["schema", "--kinds", "covn"], "no layer kind `covn`\n   = help: did you mean `conv`?"),
        (["zoo", "resnit"], "no network of the zoo has `resnit` in its name\n   = help: did you mean"),
        (["zoo", "resnet5", "--show"], "the zoo has no network `resnet5`\n   = help: did you mean `resnet50`?"),
        (["lint", "net.yaml", "--format", "csv"], "no format `csv`\n   = help: known: table, json"),
    ],
)  # fmt: skip
def test_a_failure_is_one_message_on_stderr_and_exit_code_2(arguments: list[str], words: str, folder: Path) -> None:
    """What is wrong and what to write instead; nothing on stdout, and never a traceback."""
    (folder / "net.yaml").write_text(SPEC, encoding="utf-8")
    done = run(*arguments)

    assert (2, "") == (done.code, done.out)
    assert done.err.startswith("error: ")
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sumary"], "error: no command `sumary`\n   = help: did you mean `summary`?"),
        (["frobnicate"], "error: no command `frobnicate`\n   = help: `cnncalc --help` lists"),
        (["params", "--formt", "csv"], "error: no option `--formt`\n   = help: did you mean `--format`?"),
        (["macs", "lenet5", "--batch", "0"], "error: invalid value for '--batch'"),
        (["params", "lenet5", "--top", "many"], "error: invalid value for '--top'"),
        (["params", "lenet5", "vgg16"], "error: got unexpected extra argument"),
    ],
)
def test_a_mistake_in_the_command_line_is_named_with_the_nearest_word(arguments: list[str], words: str) -> None:
    """Exit code 2, and the way to --help."""
    done = run(*arguments)

    assert (2, "") == (done.code, done.out)
    assert words in done.err
    assert "\n   = help: " in done.err


def test_a_bad_spec_is_exit_code_2_with_the_place(folder: Path) -> None:
    """The user's own line, with a caret."""
    (folder / "net.yaml").write_text(SPEC.replace("kernel", "kernal"), encoding="utf-8")
    done = run("params", "net.yaml")

    assert (2, "") == (done.code, done.out)
    assert "--> net.yaml:5:" in done.err
    assert "^^^^^^" in done.err
    assert "did you mean `kernel`?" in done.err


def test_an_expectation_that_is_not_met_is_exit_code_1(folder: Path) -> None:
    """lint judges, and says what it expected and what it found."""
    (folder / "net.yaml").write_text(SPEC + "expect: {params: 113, output: [4, 6, 6]}\n", encoding="utf-8")
    (folder / "good.yaml").write_text(SPEC + "expect: {params: 112, macs: 3888}\n", encoding="utf-8")
    bad, good, both = (
        run("lint", "net.yaml"),
        run("lint", "good.yaml"),
        run("lint", "good.yaml", "net.yaml", "missing.yaml"),
    )

    assert (1, 0, 2) == (bad.code, good.code, both.code)
    assert "error: expected params 113, found 112\n --> net.yaml:6:18" in bad.out
    assert "good.yaml: fine, 2 layers; what it expects holds\n" == good.out
    assert "there is no file missing.yaml" in both.err
    assert "net.yaml: 1 failure, 0 warnings" in both.out


def test_lint_reads_the_limits_of_the_spec(folder: Path) -> None:
    """A metric or a unit that there is not is said here as well, not only by `check`."""
    text = SPEC + "budget: {mac: 50M, peak_activations: 64 kilobytes, params: 1M}\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    done = run("lint", "net.yaml")

    assert 1 == done.code
    assert "error: no metric `mac`\n --> net.yaml:6:10" in done.out
    assert "error: no unit `kilobytes` for this number" in done.out
    assert "net.yaml: 2 failures, 0 warnings" in done.out


def test_summary_says_that_lint_has_doubts(folder: Path) -> None:
    """Their number and the command, where lint knows more than the notes say."""
    (folder / "net.yaml").write_text(SPEC.replace("relu", "relu, relu, softmax, softmax"), encoding="utf-8")
    (folder / "fine.yaml").write_text(SPEC, encoding="utf-8")

    assert "note: 2 doubts: cnncalc lint net.yaml\n" == run("summary", "net.yaml").err
    assert "note: 2 doubts: cnncalc lint net.yaml --set width=8\n" == run("summary", "net.yaml", "-s", "width=8").err
    assert "" == run("summary", "fine.yaml").err


def test_a_list_that_is_expected_and_not_found_is_shown_with_what_was_found(folder: Path) -> None:
    """The sizes of the output, and the same list as it should be."""
    (folder / "net.yaml").write_text("input: [3, 8, 8]\nnet: [relu]\nexpect: {output: [3, 8, 9]}\n", encoding="utf-8")
    done = run("lint", "net.yaml")

    assert 1 == done.code
    assert "error: expected output [3, 8, 9], found [3, 8, 8]\n --> net.yaml:3:18" in done.out


def test_a_spec_that_breaks_lint_does_not_lose_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is said of that spec alone."""
    from cnncalc import lint

    sound = lint.doubts
    monkeypatch.setattr(lint, "doubts", lambda graph: sound(graph) if graph.name == "good" else 1 // 0)
    for name in ("good", "bad"):
        (folder / f"{name}.yaml").write_text(f"name: {name}\n{SPEC.split(chr(10), 1)[1]}", encoding="utf-8")
    done = run("lint", "bad.yaml", "good.yaml", "missing.yaml")

    assert 2 == done.code
    assert "good.yaml: fine, 2 layers; it expects nothing\n" == done.out
    assert "bad.yaml: error: cnncalc has a bug: ZeroDivisionError" in done.err
    assert "there is no file missing.yaml" in done.err


def test_a_doubtful_step_is_a_warning_and_with_strict_a_failure(folder: Path) -> None:
    """A bias that a norm takes away again."""
    text = "input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3, padding: 1}}, batchnorm]\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    mild, strict = run("lint", "net.yaml"), run("lint", "net.yaml", "--strict")

    assert (0, 1) == (mild.code, strict.code)
    assert "warning: `conv`: the norm after it takes its bias of 4 away again\n --> net.yaml:2:" in mild.out
    assert "= help: bias: false" in mild.out
    assert mild.out == strict.out
    record = json.loads(run("lint", "net.yaml", "--format", "json").out)
    assert "cnncalc.lint/1" == record["schema"]
    assert [2] == [warning["line"] for warning in record["specs"][0]["warnings"]]


def test_a_spec_without_sizes_is_checked_and_asked_for_a_size_where_a_number_is_needed(folder: Path) -> None:
    """Shapes and parameters of `[3, H, W]` need none; MACs say which size and how to give it."""
    text = "name: any\ninput: [3, H, W]\nnet: [{conv: {out: 4, kernel: 3, stride: 2, padding: same}}, globalavgpool]\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")

    assert "4 x ceil(H/2) x ceil(W/2)" in run("shapes", "net.yaml").out
    assert " 112 " in run("params", "net.yaml").out
    assert (0, "net.yaml: fine, 2 layers; it expects nothing\n") == run("lint", "net.yaml")[::2][::-1]
    for command in ("summary", "macs", "training"):
        done = run(command, "net.yaml")
        assert (2, "") == (done.code, done.out)
        assert "and H and W have no value\n   = help: for instance --input 3,224,224" in done.err
    assert "depends on the size H" in run("receptive-field", "net.yaml").err
    assert 0 == run("macs", "net.yaml", "--set", "H=9", "--set", "W=9").code


# --- where the spec comes from -----------------------------------------------------------------------------------


def test_a_spec_is_a_file_a_zoo_name_or_standard_input(folder: Path) -> None:
    """A file comes before a network of the zoo of the same name."""
    (folder / "net.yaml").write_text(SPEC, encoding="utf-8")

    assert run("params", "net.yaml").out.startswith("tiny ")
    assert run("params", "lenet5").out.startswith("lenet5 ")
    (folder / "lenet5").write_text(SPEC, encoding="utf-8")
    assert run("params", "lenet5").out.startswith("tiny ")
    done = process("params", "-", input=SPEC)
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("tiny ")


def test_without_a_spec_the_folder_s_own_is_taken_and_named(folder: Path) -> None:
    """spec.yaml, then what pyproject.toml names, with a line on stderr."""
    assert (2, "") == (run("macs").code, run("macs").out)

    (folder / "models").mkdir()
    (folder / "models" / "net.yaml").write_text(SPEC.replace("tiny", "modelled"), encoding="utf-8")
    (folder / "pyproject.toml").write_text('[tool.cnncalc]\nspecs = ["models/*.yaml"]\n', encoding="utf-8")
    assert run("macs").out.startswith("modelled ")

    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    done = run("macs")
    assert done.out.startswith("tiny ")
    assert "no spec given: spec.yaml of this folder\n" == done.err

    (folder / "spec.yaml").unlink()
    (folder / "pyproject.toml").write_text("[tool.cnncalc\n", encoding="utf-8")
    broken = run("macs")
    assert (2, "") == (broken.code, broken.out)
    assert broken.err.startswith(
        "error: this is not TOML: Expected ']' at the end of a table declaration\n --> pyproject"
    )


# --- streams, files, terminals -----------------------------------------------------------------------------------


def test_data_goes_to_stdout_and_remarks_go_to_stderr(folder: Path) -> None:
    """A JSON that is piped on is JSON alone."""
    text = "input: [1, 9]\nnet: [{add: [[{conv: {out: 1, kernel: 3}}], [{crop: {size: 7, offset: 0}}]]}]\n"
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    done = run("summary", "net.yaml", "--format", "json")

    assert "cnncalc.summary/1" == json.loads(done.out)["schema"]
    assert "note: the branches of `add` are not aligned: their centres are 1 apart (length)\n" == done.err


@pytest.mark.parametrize("form", FORMATS)
def test_output_writes_what_would_be_printed(form: str, folder: Path) -> None:
    """The same text, nothing on stdout, and no other file beside it."""
    printed = run("summary", "lenet5", "--format", form).out
    (folder / "out").write_text("before", encoding="utf-8")
    done = run("summary", "lenet5", "--format", form, "--output", "out")

    assert (0, "", "wrote out\n") == (done.code, done.out, done.err)
    assert printed == (folder / "out").read_text(encoding="utf-8")
    assert ["out"] == [path.name for path in folder.iterdir()]


def test_output_is_written_whole_or_not_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old file and no part of a new one."""
    (folder / "out").write_text("before", encoding="utf-8")

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    done = run("summary", "lenet5", "--output", "out")

    assert (2, "", "error: out cannot be written: No space left on device\n") == (
        done.code,
        done.out,
        done.err,
    )
    assert ["before"] == [path.read_text(encoding="utf-8") for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("output", "reason"),
    [(".", "it is a folder\n   = help: name a file in it"), ("..", "it is a folder\n   = help: name a file in it"),
     ("no/such/file", "there is no folder no/such\n   = help: mkdir -p no/such")],
)  # fmt: skip
def test_an_output_that_cannot_be_written_is_an_error(output: str, reason: str, folder: Path) -> None:
    """A folder, and a file in a folder that is not there."""
    done = run("summary", "lenet5", "--output", output)

    assert (2, "") == (done.code, done.out)
    assert f"error: {output} cannot be written: {reason}\n" == done.err
    assert [] == list(folder.iterdir())


def test_a_reader_that_has_gone_is_no_failure_to_speak_of() -> None:
    """`cnncalc summary ... | head -1`: no traceback and nothing on stderr."""
    for arguments in (["summary", "densenet121", "--depth", "0"], ["schema"], ["zoo", "vgg16", "--show"]):
        command = [sys.executable, "-m", "cnncalc", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stderr is not None
            writer.stdout.close()
            assert b"" == writer.stderr.read()


def terminal(*arguments: str, width: int, **environment: str) -> str:
    """What a command shows on a terminal of this width."""
    leader, follower = pty.openpty()
    settings = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    settings |= {"COLUMNS": str(width), "TERM": "xterm-256color", **environment}
    command = [sys.executable, "-m", "cnncalc", *arguments]
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=settings, close_fds=True):
        os.close(follower)
        seen = b""
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while piece := os.read(leader, 65536):
                seen += piece
    os.close(leader)
    return seen.decode().replace("\r\n", "\n")


ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def test_a_terminal_gets_colour_and_a_pipe_does_not() -> None:
    """NO_COLOR is honoured, and the words are the same everywhere."""
    piped = process("summary", "lenet5").stdout
    coloured = terminal("summary", "lenet5", width=200)
    plain = terminal("summary", "lenet5", width=200, NO_COLOR="1")

    assert not ESCAPE.search(piped)
    assert ESCAPE.search(coloured)
    assert not ESCAPE.search(plain)
    assert piped == ESCAPE.sub("", coloured) == plain


# --- the program -------------------------------------------------------------------------------------------------


def test_the_module_runs_as_the_program_does() -> None:
    """`python -m cnncalc`, and its version."""
    done = process("--version")

    assert (0, "") == (done.returncode, done.stderr)
    assert re.fullmatch(r"cnncalc \d+\.\d+\.\d+\S*\n", done.stdout)
    assert run("params", "lenet5").out == process("params", "lenet5").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself_and_its_options(command: str) -> None:
    """The first line says what it answers; every option has its line; examples stand line by line."""
    done = run(command, "--help")

    assert (0, "") == (done.code, done.err)
    assert f"Usage: cnncalc {command}" in done.out
    examples = [line for line in done.out.splitlines() if line.startswith(f"      cnncalc {command}")]
    assert examples
    assert all(1 == line.count("cnncalc ") for line in examples)


def test_help_lists_the_commands_in_the_order_of_the_table() -> None:
    """And no arguments at all show the same."""
    text = run("--help").out
    listed = re.findall(r"^  ([a-z][a-z-]*)  +\S", text, re.MULTILINE)

    assert list(COMMANDS) == [word for word in listed if word in COMMANDS]


@pytest.mark.parametrize("error", [ValueError("odd"), RecursionError("deep"), ZeroDivisionError("none")])
def test_a_bug_is_a_message_too_and_never_a_traceback(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is one, and how to see more."""

    def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(formats, "deliver", broken)
    done = run("params", "lenet5")

    assert (2, "") == (done.code, done.out)
    assert f"error: cnncalc has a bug: {type(error).__name__}: {error}\n" in done.err
    assert "CNNCALC_DEBUG=1" in done.err


def test_formats_agree_with_each_other() -> None:
    """The numbers of the table, the CSV and the JSON are the same."""
    found = json.loads(run("params", "alexnet", "--format", "json").out)
    of_csv = {row["name"]: int(row["params"]) for row in rows("params", "alexnet")}

    assert {layer["name"]: layer["params"] for layer in found["layers"]} == of_csv
    assert 60_965_224 == found["totals"]["params"] == sum(of_csv.values())
    for form in ("table", "markdown", "latex"):
        text = run("params", "alexnet", "--format", form).out
        assert all(f" {count:,} " in text for count in of_csv.values() if count)
