# SPDX-License-Identifier: MIT
"""What a name stands for: a parameter over points, the unit that it has, and the words that it may be compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from sweep import units

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

# Unit of a column of the table -> what an amount in it may be written in, and how much of the column's unit that is.
SCALES: Mapping[str, Mapping[str, Fraction]] = {
    "ps": {unit: Fraction(ps) for unit, ps in units.TIMES.items()},
    "ns": {unit: Fraction(ps, 10**3) for unit, ps in units.TIMES.items()},
    "us": {unit: Fraction(ps, 10**6) for unit, ps in units.TIMES.items()},
    "pps": {unit: Fraction(rate) for unit, rate in units.RATES.items()},
    "Mpps": {unit: Fraction(rate, 10**6) for unit, rate in units.RATES.items()},
    "Gbit/s": {unit: Fraction(rate, 10**9) for unit, rate in units.LINKS.items()},
    "bytes": {unit: Fraction(size) for unit, size in units.SIZES.items()},
    "1": {unit: Fraction(share) for unit, share in units.SHARES.items()},
    "ppm": {unit: Fraction(share * units.MILLION) for unit, share in units.SHARES.items()},
}


@dataclass(frozen=True, eq=False)
class Column:
    """A parameter over points: `values` float64 or text, `known` False where a point does not have it, (points,).

    `literal` turns a quantity such as "60 ns" into a number in the column's unit (Errors: UnitError); `is_plain` says
    that a number without a unit is one, too.  `choices` are the words that a column of text may be compared with, None
    for any; with `is_open`, any other word differs from all values.  `standard` gives the usual form of a word, `rank`
    its place in order, None for a word without one.
    """

    values: Array
    known: Mask
    literal: Callable[[str], float] | None = None
    choices: tuple[str, ...] | None = None
    is_plain: bool = False
    is_open: bool = False
    standard: Callable[[str], str] | None = None
    rank: Callable[[str], Any] | None = None

    @property
    def is_text(self) -> bool:
        return self.values.dtype == object


def amount(text: str, unit: str) -> float:
    """A number, with a unit or without one, in the unit of a column.  Errors: UnitError."""
    value, given = units.split(text)
    scales = SCALES.get(unit, {unit: Fraction(1)})
    if given and given not in scales:
        raise units.UnitError(f'has the unit "{given}", which is not one of: {", ".join(scales)}')
    return float(value * scales[given] if given else value)
