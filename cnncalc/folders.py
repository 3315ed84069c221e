"""Folders of networks: which files below one are networks, on this disk or at a commit; and two folders, file by file.

models/                  what is there now
git:main...:models       what was there where the current branch left main
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

from . import files
from .errors import CnncalcError, printable
from .git import PREFIX, Repository, parts_of, renames, unignored
from .graph import Graph
from .language import zoo
from .language.yaml import MAX_BYTES
from .namedtuples import NamedTuple
from .opening import NetworkFile, standing_in
from .project import Project, here, left_out, skipped
from .project import project as nearest

TEXTS = (".yaml", ".yml")
MODELS = (*TEXTS, ".onnx", ".keras")
"""What a file that holds a network ends in."""

SURE = (".cnn.yaml", ".cnn.yml", ".onnx", ".keras")
"""What only such a file ends in; another is one by what it says."""

IS_SPEC = re.compile(rb"^net[ \t]*:", re.MULTILINE)


class Found(NamedTuple):
    """What is below a folder."""

    networks: list[str]
    """Their files, as the folder is named."""

    others: int
    """How many YAML files say nothing of a network."""

    links: int
    """How many links lead out of the project."""

    @property
    def left(self) -> Iterator[str]:
        """What is left out, in words."""
        if self.others:
            yield f"{self.others} YAML file{'s' if self.others > 1 else ''} without `net:` left out"
        if self.links:
            yield f"{self.links} link{'s' if self.links > 1 else ''} out of the project left out"


def found(folder: Path, project: Project) -> Found:
    """The networks below a folder. Raises CnncalcError for a folder that cannot be read, or that has none.

    What the configuration excludes and what git ignores is left out, and so are environments of Python.
    """
    members, others, links = [], 0, 0
    whole = project.folder.resolve()
    top = os.path.realpath(whole if folder.resolve().is_relative_to(whole) else folder)
    near: dict[Path, Project] = {}
    paths = []
    for path in below(folder, MODELS):
        place = path.absolute()
        if place.parent not in near:
            near[place.parent] = nearest(place.parent)
        if not left_out(project, place) and not left_out(near[place.parent], place):
            paths.append(path)
    for path in unignored(folder, paths):
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(top):
            links += 1
        elif _is_network(path):
            members.append(path.as_posix())
        else:
            others += 1
    if not members:
        raise none_in(os.fspath(folder))
    return Found(members, others, links)


def none_in(folder: str) -> CnncalcError:
    """The error for a folder without a network."""
    return CnncalcError(f"the folder {folder} has no spec", "a spec is a YAML file with `net:`, or a model")


def below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """The files below a folder whose names end so. Raises CnncalcError for a folder that cannot be read."""

    def unreadable(error: OSError) -> None:
        raise CnncalcError(f"{error.filename} cannot be read: {error.strerror}")

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not skipped(Path(place) / name))
        for name in sorted(names):
            if name.endswith(suffixes) and not name.startswith("."):
                yield Path(place) / name


def says_so(name: str, content: bytes) -> bool:
    """Whether a file says that it holds a network, by its name or in its text."""
    return name.endswith(SURE) or IS_SPEC.search(content) is not None


def _is_network(path: Path) -> bool:
    """Whether a file holds a network; one that cannot be read is taken for one, and is an error then."""
    try:
        with files.reading(path) as file:
            return says_so(path.name, b"" if path.name.endswith(SURE) else file.read(MAX_BYTES))
    except CnncalcError:
        return True


Opener = Callable[[NetworkFile], Graph]
"""A file -> its network, with what is set."""


def as_it_is(file: NetworkFile) -> Graph:
    """The network of a file with nothing set. Raises CnncalcError."""
    return file.graph()


class Folder(NamedTuple):
    """The networks of a folder."""

    named: str
    """As the user calls it."""

    names: tuple[str, ...]
    """Their files, from the folder on."""

    file: Callable[[str], AbstractContextManager[Path]]
    """Name -> its file on this disk, for as long as it is wanted. Raises CnncalcError."""

    remarks: tuple[str, ...] = ()
    """What is left out."""

    def called(self, name: str) -> str:
        """One of its networks, as the user would name it."""
        return name if self.named in (".", "./") else f"{self.named.rstrip('/')}/{name}"

    def network(self, name: str, made: Opener = as_it_is) -> Graph:
        """One of its networks. Raises CnncalcError."""
        with self.file(name) as path:
            return standing_in(path, self.called(name), made)


class Pair(NamedTuple):
    """A network of two folders."""

    before: str | None
    """Its name in the first; None where it came."""

    after: str | None
    """Its name in the second; None where it went."""


def is_folder(spec: str) -> bool:
    """Whether a name means a folder: one of this disk, unless the zoo has a network of the name, or of a commit."""
    if spec.startswith(PREFIX) and not files.is_there(spec):
        return _tree(spec) is not None
    return files.is_folder(spec) and ("/" in spec or zoo.member(spec) is None)


def opened_folder(spec: str) -> Folder:
    """The networks of a folder, on this disk or of a commit. Raises CnncalcError."""
    tree = _tree(spec) if spec.startswith(PREFIX) and not files.is_there(spec) else None
    return _on_disk(spec) if tree is None else _of_commit(spec, *tree)


def _on_disk(spec: str) -> Folder:
    whole = found(Path(spec), nearest(here()))

    @contextmanager
    def file(name: str) -> Iterator[Path]:
        yield Path(spec) / name

    names = (Path(path).relative_to(spec).as_posix() for path in whole.networks)
    return Folder(spec, tuple(names), file, tuple(f"{printable(spec)}: {text}" for text in whole.left))


def _tree(spec: str) -> tuple[Repository, str, str] | None:
    """(repository, commit, path from its top) of `git:REF:FOLDER`; None for what is no folder there."""
    ref, path = parts_of(spec)
    repository = Repository(here(), spec)
    commit = repository.commit(ref)
    inside = repository.where(here() / path / "any")
    places = [os.path.dirname(inside)] if inside is not None else []  # noqa: PTH120 - from the top, as git has it
    place = next((one for one in (*places, path.strip("/")) if repository.listed(commit, one) is not None), None)
    return None if place is None else (repository, commit, place)


def _of_commit(spec: str, repository: Repository, commit: str, folder: str) -> Folder:
    """The specs are read by one process of git, and a model when it is wanted: it may be large."""
    project, top = nearest(here()), repository.top / folder
    names = [
        name
        for name in repository.listed(commit, folder) or ()
        if name.endswith(MODELS) and not any(part.startswith(".") for part in name.split("/"))
    ]
    names = sorted(name for name in names if not left_out(project, top / name))
    places = {name: f"{folder}/{name}" if folder else name for name in names}
    texts = repository.texts((commit, places[name]) for name in names if name.endswith(TEXTS))
    specs = {name: text for name in names if (text := texts.get((commit, places[name]))) is not None}
    members = tuple(name for name in names if name not in specs or says_so(name, specs[name]))
    if not members:
        raise none_in(spec)

    @contextmanager
    def file(name: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="cnncalc-") as kept:
            path = Path(kept) / Path(name).name
            if name in specs:
                path.write_bytes(specs[name])
            else:
                repository.save(commit, places[name], path)
            yield path

    return Folder(spec, members, file)


def side_by_side(a: Folder, b: Folder) -> list[Pair]:
    """The networks of two folders by their names; what has another name in the second is found as git finds it."""
    both = set(a.names) & set(b.names)
    moved = _moved(a, b, [n for n in a.names if n not in both], [n for n in b.names if n not in both])
    came = {after: before for before, after in moved.items()}
    pairs = [Pair(name if name in both else came.get(name), name) for name in b.names]
    pairs += [Pair(name, None) for name in a.names if name not in both and name not in moved]
    return sorted(pairs, key=lambda pair: pair.after or pair.before or "")


def _moved(a: Folder, b: Folder, gone: Iterable[str], come: Iterable[str]) -> Mapping[str, str]:
    gone, come = list(gone), list(come)
    if not gone or not come:
        return {}
    with TemporaryDirectory(prefix="cnncalc-") as kept:
        for side, folder, names in (("a", a, gone), ("b", b, come)):
            for name in names:
                into = Path(kept) / side / name
                into.parent.mkdir(parents=True, exist_ok=True)
                with (
                    suppress(CnncalcError, OSError),
                    folder.file(name) as path,
                    files.reading(path) as content,
                    into.open("wb") as copy,
                ):
                    copyfileobj(content, copy)
        return renames(Path(kept), "a", "b")
