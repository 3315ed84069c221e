"""Pools, with a window or of the whole map."""

from __future__ import annotations

from ..read import Reader
from .base import Rule


def pool(kind: str) -> Rule:
    """A pool with a window; zeros of the padding do not count in a mean."""

    def rule(reader: Reader, tensor: str) -> str:
        config = reader.config
        size = config["pool_size"]
        padding = config.get("padding", "valid")
        arguments = {"kernel": size, "stride": config.get("strides") or size, "padding": padding}
        arguments["padding"] = 0 if padding == "valid" else padding
        return reader.add(kind, arguments | ({"count_padding": False} if kind == "avgpool" else {}), tensor)

    return rule


def global_pool(kind: str) -> Rule:
    """A pool of the whole map; the axes stay only where the model keeps them."""

    def rule(reader: Reader, tensor: str) -> str:
        made = reader.add(kind, {}, tensor)
        return made if reader.config.get("keepdims") else reader.add("flatten", {}, made, part="flatten")

    return rule


RULES: dict[str, Rule] = {
    "MaxPool": pool("maxpool"),
    "AveragePool": pool("avgpool"),
    **{
        f"{word}Pooling{n}D": pool(kind)
        for word, kind in (("Max", "maxpool"), ("Average", "avgpool"))
        for n in (1, 2, 3)
    },
    **{
        f"Global{word}Pooling{n}D": global_pool(kind)
        for word, kind in (("Max", "globalmaxpool"), ("Average", "globalavgpool"))
        for n in (1, 2, 3)
    },
}
