"""What the arguments of a layer may be: one reader each, which checks a value and describes it.

A reader turns what the spec says into the form that the rules want (one entry per spatial axis) or raises
ValueError with the sentence that completes "`kernel` ...". The same record feeds the JSON Schema and the docs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..dims import Dim
from ..errors import list_text
from ..namedtuples import NamedTuple

LARGEST = 2**40
REQUIRED: Any = object()


class Field(NamedTuple):
    """One argument of a layer: its reader, its default (REQUIRED for none) and one line about it."""

    reader: Reader
    default: Any
    about: str

    @property
    def required(self) -> bool:
        """Whether a spec must give it."""
        return self.default is REQUIRED


def field(reader: Reader, default: Any = REQUIRED, *, about: str) -> Any:
    """Declare an argument of a layer kind in its class."""
    return Field(reader, default, about)


class Reader:
    """Checks one kind of value; `axes` is the number of spatial axes of the incoming tensor."""

    describes = "a value"

    def read(self, value: Any, axes: int) -> Any:
        """The value as the rules want it. Raises ValueError."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what may be written."""
        raise NotImplementedError


EXPRESSION = {"type": "string", "pattern": r"\$", "description": "an expression such as `$width * 2`"}


def _or_expression(*forms: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*forms, EXPRESSION]}


def shown(value: Any) -> str:
    """A value as a sentence of an error names it."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list | tuple):
        return list_text(value, lambda member: shown(member).strip("`"))
    return "nothing" if value is None else f"`{value}`"


class Whole(Reader):
    """An integer of at least `least`."""

    def __init__(self, least: int) -> None:
        self.least = least
        self.describes = f"a whole number of at least {least}"

    def read(self, value: Any, axes: int) -> Dim:
        if isinstance(value, bool | str | list | tuple | None):
            raise ValueError(f"must be {self.describes}, and is {shown(value)}{_hint(value)}")
        if isinstance(value, int):
            if value < self.least:
                raise ValueError(f"must be {self.describes}, and is {value}")
            if value > LARGEST:
                raise ValueError(f"is {value}, which is more than 2^40")
            return value
        if hasattr(value, "denominator") and not hasattr(value, "__array__"):
            raise ValueError(f"must be whole, and is {_decimal(value)}; write `//`, floor() or ceil() to round")
        return value

    def schema(self) -> dict[str, Any]:
        return _or_expression({"type": "integer", "minimum": self.least})


class Integer(Reader):
    """An integer, of either sign."""

    describes = "a whole number"

    def read(self, value: Any, axes: int) -> Dim:
        try:
            return Whole(-LARGEST).read(value, axes)
        except ValueError as error:
            raise ValueError(str(error).replace(Whole(-LARGEST).describes, self.describes)) from None

    def schema(self) -> dict[str, Any]:
        return _or_expression({"type": "integer"})


class PerAxis(Reader):
    """A number for every axis, or a list with one for each."""

    def __init__(self, least: int) -> None:
        self.whole = Whole(least)
        self.describes = f"{self.whole.describes}, or a list with one per axis"

    def read(self, value: Any, axes: int) -> tuple[Dim, ...]:
        if isinstance(value, list | tuple):
            if len(value) != axes:
                raise ValueError(f"has {_count(len(value), 'entry')} and the map has {_count(axes, 'spatial axis')}")
            return tuple(self.whole.read(member, axes) for member in value)
        return (self.whole.read(value, axes),) * axes

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.whole.least}
        one = _or_expression(number)
        return _or_expression(number, {"type": "array", "items": one, "minItems": 1, "maxItems": 3})


class FactorPerAxis(PerAxis):
    """Whole factors: a map that is a part larger has a size instead."""

    def read(self, value: Any, axes: int) -> tuple[Dim, ...]:
        for factor in value if isinstance(value, list | tuple) else [value]:
            if hasattr(factor, "denominator") and not hasattr(factor, "__array__") and factor.denominator != 1:
                raise ValueError(f"must be whole, and is {_decimal(factor)}; `size: [...]` gives a map any size")
        return super().read(value, axes)


class PartsPerAxis(PerAxis):
    """As PerAxis; `none` for an axis that stays as it is."""

    def read(self, value: Any, axes: int) -> tuple[Dim | None, ...]:
        if isinstance(value, list | tuple):
            if len(value) != axes:
                raise ValueError(f"has {_count(len(value), 'entry')} and the map has {_count(axes, 'spatial axis')}")
            return tuple(None if member in (None, "none") else self.whole.read(member, axes) for member in value)
        return super().read(value, axes)

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.whole.least}
        one = _or_expression(number, {"enum": ["none", None]})
        return _or_expression(number, {"type": "array", "items": one, "minItems": 1, "maxItems": 3})


class WholeList(Reader):
    """A list of integers of any length; a list in it, such as `$in.size`, stands for its members."""

    def __init__(self, least: int, describes: str) -> None:
        self.whole = Whole(least)
        self.describes = describes

    def read(self, value: Any, axes: int) -> tuple[Dim, ...]:
        given = value if isinstance(value, list | tuple) else [value]
        members = [entry for one in given for entry in (one if isinstance(one, list | tuple) else [one])]
        if not members:
            raise ValueError(f"must be {self.describes}, and is empty")
        return tuple(self.whole.read(member, axes) for member in members)

    def schema(self) -> dict[str, Any]:
        number = _or_expression({"type": "integer", "minimum": self.whole.least})
        return {"anyOf": [number, {"type": "array", "items": number, "minItems": 1}]}


class Connections(Reader):
    """For each output map, the input channels that it reads."""

    describes = "a list with, for each output channel, the list of input channels that it reads"

    def read(self, value: Any, axes: int) -> tuple[tuple[int, ...], ...]:
        if not isinstance(value, list | tuple) or not value or not all(isinstance(row, list | tuple) for row in value):
            raise ValueError(f"must be {self.describes}")
        channel = Whole(0)
        return tuple(tuple(channel.read(member, axes) for member in row) for row in value)

    def schema(self) -> dict[str, Any]:
        row = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1}
        return _or_expression({"type": "array", "items": row, "minItems": 1})


class Flag(Reader):
    """true or false."""

    describes = "true or false"

    def read(self, value: Any, axes: int) -> bool:
        if not isinstance(value, bool):
            hint = "; YAML 1.2 knows only true and false" if value in ("yes", "no", "on", "off") else ""
            raise ValueError(f"must be true or false, and is {shown(value)}{hint}")
        return value

    def schema(self) -> dict[str, Any]:
        return _or_expression({"type": "boolean"})


class Real(Reader):
    """A number; read as a float."""

    def __init__(self, low: float = float("-inf"), high: float = float("inf")) -> None:
        self.low, self.high = low, high
        bounded = low != float("-inf") or high != float("inf")
        self.describes = f"a number from {low:g} to {high:g}" if bounded else "a number"

    def read(self, value: Any, axes: int) -> float:
        if isinstance(value, bool | str | list | tuple | None) or not self.low <= value <= self.high:
            raise ValueError(f"must be {self.describes}, and is {shown(value)}{_hint(value)}")
        return float(value)

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high}
        return _or_expression({"type": "number"} | {k: v for k, v in bounds.items() if abs(v) != float("inf")})


class Text(Reader):
    """A name of somebody else's, in one short line."""

    describes = "a name of at most 100 signs"

    def read(self, value: Any, axes: int) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > 100 or not value.isprintable():
            raise ValueError(f"must be {self.describes}, and is {shown(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 100}


class Choice(Reader):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.describes = "one of " + ", ".join(words)

    def read(self, value: Any, axes: int) -> str:
        if value not in self.words:
            from ..errors import did_you_mean

            near = did_you_mean(value, self.words) if isinstance(value, str) else ""
            raise ValueError(f"must be {self.describes}, and is {shown(value)}" + (f"; {near}" if near else ""))
        return str(value)

    def schema(self) -> dict[str, Any]:
        return _or_expression({"enum": list(self.words)})


PADDING_MODES = ("valid", "half", "full", "same", "causal")
Pad = Any
"""One axis of a padding: a mode, or the (before, after) counts of zeros."""


class Padding(Reader):
    """A number, one per axis, a [before, after] pair per axis, or a mode."""

    def __init__(self, least: int = 0, modes: Sequence[str] = PADDING_MODES) -> None:
        self.whole = Whole(least)
        self.modes = tuple(modes)
        forms = ["a number", "a list with a number or a [before, after] pair per axis", ", ".join(modes)]
        forms = [form for form in forms if form]
        self.describes = f"{', '.join(forms[:-1])}, or {forms[-1]}"

    def read(self, value: Any, axes: int) -> tuple[Pad, ...]:
        if isinstance(value, list | tuple):
            if len(value) != axes:
                hint = ""
                if axes == 1 and len(value) == 2:
                    hint = f"; for zeros before and after write [[{value[0]}, {value[1]}]]"
                raise ValueError(
                    f"has {_count(len(value), 'entry')} and the map has {_count(axes, 'spatial axis')}{hint}"
                )
            return tuple(self._axis(member, axes) for member in value)
        return (self._axis(value, axes),) * axes

    def _axis(self, value: Any, axes: int) -> Pad:
        if isinstance(value, str):
            if value not in self.modes:
                from ..errors import did_you_mean

                near = did_you_mean(value, self.modes)
                raise ValueError(
                    f"must be a number or one of {', '.join(self.modes)}, and is `{value}`"
                    + (f"; {near}" if near else "")
                )
            return value
        if isinstance(value, list | tuple):
            if len(value) != 2:
                raise ValueError(f"must be a [before, after] pair per axis, and has {shown(value)}")
            return (self.whole.read(value[0], axes), self.whole.read(value[1], axes))
        count = self.whole.read(value, axes)
        return (count, count)

    def schema(self) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "integer", "minimum": self.whole.least}
        one = _or_expression(number)
        pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        forms: list[dict[str, Any]] = [{"enum": list(self.modes)}] if self.modes else []
        member = {"anyOf": [number, pair, *forms, EXPRESSION]}
        return _or_expression(number, *forms, {"type": "array", "items": member, "minItems": 1, "maxItems": 3})


def _hint(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"\d+(:\d+)+", value):
        return f"; one per axis is written [{', '.join(value.split(':'))}]"
    if isinstance(value, str) and re.fullmatch(r"\d+(x\d+)+", value):
        return f"; one per axis is written [{', '.join(value.split('x'))}]"
    if isinstance(value, str) and re.fullmatch(r"[-+]?[\d.]+", value):
        return "; a number stands without quotes"
    if isinstance(value, str) and re.fullmatch(r"([\d\s.,+*/%()-]|\b[a-z_]\w*(?=\())+", value):
        return "; only a text with a `$name` in it is an expression"
    return ""


def _decimal(value: Any) -> str:
    return f"{value} = {float(value):g}"


def _count(n: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun[:-2] + "es" if noun.endswith("is") else noun + "s"
    return f"{n} {noun if n == 1 else plural}"


COUNT = Whole(1)
BITS = "bits that each tap is stored in, where that is not as the network computes"
INTEGER = Integer()
NATURAL = Whole(0)
COUNT_PER_AXIS = PerAxis(1)
PARTS = PartsPerAxis(1)
NATURAL_PER_AXIS = PerAxis(0)
FLAG = Flag()
REAL = Real()
