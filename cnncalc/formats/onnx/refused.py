"""What a rule raises where no layer stands for an operator, and what it runs into in one that is damaged."""

from __future__ import annotations


class Refused(Exception):
    """An operator, or a use of one, that no layer stands for."""


class AlongImages(Refused):
    """An operator that mixes images, or an axis that was taken for theirs and is none."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; where the first axis of an input is no batch, --no-batch")


MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a rule runs into where an attribute is of another type, an axis is not there, a list is too short."""
