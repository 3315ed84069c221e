"""`budget:` in the JSON Schema of a spec: the metrics, the forms of a limit, and the parts of a network."""

from __future__ import annotations

from typing import Any

from ..analyses.figures import FIGURES
from ..analyses.memory import BYTES as DTYPES
from ..analyses.subject import EACH
from ..quantities import BYTES, COUNT, POSITIONS, SHAPE
from .limits import GROWTH, KINDS, LEVELS

UNITS = {
    COUNT: "a number with k, M, G or T: 3.6M",
    BYTES: "bytes with B, kB, MB, GB (1000) or KiB, MiB, GiB (1024): 1.5 MB",
    POSITIONS: "input positions: 200",
    SHAPE: "a shape: [1000], or 64x7x7",
}


def budget_schema() -> dict[str, Any]:
    """The schema of `budget:`; a key that is no metric is a path of the network, with limits by metric."""
    parts = {name: _metric(name) for name, figure in FIGURES.items() if figure.of is not None}
    return {
        "type": ["object", "null"],
        "description": "Limits for `cnncalc check`.",
        "properties": {**{name: _metric(name) for name in FIGURES}, EACH: _each(parts)},
        "patternProperties": {
            **{f"^{name}@": _metric(name) for name, figure in FIGURES.items() if figure.unit in (BYTES, POSITIONS)},
            **{f"^{name}[.]": _axis(name) for name, figure in FIGURES.items() if figure.unit in (SHAPE, POSITIONS)},
        },
        "additionalProperties": {
            "description": "A part of the network, by path: layer4/**.",
            "type": "object",
            "properties": {**parts, EACH: _each(parts)},
            "additionalProperties": False,
        },
    }


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
    keys["level"] = {"enum": list(LEVELS), "description": "Whether a broken limit fails or warns."}
    if figure.unit == BYTES:
        keys["dtype"] = {"enum": list(DTYPES), "description": "The type of the elements; fp32 if it is not given."}
    if figure.unit == POSITIONS:
        keys["at"] = {"type": "string", "description": "The layer; the last map if it is not given."}
    entries = {"type": "object", "properties": keys, "additionalProperties": False}
    forms = [limit, entries] if figure.unit == SHAPE else [limit, entries, {"type": "array", "items": entries}]
    return {"description": f"{figure.about[0].upper()}{figure.about[1:]}; {UNITS[figure.unit]}.", "anyOf": forms}


def _shape() -> dict[str, Any]:
    return {"type": ["array", "string", "integer"], "items": {"type": "integer"}}
