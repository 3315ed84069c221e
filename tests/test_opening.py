"""A name -> a network: which file, text or network of the zoo a name means, by every command and from Python."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import opening
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph
from cnncalc.opening import Format, NetworkFile, chosen, load, opened

SPEC = "name: {name}\ninput: [3, 8, 8]\nvars: {{width: 4}}\nnet: [{{conv: {{out: $width, kernel: 3}}}}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one and the top of a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, name: str) -> None:
    """A spec of that name."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(SPEC.format(name=name), encoding="utf-8")


def test_a_file_stands_before_the_zoo_and_a_folder_does_not(folder: Path) -> None:
    """A folder of results called as a network is none."""
    assert "lenet5" == load("lenet5").name
    Path("lenet5").mkdir()
    assert "lenet5" == load("lenet5").name
    with pytest.raises(CnncalcError, match="lenet5/ is a folder"):
        load("lenet5/")
    Path("lenet5").rmdir()
    write("lenet5", "mine")
    assert "mine" == load("lenet5").name


def test_standard_input_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command may ask twice."""
    opening._standard_input.cache_clear()
    text = SPEC.format(name="piped").encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    assert ["piped", "piped"] == [load("-").name, load("-").name]
    opening._standard_input.cache_clear()


def test_a_commit_is_a_spec_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git:REF:PATH` for any command, with a path from the current folder or from the top."""
    monkeypatch.chdir(tmp_path)
    write("models/net.yaml", "committed")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], check=True)
    write("models/net.yaml", "changed")

    assert ["changed", "committed"] == [load("models/net.yaml").name, load("git:HEAD:models/net.yaml").name]
    monkeypatch.chdir("models")
    assert "committed" == load("git:HEAD:net.yaml").name
    assert CliRunner().invoke(app, ["params", "git:HEAD:net.yaml"]).stdout.startswith("committed ")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "the name of a spec is empty"),
        ("git:HEAD", "`git:HEAD` is not of the form git:REF:PATH"),
        ("git:^HEAD:net.yaml", "`git:^HEAD:net.yaml` is not of the form git:REF:PATH"),
        ("git:a..b:net.yaml", "`git:a..b:net.yaml` is not of the form git:REF:PATH"),
        ("git:--all:net.yaml", "`git:--all:net.yaml` is not of the form git:REF:PATH"),
        ("loop.yaml", "loop.yaml is a link to loop.yaml, which is not there"),
        ("dangling.yaml", "dangling.yaml is a link to gone.yaml, which is not there"),
        ("pipe.yaml", "pipe.yaml cannot be read: it is a pipe, and no file"),
        ("zero.yaml", "zero.yaml cannot be read: it is a device, or the like, and no file"),
        ("huge.yaml", "huge.yaml is larger than 4,000,000 bytes, which is no spec"),
    ],
)  # fmt: skip
def test_what_is_no_file_is_an_error_at_once(folder: Path, spec: str, message: str) -> None:
    """No waiting for a pipe, no reading without end, no file that is not there."""
    Path("loop.yaml").symlink_to("loop.yaml")
    Path("dangling.yaml").symlink_to("gone.yaml")
    Path("zero.yaml").symlink_to("/dev/zero")
    os.mkfifo("pipe.yaml")
    with Path("huge.yaml").open("wb") as huge:
        huge.truncate(10**12)
    with pytest.raises(CnncalcError) as error:
        load(spec)

    assert message == error.value.message


OWN = ["params", "lint", "formula", "compare --format csv", "sweep width=4,8", "fit --vary width --max params=1k", "check --max params=1k",
       "show", "shapes", "explain"]  # fmt: skip


@pytest.mark.parametrize("command", OWN)
@pytest.mark.parametrize("place", [".", "below/further"])
@pytest.mark.parametrize(
    ("configuration", "text"),
    [
        ("cnncalc.toml", 'specs = ["models/*.yaml"]\n'),
        ("pyproject.toml", '[tool.cnncalc]\nspecs = ["models/**/*.yaml"]\n'),
        ("spec.yaml", SPEC.format(name="own")),
    ],
)
def test_the_folder_s_own_is_found_in_one_way(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, place: str, configuration: str, text: str
) -> None:
    """By every command, from the folder of the configuration and from below it."""
    Path(configuration).write_text(text, encoding="utf-8")
    write("models/own.yaml", "own")
    Path("below/further").mkdir(parents=True)
    monkeypatch.chdir(place)
    word, *options = command.replace("compare", "macs --compare").split()
    done = CliRunner().invoke(app, [word, *options])

    assert 0 == done.exit_code, done.output
    assert "worked example" not in done.stderr
    assert any(name in done.output for name in ("own", "spec.yaml", "width", "4"))


def test_without_a_name_spec_yaml_of_the_folder_is_first(folder: Path) -> None:
    """Then what the configuration names, the first of them; what is taken is told."""
    with pytest.raises(CnncalcError, match="no spec is named"):
        chosen(None)
    write("models/b.yaml", "b")
    write("models/a.yaml", "a")
    Path("cnncalc.toml").write_text('specs = ["models/b.yaml", "models/*"]\n', encoding="utf-8")
    found = chosen(None)
    assert ("models/b.yaml", "no spec given: models/b.yaml, the first of 2 that cnncalc.toml names") == (
        found.name,
        found.remark,
    )
    write("spec.yaml", "own")
    assert ("spec.yaml", "no spec given: spec.yaml of this folder") == (chosen(None).name, chosen(None).remark)


def test_outside_a_repository_a_spec_further_up_is_another_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what belongs to the project is its own."""
    (tmp_path / "spec.yaml").write_text(SPEC.format(name="else"), encoding="utf-8")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")

    with pytest.raises(CnncalcError, match=r"no spec is named, and this folder has no spec\.yaml"):
        chosen(None)


def _reversed(file: NetworkFile, set: object, input: object) -> Graph:
    return cnncalc.parse(file.content[4:].decode()[::-1], file.name)


def test_a_format_is_a_row(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its suffix, or by its first bytes under any name; a spec stays a spec."""
    row = Format("a mirrored spec", (".lmay",), (b"LMAY",), 100, "opening:_reversed")
    monkeypatch.setattr(opening, "_reversed", _reversed, raising=False)
    monkeypatch.setattr(opening, "FORMATS", (*opening.FORMATS, row))
    content = b"LMAY" + SPEC.format(name="mirrored")[::-1].encode()
    for name in ("net.lmay", "net.odd"):
        Path(name).write_bytes(content)
        assert ("mirrored", row) == (load(name).name, opened(name).format)
    write("net.yaml", "plain")
    assert "plain" == load("net.yaml").name
    Path("net.lmay").write_bytes(content + b" " * 100)
    with pytest.raises(CnncalcError, match=r"net\.lmay is larger than 100 bytes, which is no mirrored spec"):
        load("net.lmay")
    with pytest.raises(CnncalcError, match=r"net\.odd is a mirrored spec, and this needs a spec"):
        _ = opened("net.odd").text
