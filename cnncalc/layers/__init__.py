"""The layer kinds: one file a family, and this explicit table.

To add a kind: its class, its word here, its kernel, its rows in the tests and in the docs (CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from .base import ArgumentError, Layer, Need

FAMILIES: tuple[tuple[str, str], ...] = (
    ("conv", "conv pointwise depthwise"),
    ("deform", "deform_conv"),
    ("upconv", "upconv"),
    ("linear", "linear"),
    ("recurrent", "lstm gru rnn"),
    ("pool", "maxpool argmaxpool avgpool l2pool adaptiveavgpool adaptivemaxpool globalavgpool globalmaxpool"),
    ("pool", "mean sum amax amin argmax"),
    ("cumulative", "cumsum"),
    ("norm", "batchnorm layernorm rmsnorm groupnorm instancenorm grn lrn l2norm"),
    ("affine", "scale bias"),
    ("activation", "relu relu6 leakyrelu prelu elu selu gelu silu mish hardswish hardsigmoid hardtanh"),
    ("activation", "sigmoid tanh softplus softsign"),
    ("map", "map"),
    ("activation", "softmax maxout abs square sqrt identity dropout"),
    ("join", "add sub mul div maximum minimum where concat matmul"),
    ("arrange", "flatten reshape permute"),
    ("pad", "pad"),
    ("select", "crop slice split"),
    ("shuffle", "channel_shuffle pixel_shuffle space_to_depth"),
    ("resize", "upsample"),
    ("unpool", "max_unpool"),
    ("sampled", "grid_sample roi_align"),
    ("entries", "flip roll tile take"),
    ("learned", "learned"),
    ("embedding", "embedding"),
    ("unknown", "unknown"),
)
"""The file of each family and the words of its kinds, in the order of the documentation."""


class Kinds(Mapping[str, type[Layer]]):
    """Every kind by its word in a spec; a family is imported when one of its kinds is first asked for."""

    def __init__(self, families: tuple[tuple[str, str], ...]) -> None:
        self._file = {word: file for file, words in families for word in words.split()}
        self._known: dict[str, type[Layer]] = {}

    def __getitem__(self, word: str) -> type[Layer]:
        known = self._known.get(word)
        if known is None:
            family = import_module(f".{self._file[word]}", __package__)
            self._known |= {kind.kind: kind for kind in vars(family).values() if _is_kind(kind)}
            known = self._known[word]
        return known

    def __contains__(self, word: object) -> bool:
        return word in self._file

    def __iter__(self) -> Iterator[str]:
        return iter(self._file)

    def __len__(self) -> int:
        return len(self._file)


def _is_kind(value: object) -> bool:
    """Whether it is a class with a word of its own, and not what kinds have in common."""
    return isinstance(value, type) and issubclass(value, Layer) and "kind" in vars(value)


KINDS = Kinds(FAMILIES)

__all__ = ["KINDS", "ArgumentError", "Layer", "Need"]
