"""`convert` of random networks: read back they are the same, and compute the same. CNNCALC_GRAPHS=10000 runs more."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from test_random_graphs import sensible, specs
from test_recovery import anonymous

import cnncalc
from cnncalc.analyses.counterparts import moved
from cnncalc.analyses.sameness import same
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
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
