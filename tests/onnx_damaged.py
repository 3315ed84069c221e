"""Damaged copies of an ONNX file, each a network or one line: at most 2 s of processor time, 100 MB for the process.

    python tests/onnx_damaged.py MODEL COUNT [FIRST]

Prints what is wrong with the first copy that breaks the rule, by the seed of its damage, and ends with 1.
"""

from __future__ import annotations

import random
import re
import resource
import signal
import sys
import tempfile
from pathlib import Path

import cnncalc

SECONDS, MEGABYTES = 2.0, 100


def damaged(content: bytes, seed: int) -> bytes:
    """Some bytes changed, left out, doubled, or the end gone."""
    draw = random.Random(seed)  # noqa: S311 - the same damage each time
    made = bytearray(content)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(made))
        match draw.randrange(5):
            case 0:
                made[at] = draw.randrange(256)
            case 1:
                del made[at : at + draw.randint(1, 20)]
            case 2:
                made[at:at] = made[at : at + draw.randint(1, 20)]
            case 3:
                made[at] ^= 1 << draw.randrange(8)
            case 4:
                made = made[: max(at, 1)] if draw.random() < 0.2 else made
        if not made:
            made = bytearray(b"\x00")
    return bytes(made)


def wrong(path: Path) -> str:
    """What a file does that it must not; nothing where it is read or refused as it should."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        graph = cnncalc.load(path, allow_unknown=path.stat().st_size % 2 == 0)
        if cnncalc.params(graph).total < 0 or not graph.nodes:
            return "a network of nothing"
    except cnncalc.CnncalcError as error:
        lines = len(str(error).splitlines())
        return "" if lines == 1 + len(error.details) + bool(error.help) else "an error of several lines"
    except TypeError as error:  # a figure of a size without a number
        return "" if re.search("has no value|depends on the sizes", str(error)) else repr(error)
    except Exception as error:  # whatever else comes out is what is looked for
        return repr(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def most() -> float:
    """The largest memory of this process so far, in MB."""
    status = Path("/proc/self/status")  # what getrusage says is that of the process that started this one, if larger
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def late(*_: object) -> None:
    """What the timer does."""
    raise TimeoutError(f"more than {SECONDS:g} s")


def main() -> int:
    """Every seed from FIRST on."""
    name, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    content = Path(name).read_bytes()
    signal.signal(signal.SIGPROF, late)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        for seed in range(first, first + count):
            path.write_bytes(damaged(content, seed))
            found = wrong(path)
            if not found and most() > MEGABYTES:
                found = f"{most():.0f} MB"
            if found:
                sys.stdout.write(f"seed {seed}: {found}\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
