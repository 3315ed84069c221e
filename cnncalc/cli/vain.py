"""Options that are given and would change nothing are refused: an answer that ignores one looks as if it obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import CnncalcError


def refused(options: Mapping[str, Any], where: str, help: str = "leave it out") -> None:
    """Raise CnncalcError for the first of these options that is given; `where` is `in csv`, `without --by-layer`."""
    for option, value in options.items():
        if value is not None and value is not False and value not in ((), []):  # 0 is given
            raise CnncalcError(f"`{option}` changes nothing {where}", help)


def refused_in_rows(options: Mapping[str, Any], form: str) -> None:
    """Raise CnncalcError for an option that acts on totals alone, in CSV, which has the layers alone."""
    if form == "csv":
        refused(options, "in csv, which has the layers and no totals", "--format json has both")
