# SPDX-License-Identifier: MIT
"""What the sections share: every strategy against the baseline, the outcome of every cell, and what is not steady.

A *cell* is one (mix, load, ring).  All is computed once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweep import stats
from sweep.errors import SweepError
from sweep.fields.spread import DROPS

from . import outcome, steady
from .dataset import Array, Dataset
from .outcome import CellIndex, Outcome
from .steady import Steady

METRIC = "ns_per_packet"
FORWARDING = ("forwarded_packets", "drop_tx_ring_packets")
LOCAL = ("delivered_packets", "drop_socket_buffer_packets")
FILTERED = ("filtered_packets",)
MOSTLY = 0.9  # share of packets with one fate that makes a mix a router or a host


@dataclass(frozen=True)
class Analysis:
    """A dataset with its comparisons; arrays have the shape of its cube without the last axis (pairs)."""

    data: Dataset
    ns: Array  # ns per packet, (mixes, loads, rings, columns, pairs)
    contest: (
        Array  # the same, in pairs that all columns of a cell have where they were given different numbers of pairs
    )
    drops: Array | None  # dropped share of the packets, same shape
    absolute: stats.Estimate  # of `ns`
    relative: stats.Estimate  # logarithm of the ratio to the baseline
    drops_more: NDArray[np.bool_]  # than the baseline
    drops_less: NDArray[np.bool_]
    drops_open: NDArray[np.bool_]  # more or fewer in the mean, but not beyond doubt
    outcomes: dict[CellIndex, Outcome]  # cells without a value are not in it
    steady: Steady

    @property
    def each_at(self) -> float:
        """The confidence at which the outcome of each cell is judged, so that all of them are right at 95 %."""
        return outcome.each_at(len(self.outcomes), self.drops is not None, self.data.confidence)

    @property
    def baseline(self) -> str:
        return self.data.columns[0]

    def mean(self, name: str) -> Array:
        """Mean over the pairs of any metric."""
        return self.data.estimate(name).center

    def simulated(self, mix: int, load: int) -> bool:
        """Whether any cell of this mix and load has a value."""
        return bool(self.absolute.pairs[mix, load].any())

    def last_load(self, mix: int) -> int:
        """The highest load at which a mix was simulated; -1 for a mix without values."""
        return max((load for load in range(len(self.data.loads)) if self.simulated(mix, load)), default=-1)

    def kind(self, mix: int) -> str:
        """What the packets of a mix mostly are, read off the counters: "router", "host", "filter" or "mixed"."""
        shares = {
            "router": self._total(FORWARDING, mix),
            "host": self._total(LOCAL, mix),
            "filter": self._total(FILTERED, mix),
        }
        everything = sum(shares.values())
        return next((kind for kind, n in shares.items() if everything and n >= MOSTLY * everything), "mixed")

    def stalls(self, mix: int) -> bool:
        """Whether the readers of a mix stall: hold times are then not bounded by the reader's speed."""
        return self._total(("stalls",), mix) > 0

    def mixes(self, *kinds: str, stalls: bool | None = None) -> list[int]:
        """Mixes of these kinds, with or without stalling readers (None: both)."""
        every = range(len(self.data.mixes))
        return [mix for mix in every if self.kind(mix) in kinds and stalls in (None, self.stalls(mix))]

    def _total(self, names: tuple[str, ...], mix: int) -> float:
        return float(sum(np.nansum(self.data.values(name)[mix]) for name in names if self.data.has(name)))


def analyse(data: Dataset) -> Analysis:
    """Compare everything with the baseline and find the winners."""
    if not data.has(METRIC):
        raise SweepError(f'no valid simulation in the table has "{METRIC}": there is nothing to compare')
    ns = data.values(METRIC)
    drops = data.values(DROPS) if data.has(DROPS) else None
    more = less = doubtful = np.zeros(ns.shape[:-1], dtype=bool)
    if drops is not None:
        found = data.against(DROPS, slice(0, 1))
        more, less = stats.more(found), stats.less(found)
        with np.errstate(invalid="ignore"):
            doubtful = (np.abs(found.center) > stats.DROP_MARGIN) & ~more & ~less
    contest = ns if data.reached is None else _in_common(ns)
    return Analysis(
        data=data,
        ns=ns,
        contest=contest,
        drops=drops,
        absolute=data.estimate(METRIC),
        relative=stats.ratio(ns, ns[..., :1, :], data.confidence),
        drops_more=more,
        drops_less=less,
        drops_open=doubtful,
        outcomes=outcome.outcomes(contest, None if drops is None else data.cells, data.confidence),
        steady=steady.check(data),
    )


def _in_common(ns: Array) -> Array:
    """NaN in the pairs of a cell that a column with any lacks: means over different packets rank nothing."""
    known = np.isfinite(ns)
    everyone = (known | ~known.any(axis=-1, keepdims=True)).all(axis=-2, keepdims=True)
    return np.where(everyone, ns, np.nan)
