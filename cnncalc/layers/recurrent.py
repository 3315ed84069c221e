"""Layers that go along a sequence and keep a state: the features are the channels, the steps the length.

lstm: 128                                      a map of 128 channels, one state a step
gru: {hidden: 64, bidirectional: true}         128 channels: those of both directions
{lstm: 256, repeat: 2}                         two on top of each other
lstm: {hidden: 128, branches: [prev, h, c]}    the states that it begins with, else zeros

With i channels in, h hidden, G parts (LSTM 4, GRU 3, plain 1) and T steps, for each direction:

    params = G h (i + h + 2)        MACs = T G h (i + h)

An LSTM with `peephole` has 3 h params more: its gates see their own cell through a diagonal matrix. Its products are
element by element, as those of the gates, and so none of them is a MAC.

PyTorch keeps two biases, one beside each matrix, and so does this; with `single` there is one, as in Keras.

Sources: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; the peepholes of Gers et al. 2002;
Cho et al. 2014; Elman 1990; the names, the order and the biases are those of torch.nn.LSTM, GRU and RNN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from ..dims import Dim, Shape, equals
from .base import ALL, MEANT, NEW, NO_WEIGHTS, SCALE, SHIFT, TAPS, Need, Shapes, Uncentred, size_text
from .fields import BITS, COUNT, FLAG, Choice, field
from .join import is_one
from .windows import EVERYTHING, Reach, Window


class Recurrent(Uncentred):
    """What the three share: a state that each step changes."""

    main = "hidden"
    family = "recurrent"
    storage = NEW
    elementwise = False
    multiplies = False
    mixes = ALL
    doubled = MEANT
    parts: ClassVar[int]
    """Matrices of hidden rows."""

    states: ClassVar[int] = 1
    """Tensors that its state is made of."""

    roles: ClassVar[Mapping[str, str]] = {
        f"{word}_{side}{way}": role
        for way in ("", "_reverse")
        for word, role in (("weight", TAPS), ("bias", SHIFT))
        for side in ("ih", "hh")
    }

    hidden: Dim = field(COUNT, about="channels of the state, and of the output of one direction")
    bidirectional: bool = field(FLAG, False, about="whether a second one goes from the end to the start")
    reverse: bool = field(FLAG, False, about="whether it goes from the end to the start")
    bias: bool = field(FLAG, True, about="whether each part adds learned numbers, twice as in PyTorch")
    single: bool = field(FLAG, False, about="whether each part adds them once, as in Keras")
    bits: Dim | None = field(COUNT, None, about=BITS)

    @classmethod
    def check(cls, axes: int) -> str:
        """Steps lie along the length."""
        return "" if axes == 1 else "needs a sequence: channels, then its length"

    @property
    def directions(self) -> int:
        """How many go along the sequence."""
        return 2 if self.bidirectional else 1

    def needs(self, *inputs: Shape) -> Iterator[Need]:
        """As many states as it has, each with a number for each hidden channel."""
        both = self.bidirectional and self.reverse
        yield Need(
            "reverse", not both, "`reverse` says nothing where it goes both ways", "leave it out", code="both-ways"
        )
        yield Need("single", self.bias or not self.single, "says nothing without `bias`", "leave it out", code="single")
        if len(inputs) not in (1, 1 + self.states):
            words = f"the sequence, or with the state that it begins with {1 + self.states}"
            yield Need("", False, f"are {len(inputs)}: {words}", code="states")
        for place, shape in enumerate(inputs[1:], start=1):
            wanted = self.hidden * self.directions
            yield Need(str(place), equals(shape[0], wanted), f"are no state of {wanted}", code="state-channels")
            alone = all(map(is_one, shape[1:]))
            yield Need(str(place), alone, f"{size_text(shape)} is no single state", code="state-length")

    def output(self, *inputs: Shape) -> Shape:
        """The state of every step; of both directions one after the other."""
        return (self.hidden * self.directions, inputs[0][1])

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """`weight_ih` on what comes in, `weight_hh` on the state, and their biases; those of the way back behind."""
        rows = self.parts * self.hidden
        found: dict[str, Shape] = {}
        for way in ("", "_reverse")[: self.directions]:
            found |= {f"weight_ih{way}": (rows, inputs[0][0]), f"weight_hh{way}": (rows, self.hidden)}
            if self.bias:
                found |= {f"bias_ih{way}": (rows,)}
            if self.bias and not self.single:
                found |= {f"bias_hh{way}": (rows,)}
        return found

    def buffers(self, *inputs: Shape) -> Mapping[str, Shape]:
        """None."""
        return NO_WEIGHTS

    def macs(self, inputs: Shapes, output: Shape) -> Dim:
        """Every weight of the matrices once a step."""
        channels, steps = inputs[0]
        return steps * self.directions * self.parts * self.hidden * (channels + self.hidden)

    def _numbers(self, inputs: Shapes) -> Dim:
        """Hidden numbers over all steps and directions."""
        return inputs[0][1] * self.directions * self.hidden

    def _with_bias(self, inputs: Shapes, done: Mapping[str, Dim]) -> Mapping[str, Dim]:
        each = 1 if self.single else 2
        biases = {"bias": each * self.parts * self._numbers(inputs)} if self.bias else {}
        return {**biases, **done}

    def windows(self, inputs: Shapes, output: Shape) -> tuple[Reach, ...]:
        """All steps so far; in both directions all. Every step sees the state that it begins with."""
        steps = inputs[0][1]
        along: Reach = (Window(steps, 1, 0 if self.reverse else steps - 1),)
        return (EVERYTHING if self.bidirectional else along, *(EVERYTHING,) * (len(inputs) - 1))


class Lstm(Recurrent):
    """A long short-term memory: gates i, f, o and a candidate g; c = f c + i g, h = o tanh(c).

    With `peephole` i and f see the cell before the step, and o the one after it, each through learned numbers.
    """

    kind = "lstm"
    parts = 4
    states = 2
    extra = 2
    roles: ClassVar[Mapping[str, str]] = {
        **Recurrent.roles,
        "weight_peephole": SCALE,
        "weight_peephole_reverse": SCALE,
    }

    cells: bool = field(FLAG, False, about="whether the cell states follow as more channels")
    peephole: bool = field(FLAG, False, about="whether the gates see the cell, each through `hidden` learned numbers")

    def output(self, *inputs: Shape) -> Shape:
        """The state of every step, and behind it the cells where they are asked for."""
        channels, steps = super().output(*inputs)
        return (channels * 2 if self.cells else channels, steps)

    def weights(self, *inputs: Shape) -> Mapping[str, Shape]:
        """And `weight_peephole`, the diagonals of i, f and o, behind those of both directions."""
        ways = ("", "_reverse")[: self.directions] if self.peephole else ()
        return {**super().weights(*inputs), **{f"weight_peephole{way}": (3 * self.hidden,) for way in ways}}

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A state: 5 sigmoids and tangents, 3 products, 4 sums of two matrices, 1 of the cell; peepholes 3 of both."""
        n = self._numbers(inputs)
        seen = 3 if self.peephole else 0
        return self._with_bias(inputs, {"exponential": 5 * n, "multiply": (3 + seen) * n, "add": (5 + seen) * n})


class Gru(Recurrent):
    """A gated recurrent unit: gates r and z and a candidate n; h = (1 - z) n + z h."""

    kind = "gru"
    parts = 3
    extra = 1

    reset: str = field(Choice("after", "before"), "after", about="the reset gate acts after the matrix, or before it")

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A state: 3 sigmoids and tangents, 3 products, 3 sums of two matrices, 1 - z and a sum."""
        n = self._numbers(inputs)
        return self._with_bias(inputs, {"exponential": 3 * n, "multiply": 3 * n, "add": 5 * n})


class Rnn(Recurrent):
    """A plain recurrent layer: h = tanh(W x + U h)."""

    kind = "rnn"
    parts = 1
    extra = 1

    act: str = field(Choice("tanh", "relu"), "tanh", about="what the new state goes through")

    def work(self, inputs: Shapes, output: Shape) -> Mapping[str, Dim]:
        """A state: a tangent or a comparison, and a sum of two matrices."""
        n = self._numbers(inputs)
        return self._with_bias(inputs, {"exponential" if self.act == "tanh" else "compare": n, "add": n})
