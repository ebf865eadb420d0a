# SPDX-License-Identifier: MIT
"""A condition as a tree of frozen nodes: equal where they mean the same, and `str` gives a text that parses to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .tokens import SIGNS

# How tightly what is written binds, the loosest first; "neg" is the sign before a value.
_LEVELS = (("or",), ("and",), ("not",), (*SIGNS.values(), "in", "not in"), ("..",), ("+", "-"), ("*", "/", "//", "%"))
RANKS = {sign: rank for rank, signs in enumerate((*_LEVELS, ("neg",), ("list",))) for sign in signs}


@dataclass(frozen=True)
class Expression:
    """A condition or a part of one; `at` is its place in the text, in characters from 0, and no part of its meaning."""

    at: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True)
class Name(Expression):
    """A parameter, or a word that one is compared with."""

    word: str

    def __str__(self) -> str:
        return self.word


@dataclass(frozen=True)
class Text(Expression):
    """Text in quotes: never a parameter."""

    word: str

    def __str__(self) -> str:
        return "'" + self.word.replace("'", "''") + "'"


@dataclass(frozen=True)
class NumberLiteral(Expression):
    """A number as it is written, and its unit, "" without one."""

    digits: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.digits} {self.unit}".strip()

    word = property(__str__)


@dataclass(frozen=True)
class Operation(Expression):
    """Nodes and what is done with them: `sign` is one of RANKS.  `256 <= ring < 1024` is two comparisons with "and"."""

    sign: str
    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        rank = RANKS[self.sign]
        if self.sign == "list":
            return f"[{', '.join(map(str, self.parts))}]"
        if self.sign in ("not", "neg"):
            return ("not " if self.sign == "not" else "-") + _inside(self.parts[0], rank, self.sign == "neg")
        # Comparisons do not stand beside each other without parentheses.
        first, *others = (_inside(part, rank + (place > 0 or 3 <= rank <= 4)) for place, part in enumerate(self.parts))
        return (self.sign if self.sign == ".." else f" {self.sign} ").join([first, *others])


def _inside(part: Expression, least: int, is_negated: bool = False) -> str:
    """The text of a part, in parentheses if it binds less tightly than `least`."""
    is_loose = isinstance(part, Operation) and RANKS[part.sign] < least
    if isinstance(part, NumberLiteral):  # `30 % - 2` is a remainder, and `-5` a number
        is_loose = is_negated or (part.unit == "%" and least >= RANKS["+"])
    return f"({part})" if is_loose else str(part)


def nodes(tree: Expression) -> Iterator[tuple[int, Expression]]:
    """Every node with its level; that of the top is 1."""
    pending = [(1, tree)]
    while pending:
        level, node = pending.pop()
        yield level, node
        pending += [(level + 1, part) for part in node.parts] if isinstance(node, Operation) else []


def names(tree: Expression | None) -> frozenset[str]:
    """Every word that is not in quotes: parameters, and what they are compared with."""
    return frozenset(node.word for _, node in nodes(tree) if isinstance(node, Name)) if tree else frozenset()


def conjuncts(tree: Expression | None) -> list[Expression]:
    """The conditions that must all hold, from left to right."""
    if isinstance(tree, Operation) and tree.sign == "and":
        return [each for part in tree.parts for each in conjuncts(part)]
    return [] if tree is None else [tree]
