"""A tree of YAML nodes -> a Document of steps. Everything is reported that can be seen without a single size."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from ..errors import MOST_SHOWN, Diagnostic, Label, Mark, SpecError, did_you_mean
from ..layers import KINDS, Layer
from ..layers.fields import shown
from .expressions import LOST, Expression, ExpressionError, Template
from .steps import (
    Block,
    BlockCall,
    Branch,
    Document,
    Fault,
    Following,
    Group,
    Head,
    JoinCall,
    LayerCall,
    Loop,
    Lost,
    Parameter,
    Reference,
    Step,
    Value,
    located,
)
from .words import BRANCH_KEYS, EXPECT_KEYS, MODIFIERS, OPERATIONS, OTHER_WORDS, SUGAR, TOP_KEYS
from .yaml import Node, compose, scalar

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
TENSOR_NAME = re.compile(r"[\w.+\-/\[\]${} ]+")
HEAD = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)
AMBIENT = ("in", "prev", "i")
"""Variables that are there without being declared."""


def read(text: str, name: str, problems: list[Diagnostic]) -> Document:
    """The document in a YAML text. Problems are added to the list; SpecError only where nothing can be read."""
    return _Reader(problems).document(compose(text, name, problems))


class _Names:
    """The variables of one scope and which of them have been read."""

    def __init__(self, marks: Mapping[str, Mark], what: str) -> None:
        self.marks = marks
        self.what = what
        self.used: set[str] = set()


class _Reader:
    def __init__(self, problems: list[Diagnostic]) -> None:
        self.problems = problems
        self.scopes: list[_Names] = []
        self.block_names: dict[str, Mark] = {}
        self.calls: dict[str, set[str]] = {}
        self.caller = ""
        self.defaults: dict[str, dict[str, Value]] = {}
        self.default_marks: dict[str, Mark] = {}
        self.kinds_used: set[str] = set()
        self.tensor_names: dict[str, Mark] = {}
        self.patterns: list[re.Pattern[str]] = []
        """The same for names with expressions in them."""
        self.labels: dict[str, list[Mark]] = {}
        """Where `share` names weights, once for each use; a label in a block or loop counts as often as it needs."""
        self.turning = 0
        """How many steps that are repeated this is inside."""
        self.signatures: dict[str, tuple[tuple[Parameter, ...], dict[str, Mark]]] = {}
        self.refused: set[str] = set()
        """Words that a block may not have; steps of that name are passed over."""
        self.unresolved: dict[tuple[str, Value | Reference], str] = {}
        """Variables that no scope has, and the nearest one that a scope has."""
        self.blocks: dict[str, Block] = {}
        self.inputs: tuple[str, ...] = ()

    def report(self, message: str, mark: Mark, help: str = "", labels: tuple[Label, ...] = ()) -> None:
        self.problems.append(Diagnostic(message, mark, help=help, labels=labels))
        if len(self.problems) > MOST_SHOWN:
            raise SpecError(self.problems)

    def _report_fault(self, fault: Fault) -> None:
        self.report(fault.diagnostic.message, fault.diagnostic.mark, fault.diagnostic.help)

    # --- the document ----------------------------------------------------------------------------------------

    def document(self, root: Node) -> Document:
        if not root.is_mapping:
            what = "is empty" if root.value is None else "does not start with a key"
            self.report(f"the spec {what}", root.mark, "a spec needs `input: [3, 224, 224]` and `net:` with steps")
            return Document("", "", {}, {}, {}, {}, (), {}, None, None, None, root.mark)
        self._known_keys(root, TOP_KEYS, "a spec")
        variables, marks = self._variables(root.get("vars"))
        self.scopes.append(_Names(marks, "variable"))
        for value in variables.values():
            self._note_names(value)
        inputs, input_marks = self._inputs(root)
        self.inputs = tuple(inputs)
        self._block_names(root.get("blocks"))
        self._defaults(root.get("defaults"))
        self._blocks(root.get("blocks"))
        net = root.get("net")
        self.caller = ""
        if net is None:
            self.report("the spec has no `net:`", root.mark, "`net:` holds the list of steps")
            steps: tuple[Step, ...] = ()
        else:
            steps = self._steps(net)
            if not steps and not net.value:
                self.report("the `net:` has no steps", net.mark, "net: [{conv: {out: 64, kernel: 3}}, relu]")
        expect = root.get("expect")
        if expect is not None and expect.is_mapping:
            self._known_keys(expect, EXPECT_KEYS, "`expect`")
        self._unused()
        name, source = root.get("name"), root.get("source")
        return Document(
            self._text(name, "name"),
            self._text(source, "source"),
            inputs,
            input_marks,
            variables,
            self.blocks,
            steps,
            self.tensor_names,
            root.get("expect"),
            root.get("budget"),
            root.get("notes"),
            net.mark if net else root.mark,
        )

    def _known_keys(self, node: Node, known: Iterable[str], what: str) -> None:
        for key, (key_node, _) in node.entries.items():
            if key not in known:
                help = did_you_mean(key, known) or f"known keys: {', '.join(known)}"
                self.report(f"{what} has no key `{key}`", key_node.mark, help)

    def _text(self, node: Node | None, what: str) -> str:
        if node is None:
            return ""
        if isinstance(node.value, dict | list):
            self.report(f"`{what}` is a text", node.mark)
            return ""
        return "" if node.value is None else str(node.value)

    def _variables(self, node: Node | None) -> tuple[dict[str, Value], dict[str, Mark]]:
        if node is None or node.value is None:
            return {}, {}
        if not node.is_mapping:
            self.report("`vars` is a mapping from names to values", node.mark, "vars: {width: 64, classes: 1000}")
            return {}, {}
        values, marks = {}, {}
        for name, (key, value) in node.entries.items():
            if not IDENTIFIER.fullmatch(name) or name in AMBIENT:
                self.report(f"`{name}` cannot be the name of a variable", key.mark, _name_rule(name))
                continue
            values[name], marks[name] = self._value(value, note=False), key.mark
        return values, marks

    def _inputs(self, root: Node) -> tuple[dict[str, tuple[Value, ...]], dict[str, Mark]]:
        node = root.get("input")
        if node is None or (node.is_mapping and not node.entries):
            self.report("the spec has no `input:`", root.mark, "input: [3, 224, 224]: channels, then the spatial axes")
            return {}, {}
        if node.is_mapping:
            entries = node.entries
        else:
            entries = {"input": (node, node)}
        inputs, marks = {}, {}
        for name, (key, value) in entries.items():
            if not IDENTIFIER.fullmatch(name) or name in AMBIENT:
                self.report(f"`{name}` cannot be the name of an input", key.mark, _name_rule(name))
                continue
            members = value.items if value.is_sequence else []
            if not 1 <= len(members) <= 4:
                sizes = re.findall(r"\d+", str(value.value)) if not value.is_mapping and not value.is_sequence else []
                help = f"input: [{', '.join(sizes) if sizes else '3, 224, 224'}]"
                self.report("an input is a list: channels, then 1, 2 or 3 spatial axes", value.mark, help)
                continue
            inputs[name] = tuple(self._value(member) for member in members)
            marks[name] = key.mark if node.is_mapping else value.mark
        return inputs, marks

    def _defaults(self, node: Node | None) -> None:
        if node is None or node.value is None:
            return
        if not node.is_mapping:
            self.report("`defaults` is a mapping from kinds to arguments", node.mark, "defaults: {conv: {bias: false}}")
            return
        for name, (key, value) in node.entries.items():
            if name not in KINDS:
                self.report(f"no layer kind `{name}`", key.mark, did_you_mean(name, KINDS))
                self._passed_over(value)
                continue
            self.default_marks[name] = key.mark
            self.defaults[name] = self._arguments(KINDS[name], value)

    def _unused(self) -> None:
        for name in self.scopes[0].marks:
            if name not in self.scopes[0].used:
                self.report(f"the variable `{name}` is not used", self.scopes[0].marks[name], f"`${name}` reads it")
        for kind, mark in self.default_marks.items():
            if not any(KINDS[used].inherits == kind or used == kind for used in self.kinds_used):
                self.report(f"`defaults` for `{kind}`, and no step is one", mark, "remove them")
        reached = self._reached("")
        for name, mark in self.block_names.items():
            if name not in reached:
                self.report(f"the block `{name}` is not used", mark, f"remove it, or call it: `- {name}`")
        for label, marks in self.labels.items():
            if len(marks) == 1 and label not in self.tensor_names:
                known = [*(other for other in self.labels if other != label), *self.tensor_names]
                help = did_you_mean(label, known) or "steps that share have the same label; or name a step's `as`"
                self.report(f"nothing else shares the weights `{label}`", marks[0], help)
        self._unknown_names()

    def _unknown_names(self) -> None:
        """Variables that are none, once a scope is whole; the name of a tensor may stand for its facts."""
        for (name, value), near in self.unresolved.items():
            if name in self.inputs or name in self.tensor_names or any(p.fullmatch(name) for p in self.patterns):
                continue
            help = f"did you mean `${near}`?" if near else did_you_mean(name, [*self.inputs, *self.tensor_names])
            if not help and self.scopes[0].marks:
                help = f"known here: {', '.join(f'${word}' for word in self.scopes[0].marks)}"
            elsewhere = next((b for b, (_, marks) in self.signatures.items() if name in marks), None)
            if elsewhere:
                help = f"the parameter of `{elsewhere}` is known in that block only: hand it on as a parameter"
            fault = value.blamed(name, f"no variable `${name}` here", help)
            if all((fault.mark, fault.message) != (known.mark, known.message) for known in self.problems):
                self.report(fault.message, fault.mark, fault.help)

    def _reached(self, caller: str) -> set[str]:
        """The blocks that a block calls, and what those call."""
        seen: set[str] = set()
        ahead = [caller]
        while ahead:
            for name in self.calls.get(ahead.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    ahead.append(name)
        return seen

    # --- blocks ----------------------------------------------------------------------------------------------

    def _block_names(self, node: Node | None) -> None:
        if node is None or node.value is None:
            return
        if not node.is_mapping:
            help = "blocks: {name(a, b=1): [steps]}, and no `-` before a name"
            self.report("`blocks` is a mapping from `name(parameters)` to steps", node.mark, help)
            return
        for signature, (key, body) in node.entries.items():
            name = signature.partition("(")[0].strip()
            head = HEAD.fullmatch(signature)
            if head is None:
                self.report(f"`{signature}` is not the head of a block", key.mark, "write `name(a, b=1): [steps]`")
            elif name in KINDS or name in OPERATIONS or name in MODIFIERS:
                message = f"`{name}` is a word of the language and cannot be the name of a block"
                self.report(message, key.mark, f"for instance `my_{name}`")
            elif name in self.block_names:
                first = Label(self.block_names[name], "first here")
                self.report(f"two blocks have the name `{name}`", key.mark, "rename one of the two", labels=(first,))
                self._passed_over(body)
                continue
            else:
                self.block_names[name] = key.mark
                self.signatures[name] = self._parameters(head[2] or "", signature, key)
                continue
            self.refused.add(name)
            self._passed_over(body)

    def _blocks(self, node: Node | None) -> None:
        if node is None or not node.is_mapping:
            return
        for signature, (key, body) in node.entries.items():
            name = signature.partition("(")[0].strip()
            if self.block_names.get(name) is not key.mark:
                continue
            parameters, marks = self.signatures[name]
            self.caller = name
            with self._scope(marks, f"the parameter `{{name}}` of the block `{name}` is not used"):
                for parameter in parameters:
                    if parameter.default is not None:
                        self._note_names(parameter.default)
                steps = self._steps(body)
            self.blocks.setdefault(name, Block(name, parameters, steps, key.mark))
        for cycle in self._cycles():
            message = f"the block `{cycle[0]}` calls itself: {' -> '.join(cycle)}"
            self.report(message, self.block_names[cycle[0]], "repeat a step with `repeat:` instead")

    def _cycles(self) -> Iterator[list[str]]:
        """Blocks that call themselves over others: from the first of them around to itself, each cycle once."""
        done: set[str] = set()
        for start in self.block_names:
            path: dict[str, Iterator[str]] = {}
            ahead = start if start not in done else None
            while ahead is not None or path:
                if ahead is not None:
                    path[ahead] = iter(sorted(self.calls.get(ahead, ())))
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

    def _parameters(self, text: str, signature: str, key: Node) -> tuple[tuple[Parameter, ...], dict[str, Mark]]:
        parameters, marks = [], {}
        offset = signature.index("(") + 1 if text else 0
        for part in _split(text):
            name, equals, default = part.partition("=")
            start = offset + len(name) - len(name.lstrip())
            mark = key.mark.at(start, len(part.strip()))
            offset += len(part) + 1
            name = name.strip()
            if not IDENTIFIER.fullmatch(name) or name in AMBIENT or name in marks:
                again = "stands twice" if name in marks else "cannot be the name of a parameter"
                self.report(
                    f"`{name}` {again}", mark, _name_rule(name) if name not in marks else "write `name(a, b=1)`"
                )
                continue
            value = None
            if equals:
                where = key.mark.at(start + len(name) + 1, len(default.strip()))
                value = self._value(_inline(default.strip(), where), note=False)
            parameters.append(Parameter(name, value))
            marks[name] = mark
        return tuple(parameters), marks

    @contextmanager
    def _scope(self, marks: Mapping[str, Mark], what: str) -> Iterator[None]:
        names = _Names(marks, what)
        self.scopes.append(names)
        yield
        self.scopes.pop()
        for name, mark in marks.items():
            if name not in names.used and not name.startswith("_"):
                help = f"`${name}` reads it; a name that starts with `_` may stay unused"
                self.report(what.format(name=name), mark, help)

    # --- steps -----------------------------------------------------------------------------------------------

    def _steps(self, node: Node | None) -> tuple[Step, ...]:
        if node is None or node.value is None:
            return ()
        steps = [self._step(member) for member in (node.items if node.is_sequence else [node])]
        _label(steps)
        return tuple(steps)

    def _step(self, node: Node) -> Step:
        """A step; one that cannot be read is reported and lost, and what follows from that is silent."""
        if node.is_sequence:
            return Step(node.mark, Group(self._steps(node)), "group")
        if node.is_text:
            return Step(node.mark, self._operation(node.value, node, Node(None, node.mark)) or Lost(), node.value)
        if not node.is_mapping or not node.entries:
            self.report("a step is a word or a mapping with one operation", node.mark, "- conv: {out: 64, kernel: 3}")
            return Step(node.mark, Lost(), "")
        word = self._word(node)
        step = Step(node.entries[word][0].mark if word else node.mark, Lost(), word or "")
        self._modifiers(step, node)
        if word is None:
            self._passed_over(node)
            return step
        key, value = node.entries[word]
        self.turning += bool({"repeat", "each"} & set(node.entries))
        body = self._loop(node) if word == "for" else self._operation(word, key, value)
        self.turning -= bool({"repeat", "each"} & set(node.entries))
        self._check_overrides(node, body, {"first": step.first, "last": step.last, "each": step.each})
        if body is None:
            self._passed_over(node)
            return step
        step.body = body
        step.word = {"for": "row", "do": "group"}.get(word, word)
        return step

    def _word(self, node: Node) -> str | None:
        words = [key for key in node.entries if key not in MODIFIERS]
        if "for" in words:
            words = [word for word in words if word not in ("in", "do")]
        known = [word for word in words if word in KINDS or word in OPERATIONS or self._is_block(word)]
        if len(words) == 1:
            return words[0]
        if "in" in words and "do" in words:
            message = "`in` and `do` go with `for`, which names the values of a row"
            self.report(message, node.entries["in"][0].mark, "for: [out, stride], in: [[64, 1], [128, 2]], do: [...]")
            return None
        if not words:
            self.report(
                "a step needs an operation besides its modifiers", node.mark, "- {conv: {out: 64, kernel: 3}, as: stem}"
            )
            return None
        if len(known) == 1:
            for word in words:
                if word not in known:
                    self._misplaced(word, node.entries[word][0].mark, known[0])
                    self._passed_over(node.entries[word][1])
            return known[0]
        shown = " and ".join(f"`{word}`" for word in words)
        self.report(
            f"a step has one operation, and this has {shown}",
            node.entries[words[1]][0].mark,
            "each step of a list starts with `-`",
        )
        return None

    def _misplaced(self, word: str, mark: Mark, kind: str) -> None:
        fields = KINDS[kind].fields if kind in KINDS else {}
        if word in fields:
            help = f"`{word}` is an argument of `{kind}` and stands inside its braces: `{kind}: {{{word}: ...}}`"
        else:
            help = did_you_mean(word, MODIFIERS) or f"besides the operation: {', '.join(MODIFIERS)}"
        self.report(f"`{word}` is neither an operation nor a modifier", mark, help)

    def _is_block(self, word: str) -> bool:
        from .builtin import BUILTIN

        return word in self.block_names or word in BUILTIN

    def _modifiers(self, step: Step, node: Node) -> None:
        for key, (key_node, value) in node.entries.items():
            if key == "as":
                step.name = self._reference(value, "as")
                if step.name and step.name.text in ("in", "prev"):
                    meant = "enters the block" if step.name.text == "in" else "enters the step"
                    self.report(f"`{step.name.text}` is always the tensor that {meant}", value.mark, "use another name")
                    step.name = None
                elif step.name:
                    self._named(step.name)
            elif key == "from":
                step.start = self._reference(value, "from")
                if step.start is None:
                    step.body = Lost()
            elif key in ("when", "repeat"):
                setattr(step, key, self._value(value))
            elif key in ("first", "last", "each"):
                if value.is_mapping and value.entries:
                    setattr(step, key, {name: self._value(member) for name, (_, member) in value.entries.items()})
                else:
                    example = "[2, 1, 1]" if key == "each" else "2"
                    self.report(f"`{key}` is a mapping of arguments", value.mark, f"{key}: {{stride: {example}}}")
                    self._passed_over(value)
            elif key == "share":
                step.share = self._reference(value, "share")
                if step.share and not step.share.names:
                    again = (
                        self.caller or len(self.scopes) > 1 or self.turning or {"repeat", "each"} & set(node.entries)
                    )
                    self.labels.setdefault(step.share.text, []).extend([value.mark] * (2 if again else 1))
            elif key in ("frozen", "train_only"):
                if isinstance(value.value, bool):
                    setattr(step, key, value.value)
                else:
                    said = f", and is {shown(value.value)}" if not isinstance(value.value, dict | list) else ""
                    self.report(f"`{key}` must be true or false{said}", value.mark, f"{key}: true")
            if key in ("first", "last") and "repeat" not in node.entries and "each" not in node.entries:
                self.report(f"`{key}` goes with `repeat`", key_node.mark, f"{{..., repeat: 3, {key}: {{...}}}}")

    def _check_overrides(self, node: Node, body: Any, overrides: Mapping[str, Mapping[str, Value]]) -> None:
        for modifier, arguments in overrides.items():
            if not arguments or body is None or isinstance(body, Lost):
                continue
            if isinstance(body, LayerCall):
                known: Iterable[str] = [*body.kind.fields, *(SUGAR if body.kind.sugar else ())]
            elif isinstance(body, BlockCall):
                known = [parameter.name for parameter in self._parameters_of(body.block)]
            else:
                message = f"`{modifier}` overrides arguments, and this step has none"
                self.report(message, node.entries[modifier][0].mark, "make a block of the steps, with a parameter")
                continue
            for name in arguments:
                if name not in known:
                    mark = node.entries[modifier][1].entries[name][0].mark
                    help = did_you_mean(name, known) or f"its arguments: {', '.join(known)}"
                    self.report(f"`{modifier}` names `{name}`, which is no argument of the step", mark, help)

    def _operation(self, word: str, key: Node, value: Node) -> Any:
        if word == "do":
            return Group(self._steps(value))
        if word == "head":
            return Head(self._head(value))
        if word in self.refused:
            return Lost()
        if word in KINDS and word not in self.block_names:
            self.kinds_used.add(word)
            kind = KINDS[word]
            if kind.joins:
                branches = self._branches(word, key, value)
                return JoinCall(kind, branches, kind()) if branches else Lost()
            return self._layer(kind, value)
        if self._is_block(word):
            return self._block_call(word, key, value)
        known = [*KINDS, *self.block_names, *OPERATIONS]
        help = OTHER_WORDS.get(str(word).lower()) or did_you_mean(word, known)
        self.calls.setdefault(self.caller, set()).update(_near(word, self.block_names))
        self.report(
            f"no layer kind or block `{word}`", key.mark, help or "`cnncalc schema --kinds` lists the layer kinds"
        )
        return None

    def _layer(self, kind: type[Layer], value: Node) -> LayerCall:
        given = self._arguments(kind, value)
        arguments: dict[str, Value] = {}
        for name, default in self.defaults.get(kind.inherits or "", {}).items():
            if name not in kind.not_inherited and (name in kind.fields or name in SUGAR):
                arguments[name] = default
        arguments.update(self.defaults.get(kind.kind, {}))
        arguments.update(given)
        for argument in arguments.values():
            self._note_names(argument)
        follow = [(name, self._following(arguments.pop(name))) for name in SUGAR if name in arguments]
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
                self._passed_over(node)
                return {"?": Value(node.mark, LOST)}
            return {kind.main: self._value(node)}
        known = [*fields, *(SUGAR if kind.sugar else ())]
        values = {}
        for name, (key, value) in node.entries.items():
            if name in known:
                values[name] = self._sugar(value) if name in SUGAR else self._value(value)
                continue
            other = OTHER_WORDS.get(name.lower(), "")
            near = f"write `{other}`" if other in known else did_you_mean(name, known)
            if name in MODIFIERS:
                near = f"`{name}` is a modifier and stands beside `{kind.kind}`, outside its braces"
            help = near or (f"its arguments: {', '.join(known)}" if known else "it takes none")
            self.report(f"`{kind.kind}` has no argument `{name}`", key.mark, help)
            self._passed_over(value)
            values["?"] = Value(key.mark, LOST)
        return values

    def _sugar(self, node: Node) -> Value:
        """`norm: batchnorm`, `act: {leakyrelu: 0.1}`: kept as a node, read as a step of its own."""
        if node.is_mapping:
            if len(node.entries) != 1:
                self.report("one kind is meant here", node.mark, "act: {leakyrelu: 0.1}")
                self._passed_over(node)
                return Value(node.mark, LOST)
            ((word, (key, argument)),) = node.entries.items()
            if not self._follows(word, key.mark):
                self._passed_over(argument)
                return Value(node.mark, LOST)
            return Value(key.mark, constant=self._layer(KINDS[word], argument))
        value = self._value(node)
        if value.members is not None:
            self.report("one layer kind is meant here", node.mark, "for instance `act: relu`")
            return Value(node.mark, LOST)
        if value.is_constant and value.constant not in (None, "none", False, LOST):
            return value if self._follows(value.constant, node.mark) else Value(node.mark, LOST)
        return value

    def _follows(self, word: Any, mark: Mark) -> bool:
        """Whether a layer kind may follow a step; reported where not."""
        if not isinstance(word, str):
            self.report("one layer kind is meant here", mark, "for instance `act: relu`")
        elif word not in KINDS:
            self.report(f"no layer kind `{word}`", mark, OTHER_WORDS.get(word.lower()) or did_you_mean(word, KINDS))
        elif KINDS[word].joins:
            help = f"write it as a step: `{word}: [...]`"
            self.report(f"`{word}` joins branches and cannot follow a step", mark, help)
        else:
            self.kinds_used.add(word)
            return True
        return False

    def _following(self, value: Value) -> Following:
        if isinstance(value.constant, LayerCall):
            return Following(Value(value.mark, constant=value.constant.kind.kind), value.constant)
        if value.is_constant and isinstance(value.constant, str) and value.constant in KINDS:
            return Following(value, self._layer(KINDS[value.constant], Node(None, value.mark)))
        return Following(value, None)

    def _block_call(self, word: str, key: Node, value: Node) -> BlockCall | Lost:
        self.calls.setdefault(self.caller, set()).add(word)
        if word not in self.block_names:
            self._read_builtin(word)
        if value.value is None:
            return BlockCall(word, {})
        names = [parameter.name for parameter in self._parameters_of(word)]
        if value.is_mapping:
            given = value.entries
        else:
            members = value.items if value.is_sequence else [value]
            if len(members) > len(names):
                help = f"it takes {len(names)}: {', '.join(names)}" if names else "it takes none"
                self.report(f"too many arguments for the block `{word}`", members[len(names)].mark, help)
                return self._lost(value)
            given = {name: (member, member) for name, member in zip(names, members, strict=False)}
        wrong = [name for name in given if name not in names]
        for name in wrong:
            help = did_you_mean(name, names) or f"its parameters: {', '.join(names) or 'none'}"
            if name in MODIFIERS:
                help = f"`{name}` is a modifier and stands beside `{word}`, outside its braces"
            self.report(f"the block `{word}` has no parameter `{name}`", given[name][0].mark, help)
        if wrong:
            return self._lost(value)
        return BlockCall(word, {name: self._value(member) for name, (_, member) in given.items()})

    def _lost(self, node: Node) -> Lost:
        self._passed_over(node)
        return Lost()

    def _parameters_of(self, block: str) -> tuple[Parameter, ...]:
        return self.signatures[block][0] if block in self.signatures else self.blocks[block].parameters

    def _read_builtin(self, word: str) -> None:
        if word in self.blocks:
            return
        from .builtin import BUILTIN

        caller, self.caller = self.caller, word
        problems = len(self.problems)
        tree = compose(BUILTIN[word], f"built-in block {word}", self.problems)
        ((signature, (key, body)),) = tree.entries.items()
        parameters, marks = self._parameters(signature.partition("(")[2][:-1], signature, key)
        scopes, self.scopes = self.scopes, [_Names({}, "")]
        with self._scope(marks, "{name}"):
            steps = self._steps(body)
        self.scopes = scopes
        del self.problems[problems:]
        self.blocks[word] = Block(word, parameters, steps, key.mark)
        self.caller = caller

    def _loop(self, node: Node) -> Loop | Lost | None:
        names_node, rows, steps = node.get("for"), node.get("in"), node.get("do")
        if names_node is None or rows is None or steps is None:
            missing = " and ".join(f"`{key}`" for key in ("for", "in", "do") if node.get(key) is None)
            self.report(f"a `for` needs {missing}", node.mark, "for: [out, stride], in: [[64, 1], [128, 2]], do: [...]")
            return None
        members = names_node.items if names_node.is_sequence else [names_node]
        marks: dict[str, Mark] = {}
        for member in members:
            if not member.is_text or not IDENTIFIER.fullmatch(member.value) or member.value in AMBIENT:
                self.report("`for` names one variable, or a list of them", member.mark, "for: [t, c, n, s]")
                return None
            if member.value in marks:
                first = Label(marks[member.value], "first here")
                self.report(f"`for` names `{member.value}` twice", member.mark, "one name a column", labels=(first,))
                return None
            marks[member.value] = member.mark
        if not marks:
            self.report("`for` names one variable, or a list of them", names_node.mark, "for: [t, c, n, s]")
            return None
        table = self._value(rows)
        whole = True
        if rows.is_sequence and len(members) > 1:
            whole = self._check_rows(rows, list(marks))
        elif not rows.is_sequence and table.is_constant:
            self.report("`in` is a list of rows", rows.mark, "in: [[64, 1], [128, 2]]")
            return None
        with self._scope(marks, "the loop variable `{name}` is not used"):
            body = self._steps(steps)
        return Loop(tuple(marks), table, body) if whole else Lost()

    def _check_rows(self, rows: Node, names: list[str]) -> bool:
        whole = True
        for row in rows.items:
            if row.is_sequence and len(row.items) != len(names):
                self.report(
                    f"this row has {_values(len(row.items))} for {len(names)} names",
                    row.mark,
                    f"one for each of {', '.join(names)}",
                )
                whole = False
            elif not row.is_sequence and not (row.is_text and "$" in row.value):
                self.report(f"a row is a list with a value for each of {', '.join(names)}", row.mark)
                whole = False
        return whole

    # --- branches --------------------------------------------------------------------------------------------

    def _branches(self, word: str, key: Node, value: Node) -> tuple[Branch, ...]:
        if value.is_mapping:
            named = [(name, member) for name, (_, member) in value.entries.items()]
        elif value.is_sequence:
            named = [(f"branch{place + 1}", member) for place, member in enumerate(value.items)]
        else:
            self.report(f"`{word}` needs branches", key.mark, f"{word}: {{main: [...], shortcut: prev}}")
            return ()
        if not named:
            self.report(f"`{word}` needs branches", value.mark, f"{word}: [prev, [...]]")
        return tuple(self._branch(name, member, word) for name, member in named)

    def _branch(self, name: str, node: Node, word: str) -> Branch:
        lost = Branch(name, node.mark, None, None, (Step(node.mark, Lost(), ""),))
        if node.is_text:
            reference = self._reference(node, "a branch")
            return Branch(name, node.mark, reference, None, ()) if reference else lost
        if node.is_sequence:
            return Branch(name, node.mark, None, None, self._steps(node))
        if node.is_mapping and node.entries.keys() <= BRANCH_KEYS and node.entries:
            start, when, steps = node.get("from"), node.get("when"), node.get("do")
            reference = self._reference(start, "from") if start else None
            if start and reference is None:
                self._passed_over(node)
                return lost
            return Branch(name, node.mark, reference, self._value(when) if when else None, self._steps(steps))
        if node.is_mapping:
            return Branch(name, node.mark, None, None, self._steps(node))
        self.report(
            f"a branch of `{word}` is a list of steps or the name of a tensor",
            node.mark,
            "`prev` is the tensor that enters the step; `[]` is the identity",
        )
        return lost

    def _head(self, node: Node) -> tuple[Branch, ...]:
        if node.is_mapping and not node.entries.keys() <= BRANCH_KEYS:
            words = [key for key in node.entries if key not in MODIFIERS]
            if not (len(words) == 1 and (words[0] in KINDS or words[0] in OPERATIONS or self._is_block(words[0]))):
                named = [(name, member) for name, (_, member) in node.entries.items()]
                for name, (key, _) in node.entries.items():
                    self.tensor_names.setdefault(name, key.mark)
                return tuple(self._branch(name, member, "head") for name, member in named)
        return (self._branch("", node, "head"),)

    def _passed_over(self, node: Node) -> None:
        """Count as used what stands in a part that is not read because of an error: nothing follows from that."""
        if node.is_mapping:
            for name, (_, member) in node.entries.items():
                self._passed_word(name)
                self._passed_over(member)
        elif node.is_sequence:
            for member in node.items:
                self._passed_over(member)
        elif node.is_text:
            self._passed_word(node.value)

    def _passed_word(self, word: str) -> None:
        if word in self.block_names:
            self.calls.setdefault(self.caller, set()).add(word)
        for name in re.findall(r"[A-Za-z_]\w*", word) if "$" in word else ():
            scope = next((scope for scope in reversed(self.scopes) if name in scope.marks), None)
            if scope:
                scope.used.add(name)

    # --- values ----------------------------------------------------------------------------------------------

    def _reference(self, node: Node, what: str) -> Reference | None:
        if node.is_sequence and what == "from":
            self.report("`from` is one tensor", node.mark, "several tensors meet in `concat: [a, b]` or `add: [a, b]`")
        elif isinstance(node.value, dict | list | bool | None) or not TENSOR_NAME.fullmatch(str(node.value)):
            self.report("a name is a word of letters, digits, `_`, `-`, `.` and `/`", node.mark, "as: conv1_2")
        else:
            try:
                template = Template(str(node.value))
            except ExpressionError as error:
                self._report_fault(located(error, node.mark, str(node.value), node.quoted))
                self._passed_over(node)
                return None
            reference = Reference(template, node.mark, node.quoted)
            self._note(template.names, reference)
            return reference
        self._passed_over(node)
        return None

    def _named(self, name: Reference) -> None:
        self.tensor_names.setdefault(name.text, name.mark)
        if "$" in name.text:
            self.patterns.append(re.compile(re.sub(r"\\\$\\\{.*?\\\}|\\\$\w+", ".+", re.escape(name.text))))

    def _value(self, node: Node, note: bool = True) -> Value:
        if node.is_sequence:
            return Value(node.mark, members=tuple(self._value(member, note) for member in node.items))
        if node.is_mapping:
            lone = next(iter(node.entries), "") if len(node.entries) == 1 else ""
            help = (
                f"an expression has no braces: `{lone}`" if "$" in lone else "a list with one value per axis: `[3, 5]`"
            )
            self.report("a mapping stands where a value is expected", node.mark, help)
            self._passed_over(node)
            return Value(node.mark, LOST)
        if node.is_text and "$" in node.value:
            try:
                expression = Expression(node.value)
            except ExpressionError as error:
                self._report_fault(located(error, node.mark, node.value, node.quoted))
                self._passed_over(node)
                return Value(node.mark, LOST)
            value = Value(node.mark, expression=expression, quoted=node.quoted)
            if note:
                self._note_names(value)
            return value
        return Value(node.mark, constant=node.value)

    def _note_names(self, value: Value) -> None:
        if value.expression is not None:
            self._note(value.expression.names, value)
        for member in value.members or ():
            self._note_names(member)

    def _note(self, names: Iterable[str], value: Value | Reference) -> None:
        for name in names:
            scope = next((scope for scope in reversed(self.scopes) if name in scope.marks), None)
            if scope:
                scope.used.add(name)
            elif name not in AMBIENT:
                near = _near(name, [known for scope in self.scopes for known in scope.marks])
                self.unresolved.setdefault((name, value), "".join(near))
                for scope in self.scopes:
                    scope.used.update(near)


def _label(steps: Iterable[Step]) -> None:
    """Number the words that stand more than once in a list of steps; lists inside it count along."""
    flat = list(_flat(steps))
    words = Counter(step.word for step in flat)
    seen: dict[str, int] = {}
    joins = sum(isinstance(step.body, JoinCall) for step in flat)
    taken = {step.name.text for step in flat if step.name is not None}
    for step in flat:
        seen[step.word] = seen.get(step.word, 0) + 1
        between = "_" if step.word[-1:].isdigit() else ""
        step.label = step.word if words[step.word] == 1 else f"{step.word}{between}{seen[step.word]}"
        if step.name is None and step.label in taken:
            step.label = next(f"{step.label}_{n}" for n in count(2) if f"{step.label}_{n}" not in taken)
        step.alone = joins == 1


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step.body, Group) and step.name is None and step.repeat is None:
            yield from _flat(step.body.steps)
        else:
            yield step


def _near(word: str, known: Iterable[str]) -> list[str]:
    """The known word that a misspelt one may stand for: what it would use counts as used."""
    import difflib

    return difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _name_rule(name: str) -> str:
    if name in AMBIENT:
        return f"`${name}` is there without being declared; use another name"
    return "a name starts with a letter and has letters, digits and `_` in it"


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for character in text:
        depth += character in "([{"
        depth -= character in ")]}"
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts if text.strip() else []


def _inline(text: str, mark: Mark) -> Node:
    """The default of a parameter: a scalar, an expression or a list of them."""
    if text.startswith("[") and text.endswith("]"):
        return Node([_inline(part.strip(), mark) for part in _split(text[1:-1])], mark)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return Node(text[1:-1], mark, quoted=True)
    return Node(scalar(text), mark)
