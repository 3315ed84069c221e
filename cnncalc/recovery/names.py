"""How the spec or the file calls a block, and names that are not taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from ..analyses.folding import SEGMENT
from ..building import NAME, RESERVED
from ..graph import Graph
from ..language.words import MODIFIERS, OPERATIONS
from ..layers import KINDS

SAYS_NOTHING = re.compile(
    r"(layer|feature|block|stage|net|model|module|backbone|body|conv|branch|main|shortcut|unit)s?|."
)
"""Modules that are called after where they stand."""


class Modules:
    """The blocks that a spec calls, or the scopes of a file, and which layers stand in each."""

    def __init__(self, graph: Graph) -> None:
        self.around: dict[str, list[object]] = {}
        """Layer -> what it stands in."""

        self.words: dict[object, str] = {}
        self.sizes: Counter[object] = Counter()
        self.written = all(node.origin is not None for node in graph.nodes)
        sharing = ([node for node in nodes if node.weights] for nodes in graph.sharing.values())
        self.owners = {node.name: nodes[0].name for nodes in sharing if len(nodes) > 1 for node in nodes}
        """Layer -> the first that has its weights, where several have them."""

        for node in graph.nodes:
            around: dict[object, str] = {}
            if node.origin is not None:
                around = {id(step): step.word for step in node.origin.way if step.calls}
            elif not self.written:
                path = SEGMENT.findall(node.name)
                around = {tuple(path[: end + 1]): _word(path[: end + 1]) for end in range(len(path) - 1)}
            self.words |= around
            self.sizes.update(around.keys())
            self.around[node.name] = [*around]
        self.shared = Counter(module for name in set(self.owners.values()) for module in self.around.get(name, ()))

    def name(self, calls: Iterable[Collection[str]]) -> str:
        """What most calls of a block are called, each by the module whose layers it has, three in four; else ""."""
        found = Counter(map(self._of_one, calls))
        name, times = found.most_common(1)[0] if found else ("", 0)
        usable = NAME.fullmatch(name) and name not in RESERVED and not _has_meaning(name)
        return name if usable and 2 * times > found.total() else ""

    def _of_one(self, nodes: Collection[str]) -> str:
        inside = Counter(module for name in nodes for module in self.around.get(name, ()))
        share = {module: count / (len(nodes) + self.sizes[module] - count) for module, count in inside.items()}
        best = max(share, key=lambda module: (share[module], self.words[module] != ""), default=None)
        if best is not None and share[best] >= 0.75:
            return self.words[best]
        return self._of_weights({self.owners[name] for name in nodes if name in self.owners})

    def _of_weights(self, owners: Collection[str]) -> str:
        """The name of the module that a call has the weights of, as others have them too."""
        inside = Counter(module for name in owners for module in self.around.get(name, ()))
        whole = [module for module, count in inside.items() if count == len(owners) == self.shared[module]]
        return next((self.words[module] for module in reversed(whole) if self.words[module]), "")


def _word(path: Collection[str]) -> str:
    """The last name of a path without its numbers; "" where it says nothing."""
    words = [re.sub(r"[_.]?\d+$", "", segment) for segment in path if not segment.startswith("[")]
    return "" if not words or SAYS_NOTHING.fullmatch(words[-1]) else words[-1]


def _has_meaning(word: str) -> bool:
    """Whether a step of this word is no call of a block."""
    return word in KINDS or word in OPERATIONS or word in MODIFIERS


def block_name(wanted: str, taken: Collection[str]) -> str:
    """A name that no block and no layer kind has."""
    name, number = wanted, 2
    while name in taken or _has_meaning(name):
        name, number = f"{wanted}{number}", number + 1
    return name
