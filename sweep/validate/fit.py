# SPDX-License-Identifier: MIT
"""Free parameters: each fitted one by bisection on its calibration rows, in file order, until all are settled.

Only calibration rows are simulated here.  Values are whole numbers, so equal files give equal ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sweep.config.parameters import parameters
from sweep.errors import RunError
from sweep.model.randomness import fixed_point
from sweep.validate.experiment.experiment import Experiment, Free
from sweep.validate.experiment.origins import chosen
from sweep.validate.experiment.points import scenarios, solved
from sweep.yamltree.source import Mistake

from .predict import Predictor

MOST_ROUNDS = 10  # through all fitted parameters of a file
CLOSE = 1e-4  # of the measured value: nearer than any published digit
FINE = 1 << 12  # bisection ends at this part of the parameter
LN_BITS = 64  # of logarithms: finer than CLOSE and than float64


@dataclass(frozen=True)
class Solution:
    """The value of a free parameter.

    error: predicted over measured on the calibration rows, less 1 (geometric mean); None where nothing is fitted.
    """

    free: Free
    value: Any  # canonical
    error: float | None = None
    trouble: str = ""  # "at its bound", "not settled"

    @property
    def shown(self) -> str:
        """The value as people write it."""
        return str(parameters()[self.free.parameter].shown(self.value))


Elsewhere = Callable[[Path], "tuple[Experiment, Sequence[Solution]]"]


def solve(experiment: Experiment, predictor: Predictor, elsewhere: Elsewhere) -> list[Solution]:
    """The values of all free parameters, in the order of the file.  `elsewhere(path)`: another file and its values.

    Errors: ConfigError if another file does not have one; RunError if a calibration row cannot be predicted.
    """
    values: dict[int, Any] = {}
    for index, free in enumerate(experiment.free):
        if free.origin:
            there, solutions = elsewhere(free.origin)
            values[index] = solutions[_chosen(free, there)].value
        else:
            values[index] = (free.low + free.high) // 2 if free.is_fitted else free.low
    fitted = [index for index, free in enumerate(experiment.free) if free.is_fitted]
    found: dict[int, Solution] = {}
    moving = fitted
    for _ in range(MOST_ROUNDS if len(fitted) > 1 else 1):
        moving = []
        for index in fitted:
            before = values[index]
            found[index] = _fit(experiment, predictor, values, index)
            values[index] = found[index].value
            if abs(values[index] - before) > max(1, abs(before) // (FINE // 4)):
                moving.append(index)
        if not moving:
            break
    for index in moving if len(fitted) > 1 else ():
        found[index] = Solution(found[index].free, values[index], found[index].error, "not settled")
    return [found.get(index, Solution(free, values[index])) for index, free in enumerate(experiment.free)]


def bisect(error: Callable[[int], float], low: int, high: int) -> tuple[int, float, bool]:
    """Where `error` changes its sign between two whole numbers: the value, its error, whether there is such a place.

    Where there is none, the end with the smaller error.
    """
    ends = (low, error(low)), (high, error(high))
    best = min(ends, key=lambda end: abs(end[1]))
    if ends[0][1] * ends[1][1] > 0:
        return *best, False
    falling = ends[0][1] > ends[1][1]
    while abs(best[1]) > CLOSE and high - low > max(1, abs(high) // FINE):
        middle = (low + high) // 2
        here = error(middle)
        best = min(best, (middle, here), key=lambda end: abs(end[1]))
        if (here > 0) == falling:
            low = middle
        else:
            high = middle
    return *best, True


def _fit(experiment: Experiment, predictor: Predictor, values: Mapping[int, Any], index: int) -> Solution:
    free = experiment.free[index]

    def error(value: int) -> float:
        return _error(experiment, predictor, {**values, index: value}, free)

    value, left, bracketed = bisect(error, free.low, free.high)
    return Solution(free, value, math.expm1(left), "" if bracketed else "at its bound")


def _error(experiment: Experiment, predictor: Predictor, values: Mapping[int, Any], free: Free) -> float:
    """Mean over the calibration rows of log(predicted / measured).  It decides what is run, so no libm is in it."""
    assert experiment.sweep is not None
    sweep = solved(experiment.sweep, experiment, values)
    wanted = [scenarios(sweep, row) for row in free.fitted_on]
    predictor.simulate(scenario for each in wanted for scenario in each)
    total: float = 0  # whole, but for an infinite one
    for index, each in zip(free.fitted_on, wanted, strict=True):
        row = experiment.rows[index]
        prediction = predictor.predict(each, row.predict)
        if prediction.value is None:
            raise RunError(f'{row.place}: the calibration row "{row.id}" cannot be predicted: {prediction.trouble}')
        ratio = Fraction(prediction.value) / row.measured
        total += fixed_point.ln(*ratio.as_integer_ratio(), LN_BITS) if ratio > 0 else -math.inf
    return total / (len(wanted) << LN_BITS)


def _chosen(free: Free, there: Experiment) -> int:
    try:
        return chosen(free, there)
    except Mistake as mistake:
        raise mistake.error() from None
