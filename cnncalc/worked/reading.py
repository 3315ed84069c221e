"""The values that an example takes, from texts and files, each bounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from ..errors import CnncalcError
from .example import Number, plain

MOST_NUMBERS = 1_000_000
"""Entries of a matrix, numbers of a table."""

LARGEST_FILE = 1 << 24
LARGEST = 10**18

PLAIN = re.compile(
    r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})(e[+-]?\d{1,2})?|[+-]?\d{1,19}/\d{1,19}", re.ASCII | re.IGNORECASE
)
"""How a number is written; a short one, so that it costs nothing to read."""


def number(text: str) -> Number:
    """A number, exactly as it is written: 3, -0.25, 1e-3, 1/7."""
    said = text.strip()
    try:
        if not PLAIN.fullmatch(said):
            raise ValueError
        value = Fraction(said)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"must be a number, and is `{short(said)}`") from None
    if abs(value) > LARGEST:
        raise ValueError(f"must be a number below 10^18, and is `{said}`")
    return plain(value)


def short(said: str) -> str:
    """What was typed, in a message."""
    return said if len(said) <= 60 else f"{said[:50]}... ({len(said)} characters)"


def whole(least: int = 0) -> Callable[[str], int]:
    """A whole number from a least."""

    def read(text: str) -> int:
        value = number(text)
        if not isinstance(value, int) or value < least:
            raise ValueError(f"must be a whole number from {least}, and is `{short(text.strip())}`")
        return value

    return read


def flag(text: str) -> int:
    """1 for yes, 0 for no."""
    if text.strip() not in ("0", "1"):
        raise ValueError(f"must be 0 or 1, and is `{short(text.strip())}`")
    return int(text)


def share(text: str) -> Number:
    """From 0 to 1."""
    value = number(text)
    if not 0 <= value <= 1:
        raise ValueError(f"must be from 0 to 1, and is `{short(text.strip())}`")
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
    """`1 3 2; 9 1 1`, or the name of a file `.csv`, `.txt` or `.npy`; every row as long as the others."""
    if text.strip().lower().endswith(".npy"):
        return _array(text.strip(), (1, 2))
    return [[number(entry) for entry in row] for row in entries(text)]


def planes(text: str) -> list[list[Number]]:
    """Activations: a matrix with a row for each channel; or a file `.npy` of n_c x n_h x n_w, which becomes one."""
    return _array(text.strip(), (1, 2, 3)) if text.strip().lower().endswith(".npy") else matrix(text)


def entries(text: str) -> list[list[str]]:
    """The words of each row, of a text with rows between `;` or of a file with one a line."""
    text = text.strip()
    if text.lower().endswith((".csv", ".txt")):
        rows = [_apart(line) for line in _file(text).splitlines() if line.strip()]
    else:
        rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    if not rows:
        raise ValueError("must have a number, and is empty")
    if sum(map(len, rows)) > MOST_NUMBERS:
        raise ValueError(f"has more than {MOST_NUMBERS:,} numbers")
    for n, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"has {len(rows[0])} numbers in row 1 and {len(row)} in row {n}")
    return rows


def _apart(line: str) -> list[str]:
    """The entries of a line of a file: between commas, semicolons, or else spaces."""
    sign = next((sign for sign in ",;" if sign in line), None)
    return [entry.strip().strip('"') for entry in line.split(sign)]


def table(columns: tuple[str, ...], words: str = "") -> Callable[[str], list[list[Number]]]:
    """A matrix with these columns; a first row of their names puts them in another order. `words` may hold words."""

    def read(text: str) -> list[list[Number]]:
        if text.strip().lower().endswith(".npy"):
            found = _array(text.strip(), (1, 2))
            fits(found[0])
            return found
        rows = entries(text)
        order = list(range(len(rows[0])))
        if not any(PLAIN.fullmatch(entry) for entry in rows[0]):
            names = [name.lower() for name in rows[0]]
            if sorted(names) != sorted(columns):
                raise ValueError(f"has the columns {' '.join(names)}, and takes {' '.join(columns)}")
            order, rows = [names.index(name) for name in columns], rows[1:]
        if not rows:
            raise ValueError("has the names of its columns and no row")
        fits(rows[0])
        return [[_entry(row[place], name) for place, name in zip(order, columns, strict=True)] for row in rows]

    def fits(row: Sequence[Any]) -> None:
        if len(row) != len(columns):
            raise ValueError(f"has {len(row)} numbers in a row, and takes {' '.join(columns)}")

    def _entry(said: str, name: str) -> Any:
        return short(said) if name == words and said and not PLAIN.fullmatch(said) else number(said)

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


def _file(name: str) -> str:
    from ..files import content

    try:
        return content(name, LARGEST_FILE, "a table").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CnncalcError(f"{name} is not UTF-8", "numbers between commas, a line a row") from None


def _array(name: str, axes: tuple[int, ...]) -> list[list[Number]]:
    """The one array of a file as rows; of three axes the first is that of the rows."""
    from ..kernels.arrays import opened

    with opened(name) as file:
        ((key, header),) = file.headers.items() if len(file.headers) == 1 else (("", None),)
        if header is None or len(header.shape) not in axes:
            most = "two" if len(axes) == 2 else "three"
            raise ValueError(f"must be a file of one array with one to {most} axes")
        if not 0 < header.nbytes // header.dtype.itemsize <= MOST_NUMBERS:
            raise ValueError(f"must have from 1 to {MOST_NUMBERS:,} numbers")
        found: Any = file.array(key)
    rows = found.reshape(1, -1) if len(header.shape) == 1 else found.reshape(len(found), -1)
    if not all(isfinite(entry) and abs(entry) <= LARGEST for row in rows.tolist() for entry in row):
        raise ValueError("must have finite numbers below 10^18, and has another")
    return [[plain(Fraction(entry)) for entry in row] for row in rows.tolist()]
