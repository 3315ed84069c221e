"""What the rules of PyTorch share."""

from __future__ import annotations

from typing import Any

from ....graph import Node
from ..base import Argument, Code, Rule


def module(name: str, **arguments: tuple[str, Any]) -> Rule:
    """A module; argument -> (field of the layer, PyTorch's default)."""

    def rule(node: Node) -> Code:
        found = {word: Argument(getattr(node.layer, of), default) for word, (of, default) in arguments.items()}
        return Code(f"nn.{name}", found)

    return rule


def pads(pairs: Any) -> str:
    """The zeros before and after each axis as `F.pad` takes them, the last axis first."""
    return "(" + ", ".join(f"{before}, {after}" for before, after in reversed(tuple(pairs))) + ")"
