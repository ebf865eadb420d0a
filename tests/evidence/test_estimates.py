# SPDX-License-Identifier: MIT
"""Intervals of what comes in clumps: a second computation with SciPy, and coverage where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import gamma, lognorm, norm, t

from sweep import evidence, stats
from sweep.evidence import Cells
from sweep.fields.histogram import edges
from sweep.stats.clumps import TAIL

PACKETS = 16_000


def cells(drawn: np.ndarray | None = None, **columns: np.ndarray) -> Cells:
    """Columns of shape (cells, n)."""
    return Cells(lambda name: np.asarray(columns[name], float), lambda name: name in columns, drawn)


def lossy(losses: np.ndarray, clumps: np.ndarray, largest: np.ndarray, **more: np.ndarray) -> Cells:
    """Cells that lose so many packets in so many busy periods; their queue takes 1,024 and was full if it lost any."""
    return cells(
        **{
            "drop_ratio": losses / PACKETS,
            "offered_packets": np.full(losses.shape, PACKETS),
            "loss_episodes": clumps,
            "loss_peak_packets": largest,
            "episodes": np.full(losses.shape, 500),
            "busy_peak_packets": np.full(losses.shape, 40),
            "rx_ring_peak_packets": np.where(losses > 0, 1024, 64),
            "ring": np.full(losses.shape, 1024),
        }
        | more
    )


def drawn(rng: np.random.Generator, rate: float, count: int, n: int) -> tuple[dict[str, np.ndarray], float]:
    """500 busy periods a replicate, each with a lognormal backlog, of which what a queue of 1,024 cannot take is lost.

    `rate` of them lose in the mean.  Columns (count, n), and the true share.
    """
    median = 1024 / math.exp(norm.isf(rate / 500))
    backlog = rng.lognormal(math.log(median), 1.0, (count, n, 500))
    lost = np.maximum(np.floor(backlog - 1024), 0)
    more = lognorm(1.0, scale=median)
    truth = 500 * float(more.sf(1024 + np.arange(1, 200_000)).sum()) / PACKETS  # E floor(X) = sum of P(X >= k)
    return {
        "losses": lost.sum(axis=-1),
        "clumps": (lost > 0).sum(axis=-1),
        "largest": lost.max(axis=-1),
        "rx_ring_peak_packets": np.minimum(backlog.max(axis=-1), 1024),
    }, truth


def by_hand(losses: np.ndarray, clumps: np.ndarray, largest: np.ndarray, full: float) -> tuple[float, float]:
    """The interval of one cell with busy periods of 40 packets at most, as the module's text has it."""
    n, total, everything = len(losses), losses.sum(), PACKETS * len(losses)
    shares = losses / PACKETS
    half = t.ppf(0.975, n - 1) * shares.std(ddof=1) / math.sqrt(n)
    variance = max(n * losses.var(ddof=1), total**2 / max(clumps.sum(), 1))
    odds = -math.log(0.025) / (everything / 40)
    far = norm.isf(odds) + math.log(1024 / full) / TAIL
    unseen = max(1024 * TAIL / far * norm.sf(far) / odds, largest.max())
    low = gamma.ppf(0.025, total**2 / variance, scale=variance / total) if total else 0.0
    more, wide = total + unseen, variance + unseen**2
    high = gamma.ppf(0.975, more**2 / wide, scale=wide / more)
    return max(min(shares.mean() - half, low / everything), 0.0), max(shares.mean() + half, high / everything)


@pytest.mark.parametrize("rate", [0.01, 0.3, 5.0])
def test_a_rare_share_has_the_interval_of_the_text(rate: float) -> None:
    columns, _ = drawn(np.random.default_rng(11), rate, 20, 5)
    found = evidence.estimate("drop_ratio", lossy(**columns))
    for place in range(20):
        losses, clumps, largest, peak = (columns[name][place] for name in columns)
        low, high = by_hand(losses, clumps, largest, peak.max())
        assert found.center[place] == pytest.approx(losses.mean() / PACKETS)
        assert (found.low[place], found.high[place]) == pytest.approx((low, high), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
@pytest.mark.parametrize("rate", [0.03, 0.1, 1.0, 10.0])
def test_intervals_of_clumped_losses_cover(n: int, rate: float) -> None:
    columns, truth = drawn(np.random.default_rng(5), rate, 400, n)
    found = evidence.estimate("drop_ratio", lossy(**columns))
    assert found.known.all()
    assert ((found.low <= truth) & (truth <= found.high)).mean() >= 0.9


def test_nothing_lost_in_few_episodes_is_not_nothing() -> None:
    none = np.zeros((1, 5))
    few = lossy(none, none, none, episodes=np.full((1, 5), 2), busy_peak_packets=np.full((1, 5), 8_000))
    assert not evidence.estimate("drop_ratio", few).known.any()
    many = evidence.estimate("drop_ratio", lossy(none, none, none))
    assert many.known.all()
    assert many.low[0] == 0
    assert 0 < many.high[0] < 0.001
    assert not many.exact.any()


def test_what_is_not_drawn_at_random_is_exact() -> None:
    none = np.zeros((1, 3))
    same = lossy(none, none, none)
    fixed = Cells(same.read, same.has, np.zeros((1, 3), bool))
    found = evidence.estimate("drop_ratio", fixed)
    assert found.exact.all()
    assert found.high[0] == 0
    assert evidence.difference("drop_ratio", fixed, fixed).exact.all()


def test_a_table_that_counts_no_episodes_is_read_as_before() -> None:
    samples = np.array([[0.0, 0.0, 0.01]])
    old = cells(drop_ratio=samples, offered_packets=np.full((1, 3), PACKETS))
    found = evidence.estimate("drop_ratio", old)
    half = t.ppf(0.975, 2) * samples.std(ddof=1) / math.sqrt(3)
    assert float(found.high[0] - found.center[0]) == pytest.approx(half)


def test_sides_that_lost_the_same_in_every_pair_are_told_apart_by_the_queues_that_were_not_full() -> None:
    """A slow reader overflows its socket, whatever the strategy; the ring has room on both sides."""
    losses, ones = np.full((1, 5), 900.0), np.ones((1, 5))
    reader = {
        "socket_truesize_peak": np.full((1, 5), 4e6),
        "traffic.reader.rcvbuf": np.full((1, 5), 4e6),
        "truesize_bytes": np.full((1, 5), 2304.0),
        "rx_ring_peak_packets": np.full((1, 5), 64),
        "busy_peak_packets": np.full((1, 5), 1_000),
    }
    alike = lossy(losses, ones, losses, **reader)
    found = evidence.difference("drop_ratio", alike, alike)
    assert found.center[0] == 0
    assert 0 < found.high[0] < 0.001
    other = lossy(losses, ones, losses, **reader | {"drop_ratio": (losses + 50 * np.arange(5)) / PACKETS})
    assert evidence.difference("drop_ratio", other, alike).high[0] > 0.01


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_a_pooled_quantile_covers_and_does_not_depend_on_the_window(n: int) -> None:
    """Latency of whole busy periods: lognormal means, so that the packets of one are late together."""
    rng = np.random.default_rng(3)
    bounds = edges(256)
    truth = lognorm(1.0, scale=20_000).ppf(0.99)

    def histograms(count: int, busy: int) -> np.ndarray:
        late = rng.lognormal(math.log(20_000), 1.0, (count, n, busy))
        places = np.searchsorted(bounds, late, side="right") - 1
        return np.array([[np.bincount(row, minlength=256)[:256] * 8 for row in cell] for cell in places])

    for busy in (500, 4_000):
        counts = histograms(200, busy)
        source = Cells(
            lambda name, busy=busy: np.full((200, n), {"episodes": busy, "busy_peak_packets": 8}.get(name, busy * 8.0)),
            lambda name: name in ("episodes", "busy_peak_packets", "offered_packets"),
            buckets=lambda name, counts=counts: counts,
        )
        found = evidence.estimate("latency_p99_ns", source)
        covered = ((found.low <= truth) & (truth <= found.high)).mean()
        assert covered >= 0.9
        assert np.median(found.center) == pytest.approx(truth, rel=0.05)


def test_a_replicate_that_delivers_nothing_is_late() -> None:
    counts = np.zeros((1, 3, 256))
    counts[0, :2, 100] = 1_000
    source = Cells(
        lambda name: np.full((1, 3), {"episodes": 100.0, "busy_peak_packets": 10.0}.get(name, 1_000.0)),
        lambda name: name in ("episodes", "busy_peak_packets", "offered_packets"),
        buckets=lambda name: counts,
    )
    assert np.isinf(evidence.estimate("latency_p99_ns", source).center[0])
    assert np.isfinite(evidence.estimate("latency_p50_ns", source).center[0])


def delivering(value: Cells) -> Cells:
    """The same cells, which drop for want of a descriptor and deliver the rest to the reader in a second each."""
    dropped = value.read("drop_ratio")
    more = {
        "drop_no_descriptor_packets": dropped * PACKETS,
        "delivered_ratio": 1 - dropped,
        "throughput_pps": (1 - dropped) * PACKETS,
    }
    return Cells(
        lambda name: more[name] if name in more else value.read(name), lambda name: value.has(name) or name in more
    )


SURE_OF = {"drop_no_descriptor_packets": PACKETS, "delivered_ratio": -1, "throughput_pps": -PACKETS}


@pytest.mark.parametrize("rate", [0.01, 0.3, 5.0])
@pytest.mark.parametrize(("metric", "scale"), SURE_OF.items())
def test_what_is_lost_and_what_is_delivered_are_as_sure_as_the_share(metric: str, scale: float, rate: float) -> None:
    rng = np.random.default_rng(12)
    value, reference = (delivering(lossy(**drawn(rng, rate, 20, 5)[0])) for _ in range(2))
    samples, others = value.read(metric), reference.read(metric)
    for found, drops, plain, least in (
        (evidence.estimate(metric, value), evidence.estimate("drop_ratio", value), stats.mean(samples), 0.0),
        (
            evidence.difference(metric, value, reference),
            evidence.difference("drop_ratio", value, reference),
            stats.difference(samples, others),
            -np.inf,
        ),
    ):
        ends = [found.center + scale * (end - drops.center) for end in (drops.low, drops.high)]
        low, high = ends if scale > 0 else ends[::-1]
        assert np.isfinite(low).any()
        assert np.allclose(found.low, np.maximum(np.minimum(low, plain.low), least), rtol=1e-9, equal_nan=True)
        most = 1.0 if metric == "delivered_ratio" and least == 0 else np.inf
        assert np.allclose(found.high, np.minimum(np.maximum(high, plain.high), most), rtol=1e-9, equal_nan=True)
    asked = evidence.enough("drop_ratio", value, reference)
    assert evidence.enough(metric, value, reference).needed.tolist() == asked.needed.tolist()
    assert set(evidence.columns("drop_ratio")) <= {*evidence.columns(metric), "drop_ratio"}


def test_a_table_that_says_nothing_of_queues_has_intervals_too() -> None:
    value = lossy(**drawn(np.random.default_rng(13), 5.0, 20, 5)[0])
    without = Cells(value.read, lambda name: value.has(name) and "ring" not in name)
    found, told = (evidence.estimate("drop_ratio", side) for side in (without, value))
    assert np.isfinite(found.high).all()
    assert (found.center == told.center).all()
