"""Limits: how they are read, what they say of a network, and the lock."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.analyses.figures import FIGURES
from cnncalc.analyses.subject import within
from cnncalc.budget.check import BudgetError, check
from cnncalc.budget.config import config
from cnncalc.budget.propose import roomy
from cnncalc.budget.reading import option
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.project import matches
from cnncalc.quantities import BYTES, COUNT, Unreadable, amount, growth

SPEC = """\
name: tiny
input: [3, 8, 8]
vars: {width: 8, turns: 2}
net:
  - {conv: {out: $width, kernel: 3, padding: 1, bias: false}, as: stem}
  - {conv: {out: $width, kernel: 3, padding: 1, bias: false}, repeat: $turns, as: layer}
  - {conv: {out: 4, kernel: 3}, as: aux, train_only: true}
"""
TINY = SPEC.replace("  - {conv: {out: 4, kernel: 3}, as: aux, train_only: true}\n", "")
# stem 3*8*9 = 216, layer 2 * 8*8*9 = 1152: 1368 params; times 64 positions: 87,552 MACs


def tiny(budget: str = "") -> cnncalc.Graph:
    """The small network, with a budget."""
    return cnncalc.parse(TINY + (f"budget: {budget}\n" if budget else ""), "tiny.yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which no configuration is above."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Any:
    """What `cnncalc check` answers."""
    return CliRunner().invoke(app, ["check", *arguments])


# --- numbers -----------------------------------------------------------------------------------------------------

# fmt: off
AMOUNTS = [
    (3_600_000,         "3.6M",        COUNT),
    (320_000_000,       "320M",        COUNT),
    (1_500,             "1.5k",        COUNT),
    (4_100_000_000,     "4.1 G",       COUNT),
    (61_706,            "61,706",      COUNT),
    (61_706,            "61_706",      COUNT),
    (61_706,            61706,         COUNT),
    (0,                 0,             COUNT),
    (1_500_000,         "1.5 MB",      BYTES),
    (1_048_576,         "1 MiB",       BYTES),
    (1_536,             "1.5KiB",      BYTES),
    (1_000,             "1 kB",        BYTES),
    (12,                "12 B",        BYTES),
    (12,                12,            BYTES),
]
BAD_AMOUNTS = [
    ("3.6MB",     COUNT, "no unit `MB` for this number",                  "it is counted, not measured in bytes: 3.6M"),
    ("3.6M",      BYTES, "no unit `M` for this number",                   "bytes: 3.6 MB is 1,000,000 each"),
    ("1 KB",      BYTES, "no unit `KB` for this number",                  "kB is 1000 bytes, KiB is 1024"),
    ("1 mib",     BYTES, "no unit `mib` for this number",                 "write 1MiB"),
    ("3.6m",      COUNT, "no unit `m` for this number",                   "write 3.6M"),
    ("2%",        COUNT, "`2%` is a share, and a limit is a number",      "a share is for growth: `growth: 2%`"),
    ("1.5",       COUNT, "`1.5` is not a whole number",                   "figures are exact integers"),
    ("lots",      COUNT, "`lots` is no number",           "a limit is a number with a unit: 3.6M, 1.5 MB, 1 MiB, 2%"),
    (True,        COUNT, "a limit is a number, such as 3.6M or 1 MiB",    ""),
]
PATTERNS = [
    ("layer4/**",     ["layer4[0]/main/conv", "layer4[1]/add"]),
    ("layer4",        ["layer4[0]/main/conv", "layer4[1]/add"]),
    ("layer4[0]",     ["layer4[0]/main/conv"]),
    ("**/conv",       ["layer4[0]/main/conv", "layer40/conv"]),
    ("layer*/conv",   ["layer40/conv"]),
    ("stem/**",       ["stem", "stem/relu"]),
    ("**",            ["stem", "stem/relu", "layer4[0]/main/conv", "layer4[1]/add", "layer40/conv"]),
    ("layer5",        []),
]
GLOBS = [
    (True,  "models/edge/*",        "models/edge/a.yaml"),
    (False, "models/edge/*",        "models/edge/deep/a.yaml"),
    (True,  "models/**",            "models/edge/deep/a.yaml"),
    (True,  "models/**/*.yaml",     "models/a.yaml"),
    (True,  "models",               "models/edge/a.yaml"),
    (True,  "models/a.yaml",        "models/a.yaml"),
    (False, "models/a.yaml",        "models/a.yaml2"),
    (False, "*.yaml",               "models/a.yaml"),
    (True,  "**",                   "a.yaml"),
]
# fmt: on


@pytest.mark.parametrize(("expected", "text", "unit"), AMOUNTS)
def test_a_limit_is_read_with_its_unit(expected: int, text: Any, unit: str) -> None:
    """k M G T are powers of 1000; kB is 1000 bytes and KiB 1024."""
    assert expected == amount(text, unit)


@pytest.mark.parametrize(("text", "unit", "message", "help"), BAD_AMOUNTS)
def test_a_limit_that_cannot_be_read_says_what_to_write(text: Any, unit: str, message: str, help: str) -> None:
    """Each mistake has a message and a way out of its own."""
    with pytest.raises(Unreadable) as caught:
        amount(text, unit)

    assert (message, help) == (caught.value.message, caught.value.help)


def test_growth_is_a_share_or_a_number() -> None:
    """2% is a share of the baseline, 100k so many more."""
    assert (Fraction(1, 50), True) == growth("2%", COUNT)
    assert (Fraction(100_000), False) == growth("100k", COUNT)


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_a_path_pattern_means_a_block_and_all_that_is_in_it(pattern: str, expected: list[str]) -> None:
    """A step without brackets stands for every turn."""
    names = ["stem", "stem/relu", "layer4[0]/main/conv", "layer4[1]/add", "layer40/conv"]

    assert expected == within(pattern, names)


@pytest.mark.parametrize(("expected", "pattern", "path"), GLOBS)
def test_a_glob_means_files(expected: bool, pattern: str, path: str) -> None:
    """`*` stays within a folder, `**` crosses folders, a folder means all in it."""
    assert expected == matches(pattern, path)


# fmt: off
ROOMY = [
    ("65k",     61_706,         False),
    ("3.7M",    3_504_872,      False),
    ("320M",    300_774_272,    False),
    ("40 kB",   37_632,         True),
    ("11",      10,             False),
]
# fmt: on


@pytest.mark.parametrize(("expected", "value", "in_bytes"), ROOMY)
def test_a_proposed_limit_has_some_room(expected: str, value: int, in_bytes: bool) -> None:
    """At least 5% more than today, in two digits."""
    assert expected == roomy(value, in_bytes)


# --- verdicts ----------------------------------------------------------------------------------------------------

# fmt: off
VERDICTS = [   # the budget, what is said of it
    ("{params: 1368}",                              ["ok    params 1,368 <= 1,368"]),
    ("{params: 1367}",                              ["fail  params 1,368 <= 1,367 (over by 1)"]),
    ("{params: {min: 2k}}",                         ["fail  params 1,368 >= 2,000 (under by 632)"]),
    ("{params: {equals: 1368}}",                    ["ok    params 1,368 == 1,368"]),
    ("{params: {equals: 1400}}",                    ["fail  params 1,368 == 1,400 (under by 32)"]),
    ("{macs: {warn: 80k, max: 90k}}",
     ["ok    macs 87,552 <= 90,000", "warn  macs 87,552 <= 80,000 (over by 7,552)"]),
    ("{macs: {max: 80k, level: warning}}",          ["warn  macs 87,552 <= 80,000 (over by 7,552)"]),
    ("{flops: 175104}",                             ["ok    flops 175,104 <= 175,104"]),
    ("{trainable: 1368}",                           ["ok    trainable 1,368 <= 1,368"]),
    ("{weight_bytes: {max: 1.368 kB, dtype: int8}}",     ["ok    weight_bytes (int8) 1,368 B <= 1,368 B"]),
    ("{weight_bytes: 5 kB}",                             ["fail  weight_bytes 5,472 B <= 5,000 B (over by 472 B)"]),
    ("{activations: 6144}",                         ["ok    activations 6,144 B <= 6,144 B"]),
    ("{peak_activations: {max: 1 KiB, dtype: int8}}", ["ok    peak_activations (int8) 1,024 B <= 1,024 B"]),
    ("{peak_in_place: {max: 1 KiB, dtype: int8}}",  ["ok    peak_in_place (int8) 1,024 B <= 1,024 B"]),
    ("{peak_folded@int8: 1 KiB}",                   ["ok    peak_folded (int8) 1,024 B <= 1,024 B"]),
    ("{receptive_field: {min: 7}}",                 ["ok    receptive_field 7 >= 7"]),
    ("{receptive_field: {equals: 3, at: stem}}",    ["ok    receptive_field at stem 3 == 3"]),
    ("{receptive_field: {equals: 7, at: layer}}",   ["ok    receptive_field at layer 7 == 7"]),
    ("{stride: 1}",                                 ["ok    stride 1 <= 1"]),
    ("{frozen: 0}",                                 ["ok    frozen 0 <= 0"]),
    ("{buffers: 0}",                                ["ok    buffers 0 <= 0"]),
    ("{matmul_macs: 0}",                            ["ok    matmul_macs 0 <= 0"]),
    ("{weight_bytes@int8: 1.4 kB}",                 ["ok    weight_bytes (int8) 1,368 B <= 1,400 B"]),
    ("{receptive_field@stem: {equals: 3}}",         ["ok    receptive_field at stem 3 == 3"]),
    ("{receptive_field.width: 7}",                  ["ok    receptive_field.width 7 <= 7"]),
    ("{output.height: {min: 9}}",                   ["fail  output.height 8 >= 9 (under by 1)"]),
    ("{input: [3, 8, 8]}",                          ["ok    input 3x8x8 == 3x8x8"]),
    ("{energy: 6 uJ}",                              ["ok    energy (fp32, dram) 5.75874 uJ <= 6 uJ"]),
    ('{"roofline@peak=1G,bandwidth=1G": 0.1 ms}',
     ["fail  roofline (peak 1G, bandwidth 1G, fp32) 175.104 us <= 100 us (over by 75.104 us)"]),
    ("{training: {max: 28.8 kB, batch: 1}}",        ["ok    training (adam, fp32, batch 1) 28,800 B <= 28,800 B"]),
    ("{layers: 3}",                                 ["ok    layers 3 <= 3"]),
    ("{output: [8, 8, 8]}",                         ["ok    output 8x8x8 == 8x8x8"]),
    ("{output: [1000]}",                            ["fail  output 8x8x8 == 1000 (differs)"]),
    ('{"layer/**": {macs: 70k}}',                   ["fail  macs of layer/** 73,728 <= 70,000 (over by 3,728)"]),
    ("{layer: {params: 1152}}",                     ["ok    params of layer 1,152 <= 1,152"]),
    ('{"layer[0]": {params: 576}}',                 ["ok    params of layer[0] 576 <= 576"]),
    ("{weight_bytes: [{max: 6 kB}, {max: 1 kB, dtype: int8}]}",
     ["ok    weight_bytes 5,472 B <= 6,000 B", "fail  weight_bytes (int8) 1,368 B <= 1,000 B (over by 368 B)"]),
]
# fmt: on


@pytest.mark.parametrize(("budget", "expected"), VERDICTS)
def test_a_budget_is_judged(budget: str, expected: list[str]) -> None:
    """Each kind of limit on each metric, on a net of 216 + 2 * 576 weights on 8x8 maps."""
    findings = check(tiny(budget), raises=False)

    assert expected == [f"{finding.status:<5} {finding}" for finding in findings]


def test_a_field_that_differs_between_inputs_names_them() -> None:
    """A kernel of 1 behind one input and of 5 behind the other: a limit holds for both, and neither is an axis."""
    spec = """\
input: {a: [3, 32], b: [3, 32]}
net:
  - {conv: {out: 4, kernel: 1}, from: a, as: x}
  - {conv: {out: 4, kernel: 5, padding: same}, from: b, as: y}
  - {add: [x, y]}
budget: {receptive_field: {max: 4, min: 1}, receptive_field.length: {max: 5}, stride: 1}
"""
    findings = check(cnncalc.parse(spec, "two.yaml"), raises=False)

    assert [
        "fail  receptive_field a 1, b 5 <= 4 (over by 1)",
        "ok    receptive_field a 1, b 5 >= 1",
        "ok    receptive_field.length a 1, b 5 <= 5",
        "ok    stride 1 <= 1",
    ] == sorted(f"{finding.status:<5} {finding}" for finding in findings)


def test_every_metric_has_a_verdict() -> None:
    """A metric that the table above forgets is noticed."""
    assert not [name for name in FIGURES if not any(name in budget for budget, _ in VERDICTS)]


def test_what_only_training_uses_does_not_count() -> None:
    """Figures are of the inference graph."""
    with_aux = cnncalc.parse(
        SPEC.replace("  - {conv: {out: 4", "  - {head: {side: [{conv: {out: 4").replace(
            "as: aux, train_only: true}", "as: aux}]}, train_only: true}"
        ),
        "aux.yaml",
    )

    assert with_aux.inference is not with_aux
    assert check(with_aux, params=1368)[0].status == "ok"


# fmt: off
BROKEN = [
    ("{parms: 3M}", """\
error: no metric `parms`
 --> tiny.yaml:7:10
  |
7 | budget: {parms: 3M}
  |          ^^^^^
  = help: did you mean `params`?"""),
    ("{params: {maximum: 3M, max: 4M}}", """\
error: a limit has no key `maximum`
 --> tiny.yaml:7:19
  |
7 | budget: {params: {maximum: 3M, max: 4M}}
  |                   ^^^^^^^
  = help: did you mean `max`?"""),
    ("{params: {dtype: int8, max: 1k}}", """\
error: `params` has no dtype
 --> tiny.yaml:7:19
  |
7 | budget: {params: {dtype: int8, max: 1k}}
  |                   ^^^^^
  = help: remove `dtype`"""),
    ("{weight_bytes: {dtype: fp31, max: 1 kB}}", """\
error: no dtype `fp31`
 --> tiny.yaml:7:32
  |
7 | budget: {weight_bytes: {dtype: fp31, max: 1 kB}}
  |                                ^^^^
  = help: did you mean `fp32`?"""),
    ("{params: {max: 1k, min: 2k}}", """\
error: no network can hold both of these limits on params
 --> tiny.yaml:7:28
  |
7 | budget: {params: {max: 1k, min: 2k}}
  |                   --- max 1,000
  |                            ^^^ min 2,000"""),
    ('{"nothing/**": {macs: 1k}}', """\
error: no layer of tiny is in `nothing/**`
 --> tiny.yaml:7:31
  |
7 | budget: {"nothing/**": {macs: 1k}}
  |                               ^^
  = help: `cnncalc shapes` lists them"""),
    ("{layer: {stride: 1}}", """\
error: a part of a network has no `stride` of its own
 --> tiny.yaml:7:18
  |
7 | budget: {layer: {stride: 1}}
  |                  ^^^^^^
  = help: stride: {max: ..., at: layer}"""),
    ("{stride: {max: 1, at: lyer}}", """\
error: tiny has no layer `lyer`
 --> tiny.yaml:7:19
  |
7 | budget: {stride: {max: 1, at: lyer}}
  |                   ^^^
  = help: did you mean `layer`?"""),
    ("3M", """\
error: a budget is a mapping from metrics to limits
 --> tiny.yaml:7:9
  |
7 | budget: 3M
  |         ^^
  = help: budget: {macs: 320M}"""),
]
# fmt: on


@pytest.mark.parametrize(("budget", "expected"), BROKEN)
def test_a_budget_that_makes_no_sense_shows_where(budget: str, expected: str) -> None:
    """The whole message, the caret included."""
    with pytest.raises(CnncalcError) as caught:
        check(tiny(budget))

    assert expected == str(caught.value)


# --- the API -----------------------------------------------------------------------------------------------------


def test_check_raises_with_all_findings() -> None:
    """BudgetError says what failed, and has what held too."""
    with pytest.raises(BudgetError) as caught:
        check(tiny(), params=1368, macs="80k")

    assert "error: tiny: macs 87,552 <= 80,000 (over by 7,552)" == str(caught.value)
    assert ["ok", "fail"] == [finding.status for finding in caught.value.findings]


def test_check_compares_with_another_graph() -> None:
    """Growth is measured from the baseline that is given."""
    more = cnncalc.parse(TINY, "tiny.yaml", set={"turns": 3})
    held, broken = check(more, baseline=tiny(), params={"growth": "50%"}, macs={"growth": "10%"}, raises=False)

    assert ("ok", "params growth +42.1% <= 50% (baseline 1,368)") == (held.status, str(held))
    assert ("fail", "macs growth +42.1% <= 10% (baseline 87,552)") == (broken.status, str(broken))


def test_growth_without_a_baseline_cannot_be_judged() -> None:
    """It is neither held nor broken."""
    with pytest.raises(CnncalcError, match="a growth limit needs something to compare with"):
        check(tiny(), macs={"growth": "10%"})


def test_check_says_what_is_wrong_with_a_call() -> None:
    """An unknown metric has a suggestion."""
    with pytest.raises(CnncalcError, match="no metric `mac`") as caught:
        check(tiny(), mac="10k")

    assert "did you mean `macs`?" in str(caught.value)


# --- options and configuration -----------------------------------------------------------------------------------

# fmt: off
OPTIONS = [
    ("max",        "macs=320M",                     "macs max 320000000"),
    ("min",        "receptive_field@layer3=200",    "receptive_field at layer3 min 200"),
    ("max",        "weight_bytes@int8=1.5MB",            "weight_bytes (int8) max 1500000"),
    ("max",        "layer4/**:macs=900M",           "macs of layer4/** max 900000000"),
    ("equals",     "output=1000",                   "output equals (1000,)"),
    ("equals",     "output=64x7x7",                 "output equals (64, 7, 7)"),
    ("max-growth", "params=1%",                     "params growth 1/100"),
]
# fmt: on


@pytest.mark.parametrize(("kind", "text", "expected"), OPTIONS)
def test_an_option_is_a_limit(kind: str, text: str, expected: str) -> None:
    """METRIC=LIMIT, with @ for a dtype or a layer and a path before the colon."""
    (limit,) = option(kind, text)

    assert expected == f"{limit.subject.title} {limit.kind} {limit.bound}"


# fmt: off
CONFIGS = [
    ('spcs = ["a"]', """\
error: the configuration has no key `spcs`
 --> cnncalc.toml:1:1
  |
1 | spcs = ["a"]
  | ^^^^
  = help: did you mean `specs`?"""),
    ('[[budget]]\nmatch = "a"\nmcs = "3M"', """\
error: no metric `mcs`
 --> cnncalc.toml:3:1
  |
3 | mcs = "3M"
  | ^^^
  = help: did you mean `macs`?"""),
    ('[[budget]]\nmacs = {max = "3 MB"}', """\
error: no unit `MB` for this number
 --> cnncalc.toml:2:15
  |
2 | macs = {max = "3 MB"}
  |               ^^^^^^
  = help: it is counted, not measured in bytes: 3M"""),
    ('[[budget]]\nlevel = "eror"', """\
error: no level `eror`
 --> cnncalc.toml:2:9
  |
2 | level = "eror"
  |         ^^^^^^
  = help: did you mean `error`?"""),
    ('[[budget]]\nmach = "a"', """\
error: a budget has no key `mach`
 --> cnncalc.toml:2:1
  |
2 | mach = "a"
  | ^^^^
  = help: did you mean `match`?"""),
    ("specs = [", """\
error: this is not TOML: Invalid value
 --> cnncalc.toml:1:9
  |
1 | specs = [
  |         ^"""),
]
# fmt: on


@pytest.mark.parametrize(("text", "expected"), CONFIGS)
def test_a_bad_configuration_shows_where_and_is_exit_code_2(folder: Path, text: str, expected: str) -> None:
    """The whole message, with the line of the TOML."""
    (folder / "cnncalc.toml").write_text(text)
    (folder / "spec.yaml").write_text(TINY)
    result = run("--max", "macs=1G")

    assert (2, "") == (result.exit_code, result.stdout)
    assert expected == "\n".join(line.rstrip() for line in result.stderr.rstrip().splitlines())


def test_the_configuration_is_that_of_the_nearest_folder_upwards(folder: Path) -> None:
    """A table in pyproject.toml counts; two configurations in one folder do not."""
    (folder / "pyproject.toml").write_text('[tool.cnncalc]\nspecs = ["a.yaml"]\n[[tool.cnncalc.budget]]\nmacs = "1M"\n')
    (folder / "below").mkdir()
    found = config(folder / "below")

    assert (folder, ("a.yaml",), 4) == (found.folder, found.specs, found.rules[0].limits[0].mark.line + 1)
    (folder / "cnncalc.toml").write_text("")
    with pytest.raises(CnncalcError, match="which holds is not clear"):
        config(folder)


def test_with_and_input_make_cases_of_their_own(folder: Path) -> None:
    """`with` sets variables, `input` the input; the figures are those of the spec so set."""
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "cnncalc.toml").write_text(
        'specs = ["*.yaml"]\n[[budget]]\nwith = {turns = 1}\nmacs = 50688\n'
        '[[budget]]\nmatch = "tiny.yaml"\ninput = [3, 4, 4]\nlevel = "warning"\nmacs = 1\n'
    )
    result = run()

    assert 0 == result.exit_code
    assert (
        """\
tiny.yaml        input 3x8x8, MACs of convolution and linear
  no limits
tiny.yaml turns=1        input 3x8x8, MACs of convolution and linear
  ok   macs   50,688   <= 50,688   100.0%   (cnncalc.toml:4)
tiny.yaml input=3x4x4        input 3x4x4, MACs of convolution and linear
  warn   macs   21,888   <= 1   2,188,800.0%   over by 21,887   (cnncalc.toml:9)
3 specs, 2 limits: 1 warning
"""
        == result.stdout
    )


# --- the command -------------------------------------------------------------------------------------------------

# fmt: off
CODES = [
    (0, ["tiny.yaml", "--max", "macs=1M"]),
    (1, ["tiny.yaml", "--max", "macs=1k"]),
    (2, ["bad.yaml", "--max", "macs=1M"]),
    (2, ["tiny.yaml", "bad.yaml", "--max", "macs=1k"]),
    (2, ["tiny.yaml", "bad.yaml", "--max", "macs=1k", "--exit-zero"]),
    (0, ["tiny.yaml", "--max", "macs=1k", "--exit-zero"]),
    (0, ["tiny.yaml", "--max", "macs=1k", "--fail-on", "never"]),
    (0, ["warns.yaml"]),
    (1, ["warns.yaml", "--fail-on", "warning"]),
    (2, ["tiny.yaml"]),
    (2, ["tiny.yaml", "--max-growth", "macs=1%"]),
    (2, ["tiny.yaml", "--max", "macs=1k", "--baseline", "none.json"]),
    (2, ["tiny.yaml", "--max", "macs=1k", "--baseline", "git:main"]),
    (2, ["tiny.yaml", "--max", "maks=1k"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--min", "macs=2M"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--report", "jsn"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--report", "json", "--report", "text"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--fail-on", "sometimes"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--config", "none.toml"]),
    (2, ["tiny.yaml", "--max", "macs=1M", "--set", "nothing=3"]),
    (2, ["nothing/*.yaml", "--max", "macs=1M"]),
    (0, ["tiny.yaml", "--max", "macs=50688", "--set", "turns=1"]),
    (0, ["tiny.yaml", "--max", "macs=21888", "--input", "3,4,4"]),
    (0, ["lenet5", "--max", "macs=1M", "--config", "empty.toml"]),
]
# fmt: on


@pytest.mark.parametrize(("code", "arguments"), CODES)
def test_exit_codes(folder: Path, code: int, arguments: list[str]) -> None:
    """0 all held, 1 a limit broken, 2 could not judge; 2 wins; nothing but a report goes to stdout."""
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "bad.yaml").write_text(TINY.replace("kernel: 3", "kernel: x"))
    (folder / "warns.yaml").write_text(TINY + "budget: {macs: {warn: 1k}}\n")
    (folder / "empty.toml").write_text("")
    result = run(*arguments)

    assert code == result.exit_code, result.stderr
    assert "Traceback" not in result.stderr
    assert (code == 2) == ("error" in result.stderr)


def test_a_folder_means_its_specs(folder: Path) -> None:
    """YAML files without `net:` are left out and counted; hidden folders are not looked into."""
    for name in ("a.yaml", "deep/b.cnn.yaml", ".hidden/c.yaml"):
        (folder / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "m" / name).write_text(TINY)
    (folder / "m" / "compose.yaml").write_text("services: {}\n")
    result = run("m", "--max", "macs=1M", "--report", "concise")

    assert (0, "2 specs, 2 limits: all hold\n") == (result.exit_code, result.stdout)
    assert "m: 1 YAML file without `net:` left out\n" == result.stderr


def test_why_names_the_steps(folder: Path) -> None:
    """`--why` shows where most of a figure is."""
    (folder / "tiny.yaml").write_text(TINY + "budget: {macs: 80k}\n")
    result = run("tiny.yaml", "--why")

    assert (
        """\
tiny.yaml        input 3x8x8, MACs of convolution and linear
  FAIL   macs   87,552   <= 80,000   109.4%   over by 7,552   (line 7)
  why    net[1] layer, conv(out=8, kernel=3, padding=1, bias=false)   84.2%   73,728
  why    net[0] stem, conv(out=8, kernel=3, padding=1, bias=false)   15.8%   13,824
1 spec, 1 limit: 1 failed
"""
        == result.stdout
    )


def test_init_proposes_limits_that_hold(folder: Path) -> None:
    """What `check --init` prints can be pasted, and holds."""
    (folder / "tiny.yaml").write_text(TINY)
    proposed = run("tiny.yaml", "--init").stdout
    (folder / "tiny.yaml").write_text(TINY + proposed)
    (folder / "other.yaml").write_text(TINY)
    result = run("tiny.yaml")
    (folder / "cnncalc.toml").write_text(run("tiny.yaml", "other.yaml", "--init").stdout)

    assert "  params: 1.5k               # 1,368 today" in proposed.splitlines()
    assert (0, "1 spec, 3 limits: all hold") == (result.exit_code, result.stdout.splitlines()[-1])
    assert "2 specs, 9 limits: all hold" == run("tiny.yaml", "other.yaml").stdout.splitlines()[-1]


# --- the lock ----------------------------------------------------------------------------------------------------

LOCK = f"""\
{{
  "cnncalc": "{version("cnncalc")}",
  "schema": "cnncalc.lock/3",
  "specs": {{
    "tiny.yaml": {{
      "activations": 6144,
      "input": [
        3,
        8,
        8
      ],
      "layers": 3,
      "macs": 87552,
      "output": [
        8,
        8,
        8
      ],
      "params": 1368,
      "peak_activations": 4096,
      "receptive_field": 7,
      "stride": 1,
      "trainable": 1368
    }}
  }}
}}
"""


def test_the_lock_is_sorted_with_one_number_a_line(folder: Path) -> None:
    """Its text is the same whoever writes it."""
    (folder / "tiny.yaml").write_text(TINY)
    first = run("tiny.yaml", "--update")

    assert (0, LOCK) == (first.exit_code, (folder / "cnncalc.lock.json").read_text())
    assert (0, "ok") == (run("tiny.yaml").exit_code, run("tiny.yaml").stdout.splitlines()[1].split()[0])


def test_a_partial_update_keeps_the_others(folder: Path) -> None:
    """As a hook does, with one file."""
    for name in "abc":
        (folder / f"{name}.yaml").write_text(TINY)
    run("a.yaml", "b.yaml", "c.yaml", "--update")
    for name in "ab":
        (folder / f"{name}.yaml").write_text(TINY.replace("turns: 2", "turns: 3"))
    result = run("b.yaml", "--update")
    locked = json.loads((folder / "cnncalc.lock.json").read_text())["specs"]

    assert [87552, 124416, 87552] == [locked[f"{name}.yaml"]["macs"] for name in "abc"]
    assert "cnncalc.lock.json: 1 spec written anew, 0 as before" == result.stderr.splitlines()[0]
    assert "  b.yaml   macs   87,552 -> 124,416   +42.1%" in result.stderr.splitlines()
    assert [1, 0, 0] == [run(f"{name}.yaml").exit_code for name in "abc"]


def test_more_than_the_lock_fails_and_less_warns(folder: Path) -> None:
    """`--ratchet` writes what went down, and what went up goes on failing."""
    (folder / "tiny.yaml").write_text(TINY)
    run("tiny.yaml", "--update")
    (folder / "tiny.yaml").write_text(
        TINY.replace("padding: 1, bias: false}, repeat", "padding: 1, bias: false, groups: 2}, repeat")
    )
    less, strict = run("tiny.yaml"), run("tiny.yaml", "--fail-on", "warning")
    ratcheted = run("tiny.yaml", "--ratchet")
    locked = json.loads((folder / "cnncalc.lock.json").read_text())["specs"]["tiny.yaml"]
    (folder / "tiny.yaml").write_text(TINY)

    assert [0, 0, 0] == [less.exit_code, strict.exit_code, ratcheted.exit_code]
    assert 3 == less.stdout.count("less than the lock: --update holds it")
    assert [792, 50688] == [locked["params"], locked["macs"]]
    assert 1 == run("tiny.yaml", "--ratchet").exit_code


def test_growth_beyond_its_limit_is_not_written_unless_accepted(folder: Path) -> None:
    """The lock is what growth is measured from."""
    (folder / "tiny.yaml").write_text(TINY + "budget: {macs: {growth: 1%}}\n")
    first = run("tiny.yaml", "--update")
    (folder / "tiny.yaml").write_text(TINY.replace("turns: 2", "turns: 3") + "budget: {macs: {growth: 1%}}\n")
    updated = run("tiny.yaml", "--update")

    assert [0, 1] == [first.exit_code, updated.exit_code]
    assert updated.stderr.splitlines() == [
        "cnncalc.lock.json: 0 specs written anew, 0 as before, 1 not taken",
        "  tiny.yaml   not taken: macs beyond the growth limit; --accept takes it over",
    ]
    assert LOCK == (folder / "cnncalc.lock.json").read_text()
    assert 0 == run("tiny.yaml", "--accept").exit_code
    assert 0 == run("tiny.yaml").exit_code


def test_an_update_of_all_drops_what_is_gone(folder: Path) -> None:
    """Entries without a file go when the whole set is updated, and only then."""
    (folder / "cnncalc.toml").write_text('specs = ["*.yaml"]\n')
    for name in "ab":
        (folder / f"{name}.yaml").write_text(TINY)
    run("--update")
    (folder / "b.yaml").unlink()
    run("a.yaml", "--update")
    kept = set(json.loads((folder / "cnncalc.lock.json").read_text())["specs"])
    run("--update")

    assert {"a.yaml", "b.yaml"} == kept
    assert {"a.yaml"} == set(json.loads((folder / "cnncalc.lock.json").read_text())["specs"])


NAME = "cnncalc.lock.json"
ONE = '{"schema": "cnncalc.lock/1", "specs": {"a": %s}}'
# fmt: off
BAD_LOCKS = [
    ("{",                                           f"the lock {NAME} is not JSON: line 1: "
                                                    "Expecting property name enclosed in double quotes"),
    ("<<<<<<< HEAD",                                f"the lock {NAME} has the marks of a merge"),
    ('{"schema": "cnncalc.lock/4", "specs": {}}',   f"{NAME} is of version 4, and this cnncalc reads versions up to 3"),
    ('{"schema": "cnncalc.lock/0", "specs": {}}',   f"{NAME} is not a lock of cnncalc"),
    ('{"schema": 3, "specs": {}}',                  f"{NAME} is not a lock of cnncalc"),
    ("[]",                                          f"{NAME} is not a lock of cnncalc"),
    ('{"schema": "cnncalc.lock/1"}',                f"{NAME} has no specs"),
    (ONE % "3",                                     f"{NAME}: `a` has no figures"),
    (ONE % '{"macs": "3"}',                         f"{NAME}: `macs` of `a` is not a number"),
    (ONE % '{"macs": null}',                        f"{NAME}: `macs` of `a` is not a number"),
    (ONE % '{"macs": true}',                        f"{NAME}: `macs` of `a` is not a number"),
    (ONE % '{"macs": NaN}',                         f"the lock {NAME} is not JSON: NaN is not a number"),
    (ONE % '{"macs": -Infinity}',                   f"the lock {NAME} is not JSON: -Infinity is not a number"),
    (ONE % '{"macs": 1e999}',                       f"{NAME}: `macs` of `a` is not a number"),
    (ONE % '{"macs": 1.5}',                         f"{NAME}: `macs` of `a` is not whole"),
    (ONE % '{"macs": -3}',                          f"{NAME}: `macs` of `a` is negative"),
    (ONE % '{"macs": [1, 2, 3]}',                   f"{NAME}: `macs` of `a` is not a number"),
    (ONE % '{"stride": -3}',                        f"{NAME}: `stride` of `a` is negative"),
    (ONE % '{"output": [-3]}',                      f"{NAME}: `output` of `a` is not a number"),
    (ONE % '{"macs": 3, "macs": 4}',                f"{NAME}: `macs` stands twice"),
    (ONE % '{"joules": 3}',                  f"{NAME}: `a` has a figure `joules` that this cnncalc does not know"),
]
# fmt: on


@pytest.mark.parametrize(("text", "expected"), BAD_LOCKS)
def test_a_bad_lock_is_said_and_left_alone(folder: Path, text: str, expected: str) -> None:
    """Exit code 2, and nothing is written over it unless it is asked for."""
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "cnncalc.lock.json").write_text(text)
    result = run("tiny.yaml")

    assert (2, f"error: {expected}") == (result.exit_code, result.stderr.splitlines()[0])
    assert text == (folder / "cnncalc.lock.json").read_text()


def test_a_lock_that_is_no_file_is_said(folder: Path) -> None:
    """Nobody waits for a pipe to be read, and a folder is no missing lock."""
    (folder / "tiny.yaml").write_text(TINY)
    (folder / NAME).mkdir()

    for arguments in ((), ("--update",), ("--locked",)):
        result = run("tiny.yaml", "--max", "macs=1G", *arguments)
        assert (2, f"error: the lock {NAME} is no file\n") == (result.exit_code, result.stderr)


def test_the_lock_is_written_whole_or_not_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename that fails leaves the old lock and no other file."""
    (folder / "tiny.yaml").write_text(TINY)
    run("tiny.yaml", "--update")
    (folder / "tiny.yaml").write_text(TINY.replace("turns: 2", "turns: 3"))

    def no_rename(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_rename)
    result = run("tiny.yaml", "--update")

    assert (2, LOCK) == (result.exit_code, (folder / "cnncalc.lock.json").read_text())
    assert [".git", "cnncalc.lock.json", "tiny.yaml"] == sorted(path.name for path in folder.iterdir())
    assert "No space left on device" in result.stderr


# --- many specs --------------------------------------------------------------------------------------------------


def test_two_cores_find_the_same(folder: Path) -> None:
    """The report does not depend on -j, nor does its order."""
    for n in range(9):
        (folder / f"{n}.yaml").write_text(TINY.replace("turns: 2", f"turns: {n}"))
    one, two = run(".", "--max", "macs=100k"), run(".", "--max", "macs=100k", "-j", "2")

    assert (1, one.stdout) == (two.exit_code, two.stdout)


def test_no_process_is_started_per_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging many specs starts none at all; what git ignores is asked once."""
    for n in range(20):
        (folder / f"{n}.yaml").write_text(TINY)
    started: list[Any] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, arguments: Any, **options: Any) -> None:
            started.append(arguments)
            super().__init__(arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", Counted)

    assert (0, 1) == (run(".", "--max", "macs=1M").exit_code, len(started))


def test_check_loads_no_more_than_it_needs(folder: Path) -> None:
    """Neither numpy nor rich nor tabulate, nor what only some reports and -j use."""
    (folder / "tiny.yaml").write_text(TINY + "budget: {macs: 1M}\n")
    code = (
        "import sys; from cnncalc.cli import app\n"
        "try: app(['check', 'tiny.yaml'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'rich', 'tabulate', 'sympy', 'multiprocessing', 'concurrent', 'xml'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.splitlines()[-1]


# --- init --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [None, "mobilenet_v2", "resnet34", "wide_resnet16_8"])
def test_init_writes_a_spec_that_reads(folder: Path, source: str | None) -> None:
    """It has the modeline and the schema beside it, holds its own budget, and is the network it starts from."""
    arguments = ["init", "net.yaml", *(["--from", source] if source else [])]
    result = CliRunner().invoke(app, arguments)
    text = (folder / "net.yaml").read_text()

    assert 0 == result.exit_code, result.stderr
    assert "# yaml-language-server: $schema=cnncalc.schema.json" == text.splitlines()[0]
    assert "cnncalc spec" == json.loads((folder / "cnncalc.schema.json").read_text())["title"]
    assert cnncalc.macs(cnncalc.load(source or "lenet5")).total == cnncalc.macs(cnncalc.load("net.yaml")).total
    assert 0 == CliRunner().invoke(app, ["lint", "net.yaml"]).exit_code
    assert (2, text) == (CliRunner().invoke(app, arguments).exit_code, (folder / "net.yaml").read_text())
    if source is None:
        assert 0 == run("net.yaml").exit_code
