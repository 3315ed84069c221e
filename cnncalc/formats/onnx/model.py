"""The wire of an ONNX file -> its records, by the field numbers of onnx.proto (IR version 13)."""

from __future__ import annotations

from typing import Any

from .numbers import packed
from .records import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_ENTRIES,
    MAX_NODES,
    MAX_RANK,
    MAX_TEXT,
    Declared,
    Dims,
    Function,
    GraphRecord,
    Model,
    Node,
    Reference,
    Tensor,
)
from .wire import FIXED32, LENGTH, VARINT, Damaged, Part, Value, fields, float32, signed, varints


class Counted:
    """How much of a model has been read; Damaged where it is more than any model has."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes = 0

    def node(self) -> None:
        """One more node."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Damaged(f"{self.name} has more than {MAX_NODES:,} nodes")

    def depth(self, depth: int) -> None:
        """A graph in so many others."""
        if depth > MAX_DEPTH:
            raise Damaged(f"{self.name} has graphs in graphs, more than {MAX_DEPTH} deep")


def model(part: Part) -> Model:
    """The records of a whole file. Raises Damaged, with the byte, for what is no ONNX model."""
    name = part.source.name
    found, counted, graphs = Model(name), Counted(name), []
    for number, kind, value in fields(part):
        match number:
            case 1:
                found.ir_version = _int(value, kind, part, "ir_version")
            case 2:
                found.producer = _text(value, kind, part, "producer_name")
            case 7:
                graphs.append(_part(value, kind, part, "graph"))
            case 8:
                domain, version = _opset(_part(value, kind, part, "opset_import"))
                found.opsets[domain] = version
            case 14:
                _entry(found.metadata, _part(value, kind, part, "metadata_props"))
            case 25:
                function = _function(_part(value, kind, part, "functions"), counted)
                found.functions[function.domain, function.name] = function
    if not graphs:
        raise Damaged(f"{name} is no ONNX model: it has no graph")
    found.graph = _graph(graphs[-1], counted, 0)
    return found


def _graph(part: Part, counted: Counted, depth: int) -> GraphRecord:
    counted.depth(depth)
    graph = GraphRecord()
    for number, kind, value in fields(part):
        match number:
            case 1:
                counted.node()
                graph.nodes.append(_node(_part(value, kind, part, "node"), counted, depth))
            case 2:
                graph.name = _text(value, kind, part, "name")
            case 5:
                tensor = _tensor(_part(value, kind, part, "initializer"))
                graph.constants[tensor.name] = tensor
            case 15:
                tensor = _sparse(_part(value, kind, part, "sparse_initializer"))
                graph.constants[tensor.name] = tensor
            case 11:
                graph.inputs.append(_declared(_part(value, kind, part, "input")))
            case 12:
                graph.outputs.append(_declared(_part(value, kind, part, "output")))
            case 13:
                known = _declared(_part(value, kind, part, "value_info"))
                graph.declared[known.name] = known
    return graph


def _node(part: Part, counted: Counted, depth: int) -> Node:
    node, inputs, outputs = Node(), [], []
    for number, kind, value in fields(part):
        match number:
            case 1:
                inputs.append(_text(value, kind, part, "input"))
            case 2:
                outputs.append(_text(value, kind, part, "output"))
            case 3:
                node.name = _text(value, kind, part, "name")
            case 4:
                node.op = _text(value, kind, part, "op_type")
            case 5:
                name, read = _attribute(_part(value, kind, part, "attribute"), counted, depth)
                node.attributes[name] = read
            case 7:
                domain = _text(value, kind, part, "domain")
                node.domain = "" if domain == "ai.onnx" else domain
            case 9:
                _entry(node.metadata, _part(value, kind, part, "metadata_props"))
    node.inputs, node.outputs = tuple(inputs), tuple(outputs)
    return node


def _attribute(part: Part, counted: Counted, depth: int) -> tuple[str, Any]:
    """Its name and value; the value of the last field that has one, a list where the field is repeated."""
    name, declared, reference = "", 0, ""
    single: Any = None
    many: dict[int, list[Any]] = {}
    for number, kind, value in fields(part):
        match number:
            case 1:
                name = _text(value, kind, part, "name")
            case 2:
                single = float32(_fixed32(value, kind, part, "f"))
            case 3:
                single = signed(_int(value, kind, part, "i"))
            case 4:
                single = _text(value, kind, part, "s", MAX_ENTRIES * 16)
            case 5:
                single = _tensor(_part(value, kind, part, "t"))
            case 6:
                single = _graph(_part(value, kind, part, "g"), counted, depth + 1)
            case 7:
                many.setdefault(7, []).extend(_floats(value, kind, part, "floats"))
            case 8:
                many.setdefault(8, []).extend(_ints(value, kind, part, "ints"))
            case 9:
                many.setdefault(9, []).append(_text(value, kind, part, "strings"))
            case 10:
                many.setdefault(10, []).append(_tensor(_part(value, kind, part, "tensors")))
            case 11:
                many.setdefault(11, []).append(_graph(_part(value, kind, part, "graphs"), counted, depth + 1))
            case 20:
                declared = _int(value, kind, part, "type")
            case 21:
                reference = _text(value, kind, part, "ref_attr_name")
    if reference:
        return name, Reference(reference)
    if many:
        return name, next(iter(many.values()))
    if single is None:  # a list without entries, or a value that is left out because it is zero
        single = {1: 0.0, 2: 0, 3: "", 6: [], 7: [], 8: []}.get(declared)
    return name, single


def _tensor(part: Part) -> Tensor:
    tensor, elsewhere = Tensor(), False
    dims: list[int] = []
    outside: dict[str, str] = {}
    for number, kind, value in fields(part):
        match number:
            case 1:
                dims += _ints(value, kind, part, "dims")
            case 2:
                tensor.type = _int(value, kind, part, "data_type")
            case 4 | 5 | 7 | 10 | 11:
                tensor.typed.append((number, kind, value))
            case 8:
                tensor.name = _text(value, kind, part, "name")
            case 9:
                tensor.raw = _part(value, kind, part, "raw_data")
            case 13:
                _entry(outside, _part(value, kind, part, "external_data"))
            case 14:
                elsewhere = _int(value, kind, part, "data_location") == 1
    if len(dims) > MAX_RANK:
        raise Damaged(f"{part.source.name}: the tensor `{tensor.name}` has {len(dims)} axes, more than {MAX_RANK}")
    elements = 1
    for size in dims:
        if size < 0:
            raise Damaged(f"{part.source.name}: the tensor `{tensor.name}` has a size of {size}")
        elements *= size
        if elements > MAX_ELEMENTS:
            raise Damaged(f"{part.source.name}: the tensor `{tensor.name}` has more than 2^62 elements")
    tensor.dims = tuple(dims)
    tensor.external = outside if elsewhere else None
    return tensor


def _sparse(part: Part) -> Tensor:
    """A tensor of which the file gives the entries that are not zero: its shape and its name."""
    tensor, dims = Tensor(), []
    for number, kind, value in fields(part):
        match number:
            case 1:
                tensor = _tensor(_part(value, kind, part, "values"))
            case 3:
                dims += _ints(value, kind, part, "dims")
    return Tensor(tensor.name, tuple(dims), tensor.type)


def _declared(part: Part) -> Declared:
    name, type, dims = "", 0, None
    for number, kind, value in fields(part):
        match number:
            case 1:
                name = _text(value, kind, part, "name")
            case 2:
                type, dims = _type(_part(value, kind, part, "type"))
    return Declared(name, type, dims)


def _type(part: Part) -> tuple[int, Dims | None]:
    """Of a tensor: its element type and shape; 0 and None for a sequence, a map or an optional value."""
    type, dims = 0, None
    for number, kind, value in fields(part):
        if number == 1:
            inner = _part(value, kind, part, "tensor_type")
            for within, its_kind, its_value in fields(inner):
                if within == 1:
                    type = _int(its_value, its_kind, inner, "elem_type")
                elif within == 2:
                    dims = _shape(_part(its_value, its_kind, inner, "shape"))
    return type, dims


def _shape(part: Part) -> Dims:
    dims: list[int | str | None] = []
    for number, kind, value in fields(part):
        if number != 1:
            continue
        size: int | str | None = None
        inner = _part(value, kind, part, "dim")
        for within, its_kind, its_value in fields(inner):
            if within == 1:
                known = signed(_int(its_value, its_kind, inner, "dim_value"))
                size = known if known > 0 else None
                if known > MAX_ELEMENTS:
                    raise Damaged(f"{part.source.name}: a size of {known:,}")
            elif within == 2:
                size = _text(its_value, its_kind, inner, "dim_param") or None
        dims.append(size)
        if len(dims) > MAX_RANK:
            raise Damaged(f"{part.source.name}: a shape with more than {MAX_RANK} axes")
    return tuple(dims)


def _function(part: Part, counted: Counted) -> Function:
    function, inputs, outputs, attributes = Function(), [], [], []
    for number, kind, value in fields(part):
        match number:
            case 1:
                function.name = _text(value, kind, part, "name")
            case 4:
                inputs.append(_text(value, kind, part, "input"))
            case 5:
                outputs.append(_text(value, kind, part, "output"))
            case 6:
                attributes.append(_text(value, kind, part, "attribute"))
            case 7:
                counted.node()
                function.nodes.append(_node(_part(value, kind, part, "node"), counted, 1))
            case 10:
                function.domain = _text(value, kind, part, "domain")
    function.inputs, function.outputs, function.attributes = tuple(inputs), tuple(outputs), tuple(attributes)
    return function


def _opset(part: Part) -> tuple[str, int]:
    domain, version = "", 0
    for number, kind, value in fields(part):
        if number == 1:
            domain = _text(value, kind, part, "domain")
        elif number == 2:
            version = _int(value, kind, part, "version")
    return "" if domain == "ai.onnx" else domain, version


def _entry(into: dict[str, str], part: Part) -> None:
    key, text = "", ""
    for number, kind, value in fields(part):
        if number == 1:
            key = _text(value, kind, part, "key")
        elif number == 2:
            text = _text(value, kind, part, "value", MAX_ENTRIES * 16)
    into[key] = text


# --- a field as what it should be ---------------------------------------------------------------------------------


def _other(part: Part, name: str) -> Damaged:
    return Damaged(f"{part.source.name} is damaged: `{name}` has another wire type than in ONNX")


def _int(value: Value, kind: int, part: Part, name: str) -> int:
    if kind != VARINT or isinstance(value, Part):
        raise _other(part, name)
    return value


def _fixed32(value: Value, kind: int, part: Part, name: str) -> int:
    if kind != FIXED32 or isinstance(value, Part):
        raise _other(part, name)
    return value


def _part(value: Value, kind: int, part: Part, name: str) -> Part:
    if kind != LENGTH or not isinstance(value, Part):
        raise _other(part, name)
    return value


def _text(value: Value, kind: int, part: Part, name: str, most: int = MAX_TEXT) -> str:
    return _part(value, kind, part, name).text(most)


def _ints(value: Value, kind: int, part: Part, name: str) -> list[int]:
    if isinstance(value, Part):
        return varints(value, MAX_ENTRIES)
    return [signed(_int(value, kind, part, name))]


def _floats(value: Value, kind: int, part: Part, name: str) -> list[float]:
    if isinstance(value, Part):
        return list(packed(value, kind, "f", 4, FIXED32, part.source.name, f"`{name}`"))
    return [float32(_fixed32(value, kind, part, name))]
