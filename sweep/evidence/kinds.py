# SPDX-License-Identifier: MIT
"""How each metric varies between replicates: what its interval has to allow for.

A *rare share* comes in clumps that a counter counts (`stats.clumps`).  A *stock* is what holders hold: one burst of
allocations moves it for good, so it is judged with the same counter.  A *quantile* belongs to the packets of all
replicates together.  Everything else is a mean of what all packets contribute to.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BULK_PAGES = 64  # PP_ALLOC_CACHE_REFILL, include/net/page_pool/types.h: most pages of one request to the allocator
QUANTILE = re.compile(r"latency_p(\d{2}(?:\.\d{1,4})?)_ns")


class Rare(NamedTuple):
    """A share that comes in clumps; the names are columns."""

    sizes: str  # what it is a share of
    episodes: str  # in which any came
    largest: str | None  # most counts of one episode; None: not counted
    unit: float  # least counts of a clump that was not seen; NaN: a queue has to be full first
    each: str | None = None  # column with the pages that one count may be for; None: one page or packet
    rest: bool = False  # the metric is what is left: 1 - share
    share: bool = False  # at most 1


class Kind(NamedTuple):
    """Of a metric."""

    rare: Rare | None = None
    stock: float | None = None  # least by which an episode that was not seen moves a stock, in the metric's unit
    quantile: float | None = None  # share of the packets below


PER_CALL = Rare("rx_packets", "allocation_episodes", None, 1.0, each="bulk")
RARE = {
    "drop_ratio": Rare("offered_packets", "loss_episodes", "loss_peak_packets", float("nan"), share=True),
    "allocator_calls_per_packet": PER_CALL,
    "pages_taken_per_packet": Rare("rx_packets", "allocation_episodes", None, BULK_PAGES),
    "reuse_ratio": Rare("posted_buffers", "allocation_episodes", None, BULK_PAGES, rest=True, share=True),
}


def kind(metric: str) -> Kind:
    """Of any column."""
    if metric in RARE:
        return Kind(rare=RARE[metric])
    found = QUANTILE.fullmatch(metric)
    if found:
        return Kind(quantile=float(found[1]) / 100)
    if metric.endswith(("_mean_pages", "_mean_buffers")):
        return Kind(stock=BULK_PAGES if metric.endswith("_pages") else 1.0)
    return Kind()
