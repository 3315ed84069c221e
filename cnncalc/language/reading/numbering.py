"""What steps without a name are called: the word, with a number where it stands more than once in the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count

from ..steps import Group, JoinCall, Step


def number(steps: Iterable[Step]) -> None:
    """Number the words that stand more than once in a list of steps; lists inside it count along."""
    flat = list(_flat(steps))
    words = Counter(step.word for step in flat)
    seen: dict[str, int] = {}
    joins = sum(isinstance(step.body, JoinCall) for step in flat)
    taken = {step.name.text for step in flat if step.name is not None}
    for step in flat:
        seen[step.word] = seen.get(step.word, 0) + 1
        between = "_" if step.word[-1:].isdigit() else ""
        step.label = step.word if words[step.word] == 1 else f"{step.word}{between}{seen[step.word]}"
        if step.name is None and step.label in taken:
            step.label = next(f"{step.label}_{n}" for n in count(2) if f"{step.label}_{n}" not in taken)
        step.alone = joins == 1


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step.body, Group) and step.name is None and step.repeat is None:
            yield from _flat(step.body.steps)
        else:
            yield step
