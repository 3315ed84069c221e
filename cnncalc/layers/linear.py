"""Fully connected layers.

    linear: 1000            on a map, a `flatten` row comes before it

With n inputs and O outputs: weights = O * n, params = weights + O with a bias, MACs = weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, product
from .base import ALL, MEANT, NEW, NO_WEIGHTS, NO_WORK, SHIFT, TAPS, Need, Shapes, Uncentred
from .fields import BITS, COUNT, FLAG, field
from .windows import EVERYTHING, Reach


class Linear(Uncentred):
    """Each output is a weighted sum of all inputs."""

    mixes = ALL
    kind = "linear"
    main = "out"
    family = "linear"
    roles: ClassVar[Mapping[str, str]] = {"weight": TAPS, "bias": SHIFT}
    storage = NEW
    elementwise = False
    multiplies = False
    doubled = MEANT
    flattens = True
    sugar = True

    out: Dim = field(COUNT, about="output features")
    bias: bool = field(FLAG, True, about="whether each output adds a learned number")
    bits: Dim | None = field(COUNT, None, about=BITS)

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The features."""
        return (self.out,)

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` (out, in) and `bias` (out)."""
        weight = (self.out, inputs[0][0])
        return {"weight": weight, "bias": (self.out,)} if self.bias else {"weight": weight}

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """One a weight."""
        return product(self.weights(*inputs)["weight"])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One addition an output for the bias."""
        return {"bias": product(output)} if self.bias else NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """Every input."""
        return (EVERYTHING,)
