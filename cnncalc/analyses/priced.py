"""Energy, the least time on a machine and the memory of training, each as shares of the layers.

energy     picojoules, at the high end of the table       MACs x (multiply + add) + bytes moved x access
roofline   picoseconds, a lower bound                     the sum of max(FLOPs / peak, bytes / bandwidth) of the layers
training   bytes of a step at the most                    weights, gradients, optimizer, activations that are kept

Shares are whole numbers over one denominator, so that they add up exactly, with the numbers of a sweep too; the figure
is rounded up once, to a whole picojoule or picosecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import lcm

from ..dims import Dim, at_least, ceil_div
from ..errors import CnncalcError
from ..graph import Graph
from ..namedtuples import NamedTuple
from .cost import traffic
from .energy import HOROWITZ
from .macs import FLOPS_PER_MAC
from .params import params
from .terms import Terms
from .training import node_memory, training

PICOSECONDS = 10**12


class Priced(NamedTuple):
    """A figure by layer: `of` over `per`."""

    of: Mapping[str, Dim]
    per: int = 1

    @property
    def by_layer(self) -> Mapping[str, Dim]:
        """Of each layer, rounded up to a whole number."""
        return {name: ceil_div(share, self.per) for name, share in self.of.items()}

    def total(self, names: Iterable[str] | None = None) -> Dim:
        """Of the network, or of some layers; rounded up to a whole number."""
        shares = self.of.values() if names is None else (self.of[name] for name in names)
        return ceil_div(sum(shares), self.per)


def energy(graph: Graph, terms: Terms, dtype: str) -> Priced:
    """Picojoules of an inference. Raises CnncalcError for a dtype that the table does not have."""
    known = tuple(HOROWITZ.multiply)
    if dtype not in known:
        raise CnncalcError(f"the energy table has no dtype `{dtype}`", f"it has {', '.join(known)}")
    arithmetic, access = HOROWITZ.mac(dtype).high, HOROWITZ.byte(terms.memory).high
    per = lcm(arithmetic.denominator, access.denominator)
    of_mac, of_byte = int(arithmetic * per), int(access * per)
    moved = traffic(graph, terms.batch, terms.fused, dtype)
    return Priced({name: done.macs * of_mac + done.bytes * of_byte for name, done in moved.items()}, per)


def roofline(graph: Graph, terms: Terms, dtype: str) -> Priced:
    """Picoseconds of an inference, at the least."""
    machine = terms.on
    of_mac, of_byte = FLOPS_PER_MAC / machine.peak, 1 / machine.bandwidth
    step = Fraction(1, lcm(of_mac.denominator, of_byte.denominator))
    times, per = (step * PICOSECONDS).as_integer_ratio()
    macs, bytes = int(of_mac / step), int(of_byte / step)
    moved = traffic(graph, terms.batch, terms.fused, dtype)
    least = {name: at_least(done.macs * macs, done.bytes * bytes) for name, done in moved.items()}
    return Priced({name: n * times for name, n in least.items()}, per)


def step(graph: Graph, terms: Terms, dtype: str) -> Priced:
    """Bytes of a step of training; an input that is kept counts with the layer that reads it first."""
    found = node_memory(graph, training(graph), params(graph), terms.optimizer, dtype, terms.batch)
    return Priced({name: memory.total for name, memory in found.items()})


PRICES: Mapping[str, Callable[[Graph, Terms, str], Priced]] = {"energy": energy, "roofline": roofline, "training": step}
"""Figure -> how it is worked out, in a dtype."""
