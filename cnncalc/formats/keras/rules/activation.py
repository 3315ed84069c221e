"""Activations, and what does nothing at inference."""

from __future__ import annotations

from ..read import Reader, Refused
from .base import Rule, activated, named, plain


def activation(reader: Reader, tensor: str) -> str:
    """An activation by itself."""
    made = activated(reader, tensor, "")
    return reader.add("identity", {}, tensor) if made == tensor else made


def relu(reader: Reader, tensor: str) -> str:
    """ReLU with its slope and its largest output."""
    config = reader.config
    slope, most = config.get("negative_slope") or 0.0, config.get("max_value")
    if most is not None and most != 6 and not slope and not config.get("threshold"):
        return reader.add("hardtanh", {"low": 0.0, "high": float(most)}, tensor)
    if config.get("threshold") or (slope and most is not None) or most not in (None, 6):
        raise Refused("only a slope, or a largest output of 6, is read")
    if slope:
        return reader.add("leakyrelu", {"slope": slope}, tensor)
    return reader.add("relu" if most is None else "relu6", {}, tensor)


def leakyrelu(reader: Reader, tensor: str) -> str:
    """LeakyReLU: `negative_slope` in Keras 3, `alpha` before."""
    config = reader.config
    return reader.add("leakyrelu", {"slope": float(config.get("negative_slope", config.get("alpha", 0.3)))}, tensor)


def prelu(reader: Reader, tensor: str) -> str:
    """A slope for each element, or for each channel where all other axes share it."""
    shared = {*(reader.config.get("shared_axes") or ())}
    axes = {*range(1, len(reader.shape(tensor)))}
    if shared not in (set(), axes):
        raise Refused("slopes that some axes of the map share are not read")
    return reader.add("prelu", {"per": "channel" if shared == axes else "element"}, tensor)


def softmax(reader: Reader, tensor: str) -> str:
    """A softmax over the channels, or over another axis."""
    return reader.add("softmax", {"over": named(reader, tensor, reader.config.get("axis", -1))}, tensor)


def dropout(reader: Reader, tensor: str) -> str:
    """Each dropout: nothing at inference."""
    return reader.add("dropout", {"rate": reader.config.get("rate", reader.config.get("drop_path_rate", 0.5))}, tensor)


RULES: dict[str, Rule] = {
    "Activation": activation,
    "ReLU": relu,
    "LeakyReLU": leakyrelu,
    "PReLU": prelu,
    "ELU": plain("elu"),
    "Softmax": softmax,
    **dict.fromkeys(
        ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "StochasticDepth", "AlphaDropout"),
        dropout,
    ),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "ActivityRegularization", "Masking"), plain("identity")),
}
