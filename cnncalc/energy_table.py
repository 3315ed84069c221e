"""A table of energies from a file, in place of the built-in one.

source: my chip, 22 nm
multiply: {int8: 0.05}              picojoules; a range is a list, [1300, 2600]
add: {int8: 0.02}                   of a product to its sum
access: {dram: 640, buffer: 6}      picojoules for 64 bits
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from . import files
from .analyses.energy import Range, Table
from .errors import CnncalcError, Diagnostic, SpecError, did_you_mean
from .language.yaml import MAX_BYTES, Node, compose

PARTS = ("multiply", "add", "access")


def energy_table(path: str) -> Table:
    """The table of a file. Raises CnncalcError, SpecError with the place of what is wrong."""
    try:
        text = files.content(path, MAX_BYTES, "an energy table").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CnncalcError(f"{path} is not a text file") from None
    problems: list[Diagnostic] = []
    tree = compose(text, path, problems)
    if not problems:
        found = _parts(tree, problems)
        if not problems:
            return Table(str(found.pop("source", path)), *(found[part] for part in PARTS))
    raise SpecError(problems)


def _parts(tree: Node, problems: list[Diagnostic]) -> dict[str, Any]:
    if not tree.is_mapping:
        problems.append(Diagnostic(f"an energy table is a mapping with {', '.join(PARTS)}", tree.mark))
        return {}
    found: dict[str, Any] = {}
    for name, (key, node) in tree.entries.items():
        if name == "source":
            found[name] = node.value
        elif name not in PARTS:
            help = did_you_mean(name, PARTS) or f"known: source, {', '.join(PARTS)}"
            problems.append(Diagnostic(f"an energy table has no `{name}`", key.mark, help=help))
        else:
            found[name] = _ranges(node, name, problems)
    for name in PARTS:
        if name not in tree.entries:
            problems.append(Diagnostic(f"the energy table has no `{name}`", tree.mark, help=EXAMPLES[name]))
    if not problems and set(found["multiply"]) != set(found["add"]):
        problems.append(Diagnostic("`multiply` and `add` are of the same dtypes", tree.mark))
    return found


EXAMPLES = {
    "multiply": "multiply: {fp32: 3.7, int8: 0.2}",
    "add": "add: {fp32: 0.9, int8: 0.1}",
    "access": "access: {dram: [1300, 2600]}, picojoules for 64 bits",
}


def _ranges(node: Node, name: str, problems: list[Diagnostic]) -> Mapping[str, Range]:
    if not node.is_mapping or not node.entries:
        problems.append(Diagnostic(f"`{name}` gives picojoules by name", node.mark, help=EXAMPLES[name]))
        return {}
    return {word: _range(value, problems) for word, (_, value) in node.entries.items()}


def _range(node: Node, problems: list[Diagnostic]) -> Range:
    members = [member.value for member in node.items] if node.is_sequence else [node.value] * 2
    numbers = [Fraction(m) for m in members if isinstance(m, int | Fraction) and not isinstance(m, bool) and m >= 0]
    if len(members) != 2 or len(numbers) != 2 or numbers[0] > numbers[1]:
        message = "an energy is a number of picojoules of at least 0, or a list of the lowest and the highest"
        problems.append(Diagnostic(message, node.mark))
        return Range(Fraction(0), Fraction(0))
    return Range(*numbers)
