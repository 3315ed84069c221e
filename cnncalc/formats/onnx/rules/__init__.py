"""Operator -> what it is in a network: one file a family, one table.

A rule reads the node and makes a layer through the Reader, or says what its output stands for (a weight, the same
tensor with other axes). What no layer stands for is Refused, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..read import Rule
from . import (
    activation,
    arrange,
    attention,
    control,
    conv,
    einsum,
    entries,
    join,
    linear,
    norm,
    plain,
    pool,
    quantised,
    recurrent,
    reduce,
    resize,
    sampled,
    written,
)

RULES: Mapping[str, Rule] = {
    **plain.RULES,
    **conv.RULES,
    **pool.RULES,
    **reduce.RULES,
    **linear.RULES,
    **norm.RULES,
    **activation.RULES,
    **join.RULES,
    **arrange.RULES,
    **entries.RULES,
    **recurrent.RULES,
    **quantised.RULES,
    **control.RULES,
    **attention.RULES,
    **einsum.RULES,
    **resize.RULES,
    **sampled.RULES,
    **written.RULES,
}
"""By operator; one of another domain as `domain::operator`."""
