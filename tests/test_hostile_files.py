"""What a command is given is no file, has no end, or cannot be read: one line, exit code 2, and nothing of it is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cnncalc.cli import app

TINY = "name: tiny\ninput: [3, 8, 8]\nvars: {width: 4}\nnet: [{conv: {out: $width, kernel: 3}}]\n"
HUGE = 300_000_000

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")


def huge(path: Path) -> None:
    """A file of 300 MB that takes no room."""
    path.touch()
    os.truncate(path, HUGE)


KINDS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "300 MB": huge,
    "a folder": Path.mkdir,
    "a loop": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing/at/all"),
}
# fmt: off
ROLES = [
    ("x.yaml",            "summary x.yaml"),
    ("x.yaml",            "check x.yaml --max macs=1"),
    ("x.yaml",            "lint x.yaml"),
    ("x.yaml",            "diff x.yaml net.yaml"),
    ("x.yaml",            "compare net.yaml x.yaml"),
    ("x.yaml",            "log x.yaml"),
    ("x.yaml",            "sweep x.yaml input=32,64"),
    ("x.yaml",            "fit x.yaml --vary width --max macs=1M"),
    ("x.yaml",            "report x.yaml -o page.html"),
    ("spec.yaml",         "summary"),
    ("x.onnx",            "summary x.onnx"),
    ("x.onnx",            "check x.onnx --max macs=1"),
    ("x.keras",           "summary x.keras"),
    ("x.json",            "summary x.json"),
    ("x.safetensors",     "params x.safetensors"),
    ("x.npz",             "run net.yaml --weights x.npz"),
    ("x.safetensors",     "run net.yaml --weights x.safetensors"),
    ("x.npy",             "run net.yaml --input-file x.npy"),
    ("x.yaml",            "energy net.yaml --energy-table x.yaml"),
    ("x.svg",             "show net.yaml --check x.svg"),
    ("cnncalc.toml",      "check"),
    ("cnncalc.toml",      "check net.yaml --max macs=1G"),
    ("cnncalc.toml",      "lint"),
    ("cnncalc.toml",      "compare net.yaml -c roofline@a"),
    ("pyproject.toml",    "check net.yaml --max macs=1G"),
    ("x.toml",            "check net.yaml --max macs=1G --config x.toml"),
    ("x.toml",            "check net.yaml --max macs=1G --config extends.toml"),
    ("cnncalc.lock.json", "check net.yaml --max macs=1G"),
    ("x.json",            "check net.yaml --max-growth macs=1% --baseline x.json"),
]
# fmt: on
WAITED = ("x.npz", "x.npy")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one spec; what waits for a pipe is ended."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "net.yaml").write_text(TINY)
    (tmp_path / "extends.toml").write_text('extend = "x.toml"\n')
    monkeypatch.chdir(tmp_path)
    signal.signal(signal.SIGALRM, _waited)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)


def _waited(*_: object) -> None:
    raise TimeoutError("it waits")


def refused(*arguments: str) -> str:
    """What a command says that ends with exit code 2 and one error, without an answer."""
    done: Any = CliRunner().invoke(app, [*arguments])
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (2, 1) == (done.exit_code, len(errors)), done.output
    assert "has a bug" not in done.output
    assert "Traceback" not in done.output
    return errors[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "command"), ROLES, ids=[command for _, command in ROLES])
def test_what_is_no_file_is_refused_wherever_one_is_named(folder: Path, kind: str, name: str, command: str) -> None:
    """A network, a table, weights, a configuration, a lock, a baseline; nothing is waited for, and nothing written."""
    if kind == "a pipe" and name in WAITED:
        pytest.skip("arrays come through pipes")
    KINDS[kind](folder / name)
    before = sorted(folder.iterdir())

    assert name in refused(*command.split())
    assert before == sorted(folder.iterdir())


@pytest.mark.parametrize("kind", ["a loop", "a link to nothing"])
def test_an_update_writes_a_lock_whose_link_leads_to_nothing(folder: Path, kind: str) -> None:
    """Within the project; a loop is no place for it."""
    lock = folder / "cnncalc.lock.json"
    lock.symlink_to("lock.json" if kind != "a loop" else lock.name)
    done = CliRunner().invoke(app, ["check", "net.yaml", "--update"])

    assert (0 if kind != "a loop" else 2) == done.exit_code, done.output
    assert (folder / "lock.json").is_file() == (kind != "a loop")


def test_code_of_300_mb_is_not_run(folder: Path) -> None:
    """A module of PyTorch is a page."""
    pytest.importorskip("torch")
    huge(folder / "x.py")

    assert "x.py is larger than 16,000,000 bytes" in refused("summary", "torch:x.py:Net", "--input", "3,8,8")


def test_memory_stays_what_a_spec_takes(folder: Path) -> None:
    """A process may have some 300 MB of address space more than it starts with, and the file has as many."""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of the address space are of Linux")
    (folder / "x.cnn.yaml").write_bytes(b"a: 1\n" * (HUGE // 5))
    code = (
        "import resource, sys; from cnncalc.cli import main; import cnncalc.budget.session\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 250_000_000,) * 2); sys.argv[1:] = ['check', '.', '--max', 'macs=1G']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (2, True) == (done.returncode, "x.cnn.yaml is larger than 4,000,000 bytes" in done.stderr), done.stderr


NOT_UTF8 = [b"caf\xe9.yaml", b"\xff\xfe.cnn.yaml", b"a\xc3.yaml"]


@pytest.mark.parametrize("name", NOT_UTF8, ids=ascii)
def test_a_name_that_is_not_utf8_is_a_name(folder: Path, name: bytes) -> None:
    """Read and judged as any other, in a folder, by an argument, in a lock; shown with escapes."""
    path = os.fsdecode(name)
    try:
        (folder / "net.yaml").rename(folder / path)
    except OSError:
        pytest.skip("this file system takes no such name")
    for command in (
        ["summary", path],
        ["check", path, "--max", "macs=1G"],
        ["check", path, "--update"],
        ["check", path],
    ):
        done = CliRunner().invoke(app, command)
        assert 0 == done.exit_code, done.output
        assert (done.stdout + done.stderr).replace("\n", "").isprintable()
    assert "x.yaml" in refused("summary", "x.yaml")


@pytest.mark.parametrize("command", ["check sub --max macs=1G", "lint sub", "diff sub other", "summary sub/net.yaml",
                                     "check sub/net.yaml --max macs=1G", "show net.yaml -o sub/net.svg"])  # fmt: skip
def test_a_folder_that_cannot_be_read_is_refused(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the system, or in its place where the user is root, who may read all."""
    sub = folder / "sub"
    sub.mkdir()
    (sub / "net.yaml").write_text(TINY)
    (folder / "other").mkdir()
    sub.chmod(0)
    if os.access(sub, os.R_OK):
        forbid(sub, monkeypatch)
    try:
        assert "Permission denied" in refused(*command.split())
    finally:
        sub.chmod(0o700)


def forbid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what is in a folder, and its list, as the system does for anyone else."""
    for name in ("scandir", "listdir", "stat", "lstat", "open"):
        genuine = getattr(os, name)

        def guarded(path: Any = ".", *more: Any, genuine: Any = genuine, name: str = name, **options: Any) -> Any:
            asked = Path(os.fsdecode(path)).absolute() if isinstance(path, str | bytes | os.PathLike) else None
            if asked is not None and (folder in asked.parents or (asked == folder and name in ("scandir", "listdir"))):
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return genuine(path, *more, **options)

        monkeypatch.setattr(os, name, guarded)


@pytest.mark.parametrize("command", ["check", "check . --max macs=1", "lint", "summary", "summary x.yaml", "diff . lenet5", "log x.yaml", "init",
                                     "check --baseline git:main x.yaml --max-growth macs=1%", "show lenet5 -o x.svg", "sweep x.yaml width=1,2"])  # fmt: skip
def test_a_folder_that_is_gone_is_refused(folder: Path, command: str) -> None:
    """The shell stands in what another has deleted."""
    (folder / "gone").mkdir()
    os.chdir(folder / "gone")
    (folder / "gone").rmdir()

    assert refused(*command.split())
