# SPDX-License-Identifier: MIT
"""Comparisons common to all sections: every strategy against the baseline, the outcome of every cell, steadiness.

A *cell* is one (mix, load, ring).  Everything is computed once.
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
MOSTLY = 0.9  # share of packets with the same fate from which a mix is called router, host or filter


@dataclass(frozen=True)
class Analysis:
    """A dataset with its comparisons; arrays have shape (mixes, loads, rings, columns) unless said otherwise."""

    data: Dataset
    ns: Array  # ns per packet, (mixes, loads, rings, columns, pairs)
    contest: (
        Array  # `ns` in the pairs that all columns of a cell have, if a precision gave them different numbers of pairs
    )
    drops: Array | None  # dropped share of the packets, (mixes, loads, rings, columns, pairs); None if unknown
    absolute: stats.Estimate  # of `ns`
    relative: stats.Estimate  # logarithm of the ratio to the baseline
    drops_more: NDArray[np.bool_]  # drops more than the baseline, beyond the margin and beyond doubt
    drops_less: NDArray[np.bool_]
    drops_open: NDArray[np.bool_]  # the mean drops differ by more than the margin, but not beyond doubt
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
        """Mean of any metric over the pairs, (mixes, loads, rings, columns)."""
        return self.data.estimate(name).center

    def simulated(self, mix: int, load: int) -> bool:
        """Whether any cell of this mix and load has a value."""
        return bool(self.absolute.pairs[mix, load].any())

    def last_load(self, mix: int) -> int:
        """The highest load at which a mix was simulated; -1 for a mix without values."""
        return max((load for load in range(len(self.data.loads)) if self.simulated(mix, load)), default=-1)

    def kind(self, mix: int) -> str:
        """What mostly happens to a mix's packets, by the counters: "router", "host", "filter" or "mixed"."""
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
    more = less = undecided = np.zeros(ns.shape[:-1], dtype=bool)
    if drops is not None:
        drop_difference = data.against(DROPS, slice(0, 1))
        more, less = stats.more(drop_difference), stats.less(drop_difference)
        with np.errstate(invalid="ignore"):
            undecided = (np.abs(drop_difference.center) > stats.DROP_MARGIN) & ~more & ~less
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
        drops_open=undecided,
        outcomes=outcome.outcomes(contest, None if drops is None else data.cells, data.confidence),
        steady=steady.check(data),
    )


def _in_common(ns: Array) -> Array:
    """`ns` with NaN in pairs that not all simulated columns of a cell have: their means would be of other packets."""
    known = np.isfinite(ns)
    in_all_columns = (known | ~known.any(axis=-1, keepdims=True)).all(axis=-2, keepdims=True)
    return np.where(in_all_columns, ns, np.nan)
