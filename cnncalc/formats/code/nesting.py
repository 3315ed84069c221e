"""The scopes of a body as modules in modules: a chain is a sequence, numbered modules a list, others join their names.

`layer1[0]/main/conv1` is `layer1.0.main.conv1` where `main` is a chain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from keyword import iskeyword

from ...graph import Graph
from .base import PLAIN
from .bodies import Body, Step

MODULE = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval
    extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules
    mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule
    share_memory state_dict to to_empty train training type xpu zero_grad
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""What a module has."""

CONTAINER = frozenset("append extend insert pop keys values items clear update add_module".split())  # noqa: SIM905


@dataclass
class _Unit:
    """Steps that stand together, each with its path from here."""

    steps: list[tuple[Step, str]]
    reads: tuple[str, ...]
    makes: str
    alone: bool
    """Whether it is one module that is called with one tensor."""

    sequences: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The first part of its paths."""
        return self.steps[0][1].partition(".")[0]

    def below(self, start: str) -> _Unit:
        """The same with longer paths."""
        return _Unit(
            [(step, start + path) for step, path in self.steps],
            self.reads,
            self.makes,
            self.alone,
            {start + path for path in self.sequences},
            {start + path for path in self.lists},
        )


def nest(body: Body, graph: Graph) -> None:
    """Give the steps of a body, and of those in it, paths with dots, and the body its sequences and lists."""
    for step in body.steps:
        if step.body is not None:
            nest(step.body, graph)
    taken = set(MODULE)
    body.sequences, body.lists = set(), set()
    for nested in _Nesting(body, graph).units(body.steps, 0):
        unit = nested.below("n") if nested.name[0].isdigit() else nested
        body.sequences |= unit.sequences
        body.lists |= unit.lists
        for step, path in unit.steps:
            name, number = path, 2
            while name in taken:
                name, number = f"{path}_{number}", number + 1
            taken.add(name)
            step.attribute = name


class _Nesting:
    def __init__(self, body: Body, graph: Graph) -> None:
        self.reads = Counter(name for step in body.steps for name in dict.fromkeys(step.reads))
        self.kept = {*graph.outputs, body.output}

    def units(self, steps: list[Step], depth: int) -> Iterator[_Unit]:
        place = 0
        while place < len(steps):
            step, end = steps[place], place + 1
            if len(step.path) <= depth + 1:
                yield self._leaf(step, depth)
                place = end
                continue
            scope = step.path[depth]
            while end < len(steps) and len(steps[end].path) > depth + 1 and steps[end].path[depth] == scope:
                end += 1
            others = [*steps[:place], *steps[end:]]
            apart = all(other.path[depth : depth + 1] != (scope,) for other in others)
            yield from self._scope(_word(scope), list(self.units(steps[place:end], depth + 1)), apart)
            place = end

    def _leaf(self, step: Step, depth: int) -> _Unit:
        name = _word("_".join(step.path[depth:]) or step.path[-1])
        layer = bool(step.code.module) and step.code.call == PLAIN and not step.code.first
        alone = (layer or step.body is not None) and len(step.reads) == 1
        return _Unit([(step, name)], step.reads, step.makes, alone)

    def _scope(self, scope: str, inner: list[_Unit], apart: bool) -> Iterator[_Unit]:
        names = [unit.name for unit in inner]
        numbered = names == [str(number) for number in range(len(inner))]
        spelled = len({*names}) == len(names) and not any(name[0].isdigit() or name in CONTAINER for name in names)
        whole = apart and len(inner) > 1 and all(unit.alone for unit in inner)
        if whole and (numbered or spelled) and self._chain(inner):
            steps = [pair for unit in inner for pair in unit.steps]
            unit = _Unit(steps, inner[0].reads, inner[-1].makes, True)
            unit.sequences = {path for one in inner for path in one.sequences}
            unit.lists = {path for one in inner for path in one.lists}
            unit = unit.below(f"{scope}.")
            unit.sequences.add(scope)
            yield unit
        elif whole and numbered:
            for unit in inner:
                longer = unit.below(f"{scope}.")
                longer.lists.add(scope)
                yield longer
        else:
            for unit in inner:
                yield unit.below(f"{scope}_")

    def _chain(self, units: list[_Unit]) -> bool:
        """Whether each reads what the one before it makes, and nobody else does."""
        return all(
            after.reads == (one.makes,) and self.reads[one.makes] == 1 and one.makes not in self.kept
            for one, after in pairwise(units)
        )


def _word(name: str) -> str:
    word = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_") or "layer"
    return f"{word}_" if iskeyword(word) or word in MODULE else word


def sequence(path: str, body: Body) -> str:
    """The outermost sequence of a body that a module stands in; "" for none."""
    parts = path.split(".")
    starts = (".".join(parts[:length]) for length in range(1, len(parts)))
    return next((start for start in starts if start in body.sequences), "")


def called(body: Body) -> Body:
    """The body as it is computed: an outermost sequence is one step."""
    found = Body(body.word, body.inputs, body.output)
    for step in body.steps:
        name = sequence(step.attribute, body)
        if not name:
            found.steps.append(step)
        elif found.steps and found.steps[-1].attribute == name:
            found.steps[-1].makes = step.makes
        else:
            found.steps.append(Step(name, step.code._replace(module="", call=PLAIN), step.reads, step.makes))
            found.steps[-1].branch = step.branch
    return found
