"""The step that judges: `cnncalc check` with the inputs of the action, its reports, outputs, summary and comment."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import base
import comment
from runner import command, error, event, flag, given, log, notice, output, ran, summary, utf8

REPORTS = {"markdown": "check.md", "sarif": "check.sarif", "json": "check.json"}
"""Outputs of the action -> the files that they name."""


def main() -> int:
    """Check, tell, and end as the check did."""
    utf8()
    here, what = given("WORKING_DIRECTORY") or ".", event()
    if not Path(here).is_dir():
        return refused(f"there is no folder {here}, which working-directory names")
    os.chdir(here)
    try:
        more = words(given("ARGUMENTS"))
    except ValueError as problem:
        return refused(f"`arguments` cannot be read: {problem}")
    specs = [line.strip() for line in given("SPECS").splitlines() if line.strip()]
    config = ["--config", given("CONFIG")] if given("CONFIG") else []
    linted = lint(specs) if flag("LINT") else 0
    folder = Path(given("FOLDER"))
    files = {name: folder / file for name, file in REPORTS.items()}
    notes = folder / "annotations.txt"
    reports = ["text", f"github={notes}", *(f"{name}={file}" for name, file in files.items())]
    done = cnncalc(
        "check",
        *(word for report in reports for word in ("--report", report)),
        *config,
        *baseline(what, given("CONFIG")),
        *(["--fail-on", given("FAIL_ON")] if given("FAIL_ON") else []),
        *(["--summary"] if os.environ.get("GITHUB_STEP_SUMMARY") else []),
        *more,
        "--",
        *specs,
    )
    log(done.stdout)
    log(done.stderr)
    if notes.is_file():
        print(notes.read_text(encoding="utf-8"), end="", flush=True)
    code = max(done.returncode, linted)
    output("exit-code", code)
    for name, file in files.items():
        if file.is_file():
            output(name, file)
    if not files["markdown"].is_file():
        return refused(done.stderr.strip() or "cnncalc check wrote no report", code or 2)
    if flag("COMMENT"):
        kept(files["markdown"].read_text(encoding="utf-8"), what)
    return code


def cnncalc(*arguments: str) -> Any:
    """The program in this environment."""
    return ran(sys.executable, "-I", "-m", "cnncalc", *arguments)


def words(text: str) -> list[str]:
    """The words of `arguments`, quoted as in a shell; a backslash is a letter, as in the paths of Windows."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    return list(lexer)


def baseline(what: dict[str, Any], config: str) -> list[str]:
    """The options that name the baseline: the one asked for, else none where the configuration has one."""
    asked = given("BASELINE")
    configured = "" if asked else of_configuration(config)
    base.fetch(asked or configured)
    if asked or configured:
        return ["--baseline", asked] if asked else []
    found = base.of_event(what)
    base.fetch(found)
    if found:
        return ["--baseline", found]
    if os.environ.get("GITHUB_EVENT_NAME") and not has_lock(config):
        notice("no commit to measure growth from: limits of growth are held against this commit itself")
        return ["--baseline", "git:HEAD"]
    return []


def of_configuration(config: str) -> str:
    """The baseline that the configuration names; nothing where it names none or cannot be read, which check tells."""
    found = read(config)
    return found.baseline if found is not None else ""


def has_lock(config: str) -> bool:
    """Whether there is a lock, from which growth is measured where there is no other baseline."""
    found = read(config)
    return found is not None and (found.folder / found.lock).is_file()


def read(config: str) -> Any:
    """The configuration of this folder."""
    from cnncalc.budget.config import config as configuration
    from cnncalc.errors import CnncalcError
    from cnncalc.project import here

    try:
        return configuration(here(), config or None)
    except (CnncalcError, OSError):
        return None


def lint(specs: list[str]) -> int:
    """`cnncalc lint` on the same specs, with an annotation for each fault; its exit code."""
    notes = Path(given("FOLDER")) / "lint.txt"
    done = cnncalc("lint", "--report", f"github={notes}", "--", *specs)
    log(done.stdout + done.stderr)
    if notes.is_file():
        print(notes.read_text(encoding="utf-8"), end="", flush=True)
    elif done.returncode:
        command("error", f"cnncalc lint: {done.stderr.strip()[:4000]}")
    return int(done.returncode)


def kept(text: str, what: dict[str, Any]) -> None:
    """The comment on the pull request; a fork's token that may not write is no failure of the check."""
    number = (what.get("pull_request") or {}).get("number")
    if not isinstance(number, int):
        return notice("`comment` writes on pull requests, and this is none")
    if not given("TOKEN"):
        return command("warning", "`comment: true` needs `token`, such as ${{ secrets.GITHUB_TOKEN }}")
    try:
        log(comment.keep(text, given("TAG"), number, given("TOKEN")))
    except comment.Refused as refusal:
        command("warning", f"no comment: {refusal}")
    return None


def refused(text: str, code: int = 2) -> int:
    """What could not even be judged, where people look: an annotation and the summary."""
    error(text)
    summary("### cnncalc: could not judge\n\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
