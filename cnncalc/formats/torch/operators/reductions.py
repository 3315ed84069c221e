"""Means, sums, maxima, norms and variances over axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod

from ..trace import Operator
from ..translate import Write, Writing


def axes_of(own: Operator, rank: int) -> list[int]:
    """The axes that are asked for, from the front; all where none are."""
    given = own.given.get("dim")
    if given is None or given == []:
        return list(range(rank))
    return sorted(int(axis) % max(rank, 1) for axis in (given if isinstance(given, Sequence) else [given]))


def reduced(w: Writing, own: Operator, op: str, source: str, inner: bool = False) -> str:
    """One of ONNX's reductions; `inner` ones keep their axes."""
    shape = w.shape(source)
    axes = axes_of(own, len(shape))
    keep = inner or bool(own.given.get("keepdim"))
    kept = [1 if axis in axes else size for axis, size in enumerate(shape)]
    names = [source, w.vector(axes)]
    if inner:
        return w.put(op, names, {"keepdims": 1}, shape=kept)
    return w.put(op, names, {"keepdims": int(keep)})


def over(op: str) -> Write:
    """A reduction; of one axis with its places the values alone."""

    def write(w: Writing, own: Operator) -> None:
        reduced(w, own, op, w.tensor("self"))

    return write


def largest(op: str, joined: str) -> Write:
    """`max` is of a tensor, of an axis, or of two tensors."""

    def write(w: Writing, own: Operator) -> None:
        if "other" in own.given:
            w.put(joined, [w.tensor("self"), w.tensor("other")])
        else:
            reduced(w, own, op, w.tensor("self"))

    return write


def vector_norm(w: Writing, own: Operator) -> None:
    """The norm of the first or second order, or the largest."""
    order = own.given.get("ord", own.given.get("p", 2))
    source = w.tensor("self")
    order = 2 if order is None else order
    if order in (1, 2):
        reduced(w, own, f"ReduceL{order:g}", source)
    elif order == inf:
        reduced(w, own, "ReduceMax", w.put("Abs", [source], shape=w.shape(source)))
    elif order > 0:
        shape = w.shape(source)
        power = w.put("Pow", [w.put("Abs", [source], shape=shape), w.number(float(order))], shape=shape)
        made = f"{own.name}%sum"
        w.dims[made] = w.out.shape
        keep = {"keepdims": int(bool(own.given.get("keepdim")))}
        w.put("ReduceSum", [power, w.vector(axes_of(own, len(shape)))], keep, outputs=[made])
        w.put("Pow", [made, w.number(1 / order)])
    else:
        w.put(f"{own.op} of order {order}", [source], {}, domain="aten")


def cumulated(w: Writing, own: Operator) -> None:
    """The sums along an axis so far."""
    w.put("CumSum", [w.tensor("self"), w.number(w.axis("dim", len(w.out.shape)))])


def cosine(w: Writing, own: Operator) -> None:
    """The product of two vectors, each divided by its length."""
    names, axis = [w.tensor("x1"), w.tensor("x2")], w.axis("dim", len(w.out.shape) + 1)
    whole = list(map(max, w.shape(names[0]), w.shape(names[1])))
    units = []
    for name in names:
        shape = w.shape(name)
        short = [1 if place == axis else size for place, size in enumerate(shape)]
        length = w.put("ReduceL2", [name, w.vector([axis])], {"keepdims": 1}, shape=short)
        length = w.put("Max", [length, w.number(float(own.given["eps"]))], shape=short)
        units.append(w.put("Div", [name, length], shape=shape))
    w.put("ReduceSum", [w.put("Mul", units, shape=whole), w.vector([axis])], {"keepdims": 0})


def distance(w: Writing, own: Operator) -> None:
    """The length of the difference of two vectors, the last axis; a small number is added to each of it."""
    if own.given["p"] != 2:
        w.put(f"{own.op} of order {own.given['p']}", w.tensors(), {}, domain="aten")
        return
    names = [w.tensor("x1"), w.tensor("x2")]
    whole = list(map(max, w.shape(names[0]), w.shape(names[1])))
    moved = w.put("Add", [w.put("Sub", names, shape=whole), w.number(float(own.given["eps"]))], shape=whole)
    w.put("ReduceL2", [moved, w.vector([len(whole) - 1])], {"keepdims": int(bool(own.given["keepdim"]))})


def distances(w: Writing, own: Operator) -> None:
    """The distance of each vector of one list from each of another."""
    names = [w.tensor("x1"), w.tensor("x2")]
    if own.given["p"] != 2 or w.shape(names[0])[:-2] != w.shape(names[1])[:-2]:
        w.put(f"{own.op} of order {own.given['p']}", names, {}, domain="aten")
        return
    apart = []
    for name, place in zip(names, (-1, -2), strict=True):
        shape = [*w.shape(name)]
        shape.insert(len(shape) + place, 1)
        apart.append(w.put("Reshape", [name, w.vector(shape)], {"allowzero": 1}, shape=shape))
    whole = [*w.out.shape, w.shape(names[0])[-1]]
    moved = w.put("Sub", apart, shape=whole)
    w.put("ReduceL2", [moved, w.vector([len(whole) - 1])], {"keepdims": 0})


def places(op: str) -> Write:
    """Where the largest, or the smallest, lies along an axis."""

    def write(w: Writing, own: Operator) -> None:
        source = w.tensor("self")
        if own.given.get("dim") is None:
            w.put(f"{own.op} of all", [source], {}, domain="aten")
            return
        attributes = {"axis": w.axis("dim", len(w.shape(source))), "keepdims": int(bool(own.given.get("keepdim")))}
        w.put(op, [source], attributes)

    return write


def variance(w: Writing, own: Operator) -> None:
    """The mean of the squared distance from the mean, with Bessel's correction where it is asked for; or its root."""
    source = w.tensor("self")
    shape = w.shape(source)
    count = prod(shape[axis] for axis in axes_of(own, len(shape)))
    correction = own.given.get("correction")
    correction = 1 if correction is None and own.given.get("unbiased", True) else correction or 0
    mean = reduced(w, own, "ReduceMean", source, inner=True)
    apart = w.put("Sub", [source, mean], shape=shape)
    squared = w.put("Pow", [apart, w.number(2.0)], shape=shape)
    steps = ["std"] if own.op.startswith("std") else []
    factor = count / max(count - correction, 1)
    if not steps and factor == 1:
        reduced(w, own, "ReduceMean", squared)
    else:
        if factor != 1:
            squared = w.put("Mul", [squared, w.number(factor)], shape=shape)
        if not steps:
            reduced(w, own, "ReduceMean", squared)
        else:
            made = f"{own.name}%variance"
            w.dims[made] = w.out.shape
            axes = w.vector(axes_of(own, len(shape)))
            w.put("ReduceMean", [squared, axes], {"keepdims": int(bool(own.given.get("keepdim")))}, outputs=[made])
            w.put("Sqrt", [made])
    if own.op.endswith("_mean"):
        axes = w.vector(axes_of(own, len(shape)))
        keep = {"keepdims": int(bool(own.given.get("keepdim")))}
        w.put("ReduceMean", [source, axes], keep, outputs=[own.outputs[1].name])


OPERATORS: Mapping[str, Write] = {
    "cumsum": cumulated,
    "mean": over("ReduceMean"),
    "sum": over("ReduceSum"),
    "amax": over("ReduceMax"),
    "amin": over("ReduceMin"),
    "max": largest("ReduceMax", "Max"),
    "min": largest("ReduceMin", "Min"),
    "logsumexp": over("ReduceLogSumExp"),
    "linalg_vector_norm": vector_norm,
    "norm": vector_norm,
    "cosine_similarity": cosine,
    "pairwise_distance": distance,
    "cdist": distances,
    "argmax": places("ArgMax"),
    "argmin": places("ArgMin"),
    **dict.fromkeys(("var", "var_mean", "std", "std_mean"), variance),
}
