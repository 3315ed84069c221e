"""Which tensor of a checkpoint is which tensor of a network: by names, else by modules, else by order and shape.

A network that was read from code knows which parameter each tensor is; a checkpoint of that code has those names.

    match({"fc.weight": (10, 512)}, {"module.fc.weight": (1000, 512)}).unlike     one pair, whose shapes differ

`layer1[0]/conv1.weight` here is `layer1.0.conv1.weight` there. Where fewer than half of the network's tensors are found
by their names, layers are compared: those with tensors of the same names and shapes, module by module, and where the
modules are others in the order of both sides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType

from ..namedtuples import NamedTuple
from ..provenance import Saved
from .modules import in_order

Sizes = tuple[int, ...]
Shapes = Mapping[str, Sizes]
WRAPPERS = ("module.", "_orig_mod.", "model.", "state_dict.")
"""What DataParallel, torch.compile and trainers put before every name."""

COUNTERS = ("num_batches_tracked",)
"""What a checkpoint has that no network needs to run."""


HOW = {
    "parameters": "the names that its module gives its parameters",
    "names": "their names",
    "modules": "their modules and shapes, in the order of the network",
    "order": "the order of layers with the same shapes",
}


class Match(NamedTuple):
    """The pairs of two lists of tensors, and what has none."""

    wanted: Shapes
    """The tensors of the network; of code also those of its module that none of them is, by their paths."""

    pairs: Mapping[str, str]
    """Tensor of the network -> tensor of the checkpoint, of the same shape but for axes of size 1."""

    unlike: Mapping[str, str]
    """The same where the shapes differ."""

    missing: list[str]
    """Tensors of the network alone."""

    unused: list[str]
    """Tensors of the checkpoint alone; counters of batches are not listed."""

    by: str
    """What decided: `parameters`, `names`, `modules` or `order`."""

    alike: int
    """Pairs whose layer has others like it, so that only the order told them apart."""

    paths: Mapping[str, str] = MappingProxyType({})
    """Tensor -> the path in its module, where code tells it."""

    @property
    def how(self) -> str:
        """What decided, in words."""
        return HOW[self.by]

    @property
    def fits(self) -> bool:
        """Whether every tensor of the network has its own, and none is left."""
        return not (self.unlike or self.missing or self.unused)


def match(wanted: Shapes, found: Shapes, saved: Saved | None = None) -> Match:
    """The tensors of a network and of a checkpoint, both in the order of their layers; `saved` where code tells it."""
    found = {name: shape for name, shape in found.items() if not name.endswith(COUNTERS)}
    if saved is not None:
        there = {_unwrapped(name, found): name for name in found}
        if 2 * sum(path in there for path in saved.tensors) >= len(saved.tensors) > 0:
            return _of_code(wanted, found, saved, there)
        wanted = {here: shape for here, shape in wanted.items() if _stored(here, saved)}
    files = {layered(name): name for name in found}
    if len(files) < len(found):  # two would be one
        return _matched(wanted, found)
    told = _matched(wanted, {name: found[there] for name, there in files.items()})
    pairs, unlike = ({here: files[there] for here, there in part.items()} for part in (told.pairs, told.unlike))
    return told._replace(pairs=pairs, unlike=unlike, unused=[files[name] for name in told.unused])


def _stored(here: str, saved: Saved) -> bool:
    """Whether a checkpoint of the code has something of a tensor, as far as it is told."""
    return here not in saved.made_of or not saved.made_of[here].isdisjoint(saved.tensors)


def _of_code(wanted: Shapes, found: Shapes, saved: Saved, there: Mapping[str, str]) -> Match:
    """Each tensor that the module stores: as a layer has it where it is one of a layer, else by its path.

    Of a tensor that the module has under several paths one is enough.
    """
    paths: dict[str, list[str]] = {}
    for path, first in saved.first.items():
        paths.setdefault(first, []).append(path)
    own: dict[str, str] = {}
    for here in wanted:
        if (place := saved.places.get(here)) is not None:
            same = sorted(paths[saved.first[place]], key=dotted(here).__ne__)
            own[here] = next((path for path in same if path in there), place)
    had = {*own.values()}
    for path, first in saved.first.items():
        if path not in had and (path in there or had.isdisjoint(paths[first])):
            own[f"{path} of the module" if path in own else path] = path
            had.add(path)
    stored = {here: saved.tensors[path] for here, path in own.items()}
    pairs = {here: there[path] for here, path in own.items() if path in there}
    told = _told(stored, found, pairs, "parameters", alike=0)
    unlike = {here: name for here, name in pairs.items() if stored[here] != found[name]}
    fits = {here: name for here, name in pairs.items() if here not in unlike}
    return told._replace(pairs=fits, unlike=unlike, paths=own)


def _matched(wanted: Shapes, found: Shapes) -> Match:
    names = _by_name(wanted, found)
    if 2 * len(names) < len(wanted):
        return _unnamed(wanted, found)
    told = _told(wanted, found, names, "names", alike=0)
    if not told.missing or told.unlike:
        return told
    other = _unnamed(wanted, found)
    return other if other.fits and not other.alike and names.items() <= other.pairs.items() else told


def _unnamed(wanted: Shapes, found: Shapes) -> Match:
    """Where names say nothing."""
    for strict in (True, False):
        modules = _by_modules(wanted, found, strict)
        if modules is not None:
            told = _told(wanted, found, modules[0], "modules", modules[1])
            if 10 * len(told.unlike) <= len(wanted):
                return told
    pairs, alike = _by_order(wanted, found)
    return _told(wanted, found, pairs, "order", alike)


def layered(name: str) -> str:
    """A name under which PyTorch has several layers in one module, as each would have it alone.

    `rnn.weight_ih_l0` is `rnn.weight_ih`, `rnn.weight_ih_l1_reverse` is `rnn.l1.weight_ih_reverse`, and
    `attn.in_proj_bias` is `attn.in_proj.bias`.
    """
    module, dot, own = name.rpartition(".")
    state = re.fullmatch(r"((?:weight|bias)_[ih]h)_l(\d+)((?:_reverse)?)", own)
    if state is not None:
        part, layer, way = state.groups()
        return f"{module}{dot}{'' if layer == '0' else f'l{layer}.'}{part}{way}"
    projection = re.fullmatch(r"in_proj_(weight|bias)", own)
    return name if projection is None else f"{module}{dot}in_proj.{projection[1]}"


def dotted(name: str) -> str:
    """A path of the language as PyTorch writes one: `layer1[0]/conv1.weight` is `layer1.0.conv1.weight`."""
    return re.sub(r"\[(\d+)\]", r".\1", name).replace("/", ".")


def _told(wanted: Shapes, found: Shapes, pairs: Mapping[str, str], by: str, alike: int) -> Match:
    fits = {here: there for here, there in pairs.items() if squeezed(wanted[here]) == squeezed(found[there])}
    taken = {*pairs.values()}
    return Match(
        wanted,
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
    pairs = {name: there.get(dotted(name)) or _bare(name, wanted[name], there, found) for name in wanted}
    return {name: other for name, other in pairs.items() if other is not None}


def _bare(name: str, shape: Sizes, there: Mapping[str, str], found: Shapes) -> str | None:
    """A vector that the checkpoint has as a parameter of no layer: `cls.weight` is `cls` there."""
    other = there.get(dotted(name).rpartition(".")[0])
    return other if other and len(squeezed(shape)) < 2 and squeezed(found[other]) == squeezed(shape) else None


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
