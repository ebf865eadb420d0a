# SPDX-License-Identifier: MIT
"""Whether a comparison is decided; and that its interval covers at whichever look it ended."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta
from test_estimates import PACKETS, cells, drawn, lossy

from sweep import evidence, stats

SERIES = 600
LOOKS = (4, 8, 16, 32)


def ns(*samples: float) -> evidence.Cells:
    return cells(ns_per_packet=np.array([samples]))


def is_open(value: evidence.Cells, reference: evidence.Cells, half_width: float, *, relative: bool = False) -> bool:
    (found,) = evidence.open_difference("ns_per_packet", half_width, relative, value, reference, 0.95)
    return bool(found)


REFERENCE = ns(100, 110, 90, 105)
WIDE = np.array([100, 110, 90, 105]) + 20 + np.array([-3, 3, -3, 3])  # differences 20 with a half width of 5.5


@pytest.mark.parametrize(
    ("half_width", "open_"),
    [(6.0, False), (5.0, False), (14.0, False), (15.0, False), (30.0, False), (5.4, False)],
)
def test_a_large_difference_needs_no_narrow_interval(half_width: float, open_: bool) -> None:
    """It lies beyond the half width that was asked for, or the interval is that narrow: never open."""
    assert is_open(ns(*WIDE), REFERENCE, half_width) is open_


@pytest.mark.parametrize(
    ("shift", "half_width", "open_"), [(0, 5.0, True), (0, 6.0, False), (3, 5.0, True), (12, 5.0, False)]
)
def test_a_small_one_needs_it(shift: float, half_width: float, open_: bool) -> None:
    assert is_open(ns(*(WIDE - 20 + shift)), REFERENCE, half_width) is open_


def test_a_share_is_one_of_the_reference_s_mean() -> None:
    mean = 101.25
    near = WIDE - 20
    assert is_open(ns(*near), REFERENCE, 5.0 / mean, relative=True)
    assert not is_open(ns(*near), REFERENCE, 6.0 / mean, relative=True)


def test_equal_pairs_are_decided_and_one_pair_is_not() -> None:
    assert not is_open(ns(101, 111, 91, 106), REFERENCE, 1e-9)
    assert is_open(ns(101), ns(100), 1e9)
    assert is_open(ns(101, np.nan), ns(100, 99), 1e9)


def test_where_too_little_was_seen_it_is_open() -> None:
    nothing = np.zeros((1, 4))
    few = lossy(nothing, nothing, nothing, busy_peak_packets=np.full((1, 4), PACKETS), episodes=np.full((1, 4), 1))
    assert evidence.open_difference("drop_ratio", 0.5, False, few, few, 0.95).all()
    assert evidence.open_mean("drop_ratio", 0.5, False, few, 0.95).all()


def test_a_mean_is_as_precise_as_its_interval_is_narrow() -> None:
    half = float(stats.mean(np.array([100.0, 110, 90, 105])).half)
    for width, open_ in ((half * 1.01, False), (half * 0.99, True)):
        assert evidence.open_mean("ns_per_packet", width, False, REFERENCE, 0.95) == [open_]
        assert evidence.open_mean("ns_per_packet", width / 101.25, True, REFERENCE, 0.95) == [open_]


def missed(samples: np.ndarray, truth: float, half_width: float, confidence: float) -> int:
    """Series whose interval does not cover at the look at which they end; `samples` (series, LOOKS[-1])."""
    going, count = np.ones(len(samples), np.bool_), 0
    none = cells(ns_per_packet=np.zeros_like(samples))
    for look in LOOKS:
        value, reference = (each.at((slice(None), slice(None, look))) for each in (cells(ns_per_packet=samples), none))
        ends = going & ~evidence.open_difference("ns_per_packet", half_width, False, value, reference, confidence)
        ends |= going & (look == LOOKS[-1])
        found = evidence.difference("ns_per_packet", value, reference, confidence)
        count += int((ends & ~((found.low <= truth) & (truth <= found.high))).sum())
        going &= ~ends
    return count


def at_most(count: int, series: int) -> float:
    """The upper 95 % limit of the share that so many series show."""
    return float(beta.ppf(0.95, count + 1, series - count))


def test_an_interval_covers_at_whichever_look_its_comparison_ended() -> None:
    rng = np.random.default_rng(11)
    samples = rng.normal(1.0, 1.0, (4 * SERIES, LOOKS[-1]))
    sure = stats.at_each(len(LOOKS), 0.95)
    assert sure == pytest.approx(0.9875)
    assert at_most(missed(samples, 1.0, 0.6, sure), len(samples)) <= 0.05
    assert missed(samples, 1.0, 0.6, 0.95) / len(samples) > 0.07  # whoever looks and does not pay for it


def test_it_does_of_what_comes_in_clumps_too() -> None:
    """Drops of a ring that loses, against one that does not."""
    rng = np.random.default_rng(5)
    columns, truth = drawn(rng, 3.0, SERIES, LOOKS[-1])
    value = lossy(**columns)
    nothing = np.zeros((SERIES, LOOKS[-1]))
    reference = lossy(nothing, nothing, nothing)
    sure, going, wrong, ended = stats.at_each(len(LOOKS), 0.95), np.ones(SERIES, np.bool_), 0, []
    for look in LOOKS:
        some = [each.at((slice(None), slice(None, look))) for each in (value, reference)]
        ends = going & ~evidence.open_difference("drop_ratio", 0.002, False, *some, sure)
        ends |= going & (look == LOOKS[-1])
        found = evidence.difference("drop_ratio", *some, sure)
        wrong += int((ends & found.known & ~((found.low <= truth) & (truth <= found.high))).sum())
        ended.append(int(ends.sum()))
        going &= ~ends
    assert sum(count > 0 for count in ended) > 1, ended  # they do end at different looks
    assert at_most(wrong, SERIES) <= 0.08, wrong  # the interval at a fixed number of replicates covers 92 % at least
