"""The values that an example takes, from texts and files, each bounded."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

from ..errors import CnncalcError
from .example import Number, plain

MOST_NUMBERS = 1_000_000
"""Entries of a matrix, numbers of a table."""

LARGEST_FILE = 1 << 24


def number(text: str) -> Number:
    """A number, exactly as it is written."""
    try:
        value = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"must be a number, and is `{text.strip()}`") from None
    if not isfinite(value) or abs(value) > 10**18:
        raise ValueError(f"must be a number below 10^18, and is `{text.strip()}`")
    return plain(value)


def whole(least: int = 0) -> Callable[[str], int]:
    """A whole number from a least."""

    def read(text: str) -> int:
        value = number(text)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"must be a whole number from {least}, and is `{text.strip()}`")
        return value

    return read


def share(text: str) -> Number:
    """From 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise ValueError(f"must be from 0 to 1, and is `{text.strip()}`")
    return value


def vector(text: str) -> list[Number]:
    """Numbers between spaces or commas; or a file."""
    rows = matrix(text)
    if len(rows) == 1:
        return rows[0]
    if all(len(row) == 1 for row in rows):
        return [row[0] for row in rows]
    raise ValueError(f"must be one row of numbers, and has {len(rows)}")


def matrix(text: str) -> list[list[Number]]:
    """`1 3 2; 9 1 1`, or the name of a file `.csv` or `.npy`; every row as long as the others."""
    text = text.strip()
    if text.lower().endswith((".csv", ".txt")):
        text = _file(text).strip().replace("\r\n", "\n").replace("\n", ";")
    elif text.lower().endswith(".npy"):
        return _array(text)
    rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    if not rows:
        raise ValueError("must have a number")
    if sum(map(len, rows)) > MOST_NUMBERS:
        raise ValueError(f"has more than {MOST_NUMBERS:,} numbers")
    for n, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"has {len(rows[0])} numbers in row 1 and {len(row)} in row {n}")
    return [[number(entry) for entry in row] for row in rows]


def table(columns: tuple[str, ...]) -> Callable[[str], list[list[Number]]]:
    """A matrix with these columns."""

    def read(text: str) -> list[list[Number]]:
        rows = matrix(text)
        if len(rows[0]) != len(columns):
            raise ValueError(f"has {len(rows[0])} numbers in a row, and takes {' '.join(columns)}")
        return rows

    return read


def box(text: str) -> list[Number]:
    """`x1 y1 x2 y2`, two corners, the second below and to the right."""
    corners = vector(text)
    if len(corners) != 4:
        raise ValueError(f"must be x1 y1 x2 y2, and has {len(corners)} numbers")
    sides(corners)
    return corners


def sides(corners: list[Number]) -> None:
    """Refuse a box with a negative side. Raises ValueError."""
    x1, y1, x2, y2 = corners
    if x2 < x1 or y2 < y1:
        raise ValueError(f"has a negative side: {x2 - x1} x {y2 - y1}; it is x1 y1 x2 y2, two corners")


def choice(*words: str) -> Callable[[str], str]:
    """One of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}, and is `{text}`")
        return text

    return read


def _file(name: str) -> str:
    from ..files import content

    try:
        return content(name, LARGEST_FILE, "a table").decode()
    except UnicodeDecodeError:
        raise CnncalcError(f"{name} is not UTF-8", "numbers between commas, a line a row") from None


def _array(name: str) -> list[list[Number]]:
    from ..kernels.arrays import opened

    with opened(name) as file:
        ((key, header),) = file.headers.items() if len(file.headers) == 1 else (("", None),)
        if header is None or len(header.shape) not in (1, 2):
            raise ValueError("must be a file of one array with one or two axes")
        if not 0 < header.nbytes // header.dtype.itemsize <= MOST_NUMBERS:
            raise ValueError(f"must have from 1 to {MOST_NUMBERS:,} numbers")
        rows: Any = file.array(key).reshape(1, -1) if len(header.shape) == 1 else file.array(key)
        found = [[plain(Fraction(entry)) for entry in row] for row in rows.tolist() if all(map(isfinite, row))]
        if len(found) != len(rows):
            raise ValueError("has a number that is not finite")
        return found
