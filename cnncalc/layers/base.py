"""What a layer kind is: a frozen record of its arguments with its local answers.

A layer knows nothing of graphs, files or tables. Every answer is asked with the shapes that come in and the shape
that goes out, and none has a default: a kind that costs nothing says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, dataclass_transform

from ..dims import Dim, Shape, Truth
from ..namedtuples import NamedTuple
from .fields import Field, Padding, PerAxis, field
from .windows import Reach

Shapes = tuple[Shape, ...]

AXIS_NAMES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
AXIS_NAMES |= {axes: tuple(f"axis{n}" for n in range(1, axes + 1)) for axes in (4, 5)}
"""The spatial axes of a map; with more than three, which only `reshape` makes, they are numbered."""

AXES = ("channels", "depth", "height", "width", "length", *AXIS_NAMES[5])
"""Every name that an axis may have."""


def axis_of(name: str, shape: Shape) -> int | None:
    """The place of an axis in a shape, or None where it has none of that name."""
    names = ("channels", *AXIS_NAMES[len(shape) - 1])
    return names.index(name) if name in names else None


NEW, IN_PLACE, ALIKE, VIEW, STORED = "new", "in place", "alike", "view", "stored"
"""How a layer stores its output: as a tensor of its own, its elements side by side; so, or over its first input; as
one that is laid out as its first input is, or over that; as a `Look` at its input, where strides can give that; not
at all, as it is its weights."""

OVERWRITES = frozenset({IN_PLACE, ALIKE})
"""Where the output may be written over an input."""

NORMED = frozenset({"convolution", "linear"})
"""The families of layers that a batch norm is folded into: it scales and moves their outputs."""

ACTIVATED = NORMED | {"join", "pool"}
"""The families of layers that runtimes work out an activation with."""


class Look(NamedTuple):
    """How a view reads the tensor that it is a view of."""

    order: tuple[int, ...] | None = None
    """For each axis the one that it was; None: all elements in their order, in whatever axes the output has."""

    steps: tuple[Dim, ...] = ()
    """For each axis the distance of its entries, counted in entries of the axis that it was; 1 where none is given."""


NO_WEIGHTS: Mapping[str, Shape] = {}
NO_ROLES: Mapping[str, str] = {}

TAPS, SCALE, SHIFT, SLOPE, VALUE, ROWS = "taps", "scale", "shift", "slope", "value", "rows"
"""What a learned tensor is: taps multiply and add up many inputs, a scale multiplies one, a shift is added to what
comes of it, a slope multiplies where an input is negative, a value stands where the output of a layer may, and rows are
values of which each input says one."""

ROLES = (TAPS, SCALE, SHIFT, SLOPE, VALUE, ROWS)

WORK: Mapping[str, str] = {
    "bias": "a learned number added after taps or to a channel",
    "scale": "an element times a factor of its channel or neighbourhood",
    "shift": "a number of its channel added to an element, after a scale",
    "statistics": "an element added to a mean or to a variance",
    "normalise": "a mean taken away from an element, or an element divided by a deviation",
    "compare": "an element held against a bound, a slope or another element",
    "exponential": "an exponential, a tangent, a normal distribution or a power of an element",
    "add": "an element added to another",
    "multiply": "an element times another, or times itself",
    "divide": "an element divided by another or by a sum",
    "root": "a square root",
    "pool": "a tap of a pool: an element compared, added or squared and added",
    "blend": "a multiplication or an addition of an interpolation",
}
"""What element-wise and pooling work is done with an element, each evaluation counted as one operation."""

NO_WORK: Mapping[str, Dim] = {}

OWN, SOME, ALL = "own", "some", "all"
"""The channel at the same place alone; others, or another place; every channel."""

NOTHING, DOUBTFUL, MEANT = "nothing", "doubtful", "meant"
"""What a layer does straight after another that is the same: nothing more; something that is hardly meant; its work."""


class Need(NamedTuple):
    """A condition on the input; `field` is the argument to blame, "" the input itself.

    The code is a word that stays, whatever the message says: what somebody asks who wants to know which need it is.
    """

    field: str
    holds: Truth
    message: str
    help: str = ""
    code: str = ""


def has_axis(field: str, name: str, shape: Shape) -> Need:
    """That a tensor has an axis of this name."""
    known = ", ".join(("channels", *AXIS_NAMES[len(shape) - 1]))
    holds = axis_of(name, shape) is not None
    return Need(field, holds, f"{size_text(shape)} has no axis `{name}`", f"it has {known}", code="axis")


@dataclass_transform(frozen_default=True, eq_default=False, kw_only_default=True, field_specifiers=(field,))
class Layer:
    """The local answers about one layer; shapes are of one image: channels, then the spatial axes.

    A kind declares its arguments as a dataclass does, `out: Dim = field(...)`. (Not one of the standard library:
    60 of those take 50 ms to define, at every start.)
    """

    kind: ClassVar[str]
    """The word for it in a spec."""

    main: ClassVar[str | None] = None
    """The argument that may stand alone, as in `conv: 64`."""

    storage: str
    """NEW, IN_PLACE, ALIKE, VIEW or STORED."""

    family: ClassVar[str]
    """convolution, linear, recurrent, pool, norm, affine, activation, join, arrangement, resize, learned or unknown."""

    roles: ClassVar[Mapping[str, str]]
    """Each learned tensor that it may have -> TAPS, SCALE, SHIFT, SLOPE, VALUE or ROWS."""

    elementwise: ClassVar[bool]
    """Whether each output is computed from the input elements at its own place alone, and from fixed numbers."""

    multiplies: ClassVar[bool]
    """Whether its MACs multiply activations with each other, and no learned taps."""

    mixes: str
    """OWN, SOME or ALL: which channels of its input a channel of its output depends on, place by place."""

    counted: ClassVar[bool] = True
    """Whether its work, its learned tensors and what it sees are known: else totals are lower bounds."""

    gates: ClassVar[bool] = False
    """Whether a branch that is the same everywhere only scales the others."""

    doubled: ClassVar[str]
    """NOTHING, DOUBTFUL or MEANT: what it is straight after another with the same arguments."""

    joins: ClassVar[bool] = False
    """Whether it takes several branches."""

    commutes: ClassVar[bool] = False
    """Whether those may change places."""

    bits: Any = None
    """The bits that each of its taps is stored in, whatever the network computes in; None: as the rest of it."""

    extra: ClassVar[int] = 0
    """How many tensors it may read besides the one that it works on: the state of a recurrent layer."""

    starts: ClassVar[bool] = False
    """Whether it reads no tensor."""

    looks_up: ClassVar[bool] = False
    """Whether what it reads are the places of rows, whole numbers below its `count`."""

    flattens: ClassVar[bool] = False
    """Whether a map must be flattened before it."""

    sugar: ClassVar[bool] = False
    """Whether `norm` and `act` may be written on it, for the steps that follow."""

    inherits: ClassVar[str | None] = None
    """The kind whose `defaults` also hold for this one."""

    not_inherited: ClassVar[frozenset[str]] = frozenset()

    fields: ClassVar[Mapping[str, Field]] = {}
    """The arguments of the kind, in order."""

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls.fields = {**cls.fields, **own}
        for name in own:
            delattr(cls, name)

    def __init__(self, **arguments: Any) -> None:
        self.__dict__.update(arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    def resolved(self, *inputs: Shape) -> Mapping[str, Any]:
        """The arguments as they come out on these inputs: two spellings of one thing are equal.

        A word is the zeros that it puts, what is not given is what stands for it, an entry from the end is counted
        from the start.
        """
        return vars(self)

    def meaning(self, *inputs: Shape) -> tuple[str, Mapping[str, Any]]:
        """What it is and with which arguments: the same for two layers that are one, whatever their kinds."""
        return self.kind, self.resolved(*inputs)

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """The conditions that must hold for the layer to make sense on these inputs."""
        raise NotImplementedError

    def output(self, *inputs: Shape) -> Shape:
        """The shape of the output."""
        raise NotImplementedError

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """Name -> shape of each learned tensor."""
        raise NotImplementedError

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """Name -> shape of each tensor that is stored with the weights and not learned."""
        raise NotImplementedError

    def centres(self, channels: Dim) -> Dim:
        """Of so many channels, those whose common mean it takes away, at inference or as it is trained; 0 for none.

        Where it is 1, a number added to a channel of its input is taken away again.
        """
        raise NotImplementedError

    def continues(self, branch: Layer) -> bool:
        """Whether what a branch joins may stand in the branch's place, as in a concat of a concat."""
        return False

    def look(self, *inputs: Shape) -> Look:
        """How a VIEW reads its input."""
        return Look()

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """Multiply-accumulates for one image; taps on padding count, a bias costs nothing."""
        raise NotImplementedError

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """The word of `WORK` -> how often it is done for one image; nothing of it is part of the MACs."""
        raise NotImplementedError

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """For each input: what one output position sees of it, per spatial axis of the output, or EVERYTHING."""
        raise NotImplementedError

    def per_axis(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The arguments that have an entry for each spatial axis, and those."""
        for name, declared in self.fields.items():
            value = getattr(self, name)
            if isinstance(declared.reader, PerAxis | Padding) and value is not None:
                yield name, value

    @classmethod
    def check(cls, axes: int) -> str:
        """Why the kind cannot stand on a tensor with so many spatial axes, or nothing."""
        return ""

    @classmethod
    def read(cls, arguments: Mapping[str, Any], axes: int) -> Layer:
        """The layer with these arguments, each read by its reader. Raises ArgumentError for the first bad one."""
        values = {}
        for name, declared in cls.fields.items():
            value = arguments.get(name, declared.default)
            if name in arguments or not declared.required:
                try:
                    absent = value is None and declared.default is None
                    values[name] = None if absent else declared.reader.read(value, axes)
                except ValueError as error:
                    raise ArgumentError(name, f"`{name}` {error}") from None
            else:
                raise ArgumentError("", f"`{cls.kind}` needs `{name}`: {declared.about}")
        return cls(**values)


class ArgumentError(Exception):
    """An argument that cannot be read; `field` names it, "" where it is missing."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class Uncentred(Layer):
    """A layer that takes no mean away."""

    def centres(self, channels: Dim) -> Dim:
        """None."""
        return 0


class Weightless(Uncentred):
    """A layer without learned tensors and without MACs, which takes no mean away."""

    roles = NO_ROLES
    multiplies = False

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """None."""
        return 0


def tensors(count: int) -> str:
    """How many tensors, in words."""
    return "one tensor" if count == 1 else f"{count} tensors"


def size_text(shape: Shape) -> str:
    """A shape as people write it: 64x56x56, 4x(H - 2)xW."""
    return "x".join(f"({dim})" if len(getattr(dim, "terms", ())) > 1 and " " in str(dim) else str(dim) for dim in shape)
