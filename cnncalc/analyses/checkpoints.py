"""Which tensor of a checkpoint is which tensor of a network: by names, else by modules, else by order and shape.

    match({"fc.weight": (10, 512)}, {"module.fc.weight": (1000, 512)}).unlike     one pair, whose shapes differ

`layer1[0]/conv1.weight` here is `layer1.0.conv1.weight` there. Where fewer than half of the network's tensors are found
by their names, layers are compared: those with tensors of the same names and shapes, module by module, and where the
modules are others in the order of both sides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from ..namedtuples import NamedTuple
from .modules import in_order

Sizes = tuple[int, ...]
Shapes = Mapping[str, Sizes]

WRAPPERS = ("module.", "_orig_mod.", "model.", "state_dict.")
"""What DataParallel, torch.compile and trainers put before every name."""

COUNTERS = ("num_batches_tracked",)
"""What a checkpoint has that no network needs to run."""


HOW = {
    "names": "their names",
    "modules": "their modules and shapes, in the order of the network",
    "order": "the order of layers with the same shapes",
}


class Match(NamedTuple):
    """The pairs of two lists of tensors, and what has none."""

    pairs: Mapping[str, str]
    """Tensor of the network -> tensor of the checkpoint, of the same shape but for axes of size 1."""

    unlike: Mapping[str, str]
    """The same where the shapes differ."""

    missing: list[str]
    """Tensors of the network alone."""

    unused: list[str]
    """Tensors of the checkpoint alone; counters of batches are not listed."""

    by: str
    """What decided: `names`, `modules` or `order`."""

    alike: int
    """Pairs whose layer has others like it, so that only the order told them apart."""

    @property
    def how(self) -> str:
        """What decided, in words."""
        return HOW[self.by]

    @property
    def fits(self) -> bool:
        """Whether every tensor of the network has its own, and none is left."""
        return not (self.unlike or self.missing or self.unused)


def match(wanted: Shapes, found: Shapes) -> Match:
    """The tensors of a network and of a checkpoint, both in the order of their layers."""
    found = {name: shape for name, shape in found.items() if not name.endswith(COUNTERS)}
    names = _by_name(wanted, found)
    if 2 * len(names) >= len(wanted):
        return _told(wanted, found, names, "names", alike=0)
    for strict in (True, False):
        modules = _by_modules(wanted, found, strict)
        if modules is not None:
            told = _told(wanted, found, modules[0], "modules", modules[1])
            if 10 * len(told.unlike) <= len(wanted):
                return told
    pairs, alike = _by_order(wanted, found)
    return _told(wanted, found, pairs, "order", alike)


def dotted(name: str) -> str:
    """A path of the language as PyTorch writes one: `layer1[0]/conv1.weight` is `layer1.0.conv1.weight`."""
    return re.sub(r"\[(\d+)\]", r".\1", name).replace("/", ".")


def _told(wanted: Shapes, found: Shapes, pairs: Mapping[str, str], by: str, alike: int) -> Match:
    fits = {here: there for here, there in pairs.items() if squeezed(wanted[here]) == squeezed(found[there])}
    taken = {*pairs.values()}
    return Match(
        {here: there for here, there in pairs.items() if here in fits},
        {here: there for here, there in pairs.items() if here not in fits},
        [name for name in wanted if name not in pairs],
        [name for name in found if name not in taken],
        by,
        alike,
    )


def squeezed(shape: Sizes) -> Sizes:
    """Without axes of size 1: a linear layer on positions is a convolution of one position."""
    return tuple(size for size in shape if size != 1)


def _by_name(wanted: Shapes, found: Shapes) -> dict[str, str]:
    there = {_unwrapped(name, found): name for name in found}
    return {name: there[dotted(name)] for name in wanted if dotted(name) in there}


def _unwrapped(name: str, names: Iterable[str]) -> str:
    for wrapper in WRAPPERS:
        if all(other.startswith(wrapper) for other in names):
            return _unwrapped(name.removeprefix(wrapper), [other.removeprefix(wrapper) for other in names])
    return name


def _by_modules(wanted: Shapes, found: Shapes, strict: bool) -> tuple[dict[str, str], int] | None:
    """Layers of one module together, whatever the modules are called; None where the network has other modules."""
    here, there = _layers(wanted), _layers(found)
    sides = [
        {layer: _signature(tensors, shapes, strict) for layer, tensors in layers.items()}
        for layers, shapes in ((here, wanted), (there, found))
    ]
    placed = in_order(*sides)
    if placed is None:
        return None
    pairs: dict[str, str] = {}
    for tensors, other in zip(here.values(), placed, strict=True):
        pairs.update({name: there[other.layer][part] for part, name in tensors.items()})
    return pairs, sum(len(tensors) for tensors, other in zip(here.values(), placed, strict=True) if other.alike)


def _by_order(wanted: Shapes, found: Shapes) -> tuple[dict[str, str], int]:
    """Layers with the same tensors, one after the other; then those with tensors of the same names."""
    here, there = _layers(wanted), _layers(found)
    pairs: dict[str, str] = {}
    alike = 0
    for strict in (True, False):
        queues: dict[Hashable, list[str]] = defaultdict(list)
        for layer, tensors in there.items():
            queues[_signature(tensors, found, strict)].append(layer)
        many = {signature for signature, layers in queues.items() if len(layers) > 1}
        for layer, tensors in list(here.items()):
            signature = _signature(tensors, wanted, strict)
            if not queues.get(signature):
                continue
            other = queues[signature].pop(0)
            pairs.update({name: there[other][part] for part, name in tensors.items()})
            alike += len(tensors) if signature in many else 0
            del here[layer], there[other]
    return pairs, alike


def _layers(shapes: Shapes) -> dict[str, dict[str, str]]:
    """Layer -> name of each of its tensors within it -> the whole name."""
    layers: dict[str, dict[str, str]] = {}
    for name in shapes:
        layer, _, part = name.rpartition(".")
        layers.setdefault(layer, {})[part] = name
    return layers


def _signature(tensors: Mapping[str, str], shapes: Shapes, strict: bool) -> Hashable:
    def told(shape: Sizes) -> object:
        return squeezed(shape) if strict else len(squeezed(shape))

    return frozenset((part, told(shapes[name])) for part, name in tensors.items())
