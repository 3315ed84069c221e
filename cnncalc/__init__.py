"""Exact sizes, parameters, MACs, receptive fields and memory of convolutional networks.

    import cnncalc

    graph = cnncalc.load("resnet50")               a file, or a network of the zoo
    print(cnncalc.summary(graph))                  a report, as the command `summary` prints it
    cnncalc.summary("resnet50").to_pandas()        its rows; .data is the JSON, .written("latex") another format
    cnncalc.from_torch(module, (3, 224, 224))      a module of PyTorch that is in memory; from_onnx, from_keras
    cnncalc.compare(graph, "mobilenet_v2", columns="params,macs,peak_activations@int8")
    cnncalc.params(graph).total                    25557032
    cnncalc.macs(graph).total                      4089184256, for one image
    cnncalc.memory(graph, dtype="int8").peak_bytes bytes of the activations alive at the peak
    cnncalc.receptive_fields(graph).of["layer1[0]/relu"]
    cnncalc.check(graph, macs="4.1G")              raises BudgetError where a limit is broken
    cnncalc.validate(graph, quick=True).holds      whether NumPy measures what is predicted
    cnncalc.run(graph, image).output               the network executed

A question takes a graph, a file or a name. `graph.inference` leaves out what only training uses. Everything raises
`CnncalcError` with a message for people. `docs/python.md` has an example of each.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from . import reports as reports
    from . import worked as worked
    from .analyses.boxes import box as _box
    from .analyses.extent import last_map as last_map
    from .analyses.macs import macs as _macs
    from .analyses.memory import memory as _memory
    from .analyses.params import params as _params
    from .analyses.receptive import receptive_fields as _receptive_fields
    from .asking import asked
    from .asking import compare as compare
    from .asking import diff as diff
    from .asking import formula as formula
    from .asking import log as log
    from .budget.check import BudgetError as BudgetError
    from .budget.check import check as _check
    from .building import Builder as Builder
    from .drawing import draw as _draw
    from .drawing import report as report
    from .engine.running import run as _run
    from .errors import CnncalcError as CnncalcError
    from .errors import SpecError as SpecError
    from .formats.safetensors import checkpoint as checkpoint
    from .given import from_keras as from_keras
    from .given import from_onnx as from_onnx
    from .given import from_torch as from_torch
    from .graph import Graph as Graph
    from .graph import Node as Node
    from .language.load import parse as parse
    from .opening import load as load
    from .proof.validation import validate as _validate
    from .render.report import Report as Report
    from .reports.explain_report import explain as _explain
    from .reports.shapes_report import shapes as _shapes
    from .reports.show_report import show as _show
    from .reports.summary_report import summary as _summary
    from .sweeping.answer import fit as fit
    from .sweeping.answer import sweep as sweep
    from .transforms.freezing import freeze as _freeze

    explain, shapes, show, summary = asked(_explain), asked(_shapes), asked(_show), asked(_summary)
    freeze = asked(_freeze)
    box, check, draw, run, validate = asked(_box), asked(_check), asked(_draw), asked(_run), asked(_validate)
    macs, memory, params = asked(_macs), asked(_memory), asked(_params)
    receptive_fields = asked(_receptive_fields)

__all__ = [
    "BudgetError",
    "Builder",
    "CnncalcError",
    "Graph",
    "Node",
    "Report",
    "SpecError",
    "box",
    "check",
    "checkpoint",
    "compare",
    "diff",
    "draw",
    "explain",
    "fit",
    "formula",
    "freeze",
    "from_keras",
    "from_onnx",
    "from_torch",
    "last_map",
    "load",
    "log",
    "macs",
    "memory",
    "params",
    "parse",
    "receptive_fields",
    "report",
    "reports",
    "run",
    "shapes",
    "show",
    "summary",
    "sweep",
    "validate",
    "worked",
]

_HOMES = {
    "BudgetError": "budget.check",
    "Builder": "building",
    "CnncalcError": "errors",
    "Graph": "graph",
    "Node": "graph",
    "Report": "render.report",
    "SpecError": "errors",
    "box": "analyses.boxes",
    "check": "budget.check",
    "checkpoint": "formats.safetensors",
    "compare": "asking",
    "diff": "asking",
    "draw": "drawing",
    "explain": "reports.explain_report",
    "fit": "sweeping.answer",
    "formula": "asking",
    "freeze": "transforms.freezing",
    "from_keras": "given",
    "from_onnx": "given",
    "from_torch": "given",
    "last_map": "analyses.extent",
    "load": "opening",
    "log": "asking",
    "macs": "analyses.macs",
    "memory": "analyses.memory",
    "params": "analyses.params",
    "parse": "language.load",
    "receptive_fields": "analyses.receptive",
    "report": "drawing",
    "run": "engine.running",
    "shapes": "reports.shapes_report",
    "show": "reports.show_report",
    "summary": "reports.summary_report",
    "sweep": "sweeping.answer",
    "validate": "proof.validation",
}
"""Public name -> its module."""

_RESULTS = ("macs", "memory", "params", "receptive_fields")
"""Questions whose answer is exact values by layer, printed as a table."""

_ASKED = (*_RESULTS, "box", "check", "draw", "explain", "freeze", "run", "shapes", "show", "summary", "validate")
"""Questions about a graph that take a file or a name as well."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import cnncalc` alone costs nothing."""
    from importlib import import_module

    if name in ("reports", "worked"):
        return import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module 'cnncalc' has no attribute {name!r}")
    if name in ("Builder", "Graph", "load", "parse") or name.startswith("from_"):
        from .notebook import attach

        attach()
    if name in _RESULTS:
        from .notebook import attach_tables

        attach_tables()
    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _ASKED:
        from .asking import asked as asks

        value = asks(value)  # type: ignore[arg-type]  # each is a function of a graph
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
