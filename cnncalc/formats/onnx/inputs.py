"""The inputs of an ONNX model: one image, channels first where everything reads them so, open sizes by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...dims import Dim, Shape, is_symbolic
from ...errors import CnncalcError, did_you_mean
from ...inputs import STORED_AS, no_size, replaced
from ...symbols import symbol
from .constants import Constant
from .names import symbol_name
from .records import DATA_TYPES, Declared, Dims, Model, every
from .values import BATCH, Held


class Inputs:
    """What the network of a model is given, with the sizes and values that are set from outside."""

    def __init__(self, model: Model, batch: bool, settings: Mapping[str, Any], turned_for: frozenset[str]) -> None:
        self.model, self.batch, self.settings = model, batch, settings
        self.turned_for = turned_for
        """The operators that may read an input which is had as a transpose makes it; nothing for all."""

        self.symbols: dict[str, Dim] = {}
        self.known: set[str] = set()
        """What may be set: the names of open sizes, and inputs that are one number."""

        self.dtypes: dict[str, str] = {}
        """What inputs are stored as, where that is no float32."""

        self.fixed: dict[str, Shape] = {}
        """Inputs that are given other sizes than the numbers of the file, with those."""

    @property
    def images(self) -> int:
        """How many images the model is written for: 1 where the number is open."""
        if not self.batch:
            return 1
        every = (one.dims for one in self.model.graph.inputs if one.name not in self.model.graph.constants)
        first = next((dims[0] for dims in every if dims and len(dims) > 1), 1)
        return first if isinstance(first, int) else 1

    def read(self, given: Any) -> Iterator[tuple[str, Held | Constant, Shape | None]]:
        """Each input by its name in the file, and its shape. Raises CnncalcError for what is given and fits none."""
        constants: list[tuple[str, Constant]] = []
        tensors: dict[str, tuple[Declared, tuple[int, ...]]] = {}
        shapes: dict[str, Shape] = {}
        for declared in self.model.graph.inputs:
            if declared.name in self.model.graph.constants:
                continue
            word = symbol_name(declared.name) or "input"
            if declared.dims is not None and all(size == 1 for size in declared.dims):
                self.known.add(word)
                if word in self.settings:
                    constants.append((declared.name, Constant((), (self.settings[word],))))
                    continue
            while word in shapes:
                word += "_"
            shapes[word], axes = self._shape(declared)
            tensors[word] = (declared, axes)
            element = DATA_TYPES[declared.type].name if declared.type in DATA_TYPES else ""
            if element in STORED_AS:
                self.dtypes[word] = STORED_AS[element]
        if given is not None and shapes:
            by_word = {declared.name: word for word, (declared, _) in tensors.items()}
            if isinstance(given, Mapping):
                given = {by_word.get(name, name): shape for name, shape in given.items()}
            written = dict(shapes)
            shapes = {name: self._set(shape) for name, shape in replaced(shapes, given).items()}
            self.fixed |= {
                name: written[name]
                for name, shape in shapes.items()
                if any(isinstance(n, int) and n != m for n, m in zip(written[name], shape, strict=True))
            }
        self._all_known()
        for name, constant in constants:
            yield name, constant, None
        for word, (declared, axes) in tensors.items():
            shape = shapes[word]
            dims = tuple(1 if axis == BATCH else shape[axis] for axis in axes)
            yield declared.name, Held(word, dims, axes), shape

    def _shape(self, declared: Declared) -> tuple[Shape, tuple[int, ...]]:
        """The shape of one image, and where each axis of the file lies in it."""
        if declared.dims is None:
            raise CnncalcError(f"{self.model.name}: the input `{declared.name}` has no shape")
        rank, images = len(declared.dims), self._images(declared.dims)
        looked_up = self._looked_up(declared.name)
        dims = [
            1 if axis == images else self._size(size, declared.name, axis) for axis, size in enumerate(declared.dims)
        ]
        order = self._channels_first(declared.name, rank) if images == 0 and not self.model.ours else None
        if order is not None:
            return tuple(dims[i] for i in order[1:]), (BATCH, *(order.index(axis) - 1 for axis in range(1, rank)))
        if images is not None:
            del dims[images]
        axes = list(range(looked_up, len(dims) + looked_up))
        if images is not None:
            axes.insert(images, BATCH)
        return (1,) * looked_up + tuple(dims), tuple(axes)

    def _looked_up(self, name: str, before: tuple[str, ...] = ()) -> bool:
        """Whether all that is done with a tensor is to look up rows of tables: then it is a map with one channel."""
        graph = self.model.graph
        reading = [node for node in graph.nodes if name in node.inputs and node.op != "Shape"]
        if not reading or name in before or any(declared.name == name for declared in graph.outputs):
            return False
        return all(
            any(self._looked_up(made, (*before, name)) for made in node.outputs[:1])
            if node.op in ("Cast", "Identity")
            else node.op == "Gather" and node.inputs.index(name) == 1
            for node in reading
        )

    def _images(self, dims: Dims) -> int | None:
        """Which axis of an input is that of the images: the first, or where the first input has its size of it.

        A state that comes in beside what is read, `state: 2 x batch x 128`, has it further back.
        """
        if not self.batch or len(dims) < 2:
            return None
        graph = self.model.graph
        others = (known.dims for known in graph.inputs if known.name not in graph.constants)
        first = next((other for other in others if other and len(other) > 1), dims)[0]
        if dims[0] == first or not isinstance(dims[0], int):
            return 0
        return dims.index(first) if first in dims else None

    def _channels_first(self, name: str, rank: int) -> tuple[int, ...] | None:
        """The order in which everything reads an input, where that is through one transpose."""
        reading = [node for node in self.model.graph.nodes if name in node.inputs]
        turned = {name for node in reading for name in node.outputs[:1]}
        if self.turned_for and any(
            node.op not in self.turned_for for node in self.model.graph.nodes if not turned.isdisjoint(node.inputs)
        ):
            return None
        orders = {tuple(node.attributes.get("perm") or ()) if node.op == "Transpose" else () for node in reading}
        order = orders.pop() if len(orders) == 1 else ()
        return order if sorted(order) == list(range(rank)) and order[0] == 0 else None

    def _set(self, shape: Shape) -> Shape:
        """A shape that is given, with the values of the sizes in it that are names: --input 3,A,B --set A=224."""
        self.known |= {str(size) for size in shape if is_symbolic(size)}
        return tuple(self._value(str(size)) if str(size) in self.settings else size for size in shape)

    def _value(self, word: str) -> Dim:
        if wrong := no_size(self.settings[word]):
            raise CnncalcError(f"a size of the input {wrong}: {word}", f"for instance --set {word}=224")
        value: Dim = self.settings[word]
        return value

    def _size(self, size: int | str | None, name: str, axis: int) -> Dim:
        if isinstance(size, int):
            return size
        word = symbol_name(size or "") or symbol_name(f"{name}_{axis}") or f"axis_{axis}"
        self.known.add(word)
        if word in self.settings:
            return self._value(word)
        return self.symbols.setdefault(word, symbol(word))

    def _all_known(self) -> None:
        """Refuse a setting of what the model does not have. Raises CnncalcError."""
        known = sorted(self.known)
        branches = {symbol_name(node.label) for node in every(self.model.graph.nodes) if node.op == "If"}
        for name in self.settings:
            if name not in self.known | branches:
                listed = f"what may be set: {', '.join(known)}" if known else "it has no open sizes"
                raise CnncalcError(f"{self.model.name} has no size `{name}`", did_you_mean(name, known) or listed)
