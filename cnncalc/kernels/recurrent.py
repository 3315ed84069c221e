"""Layers with a state, step by step; the gradient goes back through the steps (Werbos 1990).

    LSTM   i, f, o = sigmoid, g = tanh;   c' = f c + i g;   h' = o tanh(c')
           with peepholes p the sums of i and f have p c more, and that of o has p c'
    GRU    r, z = sigmoid;   n = tanh(W x + b + r (U h + d)), or with the reset before tanh(W x + b + U (r h) + d)
           h' = (1 - z) n + z h
    RNN    h' = tanh or relu of W x + b + U h + d

The rows of the matrices are those of PyTorch: i, f, g, o and r, z, n. Peepholes are those of i, f, o.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..namedtuples import NamedTuple
from .base import Array, Arrays, Kernel, Tally, Weights, tensor


class Way(NamedTuple):
    """The weights of one direction."""

    inner: Array
    state: Array
    inner_bias: Array
    state_bias: Array
    peephole: Array


class Step(NamedTuple):
    """What a step leaves: the state, and what its gradient needs."""

    state: Arrays
    kept: Arrays


Forward = Callable[[Any, Array, Arrays, Way, Tally], Step]
"""(layer, W x of the step, state, weights, tally) -> the step."""

Backward = Callable[[Any, Arrays, Arrays, Way, Arrays], tuple[Array, Arrays]]
"""(layer, state before, kept, weights, gradient of the state) -> the gradient of W x, and of the state before."""


def _sigmoid(x: Array) -> Array:
    result: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return result


def _times(matrix: Array, x: Array, tally: Tally) -> Array:
    return tally.matmul(matrix, x[:, None])[:, 0]


def lstm_step(layer: Any, drive: Array, state: Arrays, way: Way, tally: Tally) -> Step:
    """Gates, a new cell, a new state."""
    h, c = state
    i, f, g, o = np.split(drive + _times(way.state, h, tally) + way.state_bias, 4)
    to_i, to_f, to_o = np.split(way.peephole, 3)
    i, f, g = _sigmoid(i + to_i * c), _sigmoid(f + to_f * c), np.tanh(g)
    cell = f * c + i * g
    o = _sigmoid(o + to_o * cell)
    return Step((o * np.tanh(cell), cell), (i, f, g, o, np.tanh(cell)))


def lstm_back(layer: Any, state: Arrays, kept: Arrays, way: Way, gradient: Arrays) -> tuple[Array, Arrays]:
    """Through the state, the gate that sees the new cell, the cell, and the gates that see the one before."""
    i, f, g, o, t = kept
    to_state, to_cell = gradient
    to_i, to_f, to_o = np.split(way.peephole, 3)
    out = to_state * t * o * (1 - o)
    cell = to_cell + to_state * o * (1 - t**2) + to_o * out
    enter, forget = cell * g * i * (1 - i), cell * state[1] * f * (1 - f)
    drive = np.concatenate([enter, forget, cell * i * (1 - g**2), out])
    return drive, (way.state.T @ drive, cell * f + to_i * enter + to_f * forget)


def gru_step(layer: Any, drive: Array, state: Arrays, way: Way, tally: Tally) -> Step:
    """Two gates, a candidate, a mean of it and of the state."""
    (h,) = state
    n = len(h)
    own = _times(way.state[: 2 * n], h, tally) + way.state_bias[: 2 * n]
    r, z = np.split(_sigmoid(drive[: 2 * n] + own), 2)
    last, shift = way.state[2 * n :], way.state_bias[2 * n :]
    inner = _times(last, h, tally) + shift if layer.reset == "after" else _times(last, r * h, tally) + shift
    new = np.tanh(drive[2 * n :] + (r * inner if layer.reset == "after" else inner))
    return Step(((1 - z) * new + z * h,), (r, z, new, inner))


def gru_back(layer: Any, state: Arrays, kept: Arrays, way: Way, gradient: Arrays) -> tuple[Array, Arrays]:
    """Through the candidate, both gates and what is kept of the state."""
    (h,), (r, z, new, inner), (to_state,) = state, kept, gradient
    n = len(h)
    candidate = to_state * (1 - z) * (1 - new**2)
    update = to_state * (h - new) * z * (1 - z)
    last = way.state[2 * n :]
    if layer.reset == "after":
        reset, before = candidate * inner, last.T @ (candidate * r)
    else:
        through = last.T @ candidate
        reset, before = through * h, through * r
    gates = np.concatenate([reset * r * (1 - r), update])
    return np.concatenate([gates, candidate]), (to_state * z + before + way.state[: 2 * n].T @ gates,)


def rnn_step(layer: Any, drive: Array, state: Arrays, way: Way, tally: Tally) -> Step:
    """One matrix and a bound."""
    before = drive + _times(way.state, state[0], tally) + way.state_bias
    after: Array = np.tanh(before) if layer.act == "tanh" else np.maximum(before, 0)
    return Step((after,), (after,))


def rnn_back(layer: Any, state: Arrays, kept: Arrays, way: Way, gradient: Arrays) -> tuple[Array, Arrays]:
    """Through the bound."""
    (after,) = kept
    drive = gradient[0] * (1 - after**2 if layer.act == "tanh" else after > 0)
    return drive, (way.state.T @ drive,)


STEPS: Mapping[str, tuple[Forward, Backward, int, int]] = {
    "lstm": (lstm_step, lstm_back, 4, 2),
    "gru": (gru_step, gru_back, 3, 1),
    "rnn": (rnn_step, rnn_back, 1, 1),
}
"""Kind -> a step, its gradient, the parts of its matrices, and of its state."""


def _ways(layer: Any, channels: int, weights: Weights) -> list[tuple[Way, bool]]:
    """The weights of each direction, and whether it goes back."""
    h, parts = layer.hidden, STEPS[layer.kind][2]
    found = []
    for word in ("", "_reverse") if layer.bidirectional else ("",):
        matrices = [
            tensor(weights, f"weight_{side}{word}", (parts * h, n)) for side, n in (("ih", channels), ("hh", h))
        ]
        biases = [
            tensor(weights, f"bias_{side}{word}", (parts * h,))
            if layer.bias and not (layer.single and side == "hh")
            else np.zeros(parts * h, matrices[0].dtype)
            for side in ("ih", "hh")
        ]
        peephole = (
            tensor(weights, f"weight_peephole{word}", (3 * h,))
            if getattr(layer, "peephole", False)
            else np.zeros(3 * h, matrices[0].dtype)
        )
        found.append((Way(*(*matrices, *biases, peephole)), word == "_reverse" or layer.reverse))
    return found


def _begin(layer: Any, inputs: Arrays, way: int) -> Arrays:
    """The state before the first step."""
    states, h = STEPS[layer.kind][3], layer.hidden
    if len(inputs) == 1:
        return (np.zeros(h, inputs[0].dtype),) * states
    return tuple(state.reshape(-1)[way * h : (way + 1) * h] for state in inputs[1:])


def _along(steps: int, back: bool) -> Sequence[int]:
    return range(steps)[::-1] if back else range(steps)


def _run(layer: Any, x: Array, begin: Arrays, way: Way, back: bool, tally: Tally) -> list[tuple[int, Arrays, Step]]:
    """Each step in turn: where it is, the state before, and the step."""
    forward = STEPS[layer.kind][0]
    drive = tally.matmul(way.inner, x) + way.inner_bias[:, None]
    done, state = [], begin
    for t in _along(x.shape[1], back):
        step = forward(layer, drive[:, t], state, way, tally)
        done.append((t, state, step))
        state = step.state
    return done


def forward(layer: Any, inputs: Arrays, weights: Weights, tally: Tally) -> Array:
    """The states of every step; of both directions one after the other, cells behind them."""
    x = inputs[0]
    ways = _ways(layer, len(x), weights)
    shown = 2 if getattr(layer, "cells", False) else 1
    out = np.empty((shown, len(ways), layer.hidden, x.shape[1]), x.dtype)
    for place, (way, back) in enumerate(ways):
        for t, _, step in _run(layer, x, _begin(layer, inputs, place), way, back, tally):
            for part in range(shown):
                out[part, place, :, t] = step.state[part]
    return out.reshape(-1, x.shape[1])


def backward(layer: Any, inputs: Arrays, output: Array, weights: Weights, gradient: Array) -> Arrays:
    """Back through the steps, and at the end to the state that the first began with."""
    x = inputs[0]
    shown = 2 if getattr(layer, "cells", False) else 1
    ways = _ways(layer, len(x), weights)
    parts = gradient.reshape(shown, len(ways), layer.hidden, x.shape[1])
    to_x = np.zeros_like(x)
    begins = []
    for place, (way, back) in enumerate(ways):
        to_state: Arrays = tuple(np.zeros(layer.hidden, x.dtype) for _ in range(STEPS[layer.kind][3]))
        for t, before, step in reversed(_run(layer, x, _begin(layer, inputs, place), way, back, Tally())):
            here = tuple(
                share + parts[part, place, :, t] if part < shown else share for part, share in enumerate(to_state)
            )
            drive, to_state = STEPS[layer.kind][1](layer, before, step.kept, way, here)
            to_x[:, t] += way.inner.T @ drive
        begins.append(to_state)
    together = [np.concatenate(sides) for sides in zip(*begins, strict=True)]
    return (to_x, *(share.reshape(state.shape) for share, state in zip(together, inputs[1:], strict=False)))


KERNEL = Kernel(forward, backward)
