# SPDX-License-Identifier: MIT
"""Intervals of cells that count their episodes a second time, cell by cell: `sweep.evidence` is held against these.

Written from docs/confidence.md and the texts of `sweep.stats.clumps` and `sweep.evidence`, with SciPy's distributions
and nothing of theirs.  A cell is what its replicates say: a column as an array over the pairs, NaN where it says
nothing.  Without the columns of COUNTED every interval is Student's.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import t

from tests.report.second_cells import (
    COUNTERS,
    FALLING,
    Cell,
    Found,
    counted_share,
    counts_share,
    falls,
    kept,
    missed,
    moves,
    per_share,
    quantile_of,
    stock_of,
    whole,
)
from tests.report.second_clumps import difference_of_shares, share_of
from tests.report.second_quantiles import pooled, pooled_difference
from tests.report.second_statistics import CONFIDENCE, interval, logs


def mean(metric: str, cell: Cell, confidence: float = CONFIDENCE) -> Found:
    """The mean of a column, with what docs/confidence.md promises of it."""
    quantile = quantile_of(metric)
    if quantile is not None and cell.histograms is not None:
        return pooled(quantile, cell, confidence)
    values = cell.read(metric)
    found = Found(*interval(values, confidence))
    if not cell.counts or cell.constant:
        return found
    if falls(metric, cell):
        sure = found.as_sure_as(mean("drop_ratio", cell, confidence), -kept(metric, cell))
        return sure.between(0.0, FALLING[metric])
    if counts_share(metric, cell):
        sure = found.as_sure_as(mean(COUNTERS[metric], per_share(metric, cell), confidence), whole(metric, cell))
        return sure.between(0.0)
    share = counted_share(metric, cell)
    few = not cell.many
    if share:
        found = share_of(share, metric, values, cell, found, confidence)
        if cell.total(share.episodes) == 0 and few:
            return found.withheld()
    elif stock := stock_of(metric):
        found = found.around(missed(values, moves(stock, values, few, [cell]), confidence))
    else:
        known = values[np.isfinite(values)]
        if found.pairs >= 2:
            freedom = max(min(found.pairs, math.floor(cell.episodes)) - 1, 1)
            found = found.around(
                float(t.ppf((1 + confidence) / 2, freedom) * known.std(ddof=1) / math.sqrt(len(known)))
            )
        found = found.around(missed(values, np.ptp(known) if few and len(known) else 0.0, confidence))
    return found if cell.enough else found.withheld()


def difference(metric: str, own: Cell, other: Cell, confidence: float = CONFIDENCE) -> Found:
    """The mean of the paired differences of a column."""
    quantile = quantile_of(metric)
    if quantile is not None and own.histograms is not None and other.histograms is not None:
        return pooled_difference(quantile, own, other, lambda a, b: a - b, confidence)
    values = own.read(metric) - other.read(metric)
    found = Found(*interval(values, confidence))
    if not (own.counts and other.counts) or (own.constant and other.constant):
        return found
    sides = (own, other)
    if falls(metric, own):
        scale = np.fmax(*(kept(metric, side) for side in sides))
        return found.as_sure_as(difference("drop_ratio", own, other, confidence), -scale)
    if counts_share(metric, own):
        parts = [per_share(metric, side) for side in sides]
        scale = np.fmax(*(whole(metric, side) for side in sides))
        return found.as_sure_as(difference(COUNTERS[metric], *parts, confidence), scale)
    share = counted_share(metric, own)
    if share:
        found = difference_of_shares(share, metric, values, sides, found, confidence)
    elif stock := stock_of(metric):
        few = not all(side.many for side in sides)
        found = found.around(missed(values, moves(stock, values, few, sides), confidence))
    else:
        return found
    return found if min(own.pieces, other.pieces) >= 10 and min(own.episodes, other.episodes) >= 2 else found.withheld()


def ratio(metric: str, own: Cell, other: Cell, confidence: float = CONFIDENCE) -> Found:
    """The mean of the logarithms of paired ratios of a column."""
    quantile = quantile_of(metric)
    if quantile is not None and own.histograms is not None and other.histograms is not None:
        return pooled_difference(quantile, own, other, lambda a, b: np.log(a) - np.log(b), confidence)
    return Found(*interval(logs(own.read(metric), other.read(metric)), confidence))


def relative(metric: str, own: Cell, other: Cell, confidence: float = CONFIDENCE) -> Found:
    """The same, by as much wider as few episodes make the difference, as a part of the other side's mean."""
    found = ratio(metric, own, other, confidence)
    special = falls(metric, own) or counts_share(metric, own) or stock_of(metric) or counted_share(metric, own)
    if found.pairs < 2 or not special:
        return found
    values, base = own.read(metric), other.read(metric)
    both = np.isfinite(values) & np.isfinite(base)
    wide, plain = difference(metric, own, other, confidence), interval(values - base, confidence)
    mean_base = float(base[both].mean())
    shrunk = 1 - (plain[1] - wide.low) / mean_base
    low = found.low + (math.nan if math.isnan(shrunk) else math.log(shrunk) if shrunk > 0 else -math.inf)
    return found._replace(low=low, high=found.high + math.log1p((wide.high - plain[2]) / mean_base))
