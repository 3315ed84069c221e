"""The figures that limits are about, of the inference graph; each is worked out once, when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from ..analyses.macs import FLOPS_PER_MAC, Macs, macs
from ..analyses.memory import BYTES, Memory, memory
from ..analyses.params import Params, params
from ..analyses.receptive import ReceptiveFields, last_map, receptive_fields
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from .metrics import DEFAULT_DTYPE, METRICS, Span, Subject, Value, within


class Figures:
    """The figures of one network."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph.inference

    @cached_property
    def params(self) -> Params:
        """Its parameters."""
        return params(self.graph)

    @cached_property
    def macs(self) -> Macs:
        """Its MACs."""
        return macs(self.graph)

    @cached_property
    def memory(self) -> Memory:
        """Its activations."""
        return memory(self.graph)

    @cached_property
    def fields(self) -> ReceptiveFields:
        """Its receptive fields."""
        return receptive_fields(self.graph)

    def value(self, subject: Subject) -> Value:
        """One figure. Raises CnncalcError where the network has none."""
        metric = subject.metric
        if metric == "output":
            return tuple(self.graph.output_shape)
        if metric in ("receptive_field", "stride"):
            return self._position(subject)
        if subject.part:
            return self._part(subject)
        size = BYTES[subject.dtype or DEFAULT_DTYPE]
        found: dict[str, Callable[[], int]] = {
            "params": lambda: self.params.total,
            "trainable": lambda: self.params.trainable,
            "macs": lambda: self.macs.total,
            "flops": lambda: self.macs.flops,
            "weights": lambda: self.params.total * size,
            "activations": lambda: self.memory.activations * size,
            "peak_activations": lambda: self.memory.peak * size,
            "layers": lambda: len(self.graph.nodes),
        }
        return found[metric]()

    def of_layers(self, metric: str, dtype: str = "") -> Mapping[str, int]:
        """Node -> its share of a figure that is a sum (of a peak: what is alive while it runs)."""
        size = BYTES[dtype or DEFAULT_DTYPE]
        of: dict[str, Callable[[], Mapping[str, int]]] = {
            "params": lambda: self.params.of,
            "trainable": lambda: {name: n - self.params.frozen_of[name] for name, n in self.params.of.items()},
            "macs": lambda: self.macs.of,
            "flops": lambda: {name: n * FLOPS_PER_MAC for name, n in self.macs.of.items()},
            "weights": lambda: {name: n * size for name, n in self.params.of.items()},
            "activations": lambda: {name: n * size for name, n in self.memory.of.items()},
            "peak_activations": lambda: {name: n * size for name, n in self.memory.alive.items()},
            "layers": lambda: {node.name: 1 for node in self.graph.nodes},
        }
        return of[metric]()

    @property
    def locked(self) -> dict[str, Value]:
        """What the lock holds."""
        found: dict[str, Value] = {}
        for name, metric in METRICS.items():
            if metric.locked:
                try:
                    found[name] = self.value(Subject(name))
                except NoFigure:
                    continue
        return found

    def _part(self, subject: Subject) -> Value:
        names = within(subject.part, (node.name for node in self.graph.nodes))
        if not names:
            known = {name.split("/")[0].split("[")[0] for name in self.graph.by_name}
            near = did_you_mean(subject.part.split("/")[0], known)
            raise CnncalcError(
                f"no layer of {self.graph.name} is in `{subject.part}`", near or "`cnncalc shapes` lists them"
            )
        of = self.of_layers(subject.metric, subject.dtype)
        if subject.metric == "peak_activations":
            return max(of[name] for name in names)
        return sum(of[name] for name in names)

    def _position(self, subject: Subject) -> Value:
        name = self._named(subject.at) if subject.at else last_map(self.graph, self.fields)
        seen = self.fields.of[name] if name else None
        if name is None or seen is None or seen.axes is None:
            where = f"`{subject.at}` of {self.graph.name}" if subject.at else self.graph.name
            raise NoFigure(
                f"{where} has no {subject.metric}: it has no positions left", "at: the name of a feature map"
            )
        if subject.metric == "stride":
            return _span([field.stride for field in seen.axes])
        shape = self.graph.shapes[name]
        return _span([size for field, n in zip(seen.axes, shape[1:], strict=True) for size in field.size(n)])

    def _named(self, at: str) -> str:
        """The last layer of that name or below it."""
        if at in self.fields.of:
            return at
        names = within(at, self.graph.by_name)
        if not names:
            known = [*self.graph.by_name, *(name.split("/")[0].split("[")[0] for name in self.graph.by_name)]
            raise CnncalcError(f"{self.graph.name} has no layer `{at}`", did_you_mean(at, known))
        return names[-1]


class NoFigure(CnncalcError):
    """A figure that this network does not have."""


def _span(values: list[Any]) -> int | Fraction | Span:
    low, high = min(values), max(values)
    return _whole(low) if low == high else Span(_whole(low), _whole(high))


def _whole(value: Any) -> int | Fraction:
    exact = Fraction(value)
    return exact.numerator if exact.denominator == 1 else exact


def require_numbers(graph: Graph) -> None:
    """Raises CnncalcError where a size of the input has no number."""
    missing = list(dict.fromkeys(graph.symbols()))
    if missing:
        raise CnncalcError(
            f"the input of {graph.name} is {'x'.join(map(str, graph.input_shape))}, "
            f"and {' and '.join(missing)} {'have' if len(missing) > 1 else 'has'} no value",
            "`--input 3,224,224`, or `input = [3, 224, 224]` in [[budget]]",
        )
