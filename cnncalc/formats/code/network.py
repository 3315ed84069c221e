"""Bodies -> the classes of a network: the calls of a block are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from .bodies import Body, Step
from .classes import Class
from .flow import free
from .merging import merged
from .settling import Settling
from .stages import stages


class Classes:
    """The classes of a network, those that are called first.

    `name` makes one of a word, `taken` are not free, and `channels` is whether the channels that come in are asked of
    the tensor, which no caller gives then.
    """

    def __init__(
        self,
        body: Body,
        name: Callable[[str], str],
        taken: Collection[str],
        channels: bool = False,
    ) -> None:
        self.known: list[Class] = []
        self.of: dict[int, tuple[Class, int]] = {}
        """Body -> its class, and which of its calls it is."""

        for word, bodies in _by_word(body).items():
            for one in merged(bodies, self._called):
                spelled = free(name(word or body.word), {*taken, *(known.name for known in self.known)})
                self.known.append(Class(spelled, one, stages=stages(one) or []))
                self.of |= {id(call): (self.known[-1], turn) for turn, call in enumerate(one.bodies)}
                Settling(self.known[-1], self.of, channels).settle()

    def _called(self, step: Step) -> str:
        return self.of[id(step.body)][0].name if step.body is not None else ""


def _by_word(body: Body) -> dict[str, list[Body]]:
    """The calls of each block, those of the blocks in it first; "" is the network."""
    calls: dict[str, list[Body]] = defaultdict(list)
    inner: dict[str, dict[str, None]] = defaultdict(dict)

    def collect(one: Body, word: str) -> None:
        calls[word].append(one)
        for step in one.steps:
            if step.body is not None:
                inner[word][step.body.word] = None
                collect(step.body, step.body.word)

    collect(body, "")
    ordered: dict[str, list[Body]] = {}

    def order(word: str) -> None:
        for below in inner[word]:
            if below not in ordered:
                order(below)
        ordered[word] = calls[word]

    order("")
    return ordered
