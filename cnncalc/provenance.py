"""Where a layer came from: the step of a spec, or the calls and tensors of the code that a network was read from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .dims import Shape
from .errors import Mark
from .namedtuples import NamedTuple


class Origin(NamedTuple):
    """A step of a spec in one of its turns: how a node came to be, with the steps that this one stands in.

    Each is itself alone: two are never equal.
    """

    word: str
    """What it does: its kind of layer, its block, `add`, `for` ..."""

    mark: Mark
    place: int
    """Its place in its list of steps, from 0."""

    among: int
    """How many steps the list has."""

    outer: Origin | None = None
    """The step that it stands in: a loop, a group, a join, a call of its block; None in the net itself."""

    branch: str = ""
    """The branch that it begins in, where it stands in a join."""

    row: int | None = None
    """In which row of the `for` around it, from 0."""

    row_mark: Mark | None = None
    """Where that row is written, if it is."""

    turn: int | None = None
    """Of a step with `repeat`: in which turn, from 0."""

    opens: bool = False
    """Whether it is nothing but the steps in it: a `for`, or a group that is not repeated."""

    calls: bool = False
    """Whether it calls a block, which knows names of its own."""

    name: str = ""
    """The name that the spec gives it, where that is the same in every turn."""

    tensor: str = ""
    """The name that it gives its tensor in this turn."""

    label: str = ""
    """What `share` calls its weights."""

    arguments: tuple[tuple[str, Any], ...] = ()
    """What is written on it, by parameter: of a block's call, and of the steps of the net."""

    settings: tuple[tuple[str, Any], ...] = ()
    """Of a block's call: the value of each parameter, the defaults too."""

    asks: tuple[str, ...] = ()
    """Of a block's call: the `when` of the steps and branches in the block, as they are written."""

    @property
    def way(self) -> tuple[Origin, ...]:
        """The steps from the net down to this one."""
        return (*(self.outer.way if self.outer is not None else ()), self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)


class Call(NamedTuple):
    """A call in the code that a network was read from: what tools that look at code know a layer by."""

    name: str
    """Its own."""

    module: str
    """The class of the module that makes it, `torch.nn.modules.conv.Conv2d`; "" for none."""

    base: str
    """The class of PyTorch's own that this one is, or is made from; "" for none."""

    parent: str
    """The class of the module that this one stands in; "" for none."""

    whole: bool
    """Whether there are no modules in that one."""

    learned: tuple[str, ...]
    """The names of that module's own parameters."""

    function: str
    """What is called, `F.relu`; `+` and methods are of `Tensor`, as `Tensor.add`."""

    operator: str
    """The operator with its overload, `relu`, `conv2d.padding`."""

    first: int
    """How long the first axis is of what it makes: the images, unless they are mixed with rows."""


class Saved(NamedTuple):
    """What a checkpoint holds of the code that a network was read from."""

    tensors: Mapping[str, Shape]
    """Path -> shape, as `state_dict()` has them."""

    first: Mapping[str, str]
    """Path -> the first path that the same tensor has."""

    places: Mapping[str, str]
    """Tensor of the network, by its full name -> the path of the tensor that it is; nothing of one that is made."""

    made_of: Mapping[str, frozenset[str]]
    """Tensor of the network -> the paths of all that it is made of."""


class Source(NamedTuple):
    """A tensor of the code that a network was read from, of which a layer's own learned tensors are made."""

    name: str
    """Its path there."""

    shape: Shape
    learned: bool
    """Whether it is a parameter; else it is a buffer."""

    frozen: bool
    """Whether it is a parameter that is not trained."""
