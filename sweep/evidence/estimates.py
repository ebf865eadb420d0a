# SPDX-License-Identifier: MIT
"""Means and paired differences of a metric in cells, each with the interval that its kind needs.

A mean that all packets contribute to has Student's interval over the replicates.  If fewer episodes than replicates
were seen, the degrees of freedom count the episodes, which are the independent samples; if fewer than FEWEST_EPISODES
were seen, the interval allows for an unseen one that is as far off as the seen ones lie apart.  Paired differences of
such means need none of that, because both sides met the same episodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from .. import stats
from ..fields.declared import spread
from ..fields.spread import PER_CALL, Rare
from ..stats import Estimate, clumps
from ..stats.clumps import Clumps
from . import quantiles
from .episodes import Array, Cells, Mask, Seen

OFFERED = "offered_packets"
BACKLOGS = (  # columns of queues: peak occupancy, capacity, and the capacity that one packet needs (None: 1)
    ("rx_ring_peak_packets", "ring", None),
    ("tx_ring_peak_frames", "nic.tx_ring", None),
    ("socket_truesize_peak", "traffic.reader.rcvbuf", "truesize_bytes"),
    ("nic_buffer_peak_bytes", "nic.rx_buffer", "offered_bytes"),
)


def estimate(metric: str, cells: Cells, confidence: float = stats.CONFIDENCE) -> Estimate:
    """Mean of any metric or counter over the replicates, shape (...)."""
    of = spread(metric)
    if of.quantile is not None and cells.buckets is not None:
        return quantiles.pooled(of.quantile, cells, confidence)
    samples = cells.read(metric)
    found, seen = stats.mean(samples, confidence), cells.seen
    if seen is None:
        return found
    if of.rare and counted(of.rare, cells):
        if not of.rare.counter:
            return _estimate_of_rare(of.rare, samples, found, cells, seen, confidence)
        shares = shares_of(of.rare, metric, cells)
        share = _estimate_of_rare(of.rare, shares, stats.mean(shares, confidence), cells, seen, confidence)
        wide = _as_sure_as(share, found, stats.mean(cells.read(of.rare.sizes)).center)
        return _withheld(found, _between(0.0, math.inf, wide), seen.interval, cells.exact)
    if of.falls_with is not None:
        lost = estimate(of.falls_with, cells, confidence)
        return _between(0.0, of.most, _as_sure_as(-lost, found, _kept(metric, of.falls_with, cells)))
    if of.stock is not None:
        wide = _spanned(found, samples, _moves(of.stock, samples, [cells], seen), confidence)
    else:
        few = ~seen.many
        wide = _spanned(_by_episodes(found, seen, confidence), samples, np.where(few, _range(samples), 0.0), confidence)
    return _withheld(found, wide, seen.interval, cells.exact)


def difference(metric: str, value: Cells, reference: Cells, confidence: float = stats.CONFIDENCE) -> Estimate:
    """Mean of the paired differences value - reference, shape (...); also for metrics that can be zero."""
    of = spread(metric)
    if of.quantile is not None and value.buckets is not None and reference.buckets is not None:
        return quantiles.pooled_difference(of.quantile, value, reference, confidence)
    samples = value.read(metric) - reference.read(metric)
    found, sides = stats.mean(samples, confidence), (value.seen, reference.seen)
    if sides[0] is None or sides[1] is None:
        return found
    seen = sides[0].with_less(sides[1])
    if of.rare and counted(of.rare, value) and counted(of.rare, reference):
        shares = [shares_of(of.rare, metric, side) for side in (value, reference)]
        own, other = (clumps_of(of.rare, *each) for each in zip(shares, (value, reference), strict=True))
        wide = clumps.difference(own, other, shares[0] - shares[1], confidence, rest=of.rare.rest)
        wide = _cut_at_the_ends(wide, of.rare, [value, reference], confidence)
        if of.rare.counter:
            sizes = [stats.mean(side.read(of.rare.sizes)).center for side in (value, reference)]
            wide = _as_sure_as(wide, found, np.fmax(*sizes))
    elif of.falls_with is not None:
        lost = difference(of.falls_with, value, reference, confidence)
        return _as_sure_as(-lost, found, np.fmax(*(_kept(metric, of.falls_with, side) for side in (value, reference))))
    elif of.stock is not None:
        wide = _spanned(found, samples, _moves(of.stock, samples, [value, reference], seen), confidence)
    else:
        return found
    return _withheld(found, wide, seen.interval, np.asarray(value.exact) & reference.exact)


def log_ratio(metric: str, value: Cells, reference: Cells, confidence: float = stats.CONFIDENCE) -> Estimate:
    """Mean logarithm of value / reference over the pairs, shape (...)."""
    of = spread(metric)
    if of.quantile is not None and value.buckets is not None and reference.buckets is not None:
        return quantiles.pooled_log_ratio(of.quantile, value, reference, confidence)
    return stats.ratio(value.read(metric), reference.read(metric), confidence)


def per_packet(counter: str, cells: Cells, confidence: float = stats.CONFIDENCE) -> Estimate:
    """Mean of a counter of requests for pages per packet taken from the ring, shape (...)."""
    counts, packets = cells.read(counter), cells.read(PER_CALL.sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        samples = np.where(packets > 0, counts / packets, np.nan)
    found, seen = stats.mean(samples, confidence), cells.seen
    if seen is None or not counted(PER_CALL, cells):
        return found
    return _estimate_of_rare(PER_CALL, samples, found, cells, seen, confidence)


def counted(rare: Rare, cells: Cells) -> bool:
    """Whether the table counts the episodes of a rare share."""
    return all(map(cells.has, filter(None, (rare.sizes, rare.episodes, rare.largest))))


def shares_of(rare: Rare, metric: str, cells: Cells) -> Array:
    """The rare share of each replicate, (..., n): the metric itself, or the counter divided by `rare.sizes`."""
    values = cells.read(metric)
    if not rare.counter:
        return values
    sizes = cells.read(rare.sizes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sizes > 0, values / sizes, np.nan)


def _as_sure_as(share: Estimate, found: Estimate, scale: Array) -> Estimate:
    """`found` with an interval at least as wide as `scale` times that of `share`; no interval where that has none.

    Its p-value is the larger of the two.
    """
    low, high = (found.center + scale * (end - share.center) for end in (share.low, share.high))
    wide = clumps.widened(found, low, high)
    known = np.isfinite(share.low)
    low, high, p = (np.where(known, each, np.nan) for each in (wide.low, wide.high, np.fmax(found.p, share.p)))
    return replace(wide, low=low, high=high, p=p)


def _between(least: float, most: float, found: Estimate) -> Estimate:
    """`found` with its interval clipped to [least, most], or to its mean if packets in flight take that beyond."""
    return replace(
        found,
        low=np.maximum(found.low, np.fmin(least, found.center)),
        high=np.minimum(found.high, np.fmax(most, found.center)),
    )


def _kept(metric: str, share: str, cells: Cells) -> Array:
    """What a metric would be if nothing were lost, (...): its change per unit of the lost `share`."""
    value, lost = (stats.mean(cells.read(name)).center for name in (metric, share))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(lost < 1, value / (1 - lost), np.nan)


def _estimate_of_rare(
    rare: Rare, samples: Array, found: Estimate, cells: Cells, seen: Seen, confidence: float
) -> Estimate:
    """Mean of a rare share, with an interval inside [0, 1]; if no clump was seen, only if many episodes were."""
    wide = clumps.share(clumps_of(rare, samples, cells), samples, confidence, rest=rare.rest)
    wide = _cut_at_the_ends(wide, rare, [cells], confidence)
    low = np.maximum(wide.low, np.fmin(0.0, wide.center)) if not rare.rest else wide.low  # without any it stays NaN
    high = np.minimum(wide.high, np.fmax(1.0, wide.center)) if rare.share else wide.high
    never = np.nansum(cells.read(rare.episodes), axis=-1) == 0
    return _withheld(found, replace(wide, low=low, high=high), seen.interval & (seen.many | ~never), cells.exact)


def clumps_of(rare: Rare, shares: Array, cells: Cells) -> Clumps:
    """The clumps of a rare share whose replicates are `shares` (..., n); requires a table that counts episodes."""
    seen = cells.seen
    assert seen is not None
    sizes = cells.read(rare.sizes)
    counts = (1 - shares if rare.rest else shares) * sizes
    none = np.zeros((*seen.pieces.shape, 1))
    headroom, capacity = _headroom(cells) if np.isnan(rare.unit) else (none + 1, none)
    return Clumps(
        counts=np.maximum(counts, 0.0),
        sizes=sizes,
        episodes=cells.read(rare.episodes),
        largest=cells.read(rare.largest) if rare.largest else np.full_like(sizes, np.nan),
        unit=np.fmax(_longest(cells) / _pages_each(rare, cells), rare.unit),
        capacity=capacity,
        headroom=headroom,
        pieces=seen.fewest,
        fillings=_fillings(cells, seen),
    )


def _fillings(cells: Cells, seen: Seen) -> Array:
    """How often queues began to fill, independently: once per busy period, or less often with bursts."""
    if not cells.has("bursts"):
        return seen.fewest
    bursty = np.nansum(cells.read("bursts"), axis=-1) > 0
    return np.asarray(np.where(bursty, seen.fewest, seen.episodes))


def _pages_each(rare: Rare, cells: Cells) -> Array | float:
    """Most pages that one count may be for, (...); 1 where a packet whose page is not back in time costs one."""
    return 1.0 if rare.each is None or not cells.has(rare.each) else np.maximum(_most(cells.read(rare.each)), 1.0)


def _longest(cells: Cells) -> Array:
    """Packets of the longest busy period, or of the window if that is shorter, (...)."""
    return _most(np.fmin(cells.read("busy_peak_packets"), cells.read(OFFERED)))


def _most(samples: Array) -> Array:
    """Largest value over the replicates, which are not negative, (...); 0 without any."""
    return np.asarray(np.fmax.reduce(samples, axis=-1, initial=0.0))


def _headroom(cells: Cells) -> tuple[Array, Array]:
    """Headroom (capacity / peak occupancy) and capacity in packets of each cell's queues, (..., queues) each."""
    headroom, takes = [], []
    for peak, capacity, each in BACKLOGS:
        if not (cells.has(peak) and cells.has(capacity) and (each is None or cells.has(each))):
            continue
        room = _most(cells.read(capacity))
        if capacity == "ring" and cells.has("nic.refill_batch"):  # up to a batch of slots may wait for a refill
            room = np.maximum(room - _most(cells.read("nic.refill_batch")), 1.0)
        share = _most(cells.read(peak)) / np.maximum(room, 1)
        one = np.ones_like(room)
        if each == "offered_bytes":
            one = np.nansum(cells.read(each), axis=-1) / np.maximum(np.nansum(cells.read(OFFERED), axis=-1), 1)
        elif each is not None:
            one = _most(cells.read(each))
        headroom.append(1 / np.clip(share, 1e-6, 1.0))
        takes.append(np.where(share > 0, room / np.maximum(one, 1), 0.0))
    if not takes:  # a table that counts episodes and says nothing of queues
        none = np.zeros((*cells.read(OFFERED).shape[:-1], 1))
        return none + 1, none
    return np.stack(headroom, axis=-1), np.stack(takes, axis=-1)


def _cut_at_the_ends(found: Estimate, rare: Rare, sides: Sequence[Cells], confidence: float) -> Estimate:
    """`found` widened for refills that an end of the window cuts: a count may be off by one refill per replicate.

    Of two sides the larger refill counts.
    """
    if not np.isfinite(rare.unit) or not all(side.has("nic.refill_batch") for side in sides):
        return found
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [np.fmax.reduce(side.read("nic.refill_batch") / side.read(rare.sizes), axis=-1) for side in sides]
    batch = shares[0] if len(shares) == 1 else np.fmax(*shares)
    half = batch * np.minimum(1.0, _one_more(confidence) / np.maximum(found.pairs, 1))
    return clumps.widened(found, found.center - half, found.center + half)


def _one_more(confidence: float) -> float:
    """Upper bound of the number of episodes that happened unseen (rule of three): 3.69 at 95 %."""
    return float(-np.log((1 - confidence) / 2))


def _range(samples: Array) -> Array:
    return np.asarray(np.fmax.reduce(samples, axis=-1) - np.fmin.reduce(samples, axis=-1))


def _moves(least: float, samples: Array, sides: Sequence[Cells], seen: Seen) -> Array:
    """By how much an unseen episode may move a stock, (...); 0 where every side has seen many."""
    few = ~seen.many
    for side in sides:
        if side.has("allocation_episodes"):
            few = few | (np.nansum(side.read("allocation_episodes"), axis=-1) < clumps.FEW)
    return np.where(few, np.fmax(_range(samples), least), 0.0)


def _spanned(found: Estimate, samples: Array, by: Array, confidence: float) -> Estimate:
    """`found` widened by the effect on the mean of a few unseen replicates that are `by` away from the others."""
    half = by * np.minimum(1.0, _one_more(confidence) / np.maximum(found.pairs, 1))
    return clumps.widened(found, found.center - half, found.center + half)


def _by_episodes(found: Estimate, seen: Seen, confidence: float) -> Estimate:
    """Student's interval with no more degrees of freedom than independent episodes allow."""
    freedom = np.clip(np.fmin(found.pairs, np.floor(seen.episodes)) - 1, 1, None)
    half = stdtrit(freedom, (1 + confidence) / 2) * found.deviation / np.sqrt(np.maximum(found.pairs, 1))
    return clumps.widened(found, found.center - half, found.center + half)


def _withheld(plain: Estimate, wide: Estimate, enough: Mask, exact: Mask | bool) -> Estimate:
    """`wide` where enough was seen, else no interval; `plain` where nothing is drawn at random (`exact`)."""

    def one(name: str) -> Array:
        shown = np.where(enough, getattr(wide, name), np.nan)
        return np.asarray(np.where(exact, getattr(plain, name), shown))

    return Estimate(wide.center, one("low"), one("high"), wide.deviation, wide.pairs, one("p"))
