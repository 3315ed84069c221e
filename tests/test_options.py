"""No option without effect: each changes what is answered, or is refused; what cannot be seen so has its reason here."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cnncalc.cli import COMMANDS, app

SPEC = """\
name: walk
source: a test
input: [3, 32, 32]
vars: {width: 8, classes: 10}
blocks:
  stage(out, stride=1):
    - conv: {out: $out, kernel: 3, padding: 1, stride: $stride, norm: batchnorm, act: relu}
    - add: {main: [{depthwise: {kernel: 3, padding: 1}}, {pointwise: $out}], skip: prev}
net:
  - {conv: {out: $width, kernel: 3, padding: 1}, as: stem}
  - relu
  - head: {aux: [{conv: {out: 4, kernel: 3}}, globalavgpool, {linear: 5}]}
    train_only: true
  - {stage: $width, repeat: 3, as: body}
  - {stage: {out: 32, stride: 2}, as: last}
  - {conv: {out: 32, kernel: 3, padding: 1}, repeat: 2, as: twin}
  - globalavgpool
  - {linear: $classes, as: fc}
expect: {params: 1}
budget: {params: 1k}
"""
CHIP = "multiply: {fp32: 1}\nadd: {fp32: 1}\naccess: {dram: 1}\n"

Options = dict[str, str | tuple[str, str]]
"""Option -> how it is given; or that, and what it acts beside."""

NETWORK: Options = {"--set": "--set width=16", "--input": "--input 1,48,48"}
ROWS: Options = {"--depth": "--depth 1", "--top": "--top 2", "--sort": "--sort layer"}
MANY: Options = {"--batch": "--batch 3", "--training": "--training"}
DTYPE: Options = {"--dtype": "--dtype int8"}
INPUT_DTYPE: Options = {"--input-dtype": "--input-dtype uint8"}
FITTED = "fit net.yaml --vary width --max params=100k"
CHECKED = "check net.yaml --max params=20k"
SEEN = "saliency tiny.yaml --image image.npy --out map.npy"

CASES: dict[str, Options] = {
    "summary net.yaml": {
        **NETWORK, **ROWS, **MANY, **DTYPE, **INPUT_DTYPE, "--in-place": "--in-place", "--freeze": "--freeze stem",
    },
    "shapes net.yaml": {**NETWORK, **ROWS, **MANY},
    "params net.yaml": {**NETWORK, **ROWS, **MANY, **DTYPE, "--as": "--as torchinfo",
        "--freeze": "--freeze stem..body"},
    "params net.yaml --as torchinfo": {**NETWORK, **ROWS, **MANY, **DTYPE, "--freeze": "--freeze stem"},
    "macs net.yaml": {
        **NETWORK, **ROWS, **MANY, "--flops": "--flops", "--operations": "--operations", "--compare": "--compare",
        "--form": ("--form separable", "--compare"), "--ratio": ("--ratio 2", "--compare"),
        "--bottleneck": ("--bottleneck residual", "--compare"), "--groups": ("--groups 2", "--compare"),
        "--write": ("--write out.yaml", "--compare --form separable"), "--as": "--as thop",
        "--written": ("--written globalavgpool=function", "--as thop"),
    },
    "macs net.yaml --as thop": {
        **NETWORK, **ROWS, **MANY, "--flops": "--flops", "--operations": "--operations", "--compare": "--compare",
        "--form": "--form separable", "--ratio": "--ratio 2", "--bottleneck": "--bottleneck residual",
        "--groups": "--groups 2", "--write": "--write out.yaml",
    },
    "macs net.yaml --compare": {
        **NETWORK, **ROWS, **MANY, "--sort": "--sort params", "--flops": "--flops", "--operations": "--operations",
    },
    "receptive-field net.yaml": {
        **NETWORK, **ROWS, "--training": "--training", "LAYER": "last/conv", "--at": ("--at stem", "--unit 1,1"),
        "--unit": "--unit 0,0", "--plot": "--plot", "--effective": "--effective", "--init": ("--init he", "--effective"),
        "--draws": ("--draws 2", "--effective --init he"), "--seed": ("--seed 1", "--effective --init he"),
    },
    "memory net.yaml": {
        **NETWORK, **ROWS, **MANY, **DTYPE, **INPUT_DTYPE, "--weights-dtype": "--weights-dtype int8",
        "--activations-dtype": "--activations-dtype int8", "--in-place": "--in-place", "--folded": "--folded",
        "--plot": "--plot",
    },
    "explain net.yaml": {
        **NETWORK, "--training": "--training", "LAYER": "stem", "--notation": "--notation lecture",
        "--against": "--against thop", "--written": ("--written globalavgpool=function", "--against thop"),
    },
    "explain net.yaml --against thop": {
        **NETWORK, "--training": "--training", "LAYER": "stem", "--notation": "--notation lecture",
    },
    "explain net.yaml --against 8.06M": {
        **NETWORK, "--training": "--training", "LAYER": "stem", "--notation": "--notation lecture",
        "--written": "--written globalavgpool=function",
    },
    "explain net.yaml stem": {**NETWORK, "--notation": "--notation lecture"},
    "show net.yaml": {
        **NETWORK, **MANY, "--depth": "--depth 1", "--expanded": "--expanded", "--figures": "--figures macs",
        "--direction": "--direction right", "--theme": "--theme dark", "--check": "--check net.svg",
    },
    "show net.yaml --format svg": {
        **NETWORK, **MANY, "--depth": "--depth 1", "--expanded": "--expanded", "--figures": "--figures macs",
        "--direction": "--direction right", "--theme": "--theme dark", "--check": "--check net.svg",
    },
    "formula net.yaml": {
        **NETWORK, **MANY, "--depth": "--depth 1", "--over": "--over H,width", "--of": "--of macs", "--at": "--at H=64",
        "--by-layer": "--by-layer", "--expand": ("--expand", "--over H,width"), "--latex": "--latex", "--json": "--json",
    },
    "formula net.yaml --by-layer": {
        **NETWORK, **MANY, "--depth": "--depth 1", "--at": "--at H=64", "--expand": ("--expand", "--over H,width"),
    },
    "roofline net.yaml --peak 2G --bandwidth 50G": {
        **NETWORK, **ROWS, **MANY, **DTYPE, **INPUT_DTYPE, "--peak": "--peak 1G", "--bandwidth": "--bandwidth 1M",
        "--fused": "--fused",
    },
    "roofline net.yaml": {"--machine": "--machine jetson"},
    "roofline net.yaml --machine jetson": {"--peak": "--peak 1G", "--bandwidth": "--bandwidth 1M", "--fused": "--fused"},
    "energy net.yaml": {
        **NETWORK, **ROWS, **MANY, **DTYPE, **INPUT_DTYPE, "--memory": "--memory sram_8kB",
        "--energy-table": "--energy-table chip.yaml",
        "--fused": "--fused",
    },
    "training net.yaml": {**NETWORK, **ROWS, **MANY, **INPUT_DTYPE, "--optimizer": "--optimizer sgd", "--dtype": "--dtype bf16",
        "--freeze": "--freeze stem..body"},
    "sweep net.yaml width=4,8,16": {
        "--columns": "--columns params", "--where": "--where params<30k", "--pareto": "--pareto params:max",
        "--sort": "--sort params", "--top": "--top 1", "--plot": "--plot",
        "--dtype": ("--dtype fp16", "--columns weight_bytes"), "--set": "--set classes=5",
        "--input": "--input 3,48,48", "--training": "--training", "--part": "--part 2", "--workers": "--workers 1",
        "--scheduler": "--scheduler tcp://here:1", "--engine": "--engine none", "ARGUMENTS": "classes=5,10",
    },
    "sweep net.yaml width=4,8,16 --output points/ --format csv": {"--part": "--part 2"},
    FITTED: {
        "--set": "--set classes=5", "--input": "--input 1,32,32", "--training": "--training", "--vary": "--vary input=32:96:32",
        "--max": "--max macs=1M", "--min": "--min macs=9G", "--step": "--step 5",
        "--dtype": ("--dtype int8", "--max weight_bytes=100kB"),
    },
    "lint net.yaml": {
        "--set": "--set width=16", "--input": "--input 1,32,32", "SPECS": "lenet5", "--report": "--report concise",
    },
    "lint tiny.yaml": {"--strict": "--strict"},
    CHECKED: {
        **NETWORK, "--max": "--max macs=1k", "--min": "--min macs=9G", "--equals": "--equals params=3",
        "--max-growth": ("--max-growth params=1%", "--baseline base.json"), "--baseline": ("--baseline base.json", "--report json"),
        "--update": "--update", "--accept": "--accept", "--ratchet": "--ratchet", "--fail-on": "--fail-on never",
        "--strict": "--strict", "--locked": "--locked",
        "--exit-zero": "--exit-zero", "--allow-empty": "--allow-empty", "--why": "--why", "--report": "--report json", "--summary": "--summary",
        "--init": "--init", "--config": "--config other.toml", "--jobs": "--jobs 2", "SPECS": "tiny.yaml",
    },
    "convert net.yaml": {
        **NETWORK, "--flat": "--flat", "--to": "--to torch", "--init": "--init he", "--seed": "--seed 1",
        "--weights": "--weights weights.npz", "--save-weights": "--save-weights w.npz",
    },
    "convert net.yaml -o net.onnx": {
        **NETWORK, "--flat": "--flat", "--init": "--init he", "--seed": ("--seed 1", "--init he"),
        "--weights": "--weights weights.npz", "--save-weights": "--save-weights w.npz",
    },
    "compare tiny.yaml net.yaml": {
        "--sort": "--sort params", "--input": "--input 40", "--training": "--training", "--columns": "--columns macs",
        "--dtype": ("--dtype int8", "--columns weight_bytes"), "ARGUMENTS": "lenet5",
    },
    "diff net.yaml lenet5": {
        **NETWORK, **ROWS, **MANY, "--set": "--set classes=5", "--sort": "--sort params", "--set-a": "--set-a width=16",
        "--set-b": "--set-b classes=5", "--input-a": "--input-a 3,48,48", "--input-b": "--input-b 1,64,64",
        "--exit-code": "--exit-code", "--params": "--params", "--stat": "--stat",
    },
    "diff net.yaml lenet5 --stat": {"--depth": "--depth 1", "--top": "--top 1", "--sort": "--sort params"},
    "diff one/ two/": {
        **MANY, "--top": "--top 1", "--sort": "--sort params", "--depth": "--depth 0", "--input": "--input 48",
        "--set": "--set width=16", "--set-a": "--set-a width=16", "--set-b": "--set-b width=16",
        "--input-a": "--input-a 48", "--input-b": "--input-b 48", "--exit-code": "--exit-code", "--stat": "--stat",
        "--params": "--params",
    },
    "diff net.yaml one.safetensors --params": {"--exit-code": "--exit-code", "--set": "--set width=16"},
    "diff lenet5 --set-b classes=5": {"OTHERS": "net.yaml"},
    "validate tiny.yaml": {
        "--set": "--set width=16", "--input": "--input 1,16,16", "--all": "--all",
        "--dtype": "--dtype fp64", **INPUT_DTYPE,
    },
    "validate tiny.yaml --set width=64": {"--quick": "--quick"},
    "run tiny.yaml": {
        "--set": "--set width=16", "--input": "--input 1,16,16", "--input-file": "--input-file image.npy",
        "--weights": "--weights w.npz", "--init": "--init ones", "--seed": "--seed 3", "--out": "--out o.npz",
        "--save-weights": "--save-weights s.npz", "--tap": "--tap conv", "--top": "--top 2", "--labels": "--labels labels.txt",
        "--dtype": "--dtype fp64", "--threads": "--threads 2", "--fast": "--fast",
    },
    SEEN: {
        "--set": "--set width=16", "--input": "--input 3,9,9", "--image": "--image other.npy", "--class": "--class 1",
        "--channels": "--channels mean", "--weights": "--weights w.npz", "--seed": "--seed 3", "--mean": "--mean 1,2,3",
        "--std": "--std 1,2,3", "--out": "--out other-map.npy",
    },
    "init": {"PATH": "other.yaml", "--from": "--from lenet5", "--no-schema": "--no-schema"},
    "init net.yaml": {"--force": "--force"},
    "worked iou": {"--exercise": "--exercise", "SETTINGS": "a=0,0,1,1", "--seed": ("--seed 4", "--exercise"),
        "--solution": ("--solution", "--exercise"), },
    "worked": {"NAME": "iou"},
    "compare net.yaml": {
        "--input": "--input 48", **DTYPE, "--training": "--training", "--columns": "--columns params",
        "ARGUMENTS": "lenet5",
    },
    "compare net.yaml lenet5": {"--sort": "--sort params"},
    "log past/net.yaml": {
        **NETWORK, "--training": "--training", "--since": "--since HEAD", "--last": "--last 1",
        "--columns": "--columns macs", **DTYPE,
    },
    "report net.yaml": {
        **NETWORK, "--training": "--training", "--dtype": "--dtype int8", "--title": "--title mine",
        "--machine": "--machine jetson", "--peak": "--peak 2T --bandwidth 50G", "--bandwidth": "--bandwidth 50G --peak 2T", "OTHERS": "lenet5",
        "--no-arithmetic": "--no-arithmetic", "--as": "--as thop",
    },
    "zoo net5": {"--top": "--top 1", "--sort": "--sort params", "--lecture": "--lecture"},
    "zoo lenet5": {"--show": "--show"},
    "zoo lenet5 --show": {"--top": "--top 1", "--sort": "--sort params", "--lecture": "--lecture"},
    "zoo --lecture": {"--top": "--top 1", "--sort": "--sort params"},
    "schema": {"SPEC": "conv", "--kinds": "--kinds", "--of": "--of summary"},
}  # fmt: skip
"""A command -> its options. A command stands here as often as it answers different questions."""

FORMS = ("table", "csv", "json")
"""The other formats have what the table has."""

SAME: dict[tuple[str, str, str], str] = {
    ("macs net.yaml", "--flops", "json"): "JSON has every column",
    ("macs net.yaml", "--operations", "json"): "JSON has every column",
    ("formula net.yaml", "--json", "json"): "it is another name of --format json",
    ("run tiny.yaml", "--threads", "table"): "it is speed alone",
    ("run tiny.yaml", "--threads", "csv"): "it is speed alone",
    (CHECKED, "--jobs", ""): "it is speed alone",
    (CHECKED, "--allow-empty", ""): "there are limits; of none: tests/test_check_git.py",
    ("worked iou", "--seed", "csv"): "what is asked has the same rows; the numbers stand in the caption",
}
"""(command, option, format) where nothing changes -> why that is right."""

ELSEWHERE = {
    "--allow-code": "of code: tests/test_check_models.py",
    **dict.fromkeys(
        ("--allow-unknown", "--no-batch", "--shape"), "of a model; a spec refuses it: tests/test_onnx_unknown.py"
    ),
    "SPEC": "which network: tests/test_asked.py, tests/test_opening.py",
    "--format": "tests/test_asked.py",
    "--output": "tests/test_asked.py",
    "--wide": "of a terminal: tests/test_screens.py",
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the options name."""
    folder = tmp_path_factory.mktemp("prepared")
    tiny = "name: tiny\nsource: a test\ninput: [3, 8, 8]\nvars: {width: 4}\n"
    tiny += "net: [{conv: {out: $width, kernel: 3}}, batchnorm, relu, globalavgpool, {linear: 4}]\n"
    texts = {
        "net.yaml": SPEC, "tiny.yaml": tiny, "chip.yaml": CHIP, "labels.txt": "a\nb\nc\nd\n",
        "net.svg": "<svg/>",
        "cnncalc.toml": '[machines]\njetson = {peak = "472G", bandwidth = "25.6G"}\n',
        "base.json": '{"schema": "cnncalc.lock/2", "specs": {"net.yaml": {"params": 1000, "macs": 1000}}}\n',
        "other.toml": '[[budget]]\nmatch = "*.yaml"\nmacs = "1k"\n',
        "cnncalc.lock.json": '{"schema": "cnncalc.lock/2", "specs": {"net.yaml": {"params": 100000000}}}\n',
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    header = b'{"fc.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    (folder / "one.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    for name, width in (("one", 8), ("two", 12)):
        (folder / name).mkdir()
        for spec, classes in (("a", 10), ("b", 20)):
            text = SPEC.replace("width: 8", f"width: {width}").replace("classes: 10", f"classes: {classes}")
            (folder / name / f"{spec}.yaml").write_text(text, encoding="utf-8")
    committed(folder / "past", SPEC, SPEC.replace("out: 32", "out: 48"))
    draw = np.random.default_rng(1)
    for name in ("image.npy", "other.npy"):
        np.save(folder / name, draw.uniform(0, 1, (3, 8, 8)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        CliRunner().invoke(app, ["run", "tiny.yaml", "--init", "glorot", "--save-weights", "w.npz"])
    return folder


def committed(folder: Path, *versions: str) -> None:
    """A repository with a file `net.yaml` that has these versions, the oldest first."""
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    for version in versions:
        (folder / "net.yaml").write_text(version, encoding="utf-8")
        subprocess.run([*git, "add", "net.yaml"], check=True)
        subprocess.run([*git, "commit", "-qm", "a version"], check=True)


class Asker:
    """Runs commands, each in a fresh copy of the folder; what was asked before is remembered."""

    def __init__(self, prepared: Path, scratch: Path, patch: pytest.MonkeyPatch) -> None:
        self.prepared = prepared
        self.scratch = scratch
        self.patch = patch
        self.known: dict[str, tuple[Any, ...]] = {}

    def __call__(self, command: str) -> tuple[Any, ...]:
        """Exit code, stdout, stderr and the files that are there afterwards; times are left out."""
        if command not in self.known:
            folder = self.scratch / str(len(self.known))
            shutil.copytree(self.prepared, folder)
            self.patch.chdir(folder)
            self.patch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
            done = CliRunner().invoke(app, command.split(), prog_name="cnncalc")
            assert "has a bug" not in done.stderr, command
            files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            texts = [TIME.sub("", text) for text in (done.stdout, done.stderr)]
            self.known[command] = (done.exit_code, *texts, files)
        return self.known[command]


TIME = re.compile(r'"seconds": .*|\d+\.\d+ s\b')


@pytest.fixture(scope="module")
def ask(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Runs a command in a fresh copy of the folder."""
    with pytest.MonkeyPatch.context() as patch:
        yield Asker(prepared, tmp_path_factory.mktemp("asked"), patch)


ROWS_OF_CASES = [(base, option) for base, options in CASES.items() for option in options]


@pytest.mark.parametrize(("base", "option"), ROWS_OF_CASES, ids=[" ".join(row) for row in ROWS_OF_CASES])
def test_an_option_acts_or_is_refused(base: str, option: str, ask: Asker) -> None:
    """In every format: another answer, another file, another exit code, or a message that names it."""
    given = CASES[base][option]
    words, beside = (given, "") if isinstance(given, str) else given
    name = base.split(maxsplit=1)[0]
    formatted = name not in ("check", "init", "convert", "report") and "--format" not in base
    of_texts = name in ("lint", "schema") or "--show" in (*base.split(), option)
    for form in (FORMS[::2] if of_texts else FORMS) if formatted else ("",):
        ending = f" {beside} --format {form}" if form else f" {beside}"
        plain, asked = ask(base + ending), ask(f"{base} {words}{ending}")
        assert plain[0] in (0, 1, *([2] if name in ("init", "schema") else [])), plain
        reason = SAME.get((base, option, form))
        assert (plain == asked) == (reason is not None), (form, asked[:3])
        if asked[0] == 2 and plain[0] != 2:
            assert option.strip("-").lower() in asked[2].lower(), (form, asked[2])


def test_every_option_of_every_command_is_asked() -> None:
    """An option without a case is named here; so is a case of an option that there is not."""
    group: Any = typer.main.get_command(app)
    for command in COMMANDS:
        parameters = group.get_command(None, command).params
        names = {name_of(one) for one in parameters if one.name != "help"} - set(ELSEWHERE)
        asked = {option for base, options in CASES.items() if base.split()[0] == command for option in options}

        assert names <= asked, (command, names - asked)


def name_of(parameter: Any) -> str:
    """`--depth`, or LAYER for an argument; of two that are opposite the one that changes something."""
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    both = (*parameter.secondary_opts, *parameter.opts) if parameter.default is None else ()
    long = [name for name in both or (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")]
    return str(long[-1])
