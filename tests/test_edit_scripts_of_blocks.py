"""Edits of rows, of blocks, of branches and of models, drawn at random: they read as what was done, to the last param."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_edit_scripts import Done, adds_up, edited, graph_of, kernel, put_in, row, specs, touched, wider

import cnncalc
from cnncalc.analyses.difference import difference
from cnncalc.analyses.edits import edits
from cnncalc.formats.onnx.write import written
from cnncalc.graph import Graph, equal
from cnncalc.language import zoo

DRAWS = st.randoms(use_true_random=False)
COUNT = settings(max_examples=5, deadline=None)
Lists = Iterator[tuple[str, list[Any]]]


def changed(draw: random.Random, change: Callable[[Any, random.Random], bool]) -> Done:
    """A network of the zoo of whose spec something was changed, so that it still is a network, and another one."""
    for spec in draw.sample(specs(), len(specs())):
        for _ in range(3):
            after = deepcopy(spec)
            if change(after, draw) and (graph := graph_of(after)) is not None:
                before = graph_of(spec)
                assert before is not None
                if not equal(before.inference, graph.inference):
                    return Done(before, graph, 0)
    raise AssertionError("no network has such a part")


def blocks(spec: Any) -> Lists:
    """The bodies of the blocks, by their heads."""
    for head, body in (spec.get("blocks") or {}).items():
        if isinstance(body, list):
            yield head, body


def named(graph: Graph, name: str) -> list[str]:
    """The layers with a step of that name in theirs."""
    return [node.name for node in graph.nodes if name in [part.split("[")[0] for part in node.name.split("/")]]


def only_come(done: Done, name: str) -> None:
    """What came is what has the name, and nothing else was done."""
    come = [node.name for put in done.found.come for node in put.nodes]

    assert sorted(named(done.after, name)) == sorted(come)
    assert come
    assert not (done.found.gone or done.found.repeats or touched(done))
    assert len(done.after.nodes) == len(done.before.nodes) + len(come)
    adds_up(done)


# --- rows ------------------------------------------------------------------------------------------------------------


def row_out(net: Any, place: int, draw: random.Random) -> bool:
    """A row that none of the others is like, taken out."""
    rows = net[place].get("in") if isinstance(net[place], dict) and "for" in net[place] else None
    if not isinstance(rows, list) or len(rows) < 3:
        return False
    at = draw.randrange(len(rows))
    if rows.count(rows[at]) > 1:
        return False
    del rows[at]
    return True


def row_wider(net: Any, place: int, draw: random.Random) -> bool:
    """A row with another width."""
    rows = net[place].get("in") if isinstance(net[place], dict) and "for" in net[place] else None
    if not isinstance(rows, list):
        return False
    one = draw.choice(rows)
    widths = [n for n, value in enumerate(one) if type(value) is int and value > 8] if isinstance(one, list) else []
    if not widths:
        return False
    one[draw.choice(widths)] += 8
    return True


@given(DRAWS)
@COUNT
def test_a_row_taken_out_is_one(draw: random.Random) -> None:
    """Its layers went, and none came."""
    done = edited(draw, row_out)
    gone = [node for put in done.found.gone for node in put.nodes]
    fewer = len(done.before.nodes) - len(done.after.nodes)

    if len(gone) == fewer:  # else its neighbours have a shortcut, or had one, because channels agree
        assert not (done.found.come or done.found.repeats)
        rows = {node.origin.way[1].row for node in gone if node.origin}
        assert (
            len(rows) <= 2
        )  # where names have the number of a row, the next may be what this one was, one pool higher
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_row_that_is_wider_stays_that_row(draw: random.Random) -> None:
    """It is neither new nor removed, and its change is told of it."""
    done = edited(draw, row_wider)
    steps = [step for step in done.steps.pairs if step.change and f"net[{done.place}] row" in step.where]

    assert steps
    assert not any(step.change in ("new", "removed") for step in steps)
    if len(done.before.nodes) == len(done.after.nodes):
        assert not (done.found.come or done.found.gone or done.found.repeats)  # names may have the width in them
    adds_up(done)


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_a_level_of_a_u_net_is_a_level(levels: int) -> None:
    """At the end of the encoder and the head of the decoder: down, pool, up and merged of one level, and a wider bottom."""
    text = zoo.member("unet").path.read_text(encoding="utf-8").split("\nexpect:")[0] + "\n"  # type: ignore[union-attr]
    text = text.replace("conv: {act: relu}", "conv: {act: relu, padding: half}").replace("572", "576")
    both = []
    for count in (levels, levels + 1):
        rows = [f"[{n}, $width * {2 ** (n - 1)}]" for n in range(1, count + 1)]
        down, up = (
            text.replace("[[1, $width], [2, $width * 2], [3, $width * 4], [4, $width * 8]]", f"[{', '.join(rows)}]"),
            rows[::-1],
        )
        whole = down.replace("[[4, $width * 8], [3, $width * 4], [2, $width * 2], [1, $width]]", f"[{', '.join(up)}]")
        both.append(cnncalc.parse(whole.replace("$width * 16", f"$width * {2**count}"), "unet"))
    done = Done(*both, 0)
    new = levels + 1
    came = {node.name.split("/")[0] for put in done.found.come for node in put.nodes}

    assert {f"down{new}", f"pool{new}", f"merged{new}"} <= came
    assert came <= {
        f"down{new}",
        f"pool{new}",
        f"merged{new}",
        "row2[0]",
    }  # whose upconv and concat have no level in them
    assert not (done.found.gone or done.found.repeats)
    assert {"bottom/conv1", "bottom/conv2"} == {name for name in touched(done) if not name.endswith("/crop")}
    adds_up(done)


# --- blocks ----------------------------------------------------------------------------------------------------------


def inside(spec: Any, draw: random.Random) -> bool:
    """A convolution that keeps the channels, somewhere within a block, and so in each of its turns."""
    found = list(blocks(spec))
    if not found:
        return False
    _, body = draw.choice(found)
    body.insert(draw.randrange(len(body) + 1), {"pointwise": "$prev.channels", "as": "put_in"})
    return True


def gated(spec: Any, draw: random.Random) -> bool:
    """Channels that are weighed by what is in all of the map, at the end of a block."""
    found = list(blocks(spec))
    if not found:
        return False
    _, body = draw.choice(found)
    weigh = {"pointwise": {"out": "$prev.channels", "norm": "none", "act": "sigmoid"}}
    gate = ["globalavgpool", weigh]
    body += [{"mul": {"main": "prev", "gate": gate}, "as": "gated"}]
    return True


def block_renamed(spec: Any, draw: random.Random) -> bool:
    """The block itself, and each call of it."""
    heads = [head for head, _ in blocks(spec) if head.partition("(")[0] not in ("c",)]
    if not heads:
        return False
    old = draw.choice(heads)
    name = old.partition("(")[0]

    def again(value: Any) -> Any:
        if isinstance(value, dict):
            return {("other_block" if key == name else key): again(member) for key, member in value.items()}
        if isinstance(value, list):
            return [again(member) for member in value]
        return "other_block" if value == name else value

    spec["net"] = again(spec["net"])
    spec["blocks"] = {
        (head.replace(name, "other_block", 1) if head == old else head): again(body)
        for head, body in spec["blocks"].items()
    }
    return True


def branch_out(spec: Any, draw: random.Random) -> bool:
    """One of three or more branches that are concatenated."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(member)
        if isinstance(value, dict) and isinstance(value.get("concat"), dict) and len(value["concat"]) > 2:
            found.append(value["concat"])

    look([spec["net"], spec.get("blocks")])
    branches = [(one, key) for one in found for key, steps in one.items() if isinstance(steps, list)]
    if not branches:
        return False
    one, key = draw.choice(branches)
    del one[key]
    return True


def other_norm(spec: Any, draw: random.Random) -> bool:
    """Another norm wherever a convolution has the usual one."""
    usual = (spec.get("defaults") or {}).get("conv") or {}
    if usual.get("norm") != "batchnorm":
        return False
    usual["norm"] = "instancenorm"
    return True


@given(DRAWS)
@COUNT
def test_a_step_put_into_a_block_came_as_often_as_the_block_is_there(draw: random.Random) -> None:
    """Within each turn, and nothing else is done."""
    only_come(changed(draw, inside), "put_in")


@given(DRAWS)
@COUNT
def test_a_gate_of_each_block_came_with_the_block(draw: random.Random) -> None:
    """Pooling, weights, product; as one sentence."""
    done = changed(draw, gated)

    only_come(done, "gated")
    assert len([edit for edit in edits(done.found) if edit.change == "added"]) <= 2  # from three on they are one


@given(DRAWS)
@COUNT
def test_a_block_of_another_name_changes_no_figure(draw: random.Random) -> None:
    """Layers are called by it where they have no name of their own."""
    done = changed(draw, block_renamed)

    assert done.found.only_renamed
    assert [] == done.why("params") == done.why("macs")
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_branch_taken_out_is_one(draw: random.Random) -> None:
    """Its layers went; what reads the rest reads less."""
    done = changed(draw, branch_out)
    gone = [node.name for put in done.found.gone for node in put.nodes]

    assert len(gone) == len(done.before.nodes) - len(done.after.nodes)
    assert not (done.found.come or done.found.repeats)
    assert {key for change in done.found.changed for key in ("out", "kernel") if change.before is None} == set()
    adds_up(done)


@given(DRAWS)
@COUNT
def test_another_norm_is_one_sentence(draw: random.Random) -> None:
    """In each layer that had the other."""
    done = changed(draw, other_norm)
    told = [edit for edit in edits(done.found) if edit.change not in ("renamed",)]
    had = sum(node.kind == "batchnorm" for node in done.before.nodes)
    have = sum(node.kind == "batchnorm" for node in done.after.nodes)

    assert [("changed", {"norm": [("batchnorm", "instancenorm")]})] == [
        (edit.change, dict(edit.settings)) for edit in told
    ]
    assert had - have == len(told[0].before)
    adds_up(done)


# --- a model ---------------------------------------------------------------------------------------------------------


def through_onnx(graph: Graph, folder: Path) -> Graph:
    """The network as it is in a file of ONNX."""
    path = folder / "net.onnx"
    path.write_bytes(b"".join(bytes(piece) for piece in written(graph, None).pieces))
    return cnncalc.load(path)


@pytest.mark.parametrize("edit", [wider, kernel, put_in, row], ids=lambda edit: edit.__name__)
def test_an_edit_is_the_same_one_in_a_model(edit: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A spec against the `.onnx` of the edited one: the amounts add up, and what came and changed is as much."""

    @given(DRAWS)
    @settings(max_examples=3, deadline=None)
    def each(draw: random.Random) -> None:
        done = edited(draw, edit, places=int(edit is put_in))
        try:
            model = through_onnx(done.after, tmp_path_factory.mktemp("model"))
        except cnncalc.CnncalcError as error:
            assert "ONNX" in str(error)  # a kind that has no operator there
            return
        there = Done(done.before, model, done.place)
        adds_up(there)
        params = cnncalc.params(done.after).total - cnncalc.params(done.before).total
        assert params == cnncalc.params(model).total - cnncalc.params(done.before).total
        plain = difference(done.before, through_onnx(done.before, tmp_path_factory.mktemp("model")))
        come, gone = (sum(len(put.nodes) for put in puts) for puts in (done.found.come, done.found.gone))
        shift = [sum(len(put.nodes) for put in puts) for puts in (plain.come, plain.gone)]
        found = [sum(len(put.nodes) for put in puts) for puts in (there.found.come, there.found.gone)]
        assert [come + shift[0], gone + shift[1]] == found

    each()
