"""Models that are in memory, as networks: of PyTorch, of ONNX, of Keras.

cnncalc.from_torch(module, (3, 224, 224))       a torch.nn.Module, left as it was
cnncalc.from_onnx(content)                      bytes, a path, or a ModelProto
cnncalc.from_keras(model)                       a Keras model, or its configuration as a text
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CnncalcError
from .formats.torch.held import from_torch
from .opening import KERAS, ONNX, Format, NetworkFile, load

if TYPE_CHECKING:
    from .graph import Graph

__all__ = ["from_keras", "from_onnx", "from_torch"]


def from_onnx(model: Any, *, input: Any = None, name: str = "model.onnx", **how: Any) -> Graph:
    """The network of an ONNX model: a path, the bytes of one, or a ModelProto (weights are not read).

    `input` and `how` are as in `load`; `name` is what messages call it. Raises CnncalcError.
    """
    if isinstance(model, str | Path):
        return load(model, input=input, **how)
    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    return _of(model, name, ONNX, input, how)


def from_keras(model: Any, *, input: Any = None, name: str = "") -> Graph:
    """The network of a Keras model, or of its configuration as `to_json()` gives it; a path is opened.

    `input` is as in `load`. Nothing is computed and the model is left as it was. Raises CnncalcError.
    """
    if hasattr(model, "to_json"):
        name = name or str(getattr(model, "name", "")) or "model"
        try:
            model = model.to_json()
        except NotImplementedError:
            raise CnncalcError(f"{name} has no configuration", "a model that is a class of its own has none") from None
    if isinstance(model, Path) or (isinstance(model, str) and not model.lstrip().startswith("{")):
        return load(model, input=input)
    return _of(model.encode() if isinstance(model, str) else model, name or "model", KERAS, input, {})


def _of(content: Any, name: str, format: Format, input: Any, how: dict[str, Any]) -> Graph:
    from .formats.reading import Reading

    if not isinstance(content, bytes | bytearray | memoryview):
        raise CnncalcError(f"{format.name} is a path or bytes, and this is of type {type(content).__name__}")
    reading = Reading(how.pop("batch", True), how.pop("allow_unknown", False), how.pop("shapes", None) or {})
    settings = how.pop("set", None)
    if how:
        raise TypeError(f"from_onnx has no argument `{next(iter(how))}`")
    return NetworkFile("", name, bytes(content), format, how=reading).graph(settings, input)
