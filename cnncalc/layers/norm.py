"""Normalisation.

    batchnorm                       scale and shift per channel; running statistics are buffers
    groupnorm: 32                   statistics over the map and over each group of channels
    layernorm: {over: channels}     statistics over the channels of each position
    rmsnorm: {over: channels}       the same without the mean and the shift
    grn                             each channel by how strong it is among all: ConvNeXt V2
    lrn: 5                          AlexNet's local response normalisation, over neighbouring channels

At inference a batch norm is a fixed scale and shift. The others compute statistics of the very image, so an output
of `groupnorm`, `instancenorm`, `grn` and `layernorm` over the map depends on the whole of it: their field is global.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ..dims import Dim, Shape, divides, divisors, exact_div, product
from .base import (
    ALIKE,
    ALL,
    AXES,
    DOUBTFUL,
    IN_PLACE,
    NEW,
    NO_WEIGHTS,
    NO_WORK,
    NOTHING,
    OWN,
    SCALE,
    SHIFT,
    SOME,
    Layer,
    Need,
    Shapes,
    Weightless,
    axis_of,
    has_axis,
)
from .fields import COUNT, FLAG, REAL, Choice, Real, field
from .windows import Contracted, Reach, Statistics, same_place

EPS = "small number added to the variance"
AFFINE = "whether there is a learned scale and shift"
SCALED = "whether the learned part has a scale"
SHIFTED = "whether the learned part has a shift"


class Norm(Layer):
    """What the norms share: the shape stays, and a learned scale and shift follow."""

    family = "norm"
    roles: ClassVar[Mapping[str, str]] = {"weight": SCALE, "bias": SHIFT}
    storage = IN_PLACE
    multiplies = False
    doubled = DOUBTFUL
    affine: bool

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def affine_shape(self, shape: Shape) -> Shape:
        """The shape of the scale and of the shift: one number a channel."""
        return (shape[0],)

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` and `bias`, the scale and the shift."""
        shape = self.affine_shape(inputs[0])
        return {"weight": shape, "bias": shape} if self.affine else NO_WEIGHTS

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """None: no learned tap is applied; the scale and shift are operations."""
        return 0

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position; the statistics come from the whole map."""
        return (Statistics(same_place(len(output) - 1) or ()),)


class Standardised(Norm):
    """By a mean and a variance; of the learned part the scale or the shift may be left out."""

    scale: bool
    bias: bool

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """A learned part with neither a scale nor a shift is none."""
        if self.affine and (self.scale or self.bias):
            return vars(self)
        return {**vars(self), "affine": False, "scale": True, "bias": True}

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight` and `bias`, the scale and the shift."""
        shape = self.affine_shape(inputs[0])
        learned = {"weight": self.affine and self.scale, "bias": self.affine and self.bias}
        return {name: shape for name, there in learned.items() if there}

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """Mean, variance, normalise (4), and scale and shift (1 each) where they are learned, for each element."""
        n = product(output)
        scale = {"scale": n} if self.affine and self.scale else NO_WORK
        shift = {"shift": n} if self.affine and self.bias else NO_WORK
        return {"statistics": n * 2, "normalise": n * 2, **scale, **shift}


class BatchNorm(Standardised):
    """A scale and a shift per channel (Ioffe and Szegedy 2015); at inference by stored statistics."""

    mixes = OWN
    kind = "batchnorm"
    elementwise = True

    eps: float = field(Real(0), 1e-5, about=EPS)
    affine: bool = field(FLAG, True, about=AFFINE)
    scale: bool = field(FLAG, True, about=f"{SCALED} (Keras: InceptionV3 has none)")
    bias: bool = field(FLAG, True, about=SHIFTED)

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """The running mean and variance."""
        return {"running_mean": (inputs[0][0],), "running_var": (inputs[0][0],)}

    def centres(self, channels: Dim) -> Dim:
        """Each channel by itself: its running mean holds what is added to it."""
        return 1

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """One multiplication and one addition an element."""
        n = product(output)
        return {"scale": n, "shift": n}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class OverAxis(Norm):
    """What has statistics of one image, of the channels of one position, or along another axis."""

    main = "over"
    elementwise = False

    over: str = field(
        Choice("all", *AXES), "all", about="all: channels and map; channels: each position apart; or along another axis"
    )

    @property
    def mixes(self) -> str:  # type: ignore[override]  # a fact of the arguments here
        """All channels, where they have statistics together."""
        return ALL if self._together else OWN

    @property
    def _together(self) -> bool:
        return self.over in ("all", "channels")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The axis is there."""
        if self.over != "all":
            yield has_axis("over", self.over, inputs[0])

    def affine_shape(self, shape: Shape) -> Shape:
        """One number an element that the statistics are taken over."""
        return shape if self.over == "all" else (shape[axis_of(self.over, shape) or 0],)

    def centres(self, channels: Dim) -> Dim:
        """All channels together, or each by itself."""
        return channels if self._together else 1

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The whole map, the same position, or all along an axis."""
        place = same_place(len(output) - 1) or ()
        if self._together:
            return (Statistics(place) if self.over == "all" else place,)
        axis = axis_of(self.over, inputs[0]) or 0
        return (Contracted(axis, (other for other in range(len(output)) if other != axis)),)


class LayerNorm(OverAxis, Standardised):
    """Statistics of one image (Ba et al. 2016), of the channels of one position (ConvNeXt), or along another axis."""

    kind = "layernorm"

    eps: float = field(Real(0), 1e-5, about=EPS)
    affine: bool = field(FLAG, True, about=AFFINE)
    scale: bool = field(FLAG, True, about=SCALED)
    bias: bool = field(FLAG, True, about=SHIFTED)


class RmsNorm(OverAxis):
    """A layer norm that takes no mean away and learns no shift: x by its root mean square (Zhang and Sennrich 2019)."""

    kind = "rmsnorm"
    roles: ClassVar[Mapping[str, str]] = {"weight": SCALE}

    eps: float = field(Real(0), 1e-6, about="small number added to the mean square")
    affine: bool = field(FLAG, True, about="whether there is a learned scale")

    def centres(self, channels: Dim) -> Dim:
        """None."""
        return 0

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight`, the scale."""
        return {"weight": self.affine_shape(inputs[0])} if self.affine else NO_WEIGHTS

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A square and a sum, the division by the root, and the scale where it is learned, for each element."""
        n = product(output)
        return {"statistics": n * 2, "normalise": n, **({"scale": n} if self.affine else NO_WORK)}


class GroupNorm(Standardised):
    """Statistics of one image over the map and each group of channels (Wu and He 2018)."""

    mixes = SOME
    kind = "groupnorm"
    main = "groups"
    elementwise = False

    groups: Dim = field(COUNT, about="groups of channels")
    eps: float = field(Real(0), 1e-5, about=EPS)
    affine: bool = field(FLAG, True, about=AFFINE)
    scale: bool = field(FLAG, True, about=SCALED)
    bias: bool = field(FLAG, True, about=SHIFTED)

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Groups divide the channels."""
        channels = inputs[0][0]
        yield Need(
            "groups",
            divides(self.groups, channels),
            f"{self.groups} groups do not divide the {channels} channels",
            divisors(self.groups, channels),
            code="groups-in",
        )

    def centres(self, channels: Dim) -> Dim:
        """The channels of a group together."""
        return exact_div(channels, self.groups)


class InstanceNorm(Standardised):
    """Statistics of one image over the map of each channel (Ulyanov et al. 2016)."""

    mixes = OWN
    kind = "instancenorm"
    elementwise = False

    eps: float = field(Real(0), 1e-5, about=EPS)
    affine: bool = field(FLAG, False, about=AFFINE)
    scale: bool = field(FLAG, True, about=SCALED)
    bias: bool = field(FLAG, True, about=SHIFTED)

    def centres(self, channels: Dim) -> Dim:
        """Each channel by itself."""
        return 1


class GlobalResponseNorm(Norm):
    """Weighs each channel by its length over the map among the lengths of all (Woo et al. 2023, ConvNeXt V2).

    With N that length divided by the mean of all: x + scale * x * N + shift.
    """

    kind = "grn"
    mixes = ALL
    elementwise = False
    affine = True

    eps: float = field(Real(0), 1e-6, about="small number added to the mean length")

    @classmethod
    def check(cls, axes: int) -> str:
        """A channel has a length over the map."""
        return "" if axes else "needs a map with spatial axes, and the tensor is flat"

    def centres(self, channels: Dim) -> Dim:
        """None: lengths are taken, no means away."""
        return 0

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A square and a sum, the division by lengths, scale and shift, and the input added, for each element."""
        n = product(output)
        return {"statistics": n * 2, "normalise": n, "scale": n, "shift": n, "add": n}


class LocalResponseNorm(Weightless):
    """Divides by the activity of neighbouring channels (Krizhevsky et al. 2012, section 3.3)."""

    mixes = SOME
    kind = "lrn"
    main = "size"
    family = "norm"
    storage = NEW
    elementwise = False
    doubled = DOUBTFUL

    size: Dim = field(COUNT, 5, about="channels in the neighbourhood")
    alpha: float = field(REAL, 1e-4, about="weight of the sum of squares")
    beta: float = field(REAL, 0.75, about="exponent")
    k: float = field(REAL, 2.0, about="constant added to the sum")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A square and an addition a neighbour, then scale, power and division, for each element."""
        n = product(output)
        return {"multiply": n * self.size, "add": n * self.size, "scale": n, "exponential": n, "divide": n}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)


class L2Norm(Weightless):
    """Divides each position's vector of channels by its length (FaceNet's embedding)."""

    mixes = ALL
    kind = "l2norm"
    family = "norm"
    storage = ALIKE
    elementwise = False
    doubled = NOTHING

    eps: float = field(Real(0), 1e-12, about="smallest length that is divided by")

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """Nothing."""
        return iter(())

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the input."""
        return inputs[0]

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A square, an addition and a division an element."""
        n = product(output)
        return {"multiply": n, "add": n, "divide": n}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """The same position."""
        return (same_place(len(output) - 1),)
