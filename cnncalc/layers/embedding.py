"""A table of learned rows that is looked up by whole numbers: words, tokens, classes.

embedding: {out: 128, count: 30000}     each number of a map with one channel becomes the 128 features of its row

With V rows of O features: weights = V * O, no MACs: nothing is multiplied (Bengio et al. 2003).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, equals
from .base import ALL, DOUBTFUL, NEW, NO_WEIGHTS, NO_WORK, ROWS, Need, Shapes, Uncentred, size_text
from .fields import COUNT, FLAG, field
from .windows import Reach, same_place


class Embedding(Uncentred):
    """Each whole number, counted from 0, becomes the learned row of its place in a table. It has no gradient."""

    kind = "embedding"
    main = "out"
    family = "learned"
    storage = NEW
    roles: ClassVar[Mapping[str, str]] = {"weight": ROWS}
    elementwise = False
    multiplies = False
    mixes = ALL
    doubled = DOUBTFUL
    looks_up = True

    out: Dim = field(COUNT, about="output features")
    count: Dim = field(COUNT, about="how many rows there are: the numbers that come in are below it")
    fixed: bool = field(FLAG, False, about="whether its rows are stored and not learned")
    bits: Dim | None = field(
        COUNT, None, about="bits that each number of a row is stored in; as the network, if not given"
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """One number at each position."""
        yield Need(
            "",
            equals(inputs[0][0], 1),
            f"looks up one number at each position, and {size_text(inputs[0])} has {inputs[0][0]} channels",
            "a sequence of n numbers is [1, n]: `reshape: [1, 0]` makes it of a vector",
            code="one-channel",
        )

    def output(self, *inputs: Shape) -> Shape:
        """The features at each position."""
        return (self.out, *inputs[0][1:])

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` (count, out)."""
        return NO_WEIGHTS if self.fixed else {"weight": (self.count, self.out)}

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`value` (count, out), where it is fixed."""
        return {"value": (self.count, self.out)} if self.fixed else NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """None: a row is read, and nothing multiplied."""
        return 0

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None."""
        return NO_WORK

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)
