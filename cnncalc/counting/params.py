"""How other tools count parameters: which tensors, and a tensor that several layers use once or for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..analyses.params import params
from ..dims import product
from ..errors import CnncalcError, did_you_mean
from ..graph import Graph
from ..namedtuples import NamedTuple
from .thop import THOP

BUFFERS, AGAIN, FROZEN, UNRULED, IDLE = "buffers", "again", "frozen", "unruled", "idle"

DIFFERENCES: Mapping[str, str] = {
    BUFFERS: "running mean and variance of batch norms, which are no learned numbers",
    AGAIN: "tensors counted again for each further module that has them (not where one module is called again)",
    FROZEN: "learned tensors that are not trained",
    UNRULED: "layers that it has no rule for",
    IDLE: "parameters of the module that its evaluation does not use",
}
"""Code -> what it is that a tool adds or leaves out."""


class Part(NamedTuple):
    """What a tool adds to the learned tensors, or takes away."""

    code: str
    of: Mapping[str, int]
    """Node -> numbers."""

    apart: int = 0
    """Those of no layer."""

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(self.of.values()) + self.apart


@dataclass(frozen=True)
class ParamsTool:
    """A tool that counts parameters."""

    name: str
    version: str
    word: str
    about: str
    parts: Callable[[Graph], Sequence[Part]]
    printed: Callable[[int], str] | None = None
    omits: str = ""
    """What it leaves out, or what else is to be known."""


def _none(graph: Graph) -> Sequence[Part]:
    return ()


def _idle(graph: Graph) -> Sequence[Part]:
    """What a module has besides: a tool asks it for its parameters, whatever runs."""
    return (Part(IDLE, {}, sum(change.params for change in graph.changes if change.code == "parameters-unread")),)


def _buffers(graph: Graph) -> Sequence[Part]:
    return (Part(BUFFERS, {name: int(count) for name, count in params(graph).buffers_of.items() if count}),)


def _again(graph: Graph) -> Sequence[Part]:
    again = {name: sum(map(product, graph.by_name[name].parameters.values())) for name in params(graph).shared}
    return (Part(AGAIN, again), *_idle(graph))


def _trained(graph: Graph) -> Sequence[Part]:
    frozen = {name: -int(count) for name, count in params(graph).frozen_of.items() if count}
    return (Part(FROZEN, frozen), *_idle(graph))


def _ruled(graph: Graph) -> Sequence[Part]:
    known = THOP.rules.keys() | THOP.quiet
    found = params(graph).of
    unruled = [node for node in graph.nodes if found[node.name] and not known & set(THOP.sees(node, ""))]
    return (Part(UNRULED, {node.name: -int(found[node.name]) for node in unruled}),)


def _summed(count: int) -> str:
    return f"{round(count / 10**6, 2)} M"


PARAMS: Mapping[str, ParamsTool] = {
    one.name: one
    for one in (
        ParamsTool("pytorch", "2.13", "parameters()", "learned tensors, each once", _idle),
        ParamsTool(
            "torchinfo",
            "1.8.0",
            "Total params",
            "learned tensors, one that several modules have for each of them",
            _again,
            lambda count: f"Total params: {count:,d}",
        ),
        ParamsTool("fvcore", "0.1.5", "parameters", "learned tensors, each once", _idle),
        ParamsTool("thop", "0.1.1", "params", "learned tensors of modules that ran and have a rule", _ruled),
        ParamsTool("ptflops", "0.7.5", "Params", "learned tensors that are trained", _trained, _summed),
        ParamsTool("calflops", "0.3.2", "Params", "learned tensors that are trained", _trained),
        ParamsTool(
            "keras",
            "3.15",
            "Total params",
            "learned tensors, and the moving mean and variance of batch norms as non-trainable",
            _buffers,
            lambda count: f"Total params: {count:,d} ({count * 4 / 2**20:.2f} MB)",
            "its MB are MiB, of 2^20 bytes",
        ),
        ParamsTool(
            "mi",
            "",
            "Mi",
            "learned tensors, each once, in units of 2^20 (ECA-Net's table)",
            _none,
            lambda count: f"{count / 2**20:.2f} Mi",
        ),
    )
}
"""Name -> tool, in the order in which they are listed."""

LOST = {
    "onnx-tool": "counts initialisers without duplicates, which depends on the values of the weights",
    **dict.fromkeys(("flop-counter", "torchprofile", "tensorflow", "darknet"), "counts no parameters"),
}
"""Tools that count operations, and why there is no rule for their parameters."""


def params_tool(name: str) -> ParamsTool:
    """A tool by its name, or by NAME@VERSION. Raises CnncalcError for one that is not known."""
    wanted, _, version = name.partition("@")
    key = wanted.strip().lower()
    found = PARAMS.get(key)
    if found is None:
        if key in LOST:
            raise CnncalcError(f"{key} {LOST[key]}", f"known: {', '.join(PARAMS)}")
        raise CnncalcError(
            f"no tool `{name}` whose counting of parameters is known",
            did_you_mean(key, PARAMS) or f"known: {', '.join(PARAMS)}",
        )
    if version and version != found.version:
        raise CnncalcError(
            f"{found.name} is known as of {found.version or 'no version'}, not {version}", f"`{found.name}`"
        )
    return found
