# SPDX-License-Identifier: MIT
"""Claims of a sweep file, `METRIC where CONDITION < VALUE UNIT`, judged against the table.

A claim holds if it holds in every cell (mix, load, ring, strategy) that it selects,
each judged by its 95 % interval.  With a metric on the right, cells are compared in pairs at equal mix, load and ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import evidence, format, stats
from sweep.conditions import Cells, Column, ConditionError, holds, parse_bound
from sweep.conditions.columns import column_of
from sweep.conditions.tables import of_arrow, unit_of
from sweep.document.blocks import Finding
from sweep.document.statements import ClaimOfFile, Extreme, Sentence, fixed
from sweep.errors import SweepError, did_you_mean
from sweep.report.parts import reproduction
from sweep.report.parts.judging import NOT_TESTED, TONES, UNDECIDED, Judgement, for_all, sides, spanned
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.standard_input import typed
from sweep.storage import resume

Mask = NDArray[np.bool_]
NOT_UNDERSTOOD = fixed("not understood")
TOO_LITTLE_SEEN = "Too few independent episodes were seen"


@dataclass(frozen=True)
class Side:
    metric: str
    selected: Mask  # (mixes, loads, rings, columns)


def judge(analysis: Analysis) -> list[Finding]:
    """A finding per claim of the sweep file; one that cannot be read says why."""
    given = analysis.data.metadata.get("claims") or []
    found = []
    for place, claim in enumerate(given if isinstance(given, list) else [given], 1):
        entry = claim if isinstance(claim, Mapping) else {"that": claim}
        that = entry.get("that")
        name = str(entry.get("name") or that or f"claim {place}")
        try:
            if not isinstance(that, str):
                raise SweepError('"that" is missing: a claim is {name: ..., that: metric[strategy, ...] < number}')
            word, evidence = _judge(analysis, that)
        except ConditionError as error:
            word, evidence = NOT_UNDERSTOOD, [fixed(f'"{that}" {error.told(analysis.data.table.column_names)}')]
        except SweepError as error:
            word, evidence = NOT_UNDERSTOOD, [fixed(str(error))]
        found.append(Finding(name, word, fixed(str(that or "")), tuple(evidence), TONES.get(word, "worse")))
    return found


def _judge(analysis: Analysis, that: str) -> Judgement:
    data = analysis.data
    claim = parse_bound(that)
    left = _side(data, claim.left)
    right = None if claim.right is None else _side(data, claim.right)
    threshold = claim.threshold(unit_of(data.table.schema.field(left.metric)))
    estimate = _estimate(data, left, right, data.confidence)[left.selected]
    inclusive = claim.sign in ("<=", ">")
    sided = sides(estimate, threshold, inclusive=inclusive)
    # One cell refutes: each has its share of the risk.  To support it takes all of them, each at the whole level.
    shared = 1 - (1 - data.confidence) / max(sided.cells, 1)
    strictly = sides(_estimate(data, left, right, shared)[left.selected], threshold, inclusive=inclusive)
    good, bad = (sided.below, strictly.above) if claim.sign in ("<", "<=") else (sided.above, strictly.below)
    undecided = sided.present & ~good & ~bad
    counts = (int(good.sum()), int(bad.sum()), sided.cells)
    if not sided.cells:
        none = ClaimOfFile(that, *counts)
        return Sentence(NOT_TESTED, none), [Sentence("No simulated cell is selected.", none)]
    verdict = for_all(*counts)
    means = spanned(estimate.center, "", "")
    ends = [each.number for each in means.claims if isinstance(each, Extreme)]
    told = ClaimOfFile(that, *counts, *ends)
    word = Sentence(verdict, *verdict.claims, ClaimOfFile(that, *counts))
    line = f"{counts[0]} of {format.count(sided.cells, 'cell')} decided for it, {counts[1]} against"
    evidence = [Sentence(f"{line}; means {means.text} (threshold {claim.words}).", told)]
    if bad.any():
        evidence.append(Sentence(f"Against it: {_places(data, left.selected, bad)}.", ClaimOfFile(that, *counts)))
    if word == UNDECIDED:
        evidence.append(Sentence(_more(data, estimate, undecided, threshold), ClaimOfFile(that, *counts)))
    return word, evidence


def _side(data: Dataset, cells: Cells) -> Side:
    known = [name for name in data.table.column_names if pa.types.is_floating(data.table.schema.field(name).type)]
    known += [name for name in data.table.column_names if pa.types.is_integer(data.table.schema.field(name).type)]
    if cells.metric not in known:
        raise SweepError(f'metric "{cells.metric}" is not in the table.{did_you_mean(cells.metric, known)}')
    shape = data.index.shape[:-1]
    if cells.where is None:
        return Side(cells.metric, np.ones(shape, dtype=bool))
    selected = holds(cells.where, lambda name: _column(data, name), int(np.prod(shape)))
    return Side(cells.metric, selected.reshape(shape))


def _column(data: Dataset, name: str) -> Column | None:
    """A column of the table over the cells, each as its replicates have it."""
    column = column_of(name, data.table.column_names)
    if column is None:
        return None
    found = of_arrow(column, data.table.column(column), unit_of(data.table.schema.field(column)))
    row = data.index.max(axis=-1).ravel()
    known = (row >= 0) & found.known[row]
    if found.is_text:
        return replace(found, values=found.values[row], known=known, choices=found.choices or (), is_open=True)
    values = np.fmax.reduce(data.values(column), axis=-1).ravel()
    return replace(found, values=values, known=known & ~np.isnan(values))


def _estimate(data: Dataset, left: Side, right: Side | None, confidence: float) -> stats.Estimate:
    """Of every cell: the left side, or its paired difference from the right one."""
    if right is None:
        return evidence.estimate(left.metric, data.cells, confidence)
    other = data.cells.column(_counterpart(data, right))
    if left.metric == right.metric:
        return evidence.difference(left.metric, data.cells, other, confidence)
    return stats.mean(data.values(left.metric) - other.read(right.metric), confidence)


def _counterpart(data: Dataset, side: Side) -> NDArray[np.int64]:
    """The column that is the right side of every (mix, load, ring); -1 where there is none."""
    there = side.selected & (data.index >= 0).any(axis=-1)
    if (many := there.sum(axis=-1)).max(initial=0) > 1:
        raise SweepError(f"the right side selects {int(many.max())} strategies in a cell; name one (and its label)")
    return np.where(there.any(axis=-1), there.argmax(axis=-1), -1)


def _places(data: Dataset, selected: Mask, bad: Mask, most: int = 3) -> str:
    cells = np.argwhere(selected)[bad]
    shown = [
        f"{data.columns[column]} in {data.mixes[mix]} at load {data.loads[load]:g}, ring {data.rings[ring]}"
        for mix, load, ring, column in cells[:most]
    ]
    return "; ".join(shown) + (f"; and {len(cells) - most} more" if len(cells) > most else "")


def _more(data: Dataset, estimate: stats.Estimate, undecided: Mask, threshold: float) -> str:
    if (estimate.pairs[undecided] < 2).any():
        return "One replicate shows nothing about its spread: at least 2 are needed, 5 are usual."
    unseen = int((undecided & ~estimate.known).sum())
    if unseen:
        return f"{TOO_LITTLE_SEEN} in {format.count(unseen, 'open cell')}: more packets or replicates would show more."
    places = np.flatnonzero(undecided)
    needed = [stats.pairs_needed(estimate[int(place)], threshold, data.confidence) for place in places]
    known = [pairs for pairs in needed if pairs is not None]
    open_cells = format.count(len(needed), "open cell")
    if len(known) < len(needed):
        return f"{open_cells}: the mean is at the threshold; more replicates would hardly decide it."
    command = typed(resume.asked(reproduction.command(data.metadata))[1:])
    return f"{open_cells}: about {max(known)} replicates would decide ({command} --set replicates={max(known)})."
