"""Install cnncalc into a virtual environment of its own, in a folder of this run alone; no PATH is changed."""

from __future__ import annotations

import os
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from runner import error, given, log, output, ran, utf8

ACTION = Path(__file__).parent.parent


def main() -> int:
    """Make the folder and the environment; their places are outputs of the step."""
    utf8()
    folder = Path(tempfile.mkdtemp(prefix="cnncalc-", dir=os.environ.get("RUNNER_TEMP")))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    pinned = [*pip, "--require-hashes", "--requirement", str(ACTION / "action" / "requirements.txt")]
    itself = [*pip, "--no-deps", "--no-build-isolation", str(ACTION)]
    asked = given("INSTALL")
    for step in [[*pip, "--", asked]] if asked else [pinned, itself]:
        done = ran(*step)
        log(done.stdout + done.stderr)
        if done.returncode:
            error(f"cnncalc could not be installed: {(done.stderr.strip().splitlines() or ['pip gave no reason'])[-1]}")
            return done.returncode
    output("python", python)
    output("folder", folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
