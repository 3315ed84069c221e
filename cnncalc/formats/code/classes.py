"""Bodies -> classes: those that differ in numbers alone are one, and what differs is its parameter."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from .base import Argument, same
from .bodies import Body, Step

Slot = tuple[int, str]
"""An argument: the place of its step, and its name."""

COUNTS = frozenset(("channels", "out", "features", "filters", "units", "groups"))
"""Arguments that may be written as a multiple of another."""


@dataclass
class Parameter:
    """What a class is called with."""

    values: list[Any]
    """One a call."""

    default: Any = ...
    """What most calls give and the framework has anyway; `...` where it is always given."""


@dataclass
class Class:
    """A class, and the calls that are it."""

    name: str
    body: Body
    rows: list[dict[Slot, Any]] = field(default_factory=list)
    """A value for each argument in it, a row a call."""

    given: list[Mapping[str, Any]] = field(default_factory=list)
    """What the spec writes on the call, by parameter of its block."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    """By name, those without a default first."""

    texts: dict[Slot, str] = field(default_factory=dict)
    """The arguments that follow from parameters -> how."""

    def arguments(self, turn: int) -> dict[str, Argument]:
        """What one of its calls gives."""
        return {name: Argument(one.values[turn], one.default) for name, one in self.parameters.items()}


class Classes:
    """The classes of a network, those that are called first; `name` makes one of a word, `taken` are not free."""

    def __init__(self, body: Body, name: Any, taken: Collection[str]) -> None:
        self.known: dict[Any, Class] = {}
        self.of: dict[int, tuple[Class, int]] = {}
        """Body -> its class, and which of its calls it is."""

        self._bodies: dict[int, list[int]] = {}
        self._spelled, self._taken = name, taken
        self._list(body)
        self._add(body)
        for known in self.known.values():
            self._settle(known)

    def _list(self, body: Body) -> None:
        self._bodies[id(body)] = [id(step.body) if step.body else 0 for step in body.steps]
        for step in body.steps:
            if step.body:
                self._list(step.body)

    def _add(self, body: Body) -> Class:
        """The class of a body, made where there is none like it."""
        inner = [self._add(step.body).name if step.body else "" for step in body.steps]
        local = {name: f"in{place}" for place, name in enumerate(body.inputs)}
        local |= {step.makes: f"step{place}" for place, step in enumerate(body.steps)}
        steps = (_key(step, local, word) for step, word in zip(body.steps, inner, strict=True))
        shape = (body.word, local[body.output], *steps)
        if shape not in self.known:
            taken = {*self._taken, *(known.name for known in self.known.values())}
            self.known[shape] = Class(free(self._spelled(body.word), taken), body)
        found = self.known[shape]
        self.of[id(body)] = (found, len(found.rows))
        found.given.append(body.given)
        found.rows.append(
            {
                (place, name): argument.value
                for place, step in enumerate(body.steps)
                for name, argument in step.code.arguments.items()
            }
        )
        return found

    def _settle(self, known: Class) -> None:
        """Find what differs from call to call, the innermost first: equal columns are one parameter."""
        for place, step in enumerate(known.body.steps):
            if step.body is not None:
                self._hand_on(known, place)
        parameters: dict[str, Parameter] = {}
        for (place, name), value in list(known.rows[0].items()):
            column = [row[place, name] for row in known.rows]
            if all(repr(one) == repr(value) for one in column):
                continue
            step = known.body.steps[place]
            usual = step.code.arguments[name].default if name in step.code.arguments else self._usual(step, name)
            known.texts[place, name] = _text(known, parameters, name, column, usual)
        known.parameters = {name: one for name, one in parameters.items() if one.default is ...}
        known.parameters |= parameters

    def _usual(self, step: Step, name: str) -> Any:
        return self.of[id(step.body)][0].parameters[name].default

    def _hand_on(self, known: Class, place: int) -> None:
        """What the class that is called takes is a value of the one that calls it."""
        calls = [body for body, (owner, _) in self.of.items() if owner is known]
        for body, row in zip(calls, known.rows, strict=True):
            inner, turn = self.of[self._bodies[body][place]]
            for name, one in inner.parameters.items():
                row[place, name] = one.values[turn]


def _text(known: Class, parameters: dict[str, Parameter], name: str, column: list[Any], usual: Any) -> str:
    """An argument as a parameter, one more where there is none that it follows from."""
    for word, one in parameters.items():
        if repr(one.values) == repr(column):
            return word
    for word, one in parameters.items():
        if name in COUNTS and (times := _times(one.values, column)):
            return f"{word} * {times}"
    default = usual if any(same(value, usual) for value in column) else ...
    for word in known.given[0]:
        if word in parameters or not _fit(word) or not all(word in given for given in known.given):
            continue
        values = [given[word] for given in known.given]
        if repr(values) == repr(column):
            parameters[word] = Parameter(column, default)
            return word
        if name in COUNTS and (times := _times(values, column)) and name != "channels":
            parameters[word] = Parameter(values)
            return f"{word} * {times}"
    word = free(name, parameters)
    parameters[word] = Parameter(column, default)
    return word


def _fit(word: str) -> bool:
    """Whether a parameter of a block may be one of a function, which has names of its own."""
    return word.isidentifier() and not iskeyword(word) and not re.fullmatch(r"x\d*|self|name|nn|torch|layers|ops", word)


def _times(values: list[Any], column: list[Any]) -> int:
    """How many times the values another column is, 0 where it is no whole multiple or the values are one number."""
    if not all(type(one) is int and one > 0 for one in (*values, *column)) or len(set(values)) < 2:
        return 0
    times = column[0] // values[0]
    return times if all(other == one * times for one, other in zip(values, column, strict=True)) else 0


def _key(step: Step, local: dict[str, str], word: str) -> tuple[Any, ...]:
    """Equal for steps that differ in the values of arguments alone."""
    reads = tuple(local[name] for name in step.reads)
    arguments = tuple((name, argument.default) for name, argument in step.code.arguments.items())
    code = step.code
    return (step.attribute, word or code.module, code.call, code.first, reads, arguments, step.frozen)


def given(arguments: Mapping[str, Argument], texts: Mapping[str, str]) -> list[str]:
    """The arguments of a call: first those without a default, then by name those that differ from it."""
    listed = []
    for name, argument in arguments.items():
        named = "" if argument.default is ... else f"{name}="
        if name in texts:
            listed.append(named + texts[name])
        elif not argument.left_out:
            listed.append(named + repr(argument.value))
    return listed


def signature(known: Class) -> list[str]:
    """Its parameters as they stand in its definition."""
    listed = known.parameters.items()
    return [name if one.default is ... else f"{name}={one.default!r}" for name, one in listed]


def camel(word: str) -> str:
    """The name of a class."""
    stem = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", word)) or "Block"
    return f"Net{stem}" if stem[0].isdigit() else stem


def free(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found
