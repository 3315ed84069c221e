"""A spec as it is written."""

from __future__ import annotations

from ..render.report import Column, Contract, Report

CONTRACT = Contract(
    "spec",
    1,
    "The text of a spec.",
    (Column("name", about="the name of the network"), Column("spec", about="the text, YAML")),
)


def spec_text(name: str, text: str) -> Report:
    """The text of a spec that has a name."""
    return Report([name], [], CONTRACT, {"name": name, "spec": text}, text=text)
