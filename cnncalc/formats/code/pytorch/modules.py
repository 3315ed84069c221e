"""A class of PyTorch as text: the modules that it makes, and its `forward`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from ....graph import Graph
from ....namedtuples import NamedTuple
from ..base import PLAIN
from ..bodies import Body
from ..classes import Class, flag, given, signature
from ..flow import Statement, flow_of, free
from ..nesting import MODULE
from ..network import Classes
from ..numbers import filled
from ..regions import Line, Region, either, regions
from ..stages import Part, kinds_of
from .helpers import HELPERS

LONG = 90
"""Characters of calls in one another."""

WIDE = 120
"""Characters of a line."""


def class_text(known: Class, classes: Classes, graph: Graph, whole: bool) -> str:
    """Its lines; `whole` for the network itself."""
    return _Text(known, classes, graph if whole else None).text()


class _Made(NamedTuple):
    """A module."""

    path: str
    text: str
    turns: frozenset[int]


class _Text:
    """A class as text; `graph` is that of the whole network, None for a block."""

    def __init__(self, known: Class, classes: Classes, graph: Graph | None) -> None:
        self.known, self.classes, self.graph = known, classes, graph
        self.sequences = {path for body in known.merged.bodies for path in body.sequences}
        self.lists = {path for body in known.merged.bodies for path in body.lists}
        self.attributes = {part.attribute.partition(".")[0] for part in known.parts}
        self.stored: dict[str, str] = {}
        """What `forward` asks: an attribute -> what it is."""

        self.optional: set[str] = set()
        """Modules that some calls have not, of which `forward` asks whether they are there."""

    def text(self) -> str:
        """Its lines."""
        known = self.known
        forward = self._forward()
        made = [f"        {name} = {text}" for name, text in known.products.items()]
        made += [f"        self.{name} = {text}" for name, text in self.stored.items()]
        made += self._modules()
        if self.graph is not None:
            made += [f"        {line}" for line in _shared(known.body, self.graph)]
        lines = [f"class {known.name}(nn.Module):"]
        if made or signature(known):
            head = f"    def __init__({', '.join(('self', *signature(known)))}):"
            lines += [head, "        super().__init__()", *made, ""]
        return "\n".join([*lines, *forward]) + "\n"

    # what it makes

    def _made(self) -> Iterator[_Made]:
        """The path of each module, and how it is made."""
        for place, part in enumerate(self.known.parts):
            step = part.step
            module, arguments = step.code.module, dict(step.code.arguments)
            if step.body is not None:
                inner, turn = self.classes.of[id(step.body)]
                module, arguments = inner.name, inner.arguments(turn)
            texts = {name: text for (at, name), text in self.known.texts.items() if at == place}
            if module == "{act}":
                module = texts.get("act", str(arguments["act"].value))
                arguments = {}
            if module:
                frozen = ".requires_grad_(False)" if step.frozen else ""
                yield _Made(part.attribute, f"{module}({', '.join(given(arguments, texts))}){frozen}", part.turns)

    def _modules(self) -> Iterator[str]:
        """The statements that make them, those with the same condition together."""
        lines: list[tuple[Line, frozenset[int]]] = []
        for name, made in _together(self._made(), 1):
            lines += [((path, text), turns) for turns, path, text in self._statements(name, made)]
        pad = " " * 8
        for region in regions(lines, self.known.turns):
            own = [f"{pad}self.{path} = {text}" for path, text in region.lines]
            if region.turns == self.known.turns:
                yield from own
                continue
            condition = self.known.conditions[region.turns]
            optional = [path for path, _ in (*region.lines, *region.others) if path in self.optional]
            short = f"{own[0]} if {condition} else None"
            if optional and len(own) == 1 and not region.others and "\n" not in short and len(short) <= WIDE:
                yield short
                continue
            yield from (f"{pad}self.{path} = None" for path in optional)
            yield f"{pad}if {condition}:"
            yield from (f"    {line}".replace("\n", "\n    ") for line in own)
            if region.others:
                yield f"{pad}else:"
                others = [f"{pad}self.{path} = {text}" for path, text in region.others]
                yield from (f"    {line}".replace("\n", "\n    ") for line in others)

    def _statements(self, name: str, made: list[_Made]) -> Iterator[tuple[frozenset[int], str, str]]:
        """A module, or a sequence of some; a step at a time where it has modules that some calls have not."""
        if len({one.turns for one in made}) == 1:
            yield made[0].turns, name, self._module(name, made, 8)
            return
        if made[0].path == name:
            yield from ((one.turns, name, one.text) for one in made)
            return
        yield self.known.turns, name, "nn.Sequential()"
        for below, inner in _together(made, name.count(".") + 2):
            yield from self._statements(below, inner)

    def _module(self, path: str, made: Sequence[_Made], indent: int) -> str:
        """The text of a module, or of all in it."""
        if made[0].path == path:
            return made[0].text
        at = len(path.split("."))
        parts = [
            (name, self._module(f"{path}.{name}", list(group), indent + 4))
            for name, group in groupby(made, lambda one: one.path.split(".")[at])
        ]
        pad = " " * (indent + 4)
        if not parts[0][0].isdigit():
            lines = [f"{pad}{name}={text}," for name, text in parts]
            return "\n".join(["nn.Sequential(OrderedDict(", *lines, f"{' ' * indent}))"])
        lines = []
        for text, group in groupby(text for _, text in parts):
            times = len(list(group))
            lines += [f"{pad}*({text} for _ in range({times})),"] if times > 2 else [f"{pad}{text},"] * times
        start, end = ("nn.ModuleList([", "])") if path in self.lists else ("nn.Sequential(", ")")
        return "\n".join([start, *lines, " " * indent + end])

    # what it computes

    def _forward(self) -> list[str]:
        known = self.known
        heads = self.graph.heads if self.graph else {}
        taken = {*HELPERS, *(one.name for one in self.classes.known)}
        flow = flow_of(
            kinds_of(known.merged), known.stages, known.merged.kinds, [*heads.values()], self.graph is not None, taken
        )
        lines = [f"    def forward({', '.join(('self', *flow.inputs))}):"]
        if heads:
            lines.append(f'        """The output, then {", ".join(heads)}."""')
        statements = [(text, one) for text, one in self._calls(flow.statements)]
        found = list(regions(statements, known.turns))
        last = found[-1] if found else None
        plain = last is not None and last.turns == known.turns
        if last is not None and plain and flow.returns == (last.lines[-1][0],):
            end = f"        return {last.lines[-1][1]}"
            found[-1] = last._replace(lines=last.lines[:-1])
        else:
            end = f"        return {', '.join(flow.returns)}"
        return [*lines, *self._regions(found), end]

    def _regions(self, found: Sequence[Region]) -> Iterator[str]:
        pad = " " * 8
        for one in found:
            if one.turns == self.known.turns:
                yield from (f"{pad}{to} = {text}" for to, text in one.lines)
                continue
            condition, opposite = self._asked(one.turns)
            short = either(one, condition, opposite)
            if short and len(pad + short) <= WIDE:
                yield pad + short
                continue
            yield f"{pad}if {condition}:"
            yield from (f"{pad}    {to} = {text}" for to, text in one.lines)
            if one.others:
                yield f"{pad}else:"
                yield from (f"{pad}    {to} = {text}" for to, text in one.others)

    def _calls(self, statements: Sequence[Statement]) -> list[tuple[tuple[str, str], frozenset[int]]]:
        """Each statement as the name that it gives and what that is; the norm of a layer is around it."""
        found: list[tuple[tuple[str, str], frozenset[int]]] = []
        before: Statement | None = None
        text = ""
        for statement in statements:
            if statement.stage is None:
                text = statement.reads[0]
            elif _goes_on(before, statement) and len(text) + len(statement.stage.attribute) < LONG:
                found.pop()
                text = self._call(statement, [text])
            else:
                text = self._call(statement, statement.reads)
            found.append(((statement.to, text), statement.turns))
            before = statement
        return found

    def _call(self, statement: Statement, reads: Sequence[str]) -> str:
        step = statement.step
        place = statement.stage.place if statement.stage else 0
        text = "{m}(" + ", ".join(reads) + ")" if step.body is not None else self._filled(place, step.code.call)
        text = text.replace("{m}", expression(f"self.{step.attribute}"))
        for at, name in enumerate(reads):
            text = text.replace(f"{{{at}}}", name)
        return text

    def _filled(self, place: int, call: str) -> str:
        """An expression with the parameters that are numbers in it, which the module keeps."""

        def word(at: int) -> str | None:
            text = self.known.texts.get((place, f"#{at}"))
            return None if text is None else re.sub(r"[^\W\d]\w*", lambda found: f"self.{self._kept(found[0])}", text)

        return filled(call, word)

    def _kept(self, word: str) -> str:
        taken = {*self.attributes, *MODULE}
        name = word if word not in taken else free(f"{word}_", taken)
        self.stored[name] = word
        return name

    def _asked(self, turns: frozenset[int]) -> tuple[str, str]:
        """How `forward` asks whether a call is one of these, and whether it is not."""
        names = [part.attribute for part in self.known.parts]
        for part in self.known.parts:
            top = part.attribute.partition(".")[0]
            inside = [other for other in self.known.parts if other.attribute.partition(".")[0] == top]
            whole = all(other.turns == turns for other in inside) and names.count(part.attribute) == 1
            if (
                whole
                and (part.step.code.module or part.step.body)
                and all("." in one.attribute or one is part for one in inside)
            ):
                self.optional.add(top)
                return f"self.{top} is not None", f"self.{top} is None"
        text = self.known.conditions[turns]
        name = next((name for name, stored in self.stored.items() if stored == text), "")
        if not name:
            own = [part for part in self.known.parts if part.turns == turns] or self.known.parts
            word = text if text.isidentifier() else flag(own, self.known.merged.bodies)
            others = self.attributes - {word if not _module_named(self.known.parts, word) else ""}
            name = free(word, {*others, *self.stored, *MODULE})
            self.stored[name] = text
        return f"self.{name}", f"not self.{name}"


def _together(made: Iterable[_Made], depth: int) -> Iterator[tuple[str, list[_Made]]]:
    """The modules of a scope together, by the first parts of their paths."""
    found: dict[str, list[_Made]] = {}
    for one in made:
        found.setdefault(".".join(one.path.split(".")[:depth]), []).append(one)
    yield from found.items()


def _module_named(parts: Sequence[Part], word: str) -> bool:
    return any(part.attribute.partition(".")[0] == word and (part.step.code.module or part.step.body) for part in parts)


def _goes_on(before: Statement | None, statement: Statement) -> bool:
    """Whether this is the norm or activation of the layer before it, which nothing else reads."""
    if before is None or before.stage is None or not statement.alone or before.turns != statement.turns:
        return False
    if list(statement.reads) != [before.to]:
        return False
    layer = before.step.attribute.partition("_batchnorm")[0]
    return statement.step.attribute.startswith(f"{layer}_") and statement.step.code.call == PLAIN


def expression(path: str) -> str:
    """A path as it is written: the members of a list by their numbers."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)


def paths(body: Body, before: str = "") -> dict[str, str]:
    """Node -> the path of its module."""
    found: dict[str, str] = {}
    for step in body.steps:
        path = f"{before}{step.attribute}"
        found |= paths(step.body, f"{path}.") if step.body else {step.makes: path}
    return found


def _shared(body: Body, graph: Graph) -> list[str]:
    """What has the weights of another takes them."""
    places, lines = {node: expression(f"self.{path}") for node, path in paths(body).items()}, []
    for nodes in graph.sharing.values():
        for node in nodes[1:]:
            owned = {*nodes[0].weights, *nodes[0].buffers}
            for name in [name for name in (*node.weights, *node.buffers) if name in owned]:
                word = f"{name.replace('_reverse', '')}_l0" if node.layer.family == "recurrent" else name
                word += "_reverse" if node.layer.family == "recurrent" and name.endswith("_reverse") else ""
                lines.append(f"{places[node.name]}.{word} = {places[nodes[0].name]}.{word}")
    return lines
