"""Which block calls which: the blocks that are reached from the net, and those that call themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import Mark


class Calls:
    """The blocks of a spec, where they are declared, and the calls between them."""

    def __init__(self) -> None:
        self.blocks: dict[str, Mark] = {}
        self.caller = ""
        """The block that is being read; the net has no name."""

        self._called: dict[str, set[str]] = {}

    def add(self, *blocks: str) -> None:
        """Take note of calls in what is being read."""
        self._called.setdefault(self.caller, set()).update(blocks)

    def reached(self, caller: str = "") -> set[str]:
        """The blocks that a block calls, and what those call; by default, what the net does."""
        seen: set[str] = set()
        ahead = [caller]
        while ahead:
            for name in self._called.get(ahead.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    ahead.append(name)
        return seen

    def cycles(self) -> Iterator[list[str]]:
        """Blocks that call themselves over others: from the first of them around to itself, each cycle once."""
        done: set[str] = set()
        for start in self.blocks:
            path: dict[str, Iterator[str]] = {}
            ahead = start if start not in done else None
            while ahead is not None or path:
                if ahead is not None:
                    path[ahead] = iter(sorted(self._called.get(ahead, ())))
                ahead = next(path[(last := next(reversed(path)))], None)
                if ahead is None:
                    done.add(last)
                    del path[last]
                elif ahead in path:
                    way = list(path)
                    yield [*way[way.index(ahead) :], ahead]
                    ahead = None
                    done.update(path)
                    path.clear()
                elif ahead in done:
                    ahead = None
