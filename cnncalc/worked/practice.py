"""What use costs: many crops and many networks at test time, and what freezing the first layers saves."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from .example import Answer, Example, Setting, Step, Value
from .reading import whole

if TYPE_CHECKING:
    from ..graph import Graph


def ensemble(spec: Graph, crops: int, models: int) -> Answer:
    """Several crops of a picture through several networks of one kind, whose scores are averaged.

    MACs are for one picture, params are counts of numbers. Source: F0, F3 and F4, week 2; Krizhevsky et al. 2012,
    section 4.1 (10 crops); Szegedy et al. 2014, arXiv:1409.4842, section 7 (144 crops, 7 networks).
    """
    from ..analyses.macs import macs
    from ..analyses.params import params

    graph = spec.inference
    once, learned, passes = macs(graph).total, params(graph).total, crops * models
    values = {"crops": crops, "models": models, "MACs": once, "params": learned, "passes": passes}
    steps = [
        Step("passes", "{crops} * {models}", values, passes, "a picture"),
        Step("MACs", "{passes} * {MACs}", values, passes * once, "a picture; MACs of convolution and linear"),
        Step("params", "{models} * {params}", values, models * learned, "crops share theirs"),
    ]
    return Answer(steps)


def freezing(spec: Graph, freeze: str, images: int) -> Answer:
    """Some layers frozen: what is still trained, and what the last frozen activations take when kept on a disk.

    `freeze` is a layer, a block or `FIRST..LAST`; with the layers up to there kept activations take their place in each
    later epoch. Params are counts of numbers, sizes are bytes of fp32, MACs are for one image.
    Source: F0, F1, F3 and F4, week 2; F2, slides 54 and 55. Raises CnncalcError.
    """
    from ..analyses.macs import macs
    from ..analyses.params import params
    from ..analyses.training import training
    from ..transforms import freezing as made

    graph = made.freeze(spec.inference, [freeze])
    names = [node.name for node in graph.nodes]
    last = names.index(made.layers(graph, freeze)[-1])
    learned, done = params(graph), macs(graph)
    every, some = (sum(step.total for step in training(one).of.values()) for one in (spec.inference, graph))
    values: dict[str, Value] = {
        "params": learned.total, "frozen": learned.frozen, "images": images, "MACs": done.total,
        "MACs without freezing": every,
    }  # fmt: skip
    steps = [
        Step("frozen", "the params of these layers", values, learned.frozen, "of {params}"),
        Step("trained", "{params} - {frozen}", values, learned.total - learned.frozen, "what an optimizer changes"),
        Step("step", "forward and gradients", values, some,
             "MACs of a training step for one image; {MACs without freezing} without freezing these"),
    ]  # fmt: skip
    if all(learned.frozen_of[name] == learned.of[name] for name in names[: last + 1]):
        steps += _cached(graph, names, last, values, images)
    return Answer(steps)


def _cached(graph: Graph, names: list[str], last: int, values: dict[str, Value], images: int) -> list[Step]:
    """What of a network is computed once when everything up to a layer is frozen."""
    from ..analyses.macs import macs

    done = macs(graph)
    before = sum(done.of[name] for name in names[: last + 1])
    across = [
        name for name in (*graph.inputs, *names[: last + 1])
        if any(reader.name in names[last + 1 :] for reader in graph.readers[name]) or name == graph.output
    ]  # fmt: skip
    kept = sum(prod(graph.shapes[name]) for name in across)
    values = {**values, "numbers": kept, "bytes": kept * 4, "MACs": done.total}
    return [
        Step("kept an image", "{numbers} * 4", values, kept * 4, f"bytes in fp32, of {', '.join(across)}"),
        Step("kept", "{images} * {bytes}", values, images * kept * 4, "bytes on the disk"),
        Step("MACs saved", "the forward MACs up to there", values, before,
             "of {MACs} an image, in every epoch but the first"),
    ]  # fmt: skip


def network(said: str) -> Graph:
    """A network by the name of its spec, or of a file of any format."""
    from ..analyses.sizes import numeric
    from ..opening import load

    return numeric(load(said))


FAMILIAR = ("lenet5", "alexnet", "vgg16", "googlenet", "resnet18", "resnet50", "mobilenet_v1")
HELD = ("pool1", "pool2", "pool3", "pool4", "pool5", "fc6", "fc7")
"""The networks and the layers of VGG-16 that exercises ask about."""

EXAMPLES = {
    "ensemble": Example(
        "many crops and many networks at test time",
        "F0, F3 and F4, week 2, tips for doing well on benchmarks",
        "10-crop: run the classifier on ten crops and average the results",
        "right",
        "GoogLeNet's 144 crops and 7 networks are 1,008 passes a picture",
        {
            "spec": Setting(network, "googlenet", "a file, or a network of the zoo"),
            "crops": Setting(whole(1), "144", "crops of a picture"),
            "models": Setting(whole(1), "7", "networks"),
        },
        ensemble,
        lambda draw: {
            "spec": draw.choice(FAMILIAR),
            "crops": draw.choice(["5", "10", "30", "144"]),
            "models": f"{draw.randrange(2, 8)}",
        },
    ),
    "freezing": Example(
        "the first layers frozen, and their activations kept on a disk",
        "F0, F1, F3 and F4, week 2, transfer learning; F2, slides 54 and 55",
        "save the activations of the last frozen layer to disk",
        "right",
        "VGG-16 up to fc7: 4,096 numbers an image are 16,384 bytes, and the head alone is trained",
        {
            "spec": Setting(network, "vgg16", "a file, or a network of the zoo"),
            "freeze": Setting(str, "conv1_1..fc7", "a layer, a block, or FIRST..LAST in the order of the network"),
            "images": Setting(whole(1), "1000", "images that are kept"),
        },
        freezing,
        lambda draw: {"freeze": f"conv1_1..{draw.choice(HELD)}", "images": f"{draw.randrange(2, 51) * 100}"},
    ),
}
