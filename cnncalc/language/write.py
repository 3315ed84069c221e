"""A Graph -> the text of a spec that, read again, is the same graph: wherever the network came from.

    - {conv: {out: 64, kernel: 7, stride: 2, norm: batchnorm, act: relu}, as: stem}
    - maxpool: {kernel: 3, stride: 2}
    - {pointwise: 256, from: pool, as: "layer1[0]/shortcut"}
    - {add: ["layer1[0]/main", prev], as: "layer1[0]/add"}

One step a node, and one for a layer with the norm and the activation under its name. `from` stands only
where the tensor is not that of the step before, `as` only where the name is not what a spec gives by
itself, an argument only where it is not the default. Kept are names, kinds, arguments, connections,
sharing, `frozen`, `train_only` and the side outputs; blocks, variables and comments are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..building import legal_name
from ..graph import Graph, Node
from .wording import arguments_of, inputs_of, legal_names, mapping_of, text_of
from .words import SUGAR

NONE = "none"


@dataclass(frozen=True, eq=False)
class _Step:
    """A node, the norm and activation that are written on it, and the flatten before it."""

    node: Node
    follow: tuple[Node, ...]
    start: tuple[str, ...]
    arguments: dict[str, Any]
    sugar: dict[str, str]

    @property
    def end(self) -> str:
        return (self.node, *self.follow)[-1].name


def write(graph: Graph, expect: Mapping[str, Any] | None = None) -> str:
    """The text of a spec for a graph; `expect` are figures for it to check itself by.

    A name that the language does not allow gets `_` for what is not allowed. Raises CnncalcError for a layer
    whose arguments hang on a size that has no number.
    """
    names = legal_names(graph)
    steps = list(_steps(graph))
    defaults = _defaults(steps)
    lines = [f"{key}: {text_of(text)}" for key, text in (("name", graph.name), ("source", graph.source)) if text]
    lines.append(f"input: {inputs_of(graph, names)}")
    if defaults:
        lines += [
            "defaults:",
            *(f"  {kind}: {mapping_of(values)}" for kind, values in defaults.items() if values),
        ]
    lines += ["net:", *_lines(graph, steps, names, defaults)]
    if expect:
        lines.append(f"expect: {mapping_of({key: text_of(value) for key, value in expect.items()})}")
    return "\n".join(lines) + "\n"


# --- which nodes are one step ---


def _steps(graph: Graph) -> Iterator[_Step]:
    nodes, place = graph.nodes, 0
    while place < len(nodes):
        node, start = nodes[place], nodes[place].inputs
        following = nodes[place + 1] if place + 1 < len(nodes) else None
        if following is not None and _is_flattened(node, following) and graph.reader(node.name):
            node, place = following, place + 1
        follow: list[Node] = []
        while len(follow) < len(SUGAR) and place + 1 < len(nodes):
            end, following = (node, *follow)[-1], nodes[place + 1]
            if graph.reader(end.name) is None or not _is_sugar(node, end, following, follow):
                break
            follow.append(following)
            place += 1
        yield _Step(node, tuple(follow), start, arguments_of(node), _sugar(follow))
        place += 1


def _is_flattened(node: Node, following: Node) -> bool:
    """Whether a spec would put this flatten in by itself."""
    return (
        node.kind == "flatten"
        and following.layer.flattens
        and following.inputs == (node.name,)
        and node.name == f"{following.name}/flatten"
        and len(node.incoming[0]) > 1
        and _modifiers(node) == _modifiers(following)
    )


def _is_sugar(node: Node, end: Node, following: Node, follow: Sequence[Node]) -> bool:
    """Whether the next node can be written as `norm` or `act` of this one."""
    return (
        node.layer.sugar
        and not following.layer.joins
        and following.inputs == (end.name,)
        and following.name == f"{node.name}/{following.kind}"
        and (not follow or (follow[0].layer.family == "norm" and follow[0].kind != following.kind))
        and (not following.weights or following.weights_of == f"{node.weights_of}/{following.kind}")
        and not following.layer.flattens
        and _modifiers(node) == _modifiers(following)
    )


def _modifiers(node: Node) -> tuple[bool, bool]:
    return node.frozen, node.train_only


def _sugar(follow: Sequence[Node]) -> dict[str, str]:
    """`norm` and `act`, each as it is written."""
    written = {}
    for node in follow:
        arguments = arguments_of(node)
        key = "norm" if node is follow[0] and (len(follow) > 1 or node.layer.family == "norm") else "act"
        written[key] = f"{{{_operation(node, arguments)}}}" if arguments else node.kind
    return written


# --- what most steps have in common ---


def _defaults(steps: Sequence[_Step]) -> dict[str, dict[str, str]]:
    """What most convolutions have in common, where it is not the default anyway."""
    family = [step for step in steps if _inherits(step, "conv")]
    common: dict[str, str] = {}
    for name, usual in (("kernel", ""), ("padding", "0"), ("bias", "true"), ("norm", NONE), ("act", NONE)):
        concerned = [step for step in family if name not in type(step.node.layer).not_inherited]
        votes = Counter(_written(step, name, usual) for step in concerned)
        if votes:
            value, count = votes.most_common(1)[0]
            if count > 1 and 2 * count > len(concerned) and value != usual and not value.startswith("["):
                common[name] = value
    return {"conv": common} if common else {}


def _inherits(step: _Step, kind: str) -> bool:
    return step.node.kind == kind or type(step.node.layer).inherits == kind


def _written(step: _Step, name: str, usual: str) -> str:
    if name in SUGAR:
        return step.sugar.get(name, usual)
    return text_of(step.arguments[name]) if name in step.arguments else usual


# --- lines ---


def _lines(
    graph: Graph, steps: Sequence[_Step], names: Mapping[str, str], defaults: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    words = Counter(step.node.kind for step in steps)
    seen: Counter[str] = Counter()
    named: dict[str, str] = dict(names)
    at = next(iter(graph.inputs), "")
    for step in steps:
        node, name = step.node, names[step.node.name]
        seen[node.kind] += 1
        modifiers = {}
        if node.layer.joins or len(node.inputs) > 1:
            branches = ("prev" if source == at else text_of(named[source]) for source in node.inputs)
            listed = f"[{', '.join(branches)}]"
            arguments = {name: text_of(value) for name, value in step.arguments.items()}
            operation = f"{node.kind}: {mapping_of({**arguments, 'branches': listed}) if arguments else listed}"
        else:
            operation = _operation(node, _with_defaults(step, defaults.get("conv", {})), step.sugar)
            if step.start and step.start != (at,):
                modifiers["from"] = text_of(named[step.start[0]])
        if name != _label(node.kind, words[node.kind], seen[node.kind]):
            modifiers["as"] = text_of(name)
            named[step.end] = name
        if node.weights and node.weights_of != node.name:
            modifiers["share"] = text_of(names.get(node.weights_of) or legal_name(node.weights_of))
        modifiers.update({key: "true" for key in ("frozen", "train_only") if getattr(node, key)})
        at = step.end
        yield f"  - {_step(operation, modifiers)}"
    if at != graph.output:
        yield f"  - {{do: [], from: {text_of(named[graph.output])}}}"
    for head, end in graph.heads.items():
        yield f"  - {{head: {text_of(named[end])}, as: {text_of(legal_name(head))}}}"
    if not steps and not graph.heads and at == graph.output:
        yield "  - {do: []}"


def _with_defaults(step: _Step, common: Mapping[str, str]) -> dict[str, Any]:
    """The arguments besides the common ones; what is not as common is said."""
    arguments: dict[str, Any] = dict(step.arguments)
    if not _inherits(step, "conv"):
        return arguments
    for name, value in common.items():
        if name in SUGAR:
            if step.sugar.get(name, NONE) == value:
                step.sugar.pop(name, None)
            else:
                step.sugar.setdefault(name, NONE)
        elif name in type(step.node.layer).not_inherited:
            continue
        elif name in arguments and text_of(arguments[name]) == value:
            del arguments[name]
        elif name not in arguments:
            arguments[name] = {"padding": 0, "bias": True}[name]
    return arguments


def _operation(node: Node, arguments: Mapping[str, Any], sugar: Mapping[str, str] | None = None) -> str:
    main = type(node.layer).main
    values = {**{name: text_of(value) for name, value in arguments.items()}, **(sugar or {})}
    if not values:
        return node.kind
    return f"{node.kind}: {values[main]}" if main and list(values) == [main] else f"{node.kind}: {mapping_of(values)}"


def _step(operation: str, modifiers: Mapping[str, str]) -> str:
    if not modifiers:
        return operation
    return "{" + ", ".join([operation, *(f"{key}: {value}" for key, value in modifiers.items())]) + "}"


def _label(word: str, count: int, place: int) -> str:
    """The name that a step gets by itself."""
    between = "_" if word[-1:].isdigit() else ""
    return word if count == 1 else f"{word}{between}{place}"
