"""What of a model could not be read, all of it in one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ...dims import Shape, is_symbolic
from ...errors import CnncalcError
from ...layers.base import size_text
from ...namedtuples import NamedTuple
from .constants import Constant
from .fold import FOLDERS
from .records import Node
from .values import Held, Value

MOST_LINES, MOST_ENTRIES = 20, 6


class Unread(NamedTuple):
    """An operator that could not be read."""

    node: Node
    why: str
    inputs: tuple[str, ...]
    """The shapes that it reads, as texts."""


def unknown(node: Node, values: Sequence[Value | None]) -> str:
    """Why an operator without a rule cannot be read: it is not known, or works on numbers that are not."""
    if node.op not in FOLDERS or node.domain or any(value is None for value in values):
        return f"the operator {node.op} is not known"
    if any(isinstance(value, Constant) and any(map(is_symbolic, value.entries)) for value in values):
        return "it reads numbers that hang on sizes without a number"
    if any(isinstance(value, Held) for value in values):
        return "it reads numbers that only a run makes"
    return f"the operator {node.op} is not known for what it reads"


def read_as(value: Value | None) -> str:
    """What an operator reads at an input: its shape, or the formulas of numbers that hang on open sizes."""
    if value is None:
        return "?"
    if isinstance(value, Constant) and any(map(is_symbolic, value.entries)):
        texts = [str(entry) for entry in value.entries[:MOST_ENTRIES]] + ["..."] * (len(value.entries) > MOST_ENTRIES)
        return f"[{', '.join(texts)}]" if value.dims else texts[0]
    return size_text(value.dims) or "a number"


def refusal(
    file: str, unread: Sequence[Unread], inputs: Mapping[str, Shape], pages: str, fixed: Mapping[str, Shape]
) -> CnncalcError:
    """The error with every operator and reason, how often it occurs and what its first node reads.

    Where sizes of the inputs are open, they may be what is missing; where others are given than the file has, which are
    those of `fixed`, they may be what does not fit.
    """
    counts = Counter((one.node.op, one.why) for one in unread)
    lines = []
    for (op, why), count in counts.most_common(MOST_LINES):
        first = next(one for one in unread if (one.node.op, one.why) == (op, why))
        times = f"{count} x " if count > 1 else ""
        lines.append(f"{times}{op}: {why}; `{first.node.label}` reads {', '.join(first.inputs) or 'nothing'}")
    nodes = f"{len(unread)} operators" if len(unread) > 1 else "an operator"
    help = f"{pages}--allow-unknown counts the rest"
    if missing := _open(inputs):
        help = f"with a number for {missing} more can be worked out; {help}"
    for name, shape in fixed.items():
        sizes = f"{size_text(shape)} there, and --input gives {size_text(inputs[name])}"
        help = f"the input `{name}` is {sizes}; {help}"
    return CnncalcError(f"{file}: {nodes} cannot be read", help, lines)


def _open(inputs: Mapping[str, Shape]) -> str:
    """The open sizes and how to give them."""
    for shape in inputs.values():
        names = sorted({symbol for size in shape if is_symbolic(size) for symbol in size.symbols()})
        if names:
            sizes = ",".join(str(size) if not is_symbolic(size) else "NUMBER" for size in shape)
            return f"{' and '.join(names)} (--input {sizes}, or {' '.join(f'--set {name}=NUMBER' for name in names)})"
    return ""
