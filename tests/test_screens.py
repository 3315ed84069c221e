"""Screens: what a person at a terminal sees, however wide it is; the answer is always there, and tables stay tables."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from test_imports import loaded_by

from cnncalc.cli import COMMANDS, app
from cnncalc.errors import width_of
from cnncalc.render import units
from cnncalc.render.plain import lines
from cnncalc.render.report import Column, Report, Table
from cnncalc.render.terminal import drawn
from cnncalc.render.wrapping import broken

WIDTHS = (60, 80, 100, 120, 200)
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


Look = Callable[..., str]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Look:
    """What a command shows on a terminal: `look("summary lenet5", 80)`; further words are the environment."""
    monkeypatch.chdir(tmp_path)

    def shown(command: str, width: object = 80, **environment: str) -> str:
        for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"COLUMNS": str(width), "TERM": "xterm-256color", **environment}.items():
            monkeypatch.setenv(name, value)
        out = Terminal()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(Terminal()), contextlib.suppress(SystemExit):
            app(command.split(), prog_name="cnncalc")
        return out.getvalue()

    return shown


def words(text: str) -> str:
    """A text without its styles and without the places where its lines end."""
    return " ".join(ESCAPE.sub("", text).split())


ANSWERS = [
    (["25,557,032", "4,089,184,256", "427"], "summary resnet50"),
    (["64x112x112", "2048x7x7", "1000"], "shapes resnet50"),
    (["25,557,032", "14,964,736"], "params resnet50"),
    (["4,089,184,256", "8,178,368,512", "39,263,720"], "macs resnet50 --flops --operations"),
    (["192->32", "120,422,400", "12,443,648", "0.103"], "macs --compare"),
    (["300,774,272", "65,028,096", "6.55"], "macs mobilenet_v2 --compare"),
    (["bottleneck24", "54,942,720", "192,675,840", "3.51"], "macs mobilenet_v2 --compare --depth 1"),
    (["427", "267", "91"], "receptive-field resnet50"),
    (["9.6 MB", "6.4 MB"], "memory resnet50"),
    (["12,149,538,816", "59.4 MB"], "training resnet50"),
    (["10.7", "memory", "1.26 ms"], "roofline resnet50 --peak 10T --bandwidth 100G"),
    (["5.97 mJ", "43.5 mJ"], "energy resnet50"),
    (["4,231,976", "3,504,872", "-267,966,080"], "diff mobilenet_v1 mobilenet_v2 --depth 1"),
    (["conv", "learned", "output_padding"], "schema --kinds"),
    (["kernel", "needed", "extent", "whole"], "schema --kinds conv"),
    (["alexnet", "60,965,224", "724,406,816", "195"], "zoo"),
    (["lecture/", "12,443,648", "9.68"], "zoo --lecture"),
    (["7x7,", "118,013,952", "4,089,184,256"], "show resnet50"),
    (["117,600", "416,520"], "explain lenet5"),
    (["115,605,504", "147,456", "43"], "explain resnet50 layer2[0]/main/conv"),
    (["4,089,184,256", "25,557,032", "3520"], "formula resnet50 --over H,width"),
    (["150 H^2", "2400 floor(H/2)^2"], "formula lenet5 --by-layer --over H --of macs"),
    (["1,968,680", "300,774,272"], "sweep mobilenet_v2 width=0.5:1:0.25"),
    (["0.74", "186,001,376", "binding:"], "fit mobilenet_v2 --vary width --max macs=200M"),
    (["3,504,872", "2,278,604", "144,907,992", "491"], "compare mobilenet_v2 shufflenet_v2"),
    (["4,133,742,592", "4,089,184,256"], "macs resnet50 --as thop"),
    (["4,133,742,592", "44,558,336"], "explain resnet50 --against thop"),
    (["300,774,272", "FAIL", "ok"], "check mobilenet_v2 --set width=1 --max macs=1 --max params=1G"),
    (["-117", "309", "223"], "receptive-field resnet50 --unit 3,3"),
    (["27.64", "212"], "receptive-field vgg16 --effective"),
    (["10", "conv2_1"], "receptive-field vgg16 conv2_1"),
    (["layer4[2]/main/conv/batchnorm", "9.6 MB", "2.4 MB"], "memory resnet50 --plot --depth 0"),
    (["212", "pool5"], "receptive-field vgg16 --plot"),
    (["fine"], "lint resnet50"),
    (["all figures hold", "416,520"], "validate lenet5"),
    (["0.259812", "0.14141"], "run lenet5"),
    (["iou", "max-pool", "triplet"], "worked"),
    (["1/7", "0.1429"], "worked iou"),
    (["gradient", "21"], "worked max-pool"),
]
"""The key figures of a question, and the command that asks it."""


NO_SCREEN = {
    "convert": "a spec, whose lines are its own",
    "init": "a file",
    "log": "the history of a file: tests/test_log.py",
    "report": "a page in a file",
    "saliency": "a picture in a file",
}
"""Commands that answer with something else than a screen, and with what."""


def test_every_command_has_its_answer_looked_for() -> None:
    """A new one needs its row, or a reason."""

    assert set(COMMANDS) - set(NO_SCREEN) == {command.split()[0] for _, command in ANSWERS}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("figures", "command"), ANSWERS, ids=[command for _, command in ANSWERS])
def test_a_terminal_of_any_width_shows_the_answer(figures: list[str], command: str, width: int, look: Look) -> None:
    """No key figure goes or is broken, and no line is wider than the terminal."""
    shown = ESCAPE.sub("", look(command, width))

    assert [] == [figure for figure in figures if figure not in words(shown)]
    assert [] == [line for line in shown.splitlines() if width_of(line) > width]


@pytest.mark.parametrize("command", ["summary resnet50", "zoo", "params resnet50"])
def test_wide_shows_all_columns(command: str, look: Look) -> None:
    """With --wide the terminal has what a pipe has; without, what there is no room for is named."""
    piped = io.StringIO()
    with contextlib.redirect_stdout(piped), contextlib.suppress(SystemExit):
        app(command.split(), prog_name="cnncalc")
    titles = re.split(r"  +", piped.getvalue().split("\n\n")[1].splitlines()[0].strip())
    narrow = words(look(command, 80))

    assert piped.getvalue() == ESCAPE.sub("", look(f"{command} --wide", 80))
    gone = re.search(r"\(--wide shows (.*) too\)", narrow)
    assert gone is not None
    assert set(gone[1].split(", ")) <= set(titles)


@pytest.mark.parametrize("width", [1, 2, 7, 20, 39])
@pytest.mark.parametrize("command", ["summary resnet50", "zoo", "schema --kinds conv"])
def test_on_a_very_narrow_terminal_rows_go_on_in_the_next_lines(command: str, width: int, look: Look) -> None:
    """Nothing fails, and no number is broken where it fits."""
    shown = ESCAPE.sub("", look(command, width))

    assert all(width_of(line) <= max(width, 17) for line in shown.splitlines())
    if command == "summary resnet50" and width >= 20:
        assert "25,557,032" in shown
        assert "4,089,184,256" in shown


def test_a_row_below_its_number_says_what_the_number_is(look: Look) -> None:
    """A sweep of many columns: the variable by its name."""
    shown = ESCAPE.sub("", look("sweep lenet5 classes=10,20 --columns params,macs,flops,receptive_field", 30))

    assert "  classes 10\n    params" in shown


@pytest.mark.parametrize(("columns", "rows"), [("abc", "24"), ("0", "0"), ("-5", "0"), ("", ""), ("80.5", "x")])
def test_a_width_that_is_none_is_80(columns: str, rows: str, look: Look) -> None:
    """What the environment says of the terminal may be nonsense."""

    assert look("summary lenet5", 80) == look("summary lenet5", columns, LINES=rows)


NAMES = {
    "a long name": "x" * 500,
    "a long path": "/".join(f"block{place}[{place}]" for place in range(60)),
    "wide characters": "畳み込み層/第一/活性化" * 9,
    "right to left": "שכבת קונבולוציה",
    "combining": "e\u0301" * 90,
    "emoji": "🧱" * 70,
}


@pytest.mark.parametrize("width", [20, 60, 80])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_whole_whatever_its_letters(name: str, width: int) -> None:
    """It goes on in the next line, and the numbers beside it end in one column."""
    columns = [Column("name", "layer", kept=True), Column("params", "params", units.COUNT, kept=True)]
    table = Table(columns, [{"name": name, "params": 1234567}, {"name": "b", "params": 1}], {"params": 1234568})
    shown = drawn(Report(["net"], [table]), width, False)
    ends = {width_of(line) for line in shown.splitlines() if re.search(r"\d,\d{3},\d{3}$", line)}

    assert "".join(name.split()) in "".join(re.sub("1,234,567|params", "", shown).split())
    assert all(width_of(line) <= width for line in shown.splitlines())
    assert 1 == len(ends)


REPORT = Report(
    ["net", "input 1x2x3"],
    [
        Table(
            [
                Column("layer", "layer", kept=True),
                Column("a", "first", units.COUNT),
                Column("b", "second", units.COUNT),
            ],
            [{"layer": "stem/conv", "a": 1, "b": 20}, {"layer": "fc", "a": 300}],
            {"layer": "total", "a": 301, "b": 20},
        )
    ],
    notes=["a note"],
)
WHOLE = [
    "net   input 1x2x3",
    "",
    "  layer      first  second",
    "  stem/conv      1      20",
    "  fc           300",
    "  ------------------------",
    "  total        301      20",
    "  a note",
]
NARROW = [
    "net   input 1x2x3",
    "",
    "  layer      first",
    "  stem/conv      1",
    "  fc           300",
    "  ----------------",
    "  total        301",
    "  (--wide shows",
    "    second too)",
    "  a note",
]


def test_a_table_has_numbers_at_the_right_and_a_rule_over_its_total() -> None:
    """The same in a pipe and on a wide terminal; on a narrow one what is beside the answer goes from the right."""

    assert WHOLE == list(lines(REPORT)) == drawn(REPORT, None, False).splitlines()
    assert drawn(REPORT, 80, False).splitlines() == WHOLE
    assert NARROW == drawn(REPORT, 20, False).splitlines()


@pytest.mark.parametrize(
    ("broken_into", "text", "width"),
    [
        (["one two", "  three"], "one two three", 8),
        (["a / b", "  + c", "  + d"], "a / b + c + d", 7),
        (["stem/", "  conv/", "  norm"], "stem/conv/norm", 7),
        (["abcd", "  ef", "  gh", "  i"], "abcdefghi", 4),
        (["    in the", "      net"], "    in the net", 12),
        (["weights 1 MB", "  peak 2 MB"], "weights 1 MB   peak 2 MB", 17),
        (["第一", "  第", "  二"], "第一第二", 4),
    ],
)
def test_a_text_is_broken_where_it_reads_best(broken_into: list[str], text: str, width: int) -> None:
    """Between parts, before a sign, between words, behind a slash; a word only where nothing else is left."""

    assert broken_into == broken(text, width, "  ")


def test_a_pipe_does_not_pay_for_the_terminal() -> None:
    """rich is imported where somebody looks, and nowhere else."""
    code = "from cnncalc.cli import app\ntry:\n    app(['params', 'lenet5'])\nexcept SystemExit:\n    pass"

    assert set() == {name for name in loaded_by(code) if name.startswith("rich")}


# --- colour --------------------------------------------------------------------------------------------------------

BROKEN = "input: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}, reluu]\n"
FINE = "name: tiny\nsource: a test\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}, relu]\n"


def streams(command: str, out: io.StringIO, err: io.StringIO) -> tuple[str, str]:
    """What a command writes to its two streams."""
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        app(command.split(), prog_name="cnncalc")
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("colour", "terminal", "environment"),
    [
        (True, True, {}),
        (False, False, {}),
        (False, True, {"NO_COLOR": "1"}),
        (True, True, {"NO_COLOR": ""}),
        (False, True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        (True, False, {"FORCE_COLOR": "1"}),
        (True, False, {"CLICOLOR_FORCE": "1"}),
        (False, False, {"FORCE_COLOR": "0"}),
        (False, True, {"FORCE_COLOR": "0"}),
        (False, True, {"CLICOLOR": "0"}),
        (True, True, {"CLICOLOR": "1"}),
        (False, True, {"TERM": "dumb"}),
        (True, False, {"TERM": "dumb", "FORCE_COLOR": "1"}),
    ],
)
@pytest.mark.parametrize(
    "command", ["summary lenet5", "check fine.yaml --max macs=1", "lint fine.yaml", "lint bad.yaml", "summary nowhere"]
)
def test_the_environment_and_the_stream_decide_over_colour(
    command: str, colour: bool, terminal: bool, environment: dict[str, str], look: Look, tmp_path: Path
) -> None:
    """Tables, verdicts, carets and errors alike; the words are the same with it and without."""
    (tmp_path / "bad.yaml").write_text(BROKEN)
    (tmp_path / "fine.yaml").write_text(FINE)
    plain = "".join(streams(command, io.StringIO(), io.StringIO()))
    look("", 200, **environment)
    out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
    written = "".join(streams(command, out, err))

    assert bool(ESCAPE.search(written)) == colour
    assert ESCAPE.sub("", written) == plain


@pytest.mark.parametrize("form", ["json", "csv", "markdown", "latex", "html"])
def test_what_is_read_by_programs_has_no_colour(form: str, look: Look) -> None:
    """Forced or not."""

    assert not ESCAPE.search(look(f"summary lenet5 --format {form}", FORCE_COLOR="1"))


def test_what_is_wrong_is_red_and_the_way_out_has_a_colour_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word `error`, the caret under the place, the margin, `help`, and the verdicts of check."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    (tmp_path / "bad.yaml").write_text(BROKEN)
    (tmp_path / "fine.yaml").write_text(FINE)
    error = streams("summary bad.yaml", io.StringIO(), io.StringIO())[1]
    failed = streams("check fine.yaml --max macs=1 --max params=1G", io.StringIO(), io.StringIO())[0]

    for piece in ("\x1b[1;31merror:\x1b[0m", "\x1b[1;31m^^^^^\x1b[0m", "\x1b[34m-->\x1b[0m", "\x1b[36mhelp:\x1b[0m"):
        assert piece in error
    for piece in ("\x1b[1;31mFAIL\x1b[0m", "\x1b[32mok  \x1b[0m", "\x1b[1;31m1 failed\x1b[0m"):
        assert piece in failed


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_check_fits_the_terminal(width: int, look: Look) -> None:
    """Verdict and figure first; what the line cannot hold is below it."""
    shown = ESCAPE.sub("", look("check resnet50 --max macs=3G --max params=1G", width))

    assert all(width_of(line) <= width for line in shown.splitlines())
    assert {"FAIL", "4,089,184,256", "136.3%", "1,089,184,256", "ok", "25,557,032"} <= set(shown.split())
