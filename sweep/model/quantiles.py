# SPDX-License-Identifier: MIT
"""Random quantities as quantile tables: device code knows one sampler and no distribution.

A table holds quantiles at 256 equal steps of probability; the first and the last step are divided again by
256, and theirs again, so both tails are resolved to 2^-24.  Between two entries the sampler interpolates in
integers with 20 bits.  A constant is a table whose entries are all equal.

Not modelled: what lies beyond probability 2^-26 and 1 - 2^-26 (the outermost entries stand there).  An
exponential table is scaled so that its mean, interpolation and truncation included, is the mean asked for
to one unit; the other kinds are not scaled: a median they hit, a p99 to 1 % (it lies inside a step).

Tables are made with floating point, so only when a sweep is planned; a plan carries them to its workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from .jit import device
from .scenario import Distribution

STEPS = 256
LEVEL = STEPS + 1  # entries of one level: both ends
SIZE = 5 * LEVEL  # middle, low tail, low tail's tail, high tail, high tail's tail
LOW_1, LOW_2, HIGH_1, HIGH_2 = LEVEL, 2 * LEVEL, 3 * LEVEL, 4 * LEVEL
END = 2.0**-26  # probability of the outermost entries
LIMIT = 1 << 42  # largest entry: differences times 2^20 stay within int64

U8, U16, U24, U28, U36, U40, U44, U48, U56 = (np.uint64(n) for n in (8, 16, 24, 28, 36, 40, 44, 48, 56))
BYTE = np.uint64(0xFF)
FRACTION = np.uint64((1 << 20) - 1)


@device
def sample(tables: np.ndarray, row: int, u: np.uint64) -> int:
    """The quantile of table `row` at probability u / 2^64, in the table's unit."""
    step = np.int64(u >> U56)
    if 0 < step < STEPS - 1:
        entry = step
        part = np.int64((u >> U36) & FRACTION)
    elif step == 0:
        step = np.int64((u >> U48) & BYTE)
        entry = LOW_1 + step
        part = np.int64((u >> U28) & FRACTION)
        if step == 0:
            entry = LOW_2 + np.int64((u >> U40) & BYTE)
            part = np.int64((u >> np.uint64(20)) & FRACTION)
    else:
        step = np.int64((u >> U48) & BYTE)
        entry = HIGH_1 + step
        part = np.int64((u >> U28) & FRACTION)
        if step == STEPS - 1:
            entry = HIGH_2 + np.int64((u >> U40) & BYTE)
            part = np.int64((u >> np.uint64(20)) & FRACTION)
    low = tables[row, entry]
    return low + (((tables[row, entry + 1] - low) * part) >> 20)


def probabilities() -> npt.NDArray[np.float64]:
    """The probability of each entry, shape (SIZE,)."""
    step = np.arange(LEVEL) / STEPS
    low_1, low_2 = step / STEPS, step / STEPS**2
    levels = [step, low_1, low_2, 1 - low_1[::-1], 1 - low_2[::-1]]
    return np.clip(np.concatenate(levels), END, 1 - END)


def cell_weights() -> npt.NDArray[np.float64]:
    """Probability that the sampler interpolates from entry i to i + 1, shape (SIZE,)."""
    weights = np.zeros(SIZE)
    weights[1 : STEPS - 1] = 1 / STEPS
    weights[LOW_1 + 1 : LOW_1 + STEPS] = 1 / STEPS**2
    weights[LOW_2 : LOW_2 + STEPS] = 1 / STEPS**3
    weights[HIGH_1 : HIGH_1 + STEPS - 1] = 1 / STEPS**2
    weights[HIGH_2 : HIGH_2 + STEPS] = 1 / STEPS**3
    return weights


def mean(table: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> float:
    """Mean of what `sample` returns for this table."""
    weights = cell_weights()[:-1]
    return float(np.dot(weights, (table[:-1] + table[1:]) / 2))


def _exponential(values: tuple[int, ...]) -> npt.NDArray[np.float64]:
    unit = np.array([-math.log1p(-p) for p in probabilities()])
    return unit * (values[0] / mean(unit))


def _lognormal(values: tuple[int, ...]) -> npt.NDArray[np.float64]:
    median, p99 = values
    normal = NormalDist()
    sigma = math.log(p99 / median) / normal.inv_cdf(0.99)
    return np.array([median * math.exp(sigma * normal.inv_cdf(p)) for p in probabilities()])


def _pareto(values: tuple[int, ...]) -> npt.NDArray[np.float64]:
    scale, alpha_milli = values
    return np.array([scale * (1 - p) ** (-1000 / alpha_milli) for p in probabilities()])


def _uniform(values: tuple[int, ...]) -> npt.NDArray[np.float64]:
    low, high = values
    steps = [np.linspace(0, 1, LEVEL) * width for width in (1, 1 / STEPS, 1 / STEPS**2)]
    levels = [steps[0], steps[1], steps[2], 1 - steps[1][::-1], 1 - steps[2][::-1]]
    return low + (high - low) * np.concatenate(levels)


def _constant(values: tuple[int, ...]) -> npt.NDArray[np.float64]:
    return np.full(SIZE, float(values[0]))


KINDS: dict[str, Callable[[tuple[int, ...]], npt.NDArray[np.float64]]] = {
    "constant": _constant,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "pareto": _pareto,
    "uniform": _uniform,
}


def table(distribution: Distribution) -> npt.NDArray[np.int64]:
    """The table of one distribution, shape (SIZE,), never falling.

    Errors: ValueError if a quantile is negative or above LIMIT (4.4 s for times), so that the sampler's
    arithmetic stays within int64.
    """
    entries = np.rint(KINDS[distribution.kind](distribution.values))
    if entries.min() < 0 or entries.max() > LIMIT:
        raise ValueError(f"{distribution.kind} {distribution.values}: a quantile is not within 0..{LIMIT}")
    return entries.astype(np.int64)
