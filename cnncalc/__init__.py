"""Exact sizes, parameters, MACs, receptive fields and memory of convolutional networks.

    import cnncalc

    graph = cnncalc.load("resnet50")               a file, or a network of the zoo
    cnncalc.params(graph).total                    25557032
    cnncalc.macs(graph).total                      4089184256, for one image
    cnncalc.memory(graph).peak * 4                 bytes of the activations alive at the peak, in fp32
    cnncalc.receptive_fields(graph).of["layer1[0]/relu"]
    print(cnncalc.reports.summary(graph))          what the commands show, as a report; its rows, JSON and CSV
    cnncalc.check(graph, macs="4.1G")              raises BudgetError where a limit is broken
    cnncalc.validate(graph, quick=True).holds      whether NumPy measures what is predicted
    cnncalc.run(graph, image).output               the network executed

`graph.inference` leaves out what only training uses. Everything raises `CnncalcError` with a message for people.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from . import reports as reports
    from .analyses.boxes import box as box
    from .analyses.extent import last_map as last_map
    from .analyses.macs import macs as macs
    from .analyses.memory import memory as memory
    from .analyses.params import params as params
    from .analyses.receptive import receptive_fields as receptive_fields
    from .budget.check import BudgetError as BudgetError
    from .budget.check import check as check
    from .building import Builder as Builder
    from .drawing import draw as draw
    from .drawing import report as report
    from .engine.running import run as run
    from .errors import CnncalcError as CnncalcError
    from .errors import SpecError as SpecError
    from .graph import Graph as Graph
    from .graph import Node as Node
    from .language.load import parse as parse
    from .opening import load as load
    from .proof.validation import validate as validate

__all__ = [
    "BudgetError",
    "Builder",
    "CnncalcError",
    "Graph",
    "Node",
    "SpecError",
    "box",
    "check",
    "draw",
    "last_map",
    "load",
    "macs",
    "memory",
    "params",
    "parse",
    "receptive_fields",
    "report",
    "reports",
    "run",
    "validate",
]

_HOMES = {
    "BudgetError": "budget.check",
    "Builder": "building",
    "CnncalcError": "errors",
    "Graph": "graph",
    "Node": "graph",
    "SpecError": "errors",
    "box": "analyses.boxes",
    "check": "budget.check",
    "draw": "drawing",
    "last_map": "analyses.extent",
    "load": "opening",
    "macs": "analyses.macs",
    "memory": "analyses.memory",
    "params": "analyses.params",
    "parse": "language.load",
    "receptive_fields": "analyses.receptive",
    "report": "drawing",
    "run": "engine.running",
    "validate": "proof.validation",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import cnncalc` alone costs nothing."""
    from importlib import import_module

    if name == "reports":
        return import_module(".reports", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module 'cnncalc' has no attribute {name!r}")
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
