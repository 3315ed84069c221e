"""A network computed fast: layers cut into pieces, shared between threads, and followed in their own arrays."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from ..graph import Graph, Node
from ..kernels import KERNELS
from ..kernels.base import Array, Arrays
from ..kernels.execute import Asked, Plain
from .follow import chains, finish
from .layers import LAYERS
from .team import Crew, Team, meeting

AT_A_TIME = 1 << 17
"""Elements that are finished at a time."""


class Quick(Plain):
    """With so many threads; with `following`, norms, activations and sums in the array of the layer before them."""

    def __init__(self, threads: int = 1, following: bool = False) -> None:
        self.crew, self.following = Crew(threads), following

    @property
    def workspace(self) -> int:  # type: ignore[override]  # it grows as layers need it
        """Bytes of the buffers in which convolutions lay out their columns."""
        return self.crew.nbytes

    def chains(self, graph: Graph, kept: Container[str]) -> Iterable[list[Node]]:
        """Layers with those that follow them."""
        return chains(graph, kept) if self.following else super().chains(graph, kept)

    def output(
        self, chain: list[Node], inputs: Mapping[str, Arrays], weights: Mapping[str, Asked]
    ) -> tuple[Array, int]:
        """The output of a layer, after what follows it in its array."""
        node, *followers = chain
        finishes = [finish(other, weights[other.name], inputs[other.name]) for other in followers]
        team = Team(self.crew, finishes)
        forward = LAYERS.get(node.kind, KERNELS[node.kind].forward)
        out = forward(node.layer, inputs[node.name], weights[node.name], team)
        if not team.finished:
            _finish(out, team)
        return out, team.multiplications

    def close(self) -> None:
        """End the threads."""
        self.crew.close()


def _finish(out: Array, team: Team) -> None:
    """What follows in place, where the layer did not see to it itself."""
    channels = max(1, AT_A_TIME * len(out) // out.size)
    followers = team.finishes
    if out.flags.c_contiguous:
        out = out.reshape(len(out), -1)

    def work(first: int, team: Team) -> None:
        here = slice(first, first + channels)
        for follower in followers:
            follower(out[here], lambda values: meeting(values, out)[here])

    team.each(range(0, len(out), channels), work, team.threads(2 * out.size))
