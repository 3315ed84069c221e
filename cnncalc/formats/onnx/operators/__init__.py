"""Kind -> the operators that compute it: one file a family, one table, held complete by a test.

A rule writes its node through the OnnxWriter; the last operator makes the tensor of the node's name.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import activation, arrange, conv, join, norm, pool, recurrent, sampled
from .base import Rule

OPERATORS: Mapping[str, Rule] = {
    **conv.RULES,
    **pool.RULES,
    **norm.RULES,
    **activation.RULES,
    **join.RULES,
    **arrange.RULES,
    **recurrent.RULES,
    **sampled.RULES,
}
"""By kind."""
