"""Arguments -> a layer -> its node, with those of the `norm` and `act` that are written on it."""

from __future__ import annotations

import re
from typing import Any

from ...building import Unmet
from ...dims import admitted
from ...errors import Mark, did_you_mean
from ...layers import KINDS, ArgumentError, Layer
from ...layers.base import size_text
from ...layers.fields import shown
from ..expressions import Unknown
from ..steps import Arguments, Following, LayerCall, Step
from ..words import switches_off
from .nodes_made import Nodes
from .problems import fault
from .tensors import Context, Local, Tensor


class Layers:
    """Makes the layers of an expansion, and their nodes."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.axes = 2
        """Of the first input; for layers whose own input is unknown."""

    def run(
        self,
        call: LayerCall,
        path: str,
        shared: str,
        step: Step,
        at: Tensor,
        context: Context,
        scope: Local,
        changes: Arguments,
    ) -> Tensor:
        """The layer of a step, and what follows it."""
        follow = call.follow
        if changes and call.kind.sugar:
            follow = [(name, following) for name, following in follow if name not in changes]
            follow += [(name, Following(changes[name], None)) for name in ("norm", "act") if name in changes]
        if call.kind.flattens and at.shape is not None and len(at.shape) > 1:
            at = self._add(KINDS["flatten"](), f"{path}/flatten", f"{shared}/flatten", at, step.mark, context)
        layer = self._made(call, step.mark, at, scope, changes)
        end = self._add(layer, path, shared, at, step.mark, context, call.arguments, changes)
        for sugar, following in follow:
            end = self._follow(sugar, following, path, shared, end, context, scope)
        return end

    def _follow(
        self, sugar: str, following: Following, path: str, shared: str, at: Tensor, context: Context, scope: Local
    ) -> Tensor:
        word = following.name(scope)
        if switches_off(sugar, word):
            return at
        call = word if isinstance(word, LayerCall) else following.call
        if call is None:
            if not isinstance(word, str) or word not in KINDS or KINDS[word].joins:
                raise fault(f"no layer kind {shown(word)}", following.name.mark, did_you_mean(str(word), KINDS))
            call = LayerCall(KINDS[word], {})
        layer = self._made(call, following.name.mark, at, scope, {})
        kind = call.kind.kind
        return self._add(layer, f"{path}/{kind}", f"{shared}/{kind}", at, following.name.mark, context, call.arguments)

    def _made(self, call: LayerCall, mark: Mark, at: Tensor, scope: Local, changes: Arguments) -> Layer:
        """The layer of a call; calls with the same arguments give the same one."""
        axes = self.axes if at.shape is None else len(at.shape) - 1
        if call.constant and not changes and axes in call.made:
            return call.made[axes]
        arguments = {**call.arguments, **changes} if changes else call.arguments
        if "?" in arguments:
            raise Unknown
        values = {name: value(scope) for name, value in arguments.items()}
        key: Any = axes
        made = None
        if changes or not call.constant:
            try:
                key = (axes, tuple(changes), *[_hashable(value) for value in values.values()])
                made = call.made.get(key)
            except TypeError:  # arrays cannot be a key
                key = None
        if made is not None:
            return made
        problem = call.kind.check(axes)
        if problem and at.shape is not None:
            help = "move it before the `flatten`, or `reshape` to a map" if len(at.shape) == 1 else ""
            raise fault(f"`{call.kind.kind}` {problem}: {size_text(at.shape)}", mark, help)
        try:
            layer = call.kind.read({name: admitted(value) for name, value in values.items()}, axes)
        except ArgumentError as error:
            place = arguments[error.field].mark if error.field in arguments else mark
            help = _example(call.kind) if not error.field else _dollar(values[error.field], scope)
            raise fault(error.message, place, help) from None
        if key is not None:
            call.made[key] = layer
        return layer

    def _add(
        self,
        layer: Layer,
        path: str,
        shared: str,
        at: Tensor,
        mark: Mark,
        context: Context,
        arguments: Arguments | None = None,
        changes: Arguments | None = None,
    ) -> Tensor:
        if at.shape is None:
            raise Unknown
        try:
            return self.nodes.add(layer, path, shared, (at.name,), mark, context)
        except Unmet as unmet:
            need, given = unmet.need, {**(arguments or {}), **(changes or {})}
            place = given[need.field].mark if need.field in given else mark
            raise fault(f"`{layer.kind}`: {need.message}", place, need.help) from None


def _hashable(value: Any) -> Any:
    """A key that tells `true` from 1, and a list from another."""
    if isinstance(value, bool):
        return str(value)
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _dollar(value: Any, scope: Local) -> str:
    """Help where a text without a dollar sign stands for an expression."""
    if not isinstance(value, str):
        return ""
    meant = re.sub(r"[A-Za-z_]\w*", lambda word: "$" * (word[0] in scope.values_) + word[0], value)
    return f"a variable has a dollar sign: `{meant}`" if meant != value else ""


def _example(kind: type[Layer]) -> str:
    needed = ", ".join(f"{name}: ..." for name, field in kind.fields.items() if field.required)
    return f"{kind.kind}: {{{needed}}}"
