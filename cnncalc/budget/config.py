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

from ..errors import CnncalcError, Diagnostic, Mark, SpecError, did_you_mean
from ..language.yaml import Node
from ..language.zoo import plain
from .limits import ERROR, Limit
from .reading import level_of, limits
from .toml import marked

NAMES = ("cnncalc.toml", "pyproject.toml")
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
    """What a project says; paths are relative to `folder`."""

    folder: Path
    name: str = ""
    specs: tuple[str, ...] = ()
    baseline: str = ""
    lock: str = LOCK_NAME
    ratchet: bool = False
    rules: tuple[Rule, ...] = ()


def config(start: Path, named: str | None = None) -> Config:
    """The nearest configuration upwards, within the repository. Raises CnncalcError."""
    if named is not None:
        path = Path(named)
        return _read(path, named, _table(path, named, path.name == "pyproject.toml"))
    for folder in (start, *start.parents):
        found = [(path, table) for name in NAMES if (table := _present(path := folder / name)) is not None]
        if len(found) > 1:
            raise CnncalcError(
                f"{folder} has a cnncalc.toml and a [tool.cnncalc] in pyproject.toml",
                "keep one of them: which holds is not clear",
            )
        if found:
            path, table = found[0]
            return _read(path, _shown(path, start), table)
        if (folder / ".git").exists():
            return Config(folder)
    return Config(start)


def _shown(path: Path, start: Path) -> str:
    import os

    return Path(os.path.relpath(path, start)).as_posix()


def _present(path: Path) -> Node | None:
    if not path.is_file():
        return None
    return _table(path, _shown(path, Path.cwd()), path.name == "pyproject.toml")


def _table(path: Path, name: str, inside: bool) -> Node | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CnncalcError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if inside and "cnncalc" not in text:
        return None
    root: Node | None = marked(text, name)
    if inside:
        tool = root.get("tool") if root else None
        root = tool.get("cnncalc") if tool is not None and tool.is_mapping else None
    return root


def _read(path: Path, name: str, root: Node | None) -> Config:
    problems: list[Diagnostic] = []
    if root is None:
        raise CnncalcError(f"{name} has no [tool.cnncalc]")
    for key, (key_node, _) in root.entries.items():
        if key not in KEYS:
            help = did_you_mean(key, KEYS) or f"known: {', '.join(KEYS)}"
            problems.append(Diagnostic(f"the configuration has no key `{key}`", key_node.mark, help=help))
    specs = root.get("specs") or root.get("spec")
    read = Config(
        folder=path.parent.resolve(),
        name=name,
        specs=_texts(specs, "specs", problems),
        baseline=_text(root.get("baseline"), "baseline", "", problems),
        lock=_text(root.get("lock"), "lock", LOCK_NAME, problems),
        ratchet=_flag(root.get("ratchet"), problems),
        rules=tuple(_rules(root.get("budget"), problems)),
    )
    if problems:
        raise SpecError(problems)
    return read


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
    from .metrics import METRICS

    return key in METRICS or any(sign in key for sign in "/*?[")


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


def _texts(node: Node | None, key: str, problems: list[Diagnostic]) -> tuple[str, ...]:
    if node is None:
        return ()
    members = node.items if node.is_sequence else [node]
    return tuple(_text(member, key, "", problems) for member in members)


def _flag(node: Node | None, problems: list[Diagnostic]) -> bool:
    if node is not None and not isinstance(node.value, bool):
        problems.append(Diagnostic("`ratchet` is true or false", node.mark))
    return node is not None and node.value is True
