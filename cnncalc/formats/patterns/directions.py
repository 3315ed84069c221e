"""Recurrent layers that go back, as exporters without a word for it write them: turned round before and behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...graph import Node
from .draft import Draft, Moved, One, Pattern

KINDS = ("lstm", "gru", "rnn")


def backwards(draft: Draft, node: Node) -> One | None:
    """A flip, a layer in one direction, a flip: the layer in the other."""
    layer = draft.made(node.inputs[0], *KINDS)
    first = draft.made(layer.inputs[0], "flip") if layer else None
    if layer is None or first is None or vars(layer.layer)["bidirectional"] or not draft.own(layer):
        return None
    if {vars(node.layer)["axis"], vars(first.layer)["axis"]} != {"length"}:
        return None
    arguments = vars(layer.layer)
    made = type(layer.layer)(**{**arguments, "reverse": not arguments["reverse"]})
    moved = tuple(Moved(key, layer.name, key) for key in draft.learned.get(layer.name, ()))
    return One(made, (*first.inputs, *layer.inputs[1:]), (layer, first), moved)


def both(draft: Draft, node: Node) -> One | None:
    """One that goes on and one that goes back over the same sequence, one after the other along the channels."""
    if len(node.inputs) != 2 or vars(node.layer)["axis"] != "channels":
        return None
    on, back = (draft.made(tensor, *KINDS) for tensor in node.inputs)
    if on is None or back is None or on.kind != back.kind or on.inputs != back.inputs or len(on.inputs) != 1:
        return None
    ours, theirs = vars(on.layer), vars(back.layer)
    apart = ours["bidirectional"] or ours["reverse"] or ours.get("cells") or not (draft.own(on) and draft.own(back))
    if apart or theirs != {**ours, "reverse": True}:
        return None
    made = type(on.layer)(**{**ours, "bidirectional": True})
    moved = [Moved(key, on.name, key) for key in draft.learned.get(on.name, ())]
    moved += [Moved(f"{key}_reverse", back.name, key) for key in draft.learned.get(back.name, ())]
    return One(made, on.inputs, (on, back), tuple(moved))


PATTERNS: Mapping[str, Sequence[Pattern]] = {"concat": (both,), "flip": (backwards,)}
