"""`cnncalc.sweep` and `cnncalc.fit`: the commands as functions, which answer with a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..analyses.dtypes import bytes_of
from ..errors import CnncalcError
from ..formats.reading import Reading
from ..spelling import spelled
from .command import Sweep

if TYPE_CHECKING:
    from ..render.report import Report

Values = str | int | float | Iterable[Any]
"""Of a variable: "0.25:1:0.25", "128,160", a value, or a list of them."""


@dataclass(frozen=True)
class Quiet(Sweep):
    """A sweep whose remarks are kept."""

    said: list[str] = field(default_factory=list)
    shows_progress = False

    def say(self, line: str) -> None:
        """Keep a remark."""
        self.said.append(line)


def sweep(
    spec: str | Path,
    over: Mapping[str, Values],
    *,
    columns: str | Iterable[str] = "params,macs",
    where: str | Iterable[str] = (),
    pareto: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    dtype: str = "fp32",
    set: Mapping[str, Any] | None = None,
    input: Any = None,
    training: bool = False,
    batch: bool = True,
    allow_unknown: bool = False,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Report:
    """Every combination of the values of some variables, with the figures in `columns`; `input` may be one of them.

    `sweep("mobilenet_v2", {"width": "0.5:1:0.25", "input": [160, 224]}, where="macs < 100M")`. `batch`, `allow_unknown`
    and `shapes` are of a model of another format, as in `load`. Raises CnncalcError.
    """
    bytes_of(dtype)
    if not isinstance(over, Mapping):
        raise CnncalcError("what is swept is a mapping from names to values", '{"width": "0.25:1:0.25"}')
    asked = Quiet(
        arguments=[_path(spec), *(f"{name}={_values(values)}" for name, values in over.items())],
        default_spec=lambda: _path(spec),
        columns=columns if isinstance(columns, str) else ",".join(columns),
        where=_list(where),
        pareto=pareto,
        sort=sort,
        top=top,
        plot=False,
        dtype=dtype,
        settings=_settings(set),
        size=_sizes(input),
        training=training,
        form="json",
        output=None,
        part=None,
        engine="local",
        scheduler=None,
        workers=None,
        how=Reading(batch, allow_unknown, shapes or {}),
    )
    asked.check()
    answer = asked.report(*asked.found())
    return replace(answer, remarks=[*answer.remarks, *asked.said])


def fit(
    spec: str | Path,
    vary: str | Sequence[str] | Mapping[str, Values],
    *,
    max: Mapping[str, Any] | None = None,
    min: Mapping[str, Any] | None = None,
    step: Mapping[str, Any] | None = None,
    dtype: str = "fp32",
    set: Mapping[str, Any] | None = None,
    input: Any = None,
    training: bool = False,
    batch: bool = True,
    allow_unknown: bool = False,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Report:
    """The largest setting of what varies that holds every limit: `fit("mobilenet_v2", "width", max={"macs": "100M"})`.

    `vary` is a name, several, or a mapping from names to ranges; `batch`, `allow_unknown` and `shapes` are of
    a model of another format, as in `load`. Raises `sweeping.select.Unmet` where no setting holds
    the limits, CnncalcError for what makes no sense.
    """
    from ..language.load import input_shape, setting
    from .fit import fit as largest
    from .fit import limit
    from .fit_report import fit_report

    bytes_of(dtype)
    if isinstance(vary, Mapping):
        vary = [f"{name}={_values(values)}" for name, values in vary.items()]
    limits = [
        limit(f"{name}={spelled(bound)}", most)
        for bounds, most in ((max, True), (min, False))
        for name, bound in (bounds or {}).items()
    ]
    found = largest(
        _path(spec),
        _list(vary),
        limits,
        [f"{name}={spelled(value)}" for name, value in (step or {}).items()],
        dict(map(setting, _settings(set))),
        input_shape(_sizes(input)),
        dtype=dtype,
        training=training,
        how=Reading(batch, allow_unknown, shapes or {}),
    )
    return fit_report(found, dtype)


def _path(spec: object) -> str:
    if isinstance(spec, str | Path):
        return str(spec)
    raise CnncalcError(
        "a sweep reads a spec again with other values, and takes the path or the name of one", '"mobilenet_v2"'
    )


def _list(given: str | Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _values(values: Values) -> str:
    """The values of a variable as the command takes them."""
    if isinstance(values, str | int | float):
        return values if isinstance(values, str) else spelled(values)
    return ",".join(map(spelled, values))


def _settings(given: Mapping[str, Any] | None) -> list[str]:
    return [f"{name}={spelled(value)}" for name, value in (given or {}).items()]


def _sizes(given: Any) -> list[str]:
    """An input as the command takes it: a side, sizes, or sizes by name."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        return [f"{name}={_size(sizes)}" for name, sizes in given.items()]
    return [_size(given)]


def _size(sizes: Any) -> str:
    return str(sizes) if isinstance(sizes, int | str) else ",".join(map(str, sizes))
