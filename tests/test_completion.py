"""What a shell is told while somebody types: asked as bash, zsh and fish ask."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_imports import HEAVY, loaded_by

Ask = Callable[..., list[str]]


def asked(words: str, shell: str, folder: Path) -> list[str]:
    """The words that a shell is offered for the last of these."""
    line = f"cnncalc {words}"
    of_shell = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    environment = {**os.environ, "_CNNCALC_COMPLETE": f"complete_{shell}", **of_shell}
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc"], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    if shell == "zsh":
        return re.findall(r'^"([^"]*)"', done.stdout.removeprefix("_arguments '*: :(("), re.MULTILINE)
    return OFFERED.findall(done.stdout)


OFFERED = re.compile(r"^[^\t\n]+", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a spec, a file of another kind, and a folder below it."""
    (tmp_path / "net.yaml").write_text(
        "input: [3, 8, 8]\nvars: {wide: 4, deep: 2}\nnet: [{conv: {out: $wide, kernel: 3}, as: stem, repeat: $deep}]\n"
    )
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "nets").mkdir()
    return tmp_path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("offered", "words"),
    [
        ({"macs", "memory"}, "m"),
        ({"resnet50", "resnet152"}, "summary resn"),
        ({"net.yaml", "nets/"}, "summary net"),
        ({"fp32", "int8"}, "summary resnet50 --dtype "),
        ({"markdown"}, "macs --format mark"),
        ({"F5/flatten", "F5/tanh"}, "explain lenet5 F5/"),
        ({"wide="}, "summary net.yaml --set w"),
    ],
)
def test_each_shell_is_offered_what_a_word_may_be(offered: set[str], words: str, shell: str, folder: Path) -> None:
    """Commands, networks, files, dtypes, formats, layers, variables."""

    assert offered <= set(asked(words, shell, folder))


@pytest.mark.parametrize(
    ("offered", "words"),
    [
        (
            [
                "lecture/inception_5x5",
                "lecture/inception_5x5_bottleneck",
                "lecture/inception_module",
                "lecture/inception_module_naive",
            ],
            "lint lecture/incep",
        ),
        (["stem[0]", "stem[1]"], "receptive-field net.yaml --at stem"),
        (["0,0", "3,3", "5,5"], "receptive-field net.yaml --at stem[0] --unit "),
        (["wide=", "deep=", "input="], "sweep net.yaml "),
        (["net.yaml", "nets/"], "sweep net"),
        (["wide", "deep", "input"], "fit net.yaml --vary "),
        (["macs=", "matmul_macs="], "fit net.yaml --max ma"),
        (["H", "W", "C", "wide", "deep"], "formula net.yaml --over "),
        (["H,wide"], "formula net.yaml --over H,w"),
        (["macs,params"], "formula net.yaml --of macs,para"),
        (["mobilenet_v2"], "diff mobilenet_v1 mobilenet_v2"),
        (["deep="], "compare resnet50 net.yaml dee"),
        (["conv", "concat"], "schema --kinds con"),
        (["alexnet", "alexnet_owt"], "init --from alex"),
        (["fp32", "fp64"], "run lenet5 --dtype "),
        (["max-pool"], "worked max"),
        (["matrix=", "kernel=", "stride=", "upstream="], "worked max-pool "),
        (["stem[0]", "stem[1]"], "params net.yaml --freeze stem"),
        (["separable"], "macs resnet50 --compare --form sep"),
        (["table", "json"], "lint --format "),
        (["--compare"], "macs resnet50 --co"),
        (["nets/"], "summary --output nets"),
        ([], "summary nowhere.yaml --set "),
        ([], "explain nowhere.yaml "),
        ([], "summary /nowhere/at/all/"),
    ],
)
def test_what_a_word_may_be(offered: list[str], words: str, folder: Path) -> None:
    """By command and option; of what cannot be read nothing, without a word."""

    assert offered == asked(words, "bash", folder)


def test_completion_is_quick() -> None:
    """Names and variables load nothing heavy and build no network."""
    code = (
        "import os\nos.environ.update(_CNNCALC_COMPLETE='complete_bash', COMP_WORDS='cnncalc summary resnet152 --set w', "
        "COMP_CWORD='4')\nfrom cnncalc.cli import app\ntry:\n    app(prog_name='cnncalc')\nexcept SystemExit:\n    pass"
    )
    loaded = loaded_by(code)

    assert "cnncalc.cli.completing" in loaded
    assert set() == loaded & {*HEAVY, "cnncalc.language.expanding", "cnncalc.graph"}
