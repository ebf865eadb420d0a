# SPDX-License-Identifier: MIT
"""How a metric varies between replicates: what an interval of its mean has to allow for.

A *rare share* comes in clumps that a counter counts (`stats.clumps`), and so does the counter that it is a share of.
What is not lost is delivered: its rates and shares *fall with* a rare share, and are as sure as that one.  A *stock* is
what holders hold: one burst of allocations moves it for good, so it is judged with the same counter.  A *quantile*
belongs to the packets of all replicates together.  Everything else is a mean of what all packets contribute to.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .constants import BULK_PAGES


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


class Spread(NamedTuple):
    """Of one metric or counter; as it stands here: a mean of what all packets contribute to."""

    rare: Rare | None = None
    stock: float | None = None  # least by which an episode that was not seen moves a stock, in the metric's unit
    quantile: float | None = None  # share of the packets below
    falls_with: str | None = None  # a rare share: what it takes is missing here
    most: float = math.inf  # what it can be, of what falls so

    @property
    def in_clumps(self) -> bool:
        """Whether a pair of replicates without a clump says little."""
        return self.rare is not None or self.falls_with is not None


MEAN = Spread()
PER_CALL = Rare("rx_packets", "allocation_episodes", None, 1.0, each="strategy.bulk")
PER_PAGE = Rare("rx_packets", "allocation_episodes", None, BULK_PAGES)
LOSS = Rare("offered_packets", "loss_episodes", "loss_peak_packets", math.nan, share=True)
DROPS = "drop_ratio"  # what deliveries fall with
