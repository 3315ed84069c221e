"""A module -> its trace on inputs of given shapes; what the module is is left as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .records import Records
from .telling import PART, Failed, frames, told, where


def exported(module: Any, inputs: Any, device: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The records of a module on inputs of these shapes; the module is left as it was. Raises Failed."""
    import warnings

    import torch

    with warnings.catch_warnings(), as_found(module), torch.no_grad():
        warnings.simplefilter("ignore")
        module.eval()
        args, kwargs = example(module, inputs, device)
        program = traced(module, args, kwargs)
        return Records(module, program, known).all()


def example(module: Any, inputs: Any, device: Any) -> tuple[list[Any], dict[str, Any]]:
    """Tensors of the shapes that are given; by name where they are a mapping. Raises Failed."""
    import inspect

    import torch

    def tensor(given: Any) -> Any:
        if isinstance(given, torch.Tensor):
            return given
        shape, type_ = given
        return torch.empty(shape, dtype=getattr(torch, type_), device=device)

    try:
        taken = inspect.signature(module.forward)
    except (TypeError, ValueError):
        taken = None
    bound: tuple[list[Any], dict[str, Any]]
    if isinstance(inputs, Mapping):
        bound = ([], {name: tensor(given) for name, given in inputs.items()})
    else:
        bound = ([tensor(given) for given in inputs], {})
    if taken is not None:
        try:
            placed = taken.bind(*bound[0], **bound[1])
            bound = (list(placed.args), placed.kwargs)
        except TypeError as error:
            names = [name for name, one in taken.parameters.items() if one.default is one.empty]
            help = "an input each: " + " ".join(f"--input {name}=3,224,224" for name in names[:4])
            help = help if len(names) > 1 else "" if names else "a network has an input"
            raise Failed(f"forward cannot be called so: {error}", help) from None
    return bound


def traced(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The exported program, in which nothing is written over. Raises Failed."""
    import torch

    for again in (False, True):
        try:
            program = torch.export.export(module, tuple(args), dict(kwargs), strict=False)
            return program if plain(program.graph) else program.run_decompositions({})
        except Failed:
            raise
        except BaseException as error:
            text = str(error)
            if not again and any(word in text for word in WHOLE):
                args = [whole(value) for value in args]
                kwargs = {name: whole(value) for name, value in kwargs.items()}
                continue  # an embedding reads whole numbers
            raise Failed(*of_the_forward_pass(error)) from None
    return None


def whole(value: Any) -> Any:
    """An example of floats as one of whole numbers."""
    import torch

    floats = isinstance(value, torch.Tensor) and value.is_floating_point()
    return torch.empty_like(value, dtype=torch.int64) if floats else value


WHOLE = ("'indices' to have one of", "to have scalar type", "used as indices must be", "indices to be long")
"""What an error says where an input is of whole numbers."""

DATA = (
    "GuardOnDataDependent", "DataDependentOutput", "DynamicOutputShape", "data-dependent", "UserError",
    "Tensor.item() cannot be called on meta", "Cannot copy out of meta tensor", "aten::_local_scalar_dense",
    "aten.nonzero", "aten::nonzero", "Unbacked", "unbacked",
)  # fmt: skip
"""What an error says where code hangs on the numbers in a tensor."""


def of_the_forward_pass(error: BaseException) -> tuple[str, str]:
    """The message for what a forward pass raises: the user's line, and what to name instead."""
    text = f"{type(error).__name__}: {error}"
    place = where(frames(error.__traceback__))
    at = f" at {place}" if place else ""
    if any(word in text for word in DATA):
        message = f"the forward pass hangs on the numbers in a tensor{at}, which a count does not have"
        return message, PART
    return f"the forward pass raises {told(error, place=False)}{at}", "is --input of the size that it takes?"


def plain(graph: Any) -> bool:
    """Whether what is written over is no view, and has none: then the new value can stand for the old."""
    views: dict[Any, Any] = {}
    seen: set[Any] = set()
    for node in graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if node.op != "call_function" or schema is None or not node.args:
            continue
        first = node.args[0]
        if schema.is_mutable:
            if first in views or first in seen or not only_the_first(schema):
                return False
        elif any(one.alias_info is not None for one in schema.returns):
            views[node] = first
            seen.add(first)
    return True


def only_the_first(schema: Any) -> bool:
    """Whether an operator writes over its first argument alone."""
    written = [place for place, one in enumerate(schema.arguments) if one.alias_info and one.alias_info.is_write]
    return written == [0] and schema.name != "aten::copy_"


@contextmanager
def as_found(module: Any) -> Iterator[None]:
    """Leave modes, hooks and buffers as they were; hooks of others than torch itself do not run meanwhile."""
    import torch

    parts = list(module.modules())
    modes = [part.training for part in parts]
    buffers = [dict(part._buffers) for part in parts]
    hooks: list[tuple[Any, dict[Any, Any]]] = []
    for part in parts:
        for name in ("_forward_hooks", "_forward_pre_hooks"):
            kept = getattr(part, name)
            hooks.append((kept, dict(kept)))
            for key, hook in list(kept.items()):
                if not type(hook).__module__.startswith("torch."):
                    del kept[key]
    grad = torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_grad_enabled(grad)
        for kept, before in hooks:
            kept.clear()
            kept.update(before)
        for part, mode, old in zip(parts, modes, buffers, strict=True):
            part.training = mode
            for name, buffer in old.items():
                if part._buffers.get(name) is not buffer:
                    part._buffers[name] = buffer
