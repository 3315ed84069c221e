"""Activations: functions of one element, with the few that look at neighbouring channels.

    relu    leakyrelu: 0.1    prelu    softmax    maxout: 2

Each evaluation counts as one operation, however it is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, divides, divisors, exact_div, product
from .affine import PerChannel
from .base import (
    ALIKE,
    ALL,
    AXES,
    DOUBTFUL,
    IN_PLACE,
    MEANT,
    NEW,
    NO_WORK,
    NOTHING,
    OWN,
    SLOPE,
    SOME,
    VIEW,
    Need,
    Shapes,
    Weightless,
    axis_of,
    has_axis,
)
from .fields import COUNT, REAL, Choice, Real, field
from .windows import Contracted, Reach, same_place


class Activation(Weightless):
    """One output an input, at the same place."""

    mixes = OWN
    family = "activation"
    storage = ALIKE
    elementwise = True
    doubled = DOUBTFUL

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    does: ClassVar[str]
    """The word of `WORK` for one evaluation."""

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an element."""
        return {self.does: product(output)}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class Relu(Activation):
    """max(0, x)."""

    kind = "relu"
    does = "compare"
    doubled = NOTHING


class Relu6(Activation):
    """min(max(0, x), 6)."""

    kind = "relu6"
    does = "compare"
    doubled = NOTHING


class LeakyRelu(Activation):
    """x for x > 0, else slope * x."""

    kind = "leakyrelu"
    does = "compare"
    main = "slope"
    slope: float = field(REAL, 0.01, about="factor of negative inputs")


class Elu(Activation):
    """x for x > 0, else alpha * (exp(x) - 1)."""

    kind = "elu"
    does = "exponential"
    main = "alpha"
    alpha: float = field(REAL, 1.0, about="limit of negative outputs")


class Selu(Activation):
    """1.0507 * (x for x > 0, else 1.6733 * (exp(x) - 1)) (Klambauer et al. 2017)."""

    kind = "selu"
    does = "exponential"


class Gelu(Activation):
    """x * Phi(x), Phi the normal distribution function."""

    kind = "gelu"
    does = "exponential"
    main = "form"
    form: str = field(Choice("exact", "tanh"), "exact", about="exact, or the approximation by tanh")


class Silu(Activation):
    """x * sigmoid(x), also called swish."""

    kind = "silu"
    does = "exponential"


class Mish(Activation):
    """x * tanh(softplus(x))."""

    kind = "mish"
    does = "exponential"


class HardSwish(Activation):
    """x * min(max(0, x + 3), 6) / 6."""

    kind = "hardswish"
    does = "compare"


class HardSigmoid(Activation):
    """min(max(0, slope x + offset), 1): with 1/6 and 1/2 that of MobileNetV3 and PyTorch; Keras 2 has 0.2."""

    kind = "hardsigmoid"
    does = "compare"

    slope: float = field(Real(0), 1 / 6, about="the slope between 0 and 1")
    offset: float = field(REAL, 0.5, about="the value at 0")


class HardTanh(Activation):
    """min(max(low, x), high)."""

    kind = "hardtanh"
    does = "compare"
    doubled = NOTHING
    low: float = field(REAL, -1.0, about="smallest output")
    high: float = field(REAL, 1.0, about="largest output")


class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    kind = "sigmoid"
    does = "exponential"


class Tanh(Activation):
    """tanh(x)."""

    kind = "tanh"
    does = "exponential"


class Softplus(Activation):
    """log(1 + exp(x))."""

    kind = "softplus"
    does = "exponential"


class Softsign(Activation):
    """x / (1 + |x|)."""

    kind = "softsign"
    does = "divide"


class Abs(Activation):
    """|x|."""

    kind = "abs"
    does = "compare"
    doubled = NOTHING


class Square(Activation):
    """x * x."""

    kind = "square"
    does = "multiply"
    doubled = MEANT


class Sqrt(Activation):
    """The square root of x."""

    kind = "sqrt"
    does = "root"
    doubled = MEANT


class Identity(Activation):
    """x: keeps a place for a name."""

    kind = "identity"
    storage = VIEW
    doubled = MEANT

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None."""
        return NO_WORK


class Softmax(Activation):
    """exp(x) divided by its sum over the channels of each position, or over another axis."""

    kind = "softmax"
    storage = IN_PLACE
    main = "over"
    elementwise = False
    over: str = field(Choice(*AXES), "channels", about="the axis that adds up to 1")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axis is there."""
        yield has_axis("over", self.over, inputs[0])

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position; over a spatial axis all along it."""
        axis = axis_of(self.over, inputs[0])
        if not axis:
            return (same_place(len(output) - 1),)
        return (Contracted(axis, (place for place in range(len(output)) if place != axis)),)

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """All, where they add up to 1."""
        return ALL if self.over == "channels" else OWN

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """An exponential, an addition and a division an element."""
        n = product(output)
        return {"exponential": n, "add": n, "divide": n}


class Dropout(Activation):
    """Training only: elements set to zero at random; at inference the input as it is."""

    kind = "dropout"
    main = "rate"
    storage = VIEW
    rate: float = field(Real(0, 1), 0.5, about="share of the elements set to zero in training")

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """None at inference."""
        return NO_WORK


class PRelu(PerChannel):
    """x for x > 0, else a learned slope times x (He et al. 2015, arXiv:1502.01852)."""

    kind = "prelu"
    does = "compare"
    family = "activation"
    roles: ClassVar[Mapping[str, str]] = {"weight": SLOPE}
    doubled = DOUBTFUL


class Maxout(Weightless):
    """The largest of each `pieces` neighbouring channels (Goodfellow et al. 2013)."""

    mixes = SOME
    kind = "maxout"
    main = "pieces"
    family = "activation"
    storage = NEW
    elementwise = False
    doubled = MEANT
    pieces: Dim = field(COUNT, 2, about="channels that one output is the largest of")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The pieces divide the channels."""
        channels = inputs[0][0]
        yield Need(
            "pieces",
            divides(self.pieces, channels),
            f"{self.pieces} pieces do not divide the {channels} channels",
            divisors(self.pieces, channels),
            code="pieces-divide",
        )

    def output(self, *inputs: Shape) -> Shape:
        """A channel for each group of pieces."""
        return (exact_div(inputs[0][0], self.pieces), *inputs[0][1:])

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One an input."""
        return {"compare": product(inputs[0])}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)
