"""A block with one call stands where it is called, its parameters as the call gives them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .blocks import Block, Program
from .items import REGION, Item, Raw, Sequence, is_expression
from .names import Modules, block_name
from .text import value_text
from .words import precise, rough

PARAMETER = re.compile(r"\$([A-Za-z_]\w*)(?![\w.])")


def inlined(program: Program) -> Program:
    """The program without blocks that are called once."""
    while True:
        items = [one for steps in _bodies(program) for item in steps for one in item.operations]
        calls = Counter(item.word for item in items if item.word in program.blocks)
        name = next((name for name, block in program.blocks.items() if calls[name] == 1 and not _reads_in(block)), None)
        if name is None:
            return program
        block = program.blocks[name]
        others = {n: one._replace(steps=_put(one.steps, name, block)) for n, one in program.blocks.items() if n != name}
        program = Program(others, _put(program.steps, name, block))


def numbered(program: Program, modules: Modules | None = None) -> Program:
    """The program with the names of its blocks, numbered from the first that is left; without `modules` rough ones."""
    names: dict[str, str] = {}
    calls: dict[str, list[tuple[str, ...]]] = {name: [] for name in program.blocks}
    for steps in _bodies(program):
        for call in (one for item in steps for one in item.operations if one.word in calls):
            calls[call.word].append(call.nodes)
    for name, block in program.blocks.items():
        wanted = rough(_called(block.steps, names))
        if modules is not None:
            module = modules.name(calls[name])
            written = modules.written and module
            wanted = written or precise(_called(block.steps, names), _spread(block.steps, program), module)
        names[name] = block_name(wanted, names.values())
    blocks = {names[name]: block._replace(steps=_called(block.steps, names)) for name, block in program.blocks.items()}
    return Program(blocks, _called(program.steps, names))


def _called(steps: Sequence, names: Mapping[str, str]) -> Sequence:
    return tuple(
        item.but(
            word=names.get(item.word, item.word),
            parts=tuple(part._replace(steps=_called(part.steps, names)) for part in item.parts),
        )
        for item in steps
    )


def _spread(steps: Sequence, program: Program) -> Sequence:
    """The steps with what the blocks that they call do, and what is in regions: what a name is made of."""
    found: list[Item] = []
    for item in steps:
        if item.word in program.blocks:
            found += _spread(program.blocks[item.word].steps, program)
        elif item.word == REGION:
            found += _spread(item.parts[0].steps, program)
        else:
            parts = tuple(part._replace(steps=_spread(part.steps, program)) for part in item.parts)
            found.append(item.but(parts=parts) if parts else item)
    return tuple(found)


def _bodies(program: Program) -> list[Sequence]:
    return [program.steps, *(block.steps for block in program.blocks.values())]


def _reads_in(block: Block) -> bool:
    """Whether it asks for the channels that come in, which are others where it is written out."""
    items = [one for item in block.steps for one in item.operations]
    return any("$in." in str(value) for item in items for value in item.slots.values())


def _put(steps: Sequence, name: str, block: Block) -> Sequence:
    found: list[Item] = []
    for item in steps:
        if item.word == name:
            found += [_with(inner, item.slots) for inner in block.steps]
            found[-1] = found[-1].but(label=item.label)
            continue
        parts = tuple(part._replace(steps=_put(part.steps, name, block)) for part in item.parts)
        found.append(item.but(parts=parts) if parts else item)
    return tuple(found)


def _with(item: Item, arguments: Any) -> Item:
    """The item with the values of a call."""
    slots = {name: _value(value, arguments) for name, value in item.slots.items()}
    parts = tuple(part._replace(steps=tuple(_with(one, arguments) for one in part.steps)) for part in item.parts)
    return item.but(slots=slots, parts=parts)


def _value(value: Any, arguments: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_value(member, arguments) for member in value)
    if not is_expression(value) or isinstance(value, Raw):
        return value
    whole = PARAMETER.fullmatch(value)
    if whole and whole[1] in arguments:
        return arguments[whole[1]]

    def put(found: re.Match[str]) -> str:
        given = arguments.get(found[1], found[0])
        text = value_text(given).strip('"')
        return text if re.fullmatch(r"\$?[\w.]+", text) else f"({text})"

    return PARAMETER.sub(put, value)
