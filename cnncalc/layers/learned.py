"""A learned tensor that belongs to no layer: a class token, the queries of a decoder, a table of biases.

learned: [768, 1]       a token of 768 channels, which no tensor leads to
learned: {shape: [64, 49], fixed: true}       a table that is stored and not trained
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape
from .base import MEANT, NO_WEIGHTS, NO_WORK, SOME, STORED, VALUE, Need, Shapes, Uncentred
from .fields import FLAG, WholeList, field
from .windows import Reach


class Learned(Uncentred):
    """A tensor of learned numbers, read as it is stored; it sees nothing of the input."""

    kind = "learned"
    main = "shape"
    starts = True
    storage = STORED
    family = "learned"
    roles: ClassVar[Mapping[str, str]] = {"weight": VALUE}
    elementwise = False
    multiplies = False
    mixes = SOME
    doubled = MEANT

    shape: tuple[Dim, ...] = field(WholeList(1, "a list of sizes, channels first"), about="its sizes, channels first")
    fixed: bool = field(FLAG, False, about="whether its numbers are stored and not learned")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """As many axes as a tensor may have."""
        yield Need("shape", 1 <= len(self.shape) <= 6, "has one axis or more, and six at the most", code="axes-most")

    def output(self, *inputs: Shape) -> Shape:
        """Its sizes."""
        return self.shape

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight`: all of it."""
        return NO_WEIGHTS if self.fixed else {"weight": self.shape}

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`value`: all of it, where it is fixed."""
        return {"value": self.shape} if self.fixed else NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """None: nothing is computed."""
        return 0

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """None: there is no input."""
        return ()
