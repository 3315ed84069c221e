"""Numbers and shapes as people read them. The only place where a figure becomes text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..quotients import fraction, is_fraction

Form = Callable[[Any], str]

NOTHING = "-"

LONGEST_QUOTIENT = 24
"""Signs of a fraction that is written as one."""


def text(value: Any) -> str:
    """As it is."""
    return "" if value is None else str(value)


def whole(value: Any) -> str:
    """25,557,032; zero too."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def plural(n: int, noun: str) -> str:
    """`1 spec`, `3 specs`, `2,048 points`."""
    return f"{whole(n)} {noun}{'' if n == 1 else 's'}"


def count(value: Any) -> str:
    """25,557,032; a dash for none."""
    return NOTHING if value is None or (isinstance(value, int) and value == 0) else whole(value)


def short(value: int) -> str:
    """4.09 G: three digits and a decimal prefix."""
    if not isinstance(value, int):
        return str(value)
    for power, sign in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:.2f} {sign}"
    return str(value)


def size(value: Any) -> str:
    """Bytes with decimal units: kB is 1000."""
    if value is None or value == 0:
        return NOTHING
    if not isinstance(value, int):
        return f"{value} bytes"
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:,.1f} {unit}"
    return f"{value} B"


def percent(value: Any) -> str:
    """A share: 0.282 as 28.2."""
    return NOTHING if not value else f"{100 * float(value):.1f}"


def ratio(value: Any) -> str:
    """Three digits: 0.103."""
    return NOTHING if value is None else f"{float(value):.3g}"


def shape(value: Any) -> str:
    """64x56x56; 64 x ceil(H/2) x (W - 2) where sizes are formulas."""
    if value is None:
        return ""
    if all(isinstance(dim, int) for dim in value):
        return "x".join(map(str, value))
    from .factors import bracketed

    return " x ".join(map(bracketed, value))


def shapes(value: Any) -> str:
    """A shape, or several by their names."""
    if not hasattr(value, "items"):
        return shape(value)
    return ", ".join(f"{name} {shape(one)}" for name, one in value.items())


def signed(value: Any) -> str:
    """A position, which may be before the image."""
    return NOTHING if value is None else str(value)


def position(value: Any) -> str:
    """A whole number or a half."""
    if value is None:
        return NOTHING
    exact = fraction(value)
    return str(exact.numerator) if exact.denominator == 1 else f"{float(exact):g}"


def per_axis(values: Any, form: Form = text) -> str:
    """`7` where the axes agree, `7x5` where they do not."""
    if values is None:
        return NOTHING
    texts = [form(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def interval(value: tuple[int, int]) -> str:
    """`427`, or `188-204` where it depends on the position."""
    low, high = value
    return str(low) if low == high else f"{low}-{high}"


def ratio_of(value: int, base: int) -> str:
    """How many times as much: `2.97`; nothing without a base."""
    return hundredths(value / base) if base else ""


def hundredths(value: float) -> str:
    """2 digits behind the point."""
    return f"{value:.2f}"


def tenths(value: float) -> str:
    """One digit behind the point."""
    return f"{value:.1f}"


def real(value: float) -> str:
    """6 digits."""
    return f"{value:.6g}"


def plain(value: float) -> str:
    """As short as it is."""
    return f"{value:g}"


def exact(value: Any) -> str:
    """As it is: 9, 0.6, 1/7; 6 digits of what is not exact; several with commas between."""
    if isinstance(value, list | tuple):
        return ", ".join(map(exact, value)) or "none"
    if is_fraction(value) and value.denominator != 1:
        decimal, quotient = real(float(value)), f"{value.numerator}/{value.denominator}"
        return decimal if fraction(decimal) == value or len(quotient) > LONGEST_QUOTIENT else quotient
    return real(value) if isinstance(value, float) else str(value)


def brief(value: Any) -> str:
    """In a sentence: 1,024 and 0.25 as they are; of what is longer 4 digits, or 2 behind the point."""
    if isinstance(value, int):
        return whole(value)
    text = exact(value)
    if (is_fraction(value) or isinstance(value, float)) and (len(text) > 6 or "/" in text):
        number = float(value)
        return hundredths(number) if abs(number) >= 1 else f"{number:.4g}"
    return text
