"""Operators with one tensor: of `keras.ops` in Keras 3, and of `tf.*` in Keras 2, where they are a TFOpLambda."""

from __future__ import annotations

from .base import ACTIVATIONS, Rule, plain

SIMPLE = {
    **{name: form for name, form in ACTIVATIONS.items() if not form[1] or "formula" in form[1]},
    "exp": ("map", {"formula": "exp(x)"}),
    "abs": ("abs", {}),
    "sqrt": ("sqrt", {}),
    "square": ("square", {}),
    "identity": ("identity", {}),
}
"""An operator by its name -> kind and arguments."""

WORDS = {"relu": "Relu", "relu6": "Relu6", "sigmoid": "Sigmoid", "tanh": "Tanh", "silu": "Silu", "gelu": "Gelu",
         "exp": "Exp", "abs": "Absolute", "sqrt": "Sqrt", "square": "Square", "softplus": "Softplus",
         "hard_silu": "HardSilu", "selu": "Selu", "identity": "Identity"}  # fmt: skip
"""Operator -> its class in Keras 3."""

RULES: dict[str, Rule] = {
    **{word: plain(SIMPLE[name][0], **SIMPLE[name][1]) for name, word in WORDS.items()},
    **{
        f"tf.{module}{name}": plain(kind, **arguments)
        for name, (kind, arguments) in SIMPLE.items()
        for module in ("nn.", "math.", "")
    },
}
