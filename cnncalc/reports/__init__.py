"""The answers of the commands as tables of exact values, for Python as for the command line.

    report = cnncalc.reports.summary(graph)        one function a question, keywords as the options
    print(report)                                  the table with its caption, every layer
    report.tables[0].rows                          exact values, a mapping a row
    report.data                                    the JSON document; cnncalc.reports.contract("summary").schema
    report.written("markdown")                     csv, latex, json

A report is made of analyses and written by `render`; commands, `check`, a page and an editor share it.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing alone: a report loads no other
if TYPE_CHECKING:
    from .account_report import account as account
    from .account_report import readings as readings
    from .compare_report import compare as compare
    from .counted_params_report import params_as as params_as
    from .counted_report import counts_as as counts_as
    from .diff_report import diff as diff
    from .effective_report import effective_field as effective_field
    from .energy_report import energy as energy
    from .explain_report import arithmetic as arithmetic
    from .explain_report import explain as explain
    from .folders_report import diff_folders as diff_folders
    from .forms_report import forms as forms
    from .formula_report import formula as formula
    from .kinds_report import arguments as arguments
    from .kinds_report import kinds as kinds
    from .lecture_report import lecture as lecture
    from .log_report import log as log
    from .macs_report import macs as macs
    from .memory_report import memory as memory
    from .params_report import params as params
    from .receptive_field_report import receptive_field as receptive_field
    from .receptive_field_report import receptive_field_plot as receptive_field_plot
    from .roofline_report import roofline as roofline
    from .rows import View as View
    from .run_report import run as run
    from .shapes_report import shapes as shapes
    from .show_report import show as show
    from .spec_report import spec_text as spec_text
    from .summary_report import summary as summary
    from .tensors_report import tensors as tensors
    from .tools_report import tools as tools
    from .training_report import training as training
    from .unit_report import unit as unit
    from .validation_report import validation as validation
    from .weights_report import weights as weights
    from .worked_report import examples as examples
    from .worked_report import worked as worked
    from .zoo_report import networks as networks

_HOMES = {
    "View": "rows",
    "account": "account_report",
    "arguments": "kinds_report",
    "compare": "compare_report",
    "arithmetic": "explain_report",
    "counts_as": "counted_report",
    "diff": "diff_report",
    "diff_folders": "folders_report",
    "effective_field": "effective_report",
    "energy": "energy_report",
    "examples": "worked_report",
    "explain": "explain_report",
    "forms": "forms_report",
    "formula": "formula_report",
    "kinds": "kinds_report",
    "lecture": "lecture_report",
    "log": "log_report",
    "macs": "macs_report",
    "memory": "memory_report",
    "networks": "zoo_report",
    "params": "params_report",
    "params_as": "counted_params_report",
    "readings": "account_report",
    "receptive_field": "receptive_field_report",
    "receptive_field_plot": "receptive_field_report",
    "roofline": "roofline_report",
    "run": "run_report",
    "shapes": "shapes_report",
    "show": "show_report",
    "spec_text": "spec_report",
    "summary": "summary_report",
    "tensors": "tensors_report",
    "tools": "tools_report",
    "training": "training_report",
    "unit": "unit_report",
    "validation": "validation_report",
    "weights": "weights_report",
    "worked": "worked_report",
}
"""Public name -> its module."""

__all__ = [
    "View",
    "account",
    "arguments",
    "compare",
    "counts_as",
    "diff",
    "diff_folders",
    "effective_field",
    "energy",
    "explain",
    "forms",
    "formula",
    "kinds",
    "lecture",
    "macs",
    "memory",
    "networks",
    "params",
    "params_as",
    "readings",
    "receptive_field",
    "receptive_field_plot",
    "roofline",
    "run",
    "shapes",
    "show",
    "spec_text",
    "summary",
    "tensors",
    "tools",
    "training",
    "unit",
    "validation",
    "weights",
]


def __getattr__(name: str) -> object:
    """Import a report when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cnncalc.reports' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
