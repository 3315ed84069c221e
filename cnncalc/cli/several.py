"""What is asked of several networks at once, of which some are models of other formats and some are specs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .request import Request


def of_models(requests: Sequence[Request]) -> list[Request]:
    """Requests of several networks: what is asked of models is asked of those among them, if there is one."""
    from ..formats.reading import USUAL
    from ..opening import SPEC, chosen

    if all(one.how == USUAL for one in requests):
        return [*requests]
    plain = [chosen(one.spec).format is SPEC for one in requests]
    if all(plain):
        return [*requests]
    as_usual: dict[str, Any] = {"allow_unknown": False, "no_batch": False, "shape": None}
    return [replace(one, **as_usual) if spec else one for one, spec in zip(requests, plain, strict=True)]
