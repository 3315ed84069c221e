"""What SECURITY.md promises, and faults of the machine: one line, exit code 2, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import files
from cnncalc.budget import lock, session
from cnncalc.cli import app
from cnncalc.errors import CnncalcError, Mark, Source, bug, printable
from cnncalc.files import inside, write, writing

TINY = "name: tiny\ninput: [3, 8, 8]\nnet: [{conv: {out: 4, kernel: 3}}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one spec, which is the current folder; beside it something that is none of its business."""
    (tmp_path / "secret.yaml").write_text("root:x:0:0\n")
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "net.yaml").write_text(TINY)
    monkeypatch.chdir(project)
    return project


def run(*arguments: str, code: int | None = None) -> str:
    """What a command says, stdout and stderr; its exit code must be as told."""
    done = CliRunner().invoke(app, list(arguments))
    assert code in (None, done.exit_code), done.output
    assert "has a bug" not in done.output
    return done.output


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([sys.executable, "-m", "cnncalc", *arguments], check=False, **options)


# --- text from outside -------------------------------------------------------------------------------------------

# fmt: off
PRINTED = [
    ("plain é 中 [red]x[/]", "plain é 中 [red]x[/]"),
    (r"a\x1b[31mb",          "a\x1b[31mb"),
    (r"a\x9b31mb",           "a\x9b31mb"),
    (r"a\r\nb",              "a\r\nb"),
    (r"a\u2028b",            "a\u2028b"),
    (r"a\u202eb",            "a\u202eb"),
    (r"a\udcffb",            "a\udcffb"),
    (r"\x3a:error::x",       "::error::x"),
    (r"  \x3a:error::x",     "  ::error::x"),
    ("a::b",                 "a::b"),
    (r"x #\x23[add-mask]y",  "x ##[add-mask]y"),
    (r"#\x23vso[task.set]y", "##vso[task.set]y"),
    ("## heading",           "## heading"),
]
# fmt: on


@pytest.mark.parametrize(("expected", "text"), PRINTED)
def test_a_text_from_outside_is_one_line_that_only_shows(expected: str, text: str) -> None:
    """Escapes, line ends, C1, direction marks, bytes that are no text, commands of a log; markup stays as it is."""
    assert expected == printable(text)


NAMES = ["x\n::error::forged.cnn.yaml", "::add-mask::x.cnn.yaml", "a\x1b[2Jb.cnn.yaml", "bad\udcffname.cnn.yaml", "##[error]x.cnn.yaml", "\u202egnp.cnn.yaml"]  # fmt: skip
SHOWN = ["check . --max macs=1", "check . --report concise", "check . --report markdown", "check . --report json", "check . --report sarif",
         "check . --report gitlab", "check . --report junit", "check . --update", "check . --init", "lint NAME", "summary NAME", "macs NAME -f markdown",
         "params NAME -f json", "shapes NAME -f csv", "diff NAME lenet5", "explain NAME", "show NAME", "formula NAME"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("command", SHOWN)
@pytest.mark.parametrize(
    "text", [TINY.replace("tiny", '"e\\e[31m\\r\\n::error::x\\u202e"'), "net: [\n"], ids=["spec", "broken"]
)
def test_a_file_s_name_and_a_spec_s_name_are_never_raw(folder: Path, command: str, name: str, text: str) -> None:
    """On stdout and stderr of every command and in every report; names that are not UTF-8 are no crash."""
    Path(name).write_text(text)
    output = run(*(name if word == "NAME" else word for word in command.split()))

    assert output.replace("\n", "").isprintable()
    assert not [line for line in output.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in output


def test_a_mark_names_its_file_in_one_line() -> None:
    """The ` --> ` line of every error."""
    assert r"a\nb.yaml:1:1" == str(Mark(Source("a\nb.yaml", [""]), 0, 0))


def test_the_github_report_is_the_only_one_that_commands(folder: Path) -> None:
    """One line a finding, whatever the file is called."""
    Path("x\n::add-mask::y.cnn.yaml").write_text(TINY)
    lines = run("check", ".", "--max", "macs=1", "--report", "github", code=1).splitlines()

    assert 2 == len(lines)
    assert all(line.startswith("::error file=") for line in lines)


# --- what a project may name -------------------------------------------------------------------------------------

# fmt: off
OUTSIDE = [
    ("'../secret.yaml' leads out of the project",        "../secret.yaml"),
    ("'a/../../secret.yaml' leads out of the project",   "a/../../secret.yaml"),
    ("'/etc/passwd' leads out of the project",           "/etc/passwd"),
    ("'link.yaml' is a link that leads out of the project", "link.yaml"),
    ("'up/secret.yaml' is a link that leads out of the project", "up/secret.yaml"),
    ("'.git/config' is git's own",                       ".git/config"),
    ("'' names no file",                                 ""),
    ("'.' names no file",                                "."),
]
# fmt: on


@pytest.mark.parametrize(("expected", "name"), OUTSIDE)
def test_a_project_names_nothing_outside(folder: Path, expected: str, name: str) -> None:
    """No `..`, no root, no link out, nothing of git's."""
    Path("link.yaml").symlink_to("../secret.yaml")
    Path("up").symlink_to("..")
    with pytest.raises(CnncalcError) as error:
        inside(folder, name, "x")

    assert f"x: {expected}" == error.value.message


@pytest.mark.parametrize("key", ["specs = [{}]", "lock = {}", "baseline = {}", "[tool.cnncalc]\nspecs = {}"])
@pytest.mark.parametrize(
    "name", ["../secret.yaml", "../*.yaml", "/etc/pass*", "link.yaml", "up/*.yaml", ".git/hooks/pre-commit"]
)
@pytest.mark.parametrize("command", ["check --update", "summary", "check --max macs=1"])
def test_a_hostile_configuration_neither_reads_nor_writes_outside(
    folder: Path, key: str, name: str, command: str
) -> None:
    """`check --update` writes no file, and no line of another file is shown."""
    Path("link.yaml").symlink_to("../secret.yaml")
    Path("up").symlink_to("..")
    Path("pyproject.toml" if "tool" in key else "cnncalc.toml").write_text(key.format(json.dumps(name)) + "\n")
    before = {path: path.lstat().st_mtime_ns for path in folder.parent.rglob("*") if path.is_file()}
    output = run(
        *command.split(),
        *(["net.yaml"] if "specs" not in key else []),
        code=None if "summary net" in command else 2 if "specs" in key or "check" in command else 0,
    )

    assert "root:" not in output
    assert before == {path: path.lstat().st_mtime_ns for path in folder.parent.rglob("*") if path.is_file()}


@pytest.mark.parametrize("target", ["../stolen.json", "/etc/cnncalc-stolen.json"])
def test_a_lock_that_is_a_link_out_is_not_written(folder: Path, target: str) -> None:
    """Also by its default name."""
    Path("cnncalc.lock.json").symlink_to(target)

    assert "the lock: 'cnncalc.lock.json' is a link that leads out of the project" in run(
        "check", "--update", "net.yaml", code=2
    )
    assert not Path(target).exists()


def test_a_folder_of_specs_leaves_links_out_of_the_project_alone(folder: Path) -> None:
    """They are counted and not read."""
    Path("evil.cnn.yaml").symlink_to("../secret.yaml")
    output = run("check", ".", "--max", "macs=1G", code=0)

    assert ".: 1 link out of the project left out\n" in output
    assert "root:" not in output


@pytest.mark.parametrize(
    "make",
    [lambda path: path.symlink_to("/dev/zero"), os.mkfifo, lambda path: os.truncate(_new(path), 10**12)],
    ids=["device", "pipe", "huge"],
)
def test_what_has_no_end_is_refused(folder: Path, make: Callable[[Path], None]) -> None:
    """In a folder, as a configuration, as a lock, as an argument: memory stays below what one spec takes."""
    for name, command in {
        "x.cnn.yaml": "check . --max macs=1G",
        "spec.yaml": "summary spec.yaml",
        "cnncalc.lock.json": "check net.yaml",
    }.items():
        make(Path(name))
        if name == "x.cnn.yaml" and Path(name).is_symlink():
            assert "1 link out of the project left out" in run(*command.split(), code=0)
        else:
            run(*command.split(), code=2)
        Path(name).unlink()


def _new(path: Path) -> Path:
    path.touch()
    return path


# fmt: off
TYPES = [
    ("cnncalc.toml",   'specs = [""]'),
    ("cnncalc.toml",   'specs = 5'),
    ("cnncalc.toml",   'specs = [["a"]]'),
    ("cnncalc.toml",   'specs = ["a**b/***"]'),
    ("cnncalc.toml",   'lock = 5'),
    ("cnncalc.toml",   'lock = "setup.py"'),
    ("cnncalc.toml",   'budget = 5'),
    ("cnncalc.toml",   'budget = [1]'),
    ("cnncalc.toml",   '[[budget]]\nwith = 5'),
    ("cnncalc.toml",   '[[budget]]\nmacs = nan'),
    ("cnncalc.toml",   '[[budget]]\nmacs = {max = inf}'),
    ("pyproject.toml", 'tool = 5'),
    ("pyproject.toml", '[tool]\ncnncalc = 5'),
    ("pyproject.toml", '[tool.cnncalc]\nspecs = 5'),
    ("pyproject.toml", '[tool.cnncalc]\n[[budget]]\nmacs = 1'),
    ("pyproject.toml", '[tool.cnncalc]\nspecs = ["/etc/passwd"]'),
]
TOOLS = ["tool = 5", "  tool=5", '"tool" = 5', "tool = []", 'tool = "cnncalc"', "[[tool]]\nname = 1", "[project]\ntool = 1\n[[tool]]"]
LOCKS = ['"macs": 1e400', '"macs": NaN', '"output": [1e400]', '"macs": ' + "9" * 5000, '"macs": [1, 2, 3]', '"macs": null', '"macs": {}', '"macs": true']
# fmt: on


@pytest.mark.parametrize(("name", "text"), TYPES)
@pytest.mark.parametrize("command", ["check --max macs=1G", "summary", "lint", "sweep x=1,2"])
def test_a_configuration_of_wrong_types_is_a_message(folder: Path, name: str, text: str, command: str) -> None:
    """Whatever reads it."""
    Path(name).write_text(text + "\n")
    output = run(*command.split())

    assert "Traceback" not in output
    assert "error: " in output or command == "summary"


@pytest.mark.parametrize("text", TOOLS)
@pytest.mark.parametrize("command", ["check net.yaml --max macs=1G", "check --config pyproject.toml net.yaml"])
def test_a_tool_that_is_no_table_is_one_line(folder: Path, text: str, command: str) -> None:
    """And does not pass for a file without a configuration."""
    Path("pyproject.toml").write_text(text + "\n")
    errors = [line for line in run(*command.split(), code=2).splitlines() if "error: " in line]

    assert len(errors) == 1
    assert "`tool` is a table" in errors[0]


@pytest.mark.parametrize("text", ["[project]\ntool = 5", "[tool]\n", "tool = {ruff = {}}", "[tool.ruff]\ntool = 5"])
def test_a_tool_of_others_is_none_of_ours(folder: Path, text: str) -> None:
    """A key of another table, and tables of other tools."""
    Path("pyproject.toml").write_text(text + "\n")

    run("check", "net.yaml", "--max", "macs=1G", code=0)


@pytest.mark.parametrize("figure", LOCKS)
def test_a_lock_of_wrong_types_is_a_message(folder: Path, figure: str) -> None:
    """And says what helps, which does."""
    Path("cnncalc.lock.json").write_text(f'{{"schema": "cnncalc.lock/1", "specs": {{"net.yaml": {{{figure}}}}}}}')
    output = run("check", "net.yaml", code=2)

    assert "cnncalc.lock.json" in output
    assert "= help: `cnncalc check --update` writes it anew" in output
    assert "it is written anew" in run("check", "net.yaml", "--update")
    assert "1 limit: all hold" in run("check", "net.yaml")


def test_a_baseline_is_one_commit(folder: Path) -> None:
    """`^HEAD` is everything but one."""
    assert "error: `git:^HEAD` names no commit" in run("check", "net.yaml", "--baseline", "git:^HEAD", code=2)


# --- nothing is lost ---------------------------------------------------------------------------------------------


def test_two_updates_at_once_keep_both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another check has written between our reading and our writing stays."""
    Path("other.yaml").write_text(TINY)
    genuine = session.run

    def meanwhile(*given: Any) -> Any:
        monkeypatch.setattr(session, "run", genuine)
        run("check", "--update", "other.yaml", code=0)
        return genuine(*given)

    monkeypatch.setattr(session, "run", meanwhile)
    run("check", "--update", "net.yaml", code=0)

    assert {"net.yaml", "other.yaml"} == set(lock.read(Path("cnncalc.lock.json"), "").entries)


def test_updates_of_many_processes_keep_all(folder: Path) -> None:
    """Each writes its own spec."""
    names = [f"n{i}.yaml" for i in range(6)]
    for name in names:
        Path(name).write_text(TINY)
    command = [sys.executable, "-m", "cnncalc", "check", "--update"]
    running = [
        subprocess.Popen([*command, name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for name in names
    ]

    assert [0] * len(names) == [one.wait() for one in running]
    assert set(names) == set(lock.read(Path("cnncalc.lock.json"), "").entries)


def test_a_bug_in_one_spec_does_not_lose_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` judges the rest, and says which it could not."""
    from cnncalc.budget import run as running

    genuine = running.require_numbers

    def broken(graph: Any) -> None:
        genuine(graph)
        if graph.name == "broken":
            raise MemoryError

    monkeypatch.setattr(running, "require_numbers", broken)
    Path("broken.yaml").write_text(TINY.replace("tiny", "broken"))
    output = run("check", "broken.yaml", "net.yaml", "--max", "macs=1", code=2)

    assert "not judged: there is not enough memory" in output
    assert "FAIL   macs   3,888" in output


def test_leftovers_of_a_killed_write_go_with_the_next(folder: Path) -> None:
    """Those that nobody holds, older than a minute; what is being written stays, and files that only look so."""
    old = time.time() - 3600
    for name in (".cnncalc.1.0.part", ".cnncalc.1.1.part", ".cnncalc.notes.part"):
        Path(name).touch()
        os.utime(name, (old, old))
    Path(".cnncalc.2.0.part").touch()
    import fcntl

    with Path(".cnncalc.1.1.part").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write("out", b"x")

    assert {".cnncalc.1.1.part", ".cnncalc.2.0.part", ".cnncalc.notes.part", ".git", "net.yaml", "out"} == {
        p.name for p in folder.iterdir()
    }


def test_a_file_in_the_making_is_held(folder: Path) -> None:
    """Another write of an hour later does not take it away."""
    with writing("slow") as file:
        file.write(b"slow")
        (partial,) = folder.glob(".cnncalc.*.part")
        os.utime(partial, (0, 0))
        write("fast", b"fast")
    assert (b"slow", b"fast") == (Path("slow").read_bytes(), Path("fast").read_bytes())


def test_sigterm_leaves_nothing_behind(folder: Path) -> None:
    """The file that was there stays."""
    Path("out").write_bytes(b"before")
    script = (
        "import signal, time, cnncalc.cli.program as program, cnncalc.cli as cli\n"
        "from cnncalc.files import writing\n"
        "def app(**_):\n"
        "    with writing('out') as file:\n"
        "        file.write(b'half'); print('ready', flush=True); time.sleep(60)\n"
        "program.app = app\n"
        "cli.main()\n"
    )
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGTERM)

    assert 143 == running.wait()
    running.stdout.close()
    assert b"before" == Path("out").read_bytes()
    assert [] == list(folder.glob(".cnncalc.*.part"))


@pytest.mark.parametrize("damage", [b"", b"input,params\n"], ids=["emptied", "cut"])
def test_a_part_that_was_cut_is_worked_out_again(folder: Path, damage: bytes) -> None:
    """And a sweep of another version is another sweep."""
    arguments = ["sweep", "lenet5", "input=32:47", "--part", "4", "--output", "points/"]
    assert "4 parts in points/\n" == run(*arguments, code=0)
    whole = {path.name: path.read_bytes() for path in Path("points").glob("part-*")}
    Path("points/part-000002.csv").write_bytes(damage)

    assert "4 parts in points/, 3 of them from before\n" == run(*arguments, code=0)
    assert whole == {path.name: path.read_bytes() for path in Path("points").glob("part-*")}
    record = json.loads(Path("points/sweep.json").read_text())
    Path("points/sweep.json").write_text(json.dumps({**record, "cnncalc": "0.0.1"}))
    assert "points holds another sweep of cnncalc 0.0.1" in run(*arguments, code=2)


@pytest.mark.parametrize(
    "record",
    [
        "[" * 100_000,
        '{"parts": {"a": {"rows": Infinity, "invalid": 0, "bytes": 0, "reasons": {}}}}',
        "{}",
        '{"parts": {"a": {}}}',
        '{"parts": [1]}',
        "NaN",
    ],
)
def test_a_record_of_a_sweep_that_is_none(folder: Path, record: str) -> None:
    """Parts are not guessed."""
    Path("points").mkdir()
    Path("points/sweep.json").write_text(record)

    assert "points/sweep.json is no record of a sweep" in run("sweep", "lenet5", "input=32,36", "-o", "points/", code=2)


# --- faults of the machine ---------------------------------------------------------------------------------------

WRITING = ["summary resnet50", "schema", "lint net.yaml", "check net.yaml --max macs=1", "check net.yaml --init", "sweep lenet5 input=32:400 --format csv",
           "explain resnet50 --format json", "--help", "--version"]  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", WRITING)
def test_a_full_disk_behind_stdout_is_exit_code_2(folder: Path, command: str, unbuffered: str) -> None:
    """However Python buffers."""
    with Path("/dev/full").open("wb") as full:
        done = process(*command.split(), stdout=full, env={**os.environ, "PYTHONUNBUFFERED": unbuffered})

    assert 2 == done.returncode
    assert b"error: the output cannot be written: No space left on device\n" == done.stderr


@pytest.mark.parametrize(
    "command", ["schema", "explain resnet50 --format json", "sweep lenet5 input=32:1500 --format csv"]
)
def test_a_short_write_is_not_taken_for_a_whole_one(folder: Path, command: str) -> None:
    """A disk with room for 8 kB, and no buffer of Python's."""
    limit = f"ulimit -f 8; exec {sys.executable} -m cnncalc {command} > out"
    done = subprocess.run(
        ["bash", "-c", limit], env={**os.environ, "PYTHONUNBUFFERED": "1"}, stderr=subprocess.PIPE, check=False
    )

    assert (2, b"error: the output cannot be written: File too large\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    "command",
    [
        "summary lenet5",
        "lint net.yaml",
        "check net.yaml --max macs=1",
        "sweep lenet5 input=32,36 -f csv",
        "--version",
        "--help",
        "macs --help",
    ],
)
def test_a_closed_stdout_is_exit_code_2(folder: Path, command: str) -> None:
    """Nothing is lost without a word."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cnncalc {command} >&-"], stderr=subprocess.PIPE, check=False
    )

    assert (2, b"error: the output cannot be written: stdout is closed\n") == (done.returncode, done.stderr)


WITHOUT = """
import sys
missing = sys.argv.pop(1)
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from cnncalc.cli import main
main()
"""


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        ("numpy", "validate net.yaml"),
        ("numpy", "run net.yaml"),
        ("numpy", "sweep net.yaml input=8,9"),
        ("numpy", "receptive-field net.yaml --effective"),
        ("tabulate", "macs net.yaml -f markdown"),
        ("typer", "macs net.yaml"),
    ],
)
def test_a_part_that_is_not_installed_is_named(folder: Path, missing: str, command: str) -> None:
    """With what to install; it is no bug."""
    done = subprocess.run([sys.executable, "-c", WITHOUT, missing, *command.split()], capture_output=True, check=False)

    assert (2, b"") == (done.returncode, done.stdout)
    assert f"error: this needs {missing}, which is not installed\n   = help: pip install {missing}\n" == (
        done.stderr.decode()
    )


def test_a_closed_stdin_is_exit_code_2(folder: Path) -> None:
    """For a spec that should come from there."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cnncalc summary - <&-"], capture_output=True, check=False
    )

    assert (2, b"", b"error: <stdin> cannot be read: it is closed\n") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["summary", "check", "lint", "check net.yaml --max macs=1"])
def test_a_current_folder_that_is_gone_is_exit_code_2(folder: Path, command: str) -> None:
    """What needs none works."""
    Path("gone").mkdir()
    script = f"cd gone && rmdir ../gone && {sys.executable} -m cnncalc {command}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)

    assert (2, b"error: the current folder cannot be read: No such file or directory\n") == (
        done.returncode,
        done.stderr,
    )


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        ("error: there is not enough memory", MemoryError()),
        ("error: this needs dask, which is not installed\n   = help: pip install dask", ModuleNotFoundError("x", name="dask")),
        ("error: Too many open files: x.yaml", OSError(24, "Too many open files", "x.yaml")),
        ("error: cnncalc has a bug: KeyError: 'x'\n   = help: please report it with the spec; CNNCALC_DEBUG=1 shows where", KeyError("x")),
    ],
)  # fmt: skip
def test_a_fault_of_the_machine_is_no_bug(expected: str, error: Exception) -> None:
    """No memory is not "a limit is broken"."""
    assert expected == bug(error)


def test_without_memory_a_check_is_not_judged(folder: Path) -> None:
    """Exit code 2, wherever the memory ran out."""
    script = (
        "import cnncalc.cli.program as program, cnncalc.cli as cli\n"
        "def app(**_): raise MemoryError\n"
        "program.app = app\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert (2, b"error: there is not enough memory\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize(
    "command", ["schema --kinds", "schema --kinds conv", "summary lenet5", "show lenet5", "--help"]
)
def test_optimised_python_without_docstrings_works(folder: Path, command: str) -> None:
    """PYTHONOPTIMIZE=2."""
    done = process(*command.split(), env={**os.environ, "PYTHONOPTIMIZE": "2"})

    assert (0, b"") == (done.returncode, done.stderr)


def test_what_only_a_user_names_may_be_a_pipe(folder: Path) -> None:
    """Process substitution: what is open already."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cnncalc params <(cat net.yaml)"], capture_output=True, check=False
    )

    assert (0, b"") == (done.returncode, done.stderr)
    assert done.stdout.startswith(b"tiny ")
    assert files.is_there("net.yaml")


# --- sizes that are open -----------------------------------------------------------------------------------------


def test_open_sizes_are_texts_in_json_and_errors_where_a_number_is_needed(folder: Path) -> None:
    """From the command line and from Python alike."""
    Path("open.yaml").write_text(
        "input: [3, H, W]\nnet: [{conv: {out: 8, kernel: 3, stride: 2, padding: 1}}, relu, {pointwise: 2}]\n"
    )
    graph = cnncalc.load("open.yaml")
    found = json.loads(run("params", "open.yaml", "--format", "json", code=0))

    assert (242, [3, "H", "W"]) == (found["totals"]["params"], found["input"])
    assert "64 ceil(H/2) ceil(W/2)" in str(cnncalc.memory(graph).peak_bytes)
    with pytest.raises(CnncalcError) as error:
        cnncalc.summary(graph)
    assert "the input of open is 3xHxW, and H and W have no value" == error.value.message


@pytest.mark.parametrize("given", ["3,H,W", "3xHxW", "[3, H, W]"])
@pytest.mark.parametrize("command", ["shapes", "params", "memory", "receptive-field", "show", "formula"])
def test_sizes_are_left_open_from_the_command_line_as_in_a_spec(folder: Path, command: str, given: str) -> None:
    """What is printed is the same."""
    net = "name: net\ninput: [3, {}]\nnet: [{{conv: {{out: 8, kernel: 3, stride: 2, padding: 1}}}}, relu]\n"
    Path("open.yaml").write_text(net.format("H, W"))
    Path("net.yaml").write_text(net.format("32, 32"))

    assert run(command, "open.yaml", code=0) == run(command, "net.yaml", "--input", given, code=0)


def test_an_open_size_of_the_command_line_is_asked_for_and_set(folder: Path) -> None:
    """As one of a spec is: 8 filters of 3 * 3 * 3 taps on 16 x 10 positions."""
    Path("net.yaml").write_text("input: [3, 8, 8]\nnet: [{conv: {out: 8, kernel: 3, padding: 1}}]\n")
    said = run("macs", "net.yaml", "--input", "3,H,W", code=2)
    found = run("macs", "net.yaml", "--input", "3,H,W", "--set", "H=16", "--set", "W=10", "--format", "json", code=0)

    assert "H and W have no value" in said
    assert 8 * 27 * 160 == json.loads(found)["totals"]["macs"]
    assert "must be whole, and is 0.5" in run("macs", "net.yaml", "--input", "3,H,4", "--set", "H=0.5", code=2)


@pytest.mark.parametrize("column", ["activations", "alive"])
def test_formulas_are_sorted_as_the_numbers_that_they_are_of_a_large_input(folder: Path, column: str) -> None:
    """And the table says so. Of sizes above 9 000 the term that grows fastest decides in ResNet-18."""
    words = ["memory", "resnet18", "--depth", "0", "--sort", column, "--format", "json"]
    formulas = json.loads(run(*words, "--input", "3,H,H", code=0))
    numbers = json.loads(run(*words, "--input", "3,9600,9600", code=0))

    assert [row["name"] for row in numbers["layers"]] == [row["name"] for row in formulas["layers"]]
    assert f"by {column}, the largest first as H grows" in run(*words[:-2], "--input", "3,H,H", code=0)


def test_nothing_to_compare_is_a_table_without_rows(folder: Path) -> None:
    """Its header stays: what reads the CSV finds its columns."""
    Path("relu.yaml").write_text("input: [3, 8, 8]\nnet: [relu]\n")

    assert "name,form,params,macs,ratio,closed_form\n" == run(
        "macs", "--compare", "relu.yaml", "--format", "csv", code=0
    )


def test_what_follows_a_layer_takes_no_defaults_that_would_follow_it_again() -> None:
    """Else an `act: conv` in conv's own defaults goes on for ever."""
    text = "input: [3, 8, 8]\ndefaults: {conv: {kernel: 3, out: 4, act: conv, norm: batchnorm}}\nnet: [{conv: 5}]\n"

    assert ["conv", "batchnorm", "conv"] == [node.kind for node in cnncalc.parse(text).nodes]


def test_a_lock_names_a_lock(folder: Path) -> None:
    """A file that is there and is none is not written over."""
    Path("data.json").write_text("{}")
    Path("cnncalc.toml").write_text('lock = "data.json"\n')

    assert "data.json is not a lock of cnncalc" in run("check", "--update", "net.yaml", code=2)
    assert "{}" == Path("data.json").read_text()


def test_a_folder_that_cannot_be_read_is_said(folder: Path) -> None:
    """It may hold specs."""
    Path("closed").mkdir(mode=0o000)
    if os.access("closed", os.R_OK):
        pytest.skip("root reads everything")

    assert "error: closed cannot be read: Permission denied" in run("check", "closed", "--max", "macs=1", code=2)
