"""docs/json.md: every JSON document with its keys, written from the contracts that the commands keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cnncalc.contracts import HOMES, contract

PAGE = Path(__file__).parents[1] / "docs" / "json.md"

WRITTEN_BY = {
    "summary": "summary SPEC", "shapes": "shapes SPEC", "params": "params SPEC", "macs": "macs SPEC",
    "counted": "macs SPEC --as TOOL", "counted-params": "params SPEC --as TOOL", "tools": "macs --as help",
    "tensors": "params FILE.safetensors", "weights": "diff SPEC FILE.safetensors --params",
    "account": "explain SPEC --against TOOL", "readings": "explain SPEC --against NUMBER",
    "forms": "macs SPEC --compare", "receptive-field": "receptive-field SPEC",
    "unit": "receptive-field SPEC --unit 0,0", "effective": "receptive-field SPEC --effective",
    "memory": "memory SPEC", "worked": "worked EXAMPLE", "worked-examples": "worked", "explain": "explain SPEC", "show": "show SPEC", "formula": "formula SPEC",
    "roofline": "roofline SPEC", "energy": "energy SPEC", "training": "training SPEC",
    "sweep": "sweep SPEC width=1,2", "fit": "fit SPEC --vary width --max macs=100M", "lint": "lint SPEC",
    "diff": "diff A B", "diff-folders": "diff FOLDER FOLDER", "log": "log SPEC", "compare": "compare A B C", "validate": "validate SPEC", "run": "run SPEC",
    "saliency": "saliency SPEC --image FILE", "zoo": "zoo", "lecture": "zoo --lecture", "spec": "zoo NAME --show",
    "kinds": "schema --kinds", "arguments": "schema --kinds KIND",
}  # fmt: skip
"""Document -> the command that writes it with `--format json`."""

OTHERWISE = {
    "check": "`cnncalc check SPEC --report json` writes it.",
    "lock": "`cnncalc check --update` keeps it in `cnncalc.lock.json`.",
    "parts": "`cnncalc sweep SPEC width=1,2 --output FOLDER/` keeps it in `FOLDER/sweep.json`.",
}

HEAD = """\
# JSON

Written by `pytest tests/test_json_page.py --update-golden` from the contracts of the tool.

`--format json` answers with one document. Its first key, `schema`, is its name and version: `cnncalc.summary/1`. The
version goes up where a key goes, is renamed or means something else; a new key is no new version.
`cnncalc schema --of summary` prints the JSON Schema (draft-07), and a test holds the documents of every network of the
zoo to it. From Python the document is `cnncalc.summary("resnet50").data`, and the schema
`cnncalc.contracts.contract("summary").schema`.

- Counts and bytes are exact integers. Bytes are of the `dtype` that stands beside them, fp32 where none does.
- MACs are for `batch` images, one where there is no `batch`; `flops` are 2 a MAC.
- A shape is a list, channels first. A size that is open is a text, such as `"H"` or `"floor(H/2)"`.
- `share` and other ratios are numbers from 0 to 1. A number that is none (NaN, infinity) is `null`.
- One thing has one name everywhere, in CSV too: `params`, `macs`, `flops`, `weight_bytes`, `peak_activations`,
  `receptive_field`, `input`, `output`, and `name` for a layer's path.

In a table, `[]` is each member of a list and `{}` each value of a mapping whose keys are names. A key with a star may be
absent.

"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(section(name) for name in HOMES)


def section(name: str) -> str:
    """One document: what it is, who writes it, its keys."""
    found = contract(name)
    by = OTHERWISE.get(name) or f"`cnncalc {WRITTEN_BY[name]} --format json` writes it."
    rows = ["| key | type | what it is |", "| --- | --- | --- |"]
    rows += [
        f"| {cell(path)} | {kind} | {about.replace('|', chr(92) + '|')} |" for path, kind, about in keys(found.schema)
    ]
    return f"## {name}\n\n`{found.id}`: {found.about} {by}\n\n" + "\n".join(rows) + "\n"


def cell(path: str) -> str:
    """A key as code, its star behind it."""
    return f"`{path.removesuffix('*')}`" + (r" \*" if path.endswith("*") else "")


def keys(schema: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, type and description of every key."""
    for key, member in schema.get("properties", {}).items():
        if not before and key == "schema":
            continue
        path = before + key
        star = "" if key in schema.get("required", ()) else "*"
        yield path + star, kind(member), member.get("description", "")
        yield from inside(member, path)


def inside(member: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """The keys within a value."""
    for one in member.get("anyOf", [member]):
        if "properties" in one:
            yield from keys(one, f"{path}.")
        elif isinstance(one.get("items"), Mapping):
            yield from inside(one["items"], f"{path}[]")
        elif isinstance(one.get("additionalProperties"), Mapping):
            yield from inside(one["additionalProperties"], f"{path}{{}}")


def kind(member: Mapping[str, Any]) -> str:
    """The type of a value in words."""
    if "anyOf" in member:
        return " or ".join(dict.fromkeys(map(kind, member["anyOf"])))
    if isinstance(member.get("type"), list):
        return " or ".join(NAMES.get(one, one) for one in member["type"])
    if member.get("type") == "array":
        return f"list of {one_word(kind(member['items']))}" if member.get("items") else "list"
    if member.get("type") == "object":
        values = member.get("additionalProperties")
        return f"mapping to {one_word(kind(values))}" if isinstance(values, Mapping) else "record"
    return NAMES.get(member.get("type", ""), member.get("type", "any value"))


def one_word(text: str) -> str:
    """A choice in brackets, so that it is told from one around it."""
    return f"({text})" if " or " in text and text != NAMES["boolean"] else text


NAMES = {"boolean": "true or false", "string": "text", "null": "null"}


def test_the_page_is_what_the_contracts_say(request: pytest.FixtureRequest) -> None:
    """Written again with --update-golden."""
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_document_is_written_by_somebody() -> None:
    """A contract that is new needs its command here."""
    assert set(HOMES) == {*WRITTEN_BY, *OTHERWISE}


def test_a_key_is_told_with_its_place_and_its_type() -> None:
    """Lists of records, mappings and what may be absent."""
    rows = {path: (kind, about) for path, kind, about in keys(contract("summary").schema)}

    assert "integer" == rows["totals.params"][0]
    assert ("text", "the layer's path in the spec") == rows["layers[].name"]
    assert "list of (integer or text) or null" == rows["layers[].output"][0]
    assert "whose positions they are, where the inputs differ" == rows["receptive_field[].input*"][1]
