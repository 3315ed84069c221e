"""The colours of pictures and pages, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

LIGHT = {
    "page": "#ffffff", "ink": "#0f172a", "quiet": "#475569", "line": "#64748b", "block": "#f8fafc #94a3b8",
    "input": "#e2e8f0 #475569", "output": "#e2e8f0 #475569", "convolution": "#dbeafe #2563eb",
    "linear": "#ede9fe #7c3aed", "recurrent": "#ede9fe #7c3aed",
    "pool": "#ffedd5 #c2410c", "norm": "#ecfccb #4d7c0f", "affine": "#ecfccb #4d7c0f",
    "activation": "#fef9c3 #a16207", "join": "#ffe4e6 #be123c", "arrangement": "#cffafe #0e7490",
    "resize": "#cffafe #0e7490", "learned": "#fae8ff #a21caf",
    "unknown": "#fee2e2 #dc2626", "other": "#f1f5f9 #475569",
}  # fmt: skip
DARK = {
    "page": "#0f172a", "ink": "#f1f5f9", "quiet": "#cbd5e1", "line": "#94a3b8", "block": "#182236 #64748b",
    "input": "#334155 #94a3b8", "output": "#334155 #94a3b8", "convolution": "#1e3a5f #60a5fa",
    "linear": "#3b2a63 #a78bfa", "recurrent": "#3b2a63 #a78bfa",
    "pool": "#4a2a14 #fb923c", "norm": "#2c3b12 #a3e635", "affine": "#2c3b12 #a3e635",
    "activation": "#44380c #facc15", "join": "#4c1524 #fb7185", "arrangement": "#0f3a44 #22d3ee",
    "resize": "#0f3a44 #22d3ee", "learned": "#45134e #e879f9",
    "unknown": "#450a0a #f87171", "other": "#273449 #94a3b8",
}  # fmt: skip
"""Colours: of letters and lines; fill and border of each family of layers."""

THEMES = ("auto", "light", "dark")


def variables(selector: str, theme: str = "auto", names: Iterable[str] = LIGHT) -> str:
    """The colours of some names as variables of CSS for a selector; with `auto` dark where the reader's screen is."""
    light, dark = (_declared({name: palette[name] for name in names}) for palette in (LIGHT, DARK))
    if theme == "auto":
        return f"{selector}{{{light}}}@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}"
    return f"{selector}{{{light if theme == 'light' else dark}}}"


def sheet(name: str, title: str, size: tuple[float, float], style: str) -> str:
    """The beginning of a picture that stands alone: its class, title, width and height, rules of CSS, and the page."""
    wide, high = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" role="img" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}"><title>{escape(title)}</title>'
        f'<style>{style}</style><rect class="page" width="{wide}" height="{high}"/>'
    )


def families(rule: str, names: Iterable[str] = LIGHT) -> str:
    """A rule of CSS for each family among some names: `FAMILY` in it is the family."""
    return "".join(rule.replace("FAMILY", name) for name in names if " " in LIGHT[name])


def _declared(palette: Mapping[str, str]) -> str:
    said = []
    for name, colour in palette.items():
        fill, _, border = colour.partition(" ")
        said.append(f"--{name}:{fill}" + (f";--{name}-line:{border}" if border else ""))
    return ";".join(said)
