"""What people see when a spec is wrong: the whole message, caret and all, for every mistake; and never anything else.

`tests/bad/NAME.yaml` is the spec and `tests/bad/NAME.txt` what is said of it; `pytest --update-golden` writes the
second again.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc import CnncalcError, SpecError

BAD = Path(__file__).parent / "bad"
SPECS = Path(__file__).parents[1] / "specs"
CASES = sorted(BAD.glob("*.yaml"))
INPUT = "input: [3, 32, 32]\n"


def complaint(text: str, **options: Any) -> str:
    """What is said of a spec that is wrong."""
    with pytest.raises(CnncalcError) as caught:
        cnncalc.parse(text, "spec.yaml", **options)
    return str(caught.value)


def headlines(text: str, **options: Any) -> list[str]:
    """The first line of each error of a spec."""
    return re.findall(r"^error: (.*)$", complaint(text, **options), re.MULTILINE)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_whole_message_of_a_bad_spec(path: Path, golden: Callable[[Path, str], None]) -> None:
    """Each mistake is reported with its line, its caret, what is wrong and what to write instead."""
    with pytest.raises(SpecError) as caught:
        cnncalc.parse(path.read_text(encoding="utf-8"), path.name)

    golden(path.with_suffix(".txt"), f"{caught.value}\n")


def test_every_expected_message_has_its_spec() -> None:
    """No expected message is left over from a spec that is gone."""
    assert [path.stem for path in CASES] == sorted(path.stem for path in BAD.glob("*.txt"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_mistake_is_told_once_and_in_its_place(path: Path) -> None:
    """No two errors say the same of the same place, and every place is a place of the file."""
    with pytest.raises(SpecError) as caught:
        cnncalc.parse(path.read_text(encoding="utf-8"), path.name)
    problems = caught.value.diagnostics

    assert len({(problem.mark, problem.message) for problem in problems}) == len(problems)
    for problem in problems:
        mark = problem.mark
        assert 0 <= mark.line < len(mark.source.lines)
        assert 0 <= mark.column <= len(mark.text)


MANY_BLOCKS = "blocks:\n  b0: [relu]\n" + "".join(f"  b{n}: [b{n - 1}]\n" for n in range(1, 5000))
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
LADDER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))
ATTACKS = [
    ("net: " + "[" * 50_000, "nested deeper than 64 levels"),
    ("net: " + "{a: " * 50_000, "nested deeper than 64 levels"),
    ("\n".join(" " * n + "a:" for n in range(2000)), "nested deeper than 64 levels"),
    (BOMB, "more than 150,000 values once the aliases are expanded"),
    (LADDER, "nested deeper than 64 levels"),
    ("net: [" + "x, " * 300_000 + "]", "more than 150,000 values once the aliases are expanded"),
    ("net: " + "x" * 4_000_001, "the file is larger than 4,000,000 characters"),
    (INPUT + "net: [{relu, repeat: 1000000000000}]", "`repeat` is 1,000,000,000,000, which is more than 150,000"),
    (INPUT + f"net: [{{relu, repeat: 1{'0' * 50}}}]", None),
    (INPUT + "blocks:\n  a: [{do: [], repeat: 9999}]\nnet: [{a, repeat: 9999}]", "more than 300,000 steps are run"),
    (INPUT + "net: [{do: [{relu, repeat: 9999, when: $i < 0}], repeat: 9999}]", "more than 300,000 steps are run"),
    (INPUT + "net: [{do: [{relu, repeat: 9999}], repeat: 9999}]", "more than 150,000 layers"),
    (INPUT + MANY_BLOCKS + "net: [b4999]", "blocks that call blocks, too many levels deep"),
    (INPUT + MANY_BLOCKS.replace("[relu]", "[b4999]") + "net: [b4999]", None),
    (INPUT + f"net: [{'y' * 10_000}]", None),
    (INPUT + f"net: [{{pointwise: 8, as: '{'${i}' * 10_000}'}}]", "a name may have 200 characters, this has 40,000"),
    (INPUT + "net: [{pointwise: $" + "(" * 10_000 + "}]", None),
    (INPUT + "net:\n" + "  - rellu\n" * 50_000, None),
    (INPUT + "net:\n" + "  - {pointwise: 8, as: a}\n" * 50_000, None),
    (INPUT + "".join(f"k{n}: 1\n" for n in range(50_000)), None),
    ("a: 1\n" * 50_000, None),
    ("\t" * 50_000, None),
    ("\\" * 50_000, None),
    ('"' * 50_001, None),
    ("- " * 50_000, None),
    ("? " * 50_000, None),
    ("!" * 50_000, None),
    ("&a " * 50_000, None),
    ("a\x00b", "a character that is no text: U+0000"),
    ("name: é\nnet: \x07", "a character that is no text: U+0007"),
    ("net: [\ud800]", "a character that is no text: U+D800"),
    ("", "the spec is empty"),
    ("\n\n\n", "the spec is empty"),
    ("\ufeff", "the spec is empty"),
    ("---\n...\n", "the spec is empty"),
    ("null", "the spec is empty"),
]


@pytest.mark.parametrize(("text", "expected"), ATTACKS, ids=[str(n) for n in range(len(ATTACKS))])
def test_a_hostile_spec_is_refused(text: str, expected: str | None) -> None:
    """Whatever is fed to it, the reader answers with a message of bearable size, soon."""
    message = complaint(text)

    assert len(message) < 60_000
    if expected is not None:
        assert [expected] == headlines(text)


def test_more_mistakes_than_anyone_reads_are_cut_short() -> None:
    """The first fifty errors are shown, and that there are more."""
    message = complaint(INPUT + "net:\n" + "  - rellu\n" * 500)

    assert 50 == message.count("no layer kind or block `rellu`")
    assert message.endswith("\n\n... and more: these are the first 50")


GOOD = [
    b"\xef\xbb\xbfinput: [3, 8, 8]\nnet: [relu]\n",
    b"input: [3, 8, 8]\r\nnet:\r\n  - relu\r\n",
    b"input: [3, 8, 8]\rnet:\r  - relu\r",
    b"%YAML 1.2\n---\ninput: [3, 8, 8]\nnet: [relu]\n...\n",
    b"# a comment\ninput: [3, 8, 8]  # another\nnet: [relu]",
    b"input: &i [3, 8, 8]\nnet: [{crop: {size: [4, 4]}}, relu]\n",
    b'{"input": [3, 8, 8], "net": ["relu"]}',
    b"net:\n- relu\ninput:\n- 3\n- 8\n- 8\n",
]


@pytest.mark.parametrize("content", GOOD)
def test_every_way_to_write_a_text_file_is_read(content: bytes, tmp_path: Path) -> None:
    """A byte-order mark, the line ends of all systems, JSON and comments make no difference."""
    path = tmp_path / "net.yaml"
    path.write_bytes(content)

    assert "relu" == cnncalc.load(path).nodes[-1].kind


FILES = [
    (b"\x89PNG\r\n\x1a\n\x00\x00", "error: {path} is not a text file: byte 0 is not UTF-8"),
    ("input: [3]\nname: é".encode("latin-1"), "error: {path} is not a text file: byte 17 is not UTF-8"),
    ("input: [3]".encode("utf-16"), "error: {path} is not a text file: byte 0 is not UTF-8"),
    (b"input: [3]\x00", "error: {path} is not a text file: it holds a zero byte"),
    (b"x" * 4_000_001, "error: {path} is larger than 4,000,000 bytes, which is no spec"),
]


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_a_file_that_is_no_spec(content: bytes, expected: str, tmp_path: Path) -> None:
    """A binary file, another encoding and a file without end are told apart from a spec."""
    path = tmp_path / "net.yaml"
    path.write_bytes(content)
    with pytest.raises(CnncalcError) as caught:
        cnncalc.load(path)

    assert expected.format(path=path) == str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a folder, a name that no file can have: each is said, with the nearest file that there is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet.yaml").write_text("net: []")
    expected = {
        ".": "error: . is a folder\n   = help: name one spec in it",
        "resnte.yaml": "error: there is no file resnte.yaml\n   = help: did you mean `resnet.yaml`?",
        "no/such/net.yml": "error: there is no file no/such/net.yml\n   = help: there is no folder no/such either",
        "resnet5O": "error: there is no file and no network of the zoo called resnet5O"
        "\n   = help: did you mean `resnet50`?",
    }
    found = {}
    for spec in expected:
        with pytest.raises(CnncalcError) as caught:
            cnncalc.load(spec)
        found[spec] = str(caught.value)

    assert expected == found
    for spec in ("x" * 5000, "a\x00b", "", "~", "/dev/null"):
        with pytest.raises(CnncalcError):
            cnncalc.load(spec)


SYMBOLS = "input: [3, H, W]\nvars: {width: 8}\nnet: [{pointwise: $width}]\n"
TWO = "input: {left: [1, 8, 8], right: [1, 8, 8]}\nnet: [{concat: [left, right]}]\n"
OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    (SYMBOLS, {"set": {"widht": 3}}, "error: spec.yaml has no variable `widht`\n   = help: did you mean `width`?"),
    (TWO, {"set": {"a": 3}}, "error: spec.yaml has no variable `a`\n   = help: it has no variables"),
    (
        SYMBOLS,
        {"set": {"H": 0}},
        "error: a size of the input must be a whole number of at least 1, and is 0: H"
        "\n   = help: for instance --set H=224",
    ),
    (
        SYMBOLS,
        {"set": {"H": "big"}},
        "error: a size of the input must be a whole number, and is `big`: H\n   = help: for instance --set H=224",
    ),
    (
        SYMBOLS,
        {"input": (3, 8)},
        "error: the input of the network has 3 sizes, and 2 are given"
        "\n   = help: for instance --input 3,H,W: channels, then the spatial axes",
    ),
    (
        SYMBOLS,
        {"input": (3, 8, 0)},
        "error: a size of the input `input` must be a whole number of at least 1, and is 0"
        "\n   = help: for instance --input 3,224,224",
    ),
    (
        SYMBOLS,
        {"input": (3, 8, 8.5)},
        "error: a size of the input `input` must be whole, and is 8.5\n   = help: for instance --input 3,224,224",
    ),
    (SYMBOLS, {"input": "224"}, "error: the sizes of the input `input` are a list, and are `224`"),
    (TWO, {"input": {"lefd": (1, 8, 8)}}, "error: the network has no input `lefd`\n   = help: did you mean `left`?"),
    (
        SYMBOLS,
        {"set": {"width": "wide"}},
        "error: `out` must be a whole number of at least 1, and is `wide`\n"
        " --> spec.yaml:3:19\n  |\n3 | net: [{pointwise: $width}]\n  |                   ^^^^^^",
    ),
]


@pytest.mark.parametrize(("text", "options", "expected"), OPTIONS)
def test_a_wrong_option(text: str, options: dict[str, Any], expected: str) -> None:
    """A variable, an input or a size that does not fit the spec is refused by name."""
    assert expected == complaint(text, **options)


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command line."""
    command = [sys.executable, "-m", "cnncalc", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["branches_differ_in_channels", "unknown_kind", "tab", "expression_forbidden"])
def test_the_command_line_writes_the_message_alone_to_stderr(name: str) -> None:
    """Exit code 2, nothing on stdout, and on stderr what the library says."""
    path = BAD / f"{name}.yaml"
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").replace(f"--> {path.name}", f"--> {path}")

    assert (2, "", expected) == run("params", str(path))


def test_the_command_line_without_a_spec_that_can_be_read(tmp_path: Path) -> None:
    """A folder, a missing file, standard input, a wrong option and a size without a value: exit code 2 for each."""
    spec = tmp_path / "net.yaml"
    spec.write_text(SYMBOLS)
    cases = [
        (("params", str(tmp_path)), None, f"error: {tmp_path} is a folder\n   = help: name one spec in it\n"),
        (("params", "-"), "net: [", None),
        (("params", "x" * 5000), None, None),
        (("params", str(spec), "--set", "widht=3"), None, None),
        (("params", str(spec), "--set", "width"), None, None),
        (("params", str(spec), "--input", "3,a,b"), None, None),
        (("macs", str(spec)), None, None),
    ]
    for arguments, stdin, expected in cases:
        code, out, err = run(*arguments, stdin=stdin)

        assert (2, "") == (code, out), arguments
        assert err.startswith("error: ")
        assert "bug" not in err
        assert expected in (None, err)


# --- random damage -----------------------------------------------------------------------------------------------

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
SIGNS = "{}[]:,-$\"'#&*!|>%@`\t\n ()0123456789.aeix_/~?<\x00\x85\u2028é\ud800"
WORDS = "0 -1 1e9 99999999999 null true [] {} $in $prev $i ~ 0.5 '' $in.size none for in do repeat share from as when"


def damaged(text: str, dice: random.Random, words: list[str]) -> str:
    """The text with a few characters, words or lines dropped, doubled, swapped or replaced."""
    for _ in range(dice.choice([1, 1, 1, 2, 3, 6])):
        parts: list[str] = [*dice.choice([list, TOKEN.findall, lambda t: t.splitlines(keepends=True)])(text)] or [""]
        here, there = dice.randrange(len(parts)), dice.randrange(len(parts))
        other = dice.choice([dice.choice(SIGNS), dice.choice(words), parts[there]])
        change = dice.randrange(4)
        if change == 0:
            del parts[here]
        elif change == 1:
            parts[here] = other
        elif change == 2:
            parts.insert(here, other)
        else:
            parts[here], parts[there] = parts[there], parts[here]
        text = "".join(parts)
    return text


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_spec_is_read_or_refused(seed: int) -> None:
    """From damage at random comes a network with names of its own for all nodes, or an error with a message."""
    dice = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
    texts = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))]
    words = [word for text in texts for word in TOKEN.findall(text)] + WORDS.split()
    for _ in range(50):
        text = damaged(dice.choice(texts), dice, words)
        try:
            graph = cnncalc.parse(text, "spec.yaml")
        except CnncalcError as error:
            assert str(error).startswith("error: ")
            if isinstance(error, SpecError):
                problems = error.diagnostics
                assert len({(problem.mark, problem.message) for problem in problems}) == len(problems), text
        else:
            names = [node.name for node in graph.nodes]
            assert len(set(names)) == len(names), text
