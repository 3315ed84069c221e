"""Recurrent layers, and their cells, one step at a time."""

from __future__ import annotations

from collections.abc import Mapping

from ..trace import Operator
from ..translate import Write, Writing


def recurrent(w: Writing, own: Operator) -> None:
    """LSTM, GRU and plain recurrent layers, all of their layers: a rule of its own."""
    sources = w.listed("hx") or [w.tensor("hx")]
    w.put(
        own.op.partition("_")[0],
        [w.tensor("input"), *sources, *w.listed("params")],
        {
            "states": len(sources),
            "bias": bool(own.given["has_biases"]),
            "layers": own.given["num_layers"],
            "bidirectional": bool(own.given["bidirectional"]),
            "batch_first": bool(own.given["batch_first"]),
            "act": own.op.partition("_")[2] or "tanh",
        },
        outputs=[made.name for made in own.outputs],
        domain="torch",
    )


def cell(gates: int) -> Write:
    """One step, written out: what comes in and the state before, each through its weights, and the gates of them.

    h = tanh(W x + b + V h + c), of a GRU and an LSTM with as many parts a gate of their own has.
    """

    def write(w: Writing, own: Operator) -> None:
        states = w.listed("hx") or [w.tensor("hx")]
        hidden = w.shape(states[0])[-1]
        sums = [_through(w, source, *names) for source, names in (
            (w.tensor("input"), ("w_ih", "b_ih")), (states[0], ("w_hh", "b_hh"))
        )]  # fmt: skip
        if gates == 1:
            w.put("Relu" if "relu" in own.op else "Tanh", [w.put("Add", sums, shape=w.out.shape)])
        elif gates == 3:
            _gru(w, states[0], *(_parts(w, one, gates, hidden) for one in sums))
        else:
            together = w.put("Add", sums, shape=w.shape(sums[0]))
            _lstm(w, own, states[1], _parts(w, together, gates, hidden))

    return write


def _through(w: Writing, source: str, weight: str, bias: str) -> str:
    names = [name for name in (source, w.tensor(weight), w.tensor(bias)) if name]
    return w.put("linear", names, shape=(*w.shape(source)[:-1], w.shape(names[1])[0]), domain="torch")


def _parts(w: Writing, tensor: str, count: int, size: int) -> list[str]:
    """A tensor cut along its last axis."""
    names = [f"{tensor}%part{place}" for place in range(count)]
    shape = (*w.shape(tensor)[:-1], size)
    w.dims |= dict.fromkeys(names, shape)
    w.put("Split", [tensor, w.vector([size] * count)], {"axis": len(shape) - 1}, outputs=names)
    return names


def _gru(w: Writing, state: str, first: list[str], second: list[str]) -> None:
    """n + z (h - n), with n = tanh(x + r h)."""
    shape = w.out.shape

    def gate(place: int) -> str:
        return w.put("Sigmoid", [w.put("Add", [first[place], second[place]], shape=shape)], shape=shape)

    reset, update = gate(0), gate(1)
    held = w.put("Mul", [reset, second[2]], shape=shape)
    new = w.put("Tanh", [w.put("Add", [first[2], held], shape=shape)], shape=shape)
    apart = w.put("Sub", [state, new], shape=shape)
    w.put("Add", [new, w.put("Mul", [update, apart], shape=shape)])


def _lstm(w: Writing, own: Operator, before: str, parts: list[str]) -> None:
    """c = f c + i g, and h = o tanh(c)."""
    shape = w.out.shape
    into, forget, out = (w.put("Sigmoid", [parts[place]], shape=shape) for place in (0, 1, 3))
    new = w.put("Mul", [into, w.put("Tanh", [parts[2]], shape=shape)], shape=shape)
    kept = w.put("Mul", [forget, before], shape=shape)
    cells = own.outputs[1].name
    w.dims[cells] = shape
    w.put("Add", [kept, new], outputs=[cells])
    w.put("Mul", [out, w.put("Tanh", [cells], shape=shape)])


OPERATORS: Mapping[str, Write] = {
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), recurrent),
    **dict.fromkeys(("rnn_tanh_cell", "rnn_relu_cell"), cell(1)),
    "gru_cell": cell(3),
    "lstm_cell": cell(4),
}
