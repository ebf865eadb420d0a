# SPDX-License-Identifier: MIT
"""What claims and objectives say: `METRIC where CONDITION < VALUE UNIT`.

    allocator_calls_per_packet where strategy = page_pool and ring >= 512 < 0.001
    allocator_calls_per_packet[page_pool, ring >= 512] < 0.001
    ns_per_packet[page_pool, load = 60 %] < ns_per_packet[page_allocator]

The last comparison that is outside of all parentheses is the bound.  Brackets are short for `where`, with commas for
`and`: a bare word in them is a strategy, and what follows `name =` may be any text without a comma.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from sweep.units import UnitError

from .columns import amount
from .parser import Parser, all_of
from .tokens import ORDER, ConditionError, Token, tokens
from .tree import Expression, NumberLiteral, Operation, conjuncts

FORM = "METRIC where CONDITION < VALUE UNIT"
EXAMPLE = "drop_ratio[page_pool, ring >= 1024] < 0.1 %"


@dataclass(frozen=True)
class MetricCells:
    """A metric, and where it is looked at; everywhere without a condition."""

    metric: str
    where: Expression | None = None
    at: int = field(default=0, compare=False)  # where the metric stands in the text

    def __str__(self) -> str:
        return self.metric if self.where is None else f"{self.metric} where ({self.where})"


@dataclass(frozen=True)
class Bound:
    """`left` is on the side `sign` of a value; with a `right`, it is their difference that is on that side of 0."""

    left: MetricCells
    sign: str  # < <= > >=
    right: MetricCells | None
    value: NumberLiteral
    words: str = field(compare=False)  # the value as it is written

    @property
    def sides(self) -> tuple[MetricCells, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)

    def threshold(self, unit: str) -> float:
        """The value in the unit of the metric's column.  Errors: ConditionError."""
        try:
            return amount(str(self.value), unit)
        except (UnitError, OverflowError) as error:
            why = error if isinstance(error, UnitError) else "is too large a number"
            raise ConditionError(f'bounds {self.left.metric} by "{self.words}", which {why}') from None

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right or self.value}"


@lru_cache(1024)
def parse_bound(text: str) -> Bound:
    """The bound that a text is.  Errors: ConditionError."""
    found = tokens(text)
    top = [place for place in _outside(found) if found[place].text in (*ORDER, "where")]
    wheres = [place for place in top if found[place].kind == "keyword"]
    signs = [place for place in top if found[place].kind == "sign"]
    first = min(signs, default=len(found))
    # A second metric may have a `where` of its own: the second one, or one that has a comparison before it.
    own = next((where for number, where in enumerate(wheres) if number or first < where), len(found))
    split = max((sign for sign in signs if sign < own), default=0)
    if not split:
        raise ConditionError(f"has no bound such as < 0.01 at its end; write {FORM}", place=found[-1].at)
    sign, right, words = found[split], found[split + 1 :], text[found[split].end :].strip()
    left = _cells(text, [*found[:split], Token("end", "", sign.at, sign.at)], "a metric", is_left=True)
    negative = "-" if right[0].text == "-" else ""
    if [token.kind for token in right[bool(negative) :]] == ["number", "end"]:
        number = right[-2]
        return Bound(left, sign.text, None, NumberLiteral(negative + number.text, number.unit), words)
    cells = _cells(text, right, "a number, with or without a unit, or a metric")
    return Bound(left, sign.text, cells, NumberLiteral("0"), "0 (the difference)")


def with_metrics(text: str, full: Callable[[str], str]) -> str:
    """The same bound with `full(metric)` in place of each metric.  Errors: ConditionError, and what `full` raises."""
    for side in reversed(parse_bound(text).sides):
        text = text[: side.at] + full(side.metric) + text[side.at + len(side.metric) :]
    return text


def _outside(found: list[Token]) -> list[int]:
    """Which tokens are outside of all parentheses and brackets."""
    depths = accumulate({"(": 1, "[": 1, ")": -1, "]": -1}.get(t.text, 0) if t.kind == "sign" else 0 for t in found)
    return [place for place, depth in enumerate(depths) if depth == 0]


def _cells(text: str, found: list[Token], wanted: str, is_left: bool = False) -> MetricCells:
    parser = Parser(text, found)
    metric, conditions = parser.next, list[Expression]()
    if metric.kind != "word":
        raise parser.unexpected(wanted)
    parser.at += 1
    if parser.take("["):
        conditions += [] if parser.sees("]") else [parser.items()]
        parser.need("]")
    if parser.take("where"):
        started = parser.next.at
        conditions.append(parser.whole(Parser.expression))
        last = conjuncts(conditions[-1])[-1]
        is_open = is_left and found[-2].text != ")"
        if is_open and isinstance(last, Operation) and isinstance(last.parts[0], NumberLiteral):
            better = f"where ({text[started : found[-1].at].strip()}) {text[found[-1].at :]}"
            raise ConditionError(f"may be a range without a bound; write {better}", place=started)
    if parser.next.kind != "end":
        raise parser.unexpected(f"a comparison, as in {FORM},")
    return MetricCells(metric.text, all_of(conditions) if conditions else None, metric.at)
