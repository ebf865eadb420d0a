# SPDX-License-Identifier: MIT
"""Conditions and values over columns.

Arithmetic is in float64, exact for whole numbers below 2**53.  A parameter that a point does not have makes a
comparison unknown, by Kleene's three-valued logic: `keeps` keeps what is unknown, `holds` does not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from sweep.errors import did_you_mean
from sweep.units import UnitError

from .columns import Column, Mask
from .tokens import ORDER, ConditionError
from .tree import Expression, Name, NumberLiteral, Operation, Text

Columns = Callable[[str], Column | None]  # a parameter by its name, None for a word that is none
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "neg": operator.sub, "*": operator.mul,
    "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
LARGEST = 2**53  # of numbers: up to it float64 has every whole one
ABSENT = Name("none")


@dataclass(frozen=True, eq=False)
class _Truth:
    values: Mask
    known: Mask

    def negated(self, is_negated: bool = True) -> _Truth:
        return _Truth(self.values != is_negated, self.known)

    def joined(self, other: _Truth, by_and: bool) -> _Truth:
        """Kleene's and, or else or: one side that decides is enough."""
        decided = (self.known & (self.values != by_and)) | (other.known & (other.values != by_and))
        both = self.known & other.known
        joined = self.values & other.values if by_and else self.values | other.values
        return _Truth(np.where(both, joined, not by_and), both | decided)


def keeps(tree: Expression, column: Columns, points: int) -> Mask:
    """Where a condition does not fail, shape (points,).  Errors: ConditionError."""
    truth = _Evaluation(column, points).truth(tree)
    return truth.values | ~truth.known


def holds(tree: Expression, column: Columns, points: int) -> Mask:
    """Where a condition is known to hold, shape (points,).  Errors: ConditionError."""
    truth = _Evaluation(column, points).truth(tree)
    return truth.values & truth.known


def numbers(tree: Expression, column: Columns, points: int) -> Column:
    """The numeric value at every point.  Errors: ConditionError."""
    found = _Evaluation(column, points).visit(tree)
    if isinstance(found, _Truth) or found.is_text:
        raise ConditionError("is not a number", place=tree.at)
    return found


@contextmanager
def _at(node: Expression) -> Iterator[None]:
    """What goes wrong inside is wrong at `node`, unless that is known more exactly."""
    try:
        yield
    except ConditionError as error:
        error.place = node.at if error.place is None else error.place
        raise


class _Evaluation:
    def __init__(self, column: Columns, points: int) -> None:
        self.column, self.points = column, points

    def visit(self, node: Expression) -> Column | _Truth:
        with _at(node):
            match node:
                case NumberLiteral(digits, ""):
                    return self.constant(_finite(digits))
                case Operation("not", (part,)):
                    return self.truth(part).negated()
                case Operation("and" | "or", (left, right)):
                    return self.truth(left).joined(self.truth(right), by_and=node.sign == "and")
                case Operation("in" | "not in" as sign, (left, Operation(kind, parts))):
                    signs = (">=", "<=") if kind == ".." else ("=",) * len(parts)
                    found = [self.compare(left, *pair) for pair in zip(signs, parts, strict=True)]
                    return reduce(lambda a, b: a.joined(b, kind == ".."), found).negated(sign == "not in")
                case Operation(sign, (left, right)) if sign in _COMPARISONS:
                    return self.compare(left, sign, right)
                case Operation(sign, parts) if sign in _ARITHMETIC:
                    return self.arithmetic(sign, *map(self.visit, parts if parts[1:] else (NumberLiteral("0"), *parts)))
            column = self.parameter(node)
            if column is None:
                word = _word(node)
                raise ConditionError(f'has "{word}" in it, which is not a parameter with a number', words=[word])
            return column

    def truth(self, node: Expression) -> _Truth:
        word = [_word(node)] if isinstance(node, Name | Text) and not self.parameter(node) else []
        found = None if word else self.visit(node)
        if not isinstance(found, _Truth):
            message = f'is not a condition: it has "{node}" where a comparison is needed'
            raise ConditionError(message, words=word, place=node.at)
        return found

    def constant(self, value: str | float, like: Column | None = None) -> Column:
        """The same value at every point, with the unit of `like`."""
        values = np.full(self.points, value, object if isinstance(value, str) else np.float64)
        return Column(values, np.ones(self.points, bool), like.literal if like else None)

    def arithmetic(self, sign: str, left: Column | _Truth, right: Column | _Truth) -> Column:
        if isinstance(left, _Truth) or isinstance(right, _Truth) or left.is_text or right.is_text:
            raise ConditionError("computes with something that is not a number")
        known = left.known & right.known
        with np.errstate(all="ignore"):
            values = _ARITHMETIC[sign](left.values, right.values)
        if not np.isfinite(values[known]).all():
            raise ConditionError("divides by zero or grows too large")
        is_plain = all(side.is_plain or side.literal is None for side in (left, right))
        return Column(values, known, left.literal or right.literal, is_plain=is_plain)

    def compare(self, left: Expression, sign: str, right: Expression) -> _Truth:
        absent = self.absent(left, right) if sign in ("=", "!=") else None
        if absent is not None:
            return _Truth(absent, np.ones(self.points, bool)).negated(sign == "!=")
        a, b = self.sides(left, sign, right)
        if isinstance(a, _Truth) or isinstance(b, _Truth):
            raise ConditionError("compares the result of a comparison")
        if a.is_text != b.is_text:
            raise ConditionError("compares text with a number")
        if not (a.is_text or a.is_plain or b.is_plain) and (a.literal is None) != (b.literal is None):
            raise ConditionError("compares a quantity with a plain number: write its unit")
        sides = _places(a, b) if a.is_text and sign in ORDER else (a.values, b.values)
        return _Truth(np.asarray(_COMPARISONS[sign](*sides), bool), a.known & b.known)

    def absent(self, left: Expression, right: Expression) -> Mask | None:
        """Where the parameter that is compared with `none` is not there; None if `none` is a value or not meant."""
        column = self.parameter(left) if right == ABSENT else self.parameter(right) if left == ABSENT else None
        if column is None or ABSENT.word in (column.choices or ()):
            return None
        with suppress(ValueError):
            return None if column.literal and column.literal(ABSENT.word) else ~column.known
        return ~column.known

    def sides(self, left: Expression, sign: str, right: Expression) -> tuple[Column | _Truth, Column | _Truth]:
        """Both as columns: what is written in the condition is read as what it is compared with."""
        a, b = self.parameter(left), self.parameter(right)
        if a and a.is_text:  # `traffic = host`: the mix of that name, though there is a parameter called host, too
            return a, self.text(right, sign, a, left)
        if b and b.is_text:
            return self.text(left, sign, b, right), b
        is_left, is_right = (
            not found and (isinstance(node, Name | Text) or (isinstance(node, NumberLiteral) and bool(node.unit)))
            for node, found in ((left, a), (right, b))
        )
        if is_left and is_right:
            words = (_word(left), _word(right))
            raise ConditionError('compares "{}" with "{}", neither of which is a parameter'.format(*words), (), words)
        if is_left:
            value = self.visit(right)
            return self.quantity(left, value, right), value
        value = self.visit(left)
        return value, self.quantity(right, value, left) if is_right else self.visit(right)

    def parameter(self, node: Expression) -> Column | None:
        return self.column(node.word) if isinstance(node, Name) else None

    def text(self, node: Expression, sign: str, other: Column, name: Expression) -> Column:
        """What is written, be it `router`, `6.12` or `xeon-e5`, as a value of a column of text."""
        written = word = _word(node)
        choices = other.choices or ()
        if word not in choices:
            squeezed = word.replace(" ", "")
            word = next((choice for choice in choices if choice.replace(" ", "") == squeezed), word)
        if sign not in ORDER:
            word = other.standard(word) if other.standard else word
            if other.choices is not None and word not in choices and not (sign == "!=" and other.is_open):
                hint = did_you_mean(written, choices)
                message = f'has the {name} "{written}" in it, which is not known{hint and "." + hint}'
                raise ConditionError(message, choices, place=node.at)
        elif other.rank and other.rank(word) is None:
            raise ConditionError(f'has the {name} "{written}" in it, which has no place in their order', place=node.at)
        return self.constant(word)

    def quantity(self, node: Expression, other: Column | _Truth, compared: Expression) -> Column:
        """A number with a unit, or text, as a number in the unit of what it is compared with."""
        word = _word(node)
        with _at(node):
            if isinstance(node, Name) or isinstance(other, _Truth) or other.is_text:
                raise ConditionError(f'has "{word}" in it, which is not a parameter with a number', words=[word])
            try:
                if other.literal is None:
                    raise ConditionError(f'compares "{compared}", a number without a unit, with "{word}"')
                return self.constant(float(other.literal(word)), other)
            except UnitError as error:
                raise ConditionError(f'compares "{compared}" with "{word}", which {error}') from None


def _finite(digits: str) -> float:
    try:
        value = float(digits)
    except ValueError:
        raise ConditionError(f'has "{digits}" in it, which is not a number') from None
    if abs(value) < LARGEST:
        return value
    raise ConditionError(f'has "{digits}" in it, which is too large a number')


def _word(node: Expression) -> str:
    return str(node) if isinstance(node, Operation) else str(getattr(node, "word", ""))


def _places(left: Column, right: Column) -> tuple[Any, Any]:
    """Two columns of text as numbers in the order of their values; what has no place comes first."""
    rank = left.rank or right.rank
    if rank is None:
        raise ConditionError("compares the order of text", ("=", "!=", "in"))
    ranks = {word: rank(word) for side in (left, right) for word in set(side.values)}
    order = sorted({place for place in ranks.values() if place is not None})
    places = {word: -1.0 if place is None else float(order.index(place)) for word, place in ranks.items()}
    return tuple(np.array([places[word] for word in side.values]) for side in (left, right))  # type: ignore[return-value]
