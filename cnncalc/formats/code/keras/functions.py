"""A function of Keras as text: the layers that it makes, and what it computes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....graph import Graph
from ..base import Unwritable, spoken
from ..bodies import Step
from ..classes import Class, given, signature
from ..flow import Flow, Statement, flow_of, local
from ..network import Classes
from ..numbers import filled
from ..regions import Region, either, regions
from ..stages import kinds_of
from .base import last
from .helpers import HELPERS

WIDE = 120
"""Characters of a line."""


def function_text(known: Class, classes: Classes, graph: Graph, inputs: Sequence[str] | None) -> str:
    """Its lines; `inputs` are what those of the network itself are called, None for a block."""
    return _Function(known, classes, None if inputs is None else graph, inputs or ()).text()


def word_of(word: str) -> str:
    """The name of a function."""
    spelled = re.sub("[^0-9A-Za-z]+", "_", word).strip("_").lower() or "block"
    return f"net_{spelled}" if spelled[0].isdigit() or spoken(spelled) else spelled


class _Function:
    """The text of a class as a function; `graph` is that of the whole network, None for a block."""

    def __init__(self, known: Class, classes: Classes, graph: Graph | None, inputs: Sequence[str]) -> None:
        self.known, self.classes, self.graph, self.inputs = known, classes, graph, inputs
        self.objects: dict[str, tuple[str, Step]] = {}
        """Weights that several layers have -> the name of their object, and the first of them."""

    def text(self) -> str:
        """Its lines."""
        known = self.known
        heads = self.graph.heads if self.graph else {}
        taken = {*known.parameters, *known.products, *HELPERS, *(one.name for one in self.classes.known)}
        for part in known.parts:
            step = part.step
            if step.node and step.node.weights and self.graph and len(self.graph.sharing[step.node.weights_of]) > 1:
                name = local(f"{step.attribute}_layer", taken)
                if self.objects.setdefault(step.node.weights_of, (name, step))[1] is step:
                    taken.add(name)
        ends = [*heads.values()]
        flow = flow_of(kinds_of(known.merged), known.stages, known.merged.kinds, ends, self.graph is not None, taken)
        lines = [*self._derived(flow), *self._regions(flow, taken)]
        if self.graph is None:
            inside = ", ".join([*flow.inputs, *signature(known)])
            lines = [f"def {known.name}({inside}, *, name):", *lines, f"    return {', '.join(flow.returns)}"]
        else:
            outputs = flow.returns[0] if len(flow.returns) == 1 else f"[{', '.join(flow.returns)}]"
            model = f'keras.Model(inputs, {outputs}, name="{word_of(self.graph.name)}")'
            lines = [f"def {known.name}():", *self._inputs(flow.inputs), *lines, f"    return {model}"]
        return "\n".join(lines) + "\n"

    def _derived(self, flow: Flow) -> Iterator[str]:
        """The parameters that follow from what is read."""
        for name, one in self.known.parameters.items():
            if one.derived:
                yield f"    {name} = {flow.inputs[0]}.shape[-1]"
        yield from (f"    {name} = {text}" for name, text in self.known.products.items())

    def _regions(self, flow: Flow, taken: set[str]) -> Iterator[str]:
        """The statements, those with the same condition together."""
        every = self.known.turns
        lines = [(line, one.turns) for one in flow.statements for line in self._lines(one, taken)]
        for region in regions(lines, every):
            if region.turns == every:
                yield from (f"    {to} = {text}" for to, text in region.lines)
                continue
            yield from self._conditional(region)

    def _conditional(self, region: Region) -> Iterator[str]:
        condition = self.known.conditions[region.turns]
        short = either(region, condition, "")
        if short and len(short) + 4 <= WIDE:
            yield f"    {short}"
            return
        yield f"    if {condition}:"
        yield from (f"        {to} = {text}" for to, text in region.lines)
        if region.others:
            yield "    else:"
            yield from (f"        {to} = {text}" for to, text in region.others)

    def _inputs(self, names: Sequence[str]) -> list[str]:
        shapes = zip(self.inputs, self.graph.inputs.values() if self.graph else (), strict=True)
        made = [f'keras.Input({last(shape)}, name="{name}")' for name, shape in shapes]
        if len(made) == 1:
            return [f"    {names[0]} = inputs = {made[0]}"]
        return ["    inputs = [", *(f"        {one}," for one in made), "    ]", f"    {', '.join(names)} = inputs"]

    def _lines(self, statement: Statement, taken: set[str]) -> list[tuple[str, str]]:
        """What each line of a statement assigns to, and what."""
        to, reads = statement.to, statement.reads
        if statement.stage is None:
            return [(to, reads[0])]
        step, place = statement.step, statement.stage.place
        lines: list[tuple[str, str]] = []
        if step.code.first:
            (tensor, *_) = reads
            word = "padded" if "ad" in step.code.first.partition("(")[0] else "turned"
            padded = to if statement.alone and tensor == to else local(word, {*taken, to, *reads})
            lines.append((padded, self._filled(place, "@", step.code.first).replace("{0}", tensor)))
            reads = [padded, *reads[1:]]
        call = (
            "{m}(" + ", ".join(reads) + ", {rest})"
            if step.body is not None
            else self._filled(place, "#", step.code.call)
        )
        for at, tensor in enumerate(reads):
            call = call.replace(f"{{{at}}}", tensor)
        shared = self.objects.get(step.node.weights_of) if step.node and step.node.weights else None
        if shared is not None:
            name, owner = shared
            if owner is step:
                lines.append((name, self._made(place, step)))
            elif (owner.code.module, owner.code.arguments) != (step.code.module, step.code.arguments):
                raise Unwritable(f"`{step.makes}` has the weights of `{owner.makes}` and other arguments", "the same")
            call = call.replace("{m}", name)
        elif step.body is not None:
            call = call.replace("{m}(", f"{self.classes.of[id(step.body)][0].name}(")
            call = call.replace("{rest}", self._given(place, step))
        elif step.code.module:
            call = call.replace("{m}", self._made(place, step))
        return [*lines, (to, call)]

    def _filled(self, place: int, mark: str, text: str) -> str:
        """An expression with the parameters that are numbers in it."""
        return filled(text, lambda at: self.known.texts.get((place, f"{mark}{at}")))

    def _made(self, place: int, step: Step) -> str:
        return f"{step.code.module}({self._given(place, step)})"

    def _given(self, place: int, step: Step) -> str:
        arguments = step.code.arguments
        if step.body is not None:
            inner, turn = self.classes.of[id(step.body)]
            arguments = inner.arguments(turn)
        texts = {name: text for (at, name), text in self.known.texts.items() if at == place}
        name = f'"{step.attribute}"' if self.graph else f'f"{{name}}_{step.attribute}"'
        trained = ["trainable=False"] if step.frozen else []
        return ", ".join([*given(arguments, texts), *trained, f"name={name}"]).replace("'", '"')
