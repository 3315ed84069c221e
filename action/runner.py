"""What a step of an action says to its runner: outputs, annotations, a summary; and a log that gives no orders."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

SUMMARY_BYTES = 1_000_000
"""A runner takes 1 MiB of summary a step."""


def given(name: str) -> str:
    """An input of the action."""
    return os.environ.get(name, "").strip()


def flag(name: str) -> bool:
    """An input that is true or false. Raises SystemExit for another word."""
    word = given(name).lower() or "false"
    if word not in ("true", "false"):
        error(f"`{name.lower()}` is true or false, and this is {word}")
        raise SystemExit(2)
    return word == "true"


def event() -> dict[str, Any]:
    """What started the workflow; nothing where there is no such file."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def output(name: str, value: object) -> None:
    """An output of the step, whatever its text is."""
    mark = secrets.token_hex(16)
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def summary(text: str) -> None:
    """A part of the summary of the job, as much of it as a runner takes."""
    kept = text.encode()[:SUMMARY_BYTES].decode(errors="ignore")
    _append("GITHUB_STEP_SUMMARY", kept if kept.endswith("\n") else f"{kept}\n")


def error(text: str) -> None:
    """An annotation of the run."""
    command("error", text)


def notice(text: str) -> None:
    """A word that is no fault."""
    command("notice", text)


def command(word: str, text: str) -> None:
    """A workflow command, escaped as @actions/core does."""
    data = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{word} title=cnncalc::{data}", flush=True)


def log(text: str) -> None:
    """Lines for the log, none of which is a workflow command, whatever a file is called."""
    if text.strip():
        mark = secrets.token_hex(16)
        ending = "" if text.endswith("\n") else "\n"
        print(f"::stop-commands::{mark}\n{text}{ending}::{mark}::", flush=True)


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A program and what it wrote; it reads nothing and asks nothing."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
    environment.pop("TOKEN", None)
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env=environment,
    )


def utf8() -> None:
    """Whatever the machine is set to, the log is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def _append(variable: str, text: str) -> None:
    if name := os.environ.get(variable):
        with Path(name).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
