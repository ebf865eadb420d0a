# SPDX-License-Identifier: MIT
"""The language of claims: `metric[selector, ...] < number`, read but not judged.

    allocator_calls_per_packet[refcount_recycle, traffic=host, ring>=1024] < 0.01
    ns_per_packet[page_pool, load=0.6] < ns_per_packet[page_allocator]
    drop_ratio[strategy=page_pool] <= 0.1 %

A bare word selects a strategy; `name op value` compares a parameter column, with op one of = != < <= > >=.  The sweep
file is checked with it before anything runs, and the report judges with it; which names there are, they know.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FORM = "metric[strategy, ring>=1024] < 0.01"  # how a claim is written
LONGEST = 1000  # characters

_CELLS = r"([A-Za-z_]\w*)\s*(?:\[([^\]]*)\])?"
_CLAIM = re.compile(rf"\s*{_CELLS}\s*(<=|>=|<|>)\s*(.+?)\s*")
_REFERENCE = re.compile(_CELLS)
_NUMBER = re.compile(r"([-+]?[\d_]*\.?\d+(?:[eE][-+]?\d+)?)\s*(%?)")
_WITH_UNIT = re.compile(rf"{_NUMBER.pattern}\s*[A-Za-z/]+")
_SELECTOR = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|!=|==|=|<|>)\s*(.+?)\s*")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class ClaimError(ValueError):
    """The text is no claim; the message follows it in quotes."""


@dataclass(frozen=True)
class Selector:
    """One condition on a parameter column."""

    text: str  # as written
    name: str
    sign: str  # a key of _OPERATORS
    value: str

    @property
    def excludes(self) -> bool:
        return self.sign == "!="

    def of_numbers(self, values: Any) -> Any:
        """Which of `values` it selects, as `values op number` gives it.  Errors: ClaimError."""
        number = _NUMBER.fullmatch(self.value)
        if not number:
            raise ClaimError(f'cannot be read: "{self.value}" in "{self.text}" is not a number')
        return _OPERATORS[self.sign](values, _value(number))

    def of_names(self, values: Any) -> Any:
        """Which of `values`, names, it selects.  Errors: ClaimError."""
        if self.sign not in ("=", "==", "!="):
            raise ClaimError(f'cannot be read: "{self.sign}" in "{self.text}" needs numbers; "{self.name}" holds names')
        return _OPERATORS[self.sign](values, self.value)


@dataclass(frozen=True)
class Cells:
    """A metric, and the cells of the sweep in which it is looked at."""

    metric: str
    selectors: tuple[Selector, ...]


@dataclass(frozen=True)
class Claim:
    """`left` is on the side `sign` of `threshold`; with a `right`, it is their difference that is."""

    left: Cells
    sign: str  # < <= > >=
    right: Cells | None
    threshold: float
    bound: str  # the threshold in words

    @property
    def sides(self) -> tuple[Cells, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)


def parse(text: str) -> Claim:
    """The claim that `text` makes.  Errors: ClaimError."""
    match = _CLAIM.fullmatch(text) if len(text) <= LONGEST else None
    if not match:
        raise ClaimError(f"cannot be read; write {FORM}")
    metric, selectors, sign, right = match.groups()
    left = _cells(metric, selectors)
    if number := _NUMBER.fullmatch(right):
        return Claim(left, sign, None, _value(number), right)
    if reference := _REFERENCE.fullmatch(right):
        return Claim(left, sign, _cells(*reference.groups()), 0.0, "0 (the difference)")
    if _WITH_UNIT.fullmatch(right):
        raise ClaimError(f'has a unit in it, "{right}": write the number alone, in the unit of {metric}')
    raise ClaimError(f'cannot be read: "{right}" is neither a number nor a metric; write {FORM}')


def in_full(text: str, full: Callable[[str], str]) -> str:
    """The same claim with `full(metric)` in place of each metric.  Errors: ClaimError, and what `full` raises."""
    claim, match = parse(text), _CLAIM.fullmatch(text)
    assert match is not None  # or it would not be a claim
    starts = [match.start(1), *([] if claim.right is None else [match.start(4)])]
    for side, start in reversed([*zip(claim.sides, starts, strict=True)]):
        text = text[:start] + full(side.metric) + text[start + len(side.metric) :]
    return text


def _cells(metric: str, selectors: str | None) -> Cells:
    texts = (text.strip() for text in (selectors or "").split(","))
    return Cells(metric, tuple(_selector(text) for text in texts if text))


def _selector(text: str) -> Selector:
    match = _SELECTOR.fullmatch(text)
    name, sign, value = match.groups() if match else ("strategy", "=", text)
    return Selector(text, name, sign, value.strip("\"'"))


def _value(number: re.Match[str]) -> float:
    value = float(number[1].replace("_", "")) / (100 if number[2] else 1)
    if not math.isfinite(value):
        raise ClaimError(f'cannot be read: "{number[0]}" is too large a number')
    return value
