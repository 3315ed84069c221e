"""A module that is in memory -> its network: not copied, and left as it was (modes, hooks, buffers, device)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import CnncalcError
from ..reading import USUAL, Reading
from .numbers import of_module
from .opened import sizes
from .read import TraceReader
from .running import there
from .trace import trace

if TYPE_CHECKING:
    from ...dims import Shape
    from ...graph import Graph

Example = tuple[tuple[int, ...], str]
"""The shape of one image, or with no batch of all, and the element type."""


@dataclass(frozen=True, eq=False)
class HeldModule:
    """A module and the inputs given with it: makes its network, and makes it again on others."""

    module: Any
    inputs: Mapping[str, Example] | tuple[Example, ...]
    how: Reading = USUAL

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        """The network on these inputs. Raises CnncalcError: a module has no settings."""
        if settings:
            raise CnncalcError("a module of PyTorch has no variables to set", "input=(3, 224, 224) is possible")
        if inputs is None:
            return self.graph()
        return replace(self, inputs={name: (shape, "float32") for name, shape in inputs.items()}).graph()

    def graph(self) -> Graph:
        """The network. Raises CnncalcError."""
        from .traced.making import MOST_KNOWN, kept, refuse_lazy
        from .traced.telling import Failed
        from .traced.tracing import exported

        module, name = _inner(self.module), type(self.module).__name__
        lead = (1,) if self.how.batch else ()
        given: Any = self.inputs
        if isinstance(given, Mapping):
            given = {key: [(*lead, *shape), dtype] for key, (shape, dtype) in given.items()}
        else:
            given = [[(*lead, *shape), dtype] for shape, dtype in given]
        try:
            refuse_lazy(module)
        except Failed as error:
            raise CnncalcError(f"{name}: {error}", error.help) from None
        tensors = [*module.parameters(), *module.buffers()]
        device = tensors[0].device if tensors else "cpu"
        known = {
            path: buffer
            for path, buffer in module.named_buffers(remove_duplicate=False)
            if buffer.numel() <= MOST_KNOWN
        }
        try:
            found = exported(module, given, device, known)
        except Failed as error:
            raise CnncalcError(f"{name}: {error}", error.help) from None
        reader = TraceReader(trace(found, name), name, self.how)
        return replace(reader.graph(), again=self, stored=reader.own(of_module(module), lambda: kept(module)))


def from_torch(module: Any, input: Any, *, batch: bool = True, allow_unknown: bool = False) -> Graph:
    """The network of a `torch.nn.Module` that is in memory.

    `input` is the shape of one image, `(3, 224, 224)`, or a tensor as the forward pass takes it, batch first; a tuple
    or list of tensors where it takes several, a mapping from the names of its arguments to either. With `batch=False`
    shapes have no axis of images in front.

    Nothing is computed, and the module is left as it was: its modes, hooks, buffers and device; parameters are not
    copied. It is counted in evaluation mode. Hooks other than those of PyTorch itself do not run. Raises CnncalcError.
    """
    there()
    import torch

    if not isinstance(module, torch.nn.Module):
        raise CnncalcError(
            f"a module is a torch.nn.Module, and this is of type {type(module).__name__}", "an instance, not its class"
        )
    return HeldModule(module, _examples(input, batch), Reading(batch, allow_unknown)).graph()


def _examples(given: Any, batch: bool) -> Mapping[str, Example] | tuple[Example, ...]:
    if isinstance(given, Mapping):
        return {str(name): _example(one, batch) for name, one in given.items()}
    if isinstance(given, tuple | list) and given and all(hasattr(one, "shape") for one in given):
        return tuple(_example(one, batch) for one in given)
    return (_example(given, batch),)


def _example(given: Any, batch: bool) -> Example:
    if hasattr(given, "shape") and hasattr(given, "dtype"):
        shape = tuple(int(size) for size in given.shape)
        if batch and not shape:
            raise CnncalcError("a tensor without axes has no axis of images", "batch=False")
        return shape[1:] if batch else shape, str(given.dtype).removeprefix("torch.")
    return sizes(given, "from_torch")[0][1], "float32"


def _inner(module: Any) -> Any:
    """What `torch.compile` and the parallel wrappers have in them."""
    import torch

    while True:
        if isinstance(module, torch.nn.DataParallel | torch.nn.parallel.DistributedDataParallel):
            module = module.module
        elif hasattr(module, "_orig_mod"):
            module = module._orig_mod
        else:
            return module
