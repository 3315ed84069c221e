"""What the layers of Keras are: a class -> a rule, which reads its configuration and adds layers."""

from __future__ import annotations

from ..read import Rule
from . import activation, arrange, attention, conv, embedding, join, norm, operators, pool, recurrent, reduced, wrapped

RULES: dict[str, Rule] = {
    **operators.RULES,
    **conv.RULES,
    **pool.RULES,
    **norm.RULES,
    **activation.RULES,
    **arrange.RULES,
    **join.RULES,
    **attention.RULES,
    **recurrent.RULES,
    **embedding.RULES,
    **reduced.RULES,
    **wrapped.RULES,
}
"""Every class that is read, and every operator of TensorFlow, as `tf.NAME`."""
