"""What is answered is what was asked: which network, which format, and no option without effect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cnncalc.cli import COMMANDS, app
from cnncalc.render.bars import bars

TINY = "name: tiny\ninput: [3, 8, 8]\nvars: {width: 4}\nnet: [{conv: {out: $width, kernel: 3}}, relu]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    """What a command answers."""
    done = CliRunner().invoke(app, list(arguments), prog_name="cnncalc")
    assert "has a bug" not in done.stderr
    return done


def words(command: str) -> list[str]:
    """The words of a command line; '' is an empty one."""
    return ["" if word == "''" else word for word in command.split()]


# --- which network -----------------------------------------------------------------------------------------------

OF_A_SPEC = [name for name in COMMANDS if name not in ("init", "zoo", "schema", "worked")]
REST = {"sweep": ["width=1,2"], "fit": ["--vary", "width", "--max", "macs=1M"], "diff": ["lenet5"]}


@pytest.mark.parametrize("command", [*OF_A_SPEC, "zoo", "schema"])
def test_an_empty_name_is_never_another_network(command: str) -> None:
    """`cnncalc macs "$NET"` with NET unset is an error, also beside a spec.yaml."""
    Path("spec.yaml").write_text(TINY, encoding="utf-8")
    done = run(command, "", *REST.get(command, []))

    assert (2, "") == (done.exit_code, done.stdout)
    assert "empty" in done.stderr


def test_an_empty_second_network_is_not_the_first() -> None:
    """`cnncalc diff a.yaml "$B"`."""
    done = run("diff", "lenet5", "")

    assert (2, "error: the name of the second network is empty") == (done.exit_code, done.stderr.split("\n")[0])


@pytest.mark.parametrize("command", [name for name in OF_A_SPEC if name not in ("receptive-field", "diff", "compare")])
def test_without_a_spec_it_is_said_how_to_name_one(command: str) -> None:
    """Exit code 2, in one way for every command."""
    done = run(command, *REST.get(command, []))

    assert (2, "") == (done.exit_code, done.stdout)
    assert "error: no spec is named, and this folder has no spec.yaml\n" in done.stderr
    assert "`cnncalc zoo` lists them, `cnncalc init` writes a spec.yaml" in done.stderr


def test_a_folder_with_other_specs_has_them_in_the_help() -> None:
    """It has specs, and none is called spec.yaml."""
    for name in ("b.yaml", "a.yml"):
        Path(name).write_text(TINY, encoding="utf-8")

    assert "   = help: name one: a.yml, or another of the 2 here\n" in run("macs").stderr


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("GoogLeNet's 5x5 branch on 28x28x192", "macs --compare"),
        ("GoogLeNet's 5x5 branch on 28x28x192", "macs --compare --form separable"),
        ("GoogLeNet's module 3a on 28x28x192", "receptive-field"),
        ("GoogLeNet's module 3a on 28x28x192", "receptive-field --plot"),
    ],
)
def test_the_worked_example_answers_two_bare_questions(said: str, command: str) -> None:
    """And says so."""
    done = run(*command.split())

    assert (0, f"no spec given: the worked example, {said}\n") == (done.exit_code, done.stderr)


@pytest.mark.parametrize(
    "command",
    ["macs", "macs --flops", "macs --compare -f json", "receptive-field -f csv", "receptive-field -o field.txt",
     "receptive-field --input 192,14,14", "macs --compare --batch 2"],
)  # fmt: skip
def test_what_a_program_asks_is_never_answered_for_the_example(command: str) -> None:
    """A file, a format, a setting: whoever asks for those means a network."""
    done = run(*command.split())

    assert (2, "") == (done.exit_code, done.stdout)
    assert "no spec is named" in done.stderr


@pytest.mark.parametrize(
    "command", ["macs", "lint", "sweep width=1,2", "fit --vary width --max macs=1M", "explain", "macs --compare"]
)
def test_a_spec_yaml_that_is_taken_up_is_named(command: str) -> None:
    """Once, on stderr."""
    Path("spec.yaml").write_text(TINY, encoding="utf-8")
    done = run(*command.split())

    assert 0 == done.exit_code, done.output
    assert 1 == done.stderr.count("no spec given: spec.yaml of this folder\n")


def test_check_judges_what_its_lock_has() -> None:
    """After `check net.yaml --update` a bare `check` knows which specs are meant; one with settings it leaves out."""
    Path("net.yaml").write_text(TINY, encoding="utf-8")
    for more in ([], ["--set", "width=8"]):
        assert 0 == run("check", "net.yaml", "--update", *more).exit_code
    done = run("check")

    assert 0 == done.exit_code, done.output
    assert "net.yaml" in done.stdout
    assert "width=8" not in done.stdout


# --- which format ------------------------------------------------------------------------------------------------

BEGINS = {"csv": "name,kind,", "json": '{\n  "schema"', "md": "**lenet5** ", "tex": "% \\usepackage{booktabs}", "html": "<!DOCTYPE html>",
          "htm": "<!DOCTYPE html>", "txt": "lenet5   input", "CSV": "name,kind,"}  # fmt: skip


@pytest.mark.parametrize("suffix", BEGINS)
def test_the_suffix_of_a_file_is_its_format(suffix: str) -> None:
    """And stderr says what was written."""
    done = run("macs", "lenet5", "-o", f"out.{suffix}")

    assert (0, "", f"wrote out.{suffix}\n") == (done.exit_code, done.stdout, done.stderr)
    assert Path(f"out.{suffix}").read_text(encoding="utf-8").startswith(BEGINS[suffix])


@pytest.mark.parametrize("suffix", ["csv", "json", "md", "tex", "html", "txt"])
def test_a_sweep_takes_the_same_suffixes(suffix: str) -> None:
    """And parquet and jsonl besides."""
    done = run("sweep", "mobilenet_v1", "width=0.5,1", "-o", f"out.{suffix}")

    assert (0, "", f"wrote out.{suffix}\n") == (done.exit_code, done.stdout, done.stderr)
    assert Path(f"out.{suffix}").stat().st_size


@pytest.mark.parametrize(("form", "name"), [("md", "markdown"), ("tex", "latex"), ("JSON", "json"), ("htm", "html")])
def test_a_format_has_the_names_that_people_have_for_it(form: str, name: str) -> None:
    """`--format md` is Markdown."""
    assert run("macs", "lenet5", "--format", name).stdout == run("macs", "lenet5", "--format", form).stdout


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("out.xls: `.xls` is the suffix of no format\n   = help: known: .txt, .md, .csv, .tex, .html, .json; with --format any name will do", "-o out.xls"),
        ("out.jsn: `.jsn` is the suffix of no format\n   = help: did you mean `.json`?", "-o out.jsn"),
        ("out.png is the name of a picture, and this answers with a table\n   = help: known: .txt, .md", "-o out.png"),
        ("out.csv would hold json, and its name says csv\n   = help: leave out --format, or another suffix", "-o out.csv -f json"),
        ("out.yaml: `.yaml` is the suffix of no format", "-o out.yaml"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["macs lenet5", "sweep mobilenet_v1 width=1,2"])
def test_a_suffix_that_is_no_format_is_an_error(command: str, message: str, options: str) -> None:
    """Nothing is written under a name that says something else."""
    done = run(*command.split(), *options.split())

    assert (2, "") == (done.exit_code, done.stdout)
    assert message.split("\n", maxsplit=1)[0] in done.stderr
    assert not list(Path().iterdir())


def test_with_a_format_any_name_will_do() -> None:
    """A name without a suffix is a table."""
    assert 0 == run("macs", "lenet5", "-f", "json", "-o", "figures.data").exit_code
    assert "lenet5" == json.loads(Path("figures.data").read_text(encoding="utf-8"))["name"]
    assert 0 == run("macs", "lenet5", "-o", "figures").exit_code
    assert Path("figures").read_text(encoding="utf-8").startswith("lenet5   input")


def test_a_spec_of_the_zoo_is_written_as_yaml() -> None:
    """A text keeps its own suffix; a table does not become one."""
    assert 0 == run("zoo", "lenet5", "--show", "-o", "net.yaml").exit_code
    assert Path("net.yaml").read_text(encoding="utf-8") == run("zoo", "lenet5", "--show").stdout
    done = run("zoo", "lenet5", "-o", "table.yaml")

    assert (2, "error: table.yaml: `.yaml` is the suffix of no format") == (done.exit_code, done.stderr.split("\n")[0])
    assert not Path("table.yaml").exists()


def test_a_page_of_html_is_whole_and_escaped() -> None:
    """The caption, every row, the total and the notes; nothing of the spec is markup."""
    Path("net.yaml").write_text(TINY.replace("tiny", '"a<b>&"'), encoding="utf-8")
    text = run("params", "net.yaml", "--format", "html").stdout

    assert "<h1>a&lt;b&gt;&amp;</h1>" in text
    assert '<tr><td>conv</td><td>conv</td><td class="number">4x3x3x3 + 4</td><td class="number">112</td>' in text
    assert '<tfoot><tr><td>total</td><td></td><td class="number"></td><td class="number">112</td>' in text
    assert "<p>trainable 112; frozen 0; params 112 = 112; 448 B in fp32</p>" in text
    assert text.endswith("</body></html>\n")


@pytest.mark.parametrize("named", ["lecture/stack_1d", "lecture/stack"])
def test_the_worked_examples_are_found_by_their_names(named: str) -> None:
    """Where no other network has the word, as `--lecture` shows them."""
    assert run("zoo", named).stdout == run("zoo", "--lecture", named).stdout
    assert "lecture/stack_1d" in run("zoo", named).stdout


@pytest.mark.parametrize(("limits", "arguments"), [(True, []), (False, ["--from", "mobilenet_v2"])])
def test_init_names_what_comes_next_and_works(limits: bool, arguments: list[str]) -> None:
    """`check` only where there are limits to check."""
    said = run("init", *arguments).stderr.splitlines()[-1]
    steps = said.removeprefix("next: ").split(", ")

    assert limits == any("check" in step for step in steps)
    for step in steps:
        assert 0 == run(*step.removeprefix("and ").removeprefix("cnncalc ").split()).exit_code


def test_a_limit_without_its_suffix_is_asked_about() -> None:
    """50 MACs is no network's limit."""
    done = run("fit", "mobilenet_v1", "--vary", "width", "--max", "macs=50")

    assert 1 == done.exit_code
    assert done.stderr.endswith("; is `macs=50M` meant?\n")


def test_sorting_keeps_the_rows_of_the_table() -> None:
    """Blocks stay folded, the largest first; --depth 0 unfolds them."""
    plain, sorted_ = (run("macs", "resnet50", *more).stdout.splitlines() for more in ([], ["--sort", "macs"]))

    assert sorted(plain) == sorted(sorted_)
    assert plain != sorted_


# --- ranges ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["width=0.5:2", "width=0.5:1.5", "width=1:1.5"])
@pytest.mark.parametrize("command", ["sweep mobilenet_v1", "fit mobilenet_v1 --max macs=1G --vary"])
def test_a_range_of_a_multiplier_needs_a_step(command: str, asked: str) -> None:
    """A step of 1 is nobody's guess."""
    done = run(*command.split(), asked)

    assert (2, "") == (done.exit_code, done.stdout)
    assert f"error: `{asked}` needs a step: its ends are not whole\n   = help: {asked}:0.25\n" == done.stderr


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("width ends at 0.85: no step meets 1\n", "width=0.35:1:0.25"),
        ("width ends at 0.5: no step meets 0.3\n", "width=1:0.3:-0.25"),
        ("input ends at 192: no step meets 200\n", "input=128:200:32"),
        ("", "width=0.25:1:0.25"),
        ("", "input=32:34"),
        ("", "width=0.5,2"),
    ],
)
def test_the_end_of_a_range_that_is_not_met_is_said(said: str, asked: str) -> None:
    """The table has what was swept, stderr what was not."""
    done = run("sweep", "mobilenet_v1", asked)

    assert (0, said) == (done.exit_code, done.stderr)


@pytest.mark.parametrize(
    "options", ["--at layer2 --unit 3,3", "layer2 --unit 3,3", "--at layer2 --effective", "layer2"]
)
def test_a_block_means_its_last_layer_and_that_is_said(options: str) -> None:
    """43 + 3 x 16 = 91: a bottleneck of layer2 adds (3 - 1) x 8 to the 43 of its first 3x3."""
    done = run("receptive-field", "resnet50", *options.split())

    assert (0, "`layer2` ends in layer2[3]/relu\n") == (done.exit_code, done.stderr)
    assert " 91 " in done.stdout


def test_the_name_of_a_block_that_is_not_there_has_a_near_one() -> None:
    """Blocks are suggested as layers are."""
    done = run("receptive-field", "resnet50", "--at", "layr2", "--unit", "3,3")

    assert "error: resnet50 has no layer `layr2`\n   = help: did you mean `layer2`?\n" == done.stderr


@pytest.mark.parametrize("named", ["models", "models/*.yaml", "m*/**/*.yaml"])
def test_lint_takes_folders_and_patterns_as_check_does(named: str) -> None:
    """Files that are no specs are left out of a folder only."""
    Path("models").mkdir()
    for name in ("a", "b"):
        Path(f"models/{name}.yaml").write_text("input: [3, 8, 8]\nnet: [relu]\n")
    done = run("lint", named)

    assert "models/a.yaml: fine, 1 layer; it expects nothing\nmodels/b.yaml: fine, 1 layer; it expects nothing\n" == (
        done.stdout
    )
    assert (2, "error: no file matches *.yml\n") == ((other := run("lint", "*.yml")).exit_code, other.stderr)


def test_a_caption_names_what_was_set_and_nothing_else() -> None:
    """Another input is the input's to say."""
    assert run("macs", "mobilenet_v2", "--input", "192").stdout.startswith("mobilenet_v2   input 3x192x192 ")
    assert run("macs", "mobilenet_v2", "-s", "width=0.5").stdout.startswith("mobilenet_v2 (width=0.5)   input 3x224")
    assert run("macs", "resnet152", "-s", "classes=10").stdout.startswith("resnet152 (classes=10)   input 3x224x224")


def test_a_limit_that_only_warns_says_so_where_it_holds() -> None:
    """Beside its line."""
    Path("net.yaml").write_text("input: [1, 8, 8]\nnet: [relu]\nbudget:\n  params: {max: 9, warn: 5}\n")

    assert ["(line 4)", "(warn, line 4)"] == [
        line[line.index("(") :] for line in run("check", "net.yaml").stdout.splitlines() if "<=" in line
    ]


def test_the_tree_of_a_network_is_in_json_at_its_depth() -> None:
    """A part of ResNet-18: 32 layers at depth 1, two turns that are alike below."""
    stages = json.loads(run("show", "resnet18", "-f", "json", "--depth", "1").stdout)["tree"]
    parts = {part["path"]: part for part in json.loads(run("show", "resnet18", "-f", "json").stdout)["tree"]}
    inner = parts["layer1[0..1]/main/conv1"]

    assert ["stem", "pool", "layer1", "layer2", "layer3", "layer4", "globalavgpool", "fc"] == [
        s["path"] for s in stages
    ]
    assert 11_689_512 == sum(stage["params"] for stage in stages)
    assert (2, 64 * 64 * 9 + 128) == (parts["layer1[0..1]"]["times"], inner["params"])
    assert (None, 1) == (parts["layer1"]["params"], parts["layer1[0..1]"]["level"])


@pytest.mark.parametrize("width", [26, 40, 60, 80])
def test_bars_fit_the_terminal_and_keep_their_numbers(width: int) -> None:
    """The longest bar takes what the names and numbers leave; a pipe has them at their usual length."""
    rows = [("conv1", 3), ("layer4[2]/conv", 1451)]
    drawn = bars(["resnet152   input 3x224x224", "receptive field, in input pixels"], rows, 224, width=width)

    assert width >= max(map(len, drawn.splitlines()))
    assert "1,451" in drawn
    assert 50 == bars([""], rows[:1], 0).count("█")
