"""What stands on a step beside its operation: `as`, `from`, `when`, `repeat`, `first`, `share` and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...errors import did_you_mean
from ...layers.fields import shown
from ..steps import BlockCall, Choice, LayerCall, Lost, Parameter, Step, Value
from ..words import SUGAR
from ..yaml import Node
from .layers import LayerReader
from .values import Values


class ModifierReader:
    """Reads the modifiers of steps."""

    def __init__(self, values: Values, layers: LayerReader, parameters: Callable[[str], tuple[Parameter, ...]]) -> None:
        self.values = values
        self.layers = layers
        self.report = values.report
        self.names = values.names
        self.parameters = parameters

    def put(self, step: Step, node: Node) -> None:
        """Put the modifiers at a node on its step."""
        for key, (key_node, value) in node.entries.items():
            if key == "as":
                step.name = self.values.reference(value, "as")
                if step.name and step.name.text in ("in", "prev"):
                    meant = "enters the block" if step.name.text == "in" else "enters the step"
                    self.report(f"`{step.name.text}` is always the tensor that {meant}", value.mark, "use another name")
                    step.name = None
                elif step.name:
                    self.names.name(step.name)
            elif key == "from":
                step.start = self.values.reference(value, "from")
                if step.start is None:
                    step.body = Lost()
            elif key in ("when", "repeat"):
                setattr(step, key, self.values.value(value, computed=key == "repeat"))
            elif key in ("first", "last", "each"):
                if value.is_mapping and value.entries:
                    setattr(step, key, {name: self.layers.value(member) for name, (_, member) in value.entries.items()})
                else:
                    example = "[2, 1, 1]" if key == "each" else "2"
                    self.report(f"`{key}` is a mapping of arguments", value.mark, f"{key}: {{stride: {example}}}")
                    self.names.pass_over(value)
            elif key == "share":
                step.share = self.values.reference(value, "share")
                if step.share and not step.share.names:
                    self.names.share(step.share, repeats(node))
            elif key in ("frozen", "train_only"):
                if isinstance(value.value, bool):
                    setattr(step, key, value.value)
                else:
                    said = f", and is {shown(value.value)}" if not isinstance(value.value, dict | list) else ""
                    self.report(f"`{key}` must be true or false{said}", value.mark, f"{key}: true")
            if key in ("first", "last") and not repeats(node):
                self.report(f"`{key}` goes with `repeat`", key_node.mark, f"{{..., repeat: 3, {key}: {{...}}}}")

    def check_overrides(self, node: Node, body: Any, overrides: Mapping[str, Mapping[str, Value]]) -> None:
        """Report the arguments in `first`, `last` and `each` that the operation does not have."""
        for modifier, arguments in overrides.items():
            if not arguments or body is None or isinstance(body, Lost):
                continue
            if isinstance(body, LayerCall):
                known: Iterable[str] = [*body.kind.fields, *(SUGAR if body.kind.sugar else ())]
            elif isinstance(body, BlockCall):
                known = [parameter.name for parameter in self.parameters(body.block)]
            elif isinstance(body, Choice):
                continue
            else:
                message = f"`{modifier}` overrides arguments, and this step has none"
                self.report(message, node.entries[modifier][0].mark, "make a block of the steps, with a parameter")
                continue
            for name in arguments:
                if name not in known:
                    mark = node.entries[modifier][1].entries[name][0].mark
                    help = did_you_mean(name, known) or f"its arguments: {', '.join(known)}"
                    self.report(f"`{modifier}` names `{name}`, which is no argument of the step", mark, help)


def repeats(node: Node) -> bool:
    """Whether the step at a node has turns."""
    return "repeat" in node.entries or "each" in node.entries
