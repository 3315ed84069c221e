"""Which specs are judged, with which settings, by which limits and against which baseline."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import files
from ..errors import CnncalcError, printable
from ..git import tracked
from ..language import zoo
from ..language.yaml import MAX_BYTES
from ..project import SKIPPED, own_specs, shown, unnamed
from ..spelling import spelled
from .config import Config
from .limits import Limit
from .run import Case

SUFFIXES = (".yaml", ".yml")
IS_SPEC = re.compile(rb"^net[ \t]*:", re.MULTILINE)


class Unnamed(CnncalcError):
    """No spec is named, and there is none that a check without names is about."""


def specs(
    arguments: Sequence[str], config: Config, remark: Callable[[str], None], locked: Iterable[str] = ()
) -> list[str]:
    """The specs that arguments mean, else those of the project, of its lock, or `*.cnn.yaml` in git.

    Raises CnncalcError; Unnamed where there are none at all.
    """
    found = [spec for argument in arguments for spec in _given(argument, config, remark)]
    if not arguments:
        found = own_specs(config.project) or [name for key in locked for name in _of_the_lock(key, config)]
        found = found or tracked(config.folder, "*.cnn.yaml", "*.cnn.yml")
    if not found:
        missing = unnamed("cnncalc check resnet50 --max macs=5G")
        raise Unnamed(missing.message, missing.help)
    return list(dict.fromkeys(found))


def _of_the_lock(key: str, config: Config) -> list[str]:
    """The spec that a key of the lock names as it is written, without settings; none where it is not there."""
    with suppress(CnncalcError):
        path = files.inside(config.folder, key, "the lock")
        if path.is_file():
            return [shown(path)]
    return [key] if zoo.member(key) is not None else []


def _given(argument: str, config: Config, remark: Callable[[str], None]) -> list[str]:
    if not argument:
        raise CnncalcError("the name of a spec is empty", "is it of a variable that is not set?")
    if files.is_folder(argument):
        members, others, links = _walk(Path(argument), config.folder)
        if not members:
            raise CnncalcError(f"the folder {argument} has no spec", "a spec is a YAML file with `net:`")
        if others:
            remark(f"{printable(argument)}: {others} YAML file{'s' if others > 1 else ''} without `net:` left out")
        if links:
            remark(f"{printable(argument)}: {links} link{'s' if links > 1 else ''} out of the project left out")
        return members
    if not files.is_there(argument) and any(sign in argument for sign in "*?["):
        import glob

        members = sorted(name for name in glob.glob(argument, recursive=True) if Path(name).is_file())  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not members:
            raise CnncalcError(f"no file matches {argument}")
        return members
    return [Path(argument).as_posix() if files.is_there(argument) else argument]


def _walk(folder: Path, project: Path) -> tuple[list[str], int, int]:
    """The specs below a folder; how many other YAML files there are, and links that lead out of the project."""
    members, others, links = [], 0, 0
    top = os.path.realpath(project if folder.resolve().is_relative_to(project.resolve()) else folder)

    def unreadable(error: OSError) -> None:
        raise CnncalcError(f"{error.filename} cannot be read: {error.strerror}")

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED)
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                path = Path(place) / name
                if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(top):
                    links += 1
                elif _is_spec(path):
                    members.append(path.as_posix())
                else:
                    others += 1
    return members, others, links


def _is_spec(path: Path) -> bool:
    """Whether a file says that it is a spec; one that cannot be read is taken for one, and is an error then."""
    if path.name.endswith((".cnn.yaml", ".cnn.yml")):
        return True
    try:
        with files.reading(path, pipes=False) as file:
            return IS_SPEC.search(file.read(MAX_BYTES)) is not None
    except CnncalcError:
        return True


def key_of(spec: str, config: Config, settings: Mapping[str, Any], input: Any) -> str:
    """`models/a.yaml width=0.5 input=3x96x96`: how the lock and the reports call a spec with settings."""
    name = spec
    if files.is_there(spec):
        path = Path(spec).resolve()
        name = (
            path.relative_to(config.folder).as_posix() if path.is_relative_to(config.folder) else Path(spec).as_posix()
        )
    shapes = input if isinstance(input, Mapping) else {"input": input} if input else {}
    parts = [f"{key}={spelled(value)}" for key, value in sorted(settings.items())]
    return " ".join([name, *parts, *(f"{key}={'x'.join(map(str, shape))}" for key, shape in shapes.items())])


def cases(
    names: Sequence[str],
    config: Config,
    given: Sequence[Limit],
    settings: Mapping[str, Any],
    input: Any,
    **shared: Any,
) -> list[Case]:
    """The cases of the specs: each as it is written, and once more for every setting of a `[[budget]]`."""
    found = []
    for spec in names:
        path = key_of(spec, config, {}, None)
        mine = [rule for rule in config.rules if matches(rule.match, path)]
        own = [limit for rule in mine if not rule.settings and rule.input is None for limit in rule.limits]
        found.append(Case(spec, key_of(spec, config, settings, input), settings, input, (*own, *given), **shared))
        variants: dict[str, Case] = {}
        for rule in mine:
            if not rule.settings and rule.input is None:
                continue
            both, shape = {**rule.settings, **settings}, input or rule.input
            key = key_of(spec, config, both, shape)
            before = variants.get(key) or Case(spec, key, both, shape, tuple(given), own=False, **shared)
            variants[key] = before._replace(limits=(*before.limits, *rule.limits))
        found += variants.values()
    return found


def unmatched(config: Config, names: Sequence[str]) -> Iterator[str]:
    """The `match` of each rule that is about none of the specs."""
    paths = [key_of(spec, config, {}, None) for spec in names]
    for rule in config.rules:
        if not any(matches(rule.match, path) for path in paths):
            yield rule.match


def matches(pattern: str, path: str) -> bool:
    """Whether a glob means a path: `*` within a folder, `**` across them; a folder means all in it."""
    text = ""
    for part in re.split(r"(\*\*/?|\*|\?)", pattern.rstrip("/")):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return (
        re.fullmatch(text + ("" if pattern.endswith(SUFFIXES) else "(?:/.*)?" if "*" not in pattern else ""), path)
        is not None
    )
