"""When a class has a step: as the spec asks it, or as a comparison that is right of every call."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from ...namedtuples import NamedTuple

Columns = Mapping[str, Sequence[Any]]
"""Word -> its value in each call."""


class Condition(NamedTuple):
    """An expression of Python, and the words in it."""

    text: str
    words: tuple[str, ...]


def found(holds: Sequence[bool], columns: Columns, asks: Sequence[str], channels: str) -> Condition | None:
    """The condition that is true of the calls that `holds` names, and false of the others; None without one.

    `channels` is the word for the channels that come in, which a spec calls `$in.channels`.
    """
    wanted = list(holds)
    for tree in [*_asked(asks, channels), *_compared(columns)]:
        try:
            values = [
                _value(tree, {word: column[turn] for word, column in columns.items()}) for turn in range(len(wanted))
            ]
        except (KeyError, TypeError, ZeroDivisionError, _Unreadable):
            continue
        if any(type(value) is not bool for value in values):
            continue
        if values == wanted:
            return _shown(tree, columns)
        if values == [not one for one in wanted]:
            return _shown(_negated(tree), columns)
    return None


class _Unreadable(Exception):
    """An expression of a spec that is none of code."""


def _asked(asks: Sequence[str], channels: str) -> Iterator[ast.expr]:
    """What the spec asks, then two of its questions at once."""
    trees = []
    for text in dict.fromkeys(asks):
        try:
            python = re.sub(r"\$in\.channels\b", channels, text)
            trees.append(ast.parse(re.sub(r"\$([^\W\d]\w*)", r"\1", python).strip(), mode="eval").body)
        except SyntaxError:
            continue
    yield from trees
    for pair in combinations(trees, 2):
        for word in (ast.And(), ast.Or()):
            yield ast.BoolOp(word, list(pair))


def _compared(columns: Columns) -> Iterator[ast.expr]:
    """A word alone, a word and a number or text, and two words that may be equal."""
    varied = {word: column for word, column in columns.items() if len(set(map(repr, column))) > 1}
    for word in varied:
        yield ast.Name(word)
    for word, column in varied.items():
        if all(type(value) is int for value in column):
            yield _compare(word, ast.Gt(), ast.Constant(1))
            yield _compare(word, ast.Gt(), ast.Constant(0))
    numbers = [word for word, column in varied.items() if all(type(value) is int for value in column)]
    for one, other in combinations(numbers, 2):
        yield _compare(one, ast.Eq(), ast.Name(other))
    for word, column in varied.items():
        for value in dict.fromkeys(value for value in column if type(value) in (int, str)):
            yield _compare(word, ast.Eq(), ast.Constant(value))


def _compare(word: str, by: ast.cmpop, other: ast.expr) -> ast.Compare:
    return ast.Compare(ast.Name(word), [by], [other])


COMPARE: Mapping[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
OPPOSITE: Mapping[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip
WORKED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}  # fmt: skip


def _value(tree: ast.expr, words: Mapping[str, Any]) -> Any:
    """The value of an expression of comparisons and whole numbers. Raises _Unreadable, KeyError for another word."""
    match tree:
        case ast.Name(id=word):
            return words[word]
        case ast.Constant(value=value) if type(value) in (int, str, bool):
            return value
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _value(inner, words)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, words) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, words) for part in parts)
        case ast.Compare(left=left, ops=[by], comparators=[right]) if type(by) in COMPARE:
            return COMPARE[type(by)](_value(left, words), _value(right, words))
        case ast.BinOp(left=left, op=by, right=right) if type(by) in WORKED:
            pair = _value(left, words), _value(right, words)
            if all(type(one) is int for one in pair):
                return WORKED[type(by)](*pair)
    raise _Unreadable


def _negated(tree: ast.expr) -> ast.expr:
    match tree:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case ast.BoolOp(op=by, values=parts):
            return ast.BoolOp(ast.Or() if isinstance(by, ast.And) else ast.And(), [_negated(part) for part in parts])
        case ast.Compare(left=left, ops=[by], comparators=right):
            return ast.Compare(left, [OPPOSITE[type(by)]()], right)
    return ast.UnaryOp(ast.Not(), tree)


def _shown(tree: ast.expr, columns: Columns) -> Condition:
    """Without what is the same in every call."""
    tree = _settled(tree, columns)
    words = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    text = ast.unparse(ast.fix_missing_locations(tree))
    text = re.sub(r"\((not \w+)\)", r"\1", text)
    return Condition(re.sub(r"'([^'\"\\]*)'", r'"\1"', text), tuple(words))


def _settled(tree: ast.expr, columns: Columns) -> ast.expr:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if names and all(len(set(map(repr, columns[name]))) == 1 for name in names):
        return ast.Constant(_value(tree, {name: columns[name][0] for name in names}))
    match tree:
        case ast.BoolOp(op=by, values=parts):
            settled = [_settled(part, columns) for part in parts]
            kept = [part for part in settled if not (isinstance(part, ast.Constant) and type(part.value) is bool)]
            return kept[0] if len(kept) == 1 else ast.BoolOp(by, kept)
        case ast.UnaryOp(op=by, operand=inner):
            return ast.UnaryOp(by, _settled(inner, columns))
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(_settled(left, columns), ops, [_settled(right, columns)])
        case ast.BinOp(left=left, op=by, right=right):
            return ast.BinOp(_settled(left, columns), by, _settled(right, columns))
    return tree
