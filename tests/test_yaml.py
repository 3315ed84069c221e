"""The YAML that is read: YAML 1.2 scalars, a place for every value, bounds, and aliases but no tags."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import Diagnostic, SpecError
from cnncalc.language.yaml import Node, compose, scalar

SCALARS = [
    ("3", 3),
    ("-3", -3),
    ("+3", 3),
    ("0", 0),
    ("010", 10),
    ("0o10", 8),
    ("0x1F", 31),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("3:20", "3:20"),
    ("190:20:30", "190:20:30"),
    ("0.5", Fraction(1, 2)),
    (".5", Fraction(1, 2)),
    ("5.", 5),
    ("1.0", 1),
    ("1e3", 1000),
    ("2.5E-1", Fraction(1, 4)),
    ("1e-5", Fraction(1, 100_000)),
    ("1e999999999", "1e999999999"),
    ("9" * 41, "9" * 41),
    (".inf", ".inf"),
    (".nan", ".nan"),
    (".", "."),
    ("-", "-"),
    ("e5", "e5"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("yes", "yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("null", None),
    ("~", None),
    ("", None),
    ("nULL", "nULL"),
    ("2015-12-10", "2015-12-10"),
    ("relu", "relu"),
    ("٣", "٣"),
    ("1²", "1²"),
]


@pytest.mark.parametrize(("text", "expected"), SCALARS)
def test_a_plain_scalar_follows_yaml_1_2(text: str, expected: Any) -> None:
    """Only true and false are booleans, there is no base 60, no octal by a leading zero, and decimals are exact."""
    value = scalar(text)

    assert (type(expected), expected) == (type(value), value)


def plain(node: Node) -> Any:
    """A tree without its places."""
    if node.is_mapping:
        return {name: plain(value) for name, (_, value) in node.entries.items()}
    return [plain(member) for member in node.items] if node.is_sequence else node.value


TREES = [
    ("{a: 1, b: [x, 'y', \"z\"]}", {"a": 1, "b": ["x", "y", "z"]}),
    ("a:\n  - 1\n  -\n  - b: 2\n    c: 3\n", {"a": [1, None, {"b": 2, "c": 3}]}),
    ("'3'", "3"),
    ('"true"', "true"),
    ("{a}", {"a": None}),
    ("{3: 4, true: 5}", {"3": 4, "True": 5}),
    ("a: &x [1, 2]\nb: *x\nc: [*x, *x]\n", {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}),
    ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
    ("a: >-\n  one\n  line\n", {"a": "one line"}),
    ("a: x # comment\n# another\n", {"a": "x"}),
    ("[]", []),
    ("{}", {}),
]


@pytest.mark.parametrize(("text", "expected"), TREES)
def test_the_tree_of_a_text(text: str, expected: Any) -> None:
    """Both styles, quotes, aliases and comments are read as YAML means them."""
    assert expected == plain(compose(text, "spec", []))


def stretch(node: Node) -> str:
    """The text at a node's place."""
    return node.mark.text[node.mark.column : node.mark.column + node.mark.length]


def test_every_value_has_its_place() -> None:
    """A key, a value, a list and a mapping know the stretch of their line."""
    root = compose("name: x\ninput: [3, 224, é]\nnet:\n  - {conv: 64}\n", "spec", [])
    key, value = root.entries["input"]
    step = root.entries["net"][1].items[0]

    assert "input" == stretch(key)
    assert "[3, 224, é]" == stretch(value)
    assert ["3", "224", "é"] == [stretch(member) for member in value.items]
    assert "{conv: 64}" == stretch(step)
    assert "spec:4:12" == str(step.entries["conv"][1].mark)


def test_a_value_over_several_lines_is_shown_by_its_first() -> None:
    """The place of a quoted text or a bracket that goes on is the rest of its first line."""
    root = compose("a: [1,\n    2]\nb: 'x\n  y'\nc: 3", "spec", [])

    assert ["[1,", "'x", "3"] == [stretch(value) for _, value in root.entries.values()]


LINE_ENDS = ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", LINE_ENDS)
def test_lines_are_counted_as_libyaml_counts_them(end: str) -> None:
    """Whatever ends the lines, a place is in the line that it says."""
    root = compose(f"a: 1{end}b: 2{end}{end}c: [3]", "spec", [])

    assert "[3]" == stretch(root.entries["c"][1])


def test_repeated_keys_are_reported_and_read_past() -> None:
    """Each repetition is one problem with both places; the first value stands."""
    problems: list[Diagnostic] = []
    root = compose("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\n", "spec", problems)

    assert {"a": 1, "b": 2, "c": {"d": 1}} == plain(root)
    assert ["spec:3:1", "spec:4:11"] == [str(problem.mark) for problem in problems]
    assert ["spec:1:1", "spec:4:5"] == [str(problem.labels[0].mark) for problem in problems]


def test_words_glued_to_their_colon_are_told_and_read_as_meant() -> None:
    """`{out:64}` is reported once and read as `{out: 64}`, so that nothing else is reported; a quoted one is a word."""
    problems: list[Diagnostic] = []
    root = compose("{out:64, stride:2, 'a:b'}", "spec", problems)

    assert {"out": 64, "stride": 2, "a:b": None} == plain(root)
    assert 2 == len(problems)


def refused(text: str) -> str:
    """The message with which a text is refused."""
    with pytest.raises(SpecError) as caught:
        compose(text, "spec", [])
    return caught.value.message


REFUSED = [
    ("!!str 3", "tags are not part of the language"),
    ("!local [3]", "tags are not part of the language"),
    ("!!python/object/apply:os.system ['true']", "tags are not part of the language"),
    ("a: &x {b: 1}\nc: {<<: *x}", "merge keys (`<<`) are not part of the language"),
    ("a: *x", "the alias `*x` names nothing that is complete before this line"),
    ("a: &x [*x]", "the alias `*x` names nothing that is complete before this line"),
    ("a: 1\n---\nb: 1", "a spec is one document, and here a second one starts"),
    ("{[a]: 1}", "a key must be a word"),
    ("? {a: 1}\n: 2", "a key must be a word"),
    ("{a: f(x, y)}", "a comma inside `{}` or `[]` ends the value"),
    ("[" * 65, "nested deeper than 64 levels"),
    ("\ta: 1", "a tab in the indentation"),
    ("a:\n\t- b", "a tab in the indentation"),
    ("a: b\n \tc: d", "a tab in the indentation"),
    ("a: {b: c", "this `{` is not closed"),
    ("a: [b", "this `[` is not closed"),
    ("a: 'b", "this quote is not closed"),
    ("a: b: c", "a `:` where no key can be"),
    ("a: }", "a value is missing before this"),
    ("a: {b}}", "this `}` closes nothing"),
    ("a: - b", "a list cannot start on the line of its key"),
    ("a: 1\nb", "a line without `:` among lines that have one"),
    ("a: @b", "a value cannot start with @"),
    ("a: *", "`*` stands alone"),
    ("a: | x", "this is not YAML: did not find expected comment or line break"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_is_refused(text: str, expected: str) -> None:
    """What is not part of the language, or no YAML at all, is refused in words of its own."""
    assert expected == refused(text)


def test_depth_is_counted_through_aliases() -> None:
    """An alias inside an alias is as deep as what it stands for."""
    ladder = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 70))

    assert "nested deeper than 64 levels" == refused(ladder)
    assert {"a": [[[["x"]]]], "b": [[[["x"]]]]} == plain(compose("a: &a [[[[x]]]]\nb: *a", "spec", []))


KEYS = st.text(alphabet="abcxyz_", min_size=1, max_size=4).filter(lambda key: key not in ("y", "x"))
LEAVES = st.one_of(st.integers(-1000, 1000), st.booleans(), st.none(), st.text(alphabet="ab '\"#:{}[],\né", max_size=6))


@given(
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)),
    st.booleans(),
)
def test_what_pyyaml_writes_is_read_back(tree: Any, flow: bool) -> None:
    """A tree that PyYAML has written, in either style, comes back as it was."""
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True)

    assert tree == plain(compose(text, "spec", []))


@given(st.text(alphabet="ab:- []{}\n,'\"#&*!|>\t$()", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, the reader gives a tree or an error whose places are in the text."""
    problems: list[Diagnostic] = []
    try:
        compose(text, "spec", problems)
    except SpecError as error:
        problems = error.diagnostics
    for problem in problems:
        assert str(problem)
        assert problem.mark.line < len(problem.mark.source.lines)
        assert problem.mark.column <= len(problem.mark.text)
