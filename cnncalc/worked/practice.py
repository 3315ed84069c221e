"""What use costs: many crops and many networks at test time, and what freezing the first layers saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .example import Answer, Example, Setting, Step
from .reading import whole

if TYPE_CHECKING:
    from ..graph import Graph


def ensemble(macs: int, params: int, crops: int, models: int) -> Answer:
    """Several crops of a picture through several networks, whose scores are averaged."""
    passes = crops * models
    steps = [
        Step("passes", "crops * models", f"{crops} * {models}", passes, "a picture"),
        Step("MACs", "passes * MACs", f"{passes} * {macs}", passes * macs, "a picture"),
        Step("params", "models * params", f"{models} * {params}", models * params, "crops share theirs"),
    ]
    return Answer(steps)


def freezing(spec: Graph, until: str, images: int) -> Answer:
    """The layers up to `until` frozen: what is trained, and what its activations take when they are kept on a disk."""
    from ..analyses.macs import macs
    from ..analyses.params import params

    graph = spec.inference
    names = [node.name for node in graph.nodes]
    inside = [name for name in names if name == until or name.startswith((f"{until}/", f"{until}["))]
    if not inside:
        from ..errors import did_you_mean

        raise ValueError(
            f"names no layer of {graph.name}: {until}; {did_you_mean(until, names) or 'cnncalc shapes lists them'}"
        )
    last = names.index(inside[-1])
    learned, done = params(graph), macs(graph)
    frozen = sum(learned.of[name] for name in names[: last + 1])
    before = sum(done.of[name] for name in names[: last + 1])
    across = [
        name for name in (*graph.inputs, *names[: last + 1])
        if any(reader.name in names[last + 1 :] for reader in graph.readers[name]) or name == graph.output
    ]  # fmt: skip
    kept = sum(_elements(graph, name) for name in across)
    steps = [
        Step("frozen", "params up to there", f"{last + 1} layers", frozen),
        Step("trained", "params - frozen", f"{learned.total} - {frozen}", learned.total - frozen),
        Step("kept an image", "elements * 4 bytes", f"{kept} * 4", kept * 4, f"fp32, of {', '.join(across)}"),
        Step("kept", "images * bytes", f"{images} * {kept * 4}", images * kept * 4, "bytes on the disk"),
        Step("MACs saved", "MACs up to there, each epoch and image", f"{before} of {done.total}", before),
    ]
    return Answer(steps)


def _elements(graph: Graph, name: str) -> int:
    from math import prod

    return prod(graph.shapes[name])


def network(said: str) -> Graph:
    """A network by the name of its spec."""
    from ..analyses.sizes import numeric
    from ..opening import load

    return numeric(load(said))


EXAMPLES = {
    "ensemble": Example(
        "many crops and many networks at test time",
        "F0, F3 and F4, week 2, tips for doing well on benchmarks",
        "10-crop: run the classifier on ten crops and average the results",
        "right; GoogLeNet's 144 crops and 7 networks are 1,008 passes a picture",
        {
            "macs": Setting(whole(0), "1591044096", "MACs of a pass"),
            "params": Setting(whole(0), "6998552", "params of a network"),
            "crops": Setting(whole(1), "144", "crops of a picture"),
            "models": Setting(whole(1), "7", "networks"),
        },
        ensemble,
    ),
    "freezing": Example(
        "the first layers frozen, and their activations kept on a disk",
        "F0, F1, F3 and F4, week 2, transfer learning; F2, slides 54 and 55",
        "save the activations of the last frozen layer to disk",
        "VGG-16 up to fc7: 4,096 numbers an image are 16,384 bytes, and the head alone is trained",
        {
            "spec": Setting(network, "vgg16", "a file, or a network of the zoo"),
            "until": Setting(str, "fc7", "the last layer or block that is frozen"),
            "images": Setting(whole(1), "1000", "images that are kept"),
        },
        freezing,
    ),
}
