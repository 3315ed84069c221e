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
    else:
        w.put(f"{own.op} of order {order}", [source], {}, domain="aten")


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
    "mean": over("ReduceMean"),
    "sum": over("ReduceSum"),
    "amax": over("ReduceMax"),
    "amin": over("ReduceMin"),
    "max": largest("ReduceMax", "Max"),
    "min": largest("ReduceMin", "Min"),
    "logsumexp": over("ReduceLogSumExp"),
    "linalg_vector_norm": vector_norm,
    "norm": vector_norm,
    **dict.fromkeys(("var", "var_mean", "std", "std_mean"), variance),
}
