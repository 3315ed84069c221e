"""The statements of a class: what each step assigns to, and the names of the tensors that it reads, in every call."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ...namedtuples import NamedTuple
from .base import spoken
from .bodies import Body, Step
from .stages import Stage


class Statement(NamedTuple):
    """One step: `to = ...`, or a tensor under another name."""

    to: str
    stage: Stage | None
    reads: Sequence[str]
    alone: bool
    """Whether its first tensor is read no more."""

    turns: frozenset[int]

    @property
    def step(self) -> Step:
        """The step in the first call that has it."""
        assert self.stage is not None  # noqa: S101 - for the type checker
        return next(iter(self.stage.steps.values()))


class Flow(NamedTuple):
    """The statements of a class."""

    inputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    returns: tuple[str, ...]


def flow_of(
    bodies: Mapping[int, Body],
    stages: Sequence[Stage],
    kinds: Mapping[int, int],
    ends: Sequence[str],
    whole: bool,
    taken: Collection[str] = (),
) -> Flow:
    """A tensor is `x` as long as nothing reads the `x` before it later; no other has a name that is taken.

    `bodies`: one call of each kind, `kinds` the kind of each. `whole`: its inputs have names of their own.
    """
    first = next(iter(bodies.values()))
    several = len(first.inputs) > 1
    inputs: list[str] = []
    for place, name in enumerate(first.inputs):
        inputs.append(local(name if whole else f"x{place + 1}", {*taken, *inputs}) if several else "x")
    calls = {turn: _Call(body, dict(zip(body.inputs, inputs, strict=True)), ends) for turn, body in bodies.items()}
    naming = _Naming(calls, stages, kinds, taken)
    statements = list(naming.statements())
    *copies, returns = naming.returned()
    return Flow(tuple(inputs), (*statements, *copies), tuple(returns.reads))


class _Call:
    """A call while it is named: which names its tensors have."""

    def __init__(self, body: Body, names: dict[str, str], ends: Sequence[str]) -> None:
        self.body, self.names = body, names
        self.ends = [body.output, *ends]
        self.places = {step.makes: place for place, step in enumerate(body.steps)}
        self.last = {name: place for place, step in enumerate(body.steps) for name in step.reads}
        self.last |= dict.fromkeys(self.ends, len(body.steps))
        self.copies: dict[tuple[int, int], str] = {}
        """A stage and which of its tensors -> the name that it reads it by."""

    def read(self, at: int, step: Step | None) -> list[str]:
        """The names of what a stage reads."""
        tensors = step.reads if step is not None else self.ends
        return [self.copies.get((at, place), self.names[name]) for place, name in enumerate(tensors)]

    def past(self, at: int, step: Step) -> None:
        """Forget what is not read after it."""
        place = self.places[step.makes]
        self.names = {name: word for name, word in self.names.items() if self.last.get(name, -1) > place}
        self.copies = {key: word for key, word in self.copies.items() if key[0] > at}

    @property
    def live(self) -> set[str]:
        """The names that may not be given again."""
        return {*self.names.values(), *self.copies.values()}

    def waits(self, step: Step) -> bool:
        """Whether the path goes on before what a step makes is read for the last time."""
        end = self.last.get(step.makes, -1)
        return any(not other.branch for other in self.body.steps[self.places[step.makes] + 1 : end])


class _Naming:
    def __init__(
        self, calls: Mapping[int, _Call], stages: Sequence[Stage], kinds: Mapping[int, int], taken: Collection[str]
    ) -> None:
        self.calls, self.stages, self.kinds, self.taken = calls, stages, kinds, set(taken)
        self.meets = list(self._meets())
        """The tensors that meet: a stage, which of its tensors, and what it is in each call."""

    def _meets(self) -> Iterator[tuple[int, int, dict[int, str]]]:
        """Where a stage reads what one stage makes in a call, and another in another."""
        maker = {
            turn: {name: -1 - place for place, name in enumerate(call.body.inputs)} for turn, call in self.calls.items()
        }
        for at, stage in enumerate(self.stages):
            for turn, step in stage.steps.items():
                maker[turn][step.makes] = at
        reads = [{turn: step.reads for turn, step in stage.steps.items()} for stage in self.stages]
        reads.append({turn: tuple(call.ends) for turn, call in self.calls.items()})
        for at, by_turn in enumerate(reads):
            for place in range(len(next(iter(by_turn.values())))):
                tensors = {turn: names[place] for turn, names in by_turn.items()}
                if len({maker[turn][name] for turn, name in tensors.items()}) > 1:
                    yield at, place, tensors

    def statements(self) -> Iterator[Statement]:
        """A branch goes by its name, what is read again much later by that of its layer, and the rest is `x`."""
        for at, stage in enumerate(self.stages):
            calls = {turn: self.calls[turn] for turn in stage.steps}
            yield from self._met(at, {turn: call.read(at, stage.steps[turn]) for turn, call in calls.items()})
            reads = next(iter(calls.values())).read(at, next(iter(stage.steps.values())))
            for turn, call in calls.items():
                call.past(at, stage.steps[turn])
            alone = all(reads[0] not in call.live for call in calls.values())
            to = self._to(at, stage, calls, reads, alone)
            for turn, call in calls.items():
                call.names[stage.steps[turn].makes] = to
            yield Statement(to, stage, reads, alone, stage.turns)
            yield from self._else(at, stage, to)

    def returned(self) -> Iterator[Statement]:
        """What is returned, after what gives that one name in every call."""
        end = len(self.stages)
        yield from self._met(end, {turn: call.read(end, None) for turn, call in self.calls.items()})
        reads = next(iter(self.calls.values())).read(end, None)
        yield Statement("", None, reads, False, frozenset(self.kinds))

    def _to(self, at: int, stage: Stage, calls: Mapping[int, _Call], reads: Sequence[str], alone: bool) -> str:
        """The name of what a stage makes."""
        step = next(iter(stage.steps.values()))
        live = {*self.taken, *(name for call in calls.values() for name in call.live)}
        for word in self._partners(at, stage):
            if word not in live:
                return word
        if (
            alone
            and step.branch
            and re.fullmatch(rf"{re.escape(_word(step.branch))}\d*", reads[0])
            and reads[0] not in live
        ):
            return reads[0]
        waits = any(call.waits(stage.steps[turn]) for turn, call in calls.items())
        return local(step.branch or stage.attribute, live) if step.branch or "x" in live or waits else "x"

    def _partners(self, at: int, stage: Stage) -> Iterator[str]:
        """The names of what other calls have in place of what it makes; not of what enters a branch of its own."""
        for _, _, tensors in self.meets:
            if not any(stage.steps[turn].makes == name for turn, name in tensors.items() if turn in stage.steps):
                continue
            for turn, name in tensors.items():
                call = self.calls[turn]
                if turn not in stage.steps or stage.steps[turn].makes != name:
                    entered = name in call.body.inputs and next(iter(stage.steps.values())).branch
                    if name in call.names and not entered:
                        yield call.names[name]

    def _else(self, at: int, stage: Stage, to: str) -> Iterator[Statement]:
        """Calls that read another tensor in place of what a stage makes have it under the same name from here."""
        for meet, place, tensors in self.meets:
            if not any(stage.steps[turn].makes == name for turn, name in tensors.items() if turn in stage.steps):
                continue
            others: dict[str, set[int]] = {}
            for turn, name in tensors.items():
                call = self.calls[turn]
                fresh = name in call.names and call.names[name] != to and to not in call.live
                if turn not in stage.steps and fresh and (meet, place) not in call.copies:
                    others.setdefault(call.names[name], set()).add(turn)
            for word, turns in others.items():
                for turn in turns:
                    self.calls[turn].copies[meet, place] = to
                yield self._statement(to, word, turns)

    def _met(self, at: int, reads: Mapping[int, Sequence[str]]) -> Iterator[Statement]:
        """One name for what is read under several."""
        for place in range(len(next(iter(reads.values())))):
            names = {turn: words[place] for turn, words in reads.items()}
            if len(set(names.values())) == 1:
                continue
            live = {name for turn in names for name in self.calls[turn].live}
            to = local("x", {*self.taken, *live})
            for word in dict.fromkeys(names.values()):
                turns = {turn for turn, name in names.items() if name == word}
                for turn in turns:
                    self.calls[turn].copies[at, place] = to
                yield self._statement(to, word, turns)

    def _statement(self, to: str, word: str, turns: Collection[int]) -> Statement:
        kinds = frozenset(turns)
        return Statement(
            to, None, (word,), False, frozenset(turn for turn, kind in self.kinds.items() if kind in kinds)
        )


def _word(name: str) -> str:
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_") or "tensor"
    word = f"t{word}" if word[0].isdigit() else word
    return f"{word}_" if spoken(word) else word


def local(name: str, taken: Collection[str]) -> str:
    """A name of Python for a tensor."""
    return free(_word(name), taken)


def free(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    stem = f"{name}_" if name[-1].isdigit() else name
    found, number = name, 2
    while found in taken:
        found, number = f"{stem}{number}", number + 1
    return found
