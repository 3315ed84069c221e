"""Every network of the zoo, run in NumPy: each figure is measured as it is predicted."""

from __future__ import annotations

import pytest

from cnncalc.language import zoo
from cnncalc.opening import load
from cnncalc.proof.validation import validate

IN_FULL = ("lenet5", "alexnet", "resnet50", "googlenet", "mobilenet_v2", "unet")


def wrong(name: str, quick: bool) -> list[str]:
    """What differs, or was not measured as a whole."""
    rows = validate(load(name), quick=quick).rows
    return [f"{row.figure}: {row.note}" for row in rows if not row.holds or "at least" in str(row.measured)]


@pytest.mark.parametrize("name", [*zoo.names(), *zoo.lecture()])
def test_every_network_holds_on_a_small_input(name: str) -> None:
    """Files, aliases and the worked examples; the receptive field is measured as a whole, however large."""
    assert [] == wrong(name, quick=True)


@pytest.mark.parametrize("name", IN_FULL)
def test_networks_hold_as_they_are(name: str) -> None:
    """At their own size, with all their channels."""
    assert [] == wrong(name, quick=False)
