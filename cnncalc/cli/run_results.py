"""The results of `cnncalc run`: their names, their figures, and what is said where they are not finite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..graph import Graph


def keys(graph: Graph, taps: Sequence[str]) -> dict[str, str]:
    """Key -> tensor, of all results; a name that another tensor has already is written `head:NAME` or `tap:NAME`."""
    found = {"output": graph.output}
    for role, tensors in (("head", graph.heads), ("tap", dict(zip(taps, taps, strict=True)))):
        for name, tensor in tensors.items():
            if found.setdefault(name, tensor) != tensor:
                found[f"{role}:{name}"] = tensor
    return found


def row(key: str, array: Any) -> dict[str, Any]:
    """The figures of a result."""
    import numpy as np

    finite = bool(np.isfinite(array).all())
    place = np.unravel_index(int(array.argmax()), array.shape)
    return {
        "tensor": key,
        "shape": array.shape,
        "least": float(array.min()),
        "mean": float(array.mean(dtype=np.float64)),
        "most": float(array.max()),
        "at": ",".join(str(int(i)) for i in place) if finite else None,
        "finite": finite,
    }


def endless(rows: Sequence[Mapping[str, Any]], dtype: str, begins: Callable[[], str | None]) -> list[str]:
    """The remark about results that are NaN or infinite."""
    names = [f"`{row['tensor']}`" for row in rows if not row["finite"]]
    if not names:
        return []
    first = begins()
    if first:
        where = f"the first to leave the range of {dtype} is `{first}`"
    else:
        where = "--tap shows where it begins" if first is not None else "without --fast all are finite"
    other = "other weights (--weights, --init)"
    way_out = f"--dtype fp64, or {other}" if dtype == "fp32" else other
    return [f"note: NaN or infinity in {', '.join(names)}: {where}", f"   = help: {way_out}"]


def largest(array: Any, count: int, labels: Sequence[str] | None) -> list[dict[str, Any]]:
    """The largest values of a vector, the first of equals first."""
    import numpy as np

    if array.ndim != 1 or not np.isfinite(array).all():
        return []
    return [
        {"index": i, "value": float(array[i]), **({"label": labels[i]} if labels else {})}
        for i in np.argsort(-array, kind="stable")[:count].tolist()
    ]
