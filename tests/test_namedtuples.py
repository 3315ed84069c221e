"""The named tuples of the house against those of `typing`: whatever one does, the other does."""

from __future__ import annotations

import copy
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from cnncalc.namedtuples import NamedTuple


class Ours(NamedTuple):
    """A tap."""

    place: int
    word: str = "a"
    scale: float = 2.0

    @property
    def twice(self) -> float:
        """A property beside the fields."""
        return 2 * self.scale


class Theirs(typing.NamedTuple):
    """A tap."""

    place: int
    word: str = "a"
    scale: float = 2.0

    @property
    def twice(self) -> float:
        """A property beside the fields."""
        return 2 * self.scale


class Below(Ours):
    """A class below one, which adds no field."""


def _again(value: Any) -> Any:
    """As a process that sweeps hands it to another."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - its own bytes


USES: dict[str, Callable[[Any], Any]] = {
    "positions": lambda of: tuple(of(1, "b", 3.0)),
    "names": lambda of: tuple(of(scale=3.0, place=1, word="b")),
    "defaults": lambda of: tuple(of(1, scale=3.0)),
    "equal to a tuple": lambda of: (of(1) == (1, "a", 2.0), hash(of(1)) == hash((1, "a", 2.0))),
    "replaced": lambda of: tuple(of(1)._replace(word="b", place=7)),
    "made": lambda of: tuple(of._make([1, "b", 3.0])),
    "as a mapping": lambda of: of(1)._asdict(),
    "its text": lambda of: repr(of(1)).partition("(")[2],
    "its fields": lambda of: (of._fields, of._field_defaults, of.__match_args__),
    "a property": lambda of: of(1, scale=4.0).twice,
    "slots": lambda of: hasattr(of(1), "__dict__"),
    "copied": lambda of: (copy.copy(of(1)) == of(1), copy.deepcopy(of(1)) == of(1)),
    "pickled": lambda of: (_again(of(1)) == of(1), type(_again(of(1))) is of),
}

WRONG: dict[str, Callable[[Any], Any]] = {
    "nothing given": lambda of: of(),
    "too many": lambda of: of(1, "b", 3.0, 4),
    "an unknown name": lambda of: of(1, size=3),
    "twice": lambda of: of(1, place=2),
    "replaced by an unknown name": lambda of: of(1)._replace(size=3),
    "assigned": lambda of: setattr(of(1), "place", 2),
    "a new attribute": lambda of: setattr(of(1), "size", 2),
}


@pytest.mark.parametrize("use", USES)
def test_it_does_what_that_of_typing_does(use: str) -> None:
    """Field by field, and as a tuple."""
    assert USES[use](Theirs) == USES[use](Ours)


@pytest.mark.parametrize("wrong", WRONG)
def test_it_refuses_what_that_of_typing_refuses(wrong: str) -> None:
    """With an error of the same class."""
    with pytest.raises((TypeError, ValueError, AttributeError)) as theirs:
        WRONG[wrong](Theirs)
    with pytest.raises(theirs.type):
        WRONG[wrong](Ours)


def test_a_class_below_one_has_its_fields() -> None:
    """Also where the first tuple that is made is of the class below."""
    assert (1, "a", 2.0) == Below(1)
    assert isinstance(Below(1), Ours)
    assert (1, "b", 2.0) == Below(1)._replace(word="b")


def test_nothing_but_methods_is_a_class_without_fields() -> None:
    """A class without annotations is the empty tuple."""

    class Empty(NamedTuple):
        pass

    assert () == Empty()
