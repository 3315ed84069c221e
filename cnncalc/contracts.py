"""Every JSON document that a command writes, and where its contract is told."""

from __future__ import annotations

from importlib import import_module

from .errors import CnncalcError, did_you_mean
from .render.report import Contract

HOMES = {
    "summary": "reports.summary_report",
    "shapes": "reports.shapes_report",
    "params": "reports.params_report",
    "tensors": "reports.tensors_report",
    "macs": "reports.macs_report",
    "counted": "reports.counted_report",
    "counted-params": "reports.counted_params_report",
    "account": "reports.account_report",
    "readings": "reports.account_report:READINGS",
    "forms": "reports.forms_report",
    "tools": "reports.tools_report",
    "receptive-field": "reports.receptive_field_report",
    "unit": "reports.unit_report",
    "effective": "reports.effective_report",
    "memory": "reports.memory_report",
    "explain": "reports.explain_report",
    "show": "reports.show_report",
    "formula": "reports.formula_report",
    "roofline": "reports.roofline_report",
    "energy": "reports.energy_report",
    "training": "reports.training_report",
    "sweep": "sweeping.table",
    "parts": "sweeping.output",
    "fit": "sweeping.fit_report",
    "lint": "reports.lint_report",
    "check": "budget.reports.json",
    "lock": "budget.lock",
    "diff": "reports.diff_report",
    "diff-folders": "reports.folders_report",
    "weights": "reports.weights_report",
    "compare": "reports.compare_report",
    "log": "reports.log_report",
    "validate": "reports.validation_report",
    "run": "reports.run_report",
    "saliency": "reports.saliency_report",
    "zoo": "reports.zoo_report",
    "lecture": "reports.lecture_report",
    "worked": "reports.worked_report",
    "worked-examples": "reports.worked_report:INDEX_CONTRACT",
    "spec": "reports.spec_report",
    "kinds": "reports.kinds_report",
    "arguments": "reports.kinds_report:ARGUMENTS",
}
"""Document -> the module that has its contract, as CONTRACT or by another name."""


def contract(name: str) -> Contract:
    """The contract of a document. Raises CnncalcError for a name that there is not."""
    if name not in HOMES:
        raise CnncalcError(f"no document `{name}`", did_you_mean(name, HOMES) or f"known: {', '.join(HOMES)}")
    module, _, attribute = HOMES[name].partition(":")
    found: Contract = getattr(import_module(f".{module}", __package__), attribute or "CONTRACT")
    return found
