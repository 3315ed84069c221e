"""How a spec spells things: the arguments of a layer, values, sizes and names."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import Any

from ..building import legal_name
from ..dims import is_symbolic
from ..errors import CnncalcError
from ..graph import Graph, Node
from ..layers import KINDS
from ..layers.fields import Padding, PerAxis, Reader
from .words import BRANCH_KEYS, OPERATIONS
from .yaml import scalar

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
PLAIN = re.compile(r"[\w$][\w.+/-]*( [\w.+/-]+)*")


def arguments_of(node: Node) -> dict[str, Any]:
    """The arguments of a node that are not the default, one number where the axes agree."""
    axes = len(node.incoming[0] if node.incoming else node.output) - 1
    written = {}
    for name, field in type(node.layer).fields.items():
        value = getattr(node.layer, name)
        if value is None:
            continue
        compact = _compact(value, field.reader, node)
        usual = None if field.required or field.default is None else field.reader.read(field.default, axes)
        if usual is None or compact != _compact(usual, field.reader, node):
            written[name] = compact
    return written


def _compact(value: Any, reader: Reader, node: Node) -> Any:
    if is_symbolic(value):
        return expression(value) if value.symbols() else value.constant
    if hasattr(value, "__array__"):
        raise CnncalcError(
            f"`{node.name}` cannot be written: its arguments hang on a size that has no number",
            "give it with --input",
        )
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, tuple):
        return value
    if isinstance(reader, Padding):
        members = [pad[0] if isinstance(pad, tuple) and pad[0] == pad[1] else pad for pad in value]
        members = [[_compact(end, reader, node) for end in pad] if isinstance(pad, tuple) else pad for pad in members]
        members = [_compact(pad, reader, node) if is_symbolic(pad) else pad for pad in members]
    else:
        members = [_compact(member, reader, node) for member in value]
        if not isinstance(reader, PerAxis):
            return members
    alike = bool(members) and all(member == members[0] for member in members)
    return members[0] if alike and not isinstance(members[0], list) else members


def expression(size: Any) -> str:
    """A size without a number as an expression in those of the inputs."""
    text = ""
    for x, count in size.ordered():
        factors = [] if abs(count) == 1 and x else [str(abs(count))]
        for atom, power in sorted(x, key=str):
            factors.append(_atom(atom) + f" ** {power}" * (power > 1))
        text += (" - " if count < 0 else " + ") + " * ".join(factors)
    text = "-" + text[3:] if text.startswith(" - ") else text[3:]
    alone = [count for x, count in size.terms if sum(power for _, power in x) == 1] == [1] and len(size.terms) == 1
    return text[1:-1] if alone and text.startswith("(") else text


def _atom(atom: Any) -> str:
    if not atom.parts:
        return f"${atom.word}"
    parts = [part if isinstance(part, int) else expression(part) for part in atom.parts]
    if atom.word != "floor":
        return f"{atom.word}({', '.join(map(str, parts))})"
    over, under = (f"({part})" if " " in str(part) else str(part) for part in parts)
    return f"({over} // {under})"


def inputs_of(graph: Graph, names: Mapping[str, str]) -> str:
    """The value of `input:`."""
    given = {names[name]: _input(graph, name) for name in graph.inputs}
    return given["input"] if list(given) == ["input"] else mapping_of(given)


def _input(graph: Graph, name: str) -> str:
    shape = text_of([_size(dim) for dim in graph.inputs[name]])
    dtype = graph.input_dtypes.get(name)
    return mapping_of({"shape": shape, "dtype": dtype}) if dtype else shape


def _size(dim: Any) -> Any:
    if is_symbolic(dim) and not IDENTIFIER.fullmatch(str(dim)):
        raise CnncalcError(f"the input size {dim} cannot be written", "give it a number with --input")
    return str(dim) if is_symbolic(dim) else dim


def is_step(word: str, blocks: Container[str] = ()) -> bool:
    """Whether a mapping with this one key is read as a step or a branch, and not as the name of a side output."""
    return word in KINDS or word in OPERATIONS or word in BRANCH_KEYS or word in blocks


def legal_names(graph: Graph) -> dict[str, str]:
    """Every name as the language allows it, each still its own, and none that of a side output that would hide it."""
    legal: dict[str, str] = {}
    taken = {legal_name(head) for head, end in graph.heads.items() if is_step(head) or end != head} - {*graph.inputs}
    for name in (*graph.inputs, *(node.name for node in graph.nodes)):
        own = legal_name(name)
        if name in graph.inputs and not IDENTIFIER.fullmatch(own):
            own = re.sub(r"\W", "_", f"input_{own}")
        while own in taken:
            own += "_"
        legal[name] = own
        taken.add(own)
    return legal


def mapping_of(values: Mapping[str, str]) -> str:
    """A mapping in braces, of values that are text already."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def text_of(value: Any) -> str:
    """A value in a line of YAML; a text is quoted where it would be read as something else."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(text_of, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "none"
    if not isinstance(value, str):
        return repr(value)
    return value if PLAIN.fullmatch(value) and isinstance(scalar(value), str) else json.dumps(value, ensure_ascii=False)
