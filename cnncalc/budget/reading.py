"""Reading limits, wherever they are written: in `budget:` of a spec, in TOML, in an option, in a call.

budget:
  params: 3.6M                                      the largest that is allowed
  macs: {max: 320M, warn: 310M, growth: 2%}
  weights: {max: 1.5 MB, dtype: int8}
  receptive_field: {min: 200, at: layer3}
  output: [1000]
  "layer4/**": {macs: 900M}                         a part of the network, by path
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..analyses.memory import BYTES
from ..errors import Diagnostic, Mark, Source, SpecError, did_you_mean
from ..language.yaml import Node
from .limits import EQUALS, ERROR, GROWTH, KINDS, LEVELS, MAX, WARN, WARNING, Bound, Limit
from .metrics import METRICS, SHAPE, WITH_AT, WITH_DTYPE, Subject, Unreadable, amount, growth, shape

KEYS = (*KINDS, "dtype", "at", "level")


def limits(node: Node, problems: list[Diagnostic], level: str = ERROR) -> list[Limit]:
    """The limits of a mapping; what is wrong with it is added to `problems`."""
    if node.value is None:
        return []
    if not node.is_mapping:
        problems.append(
            Diagnostic("a budget is a mapping from metrics to limits", node.mark, help="budget: {macs: 320M}")
        )
        return []
    return list(_Reader(problems, level).mapping(node.entries))


class _Reader:
    def __init__(self, problems: list[Diagnostic], level: str) -> None:
        self.problems = problems
        self.level = level

    def mapping(self, entries: Mapping[str, tuple[Node, Node]], part: str = "") -> Iterator[Limit]:
        for key, (key_node, value) in entries.items():
            if key in METRICS:
                yield from self._metric(key, key_node, value, part)
            elif not part and _is_part(key, value):
                if value.is_mapping:
                    yield from self.mapping(value.entries, key)
                else:
                    self._report("a part of the network has limits by metric", value.mark, f'"{key}": {{macs: 900M}}')
            else:
                help = did_you_mean(key, METRICS) or f"known: {', '.join(METRICS)}"
                self._report(f"no metric `{key}`", key_node.mark, help)

    def _metric(self, metric: str, key: Node, value: Node, part: str) -> Iterator[Limit]:
        if part and not METRICS[metric].parts:
            at = f"{metric}: {{max: ..., at: {part.removesuffix('/**')}}}" if metric in WITH_AT else ""
            self._report(f"a part of a network has no `{metric}` of its own", key.mark, at)
            return
        if value.is_sequence and METRICS[metric].unit != SHAPE:
            for member in value.items:
                yield from self._metric(metric, key, member, part)
        elif value.is_mapping:
            yield from self._entries(metric, key, value.entries, part)
        else:
            kind = EQUALS if METRICS[metric].unit == SHAPE else MAX
            yield from self._limit(Subject(metric, part), kind, value, self.level, value.mark)

    def _entries(self, metric: str, key: Node, entries: Mapping[str, tuple[Node, Node]], part: str) -> Iterator[Limit]:
        for name, (name_node, _) in entries.items():
            if name not in KEYS:
                self._report(
                    f"a limit has no key `{name}`",
                    name_node.mark,
                    did_you_mean(name, KEYS) or f"known: {_list(KEYS)}",
                )
        if not any(name in entries for name in KINDS):
            self._report(f"`{metric}` has no limit", key.mark, f"{metric}: {{max: ...}}; others: {_list(KINDS[1:])}")
        subject = Subject(metric, part, self._dtype(metric, entries), self._at(metric, entries))
        level = self._level(entries)
        for kind in KINDS:
            if kind in entries:
                value = entries[kind][1]
                yield from self._limit(subject, kind, value, level, entries[kind][0].mark)

    def _limit(self, subject: Subject, kind: str, value: Node, level: str, mark: Mark) -> Iterator[Limit]:
        unit, relative = METRICS[subject.metric].unit, False
        bound: Bound
        try:
            if unit == SHAPE:
                if kind != EQUALS:
                    raise Unreadable(f"an `{subject.metric}` has no `{kind}`", f"{subject.metric}: {{equals: [1000]}}")
                bound = shape([member.value for member in value.items] if value.is_sequence else value.value)
            elif kind == GROWTH:
                bound, relative = growth(value.value, unit)
            else:
                bound = amount(value.value, unit)
        except Unreadable as error:
            self._report(error.message, value.mark, error.help)
            return
        yield Limit(subject, MAX if kind == WARN else kind, bound, WARNING if kind == WARN else level, mark, relative)

    def _dtype(self, metric: str, entries: Mapping[str, tuple[Node, Node]]) -> str:
        return self._word("dtype", entries, metric in WITH_DTYPE, f"`{metric}` has no dtype", BYTES)

    def _at(self, metric: str, entries: Mapping[str, tuple[Node, Node]]) -> str:
        return self._word("at", entries, metric in WITH_AT, f"`{metric}` is not of one place", None)

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
    return any(sign in key for sign in "/*?[") or (
        value.is_mapping and any(inner in METRICS for inner in value.entries)
    )


def option(kind: str, text: str) -> list[Limit]:
    """The limit of `--max macs=320M`, `weights@int8=1.5MB` or `layer4/**:macs=900M`. Raises SpecError."""
    name = f"--{kind}"
    kind = kind.removeprefix("max-")
    mark = Mark(Source(name, [f"{name} {text}"]), 0, len(name) + 1, len(text))
    left, equals, right = text.partition("=")
    part, _, metric = left.rpartition(":")
    metric, _, detail = metric.partition("@")
    if not equals or not metric:
        raise SpecError(
            [Diagnostic(f"`{text}` is not of the form METRIC=LIMIT", mark, help=f"for instance {name} macs=320M")]
        )
    place = mark.at(0, len(left))
    bound = mark.at(len(left) + 1, len(right))
    entries = {kind: (Node(kind, place), Node(right, bound))}
    if detail:
        word = "at" if metric in WITH_AT else "dtype"
        entries[word] = (Node(word, place), Node(detail, place))
    tree = Node({metric: (Node(metric, place), Node(entries, place))}, place)
    problems: list[Diagnostic] = []
    found = limits(Node({part: (Node(part, place), tree)}, place) if part else tree, problems)
    if problems:
        raise SpecError(problems)
    return found


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
