# SPDX-License-Identifier: MIT
"""From text to the tree of a condition or a value, or of what stands in the brackets of a claim."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, reduce
from itertools import pairwise

from .tokens import SIGNS, ConditionError, Token, tokens
from .tree import RANKS, Expression, Name, NumberLiteral, Operation, Text, nodes

DEEPEST = 40  # parentheses, lists and signs within each other
TALLEST = 150  # levels of a tree: `1 + 1 + 1` has three
NO_LIST = 'needs a list such as [a, b] or a range such as 1..5 after "in"'


@lru_cache(1024)
def parse(text: str) -> Expression:
    """The condition, or the value such as `2*ring`, that a text is.  Errors: ConditionError."""
    return Parser(text, tokens(text)).whole(Parser.expression)


@lru_cache(1024)
def parse_items(text: str) -> Expression:
    """`page_pool, ring >= 512, label=a b`: conditions that must all hold.  Errors: ConditionError."""
    return Parser(text, tokens(text)).whole(Parser.items)


class Parser:
    """Reads `found`, tokens of `text` of which the last is an end.  Errors: ConditionError."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self.text, self.tokens, self.at, self.depth = text, found, 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *texts: str) -> bool:
        return self.next.kind in ("sign", "keyword") and self.next.text in texts

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of these signs or keywords."""
        self.at += (found := self.sees(*texts))
        return self.tokens[self.at - 1] if found else None

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.unexpected(f'"{text}"')

    def unexpected(self, wanted: str) -> ConditionError:
        here = self.next
        seen = "ends" if here.kind == "end" else f'has "{self.text[here.at : here.end]}"'
        return ConditionError(f"is not a valid expression: it {seen} where {wanted} is expected", place=here.at)

    def whole(self, read: Callable[[Parser], Expression]) -> Expression:
        """What `read`, a method of this class, reads, which must be all there is."""
        tree = read(self)
        if self.next.kind != "end":
            raise self.unexpected("an operator or the end")
        return _limited(tree)

    def within(self, read: Callable[[], Expression]) -> Expression:
        """What `read` reads one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            message = f"is not a valid expression: more than {DEEPEST} levels are within each other"
            raise ConditionError(message, place=self.next.at)
        found = read()
        self.depth -= 1
        return found

    def expression(self, least: int = 0) -> Expression:
        """Operations that bind at least as tightly as `least`, a value of RANKS."""
        left = self.operand(least)
        while self.next.kind in ("sign", "keyword"):
            word, rank = self.next.text, RANKS.get(self.next.text, -1)
            if rank >= max(least, RANKS["+"]) or (rank >= least and word in ("or", "and")):
                self.at += 1
                left = Operation(word, (left, self.expression(rank + 1)), at=left.at)
            elif least <= RANKS["="] and (word in SIGNS or word in ("in", "not")):
                left = self.comparison(left)
            else:
                break
        return left

    def comparison(self, left: Expression) -> Expression:
        """`left in ...`, or a chain of comparisons, which is one of each two."""
        place = self.next.at
        is_negated = bool(self.take("not"))
        if is_negated or self.sees("in"):
            self.need("in")
            return Operation("not in" if is_negated else "in", (left, self.group()), at=left.at)
        signs, sides = list[str](), [left]
        while sign := self.take(*SIGNS):
            signs.append(SIGNS[sign.text])
            sides.append(self.values() if self.sees("[") else self.expression(RANKS["+"]))
        if isinstance(sides[-1], Operation) and sides[-1].sign == "list" and signs in (["="], ["!="]):
            return Operation("in" if signs == ["="] else "not in", (left, sides[-1]), at=left.at)
        if any(isinstance(side, Operation) and side.sign == "list" for side in sides):
            raise ConditionError("compares a list with something other than = or !=", place=place)
        pairs: list[Expression] = [
            Operation(sign, two, at=two[0].at) for sign, two in zip(signs, pairwise(sides), strict=True)
        ]
        return all_of(pairs)

    def group(self) -> Expression:
        """What follows "in": a list in brackets or parentheses, or a range with both ends included."""
        start = self.at
        if self.sees("[", "("):
            found = self.values()
            if not self.sees("..", "+", "-", "*", "/", "//", "%"):
                return found
            self.at = start  # of `(a + 1) * 2..b`
        low = None if self.next.kind == "end" else self.expression(RANKS["+"])
        if low is None or not self.take(".."):
            raise ConditionError(NO_LIST, place=self.tokens[start].at)
        return Operation("..", (low, self.expression(RANKS["+"])), at=low.at)

    def values(self) -> Expression:
        opening = self.next
        close, parts = "]" if self.take("[", "(") and opening.text == "[" else ")", list[Expression]()
        while not parts or self.take(","):
            if self.sees(close):
                break
            parts.append(self.within(lambda: self.expression(RANKS["+"])))
        self.need(close)
        if not parts:
            raise ConditionError(NO_LIST, place=opening.at)
        return Operation("list", tuple(parts), at=opening.at)

    def operand(self, least: int) -> Expression:
        kind, text, at, _, unit = self.next
        self.at += 1
        if kind == "number":
            return NumberLiteral(text, unit, at=at)
        if kind in ("word", "text"):
            return Name(text, at=at) if kind == "word" else Text(text, at=at)
        if kind == "sign" and text in "+-" and self.next.kind == "number":
            number = self.next
            self.at += 1
            return NumberLiteral(text.strip("+") + number.text, number.unit, at=at)
        if kind == "sign" and text == "-":
            return Operation("neg", (self.within(lambda: self.expression(RANKS["neg"])),), at=at)
        if kind == "keyword" and text == "not" and least <= RANKS["not"]:
            return Operation("not", (self.within(lambda: self.expression(RANKS["not"])),), at=at)
        if kind == "sign" and text == "(":
            inner = self.within(self.expression)
            self.need(")")
            return inner
        self.at -= 1
        raise self.unexpected("a name, a number or text")

    def items(self) -> Expression:
        """What brackets have in them, up to "]" or the end: conditions with commas between them."""
        parts = list[Expression]()
        while not self.ends_item() or self.take(","):
            if not self.ends_item():
                parts.append(self.item())
        if not parts:
            raise self.unexpected("a condition")
        return _limited(all_of(parts))

    def ends_item(self) -> bool:
        return self.next.kind == "end" or self.sees(",", "]")

    def item(self) -> Expression:
        """A strategy, `name = value` where the value may be any text without a comma, or a condition.

        A point that does not have a parameter differs here from any value of it.
        """
        start, name, sign = self.at, self.next, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        found = None
        with suppress(ConditionError):
            found = self.expression()
        if isinstance(found, Name) and self.ends_item():
            return Operation("=", (Name("strategy", at=found.at), found), at=found.at)
        if name.kind != "word" or sign.kind != "sign" or sign.text not in SIGNS:
            self.at = start
            return self.expression()
        left = Name(name.text, at=name.at)
        is_chain = isinstance(found, Operation) and found.sign == "and"
        if any(token.kind == "keyword" for token in self.tokens[start : self.at]):
            is_chain = False
        if found is None or is_chain or not self.ends_item():
            self.at = start + 2
            found = Operation(SIGNS[sign.text], (left, self.rest()), at=left.at)
        if isinstance(found, Operation) and found.sign in ("!=", "not in"):
            absent = Operation("=", (left, Name("none", at=left.at)), at=left.at)
            return Operation("or", (found, absent), at=left.at)
        return found

    def rest(self) -> Expression:
        """All up to the end of the item, as text."""
        first = self.next
        if self.ends_item():
            raise self.unexpected("a value")
        while not self.ends_item():
            self.at += 1
        return Text(self.text[first.at : self.tokens[self.at - 1].end].strip(), at=first.at)


def all_of(parts: list[Expression]) -> Expression:
    """The condition that holds where all of these do; there is one at least."""
    return reduce(lambda left, right: Operation("and", (left, right), at=left.at), parts)


def _limited(tree: Expression) -> Expression:
    """The tree, unless it is too high to be walked."""
    if max(level for level, _ in nodes(tree)) > TALLEST:
        raise ConditionError(f"is not a valid expression: it is longer than {TALLEST} operations")
    return tree
