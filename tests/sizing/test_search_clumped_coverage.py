# SPDX-License-Identifier: MIT
"""Losses that come in clumps: answers that truly fail are as rare as was said, and what is far off is found soon.

Windows are made up of stalls, each of which piles packets up in the ring; what the ring does not take is lost.  Every
ring sees the same stalls, so a lucky series is lucky at all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from synthetic_grid import PACKETS, Array, cube, question, searched
from test_search_coverage import bound, false

from sweep.sizing.answer import verdicts
from sweep.sizing.judge import State
from sweep.sizing.search import Search

OBJECTIVE, BOUND = "drop_ratio < 0.1 %", 0.001
RINGS = (256, 512, 1024)
QUICK, MANY = 60, 200  # `make audit` takes more, of real simulations
Draw = Callable[[np.random.Generator, int], Array]  # packets that so many stalls pile up


def lognormal(median: float, sigma: float) -> Draw:
    return lambda random, count: median * np.exp(sigma * random.standard_normal(count))


STALLS: dict[str, tuple[float, Draw]] = {  # stalls in a window, what each piles up
    "one window in ten loses a third": (0.1, lambda random, count: np.full(count, 0.3 * PACKETS)),
    "one window in three loses a sixth": (0.35, lambda random, count: random.exponential(0.17 * PACKETS, count)),
    "one stall in fifty overflows the ring": (5.0, lognormal(130, 1.0)),
    "one stall in ten overflows the ring": (0.5, lognormal(280, 1.0)),
    "one window in three hundred loses a tenth": (1 / 300, lambda random, count: np.full(count, 0.1 * PACKETS)),
    "the ring is never half full": (50.0, lambda random, count: random.exponential(10.0, count)),
}


def windows(name: str, shape: tuple[int, ...], seed: int) -> dict[str, Array]:
    """Columns of windows of this kind, (..., rings)."""
    rate, draw = STALLS[name]
    random = np.random.default_rng(seed)
    stalls = random.poisson(rate, shape)
    flat = np.repeat(np.arange(stalls.size), stalls.ravel())
    piled = draw(random, len(flat))
    lost = np.maximum(piled[:, None] - np.array(RINGS), 0)

    def of(ufunc: np.ufunc, values: Array) -> Array:
        found = np.zeros((stalls.size, len(RINGS)))
        ufunc.at(found, flat, values)
        return found.reshape(*shape, len(RINGS))

    return {
        "drop_ratio": np.minimum(of(np.add, lost) / PACKETS, 1.0),
        "episodes": np.broadcast_to(stalls[..., None], (*shape, len(RINGS))),
        "loss_episodes": of(np.add, lost > 0),
        "loss_peak_packets": of(np.maximum, lost),
        "rx_ring_peak_packets": of(np.maximum, np.minimum(piled[:, None], np.array(RINGS))),
    }


def found(name: str, runs: int, replicates: int, confidence: float) -> Search:
    """Searches for so many made-up series."""
    asked = question(
        cube(mixes=runs, rings=RINGS, episode="stall"), OBJECTIVE, replicates=replicates, confidence=confidence
    )
    columns = windows(name, (runs, replicates), 1)
    return searched(asked, {key: np.moveaxis(each, -1, 1)[:, None, None, :, None] for key, each in columns.items()})


def truths(name: str) -> list[bool]:
    """Whether each ring meets the objective in the long run."""
    return (windows(name, (200_000,), 2)["drop_ratio"].mean(axis=0) < BOUND).tolist()


def wrong(name: str, runs: int, replicates: int, confidence: float) -> int:
    search, meets = found(name, runs, replicates, confidence), truths(name)
    return sum(false(search, mix, meets) for mix in range(runs))


@pytest.mark.parametrize("name", STALLS)
def test_clumps_mislead_rarely(name: str) -> None:
    assert bound(wrong(name, QUICK, 8, 0.95), QUICK, 0.5) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", STALLS)
def test_clumps_mislead_rarely_among_many(name: str) -> None:
    assert bound(wrong(name, MANY, 8, 0.95), MANY, 0.95) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", [*STALLS][:2])
def test_clumps_mislead_once_in_a_hundred(name: str) -> None:
    assert bound(wrong(name, 2 * MANY, 20, 0.99), 2 * MANY, 0.95) <= 0.01


def test_too_few_stalls_are_counted_aloud() -> None:
    """Two quiet windows that had a stall each are no evidence, and the answer says what would be."""
    asked = question(cube(rings=RINGS, episode="stall"), OBJECTIVE, replicates=2)
    (verdict,) = verdicts(searched(asked, {"episodes": np.ones(1), "rx_ring_peak_packets": np.full(1, 10.0)}))
    (series,) = verdict.series
    assert (series.answer, series.decided, series.why) == (None, False, "only 2 stalls seen")
    assert series.wanted is not None
    assert 30 <= series.wanted <= 60
    asked = question(cube(rings=RINGS, episode="stall"), OBJECTIVE, replicates=series.wanted)
    again = searched(asked, {"episodes": np.ones(1), "rx_ring_peak_packets": np.full(1, 10.0)})
    assert again.series(0, 0, 0).answer == 0  # as was said


def test_an_overload_has_one_piece_and_is_found_all_the_same() -> None:
    """A window is one busy period that never ends; two that lose half of the packets need no third."""
    asked = question(cube(rings=RINGS), OBJECTIVE)
    endless = {"busy_peak_packets": np.full(1, float(PACKETS)), "episodes": np.full(1, 90.0)}
    lost = {"drop_ratio": np.array([0.57, 0.55, 0.58, 0.56, 0.57]), "loss_episodes": np.full(1, 90.0)}
    search = searched(asked, {**endless, **lost, "rx_ring_peak_packets": np.array(RINGS)[:, None, None]})
    assert (search.series(0, 0, 0).answer, search.series(0, 0, 0).decided) == (None, True)
    assert search.count.max() == 2


def test_a_slow_reader_that_loses_a_sixth_in_every_third_window_is_found() -> None:
    search = found("one window in three loses a sixth", 100, 34, 0.95)
    states = [search.series(mix, 0, 0) for mix in range(100)]
    assert sum(each.decided and each.answer is None for each in states) >= 95


def test_rings_that_are_never_half_full_are_found_at_once() -> None:
    search = found("the ring is never half full", 20, 8, 0.95)
    assert all(search.series(mix, 0, 0).low[0] == State.MEETS for mix in range(20))
    assert search.count.max() <= 3
