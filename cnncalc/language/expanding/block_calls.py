"""A call of a block -> where its steps run: the values of its parameters, and a path of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import Mark, list_text
from ...spelling import spelled
from ..steps import Arguments, Block
from .problems import fault
from .tensors import Call, Context, Local, Tensor


def inside(
    block: Block,
    given: Arguments,
    variables: Mapping[str, Any],
    path: str,
    shared: str,
    mark: Mark,
    at: Tensor,
    context: Context,
    scope: Local,
) -> Context:
    """Where the steps of a block run, with these arguments and the variables of the spec. Raises Fault."""
    values: dict[str, Any] = {}
    known = {**variables}
    for parameter in block.parameters:
        if parameter.name in given:
            values[parameter.name] = given[parameter.name](scope)
        elif parameter.default is not None:
            values[parameter.name] = parameter.default(Local(known, at, context._replace(block=at)))
        else:
            raise fault(f"the block `{block.name}` needs `{parameter.name}`", mark, _signature(block))
        known[parameter.name] = values[parameter.name]
    arguments = ", ".join(f"{name}={value_text(value)}" for name, value in values.items())
    place = Call(f"{path}, block {block.name}({arguments})", mark, context.call)
    return Context(known, f"{path}/", f"{shared}/", {}, at, place, frozen=context.frozen, train_only=context.train_only)


def value_text(value: Any) -> str:
    """A value as it stands in a message: the first of a long list."""
    return list_text(value, value_text) if isinstance(value, list | tuple) else spelled(value)


def _signature(block: Block) -> str:
    parameters = (p.name if p.default is None else f"{p.name}=..." for p in block.parameters)
    return f"{block.name}({', '.join(parameters)})"
