# SPDX-License-Identifier: MIT
"""Times of a drawn scenario: which scale, which grid, what kind of randomness."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sweep.model.scenario import Distribution

TICK_PS = 100_000
US = 1_000_000
MS = 1_000_000_000
PPM = 1_000_000


@dataclass(frozen=True)
class Flavour:
    """What decides the other draws of a scenario."""

    coarse: bool  # all times on a grid
    scarce: bool  # few pages
    load_ppm: int
    link_ps_per_byte: int
    packets: int

    def gap_ps(self) -> int:
        """Roughly, between packets."""
        return 300 * self.link_ps_per_byte * PPM // self.load_ppm


def flavour(rng: Random, most_packets: int) -> Flavour:
    coarse, scarce = rng.random() < 1 / 3, rng.random() < 1 / 4
    if coarse:
        load_ppm, link = rng.choice((250_000, 500_000, 1_000_000)), 1000
    elif scarce:
        load_ppm, link = rng.choice((300_001, 950_000, 1_900_000)), rng.choice((80, 320, 800))
    else:
        load_ppm, link = rng.choice((10_000, 100_000, 300_001, 950_000, 1_900_000)), rng.choice((80, 320, 800, 8000))
    return Flavour(coarse, scarce, load_ppm, link, rng.randint(50, 300 if scarce else most_packets))


def duration(rng: Random, f: Flavour, low: int, high: int) -> int:
    """A time from `low` to `high` ps, all scales alike; on the grid if the scenario is."""
    if f.coarse:
        ticks = [n for n in (0, 1, 2, 5, 10, 20, 50, 100, 500, 5000) if low <= n * TICK_PS <= high]
        return TICK_PS * rng.choice(ticks or [-(-low // TICK_PS)])
    scale = rng.randint(low.bit_length(), high.bit_length())
    return min(max(rng.randint((1 << scale) // 2, 1 << scale), low), high)


def delay(rng: Random, f: Flavour, low: int, high: int) -> Distribution:
    """A random time of about that size."""
    value = duration(rng, f, low, high)
    if f.coarse:
        return Distribution("constant", (value,))
    small, mean = min(max(value, 1), 3 * MS), min(max(value, 1), 200 * MS)  # within the tables' limit
    return rng.choice(
        (
            Distribution("constant", (value,)),
            Distribution("exponential", (mean,)),
            Distribution("uniform", (value // 2, value * 2)),
            Distribution("lognormal", (small, small * rng.randint(2, 20))),
            Distribution("pareto", (small, rng.randint(2500, 5000))),
        )
    )
