"""What moves elements and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from ...onnx.constants import Constant
from ..trace import Operator
from ..translate import BEYOND, Write, Writing


def reshape(w: Writing, own: Operator) -> None:
    """To the shape that PyTorch has found."""
    source = w.tensor("self") or w.tensor("input")
    if w.shape(source) == w.out.shape:
        w.alias(source)
    else:
        w.put("Reshape", [source, w.vector(w.out.shape)], {"allowzero": 1})


def flatten(w: Writing, own: Operator) -> None:
    """Some axes as one."""
    source = w.tensor("self")
    first, rank = own.given.get("start_dim", 0), len(w.shape(source))
    if first % max(rank, 1) == 1 and own.given.get("end_dim", -1) in (-1, rank - 1):
        w.put("Flatten", [source], {"axis": 1})
    else:
        reshape(w, own)


def squeeze(w: Writing, own: Operator) -> None:
    """Axes of size 1 go."""
    source = w.tensor("self")
    shape = w.shape(source)
    asked = own.given.get("dim")
    if asked is None:
        asked = list(range(len(shape)))
    axes = [axis % len(shape) for axis in (asked if isinstance(asked, Sequence) else [asked])] if shape else []
    gone = [axis for axis in axes if shape[axis] == 1]
    if gone:
        w.put("Squeeze", [source, w.vector(gone)])
    else:
        w.alias(source)


def unsqueeze(w: Writing, own: Operator) -> None:
    """An axis of size 1 comes."""
    w.put("Unsqueeze", [w.tensor("self"), w.vector([w.axis("dim", len(w.out.shape))])])


def permute(w: Writing, own: Operator) -> None:
    """The axes in another order."""
    source = w.tensor("self")
    rank = len(w.shape(source))
    w.put("Transpose", [source], {"perm": [axis % rank for axis in own.given["dims"]]})


def transpose(w: Writing, own: Operator) -> None:
    """Two axes change places; without their names the last two."""
    source, given = w.tensor("self"), own.given
    rank = len(w.shape(source))
    if rank < 2:
        w.alias(source)
        return
    first = given.get("dim0", given.get("axis0", -2))
    second = given.get("dim1", given.get("axis1", -1))
    order = list(range(rank))
    if own.op in ("numpy_T", "T"):
        order.reverse()
    else:
        order[first % rank], order[second % rank] = order[second % rank], order[first % rank]
    w.put("Transpose", [source], {"perm": order})


def movedim(w: Writing, own: Operator) -> None:
    """Some axes to other places."""
    source = w.tensor("self")
    rank = len(w.shape(source))
    froms, tos = (
        [axis % rank for axis in (value if isinstance(value, Sequence) else [value])]
        for value in (own.given["source"], own.given["destination"])
    )
    order = [axis for axis in range(rank) if axis not in froms]
    for to, axis in sorted(zip(tos, froms, strict=True)):
        order.insert(to, axis)
    w.put("Transpose", [source], {"perm": order})


def slice_(w: Writing, own: Operator) -> None:
    """A stretch of an axis."""
    source, given = w.tensor("self") or w.tensor("input"), own.given
    axis = w.axis("dim", len(w.shape(source)))
    start = given.get("start") or 0
    end = given.get("end")
    if own.op == "narrow":
        end = start + given["length"]
        end = BEYOND if end == 0 else end
    step = given.get("step") or 1
    if w.shape(source) == w.out.shape:
        w.alias(source)
        return
    end = BEYOND if end is None else min(end, BEYOND)
    w.put("Slice", [source, *(w.vector([n]) for n in (start, end, axis, step))])


def select(w: Writing, own: Operator) -> None:
    """One entry of an axis, which goes."""
    source = w.tensor("self")
    axis = w.axis("dim", len(w.shape(source)))
    w.put("Gather", [source, w.number(own.given["index"] % w.shape(source)[axis])], {"axis": axis})


def split(w: Writing, own: Operator) -> None:
    """Several stretches of an axis, of the sizes that PyTorch has found."""
    source = w.tensor("self")
    axis = w.axis("dim", len(w.shape(source)))
    if len(own.outputs) == 1:
        w.alias(source)
        return
    sizes = [made.shape[axis] for made in own.outputs]
    w.put("Split", [source, w.vector(sizes)], {"axis": axis}, outputs=[made.name for made in own.outputs])


def unbind(w: Writing, own: Operator) -> None:
    """Each entry of an axis by itself."""
    source = w.tensor("self")
    axis = w.axis("dim", len(w.shape(source)))
    for place, made in enumerate(own.outputs):
        w.put("Gather", [source, w.number(place)], {"axis": axis}, outputs=[made.name])


def expand(w: Writing, own: Operator) -> None:
    """Axes of size 1 repeated."""
    source = w.tensor("self")
    if w.shape(source) == w.out.shape:
        w.alias(source)
    else:
        w.put("Expand", [source, w.vector(w.out.shape)])


def repeat(w: Writing, own: Operator) -> None:
    """Each axis so many times."""
    source = w.tensor("self")
    times = list(own.given.get("repeats") or own.given.get("dims") or [])
    shape = w.shape(source)
    if len(times) > len(shape):
        shape = (1,) * (len(times) - len(shape)) + tuple(shape)
        source = w.put("Reshape", [source, w.vector(shape)], {"allowzero": 1}, shape=shape)
    times = [1] * (len(shape) - len(times)) + times
    w.put("Tile", [source, w.vector(times)])


def repeat_interleave(w: Writing, own: Operator) -> None:
    """Each entry so many times, side by side."""
    source, times = w.tensor("self"), own.given.get("repeats")
    if not isinstance(times, int) or own.given.get("dim") is None:
        w.put(own.op, w.tensors(), {}, domain="aten")
        return
    shape = list(w.shape(source))
    axis = w.axis("dim", len(shape))
    apart = [*shape[: axis + 1], 1, *shape[axis + 1 :]]
    cut = w.put("Reshape", [source, w.vector(apart)], {"allowzero": 1}, shape=apart)
    apart[axis + 1] = times
    wide = w.put("Expand", [cut, w.vector(apart)], shape=apart)
    w.put("Reshape", [wide, w.vector(w.out.shape)], {"allowzero": 1})


def roll(w: Writing, own: Operator) -> None:
    """What leaves an axis at its end comes in at its beginning."""
    source = w.tensor("self")
    shape = w.shape(source)
    shifts, axes = own.given["shifts"], own.given.get("dims") or []
    shifts = shifts if isinstance(shifts, Sequence) else [shifts]
    if not axes:
        flat = w.put("Reshape", [source, w.vector([prod(shape)])], {"allowzero": 1}, shape=(prod(shape),))
        w.put("Reshape", [_rolled(w, flat, 0, shifts[0]), w.vector(shape)], {"allowzero": 1})
        return
    for shift, axis in zip(shifts, axes, strict=True):
        source = _rolled(w, source, axis % len(shape), shift)
    w.alias(source)


def _rolled(w: Writing, source: str, axis: int, shift: int) -> str:
    shape = list(w.shape(source))
    cut = -shift % shape[axis]
    if cut == 0:
        return source
    parts = []
    for start, end in ((cut, BEYOND), (0, cut)):
        size = min(end, shape[axis]) - start
        part = [*shape[:axis], size, *shape[axis + 1 :]]
        names = [source, *(w.vector([n]) for n in (start, end, axis, 1))]
        parts.append(w.put("Slice", names, shape=part))
    return w.put("Concat", parts, {"axis": axis}, shape=shape)


def flip(w: Writing, own: Operator) -> None:
    """Axes turned round."""
    source = w.tensor("self")
    axes = [axis % len(w.shape(source)) for axis in own.given["dims"]]
    n = len(axes)
    w.put("Slice", [source, *(w.vector(v) for v in ([-1] * n, [-BEYOND] * n, axes, [-1] * n))])


def windows(w: Writing, own: Operator) -> None:
    """Overlapping stretches of an axis; their entries are a last axis."""
    source, given = w.tensor("self"), own.given
    rank = len(w.shape(source))
    axis = int(given["dimension"]) % rank
    size, step = int(given["size"]), int(given["step"])
    count = w.out.shape[axis]
    entries = tuple(step * i + j for i in range(count) for j in range(size))
    shape = w.shape(source)
    inside = (*shape[:axis], count, size, *shape[axis + 1 :])
    taken = w.put("Gather", [source, w.constant((count, size), entries)], {"axis": axis}, shape=inside)
    order = [place for place in range(rank + 1) if place != axis + 1]
    w.put("Transpose", [taken], {"perm": [*order, axis + 1]})


def index(w: Writing, own: Operator) -> None:
    """Entries of an axis by their numbers."""
    source = w.tensor("self")
    given = own.given["indices"]
    places = [place for place, one in enumerate(given) if one is not None]
    if len(places) == 1 and w.types.get(w.listed("indices")[0]) != "bool":
        w.put("Gather", [source, w.listed("indices")[0]], {"axis": places[0]})
        return
    known = [w.values.get(name) for name in w.listed("indices")]
    together = places == list(range(places[0], places[0] + len(places)))
    if (
        together
        and all(isinstance(one, Constant) for one in known)
        and "bool" not in [w.types.get(n) for n in w.listed("indices")]
    ):
        _of_several(w, source, places, [one for one in known if isinstance(one, Constant)])
    else:
        w.put("index", w.tensors(), {}, domain="aten")


def _of_several(w: Writing, source: str, places: Sequence[int], known: Sequence[Constant]) -> None:
    """Numbers for several axes beside each other: those axes as one."""
    from ...onnx.constants import broadcast_dims, expanded

    shape = w.shape(source)
    dims = broadcast_dims([one.dims for one in known])
    flat = [0] * prod(dims)
    for place, one in zip(places, known, strict=True):
        size = shape[place]
        entries = expanded(one, dims).entries
        flat = [at * size + int(entry) % size for at, entry in zip(flat, entries, strict=True)]
    first, last = places[0], places[-1] + 1
    merged = (*shape[:first], prod(shape[first:last]), *shape[last:])
    joined = w.put("Reshape", [source, w.vector(merged)], {"allowzero": 1}, shape=merged)
    w.put("Gather", [joined, w.constant(tuple(dims), tuple(flat))], {"axis": first})


def index_select(w: Writing, own: Operator) -> None:
    """Entries of an axis by their numbers, side by side."""
    source = w.tensor("self")
    w.put("Gather", [source, w.tensor("index")], {"axis": w.axis("dim", len(w.shape(source)))})


WORDS = {"replicate": "edge", "circular": "wrap", "reflect": "reflect"}
"""How ONNX calls what PyTorch fills an edge with."""


def pad(mode: str = "") -> Write:
    """Around the last axes, the last one first, as PyTorch counts them."""

    def write(w: Writing, own: Operator) -> None:
        source, given = w.tensor("self"), own.given
        around = list(given.get("pad") or given.get("padding") or [])
        rank = len(w.shape(source))
        before, after = [0] * rank, [0] * rank
        for place in range(len(around) // 2):
            before[rank - 1 - place], after[rank - 1 - place] = around[2 * place : 2 * place + 2]
        word = mode or WORDS.get(given.get("mode", "constant"), "constant")
        names = [source, w.vector([*before, *after])]
        if word == "constant" and given.get("value"):
            names.append(w.number(float(given["value"])))
        if not any(around):
            w.alias(source)
        elif word == "wrap":
            _wrapped(w, source, before, after)
        else:
            w.put("Pad", names, {"mode": word})

    return write


def _wrapped(w: Writing, source: str, before: Sequence[int], after: Sequence[int]) -> None:
    """What stands at the other end of an axis."""
    for axis, (left, right) in enumerate(zip(before, after, strict=True)):
        shape = list(w.shape(source))
        size, parts = shape[axis], []
        for start, end in ((size - left, BEYOND), (None, None), (0, right)):
            if start is None:
                parts.append(source)
            elif min(end or 0, size) - start > 0:
                part = [*shape[:axis], min(end or 0, size) - start, *shape[axis + 1 :]]
                names = [source, *(w.vector([n]) for n in (start, end, axis, 1))]
                parts.append(w.put("Slice", names, shape=part))
        if len(parts) > 1:
            wide = [*shape[:axis], left + size + right, *shape[axis + 1 :]]
            source = w.put("Concat", parts, {"axis": axis}, shape=wide)
    w.alias(source)


def pixel_shuffle(w: Writing, own: Operator) -> None:
    """Channels become positions."""
    w.put("DepthToSpace", [w.tensor("self")], {"blocksize": own.given["upscale_factor"], "mode": "CRD"})


def pixel_unshuffle(w: Writing, own: Operator) -> None:
    """Positions become channels."""
    w.put("space_to_depth", [w.tensor("self")], {"scale": own.given["downscale_factor"]}, domain="torch")


def channel_shuffle(w: Writing, own: Operator) -> None:
    """The channels of the groups dealt out in turn."""
    w.put("channel_shuffle", [w.tensor("self")], {"groups": own.given["groups"]}, domain="torch")


OPERATORS: Mapping[str, Write] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "unflatten", "view_as", "reshape_as"), reshape),
    "flatten": flatten,
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "permute": permute,
    **dict.fromkeys(("transpose", "t", "swapaxes", "swapdims", "numpy_T", "mT", "adjoint"), transpose),
    "movedim": movedim,
    "slice": slice_,
    "narrow": slice_,
    "select": select,
    **dict.fromkeys(
        ("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_split", "unsafe_chunk", "hsplit"), split
    ),
    "unbind": unbind,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), expand),
    "repeat": repeat,
    "tile": repeat,
    "repeat_interleave": repeat_interleave,
    "roll": roll,
    "flip": flip,
    "unfold": windows,
    "index": index,
    "index_select": index_select,
    "pad": pad(),
    "constant_pad_nd": pad("constant"),
    **{f"reflection_pad{n}d": pad("reflect") for n in (1, 2, 3)},
    **{f"replication_pad{n}d": pad("edge") for n in (1, 2, 3)},
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": channel_shuffle,
    "native_channel_shuffle": channel_shuffle,
}
