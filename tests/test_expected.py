"""`expect: {at: ...}`: what a spec claims of its layers is held against the network."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.lint.expected import unmet

LENET = """
input: [1, 32, 32]
net:
  - {conv: {out: 6, kernel: 5, act: relu}, as: c1}
  - maxpool: 2
  - {do: [{conv: {out: 16, kernel: 5}}, {maxpool: 2}], as: body}
  - {linear: 120, as: fc}
expect: {at: """


def said(claims: str) -> list[str]:
    """What lint says of these claims."""
    return [problem.message for problem in unmet(cnncalc.parse(f"{LENET}{claims}}}"))]


@pytest.mark.parametrize(
    ("expected", "claims"),
    [
        ([], "{fc: {in: 400, out: 120, input: [400], output: [120], params: 48120, macs: 48000}}"),
        ([], "{c1: {in: 1, out: 6, receptive_field: 5, weight_bytes: 624}}"),
        ([], "{body: {in: 6, output: [16, 5, 5], params: 2416}, body/conv: {output: [16, 10, 10]}}"),
        (["expected in of fc 256, found 400"], "{fc: {in: 256}}"),
        (["expected output of body [16, 4, 4], found [16, 5, 5]"], "{body: {output: [16, 4, 4]}}"),
        (["expected receptive_field of c1 3, found 5"], "{c1: {receptive_field: 3}}"),
        (["spec has no layer `fc2`"], "{fc2: {in: 400}}"),
        (["a layer has no `parms` to expect"], "{fc: {parms: 3}}"),
        (["a layer has no `peak` to expect"], "{fc: {peak: 3}}"),
        (["what is expected of a layer is a mapping"], "{fc: 400}"),
        (["`at` is a mapping from layers to what is expected of them"], "[fc]"),
        (["`fc` of spec has no receptive_field: it has no positions left"], "{fc: {receptive_field: 3}}"),
    ],
)
def test_what_is_expected_of_a_layer(expected: list[str], claims: str) -> None:
    """Sizes that enter and leave a layer or a part, and its figures; what differs is said with both values."""
    assert expected == said(claims)
