"""The weights of a checkpoint as a network takes them, with a word on stderr how the two were matched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..errors import CnncalcError, printable
from ..opening import ONNX

if TYPE_CHECKING:
    from ..graph import Graph

MOST_LINES = 20


def read(path: str, graph: Graph, dtype: Any) -> dict[str, Any]:
    """Tensor of the network -> its numbers, of a checkpoint or an .npz. Raises CnncalcError."""
    from ..kernels import weights as tensors
    from ..kernels.arrays import NoArrays

    if path.lower().endswith(".safetensors"):
        return stored(path, graph, dtype)
    try:
        return tensors.load(path, graph, dtype)
    except NoArrays:
        raise CnncalcError(
            f"{path} is no .npz or .safetensors, which hold weights",
            f"`cnncalc convert {path} --save-weights weights.npz` writes those of a model"
            if path.lower().endswith(ONNX.suffixes)
            else "in PyTorch `safetensors.torch.save_file(model.state_dict(), ...)` writes them",
        ) from None


def stored(path: str, graph: Graph, dtype: Any) -> dict[str, Any]:
    """Tensor of the network -> its numbers. Raises CnncalcError where one has none of its shape."""
    from ..analyses.checkpoints import match
    from ..formats.safetensors import checkpoint
    from ..kernels.weights import fitting, shapes
    from ..render.numbers import plural

    found = checkpoint(path)
    wanted = shapes(graph)
    saved = graph.stored.saved(graph) if graph.stored is not None else None
    pairs = match(wanted, {name: found.tensors[name].shape for name in found.in_order}, saved)
    if pairs.missing or pairs.unlike:
        count = len(pairs.missing) + len(pairs.unlike)
        one = next(iter([*pairs.unlike, *pairs.missing]))
        raise CnncalcError(
            f"{path} does not fit {graph.name}: "
            f"{count} of {len(pairs.wanted)} tensors have none of their shape, `{one}` first",
            "`cnncalc diff SPEC FILE --params` has them side by side",
        )
    matched = plural(len(pairs.pairs), "tensor")
    print(f"weights matched by {pairs.how}: {matched}, {len(pairs.unused)} not used", file=sys.stderr)
    if pairs.by not in ("parameters", "names"):
        lines = [f"  {here} <- {printable(there)}" for here, there in pairs.pairs.items()]
        print(*lines[:MOST_LINES], sep="\n", file=sys.stderr)
        if len(lines) > MOST_LINES:
            print(f"  and {len(lines) - MOST_LINES} more: cnncalc diff SPEC FILE --params -f json", file=sys.stderr)
    if pairs.alike:
        print(
            f"note: {pairs.alike} of them have others of their shape, and order alone told them apart: "
            "compare an output before you trust it",
            file=sys.stderr,
        )
    there = found.arrays(
        {name: pairs.wanted[here] for here, name in pairs.pairs.items()}, whole=pairs.by == "parameters"
    )
    values = {here: there[name] for here, name in pairs.pairs.items()}
    if graph.stored is not None and saved is not None and pairs.by == "parameters":
        state = {saved.first[pairs.paths[here]]: array for here, array in values.items()}
        values = {**graph.stored.loaded(graph, state, dtype, path)}
    return fitting(values, graph, path, dtype)
