# SPDX-License-Identifier: MIT
"""Which cause takes the largest part of what cells have dropped, and whether that is shown or only seen.

It is *shown* if more than half of what is dropped is lost to it beyond doubt: the whole interval of the paired
difference between what it and what all others drop is above zero.  Losses come in clumps, so that interval allows for
episodes that were not seen, as every interval of drops does; where too few were seen, nothing is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import stats
from ..fields.losses import CAUSES, Cause
from ..fields.spread import DROPS, LOSS
from .episodes import Array, Cells, Mask
from .estimates import OFFERED, difference

COUNTERS = tuple(cause.counter.name for cause in CAUSES)


@dataclass(frozen=True)
class Losses:
    """What cells of shape (...) have lost, and to which causes."""

    counts: Array  # packets by cause, over all replicates, (..., causes)
    first: NDArray[np.int64]  # the cause with most of them, an index of `causes`; -1 where nothing was dropped
    shown: Mask  # more than half is lost to it beyond doubt
    causes: tuple[Cause, ...]  # those that the table counts

    @property
    def total(self) -> Array:
        """Packets dropped for want of something, (...)."""
        return np.asarray(self.counts.sum(axis=-1))

    @property
    def shares(self) -> Array:
        """The part of each cause in what was dropped, (..., causes); NaN where nothing was."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.counts / self.total[..., None])


def losses(cells: Cells, confidence: float = stats.CONFIDENCE) -> Losses | None:
    """The losses of cells; what is said to be shown of them holds for all at once at `confidence` (Bonferroni).

    None for a table that does not count by cause.
    """
    causes = tuple(cause for cause in CAUSES if cells.has(cause.counter.name))
    if not causes or not cells.has(OFFERED):
        return None
    packets = np.stack([cells.read(cause.counter.name) for cause in causes], axis=-1)  # (..., n, causes)
    counts = np.nansum(packets, axis=-2)
    dropped = counts.sum(axis=-1) > 0
    first = np.where(dropped, counts.argmax(axis=-1), -1)
    each_at = 1 - (1 - confidence) / max(int(dropped.sum()), 1)
    shown = np.zeros_like(dropped)
    for number, cause in enumerate(causes):
        led = first == number
        if led.any():
            those, lost = _of(cells, led), packets[led]
            own, others = lost[..., number], lost.sum(axis=-1) - lost[..., number]
            excess = difference(DROPS, _dropping(those, own), _dropping(those, others, without=cause.queue), each_at)
            with np.errstate(invalid="ignore"):
                shown[led] = (excess.pairs > 1) & (excess.low > 0)
    return Losses(counts, first, shown, causes)


def _of(cells: Cells, chosen: Mask) -> Cells:
    """The chosen cells, as cells of shape (chosen,)."""
    return cells.mapped(lambda values: values[chosen])


def _dropping(cells: Cells, packets: Array, without: str = "") -> Cells:
    """The cells as if they had dropped these packets alone, (..., n).

    `without`: the queue in which no packet is lost so, so that how full it was says nothing of such losses.
    """
    offered = cells.read(OFFERED)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(offered > 0, packets / offered, np.nan)
    read, has, episodes = cells.read, cells.has, LOSS.episodes

    def told(name: str) -> Array:
        if name == DROPS:
            return shares
        return np.where(packets > 0, read(name), 0.0) if name == episodes else read(name)

    return replace(cells, read=told, has=lambda name: name != without and has(name))
