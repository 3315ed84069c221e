"""The module that a user names, built without numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from .telling import Failed, a, told

MOST_KNOWN = 65_536
"""Numbers of a constant that are worked out and written down."""

LARGE = 4_096
"""Numbers of a new tensor of floats from which on it has only a shape."""


def module_of(request: Mapping[str, Any]) -> Any:
    """The module that a request names, built without numbers. Raises Failed."""
    import torch

    no_downloads()
    found = imported(request["source"], request["is_file"])
    name = request["callable"]
    made = member(found, name, request["source"])
    if not isinstance(made, torch.nn.Module):
        if not callable(made):
            raise Failed(f"`{name}` is {a(made)}, and no module, class or function that makes one")
        made = built(made, request["args"], request["kwargs"], name, numbers="numbers" in request)
    elif request["called"]:
        raise Failed(f"`{name}` is a module already, which takes no arguments here", f"leave {request['called']} out")
    if request["tail"]:
        made = member(made, request["tail"], name)
    if not isinstance(made, torch.nn.Module):
        raise Failed(f"`{name}` gives {a(made)}, and no torch.nn.Module")
    refuse_lazy(made)
    return made


def refuse_lazy(module: Any) -> None:
    """A layer whose sizes come with its first input has no shape yet. Raises Failed."""
    import torch

    lazy = (torch.nn.parameter.UninitializedParameter, torch.nn.parameter.UninitializedBuffer)
    for path, part in module.named_modules():
        if any(isinstance(own, lazy) for own in (*part._parameters.values(), *part._buffers.values())):
            raise Failed(
                f"`{path or type(part).__name__}` is {a(part)}, which has no size before its first input",
                "a layer with its sizes, or a function that calls the module once",
            )


def imported(source: str, is_file: bool) -> Any:
    """A Python file or an importable module. Raises Failed."""
    import importlib
    import importlib.util

    sys.meta_path.insert(0, Torchvision())
    try:
        if not is_file:
            return importlib.import_module(source)
        path = Path(source).resolve()
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise Failed(f"{source} is no file of Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    except Failed:
        raise
    except BaseException as error:
        raise Failed(f"{source} cannot be imported: {told(error)}") from None


class Torchvision(MetaPathFinder):
    """Before torchvision is imported: two operators are declared where it is built for another torch and has none."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Finds nothing: those after it find torchvision."""
        if name == "torchvision":
            sys.meta_path.remove(self)
            declare_its_operators()


def declare_its_operators() -> None:
    """Declare the operators of torchvision that it declares shapes for, where its library cannot be loaded."""
    from importlib.util import find_spec

    import torch

    found = find_spec("torchvision")
    for folder in (found.submodule_search_locations if found else None) or ():
        for library in Path(folder).glob("_C*"):
            with suppress(ImportError, OSError):
                torch.ops.load_library(library)  # type: ignore[no-untyped-call]  # of torch
                return
    declared = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]  # of torch
    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):  # the code may have declared it for itself
            declared.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]  # of torch
    sys.modules["torchvision operators"] = declared  # type: ignore[assignment]  # kept alive


def no_downloads() -> None:
    """Weights have no part in a count: where code asks for them it is told how to ask for none."""
    import torch.hub

    def refused(*_: Any, **__: Any) -> None:
        help = "weights=None, or pretrained=False; weights_backbone=None besides for a part that has its own"
        raise Failed("weights are not downloaded, since only shapes count", help)

    torch.hub.load_state_dict_from_url = refused  # type: ignore[assignment]
    torch.hub.download_url_to_file = refused


def member(of: Any, path: str, where: str) -> Any:
    """An attribute, and an attribute of that. Raises Failed."""
    import difflib

    for name in path.split("."):
        try:
            of = getattr(of, name)
        except AttributeError:
            near = difflib.get_close_matches(name, dir(of), 1)
            raise Failed(f"{where} has no `{name}`", f"did you mean `{near[0]}`?" if near else "") from None
    return of


def built(
    make: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], name: str, numbers: bool = False
) -> Any:
    """The module that a call makes. Raises Failed.

    Large tensors of floats are on the meta device, small ones hold numbers, since sizes are computed with them; where
    that fails all of it is made on the meta device, and at last all of it with its numbers; at once where those are
    asked for, drawn with seed 0.
    """
    import inspect

    import torch

    try:
        inspect.signature(make).bind(*args, **kwargs)
    except TypeError as error:
        missing = "missing" in str(error)
        help = f"the arguments stand behind it: {name}(...)" if missing and not (args or kwargs) else ""
        raise Failed(f"`{name}` cannot be called so: {error}", help) from None
    except ValueError:
        pass
    ways: list[Callable[[], Any]] = [without_numbers, lambda: torch.device("meta"), lambda: torch.device("cpu")]
    if numbers:
        torch.manual_seed(0)
        del ways[:-1]
    for way in ways:
        try:
            with way():
                return make(*args, **kwargs)
        except Failed:
            raise
        except BaseException as error:
            if way is ways[-1] or isinstance(error, SystemExit | KeyboardInterrupt):
                raise Failed(f"`{name}` raises {told(error)}") from None
    return None


def without_numbers() -> Any:
    """A mode in which a large new tensor of floats is on the meta device."""
    import math

    import torch
    from torch.overrides import TorchFunctionMode

    makers = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full}

    class Shapes(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
        ) -> Any:
            kwargs = dict(kwargs or {})
            if function in makers and kwargs.get("device") is None and kwargs.get("out") is None:
                given = kwargs.get("size", args[0] if args and isinstance(args[0], list | tuple) else args)
                dtype = kwargs.get("dtype") or torch.get_default_dtype()
                sizes = [size for size in given if isinstance(size, int)]
                if dtype.is_floating_point and math.prod(sizes) >= LARGE:
                    kwargs["device"] = "meta"
            return function(*args, **kwargs)

    return Shapes()


def save(module: Any, paths: Sequence[str], file: str) -> None:
    """Write some parameters and buffers of a module. Raises Failed for one that has no numbers."""
    import numpy as np
    import torch

    state = {**dict(module.named_buffers()), **dict(module.named_parameters())}
    for path in paths:
        if path not in state or state[path].is_meta:
            raise Failed(f"its `{path}` has no numbers", "--init he draws weights, --weights FILE reads them")
    np.savez(file, *(state[path].detach().to("cpu", torch.float64).numpy() for path in paths))


def kept(module: Any) -> list[dict[str, Any]]:
    """What a checkpoint of a module holds: the path, first path and shape of each tensor, and whether it is learned."""
    import torch

    learned = {id(tensor) for tensor in module.parameters()}
    first: dict[int, str] = {}
    for named in (module.named_parameters, module.named_buffers):
        for path, tensor in named(remove_duplicate=False):
            first.setdefault(id(tensor), path)
    return [
        {
            "path": path,
            "first": first.get(id(tensor), path),
            "shape": list(tensor.shape),
            "learned": id(tensor) in learned,
        }
        for path, tensor in module.state_dict(keep_vars=True).items()
        if isinstance(tensor, torch.Tensor)
    ]


@contextmanager
def as_made(module: Any) -> Iterator[None]:
    """Whatever is set on a module and on those in it meanwhile is as before afterwards."""
    held = [of for part in module.modules() for of in (part._parameters, part._buffers, vars(part))]
    before = [(of, dict(of)) for of in held if isinstance(of, dict)]
    try:
        yield
    finally:
        for of, kept in before:
            of.clear()
            of.update(kept)


def on_meta(module: Any) -> dict[str, Any]:
    """Put all tensors of a module on the meta device, shared ones as shared ones; the small buffers with numbers."""
    import torch

    moved: dict[int, Any] = {}
    known: dict[str, Any] = {}

    def meta(tensor: Any) -> Any:
        if id(tensor) not in moved:
            new = torch.empty_like(tensor, device="meta")
            if isinstance(tensor, torch.nn.Parameter):
                new = torch.nn.Parameter(new, requires_grad=tensor.requires_grad)
            moved[id(tensor)] = (new, tensor)  # the old one is kept, so that its id stays its own
        return moved[id(tensor)][0]

    for path, part in module.named_modules(remove_duplicate=False):
        for name, buffer in part._buffers.items():
            if buffer is not None and not buffer.is_meta and buffer.numel() <= MOST_KNOWN:
                known[f"{path}.{name}".lstrip(".")] = buffer
    for part in module.modules():
        for tensors in (part._parameters, part._buffers):
            for name, tensor in tensors.items():
                if tensor is not None:
                    tensors[name] = meta(tensor)
        for name, value in vars(part).items():
            if isinstance(value, torch.Tensor):
                vars(part)[name] = meta(value)
            elif isinstance(value, list) and any(isinstance(one, torch.Tensor) for one in value):
                # as the weights of nn.LSTM, which are its parameters once more
                vars(part)[name] = [meta(one) if isinstance(one, torch.Tensor) else one for one in value]
    return known
