"""Tensors by where they lie: one is written over together with what it is a view of, and with its other views.

y = x.relu_()                  whoever reads x from here on reads relu(x)
mask[:, 1:4] = n               mask is, from here on, the slice_scatter of it and what has been written
a, b = x.chunk(2); x.zero_()   a is taken of x again where it is read
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any


class Unlike(Exception):
    """This forward pass cannot be recorded."""


@dataclass(frozen=True)
class Lies:
    """Where a tensor lies: those that agree in it are always equal."""

    storage: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: Any


def lies(tensor: Any) -> Lies:
    """Where a tensor lies."""
    place = tensor.untyped_storage()._cdata
    return Lies(place, tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)


@dataclass
class Storage:
    """What tensors lie in."""

    kept: Any
    """Itself, so that no other comes to be where it was."""

    written: int = 0
    """How often it was written over."""


@dataclass
class Value:
    """The tensor that lies at a place."""

    lies: Lies
    storage: Storage
    node: Any
    """What makes it, as of so many writings."""

    written: int
    whole: Value | None = None
    """What it is a view of."""

    taken: Any = None
    """The node that has taken it of that."""


class Values:
    """The values of a forward pass so far, and the graph that makes them."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.at: dict[Lies, Value] = {}
        self.storages: dict[int, Storage] = {}
        self.of_writing: list[Any] = []
        """Nodes that no call of an operator has made."""

    def known(self, tensor: Any) -> Any:
        """The node of a tensor as it is now, None for one that nothing has made. Raises Unlike."""
        found = self.at.get(lies(tensor))
        return None if found is None else self._now(found)

    def made(self, tensor: Any, node: Any, read: Any = None) -> None:
        """A node makes a tensor, which is a view of the first that it has read if it lies in the same storage."""
        where = lies(tensor)
        same = self.at.get(where)
        if same is not None:  # nothing was moved, and it is made again as it was made
            same.node, same.written = node, same.storage.written
            return
        whole = None
        if where.storage in self.storages:
            whole = None if read is None else self.at.get(lies(read))
            if whole is None or whole.lies.storage != where.storage:
                raise Unlike(where.shape)
        storage = self.storages.setdefault(where.storage, Storage(tensor.untyped_storage()))
        self.at[where] = Value(where, storage, node, storage.written, whole, node)

    def write(self, tensor: Any, node: Any) -> None:
        """What a node makes is written over a tensor, and so into what that is a view of. Raises Unlike."""
        value: Value | None = self.at[lies(tensor)]
        new, changed = node, []
        while value is not None:
            changed.append((value, new))
            if value.whole is not None:
                new = self._put(value, value.whole, new)
            value = value.whole
        storage = changed[0][0].storage
        storage.written += 1
        for one, made in changed:
            one.node, one.written = made, storage.written

    def _now(self, value: Value) -> Any:
        """The node of a value, made again where the whole was written over."""
        if value.written != value.storage.written:
            if value.whole is None:
                raise Unlike(value.lies.shape)
            taken, whole = value.taken, self._now(value.whole)
            if taken.target is operator.getitem:
                parts = self._again(taken.args[0], whole)
                value.node = self._add(operator.getitem, (parts, taken.args[1]), "getitem", taken.meta)
            else:
                value.node = self._again(taken, whole)
            value.written = value.storage.written
        return value.node

    def _again(self, node: Any, whole: Any) -> Any:
        if node.all_input_nodes != [node.args[0]]:
            raise Unlike(node.name)
        return self._add(node.target, (whole, *node.args[1:]), node.name, node.meta, node.kwargs)

    def _put(self, value: Value, whole: Value, new: Any) -> Any:
        """The whole with a view of it written over, by how the two lie."""
        from torch import ops

        aten, part, of = ops.aten, value.lies, whole.lies
        old = self._now(whole)
        meta = {**new.meta, "val": old.meta["val"]}
        if (part.shape, part.strides, part.offset) == (of.shape, of.strides, of.offset):
            return new
        if part.offset == of.offset and (_dense(part) and _dense(of) and prod(part.shape) == prod(of.shape)):
            return self._add(aten.reshape.default, (new, list(of.shape)), "reshape", meta)
        if part.offset == of.offset and _long(part) == _long(of):
            return self._add(aten.reshape.default, (new, list(of.shape)), "reshape", meta)
        if part.offset == of.offset and (order := _order(part, of)):
            return self._add(aten.permute.default, (new, order), "permute", meta)
        for axis, start, step in _slices(part, of):
            if step == 0:
                return self._add(aten.select_scatter.default, (old, new, axis, start), "select_scatter", meta)
            end = start + step * (part.shape[axis] - 1) + 1
            return self._add(aten.slice_scatter.default, (old, new, axis, start, end, step), "slice_scatter", meta)
        raise Unlike(part.shape)

    def _add(self, target: Any, args: Any, name: str, meta: Any, kwargs: Any = None) -> Any:
        node = self.add(target, args, name, meta, kwargs)
        self.of_writing.append(node)
        return node

    def done(self) -> None:
        """Leave out what was made again, or put back, and read by nobody."""
        for node in reversed(self.of_writing):
            if not node.users:
                self.graph.erase_node(node)

    def add(self, target: Any, args: Any, name: str, meta: Any, kwargs: Any = None) -> Any:
        """One more node, with what is known of another."""
        node = self.graph.create_node("call_function", target, args, dict(kwargs or {}), name=name)
        node.meta = dict(meta)
        return node


def _dense(one: Lies) -> bool:
    """Whether its numbers lie one behind the other in their order."""
    steps = [prod(one.shape[axis + 1 :]) for axis in range(len(one.shape))]
    return all(size == 1 or stride == step for size, stride, step in zip(one.shape, one.strides, steps, strict=True))


def _long(one: Lies) -> list[tuple[int, int]]:
    """Size and stride of the axes that have more than one position."""
    return [pair for pair in zip(one.shape, one.strides, strict=True) if pair[0] != 1]


def _order(part: Lies, of: Lies) -> list[int]:
    """The axes of the part in the order of the whole, [] where they are no such."""
    left = list(enumerate(zip(part.shape, part.strides, strict=True)))
    order = []
    for size, stride in zip(of.shape, of.strides, strict=True):
        fit = next((one for one in left if one[1][0] == size and (size == 1 or one[1][1] == stride)), None)
        if fit is None:
            return []
        left.remove(fit)
        order.append(fit[0])
    return [] if left else order


def _slices(part: Lies, of: Lies) -> Iterator[tuple[int, int, int]]:
    """Axis, start and step of the part in the whole; a step of 0 where the axis is gone."""
    whole, mine = (list(zip(one.shape, one.strides, strict=True)) for one in (of, part))
    for axis, (_, stride) in enumerate(whole):
        others = whole[:axis] + whole[axis + 1 :]
        if stride == 0 or (part.offset - of.offset) % stride:
            continue
        start = (part.offset - of.offset) // stride
        if mine == others:
            yield axis, start, 0
        elif len(mine) == len(whole) and mine[:axis] + mine[axis + 1 :] == others and mine[axis][0]:
            yield axis, start, max(1, mine[axis][1] // stride) if mine[axis][0] > 1 else 1
