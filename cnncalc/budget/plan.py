"""Which specs are judged, with which settings, by which limits and against which baseline."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import files, folders
from ..errors import CnncalcError, printable
from ..git import tracked
from ..language import zoo
from ..namedtuples import NamedTuple
from ..project import CODE, own_specs, shown, source_and_rest, unnamed
from ..project import project as nearest
from ..spelling import spelled
from .config import Config, Rule
from .config import read as config_of
from .limits import Limit
from .run import Case


class Unnamed(CnncalcError):
    """No spec is named, and there is none that a check without names is about."""


class Part(NamedTuple):
    """The specs that one configuration is about."""

    config: Config
    names: list[str]


def parts(names: Sequence[str], top: Config, named: str | None) -> list[Part]:
    """The specs by the configuration nearest to each; by `top` where it is named, or where a spec is no file."""
    folders: dict[Path, Config] = {}
    found: dict[Path, Part] = {}
    for name in names:
        config = top
        if named is None and files.is_there(name):
            folder = Path(os.path.abspath(name)).parent  # noqa: PTH100 - a link belongs where it stands
            if folder not in folders:
                folders[folder] = _nearest(folder, top)
            config = folders[folder]
        found.setdefault(config.folder, Part(config, [])).names.append(name)
    return list(found.values()) or [Part(top, [])]


def _nearest(folder: Path, top: Config) -> Config:
    found = nearest(folder)
    return top if found.root is None or found.folder == top.folder else config_of(found, found.root)


def specs(
    arguments: Sequence[str],
    config: Config,
    remark: Callable[[str], None],
    locked: Iterable[str] = (),
    allow_code: bool = False,
) -> list[str]:
    """The specs that arguments mean, else those of the project, of its lock, or `*.cnn.yaml` in git.

    Raises CnncalcError; Unnamed where there are none at all.
    """
    found = [spec for argument in arguments for spec in _given(argument, config, remark)]
    if not arguments:
        found = own_specs(config.project, allow_code)
        found = found or [name for key in locked for name in _of_the_lock(key, config)]
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
        below = folders.found(Path(argument), config.project)
        for text in below.left:
            remark(f"{printable(argument)}: {text}")
        return below.networks
    if not files.is_there(argument) and any(sign in argument for sign in "*?["):
        import glob

        members = sorted(name for name in glob.glob(argument, recursive=True) if Path(name).is_file())  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not members:
            raise CnncalcError(f"no file matches {argument}")
        return members
    return [Path(argument).as_posix() if files.is_there(argument) else argument]


def file_of(spec: str) -> Path | None:
    """The file of a spec; None where it is a network of the zoo, code, standard input or a commit's."""
    return Path(spec).resolve() if files.is_there(spec) else None


def is_code(spec: str) -> bool:
    """Whether a spec is a module of PyTorch, which is code."""
    return spec.startswith(CODE) and not files.is_there(spec)


def source_of(spec: str) -> Path | None:
    """The file that a spec stands in: itself, or the code that makes it; None where it stands in none."""
    if not is_code(spec):
        return file_of(spec)
    source = source_and_rest(spec)[0]
    return Path(source).resolve() if source else None


def key_of(spec: str, folder: Path, settings: Mapping[str, Any], input: Any) -> str:
    """`models/a.yaml width=0.5 input=3x96x96`: how the lock and the reports call a spec with settings."""
    path = source_of(spec)
    name = spec
    if path is not None and is_code(spec):
        inside = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else shown(path)
        name = f"{CODE}{inside}{source_and_rest(spec)[1]}"
    elif path is not None:
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else Path(spec).as_posix()
    shapes = input if isinstance(input, Mapping) else {"input": input} if input else {}
    parts = [f"{key}={spelled(value)}" for key, value in sorted(settings.items())]
    return " ".join([name, *parts, *(f"{key}={'x'.join(map(str, shape))}" for key, shape in shapes.items())])


class Variant(NamedTuple):
    """Settings of a spec that are judged apart, and by which limits."""

    settings: Mapping[str, Any]
    input: Any
    limits: tuple[Limit, ...]
    own: bool
    """Whether it is the spec as it is written."""


def variants(
    rules: Sequence[Rule], spec: str, path: Path | None, settings: Mapping[str, Any], input: Any
) -> dict[str, Variant]:
    """The spec as it is written, and once more for every setting of a `[[budget]]` that is about it."""
    found = {"": Variant(settings, input, (), True)}
    for rule in rules:
        if not rule.means(spec, path):
            continue
        apart = bool(rule.settings) or rule.input is not None
        both, shape = ({**rule.settings, **settings}, input or rule.input) if apart else (settings, input)
        name = f"{sorted(both.items())} {shape}" if apart else ""
        before = found.get(name) or Variant(both, shape, (), False)
        kept = tuple(one for one in before.limits if not (rule.override and _replaced(one, rule)))
        found[name] = before._replace(limits=(*kept, *rule.limits))
    if is_code(spec) and input is None and not found[""].limits and len(found) > 1:
        del found[""]  # code does not say its input, and a budget does
    return found


def _replaced(limit: Limit, rule: Rule) -> bool:
    return any((limit.subject, limit.kind) == (one.subject, one.kind) for one in rule.limits)


def cases(
    part: Part,
    top: Path,
    given: Sequence[Limit],
    settings: Mapping[str, Any],
    input: Any,
    **shared: Any,
) -> list[Case]:
    """The cases of the specs; reports call them from the folder `top`, and the lock from that of its configuration."""
    found, machines = [], part.config.machines
    for spec in part.names:
        for variant in variants(part.config.rules, *_named(spec, part), settings, input).values():
            with_ = (variant.settings, variant.input)
            keys = [key_of(spec, folder, *with_) for folder in (top, part.config.folder)]
            limits = (*variant.limits, *given)
            found.append(
                Case(spec, keys[0], *with_, limits, locked_as=keys[1], own=variant.own, machines=machines, **shared)
            )
    return found


def _named(spec: str, part: Part) -> tuple[str, Path | None]:
    """What the patterns of budgets are held against."""
    return (key_of(spec, part.config.folder, {}, None) if is_code(spec) else spec), file_of(spec)


def unmatched(part: Part, all_of_it: bool) -> Iterator[Rule]:
    """The rules that are about none of the specs; about none of the files, where not all specs are judged."""
    rules = [rule for rule in part.config.rules if rule.folder == part.config.folder]
    checked = [_named(name, part) for name in part.names]
    rules = [rule for rule in rules if not any(rule.means(*one) for one in checked)]
    below = () if all_of_it or not rules else folders.below(part.config.folder, folders.MODELS)
    others = [path.resolve() for path in below]
    for rule in rules:
        if not any(rule.means(path.as_posix(), path) for path in others):
            yield rule
