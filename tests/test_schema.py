"""The JSON Schema of the spec language: valid itself, true to the zoo, and no friend of mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cnncalc.analyses.figures import CLAIMED
from cnncalc.budget.reading import limits
from cnncalc.budget.schema import budget_schema
from cnncalc.errors import Mark, Source
from cnncalc.language.builtin import BUILTIN
from cnncalc.language.schema import MODIFIER_SCHEMAS, schema
from cnncalc.language.words import MODIFIERS, TOP_KEYS
from cnncalc.language.zoo import WORKED_EXAMPLE
from cnncalc.layers import KINDS
from cnncalc.marked import marked

SPECS = sorted((Path(__file__).parents[1] / "specs").rglob("*.yaml"))
SCHEMA = schema(budget_schema())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def wrong(text: str) -> bool:
    """Whether the schema refuses a spec."""
    return not VALIDATOR.is_valid(yaml.safe_load(text))


def test_the_schema_is_a_valid_draft_07_schema() -> None:
    """It says so itself, and the draft's own schema agrees."""
    assert "http://json-schema.org/draft-07/schema#" == SCHEMA["$schema"]
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_command_prints_the_schema() -> None:
    """`cnncalc schema` is what an editor is given, with or without --format json."""
    for options in ([], ["--format", "json"]):
        command = [sys.executable, "-m", "cnncalc", "schema", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert SCHEMA == json.loads(done.stdout)


@pytest.mark.parametrize("path", [path for path in SPECS if path.name != "aliases.yaml"], ids=lambda path: path.stem)
def test_a_spec_of_the_zoo_validates(path: Path) -> None:
    """No spec that the tool reads is underlined in an editor."""
    assert [] == [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))]


# fmt: off
GOOD = {
    "the worked example": WORKED_EXAMPLE,
    "a bare word": "{input: [3, 8, 8], net: [relu]}",
    "a main argument": "{input: [3, 8, 8], net: [{maxpool: 2}]}",
    "an expression": "{input: [3, 8, 8], vars: {w: 1}, net: [{conv: {out: $w * 2, kernel: 3}}]}",
    "each axis": "{input: [3, 8, 8], net: [{conv: {out: 4, kernel: [3, 1], padding: [[1, 0], same]}}]}",
    "several inputs": "{input: {a: [3, 8], b: [3, 8]}, net: [{add: [{from: a}, {from: b}]}]}",
    "symbols": "{input: [3, H, W], net: [relu]}",
    "modifiers": "{input: [3, 8], net: [{relu: , as: a, repeat: 2, share: w}]}",
    "a block": "{input: [3, 8], blocks: {'b(n=1)': [{pointwise: $n}]}, net: [{b: 3}, {b: {n: 2}}, b]}",
    "sugar": "{input: [3, 8], net: [{conv: {out: 1, kernel: 1, act: relu, norm: none}}]}",
    "norm with arguments": "{input: [3, 8], net: [{pointwise: {out: 4, norm: {groupnorm: 2}}}]}",
    "a table": "{input: [3, 8], net: [{for: [a, b], in: [[1, 2], [3, 4]], do: [{pointwise: $a}, {pointwise: $b}]}]}",
    "connections": "{input: [2, 8], net: [{conv: {out: 2, kernel: 1, connections: [[0], [0, 1]]}}]}",
    "a head": "{input: [3, 8], net: [{head: {aux: [{pointwise: 1}]}}, relu]}",
    "what defaults may give": "{input: [3, 8], defaults: {conv: {kernel: 3}}, net: [{conv: {out: 1}}]}",
    "default of a kind": "{input: [3, 8], defaults: {conv: {padding: half, act: relu}}, net: [{conv: {out: 1, kernel: 3}}]}",
}
BAD = {
    "no net": "{input: [3, 8, 8]}",
    "no input": "{net: [relu]}",
    "an unknown key at the top": "{input: [3, 8], net: [relu], layers: []}",
    "an unknown key inside conv": "{input: [3, 8], net: [{conv: {out: 4, kernel: 3, strides: 2}}]}",
    "a word for a number": "{input: [3, 8], net: [{conv: {out: many, kernel: 3}}]}",
    "no channels": "{input: [3, 8], net: [{conv: {out: 0, kernel: 3}}]}",
    "half a channel": "{input: [3, 8], net: [{conv: {out: 1.5, kernel: 3}}]}",
    "a kernel of four axes": "{input: [3, 8], net: [{maxpool: [1, 2, 3, 4]}]}",
    "a padding mode that is none": "{input: [3, 8], net: [{conv: {out: 4, kernel: 3, padding: samey}}]}",
    "a rate above 1": "{input: [3, 8], net: [{dropout: 2}]}",
    "yes for true": "{input: [3, 8], net: [{conv: {out: 4, kernel: 3, bias: 'yes'}}]}",
    "a choice that is none": "{input: [3, 8], net: [{upsample: {scale: 2, mode: cubic}}]}",
    "an input of five axes": "{input: [3, 8, 8, 8, 8], net: [relu]}",
    "an input of size 0": "{input: [0, 8], net: [relu]}",
    "a net that is a mapping": "{input: [3, 8], net: {conv: 3}}",
    "a step that is a number": "{input: [3, 8], net: [3]}",
    "arguments where there are none": "{input: [3, 8], net: [{relu: 3}]}",
    "a modifier of the wrong type": "{input: [3, 8], net: [{relu: , repeat: -1}]}",
    "an expectation that is none": "{input: [3, 8], net: [relu], expect: {paramters: 3}}",
    "defaults of no kind": "{input: [3, 8], net: [relu], defaults: {convolution: {padding: 1}}}",
    "connections that are words": "{input: [3, 8], net: [{conv: {out: 1, kernel: 1, connections: [[a]]}}]}",
}
# fmt: on


@pytest.mark.parametrize("name", GOOD)
def test_what_may_be_written_validates(name: str) -> None:
    """Each form of the language."""
    assert [] == [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(GOOD[name]))]


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_does_not_validate(name: str) -> None:
    """Each is underlined by an editor."""
    assert wrong(BAD[name])


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_every_kind_is_described(name: str) -> None:
    """A line for each argument, in the table of kinds and in the schema, with its default."""
    kind = KINDS[name]
    definition: dict[str, Any] = SCHEMA["definitions"].get(f"kind.{name}", {})
    properties = next(
        (form["properties"] for form in definition.get("anyOf", [definition]) if "properties" in form), {}
    )

    assert (kind.__doc__ or "").strip()
    for field, declared in kind.fields.items():
        assert len(declared.about) > 5
        assert not declared.about.endswith(".")
        assert len(declared.reader.describes) > 5
        assert len(properties[field]["description"]) >= len(declared.about)
    if not kind.joins:
        assert set(kind.fields) <= set(properties)


def test_the_schema_knows_every_word_of_the_language() -> None:
    """Kinds, blocks that come with the tool, modifiers, keys at the top, and what `expect` may name."""
    described = SCHEMA
    step = described["definitions"]["step"]["anyOf"][-1]["properties"]

    assert set(MODIFIERS) == set(MODIFIER_SCHEMAS)
    assert {*KINDS, *BUILTIN, *MODIFIERS, "for", "in", "do", "head"} <= set(step)
    assert set(TOP_KEYS) == set(described["properties"])
    assert {*CLAIMED, "at"} == set(described["properties"]["expect"]["properties"])


def test_the_kinds_are_listed_for_people() -> None:
    """`schema --kinds` has a row for each kind, `schema --kinds conv` one for each argument."""
    command = [sys.executable, "-m", "cnncalc", "schema", "--kinds"]
    kinds = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    conv = subprocess.run([*command, "conv"], capture_output=True, text=True, check=True).stdout

    assert set(KINDS) <= {line.split()[0] for line in kinds.splitlines() if line.strip()}
    assert set(KINDS["conv"].fields) <= {line.split()[0] for line in conv.splitlines() if line.strip()}


# fmt: off
BUDGETS = [
    # budget:, whether the language has it
    ({"params": "3.6M", "macs": {"max": "320M", "warn": "310M", "growth": "2%"}}, True),
    ({"weight_bytes": [{"max": "4 MB", "dtype": "int8"}, {"max": 16_000_000}]}, True),
    ({"receptive_field": {"min": 200, "at": "layer3"}, "output": [1000]}, True),
    ({"layer4/**": {"macs": "900M"}}, True),
    ({"parms": "3.6M"}, False),
    ({"macs": {"maximum": "320M"}}, False),
    ({"macs": {"max": 1, "dtype": "int8"}}, False),
    ({"weight_bytes@int8": "4 MB", "receptive_field@layer3": {"min": 200}, "output.height": 7}, True),
    ({"weight_bytes": {"max": "4 MB", "dtype": "int7"}}, False),
    ({"layer4/**": {"output": [1000]}}, False),
    ({"params": True}, False),
]
# fmt: on


@pytest.mark.parametrize(("budget", "known"), BUDGETS, ids=[str(row[0]) for row in BUDGETS])
def test_the_schema_takes_the_budgets_that_check_reads(budget: dict[str, Any], known: bool) -> None:
    """What `check` reads without a problem the schema takes, and what it refuses the schema refuses."""
    problems: list[Any] = []
    limits(marked(budget, Mark(Source("budget", [""]), 0, 0)), problems)

    assert known == (not problems)
    assert known == VALIDATOR.is_valid({"net": ["relu"], "input": [1, 8, 8], "budget": budget})
