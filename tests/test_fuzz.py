"""Damaged specs, configurations, locks and records: each is read or refused with a message, and nothing else happens.

Some thousand cases for every change; `.ci/nightly` runs many more, other ones each time:

    CNNCALC_FUZZ=200000 pytest tests/test_fuzz.py
"""

from __future__ import annotations

import copy
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cnncalc.analyses.macs import macs
from cnncalc.analyses.memory import memory
from cnncalc.analyses.params import params
from cnncalc.analyses.receptive import receptive_fields
from cnncalc.budget import lock
from cnncalc.budget.config import config
from cnncalc.budget.reading import limits
from cnncalc.cli import app
from cnncalc.errors import CnncalcError
from cnncalc.lint import doubts, unmet
from cnncalc.opening import NetworkFile
from cnncalc.project import own_specs
from cnncalc.recovery.write import flat
from cnncalc.sweeping.grid import grid
from cnncalc.sweeping.output import MANIFEST, Parts
from cnncalc.sweeping.plan import plan

COUNT = int(os.environ.get("CNNCALC_FUZZ", "1500"))
SEED = int.from_bytes(os.urandom(4)) if "CNNCALC_FUZZ" in os.environ else 7
LARGEST = 300
"""Nodes of a network that the analyses are asked about."""

HANG = 30
"""Seconds of work after which a case is taken to have no end."""

SPECS = Path(__file__).parents[1] / "specs"
SMALL = [path for path in sorted(SPECS.rglob("*.yaml")) if path.stat().st_size < 2500 and path.stem != "aliases"]
EVERYTHING = """\
name: everything
source: a test
input: {image: {shape: [3, 16, 16], dtype: uint8}, other: [4]}
vars: {w: 4, table: [[1, 2], [3, 4]], kind: same}
defaults: {conv: {padding: half, bias: false, norm: batchnorm, act: relu}}
blocks:
  unit(mid, stride=1):
    - add:
        main: [{pointwise: $mid}, {conv: {out: $mid, kernel: 3, stride: $stride}}]
        short: [{pointwise: {out: $mid, stride: $stride, act: none}, when: $stride > 1 or $in.channels != $mid}]
net:
  - {conv: {out: $w, kernel: [3, 5], padding: same}, from: image, as: stem, share: a}
  - {conv: {out: $w, kernel: [3, 5], padding: same}, from: image, share: a}
  - add: [stem, prev]
  - {unit: {mid: $w * 2}, repeat: 2, first: {stride: 2}, as: body}
  - {for: [c, n], in: $table, do: [{conv: {out: $c * 2, kernel: 3, dilation: $n}}]}
  - concat: {a: prev, b: {from: body, do: [{maxpool: {kernel: 3, stride: 1, padding: 1}}]}}
  - {upconv: {out: 3, kernel: 2, stride: 2, padding: 0}}
  - {upsample: 2}
  - {head: {aux: [globalavgpool, {linear: 3}]}}
  - {maxpool: {kernel: 2, padding: "$kind"}}
  - {permute: [1, 0, 2]}
  - {slice: {axis: channels, start: 0, stop: 8}}
  - {reshape: [24, 16]}
  - {linear: {out: 10}, frozen: true, as: scores}
  - {mul: {a: scores, b: {from: other, do: [{linear: 10}]}}}
  - softmax
expect: {params: 12, receptive_field: [1, 2], output: [10]}
budget: {params: 3.6M, macs: {max: 320M, growth: 2%}, peak_activations: {max: 1.5 MB, dtype: int8}, "body/**": {macs: 1M}}
"""
OPEN = """\
input: [3, H, W]
vars: {w: 4}
net:
  - {conv: {out: $w, kernel: 3, stride: 2, padding: same}}
  - add: [[{conv: {out: 4, kernel: 3, padding: half}}], [{upsample: 2}, {maxpool: 2}]]
  - head: {flat: [{maxpool: 2}, {pointwise: 1}]}
  - {conv: {out: $w * 2, kernel: 5}}
  - {linear: 10}
"""

CONFIGURATION = """\
specs = ["*.yaml", "models/**/*.yaml"]
baseline = "git:main"
lock = "cnncalc.lock.json"
ratchet = true
[[budget]]
match = "models/*"
with = {w = 0.5, name = "relu"}
input = [3, 224, 224]
level = "warning"
macs = {max = "320M", growth = "2%"}
output = [10]
"body/**" = {params = 12}
"""
LOCK = """\
{
  "schema": "cnncalc.lock/1",
  "specs": {
    "net.yaml": {"macs": 416520, "output": [10, 1.5], "receptive_field": [3, 5], "stride": 2.5},
    "net.yaml w=0.5": {"macs": 3}
  }
}
"""
WORDS = """0 -1 1 2 3 7 1e9 1e400 nan inf 99999999999 0.5 true false null ~ [] {} '' $in $prev $i $w $in.size $in.channels none same half
    in do for repeat share from as when first last each net conv relu add concat out kernel stride padding git: .. / ../x /etc/passwd .git/x
    \x1b[31m ::error:: \ud800 \u202e é 3:3 a**b *** ** ? [ ] $ $$ $1 1$0 2**99 len($table) divisible($w,8) H H*W""".split()
SIGNS = "{}[]:,-$\"'#&*!|>%@`\t\n ()0123456789.aeix_/~?<=\x00\x85\u2028é\ud800"


class Hang(BaseException):
    """A case that does not end."""


@contextmanager
def watched() -> Iterator[None]:
    """Raise Hang where the block works for too long."""

    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, HANG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- damage ------------------------------------------------------------------------------------------------------


def places(tree: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a tree."""
    found: list[tuple[Any, Any]] = []
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            found += [(tree, key), *places(tree[key])]
    return found


def in_structure(text: str, dice: random.Random) -> str:
    """Values and keys dropped, doubled, swapped, wrapped and replaced; the text is always YAML."""
    tree = yaml.safe_load(text)
    for _ in range(dice.choice([1, 1, 2, 3])):
        (box, key), (other, there) = dice.choice(places(tree)), dice.choice(places(tree))
        new = value(other[there], dice)
        change = dice.randrange(6)
        try:
            if change == 0:
                del box[key]
            elif change == 1:
                box[key] = new
            elif change == 2:
                box[key] = [box[key], new]
            elif change == 3:
                box[key] = {word(dice): box[key]}
            elif change == 4 and isinstance(box, list):
                box.insert(key, new)
            elif change == 5 and isinstance(box, dict):
                box[word(dice)] = box.pop(key)
        except ValueError:
            continue
        if not places(tree):
            break
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=False, default_flow_style=dice.choice([None, True]))


def value(other: Any, dice: random.Random) -> Any:
    """A copy of another value, a word, or what YAML makes of a word."""
    way = dice.randrange(3)
    try:
        return [copy.deepcopy(other), word(dice), yaml.safe_load(f"[{word(dice)}]")][way]
    except yaml.YAMLError:
        return None


def word(dice: random.Random) -> str:
    """A word that means something somewhere."""
    return dice.choice(WORDS)


def in_words(text: str, dice: random.Random) -> str:
    """Words and signs dropped, doubled, swapped and replaced."""
    for _ in range(dice.choice([1, 1, 2, 4])):
        parts = [*dice.choice([list, str.split, lambda t: t.splitlines(keepends=True)])(text)] or [""]
        here, there = dice.randrange(len(parts)), dice.randrange(len(parts))
        new = dice.choice([word(dice), dice.choice(SIGNS), parts[there]])
        change = dice.randrange(4)
        if change == 0:
            del parts[here]
        elif change == 1:
            parts[here] = new
        elif change == 2:
            parts.insert(here, new)
        else:
            parts[here], parts[there] = parts[there], parts[here]
        text = ("" if len("".join(parts)) + 40 >= len(text) else " ").join(parts)
    return text


def in_bytes(text: str, dice: random.Random) -> bytes:
    """Bytes flipped, dropped and put in."""
    content = bytearray(text.encode(errors="surrogatepass"))
    for _ in range(dice.choice([1, 2, 8])):
        place = dice.randrange(len(content) + 1)
        content[place : place + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
    return bytes(content)


def damaged(text: str, dice: random.Random, structure: bool = True) -> bytes:
    """A text, damaged in one of three ways."""
    way = dice.randrange(10)
    if way < 5 and structure:
        return in_structure(text, dice).encode(errors="surrogatepass")
    return in_words(text, dice).encode(errors="surrogatepass") if way < 8 else in_bytes(text, dice)


# --- what is done with it ----------------------------------------------------------------------------------------


def examine(content: bytes) -> None:
    """A spec through the reader, and what becomes a network through the analyses."""
    graph = NetworkFile("spec.yaml", "spec.yaml", content).graph()
    if len(graph.nodes) > LARGEST:
        return
    limits(graph.budget, []) if graph.budget is not None else None
    used = graph.inference
    for analysis in (params, macs, receptive_fields, memory, doubts, flat):
        with suppress(CnncalcError):
            analysis(used)
    if not any(graph.symbols()):
        unmet(graph)


def configure(content: bytes) -> None:
    """A configuration: its limits and its specs."""
    Path("cnncalc.toml").write_bytes(content)
    found = config(Path.cwd())
    own_specs(found.project)


def locked(content: bytes) -> None:
    """A lock."""
    Path("lock.json").write_bytes(content)
    lock.read(Path("lock.json"), "lock.json")


def resumed(content: bytes) -> None:
    """The record of a sweep."""
    Path("points", MANIFEST).write_bytes(content)
    swept = plan("lenet5", grid(["input=32,36"]), ["params"], "fp32", {}, None)
    Parts("points", "csv", swept, [], ["params"], 10)


COMMANDS = ["summary", "shapes", "params --format json", "macs --compare", "lint", "show", "check --max macs=1 --report json", "check --report markdown",
            "receptive-field --format csv", "memory --format markdown", "formula", "explain", "diff lenet5"]  # fmt: skip


def command(content: bytes, dice: random.Random) -> None:
    """A spec through a command: an exit code that is one, no bug, nothing that a terminal acts on."""
    Path("spec.yaml").write_bytes(content)
    try:
        if len(NetworkFile("spec.yaml", "spec.yaml", content).graph().nodes) > LARGEST:
            return
    except CnncalcError:
        pass
    name, *options = dice.choice(COMMANDS).split()
    done = CliRunner().invoke(app, [name, "spec.yaml", *options])
    if done.exit_code not in (0, 1, 2):
        raise AssertionError(f"exit code {done.exit_code} of {name}")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if "has a bug" in done.output:
        raise AssertionError(f"{name}: {done.output.strip().splitlines()[0]}")
    if not done.output.replace("\n", "").isprintable():
        raise AssertionError(f"{name} prints {[c for c in done.output if not c.isprintable() and c != chr(10)]}")


def findings(cases: Iterator[tuple[bytes, Callable[[bytes], None]]]) -> dict[str, bytes]:
    """What happened that must not, each once, with a case that shows it."""
    found: dict[str, bytes] = {}
    for content, done in cases:
        try:
            with watched():
                done(content)
        except CnncalcError as error:
            if not str(error).startswith(("error: ", "warning: ")) or not str(error).replace("\n", "").isprintable():
                found.setdefault(f"a message that does not print: {str(error)!a}", content)
        except (Exception, Hang) as error:
            place, trace = "", error.__traceback__
            while trace is not None:
                if "cnncalc/" in trace.tb_frame.f_code.co_filename:
                    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
                trace = trace.tb_next
            found.setdefault(f"{type(error).__name__} {str(error)[:80]!a} at {place}", content)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    (tmp_path / "points").mkdir()
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_damaged_spec_is_read_or_refused(folder: Path) -> None:
    """And what is read has figures, or a message that says why not."""
    dice = random.Random(SEED)  # noqa: S311 - to be repeatable, not secret
    texts = [EVERYTHING, OPEN, *(path.read_text(encoding="utf-8") for path in SMALL)]
    cases = ((damaged(dice.choice(texts), dice), examine) for _ in range(COUNT))

    assert {} == findings(cases), f"seed {SEED}"


def test_a_damaged_spec_ends_every_command_in_order(folder: Path) -> None:
    """With an exit code of its own, one message, and nothing for the terminal."""
    dice = random.Random(SEED + 1)  # noqa: S311 - to be repeatable, not secret
    texts = [EVERYTHING, OPEN, *(path.read_text(encoding="utf-8") for path in SMALL)]
    cases = ((damaged(dice.choice(texts), dice), lambda content: command(content, dice)) for _ in range(COUNT // 8))

    assert {} == findings(cases), f"seed {SEED}"


def test_a_damaged_configuration_lock_or_record_is_read_or_refused(folder: Path) -> None:
    """Wrong types, numbers without end, paths that lead out."""
    dice = random.Random(SEED + 2)  # noqa: S311 - to be repeatable, not secret
    swept = plan("lenet5", grid(["input=32,36"]), ["params"], "fp32", {}, None)
    Parts("points", "csv", swept, [], ["params"], 10).add(0, _rows(swept))
    record = Path("points", MANIFEST).read_text(encoding="utf-8")
    kinds = [(CONFIGURATION, configure, False), (LOCK, locked, True), (record, resumed, True)]
    cases = (
        (damaged(text, dice, structure), done) for _ in range(COUNT) for text, done, structure in [dice.choice(kinds)]
    )

    assert {} == findings(cases), f"seed {SEED}"


def _rows(swept: Any) -> Any:
    from cnncalc.sweeping.engine import all_rows

    return all_rows(swept)
