"""A module -> its trace on inputs of given shapes; what the module is is left as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

from .lying import Unlike
from .making import as_made, on_meta
from .recording import recorded
from .records import Records
from .telling import PART, Failed, frames, told, where
from .writes import plain


def exported(module: Any, inputs: Any, device: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The records of a module on inputs of these shapes; the module is left as it was. Raises Failed."""
    import warnings

    import torch

    with warnings.catch_warnings(), as_found(module), torch.no_grad():
        warnings.simplefilter("ignore")
        module.eval()
        example(module, inputs, device)
        found = without_export(module, inputs, known)
        if found is None:
            args, kwargs = example(module, inputs, device)
            found = Records(module, traced(module, args, kwargs), known).all()
        return found


def without_export(module: Any, inputs: Any, known: Mapping[str, Any]) -> dict[str, Any] | None:
    """The records of a pass on the meta device, several times as fast as an export; None where it needs one.

    First tensors that the code makes are where it says, then on the meta device; first inputs are floats where nobody
    says what they are, then those whole numbers without which the code does not run.
    """
    for place in ("cpu", "meta"):
        args, kwargs = example(module, inputs, "meta")
        for chosen in ([], *subsets(args, kwargs)):
            try:
                with as_made(module):
                    buffers = on_meta(module)
                    program = recorded(module, *with_whole(args, kwargs, chosen), place)
                    return Records(module, program, {**known, **buffers}).all()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if not any(word in str(error) for word in WHOLE):
                    break
    return None


def subsets(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[list[int | str]]:
    """Inputs of floats that may be meant as whole numbers, few of them first."""
    given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    floats = [key for key, value in given if whole(value) is not value]
    few = floats if len(floats) <= MOST_MIXED else []
    groups = [list(chosen) for count in range(1, len(few) + 1) for chosen in combinations(few, count)]
    return groups or [floats]


def with_whole(
    args: Sequence[Any], kwargs: Mapping[str, Any], chosen: Sequence[int | str]
) -> tuple[list[Any], dict[str, Any]]:
    """The inputs, some of them whole numbers."""
    return (
        [whole(value) if key in chosen else value for key, value in enumerate(args)],
        {key: whole(value) if key in chosen else value for key, value in kwargs.items()},
    )


def example(module: Any, inputs: Any, device: Any) -> tuple[list[Any], dict[str, Any]]:
    """Tensors of the shapes that are given; by name where they are a mapping. Raises Failed."""
    import inspect

    import torch

    floats = (one.dtype for one in module.parameters() if one.is_floating_point())
    own = next(floats, torch.float32)  # a module in half precision takes such inputs

    def tensor(given: Any) -> Any:
        if isinstance(given, torch.Tensor):
            return given
        shape, type_ = given
        return torch.empty(shape, dtype=own if type_ == "float32" else getattr(torch, type_), device=device)

    try:
        taken = inspect.signature(module.forward)
    except (TypeError, ValueError):
        taken = None
    bound: tuple[list[Any], dict[str, Any]]
    parameters = taken.parameters.values() if taken is not None else ()
    several = any(one.kind is one.VAR_POSITIONAL for one in parameters) and len(parameters) == 1
    if isinstance(inputs, Mapping) and not several:
        bound = ([], {name: tensor(given) for name, given in inputs.items()})
    elif isinstance(inputs, Mapping):
        bound = ([tensor(given) for given in inputs.values()], {})  # forward(*maps)
    else:
        bound = ([tensor(given) for given in inputs], {})
    if taken is not None:
        try:
            placed = taken.bind(*bound[0], **bound[1])
            bound = (list(placed.args), placed.kwargs)
        except TypeError as error:
            names = [name for name, one in taken.parameters.items() if one.default is one.empty]
            help = "an input each: " + " ".join(f"--input {name}=3,224,224" for name in names[:4])
            if len(names) == 1 < len(inputs):
                help = f"is `{names[0]}` a list or a mapping of them? a module around it can take them one by one"
            elif len(names) < 2:
                help = "" if names else "a network has an input"
            raise Failed(f"forward cannot be called so: {error}", help) from None
    return bound


def traced(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The exported program, in which nothing is written over. Raises Failed."""
    import torch

    failed: BaseException | None = None
    for chosen in ([], *subsets(args, kwargs)):
        given = with_whole(args, kwargs, chosen)
        try:
            program = torch.export.export(module, tuple(given[0]), given[1], strict=False)
            return program if plain(program.graph) else program.run_decompositions({})
        except Failed:
            raise
        except BaseException as error:
            of_whole = any(word in str(error) for word in WHOLE)
            failed = failed if failed is not None and of_whole else error
            if not of_whole:
                break
    raise Failed(*of_the_forward_pass(failed or Unlike(), [*args, *kwargs.values()])) from None


def whole(value: Any) -> Any:
    """An example of floats as one of whole numbers."""
    import torch

    floats = isinstance(value, torch.Tensor) and value.is_floating_point()
    return torch.empty_like(value, dtype=torch.int64) if floats else value


WHOLE = (
    "'indices' to have one of", "to have scalar type", "used as indices must be", "indices to be long",
    "type (long int) and bias type (float) should be the same", "expected scalar type", "have the same dtype",
    "applicable to index tensor", "only supports index tensors", "must be an integer",
)  # fmt: skip
"""What an error says where an input is of whole numbers, or another one is not."""

MOST_MIXED = 4
"""Inputs of which each may be one of whole numbers or not."""

DATA = (
    "GuardOnDataDependent", "DataDependentOutput", "DynamicOutputShape", "data-dependent", "UserError",
    "Tensor.item() cannot be called on meta", "Cannot copy out of meta tensor", "aten::_local_scalar_dense",
    "aten.nonzero", "aten::nonzero", "Unbacked", "unbacked",
)  # fmt: skip
"""What an error says where code hangs on the numbers in a tensor."""


def of_the_forward_pass(error: BaseException, inputs: Sequence[Any]) -> tuple[str, str]:
    """The message for what a forward pass raises: the user's line, and what to name or give instead."""
    text = f"{type(error).__name__}: {error}"
    place = where(frames(error.__traceback__))
    at = f" at {place}" if place else ""
    if any(word in text for word in DATA):
        message = f"the forward pass hangs on the numbers in a tensor{at}, which a count does not have"
        return message, PART
    shapes = [tuple(one.shape) for one in inputs if hasattr(one, "shape")]
    twice = next((shape for shape in shapes if len(shape) > 3 and shape[:2] == (1, 1)), None)
    sizes = f"is --input of the size that it takes? {','.join(map(str, twice[2:]))} is one image" if twice else ""
    return f"the forward pass raises {told(error, place=False)}{at}", sizes or "is --input of the size that it takes?"


@contextmanager
def as_found(module: Any) -> Iterator[None]:
    """Leave modes, hooks and tensors as they were; hooks of others than torch itself do not run meanwhile."""
    import torch

    hooks: list[tuple[Any, dict[Any, Any]]] = []
    for part in module.modules():
        for name in ("_forward_hooks", "_forward_pre_hooks"):
            kept = getattr(part, name)
            hooks.append((kept, dict(kept)))
            for key, hook in list(kept.items()):
                if not type(hook).__module__.startswith("torch."):
                    del kept[key]
    grad = torch.is_grad_enabled()
    try:
        with as_made(module):
            yield
    finally:
        torch.set_grad_enabled(grad)
        for kept, before in hooks:
            kept.clear()
            kept.update(before)
