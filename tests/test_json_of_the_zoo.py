"""The JSON of every network of the zoo fits the schemas that ship, whatever is asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jsonschema
import pytest

import cnncalc
from cnncalc import reports
from cnncalc.contracts import contract
from cnncalc.graph import Graph
from cnncalc.language import zoo
from cnncalc.render.report import Report

ASKED: dict[str, Callable[[Graph], Report]] = {
    "summary": reports.summary,
    "shapes": reports.shapes,
    "params": reports.params,
    "macs": reports.macs,
    "receptive-field": reports.receptive_field,
    "memory": reports.memory,
    "show": reports.show,
    "roofline": reports.roofline,
    "energy": reports.energy,
    "training": reports.training,
    "diff": lambda graph: reports.diff(graph, small()),
    "compare": lambda graph: reports.compare({"this": graph, "lenet5": small()}),
    "counted": lambda graph: reports.counts_as(graph, "thop"),
    "counted-params": lambda graph: reports.params_as(graph, "keras"),
}
"""Document -> what answers with it, of any network."""

SLOWER: dict[str, Callable[[Graph], Report]] = {"explain": reports.explain, "forms": reports.forms}
"""Those that a family of networks is asked once: its members have the same layers."""


@cache
def small() -> Graph:
    """What others are compared with."""
    return cnncalc.load("lenet5")


@cache
def validator(name: str) -> jsonschema.Draft7Validator:
    """Of a document."""
    return jsonschema.Draft7Validator(contract(name).schema)


def told_apart(value: Any) -> Any:
    """A document with one of those records of a list that have the same keys with values of the same types."""
    if isinstance(value, Mapping):
        return {key: told_apart(member) for key, member in value.items()}
    if isinstance(value, list):
        return list({types(member): told_apart(member) for member in value}.values())
    return value


def types(value: Any) -> Any:
    """What a schema may tell apart of a value."""
    if isinstance(value, Mapping):
        return tuple((key, types(member)) for key, member in value.items())
    if isinstance(value, list):
        return ("list", *dict.fromkeys(map(types, value)))
    return type(value).__name__


@pytest.mark.parametrize("name", [*zoo.names(), *zoo.lecture()])
def test_every_document_of_a_network_fits_its_schema(name: str) -> None:
    """Read back from its text, as a program reads it."""
    graph, member = cnncalc.load(name), zoo.member(name)
    asked = ASKED | SLOWER if member is not None and not member.settings else ASKED

    wrong = []
    for document, question in asked.items():
        found = json.loads(question(graph).written("json"))
        assert contract(document).id == found["schema"]
        wrong += [
            f"{document}: {error.json_path}: {error.message}"
            for error in validator(document).iter_errors(told_apart(found))
        ]

    assert [] == wrong


def test_records_of_other_types_are_all_held() -> None:
    """Of three rows, one that has a text where others have a number stays."""
    assert 2 == len(told_apart([{"n": 1}, {"n": 2}, {"n": "H"}]))
    assert [{"n": [1, "H"]}] == told_apart([{"n": [3, "H"]}, {"n": [1, "H"]}])
