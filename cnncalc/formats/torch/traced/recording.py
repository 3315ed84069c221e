"""A forward pass on the meta device, each operator written down as it is called, before autograd takes it apart.

It makes the program that `torch.export` makes, without its checks, its time and its memory. What has numbers is
computed as usual. Where anything is unlike what is expected here this is said, and the caller has `torch.export`.
"""

from __future__ import annotations

import linecache
import operator
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

from .lying import Lies, Unlike, Values, lies
from .writes import DROPPING, without_writing

FLAGS = ("_is_compiling_flag", "_is_exporting_flag")
"""What `torch.compiler.is_compiling()` and `is_exporting()` go by."""


class Recording:
    """A graph that grows with each operator that is called, in the form of an exported program."""

    def __init__(self, module: Any, place: str) -> None:
        import torch.fx

        self.place = place

        self.graph = torch.fx.Graph()
        self.constants: dict[str, Any] = {}
        self.parameters: dict[str, str] = {}
        self.buffers: dict[str, str] = {}
        self.lifted: dict[str, str] = {}
        """Name of a placeholder -> the path of its tensor: parameters, buffers, constants."""

        self.values = Values(self.graph)
        self.stored: dict[Lies, tuple[str, str, Any]] = {}
        """Where a tensor of the module lies -> its kind, its path and itself."""

        self.paths: dict[int, list[str]] = {}
        """Identity of a module -> its paths."""

        self.stack: list[tuple[str, str]] = []
        """Path and class of the modules that are being called, the outermost first."""

        self.heeds = True
        """Whether calls are written down."""

        self.function: Any = None
        """What the code has called."""

        for path, part in module.named_modules(remove_duplicate=False):
            self.paths.setdefault(id(part), []).append(path)
            prefix = f"{path}." if path else ""
            for kind, tensors in (("constant", vars(part)), ("buffer", part._buffers), ("parameter", part._parameters)):
                for name, tensor in tensors.items():
                    if isinstance(tensor, torch.Tensor):
                        self.stored.setdefault(lies(tensor), (kind, prefix + name, tensor))

    def program(self, output: Any) -> Any:
        """What was recorded, as an exported program. Raises Unlike for an output that no operator has made."""
        import torch
        from torch.utils._pytree import tree_leaves

        outputs = []
        for leaf in tree_leaves(output):
            if isinstance(leaf, torch.Tensor):
                outputs.append(self.node_of(leaf))
        if not outputs or not any(node.op == "call_function" for node in self.graph.nodes):
            raise Unlike
        self.graph.output(tuple(outputs))
        self.values.done()
        signature = SimpleNamespace(
            inputs_to_parameters=self.parameters,
            inputs_to_buffers=self.buffers,
            inputs_to_lifted_tensor_constants=self.lifted,
            user_outputs=[node.name for node in outputs],
        )
        return SimpleNamespace(graph=self.graph, graph_signature=signature, constants=self.constants)

    def input(self, name: str, tensor: Any) -> None:
        """An input of the module."""
        self._placeholder(name, tensor)

    def called(self, target: Any, args: Sequence[Any], kwargs: Mapping[str, Any], made: Any) -> None:
        """Write down a call of an operator, and what it has made. Raises Unlike."""
        import torch
        from torch.utils._pytree import tree_map

        def named(value: Any) -> Any:
            return self.node_of(value) if isinstance(value, torch.Tensor) else value

        writes = target._schema.is_mutable
        fresh = without_writing(target) if writes else target
        meta = {"val": made, "nn_module_stack": dict(enumerate(self.stack)), "stack_trace": _forward_lines()}
        if self.function is not None:
            name = self.function.__name__
            meta["torch_fn"] = (name, f"{type(self.function).__name__}.{name}")
        name, given = target.overloadpacket.__name__, tree_map(named, tuple(args))
        node = self.values.add(fresh, given, name, meta, tree_map(named, dict(kwargs)))
        first = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if writes:
            self.values.write(first, node)
        elif isinstance(made, torch.Tensor):
            self.values.made(made, node, first)
        elif isinstance(made, list | tuple):
            for place, one in enumerate(made):
                if isinstance(one, torch.Tensor):
                    part = self.values.add(operator.getitem, (node, place), "getitem", {**meta, "val": one})
                    self.values.made(one, part, first)

    def written_in_code(self, make: Callable[[], Any]) -> Any:
        """A tensor on the meta device whose numbers stand in the code."""
        import torch

        self.heeds = False
        numbers = make()
        tensor = torch.empty(numbers.shape, dtype=numbers.dtype, device="meta")
        self.heeds = True
        self._constant(tensor, numbers)
        return tensor

    def _constant(self, tensor: Any, numbers: Any, path: str = "") -> Any:
        path = path or f"constant_{len(self.constants)}"
        self.constants[path] = numbers
        node = self._placeholder(f"c_{path.replace('.', '_')}", tensor)
        self.lifted[node.name] = path
        return node

    def node_of(self, tensor: Any) -> Any:
        """The node of a tensor: made by an operator, or of the module, or new numbers. Raises Unlike for others."""
        node = self.values.known(tensor)
        if node is not None:
            return node
        kind, path, _ = self.stored.get(lies(tensor), ("constant", "", None))
        if not path:
            if tensor.is_meta:
                raise Unlike(tuple(tensor.shape))  # made behind the back of the operators
            return self._constant(tensor, tensor)
        if kind == "constant":
            return self._constant(tensor, tensor, path)
        node = self._placeholder(f"{kind[0]}_{path.replace('.', '_')}", tensor)
        {"parameter": self.parameters, "buffer": self.buffers}[kind][node.name] = path
        return node

    def _placeholder(self, name: str, tensor: Any) -> Any:
        node = self.graph.create_node("placeholder", name, name=name)
        node.meta["val"] = tensor
        self.values.made(tensor, node)
        return node

    def enter(self, module: Any, *_: Any) -> None:
        """A module is called: of a shared one the path is that within the module that calls it."""
        paths = self.paths.get(id(module))
        if paths is None:
            paths = [self.stack[-1][0]] if self.stack else [""]
        inside = f"{self.stack[-1][0]}." if self.stack and self.stack[-1][0] else ""
        path = next((one for one in paths if one.startswith(inside)), paths[0])
        kind = type(module)
        self.stack.append((path, f"{kind.__module__}.{kind.__qualname__}"))

    def leave(self, *_: Any) -> None:
        """It has returned."""
        self.stack.pop()


def recorded(module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], place: str = "cpu") -> Any:
    """A forward pass as an exported program. Raises Unlike, and whatever the code itself raises.

    `place` is where the tensors are that the code makes without a device.
    """
    import inspect

    import torch
    from torch._dispatch.python import enable_python_dispatcher

    recording = Recording(module, place)
    bound = inspect.signature(module.forward).bind(*args, **kwargs)
    for name, value in bound.arguments.items():
        many = value if isinstance(value, list | tuple) else None
        for number, one in enumerate(many or (value,)):
            if isinstance(one, torch.Tensor):
                recording.input(name if many is None else f"{name}_{number}", one)
    told = (_calls(recording), _functions(recording), enable_python_dispatcher(), _operators(recording))
    with ExitStack() as modes:
        for mode in (_where(place), _flags(), *told):
            modes.enter_context(mode)
        output = module(*args, **kwargs)
    return recording.program(output)


def _where(place: str) -> Any:
    """Where tensors are made; on the processor without a word, which functions know anyway."""
    import torch

    return torch.device(place) if place != "cpu" else nullcontext()


@contextmanager
def _flags() -> Iterator[None]:
    """Code that asks whether it is being exported is told so: it leaves out what looks at numbers."""
    from torch import compiler

    before = {name: getattr(compiler, name) for name in FLAGS if hasattr(compiler, name)}
    try:
        for name in before:
            setattr(compiler, name, True)
        yield
    finally:
        for name, value in before.items():
            setattr(compiler, name, value)


@contextmanager
def _calls(recording: Recording) -> Iterator[None]:
    """The modules that are called are told."""
    from torch.nn.modules import module

    hooks = (
        module.register_module_forward_pre_hook(recording.enter),
        module.register_module_forward_hook(recording.leave, always_call=True),
    )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _functions(recording: Recording) -> Any:
    """A mode that tells which function of torch the code calls."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Functions(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
        ) -> Any:
            recording.function = function
            kwargs = kwargs or {}
            of_numbers = function in (torch.tensor, torch.as_tensor, torch.from_numpy)
            if of_numbers and torch.device(kwargs.get("device") or recording.place).type == "meta":
                there = {} if function is torch.from_numpy else {"device": "cpu"}
                return recording.written_in_code(lambda: function(*args, **{**kwargs, **there}))
            return function(*args, **kwargs)

    return Functions()


def _operators(recording: Recording) -> Any:
    """A mode that tells each operator before autograd takes it apart.

    Only few kinds of modes may stand there; `SchemaCheckMode` is the one that stands there alone.
    """
    import torch
    from torch._subclasses.schema_check_mode import SchemaCheckMode

    class Operators(SchemaCheckMode):  # type: ignore[no-untyped-call]  # of torch
        def __init__(self) -> None:
            super().__init__()
            self._dispatch_key = torch._C.DispatchKey.PreDispatch

        def __torch_dispatch__(
            self,
            func: Callable[..., Any],
            types: Any,
            args: Sequence[Any] = (),
            kwargs: Mapping[str, Any] | None = None,
        ) -> Any:
            if not isinstance(func, torch._ops.OpOverload):
                raise Unlike
            itself = func._schema.name in DROPPING and args[2:] == (False,)  # of which its form in Python makes a copy
            made = args[0] if itself else func(*args, **(kwargs or {}))
            if recording.heeds:
                recording.called(func, args, kwargs or {}, made)
            return made

    return Operators()


def _forward_lines() -> str:
    """The lines of code in methods `forward` that are being run, the innermost last."""
    found = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "forward":
            text = linecache.getline(code.co_filename, frame.f_lineno).strip()
            found.append(f'  File "{code.co_filename}", line {frame.f_lineno}, in forward\n    {text}\n')
        frame = frame.f_back  # type: ignore[assignment]
    return "".join(reversed(found))
