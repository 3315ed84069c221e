"""The same elements in other axes, none computed and none moved past another.

flatten      reshape: [256, 6, 6]      permute: [1, 0]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..dims import Dim, Shape, divides, equals, exact_div, product
from .base import MEANT, NO_WORK, NOTHING, SOME, VIEW, Look, Need, Shapes, Weightless, size_text
from .fields import WholeList, field
from .windows import Reach, Rearranged


class Arrangement(Weightless):
    """What they share: nothing is computed."""

    mixes = SOME
    family = "arrangement"
    elementwise = False
    doubled = MEANT

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None: elements are moved."""
        return NO_WORK


class Flatten(Arrangement):
    """All elements of an image as one vector."""

    kind = "flatten"
    storage = VIEW
    doubled = NOTHING

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The number of elements."""
        return (product(inputs[0]),)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one; a vector has no positions."""
        return (Rearranged(),)


class Reshape(Arrangement):
    """The same elements, in order, in other axes; 0 stands once for what remains."""

    kind = "reshape"
    main = "shape"
    storage = VIEW

    shape: tuple[Dim, ...] = field(
        WholeList(0, "a list of sizes, channels first"),
        about="the new sizes, channels first; 0 for what remains",
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The elements fit."""
        n = product(inputs[0])
        known = product(self._known())
        rest = len(self.shape) - len(self._known())
        yield Need("shape", rest <= 1, "has more than one 0", code="one-rest")
        yield Need("shape", len(self.shape) <= 6, "has more than six axes", code="axes-most")
        if rest:
            yield Need(
                "shape",
                divides(known, n),
                f"{n} elements cannot be divided into parts of {known}",
                code="elements-divide",
            )
        else:
            yield Need(
                "shape",
                equals(known, n),
                f"{size_text(inputs[0])} has {n} elements, the new shape {known}",
                code="elements-equal",
            )

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """0 is what remains."""
        return {"shape": self.output(*inputs)}

    def output(self, *inputs: Shape) -> Shape:
        """The new sizes."""
        rest = exact_div(product(inputs[0]), product(self._known()))
        return tuple(rest if _is_rest(n) else n for n in self.shape)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one."""
        return (Rearranged(),)

    def _known(self) -> list[Dim]:
        return [n for n in self.shape if not _is_rest(n)]


def _is_rest(n: Dim) -> bool:
    return isinstance(n, int) and n == 0


class Permute(Arrangement):
    """The axes in another order; axis 0 is the channels."""

    kind = "permute"
    main = "order"
    storage = VIEW

    order: tuple[int, ...] = field(
        WholeList(0, "a list of axes"), about="for each new axis the old one, 0 the channels"
    )

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Each axis once."""
        axes = list(range(len(inputs[0])))
        yield Need("order", sorted(self.order) == axes, f"must have each of the axes {axes} once", code="order")

    def look(self, *inputs: Shape) -> Look:
        """The axes change places."""
        return Look(self.order)

    def output(self, *inputs: Shape) -> Shape:
        """The sizes in the new order."""
        return tuple(inputs[0][axis] for axis in self.order)

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The elements one by one."""
        return (Rearranged(self.order),)
