"""Random networks: every figure predicted is the figure measured. CNNCALC_GRAPHS=10000 runs more of them."""

from __future__ import annotations

import os
from math import prod

import numpy as np
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.engine.ready import Ready
from cnncalc.errors import SpecError
from cnncalc.kernels.execute import run
from cnncalc.kernels.weights import initial
from cnncalc.language.load import parse
from cnncalc.layers.base import AXIS_NAMES
from cnncalc.proof.validation import validate

GRAPHS = int(os.environ.get("CNNCALC_GRAPHS", "300"))


def flow(value) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


MOST = 40_000
"""Elements of the largest tensor."""


class Writer:
    """Draws steps one after the other, and keeps those with which the text is still a network."""

    def __init__(self, draw):
        self.draw, self.labels, self.inputs, self.steps = draw, 0, {}, []

    @property
    def text(self):
        """The spec so far."""
        sizes = self.inputs if len(self.inputs) > 1 else self.inputs["a"]
        return f"input: {flow(sizes)}\nnet:\n" + "".join(f"  - {flow(step)}\n" for step in self.steps)

    @property
    def axes(self):
        """The spatial axes of the tensor here."""
        return len(self.shape) - 1

    def take(self, steps):
        """Go on with some steps, if they can stand here."""
        self.steps += steps
        try:
            graph = parse(self.text)
        except SpecError:
            graph = None
        if graph is not None and max(map(prod, graph.shapes.values())) <= MOST:
            self.shape = graph.output_shape
        else:
            del self.steps[len(self.steps) - len(steps) :]

    def label(self):
        """A name that nothing has yet."""
        self.labels += 1
        return f"n{self.labels}"

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
                **one({"align_corners": True}, {"asymmetric": True}, {}),
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

    def axis(self):
        """The name of an axis of the tensor here."""
        return self.one("channels", *AXIS_NAMES[self.axes])

    def begin(self):
        """The inputs, and what brings them together: of one grid or another, or a vector beside a map."""
        axes = self.one(1, 2, 3)
        largest = {1: 24, 2: 14, 3: 8}[axes]
        sizes = [self.draw(st.integers(3, largest)) for _ in range(axes)]
        self.inputs = {"a": [self.one(1, 2, 4), *sizes]}
        self.shape = tuple(self.inputs["a"])
        match self.one(*["alone"] * 5, "twins", "grids", "vector"):
            case "twins":
                self.inputs["b"] = self.inputs["a"]
                twin, join = self.same_size(), self.one("sub", "concat", "maximum")
                label = self.label()
                self.take([{join: {"l": [{**twin, "from": "a", "share": label}],
                                   "r": [{**twin, "from": "b", "share": label}, "relu"]}}])  # fmt: skip
            case "grids":
                self.inputs["b"] = [2, *(2 * n for n in sizes)]
                halved = self.one({"maxpool": 2}, {"conv": {"out": 4, "kernel": 2, "stride": 2}})
                second = {"from": "b", "do": [self.same_size(), halved]}
                self.take([{"concat": {"l": [{**self.same_size(), "from": "a"}], "r": second}}])
            case "vector":
                self.inputs["v"] = [4]
                self.take([{**self.same_size(), "from": "a", "as": "map"}, {self.one("mul", "add"): ["map", "v"]}])

    def regrouped(self):
        """Other axes for the same elements: of any sizes, or with neighbours merged or split."""
        shape = list(self.shape)
        place = self.draw(st.integers(0, self.axes))
        match self.one("flat", "merged", "split", "any"):
            case "flat":
                return [shape[0], 0]
            case "merged" if self.axes:
                return [*shape[: place - 1], shape[place - 1] * shape[place], *shape[place + 1 :]] if place else [0]
            case "split":
                part = self.one(*(d for d in range(1, shape[place] + 1) if shape[place] % d == 0))
                return [*shape[:place], part, shape[place] // part, *shape[place + 1 :]]
        first = self.one(*(d for d in range(1, 9) if prod(shape) % d == 0))
        return [first, 0]

    def moved(self):
        """Elements in another order or in other axes, or some of them."""
        n = self.shape[0]
        match self.one("permute", "reshape", "slice", "split"):
            case "permute":
                return {"permute": list(self.draw(st.permutations(range(self.axes + 1))))}
            case "reshape":
                return {"reshape": self.regrouped()}
            case "slice":
                start, stop = self.one(0, 1), self.one({}, {"stop": 2})
                return {"slice": {"axis": self.axis(), "start": start, "step": self.one(1, 2), **stop}}
        parts = self.one(*(d for d in range(1, n + 1) if n % d == 0))
        return {"split": {"axis": self.axis(), "parts": parts, "part": parts - 1}}

    def attention(self):
        """Every position of a sequence beside every other."""
        tokens, query = self.label(), [{"pointwise": 4}, {"permute": [1, 0]}]
        scores = [{"matmul": {"q": query, "k": [{"pointwise": 4}]}}, "softmax"]
        values = {"from": tokens, "do": [{"pointwise": self.one(2, 4)}]}
        return [{"reshape": [self.shape[0], 0], "as": tokens}, *scores, {"matmul": {"v": values, "scores": "prev"}}]

    def broadcast(self):
        """A map and what is repeated over it: a gate, a vector, one channel, one row."""
        join = self.one("mul", "add", "sub", "maximum")
        one_entry = {"slice": {"axis": self.axis(), "stop": 1}}
        other = self.one(
            ["globalavgpool", {"pointwise": "$prev.channels"}, "sigmoid"],
            ["globalmaxpool", "flatten", {"linear": "$prev.channels"}],
            [{"pointwise": 1}, "sigmoid"],
            [{"mean": "channels"}],
            [one_entry],
        )
        branches = [("map", self.one("prev", [self.plain(False)], [one_entry])), ("other", other)]
        return {join: dict(branches if self.draw(st.booleans()) else branches[::-1])}

    def shared(self):
        """Weights that are used twice: by steps, by branches, in every turn of a loop."""
        label, step = self.label(), self.same_size()
        match self.one("steps", "branches", "turns", "for"):
            case "steps":
                return [self.same_size(), {**step, "as": label}, {**step, "share": label}]
            case "branches":
                left, right = [{**step, "share": label}], ["relu", {**step, "share": label}]
                return [{self.one("add", "concat", "mul"): {"l": left, "r": right}}]
            case "turns":
                return [self.same_size(), {"do": [step, "relu"], "repeat": self.one(2, 3), "share": label}]
        return [self.same_size(), {"for": "k", "in": [1, 2], "do": [{**step, "share": label}, {"softplus": {}}]}]

    def step(self):
        """Steps that may stand here, with or without branches."""
        match self.one(*["plain"] * 5, *["moved"] * 3, "add", "concat", "share", "broadcast", "attention", "head"):
            case "moved":
                return [self.moved()]
            case "add":
                main = [self.same_size(), "relu", self.same_size()]
                return [{"add": {"main": main, "shortcut": [self.same_size()]}}]
            case "concat":
                return [{"concat": {"a": [self.same_size()], "b": [self.plain(False)], "c": "prev"}}]
            case "broadcast":
                return [self.broadcast()]
            case "attention":
                return self.attention()
            case "share":
                return self.shared()
            case "head":
                return [{"head": [self.plain(), "relu"], "as": self.label()}]
        return [self.plain()]


@st.composite
def specs(draw):
    """The text of a random spec."""
    writer = Writer(draw)
    writer.begin()
    for _ in range(draw(st.integers(1, 7))):
        writer.take(writer.step())
    if draw(st.booleans()):
        writer.take([{"linear": 3}])
    return writer.text


def sensible(text):
    """The graph of a spec; where not even its beginning fits it is no example, and another is drawn."""
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
    draw = np.random.default_rng(0)
    images = {name: draw.uniform(-1, 1, shape) for name, shape in graph.inputs.items()}
    expected = run(graph, images, weights, np.float64).output

    for found in (
        cnncalc.run(graph, images, weights, dtype="float64", threads=2).output,
        Ready(graph, weights, dtype=np.float64).run(images).output,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9, err_msg=text)
