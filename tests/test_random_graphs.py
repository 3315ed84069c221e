"""Random networks: every figure predicted is the figure measured. CNNCALC_GRAPHS=10000 runs more of them."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.engine.ready import Ready
from cnncalc.errors import SpecError
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
from cnncalc.proof.validation import validate

GRAPHS = int(os.environ.get("CNNCALC_GRAPHS", "300"))


def flow(value) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


class Writer:
    """Draws steps one after the other."""

    def __init__(self, draw, axes):
        self.draw, self.axes, self.named = draw, axes, 0

    def one(self, *values):
        """One of the values."""
        return self.draw(st.sampled_from(values))

    def each(self, *values):
        """One of the values for every axis, or a list with one for each."""
        if self.draw(st.booleans()):
            return self.one(*values)
        return [self.one(*values) for _ in range(self.axes)]

    def padding(self):
        """Any of the forms of a padding."""
        pair = [[self.one(0, 1, 2), self.one(0, 1)] for _ in range(self.axes)]
        return self.one("valid", "half", "full", "same", 1, pair)

    def plain(self, stride=True):
        """A step without branches."""
        one, each = self.one, self.each
        step = each(1, 2, 3) if stride else 1
        choices = {
            "conv": lambda: {
                "out": one(2, 4, 8), "kernel": each(1, 2, 3), "stride": step, "dilation": each(1, 2),
                "padding": self.padding(), "groups": one(1, 2), "bias": one(True, False),
            },
            "depthwise": lambda: {"kernel": each(1, 2, 3), "stride": step, "padding": self.padding()},
            "pointwise": lambda: {"out": one(2, 4), "stride": step},
            "maxpool": lambda: {
                "kernel": 3, "stride": each(1, 2), "padding": one(0, 1), "round": one("floor", "ceil"),
            },
            "avgpool": lambda: {
                "kernel": each(1, 2), "round": one("floor", "ceil"), "padding": one(0, "same"),
            },
            "upconv": lambda: {
                "out": one(2, 4), "kernel": each(2, 3, 4), "stride": each(1, 2), "padding": one(0, 1, "same"),
            },
            "upsample": lambda: {
                "scale": each(1, 2), "mode": one("nearest", "bilinear", "bicubic"),
                "align_corners": one(True, False),
            },
            "adaptiveavgpool": lambda: {"size": each(2, 3, 5)},
            "pad": lambda: {"padding": one(0, 1, 2), "mode": one("zeros", "replicate")},
            "pixel_shuffle": lambda: {"scale": one(1, 2)},
            "space_to_depth": lambda: {"scale": one(1, 2)},
            "channel_shuffle": lambda: {"groups": 2},
            "split": lambda: {"part": one(0, 1)},
            "slice": lambda: {"axis": "channels", "stop": 2},
            "batchnorm": dict, "relu": dict, "gelu": dict, "softmax": dict, "dropout": dict, "prelu": dict,
            "groupnorm": lambda: {"groups": one(1, 2)},
            "layernorm": lambda: {"over": one("all", "channels")},
        }  # fmt: skip
        kind = one(*choices)
        return {kind: choices[kind]()}

    def same_size(self):
        """A step that keeps the map, with four channels."""
        return {"conv": {"out": 4, "kernel": self.each(1, 3), "padding": "half", "dilation": self.one(1, 2)}}

    def step(self):
        """A step, with or without branches, or one that uses the weights of another."""
        match self.one(*["plain"] * 5, "add", "concat", "share", "gate"):
            case "add":
                main = [self.same_size(), "relu", self.same_size()]
                return [{"add": {"main": main, "shortcut": [self.same_size()]}}]
            case "concat":
                return [{"concat": {"a": [self.same_size()], "b": [self.plain(False)], "c": "prev"}}]
            case "gate":
                gate = ["globalavgpool", {"pointwise": "$prev.channels"}, "sigmoid"]
                return [{"mul": {"map": "prev", "gate": gate}}]
            case "share":
                self.named += 1
                first = self.same_size()
                again = {**first, "share": f"w{self.named}"}
                return [self.same_size(), {**first, "as": f"w{self.named}"}, again]
        return [self.plain()]


@st.composite
def specs(draw):
    """The text of a random spec."""
    axes = draw(st.integers(1, 3))
    largest = {1: 24, 2: 14, 3: 8}[axes]
    sizes = [draw(st.integers(3, largest)) for _ in range(axes)]
    writer = Writer(draw, axes)
    steps = [step for _ in range(draw(st.integers(1, 6))) for step in writer.step()]
    if draw(st.booleans()):
        steps.append({"linear": 3})
    net = "".join(f"  - {flow(step)}\n" for step in steps)
    return f"input: {flow([draw(st.sampled_from([1, 2, 4])), *sizes])}\nnet:\n{net}"


def sensible(text):
    """The graph of a spec; one whose sizes do not fit is no example, and another is drawn."""
    try:
        return parse(text)
    except SpecError:
        reject()


@settings(max_examples=GRAPHS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(specs())
def test_prediction_equals_measurement(text):
    """Shapes, parameters, MACs, fields and memory; a failing network is printed as a spec."""
    found = validate(sensible(text))

    assert found.holds, "\n".join([text, *(f"{row}" for row in found.rows if not row.holds)])


@settings(max_examples=GRAPHS // 2, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(specs())
def test_what_is_fast_computes_what_its_layers_do(text):
    """In pieces and by threads; norms folded in, what follows in place, 3x3 windows by Winograd's algorithm."""
    graph = sensible(text)
    weights = initial(graph, dtype=np.float64)
    image = np.random.default_rng(0).uniform(-1, 1, graph.input_shape)
    expected = run(graph, image, weights, np.float64).output

    for found in (
        cnncalc.run(graph, image, weights, dtype="float64", threads=2).output,
        Ready(graph, weights, dtype=np.float64).run(image).output,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9, err_msg=text)
