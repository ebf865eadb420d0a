# SPDX-License-Identifier: MIT
"""Whether the window was a steady state: rows too short for their ring, pages held that move, halves that differ.

*Too short*: fewer than two laps of the ring in the warm-up or in the window.  A slot's page comes up for reuse after a
lap, so before that no strategy has shown what it recycles.

*Moving*: the pages held at the end differ from those at the start by more than 5 % of their mean, the same way in
every replicate or in their mean beyond doubt.  Two instants always differ by the pages that polls and refills are
handling, so up to two budgets and a refill batch do not count; stalls and bursts move both instants at random, which
the replicates tell from a trend.

*Drifting*: drops, cost, latency or pages held differ between the halves of the window, by the time series (`drift`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep import format, stats
from sweep.document.statements import Claim, Count, Lacking, Sentence, Values, at, both, joined

from . import drift
from .dataset import Array, Dataset
from .drift import Drift, Mask

LAPS = 2
DRIFT = 0.05  # of the pages held, mean
SHORT = f"too short: fewer than {LAPS} laps of the ring in its warm-up or its window, so not a steady state"
MOVING = (
    f"not steady: pages held move by over {format.percent(DRIFT)} % from start to end of the window,"
    " the same way in the replicates"
)
UNSTEADY = "not steady: pages held, drops, cost or latency move from start to end of the window"
WORDS = ("drops", "cost", "latency", "held")  # names of the quantities in claims, in the order of drift.QUANTITIES
HELD = ("pages_held_start", "pages_held_end", "pages_held_mean_pages")
LENGTHS = ("warmup", "rx_packets")
MARKED = "short or moving or drifting"  # of points and cells, in the words of claims


@dataclass(frozen=True)
class Steady:
    """Points that were not in a steady state; arrays have shape (mixes, loads, rings, columns)."""

    short: Mask
    moving: Mask
    rows: int  # too short
    checked: tuple[str, ...]  # which of "laps", "held" and "series" the table has columns for
    drifts: tuple[Drift, ...]  # of each quantity; none without time series
    data: Dataset

    @property
    def drifting(self) -> Mask:
        """Whether any quantity drifts."""
        none = np.zeros(self.short.shape, dtype=bool)
        return np.asarray(np.logical_or.reduce([none, *(each.moved for each in self.drifts)]))

    @property
    def unsteady(self) -> Mask:
        """Points that are not steady for a reason other than a short window."""
        return np.asarray(self.moving | self.drifting)

    @property
    def marked(self) -> Mask:
        """Points with any mark."""
        return np.asarray(self.short | self.unsteady)

    @property
    def marks(self) -> tuple[tuple[Mask, str, str], ...]:
        """Every mark: which points have it, its footnote, and the condition of claims."""
        drift_marks = tuple(
            (each_drift.moved, drifting(each_drift), f"drifting_{word}")
            for each_drift, word in zip(self.drifts, WORDS, strict=False)
        )
        return ((self.short, SHORT, "short"), (self.moving, MOVING, "moving"), *drift_marks)

    def notes(self, where: tuple[int, ...]) -> tuple[Sentence, ...]:
        """Footnotes for one cell, or for one of its columns."""
        mix, load, ring, *column = where
        data = self.data
        where_sql = at(
            data.mixes[mix],
            data.loads[load],
            data.rings[ring],
            *(data.columns[column_index] for column_index in column),
        )
        return tuple(
            Sentence(note, Count(int(mask[where].sum()), "points", both(where_sql, name), shown=False))
            for mask, note, name in self.marks
            if mask[where].any()
        )

    def cells(self, mix: int) -> int:
        """Cells of ring and load of a mix with any mark."""
        return int(self.marked[mix].any(axis=-1).sum())


def drifting(found: Drift) -> str:
    """The footnote for points in which a quantity drifts."""
    return (
        f"not steady: {found.quantity.name} {_differ(found)} between the halves of the window, by over {_margin(found)}"
    )


def _differ(found: Drift) -> str:
    return "differ" if found.quantity.plural else "differs"


def _margin(found: Drift) -> str:
    quantity = found.quantity
    return f"{format.percent(quantity.margin)} {'%' if quantity.relative else 'percentage points'}"


def check(data: Dataset) -> Steady:
    """Check every row and point for a steady state, as far as the table has the columns."""
    no_marks = np.zeros(data.index.shape, dtype=bool)
    short, moving, checked = no_marks, no_marks[..., 0], []
    if data.has(*LENGTHS):
        checked.append("laps")
        warmup, window = (data.values(name) for name in LENGTHS)
        with np.errstate(invalid="ignore"):
            short = np.minimum(warmup, window) < LAPS * data.values("ring")
    if data.has(*HELD):
        checked.append("held")
        start, end, held_mean = (data.values(name) for name in HELD)
        moving = _moving(end - start, held_mean, _in_hand(data), data.confidence)
    drifts = drift.drifts(data)
    if drifts:
        checked.append("series")
    return Steady(np.asarray(short.any(axis=-1)), moving, int(short.sum()), tuple(checked), drifts, data)


def _in_hand(data: Dataset) -> Array:
    """Pages by which two instants differ without a trend, because polls and refills are handling them."""
    factors = {"nic.napi_budget": 2, "nic.refill_batch": 1}
    known = [times * data.values(name) for name, times in factors.items() if data.has(name)]
    return np.asarray(sum(known, np.zeros(data.index.shape)))


def _moving(moved: Array, level: Array, in_hand: Array, confidence: float) -> Mask:
    """Points whose pages held move; `moved` (..., pairs) is end minus start, `level` the mean, all in pages."""
    with np.errstate(invalid="ignore"):
        limit = np.fmax(in_hand, DRIFT * level)
        present = np.isfinite(moved)
        all_up = (present & (moved > limit) | ~present).all(axis=-1)
        all_down = (present & (-moved > limit) | ~present).all(axis=-1)
        mean_move = stats.mean(moved, confidence)
        large = np.abs(mean_move.center) > stats.mean(limit).center
        beyond_doubt = large & ((mean_move.low > 0) | (mean_move.high < 0))
    return np.asarray(present.any(axis=-1) & (all_up | all_down | beyond_doubt))


def describe(data: Dataset) -> list[Sentence]:
    """Sentences on the results of all checks."""
    steadiness = check(data)
    return [_laps(steadiness), _held(steadiness), *_drifts(steadiness)]


def _laps(found: Steady) -> Sentence:
    data = found.data
    rows = Count(found.rows, "rows", "short", shown=bool(found.rows))
    if "laps" not in found.checked:
        unknown = tuple(Lacking(name) for name in LENGTHS if not data.has(name))
        return Sentence("Warm-up: the table does not say how many packets it had.", *unknown)
    if not found.rows:
        return Sentence(f"Warm-up and window of every simulation hold {LAPS} laps of its ring or more.", rows)
    used = int((data.index >= 0).sum())
    which, claims = "", list[Claim]((rows, Count(used, "rows")))
    if data.sample is None:
        rings = [data.rings[int(ring)] for ring in np.flatnonzero(found.short.any(axis=(0, 1, 3)))]
        which = f" (ring {format.stretches(rings, data.rings)})"
        claims.append(Values("ring", "short", tuple(map(float, rings)), (f"{rings[0]:g}", f"{rings[-1]:g}"), "points"))
    text = (
        f"{format.count(found.rows, 'simulation')} of {used:,} had fewer than {LAPS} laps of the ring"
        f" in warm-up or window{which}: too short for a steady state, and marked where shown."
        " More packets and a longer warm-up mend it."
    )
    return Sentence(text, *claims)


def _held(found: Steady) -> Sentence:
    data = found.data
    every = int((data.index >= 0).any(axis=-1).sum())
    points = Count(every, "points")
    if "held" not in found.checked:
        unknown = tuple(Lacking(name) for name in HELD if not data.has(name))
        return Sentence("The table does not say what was held at the start and end of the window.", *unknown)
    moving = int(found.moving.sum())
    moved = Count(moving, "points", "moving", shown=bool(moving))
    if not moving:
        text = (
            f"In none of {format.count(every, 'point')} do the pages held move by over {format.percent(DRIFT)} % over"
            " the window, the same way in the replicates."
        )
        return Sentence(text, points, moved)
    where = _mixes(data, found.moving)
    text = (
        f"In {moving:,} of {format.count(every, 'point')} the pages held move by over {format.percent(DRIFT)} %"
        f" over the window, the same way in the replicates ({', '.join(where)}): not a steady state, and marked"
        " where shown. Such a stock still fills or drains; a longer warm-up mends it if it ever settles."
    )
    return Sentence(text, points, moved, Values("mix", "moving", where, where, "points"))


def _drifts(found: Steady) -> list[Sentence]:
    """Sentences on the time series: one per quantity that drifts, one for those that do not."""
    if "series" not in found.checked:
        return []
    every = int((found.data.index >= 0).any(axis=-1).sum())
    lines, still = [], []
    for each, word in zip(found.drifts, WORDS, strict=True):
        if each.moved.any():
            lines.append(_drift(found.data, each, word, every))
        else:
            still.append(Sentence(each.quantity.name, Count(0, "points", f"drifting_{word}", shown=False)))
    if still:
        listed = joined(still, ", ")
        text = (
            f"First against second half of the window, replicate by replicate, all points of the report at 95 %"
            f" together: no drift is shown of {listed}."
        )
        lines.append(Sentence(text, *listed.claims))
    few = int((~np.logical_and.reduce([each.known for each in found.drifts]) & (found.data.index >= 0).any(-1)).sum())
    if few:
        text = f"In {few:,} of {every:,} points too little was seen in a half to tell whether some of these drift."
        lines.append(Sentence(text, Count(few, "points", "halves_open"), Count(every, "points")))
    return lines


def _drift(data: Dataset, found: Drift, word: str, every: int) -> Sentence:
    """Sentence on a quantity that drifts: where, and the warm-up that would be enough."""
    count, where = int(found.moved.sum()), _mixes(data, found.moved)
    settled = found.settles[np.isfinite(found.settles)]
    all_settle = len(settled) == count
    settle_column = f"settle_{word}"
    text = (
        f"In {count:,} of {format.count(every, 'point')} {found.quantity.name} {_differ(found)} between the first and"
        f" the second half of the window, by over {_margin(found)} and beyond doubt ({', '.join(where)}): not a steady"
        " state, and marked where shown."
    )
    claims: list[Claim] = [
        Count(count, "points", f"drifting_{word}"),
        Count(every, "points"),
        Values("mix", f"drifting_{word}", where, where, "points"),
        Count(len(settled), "points", f"{settle_column} is not null", shown=0 < len(settled) < count),
    ]
    if not len(settled):
        text += " Not settled in the first half of these runs: more packets would show when it is (MSER)."
        return Sentence(text, *claims)
    packets = int(settled.max())
    of_them = "" if all_settle else f" in {len(settled):,} of them"
    text += f" Settled after at most {packets:,} packets{of_them} (MSER): `warmup: {packets:_}` or more would do"
    text += "." if all_settle else " there; the others have not settled in the first half of their runs."
    values = tuple(float(each) for each in np.unique(settled))
    return Sentence(
        text, *claims, Values(settle_column, f"{settle_column} is not null", values, (f"{packets:,}",), "points")
    )


def _mixes(data: Dataset, mask: Mask) -> tuple[str, ...]:
    return tuple(name for mix, name in enumerate(data.mixes) if mask[mix].any())
