"""`convert` of random networks: read back they are the same, and compute the same. CNNCALC_GRAPHS=10000 runs more."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from test_random_graphs import sensible, specs
from test_recovery import anonymous, swapped

import cnncalc
from cnncalc.analyses.counterparts import moved
from cnncalc.analyses.sameness import same
from cnncalc.building import legal_name
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
from cnncalc.language.words import BRANCH_KEYS, MODIFIERS
from cnncalc.language.words import OPERATIONS as OPERATIONS_OF_STEPS
from cnncalc.layers import KINDS
from cnncalc.recovery.write import recover

GRAPHS = int(os.environ.get("CNNCALC_GRAPHS", "200"))


def figures(graph: Any) -> tuple[Any, ...]:
    """Parameters, MACs, sizes and fields of the output and of what the heads give, and the inputs."""
    fields = cnncalc.receptive_fields(graph).of
    ends = {"": graph.output, **graph.heads}
    return (
        cnncalc.params(graph).total,
        cnncalc.macs(graph).total,
        {end: graph.shapes[name] for end, name in ends.items()},
        {(end, one): str(fields[name].of_input(one).axes) for end, name in ends.items() for one in graph.inputs},
        dict(graph.inputs),
    )


@settings(max_examples=GRAPHS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(specs())
def test_a_random_network_comes_back(text: str) -> None:
    """From its graph without names, in any order: the same text each time, and from the text itself."""
    graph = sensible(text)
    bare = anonymous(graph, 1)
    found = recover(bare).text
    again = parse(found)

    assert same(graph, again)
    assert figures(bare) == figures(again)
    assert recover(anonymous(graph, 2)).text == found == recover(again).text


@settings(max_examples=GRAPHS // 2, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(specs())
def test_its_weights_go_along(text: str) -> None:
    """Each tensor by its name in the new text: the same output."""
    graph = sensible(text)
    again = parse(recover(graph).text)
    weights = initial(graph, "glorot", dtype=np.float64)
    draw = np.random.default_rng(0)
    images = {name: draw.uniform(-1, 1, shape) for name, shape in graph.inputs.items()}

    expected = run(graph, images, weights, np.float64).output
    found = run(again, images, moved(weights, graph, again), np.float64).output
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=text)


OPERATIONS = ("conv: {out: $w, kernel: 3, padding: 1}", "pointwise: $w", "depthwise: {kernel: 3, padding: 1}", "relu")


@st.composite
def units(draw: st.DrawFn) -> str:
    """A network of units, each a few tensors that are read here and there in it, at several widths."""
    blocks, words = [], [f"unit{number}" for number in range(draw(st.integers(1, 2)))]
    for word in words:
        names, steps = ["in"], []
        for number in range(draw(st.integers(2, 6))):
            name, one, other = f"t{number}", draw(st.sampled_from(names)), draw(st.sampled_from(names))
            of = draw(st.sampled_from((*OPERATIONS, "add", "mul", "sub")))
            joins = of in ("add", "mul", "sub")
            steps.append(f"{{{of}: [{one}, {other}], as: {name}}}" if joins else f"{{{of}, from: {one}, as: {name}}}")
            names.append(name)
        read = re.findall(r"\bt\d\b|\bin\b", re.sub("as: t[0-9]", "", " ".join(steps)))
        ends = [name for name in names if name not in read] or names[-1:]
        blocks.append(f"  {word}(w): [{', '.join(steps)}, {{concat: [{', '.join(ends)}]}}, {{pointwise: $w}}]")
    net = []
    for width in draw(st.lists(st.sampled_from((4, 8, 12)), min_size=2, max_size=5)):
        word, again = draw(st.sampled_from(words)), draw(st.integers(1, 3))
        unit = draw(st.sampled_from((f"{word}: {width}", f"add: {{main: [{{{word}: {width}}}], shortcut: prev}}")))
        net += [f"  - {{pointwise: {width}}}", f"  - {{{unit}, repeat: {again}}}"]
    return "\n".join(["input: [8, 8, 8]", "blocks:", *blocks, "net:", *net, ""])


@settings(max_examples=GRAPHS // 4, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(units())
@example(
    """input: [8, 8, 8]
blocks:
  unit0(w): [{pointwise: $w, from: in, as: t0}, {add: [in, t0], as: t1}, {conv: {out: $w, kernel: 3, padding: 1}, from: in, as: t2}, {pointwise: $w, from: in, as: t3}, {conv: {out: $w, kernel: 3, padding: 1}, from: in, as: t4}, {add: [t0, t3], as: t5}, {concat: [t1, t2, t4, t5]}, {pointwise: $w}]
net:
  - {pointwise: 4}
  - {unit0: 4, repeat: 1}
  - {pointwise: 4}
  - {unit0: 4, repeat: 1}
"""  # two that are made alike, one of which another sum reads too
)
def test_units_with_names_of_their_own_come_back(text: str) -> None:
    """Whatever the order of the file and of the branches of its sums, and no text is longer than one step a layer."""
    try:
        graph = parse(text)
    except cnncalc.SpecError:
        assume(False)
    recovered = recover(anonymous(graph, 1))

    assert recovered.remark == ""
    assert same(graph, parse(recovered.text))
    assert recover(anonymous(swapped(graph), 2)).text == recovered.text == recover(recovered.graph).text


WORDS = sorted({*KINDS, *OPERATIONS_OF_STEPS, *MODIFIERS, *BRANCH_KEYS, "main", "in", "prev", "skip", "1", "on", "-"})
"""Names that are words of the language, or look like a value."""


@settings(max_examples=GRAPHS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(specs(), st.lists(st.sampled_from(WORDS), min_size=24, max_size=24, unique=True), st.data())
def test_a_name_may_be_any_word(text: str, words: list[str], data: st.DataObject) -> None:
    """Of a layer and of a side output: both texts are read back as the network, each side output by its name."""
    graph = sensible(text)
    assume(len(graph.nodes) <= 20)
    legal = [*dict.fromkeys(map(legal_name, words))]
    called = dict(zip((node.name for node in graph.nodes), legal, strict=False))
    heads = {
        data.draw(st.sampled_from(legal)): data.draw(st.sampled_from([*called.values()]))
        for _ in range(data.draw(st.integers(0, 3)))
    }
    nodes = tuple(
        node._replace(
            name=called[node.name],
            inputs=tuple(called.get(name, name) for name in node.inputs),
            weights_of=called.get(node.weights_of, node.weights_of),
            origin=None,
            mark=None,
        )
        for node in graph.nodes
    )
    taken = heads | {called[tensor]: called[tensor] for tensor in graph.heads.values()}
    bare = {"settings": {}, "input_marks": {}, "expect": None, "budget": None, "notes": None}
    output = called.get(graph.output, graph.output)
    graph = replace(graph, nodes=nodes, output=output, heads=taken, **bare)

    for plain in (False, True):
        again = parse(recover(graph, plain=plain).text)
        assert same(graph, again)
        assert set(again.heads) == set(taken)
