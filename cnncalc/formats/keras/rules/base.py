"""What the rules of all families share: the activation of a layer, and which axis of Keras is which here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....layers.base import AXIS_NAMES
from ..read import Reader, Refused

Rule = Callable[..., str]

ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "softmax": ("softmax", {}),
    "softplus": ("softplus", {}),
    "softsign": ("softsign", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "gelu": ("gelu", {}),
    "mish": ("mish", {}),
    "swish": ("silu", {}),
    "silu": ("silu", {}),
    "hard_swish": ("hardswish", {}),
    "hard_silu": ("hardswish", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "leaky_relu": ("leakyrelu", {"slope": 0.2}),
    "exponential": ("map", {"formula": "exp(x)"}),
}
"""An activation by its name in Keras."""


def activated(reader: Reader, tensor: str, part: str = "activation") -> str:
    """The activation that a layer has of its own."""
    name = reader.config.get("activation")
    if isinstance(name, dict):
        name = name.get("config") if isinstance(name.get("config"), str) else name.get("class_name")
    if name in (None, "linear"):
        return tensor
    if name == "hard_sigmoid" and not reader.keras3:
        return reader.add("hardsigmoid", {"slope": 0.2, "offset": 0.5}, tensor, part=part)
    if name not in ACTIVATIONS:
        raise Refused(f"the activation {name} is not known")
    kind, arguments = ACTIVATIONS[name]
    return reader.add(kind, arguments, tensor, part=part)


def place(reader: Reader, tensor: str, axis: Any) -> int:
    """Where an axis of Keras is here, channels first; the axis of images is none. Raises Refused."""
    axes = len(reader.shape(tensor))
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if not isinstance(axis, int) or not (1 <= axis <= axes or -axes <= axis <= -1):
        raise Refused(f"`axis: {axis}` is no axis of one image")
    found = axis - 1 if axis > 0 else axis + axes
    return found if reader.channels_first else (found + 1) % axes


def named(reader: Reader, tensor: str, axis: Any) -> str:
    """The name of an axis of Keras."""
    return ("channels", *AXIS_NAMES[len(reader.shape(tensor)) - 1])[place(reader, tensor, axis)]


def on_channels(reader: Reader, tensor: str) -> None:
    """Raise Refused where the axis of a layer is not that of the channels."""
    axis = reader.config.get("axis", -1)
    if place(reader, tensor, axis) != 0:
        raise Refused(f"`axis: {axis}` is not the channels")


def plain(kind: str, **arguments: Any) -> Rule:
    """A layer without arguments of its own."""

    def rule(reader: Reader, *tensors: str) -> str:
        return reader.add(kind, arguments, *tensors)

    return rule
