# SPDX-License-Identifier: MIT
"""Identities between published counters: `fast + slow == released`, computed exactly, with fractions."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from sweep.config.models.quantities import ChoiceError
from sweep.expression import Expression

COMPARISONS = {ast.Eq: "==", ast.LtE: "<=", ast.GtE: ">="}
ARITHMETIC: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Side(NamedTuple):
    """One comparison of an identity, worked out."""

    left: Fraction
    sign: str  # a value of COMPARISONS
    right: Fraction

    @property
    def gap(self) -> Fraction:
        """By how much it fails; 0 if it holds."""
        difference = self.left - self.right
        if self.sign == "==":
            return abs(difference)
        return max(difference if self.sign == "<=" else -difference, Fraction(0))


def known(text: str) -> str:
    """An identity: one or more comparisons of sums and products of names.  Errors: ValueError."""
    tree = Expression(text).tree
    if not isinstance(tree, ast.Compare) or any(type(op) not in COMPARISONS for op in tree.ops):
        raise ChoiceError("is no identity: compare two sides", tuple(COMPARISONS.values()))
    for side in (tree.left, *tree.comparators):
        _check(side)
    return text


def names(text: str) -> frozenset[str]:
    """What must be given."""
    return Expression(text).names()


def sides(text: str, given: Mapping[str, Fraction]) -> list[Side]:
    """Its comparisons, from left to right.  Errors: ZeroDivisionError."""
    tree = Expression(text).tree
    assert isinstance(tree, ast.Compare)
    values = [_value(side, given) for side in (tree.left, *tree.comparators)]
    return [Side(a, COMPARISONS[type(op)], b) for (a, b), op in zip(pairwise(values), tree.ops, strict=True)]


def _check(node: ast.AST) -> None:
    for part in ast.walk(node):
        allowed = isinstance(part, ast.Name | ast.Load | ast.BinOp | ast.UnaryOp | ast.USub | ast.Constant)
        if not allowed and type(part) not in ARITHMETIC:
            raise ValueError(f'has "{ast.unparse(part)[:60] or type(part).__name__}" in it, which is not allowed here')
        if isinstance(part, ast.Constant) and (isinstance(part.value, bool) or not isinstance(part.value, int | float)):
            raise ValueError(f'has "{ast.unparse(part)[:60]}" in it, which is no number')


def _value(node: ast.AST, given: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.Name(id=name):
            return given[name]
        case ast.Constant(value=int() | float() as number):
            return Fraction(repr(number))  # as it is written, not as it is rounded to binary
        case ast.UnaryOp(operand=operand):
            return -_value(operand, given)
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](_value(left, given), _value(right, given))
    raise AssertionError(ast.dump(node))
