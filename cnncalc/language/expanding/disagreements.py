"""The branches of a join do not fit together: which one is to blame, and what would mend it."""

from __future__ import annotations

from ...errors import Diagnostic, Label, Mark
from ...layers import Need
from ...layers.base import size_text
from ...layers.join import AXES_DIFFER, CHANNELS_DIFFER, SIZES_DIFFER
from ..steps import Branch
from .places import Tensor

REMEDIES = {
    AXES_DIFFER: "`flatten` or `reshape` one of them, or leave its `flatten` out",
    CHANNELS_DIFFER: "give both the same number of channels, for instance by a projection: `[{pointwise: ...}]`",
    SIZES_DIFFER: "`crop`, `pad` or `upsample` one of them, or give their windows the same stride and padding",
}
"""Code of a need of branches -> what mends it."""


def disagreement(kind: str, need: Need, ends: list[tuple[Branch, Tensor]], mark: Mark) -> Diagnostic:
    """The need that the ends of the branches do not meet; both shapes stand in it."""
    shapes = [size_text(end.shape or ()) for _, end in ends]
    message = f"the branches of `{kind}` {need.message}"
    if not need.field:
        return Diagnostic(message, mark, help=need.help, code=need.code)
    blamed = int(need.field)
    others = [
        Label(branch.mark, shape)
        for place, ((branch, _), shape) in enumerate(zip(ends, shapes, strict=True))
        if place != blamed
    ]
    if blamed == 0 and len(ends) > 1:
        blamed, others = len(ends) - 1, [Label(ends[0][0].mark, shapes[0])]
    help = (
        need.help
        or (_projection(ends) if need.code in (SIZES_DIFFER, CHANNELS_DIFFER) else "")
        or REMEDIES.get(need.code, "")
    )
    return Diagnostic(message, ends[blamed][0].mark, shapes[blamed], labels=tuple(others), help=help, code=need.code)


def _projection(ends: list[tuple[Branch, Tensor]]) -> str:
    """The projection that a skip needs beside a path with a stride; nothing where no stride makes one of the other."""
    skips = [end.shape for branch, end in ends if not branch.steps and branch.each is None]
    paths = [end.shape for branch, end in ends if branch.steps]
    if len(skips) != 1 or not paths or skips[0] is None or paths[0] is None:
        return ""
    (_, *before), (channels, *after) = skips[0], paths[0]
    sizes = [*before, *after]
    if not after or len(before) != len(after) or not all(isinstance(n, int) and n for n in sizes):
        return ""
    stride = max(1, round(int(before[0]) / int(after[0])))
    if stride == 1 or any(-(-int(n) // stride) != m for n, m in zip(before, after, strict=True)):
        return ""
    return (
        f"the skip needs the stride too: `[{{pointwise: {{out: {channels}, stride: {stride}}}}}]`, or leave it out "
        "there by `when`; else `crop`, `pad` or `upsample` one of them"
    )
