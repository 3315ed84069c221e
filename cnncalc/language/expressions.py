"""`$` expressions: Python's arithmetic and comparisons over exact numbers, and nothing else.

    $mid * 4        $stride > 1 or $in.channels != $mid * 4        divisible($c * $width, 8)

A text is parsed with `ast`, checked against a white list and compiled into closures once; it is never given to
`eval`. Every result is bounded. Numbers are ints and Fractions, so `0.35 * 320` is 112 and not 112.00000000000001;
sizes may also be symbols or arrays, on which every operation but a decision works as it does on numbers.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from ..dims import ceil_div, is_symbolic, settled
from ..errors import did_you_mean
from ..layers import KINDS
from ..quotients import fraction
from .arithmetic import (
    ARITHMETIC,
    ARITY,
    FUNCTIONS,
    MANY,
    Entries,
    ExpressionError,
    as_number,
    bounded,
    compared,
    decided,
    members_of,
)
from .piecewise import either, entry, is_open
from .tables import numbers_with_entry

MAX_LENGTH = 200
MAX_NODES = 100

Scope = Mapping[str, Any]
Value = Any
Compiled = Callable[[Scope], Value]


class Unknown(Exception):
    """A value that hangs on something wrong: what made it unknown is already reported."""


LOST: Any = object()
"""The value of a variable that cannot be worked out; to read it raises Unknown."""


class Expression:
    """An expression of a spec: `names` are the variables that it reads."""

    __slots__ = ("_compiled", "names", "text")

    def __init__(self, text: str, bare_names: bool = False) -> None:
        self.text = text
        self._compiled, self.names = _compile(text, bare_names)

    def __call__(self, scope: Scope) -> Value:
        """The value, with each variable read from `scope`. Raises ExpressionError."""
        return self._compiled(scope)


UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}


def _compile(text: str, bare_names: bool) -> tuple[Compiled, frozenset[str]]:
    if not text.strip():
        raise ExpressionError("an expression is missing here")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression may have {MAX_LENGTH} characters, this has {len(text)}", 0, len(text))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_python(text).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        offset = min(getattr(error, "offset", 1) or 1, len(text))
        raise ExpressionError(f"`{text}` is not an expression", max(offset - 1, 0), 1, _way_out(text)) from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        message = f"an expression may have {MAX_NODES} parts, and this has more"
        raise ExpressionError(message, 0, len(text), "give its parts names under `vars`")
    compiler = _Compiler(text, len(text) - len(text.lstrip()), bare_names)
    return compiler.compile(tree), frozenset(compiler.names)


QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
DOLLAR = re.compile(rf"(?P<quoted>{QUOTED})|(?P<inside>[\w.$]+)?\$(?P<name>[^\W\d]\w*)?")


def _python(text: str) -> str:
    """The text with `_` for the `$` of each variable, so that every character keeps its place."""

    def underscored(match: re.Match[str]) -> str:
        if match["quoted"]:
            return match[0]
        if match["inside"]:
            word = re.match(r"[\w.$]+", text[match.start() :])
            shown = word[0] if word else match[0]
            help = TOGETHER if shown[0].isalpha() else APART
            raise ExpressionError(f"a `$` inside `{shown}`", match.start(), len(shown), help)
        if not match["name"] and text[match.end() : match.end() + 1] != "{":
            raise ExpressionError("a `$` without the name of a variable", match.start(), 1, NAMED)
        return f"_{match['name'] or ''}"

    return DOLLAR.sub(underscored, text)


TOGETHER = "a name is put together in `as`, `from` and `share` alone; elsewhere an operator stands before `$name`"
APART = "`$name` reads a variable, and an operator stands between it and what is before it"
NAMED = "`$name` reads a variable: a letter, then letters, digits and `_`"


def _way_out(text: str) -> str:
    """What to write instead of a text that cannot be parsed."""
    if "${" in text:
        return f"an expression has no braces: `{text.replace('${', '$').replace('}', '')}`"
    if "&&" in text or "||" in text or "!" in text.replace("!=", ""):
        return "write `and`, `or`, `not`"
    if "?" in text:
        return "write `a if condition else b`"
    if re.search(r"[^=!<>]=[^=]", text):
        return "to compare, write `==`"
    if text.count("(") != text.count(")"):
        return "a bracket is not closed"
    return ""


class _Compiler:
    def __init__(self, text: str, indent: int, bare_names: bool) -> None:
        self.text = text
        self.indent = indent
        self.bare_names = bare_names
        self.names: set[str] = set()

    def refuse(self, node: ast.expr, message: str, help: str = "") -> ExpressionError:
        start, end = self._place(node)
        return ExpressionError(message, start, end - start, help)

    def compile(self, node: ast.expr) -> Compiled:
        rule = getattr(self, f"_{type(node).__name__}", None)
        if rule is None:
            raise self.refuse(node, f"`{self._text(node)}` is not allowed in an expression", ALLOWED)
        compiled: Compiled = rule(node)
        return compiled

    def _text(self, node: ast.expr) -> str:
        start, end = self._place(node)
        return self.text[start:end]

    def _place(self, node: ast.expr) -> tuple[int, int]:
        """Its first character and the one after its last; `ast` counts bytes and leaves the brackets out."""
        line = self.text.strip().encode()
        start, end = (len(line[:byte].decode(errors="ignore")) for byte in (node.col_offset, node.end_col_offset or 0))
        return start + self.indent, end + self.indent

    def _located(self, node: ast.expr, compute: Compiled) -> Compiled:
        def located(scope: Scope) -> Value:
            try:
                return compute(scope)
            except ExpressionError as error:
                if error.length == 0:
                    raise self.refuse(node, error.message, error.help) from None
                raise
            except (TypeError, ValueError, ArithmeticError) as error:
                raise self.refuse(node, f"`{self._text(node)}` has no value: {error}") from None

        return located

    def _Constant(self, node: ast.Constant) -> Compiled:
        value: Any = node.value
        if isinstance(value, float):
            if not math.isfinite(value):
                raise self.refuse(node, "this number is too large")
            value = bounded(fraction(self._text(node).replace("_", "")))
        elif isinstance(value, int) and not isinstance(value, bool):
            try:
                bounded(value)
            except ExpressionError as error:
                raise self.refuse(node, error.message) from None
        elif not isinstance(value, str | bool | None):
            raise self.refuse(node, f"`{self._text(node)}` is not a number", ALLOWED)
        return lambda scope: value

    def _Name(self, node: ast.Name) -> Compiled:
        variable = self._text(node).startswith("$")
        name = node.id[1:] if variable else node.id
        if not variable and not self.bare_names:
            if node.id in WORDS:
                value = WORDS[node.id]
                return lambda scope: value
            help = f"a variable has a dollar sign: `${node.id}`" + f", a text quotes: `'{node.id}'`" * (
                node.id in KINDS
            )
            raise self.refuse(node, f"`{node.id}` is not a number", help)
        self.names.add(name)

        def read(scope: Scope) -> Value:
            try:
                value = scope[name]
                if value is LOST:
                    raise Unknown
                return value
            except KeyError:
                near = did_you_mean(f"${name}", [f"${known}" for known in scope])
                known = ", ".join(f"${known}" for known in sorted(scope))
                message = f"no variable `${name}` here"
                raise self.refuse(node, message, near or (f"known here: {known}" if known else "")) from None

        return read

    def _Attribute(self, node: ast.Attribute) -> Compiled:
        of = self.compile(node.value)
        name = node.attr

        def read(scope: Scope) -> Value:
            value = of(scope)
            fact = getattr(value, "fact", None)
            if fact is None:
                raise self.refuse(node, f"`{self._text(node.value)}` is not a tensor and has no `.{name}`")
            return fact(name)

        return self._located(node, read)

    def _Subscript(self, node: ast.Subscript) -> Compiled:
        of, around, self.names = self.compile(node.value), self.names, set()
        at, names, self.names = self.compile(node.slice), self.names, around | self.names

        def read(scope: Scope) -> Value:
            values, index = of(scope), settled(at(scope))
            values = members_of(values)
            if is_symbolic(index) and (found := entry(values, index)) is not None:
                return found
            if not isinstance(index, int) or not -len(values) <= index < len(values):
                help = numbers_with_entry(at, min(names), len(values)) if len(names) == 1 else ""
                raise ExpressionError(f"the list has {len(values)} entries, and no entry {index}", help=help)
            return values[index]

        return self._located(node, read)

    def _List(self, node: ast.List | ast.Tuple) -> Compiled:
        members = [self.compile(member) for member in node.elts]
        return self._located(node, lambda scope: Entries([member(scope) for member in members]))

    _Tuple = _List

    def _UnaryOp(self, node: ast.UnaryOp) -> Compiled:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return self._located(node, lambda scope: not decided(operand(scope)))
        if type(node.op) not in UNARY:
            raise self.refuse(node, f"`{self._text(node)}` is not allowed in an expression", ALLOWED)
        sign = UNARY[type(node.op)]
        return self._located(node, lambda scope: sign(as_number(operand(scope))))

    def _BinOp(self, node: ast.BinOp) -> Compiled:
        if type(node.op) not in ARITHMETIC:
            raise self.refuse(node, f"`{self._text(node)}` is not allowed in an expression", ALLOWED)
        rule = ARITHMETIC[type(node.op)]
        left, right = self.compile(node.left), self.compile(node.right)
        return self._located(node, lambda scope: bounded(rule(as_number(left(scope)), as_number(right(scope)))))

    def _BoolOp(self, node: ast.BoolOp) -> Compiled:
        terms = [self.compile(term) for term in node.values]
        if isinstance(node.op, ast.And):
            return self._located(node, lambda scope: all(decided(term(scope)) for term in terms))
        return self._located(node, lambda scope: any(decided(term(scope)) for term in terms))

    def _Compare(self, node: ast.Compare) -> Compiled:
        terms = [self.compile(term) for term in (node.left, *node.comparators)]

        def compare(scope: Scope) -> Value:
            values = [term(scope) for term in terms]
            if len(values) == 2:
                return compared(node.ops[0], values[0], values[1])
            return all(
                decided(compared(op, left, right))
                for op, left, right in zip(node.ops, values, values[1:], strict=False)
            )

        return self._located(node, compare)

    def _IfExp(self, node: ast.IfExp) -> Compiled:
        test, then, other = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        if isinstance(node.test, ast.Compare) and len(node.test.ops) == 1:
            op, left, right = node.test.ops[0], self.compile(node.test.left), self.compile(node.test.comparators[0])

            def chosen(scope: Scope) -> Value:
                if is_open(op, one := left(scope), two := right(scope)):
                    both = either(op, one, two, then(scope), other(scope))
                    if both is not None:
                        return both
                return then(scope) if decided(test(scope)) else other(scope)

            return self._located(node, chosen)
        return self._located(node, lambda scope: then(scope) if decided(test(scope)) else other(scope))

    def _Call(self, node: ast.Call) -> Compiled:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            shown = self._text(node.func)
            near = OTHER_FUNCTIONS.get(shown) or did_you_mean(shown, FUNCTIONS) or f"known: {', '.join(FUNCTIONS)}"
            raise self.refuse(node.func, f"no function `{shown}`", near)
        if node.keywords:
            raise self.refuse(node, f"the arguments of `{name}` have no names", "write them in order")
        fewest, most = ARITY[name]
        if not fewest <= len(node.args) <= most:
            takes = f"{fewest}" if fewest == most else f"{fewest} to {most}" if most < MANY else f"at least {fewest}"
            plural = "" if takes.endswith(" 1") or takes == "1" else "s"
            raise self.refuse(node, f"`{name}` takes {takes} argument{plural}, and has {len(node.args)}")
        arguments = [self.compile(argument) for argument in node.args]
        function = FUNCTIONS[name]
        if name in ROUNDED and isinstance(node.args[0], ast.BinOp) and isinstance(node.args[0].op, ast.Div):
            n, d = self.compile(node.args[0].left), self.compile(node.args[0].right)

            def rounded(scope: Scope) -> Value:
                over, under = n(scope), d(scope)
                if is_symbolic(over) or is_symbolic(under):
                    return bounded(ROUNDED[name](as_number(over), as_number(under)))
                return bounded(function(arguments[0](scope)))

            return self._located(node, rounded)

        def call(scope: Scope) -> Value:
            return bounded(function(*(argument(scope) for argument in arguments)))

        return self._located(node, call)


ALLOWED = "allowed are numbers, $names, + - * / // % **, comparisons, and, or, not, `a if c else b` and the functions"
ROUNDED: dict[str, Callable[[Any, Any], Any]] = {"floor": operator.floordiv, "ceil": ceil_div}
"""Functions that round a quotient of sizes, which need not be whole then."""
WORDS: dict[str, Any] = {"true": True, "false": False, "none": "none"}
OTHER_FUNCTIONS = {
    "int": "write `floor(x)`, or `round(x)`",
    "make_divisible": "write `divisible(x, 8)`",
    "_make_divisible": "write `divisible(x, 8)`",
    "pow": "write `x ** n`",
    "abs": "write `max(x, -x)`",
    "math.ceil": "write `ceil(x)`",
    "math.floor": "write `floor(x)`",
    "math.log2": "write `log2(x)`",
    "log": "write `log2(x)`",
}
"""What Python and others have -> what to write here."""
