"""A name of a module -> its network: traced in a process of its own, once for each input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ...errors import CnncalcError
from ...files import too_large
from ...git import PREFIX, Repository, parts_of
from ...inputs import no_size
from ..reading import USUAL, Reading
from .committed import written_out
from .named import Named, named
from .read import TraceReader
from .running import numbers, records
from .trace import Trace, trace

if TYPE_CHECKING:
    from ...dims import Shape
    from ...graph import Graph
    from ...opening import NetworkFile

Sizes = tuple[tuple[str, tuple[int, ...]], ...]
"""Inputs by name; one without a name is the first."""

MOST_CODE = 16_000_000
"""Bytes of a file of code."""


@dataclass(frozen=True, eq=False)
class TorchNetwork:
    """A module by its name and the input given with it: makes its network, and makes it again on another input."""

    name: Named
    inputs: Sizes
    how: Reading = USUAL

    def __call__(self, inputs: Mapping[str, Shape] | None = None, settings: Mapping[str, Any] | None = None) -> Graph:
        """The network on these inputs. Raises CnncalcError: a module has no settings."""
        if settings:
            raise _no_settings(self.name.text)
        return (self if inputs is None else replace(self, inputs=sizes(inputs, self.name.text))).graph()

    def graph(self) -> Graph:
        """The network. Raises CnncalcError."""
        found = traced(self.name.text, self.inputs, self.how.batch, self._stamp)
        reader = TraceReader(found, self.name.text, self.how)
        return replace(reader.graph(), again=self, stored=reader.own(self._numbers, self._state))

    def _numbers(self, paths: Sequence[str]) -> Mapping[str, Any]:
        return numbers(_asked(self.name), paths, self.name.text)

    def _state(self) -> Any:
        return records({**_asked(self.name), "kept": True}, self.name.text)

    @property
    def _stamp(self) -> tuple[int, int]:
        """When the file was written, and the minute: code that changes, wherever it is, is traced again."""
        path = Path(self.name.source)
        return path.stat().st_mtime_ns if self.name.is_file and path.is_file() else 0, int(monotonic() // 60)


@dataclass(frozen=True, eq=False)
class CommittedNetwork(TorchNetwork):
    """Code of a commit in place of a module that is there now."""

    def graph(self) -> Graph:
        """The network; its numbers are not kept. Raises CnncalcError."""
        ref, path = parts_of(self.name.source)
        if not path.endswith(".py"):
            raise CnncalcError(
                f"`{self.name.text}` names no file of a commit", "for instance torch:git:HEAD~1:net.py:Net"
            )
        here = Path.cwd()
        repository = Repository(here, f"{PREFIX}{ref}")
        with written_out(repository, repository.commit(ref), here) as folder:
            found = Path(path) if Path(path).is_file() else folder / path
            if not found.is_file():
                raise CnncalcError(f"{self.name.text}: {ref} has no file {path}")
            source = str(found.resolve())
            name = self.name._replace(source=source, text=self.name.text.replace(self.name.source, source, 1))
            graph = TorchNetwork(name, self.inputs, self.how).graph()
        return replace(graph, again=self, stored=None)


@lru_cache(maxsize=16)
def traced(text: str, inputs: Sizes, batch: bool, stamp: tuple[int, int]) -> Trace:
    """The trace of a module. Raises CnncalcError."""
    name = named(text)
    lead = (1,) if batch else ()
    shapes = [[[*lead, *shape], "float32"] for _, shape in inputs]
    request = {
        **_asked(name),
        "inputs": shapes if inputs[0][0] == "" else dict(zip((key for key, _ in inputs), shapes, strict=True)),
    }
    return trace(records(request, text), text)


def _asked(name: Named) -> dict[str, Any]:
    """Which module the process is to make."""
    return {
        "source": name.source,
        "is_file": name.is_file,
        "callable": name.callable,
        "called": name.called,
        "args": list(name.args),
        "kwargs": name.kwargs,
        "tail": name.tail,
    }


def network(file: NetworkFile, set: Mapping[str, Any], input: Any) -> Graph:
    """The network of a module that is named. Raises CnncalcError."""
    name = named(file.spec)
    if set:
        raise _no_settings(file.name)
    if name.source.startswith(PREFIX):
        return CommittedNetwork(name, _given(input, file.name), file.how).graph()
    if name.is_file and not Path(name.source).is_file():
        raise CnncalcError(f"{file.name}: there is no file {name.source}")
    if name.is_file and Path(name.source).stat().st_size > MOST_CODE:
        raise too_large(name.source, MOST_CODE, "code")
    return TorchNetwork(name, _given(input, file.name), file.how).graph()


def _given(input: Any, name: str) -> Sizes:
    if input is None:
        raise CnncalcError(f"{name}: a module of PyTorch does not say its input", "for instance --input 3,224,224")
    return sizes(input, name)


def sizes(given: Any, name: str) -> Sizes:
    """The inputs that are given. Raises CnncalcError."""
    shapes = given if isinstance(given, Mapping) else {"": given}
    found = []
    for key, shape in shapes.items():
        one = (shape,) if isinstance(shape, int) else tuple(shape) if isinstance(shape, tuple | list) else ()
        if not one or not isinstance(key, str):
            raise CnncalcError(f"{name}: this is no input", "for instance --input 3,224,224, or input=(3, 224, 224)")
        for size in one:
            if wrong := no_size(size):
                raise CnncalcError(f"{name}: a size of the input {wrong}", "for instance --input 3,224,224")
            if not isinstance(size, int):
                raise CnncalcError(
                    f"{name}: a module of PyTorch is traced on sizes that have a number, and `{size}` has none",
                    "a spec takes any: cnncalc convert torch:... --input 3,224,224 -o net.cnn.yaml, and of that 3,H,W",
                )
        found.append((key, one))
    return tuple(found)


def _no_settings(name: str) -> CnncalcError:
    """What a setting is answered."""
    return CnncalcError(
        f"{name} is a module of PyTorch, which has no variables to set", "arguments: torch:FILE:NAME(...)"
    )
