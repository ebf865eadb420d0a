# SPDX-License-Identifier: MIT
"""Quantile tables and their sampler against exact quantiles."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest

from sweep.model.randomness import fixed_point, quantiles
from sweep.model.randomness.quantiles import LIMIT, SIZE, sample, table
from sweep.model.scenario import Distribution
from sweep.model.traffic import bursts
from sweep.model.traffic.arrivals import BURST_SHIFT

from .high_precision import exponential_quantile, normal_quantile, precise

NORMAL = NormalDist()
SIGMA = math.log(10) / NORMAL.inv_cdf(0.99)
KINDS: list[tuple[Distribution, Callable[[float], float]]] = [
    (Distribution("exponential", (10_000_000,)), lambda p: -10_000_000 * math.log1p(-p)),
    (Distribution("lognormal", (2_000_000, 20_000_000)), lambda p: 2_000_000 * math.exp(SIGMA * NORMAL.inv_cdf(p))),
    (Distribution("pareto", (1_000_000, 2500)), lambda p: 1_000_000 * (1 - p) ** -0.4),
    (Distribution("uniform", (1_000_000, 9_000_000)), lambda p: 1_000_000 + 8_000_000 * p),
    (Distribution("constant", (4321,)), lambda p: 4321.0),
]
BOTH_TAILS = (2e-7, 1e-5, 1e-4, 2e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.998, 0.9999, 0.99999, 1 - 2e-7)


def at(entries: np.ndarray, probability: float) -> int:
    return int(sample(entries[None, :], 0, np.uint64(min(int(probability * 2**64), 2**64 - 1))))


@pytest.mark.parametrize(("distribution", "exact"), KINDS, ids=lambda value: getattr(value, "kind", ""))
@pytest.mark.parametrize("probability", BOTH_TAILS)
def test_sample_is_the_exact_quantile(
    distribution: Distribution, exact: Callable[[float], float], probability: float
) -> None:
    """Within the error of a straight line over one step of probability."""
    assert at(table(distribution), probability) == pytest.approx(exact(probability), rel=0.012, abs=2)


@pytest.mark.parametrize("distribution", [kind for kind, _ in KINDS], ids=lambda value: value.kind)
def test_sample_never_falls(distribution: Distribution) -> None:
    entries = table(distribution)
    edges = [level * 2**48 + step for level in range(0, 2**16, 97) for step in (0, 2**47)]
    samples = [int(sample(entries[None, :], 0, np.uint64(u))) for u in sorted((*edges, 2**64 - 1))]
    assert samples == sorted(samples)


def test_mean_of_many_samples() -> None:
    """Equidistant probabilities, which is a midpoint rule over the sampler: the mean of the exponential."""
    entries, count = table(Distribution("exponential", (10_000_000,))), 1 << 14
    step = 2**64 // count
    total = sum(int(sample(entries[None, :], 0, np.uint64(step * k + step // 2))) for k in range(count))
    assert total / count == pytest.approx(10_000_000, rel=1e-3)


def test_a_table_has_five_levels_of_257() -> None:
    assert SIZE == 5 * 257
    assert table(Distribution("constant", (0,))).shape == (SIZE,)


@pytest.mark.parametrize(
    "distribution", [Distribution("constant", (LIMIT + 1,)), Distribution("exponential", (LIMIT // 10,))]
)
def test_quantiles_beyond_the_limit_are_refused(distribution: Distribution) -> None:
    with pytest.raises(ValueError, match=distribution.kind):
        table(distribution)


# --- every entry is the whole number nearest to the quantile --------------------------------------------

STEPS = [[Fraction(step, 256**level) for step in range(257)] for level in (1, 2, 3)]
LEVELS = [*STEPS, *([1 - p for p in reversed(level)] for level in STEPS[1:])]
OUTERMOST = Fraction(1, 2**26)
CLIPPED = [min(max(p, OUTERMOST), 1 - OUTERMOST) for level in LEVELS for p in level]
# Of each level the first and the last pair of entries between which the sampler interpolates, and how often it does.
PAIRS = [(1, 255, 1), (1, 256, 2), (0, 256, 3), (0, 255, 2), (0, 256, 3)]


def decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / number.denominator


def mean_of(entries: list[Decimal]) -> Decimal:
    """Of what the sampler makes of these, by its description."""
    total = Decimal(0)
    for level, (first, last, power) in enumerate(PAIRS):
        for entry in range(level * 257 + first, level * 257 + last):
            total += (entries[entry] + entries[entry + 1]) / 2 / 256**power
    return total


@cache
def unit_exponential() -> list[Decimal]:
    """Of the mean 1 as drawn, interpolation and truncation included."""
    entries = [exponential_quantile(decimal(p)) for p in CLIPPED]
    mean = mean_of(entries)
    return [each / mean for each in entries]


@cache
def unit_normal() -> list[Decimal]:
    """The lower half by Newton's method, the upper by symmetry."""
    return [(1 if p > Fraction(1, 2) else -1) * -normal_quantile(decimal(min(p, 1 - p))) for p in CLIPPED]


def exact(distribution: Distribution) -> list[Decimal]:
    """Its quantiles where the table has entries."""
    values = [Decimal(value) for value in distribution.values]
    match distribution.kind:
        case "exponential":
            return [values[0] * each for each in unit_exponential()]
        case "lognormal":
            sigma = (values[1] / values[0]).ln() / normal_quantile(Decimal("0.99"))
            return [values[0] * (sigma * each).exp() for each in unit_normal()]
        case "pareto":
            return [values[0] * (exponential_quantile(decimal(p)) * 1000 / values[1]).exp() for p in CLIPPED]
        case "uniform":
            return [values[0] + (values[1] - values[0]) * decimal(p) for level in LEVELS for p in level]
    return values * SIZE


def some(kind: str, count: int) -> list[Distribution]:
    """Of all sizes that there may be."""
    chance = random.Random(kind)
    found = []
    for _ in range(count):
        first = chance.randrange(1, 10 ** chance.randrange(1, 10))
        second = {"lognormal": chance.randrange(first, 30 * first), "pareto": chance.randrange(1010, 5000)}
        second["uniform"] = first + chance.randrange(10 ** chance.randrange(1, 13))
        found.append(Distribution(kind, (first, second[kind]) if kind in second else (first,)))
    return found


@pytest.mark.parametrize("kind", ["exponential", "lognormal", "pareto", "uniform"])
@precise()
def test_every_entry_is_the_nearest_whole_number(kind: str) -> None:
    """And of two that are equally near, the even one."""
    made = 0
    for distribution in some(kind, 12):
        quantile = exact(distribution)
        if quantile[-1] > LIMIT:
            with pytest.raises(ValueError, match="not within"):
                table(distribution)
            continue
        made += 1
        assert table(distribution).tolist() == [int(each.to_integral_value()) for each in quantile]
    assert made > 6


def first_within(step: int, modulus: int, low: int, high: int) -> int | None:
    """The least n >= 0 with low <= n * step % modulus <= high; a Euclidean algorithm."""
    if low == 0:
        return 0
    if step == 0:
        return None
    n = -(-low // step)
    if n * step <= high:
        return n
    turns = first_within(modulus % step, step, -high % step, -low % step)
    return None if turns is None else -(-(low + modulus * turns) // step)


def test_the_least_number_is_found() -> None:
    chance = random.Random(3)
    for _ in range(300):
        modulus = chance.randrange(2, 200)
        step, low = chance.randrange(modulus), chance.randrange(modulus)
        high = chance.randrange(low, modulus)
        expected = next((n for n in range(modulus) if low <= n * step % modulus <= high), None)
        assert first_within(step, modulus, low, high) == expected


@precise()
def test_every_exponential_table_is_rounded_as_the_exact_one() -> None:
    """All of them: no mean up to 2**38 comes so near to half a whole number that the digits cut off would matter."""
    unit = quantiles.exponential_unit()
    bits = 24 * (len(unit) - 1)
    most = 1 << 38
    assert most * int(unit[0].max()) > LIMIT  # larger means are refused
    for entry, quantile in zip(unit.T.tolist(), unit_exponential(), strict=True):
        digits = sum(limb << bits - 24 * place for place, limb in enumerate(entry))
        assert abs(digits + Decimal("0.5") - quantile * 2**bits) <= 1
        error, half = 2 * most, 1 << bits - 1
        hit = first_within(digits % (1 << bits), 1 << bits, half - error, half + error)
        assert hit is None or hit > most


def test_the_arithmetic_of_the_machine_decides_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither with a proposal that is a few units of the last place off nor with none at all is a table another."""
    large = Distribution("lognormal", (3_000_000_000, 60_000_000_000))
    chosen = [large, *some("lognormal", 6), *some("pareto", 6)]
    chosen = [each for each in chosen if exact_is_small(each)]
    usual = [table(each).tolist() for each in chosen]
    asked = []
    computed = fixed_point.multiple
    monkeypatch.setattr(fixed_point, "multiple", lambda *given: asked.append(given) or computed(*given))
    again = table.__wrapped__
    series = quantiles.SERIES
    for moved in (1 - 2**-52, 1 + 2**-52):
        monkeypatch.setattr(quantiles, "SERIES", [each * moved for each in series])
        assert [again(each).tolist() for each in chosen] == usual
    assert 0 < len(asked) < SIZE  # some that were near to a half
    monkeypatch.setattr(quantiles, "SERIES", series)
    monkeypatch.setattr(quantiles, "ROUNDING", 1.0)
    assert [again(each).tolist() for each in chosen] == usual
    assert len(asked) > (SIZE - 100) * len(chosen)


def exact_is_small(distribution: Distribution) -> bool:
    """Whether there is a table of it."""
    try:
        return bool(len(table(distribution)))
    except ValueError:
        return False


def test_a_table_is_made_once_and_not_written_to() -> None:
    distribution = Distribution("pareto", (1000, 2500))
    assert table(distribution) is table(distribution)
    with pytest.raises(ValueError, match="read-only"):
        table(distribution)[0] = 1


def test_the_mean_of_a_table_is_exact() -> None:
    entries = table(Distribution("lognormal", (2_000_000, 20_000_000)))
    with precise():
        expected = mean_of([Decimal(each) for each in entries.tolist()])
        assert decimal(quantiles.mean(entries)) == expected


def test_the_mean_length_of_a_burst_is_exact() -> None:
    """By the sampler's and the kernel's rules, 64 draws from between each two entries."""
    entries = table(bursts.burst_distribution(Distribution("exponential", (3,)))).tolist()
    total = Fraction(0)
    for level, (first, last, power) in enumerate(PAIRS):
        for entry in range(level * 257 + first, level * 257 + last):
            for draw in range(64):
                part = Fraction(2 * draw + 1, 128)
                value = entries[entry] + (entries[entry + 1] - entries[entry]) * part
                length = max((value + 2 ** (BURST_SHIFT - 1)) // 2**BURST_SHIFT, 1)
                total += Fraction(length, 64 * 256**power)
    assert bursts.mean_burst_packets(Distribution("exponential", (3,))) == total
