"""What `fit` tries for a variable that is given without a range."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..dims import is_symbolic
from ..errors import CnncalcError, did_you_mean
from ..quantities import quantity
from ..spelling import spelled
from .evaluate import Evaluator
from .grid import MOST_VALUES, Variable
from .plan import Plan

MULTIPLIER = 4
"""A variable up to here is taken for a multiplier, and steps by 0.01; a larger one steps by 1."""

SIDE = 32
"""The step of an input whose side is a multiple of it."""


def steps_of(texts: Sequence[str], free: Sequence[str]) -> dict[str, Fraction]:
    """The steps of `--step 0.01` (for all, under "") and `--step input=16`. Raises CnncalcError."""
    steps: dict[str, Fraction] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        step = quantity(value)
        if step <= 0:
            raise CnncalcError(f"a step is above 0, and `--step {text}` is not")
        if equals and name not in free:
            raise CnncalcError(f"`--step {text}`: `{name}` has no steps", did_you_mean(name, free) or f"--vary {name}")
        steps[name] = step
    return steps


def range_of(probe: Plan, name: str, step: Fraction | None, times: int) -> Variable:
    """From one step up to some times the value that the spec has."""
    evaluator = Evaluator(probe)
    side = name not in evaluator.source.variables
    usual = _usual(evaluator, name, side)
    if step is None or (side and step.denominator != 1):
        step = Fraction((SIDE if usual % SIDE == 0 else 1) if side else 1 if usual > MULTIPLIER else Fraction(1, 100))
    count = int(max(usual * times, step) // step)
    if count > MOST_VALUES:
        raise CnncalcError(f"`{name}` has {count:,} steps of {spelled(step)}", f"--vary {name}=from:to:step")
    values = (place * step for place in range(1, count + 1))
    return Variable(name, [value.numerator if value.denominator == 1 else value for value in values])


def _usual(evaluator: Evaluator, name: str, side: bool) -> Fraction:
    plan = evaluator.plan
    graph = evaluator.source.graph(plan.fixed, lambda inputs: evaluator.shapes(inputs, {}))
    if not side:
        value = graph.settings.get(name)
    else:
        axis = name.partition(".")[2]
        value = graph.input_shape[0] if axis == "channels" else graph.input_shape[-1 if axis == "width" else -2]
    if value is None or is_symbolic(value):
        return Fraction(224)
    if isinstance(value, bool | str | list) or value <= 0:
        raise CnncalcError(f"`{name}` is {spelled(value)}, and has no largest value", "--vary a number of the spec")
    return Fraction(value)
