"""The statements of a body: what each step assigns to, and the names of the tensors that it reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from ...namedtuples import NamedTuple
from .bodies import Body, Step
from .classes import free

RESERVED = ("self", "torch", "nn", "F", "in", "from", "re", "keras", "layers", "ops", "numpy", "name", "inputs")


class Statement(NamedTuple):
    """One step: `to = ...`."""

    to: str
    step: Step
    reads: Sequence[str]
    alone: bool
    """Whether its first tensor is read no more."""


class Flow(NamedTuple):
    """A body as statements."""

    inputs: tuple[str, ...]
    statements: tuple[Statement, ...]
    returns: tuple[str, ...]


def flow_of(body: Body, ends: Sequence[str], whole: bool, taken: Collection[str] = ()) -> Flow:
    """A tensor is `x` as long as nothing reads the `x` before it later; no other has a name that is taken.

    `whole`: its inputs have names of their own.
    """
    last = {name: place for place, step in enumerate(body.steps) for name in step.reads}
    last |= dict.fromkeys(ends, len(body.steps))
    several = len(body.inputs) > 1
    names: dict[str, str] = {}
    for place, name in enumerate(body.inputs):
        names[name] = local(name if whole else f"x{place + 1}", {*taken, *names.values()}) if several else "x"
    inputs = tuple(names.values())
    return Flow(inputs, tuple(_statements(body, names, last, taken)), tuple(names[name] for name in ends))


def _statements(body: Body, names: dict[str, str], last: dict[str, int], taken: Collection[str]) -> Iterator[Statement]:
    """A branch goes by its name, what is read again much later by that of its layer, and the rest is `x` where free."""
    for place, step in enumerate(body.steps):
        reads = [names[name] for name in step.reads]
        for name in [name for name in names if last.get(name, -1) <= place]:
            del names[name]
        live = {*taken, *names.values()}
        alone = step.reads[0] not in names
        if alone and step.branch and re.fullmatch(rf"{re.escape(_word(step.branch))}\d*", reads[0]):
            to = reads[0]
        elif step.branch or "x" in live or _waits(body, place, last.get(step.makes, -1)):
            to = local(step.branch or step.attribute, live)
        else:
            to = "x"
        names[step.makes] = to
        yield Statement(to, step, reads, alone)


def _waits(body: Body, place: int, end: int) -> bool:
    """Whether the path goes on before a tensor is read for the last time."""
    return any(not step.branch for step in body.steps[place + 1 : end])


def _word(name: str) -> str:
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_") or "tensor"
    return f"t{word}" if word[0].isdigit() or word in RESERVED else word


def local(name: str, taken: Collection[str]) -> str:
    """A name of Python for a tensor."""
    return free(_word(name), taken)
