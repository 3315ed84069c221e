"""`cnncalc.toml`, or `[tool.cnncalc]` of pyproject.toml: which specs are checked, against what, within what.

specs = ["models/**/*.yaml"]
baseline = "git:origin/main"
[[budget]]
match = "models/edge/*"
with = {width = 0.5}
macs = {max = "320M", growth = "2%"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files
from ..errors import CnncalcError, Diagnostic, Mark, SpecError, did_you_mean
from ..language.yaml import Node
from ..marked import plain
from ..project import Project, patterns, project
from .limits import ERROR, Limit
from .reading import level_of, limits

KEYS = ("specs", "spec", "baseline", "lock", "ratchet", "budget")
RULE_KEYS = ("match", "with", "input", "level")
LOCK_NAME = "cnncalc.lock.json"


@dataclass(frozen=True)
class Rule:
    """One `[[budget]]`: limits for the specs that match, perhaps with other settings."""

    match: str
    settings: Mapping[str, Any]
    input: Any
    limits: tuple[Limit, ...]
    mark: Mark


@dataclass(frozen=True)
class Config:
    """What a project says; paths are relative to its folder."""

    project: Project
    baseline: str = ""
    lock: str = LOCK_NAME
    ratchet: bool = False
    rules: tuple[Rule, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self.project.folder

    @property
    def specs(self) -> tuple[str, ...]:
        """The patterns of the specs that are its own."""
        return patterns(self.project)

    @property
    def name(self) -> str:
        """The configuration, as messages call it."""
        return self.project.name


def config(start: Path, named: str | None = None) -> Config:
    """The nearest configuration upwards, within the repository. Raises CnncalcError."""
    found = project(start, named)
    return _read(found, found.root) if found.root is not None else Config(found)


def _read(found: Project, root: Node) -> Config:
    problems: list[Diagnostic] = []
    try:
        patterns(found)
    except SpecError as error:
        problems += error.diagnostics
    for key, (key_node, _) in root.entries.items():
        if key not in KEYS:
            help = did_you_mean(key, KEYS) or f"known: {', '.join(KEYS)}"
            problems.append(Diagnostic(f"the configuration has no key `{key}`", key_node.mark, help=help))
    read = Config(
        found,
        baseline=_baseline(root.get("baseline"), found, problems),
        lock=_lock(root.get("lock"), found, problems),
        ratchet=_flag(root.get("ratchet"), problems),
        rules=tuple(_rules(root.get("budget"), problems)),
    )
    if problems:
        raise SpecError(problems)
    return read


def _baseline(node: Node | None, found: Project, problems: list[Diagnostic]) -> str:
    named = _text(node, "baseline", "", problems)
    return named if named.startswith("git:") else _inside(node, named, found, problems)


def _lock(node: Node | None, found: Project, problems: list[Diagnostic]) -> str:
    named = _inside(node, _text(node, "lock", LOCK_NAME, problems), found, problems)
    if node is not None and named and not named.endswith(".json"):
        problems.append(Diagnostic("a lock is a JSON file", node.mark, help=f'lock = "{LOCK_NAME}"'))
    return named or LOCK_NAME


def _inside(node: Node | None, named: str, found: Project, problems: list[Diagnostic]) -> str:
    """A file of the project that the configuration names: what it is not is a problem."""
    if node is not None and node.is_text:
        try:
            files.inside(found.folder, named, found.name)
        except CnncalcError as error:
            message = error.message.removeprefix(f"{found.name}: ")
            problems.append(Diagnostic(message, node.mark, help=error.help))
            return ""
    return named


def _rules(node: Node | None, problems: list[Diagnostic]) -> list[Rule]:
    if node is None:
        return []
    members = node.items if node.is_sequence else [node]
    if not all(member.is_mapping for member in members):
        problems.append(Diagnostic("a budget is a table", node.mark, help="[[budget]]"))
        return []
    return [_rule(member, problems) for member in members]


def _rule(node: Node, problems: list[Diagnostic]) -> Rule:
    level = level_of(found, problems) if (found := node.get("level")) else ERROR
    with_, shape = node.get("with"), node.get("input")
    if with_ is not None and not with_.is_mapping:
        problems.append(Diagnostic("`with` is a table of variables", with_.mark, help="with = {width = 0.5}"))
        with_ = None
    rest = {key: entry for key, entry in node.entries.items() if key not in RULE_KEYS}
    near = {key: did_you_mean(key, RULE_KEYS) for key in rest}
    for key, (key_node, value) in list(rest.items()):
        if near[key] and not value.is_mapping and not _metric_like(key):
            problems.append(Diagnostic(f"a budget has no key `{key}`", key_node.mark, help=near[key]))
            del rest[key]
    return Rule(
        _text(node.get("match"), "match", "**", problems),
        plain(with_) if with_ else {},
        _shape(shape, problems) if shape else None,
        tuple(limits(Node(rest, node.mark), problems, level)),
        node.mark,
    )


def _metric_like(key: str) -> bool:
    from ..analyses.figures import FIGURES

    return key.partition("@")[0] in FIGURES or any(sign in key for sign in "/*?[")


def _shape(node: Node, problems: list[Diagnostic]) -> Any:
    value = plain(node)
    if isinstance(value, str):
        from ..language.load import input_shape

        return input_shape([value])
    shapes = list(value.values()) if isinstance(value, dict) else [value]
    if not all(isinstance(s, list) and s and all(type(n) is int and n > 0 for n in s) for s in shapes):
        problems.append(Diagnostic("`input` is a list of sizes", node.mark, help="input = [3, 224, 224]"))
        return None
    return {name: tuple(s) for name, s in value.items()} if isinstance(value, dict) else tuple(value)


def _text(node: Node | None, key: str, default: str, problems: list[Diagnostic]) -> str:
    if node is None:
        return default
    if not node.is_text:
        problems.append(Diagnostic(f"`{key}` is a text", node.mark, help=f'{key} = "..."'))
        return default
    return str(node.value)


def _flag(node: Node | None, problems: list[Diagnostic]) -> bool:
    if node is not None and not isinstance(node.value, bool):
        problems.append(Diagnostic("`ratchet` is true or false", node.mark))
    return node is not None and node.value is True
