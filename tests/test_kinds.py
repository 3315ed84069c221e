"""What the layers say of themselves is what their kernels do, and no list of kinds outside `layers/` forgets one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_kernels import BY_HAND

from cnncalc.effective import uniform
from cnncalc.engine import follow
from cnncalc.engine.layers import LAYERS
from cnncalc.kernels import KERNELS, Tally, support, weights
from cnncalc.layers import KINDS
from cnncalc.layers.base import DOUBTFUL, MEANT, NOTHING, ROLES, TAPS, Layer
from cnncalc.proof import spoiling

FACTS = ("family", "roles", "storage", "elementwise", "multiplies", "doubled")
FAMILIES = {"convolution", "linear", "pool", "norm", "affine", "activation", "join", "arrangement", "resize"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_answers_every_question(kind: str) -> None:
    """No fact is inherited from `Layer` itself, which knows none."""
    layer = KINDS[kind]

    assert [] == [fact for fact in FACTS if not hasattr(layer, fact)]
    assert layer.family in FAMILIES
    assert layer.doubled in (NOTHING, DOUBTFUL, MEANT)
    assert set(layer.roles.values()) <= set(ROLES)
    assert layer.centres is not Layer.centres


def run(layer: Layer, inputs: tuple[Any, ...], values: Any) -> Any:
    """The output of the kernel, in double precision."""
    return KERNELS[layer.kind].forward(layer, inputs, {n: np.array(w, float) for n, w in values.items()}, Tally())


ROWS = pytest.mark.parametrize(
    ("kind", "arguments", "inputs", "values"), [row[:4] for row in BY_HAND], ids=[row[0] for row in BY_HAND]
)


@ROWS
def test_every_tensor_has_a_role_and_taps_are_what_has_macs(kind, arguments, inputs, values) -> None:
    """A layer with taps has MACs; one that has MACs without taps multiplies activations."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1)
    shapes = tuple(x.shape for x in arrays)
    work = layer.macs(shapes, layer.output(*shapes))

    assert set(layer.weights(*shapes)) <= set(layer.roles)
    assert bool(work) == (TAPS in layer.roles.values() or layer.multiplies)
    assert not (TAPS in layer.roles.values() and layer.multiplies)


@ROWS
def test_an_elementwise_layer_reads_its_own_element_alone(kind, arguments, inputs, values) -> None:
    """One element of the first input is changed: of an element-wise layer at most the output at its place changes."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1)
    before = run(layer, arrays, values)
    if not layer.elementwise or before.shape != arrays[0].shape:
        return
    for place in np.ndindex(arrays[0].shape):
        other = arrays[0].copy()
        other[place] += 0.25
        changed = np.argwhere(run(layer, (other, *arrays[1:]), values) != before)
        assert [] == [tuple(at) for at in changed if tuple(at) != place]


MIXING = {"softmax", "maxout", "layernorm", "groupnorm", "instancenorm", "lrn", "l2norm"}


def test_the_rest_of_the_families_that_keep_the_shape_mix() -> None:
    """A norm or an activation that is not element-wise is one of those whose outputs read other elements too."""
    keeping = {kind for kind, layer in KINDS.items() if layer.family in ("activation", "norm", "affine")}

    assert MIXING == {kind for kind in keeping if not KINDS[kind].elementwise}


@ROWS
def test_what_does_nothing_a_second_time_does_nothing(kind, arguments, inputs, values) -> None:
    """The kernel on its own output gives that output."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1)
    if layer.doubled == NOTHING:
        once = run(layer, arrays, values)
        assert run(layer, (once,), values) == pytest.approx(once)


@ROWS
def test_what_takes_a_mean_away_takes_it_away(kind, arguments, inputs, values) -> None:
    """A number added to all channels of a group changes nothing, one added to a single channel of several does."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1)
    group = layer.centres(len(arrays[0]))
    if not group:
        return
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4, 3)) if kind != "layernorm" or "over" in arguments else draw.normal(size=4)
    layer = KINDS[kind].read({**arguments, **({"groups": 2} if "groups" in arguments else {})}, x.ndim - 1)
    group = layer.centres(4)

    def normed(x: Any) -> Any:
        ones = {name: np.ones(shape) for name, shape in layer.weights(x.shape).items()}
        stored = {"running_mean": x.reshape(4, -1).mean(axis=1), "running_var": np.ones(4)}
        return run(layer, (x,), {**ones, **(stored if layer.buffers(x.shape) else {})})

    together, alone = x.copy(), x.copy()
    together[:group] += 1
    alone[0] += 1
    assert normed(together) == pytest.approx(normed(x))
    assert (group == 1) == bool(np.allclose(normed(alone), normed(x)))


# --- lists of kinds elsewhere ------------------------------------------------------------------------------------


def of_family(*families: str) -> set[str]:
    """The kinds of some families."""
    return {kind for kind, layer in KINDS.items() if layer.family in families}


TIGHT = {"pad", "crop", "channel_shuffle", "space_to_depth"}
"""Arrangements whose units feel all that they are connected to."""

COMPLETE: dict[str, tuple[set[str], set[str]]] = {
    "kernels.KERNELS": (set(KINDS), set(KERNELS)),
    "kernels.support.RULES": (set(KINDS), set(support.RULES)),
    "kernels.support.POOLS": ({kind for kind in of_family("pool") if "kernel" in KINDS[kind].fields}, set(support.POOLS)),
    "engine.follow.CONVOLUTIONS": (of_family("convolution") - {"upconv"}, set(follow.CONVOLUTIONS)),
    "engine.follow.OWN_ARRAY": (
        of_family("convolution", "linear") | {"batchnorm", "add", "concat"}, set(follow.OWN_ARRAY)
    ),
    "engine.layers.LAYERS": (
        set(follow.CONVOLUTIONS) | {"linear", "maxpool", "batchnorm", "relu"} | (of_family("join") - {"concat", "matmul"}),
        set(LAYERS),
    ),
    "kernels.weights.FIRST": (set(ROLES) - {TAPS}, set(weights.FIRST)),
    "effective.uniform.RULES": (
        of_family("convolution", "resize") | {"maxpool", "l2pool", "adaptivemaxpool", "maxout", "maximum", "sub", "mul"},
        set(uniform.RULES),
    ),
    "proof.spoiling.LOOSE": (of_family("arrangement") - TIGHT, set(spoiling.LOOSE)),
}  # fmt: skip
"""A list outside `layers/` -> what it must have, from the facts of the layers, and what it has."""


@pytest.mark.parametrize("place", COMPLETE)
def test_a_list_of_kinds_forgets_none(place: str) -> None:
    """A new kind is named by the list that does not know it."""
    wanted, found = COMPLETE[place]

    assert [] == sorted(wanted - found)
    assert [] == sorted(found - wanted)


HOUSE = Path(__file__).parents[1] / "cnncalc"
PARTS_OF_OTHERS = {"kernels.support.SAME"}
"""Lists that a complete table is made of."""


def lists_of_kinds() -> Iterator[str]:
    """The names, with their module, of tables outside `layers/` that name two kinds or more."""
    for module in sorted(HOUSE.rglob("*.py")):
        if module.is_relative_to(HOUSE / "layers") or module.name == "words.py":
            continue
        path = module.relative_to(HOUSE).with_suffix("").parts
        place = ".".join(path[:-1] if path[-1] == "__init__" else path)
        for statement in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                words = {c.value for c in ast.walk(statement.value) if isinstance(c, ast.Constant)}
                if len(words & set(KINDS)) > 1:
                    yield f"{place}.{ast.unparse(getattr(statement, 'target', None) or statement.targets[0])}"


def test_every_list_of_kinds_is_held_complete() -> None:
    """A table of kinds outside `layers/` that no test above knows is found."""
    assert {*COMPLETE, *PARTS_OF_OTHERS} >= set(lists_of_kinds())
    assert {"kernels.KERNELS", "kernels.support.SAME"} <= set(lists_of_kinds())


COUNTING_CHANNELS = {"out", "groups", "connections", "channels", "start", "stop"}
"""Arguments that count channels, which `transforms/miniature` divides."""

OTHERS = {
    "kernel", "stride", "padding", "dilation", "bias", "output_padding", "multiplier", "round", "count_padding", "size",
    "over", "eps", "affine", "scale", "alpha", "beta", "k", "shared", "slope", "form", "low", "high", "rate", "pieces",
    "shape", "order", "mode", "offset", "axis", "step", "part", "parts", "align_corners",
}  # fmt: skip
"""Arguments that count none, or (a `shape`) that a network with fewer channels does not fit."""


def test_every_argument_is_known_as_a_count_of_channels_or_not() -> None:
    """A network is narrowed by dividing what counts channels: a new argument is looked at once."""
    assert {name for layer in KINDS.values() for name in layer.fields} <= COUNTING_CHANNELS | OTHERS
