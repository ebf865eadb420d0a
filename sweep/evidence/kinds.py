# SPDX-License-Identifier: MIT
"""How each metric varies between replicates: what its interval has to allow for.

A *rare share* comes in clumps that a counter counts (`stats.clumps`), and so does the counter that it is a share of.
What is not lost is delivered: its rates and shares *fall with* a rare share, and are as sure as that one.  A *stock* is
what holders hold: one burst of allocations moves it for good, so it is judged with the same counter.  A *quantile*
belongs to the packets of all replicates together.  Everything else is a mean of what all packets contribute to.
"""

from __future__ import annotations

import math
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
    counter: bool = False  # the metric is the counter, not its share of `sizes`


class Kind(NamedTuple):
    """Of a metric."""

    rare: Rare | None = None
    stock: float | None = None  # least by which an episode that was not seen moves a stock, in the metric's unit
    quantile: float | None = None  # share of the packets below
    falls_with: str | None = None  # a rare share: what it takes is missing here
    most: float = math.inf  # what it can be, of what falls so

    @property
    def in_clumps(self) -> bool:
        """Whether a pair of replicates without a clump says little."""
        return self.rare is not None or self.falls_with is not None


PER_CALL = Rare("rx_packets", "allocation_episodes", None, 1.0, each="bulk")
PER_PAGE = Rare("rx_packets", "allocation_episodes", None, BULK_PAGES)
LOST = Rare("offered_packets", "loss_episodes", "loss_peak_packets", math.nan, share=True)
CAUSES = ("nic_buffer", "no_descriptor", "no_memory", "socket_buffer", "tx_ring")  # of drops
RARE = {
    "drop_ratio": LOST,
    **{f"drop_{cause}_packets": LOST._replace(counter=True) for cause in CAUSES},
    "allocator_calls_per_packet": PER_CALL,
    "allocator_calls": PER_CALL._replace(counter=True),
    "pages_taken_per_packet": PER_PAGE,
    "pages_taken": PER_PAGE._replace(counter=True),
    "reuse_ratio": Rare("posted_buffers", "allocation_episodes", None, BULK_PAGES, rest=True, share=True),
}
DROPS = "drop_ratio"
DELIVERED = {  # what falls with the drops -> the most that it can be
    "delivered_ratio": 1.0,
    **dict.fromkeys(("delivered_packets", "forwarded_packets", "throughput_pps", "total_pps"), math.inf),
}


def kind(metric: str) -> Kind:
    """Of any column."""
    if metric in RARE:
        return Kind(rare=RARE[metric])
    if metric in DELIVERED:
        return Kind(falls_with=DROPS, most=DELIVERED[metric])
    found = QUANTILE.fullmatch(metric)
    if found:
        return Kind(quantile=float(found[1]) / 100)
    if metric.endswith(("_mean_pages", "_mean_buffers")):
        return Kind(stock=BULK_PAGES if metric.endswith("_pages") else 1.0)
    return Kind()
