"""A class of code: its steps, and what differs from call to call as parameters and conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .base import Argument, spoken
from .bodies import Body
from .merging import Merged
from .stages import Part, Stage

Slot = tuple[int, str]
"""An argument: the place of its step among the parts of a class, and its name; `#0` is a number in its expression."""


@dataclass
class Parameter:
    """What a class is called with."""

    values: list[Any]
    """One a call."""

    default: Any = ...
    """What most calls give and the framework has anyway; `...` where it is always given."""

    derived: bool = False
    """Whether it follows from what is read, so that nobody gives it."""


@dataclass
class Class:
    """A class, and the calls that are it."""

    name: str
    merged: Merged
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """By name, those without a default first."""

    texts: dict[Slot, str] = field(default_factory=dict)
    """The arguments that follow from parameters -> how."""

    stages: list[Stage] = field(default_factory=list)
    """Its steps as they are computed."""

    products: dict[str, str] = field(default_factory=dict)
    """Names for what is worked out of parameters, and used often."""

    conditions: dict[frozenset[int], str] = field(default_factory=dict)
    """Some of the calls -> when a call is one of them."""

    @property
    def body(self) -> Body:
        """Its first call."""
        return self.merged.bodies[0]

    @property
    def parts(self) -> list[Part]:
        """Its steps."""
        return self.merged.parts

    @property
    def turns(self) -> frozenset[int]:
        """All of its calls."""
        return frozenset(range(len(self.merged.bodies)))

    def arguments(self, turn: int) -> dict[str, Argument]:
        """What one of its calls gives."""
        return {
            name: Argument(one.values[turn], one.default) for name, one in self.parameters.items() if not one.derived
        }


def flag(parts: Sequence[Part], bodies: Sequence[Body]) -> str:
    """What it is called that a call has these steps: the branch or scope that they stand in, or the first of them."""
    steps, body = [part.step for part in parts], bodies[min(parts[0].turns)]
    branches = {step.branch for step in steps}
    scopes = {step.attribute.partition(".")[0] for step in steps}
    first = steps[0]
    if len(first.reads) > 1 and not first.code.module and set(first.reads) & set(body.inputs):
        word = "shortcut"
    elif len(branches) == 1 and first.branch and len(steps) > 1 and len(scopes) > 1:
        word = first.branch
    else:
        word = first.attribute.rpartition(".")[2] if "." in first.attribute else first.attribute
    word = re.sub(r"[^0-9A-Za-z]+", "_", word).strip("_")
    return word if fit(word) else f"has_{word}"


def fit(word: str) -> bool:
    """Whether a parameter of a block may be one of a function, which has names of its own."""
    return word.isidentifier() and not spoken(word) and not re.fullmatch(r"x\d*", word)


def given(arguments: Mapping[str, Argument], texts: Mapping[str, str]) -> list[str]:
    """The arguments of a call: first those without a default, then by name those that differ from it."""
    listed = []
    for name, argument in arguments.items():
        named = "" if argument.default is ... else f"{name}="
        if name in texts:
            listed.append(named + texts[name])
        elif not argument.left_out:
            listed.append(named + literal(argument.value))
    return listed


def literal(value: Any) -> str:
    """A value as Python has it, a text in double quotes."""
    text = repr(value)
    return f'"{text[1:-1]}"' if type(value) is str and text[0] == "'" and '"' not in text else text


def signature(known: Class) -> list[str]:
    """Its parameters as they stand in its definition."""
    listed = [(name, one.default) for name, one in known.parameters.items() if not one.derived]
    return [name if default is ... else f"{name}={literal(default)}" for name, default in listed]


def camel(word: str) -> str:
    """The name of a class."""
    stem = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", word)) or "Block"
    return f"Net{stem}" if stem[0].isdigit() or spoken(stem) else stem
