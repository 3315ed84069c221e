"""A label of `share` is one set of weights wherever it stands, and `validate` sees where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cnncalc
from cnncalc import SpecError, params
from cnncalc.proof.sharing import sharing_row

CONV = "conv: {out: 3, kernel: 3, padding: 1}"
"""84 parameters."""

# what, parameters, blocks, the steps of the net
SHARED = [
    ("a branch", 84, "", f"[{{{CONV}, as: a}}, {{add: {{m: [{{{CONV}, share: a}}], s: prev}}}}, {{{CONV}, share: a}}]"),
    ("both branches of a join", 84, "", f"[{{sub: {{l: [{{{CONV}, share: w}}], r: [relu, {{{CONV}, share: w}}]}}}}]"),
    ("branches of a list", 84, "", f"[{{concat: [[{{{CONV}, share: w}}], [{{{CONV}, share: w}}]]}}]"),
    ("heads", 84, "", f"[{{head: [{{{CONV}, share: w}}], as: x}}, {{head: {{y: [{{{CONV}, share: w}}]}}}}, identity]"),
    ("every turn of `repeat: do:`", 84, "", f"[{{repeat: 4, do: [{{{CONV}, share: w}}, relu]}}]"),
    ("every row of a `for`", 84, "", f"[{{for: _d, in: [1, 2], do: [{{{CONV}, share: w}}, relu]}}]"),
    ("loops in loops", 84, "", f"[{{for: _d, in: 2, do: [{{repeat: 2, do: [{{{CONV}, share: w}}]}}]}}]"),
    ("one step with `repeat`", 84, "", f"[{{{CONV}, repeat: 4, share: w}}]"),
    ("calls of a block with a label", 84, f"b: [{{{CONV}}}]", "[{b, share: w}, {b, share: w}]"),
    ("calls in branches", 84, f"b: [{{{CONV}}}]", "[{sub: {l: [{b, share: w}], r: [relu, {b, share: w}]}}]"),
    ("a block and the net", 84, f"b: [{{{CONV}, share: w}}]", f"[b, b, {{{CONV}, share: w}}]"),
    ("blocks of blocks", 84, f"{{b: [{{{CONV}, share: w}}], c: [b, relu, b]}}", "[c, {add: [[c], prev]}]"),
    ("a group with a label", 168, "", f"[{{do: [{{{CONV}}}, {{{CONV}}}], share: w, repeat: 3}}]"),
    ("a join with a label", 168, "", f"[{{add: [[{{{CONV}}}], [{{{CONV}}}]], share: w, repeat: 3}}]"),
    ("a name of the block, one in each call", 168, f"b: [{{{CONV}, as: a}}, {{{CONV}, share: a}}]", "[b, b]"),
    ("the same in calls with a label", 84, f"b: [{{{CONV}, as: a}}, {{{CONV}, share: a}}]",
     "[{b, share: w}, {b, share: w}]"),
    ("a label that is a parameter", 168, f"b(w): [{{{CONV}, share: $w}}, {{{CONV}, share: $w}}]",
     "[{b: one}, {b: two}, {b: one}]"),
    ("a name of the net, from a block", 84, f"b: [{{{CONV}, share: a}}]", f"[{{{CONV}, as: a}}, b, b]"),
    ("the name of the turn", 252, "", f"[{{repeat: 3, do: [{{{CONV}, as: a}}, {{{CONV}, share: a}}]}}]"),
    ("nothing", 168, "", f"[{{{CONV}}}, {{{CONV}}}]"),
]  # fmt: skip


def parse(net: str, blocks: str = "") -> cnncalc.Graph:
    """A network on 3x8x8."""
    if blocks and not blocks.startswith("{"):
        blocks = f"{{{blocks}}}"
    return cnncalc.parse("input: [3, 8, 8]\n" + (f"blocks: {blocks}\n" if blocks else "") + f"net: {net}\n")


@pytest.mark.parametrize(("what", "expected", "blocks", "net"), SHARED, ids=[row[0] for row in SHARED])
def test_one_label_is_one_set_of_weights(what: str, expected: int, blocks: str, net: str) -> None:
    """However deep its steps stand; and the text, counted without the expansion, says the same."""
    graph = parse(net, blocks)
    row = sharing_row(graph)

    assert expected == params(graph).total
    assert row is None if what == "nothing" else row is not None and row.holds


TWIN = "[{conv: {out: 4, kernel: 3, norm: batchnorm}}, relu, {linear: 5}]"
PAIR = "input: {left: [1, 9, 9], right: [1, 9, 9]}\n"
SIAMESE = {
    "twins by two steps": f"{PAIR}blocks: {{t: {TWIN}}}\nnet:\n  - {{t, from: left, as: f1, share: t}}\n"
    "  - {t, from: right, as: f2, share: t}\n  - sub: [f1, f2]\n",
    "twins in branches": f"{PAIR}blocks: {{t: {TWIN}}}\nnet:\n  - sub: {{f1: {{from: left, do: [{{t, share: t}}]}}, "
    "f2: {from: right, do: [{t, share: t}]}}\n",
    "twins written out in branches": f"{PAIR}net:\n  - sub:\n      f1: {{from: left, do: [{{do: {TWIN}, share: t}}]}}\n"
    f"      f2: {{from: right, do: [{{do: {TWIN}, share: t}}]}}\n",
}


@pytest.mark.parametrize("form", SIAMESE)
def test_a_siamese_net_counts_its_twin_once(form: str) -> None:
    """In each form that it can be written: 40 + 8 of the convolution and its norm, 985 of the linear layer."""
    graph = cnncalc.parse(SIAMESE[form])
    rows = cnncalc.validate(graph).rows

    assert 40 + 8 + 5 * 4 * 49 + 5 == params(graph).total
    assert ("shared weights", 3, 3, True) == next(row[:4] for row in rows if row.figure == "shared weights")


def test_koch_s_siamese_network_in_both_forms() -> None:
    """38,951,745 parameters, the twins as two steps or inside the join."""
    text = (cnncalc.language.zoo.folder() / "siamese.yaml").read_text(encoding="utf-8")  # type: ignore[attr-defined]
    steps = "  - {twin, from: left, as: f1, share: twin}\n  - {twin, from: right, as: f2, share: twin}\n"
    branches = "{f1: {from: left, do: [{twin, share: twin}]}, f2: {from: right, do: [{twin, share: twin}]}}"
    assert steps in text
    inside = text.replace(steps, "").replace("[f1, f2]", branches)

    assert [38_951_745] * 2 == [params(cnncalc.parse(form)).total for form in (text, inside)]


def test_validate_sees_weights_that_are_not_one() -> None:
    """Where the expansion gave a step weights of its own that the text says are shared, and the other way round."""
    graph = cnncalc.load("siamese")
    apart = replace(
        graph, nodes=tuple(n._replace(weights_of=n.name) if n.name.startswith("f2/conv2") else n for n in graph.nodes)
    )
    one = parse(f"[{{{CONV}, share: w}}, {{{CONV}, share: w}}, {{{CONV}, as: b}}]")
    joined = replace(one, nodes=tuple(n._replace(weights_of="w") for n in one.nodes))

    assert sharing_row(apart) == (
        "shared weights", 7, 6, False,
        "`f2/conv2` has the weights of `f1/conv2` in the text, and its own here", "sets by the text of the spec", {},
    )  # fmt: skip
    assert (1, 2, False) == (sharing_row(joined) or ())[1:4]


UNBOUND = {
    "a name of another block": (
        f"{{a: [{{{CONV}, as: x}}], b: [{{{CONV}, share: x}}]}}", "[a, b]", "nothing else shares the weights `x`",
    ),
    "a name inside a block, from the net": (
        f"{{a: [{{{CONV}, as: x}}]}}", f"[a, {{{CONV}, share: x}}]", "nothing else shares the weights `x`",
    ),
    "a name that comes later": ("", f"[{{{CONV}, share: x}}, {{{CONV}, as: x}}]", "no step has the name `x` yet"),
    "a repeated step": (
        "", f"[{{{CONV}, repeat: 2, as: x}}, {{{CONV}, share: x}}]",
        "`x` is repeated, and each turn has weights of its own",
    ),
    "a layer without weights": (
        "", f"[{{relu, as: x}}, {{{CONV}, share: x}}]",
        "`conv` cannot share the weights of `x`: their shapes differ",
    ),
    "a layer and a block": (
        f"{{b: [{{{CONV}}}]}}", f"[{{{CONV}, share: w}}, {{b, share: w}}]",
        "these steps share no weights: they have no layer in common",
    ),
    "other shapes": (
        "", f"[{{{CONV}, share: w}}, {{add: [[{{pointwise: 3, share: w}}], prev]}}]",
        "`branch1/pointwise` cannot share the weights of `conv`: their shapes differ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNBOUND)
def test_a_label_that_binds_nothing_is_an_error(case: str) -> None:
    """Never a set of weights of its own without a word."""
    blocks, net, expected = UNBOUND[case]
    with pytest.raises(SpecError) as refused:
        parse(net, blocks)

    assert [expected] == [problem.message for problem in refused.value.diagnostics]
