"""`budget:` in the JSON Schema of a spec: the metrics, the forms of a limit, and the parts of a network."""

from __future__ import annotations

from typing import Any

from ..analyses.dtypes import BYTES as DTYPES
from ..analyses.figures import FIGURES, Figure
from ..analyses.subject import EACH
from ..analyses.terms import KEYS as TERMS
from ..analyses.terms import WORDS
from ..quantities import BYTES, COUNT, ENERGY, POSITIONS, SHAPE, TIME
from .limits import EQUALS, GROWTH, KINDS, LEVELS
from .reading import MACHINES

UNITS = {
    COUNT: "a number with k, M, G or T: 3.6M",
    BYTES: "bytes with B, kB, MB, GB (1000) or KiB, MiB, GiB (1024): 1.5 MB",
    ENERGY: "an energy with pJ, nJ, uJ, mJ or J: 1 mJ",
    TIME: "a time with ps, ns, us, ms or s: 5 ms",
    POSITIONS: "input positions: 200",
    SHAPE: "a shape: [1000], or 64x7x7",
}


ABOUT = {
    "dtype": "The type of the elements; fp32 if it is not given",
    "memory": "Where tensors are; dram if it is not given",
    "fused": "Whether activations, norms and additions move no bytes of their own",
    "batch": "How many images; 1 if it is not given",
    "machine": "The name of a machine",
    "peak": "FLOPs a second; a MAC is two",
    "bandwidth": "Bytes a second",
    "optimizer": "adam if it is not given",
}


def budget_schema() -> dict[str, Any]:
    """The schema of `budget:`; a key that is no metric is a path of the network, with limits by metric."""
    parts = {name: _metric(name) for name, figure in FIGURES.items() if figure.of is not None}
    return {
        "type": ["object", "null"],
        "description": "Limits for `cnncalc check`.",
        "properties": {**{name: _metric(name) for name in FIGURES}, EACH: _each(parts), MACHINES: _machines()},
        "patternProperties": {
            **{f"^{name}@": _metric(name) for name, figure in FIGURES.items() if _detailed(figure)},
            **{f"^{name}[.]": _axis(name) for name, figure in FIGURES.items() if figure.unit in (SHAPE, POSITIONS)},
        },
        "additionalProperties": {
            "description": "A part of the network, by path: layer4/**.",
            "type": "object",
            "properties": {**parts, EACH: _each(parts)},
            "additionalProperties": False,
        },
    }


def _detailed(figure: Figure) -> bool:
    """Whether more may be written behind a figure."""
    return figure.priced or figure.unit in (BYTES, POSITIONS)


def _machines() -> dict[str, Any]:
    """The machines of limits on the time of a roofline."""
    rate = {"type": ["number", "string"]}
    return {
        "description": "Machines by name, as their data sheets say: {jetson: {peak: 472G, bandwidth: 25.6G}}.",
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "peak": {"description": "FLOPs a second; a MAC is two.", **rate},
                "bandwidth": {"description": "Bytes a second.", **rate},
            },
            "required": ["peak", "bandwidth"],
            "additionalProperties": False,
        },
    }


def _terms(name: str) -> dict[str, Any]:
    """What a figure is worked out under."""
    found: dict[str, Any] = {}
    for key in TERMS[name]:
        type_ = {"batch": "integer", "fused": "boolean"}.get(key, ["string", "number"])
        words = {"enum": list(WORDS[name, key])} if (name, key) in WORDS else {"type": type_}
        found[key] = {"description": f"{ABOUT[key]}.", **words}
    return found


def _each(parts: dict[str, Any]) -> dict[str, Any]:
    """The limits of single layers."""
    return {
        "description": "Limits of each single layer, not of all together.",
        "type": "object",
        "properties": parts,
        "additionalProperties": False,
    }


def _axis(name: str) -> dict[str, Any]:
    """One axis of a shape or of a receptive field: a number."""
    return {"description": f"One axis of {FIGURES[name].about}.", "type": ["number", "string", "object"]}


def _metric(name: str) -> dict[str, Any]:
    """A mere number (a shape for `output`), a mapping, or a list of mappings."""
    figure = FIGURES[name]
    limit = _shape() if figure.unit == SHAPE else {"type": ["number", "string"]}
    keys: dict[str, Any] = {
        kind: {"description": f"{kind}: {'2% or ' if kind == GROWTH else ''}{UNITS[figure.unit]}.", **limit}
        for kind in KINDS
    }
    if figure.unit == POSITIONS:
        keys[EQUALS] = {**keys[EQUALS], "type": ["number", "string", "array", "object"]}
    keys["level"] = {"enum": list(LEVELS), "description": "Whether a broken limit fails or warns."}
    if figure.priced:
        keys |= _terms(name)
    elif figure.unit == BYTES:
        keys["dtype"] = {"enum": list(DTYPES), "description": "The type of the elements; fp32 if it is not given."}
    if figure.unit == POSITIONS:
        keys["at"] = {"type": "string", "description": "The layer; the last map if it is not given."}
    entries = {"type": "object", "properties": keys, "additionalProperties": False}
    forms = [limit, entries] if figure.unit == SHAPE else [limit, entries, {"type": "array", "items": entries}]
    return {"description": f"{figure.about[0].upper()}{figure.about[1:]}; {UNITS[figure.unit]}.", "anyOf": forms}


def _shape() -> dict[str, Any]:
    """One shape, or one of each input."""
    return {"type": ["array", "string", "integer", "object"], "items": {"type": "integer"}}
