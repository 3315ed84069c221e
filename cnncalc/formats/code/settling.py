"""What differs from call to call of a class: conditions for its steps, parameters for their arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from .base import same, short
from .bodies import Step
from .classes import Class, Parameter, Slot, fit, flag
from .conditions import found
from .flow import flow_of, free
from .numbers import called, numbers
from .stages import kinds_of

COUNTS = frozenset(("channels", "out", "features", "filters", "units", "groups", "shape", "size"))
"""Arguments that may be written as a multiple of another, or as a part."""

ABSENT: Any = object()
"""The value of an argument in a call that has not its step."""


class Settling:
    """Finds what differs from call to call of a class; equal columns are one parameter."""

    def __init__(self, known: Class, of: Mapping[int, tuple[Class, int]], channels: bool) -> None:
        self.known, self.of, self.parameters = known, of, dict[str, Parameter]()
        bodies = known.merged.bodies
        words = [word for word in bodies[0].settings if all(word in body.settings for body in bodies) and fit(word)]
        self.given = {word: [_plain(body.settings[word]) for body in bodies] for word in words}
        self.channels = "channels" if "channels" not in self.given else "in_channels"
        self.entering = [body.channels for body in bodies]
        self.derived = channels
        self.sliding = self._sliding()
        self.sizes = {self.channels}
        """The parameters that are counts."""

        self.worked: dict[str, list[Any]] = {}
        """An argument as it follows from parameters -> its values."""

    def _sliding(self) -> set[str]:
        """What a block is given that is an argument, and no count: a stride, a kernel."""
        named = [column for (_, name), column, _ in self._columns() if name not in COUNTS and name[0] not in "#@"]
        columns = [column for column in named if _differs(column)]
        return {word for word, values in self.given.items() if any(_equal(values, column) for column in columns)}

    def settle(self) -> None:
        """Its conditions, then its arguments."""
        known = self.known
        flow = flow_of(kinds_of(known.merged), known.stages, known.merged.kinds, [], False)
        stages = [part.turns for part in known.parts] + [stage.turns for stage in known.stages]
        for turns in dict.fromkeys([*stages, *(one.turns for one in flow.statements)]):
            if turns != known.turns and turns not in known.conditions:
                known.conditions[turns] = self._condition(turns)
        columns = sorted(self._columns(), key=lambda one: ABSENT in one[1])
        for slot, column, usual in columns:
            if _differs(column):
                text = known.texts[slot] = self._text(slot, column, usual)
                self.sizes |= {text} if slot[1] in COUNTS and text in self.parameters else set()
                if slot[1] in COUNTS and " " in text:
                    self.worked.setdefault(text, column)
        self._name_products()
        places = {word: place for place, word in enumerate((self.channels, *self.given))}
        listed = sorted(self.parameters.items(), key=lambda pair: (pair[1].default is not ..., places.get(pair[0], 99)))
        known.parameters = dict(listed)

    def _condition(self, turns: frozenset[int]) -> str:
        """When a call is one of these; a parameter says it where nothing else does."""
        count = len(self.entering)
        holds = [turn in turns for turn in range(count)]
        columns = {self.channels: self.entering, **self.given}
        plain = (int, str, bool, float)
        columns = {word: column for word, column in columns.items() if all(type(value) in plain for value in column)}
        asks = [ask for body in self.known.merged.bodies[:1] for ask in body.asks]
        condition = found(holds, columns, asks, self.channels)
        if condition is not None:
            for word in condition.words:
                self.parameters.setdefault(word, self._parameter(word))
            return condition.text
        for word, one in self.parameters.items():
            if one.values == holds or one.values == [not value for value in holds]:
                return word if one.values == holds else f"not {word}"
        own = [part for part in self.known.parts if part.turns == turns] or self.known.parts
        word = free(flag(own, self.known.merged.bodies), {*self.parameters, *self.given})
        self.parameters[word] = Parameter(holds, _usual(holds))
        return word

    def _parameter(self, word: str) -> Parameter:
        if word in self.given:
            return Parameter(self.given[word], _usual(self.given[word]))
        return Parameter(self.entering, derived=self.derived)

    def _columns(self) -> Iterator[tuple[Slot, list[Any], Any]]:
        """Each argument with its values and what it is where nobody gives it."""
        for place, part in enumerate(self.known.parts):
            rows = {turn: dict(self._row(step)) for turn, step in part.steps.items()}
            for name, (_, usual) in next(iter(rows.values())).items():
                column = [rows[turn][name][0] if turn in rows else ABSENT for turn in range(len(self.entering))]
                yield (place, name), column, usual

    def _row(self, step: Step) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """The arguments of a step in a call, with those that the class takes which it calls."""
        if step.body is not None:
            inner, turn = self.of[id(step.body)]
            for name, one in inner.arguments(turn).items():
                yield name, (one.value, one.default)
            return
        for name, argument in step.code.arguments.items():
            yield name, (argument.value, argument.default)
        for mark, text in (("#", step.code.call), ("@", step.code.first)):
            for place, number in enumerate(numbers(text)):
                yield f"{mark}{place}", (number, ...)

    def _text(self, slot: Slot, column: list[Any], usual: Any) -> str:
        """An argument as a parameter, one more where there is none that it follows from."""
        place, name = slot
        attribute, code = self.known.parts[place].attribute, self.known.parts[place].step.code
        words = [word for word in re.split(r"[._]", attribute) if word and not word[0].isdigit()]
        other = "activation" if name == "act" else "_".join([*words[-1:], name])
        if name[0] in "#@":
            name = other = called(code.call if name[0] == "#" else code.first, int(name[1:]))
        if name in ("padding", "pad") and (half := self._half(place, column)):
            return half
        text = self._known(column, usual) or (self._again(column) or self._multiple(column) if name in COUNTS else "")
        text = text or self._said(column, usual) or (self._worked_out(column) if name in COUNTS else "")
        return text or self._fresh(name, other, column, usual)

    def _known(self, column: list[Any], usual: Any) -> str:
        """A parameter that has these values; "" for none."""
        for word, one in self.parameters.items():
            if _equal(one.values, column):
                if one.default is ... and not one.derived and any(same(value, usual) for value in one.values):
                    one.default = usual
                return word
        return ""

    def _again(self, column: list[Any]) -> str:
        """What another count is worked out as."""
        return next((text for text, values in self.worked.items() if _equal(values, column)), "")

    def _multiple(self, column: list[Any]) -> str:
        """A count as a multiple of another, by the parameter that says how many times."""
        for word, one in self.parameters.items():
            if word in self.sizes and (times := _times(one.values, column)):
                column = [ABSENT if value is ABSENT else times for value in column]
                others = (other for other in self.parameters if other not in (word, *self.sliding))
                factor = next((other for other in others if _equal(self.parameters[other].values, column)), times)
                return f"{word} * {factor}"
        return ""

    def _said(self, column: list[Any], usual: Any) -> str:
        """What the block of the spec is given and has these values, as a parameter more."""
        for word, values in self.given.items():
            if word not in self.parameters and _equal(values, column):
                default = usual if any(same(value, usual) for value in values) else ...
                self.parameters[word] = Parameter(values, default)
                return word
        return ""

    def _worked_out(self, column: list[Any]) -> str:
        """A count that is worked out of parameters, or of what the block of the spec is given."""
        sizes = [(word, one.values) for word, one in self.parameters.items() if word in self.sizes]
        factors = [(word, one.values) for word, one in self.parameters.items() if _counted(one.values)]
        for (word, values), (other, factor) in product(sizes, factors):
            both = _counted(values) and other not in (word, *self.sliding)
            if both and _equal([one * two for one, two in zip(values, factor, strict=True)], column):
                return f"{word} * {other}"
        for word, values in sizes:
            if parts := _times(column, values):
                return f"{word} // {parts}"
        for word, values in self.given.items():
            times, parts = _times(values, column), _times(column, values)
            if word not in self.sliding and (times or parts):
                self.parameters.setdefault(word, Parameter(values))
                return f"{word} * {times}" if times else f"{word} // {parts}"
        return ""

    def _fresh(self, name: str, other: str, column: list[Any], usual: Any) -> str:
        """A new parameter, by the other name where the first means something else."""
        if name == "channels" and self.channels not in self.parameters and _equal(self.entering, column):
            self.parameters[self.channels] = Parameter(self.entering, derived=self.derived)
            return self.channels
        default = usual if any(same(value, usual) for value in column) else ...
        if ABSENT in column:
            default = None if usual is ... else usual
        taken = {*self.parameters, *self.given}
        word = name if name not in taken else free(other, taken)
        self.parameters[word] = Parameter([default if value is ABSENT else value for value in column], default)
        return word

    def _half(self, place: int, column: list[Any]) -> str:
        """Half of the kernel of the same step, where that differs from call to call."""
        text = self.known.texts.get((place, "kernel"))
        if text is None or not text.isidentifier():
            return ""
        steps = self.known.parts[place].steps
        kernels = {turn: step.code.arguments["kernel"].value for turn, step in steps.items()}
        fits = all(type(kernel) is int and kernel // 2 == column[turn] for turn, kernel in kernels.items())
        return f"{text} // 2" if fits else ""

    def _name_products(self) -> None:
        """A product of two parameters has a name where it is used three times."""
        texts = self.known.texts
        for text in dict.fromkeys(texts.values()):
            slots = [slot for slot, other in texts.items() if other == text]
            if re.fullmatch(r"[^\W\d]\w* \* [^\W\d]\w*", text) and len(slots) > 2:
                name = free("hidden", {*self.parameters, *self.given, *self.known.products})
                self.known.products[name] = text
                texts.update(dict.fromkeys(slots, name))


def _plain(value: Any) -> Any:
    """A list as the pair that an argument is, one number where every axis has the same."""
    return short(map(_plain, value)) if isinstance(value, list | tuple) and value else value


def _usual(values: Sequence[Any]) -> Any:
    """The default of a parameter that is true or false: true where three of four calls say so; `...` for another."""
    if not all(type(value) is bool for value in values):
        return ...
    return 4 * sum(values) >= 3 * len(values)


def _differs(column: Sequence[Any]) -> bool:
    """Whether it has several values."""
    return len({repr(value) for value in column if value is not ABSENT}) > 1


def _equal(values: Sequence[Any], column: Sequence[Any]) -> bool:
    """Whether they are the same where the column is not absent."""
    return all(other is ABSENT or repr(one) == repr(other) for one, other in zip(values, column, strict=True))


def _counted(values: Sequence[Any]) -> bool:
    return all(type(value) is int and value > 0 for value in values)


def _times(values: Sequence[Any], column: Sequence[Any]) -> int:
    """How many times the values another column is, 0 where it is no whole multiple or the values are one number."""
    pairs = [
        (one, other) for one, other in zip(values, column, strict=True) if one is not ABSENT and other is not ABSENT
    ]
    if not _counted([one for pair in pairs for one in pair]) or len({one for one, _ in pairs}) < 2:
        return 0
    times = pairs[0][1] // pairs[0][0]
    return times if all(other == one * times for one, other in pairs) else 0
