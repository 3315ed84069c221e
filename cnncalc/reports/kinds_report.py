"""The layer kinds with their arguments, or the arguments of one."""

from __future__ import annotations

from typing import Any

from ..errors import CnncalcError, did_you_mean
from ..layers import KINDS, Layer
from ..layers.fields import REQUIRED
from ..render import units
from ..render.report import Column, Contract, Report, Table

OF_KINDS = (
    Column("kind", "kind", units.TEXT, "the word of the language", kept=True),
    Column("about", "what it is", units.TEXT, "in a line", kept=True),
    Column("arguments", "arguments (* needed)", units.TEXT, "in their order", kept=True),
)
OF_ARGUMENTS = (
    Column("argument", "argument", units.TEXT, "its name", kept=True),
    Column("default", "default", units.TEXT, "its value where it is not given", kept=True),
    Column("about", "what it is", units.TEXT, "in a line", kept=True),
    Column("form", "form", units.TEXT, "what may be given", kept=True),
)
CONTRACT = Contract("kinds", 1, "The layer kinds.", (Column("kinds", unit=units.rows(*OF_KINDS)),))
ARGUMENTS = Contract(
    "arguments", 1, "The arguments of a layer kind.", (Column("arguments", unit=units.rows(*OF_ARGUMENTS)),)
)


def _arguments(kind: type[Layer]) -> str:
    """The arguments of a kind by name; those of a join only where it needs them."""
    needed = not kind.joins or any(field.required for field in kind.fields.values())
    named = [_argument(kind, field) for field in kind.fields] if needed else []
    return ", ".join([*named, *(["branches"] if kind.joins or kind.extra else [])])


def kinds() -> Report:
    """All layer kinds."""
    rows = [
        {
            "kind": name,
            "about": _first_line(kind),
            "arguments": _arguments(kind),
        }
        for name, kind in KINDS.items()
    ]
    title = ["layer kinds", "`cnncalc schema --kinds conv` explains one"]
    return Report(title, [Table(OF_KINDS, rows, key="kinds")], CONTRACT)


def arguments(kind: str) -> Report:
    """The arguments of a kind. Raises CnncalcError where there is none of that name."""
    if kind not in KINDS:
        raise CnncalcError(f"no layer kind `{kind}`", did_you_mean(kind, KINDS))
    rows = [
        {"argument": name, "default": _default(field.default), "about": field.about, "form": field.reader.describes}
        for name, field in KINDS[kind].fields.items()
    ]
    title = [kind, _first_line(KINDS[kind])]
    return Report(title, [Table(OF_ARGUMENTS, rows, key="arguments")], ARGUMENTS)


def _default(value: Any) -> str:
    return "needed" if value is REQUIRED else "-" if value is None else str(value).lower()


def _first_line(kind: Any) -> str:
    return str((kind.__doc__ or "").strip().partition("\n")[0])


def _argument(kind: Any, name: str) -> str:
    return name + ("*" if kind.fields[name].default is REQUIRED else "")
