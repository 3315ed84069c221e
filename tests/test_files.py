"""The one way to write a file: what happens to links, devices, pipes, modes and to a write that ends early."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.files import destination, same, write, writing
from cnncalc.render.formats import written
from cnncalc.render.report import Column, Report, Table


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_keeps_its_mode(folder: Path) -> None:
    """A new file has the mode that the umask gives; nothing else is left."""
    write("new", b"1")
    write("old", b"before")
    Path("old").chmod(0o640)
    write("old", b"after")

    assert b"1" == Path("new").read_bytes()
    assert (b"after", 0o640) == (Path("old").read_bytes(), stat.S_IMODE(Path("old").stat().st_mode))
    assert ["new", "old"] == names(folder)


@pytest.mark.parametrize("before", [b"before", None])
def test_a_link_stays_and_its_target_is_written(folder: Path, before: bytes | None) -> None:
    """Over two links, in another folder; a target that is not there yet is made."""
    (folder / "far").mkdir()
    if before is not None:
        (folder / "far" / "target").write_bytes(before)
    (folder / "far" / "second").symlink_to("target")
    (folder / "first").symlink_to("far/second")
    write("first", b"after")

    assert b"after" == (folder / "far" / "target").read_bytes()
    assert (folder / "first").is_symlink()
    assert (["far", "first"], ["second", "target"]) == (names(folder), names(folder / "far"))


def test_a_pipe_stays_a_pipe(folder: Path) -> None:
    """What is written comes out at its other end."""
    os.mkfifo("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()))
    reader.start()
    write("pipe", b"through")
    reader.join()

    assert [b"through"] == read
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert ["pipe"] == names(folder)


@pytest.mark.parametrize(
    ("minor", "message"), [(3, ""), (7, "error: device cannot be written: No space left on device")], ids=str
)
def test_a_device_stays_a_device(folder: Path, minor: int, message: str) -> None:
    """Nodes of our own like /dev/null and /dev/full: what is written goes into them."""
    try:
        os.mknod("device", stat.S_IFCHR | 0o666, os.makedev(1, minor))
        Path("device").open("wb").close()
    except PermissionError:
        pytest.skip("only root makes devices, where it may")
    if message:
        with pytest.raises(CnncalcError) as error:
            write("device", b"bytes")
        assert message == str(error.value)
    else:
        write("device", b"bytes")

    assert stat.S_ISCHR(Path("device").stat().st_mode)
    assert ["device"] == names(folder)


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "out"])
def test_stdout_by_its_name_goes_on_where_it_is(folder: Path, path: str) -> None:
    """What stood in the file before stays, and what is printed after comes after: also for the file's own name."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc")
    script = f"from cnncalc.files import write; print('a'); write({path!r}, b'b\\n'); print('c')"
    with Path("out").open("wb") as out:
        out.write(b"first\n")
        out.flush()
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True)

    assert b"first\na\nb\nc\n" == Path("out").read_bytes()
    assert ["out"] == names(folder)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left on device"), ValueError])
@pytest.mark.parametrize("before", [b"before", None])
def test_a_write_that_ends_early_leaves_everything_as_it_was(
    folder: Path, failure: BaseException, before: bytes | None
) -> None:
    """A full disk, Ctrl-C and a bug alike."""
    if before is not None:
        Path("out").write_bytes(before)
    with pytest.raises((KeyboardInterrupt, CnncalcError, ValueError)), writing("out") as file:
        file.write(b"half")
        raise failure

    assert {"out": before} == {"out": Path("out").read_bytes() if before else None}
    assert (["out"] if before else []) == names(folder)


def test_a_partial_file_that_is_there_is_left_alone(folder: Path) -> None:
    """Of a process with the same number in another container."""
    other = Path(f".cnncalc.{os.getpid()}.0.part")
    other.write_bytes(b"theirs")
    write("out", b"ours")

    assert (b"theirs", b"ours") == (other.read_bytes(), Path("out").read_bytes())


# fmt: off
REFUSED = [
    # path, the whole message
    ("", "error: a file without a name cannot be written\n   = help: the option that names it is empty"),
    (".", "error: . cannot be written: it is a folder\n   = help: name a file in it"),
    ("dir", "error: dir cannot be written: it is a folder\n   = help: name a file in it"),
    ("dir/", "error: dir/ cannot be written: it is a folder\n   = help: name a file in it"),
    ("new/", "error: new/ cannot be written: it names a folder\n   = help: name a file in it"),
    ("no/file", "error: no/file cannot be written: there is no folder no\n   = help: mkdir -p no"),
    ("file/x", "error: file/x cannot be written: Not a directory"),
    ("loop", "error: loop cannot be written: Too many levels of symbolic links"),
    ("n" * 300, f"error: {'n' * 300} cannot be written: File name too long"),
    ("a\0b", r"error: a\x00b cannot be written: embedded null byte"),
]
# fmt: on


@pytest.mark.parametrize(("path", "message"), REFUSED, ids=[row[1][:40] for row in REFUSED])
def test_a_path_where_no_file_can_be(folder: Path, path: str, message: str) -> None:
    """The same is said before any work is done and when it is written."""
    Path("dir").mkdir()
    Path("file").touch()
    Path("loop").symlink_to("loop")
    for attempt in (destination, lambda path: write(path, b"")):
        with pytest.raises(CnncalcError) as error:
            attempt(path)

        assert message == str(error.value)
    assert ["dir", "file", "loop"] == names(folder)


@pytest.mark.parametrize("path", ["kept", "closed/new"])
def test_what_may_not_be_written_is_not(folder: Path, path: str) -> None:
    """A file without write permission is not replaced, although its folder would allow it."""
    Path("kept").touch(0o444)
    Path("closed").mkdir(0o555)
    if os.access("kept", os.W_OK):
        pytest.skip("root may write everywhere")
    with pytest.raises(CnncalcError) as error:
        write(path, b"")

    assert f"error: {path} cannot be written: Permission denied" == str(error.value)


# fmt: off
SAME = [
    # one path, another, whether they are one file
    ("file", "file", True),
    ("file", "./dir/../file", True),
    ("link", "file", True),
    ("hard", "file", True),
    ("new", "./new", True),
    ("dangling", "missing", True),
    ("file", "new", False),
    ("file", "other", False),
    ("pipe", "pipe", False),  # two streams, one after the other
    ("", "new", False),
    ("a\0b", "a\0b", False),
]
# fmt: on


@pytest.mark.parametrize(("one", "other", "expected"), SAME)
def test_when_two_paths_are_one_file(folder: Path, one: str, other: str, expected: bool) -> None:
    """By links, by other spellings, there or not there yet."""
    Path("dir").mkdir()
    Path("file").touch()
    Path("other").touch()
    Path("link").symlink_to("file")
    Path("hard").hardlink_to("file")
    Path("dangling").symlink_to("missing")
    os.mkfifo("pipe")

    assert expected == same(one, other) == same(other, one)


# --- what is written ---------------------------------------------------------------------------------------------


def test_json_has_null_for_what_is_no_number() -> None:
    """NaN and Infinity are no words of JSON."""
    report = Report(["x"], [], facts={"a": [1.5, float("nan"), (float("inf"),)], "b": {"c": -float("inf")}})

    assert (
        '{\n  "a": [\n    1.5,\n    null,\n    [\n      null\n    ]\n  ],\n  "b": {\n    "c": null\n  }\n}\n'
        == written(report, "json")
    )


def test_a_bar_in_a_cell_of_markdown_starts_no_column() -> None:
    """`a|b` is one cell."""
    report = Report(["x"], [Table([Column("a", "a")], [{"a": "b|c"}])])

    assert "| b\\|c |" in written(report, "markdown")


@pytest.mark.parametrize(
    ("environment", "redirect", "code", "expected"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "", 0, b""),
        ({}, " >&-", 2, b"error: the output cannot be written: stdout is closed\n"),
        ({}, " 2>&-", 0, b""),
    ],
)
def test_a_stdout_that_cannot_take_it(
    folder: Path, environment: dict[str, str], redirect: str, code: int, expected: bytes
) -> None:
    """Letters that its encoding lacks are written by their codes; a closed one is an error, no bug."""
    Path("net.yaml").write_text("input: [3]\nnet:\n  - {relu, as: é}\n", encoding="utf-8")
    command = f"{sys.executable} -m cnncalc shapes net.yaml{redirect}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, env={**os.environ, **environment}, check=False)

    assert code == done.returncode
    assert expected == done.stderr if code else b"bug" not in done.stderr
    assert ("\\xe9" if environment else "é" if not code else "").encode() in done.stdout


def test_init_writes_no_schema_beside_a_spec_that_cannot_be_written(folder: Path) -> None:
    """Where the file is to be is looked at first."""
    command = [sys.executable, "-m", "cnncalc", "init", "loop"]
    Path("loop").symlink_to("loop")
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (2, "error: loop cannot be written: Too many levels of symbolic links\n") == (done.returncode, done.stderr)
    assert ["loop"] == names(folder)


def test_an_output_is_looked_at_before_anything_is_computed(tmp_path, monkeypatch):
    """The spec itself, a folder that is not there: refused, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    spec = "input: [1, 4, 4]\nnet: [relu]\n"
    (tmp_path / "net.yaml").write_text(spec, encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to("net.yaml")
    for output, message in (
        ("net.yaml", "error: net.yaml is the spec, and would be written over\n   = help: another name for --output\n"),
        (
            "link.yaml",
            "error: link.yaml is the spec, and would be written over\n   = help: another name for --output\n",
        ),
        ("none/x.txt", "error: none/x.txt cannot be written: there is no folder none\n   = help: mkdir -p none\n"),
    ):
        done = CliRunner().invoke(app, ["summary", "net.yaml", "--output", output])

        assert (2, "", message) == (done.exit_code, done.stdout, done.stderr)
    done = CliRunner().invoke(app, ["check", "net.yaml", "--max", "macs=1", "--report", "json=none/x.json"])

    assert (2, "", "error: none/x.json cannot be written: there is no folder none\n   = help: mkdir -p none\n") == (
        done.exit_code,
        done.stdout,
        done.stderr,
    )
    assert spec == (tmp_path / "net.yaml").read_text(encoding="utf-8")
    assert ["link.yaml", "net.yaml"] == sorted(path.name for path in tmp_path.iterdir())
