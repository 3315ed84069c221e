"""The process that runs a user's code: given a request, and bounded in time and in what it may answer.

What it prints goes nowhere, what it asks for on standard input is not there, and what it has started ends with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import CnncalcError

SECONDS = 300
"""How long building a module and its trace may take."""

MOST_ANSWERED = 1 << 28
"""Bytes of an answer."""

HOUSE = Path(__file__).parents[3]
START = (
    "import sys; sys.path.insert(1, {house!r}); from cnncalc.formats.torch.traced.child import main; "
    "del sys.path[1]; main(*sys.argv[1:])"
)

LIMIT = "CNNCALC_TORCH_SECONDS"
"""The environment's other limit of time."""


def there() -> None:
    """Raise CnncalcError where PyTorch is not installed."""
    if find_spec("torch") is None:
        raise CnncalcError("torch: needs PyTorch, which is not installed", "pip install 'cnncalc[torch]'")


def records(request: Mapping[str, Any], name: str) -> Any:
    """What the process answers. Raises CnncalcError for what goes wrong in it, and where it takes too long."""
    with tempfile.TemporaryDirectory(prefix="cnncalc-") as folder:
        return _answered(request, Path(folder), name)


def numbers(request: Mapping[str, Any], paths: Sequence[str], name: str) -> Mapping[str, Any]:
    """The parameters and buffers of a module that its code makes, by their paths. Raises CnncalcError."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="cnncalc-") as folder:
        file = Path(folder, "numbers.npz")
        _answered({**request, "numbers": list(paths), "into": str(file)}, Path(folder), name)
        try:
            with np.load(file, allow_pickle=False) as arrays:
                return {path: arrays[f"arr_{place}"] for place, path in enumerate(paths)}
        except (OSError, ValueError, KeyError, EOFError):
            raise CnncalcError(f"{name}: its process wrote other parameters than it has traced") from None


def _answered(request: Mapping[str, Any], folder: Path, name: str) -> Any:
    there()
    asked, answered = folder / "request.json", folder / "answer.json"
    asked.write_text(json.dumps(request), encoding="utf-8")
    ended = _run([sys.executable, "-c", START.format(house=str(HOUSE)), str(asked), str(answered)], name)
    if not answered.is_file():
        how = f"by signal {-ended}" if ended < 0 else f"with exit code {ended}"
        raise CnncalcError(f"{name}: its process ended {how} before the module was traced", "does it call exit?")
    if answered.stat().st_size > MOST_ANSWERED:
        raise CnncalcError(f"{name}: its trace is larger than {MOST_ANSWERED:,} bytes")
    try:
        answer = json.loads(answered.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise CnncalcError(f"{name}: its process ended within its answer") from None
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        raise CnncalcError(f"{name}: {answer['error']}", str(answer.get("help") or ""))
    return answer.get("records") if isinstance(answer, dict) else None


def seconds() -> float:
    """The limit of time. Raises CnncalcError where the environment has another that is none."""
    text = os.environ.get(LIMIT, str(SECONDS))
    try:
        limit = float(text)
    except ValueError:
        limit = 0
    if not 0 < limit < 1e6:
        raise CnncalcError(f"{LIMIT} is {text!r}, and no number of seconds", f"for instance {LIMIT}=600")
    return limit


def _run(command: list[str], name: str) -> int:
    """The exit code of a process; nothing of its group is left behind."""
    limit = seconds()
    with subprocess.Popen(  # noqa: S603 - Python itself, on a file of this package
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            raise CnncalcError(
                f"{name}: building and tracing it took longer than {limit:g} s",
                f"does it wait for something? {LIMIT}=600 gives it more time",
            ) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
