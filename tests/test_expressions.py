"""Expressions: what they are worth, what is wrong with them, and that nothing else can be done with them."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.language.arithmetic import Entries, ExpressionError
from cnncalc.language.expressions import Expression
from cnncalc.language.templates import Template

SCOPE = {"a": 3, "width": 64, "half": Fraction(1, 2), "sizes": [7, 5, 9], "word": "relu", "yes": True, "i": 2}
SCOPE |= {"many": list(range(100)), "deep": [1, [2, [3, [4]]]]}

VALUES = [
    ("$a", 3),
    (" $a ", 3),
    ("$a + 1", 4),
    ("$a * $width - 2", 190),
    ("-$a", -3),
    ("+$a", 3),
    ("($a + 1) * 2", 8),
    ("$width / 4", 16),
    ("$a / 2", Fraction(3, 2)),
    ("$a / 2 * 2", 3),
    ("$a // 2", 1),
    ("-$a // 2", -2),
    ("$a % 2", 1),
    ("$a ** 3", 27),
    ("2 ** $a ** 2", 512),
    ("0.35 * 320 + $a - $a", 112),
    ("$half * 3", Fraction(3, 2)),
    ("1e3 * $a", 3000),
    ("1_000 * $a", 3000),
    ("0x10 * $a", 48),
    ("$a == 3", True),
    ("$a == 3.0", True),
    ("$a != 3", False),
    ("$a > 1 and $a < 5", True),
    ("1 < $a <= 3", True),
    ("1 < $a < 3", False),
    ("$a > 1 or $missing", True),
    ("$a < 1 and $missing", False),
    ("not $yes", False),
    ("$yes", True),
    ("$a if $yes else $missing", 3),
    ("$missing if $a > 5 else 7", 7),
    ("$word == 'relu'", True),
    ('$word != "tanh"', True),
    ("$a in [1, 2, 3]", True),
    ("$a not in [1, 2, 3]", False),
    ("$a in $sizes", False),
    ("$sizes[0]", 7),
    ("$sizes[-1]", 9),
    ("$sizes[$i]", 9),
    ("[$a, $a * 2]", Entries([3, 6])),
    ("range($a)", Entries([0, 1, 2])),
    ("range($a, 9, 2)", Entries([3, 5, 7])),
    ("range($a, 0, -1)", Entries([3, 2, 1])),
    ("range($a, $a)", Entries([])),
    ("log2($width)", 6),
    ("log2($half)", -1),
    ("floor(log2($a))", 1),
    ("$word == 'a$b'", False),
    ("'a_b' == 'a$b'", False),
    ("min($sizes)", 5),
    ("max($sizes)", 9),
    ("min($a, 2)", 2),
    ("max($a, 2, 8)", 8),
    ("max(1, $half)", 1),
    ("sum($sizes)", 21),
    ("len($sizes)", 3),
    ("ceil($a / 2)", 2),
    ("floor($a / 2)", 1),
    ("floor(-$a / 2)", -2),
    ("round($a / 2)", 2),
    ("round(5 / 2 + 0 * $a)", 2),
    ("ceil($a)", 3),
    ("divisible(32 * 0.35 + 0 * $a, 8)", 16),
    ("divisible($width * 0.75, 8)", 48),
    ("divisible(10 * $half)", 8),
    ("divisible($a, 8, 16)", 16),
    ("divisible(91 * $a / 3, 8)", 88),
    ("none if $yes else 1", "none"),
    ("true and $yes", True),
    ("$größe + 1", 5),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_the_value_of_an_expression(text: str, expected: Any) -> None:
    """Arithmetic is exact, and a whole result is an int."""
    value = Expression(text)({**SCOPE, "größe": 4})

    assert (type(expected), expected) == (type(value), value)


ERRORS = [
    ("$a +", "`$a +` is not an expression"),
    ("$a $a", "`$a $a` is not an expression"),
    ("$", "a `$` without the name of a variable"),
    ("$6 + 256$0.1", "a `$` without the name of a variable"),
    ("1$0", "a `$` inside `1$0`"),
    ("$a + 0x1$f", "a `$` inside `0x1$f`"),
    ("$a$i", "a `$` inside `$a$i`"),
    ("$$a", "a `$` inside `$$a`"),
    ("$sizes.$a", "a `$` inside `$sizes.$a`"),
    ("_a + $a", "`_a` is not a number"),
    ("$a pieces", "`$a pieces` is not an expression"),
    ("int($a)", "no function `int`"),
    ("range($half)", "`range` takes whole numbers, and a step other than 0"),
    ("range(1, $a, 0)", "`range` takes whole numbers, and a step other than 0"),
    ("range(10 ** 9)", "the list holds more than 150,000 values"),
    ("log2($a - 3)", "`log2` takes a number above 0"),
    ("$many + 1", "the list [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... 100 in all] is not a number"),
    ("$deep + 1", "the list [1, [2, [3, [...]]]] is not a number"),
    ("($a", "`($a` is not an expression"),
    ("$a; $a", "`$a; $a` is not an expression"),
    ("$a = 3", "`$a = 3` is not an expression"),
    ("${a}", "`${a}` is not an expression"),
    ("$missing + 1", "no variable `$missing` here"),
    ("$a + b", "`b` is not a number"),
    ("$a / 0", "a division by zero"),
    ("$a // ($a - 3)", "a division by zero"),
    ("$a % 0", "a division by zero"),
    ("$a / (1 - 1.0)", "a division by zero"),
    ("$a + $word", "the text `relu` is not a number"),
    ("$a + $sizes", "the list [7, 5, 9] is not a number"),
    ("$yes + 1", "`true` is not a number"),
    ("-$word", "the text `relu` is not a number"),
    ("$word < 3", "the text `relu` is not a number"),
    ("$word * 3", "the text `relu` is not a number"),
    ("$a in 3", "`3` is not a list"),
    ("$a is 3", "compare with == != < <= > >= or `in`"),
    ("$word and $yes", "the text `relu` is neither true nor false"),
    ("not $sizes", "the list [7, 5, 9] is neither true nor false"),
    ("$a[0]", "`3` is not a list"),
    ("$word[0]", "the text `relu` is not a list"),
    ("$sizes[3]", "the list has 3 entries, and no entry 3"),
    ("$sizes[$half]", "the list has 3 entries, and no entry 1/2"),
    ("$sizes[0:1]", "`0:1` is not allowed in an expression"),
    ("$a.channels", "`$a` is not a tensor and has no `.channels`"),
    ("min()", "`min` takes at least 1 argument, and has 0"),
    ("len($sizes, 1)", "`len` takes 1 argument, and has 2"),
    ("divisible()", "`divisible` takes 1 to 3 arguments, and has 0"),
    ("divisible($a, 0)", "`divisible(x, n)` needs a whole n of at least 1"),
    ("divisible($a, 8, $word)", "the text `relu` is not a number"),
    ("max([])", "the list is empty"),
    ("sum($a)", "`3` is not a list"),
    ("min(x=$a)", "the arguments of `min` have no names"),
    ("min(*$sizes)", "`*$sizes` is not allowed in an expression"),
    ("sqrt($a)", "no function `sqrt`"),
    ("2 ** 0.5 * $a", "an exponent is a whole number from 0 to 64"),
    ("2 ** -1 * $a", "an exponent is a whole number from 0 to 64"),
    ("$a ** 65", "an exponent is a whole number from 0 to 64"),
    ("$width ** 10", "the number is larger than 2^53"),
    ("9 ** 9 ** 9", "an exponent is a whole number from 0 to 64"),
    ("10 ** 64 * $a", "the number is larger than 2^53"),
    ("2 ** 53 * 2", "the number is larger than 2^53"),
    ("9007199254740993 + $a", "the number is larger than 2^53"),
    ("1e400", "this number is too large"),
    ("1e300", "the number is larger than 2^53"),
    ("1e-300", "the number has too many digits"),
    ("$a" + " + 1" * 60, "an expression may have 200 characters, this has 242"),
    ("$a" + "+1" * 60, "an expression may have 100 parts, and this has more"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_what_is_wrong_with_an_expression(text: str, expected: str) -> None:
    """Each mistake is named, with the stretch of the text that it is in."""
    with pytest.raises(ExpressionError) as caught:
        Expression(text)(SCOPE)
    error = caught.value

    assert expected == error.message
    assert 0 <= error.offset <= error.offset + error.length <= len(text)


DANGEROUS = [
    "__import__('os').system('echo $a')",
    "().__class__.__bases__",
    "$a.__class__.__mro__",
    "$sizes.append(3)",
    "$word.format($a)",
    "(lambda: $a)()",
    "[x for x in $sizes]",
    "{x for x in $sizes}",
    "{'a': $a}",
    "(x for x in $sizes)",
    "f'{$a}'",
    "'%s' % $a",
    "'9' * 10 ** 9",
    "[0] * 10 ** 9 + $a",
    "$sizes + $sizes",
    "($x := 3)",
    "$a << 1000",
    "$a >> 1",
    "$a | 1",
    "$a & 1",
    "$a ^ 1",
    "~$a",
    "$a @ $a",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "getattr($a, 'x')",
    "print($a)",
    "range(10 ** 9)",
    "await $a",
    "yield $a",
    "...",
    "1j * $a",
    "b'x' * $a",
    "*$sizes",
    "import os",
    "del $a",
    "9**9**9**9 + $a",
    "(" * 90 + "$a" + ")" * 90 + ".x",
    "-" * 150 + "$word",
    "not " * 40 + "$word",
    "$a" * 60,
    "\x00$a",
    "$" * 199,
    "\ud800$a",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_nothing_but_arithmetic_is_possible(text: str) -> None:
    """Attributes, calls, comprehensions, formats, bits, and numbers without end are all refused."""
    with pytest.raises(ExpressionError):
        Expression(text)(SCOPE)


NAMES = [
    ("conv1", "conv1"),
    ("conv$a", "conv3"),
    ("conv${a}_$i", "conv3_2"),
    ("conv${a}_${i + 1}", "conv3_3"),
    ("w${half}", "w0_5"),
    ("${word}_${yes}", "relu_true"),
    ("a-b.c/d[0]", "a-b.c/d[0]"),
    ("${'x' if i > 1 else 'y'}", "x"),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_the_variables_in_a_name_become_their_text(text: str, expected: str) -> None:
    """`$x` and `${x + 1}` in a name are put in; a fraction's point becomes an underscore."""
    assert expected == Template(text)(SCOPE)


BAD_NAMES = [
    ("conv$", "a `$` without the name of a variable", (4, 1)),
    ("conv$1", "a `$` without the name of a variable", (4, 1)),
    ("conv${}", "an expression is missing here", (4, 3)),
    ("conv${a +}", "`a +` is not an expression", (4, 6)),
    ("conv$missing", "no variable `$missing` here", (4, 8)),
    ("conv$sizes", "the list [7, 5, 9] cannot be part of a name", (4, 6)),
    ("x" * 201, "a name may have 200 characters, this has 201", (0, 201)),
    ("$word" * 40 + "$word$word", "a name may have 200 characters, this has 210", (0, 210)),
]


@pytest.mark.parametrize(("text", "expected", "place"), BAD_NAMES)
def test_what_is_wrong_with_a_name(text: str, expected: str, place: tuple[int, int]) -> None:
    """The variable of a name that is wrong is blamed, dollar sign and braces included."""
    with pytest.raises(ExpressionError) as caught:
        Template(text)(SCOPE)
    error = caught.value

    assert (expected, place) == (error.message, (error.offset, error.length))


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv}
NUMBERS = st.integers(-50, 50)


def trees(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A text and its value in Python's own fractions; None where it has none."""

    def joined(left: Any, sign: str, right: Any) -> Any:
        text = f"({left[0]} {sign} {right[0]})"
        if left[1] is None or right[1] is None or (sign in ("/", "//") and right[1] == 0):
            return text, None
        return text, OPERATORS[sign](Fraction(left[1]), Fraction(right[1]))

    return st.builds(joined, children, st.sampled_from([*OPERATORS]), children)


@given(st.recursive(NUMBERS.map(lambda n: (str(n), n)), trees, max_leaves=12))
def test_expressions_against_fractions(tree: tuple[str, Any]) -> None:
    """Every tree of + - * / // has the value that Python's Fraction gives it, or is refused for a division by zero."""
    text, expected = tree
    if expected is None:
        with pytest.raises(ExpressionError, match="a division by zero"):
            Expression(text)({})
    else:
        try:
            value = Expression(text)({})
        except ExpressionError as error:
            assert "larger" in error.message or "digits" in error.message or "may have" in error.message
        else:
            assert expected == value
            assert isinstance(value, int) == (expected.denominator == 1)


@given(st.text(alphabet="$ai0123456789+-*/%()[]., <>=!andorifelse'\"", max_size=30))
def test_any_text_has_a_value_or_an_error(text: str) -> None:
    """Whatever is written, an expression has a value or says what is wrong and where."""
    try:
        Expression(text)(SCOPE)
    except ExpressionError as error:
        assert error.message
        assert 0 <= error.offset <= len(text)
