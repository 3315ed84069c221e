"""Reading limits, wherever they are written: in `budget:` of a spec, in TOML, in an option, in a call.

budget:
  params: 3.6M                                      the largest that is allowed
  macs: {max: 320M, warn: 310M, growth: 2%}
  weight_bytes: {max: 1.5 MB, dtype: int8}        or weight_bytes@int8: 1.5 MB
  receptive_field: {min: 200, at: layer3}
  output: [1000]
  "layer4/**": {macs: 900M, each: {macs: 200M}}     a part of the network, by path; and each single layer of it
  each: {peak_activations: 1 MB}                    each layer of the network
  machines: {jetson: {peak: 472G, bandwidth: 25.6G}}
  roofline: {max: 5 ms, machine: jetson}            or roofline@jetson: 5 ms
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ..analyses import terms
from ..analyses.dtypes import BYTES as DTYPES
from ..analyses.figures import FIGURES, unknown
from ..analyses.subject import ALL_LAYERS, EACH, Subject, subject
from ..analyses.terms import Machines
from ..analyses.values import read
from ..errors import CnncalcError, Diagnostic, Mark, Source, SpecError, did_you_mean
from ..language.yaml import Node
from ..marked import plain
from ..quantities import BYTES, POSITIONS, SHAPE, Unreadable, amount, growth, shape
from .limits import EQUALS, ERROR, GROWTH, KINDS, LEVELS, MAX, WARN, WARNING, Bound, Limit

KEYS = (*KINDS, "dtype", "at", "level")
MACHINES = "machines"


def limits(node: Node, problems: list[Diagnostic], level: str = ERROR, machines: Machines | None = None) -> list[Limit]:
    """The limits of a mapping, which may name its own machines; what is wrong with it is added to `problems`."""
    if node.value is None:
        return []
    if not node.is_mapping:
        problems.append(
            Diagnostic("a budget is a mapping from metrics to limits", node.mark, help="budget: {macs: 320M}")
        )
        return []
    own = named_machines(node.get(MACHINES), problems)
    entries = {key: entry for key, entry in node.entries.items() if key != MACHINES}
    return list(_Reader(problems, level, {**(machines or {}), **own}).mapping(entries))


def named_machines(node: Node | None, problems: list[Diagnostic]) -> Machines:
    """`{jetson: {peak: 472G, bandwidth: 25.6G}}`: machines by name; what is wrong is added to `problems`."""
    example = "machines: {jetson: {peak: 472G, bandwidth: 25.6G}}"
    if node is None or node.value is None:
        return {}
    if not node.is_mapping:
        problems.append(Diagnostic("`machines` is a mapping from names to machines", node.mark, help=example))
        return {}
    found = {}
    for name, (key, machine) in node.entries.items():
        if not machine.is_mapping or {*machine.entries} != {"peak", "bandwidth"}:
            message = "a machine has a `peak`, in FLOPs a second, and a `bandwidth`, in bytes a second"
            problems.append(Diagnostic(message, key.mark, help=example))
            continue
        if not NAME.fullmatch(name):
            problems.append(Diagnostic(f"`{name}` is no name of a machine", key.mark, help="letters, digits, _ and -"))
            continue
        peak, bandwidth = (machine.entries[what][1] for what in ("peak", "bandwidth"))
        try:
            found[name] = terms.machine(peak.value, bandwidth.value)
        except CnncalcError as error:
            problems.append(Diagnostic(error.message, machine.mark, help=error.help))
    return found


NAME = re.compile(r"[A-Za-z][\w-]{0,63}", re.ASCII)


class _Reader:
    def __init__(self, problems: list[Diagnostic], level: str, machines: Machines) -> None:
        self.problems = problems
        self.level = level
        self.machines = machines

    def mapping(self, entries: Mapping[str, tuple[Node, Node]], part: str = "", each: str = "") -> Iterator[Limit]:
        for key, (key_node, value) in entries.items():
            if _is_figure(key):
                yield from self._figure(key, key_node, value, part, each)
            elif key == EACH and not each:
                if value.is_mapping:
                    yield from self.mapping(value.entries, part or ALL_LAYERS, EACH)
                else:
                    self._report("`each` has limits by metric", value.mark, "each: {macs: 100M}")
            elif not part and _is_part(key, value):
                if value.is_mapping:
                    yield from self.mapping(value.entries, key)
                else:
                    self._report("a part of the network has limits by metric", value.mark, f'"{key}": {{macs: 900M}}')
            else:
                error = unknown(key, "metric")
                self._report(error.message, key_node.mark, error.help)

    def _figure(self, key: str, key_node: Node, value: Node, part: str, each: str) -> Iterator[Limit]:
        try:
            wanted = subject(key, machines=self.machines)
        except CnncalcError as error:
            self._report(error.message, key_node.mark, error.help)
            return
        if part and FIGURES[wanted.metric].of is None:
            positions = FIGURES[wanted.metric].unit == POSITIONS
            at = f"{wanted.metric}: {{max: ..., at: {part.removesuffix('/**')}}}" if positions and not each else ""
            self._report(f"a part of a network has no `{wanted.metric}` of its own", key_node.mark, at)
            return
        yield from self._limits(wanted._replace(part=part, each=each), key_node, value)

    def _limits(self, wanted: Subject, key: Node, value: Node) -> Iterator[Limit]:
        if value.is_sequence and _unit(wanted) != SHAPE:
            for member in value.items:
                yield from self._limits(wanted, key, member)
        elif value.is_mapping and (_unit(wanted) != SHAPE or {*value.entries} & {*KINDS, "level"}):
            yield from self._entries(wanted, key, value.entries)
        else:
            kind = EQUALS if _unit(wanted) == SHAPE else MAX
            yield from self._limit(wanted, kind, value, self.level, value.mark)

    def _entries(self, wanted: Subject, key: Node, entries: Mapping[str, tuple[Node, Node]]) -> Iterator[Limit]:
        keys = (*KINDS, *terms.KEYS[wanted.metric], "level") if wanted.terms is not None else KEYS
        for name, (name_node, _) in entries.items():
            if name not in keys:
                self._report(
                    f"a limit has no key `{name}`",
                    name_node.mark,
                    did_you_mean(name, keys) or f"known: {_list(keys)}",
                )
        metric, unit = wanted.metric, FIGURES[wanted.metric].unit
        if not any(name in entries for name in KINDS):
            self._report(f"`{metric}` has no limit", key.mark, f"{metric}: {{max: ...}}; others: {_list(KINDS[1:])}")
        if wanted.terms is not None:
            wanted = self._under(wanted, entries)
            entries = {name: entry for name, entry in entries.items() if name != "dtype"}
        dtype = self._word("dtype", entries, unit == BYTES, f"`{metric}` has no dtype", DTYPES)
        at = self._word("at", entries, unit == POSITIONS, f"`{metric}` is not of one place", None)
        wanted = wanted._replace(dtype=dtype or wanted.dtype, at=at or wanted.at)
        level = self._level(entries)
        for kind in KINDS:
            if kind in entries:
                value = entries[kind][1]
                yield from self._limit(wanted, kind, value, level, entries[kind][0].mark)

    def _under(self, wanted: Subject, entries: Mapping[str, tuple[Node, Node]]) -> Subject:
        """The figure under the terms that stand beside its limit."""
        given = {name: node for name, (_, node) in entries.items() if name in terms.KEYS[wanted.metric]}
        values = {name: node.value for name, node in given.items()}
        try:
            return wanted._replace(terms=terms.of(wanted.metric, values, self.machines, wanted.terms))
        except CnncalcError as error:
            self._report(error.message, next(iter(given.values())).mark, error.help)
        return wanted

    def _limit(self, wanted: Subject, kind: str, value: Node, level: str, mark: Mark) -> Iterator[Limit]:
        unit, relative = _unit(wanted), False
        bound: Bound
        if wanted.metric == "roofline" and wanted.terms is not None and wanted.terms.peak is None:
            if not self.problems:
                self._report(
                    "the time of a roofline is that of a machine", value.mark, "roofline@peak=472G,bandwidth=25.6G"
                )
            return
        try:
            if wanted.each and kind in (EQUALS, GROWTH):
                raise Unreadable(f"a limit on each layer has no `{kind}`", f"{wanted.metric}: {{max: ...}}")
            if unit == SHAPE:
                if kind != EQUALS:
                    raise Unreadable(f"an `{wanted.metric}` has no `{kind}`", f"{wanted.metric}: {{equals: [1000]}}")
                bound = _shape(value)
            elif unit == POSITIONS and kind == EQUALS and (value.is_sequence or value.is_mapping):
                bound = _by_axis(value)
            elif kind == GROWTH:
                bound, relative = growth(value.value, unit)
            else:
                bound = amount(value.value, unit)
        except Unreadable as error:
            self._report(error.message, value.mark, error.help)
            return
        yield Limit(wanted, MAX if kind == WARN else kind, bound, WARNING if kind == WARN else level, mark, relative)

    def _word(
        self,
        key: str,
        entries: Mapping[str, tuple[Node, Node]],
        fits: bool,
        message: str,
        known: Iterable[str] | None,
    ) -> str:
        if key not in entries:
            return ""
        key_node, value = entries[key]
        word = str(value.value)
        if not fits:
            self._report(message, key_node.mark, f"remove `{key}`")
        elif known is not None and word not in known:
            self._report(f"no {key} `{word}`", value.mark, did_you_mean(word, known) or f"known: {_list(known)}")
        else:
            return word
        return ""

    def _level(self, entries: Mapping[str, tuple[Node, Node]]) -> str:
        return level_of(entries["level"][1], self.problems) if "level" in entries else self.level

    def _report(self, message: str, mark: Mark, help: str = "") -> None:
        self.problems.append(Diagnostic(message, mark, help=help))


def level_of(node: Node, problems: list[Diagnostic]) -> str:
    """`error` or `warning`."""
    if node.value in LEVELS:
        return str(node.value)
    help = did_you_mean(str(node.value), LEVELS) or f"known: {_list(LEVELS)}"
    problems.append(Diagnostic(f"no level `{node.value}`", node.mark, help=help))
    return ERROR


def _is_part(key: str, value: Node) -> bool:
    """A path pattern; or the plain name of a block, which has metrics below it and not limits."""
    if any(sign in key for sign in "/*?["):
        return True
    return value.is_mapping and any(name == EACH or _is_figure(name) for name in value.entries)


def _is_figure(key: str) -> bool:
    """Whether a key names a figure, its dtype or place or axis apart."""
    return not any(sign in key for sign in "/*?[:") and re.split("[@.]", key)[0] in FIGURES


def _unit(wanted: Subject) -> str:
    """What the limit is written in: one axis of a shape is a number."""
    return POSITIONS if wanted.axis else FIGURES[wanted.metric].unit


def _by_axis(value: Node) -> Bound:
    """`[7, 5]`, one number an axis; `[[188, 204], [7, 7]]` by position; `{a: 1, b: 5}` by input."""
    try:
        return read(plain(value), shape=False)
    except ValueError as error:
        raise Unreadable(str(error), "one number an axis: [7, 5]; one an input: {a: 1, b: 5}") from None


def _shape(value: Node) -> Bound:
    """`[3, 224, 224]`, or `64x7x7`; `{a: [3, 32], b: [3, 32]}` of several inputs."""
    if not value.is_mapping:
        return shape(plain(value))
    try:
        return read(plain(value), shape=True)
    except ValueError as error:
        raise Unreadable(str(error), "one shape an input: {a: [3, 32], b: [3, 32]}") from None


def option(kind: str, text: str, machines: Machines | None = None) -> list[Limit]:
    """The limit of `--max macs=320M`, `weight_bytes@int8=1.5MB` or `layer4/**:macs=900M`. Raises SpecError."""
    name = f"--{kind}"
    kind = kind.removeprefix("max-")
    mark = Mark(Source(name, [f"{name} {text}"]), 0, len(name) + 1, len(text))
    left, equals, right = text.rpartition("=")
    word, _, after = left.strip().partition(" ")
    each = EACH if word == EACH and after else ""
    part, _, key = (after if each else left).strip().rpartition(":")
    if not equals or not key.partition("@")[0]:
        raise SpecError(
            [Diagnostic(f"`{text}` is not of the form METRIC=LIMIT", mark, help=f"for instance {name} macs=320M")]
        )
    place = mark.at(0, len(left))
    bound = mark.at(len(left) + 1, len(right))
    limit = Node({kind: (Node(kind, place), Node(right.strip(), bound))}, place)
    tree = Node({key: (Node(key, place), limit)}, place)
    tree = Node({EACH: (Node(EACH, place), tree)}, place) if each else tree
    problems: list[Diagnostic] = []
    whole = Node({part: (Node(part, place), tree)}, place) if part else tree
    found = limits(whole, problems, machines=machines)
    if problems:
        raise SpecError(problems)
    return found


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
