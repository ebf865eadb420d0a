# SPDX-License-Identifier: MIT
"""Identities between published counters: `fast + slow == released`, computed exactly, with fractions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

from sweep import conditions
from sweep.conditions import conjuncts, parse
from sweep.conditions.tree import Expression, Name, NumberLiteral, Operation, Text, nodes
from sweep.config.models.quantities import ChoiceError

COMPARISONS = {"=": "==", "<=": "<=", ">=": ">="}
ARITHMETIC: dict[str, Callable[..., Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "neg": operator.neg,
    "*": operator.mul,
    "/": operator.truediv,
}


class EvaluatedComparison(NamedTuple):
    """One comparison of an identity, evaluated."""

    left: Fraction
    sign: str  # a value of COMPARISONS
    right: Fraction

    @property
    def gap(self) -> Fraction:
        """Difference by which the comparison fails; 0 if it holds."""
        difference = self.left - self.right
        if self.sign == "==":
            return abs(difference)
        return max(difference if self.sign == "<=" else -difference, Fraction(0))


def known(text: str) -> str:
    """The text, if it is an identity: comparisons of sums and products of names.  Errors: ValueError."""
    for comparison in conjuncts(parse(text)):
        if not isinstance(comparison, Operation) or comparison.sign not in COMPARISONS:
            raise ChoiceError("is no identity: compare two sides", tuple(COMPARISONS.values()))
        for _, node in nodes(comparison):
            if isinstance(node, Text) or (isinstance(node, NumberLiteral) and node.unit):
                raise ValueError(f'has "{node}" in it, which is no number')
            if node is not comparison and isinstance(node, Operation) and node.sign not in ARITHMETIC:
                raise ValueError(f'has "{str(node)[:60]}" in it, which is not allowed here')
    return text


def names(text: str) -> frozenset[str]:
    """The names of counters in an identity, which must be given."""
    return conditions.names(parse(text))


def evaluated(text: str, given: Mapping[str, Fraction]) -> list[EvaluatedComparison]:
    """The comparisons of an identity, from left to right, evaluated.  Errors: ZeroDivisionError."""
    found = [each for each in conjuncts(parse(text)) if isinstance(each, Operation)]
    values = [[_value(part, given) for part in each.parts] for each in found]
    return [
        EvaluatedComparison(left, COMPARISONS[each.sign], right)
        for each, (left, right) in zip(found, values, strict=True)
    ]


def _value(node: Expression, given: Mapping[str, Fraction]) -> Fraction:
    match node:
        case Name(name):
            return given[name]
        case NumberLiteral(digits):
            return Fraction(digits)  # as it is written, not as it is rounded to binary
        case Operation(sign, parts):
            values = [_value(part, given) for part in parts]
            return ARITHMETIC[sign](*values)
    raise AssertionError(node)
