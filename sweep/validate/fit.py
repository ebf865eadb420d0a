# SPDX-License-Identifier: MIT
"""Solve free parameters: each is fitted by bisection on its calibration rows, in file order, until all settle.

Only calibration rows are simulated here.  Values are integers, so equal files give equal values.
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

MOST_ROUNDS = 10  # rounds through all fitted parameters of a file
CLOSE = 1e-4  # relative error at which a fit ends: finer than any published digit
FINE = 1 << 12  # bisection ends at an interval of 1/FINE of the parameter
LN_BITS = 64  # of logarithms: finer than CLOSE and than float64


@dataclass(frozen=True)
class Solution:
    """The value of a free parameter.

    error: predicted over measured on the calibration rows, less 1 (geometric mean); None where nothing is fitted.
    """

    free: Free
    value: Any  # canonical
    error: float | None = None
    trouble: str = ""  # "at its bound", "not settled"; "" if the fit succeeded

    @property
    def shown(self) -> str:
        """The value with its unit, as in a sweep file."""
        return str(parameters()[self.free.parameter].shown(self.value))


Elsewhere = Callable[[Path], "tuple[Experiment, Sequence[Solution]]"]


def solve(experiment: Experiment, predictor: Predictor, elsewhere: Elsewhere) -> list[Solution]:
    """The values of all free parameters, in the order of the file.  `elsewhere(path)`: another file and its values.

    Errors: ConfigError if another file does not have one; RunError if a calibration row cannot be predicted.
    """
    values: dict[int, Any] = {}
    for index, free in enumerate(experiment.free):
        if free.origin:
            other_file, solutions = elsewhere(free.origin)
            values[index] = solutions[_chosen(free, other_file)].value
        else:
            values[index] = (free.low + free.high) // 2 if free.is_fitted else free.low
    fitted = [index for index, free in enumerate(experiment.free) if free.is_fitted]
    solution_of: dict[int, Solution] = {}
    unsettled = fitted
    for _ in range(MOST_ROUNDS if len(fitted) > 1 else 1):
        unsettled = []
        for index in fitted:
            previous_value = values[index]
            solution_of[index] = _fit(experiment, predictor, values, index)
            values[index] = solution_of[index].value
            if abs(values[index] - previous_value) > max(1, abs(previous_value) // (FINE // 4)):
                unsettled.append(index)
        if not unsettled:
            break
    for index in unsettled if len(fitted) > 1 else ():
        solution_of[index] = Solution(solution_of[index].free, values[index], solution_of[index].error, "not settled")
    return [solution_of.get(index, Solution(free, values[index])) for index, free in enumerate(experiment.free)]


def bisect(error: Callable[[int], float], low: int, high: int) -> tuple[int, float, bool]:
    """Find where `error` changes its sign between two integers: the value, its error, and whether there is a change.

    Without a change of sign, the end with the smaller error.
    """
    ends = (low, error(low)), (high, error(high))
    best = min(ends, key=lambda end: abs(end[1]))
    if ends[0][1] * ends[1][1] > 0:
        return *best, False
    falling = ends[0][1] > ends[1][1]
    while abs(best[1]) > CLOSE and high - low > max(1, abs(high) // FINE):
        middle = (low + high) // 2
        middle_error = error(middle)
        best = min(best, (middle, middle_error), key=lambda end: abs(end[1]))
        if (middle_error > 0) == falling:
            low = middle
        else:
            high = middle
    return *best, True


def _fit(experiment: Experiment, predictor: Predictor, values: Mapping[int, Any], index: int) -> Solution:
    free = experiment.free[index]

    def error(value: int) -> float:
        return _error(experiment, predictor, {**values, index: value}, free)

    value, log_error, bracketed = bisect(error, free.low, free.high)
    return Solution(free, value, math.expm1(log_error), "" if bracketed else "at its bound")


def _error(experiment: Experiment, predictor: Predictor, values: Mapping[int, Any], free: Free) -> float:
    """Mean over the calibration rows of log(predicted / measured).  It decides what is run, so no libm is in it."""
    assert experiment.sweep is not None
    sweep = solved(experiment.sweep, experiment, values)
    wanted = [scenarios(sweep, row) for row in free.fitted_on]
    predictor.simulate(scenario for row_scenarios in wanted for scenario in row_scenarios)
    total: float = 0  # an integer in units of 2**-LN_BITS, or infinite
    for index, row_scenarios in zip(free.fitted_on, wanted, strict=True):
        row = experiment.rows[index]
        prediction = predictor.predict(row_scenarios, row.predict)
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
