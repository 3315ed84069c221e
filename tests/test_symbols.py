"""Sizes as formulas: every form is checked against plain integers with the same rule."""

from __future__ import annotations

import operator
import subprocess
import sys
from dataclasses import FrozenInstanceError
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.dims import at_least, at_most, ceil_div, divides, equals
from cnncalc.symbols import Polynomial, Proviso, latex, least, maximum, minimum, same, symbol

C, G, H, W, w, m = (symbol(name) for name in ("C", "G", "H", "W", "w", "m"))
NAMES = ("C", "G", "H", "W")

WORDS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "ceil": ceil_div,
    "max": at_least,
    "min": at_most,
}

letters = st.sampled_from(NAMES)
divisors = st.recursive(
    letters | st.integers(1, 8), lambda tree: st.tuples(st.sampled_from("+*"), tree, tree), max_leaves=3
)
trees = st.recursive(
    letters | st.integers(-9, 9),
    lambda tree: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "max", "min"]), tree, tree),
        st.tuples(st.sampled_from(["//", "%", "ceil"]), tree, st.one_of(st.integers(1, 8), divisors)),
    ),
    max_leaves=8,
)
values = st.fixed_dictionaries({name: st.integers(1, 40) for name in NAMES})
windows = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3))


def grown(tree, sizes):
    """The tree's size for these sizes, which may be of any number system."""
    if isinstance(tree, tuple):
        word, left, right = tree
        return WORDS[word](grown(left, sizes), grown(right, sizes))
    return sizes[tree] if isinstance(tree, str) else tree


def symbolic(tree):
    """The tree's size as a formula, even if it is a number."""
    return grown(tree, {name: symbol(name) for name in NAMES}) + 0 * H


def slid(n, kernel, stride, padding, dilation=1):
    """Steps of a window over n positions."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def roundings(size):
    """How many floors and ceilings a size is written with."""
    return str(size).count("floor(") + str(size).count("ceil(")


@settings(max_examples=3000, deadline=None)
@given(trees, values)
def test_a_formula_with_numbers_put_in_is_what_its_rule_gives_for_them(tree, sizes):
    """Any rule made of the words of dims.py gives the same integer before and after."""
    assert grown(tree, sizes) == symbolic(tree).at(sizes)


@settings(max_examples=500, deadline=None)
@given(trees, values, st.sets(st.sampled_from(NAMES)))
def test_numbers_may_be_put_in_one_after_another(tree, sizes, first):
    """A formula of which some sizes are given is a formula in the others."""
    some = {name: sizes[name] for name in first}

    assert grown(tree, sizes) == (symbolic(tree).at(some) + 0 * H).at(sizes)


@settings(max_examples=500, deadline=None)
@given(trees, trees, values)
def test_sizes_may_be_put_in_for_symbols(tree, other, sizes):
    """A formula with a formula put in for H is the rule applied to that formula."""
    inner = maximum(symbolic(other), 1)

    expected = grown(tree, {**sizes, "H": inner.at(sizes)})
    assert expected == (symbolic(tree).at({"H": inner}) + 0 * H).at(sizes)


@settings(max_examples=300, deadline=None)
@given(trees, st.lists(values, min_size=1, max_size=5))
def test_arrays_are_put_in_as_numbers_are(tree, points):
    """An array of designs gives the array of their sizes."""
    arrays = {name: np.array([sizes[name] for sizes in points]) for name in NAMES}

    expected = [grown(tree, sizes) for sizes in points]
    assert expected == np.broadcast_to(symbolic(tree).at(arrays), len(points)).tolist()


@settings(max_examples=1000, deadline=None)
@given(trees)
def test_a_form_is_its_own_canonical_form(tree):
    """Making a size again from its parts changes nothing, its text and its hash included."""
    size = symbolic(tree)
    again = size.at({name: symbol(name) for name in NAMES}) + 0 * H

    assert (size, str(size), hash(size)) == (again, str(again), hash(again))


@settings(max_examples=1000, deadline=None)
@given(trees, values)
def test_no_size_is_below_its_least(tree, sizes):
    """The evident lower bound holds wherever the symbols are at least 1."""
    assert least(symbolic(tree)) <= grown(tree, sizes)


@settings(max_examples=500, deadline=None)
@given(trees, trees, values)
def test_what_is_decided_holds_for_numbers(left, right, sizes):
    """A comparison of formulas is a proviso, or what it is for every choice of numbers."""
    a, b, x, y = symbolic(left), symbolic(right), grown(left, sizes), grown(right, sizes)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, equals):
        verdict = compare(a, b)
        assert isinstance(verdict, Proviso) or verdict == compare(x, y)


@settings(max_examples=500, deadline=None)
@given(divisors, trees, values)
def test_what_evidently_divides_does_so_for_numbers(left, right, sizes):
    """A divisibility of formulas is a proviso, or what it is for every choice of numbers."""
    verdict = divides(grown(left, {name: symbol(name) for name in NAMES}), symbolic(right))

    assert isinstance(verdict, Proviso) or verdict == divides(grown(left, sizes), grown(right, sizes))


@settings(max_examples=1000, deadline=None)
@given(st.lists(windows, min_size=1, max_size=8), st.integers(1, 2000))
def test_a_chain_of_windows_keeps_one_rounding(chain, n):
    """A map below any number of strided layers is a single floor of the input size."""
    size, expected = H, n
    for kernel, stride, padding, dilation in chain:
        size, expected = (slid(s, kernel, stride, padding, dilation) for s in (size, expected))

    assert roundings(size) <= 1
    assert expected == size.at({"H": n})


@settings(max_examples=500, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(1, 2000))
def test_a_chain_of_same_padded_strides_is_one_ceiling(strides, n):
    """ceil(ceil(n / a) / b) is ceil(n / (a b))."""
    size = H
    for stride in strides:
        size = ceil_div(size, stride)

    assert ceil_div(H, int(np.prod(strides))) == size
    assert -(-n // int(np.prod(strides))) == size.at({"H": n})


@settings(max_examples=500, deadline=None)
@given(trees, trees, trees)
def test_sizes_are_a_ring(a, b, c):
    """Sums and products may be reordered and multiplied out without a trace."""
    x, y, z = map(symbolic, (a, b, c))

    assert x + y == y + x
    assert x * y == y * x
    assert x * (y + z) == x * y + x * z
    assert 0 == x - x


FORMS = [
    ("0", H - H),
    ("7", symbol("H") * 0 + 7),
    ("H", H),
    ("-H", -H),
    ("-H + 3", 3 - H),
    ("H - 2", H - 2),
    ("2 H W", H * W * 2),
    ("H^2 + 2 H + 1", (H + 1) ** 2),
    ("1", H**0),
    ("3 C^2 - H W + C - 7", C - H * W - 7 + 3 * C**2),
    ("H^2 + H W + W^2", W * W + H * H + W * H),
    ("ceil(H/2)", ceil_div(H, 2)),
    ("ceil(H/2)", (H - 1) // 2 + 1),
    ("ceil(H/2) - 1", (H - 1) // 2),
    ("floor(H/2)", H // 2),
    ("floor((H + 1)/4)", (H + 1) // 4),
    ("ceil(H/4)", (H + 3) // 4),
    ("ceil((H + W)/2)", ceil_div(H + W, 2)),
    ("floor((H - W)/4)", (H - W) // 4),
    ("-ceil(H/2)", -H // 2),
    ("ceil(3 H/4)", ceil_div(3 * H, 4)),
    ("floor(H/4) + H", 5 * H // 4),
    ("H", (4 * H + 1) // 4),
    ("H + 1", (4 * H + 5) // 4),
    ("ceil(H/2)", (2 * H + 2) // 4),
    ("ceil(H/2)", (2 * H + 3) // 4),
    ("floor(5 H/8)", (H + H // 4) // 2),
    ("0", 4 * H % 2),
    ("1", (2 * H * W + 1) % 2),
    ("-2 floor(H/2) + H", H % 2),
    ("-3 floor(3/H)", -3 * (10 // (3 * H))),
    ("4 ceil(H/2)^2", (2 * ceil_div(H, 2)) ** 2),
    ("G", C * G // C),
    ("2 G", 6 * C * G // (3 * C)),
    ("1", (C + G) // (C + G)),
    ("G", (C * G + G) // (C + 1)),
    ("C - 1", (C**2 - 1) // (C + 1)),
    ("floor(C/G)", C // G),
    ("ceil(C/G)", ceil_div(C, G)),
    ("ceil(C/(2 G))", ceil_div(C, 2 * G)),
    ("floor(C/(G + 1))", C // (G + 1)),
    ("ceil(H/w^2)", ceil_div(ceil_div(H, w), w)),
    ("floor(C/ceil(G/2))", C // ceil_div(G, 2)),
    ("0", 1 // (C + 1)),
    ("-1", -1 // C),
    ("floor(7/C)", 7 // C),
    ("-C floor(7/C) + 7", 7 % C),
    ("H", maximum(H, 0)),
    ("H", maximum(H - 1, H)),
    ("ceil(H/2)", maximum((H + 1) // 2, 1)),
    ("H W", maximum(H, H * W, W, 1)),
    ("H", maximum(H, ceil_div(H, 2), ceil_div(H, 4))),
    ("2 ceil(H/2) - H + 1", maximum(2 * (ceil_div(H, 2) - 1) + 3 - H, 0)),
    ("max(H, W)", maximum(W, H)),
    ("max(C, H, W)", maximum(maximum(W, H), maximum(H, C))),
    ("max(H, W)", maximum(maximum(W, H), W - 2, minimum(H, C))),
    ("max(0, floor(H/2) - 2)", maximum((H - 4) // 2, 0)),
    ("min(3, H)", minimum(H, 3)),
    ("3", minimum(H + 2, 3)),
    ("ceil(H/2)", minimum(H, ceil_div(H, 2))),
    ("0", minimum(H, 3) // 4),
    ("2 w max(H, W) + 1", 2 * w * maximum(H, W) + 1),
    (
        "9 w ceil(H/2)^2 + w^2 ceil(H/4)^2 + 5 w",
        5 * w + 9 * w * ceil_div(H, 2) ** 2 + w**2 * ceil_div(H, 4) ** 2,
    ),
]


@pytest.mark.parametrize(("expected", "size"), FORMS, ids=[text for text, _ in FORMS])
def test_a_size_is_written_in_its_simplest_form(expected, size):
    """Whole parts stand outside a floor, common factors are gone, high degrees come first."""
    assert expected == str(size)
    assert expected == repr(size)


LATEX = [
    ("0", 0),
    ("H", H),
    (r"\mathrm{width}^{2} - 1", symbol("width") ** 2 - 1),
    (r"\mathrm{h\_in}", symbol("h_in")),
    (r"\lceil \frac{H}{2} \rceil", ceil_div(H, 2)),
    (r"9408 w \lceil \frac{H}{2} \rceil^{2}", 9408 * w * ceil_div(H, 2) ** 2),
    (r"\lfloor \frac{H + 1}{4} \rfloor", (H + 1) // 4),
    (r"\lceil \frac{C}{G + 1} \rceil", ceil_div(C, G + 1)),
    (r"\max(H, W)", maximum(H, W)),
    (r"\min(3, \lfloor \frac{H}{2} \rfloor)", minimum(3, H // 2)),
]


@pytest.mark.parametrize(("expected", "size"), LATEX, ids=[text for text, _ in LATEX])
def test_a_size_is_written_for_latex(expected, size):
    """LaTeX sees brackets for roundings and braces around powers."""
    assert expected == latex(size)


VERDICTS = [
    (True, H >= 1),
    (True, H > 0),
    (False, H < 1),
    (False, H <= 0),
    (True, 0 < H),
    (True, H + W >= 2),
    (True, H * W >= H),
    (True, H >= ceil_div(H, 2)),
    (True, ceil_div(H, 2) >= ceil_div(H, 4)),
    (True, H * W >= ceil_div(H, 2) * ceil_div(W, 2)),
    (False, ceil_div(H, 2) > H),
    (True, maximum(H, W) >= W),
    (True, minimum(H, W) <= W),
    (True, slid(H, 3, 1, 1) >= 1),
    (True, divides(4, 4 * C)),
    (True, divides(C, C * G)),
    (True, divides(C + G, 2 * C + 2 * G)),
    (True, divides(2, C * 2 + 8)),
    (False, divides(4, 4 * C + 2)),
    (False, divides(4, 2 * C + 1)),
    (False, divides(0, C)),
    (True, equals(H, ceil_div(2 * H - 1, 2))),
    (False, equals(H, H + 1)),
    (False, equals(0, H)),
]


@pytest.mark.parametrize(("expected", "verdict"), VERDICTS)
def test_what_is_evident_is_decided(expected, verdict):
    """What follows from sizes of at least 1 is True or False."""
    assert verdict is expected


PROVISOS = [
    ("H - 2 >= 1", H - 2 >= 1),
    ("H > W", H > W),
    ("H < 3", H < 3),
    ("H >= 3", 3 <= H),
    ("floor(H/2) >= 1", H // 2 >= 1),
    ("4 divides C", divides(4, C)),
    ("G divides C", divides(G, C)),
    ("4 divides 2 C + 2", divides(4, 2 * C + 2)),
    ("H == 2 W", equals(H, 2 * W)),
]


@pytest.mark.parametrize(("expected", "proviso"), PROVISOS, ids=[text for text, _ in PROVISOS])
def test_what_depends_on_the_symbols_is_a_proviso(expected, proviso):
    """A proviso prints as it was asked, and refuses to be taken for true or false."""
    assert expected == str(proviso)
    with pytest.raises(TypeError) as error:
        bool(proviso)
    assert f"whether {expected} depends on the sizes" == str(error.value)


def test_a_proviso_is_a_record():
    """Equal provisos count once, and none can be changed."""
    assert Proviso(H - 2, ">=", H * 0 + 1) == (H - 2 >= 1)
    assert 1 == len({H >= 3, H >= 3})
    with pytest.raises(FrozenInstanceError):
        (H >= 3).relation = "<"


REFUSALS = [
    (TypeError, "the size H has no truth value", lambda: bool(H)),
    (TypeError, "the size 4 has no truth value", lambda: bool(H - H + 4)),
    (TypeError, "the size H has no value", lambda: int(H)),
    (TypeError, "the size ceil(H/2) has no value", lambda: range(ceil_div(H, 2))),
    (TypeError, "a size is a whole number or a symbol, not 0.5", lambda: H * 0.5),
    (TypeError, "a size is a whole number or a symbol, not array([1, 2])", lambda: np.array([1, 2]) * H),
    (TypeError, "a size is a whole number or a symbol, not 'W'", lambda: H >= "W"),
    (ValueError, "the power -1 of the size H is not whole", lambda: H**-1),
    (ZeroDivisionError, "the size H is divided by 0, which is less than 1", lambda: H // 0),
    (ZeroDivisionError, "the size H is divided by -2, which is less than 1", lambda: H % -2),
    (ValueError, "a symbol has a name such as H or width, not '2H'", lambda: symbol("2H")),
]


@pytest.mark.parametrize(("kind", "message", "act"), REFUSALS, ids=[text for _, text, _ in REFUSALS])
def test_what_a_size_cannot_be_is_refused(kind, message, act):
    """A size is no truth, no number before its symbols have values, and never a fraction."""
    with pytest.raises(kind) as error:
        act()
    assert message == str(error.value)


def test_a_size_without_symbols_is_its_number():
    """What has lost its symbols equals, hashes and indexes as the integer it is."""
    four = H - H + 4

    assert 4 == four
    assert 4 == int(four)
    assert hash(4) == hash(four)
    assert [0, 1, 2, 3] == list(range(four))
    assert 8 == four * np.int64(2)
    assert type(four.at({})) is int


def test_equal_forms_are_the_same_and_hash_alike():
    """Two ways to one form count once in a set; a form of its own is another size."""
    assert same((H - 1) // 2 + 1, ceil_div(H, 2))
    assert same(H - H, 0)
    assert not same(H - H // 2, ceil_div(H, 2))
    assert 1 == len({(H - 1) // 2 + 1, ceil_div(H, 2)})
    assert H != W
    assert H != "H"
    assert H == symbol("H")


def test_a_size_cannot_be_changed():
    """A polynomial is a frozen record."""
    with pytest.raises(FrozenInstanceError):
        H.terms = frozenset()


def test_a_size_names_its_symbols():
    """Symbols inside roundings and extremes count, those that cancel do not."""
    assert frozenset({"C", "H", "W"}) == (C * maximum(ceil_div(H, 2), W) + G - G).symbols()
    assert frozenset() == (H - H).symbols()


DEGREES = [
    (0, H - H),
    (0, H * 0 + 5),
    (1, H + 3),
    (3, w * ceil_div(H, 2) ** 2),
    (2, w * maximum(H, 3)),
    (0, C // G),
]


@pytest.mark.parametrize(("expected", "size"), DEGREES)
def test_the_degree_tells_how_fast_a_size_grows(expected, size):
    """A rounding grows as what it rounds."""
    assert expected == size.degree


def test_a_multiple_put_in_for_a_symbol_takes_the_roundings_away():
    """With H = 32 m five halvings give m."""
    sizes = [ceil_div(H, 2**halvings).at({"H": 32 * m}) for halvings in range(6)]

    assert [32 * m, 16 * m, 8 * m, 4 * m, 2 * m, m] == sizes


def test_sizes_stay_exact_beyond_64_bits():
    """No float and no machine word stands between a formula and its number."""
    assert 3 * 10**80 + 1 == (3 * H**2 + 1).at({"H": 10**40})
    assert (10**40 + 1) // 2 == ceil_div(H, 2).at({"H": 10**40})


@pytest.mark.parametrize(("kernel", "stride"), list(every(range(1, 6), range(1, 5))))
def test_same_padding_agrees_with_integers(kernel, stride):
    """TensorFlow's zeros, which depend on the size, give ceil(n / stride) outputs."""

    def padded(n):
        steps = ceil_div(n, stride)
        zeros = at_least((steps - 1) * stride + kernel - n, 0)
        return zeros, (n + zeros - kernel) // stride + 1

    zeros, steps = padded(H)
    for n in range(1, 40):
        expected = padded(n)
        assert expected == ((zeros + 0 * H).at({"H": n}), steps.at({"H": n}))
        assert ceil_div(n, stride) == expected[1]


def resnet50_macs(n, width):
    """MACs of the 53 convolutions for an n x n image, the stride in the 3x3 ones."""
    convolutions = []

    def conv(size, ins, outs, kernel, stride=1):
        steps = slid(size, kernel, stride, kernel // 2)
        convolutions.append(ins * outs * kernel**2 * steps**2)
        return steps

    size, channels = slid(conv(n, 3, width, 7, 2), 3, 2, 1), width
    for stage, blocks in enumerate((3, 4, 6, 3)):
        mid = width * 2**stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            if not block:
                conv(size, channels, 4 * mid, 1, stride)
            size = conv(conv(conv(size, channels, mid, 1), mid, mid, 3, stride), mid, 4 * mid, 1)
            channels = 4 * mid
    assert 53 == len(convolutions)
    return sum(convolutions)


def test_resnet50_has_its_closed_form():
    """Fifty-three convolutions, 64 w channels wide, add up to five terms, one for each size of map."""
    expected = (
        "9408 w ceil(H/2)^2 + 245760 w^2 ceil(H/4)^2 + 1310720 w^2 ceil(H/8)^2"
        " + 7471104 w^2 ceil(H/16)^2 + 14417920 w^2 ceil(H/32)^2"
    )
    macs = resnet50_macs(H, 64 * w)

    assert expected == str(macs)
    assert 4_087_136_256 == macs.at({"H": 224, "w": 1})
    assert all(resnet50_macs(n, 128) == macs.at({"H": n, "w": 2}) for n in range(1, 300))


def test_the_module_is_light():
    """Importing the symbols, and using them, loads neither NumPy nor SymPy nor fractions."""
    program = (
        "import sys; from cnncalc.symbols import symbol; print((symbol('H') // 2).at({'H': 9}));"
        "print(sorted({'numpy', 'sympy', 'fractions', 'decimal'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "4\n[]\n" == done.stdout


def test_every_size_is_a_polynomial():
    """What arithmetic gives stays of one kind, whichever side the integer stands on."""
    sizes = [H + 1, 1 + H, H - 1, 1 - H, 2 * H, H * 2, -H, H**2, H // 2, 9 // H, H % 2, 9 % H, maximum(H, 2)]

    assert all(isinstance(size, Polynomial) for size in sizes)


@pytest.mark.parametrize(
    ("size", "shown", "holds"),
    [
        (lambda w: minimum(1, maximum(2 * w - 6, 0)), "[w > 3]", lambda w: w > 3),
        (lambda w: minimum(1, maximum(6 - 2 * w, 0)), "[w < 3]", lambda w: w < 3),
        (lambda w: minimum(1, maximum(3 * w - 7, 0)), "[3 w > 7]", lambda w: 3 * w > 7),
        (lambda w: minimum(1, maximum(w - 4, 4 - w)), "[w != 4]", lambda w: w != 4),
        (
            lambda w: minimum(1, maximum(2 * w - 80 * ((w + 2) // 4), 0)),
            "[w > 40 floor((w + 2)/4)]",
            lambda w: w > 40 * ((w + 2) // 4),
        ),
    ],
)
def test_what_is_1_where_it_holds_reads_as_a_condition(size: Any, shown: str, holds: Any) -> None:
    """A minimum of 1 and a difference is the condition that there is one, as Iverson's brackets are read."""
    formula = size(symbol("w"))

    assert str(formula) == shown
    assert str(5 * formula + 1) == f"5 {shown} + 1"
    assert [formula.at({"w": n}) for n in range(1, 30)] == [int(holds(n)) for n in range(1, 30)]


def test_a_condition_in_latex() -> None:
    """The signs of mathematics."""
    differs, more = minimum(1, maximum(w - 4, 4 - w)), minimum(1, maximum(w - 4 * (H // 2), 0))

    assert (latex(differs), latex(more)) == (r"[w \ne 4]", r"[w > 4 \lfloor \frac{H}{2} \rfloor]")
