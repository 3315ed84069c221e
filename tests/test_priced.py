"""Energy, the time of a roofline and the memory of training as figures: their terms, their values, who reads them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.figures import CLAIMED, FIGURES
from cnncalc.analyses.subject import at_inference, subject, subjects, value
from cnncalc.budget.check import check
from cnncalc.cli import app
from cnncalc.errors import CnncalcError, SpecError
from cnncalc.quantities import ENERGY, TIME, Unreadable, amount

# A 1x1 convolution of 2 channels to 3 on 4x4: 96 MACs; 32 elements in, 6 weights, 48 out: 86 elements, 344 bytes.
POINT = "input: [2, 4, 4]\nnet:\n  - {conv: {out: 3, kernel: 1, bias: false}, as: c}\n"
AUX = POINT + "  - {head: {side: [{conv: {out: 5, kernel: 1, bias: false}}]}, train_only: true}\n"


def run(*arguments: str) -> Any:
    """A command, in this process."""
    return CliRunner().invoke(app, [*arguments])


def found(text: str, of: str = POINT) -> Any:
    """A figure of the convolution."""
    return value(at_inference(cnncalc.parse(of, "p.yaml")), subject(text))


# fmt: off
BY_HAND = [
    (112_242,    "energy"),                             # 96 * 4.6 pJ + 344 B * 2600/8 pJ = 112,241.6 pJ
    (112_242,    "energy@fp32,dram"),
    (1_104,      "energy@int8,sram_1MB"),               # 96 * 0.3 + 86 B * 100/8 = 1,103.8
    (56_044,     "energy@fp16"),                        # 96 * 1.5 + 172 B * 325 = 56,044
    (112_242,    "c:energy"),
    (216_684,    "energy@batch=2"),                     # 192 * 4.6 + (2 * 80 + 6) * 4 B * 325 = 216,683.2
    (344_000,    "roofline@peak=1G,bandwidth=1G"),      # 344 bytes take longer than 192 FLOPs
    (1_920_000,  "roofline@peak=100M,bandwidth=1G"),    # and here the FLOPs do
    (114_667,    "roofline@peak=1T,bandwidth=3G"),      # 344 / 3 ns, rounded up
    (664_000,    "roofline@peak=1G,bandwidth=1G,batch=2"),
    (86_000,     "roofline@peak=1T,bandwidth=1G,int8"),
    (416,        "training"),                           # adam: 6 * (4 + 4 + 8), and (32 + 48) * 4 are kept
    (736,        "training@batch=2"),
    (208,        "training@sgd,bf16"),                  # 6 * (2 + 2 + 4), and 80 * 2
    (416,        "c:training@adam"),
]
SPELLED = [
    ("energy",                                  "energy",                                  "energy (fp32, dram)"),
    ("energy@dram",                             "energy",                                  "energy (fp32, dram)"),
    ("energy@sram_1MB,int8",                    "energy@int8,sram_1MB",                    "energy (int8, sram_1MB)"),
    ("training@batch=32,adam",                  "training@batch=32",                       "training (adam, fp32, batch 32)"),
    ("roofline@bandwidth=25.6 GB/s,peak=472e9", "roofline@peak=472G,bandwidth=25.6G",
     "roofline (peak 472G, bandwidth 25.6G, fp32)"),
    ("roofline@nano,peak=1.5T,bandwidth=1k,fused,fp16", "roofline@nano,peak=1.5T,bandwidth=1k,fp16,fused",
     "roofline (nano, fp16, fused)"),
    ("each c/**:energy@batch=2",                "each c/**:energy@batch=2",
     "energy (fp32, dram, batch 2) of each layer of c/**"),
]
WRONG = [
    ("energy@int7",               "`energy` is worked out under no `int7`",        "did you mean `int8`?"),
    ("energy@bf16",               "`energy` is worked out under no `bf16`",        "did you mean `fp16`?"),
    ("training@int8",             "`training` is worked out under no `int8`",
     "known: sgd, momentum, adam, fp32, tf32, bf16, fp16, fp64, batch=8"),
    ("training@adam,sgd",         "`training@adam,sgd` says its optimizer twice",  "keep one"),
    ("training@batch=0",          "a batch is a number of images, and not `0`",    "batch=8"),
    ("training@batch",            "`training@batch` says no batch",                "training@batch=8"),
    ("roofline@jetson",           "no machine `jetson`",
     "roofline@jetson,peak=472G,bandwidth=25.6G, or `machines` of cnncalc.toml or of the budget"),
    ("roofline@peak=0,bandwidth=1G", "`peak 0` must be more than 0",               "for instance peak 472G"),
    ("energy@optimizer=adam",     "`energy` has no optimizer",                     "it has dtype, memory, fused, batch"),
]
AMOUNTS = [(10**9, "1 mJ", ENERGY), (5 * 10**9, "5ms", TIME), (1500, "1.5 nJ", ENERGY), (2 * 10**6, "2 \N{MICRO SIGN}s", TIME)]
BAD_AMOUNTS = [
    ("5",        TIME,   "`5` has no unit, and is a time",    "write 5 ms; known: ps, ns, us, ms, s"),
    (5,          ENERGY, "`5` has no unit, and is an energy", "write 5 mJ; known: pJ, nJ, uJ, mJ, J"),
    ("5 mj",     ENERGY, "no unit `mj` for an energy",        "write 5 mJ; known: pJ, nJ, uJ, mJ, J"),
    ("5M",       TIME,   "no unit `M` for a time",            "write 5 ms; known: ps, ns, us, ms, s"),
    ("1.5 pJ",   ENERGY, "`1.5 pJ` is not a whole number",    "figures are exact integers"),
]
# fmt: on


@pytest.mark.parametrize(("expected", "text"), BY_HAND)
def test_a_figure_is_what_its_formula_says(expected: int, text: str) -> None:
    """In picojoules, picoseconds and bytes; rounded up once."""
    assert expected == found(text)


def test_training_is_of_the_whole_network() -> None:
    """A head that only training uses takes memory there, and no energy."""
    assert found("energy") == found("energy", AUX)
    # 15 weights more of 16 bytes each, and the head's output of 80 elements
    assert found("training") + 15 * 16 + 80 * 4 == found("training", AUX)


@pytest.mark.parametrize("name", ["resnet18", "unet", "mobilenet_v2"])
def test_the_figures_are_those_of_the_commands(name: str) -> None:
    """`energy`, `roofline` and `training` print what the limits hold."""
    told = {
        command: json.loads(run(command, name, *options, "-f", "json").stdout)["totals"]
        for command, options in (
            ("energy", ["--dtype", "int8", "--memory", "sram_32kB"]),
            ("roofline", ["--peak", "472G", "--bandwidth", "25.6G", "--batch", "8"]),
            ("training", ["--optimizer", "momentum", "--batch", "8"]),
        )
    }
    figures = at_inference(cnncalc.load(name))

    assert value(figures, subject("energy@int8,sram_32kB")) == pytest.approx(told["energy"]["highest"], abs=1)
    least = value(figures, subject("roofline@peak=472G,bandwidth=25.6G,batch=8"))
    assert least == pytest.approx(told["roofline"]["seconds"] * 10**12, abs=1)
    assert value(figures, subject("training@momentum,batch=8")) == told["training"]["bytes"]


@pytest.mark.parametrize(("text", "expected", "title"), SPELLED)
def test_terms_have_one_spelling(text: str, expected: str, title: str) -> None:
    """In the order of the documentation, without what is as usual."""
    assert (expected, title) == (subject(text).text, subject(text).title)
    assert subject(text) == subject(text, machines={}) and subject(expected).text == expected


@pytest.mark.parametrize(("text", "message", "help"), WRONG)
def test_terms_that_there_are_not_are_told_with_the_way_out(text: str, message: str, help: str) -> None:
    """The whole message."""
    with pytest.raises(CnncalcError) as caught:
        subject(text)

    assert (message, help) == (caught.value.message, caught.value.help)


@pytest.mark.parametrize(("expected", "text", "unit"), AMOUNTS)
def test_an_energy_and_a_time_have_units(expected: int, text: str, unit: str) -> None:
    """Picojoules and picoseconds."""
    assert expected == amount(text, unit)


@pytest.mark.parametrize(("text", "unit", "message", "help"), BAD_AMOUNTS)
def test_a_mere_number_is_no_energy(text: Any, unit: str, message: str, help: str) -> None:
    """Each mistake says what to write."""
    with pytest.raises(Unreadable) as caught:
        amount(text, unit)

    assert (message, help) == (caught.value.message, caught.value.help)


def test_a_list_of_figures_keeps_terms_together() -> None:
    """A comma stands between figures, and between terms."""
    assert ["macs", "training@adam,batch=32", "energy"] == subjects("macs, training@adam,batch=32,energy")
    assert ["roofline@peak=1G,bandwidth=2G,fp16", "params"] == subjects("roofline@peak=1G,bandwidth=2G,fp16,params")
    front = "training@adam,batch=32:max,width:max,**:energy@int8,sram_1MB:min,w"
    assert ["training@adam,batch=32:max", "width:max", "**:energy@int8,sram_1MB:min", "w"] == subjects(
        front, ["width", "w"]
    )


def test_a_limit_says_its_terms_beside_it_or_behind_the_figure() -> None:
    """Both are the same limit; a machine has a name."""
    budget = {
        "machines": {"slow": {"peak": "1 GFLOP/s", "bandwidth": "1 GB/s"}},
        "roofline@slow": "344 ns",
        "roofline": {"max": "343 ns", "machine": "slow"},
        "training": {"max": "735 B", "batch": 2, "optimizer": "adam", "level": "warning"},
        "energy": {"max": "1.104 nJ", "dtype": "int8", "memory": "sram_1MB"},
    }
    findings = check(cnncalc.parse(POINT, "p.yaml"), raises=False, **budget)

    assert [
        "ok    roofline (slow, fp32) 344 ns <= 344 ns",
        "fail  roofline (slow, fp32) 344 ns <= 343 ns (over by 1 ns)",
        "warn  training (adam, fp32, batch 2) 736 B <= 735 B (over by 1 B)",
        "ok    energy (int8, sram_1MB) 1.104 nJ <= 1.104 nJ",
    ] == [f"{finding.status:<5} {finding}" for finding in findings]


BAD_BUDGETS = [
    ({"roofline": "5 ms"}, "the time of a roofline is that of a machine"),
    ({"energy": "5"}, "`5` has no unit, and is an energy"),
    ({"energy": {"max": "5 mJ", "memory": "disk"}}, "`energy` has no memory `disk`"),
    ({"energy": {"max": "5 mJ", "optimizer": "adam"}}, "a limit has no key `optimizer`"),
    ({"machines": {"slow": {"peak": "1G"}}}, "a machine has a `peak`, in FLOPs a second, and a `bandwidth`"),
    ({"machines": {"a/b": {"peak": "1G", "bandwidth": "1G"}}}, "`a/b` is no name of a machine"),
    ({"machines": 5}, "`machines` is a mapping from names to machines"),
]


@pytest.mark.parametrize(("budget", "message"), BAD_BUDGETS)
def test_a_limit_that_is_wrong_says_what_to_write(budget: dict[str, Any], message: str) -> None:
    """Each with a place."""
    with pytest.raises(SpecError) as caught:
        check(cnncalc.parse(POINT, "p.yaml"), **budget)

    assert [True] == [diagnostic.message.startswith(message) for diagnostic in caught.value.diagnostics]


def test_sweep_fit_and_compare_have_them(tmp_path: Path) -> None:
    """As columns, as conditions, as limits; CSV quotes a name with a comma."""
    spec = tmp_path / "p.yaml"
    spec.write_text(POINT)
    names = "energy@int8,sram_1MB,training@batch=2,roofline@peak=1G,bandwidth=1G"
    swept = run("sweep", str(spec), "input=4,8", "-c", names, "-f", "csv").stdout.splitlines()
    held = ["--where", "training@batch=2 < 1 kB and energy<0.2 uJ", "-f", "csv"]
    kept = run("sweep", str(spec), "input=4,8", "-c", "energy,training@batch=2", *held).stdout.splitlines()
    largest = json.loads(run("fit", str(spec), "--vary", "input=4:9:1", "--max", "energy=0.2uJ", "-f", "json").stdout)

    # on 8x8: 384 MACs, 128 + 6 + 192 elements
    assert [
        'input,"energy@int8,sram_1MB",training@batch=2,"roofline@peak=1G,bandwidth=1G"',
        "4,1104,736,344000",
        f"8,{round(384 * 0.3 + 326 * 12.5 + 0.49)},{6 * 16 + 320 * 8},1304000",
    ] == swept
    assert ["input,energy,training@batch=2", "4,112242,736"] == kept
    assert 5 == largest["best"][0]["setting"]["input"]  # 25/16 of 80 elements and 6: 131 * 1300 + 150 * 4.6 pJ
    assert "energy (fp32, dram)" in run("compare", "lenet5", str(spec), "-c", "energy").stdout


SLOW = 'specs = ["p.yaml"]\n[machines.slow]\npeak = "1G"\nbandwidth = "1G"\n'
ON_SLOW = "roofline@slow,peak=1G,bandwidth=1G"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine, and with the convolution of 4x4, which takes 344 ns on it: on 8x8 it takes 1,304 ns."""
    (tmp_path / "cnncalc.toml").write_text(SLOW)
    (tmp_path / "p.yaml").write_text(POINT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# fmt: off
NAMED = [
    ("sweep p.yaml input=4,8 -c roofline@slow -f csv",  ['input,"' + ON_SLOW + '"', "4,344000", "8,1304000"]),
    ("sweep p.yaml input=4,8 --where roofline@slow<1us -f csv",             ["input,params,macs", "4,6,96"]),
    ("sweep p.yaml input=4,8 --sort roofline@slow,int8 -c layers -f csv",   ["input,layers", "8,1", "4,1"]),
    ("sweep p.yaml input=4,8 --pareto roofline@slow,int8,params -f csv",    ["input,params,macs", "4,6,96"]),
    ("sweep p.yaml input=4,8 --pareto roofline@slow,int8:max,params -f csv", ["input,params,macs", "8,6,384"]),
    ("sweep p.yaml input=4,8 --pareto training@adam,batch=32,input:max --sort input -c training@adam,batch=32 -f csv",
     ["input,training@batch=32", "8,41056", "4,10336"]),  # 6 * 16 and 32 * (32 + 48) * 4 bytes; (128 + 192) on 8x8
    ("fit p.yaml --vary input=4:8:4 --max roofline@slow=1us --format csv",
     ['input,"' + ON_SLOW + '",params,macs,verdict', f'4,344000,6,96,"binding: {ON_SLOW}"',
      f'8,1304000,6,384,"next: {ON_SLOW} over by 304 ns (30.4%)"']),
    ("compare p.yaml -c roofline@slow,int8,macs --format csv", ['name,"' + ON_SLOW + ',int8",macs', "p,192000,96"]),
]
# fmt: on


@pytest.mark.parametrize(("line", "expected"), NAMED)
def test_a_machine_has_its_name_in_every_command(project: Path, line: str, expected: list[str]) -> None:
    """As a column, a condition, a goal of the front, what is sorted by; the answer has the machine written out."""
    done = run(*line.split())

    assert (expected, 0) == (done.stdout.splitlines(), done.exit_code), done.stderr


def test_the_log_and_the_page_know_the_machine(project: Path) -> None:
    """The log by its key in JSON, the page by its roof."""
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *words], check=True)
    past = json.loads(run("log", "p.yaml", "-c", "roofline@slow", "-f", "json").stdout)

    assert ([ON_SLOW], 344_000) == (past["columns"], past["commits"][0]["figures"][ON_SLOW])
    for on in (["--machine", "slow"], ["--peak", "1G", "--bandwidth", "1G"]):
        assert 0 == run("report", "p.yaml", *on, "-o", f"{len(on)}.html").exit_code
    assert Path("2.html").read_text() == Path("4.html").read_text()
    assert 2 == run("report", "p.yaml", "--machine", "slow", "--peak", "1G", "-o", "a.html").exit_code


UNNAMED = [
    "sweep p.yaml input=4,8 -c",
    "fit p.yaml --vary input --max",
    "compare p.yaml -c",
    "log p.yaml -c",
    "roofline",
]


@pytest.mark.parametrize("line", UNNAMED)
def test_an_unknown_machine_is_told_with_those_that_there_are(project: Path, line: str) -> None:
    """Every machine, and which may be meant where there are several."""
    given = (
        ["p.yaml", "--machine", "slo"]
        if line == "roofline"
        else ["roofline@slo=1us" if "fit" in line else "roofline@slo"]
    )
    one = run(*line.split(), *given)
    (project / "cnncalc.toml").write_text(SLOW + '[machines.orin]\npeak = "1T"\nbandwidth = "1G"\n')
    several = run(*line.split(), *given)

    assert 2 == one.exit_code == several.exit_code
    assert "no machine `slo`" in one.stderr and "help: known: slow; or " in one.stderr
    assert "help: did you mean `slow`? known: slow, orin; or " in several.stderr


def test_a_configuration_is_read_only_for_the_name_of_a_machine(project: Path) -> None:
    """One that is broken does not stop a comparison that needs nothing of it."""
    (project / "cnncalc.toml").write_text("machines = 5\n")

    assert 0 == run("compare", "p.yaml", "-c", "roofline@peak=1G,bandwidth=1G").exit_code
    broken = run("compare", "p.yaml", "-c", "roofline@slow")
    assert (2, True) == (broken.exit_code, "`machines` is a mapping from names to machines" in broken.stderr)


def test_expect_and_formula_say_why_they_have_none(tmp_path: Path) -> None:
    """A claim is of the network alone, and a sum of the larger of two has no formula."""
    spec = tmp_path / "p.yaml"
    spec.write_text(POINT + "expect: {energy: 112242}\n")
    linted, closed = run("lint", str(spec)), run("formula", str(spec), "--of", "energy")

    assert {"energy", "roofline", "training"} == {*FIGURES} - {*CLAIMED}
    assert 1 == linted.exit_code
    assert "`expect` is of the network alone, and `energy` depends on more" in linted.stdout + linted.stderr
    assert "no formula of `energy`" in closed.stderr


def test_growth_and_the_lock_hold_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock has the figures that limits are about, under the terms; a machine that changes is another figure."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    spec, config = tmp_path / "p.cnn.yaml", tmp_path / "cnncalc.toml"
    spec.write_text(POINT)
    machine = '[machines.slow]\npeak = "1G"\nbandwidth = "%s"\n'
    rules = '[[budget]]\nenergy = {growth = "5%"}\n"roofline@slow" = {max = "1 ms", growth = "50 ns"}\n'
    config.write_text('specs = ["*.cnn.yaml"]\n' + machine % "1G" + rules)
    assert 0 == run("check", "--update").exit_code
    lock = json.loads((tmp_path / "cnncalc.lock.json").read_text())["specs"]["p.cnn.yaml"]
    same = run("check", "--strict")
    spec.write_text(POINT.replace("out: 3", "out: 4"))
    grown = run("check", "--report", "concise")
    config.write_text('specs = ["*.cnn.yaml"]\n' + machine % "2G" + rules)
    other = run("check", "--report", "concise", "--strict")

    assert (112_242, 344_000) == (lock["energy"], lock["roofline@slow,peak=1G,bandwidth=1G"])
    assert 0 == same.exit_code
    assert 1 == grown.exit_code
    # 128 MACs and 104 elements: 135,788.8 pJ; 72 bytes more take 72 ns more
    assert "energy (fp32, dram) growth +21.0% <= 5% (baseline 112.242 nJ" in grown.stdout
    assert "roofline (slow, fp32) growth +72 ns <= +50 ns (baseline 344 ns" in grown.stdout
    assert 1 == other.exit_code
    assert "does not have its roofline@slow,peak=1G,bandwidth=2G" in other.stderr


def test_the_machines_of_the_configuration_are_known_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an option, in the budget of a spec, in what extends it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "cnncalc.toml").write_text('[machines.slow]\npeak = "1G"\nbandwidth = "1G"\n')
    below = tmp_path / "edge"
    below.mkdir()
    (below / "cnncalc.toml").write_text('extend = "../cnncalc.toml"\nspecs = ["p.yaml"]\n')
    (below / "p.yaml").write_text(POINT + "budget: {roofline@slow: 344 ns}\n")
    monkeypatch.chdir(below)
    done = run("check", "--max", "roofline@slow,fp16=192ns")

    assert 0 == done.exit_code, done.stderr
    assert 2 == done.stdout.count("  ok ")
    assert 2 == run("check", "--max", "roofline@fast=172ns").exit_code
