"""`cnncalc.toml`, or `[tool.cnncalc]` of pyproject.toml: which specs are checked, against what, within what.

specs = ["models/**/*.yaml"]
baseline = "git:origin/main"
exclude = ["models/old/**"]
[[budget]]
match = ["models/edge/*", "!models/edge/big.yaml"]
with = {width = 0.5}
macs = {max = "320M", growth = "2%"}
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import files
from ..analyses.subject import EACH
from ..analyses.terms import Machines
from ..errors import CnncalcError, Diagnostic, Mark, SpecError, did_you_mean, printable
from ..language.yaml import Node
from ..marked import plain
from ..project import Project, configured, excluded, matches, patterns, project, shown, top_of
from .limits import ERROR, Limit
from .reading import level_of, limits, named_machines

KEYS = ("specs", "spec", "exclude", "extend", "baseline", "lock", "ratchet", "machines", "budget")
RULE_KEYS = ("match", "with", "input", "level", "override")
DEEPEST = 8
"""Configurations that extend one another, at most."""

LOCK_NAME = "cnncalc.lock.json"


@dataclass(frozen=True)
class Rule:
    """One `[[budget]]`: limits for the specs that match, perhaps with other settings."""

    match: tuple[str, ...]
    """Patterns; what one that begins with `!` means is taken away."""

    settings: Mapping[str, Any]
    input: Any
    limits: tuple[Limit, ...]
    mark: Mark
    folder: Path
    """What the patterns are relative to."""

    override: bool = False
    """Whether its limits take the place of earlier ones on the same figures."""

    def means(self, spec: str, path: Path | None) -> bool:
        """Whether it is about a spec; `path` is its file, where it is one."""
        name = path.relative_to(self.folder).as_posix() if path and path.is_relative_to(self.folder) else spec
        wanted = [one for one in self.match if not one.startswith("!")] or ["**"]
        other = [one[1:] for one in self.match if one.startswith("!")]
        return any(matches(one, name) for one in wanted) and not any(matches(one, name) for one in other)


@dataclass(frozen=True)
class Config:
    """What a project says; paths are relative to its folder."""

    project: Project
    baseline: str = ""
    lock: str = LOCK_NAME
    locked: bool = False
    """Whether the configuration names the lock."""

    ratchet: bool = False
    machines: Machines = field(default_factory=dict)
    """The machines that it names, for limits on the time of a roofline."""

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
    return read(found, found.root) if found.root is not None else Config(found)


def read(found: Project, root: Node, extended: tuple[Path, ...] = ()) -> Config:
    """What a configuration says, with what it extends. Raises CnncalcError, SpecError."""
    problems: list[Diagnostic] = []
    for texts in (patterns, excluded):
        try:
            texts(found)
        except SpecError as error:
            problems += error.diagnostics
    for key, (key_node, _) in root.entries.items():
        if key not in KEYS:
            help = did_you_mean(key, KEYS) or f"known: {', '.join(KEYS)}"
            problems.append(Diagnostic(f"the configuration has no key `{key}`", key_node.mark, help=help))
    base = _extended(root.get("extend"), found, extended, problems)
    machines = {**(base.machines if base else {}), **named_machines(root.get("machines"), problems)}
    own = Config(
        found,
        baseline=_baseline(root.get("baseline"), found, problems) or (base.baseline if base else ""),
        lock=_lock(root.get("lock"), found, problems),
        locked="lock" in root.entries,
        ratchet=_flag(root.get("ratchet"), "ratchet", problems) or (base is not None and base.ratchet),
        machines=machines,
        rules=(*(base.rules if base else ()), *_rules(root.get("budget"), found.folder, machines, problems)),
    )
    if problems:
        raise SpecError(problems)
    return own


def _extended(node: Node | None, found: Project, seen: tuple[Path, ...], problems: list[Diagnostic]) -> Config | None:
    """The configuration that another one extends: a file of the same repository."""
    named = _text(node, "extend", "", problems)
    if node is None or not named:
        return None
    path = Path(os.path.realpath(found.folder / named)) if "\0" not in named else found.folder
    top = top_of(found.folder) or found.folder
    message = ""
    if Path(named).is_absolute() or not path.is_relative_to(os.path.realpath(top)):
        message = f"{named!r} leads out of the {'repository' if top != found.folder else 'project'}"
    elif path in seen or len(seen) > DEEPEST:
        message = f"{named!r} extends itself"
    elif not path.is_file():
        message = f"there is no file {printable(named)}"
    if message:
        problems.append(Diagnostic(message, node.mark, help='extend = "../cnncalc.toml"'))
        return None
    name = shown(path)
    base = Project(path.parent, name, root := configured(path, name))
    whole = read(base, root, (*seen, path))
    if whole.baseline and not whole.baseline.startswith("git:"):
        return replace(whole, baseline="")  # a file of another folder
    return whole


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


def _rules(node: Node | None, folder: Path, machines: Machines, problems: list[Diagnostic]) -> list[Rule]:
    if node is None:
        return []
    members = node.items if node.is_sequence else [node]
    if not all(member.is_mapping for member in members):
        problems.append(Diagnostic("a budget is a table", node.mark, help="[[budget]]"))
        return []
    return [_rule(member, folder, machines, problems) for member in members]


def _rule(node: Node, folder: Path, machines: Machines, problems: list[Diagnostic]) -> Rule:
    level = level_of(found, problems) if (found := node.get("level")) else ERROR
    with_, shape = node.get("with"), node.get("input")
    if with_ is not None and not with_.is_mapping:
        problems.append(Diagnostic("`with` is a table of variables", with_.mark, help="with = {width = 0.5}"))
        with_ = None
    rest = {key: entry for key, entry in node.entries.items() if key not in RULE_KEYS}
    near = {key: did_you_mean(key, RULE_KEYS) for key in rest if key != EACH}
    for key, (key_node, value) in list(rest.items()):
        if near.get(key) and not value.is_mapping and not _metric_like(key):
            problems.append(Diagnostic(f"a budget has no key `{key}`", key_node.mark, help=near[key]))
            del rest[key]
    return Rule(
        _match(node.get("match"), problems),
        plain(with_) if with_ else {},
        _shape(shape, problems) if shape else None,
        tuple(limits(Node(rest, node.mark), problems, level, machines)),
        node.mark,
        folder,
        _flag(node.get("override"), "override", problems),
    )


def _match(node: Node | None, problems: list[Diagnostic]) -> tuple[str, ...]:
    members = [] if node is None else node.items if node.is_sequence else [node]
    wrong = [member for member in members if not (member.is_text and str(member.value).strip("! "))]
    if node is not None and (wrong or not members):
        help = 'match = ["models/**", "!models/old/**"]'
        mark = wrong[0].mark if wrong else node.mark
        problems.append(Diagnostic("`match` is a pattern, or a list of them", mark, help=help))
        return ("**",)
    return tuple(str(member.value) for member in members) or ("**",)


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


def _flag(node: Node | None, key: str, problems: list[Diagnostic]) -> bool:
    if node is not None and not isinstance(node.value, bool):
        problems.append(Diagnostic(f"`{key}` is true or false", node.mark))
    return node is not None and node.value is True
