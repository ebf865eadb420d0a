# SPDX-License-Identifier: MIT
"""Random quantities as quantile tables: device code knows one sampler and no distribution.

A table holds quantiles at 256 equal steps of probability; the first and the last step are divided again by
256, and theirs again, so both tails are resolved to 2^-24.  Between two entries the sampler interpolates in
integers with 20 bits.  A constant is a table whose entries are all equal.

Not modelled: quantiles beyond probability 2^-26 and 1 - 2^-26, where the outermost entries are.  An exponential
table is scaled so that its mean, interpolation and truncation included, is the given mean to one unit; the other
kinds are not scaled: their median is exact, their p99 within 1 % (it lies inside a step).

Every entry is the whole number nearest to the quantile (of two equally near, the even one), so a table is a function
of its distribution alone: it does not depend on the rounding of a machine, its C library or its BLAS.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from sweep.model.compiler.jit import device
from sweep.model.scenario import Distribution

from . import fixed_point, normal

STEPS = 256
LEVEL = STEPS + 1  # entries of one level: both ends
SIZE = 5 * LEVEL  # middle, low tail, low tail's tail, high tail, high tail's tail
LOW_1, LOW_2, HIGH_1, HIGH_2 = LEVEL, 2 * LEVEL, 3 * LEVEL, 4 * LEVEL
END_BITS = 26  # the outermost entries have the probabilities 2^-26 and 1 - 2^-26
END = 1 << END_BITS
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


@cache
def probabilities() -> tuple[int, ...]:
    """The probability of each entry in 2^-26, (SIZE,)."""
    levels = [[step << END_BITS - bits for step in range(LEVEL)] for bits in (8, 16, 24)]
    middle, low_1, low_2 = levels
    high_1, high_2 = ([END - probability for probability in reversed(level)] for level in (low_1, low_2))
    return tuple(
        min(max(probability, 1), END - 1) for level in (middle, low_1, low_2, high_1, high_2) for probability in level
    )


# Of each level: its first entry, its entries, and the probability in 2^-24 that the sampler interpolates from one of
# them, but for the last, to the next.
LEVELS = (
    (1, STEPS - 1, 1 << 16),
    (LOW_1 + 1, STEPS, 1 << 8),
    (LOW_2, LEVEL, 1),
    (HIGH_1, STEPS, 1 << 8),
    (HIGH_2, LEVEL, 1),
)


def mean(table: npt.NDArray[np.int64]) -> Fraction:
    """Mean of what `sample` returns for this table, without the rounding of each sample."""
    return _mean(table.tolist())


def _mean(entries: list[int]) -> Fraction:
    total = 0
    for first, count, weight in LEVELS:
        level = entries[first : first + count]
        total += weight * (2 * sum(level) - level[0] - level[-1])
    return Fraction(total, 2 << 24)


@cache
def _unit_exponential(bits: int) -> tuple[int, ...]:
    """-ln(1 - p) * 2**bits for the probability p of each entry, each within one; (SIZE,)."""
    work = bits + 16  # logarithms below are sums of up to 256 others
    octave = fixed_point.ln_next(1, work)
    logs = [0, 0]  # of 1, 2, ... 256; the first is not used
    for n in range(1, STEPS):
        logs.append(logs[-1] + fixed_point.ln_next(n, work))

    def low(shift: int) -> list[int]:
        """-ln(1 - step / 2**shift) of all steps."""
        logarithms = [fixed_point.ln_next(END - 1, work), 0]
        for step in range(1, LEVEL):
            logarithms.append(logarithms[-1] + fixed_point.ln_next((1 << shift) - step, work))
        return [logarithms[0], *logarithms[2:]]

    def high(shift: int) -> list[int]:
        """-ln(step / 2**shift) of all steps, from the last."""
        return [*(shift * octave - logs[step] for step in range(STEPS, 0, -1)), END_BITS * octave]

    middle = [fixed_point.ln_next(END - 1, work), *high(8)[1:]]
    return tuple(
        logarithm + (1 << 15) >> 16 for level in (middle, low(16), low(24), high(16), high(24)) for logarithm in level
    )


UNIT_LIMBS, LIMB = 5, 24  # of the unit table's fractions, and bits of each


@cache
def exponential_unit() -> npt.NDArray[np.int64]:
    """Quantiles of the exponential distribution, scaled so that samples have the mean 1: whole parts and fractions.

    Shape (1 + UNIT_LIMBS, SIZE): a quantile is row 0 + row 1 * 2**-24 + row 2 * 2**-48 + ..., cut off there.  Every
    multiple up to 2**38 that is computed from them rounds as the exact one would
    (tests/model/randomness/test_quantiles.py).
    """
    bits = LIMB * UNIT_LIMBS
    exact = _unit_exponential(bits + 40)
    scale = _mean(list(exact))
    scaled = [(quantile * scale.denominator << bits) // scale.numerator for quantile in exact]
    limbs = [
        [quantile >> LIMB * limb & (1 << LIMB) - 1 for quantile in scaled] for limb in range(UNIT_LIMBS - 1, -1, -1)
    ]
    return np.array([[quantile >> bits for quantile in scaled], *limbs], np.int64)


def _exponential(values: tuple[int, ...]) -> npt.NDArray[np.int64]:
    (mean,) = values
    whole, *fractions = exponential_unit()
    if mean * int(whole[-1]) > LIMIT:
        raise OverflowError
    carried = np.zeros(SIZE, np.int64)
    for fraction in fractions[:0:-1]:
        carried = fraction * mean + carried >> LIMB
    return whole * mean + (fractions[0] * mean + carried + (1 << LIMB - 1) >> LIMB)


@cache
def _unit_normal(bits: int) -> tuple[int, ...]:
    """Quantiles of the normal distribution at the probability of each entry * 2**bits, cut off; (SIZE,)."""
    shift = bits - normal.BITS
    quantiles = (normal.LOWER[p] if p <= END // 2 else -normal.LOWER[END - p] for p in probabilities())
    return tuple(quantile << shift if shift >= 0 else quantile >> -shift for quantile in quantiles)


def _lognormal(values: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """median * (p99 / median)**(z / z99): as z / z99 has a large denominator, no entry is half a whole number."""
    median, p99 = values
    if p99 == median:
        return np.full(SIZE, median, np.int64)

    def sigma(bits: int) -> int:
        return (fixed_point.ln(p99, median, bits) << normal.BITS) // normal.P99

    return _powers(median, sigma, _unit_normal)


def _pareto(values: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """scale * (1 - p)**(-1000 / alpha_milli): a root of a whole number if p is dyadic, so never half of one."""
    scale, alpha_milli = values
    return _powers(scale, lambda bits: (1000 << bits) // alpha_milli, _unit_exponential)


# e**r for |r| <= ln(2) / 2 by its series to r**13, of which 2**-57 is left.
SERIES = [1.0]
for _n in range(1, 14):
    SERIES.append(SERIES[-1] / _n)
ROUNDING = 2e-15  # times |x| + 4: over twice (3 |x| + 8) * 2**-53, which is more than all roundings lose
OCTAVE = 0.6931471803691238, 1.9082149292705877e-10  # ln 2: 32 bits, so that a product with 2**10 is exact; the rest


def _powers(
    factor: int, coefficient: Callable[[int], int], unit: Callable[[int], tuple[int, ...]]
) -> npt.NDArray[np.int64]:
    """factor * e**(coefficient * u) for every u of a unit table, each as the nearest whole number.

    coefficient, unit: return fixed-point numbers with so many bits, within two and one; they are below 16 and 32.

    Entries are first computed in float64, by basic arithmetic alone and with a known bound of the error; those that
    this leaves undecided are computed in integers.  So the last bits of float64 never decide an entry.
    """
    x = coefficient(fixed_point.BITS) / (1 << fixed_point.BITS) * _floats(unit)
    octaves = np.rint(x / (OCTAVE[0] + OCTAVE[1]))
    rest = x - octaves * OCTAVE[0] - octaves * OCTAVE[1]
    power = np.full(SIZE, SERIES[-1])
    for term in SERIES[-2::-1]:
        power = power * rest + term
    approximate = np.ldexp(factor * power, octaves.astype(np.int32))
    if approximate.max() > 2 * LIMIT:
        raise OverflowError
    error = approximate * (np.abs(x) + 4) * ROUNDING
    rounded_down, rounded_up = np.rint(approximate - error), np.rint(approximate + error)
    entries = rounded_down.astype(np.int64)
    for entry_index in np.flatnonzero(rounded_down != rounded_up).tolist():

        def exponent(bits: int, entry: int = entry_index) -> int:
            return coefficient(bits) * unit(bits)[entry] >> bits

        entries[entry_index] = fixed_point.multiple(factor, exponent, 64)
    return entries


@cache
def _floats(unit: Callable[[int], tuple[int, ...]]) -> npt.NDArray[np.float64]:
    return np.array([value / (1 << fixed_point.BITS) for value in unit(fixed_point.BITS)])


def _uniform(values: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Evenly spaced from low to high, both ends included: the outermost entries are at probabilities 0 and 1."""
    low, high = values
    if high > LIMIT:
        raise OverflowError
    up = (high - low) * np.arange(LEVEL)
    down = -up[::-1]
    levels = []
    for end, steps, shift in ((low, up, 8), (low, up, 16), (low, up, 24), (high, down, 16), (high, down, 24)):
        whole, rest, half = end + (steps >> shift), steps & (1 << shift) - 1, 1 << shift - 1
        levels.append(whole + ((rest > half) | ((rest == half) & (whole % 2 == 1))))
    return np.concatenate(levels)


def _constant(values: tuple[int, ...]) -> npt.NDArray[np.int64]:
    return np.full(SIZE, values[0], np.int64)


KINDS: dict[str, Callable[[tuple[int, ...]], npt.NDArray[np.int64]]] = {
    "constant": _constant,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "pareto": _pareto,
    "uniform": _uniform,
}


@lru_cache(maxsize=256)
def table(distribution: Distribution) -> npt.NDArray[np.int64]:
    """The table of one distribution, (SIZE,), non-decreasing and read-only.

    Errors: ValueError if a quantile is negative or above LIMIT (4.4 s for times), so that the sampler's
    arithmetic stays within int64.
    """
    try:
        entries = KINDS[distribution.kind](distribution.values)
        fits = entries[0] >= 0 and entries[-1] <= LIMIT
    except OverflowError:  # beyond int64, too
        fits = False
    if not fits:
        raise ValueError(f"{distribution.kind} {distribution.values}: a quantile is not within 0..{LIMIT}")
    entries.flags.writeable = False
    return entries
