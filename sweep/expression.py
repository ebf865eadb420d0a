# SPDX-License-Identifier: MIT
"""The small language of `where:`, of `--filter` and of values such as `2*ring`: parsed by Python, run over columns.

Comparisons (chained ones too), `in`, and/or/not, + - * / // %, parentheses, numbers, quantities (`60 ns`), text
bare or quoted.  A word that is no parameter is text.  Arithmetic is in float64, exact for whole numbers below
2**53.  A parameter that a point does not have makes a comparison unknown, by Kleene's three-valued logic.

Nothing is executed: `ast` gives a tree and only the nodes named here are walked.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sweep.errors import did_you_mean
from sweep.units import LINKS, RATES, SIZES, TIMES

LONGEST = 1000  # characters, so that Python's parser cannot run out of stack

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNITS = "|".join(re.escape(unit) for units in (LINKS, RATES, SIZES, TIMES) for unit in units)
_QUANTITY = re.compile(rf"""("[^"]*"|'[^']*')|(?<![\w.])(\d[\d_.]*\s*(?:{_UNITS}))(?![\w/.])""")


class ExpressionError(ValueError):
    """The expression is wrong; the message says what.

    known: what there is to choose from; words: what may be a misspelt parameter; place: where, in characters from 0.
    """

    def __init__(
        self, message: str, known: Iterable[str] = (), words: Iterable[str] = (), place: int | None = None
    ) -> None:
        super().__init__(message)
        self.known, self.words, self.place = tuple(known), tuple(words), place


@dataclass(frozen=True, eq=False)
class Column:
    """A parameter over points: `values` float64 or text, `known` False where a point does not have it.

    `literal` turns text into a number for a column of quantities, `plain` says that its unit is known without being
    written; `choices` are the words that a column of text may be compared with, empty for any; `aliases` are other
    words for some of them.
    """

    values: Array
    known: Mask
    literal: Callable[[str], float] | None = None
    choices: tuple[str, ...] = ()
    plain: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        return self.values.dtype == object


@dataclass(frozen=True, eq=False)
class _Truth:
    values: Mask
    known: Mask


class Expression:
    """A parsed expression.  Errors: ExpressionError from the constructor and from the two evaluations."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise ExpressionError(f"is longer than {LONGEST} characters")
        line = re.sub(r"[\r\n]", " ", text)
        self._blanks = len(line) - len(line.lstrip())
        self._quotes: list[int] = []  # places of the quotes put around quantities
        self._parsed = _QUANTITY.sub(self._quoted, line.strip())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Python thinks of the style is not the user's business
                self.tree = ast.parse(self._parsed, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            single = re.search(r"(?<![<>=!])=(?!=)", text)
            hint = ": equality is written ==" if single else ""
            parsed = (getattr(error, "offset", None) or len(self._parsed) + 1) - 1  # Python's word for the end is 0
            place = single.start() if single else self._place(parsed)
            raise ExpressionError(f"is not a valid expression{hint}", place=place) from None

    def names(self) -> frozenset[str]:
        """Every word and dotted word in it: parameters, and text that is not quoted."""
        found: set[str] = set()
        pending: list[ast.AST] = [self.tree]
        while pending:
            node = pending.pop()
            name = dotted(node)
            if name:
                found.add(name)
            else:
                pending.extend(ast.iter_child_nodes(node))
        return frozenset(found)

    def keeps(self, column: Callable[[str], Column | None], points: int) -> Mask:
        """Where it does not fail, shape (points,); unknown is kept.  `column` gives None for no parameter."""
        with self._placing():
            truth = _Walk(column, points).visit(self.tree)
        if not isinstance(truth, _Truth):
            raise ExpressionError("is not a condition: compare something")
        return truth.values | ~truth.known

    def numbers(self, column: Callable[[str], Column | None], points: int) -> Column:
        """Its numeric value at every point, shape (points,)."""
        with self._placing():
            result = _Walk(column, points).visit(self.tree)
        if not isinstance(result, Column) or result.is_text:
            raise ExpressionError("is not a number")
        return result

    def _quoted(self, match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        first = match.start() + len(self._quotes)
        self._quotes += [first, first + len(match[2]) + 1]
        return f'"{match[2]}"'

    def _place(self, parsed: int) -> int:
        """A character of what was parsed as one of the text."""
        return self._blanks + parsed - sum(quote < parsed for quote in self._quotes)

    @contextmanager
    def _placing(self) -> Iterator[None]:
        """Python counts bytes of what was parsed; errors leave with characters of the text."""
        try:
            yield
        except ExpressionError as error:
            if error.place is not None:
                error.place = self._place(len(self._parsed.encode()[: error.place].decode()))
            raise


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes, empty for any other node."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


@contextmanager
def _at(node: ast.AST) -> Iterator[None]:
    """What goes wrong inside is wrong at `node`, unless that is known more exactly."""
    try:
        yield
    except ExpressionError as error:
        if error.place is None:
            error.place = getattr(node, "col_offset", None)
        raise


class _Walk:
    """One evaluation.  A `str` result is text that was written in the expression."""

    def __init__(self, column: Callable[[str], Column | None], points: int) -> None:
        self.column = column
        self.points = points

    def visit(self, node: ast.AST) -> Column | _Truth | str:
        with _at(node):
            name = dotted(node)
            if name:
                return self.column(name) or name
            match node:
                case ast.Constant(value=str(text)):
                    return text
                case ast.Constant(value=bool()):
                    raise ExpressionError("has True or False in it: compare something")
                case ast.Constant(value=int() | float() as number) if abs(number) < 2**53:
                    return self.number(float(number))
                case ast.UnaryOp(op=ast.USub(), operand=operand):
                    return self.arithmetic(operator.sub, self.number(0.0), self.visit(operand))
                case ast.UnaryOp(op=ast.Not(), operand=operand):
                    truth = self.truth(self.visit(operand))
                    return _Truth(~truth.values, truth.known)
                case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                    return self.arithmetic(_ARITHMETIC[type(op)], self.visit(left), self.visit(right))
                case ast.BoolOp(op=op, values=values):
                    return self.combine(isinstance(op, ast.And), [self.truth(self.visit(value)) for value in values])
                case ast.Compare(left=left, ops=ops, comparators=comparators):
                    sides = [left, *comparators]
                    return self.combine(
                        True, [self.compare(*pair) for pair in zip(sides, ops, sides[1:], strict=False)]
                    )
            raise ExpressionError(f'has "{ast.unparse(node)[:60]}" in it, which is not allowed here')

    def number(self, value: float) -> Column:
        return Column(np.full(self.points, value), np.ones(self.points, bool))

    def arithmetic(self, op: Callable[[Any, Any], Any], left: Any, right: Any) -> Column:
        for side in (left, right):
            if isinstance(side, str):
                raise ExpressionError(f'has "{side}" in it, which is not a parameter with a number', words=[side])
            if isinstance(side, _Truth) or side.is_text:
                raise ExpressionError("computes with something that is not a number")
        known = left.known & right.known
        with np.errstate(all="ignore"):
            values = op(left.values, right.values)
        if not np.isfinite(values[known]).all():
            raise ExpressionError("divides by zero or grows too large")
        return Column(values, known, left.literal or right.literal)

    def truth(self, value: Column | _Truth | str) -> _Truth:
        if isinstance(value, _Truth):
            return value
        if isinstance(value, str):
            raise ExpressionError(f'has "{value}" where a comparison is needed', words=[value])
        raise ExpressionError("has a parameter where a comparison is needed")

    def combine(self, all_of: bool, truths: list[_Truth]) -> _Truth:
        """Kleene's and (`all_of`) and or: one side that decides is enough."""
        values, known = truths[0].values, truths[0].known
        for truth in truths[1:]:
            decided = (known & (values != all_of)) | (truth.known & (truth.values != all_of))
            both = known & truth.known
            values = np.where(both, values & truth.values if all_of else values | truth.values, not all_of)
            known = both | decided
        return _Truth(values, known)

    def compare(self, left: ast.AST, op: ast.cmpop, right: ast.AST) -> _Truth:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
                raise ExpressionError('needs a list such as [a, b] after "in"')
            found = self.combine(False, [self.compare(left, ast.Eq(), value) for value in right.elts])
            return found if isinstance(op, ast.In) else _Truth(~found.values, found.known)
        if type(op) not in _COMPARISONS:
            raise ExpressionError("has a comparison that is not allowed here", ("==", "!=", "<", "<=", ">", ">=", "in"))
        a, b = self.visit(left), self.visit(right)
        if isinstance(a, Column) and dotted(right) in a.choices:
            b = dotted(right)  # `traffic == host`: the mix of that name, though there is a parameter called host, too
        if isinstance(a, _Truth) or isinstance(b, _Truth):
            raise ExpressionError("compares the result of a comparison")
        sides = []
        for node, side, other in ((left, a, b), (right, b, a)):
            with _at(node):
                sides.append(self.literal(side, other))
        a, b = sides
        if a.is_text != b.is_text:
            raise ExpressionError('compares text with a number (text such as "6.12" is written in quotes)')
        if a.is_text and not isinstance(op, ast.Eq | ast.NotEq):
            raise ExpressionError("compares the order of text", ("==", "!=", "in"))
        if (a.literal is None) != (b.literal is None) and not (a.is_text or a.plain or b.plain):
            raise ExpressionError("compares a quantity with a plain number: write its unit")
        return _Truth(np.asarray(_COMPARISONS[type(op)](a.values, b.values), bool), a.known & b.known)

    def literal(self, side: Column | str, other: Column | str) -> Column:
        """Text written in the expression as a column like the one that it is compared with."""
        if isinstance(side, Column):
            return side
        if isinstance(other, str):
            message = f'compares "{side}" with "{other}", neither of which is a parameter'
            raise ExpressionError(message, words=[side, other])
        if other.literal is not None:
            try:
                value = other.literal(side)
            except ValueError as error:
                raise ExpressionError(f'has "{side}" in it, which {error}') from None
            return Column(np.full(self.points, float(value)), np.ones(self.points, bool), other.literal)
        if not other.is_text:
            raise ExpressionError(f'has "{side}" in it, which is not a parameter with a number', words=[side])
        side = other.aliases.get(side, side)
        if other.choices and side not in other.choices:
            hint = did_you_mean(side, other.choices)
            raise ExpressionError(f'has "{side}" in it, which is not known{hint and "." + hint}', other.choices)
        return Column(np.full(self.points, side, object), np.ones(self.points, bool))
