"""The names of layers: Keras names an operation by its class, `add` and `add_1`, and no layer may have that name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....graph import Graph
from ..bodies import Body, Step, plain
from ..flow import free
from .helpers import HELPERS

OPERATORS = {
    "+": ("add",), " - ": ("subtract",), "-{": ("negative",), "*": ("multiply", "power"),
    "/": ("divide", "true_divide"), "<": ("less", "less_equal"), ">": ("greater", "greater_equal"),
    "=": ("equal", "not_equal"), "[": ("get_item",), "abs": ("absolute",),
}  # fmt: skip
"""What is in an expression of tensors -> what Keras may call it."""


def named(body: Body, graph: Graph) -> list[str]:
    """Name the layers of a body apart from what Keras names itself; the names of the inputs."""
    steps = list(_layers(body))
    taken = {name for name, _ in steps}
    words = {word for _, step in steps for word in _operations(step)}
    for name, step in steps:
        if _automatic(name, words):
            other = free(f"{name}_layer", taken)
            taken.add(other)
            step.attribute += other[len(name) :]
    return [f"{name}_layer" if _automatic(name, words) else name for name in map(_input, graph.inputs)]


def _layers(body: Body, before: str = "") -> Iterator[tuple[str, Step]]:
    """Every step that is a layer or an expression, by its whole name."""
    for step in body.steps:
        name = f"{before}{step.attribute}"
        if step.body is not None:
            yield from _layers(step.body, f"{name}_")
        else:
            yield name, step


def _operations(step: Step) -> Iterator[str]:
    """What Keras may call the operations of an expression that have no name."""
    for code in (step.code, step.code.general):
        if code is None:
            continue
        text = f"{code.first} {code.call}"
        text += "".join(helper for name, helper in HELPERS.items() if f"{name}(" in text)
        for called in re.findall(r"(?:ops|layers|activations)\.(\w+)", text):
            yield _snake(called)
        yield from (word for sign, words in OPERATORS.items() if sign in text for word in words)


def _snake(name: str) -> str:
    """The name that Keras makes of a class."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def _automatic(name: str, words: set[str]) -> bool:
    return name in words or re.sub(r"_\d+$", "", name) in words


def _input(name: str) -> str:
    return plain(name) or "input"
