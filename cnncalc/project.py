"""The project that a folder is in: its configuration, and the specs that are its own.

The configuration is the nearest `cnncalc.toml`, or pyproject.toml with `[tool.cnncalc]`, upwards, no further than the
top of the repository. `specs` in it are patterns relative to its folder; they match nothing outside, and nothing that
git ignores, unless they name the file. Without it the
nearest `spec.yaml` in the repository is the one spec.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from . import files
from .errors import CnncalcError, Diagnostic, SpecError
from .git import unignored
from .language.yaml import Node
from .namedtuples import NamedTuple
from .toml import marked

NAMES = ("cnncalc.toml", "pyproject.toml")
TOOL = re.compile(r"""^[ \t]*(?:(["']?)tool\1[ \t]*=|\[\[[ \t]*(["']?)tool\2[ \t]*\]\])""", re.MULTILINE)
"""A line that gives `tool` as a whole, which may be no table."""
OWN = "spec.yaml"
FILES = (".yaml", ".yml", ".onnx", ".keras")
"""What a pattern for one file ends in."""

CODE = "torch:"
"""What the name of a network begins with that is code."""

MAX_BYTES = 1_000_000
SKIPPED = frozenset({".git", ".hg", "node_modules", "site-packages", "__pycache__"})
"""Folders that a pattern looks into only where it names them."""


class Project(NamedTuple):
    """A folder and what its configuration says."""

    folder: Path
    name: str = ""
    """The configuration, as messages call it; empty where there is none."""

    root: Node | None = None


def here() -> Path:
    """The current folder. Raises CnncalcError where it is gone."""
    try:
        return Path.cwd()
    except OSError as error:
        raise CnncalcError(f"the current folder cannot be read: {error.strerror}") from None


def project(start: Path, named: str | None = None) -> Project:
    """The project of a folder, or that of a configuration that is named. Raises CnncalcError."""
    if named is not None:
        path = Path(named)
        return Project(path.parent.resolve(), named, configured(path, named))
    for folder in (start, *start.parents):
        found = [(path, root) for name in NAMES if (root := _present(path := folder / name)) is not None]
        if len(found) > 1:
            raise CnncalcError(
                f"{folder} has a cnncalc.toml and a [tool.cnncalc] in pyproject.toml",
                "keep one of them: which holds is not clear",
            )
        if found:
            path, root = found[0]
            return Project(folder.resolve(), shown(path), root)
        if files.is_there(folder / ".git"):
            return Project(folder)
    return Project(start)


def configured(path: Path, named: str) -> Node:
    """The configuration in a file. Raises CnncalcError, SpecError."""
    root = _table(path, named, path.name == "pyproject.toml")
    if root is None:
        raise CnncalcError(f"{named} has no [tool.cnncalc]")
    return root


def top_of(folder: Path) -> Path | None:
    """The top of the repository that a folder is in."""
    return next((one for one in (folder, *folder.parents) if files.is_there(one / ".git")), None)


def shown(path: Path, start: Path | None = None) -> str:
    """A path as messages call it: relative to the current folder."""
    return Path(os.path.relpath(path, start)).as_posix()


def own_specs(found: Project, allow_code: bool = False) -> list[str]:
    """The specs that the configuration names, else the nearest spec.yaml; none where there is neither.

    Raises CnncalcError for a pattern that matches no file, or leads out of the project; for `torch:`, which is code,
    unless that is allowed.
    """
    members: list[str] = []
    for pattern in patterns(found):
        if pattern.startswith(CODE):
            members.append(_code(found, pattern, allow_code))
        else:
            members += map(shown, _matching(found, pattern))
    return list(dict.fromkeys(members or map(shown, _nearest(here(), found.folder))))


def _code(found: Project, name: str, allowed: bool) -> str:
    """A module of PyTorch that the configuration names, as it is named from the current folder. Raises CnncalcError."""
    where = f"{found.name}: `specs`"
    if not allowed:
        raise CnncalcError(
            f"{where} has {name!r}, which is code, and code runs only where it is typed",
            f"`cnncalc check --allow-code` runs it, and so does cnncalc check {name!r} --input 3,224,224",
        )
    source, rest = source_and_rest(name)
    return f"{CODE}{shown(files.inside(found.folder, source, where))}{rest}" if source else name


def source_and_rest(name: str) -> tuple[str, str]:
    """Of `torch:FILE:NAME(...)` the file and what is behind it; no file of a module. Raises CnncalcError."""
    from .formats.torch.named import named

    code = named(name)
    return (code.source, name.removeprefix(CODE)[len(code.source) :]) if code.is_file else ("", name)


def own_spec() -> tuple[str | None, str]:
    """The one spec of a folder: spec.yaml, else the first of its project; and what to tell of that choice."""
    if Path(OWN).is_file():
        return OWN, f"no spec given: {OWN} of this folder"
    found = project(here())
    members = own_specs(found)
    if not members:
        return None, ""
    of = f", the first of {len(members)} that {found.name} names" if len(members) > 1 else ""
    return members[0], f"no spec given: {members[0]}{of}"


def unnamed(example: str = "cnncalc summary resnet50") -> CnncalcError:
    """The error where a spec is needed, none is named and the folder has none of its own."""
    others = sorted(path.name for path in here().glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
    if others:
        more = f", or another of the {len(others)} here" if len(others) > 1 else ""
        return CnncalcError(f"no spec is named, and this folder has no {OWN}", f"name one: {others[0]}{more}")
    return CnncalcError(
        f"no spec is named, and this folder has no {OWN}",
        f"name a file or a network of the zoo, such as `{example}`; `cnncalc zoo` lists them, `cnncalc init` "
        f"writes a {OWN}",
    )


def patterns(found: Project) -> tuple[str, ...]:
    """`specs` of the configuration. Raises SpecError where it is no list of texts."""
    node = (found.root.get("specs") or found.root.get("spec")) if found.root is not None else None
    return _texts(node, "specs", 'specs = ["models/**/*.yaml"]')


def _texts(node: Node | None, key: str, example: str) -> tuple[str, ...]:
    """A list of patterns, or one. Raises SpecError."""
    members = [] if node is None else node.items if node.is_sequence else [node]
    problems = [
        Diagnostic(f"`{key}` is a list of patterns", member.mark, help=example)
        for member in members
        if not (member.is_text and str(member.value).strip())
    ]
    if problems:
        raise SpecError(problems)
    return tuple(str(member.value) for member in members)


def excluded(found: Project) -> tuple[str, ...]:
    """`exclude` of the configuration. Raises SpecError where it is no list of texts."""
    return _texts(found.root.get("exclude") if found.root is not None else None, "exclude", 'exclude = ["old/**"]')


def matches(pattern: str, path: str) -> bool:
    """Whether a glob means a path: `*` within a folder, `**` across them; a folder means all in it."""
    text = ""
    for part in re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("./").rstrip("/")):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    below = "" if pattern.endswith(FILES) or "*" in pattern else "(?:/.*)?"
    return re.fullmatch(text + below, path) is not None


def left_out(found: Project, path: Path) -> bool:
    """Whether a file is none of the project's specs: one of its patterns excludes it, or a folder of it."""
    wanted = excluded(found)
    if not wanted or not path.is_relative_to(found.folder):
        return False
    inside = path.relative_to(found.folder)
    names = [part.as_posix() for part in (inside, *inside.parents)[:-1]]
    return any(matches(pattern, name) for pattern in wanted for name in names)


def skipped(folder: Path) -> bool:
    """Whether a folder is never looked into unless it is named: git's own, caches, and environments of Python."""
    return folder.name in SKIPPED or (folder / "pyvenv.cfg").is_file()


def _matching(found: Project, pattern: str) -> list[Path]:
    where = f"{found.name}: `specs`"
    files.inside(found.folder, pattern, where)
    parts = [part for part in pattern.replace(os.sep, "/").split("/") if part not in ("", ".")]
    paths = sorted(path for path in set(_glob(found.folder, tuple(parts), set())) if not left_out(found, path))
    kept = unignored(found.folder, paths) if any(sign in pattern for sign in "*?[") else paths
    if paths and not kept:
        raise CnncalcError(
            f"{where} has {pattern!r}, and git ignores all that it matches", "a file's own name means it all the same"
        )
    if not paths:
        raise CnncalcError(f"{where} has {pattern!r}, and no file matches", "patterns are relative to its folder")
    return [files.inside(found.folder, path.relative_to(found.folder).as_posix(), where) for path in kept]


def _glob(folder: Path, parts: tuple[str, ...], seen: set[tuple[Path, int]]) -> Iterator[Path]:
    """The files that match; links to folders are not followed, and no place is looked at twice."""
    if (folder, len(parts)) in seen:
        return
    seen.add((folder, len(parts)))
    head, rest = parts[0], parts[1:]
    if head == "**" and rest:
        yield from _glob(folder, rest, seen)
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if not fnmatchcase(entry.name, head):
            continue
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name == head or not skipped(path):
                below = parts if head == "**" else rest
                yield from _glob(path, below, seen) if below else ()
        elif not rest and entry.is_file():
            yield path


def _nearest(start: Path, top: Path) -> list[Path]:
    """The nearest spec.yaml upwards; outside a project or a repository only that of the folder itself."""
    for folder in (start, *start.parents):
        if (folder / OWN).is_file():
            return [folder / OWN]
        if folder.samefile(top):
            return []
    return []


def _present(path: Path) -> Node | None:
    """The configuration of that name; one that is no file, or a link to nothing, is an error and not none."""
    return _table(path, shown(path), path.name == "pyproject.toml") if os.path.lexists(path) else None


def _table(path: Path, name: str, within: bool) -> Node | None:
    """The configuration in a file; `within` a pyproject.toml, None where that has none."""
    try:
        text = files.content(path, MAX_BYTES, "a configuration").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CnncalcError(f"{name} is not a text file: byte {error.start} is not UTF-8") from None
    except CnncalcError as error:
        raise CnncalcError(error.message.replace(os.fspath(path), name, 1), error.help) from None
    return root_of(text, name, within)


def root_of(text: str, name: str, within: bool) -> Node | None:
    """The configuration in a text; `within` a pyproject.toml, None where that has none. Raises SpecError."""
    if within and "cnncalc" not in text and not TOOL.search(text):
        return None
    root: Node | None = marked(text, name)
    if within:
        top = root
        tool = top.get("tool") if top else None
        if tool is not None and not tool.is_mapping:
            raise SpecError([Diagnostic("`tool` is a table", tool.mark, help="[tool.cnncalc]")])
        root = tool.get("cnncalc") if tool else None
        if root is not None and top is not None and "budget" in top.entries:
            mark = top.entries["budget"][0].mark
            raise SpecError([Diagnostic("this budget is not in [tool.cnncalc]", mark, help="[[tool.cnncalc.budget]]")])
    if root is not None and not root.is_mapping:
        raise SpecError([Diagnostic("[tool.cnncalc] is a table", root.mark)])
    return root
