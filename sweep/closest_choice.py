# SPDX-License-Identifier: MIT
"""Find the choice closest to a value among values that have an order: numbers, quantities with a unit, releases.

By spelling, 5.4 is close to 5.14 and 1000 to 100; by order it is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from .fields.release import Release, release_of
from .units import LINKS, RATES, SHARES, SIZES, TIMES, UnitError, split

OLDEST_MAJOR = 2  # smaller ones are plain numbers, such as a load of 1.5; Linux 2.0 was released in 1996
# Sizes and shares may be written without a unit, so they compare with plain numbers.
_KINDS = (("", SIZES), ("", SHARES), ("time", TIMES), ("rate", RATES), ("link", LINKS))


class _Amount(NamedTuple):
    kind: str  # "" for a plain number
    value: Fraction


def closest(value: str, choices: Iterable[str]) -> str | None:
    """The closest of `choices` by order; None if `value` or none of them has one.

    For numbers and quantities of one kind it is the nearest, the smaller of two; for releases such as 6.12 and 4.11-rc1
    the newest that is not newer than `value`, or else the oldest: later changes do not apply yet.
    """
    release, amount = release_order(value), _amount(value)
    if release is None and amount is None:
        return None
    choices = list(choices)
    releases = {choice: parsed_release for choice in choices if (parsed_release := release_order(choice))}
    if release is not None and choices and len(releases) == len(choices):
        older = [choice for choice, parsed_release in releases.items() if parsed_release <= release]
        return max(older, key=releases.__getitem__) if older else min(releases, key=releases.__getitem__)
    if amount is None:
        return None
    amounts = {
        amount_choice: choice_amount.value
        for amount_choice in choices
        if (choice_amount := _amount(amount_choice)) and choice_amount.kind == amount.kind
    }
    return (
        min(amounts, key=lambda amount_choice: (abs(amounts[amount_choice] - amount.value), amounts[amount_choice]))
        if amounts
        else None
    )


def release_order(text: str) -> Release | None:
    """The release that a text names, which sorts a release candidate before its release; None if it names none."""
    release = release_of(text.strip())
    return release if release and release.major >= OLDEST_MAJOR else None


def _amount(text: str) -> _Amount | None:
    try:
        value, unit = split(text)
    except UnitError:
        return None
    if not unit:
        return _Amount("", value)
    return next((_Amount(kind, value * units[unit]) for kind, units in _KINDS if unit in units), None)
