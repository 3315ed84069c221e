"""Edits of networks of the zoo, drawn at random: `diff` and `check --why` give back what was done, to the last param."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analyses.difference import Difference, difference
from cnncalc.analyses.edits import edits, own
from cnncalc.analyses.subject import Subject
from cnncalc.budget.why import Cause, Steps, growth, side
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph, Node, equal
from cnncalc.language import zoo

LONG = {"resnet1202_cifar"}
NAMES = sorted({member.path for name in zoo.names() if name not in LONG and (member := zoo.member(name))})
CLAIMS = ("expect", "budget", "notes")


class Done:
    """An edit: the network before and after, and the place in its `net` that was edited."""

    def __init__(self, before: Graph, after: Graph, place: int) -> None:
        self.before, self.after, self.place = before.inference, after.inference, place
        self.found: Difference = difference(self.before, self.after)
        self.steps = Steps(side(before, True), side(after, True))

    def why(self, metric: str = "params") -> list[Cause]:
        """The steps that account for a growth."""
        return growth(Subject(metric), self.steps)

    def made(self, graph: Graph) -> list[Node]:
        """The nodes of the step in its place."""
        return [node for node in graph.nodes if node.origin is not None and node.origin.way[0].place == self.place]


def graph_of(spec: Any) -> Graph | None:
    """The network of a spec as data; None for one that is no network."""
    try:
        return cnncalc.parse(yaml.safe_dump(spec, sort_keys=False, width=1000), "net")
    except CnncalcError:
        return None


@cache
def specs() -> list[Any]:
    """The specs of the zoo as data, without what they claim of themselves."""
    read = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in NAMES)
    return [{key: value for key, value in spec.items() if key not in CLAIMS} for spec in read]


def operation(step: Any) -> tuple[str, Any]:
    """The word of a step and what is written on it."""
    if isinstance(step, str):
        return step, None
    if not isinstance(step, dict):
        return "", None
    modifiers = {"as", "from", "when", "repeat", "first", "last", "each", "share", "frozen", "train_only"}
    words = [word for word in step if word not in modifiers]
    return (words[0], step[words[0]]) if len(words) == 1 else ("", None)


def edited(draw: random.Random, change: Callable[[Any, int, random.Random], bool], places: int = 0) -> Done:
    """A network of the zoo with one of its steps edited, so that it still is a network."""
    for spec in draw.sample(specs(), len(specs())):
        for place in draw.sample(range(len(spec["net"]) + places), len(spec["net"]) + places):
            after = deepcopy(spec)
            if change(after["net"], place, draw) and (graph := graph_of(after)) is not None:
                before = graph_of(spec)
                assert before is not None
                if not equal(before.inference, graph.inference):  # a step whose `when` is false changes nothing
                    return Done(before, graph, place)
    raise AssertionError("no network has such a step")


def adds_up(done: Done) -> None:
    """The edits and the steps add up to what the totals differ by."""
    totals = {
        "params": [cnncalc.params(graph).total for graph in (done.before, done.after)],
        "macs": [cnncalc.macs(graph).total for graph in (done.before, done.after)],
        "layers": [len(graph.nodes) for graph in (done.before, done.after)],
    }
    for metric, (before, after) in totals.items():
        assert after - before == sum(cause.amount or 0 for cause in done.why(metric))
        for depth in (None, 0) if metric != "layers" else ():
            assert after - before == sum(_amount(done.found, metric, edit) for edit in edits(done.found, depth))


def _amount(found: Difference, metric: str, edit: Any) -> int:
    old, new = (getattr(one, metric).of for one in (found.a, found.b))
    return sum(new[node.name] for node in edit.after) - sum(old[node.name] for node in edit.before)


def touched(done: Done) -> set[str]:
    """The layers to which something was done, by what the difference says."""
    return {change.after.name for change in done.found.changed if own(change)}


def nothing_moved(done: Done) -> None:
    """Nothing came, went, or has another name."""
    found = done.found
    assert not (found.come or found.gone or found.repeats or found.renamed or found.folded)


# --- the edits ------------------------------------------------------------------------------------------------------


def wider(net: Any, place: int, draw: random.Random) -> bool:
    """A convolution or a linear layer with more channels."""
    word, written = operation(net[place])
    if word not in ("conv", "pointwise", "linear"):
        return False
    more = f"({written['out'] if isinstance(written, dict) else written}) + {draw.choice([8, 24])}"
    if isinstance(written, dict):
        written["out"] = more
    else:
        net[place][word] = more
    return True


def kernel(net: Any, place: int, draw: random.Random) -> bool:
    """A window that is two larger each way, and its padding one."""
    _, written = operation(net[place])
    if not isinstance(written, dict) or not isinstance(written.get("kernel"), int) or "padding" in written:
        return False
    written["kernel"] += 2
    return True


def put_in(net: Any, place: int, draw: random.Random) -> bool:
    """A convolution of a name of its own that keeps the channels."""
    net.insert(place, {"pointwise": "$prev.channels", "as": "put_in"})
    return True


def taken_out(net: Any, place: int, draw: random.Random) -> bool:
    """A step."""
    del net[place]
    return bool(net)


def renamed(net: Any, place: int, draw: random.Random) -> bool:
    """A step with another name."""
    if not isinstance(net[place], dict) or not str(net[place].get("as", "$")).isidentifier():
        return False
    net[place]["as"] = "renamed"
    return True


def repeated(net: Any, place: int, draw: random.Random) -> bool:
    """One or two turns more, or one less."""
    turns = net[place].get("repeat") if isinstance(net[place], dict) else None
    if not isinstance(turns, int) or turns < 2:
        return False
    net[place]["repeat"] = turns + draw.choice([1, 2, -1])
    return True


def row(net: Any, place: int, draw: random.Random) -> bool:
    """A row of a table with a width that none of the others has."""
    if not isinstance(net[place], dict) or "for" not in net[place] or not isinstance(net[place]["in"], list):
        return False
    rows = net[place]["in"]
    at = draw.randrange(len(rows))
    new = deepcopy(rows[at])
    if not isinstance(new, list):
        return False
    widths = [column for column, value in enumerate(new) if isinstance(value, int) and value > 8]
    if not widths:
        return False
    new[draw.choice(widths)] += 8
    rows.insert(at, new)
    return True


DRAWS = st.randoms(use_true_random=False)
COUNT = settings(max_examples=6, deadline=None)


@given(DRAWS)
@COUNT
def test_a_width_is_a_width(draw: random.Random) -> None:
    """Of those layers and no others; what follows from it is told as that."""
    done = edited(draw, wider)
    changed = {change.after.name for change in done.found.changed if "out" in own(change)}

    if len(done.before.nodes) == len(done.after.nodes):  # some blocks have a shortcut only where channels agree
        nothing_moved(done)
        assert changed >= {node.name for node in done.made(done.after) if "out" in vars(node.layer)} != set()
    assert any(step.where.startswith(f"net[{done.place}]") and "out" in step.change for step in done.steps.pairs)
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_kernel_is_a_kernel(draw: random.Random) -> None:
    """Of the layers of that step."""
    done = edited(draw, kernel)

    nothing_moved(done)
    assert {"kernel"} == {key for change in done.found.changed for key in own(change)} - {"padding", "size"}
    assert touched(done) <= {node.name for node in done.made(done.after)} | {
        change.after.name for change in done.found.changed if "size" in own(change)
    }
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_step_put_in_is_one(draw: random.Random) -> None:
    """And nothing else is done."""
    done = edited(draw, put_in, places=1)

    assert ["put_in"] == [put.name for put in done.found.come]
    assert done.made(done.after) == [node for put in done.found.come for node in put.nodes]
    assert not (done.found.gone or done.found.repeats or touched(done))
    assert [("new", True)] == [
        (step.change, step.where.startswith(f"net[{done.place}]")) for step in done.steps.pairs if not step.then
    ]
    assert all(step.now for step in done.steps.pairs)
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_step_taken_out_is_one(draw: random.Random) -> None:
    """That one, or one that cannot be told from it."""
    done = edited(draw, taken_out)
    gone, out = [node for put in done.found.gone for node in put.nodes], done.made(done.before)

    if len(done.before.nodes) == len(done.after.nodes) + len(out):
        assert sorted(node.kind for node in out) == sorted(node.kind for node in gone)
        assert not (done.found.come or done.found.repeats)
    adds_up(done)


@given(DRAWS)
@COUNT
def test_another_name_is_no_more_than_that(draw: random.Random) -> None:
    """One name, and all of its layers."""
    done = edited(draw, renamed)

    assert ["renamed"] == [block.after for block in done.found.renamed if not block.numbered]
    assert done.found.only_renamed
    assert [] == done.why("macs")
    adds_up(done)


@given(DRAWS)
@COUNT
def test_turns_are_turns(draw: random.Random) -> None:
    """So many more, or fewer."""
    done = edited(draw, repeated)
    turns = [
        len({node.origin.way[0].turn for node in done.made(graph) if node.origin})
        for graph in (done.before, done.after)
    ]

    assert [tuple(turns)] == [(repeat.before, repeat.after) for repeat in done.found.repeats]
    assert not (done.found.come or done.found.gone)
    assert any(f"repeat {turns[0]} -> {turns[1]}" in cause.change for cause in done.why("layers"))
    adds_up(done)


@given(DRAWS)
@COUNT
def test_a_row_put_in_is_one(draw: random.Random) -> None:
    """What it makes came, and nothing went."""
    done = edited(draw, row)
    before, after = (
        {node.origin.way[1].row for node in done.made(graph) if node.origin} for graph in (done.before, done.after)
    )
    come = {node.origin.way[1].row for put in done.found.come for node in put.nodes if node.origin}

    assert len(after) == len(before) + 1
    if not done.before.name.startswith("mobilenet"):  # whose neighbours have a shortcut only where channels agree
        assert 1 == len(come)
        assert not (done.found.gone or done.found.repeats)
    adds_up(done)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "unet", "vgg16", "inception_v3", "densenet121"])
def test_an_activation_is_one_everywhere(name: str) -> None:
    """In every layer that had the other one, and in one sentence."""
    text = zoo.member(name).path.read_text(encoding="utf-8").split("\nexpect:")[0] + "\n"  # type: ignore[union-attr]  # it is there
    old = "relu6" if "relu6" in text else "relu"
    done = Done(cnncalc.parse(text, name), cnncalc.parse(text.replace(old, "silu"), name), 0)
    had = [node.name for node in done.before.nodes if node.kind == old]
    (edit,) = [edit for edit in edits(done.found) if edit.change != "renamed"]

    assert ("changed", {"act": [(old, "silu")]}) == (edit.change, dict(edit.settings))
    assert had == [node.name for node in edit.before]
    adds_up(done)
