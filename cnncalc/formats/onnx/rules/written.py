"""Operators that are written with others: read as those, one after the other.

    Celu(x)      alpha Elu(x / alpha)
    Mean(x, y)   (x + y) / 2

Source: the functions of onnx/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..constants import Constant
from ..records import Node
from ..refused import Refused

if TYPE_CHECKING:
    from ..read import Reader, Rule

SMALLEST = 2.0**-126
"""The smallest float32 of full precision."""

Step = tuple[Any, ...]
"""(operator, what it reads ..., attributes): the place of an input, `=` and the place of a step, or a number."""


def written(reader: Reader, node: Node, steps: Sequence[Step]) -> None:
    """Read the steps; the last makes what the node makes."""
    for place, (op, *reads) in enumerate(steps):
        attributes = reads.pop() if isinstance(reads[-1], dict) else {}
        inputs = tuple(_name(reader, node, one, f"{place}.{i}") for i, one in enumerate(reads))
        last = place == len(steps) - 1
        step = Node(op, "", node.name, inputs, (node.outputs[0] if last else _of(node, place),), attributes)
        reader.steps.append(step)
        reader.read(step)


def _name(reader: Reader, node: Node, read: Any, place: str) -> str:
    if isinstance(read, str):
        return _of(node, int(read[1:])) if read.startswith("=") else node.inputs[int(read)]
    name = f"{node.outputs[0]}#{place}"
    numbers = read if isinstance(read, list) else [read]
    reader.values[name] = Constant((len(numbers),) if isinstance(read, list) else (), tuple(numbers))
    return name


def _of(node: Node, place: int) -> str:
    return f"{node.outputs[0]}#{place}"


def _rule(steps: Callable[[Mapping[str, Any]], Sequence[Step]]) -> Rule:
    """A rule of the attributes alone."""
    return lambda reader, node: written(reader, node, steps(node.attributes))


def mean(reader: Reader, node: Node) -> None:
    """The sum of all by how many there are."""
    count = len(node.inputs)
    written(reader, node, [("Sum", *map(str, range(count))), ("Div", "=0", float(count))])


def shrink(own: Mapping[str, Any]) -> Sequence[Step]:
    """What is near 0 becomes 0, and the rest comes nearer."""
    bound, bias = own.get("lambd", 0.5), own.get("bias", 0.0)
    return [
        ("Greater", "0", bound),
        ("Sub", "0", bias),
        ("Mul", "=0", "=1"),
        ("Less", "0", -bound),
        ("Add", "0", bias),
        ("Mul", "=3", "=4"),
        ("Add", "=2", "=5"),
    ]


def standardised(reader: Reader, node: Node) -> None:
    """MeanVarianceNormalization: over images too, of which there is one."""
    batched, axes = reader.held(node).batched, node.attributes.get("axes") or [0, 2, 3]
    if batched and 0 in axes and reader.images > 1:
        reader.differs(node, "has a mean over all images")
    over = {"axes": [axis for axis in axes if axis or not batched]}
    steps: list[Step] = [
        ("ReduceMean", "0", over),
        ("Sub", "0", "=0"),
        ("Mul", "=1", "=1"),
        ("ReduceMean", "=2", over),
        ("Sqrt", "=3"),
        ("Add", "=4", 1e-9),
        ("Div", "=1", "=5"),
    ]
    written(reader, node, steps)


def normalised(own: Mapping[str, Any]) -> Sequence[Step]:
    """LpNormalization: by the sum of the sizes along an axis, or the root of that of their squares; zeros stay so."""
    norm = "ReduceL1" if own.get("p", 2) == 1 else "ReduceL2"
    return [(norm, "0", {"axes": [own.get("axis", -1)]}), ("Max", "=0", SMALLEST), ("Div", "0", "=1")]


def whole_norm(reader: Reader, node: Node) -> None:
    """GlobalLpPool: the norm of a map."""
    power, rank = node.attributes.get("p", 2), len(reader.held(node).dims)
    if power not in (1, 2):
        raise Refused(f"`p` is {power}")
    written(reader, node, [("ReduceL1" if power == 1 else "ReduceL2", "0", {"axes": list(range(2, rank))})])


HALF_OF_BOTH = ("Mul", "=3", 0.5)
RULES: Mapping[str, Rule] = {
    "Celu": _rule(
        lambda own: [("Div", "0", own.get("alpha", 1.0)), ("Elu", "=0", {}), ("Mul", "=1", own.get("alpha", 1.0))]
    ),
    "Cosh": _rule(lambda own: [("Exp", "0"), ("Neg", "0"), ("Exp", "=1"), ("Add", "=0", "=2"), HALF_OF_BOTH]),
    "GlobalLpPool": whole_norm,
    "LpNormalization": _rule(normalised),
    "Mean": mean,
    "MeanVarianceNormalization": standardised,
    "Shrink": _rule(shrink),
    "Sinh": _rule(lambda own: [("Exp", "0"), ("Neg", "0"), ("Exp", "=1"), ("Sub", "=0", "=2"), HALF_OF_BOTH]),
    "Swish": _rule(lambda own: [("Mul", "0", own.get("alpha", 1.0)), ("Sigmoid", "=0"), ("Mul", "0", "=1")]),
    "Tan": _rule(lambda own: [("Sin", "0"), ("Cos", "0"), ("Div", "=0", "=1")]),
    "ThresholdedRelu": _rule(lambda own: [("Greater", "0", own.get("alpha", 1.0)), ("Mul", "0", "=0")]),
    "Xor": _rule(lambda own: [("Sub", "0", "1"), ("Abs", "=0")]),
}
