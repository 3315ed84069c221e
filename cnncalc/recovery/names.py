"""What a block is called: as the spec or the file calls what it is, else after what it does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from ..analyses.folding import SEGMENT
from ..building import NAME, RESERVED
from ..graph import Graph
from ..layers import KINDS
from .items import Item, Sequence

SAYS_NOTHING = re.compile(
    r"(layer|feature|block|stage|net|model|module|backbone|body|conv|branch|main|shortcut|unit)s?|."
)
"""Modules that are called after where they stand."""

PLAIN = re.compile(
    r"(unit|residual|biased|table|stage|tower|double|branches|rearranged|projection|product|convs|sub_unit)\d*"
)
"""Words for what a block does that say less than the name of its module."""


class Modules:
    """The blocks that a spec calls, or the scopes of a file, and which layers stand in each."""

    def __init__(self, graph: Graph) -> None:
        self.around: dict[str, list[object]] = {}
        """Layer -> what it stands in."""

        self.words: dict[object, str] = {}
        self.sizes: Counter[object] = Counter()
        self.written = all(node.origin is not None for node in graph.nodes)
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

    def name(self, calls: Iterable[Collection[str]]) -> str:
        """What most calls of a block are called, each by the module whose layers it has, three in four; else ""."""
        found = Counter(map(self._of_one, calls))
        name, times = found.most_common(1)[0] if found else ("", 0)
        usable = NAME.fullmatch(name) and name not in RESERVED and name not in KINDS
        return name if usable and 2 * times > found.total() else ""

    def _of_one(self, nodes: Collection[str]) -> str:
        inside = Counter(module for name in nodes for module in self.around.get(name, ()))
        share = {module: count / (len(nodes) + self.sizes[module] - count) for module, count in inside.items()}
        best = max(share, key=lambda module: (share[module], self.words[module] != ""), default=None)
        return self.words[best] if best is not None and share[best] >= 0.75 else ""


def _word(path: Collection[str]) -> str:
    """The last name of a path without its numbers; "" where it says nothing."""
    words = [re.sub(r"[_.]?\d+$", "", segment) for segment in path if not segment.startswith("[")]
    return "" if not words or SAYS_NOTHING.fullmatch(words[-1]) else words[-1]


def block_name(steps: Sequence, taken: Collection[str], module: str = "", written: bool = False) -> str:
    """A name that no block and no layer kind has: that of its module where a spec gave it, or where it says more."""
    wanted = _wanted(steps)
    if module and (written or PLAIN.fullmatch(wanted)):
        wanted = module
    name, number = wanted, 2
    while name in taken or name in KINDS:
        name, number = f"{wanted}{number}", number + 1
    return name


def _wanted(steps: Sequence) -> str:
    if any("@share" in inner.slots for item in steps for inner in item.operations):
        return "tower"
    words = [inner.word for item in steps for inner in item.operations]
    joins = [item for item in steps if item.parts]
    if joins:
        return _of_attention(joins, words) or _of_a_join(joins[0], words)
    learned = _learned(words)
    if words[0] == "learned":
        return "table"
    if not learned and "arrangement" in map(_family, words):
        return "rearranged"
    if learned == ["depthwise", "pointwise"]:
        return "separable"
    if learned == ["pointwise", "depthwise", "pointwise"]:
        return "inverted_bottleneck"
    if learned == ["conv", "conv"] and len(words) == 2:
        return "double"
    if words[-1].endswith("pool"):
        return "stage"
    if words[0] == "batchnorm":
        return "transition"
    if len(learned) == 1 and "arrangement" in map(_family, words):
        return "projection"
    return "convs" if len(learned) > 1 else "unit"


def _of_attention(joins: list[Item], words: list[str]) -> str:
    """What a block of attention is; "" for another."""
    attends = ("matmul" in words and "softmax" in words) or any("attention" in word for word in words)
    if not attends:
        return ""
    residuals = sum(item.word == "add" for item in joins)
    return ("self_attention", "residual_attention", "transformer_block")[min(residuals, 2)]


def _of_a_join(join: Item, words: list[str]) -> str:
    if join.word == "mul":
        return "squeeze_excite" if {"globalavgpool", "mean"} & set(words) else "gated"
    if join.word == "concat":
        if "channel_shuffle" in words:
            return "shuffle_unit"
        if any(not part.steps for part in join.parts):
            return "dense_layer"
        if len(join.parts) == 2 and words[0] == "pointwise":
            return "fire"
        return "inception" if "convolution" in map(_family, words) else "branches"
    if join.word == "matmul":
        return "product"
    if join.word != "add":
        return f"{join.word}_unit"
    main = [inner.word for item in join.parts[0].steps for inner in item.operations]
    if "depthwise" in main and main[:1] == ["pointwise"]:
        return "inverted_residual"
    plain = _learned(main)
    if plain == ["pointwise", "conv", "pointwise"]:
        return "bottleneck_unit"
    if main[:1] == ["layernorm"] and plain in (["pointwise", "pointwise"], ["linear", "linear"]):
        return "feed_forward"
    if "learned" in words:
        return "biased"
    return "basic" if plain == ["conv", "conv"] else "residual"


def _family(word: str) -> str:
    if word.startswith("rearranged"):
        return "arrangement"
    return KINDS[word].family if word in KINDS else ""


def _learned(words: Iterable[str]) -> list[str]:
    return [word for word in words if _family(word) in ("convolution", "linear")]
