"""What is doubtful about a layer among its neighbours: it runs, and is probably not meant so.

    conv, batchnorm              a bias that the norm takes away again
    relu, relu                   the same once more
    maxpool 2 on 7 rows          rows that nothing reads
    conv 3, dilation 36 on 32    taps that never meet the map

Each doubt is true of the network that runs, not a matter of taste: without the bias, the second `relu`, the row or
the tap it computes the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..dims import ceil_div
from ..graph import Graph, Node
from ..layers.base import AXIS_NAMES, MEANT, NOTHING, SHIFT, TAPS
from ..layers.windows import Axis, Scatter, Window
from ..namedtuples import NamedTuple

MOST_TAPS = 4096
"""Taps of a window that are looked at one by one."""


class Doubt(NamedTuple):
    """One thing about one layer; the code is a word for it that stays."""

    code: str
    message: str
    help: str


def doubts(graph: Graph) -> Iterator[tuple[Node, Doubt]]:
    """The doubts about each layer, in the order of the layers."""
    around = Neighbours(graph)
    for node in graph.nodes:
        for doubt in (*_bias_before_norm(node, around), *_repeated(node, around), *_windows(node)):
            yield node, doubt


class Neighbours:
    """Which layer alone comes before or after another."""

    def __init__(self, graph: Graph) -> None:
        self.made = graph.by_name
        self.sharing = graph.sharing
        self.graph = graph

    def after(self, node: Node) -> Node | None:
        """The layer that alone reads a node, where it is no output."""
        return self.graph.reader(node.name)

    def before(self, node: Node) -> Node | None:
        """The layer that a node alone reads."""
        return self.made.get(node.inputs[0]) if len(node.inputs) == 1 else None


def _bias_before_norm(node: Node, around: Neighbours) -> Iterator[Doubt]:
    weights = node.weights
    shifts = [name for name, role in node.layer.roles.items() if role == SHIFT and len(weights.get(name, ())) == 1]
    if not shifts or node.layer.family == "norm":
        return
    if all(_is_taken_away(use, around.after(use)) for use in around.sharing[node.weights_of]):
        count = sum(weights[name][0] for name in shifts)
        help = "bias: false" if "bias" in node.layer.fields else f"leave the `{node.kind}` out"
        yield Doubt("bias-before-norm", f"the norm after it takes its bias of {count} away again", help)


def _is_taken_away(node: Node, norm: Node | None) -> bool:
    """Whether a number added to a channel of a node comes to nothing in the norm that reads it."""
    if norm is None or norm.inputs != (node.name,) or len(norm.output) != len(node.output):
        return False
    centred = norm.layer.centres(node.output[0])
    return isinstance(centred, int) and centred == 1


def _repeated(node: Node, around: Neighbours) -> Iterator[Doubt]:
    """The same layer once more, straight after it or, for a norm, behind an activation alone.

    Where another layer reads the first of them too, as the shortcut beside a block's own norm does, none can go; only
    what does nothing is doubted then.
    """
    if node.layer.doubled == MEANT:
        return
    kind, between = node.kind, ""
    before: Node | None = around.before(node)
    if node.layer.family == "norm" and before is not None and before.layer.family == "activation":
        between = f" and `{before.kind}`"
        before = around.before(before)
    if before is None or before.kind != kind or vars(before.layer) != vars(node.layer):
        return
    nothing = node.layer.doubled == NOTHING and not between
    if not nothing and around.after(before) is None:
        return
    message = f"does nothing after the `{kind}` before it" if nothing else f"a second `{kind}` after `{kind}`{between}"
    yield Doubt("repeated", message, f"one `{kind}`")


# --- windows on their map ----------------------------------------------------------------------------------------


def _windows(node: Node) -> Iterator[Doubt]:
    """What each window does along its axis; the same for several axes is said once."""
    said: dict[Doubt, list[str]] = {}
    for reach in node.layer.windows(node.incoming, node.output):
        names = AXIS_NAMES.get(len(node.output) - 1, ())
        for axis, window, n, m in zip(names, reach or (), node.incoming[0][1:], node.output[1:], strict=False):
            if isinstance(n, int) and isinstance(m, int) and (doubt := _doubt(node, window, n, m)):
                said.setdefault(doubt, []).append(axis)
    for doubt, axes in said.items():
        yield doubt._replace(message=doubt.message.format(axes=_and(axes)))


def _doubt(node: Node, window: Axis, n: int, m: int) -> Doubt | None:
    learned = TAPS in node.layer.roles.values()
    if isinstance(window, Scatter):
        return _cut(window, n, m)
    if not isinstance(window, Window) or not all(isinstance(value, int) for value in window):
        return None
    if learned and (doubt := _only_padding(window, n, m)):
        return doubt
    return _taps(window, n, m) if window.kernel > 1 else None


def _cut(window: Scatter, n: int, m: int) -> Doubt | None:
    """A transposed convolution whose windows lie side by side, and whose padding cuts off what they made."""
    if window.kernel != window.stride or window.dilation != 1 or window.before <= 0:
        return None
    cut = n * window.stride - m
    message = f"its padding cuts {cut} off the {{axes}} that its windows make, which lie side by side"
    return Doubt("upconv-cut", message, "padding: 0, where `defaults` of `conv` set another")


def _only_padding(window: Window, n: int, m: int) -> Doubt | None:
    """Outputs at the edges whose window lies on padding as a whole."""
    first = max(0, ceil_div(window.before - window.extent + 1, window.stride))
    last = max(0, m - ceil_div(n + window.before, window.stride))
    if first + last == 0:
        return None
    message = f"{first + last} of its {m} outputs along the {{axes}} read padding alone"
    return Doubt("padding-alone", message, f"padding: {window.extent - 1}" + (" at most" if window.kernel > 1 else ""))


def _taps(window: Window, n: int, m: int) -> Doubt | None:
    if window.stride > window.extent:
        help = "a smaller stride, a larger kernel"
        return Doubt("stride-jumps", f"its stride {window.stride} jumps over positions of its input", help)
    unread = n - 1 - ((m - 1) * window.stride - window.before + window.extent - 1)
    if unread > 0:
        help = "padding, `round: ceil`, or another input size"
        return Doubt("unread", f"the last {unread} of {n} positions along the {{axes}} are never read", help)
    idle = sum(not _meets(window, tap, n, m) for tap in range(min(window.kernel, MOST_TAPS)))
    if idle:
        help = "a smaller kernel or dilation, or a larger input"
        message = f"{idle} of its {window.kernel} taps along the {{axes}} always lie on padding: the map has {n}"
        return Doubt("idle-taps", message, help)
    return None


def _meets(window: Window, tap: int, n: int, m: int) -> bool:
    """Whether a tap lies on the map for any of the m outputs."""
    first = tap * window.dilation - window.before
    earliest: int = max(0, ceil_div(-first, window.stride))
    latest: int = min(m - 1, (n - 1 - first) // window.stride)
    return earliest <= latest


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
