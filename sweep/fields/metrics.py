# SPDX-License-Identifier: MIT
"""Derived metrics: what people compare, and how each is computed from the counters of a row.

Only IEEE basic arithmetic on int64 counters, so every machine computes the same bits.  A metric is null where its
denominator is zero: no packets in the window is not a cost of zero.  NumPy is imported when one is computed: completion
reads the names, and a Tab must not wait.

Not modelled: nothing is simulated here; a wrong metric is mended by publishing again, without running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .constants import BULK_PAGES, PAGE_BYTES
from .counters import HEADINGS, LATENCY, LOSSES, PAGE_HEADINGS
from .field import Better
from .histogram import edges
from .spread import DROPS, LOSS, MEAN, PER_CALL, PER_PAGE, Rare, Spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Values = Mapping[str, Array]  # name -> shape (rows,); histograms (rows, 256); nulls as -1

LOWER, HIGHER, NEITHER = Better.LOWER, Better.HIGHER, Better.NEITHER
FALLS = Spread(falls_with=DROPS)
STOCK = {"pages": Spread(stock=BULK_PAGES), "buffers": Spread(stock=1.0)}  # by what is held


class Metric(NamedTuple):
    """A named ratio; `value` gives numerator and denominator, shape (rows,) each."""

    name: str
    unit: str
    meaning: str
    value: Callable[[Values], tuple[Array, Array]]
    better: Better = NEITHER
    spread: Spread = MEAN


def _window_ps(of: Values) -> Array:
    return of["end_ps"] - of["start_ps"]


def _total(of: Values, *names: str) -> Array:
    first, *others = (of[name] for name in names)
    return sum(others, first)


def _cost(name: str, *counters: str) -> Metric:
    meaning = f"{' + '.join(counters)} per packet taken from the ring"
    return Metric(name, "ns", meaning, lambda of: (_total(of, *counters) / 1e3, of["rx_packets"]), LOWER)


def _per_packet(name: str, counter: str, spread: Spread = MEAN) -> Metric:
    meaning = f"{counter} per packet taken from the ring"
    return Metric(name, "1", meaning, lambda of: (of[counter], of["rx_packets"]), LOWER, spread)


def _mean(name: str, unit: str, census: str, meaning: str, better: Better = NEITHER) -> Metric:
    meaning = f"{meaning}, mean over the window"
    return Metric(name, unit, meaning, lambda of: (of[census] * 1e3, _window_ps(of)), better, STOCK[unit])


def _millionths(name: str, counter: str, meaning: str) -> Metric:
    return Metric(name, "1", meaning, lambda of: (of[counter] / 1e6, of["offered_packets"]), LOWER)


def _throughput(of: Values) -> Array:
    return _total(of, "delivered_packets", "forwarded_packets", "filtered_packets")


def _drops(of: Values) -> tuple[Array, Array]:
    return _total(of, *(field.name for field in LOSSES)), of["offered_packets"]


def _reuse(of: Values) -> tuple[Array, Array]:
    import numpy as np

    fragments = of.get("strategy.frag_bytes", 0)
    buffer_bytes = np.where(fragments > 0, fragments, PAGE_BYTES)
    posted_pages = of["posted_buffers"] * buffer_bytes / PAGE_BYTES
    return posted_pages - of["pages_taken"], posted_pages


def _quantile(q_percent: int) -> Callable[[Values], tuple[Array, Array]]:
    """The q-quantile of each row's latency, evenly spread inside its bucket."""

    def value(of: Values) -> tuple[Array, Array]:
        import numpy as np

        bounds = edges()
        counts = of[LATENCY]
        total = counts.sum(axis=1)
        below = np.cumsum(counts, axis=1)
        target = total * q_percent / 100
        bucket = np.argmax((below >= target[:, None]) & (counts > 0), axis=1)
        rows = np.arange(len(counts))
        inside = counts[rows, bucket]
        share = (target - (below[rows, bucket] - inside)) / np.maximum(inside, 1)
        low, high = bounds[bucket], bounds[bucket + 1]
        return low + share * (high - low), (total > 0).astype(np.int64)

    return value


def _latency(percent: int, which: str) -> Metric:
    meaning = f"time from wire to delivery or departure: {which}"
    return Metric(f"latency_p{percent}_ns", "ns", meaning, _quantile(percent), LOWER, Spread(quantile=percent / 100))


COSTS = {heading: f"{heading}_ns_per_packet" for heading in HEADINGS}  # metric of each heading of CPU time
PAGE_COSTS = tuple(COSTS[heading] for heading in PAGE_HEADINGS)
METRICS = (
    _cost("ns_per_packet", "busy_ps", "release_ps"),
    _per_packet("allocator_calls_per_packet", "allocator_calls", Spread(PER_CALL)),
    _per_packet("pages_taken_per_packet", "pages_taken", Spread(PER_PAGE)),
    _per_packet("zone_lock_takes_per_packet", "zone_lock_takes"),
    Metric(
        "reuse_ratio",
        "1",
        "share of the memory posted to the NIC that did not come from the page allocator: 1 - pages_taken / "
        "(posted_buffers, in pages: strategy.frag_bytes of a page each where the strategy cuts pages); a little below "
        "0 where pages taken in the window were posted after its end",
        _reuse,
        HIGHER,
        Spread(Rare("posted_buffers", "allocation_episodes", None, BULK_PAGES, rest=True, share=True)),
    ),
    Metric(DROPS, "1", "packets dropped for want of something, of those offered", _drops, LOWER, Spread(LOSS)),
    Metric(
        "delivered_ratio",
        "1",
        "packets delivered to the reader or forwarded, of those offered",
        lambda of: (_total(of, "delivered_packets", "forwarded_packets"), of["offered_packets"]),
        HIGHER,
        FALLS._replace(most=1.0),
    ),
    Metric(
        "throughput_pps",
        "pps",
        "packets delivered, forwarded or dropped on purpose per second of the window",
        lambda of: (_throughput(of) * 1e12, _window_ps(of)),
        HIGHER,
        FALLS,
    ),
    Metric(
        "cpu_busy_ratio",
        "1",
        "busy share of the queue's CPU in the window",
        lambda of: (of["busy_ps"], _window_ps(of)),
        LOWER,
    ),
    Metric(
        "window_ns",
        "ns",
        "length of the measured window",
        lambda of: (_window_ps(of) / 1e3, of["offered_packets"].clip(max=1)),
    ),
    Metric(
        "lap_ns",
        "ns",
        "ring lap: ring size over the rate at which packets were offered in the window",
        lambda of: (of["ring"] * (_window_ps(of) / 1e3), of["offered_packets"]),
    ),
    _latency(50, "median"),
    _latency(99, "99 % quantile"),
    _mean("pages_held_mean_pages", "pages", "pages_held_page_ns", "pages taken and not given back", LOWER),
    _mean("rx_ring_mean_buffers", "buffers", "rx_ring_buffer_ns", "buffers on the RX ring"),
    _mean("tx_ring_mean_buffers", "buffers", "tx_ring_buffer_ns", "buffers in the TX ring"),
    _mean("socket_mean_buffers", "buffers", "socket_buffer_ns", "buffers in the socket or on the deferred list"),
    _mean("pool_cache_mean_pages", "pages", "pool_cache_page_ns", "pages kept by the strategy, ready at once"),
    _mean("pool_ring_mean_pages", "pages", "pool_ring_page_ns", "pages in the pool's ring"),
    _mean("provider_mean_pages", "pages", "provider_page_ns", "free pages in regions that are partly in use"),
    _mean("pcp_mean_pages", "pages", "pcp_page_ns", "free pages on the per-CPU lists of the allocator"),
    *(_cost(name, f"{heading}_ps") for heading, name in COSTS.items()),
    Metric(
        "total_pps",
        "pps",
        "throughput_pps of all queues",
        lambda of: (_throughput(of) * of["queues"] * 1e12, _window_ps(of)),
        HIGHER,
        FALLS,
    ),
    Metric(
        "llc_misses_per_packet",
        "1",
        "header lines that miss the last-level cache, per packet taken from the ring",
        lambda of: (of["cache_ps"] / (of["host.llc_miss"] * 1e3).round().clip(1), of["rx_packets"]),
        LOWER,
    ),
    Metric(
        "ddio_hit_ratio",
        "1",
        "share of DMA writes to lines that are in the cache",
        lambda of: (of["offered_packets"] - of["ddio_miss_ppm"] / 1e6, of["offered_packets"]),
        HIGHER,
    ),
    _millionths("iotlb_misses_per_packet", "iotlb_miss_ppm", "translations that miss the IOTLB, per packet offered"),
    _millionths(
        "walk_upper_misses_per_packet", "walk_upper_miss_ppm", "walks that miss one upper level, per packet offered"
    ),
    _millionths(
        "walk_last_misses_per_packet", "walk_last_miss_ppm", "walks that miss the last level, per packet offered"
    ),
    Metric(
        "walk_reads_per_packet",
        "1",
        "page-table reads, per packet offered: a walk's own, and one more for each of three levels that misses",
        lambda of: (
            (_total(of, "iotlb_miss_ppm", "walk_last_miss_ppm") + 2 * of["walk_upper_miss_ppm"]) / 1e6,
            of["offered_packets"],
        ),
        LOWER,
    ),
    Metric(
        "reuse_distance_mean_pages",
        "pages",
        "pages of this queue that begin to serve buffers between two uses of one, mean",
        lambda of: (of["reuse_distance_pages"], of["offered_packets"]),
        spread=STOCK["pages"],  # it grows for good with the pages that go round
    ),
)
