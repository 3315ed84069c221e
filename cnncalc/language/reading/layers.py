"""A layer kind with its arguments: `{out: 64, kernel: 3, norm: batchnorm}`, and `defaults:` for all of its kind."""

from __future__ import annotations

from typing import Any

from ...errors import Mark, did_you_mean
from ...layers import KINDS, Layer
from ..expressions import LOST
from ..steps import Following, LayerCall, Value
from ..words import MODIFIERS, OTHER_WORDS, SUGAR, switches_off
from ..yaml import Node
from .values import Values


class LayerReader:
    """Reads the layers of a spec."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.report = values.report
        self.names = values.names
        self._defaults: dict[str, dict[str, Value]] = {}
        self._default_marks: dict[str, Mark] = {}

    def defaults(self, node: Node | None) -> None:
        """Read `defaults:`."""
        if node is None or node.value is None:
            return
        if not node.is_mapping:
            self.report("`defaults` is a mapping from kinds to arguments", node.mark, "defaults: {conv: {bias: false}}")
            return
        for name, (key, value) in node.entries.items():
            if name not in KINDS:
                self.report(f"no layer kind `{name}`", key.mark, did_you_mean(name, KINDS))
                self.names.pass_over(value)
                continue
            self._default_marks[name] = key.mark
            self._defaults[name] = self._arguments(KINDS[name], value)

    def unused_defaults(self) -> None:
        """Report the defaults for a kind that no step is."""
        for kind, mark in self._default_marks.items():
            if not any(KINDS[used].inherits == kind or used == kind for used in self.names.kinds):
                self.report(f"`defaults` for `{kind}`, and no step is one", mark, "remove them")

    def layer(self, kind: type[Layer], value: Node, follows: bool = False) -> LayerCall:
        """A layer with the arguments at a node, and the defaults of its kind.

        One that follows another (`act: relu`) takes no norm and no activation of the defaults: those could go on.
        """
        given = self._arguments(kind, value)
        arguments: dict[str, Value] = {}
        for name, default in self._defaults.get(kind.inherits or "", {}).items():
            if name not in kind.not_inherited and (name in kind.fields or name in SUGAR):
                arguments[name] = default
        arguments.update(self._defaults.get(kind.kind, {}))
        if follows:
            arguments = {name: default for name, default in arguments.items() if name not in SUGAR}
        arguments.update(given)
        for argument in arguments.values():
            self.names.read(argument)
        follow = [(name, self._following(arguments.pop(name))) for name in SUGAR if kind.sugar and name in arguments]
        return LayerCall(kind, arguments, follow)

    def _arguments(self, kind: type[Layer], node: Node) -> dict[str, Value]:
        fields = kind.fields
        if node.value is None:
            return {}
        if not node.is_mapping:
            if kind.main is None:
                help = (
                    f"its arguments, each by its name: {', '.join(fields)}" if fields else f"write `{kind.kind}` alone"
                )
                self.report(f"`{kind.kind}` has no argument that may stand alone", node.mark, help)
                self.names.pass_over(node)
                return {"?": Value(node.mark, LOST)}
            return {kind.main: self.values.value(node)}
        known = [*fields, *(SUGAR if kind.sugar else ())]
        values = {}
        for name, (key, value) in node.entries.items():
            if name in known:
                values[name] = self._sugar(name, value) if kind.sugar and name in SUGAR else self.values.value(value)
                continue
            other = OTHER_WORDS.get(name.lower(), "")
            near = f"write `{other}`" if other in known else did_you_mean(name, known)
            if name in MODIFIERS:
                near = f"`{name}` is a modifier and stands beside `{kind.kind}`, outside its braces"
            help = near or (f"its arguments: {', '.join(known)}" if known else "it takes none")
            self.report(f"`{kind.kind}` has no argument `{name}`", key.mark, help)
            self.names.pass_over(value)
            values["?"] = Value(key.mark, LOST)
        return values

    def _sugar(self, sugar: str, node: Node) -> Value:
        """`norm: batchnorm`, `act: {leakyrelu: 0.1}`: kept as a node, read as a step of its own."""
        if node.is_mapping:
            if len(node.entries) == 1:
                return self._kind(node)
            self.report("one kind is meant here", node.mark, "act: {leakyrelu: 0.1}")
            self.names.pass_over(node)
            return Value(node.mark, LOST)
        value = self.values.value(node)
        if value.members is not None:
            self.report("one layer kind is meant here", node.mark, "for instance `act: relu`")
            return Value(node.mark, LOST)
        if value.is_constant and value.constant is not LOST and not switches_off(sugar, value.constant):
            return value if self._follows(value.constant, node.mark) else Value(node.mark, LOST)
        return value

    def value(self, node: Node) -> Value:
        """A value, or one in a list, that may also be a layer kind with its arguments, for an `act` to take up."""
        if node.is_sequence:
            return Value(node.mark, members=tuple(map(self.value, node.items)))
        if node.is_mapping and len(node.entries) == 1 and next(iter(node.entries)) in KINDS:
            return self._kind(node)
        return self.values.value(node)

    def _kind(self, node: Node) -> Value:
        ((word, (key, argument)),) = node.entries.items()
        if not self._follows(word, key.mark):
            self.names.pass_over(argument)
            return Value(node.mark, LOST)
        return Value(key.mark, constant=self.layer(KINDS[word], argument, follows=True))

    def _follows(self, word: Any, mark: Mark) -> bool:
        """Whether a layer kind may follow a step; reported where not."""
        if not isinstance(word, str) or not word:
            self.report("one layer kind is meant here", mark, "for instance `act: relu`; `act: none` switches it off")
        elif word not in KINDS:
            self.report(f"no layer kind `{word}`", mark, OTHER_WORDS.get(word.lower()) or did_you_mean(word, KINDS))
        elif KINDS[word].joins:
            help = f"write it as a step: `{word}: [...]`"
            self.report(f"`{word}` joins branches and cannot follow a step", mark, help)
        elif KINDS[word].starts:
            self.report(
                f"`{word}` reads no tensor and cannot follow a step", mark, f"write it as a step: `{word}: ...`"
            )
        else:
            self.names.kinds.add(word)
            return True
        return False

    def _following(self, value: Value) -> Following:
        if isinstance(value.constant, LayerCall):
            return Following(Value(value.mark, constant=value.constant.kind.kind), value.constant)
        if value.is_constant and isinstance(value.constant, str) and value.constant in KINDS:
            return Following(value, self.layer(KINDS[value.constant], Node(None, value.mark), follows=True))
        return Following(value, None)
