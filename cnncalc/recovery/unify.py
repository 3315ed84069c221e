"""Sequences of one shape -> the steps of a block with parameters, and the arguments of each call (anti-unification).

Every argument of a step has a column: its value in each sequence. A column of one value stays as it is; another is a
parameter, a multiple of one, the channels that come in, or a parameter of its own. Steps and branches that only some
of the sequences have are decided last, by the first condition that is right for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ..namedtuples import NamedTuple
from .items import LOCAL, REGION, UP, Item, Raw, Sequence, is_expression, written

MOST_PARAMETERS = 8
SIZES = ("out", "size", "@repeat")
"""Arguments that may be worked out from others."""

SETTINGS = ("stride", "kernel", "dilation", "groups", "padding")
"""Numbers that may have a default: the sizes of a layer are no habit."""

PARTS = (4, 6, 8, 16, 2, 3)
"""Of which a part may be rounded as MobileNet rounds."""

MOSTLY = 0.75
"""The share of the sequences in which a ratio must be the same, so that it counts as one."""

IN = "$in.channels"


class Pattern(NamedTuple):
    """A block, and its calls."""

    parameters: dict[str, Any]
    """With their defaults; None for none."""

    steps: Sequence
    calls: tuple[dict[str, Any], ...]


class _Column(NamedTuple):
    slot: str
    item: Item
    values: tuple[Any, ...]
    name: str
    """What a parameter of it would be called."""


def unified(instances: list[Sequence], table: bool = False) -> Pattern | None:
    """The block of these sequences of one shape, None for one with too many parameters; `table`: the row of a loop."""
    unifier = _Unifier(instances, table)
    steps = unifier.body()
    reduced = [name for name in unifier.parameters if name.startswith("reduce")]
    if len(reduced) == 1 and "mid" not in unifier.parameters:
        unifier = _Unifier(instances, table, {reduced[0]: "mid"})
        steps = unifier.body()
    return None if len(unifier.parameters) > MOST_PARAMETERS else unifier.pattern(steps)


class _Unifier:
    def __init__(self, instances: list[Sequence], table: bool, names: Mapping[str, str] | None = None) -> None:
        self.instances = instances
        self.names = names or {}
        """What a parameter is called -> a shorter name."""

        self.table = table
        self.count = len(instances)
        channels = [steps[0].channels for steps in instances]
        known = not table and all(isinstance(n, int) for n in channels)
        self.channels: list[int] | None = channels if known else None
        self.parameters: dict[str, list[Any]] = {}
        self.slots: dict[str, str] = {}
        """Parameter -> the argument that it was made for."""

        self.outs: list[tuple[str, list[Any]]] = []
        """Expressions of channels, and their values."""

        self.expressions: dict[tuple[int, str], Any] = {}

    def body(self) -> Sequence:
        """The steps, with an expression for each column that is not one value."""
        columns = [(key, column) for key, column in self._columns()]
        for late in (False, True):
            for key, column in columns:
                if not column.slot.startswith("@when") and (None in column.values) == late:
                    self.expressions[key] = self._resolved(column)
        for key, column in columns:
            if column.slot.startswith("@when"):
                self.expressions[key] = self._condition(column)
        return self._rebuilt(self.instances[0])

    def _columns(self) -> Iterator[tuple[tuple[int, str], _Column]]:
        yield from self._walk(self.instances, "")

    def _walk(self, sequences: list[Sequence], branch: str) -> Iterator[tuple[tuple[int, str], _Column]]:
        for place in range(len(sequences[0])):
            items = [steps[place] for steps in sequences]
            model = items[0]
            last = not any("out" in one.slots for steps in sequences[:1] for one in steps[place + 1 :])
            for slot in model.slots:
                values = tuple(item.slots[slot] for item in items)
                name = _name(slot, model, branch, last, sequences[0], place)
                yield (id(model), slot), _Column(slot, model, values, name)
            for number in range(len(model.parts)):
                inner = branch or ("concat" if model.word == "concat" and len(model.parts) > 2 else "")
                yield from self._walk([item.parts[number].steps for item in items], inner)

    def _rebuilt(self, steps: Sequence, named: bool = False) -> Sequence:
        """The steps with their expressions; `named`: those of a region, whose names stay."""
        found = []
        for item in steps:
            slots = {slot: self.expressions[id(item), slot] for slot in item.slots}
            inner = item.word == REGION
            parts = tuple(part._replace(steps=self._rebuilt(part.steps, inner)) for part in item.parts)
            label = item.label if named else ""
            found.append(item.but(slots=slots, parts=parts, channels=None, nodes=(), out=None, label=label))
        return tuple(found)

    # --- values ---

    def _resolved(self, column: _Column) -> Any:
        """What stands in the block for a column; None entries are of steps that are not there."""
        values = [value for value in column.values if value is not None]
        if not values:
            return None
        first = written(values[0])
        own = (self.table and first == f"${UP}.size") or first.startswith(f"${LOCAL}")
        if all(written(value) == first for value in values) and (own or not is_expression(values[0])):
            if column.slot == "out" and isinstance(values[0], int):
                self.outs.append((str(values[0]), [values[0]] * self.count))
            return values[0]
        lists = column.slot == "shape" and all(isinstance(value, tuple) for value in column.values)
        if lists and len({len(value) for value in values}) == 1:
            members = zip(*column.values, strict=True)
            return tuple(self._resolved(column._replace(slot="size", name="size", values=one)) for one in members)
        found = self._of_parameters(column)
        if found is None and column.slot in SIZES and not self.table and all(isinstance(v, int) for v in values):
            found = self._worked_out(column)
        return found if found is not None else self._parameter(column.name, column.slot, list(column.values))

    def _of_parameters(self, column: _Column) -> Any:
        for name, known in self.parameters.items():
            if self._agree(column.values, known, _equal):
                return self._note(column, f"${name}", known)
        if column.slot == "out":
            expressions = ((text, known) for text, known in self.outs if "$" in text)
            return next((text for text, known in expressions if self._agree(column.values, known, _equal)), None)
        return None

    def _agree(self, values: tuple[Any, ...], known: list[Any], same: Callable[[Any, Any], bool]) -> bool:
        pairs = [(a, b) for a, b in zip(values, known, strict=True) if a is not None]
        return all(b is not None and same(a, b) for a, b in pairs) and len({written(a) for a, _ in pairs}) > 1

    def _note(self, column: _Column, expression: str, values: list[Any]) -> str:
        if column.slot == "out":
            self.outs.append((expression, values))
        return expression

    def _worked_out(self, column: _Column) -> Any:
        sources = [(f"${name}", known) for name, known in self.parameters.items() if _whole(known)]
        if self.channels is not None:
            sources.append((IN, list(self.channels)))
            if self._agree(column.values, list(self.channels), _equal):
                return self._note(column, IN, list(self.channels))
        for text, known in sources:
            for form, of in _forms(column.values, known):
                if self._agree(column.values, [None if n is None else of(n) for n in known], _equal):
                    return self._note(column, form.format(text), [None if n is None else of(n) for n in known])
        return self._ratio(column)

    def _ratio(self, column: _Column) -> Any:
        """A factor of the channels that come in, mostly the same."""
        if self.channels is None or column.slot != "out":
            return None
        pairs = [(a, b) for a, b in zip(column.values, self.channels, strict=True) if a is not None]
        if any(a % b for a, b in pairs):
            return None
        ratios = Counter(a // b for a, b in pairs)
        ratio, count = ratios.most_common(1)[0]
        if ratio < 2 or count < MOSTLY * len(pairs) or len(pairs) < 3:
            return None
        values = [a and a // b for a, b in zip(column.values, self.channels, strict=True)]
        if None not in values and len(ratios) == 1:
            return self._note(column, f"{IN} * {ratio}", list(column.values))
        factor = self._parameter("t", "t", values)
        return self._note(column, f"{factor} * {IN}", list(column.values))

    def _parameter(self, name: str, slot: str, values: list[Any]) -> str:
        name = self.names.get(name, name)
        free, number = name, 2
        while free in self.parameters:
            free, number = f"{name}{'_' * name[-1].isdigit()}{number}", number + 1
        self.parameters[free] = values
        self.slots[free] = slot
        if slot == "out" and _whole(values):
            self.outs.append((f"${free}", values))
        return f"${free}"

    # --- conditions ---

    def _condition(self, column: _Column) -> Any:
        present = list(column.values)
        if all(present):
            return True
        if not any(present):
            return False
        for text, truth, fill in self._conditions(present, own="out" in column.item.slots):
            if truth == present:
                for name, value in fill.items():
                    self.parameters[name] = value
                return text
        return self._parameter(column.name, "flag", present)

    def _conditions(self, present: list[bool], own: bool) -> Iterator[tuple[str, list[bool], dict[str, list[Any]]]]:
        """Expressions with their truth in each sequence and what they say of a parameter that is not known there.

        `own`: the step has channels of its own, which are those that come in where it is not there.
        """
        flags = [(n, v) for n, v in self.parameters.items() if all(isinstance(value, bool) for value in v)]
        for name, values in flags:
            yield f"${name}", values, {}
            yield f"not ${name}", [not value for value in values], {}
        whole = [(name, values) for name, values in self.parameters.items() if _whole(values)]
        widths = [name for name, values in whole if self.slots[name] == "out" and None in values]
        if self.channels is not None and own:
            yield from (self._differs(name, values) for name, values in whole if name in widths)
        for name, values in whole:
            none = 0 if name in widths else 1  # no channels, or as many as come in
            filled = [none if value is None else value for value in values]
            yield f"${name} > {none}", [value > none for value in filled], {name: filled}
            yield f"${name} == {none}", [value == none for value in filled], {name: filled}
        if self.channels is None:
            return
        ins = self.channels
        yield from (self._differs(name, values) for name, values in whole if name not in widths)
        outs = [(text, values) for text, values in self.outs if None not in values and text != IN]
        strides = [(n, v) for n, v in whole if self.slots[n] == "stride" and None not in v]
        for out, values in outs:
            differs = [a != b for a, b in zip(ins, values, strict=True)]
            yield f"{IN} != {out}", differs, {}
            yield f"{IN} == {out}", [not one for one in differs], {}
            for name, steps in strides:
                moved = [a > 1 or b for a, b in zip(steps, differs, strict=True)]
                yield f"${name} > 1 or {IN} != {out}", moved, {}
                yield f"${name} == 1 and {IN} == {out}", [not one for one in moved], {}

    def _differs(self, name: str, values: list[Any]) -> tuple[str, list[bool], dict[str, list[Any]]]:
        """Whether a number is another one than the channels that come in, which it is where it is not known."""
        ins = self.channels or []
        filled = [n if value is None else value for value, n in zip(values, ins, strict=True)]
        return f"${name} != {IN}", [a != b for a, b in zip(filled, ins, strict=True)], {name: filled}

    # --- the result ---

    def pattern(self, steps: Sequence) -> Pattern:
        """The block: parameters with a default after those without."""
        usual: dict[str, Any] = {}
        for name, values in self.parameters.items():
            known = [value for value in values if value is not None]
            common, count = Counter(map(written, known)).most_common(1)[0]
            value = next(value for value in known if written(value) == common)
            self.parameters[name] = [value if one is None else one for one in values]
            optional = 2 * count >= len(known) and not is_expression(value)
            number = isinstance(value, int) and not isinstance(value, bool)
            plain = self.slots[name].startswith(SETTINGS) if number else isinstance(value, str | bool)
            plain = plain and not isinstance(value, Raw)
            usual[name] = value if optional and plain and not self.table else None
            if 0 in known and self.slots[name] == "out" and not self.table:
                usual[name] = 0
        order = sorted(usual, key=lambda name: usual[name] is not None)
        calls = tuple({name: self.parameters[name][n] for name in order} for n in range(self.count))
        return Pattern({name: usual[name] for name in order}, steps, calls)


def _whole(values: list[Any]) -> bool:
    return all(value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in values)


def _equal(one: Any, other: Any) -> bool:
    return written(one) == written(other)


def _forms(values: tuple[Any, ...], known: list[Any]) -> Iterator[tuple[str, Callable[[int], int]]]:
    """What may be made of a number: a multiple or a part, as the first pair has it, or a rounded part."""
    value, base = next((a, b) for a, b in zip(values, known, strict=True) if a is not None)
    if not base or not value:
        return
    if value % base == 0:
        factor = value // base
        yield f"{{}} * {factor}", lambda n: n * factor
    if base % value == 0:
        parts = base // value
        yield f"{{}} // {parts}", lambda n: n // parts
    if len({written(a) for a in values}) > 2:
        for part in PARTS:
            yield f"divisible({{}} / {part})", partial(divisible, parts=part)


def divisible(value: int, parts: int, of: int = 8) -> int:
    """The language's `divisible(value / parts)`: the nearest multiple of 8 that is not less than 90 % of it."""
    exact = value / parts
    near = max(of, int(exact + of / 2) // of * of)
    return near + of if near < 0.9 * exact else near


def _name(slot: str, item: Item, branch: str, last: bool, steps: Sequence, place: int) -> str:
    """What a parameter for an argument is called."""
    if slot.startswith("@when"):
        return f"with_{item.word}" if slot == "@when" else "joined"
    if slot == "@repeat":
        return "n"
    if slot.startswith("@"):
        return slot.rpartition(".")[2].strip("@")
    if slot != "out":
        return slot
    if branch:
        size = _extent(item)
        if last and place and steps[0].word.endswith("pool"):
            return "pool_proj"
        following = next((one for one in steps[place + 1 :] if "out" in one.slots), item)
        return f"n{size}" if last else f"reduce{_extent(following)}"
    return "out" if last else "mid"


def _extent(item: Item) -> str:
    if item.word == "pointwise":
        return "1x1"
    kernel = item.slots.get("kernel")
    if isinstance(kernel, tuple):
        return "x".join(map(str, kernel))
    return f"{kernel}x{kernel}" if isinstance(kernel, int) else ""
