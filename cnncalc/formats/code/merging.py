"""The calls of a block as one class: its steps in a row, each with the calls that have it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from .base import PLAIN, Argument, Code
from .bodies import Body, Step
from .numbers import pattern
from .stages import Part, stages

Word = Callable[[Step], str]
"""The class that a step calls, "" for a layer."""


@dataclass
class Merged:
    """Calls that are one class."""

    bodies: list[Body] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    kinds: dict[int, int] = field(default_factory=dict)
    """The turn of each call -> that of the first which has the same steps and connections."""

    def add(self, alike: Sequence[Body], word: Word) -> bool:
        """Take in calls with the same steps, where they share half of the shorter one and a quarter of the longer."""
        steps, parts = alike[0].steps, list[Part]()
        keys = [likeness(step, word(step)) for step in steps]
        pairs = common([part.key for part in self.parts], keys)
        shorter, longer = sorted((len(keys), max([len(body.steps) for body in self.bodies], default=0)))
        if self.bodies and (2 * len(pairs) < shorter or 4 * len(pairs) < longer):
            return False
        first, at, until = len(self.bodies), 0, 0

        def own(place: int) -> dict[int, Step]:
            return {first + turn: body.steps[place] for turn, body in enumerate(alike)}

        for here, there in [*pairs, (len(self.parts), len(steps))]:
            parts += self.parts[at:here]
            parts += [Part(steps[place].attribute, keys[place], own(place)) for place in range(until, there)]
            parts += [one.also(own(there)) for one in self.parts[here : here + 1]]
            at, until = here + 1, there + 1
        kinds = self.kinds | dict.fromkeys(range(first, first + len(alike)), first)
        more = Merged([*self.bodies, *alike], parts, kinds)
        if self.bodies and stages(more) is None:
            return False
        self.bodies, self.parts, self.kinds = more.bodies, more.parts, more.kinds
        return True

    def name(self) -> None:
        """Give its steps one name in every call: that of the longest call for one without weights."""
        taken: dict[str, list[Part]] = defaultdict(list)
        for part in self.parts:
            if _named(part.step):
                taken[part.attribute].append(part)
        for part in self.parts:
            if not _named(part.step):
                longest = sorted(part.steps, key=lambda turn: -len(self.bodies[turn].steps))
                names = chain((part.steps[turn].attribute for turn in longest), _numbered(part.attribute))
                part.attribute = next(name for name in names if self._free(part, name, taken[name]))
                taken[part.attribute].append(part)
            for step in part.steps.values():
                step.attribute = part.attribute

    def _free(self, part: Part, name: str, taken: Sequence[Part]) -> bool:
        """Whether a step may have a name: no call has another one of it, and no sequence of modules."""
        return not taken or ("." not in name and not any(part.turns & one.turns for one in taken))


def common(ours: Sequence[Any], theirs: Sequence[Any]) -> list[tuple[int, int]]:
    """The places of the longest row that two rows have in common."""
    longest = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for here in reversed(range(len(ours))):
        for there in reversed(range(len(theirs))):
            same = ours[here] == theirs[there]
            below = longest[here + 1]
            longest[here][there] = 1 + below[there + 1] if same else max(below[there], longest[here][there + 1])
    pairs, here, there = [], 0, 0
    while here < len(ours) and there < len(theirs):
        if ours[here] == theirs[there]:
            pairs.append((here, there))
            here, there = here + 1, there + 1
        elif longest[here + 1][there] >= longest[here][there + 1]:
            here += 1
        else:
            there += 1
    return pairs


def merged(bodies: Sequence[Body], word: Word) -> list[Merged]:
    """The calls of a block as few classes."""
    _general(bodies, word)
    _even(bodies)
    found: list[Merged] = []
    for alike in sorted(_kinds(bodies, word).values(), key=lambda kind: -len(kind[0].steps)):
        for one in found:
            if one.add(alike, word):
                break
        else:
            found.append(Merged())
            found[-1].add(alike, word)
    for one in found:
        one.name()
    return found


def _kinds(bodies: Iterable[Body], word: Word) -> dict[Any, list[Body]]:
    """The calls that differ in the values of arguments alone."""
    found: dict[Any, list[Body]] = defaultdict(list)
    for body in bodies:
        local = {name: f"in{place}" for place, name in enumerate(body.inputs)}
        local |= {step.makes: f"step{place}" for place, step in enumerate(body.steps)}
        reads = [tuple(local[name] for name in step.reads) for step in body.steps]
        keys = [(step.attribute, _form(step, word(step))) for step in body.steps]
        found[len(body.inputs), local[body.output], tuple(zip(keys, reads, strict=True))].append(body)
    return found


def likeness(step: Step, word: str) -> tuple[Any, ...]:
    """Equal for steps that may be one: a layer without weights may have another number in its name."""
    name = step.attribute if _named(step) else re.sub(r"\d+$", "", step.attribute)
    return (name, _form(step, word), len(step.reads))


def _named(step: Step) -> bool:
    """Whether weights go by its name, or modules are numbered by it."""
    return step.node is None or bool(step.node.weights) or step.attribute.rpartition(".")[2].isdigit()


def _form(step: Step, word: str) -> tuple[Any, ...]:
    code = step.code
    arguments = tuple((name, argument.default) for name, argument in code.arguments.items())
    return (word or code.module, pattern(code.call), pattern(code.first), arguments, step.frozen)


def _numbered(name: str) -> Iterator[str]:
    return (f"{name}_{number}" for number in count(2))


def _general(bodies: Sequence[Body], word: Word) -> None:
    """Where calls have a layer in several forms, each has the one that all may have; activations have one name then."""
    places: dict[str, list[Step]] = defaultdict(list)
    stems: dict[str, list[Step]] = defaultdict(list)
    for body in bodies:
        for step in body.steps:
            places[step.attribute.replace(".", "_")].append(step)
        for stem, steps in _activations(body).items():
            stems[stem] += steps if len(steps) == 1 else []
    for stem, steps in stems.items():
        if len({step.node.kind for step in steps if step.node}) > 1 and _one_argument(steps):
            for step in steps:
                step.attribute = f"{stem}act"
    for steps in places.values():
        if len({_form(step, word(step))[:-1] for step in steps}) > 1:
            for step in steps:
                step.code = step.code.general or step.code


def _activations(body: Body) -> Mapping[str, list[Step]]:
    """The activations of a body that are called by their kind, by what stands before it: `expand_` of `expand_relu`."""
    found: dict[str, list[Step]] = defaultdict(list)
    for step in body.steps:
        node = step.node
        if node is None or node.weights or node.layer.family != "activation" or step.code.call != PLAIN:
            continue
        if match := re.fullmatch(rf"(.*[._]|){node.kind}\d*", step.attribute):
            found[match[1]].append(step)
    return found


def _one_argument(steps: Sequence[Step]) -> bool:
    """Give activations of several kinds a form in which one argument differs; whether they have one."""
    codes = [step.code.general or step.code for step in steps]
    if len({(code.module, *code.arguments) for code in codes}) > 1:
        codes = [step.code for step in steps]
        if any(not argument.left_out for code in codes for argument in code.arguments.values()):
            return False
        codes = [Code("{act}", {"act": Argument(Name(code.module))}) for code in codes]
    for step, code in zip(steps, codes, strict=True):
        step.code = code
    return True


class Name(str):
    """The name of a class as the value of an argument."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _even(bodies: Sequence[Body]) -> None:
    """A chain that is a sequence of modules in one call is so in all, or in none."""
    scopes = {path for body in bodies for path in body.sequences}
    for scope in sorted(scopes, key=lambda path: -len(path)):
        joined = [body for body in bodies if scope not in body.sequences and _joined(body, scope)]
        inside = [step for body in bodies for step in body.steps if step.attribute.startswith(f"{scope}.")]
        if all(map(_plain, inside)) and all(_alone(_joined(body, scope)) for body in joined):
            for body in joined:
                (step,) = _joined(body, scope)
                step.attribute = f"{scope}.{step.attribute[len(scope) + 1 :]}"
                body.sequences.add(scope)
            continue
        for body in bodies:
            body.sequences.discard(scope)
            body.sequences = {re.sub(rf"^{re.escape(scope)}\.", f"{scope}_", path) for path in body.sequences}
            taken = {step.attribute for step in body.steps}
            for step in body.steps:
                if step.attribute.startswith(f"{scope}."):
                    name = f"{scope}_{step.attribute[len(scope) + 1 :]}"
                    step.attribute = next(one for one in chain([name], _numbered(name)) if one not in taken)
                    taken.add(step.attribute)


def _joined(body: Body, scope: str) -> list[Step]:
    return [step for step in body.steps if step.attribute.startswith(f"{scope}_")]


def _alone(steps: Sequence[Step]) -> bool:
    return len(steps) == 1 and _plain(steps[0])


def _plain(step: Step) -> bool:
    """Whether it is one module that is called with one tensor."""
    layer = bool(step.code.module) and step.code.call == PLAIN and not step.code.first
    return (layer or step.body is not None) and len(step.reads) == 1
