"""The JSON Schema (draft-07) of the spec language, from the layer kinds' own fields: for editors and validators."""

from __future__ import annotations

from typing import Any

from ..analyses.dtypes import STORED_BYTES
from ..analyses.figures import CLAIMED, FIGURES
from ..layers import KINDS, Layer
from ..layers.fields import EXPRESSION, REQUIRED
from .builtin import BUILTIN
from .words import INPUT_KEYS, SUGAR

MODIFIER_SCHEMAS: dict[str, dict[str, Any]] = {
    "as": {"type": ["string", "integer"], "description": "Names the tensor that the step makes."},
    "from": {"type": "string", "description": "Starts from a named tensor instead of the one before."},
    "when": {"type": ["string", "boolean"], "description": "Runs the step only where this holds."},
    "repeat": {"type": ["integer", "string"], "minimum": 0, "description": "Runs it so many times; $i is the turn."},
    "first": {"type": "object", "description": "Other arguments for the first turn."},
    "last": {"type": "object", "description": "Other arguments for the last turn."},
    "each": {"type": "object", "description": "A list with one value for each turn, by argument."},
    "share": {
        "type": "string",
        "description": "The same weights as every step with this label, or as the step named so.",
    },
    "frozen": {"type": "boolean", "description": "Its weights are not trained."},
    "train_only": {"type": "boolean", "description": "Left out at inference."},
}


def schema(budget: dict[str, Any]) -> dict[str, Any]:
    """The schema of a spec, with that of its `budget:`."""
    definitions = {f"kind.{name}": _arguments(kind) for name, kind in KINDS.items() if not kind.joins}
    definitions |= {f"kind.{name}": _join(kind) for name, kind in KINDS.items() if kind.joins and kind.fields}
    definitions |= {
        "steps": {"type": "array", "items": {"$ref": "#/definitions/step"}},
        "step": _step(),
        "branches": _branches(),
        "branch": _branch(),
        "value": {"type": ["number", "string", "boolean", "array", "null"]},
    }
    size = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
    shape = {"type": "array", "items": size, "minItems": 1, "maxItems": 4}
    stored = {
        "type": "object",
        "description": "Its sizes, and what it is stored in where that is not what the network computes in.",
        "properties": {"shape": shape, "dtype": {"enum": list(STORED_BYTES)}},
        "required": list(INPUT_KEYS),
        "additionalProperties": False,
    }
    kinds = {name: _named(kind) for name, kind in KINDS.items() if kind.fields}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:cnncalc:spec:1",
        "title": "cnncalc spec",
        "description": "A convolutional network as a list of steps.",
        "type": "object",
        "required": ["input", "net"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "description": "What the network is called."},
            "source": {"type": "string", "description": "Paper and table that it comes from."},
            "notes": {"description": "Anything else worth saying."},
            "input": {
                "description": "Channels, then 1, 2 or 3 spatial axes; or a mapping of several inputs.",
                "anyOf": [shape, stored, {"type": "object", "additionalProperties": {"anyOf": [shape, stored]}}],
            },
            "vars": {"type": "object", "description": "Variables, read as $name.", "additionalProperties": _value()},
            "defaults": {
                "type": "object",
                "description": "Arguments that every step of a kind has unless it says otherwise.",
                "properties": kinds,
                "additionalProperties": False,
            },
            "blocks": {
                "type": "object",
                "description": "Functions: `name(a, b=1): [steps]`.",
                "additionalProperties": {"$ref": "#/definitions/steps"},
            },
            "net": {"$ref": "#/definitions/steps", "description": "The steps of the network."},
            "expect": {
                "type": "object",
                "description": "What must come out; `cnncalc lint` checks it.",
                "properties": {
                    **{name: {"description": f"{FIGURES[name].about.capitalize()}."} for name in CLAIMED},
                    "at": {
                        "description": "What must come out of a layer or a part: in, out, input, output, and figures.",
                        "type": "object",
                        "additionalProperties": {"type": "object"},
                    },
                },
                "additionalProperties": False,
            },
            "budget": budget,
        },
        "definitions": definitions,
    }


def _value() -> dict[str, Any]:
    return {"$ref": "#/definitions/value"}


def _named(kind: type[Layer]) -> dict[str, Any]:
    """The arguments of a kind as a mapping; `defaults` may give any of them."""
    properties: dict[str, Any] = {}
    for name, field in kind.fields.items():
        described = field.about[0].upper() + field.about[1:] + "."
        if field.default is not REQUIRED and field.default is not None:
            default = str(field.default).lower() if isinstance(field.default, bool) else field.default
            described += f" Default: {default}."
        properties[name] = {"description": described, **field.reader.schema()}
    if kind.sugar:
        for name in SUGAR:
            properties[name] = {
                "description": f"A {'norm' if name == 'norm' else 'activation'} that follows; none switches it off.",
                "type": ["string", "object", "null", "boolean"],
            }
    if kind.extra:
        properties["branches"] = {"$ref": "#/definitions/branches"}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _arguments(kind: type[Layer]) -> dict[str, Any]:
    """What may stand behind a kind: nothing, its main argument, or a mapping."""
    named = _named(kind)
    described = (kind.__doc__ or "").strip().partition("\n")[0]
    if kind.main is None:
        return {"description": described, "anyOf": [{"type": "null"}, named]}
    return {"description": described, "anyOf": [{"type": "null"}, kind.fields[kind.main].reader.schema(), named]}


def _step() -> dict[str, Any]:
    operations: dict[str, Any] = {
        name: {"$ref": "#/definitions/branches" if kind.joins and not kind.fields else f"#/definitions/kind.{name}"}
        for name, kind in KINDS.items()
    }
    operations |= {
        "for": {"description": "Loop variables.", "type": ["string", "array"]},
        "in": {"description": "The rows that a `for` runs over, or how many.", "type": ["array", "string", "integer"]},
        "do": {"$ref": "#/definitions/steps", "description": "The steps of a `for`, or a group of steps."},
        "head": {"$ref": "#/definitions/branches", "description": "Side outputs; the main path goes on."},
    }
    operations |= {name: {"description": "A block that comes with the tool."} for name in BUILTIN}
    words = [*KINDS, *BUILTIN]
    return {
        "anyOf": [
            {"type": "string", "description": "A layer kind or block without arguments.", "examples": words},
            {"$ref": "#/definitions/steps"},
            {
                "type": "object",
                "minProperties": 1,
                "properties": {**operations, **MODIFIER_SCHEMAS},
                "additionalProperties": {"description": "A block of this file with its arguments."},
            },
        ]
    }


def _join(kind: type[Layer]) -> dict[str, Any]:
    """Branches alone, or with the arguments of the join."""
    branches = {"$ref": "#/definitions/branches"}
    named = _named(kind)
    required = [name for name, field in kind.fields.items() if field.required]
    long = {**named, "properties": {**named["properties"], "branches": branches}, "required": required or ["branches"]}
    return long if required else {"anyOf": [long, branches]}


def _branch() -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "string", "description": "A tensor: prev, in, or a name given with `as`."},
            {"$ref": "#/definitions/steps"},
            {
                "type": "object",
                "properties": {
                    "from": MODIFIER_SCHEMAS["from"],
                    "when": MODIFIER_SCHEMAS["when"],
                    "do": {"$ref": "#/definitions/steps"},
                },
                "additionalProperties": False,
            },
            {"$ref": "#/definitions/step"},
        ]
    }


def _branches() -> dict[str, Any]:
    return {
        "description": "Branches: a mapping from names, or a list.",
        "anyOf": [
            {"type": "array", "items": {"$ref": "#/definitions/branch"}},
            {
                "description": "A branch for each row of a table.",
                "type": "object",
                "required": ["for", "in"],
                "properties": {
                    "for": {"type": ["string", "array"]},
                    "in": {"type": ["array", "string", "integer"]},
                    "do": {"$ref": "#/definitions/steps"},
                    "from": MODIFIER_SCHEMAS["from"],
                    "when": MODIFIER_SCHEMAS["when"],
                },
                "additionalProperties": False,
            },
            {"type": "object", "additionalProperties": {"$ref": "#/definitions/branch"}},
            {"type": "string"},
        ],
    }


__all__ = ["EXPRESSION", "schema"]
