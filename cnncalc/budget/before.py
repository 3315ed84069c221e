"""What a baseline says of one case: the spec as it was, the figures of a lock, and the limits of that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..analyses.subject import Subject, at_inference, value
from ..analyses.terms import Machines
from ..analyses.values import ends
from ..errors import CnncalcError, sentence
from ..git import Repository
from ..graph import Graph
from ..namedtuples import NamedTuple
from ..opening import SPEC, TORCH, NetworkFile, opened, standing_in
from ..project import CODE, here, source_and_rest
from ..render import numbers
from . import amounts, words
from .limits import EQUALS, ERROR, GROWTH, MAX, MIN, Limit, Place
from .lock import Entry
from .notice import UNJUDGED, Notice
from .reading import limits

APPROVE = "`cnncalc check --accept` approves today's figures"


class Before(NamedTuple):
    """What there is to compare a case with. Nothing at all where the baseline does not have it."""

    named: str = ""
    """The baseline, as reports call it."""

    commit: str = ""
    """Its commit; empty where it is a lock."""

    content: bytes | None = None
    """The spec of that commit."""

    at: tuple[str, str, str] | None = None
    """(repository, commit, path) of a model, which is read when it is wanted."""

    entry: Entry | None = None
    """The figures of a lock: the baseline itself, or the lock of that commit."""

    limits: tuple[Limit, ...] | None = None
    """What the configuration of that commit asked for; None where it is not known."""

    notices: tuple[Notice, ...] = ()

    @property
    def there(self) -> bool:
        """Whether the baseline has the case, or may have it: it is not new."""
        return self.content is not None or self.at is not None or any(n.weight == UNJUDGED for n in self.notices)


def network(before: Before, file: NetworkFile, graph: Graph, settings: Mapping[str, Any], input: Any) -> Graph | None:
    """The network of a baseline; the given one where its file is the same. Raises CnncalcError."""
    if before.at is not None:
        return (_code if file.format is TORCH else _model)(*before.at, file, settings, input)
    if before.content is None:
        return None
    if file.format is SPEC and before.content == file.content:
        return graph
    return replace(file, content=before.content).graph(settings, input)


def _model(top: str, commit: str, path: str, file: NetworkFile, settings: Mapping[str, Any], input: Any) -> Graph:
    """A model of a commit: it lies in a file for as long as it is read, as it may not fit in memory."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="cnncalc-") as folder:
        kept = Path(folder) / Path(path).name
        Repository(Path(top)).save(commit, path, kept)
        return standing_in(kept, file.name, lambda then: replace(then, how=file.how).graph(settings, input))


def _code(top: str, commit: str, path: str, file: NetworkFile, settings: Mapping[str, Any], input: Any) -> Graph:
    """Code of a commit: all that the commit has lies in a folder for as long as it runs, as it may import its own."""
    from ..formats.torch.committed import written_out

    with written_out(Repository(Path(top)), commit, here()) as folder:
        then = f"{CODE}{folder / path}{source_and_rest(file.spec)[1]}"
        return replace(opened(then), how=file.how).graph(settings, input)


def unread(error: CnncalcError, place: Place) -> Notice:
    """The notice of a spec that cannot be read as it was."""
    text = f"that of the baseline cannot be read ({sentence(error.message)})"
    return Notice("baseline-unread", text, place, APPROVE)


def other_input(now: Graph, then: Graph, again: Graph | None, place: Place) -> Notice | None:
    """What is told where the input is another: the figures at equal input beside it."""
    if now.inputs == then.inputs:
        return None
    was, is_ = (", ".join(numbers.shape(shape) for shape in graph.inputs.values()) for graph in (then, now))
    text = f"input {was} -> {is_}"
    if again is not None and again.inputs == then.inputs:
        parts = []
        before, after = at_inference(then), at_inference(again)
        for metric in ("params", "macs", "peak_activations"):
            old, new = value(before, Subject(metric)), value(after, Subject(metric))
            change = words.change(old, new)
            parts.append(f"{metric} {amounts.figure(old, metric)} -> {amounts.figure(new, metric)} ({change})")
        text += f"; at {was}: {', '.join(parts)}"
    return Notice("input-changed", text, place)


def raised(
    now: list[Limit], before: Before, then: Graph, own: bool, place: Place, machines: Machines | None
) -> list[Notice]:
    """The limits that allow more than they did, and those that are gone."""
    if before.limits is None:
        return []
    then_limits = list(before.limits)
    if own and then.budget is not None:
        then_limits += limits(then.budget, [], machines=machines)
    notices = []
    for was in _tightest(then_limits):
        same = [limit for limit in now if _alike(limit, was)]
        strict = [limit for limit in same if limit.level == ERROR]
        if not strict:
            how = "only warns now" if same else "is gone"
            notices.append(Notice("limit-raised", f"limit {_text(was)} {how}", place))
            continue
        (is_,) = _tightest(strict)
        if _looser(is_, was):
            text = f"limit {_text(was)} -> {_bound(is_)}"
            notices.append(Notice("limit-raised", text, Place.of(is_.mark)))
    return notices


def _alike(one: Limit, other: Limit) -> bool:
    return (one.subject, one.kind, one.relative) == (other.subject, other.kind, other.relative)


def _tightest(found: list[Limit]) -> list[Limit]:
    """Of the limits of one kind on one figure the one that allows least."""
    kept: list[Limit] = []
    for limit in found:
        if limit.level != ERROR:
            continue
        other = next((place for place, one in enumerate(kept) if _alike(one, limit)), None)
        if other is None:
            kept.append(limit)
        elif _looser(kept[other], limit):
            kept[other] = limit
    return kept


def _looser(one: Limit, than: Limit) -> bool:
    """Whether a limit allows what the other does not."""
    if one.kind == EQUALS or isinstance(one.bound, tuple) or isinstance(than.bound, tuple):
        return one.bound != than.bound
    low, high = ends(one.bound)[0], ends(than.bound)[0]
    return bool(low < high) if one.kind == MIN else bool(low > high)


def _text(limit: Limit) -> str:
    relation = {MAX: "<=", MIN: ">=", EQUALS: "==", GROWTH: "growth <="}[limit.kind]
    return f"{limit.subject.title} {relation} {_bound(limit)}"


def _bound(limit: Limit) -> str:
    if limit.relative:
        return f"{float(limit.bound) * 100:g}%"  # type: ignore[arg-type]  # a share is a number
    return amounts.figure(limit.bound, limit.subject.metric)
