"""Names in the rows of a table: `skip1`, `skip2` ... are `skip$level`, and the level is a column."""

from __future__ import annotations

import re

from .items import JOIN_OF_ONE, UP, Item, Raw, Sequence

NUMBERED = re.compile(r"([^$]*?)(\d+)")
LEVEL = "level"


def numbers_of(rows: list[Sequence]) -> tuple[list[Sequence], dict[str, list[int]]] | None:
    """The rows with one text for each name, and the columns of numbers; None where names are no such series."""
    if any(item.label.startswith(UP) for item in rows[0]):
        rows = [tuple(map(_without_number, row)) for row in rows]
    found = [list(row) for row in rows]
    columns: dict[str, list[int]] = {}
    for place in range(len(rows[0])):
        items = [row[place] for row in rows]
        if any(item.tied and not _reads_by_name(item) for item in items):
            return None
        if any(item.label for item in items):
            label = _series([item.label for item in items], columns)
            if label is None:
                return None
            for row in found:
                row[place] = row[place].but(label=label)
        if len({len(item.parts) for item in items}) > 1:
            return None
        for number in range(len(items[0].parts)):
            starts = [item.parts[number].start for item in items]
            if starts[0] in ("", JOIN_OF_ONE) and len({*starts}) == 1:
                continue
            start = _series(starts, columns)
            if start is None:
                return None
            for row in found:
                parts = list(row[place].parts)
                parts[number] = parts[number]._replace(start=start)
                row[place] = row[place].but(parts=tuple(parts))
    return [tuple(row) for row in found], columns


def _without_number(item: Item) -> Item:
    """The step with `up` for `up3`: each row has its own."""
    label = UP if re.fullmatch(rf"{UP}\d+", item.label) else item.label
    slots = {
        name: re.sub(rf"^\${UP}\d+\.size$", f"${UP}.size", value)
        if isinstance(value, str) and not isinstance(value, Raw)
        else value
        for name, value in item.slots.items()
    }
    parts = tuple(part._replace(steps=tuple(map(_without_number, part.steps))) for part in item.parts)
    return item.but(label=label, slots=slots, parts=parts)


def _reads_by_name(item: Item) -> bool:
    """Whether it is tied by nothing but the names that its branches start from."""
    inner = any(one.tied or one.label for part in item.parts for one in part.steps)
    return item.word not in ("head", "for") and "@from" not in item.slots and not inner


def _series(names: list[str], columns: dict[str, list[int]]) -> str | None:
    if {*names} == {UP}:
        return UP
    matches = [NUMBERED.fullmatch(name) for name in names]
    if any(match is None for match in matches):
        return None
    stems = {match[1] for match in matches if match}
    numbers = [int(match[2]) for match in matches if match]
    if len(stems) > 1:
        return None
    known = next((column for column, values in columns.items() if values == numbers), None)
    if known is None:
        known = LEVEL if not columns else f"{LEVEL}{len(columns) + 1}"
        columns[known] = numbers
    return f"{stems.pop()}${known}"
