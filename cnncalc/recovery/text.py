"""Items -> lines of a spec, in the one layout: what fits stands on a line, what does not has a line a step."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..language.wording import is_step, text_of
from ..language.words import SUGAR
from ..layers import KINDS
from .items import JOIN_OF_ONE, REGION, Item, Part, Raw, Sequence, is_expression, settled

WIDTH = 118
FEW = 5
"""Steps that stand on one line at most."""

LINE = 30
"""What a line costs, in characters: fewer lines are read faster."""

LISTED = 3
"""Arguments of a block, none of which has a default, from which they stand in a list."""

Defaults = Mapping[str, Mapping[str, Any]]


def value_text(value: Any) -> str:
    """A value in a line of YAML; an expression is quoted where a sign of YAML stands in it."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if is_expression(value):
        return f'"{value}"' if any(sign in value for sign in ",[]{}:#") else value
    return text_of(value)


def signature(name: str, parameters: Mapping[str, Any]) -> str:
    """`name(a, b=1)`; a parameter without a default has None."""
    if not parameters:
        return name
    listed = ", ".join(p if default is None else f"{p}={value_text(default)}" for p, default in parameters.items())
    return f"{name}({listed})"


class Writer:
    """Lines of items; `defaults` are those of the spec, `blocks` the parameters of its blocks with their defaults."""

    def __init__(self, defaults: Defaults, blocks: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.defaults = defaults
        self.blocks = blocks or {}
        self._lines: dict[tuple[int, int], tuple[Item, list[str]]] = {}
        """The lines of an item at an indent; the item is kept, so that no other has its number."""

    def cost(self, steps: Iterable[Item], indent: int = 2) -> int:
        """What the lines of a sequence cost."""
        return sum(LINE + len(line) for item in settled(tuple(steps)) for line in self.lines(item, indent))

    def lines(self, item: Item, indent: int = 2) -> list[str]:
        """The lines of a step."""
        key = id(item), indent
        if key not in self._lines:
            self._lines[key] = item, self._laid(item, indent)
        return self._lines[key][1]

    def _laid(self, item: Item, indent: int) -> list[str]:
        pad = " " * indent
        if self._plain(item):
            whole = f"{pad}- {self.flow(item)}"
            if len(whole) <= WIDTH or not any(part.steps for part in item.parts):
                return wrapped(whole, indent + 4)
        if item.word == REGION:
            return self._each(item.parts[0].steps, indent)
        if item.word in ("do", "for"):
            return self._group(item, pad)
        modifiers = self._modifiers(item)
        if self._says_its_name(item):
            lines = [f"{pad}- head:", *self._in_part(item.parts[0], indent + 4)]
        elif item.word != "head" and self._names_branches(item):
            head = [f"{pad}- {item.word}:"]
            head += [f"{pad}    {key}: {text}" for key, text in self._arguments(item).items()]
            head += [f"{pad}    branches:"]
            lines = [*head, *self._branches(item, indent + 6)]
        else:
            lines = [f"{pad}- {item.word}:", *self._branches(item, indent + 4)]
        return lines + [f"{pad}  {key}: {text}" for key, text in modifiers.items()]

    def _group(self, item: Item, pad: str) -> list[str]:
        (part,) = item.parts
        modifiers = self._modifiers(item)
        if item.word == "for":
            names, rows = item.slots["@names"], item.slots["@rows"]
            lines = [f"{pad}- for: {value_text(names)}"]
            inline = f"{pad}  in: {value_text(rows)}"
            each = [line for row in rows for line in wrapped(f"{pad}    - {value_text(row)}", len(pad) + 8)]
            lines += [inline] if len(inline) <= WIDTH - 20 else [f"{pad}  in:", *each]
            lines += self.body(f"{pad}  do:", part.steps, len(pad) + 4)
        else:
            lines = [f"{pad}- do:", *self._each(part.steps, len(pad) + 4)]
        return lines + [f"{pad}  {key}: {text}" for key, text in modifiers.items()]

    def body(self, head: str, steps: Sequence, indent: int) -> list[str]:
        """The steps of a block, a loop or a branch: on the line of its head, where they are few and plain."""
        steps = settled(steps)
        if sum(item.size for item in steps) <= FEW and not any(_joins(item) for item in steps):
            flow = f"{head} [{', '.join(map(self._member, steps))}]"
            if len(flow) <= WIDTH:
                return [flow]
        return [head, *self._each(steps, indent)]

    def _each(self, steps: Sequence, indent: int) -> list[str]:
        return [line for item in steps for line in self.lines(item, indent)]

    def _plain(self, item: Item) -> bool:
        """Whether a step may stand on one line, where that is not too long."""
        if not item.parts:
            return True
        if item.word == "for" or any(inner.parts for part in item.parts for inner in part.steps):
            return False
        return sum(len(part.steps) for part in item.parts) <= 3

    def _branches(self, item: Item, indent: int) -> Iterator[str]:
        pad = " " * indent
        for place, (name, part) in enumerate(zip(branch_names(item), item.parts, strict=True)):
            at, when = indent + 2, item.slots.get(f"@when{place}")
            if len(part.steps) <= FEW and not any(inner.parts for inner in part.steps):
                flow = f"{pad}{name}: {self._part(part, when)}"
                if not part.steps or len(flow) <= WIDTH:
                    yield flow
                    continue
            yield f"{pad}{name}:"
            yield from self._in_part(part, at, when)

    def _in_part(self, part: Part, indent: int, when: Any = None) -> Iterator[str]:
        """The lines below the name of a branch."""
        pad = " " * indent
        if part.start or when is not None:
            if part.start:
                yield f"{pad}from: {value_text(part.start)}"
            if when is not None:
                yield f"{pad}when: {value_text(when)}"
            yield f"{pad}do:"
            indent += 2
        yield from self._each(part.steps, indent)

    def _part(self, part: Part, when: Any = None) -> str:
        steps = "[" + ", ".join(self._member(item) for item in part.steps) + "]"
        if when is not None:
            start = value_text(part.start or JOIN_OF_ONE)
            do = f"do: {steps}, " if part.steps else ""
            return f"{{from: {start}, {do}when: {value_text(when)}}}"
        if not part.steps:
            return value_text(part.start or JOIN_OF_ONE)
        return f"{{from: {value_text(part.start)}, do: {steps}}}" if part.start else steps

    def _member(self, item: Item) -> str:
        flow = self.flow(item)
        return flow if flow.startswith("{") or ":" not in flow else f"{{{flow}}}"

    def flow(self, item: Item) -> str:
        """The step on one line; with braces where it has modifiers."""
        if item.word == "do":
            operation = f"do: {self._part(item.parts[0]) if item.parts[0].steps else '[]'}"
        elif self._says_its_name(item):
            operation = f"head: {self._part(item.parts[0])}"
        elif item.parts:
            names = branch_names(item)
            whens = [item.slots.get(f"@when{place}") for place in range(len(item.parts))]
            inner = ", ".join(f"{n}: {self._part(p, w)}" for n, p, w in zip(names, item.parts, whens, strict=True))
            listed = f"{{{inner}}}"
            if all(not part.steps for part in item.parts) and set(whens) == {None} and item.word != "head":
                listed = "[" + ", ".join(map(self._part, item.parts)) + "]"
            arguments = self._arguments(item) if item.word != "head" else {}
            if arguments:
                listed = "{" + ", ".join(f"{k}: {v}" for k, v in {**arguments, "branches": listed}.items()) + "}"
            operation = f"{item.word}: {listed}"
        else:
            operation = self._operation(item)
        modifiers = self._modifiers(item)
        if not modifiers:
            return operation
        return "{" + ", ".join([operation, *(f"{key}: {text}" for key, text in modifiers.items())]) + "}"

    def _operation(self, item: Item) -> str:
        values = self._arguments(item)
        if not values:
            return item.word
        kind = KINDS.get(item.word) if item.word not in self.blocks else None
        if kind is None:
            names = list(self.blocks[item.word])
            if [*values] == names[:1] or ([*values] == names and len(names) < 2):
                (text,) = values.values()
                return f"{item.word}: {_mapping(values) if text.startswith('[') else text}"
            needed = [name for name in names if self.blocks[item.word][name] is None]
            if len(values) >= LISTED and [*values] == needed:
                return f"{item.word}: [{', '.join(values.values())}]"
            return f"{item.word}: {_mapping(values)}"
        alone = kind.main is not None and [*values] == [kind.main]
        return f"{item.word}: {values[kind.main or '']}" if alone else f"{item.word}: {_mapping(values)}"

    def _says_its_name(self, item: Item) -> bool:
        """Whether it is a head whose name would be read as a step: `{head: [...], as: relu}`."""
        return item.word == "head" and is_step(item.parts[0].name, self.blocks)

    def _names_branches(self, item: Item) -> bool:
        return bool(self._arguments(item))

    def _arguments(self, item: Item) -> dict[str, str]:
        """The arguments that must be written."""
        if item.word in self.blocks:
            usual = self.blocks[item.word]
            given = {name: item.slots[name] for name in usual if name in item.slots}
            return {n: value_text(v) for n, v in given.items() if v is not None and not alike(v, usual[n])}
        kind = KINDS.get(item.word)
        if kind is None:
            return {}
        written = {}
        for name, value in item.slots.items():
            if name.startswith("@") or value is None:
                continue
            if not alike(value, self.usual(item, name)):
                written[name] = value_text(value)
        return written

    def usual(self, item: Item, name: str) -> Any:
        """What an argument is where it is not written."""
        word, kind = item.word, KINDS[item.word]
        for source in (word, kind.inherits or ""):
            common = self.defaults.get(source, {})
            if name in common and (source == word or name not in kind.not_inherited):
                return common[name]
        if name in SUGAR and kind.sugar:
            return "none"
        field = kind.fields[name]
        if field.default is None and name == "stride":
            return item.slots.get("kernel")
        return None if field.required else field.default

    def _modifiers(self, item: Item) -> dict[str, str]:
        """`repeat`, `when`, `as` ... in their order."""
        found = {}
        slots = item.slots
        for key in ("@from", "@when", "@repeat"):  # a branch's own `when` stands in the branch
            if key in slots and slots[key] is not None:
                found[key[1:]] = text_of(slots[key]) if key == "@from" else value_text(slots[key])
        for turn in ("first", "last"):
            changed = {n.split(".", 1)[1]: value_text(v) for n, v in slots.items() if n.startswith(f"@{turn}.")}
            if changed:
                found[turn] = _mapping(changed)
        label = item.parts[0].name if self._says_its_name(item) else item.label
        if label:
            found["as"] = value_text(label)
        if "@share" in slots:
            found["share"] = text_of(slots["@share"])
        return found | {key[1:]: "true" for key in ("@frozen", "@train_only") if key in slots}


MEMBER = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",]|,(?! ))*(?:, |$)')
"""What stands between the commas of a line."""


def wrapped(line: str, indent: int) -> list[str]:
    """The line, broken after commas where it is too long; what goes on is indented."""
    if len(line) <= WIDTH:
        return [line]
    lines = [""]
    for member in MEMBER.findall(line):
        if len(lines[-1]) + len(member.rstrip()) > WIDTH and lines[-1].strip():
            lines.append(" " * indent)
        lines[-1] += member
    return [one.rstrip() for one in lines]


def _joins(item: Item) -> bool:
    return any(inner.parts and inner.word != "do" for inner in item.operations)


def _mapping(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def alike(value: Any, usual: Any) -> bool:
    """Whether they are the same value, `true` not being 1."""
    return type(value) is type(usual) and bool(value == usual) if not isinstance(value, str) else value == usual


def branch_names(item: Item) -> list[str]:
    """A name for each branch, after what it does."""
    if item.word == "head":
        return [text_of(part.name) for part in item.parts]
    wanted = [_branch_name(item, part, place) for place, part in enumerate(item.parts)]
    count, seen, names = Counter(wanted), Counter[str](), []
    for name in wanted:
        seen[name] += 1
        names.append(name if count[name] == 1 else f"{name}_{seen[name]}")
    return names


def _branch_name(item: Item, part: Part, place: int) -> str:
    words = [inner.word for inner in part.steps]
    if item.word == "add" and len(item.parts) == 2:
        return ("main", "shortcut")[place]
    if item.word == "mul" and len(item.parts) == 2:
        return "gate" if {"globalavgpool", "mean"} & {*words} or not item.parts[1 - place].steps else "map"
    if not words:
        return "kept"
    if item.word == "concat" and words[0].endswith("pool"):
        return "pool"
    if item.word == "concat" and any(not other.steps for other in item.parts) and len(item.parts) == 2:
        return "new"
    kernel = max((_kernel(inner) for inner in part.steps), default=(0,))
    return "b" + "x".join(map(str, kernel)) if any(kernel) else f"branch{place + 1}"


def _kernel(item: Item) -> tuple[int, ...]:
    kernel = item.slots.get("kernel")
    if item.word == "pointwise":
        return (1, 1)
    if item.word not in ("conv", "depthwise") or is_expression(kernel) or kernel is None:
        return (0,)
    return kernel if isinstance(kernel, tuple) else (kernel, kernel)
