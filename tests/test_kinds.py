"""What the layers say of themselves is what their kernels do, and no list of kinds outside `layers/` forgets one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_kernels import BY_HAND

import cnncalc
from cnncalc.analyses.macs import work
from cnncalc.counting import onnx, pytorch, tensorflow
from cnncalc.drawing import colours
from cnncalc.effective import uniform
from cnncalc.engine import follow
from cnncalc.engine.layers import LAYERS
from cnncalc.kernels import KERNELS, Tally, recurrent, support, weights
from cnncalc.layers import KINDS, base
from cnncalc.layers.base import ALIKE, ALL, DOUBTFUL, MEANT, NOTHING, OWN, ROLES, SOME, TAPS, VIEW, WORK, Layer
from cnncalc.layers.fields import Integer, Padding, PartsPerAxis, WholeList
from cnncalc.proof import spoiling

FACTS = ("family", "roles", "storage", "elementwise", "multiplies", "doubled", "mixes")
FAMILIES = {
    "convolution",
    "linear",
    "pool",
    "norm",
    "affine",
    "activation",
    "join",
    "arrangement",
    "resize",
    "learned",
    "recurrent",
    "unknown",
}


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
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    shapes = tuple(x.shape for x in arrays)
    work = layer.macs(shapes, layer.output(*shapes))

    assert set(layer.weights(*shapes)) <= set(layer.roles)
    assert bool(work) == (TAPS in layer.roles.values() or layer.multiplies)
    assert not (TAPS in layer.roles.values() and layer.multiplies)


@ROWS
def test_an_elementwise_layer_reads_its_own_element_alone(kind, arguments, inputs, values) -> None:
    """One element of the first input is changed: of an element-wise layer at most the output at its place changes."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    before = run(layer, arrays, values)
    if not layer.elementwise or before.shape != arrays[0].shape:
        return
    for place in np.ndindex(arrays[0].shape):
        other = arrays[0].copy()
        other[place] += 0.25
        changed = np.argwhere(run(layer, (other, *arrays[1:]), values) != before)
        assert [] == [tuple(at) for at in changed if tuple(at) != place]


@pytest.mark.parametrize("kind", [kind for kind, layer in KINDS.items() if layer.family == "join"])
def test_a_join_commutes_where_its_branches_may_change_places(kind: str) -> None:
    """The kernel on branches in another order gives the same, and of every other join not."""
    draw = np.random.default_rng(0)
    branches = tuple(draw.normal(size=(3, 3, 3)) for _ in range(max(2, KINDS[kind].fewest)))
    layer = KINDS[kind].read({}, 2)
    turned = run(layer, (*branches[1:], branches[0]), {})

    assert layer.commutes == np.array_equal(run(layer, branches, {}), turned)


@ROWS
def test_what_keeps_channels_apart_reads_its_own_channel_alone(kind, arguments, inputs, values) -> None:
    """One element is changed: of a layer that does not mix at most the outputs of its channel change."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    before = run(layer, arrays, values)
    assert layer.mixes in (OWN, SOME, ALL)
    if layer.mixes != OWN or len(before) != len(arrays[0]):
        return
    for place in np.ndindex(arrays[0].shape):
        other = arrays[0].copy()
        other[place] += 0.25
        changed = np.argwhere(run(layer, (other, *arrays[1:]), values) != before)
        assert {place[0]} >= {int(at[0]) for at in changed}


MIXING = {"softmax", "maxout", "layernorm", "rmsnorm", "groupnorm", "instancenorm", "grn", "lrn", "l2norm"}


def test_the_rest_of_the_families_that_keep_the_shape_mix() -> None:
    """A norm or an activation that is not element-wise is one of those whose outputs read other elements too."""
    keeping = {kind for kind, layer in KINDS.items() if layer.family in ("activation", "norm", "affine")}

    assert MIXING == {kind for kind in keeping if not KINDS[kind].elementwise}


@ROWS
def test_what_does_nothing_a_second_time_does_nothing(kind, arguments, inputs, values) -> None:
    """The kernel on its own output gives that output."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    if layer.doubled == NOTHING:
        once = run(layer, arrays, values)
        assert run(layer, (once,), values) == pytest.approx(once)


@ROWS
def test_what_takes_a_mean_away_takes_it_away(kind, arguments, inputs, values) -> None:
    """A number added to all channels of a group changes nothing, one added to a single channel of several does."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    group = layer.centres(len(arrays[0]) if arrays else 1)
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


# --- what the operations are of ----------------------------------------------------------------------------------


@ROWS
def test_work_is_said_in_the_words_that_there_are(kind, arguments, inputs, values) -> None:
    """Each word of a layer is one of `WORK`, and none is there for nothing."""
    arrays = tuple(np.array(x, float) for x in inputs)
    layer = KINDS[kind].read(arguments, arrays[0].ndim - 1 if arrays else 0)
    shapes = tuple(x.shape for x in arrays)
    done = layer.work(shapes, layer.output(*shapes))

    assert set(done) <= set(WORK)
    assert all(count > 0 for count in done.values())


WORK_BY_HAND = [
    # kind, arguments, inputs, operations by what is done
    ("conv", {"out": 4, "kernel": 1}, [(2, 3, 5)], {"bias": 60}),
    ("conv", {"out": 4, "kernel": 1, "bias": False}, [(2, 3, 5)], {}),
    ("linear", {"out": 7}, [(9,)], {"bias": 7}),
    ("batchnorm", {}, [(2, 3, 5)], {"scale": 30, "shift": 30}),
    ("layernorm", {}, [(10,)], {"statistics": 20, "normalise": 20, "scale": 10, "shift": 10}),
    ("instancenorm", {}, [(2, 5)], {"statistics": 20, "normalise": 20}),
    ("grn", {}, [(2, 5)], {"statistics": 20, "normalise": 10, "scale": 10, "shift": 10, "add": 10}),
    ("lrn", {"size": 5}, [(6, 2)], {"multiply": 60, "add": 60, "scale": 12, "exponential": 12, "divide": 12}),
    ("relu", {}, [(2, 3, 5)], {"compare": 30}),
    ("prelu", {}, [(2, 5)], {"compare": 10}),
    ("silu", {}, [(2, 5)], {"exponential": 10}),
    ("softmax", {}, [(10,)], {"exponential": 10, "add": 10, "divide": 10}),
    ("maxpool", {"kernel": 3, "stride": 2}, [(1, 7, 7)], {"pool": 81}),
    ("globalavgpool", {}, [(4, 7, 7)], {"pool": 196}),
    ("add", {}, [(4, 9), (4, 9), (4, 9)], {"add": 72}),
    ("mul", {}, [(4, 9), (4, 1)], {"multiply": 36}),
    ("upsample", {"scale": 2, "mode": "bilinear"}, [(1, 2, 2)], {"blend": 128}),
    ("upsample", {"scale": 2}, [(1, 2, 2)], {}),
    ("matmul", {}, [(2, 3), (3, 4)], {}),
    ("flatten", {}, [(2, 3)], {}),
]


@pytest.mark.parametrize(("kind", "arguments", "inputs", "done"), WORK_BY_HAND)
def test_work_counted_by_hand(kind: str, arguments: dict[str, Any], inputs: Any, done: dict[str, int]) -> None:
    """What is done to the elements, and how often."""
    layer = KINDS[kind].read(arguments, len(inputs[0]) - 1)

    assert done == layer.work(tuple(inputs), layer.output(*inputs))


MEASURED = [
    # network, elements as torch counted them: of convolutions with a bias and linear outputs, of norms, of rectifiers,
    # of other activations, of sums, of gates
    ("resnet50", {"bias": 1_000, "scale": 11_113_984, "compare": 9_608_704, "add": 5_519_360}),
    ("mobilenet_v2", {"bias": 1_000, "scale": 6_678_112, "compare": 6_105_792, "add": 216_384}),
    ("densenet121", {"bias": 1_000, "scale": 15_667_456, "compare": 15_617_280 + 50_176}),
    ("efficientnet_b0", {"scale": 6_737_696, "add": 210_112, "multiply": 2_306_528}),
]


@pytest.mark.parametrize(("name", "elements"), MEASURED)
def test_work_of_a_network_is_the_elements_that_torch_counts(name: str, elements: dict[str, int]) -> None:
    """Hooks on every module of torchvision's network counted them, at 3x224x224."""
    done = work(cnncalc.load(name).inference)

    assert elements == {word: done[word] for word in elements}
    assert sum(done.values()) == sum(node.operations for node in cnncalc.load(name).inference.nodes)


# --- lists of kinds elsewhere ------------------------------------------------------------------------------------


def of_family(*families: str) -> set[str]:
    """The kinds of some families."""
    return {kind for kind, layer in KINDS.items() if layer.family in families}


TIGHT = {"pad", "crop", "channel_shuffle", "space_to_depth", "flip", "roll", "tile"}
"""Arrangements whose units feel all that they are connected to."""

COLOURED = {"page", "ink", "quiet", "line", "block", "input", "output", "other"}
"""What has a colour in a picture and is no family."""

COUNTED = {kind for kind in KINDS if KINDS[kind].counted}
"""The kinds that are counted; a network with another is refused where tools are compared."""

COMPLETE: dict[str, tuple[set[str], set[str]]] = {
    "kernels.KERNELS": (set(KINDS), set(KERNELS)),
    "kernels.support.RULES": (set(KINDS), {*support.RULES, *support.ELEMENTS}),
    "kernels.support.POOLS": ({kind for kind in of_family("pool") if "kernel" in KINDS[kind].fields}, set(support.POOLS)),
    "engine.follow.CONVOLUTIONS": (of_family("convolution") - {"upconv", "deform_conv"}, set(follow.CONVOLUTIONS)),
    "engine.follow.OWN_ARRAY": (
        of_family("convolution", "linear") | {"batchnorm", "add", "concat"}, set(follow.OWN_ARRAY)
    ),
    "engine.layers.LAYERS": (
        set(follow.CONVOLUTIONS) | {"linear", "maxpool", "batchnorm", "relu"} | (of_family("join") - {"concat", "matmul", "where"}),
        set(LAYERS),
    ),
    "kernels.weights.FIRST": (set(ROLES) - {TAPS, base.ROWS}, set(weights.FIRST)),
    "effective.uniform.RULES": (
        of_family("convolution", "resize") | {"maxpool", "argmaxpool", "l2pool", "adaptivemaxpool", "amax", "amin", "argmax", "maxout"} | of_family("recurrent")
        | {"maximum", "minimum", "where", "sub", "mul", "div", "embedding", "cumsum"},
        set(uniform.RULES),
    ),
    "counting.pytorch.WRITTEN": (COUNTED - {"map"}, set(pytorch.WRITTEN)),
    "counting.onnx.WRITTEN": (COUNTED - {"map"}, set(onnx.WRITTEN)),
    "counting.tensorflow.WRITTEN": (COUNTED, set(tensorflow.WRITTEN)),
    "drawing.colours.LIGHT": (FAMILIES | COLOURED, set(colours.LIGHT)),
    "drawing.colours.DARK": (FAMILIES | COLOURED, set(colours.DARK)),
    "kernels.recurrent.STEPS": (of_family("recurrent"), set(recurrent.STEPS)),
    "proof.spoiling.LOOSE": (of_family("arrangement") - TIGHT, set(spoiling.LOOSE)),
}  # fmt: skip
"""A list outside `layers/` -> what it must have, from the facts of the layers, and what it has."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kernel_lays_its_output_where_the_layer_says(kind: str) -> None:
    """A view, or what lies as its first input does, is not laid side by side."""
    assert (KINDS[kind].storage not in (VIEW, ALIKE)) == KERNELS[kind].side_by_side


@pytest.mark.parametrize("place", COMPLETE)
def test_a_list_of_kinds_forgets_none(place: str) -> None:
    """A new kind is named by the list that does not know it."""
    wanted, found = COMPLETE[place]

    assert [] == sorted(wanted - found)
    assert [] == sorted(found - wanted)


HOUSE = Path(__file__).parents[1] / "cnncalc"
PARTS_OF_OTHERS = {"kernels.support.SAME", "kernels.support.ELEMENTS", "kernels.support.MIXING"}
"""Lists that a complete table is made of."""


def lists_of_kinds() -> Iterator[str]:
    """The names, with their module, of tables outside `layers/` that name two kinds or more.

    The tables of `formats/` are by the operators of the format: one that has no rule is refused by its name. Those of
    `reports/` are columns, where `map` and `mean` are titles; those of `recovery/` choose a spelling, which is proved: a
    kind that they do not know costs a line and never a number. Those of `counting/` but WRITTEN are by the words of a tool.
    """
    apart = (HOUSE / "layers", HOUSE / "formats", HOUSE / "reports", HOUSE / "recovery")
    for module in sorted(HOUSE.rglob("*.py")):
        if any(module.is_relative_to(folder) for folder in apart) or module.name == "words.py":
            continue
        path = module.relative_to(HOUSE).with_suffix("").parts
        place = ".".join(path[:-1] if path[-1] == "__init__" else path)
        for statement in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                target = ast.unparse(getattr(statement, "target", None) or statement.targets[0])
                if path[0] == "counting" and target != "WRITTEN":
                    continue
                words = {c.value for c in ast.walk(statement.value) if isinstance(c, ast.Constant)}
                if len(words & set(KINDS)) > 1:
                    yield f"{place}.{target}"


def test_every_list_of_kinds_is_held_complete() -> None:
    """A table of kinds outside `layers/` that no test above knows is found."""
    assert {*COMPLETE, *PARTS_OF_OTHERS} >= set(lists_of_kinds())
    assert {"kernels.KERNELS", "kernels.support.SAME"} <= set(lists_of_kinds())


COUNTING_CHANNELS = {"out", "groups", "connections", "channels", "start", "stop", "hidden"}
"""Arguments that count channels, which `transforms/miniature` divides."""

OTHERS = {
    "kernel", "stride", "padding", "peephole", "dilation", "bias", "output_padding", "multiplier", "round", "count_padding", "size",
    "over", "eps", "affine", "scale", "alpha", "beta", "k", "shared", "slope", "form", "low", "high", "rate", "pieces",
    "shape", "order", "mode", "offset", "axis", "step", "part", "parts", "align_corners", "asymmetric", "per", "formula",
    "operator", "offset_groups", "beyond", "samples", "aligned",
    "bidirectional", "reverse", "single", "reset", "act", "cells", "times", "entries", "sizes", "steps", "apart", "fixed",
    "fill", "by", "bits", "count",
}  # fmt: skip
"""Arguments that count none, or (a `shape`) that a network with fewer channels does not fit."""


def test_every_argument_is_known_as_a_count_of_channels_or_not() -> None:
    """A network is narrowed by dividing what counts channels: a new argument is looked at once."""
    assert {name for layer in KINDS.values() for name in layer.fields} <= COUNTING_CHANNELS | OTHERS


SPELLINGS = [
    ("batchnorm", {"scale": False, "bias": False}, {"affine": False}, (4, 3)),
    ("layernorm", {"scale": False, "bias": False}, {"affine": False, "bias": False}, (4, 3)),
    ("groupnorm", {"groups": 2, "scale": False, "bias": False}, {"groups": 2, "affine": False}, (4, 3)),
    ("instancenorm", {"affine": True, "scale": False, "bias": False}, {}, (4, 3)),
    ("take", {"entries": [5, 6, 15, 16]}, {"sizes": [2, 2], "steps": [10, 1], "offset": 5}, (18, 5)),
    ("conv", {"out": 2, "kernel": 3, "padding": 1}, {"out": 2, "kernel": 3, "padding": "half"}, (2, 6, 5)),
    (
        "conv",
        {"out": 2, "kernel": 3, "padding": [[1, 1], [1, 1]]},
        {"out": 2, "kernel": 3, "padding": "same"},
        (2, 6, 5),
    ),
    (
        "conv",
        {"out": 2, "kernel": 3, "stride": 2, "padding": [[0, 1], [1, 1]]},
        {"out": 2, "kernel": 3, "stride": 2, "padding": "same"},
        (2, 6, 5),
    ),
    ("roll", {"by": -3}, {"by": 2}, (2, 5)),
    ("conv", {"out": 2, "kernel": 2, "padding": [[1, 0]]}, {"out": 2, "kernel": 2, "padding": "causal"}, (2, 6)),
    ("pointwise", {"out": 2, "padding": "valid"}, {"out": 2, "padding": "full"}, (2, 6, 5)),
    ("depthwise", {"kernel": 5, "padding": 4}, {"kernel": 5, "padding": "full"}, (2, 6, 5)),
    ("upconv", {"out": 2, "kernel": 3, "padding": 1}, {"out": 2, "kernel": 3, "padding": "half"}, (2, 6, 5)),
    (
        "upconv",
        {"out": 2, "kernel": 3, "stride": 2, "padding": [[0, 1], [0, 1]]},
        {"out": 2, "kernel": 3, "stride": 2, "padding": "same"},
        (2, 6, 5),
    ),
    ("maxpool", {"kernel": 2}, {"kernel": 2, "stride": 2}, (2, 6, 5)),
    ("avgpool", {"kernel": 3, "stride": 2, "padding": 1}, {"kernel": 3, "stride": 2, "padding": "half"}, (2, 6, 5)),
    ("l2pool", {"kernel": 3, "padding": [[0, 0], [0, 1]]}, {"kernel": 3, "padding": "same"}, (2, 6, 5)),
    ("argmaxpool", {"kernel": 2}, {"kernel": 2, "stride": 2}, (2, 6, 5)),
    ("adaptiveavgpool", {"size": [6, 2]}, {"size": ["none", 2]}, (2, 6, 5)),
    ("adaptivemaxpool", {"size": [3, 5]}, {"size": [3, "none"]}, (2, 6, 5)),
    ("reshape", {"shape": [0, 6]}, {"shape": [10, 6]}, (2, 6, 5)),
    ("crop", {"size": 3}, {"size": 3, "offset": [1, 1]}, (2, 6, 5)),
    ("slice", {"axis": "width", "start": -2}, {"axis": "width", "start": 3, "stop": 5}, (2, 6, 5)),
    ("upsample", {"scale": 2}, {"size": [12, 10]}, (2, 6, 5)),
    (
        "deform_conv",
        {"out": 2, "kernel": 3, "padding": [[1, 1], [1, 1]]},
        {"out": 2, "kernel": 3, "padding": "same"},
        (2, 6, 5),
    ),
    ("max_unpool", {"kernel": 2, "padding": 1}, {"kernel": 2, "padding": "half", "size": [10, 8]}, (2, 6, 5)),
]


def beside(kind: str, layer: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """What a layer reads besides a map: taps that are not moved, values that all stand first."""
    if kind == "deform_conv":
        return (np.zeros((2 * 9, *layer.output(shape)[1:])),)
    return (np.zeros(shape),) if kind == "max_unpool" else ()


@pytest.mark.parametrize(("kind", "one", "other", "shape"), SPELLINGS)
def test_what_comes_out_as_the_same_is_computed_as_the_same(kind, one, other, shape) -> None:
    """Two spellings resolve to the same arguments, and the kernels, which see the spelling, give the same numbers."""
    layers = [KINDS[kind].read(arguments, len(shape) - 1) for arguments in (one, other)]
    random = np.random.default_rng(0)
    x = random.standard_normal(shape)
    held = {**layers[0].weights(shape), **layers[0].buffers(shape)}
    values = {name: random.uniform(0.5, 1.5, size) for name, size in held.items()}
    first, second = (run(layer, (x, *beside(kind, layer, shape)), values) for layer in layers)

    assert layers[0].resolved(shape) == layers[1].resolved(shape)
    assert vars(layers[0]) != vars(layers[1])
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("kind", "one", "other", "shape"), SPELLINGS)
def test_what_does_not_come_out_as_the_same_differs(kind, one, other, shape) -> None:
    """What is spelled in terms of the input comes out otherwise where the input makes it another thing."""
    longer = (shape[0], *(2 * n + 1 for n in shape[1:-1]), 2 * shape[-1] + 3)
    layers = [KINDS[kind].read(arguments, len(shape) - 1) for arguments in (one, other)]
    others = [tuple(x.shape for x in beside(kind, layer, longer)) for layer in layers]
    if any(not need.holds for layer, more in zip(layers, others, strict=True) for need in layer.needs(longer, *more)):
        return
    alike = layers[0].resolved(longer) == layers[1].resolved(longer)
    x = np.random.default_rng(0).standard_normal(longer)
    held = {**layers[0].weights(longer), **layers[0].buffers(longer)}
    values = {name: np.ones(size) for name, size in held.items()}
    first, second = (run(layer, (x, *beside(kind, layer, longer)), values) for layer in layers)

    assert alike == np.array_equal(first, second)


def test_every_argument_with_several_spellings_resolves() -> None:
    """A word, what is not given, what remains and a count from the end mean what the input makes of them."""
    spelled = {
        kind
        for kind, layer in KINDS.items()
        for name, declared in layer.fields.items()
        if (isinstance(declared.reader, Padding) and declared.reader.modes)
        or isinstance(declared.reader, PartsPerAxis | Integer | WholeList)
        or (declared.default is None and not declared.required and name != "bits")  # without: as the network
    }
    resolving = {kind for kind, layer in KINDS.items() if layer.resolved is not Layer.resolved}

    assert spelled - resolving == {"permute", "learned", "unknown"}  # an order and a shape have one spelling
    assert resolving == {row[0] for row in SPELLINGS}
