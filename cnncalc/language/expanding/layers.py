"""Arguments -> a layer -> its node, with those of the `norm` and `act` that are written on it."""

from __future__ import annotations

import re
from typing import Any

from ...building import Builder, TooMany, Unlike, Unmet, weights_text
from ...dims import admitted
from ...errors import Diagnostic, Label, Mark, did_you_mean
from ...inputs import channels_last
from ...layers import KINDS, ArgumentError, Layer
from ...layers.base import Need, size_text
from ...layers.fields import shown
from ..expressions import Unknown
from ..steps import Arguments, Fault, Following, LayerCall
from ..words import switches_off
from .places import Local, Path, Place, Tensor
from .problems import TooLarge, fault


class Layers:
    """Makes the layers of an expansion, and their nodes."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.paths: dict[str, Tensor] = {}
        """The tensors by their paths: inputs, nodes and named steps."""

        self.renamed = 0
        """How often a path was taken and got a number."""

        self.axes = 2
        """Of the first input; for layers whose own input is unknown."""

    def run(self, call: LayerCall, place: Place, changes: Arguments, beside: tuple[str, ...] = ()) -> Tensor:
        """The layer of a step, and what follows it; `beside` are tensors that it reads too. Raises Unmet for those."""
        follow, at, mark = call.follow, place.at, place.step.mark
        if changes and call.kind.sugar:
            follow = [(name, following) for name, following in follow if name not in changes]
            follow += [(name, Following(changes[name], None)) for name in ("norm", "act") if name in changes]
            follow.sort(key=lambda followed: followed[0] == "act")
            changes = {name: value for name, value in changes.items() if name not in ("norm", "act")}
        if call.kind.flattens and at.shape is not None and len(at.shape) > 1:
            at = self._add(KINDS["flatten"](), place.path / "flatten", at, mark, place, {})
        if call.kind.starts and place.step.start is not None:
            message = f"`{call.kind.kind}` reads no tensor, and `from` gives it one"
            raise fault(message, place.step.start.mark, "leave `from` out; the step after it takes up what it needs")
        layer = self._made(call, mark, at, place.scope, changes)
        end = self._add(layer, place.path, at, mark, place, {**call.arguments, **changes}, beside)
        for sugar, following in follow:
            end = self._follow(sugar, following, end, place)
        return end

    def called(self, path: str, tensor: Tensor) -> None:
        """Give a tensor another path, that of a step."""
        self.paths[path] = tensor
        self.builder.reserve((path,))

    def add(self, layer: Layer, path: Path, inputs: tuple[str, ...], mark: Mark, place: Place) -> Tensor:
        """A node; the tensor is what it makes. A path that is taken gets a number, and so do the weights under it.

        Raises Unmet, Fault where it cannot share, TooLarge.
        """
        name, weights = path.name, path.weights
        if name in self.paths:
            self.renamed += 1
            name = self.builder.free(name)
            if not path.labelled and weights.rpartition("/")[2] == path.name.rpartition("/")[2]:
                weights += name[len(path.name) :]
        context = place.context
        try:
            name = self.builder.add(
                layer,
                inputs,
                name,
                weights_of=weights,
                frozen=context.frozen,
                train_only=context.train_only,
                mark=mark,
                origin=context.origin,
            )
        except Unlike as unlike:
            raise Fault(_unlike(unlike, mark)) from None
        except TooMany as many:
            raise TooLarge(many.message, mark) from None
        tensor = self.paths[name] = Tensor(name, self.builder.shapes[name])
        return tensor

    def _follow(self, sugar: str, following: Following, at: Tensor, place: Place) -> Tensor:
        word, mark = following.name(place.scope), following.name.mark
        if switches_off(sugar, word):
            return at
        call = word if isinstance(word, LayerCall) else following.call
        if call is None:
            if not isinstance(word, str) or word not in KINDS or KINDS[word].joins or KINDS[word].starts:
                raise fault(f"no layer kind {shown(word)}", mark, did_you_mean(str(word), KINDS))
            call = LayerCall(KINDS[word], {})
        layer = self._made(call, mark, at, place.scope, {})
        return self._add(layer, place.path / call.kind.kind, at, mark, place, call.arguments)

    def _made(self, call: LayerCall, mark: Mark, at: Tensor, scope: Local, changes: Arguments) -> Layer:
        """The layer of a call; calls with the same arguments give the same one."""
        axes = self.axes if at.shape is None else len(at.shape) - 1
        if call.constant and not changes and axes in call.made:
            return call.made[axes]
        arguments = {**call.arguments, **changes} if changes else call.arguments
        if "?" in arguments:
            raise Unknown
        values = {name: value(scope) for name, value in arguments.items()}
        for name, value in values.items():
            if (layer_given := _layer_in(value)) is not None:
                message = f"`{name}` of `{call.kind.kind}` is given a layer, `{layer_given}`"
                raise fault(message, arguments[name].mark, "a layer is for `act` and `norm`")
        key: Any = axes
        made = None
        if changes or not call.constant:
            try:
                key = (axes, tuple(changes), *[hashable(value) for value in values.values()])
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
        path: Path,
        at: Tensor,
        mark: Mark,
        place: Place,
        given: Arguments,
        beside: tuple[str, ...] = (),
    ) -> Tensor:
        if at.shape is None and not layer.starts:
            raise Unknown
        try:
            return self.add(layer, path, () if layer.starts else (at.name, *beside), mark, place)
        except Unmet as unmet:
            need = unmet.need
            if need.field.isdigit():  # of a tensor, which the one who named it blames
                raise
            blamed = given[need.field].mark if need.field in given else mark
            raise fault(f"`{layer.kind}`: {need.message}", blamed, self._order(need) or need.help) from None

    def _order(self, need: Need) -> str:
        """What to write where a window does not fit since the channels of an input come last."""
        last = [shape for shape in self.builder.inputs.values() if channels_last(shape)]
        if need.code != "window-fits" or not last:
            return ""
        return f"channels come first: input: {[last[0][-1], *last[0][:-1]]}"


def _layer_in(value: Any) -> LayerCall | None:
    """A layer that stands where a number or a word belongs, also inside a list."""
    if isinstance(value, list):
        return next((found for member in value if (found := _layer_in(member)) is not None), None)
    return value if isinstance(value, LayerCall) else None


def _unlike(unlike: Unlike, mark: Mark) -> Diagnostic:
    owner, theirs = unlike.owner, weights_text(unlike.owner.weights)
    place = owner.mark or mark
    labels = (Label(place, theirs),) if place != mark else ()
    notes = (f"{owner.name} has {theirs}",) if place == mark else ()
    return Diagnostic(unlike.message, mark, unlike.weights, labels=labels, notes=notes)


def hashable(value: Any) -> Any:
    """A key that tells `true` from 1, and a list from another."""
    if isinstance(value, bool):
        return str(value)
    return tuple(map(hashable, value)) if isinstance(value, list) else value


def _dollar(value: Any, scope: Local) -> str:
    """Help where a text without a dollar sign stands for an expression."""
    if not isinstance(value, str):
        return ""
    meant = re.sub(r"[A-Za-z_]\w*", lambda word: "$" * (word[0] in scope.values_) + word[0], value)
    return f"a variable has a dollar sign: `{meant}`" if meant != value else ""


def _example(kind: type[Layer]) -> str:
    needed = ", ".join(f"{name}: ..." for name, field in kind.fields.items() if field.required)
    return f"{kind.kind}: {{{needed}}}"
