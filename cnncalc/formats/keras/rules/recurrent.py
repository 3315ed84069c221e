"""Layers that go along a sequence and keep a state.

Keras adds one bias a gate, and PyTorch two; only a GRU with `reset_after` has two in Keras as well.
"""

from __future__ import annotations

from typing import Any

from ..read import Reader, Refused
from .base import Rule

KINDS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
USUAL = {"LSTM": ("tanh", "sigmoid"), "GRU": ("tanh", "sigmoid"), "SimpleRNN": ("tanh", None)}
"""The activations of a layer and of its gates."""

MERGED = {"concat": "concat", "sum": "add", "mul": "mul", "ave": "add"}
"""How both ways become one -> what joins them."""


def recurrent(word: str) -> Rule:
    """The states of all steps, or the last one."""

    def rule(reader: Reader, tensor: str) -> str:
        config = reader.config
        arguments = _arguments(reader, word, config)
        if config.get("go_backwards"):
            arguments["reverse"] = True
        whole = reader.add(KINDS[word], arguments, tensor)
        if config.get("return_sequences"):
            return whole
        return _vector(reader, whole, first=bool(config.get("go_backwards")), part="last")

    return rule


def both_ways(reader: Reader, tensor: str) -> str:
    """Bidirectional: the states of both directions one after the other, or their sum, product or mean."""
    config, layer = reader.config, reader.config["layer"]
    word, inner = layer["class_name"], layer["config"]
    merged = config.get("merge_mode", "concat")
    if word not in KINDS or merged not in MERGED or inner.get("go_backwards"):
        raise Refused(f"both ways of {word}, merged by {merged}, is not read")
    hidden = inner["units"]
    whole = reader.add(KINDS[word], {**_arguments(reader, word, inner), "bidirectional": True}, tensor)
    if inner.get("return_sequences") and merged == "concat":
        return whole
    ends = (
        reader.add("slice", {"stop": hidden}, whole, part="forward"),
        reader.add("slice", {"start": hidden}, whole, part="backward"),
    )
    if not inner.get("return_sequences"):
        ends = (
            _vector(reader, ends[0], first=False, part="forward/last"),
            _vector(reader, ends[1], first=True, part="backward/last"),
        )
    both = reader.add(MERGED[merged], {}, *ends, part="both")
    return reader.add("map", {"formula": "x / 2.0"}, both, part="mean") if merged == "ave" else both


def _arguments(reader: Reader, word: str, config: Any) -> dict[str, Any]:
    biased, after = config.get("use_bias", True), config.get("reset_after", True)
    act, gates = USUAL[word]
    given = config.get("activation", act)
    if (given != act and (word, given) != ("SimpleRNN", "relu")) or config.get("recurrent_activation") not in (
        gates,
        None,
    ):
        raise Refused("its activations are not the usual ones")
    if config.get("return_state"):
        raise Refused("`return_state` is not read")
    more = {"GRU": {"reset": "after" if after else "before"}, "SimpleRNN": {"act": given}}
    single = bool(biased and not (word == "GRU" and after))
    return {"hidden": config["units"], "bias": biased, "single": single, **more.get(word, {})}


def _vector(reader: Reader, tensor: str, first: bool, part: str) -> str:
    """The state of the first or the last step."""
    where = {"axis": "length", "stop": 1} if first else {"axis": "length", "start": -1}
    return reader.add("flatten", {}, reader.add("slice", where, tensor, part=part), part=f"{part}/vector")


RULES: dict[str, Rule] = {**{word: recurrent(word) for word in KINDS}, "Bidirectional": both_ways}
