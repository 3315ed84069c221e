"""Recurrent layers, which most tools look at as modules: the matrices and the biases at each step, and so many
operations for each number of the state."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph import Node
from .base import BIASED, OWN, SUBTRACT, Rule, Term, size

MODULES = ("LSTM", "GRU", "RNN")
FUNCTIONS = ("lstm", "gru", "rnn_tanh", "rnn_relu")


def numbers(node: Node) -> int:
    """Numbers of the state over all steps, of both directions."""
    layer = vars(node.layer)
    return int(node.incoming[0][1] * layer["hidden"] * (1 + layer["bidirectional"]))


def biases(node: Node) -> Iterable[Term]:
    """Each learned bias at each step."""
    learned = sum(size(shape) for name, shape in node.weights.items() if name.startswith("bias"))
    yield Term(BIASED, 1, int(node.incoming[0][1] * learned))


def states(each: int) -> Rule:
    """Biases, and so many operations for each number of the state."""
    return lambda node: [*biases(node), Term(OWN, each, numbers(node))]


def sums(each: int) -> Rule:
    """The same where a product of a matrix has one addition fewer than multiplications for each number it makes."""

    def rule(node: Node) -> Iterable[Term]:
        rows = size(node.weights["weight_ih"][:1]) // int(vars(node.layer)["hidden"])
        yield Term(SUBTRACT, -2, rows * numbers(node))
        yield from states(each)(node)

    return rule
