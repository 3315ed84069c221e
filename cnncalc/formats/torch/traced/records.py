"""The operators of an exported program, and the tensors that they read, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .making import MOST_KNOWN
from .telling import PART, Failed, where

FILLED: Mapping[str, Any] = {
    "aten::zeros_like": 0, "aten::ones_like": 1, "aten::new_zeros": 0, "aten::new_ones": 1, "aten::full_like": ...,
    "aten::new_full": ..., "aten::fill": ...,
}  # fmt: skip
"""Operators that take nothing but the shape of what they read, and the number that they fill with."""

LAYERS = ("torch.nn.modules.", "torch.nn.utils.parametrize.")
"""Where PyTorch has its layers, and the classes that it makes of those whose weights are made of others."""


ATTENTION = "F.multi_head_attention_forward"
CALLED: Mapping[str, str] = {
    **{name: f"F.{name}" for name in ("linear", "softmax", "scaled_dot_product_attention", "dropout")},
    **{name: f"torch.{name}" for name in ("bmm", "baddbmm")},
}
"""Operator -> the function by which that one calls it."""


MOST_FLOATS = 64
"""Floats of a constant that a count may hang on."""


class Records:
    """The operators of an exported program, and the tensors that they read, as plain values."""

    def __init__(self, module: Any, program: Any, known: Mapping[str, Any]) -> None:
        self.module, self.program = module, program
        self.known: dict[Any, Any] = {}
        """Node -> its numbers, where they hang on no input and no parameter, and are few."""

        self.parts: dict[Any, list[Any]] = {}
        """Node of several tensors -> their numbers."""

        self.node: Any = None
        """The one that is written down."""

        self.named: dict[Any, Any] = {}
        """Node -> the name of its tensor, or the names of its tensors."""

        self.tensors: dict[str, dict[str, Any]] = {}
        self.nodes: list[dict[str, Any]] = []
        self.inputs: list[dict[str, Any]] = []
        self.buffers = known
        first: dict[int, str] = {}
        self.paths: dict[str, str] = {}
        """The path of a parameter or buffer -> that under which it is counted."""

        self.parameters: dict[str, Any] = {}
        for path, tensor in module.named_parameters(remove_duplicate=False):
            self.paths[path] = first.setdefault(id(tensor), path)
            self.parameters.setdefault(self.paths[path], tensor)
        for path, tensor in module.named_buffers(remove_duplicate=False):
            self.paths[path] = first.setdefault(id(tensor), path)

    def all(self) -> dict[str, Any]:
        """Everything."""
        import torch

        signature = self.program.graph_signature
        placed: dict[str, tuple[str, str]] = {}
        for kind, names in (
            ("parameter", signature.inputs_to_parameters),
            ("buffer", signature.inputs_to_buffers),
            ("constant", signature.inputs_to_lifted_tensor_constants),
        ):
            placed |= {name: (kind, path) for name, path in names.items()}
        outputs: list[str] = []
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                self.placeholder(node, placed.get(node.name))
            elif node.op == "call_function":
                self.call(node)
            elif node.op == "output":
                first = len(node.args[0]) - len(signature.user_outputs)
                outputs = list(self.outputs(node.args[0][first:]))
        for path in {record["path"] for record in self.nodes if record["function"] == ATTENTION}:
            self.attention(path)
        read = {name for record in self.nodes for one in record["given"].values() for name in tensors_in(one)}
        used = {one["path"] for name, one in self.tensors.items() if name in read and one["kind"] == "parameter"}
        return {
            "torch": torch.__version__,
            "class": type(self.module).__name__,
            "inputs": self.inputs,
            "outputs": outputs,
            "tensors": {name: one for name, one in self.tensors.items() if name in read or name in outputs},
            "nodes": self.nodes,
            "parameters": sum(one.numel() for one in self.parameters.values()),
            "unread": [[path, one.numel()] for path, one in self.parameters.items() if path not in used],
        }

    def placeholder(self, node: Any, placed: tuple[str, str] | None) -> None:
        """An input, a parameter, a buffer or a constant."""
        value = node.meta.get("val")
        if not hasattr(value, "shape"):
            return
        self.named[node] = node.name
        about = self.about(value)
        if placed is None:
            self.inputs.append({"name": node.name, **about})
            return
        kind, path = placed
        if kind == "parameter":
            path = self.paths.get(path, path)
            about["frozen"] = path in self.parameters and not self.parameters[path].requires_grad
        elif kind == "buffer":
            numbers, path = self.buffers.get(path), self.paths.get(path, path)
        else:
            numbers = self.program.constants.get(path)
        if kind != "parameter" and numbers is not None and not numbers.is_meta and numbers.numel() <= MOST_KNOWN:
            self.known[node] = numbers.detach().cpu()
        self.tensors[node.name] = {"kind": kind, "path": path, **about, **self.values(node)}
        if kind == "buffer":
            self.tensors[node.name].pop("numbers", None)  # the module has them

    def call(self, node: Any) -> None:
        """An operator: worked out where all that it reads is known, else a record."""
        import operator

        self.node = node
        if node.target is operator.getitem:
            of, place = node.args
            if isinstance(self.named.get(of), list):
                self.named[node] = self.named[of][place]
            elif of in self.parts:
                self.worked(node, node.meta["val"], self.parts[of][place])
            return
        schema = getattr(node.target, "_schema", None)
        value = node.meta.get("val")
        if schema is None or (value is None and not schema.is_mutable):
            return  # an assertion about a size
        op = schema.name.removeprefix("aten::")
        op = op.removesuffix("_") if schema.is_mutable else op  # in place or not, the values are the same
        overload = schema.overload_name
        if self.worked_out(node, value):
            return
        values = list(value) if isinstance(value, list | tuple) else [value]
        if not any(hasattr(one, "shape") for one in values):
            return
        given = {
            one.name: self.plain(
                node.args[place] if place < len(node.args) else node.kwargs.get(one.name, one.default_value)
            )
            for place, one in enumerate(schema.arguments)
            if place < len(node.args) or one.name in node.kwargs or one.has_default_value()
        }
        many = isinstance(value, list | tuple)
        names = [f"{node.name}#{place}" if many else node.name for place in range(len(values))]
        self.named[node] = names if many else node.name
        stack = node.meta.get("nn_module_stack") or {}
        path, owner = list(stack.values())[-1] if stack else ("", "")
        self.nodes.append(
            {
                "name": node.name,
                "op": op + (f".{overload}" if overload and schema.name.partition("::")[0] != "aten" else ""),
                "overload": overload,
                "given": given,
                "outputs": [
                    {"name": name, **(self.about(one) if hasattr(one, "shape") else {"shape": None, "dtype": ""})}
                    for name, one in zip(names, values, strict=True)
                ],
                "path": path.split("@")[0],
                "leaf": str(owner).startswith(LAYERS) and "container" not in str(owner),
                "class": str(owner),
                "parent": str(list(stack.values())[-2][1]) if len(stack) > 1 else "",
                **self.owner(path.split("@")[0]),
                "function": self.function(node),
                "line": self.line(node),
            }
        )
        if schema.is_mutable:
            self.named[node.args[0]] = self.named[node]  # from here on the old name means the new value
            self.known.pop(node.args[0], None)

    def owner(self, path: str) -> dict[str, Any]:
        """Whether a module has no modules in it, what its own parameters are called, and of what class it is."""
        try:
            owner = self.module.get_submodule(path)
        except AttributeError:
            return {"whole": False, "learned": [], "base": ""}
        own = (made for made in type(owner).__mro__ if made.__module__.startswith("torch.nn.modules."))
        base = next((f"{made.__module__}.{made.__name__}" for made in own), "")
        return {"whole": not any(owner.children()), "learned": list(owner._parameters), "base": base}

    def attention(self, path: str) -> None:
        """`nn.MultiheadAttention` outside a trace for export: in one operator where it can be, else by functions.

        It can be where queries, keys and values are one tensor, with a bias and an even number of heads.
        """
        owner = self.module.get_submodule(path)
        inside = [record for record in self.nodes if record["path"] == path and record["function"] == ATTENTION]
        one = any(record["op"] == "unflatten" and record["given"]["sizes"][0] == 3 for record in inside)
        whole = one and owner.batch_first and owner.in_proj_bias is not None and owner.num_heads % 2 == 0
        for record in () if whole else inside:
            record["function"] = CALLED.get(record["op"], "")

    def function(self, node: Any) -> str:
        """What the code calls: `F.relu`, `torch.mul`, `Tensor.add`; "" where that is not told.

        `x + y` and `x.add(y)` are one to PyTorch: the line of the code tells which it is, where it is in `forward`.
        """
        import torch

        kind, _, name = (node.meta.get("torch_fn") or ("", ""))[1].rpartition(".")
        if not kind.startswith(("function", "builtin")):
            line = (node.meta.get("stack_trace") or "").rpartition("  File ")[2]
            called = f".{name}(" in line or (name == "matmul" and "@" not in line)
            return f"Tensor.{name}" if called else f"Tensor.__{name.strip('_')}__" if kind else ""
        of = getattr(torch.nn.functional, name, None)
        return f"F.{name}" if of is not None and (kind in type(of).__name__) else f"torch.{name}"

    def worked_out(self, node: Any, value: Any) -> bool:
        """Whether its numbers are known, on the CPU, by the operator itself."""
        import torch

        many = list(value) if isinstance(value, list | tuple) else [value]
        if not all(isinstance(one, torch.Tensor) and all(isinstance(size, int) for size in one.shape) for one in many):
            return False
        if sum(one.numel() for one in many) > MOST_KNOWN or (value is many[0] and not value.shape and not node.args):
            return False
        schema = node.target._schema
        if (filled := FILLED.get(schema.name)) is not None:
            value_of = node.args[2] if schema.name == "aten::new_full" else node.args[1] if filled is ... else filled
            if not isinstance(value_of, bool | int | float):
                return False
            self.worked(node, value, torch.full(value.shape, value_of, dtype=value.dtype))
            return True
        sources = list(node.all_input_nodes)
        if any(source not in self.known for source in sources) or schema.is_mutable:
            return False
        if torch.Tag.nondeterministic_seeded in node.target.tags:
            return False
        args, kwargs = torch.fx.map_arg((node.args, dict(node.kwargs)), lambda source: self.known[source])
        cpu = torch.device("cpu")
        args = tuple(cpu if isinstance(one, torch.device) else one for one in args)
        kwargs = {name: cpu if name == "device" else one for name, one in kwargs.items()}
        try:
            made = node.target(*args, **kwargs)
        except Exception:
            return False
        parts = list(made) if isinstance(made, list | tuple) else [made]
        if len(parts) != len(many) or any(
            not isinstance(one, torch.Tensor) or one.is_meta or one.shape != wanted.shape
            for one, wanted in zip(parts, many, strict=True)
        ):
            return False
        if isinstance(value, list | tuple):
            self.parts[node] = parts
        else:
            self.worked(node, value, made)
        return True

    def worked(self, node: Any, value: Any, numbers: Any) -> None:
        """A tensor whose numbers are known."""
        self.known[node] = numbers.clone()
        self.named[node] = node.name
        self.tensors[node.name] = {"kind": "constant", "path": "", **self.about(value), **self.values(node)}

    def outputs(self, nodes: Iterable[Any]) -> Iterator[str]:
        """The names of what is given back."""
        for node in nodes:
            name = self.named.get(node)
            if isinstance(name, str):
                yield name

    def values(self, node: Any) -> dict[str, Any]:
        """The numbers of a tensor that are known; many floats are for a run, one of them where they agree."""
        tensor = self.known.get(node)
        if tensor is None or tensor.is_complex():
            return {}
        if not tensor.is_floating_point() or tensor.numel() <= MOST_FLOATS:
            return {"values": tensor.flatten().tolist()}
        flat = tensor.flatten()
        return {"numbers": flat[:1].tolist() if bool((flat == flat[0]).all()) else flat.tolist()}

    def about(self, value: Any) -> dict[str, Any]:
        """Shape and element type."""
        if not all(isinstance(size, int) for size in value.shape):
            line = self.line(self.node)
            at = f" at {line}" if line else ""
            raise Failed(f"the forward pass hangs on the numbers in a tensor{at}, which a count does not have", PART)
        return {"shape": [int(size) for size in value.shape], "dtype": str(value.dtype).removeprefix("torch.")}

    def plain(self, value: Any) -> Any:
        """An argument: a tensor as {"tensor": name}, a type as {"dtype": name}, numbers and lists as they are."""
        import torch

        if isinstance(value, torch.fx.Node):
            return {"tensor": self.named.get(value)}
        if isinstance(value, list | tuple):
            return [self.plain(one) for one in value]
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).removeprefix("torch.")}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return None

    def line(self, node: Any) -> str:
        """`net.py:12` of the user's innermost frame."""
        import re

        found = re.findall(r'File "([^"]+)", line (\d+)', node.meta.get("stack_trace") or "")
        return where([(file, int(line)) for file, line in found])


def tensors_in(value: Any) -> Iterator[str]:
    """The names of the tensors in an argument."""
    if isinstance(value, dict):
        if "tensor" in value:
            yield value["tensor"]
        else:
            for one in value.values():
                yield from tensors_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from tensors_in(one)
