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
from sweep.conditions import Column, ConditionError, MetricCells, holds, parse_bound
from sweep.conditions.tables import of_field, unit_of
from sweep.document.blocks import Finding
from sweep.document.statements import ClaimOfFile, Extreme, Sentence, fixed
from sweep.errors import SweepError, did_you_mean
from sweep.report.parts import reproduction
from sweep.report.parts.claim_verdicts import NOT_TESTED, TONES, UNDECIDED, Judgement, claimed_range, for_all, sides
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.standard_input import typed
from sweep.storage import resume

Mask = NDArray[np.bool_]
NOT_UNDERSTOOD = fixed("not understood")
TOO_LITTLE_SEEN = "Too few independent episodes were seen"


@dataclass(frozen=True)
class SelectedCells:
    metric: str
    selected: Mask  # (mixes, loads, rings, columns)


def judge(analysis: Analysis) -> list[Finding]:
    """A finding per claim of the sweep file; a claim that cannot be parsed is "not understood", with the reason."""
    claims_of_file = analysis.data.metadata.get("claims") or []
    findings = []
    for number, claim in enumerate(claims_of_file if isinstance(claims_of_file, list) else [claims_of_file], 1):
        entry = claim if isinstance(claim, Mapping) else {"that": claim}
        condition = entry.get("that")
        name = str(entry.get("name") or condition or f"claim {number}")
        try:
            if not isinstance(condition, str):
                raise SweepError('"that" is missing: a claim is {name: ..., that: metric[strategy, ...] < number}')
            word, evidence = _judge(analysis, condition)
        except ConditionError as error:
            word, evidence = NOT_UNDERSTOOD, [fixed(f'"{condition}" {error.told(analysis.data.table.column_names)}')]
        except SweepError as error:
            word, evidence = NOT_UNDERSTOOD, [fixed(str(error))]
        findings.append(Finding(name, word, fixed(str(condition or "")), tuple(evidence), TONES.get(word, "worse")))
    return findings


def _judge(analysis: Analysis, that: str) -> Judgement:
    data = analysis.data
    claim = parse_bound(that)
    left = _side(data, claim.left)
    right = None if claim.right is None else _side(data, claim.right)
    threshold = claim.threshold(unit_of(data.table.schema.field(left.metric)))
    estimate = _estimate(data, left, right, data.confidence)[left.selected]
    inclusive = claim.sign in ("<=", ">")
    against_threshold = sides(estimate, threshold, inclusive=inclusive)
    # One cell is enough to refute, so each gets its share of the risk (Bonferroni).  Support takes all cells, each at
    # the whole level.
    shared = 1 - (1 - data.confidence) / max(against_threshold.cells, 1)
    against_threshold_shared = sides(
        _estimate(data, left, right, shared)[left.selected], threshold, inclusive=inclusive
    )
    good, bad = (
        (against_threshold.below, against_threshold_shared.above)
        if claim.sign in ("<", "<=")
        else (against_threshold.above, against_threshold_shared.below)
    )
    undecided = against_threshold.present & ~good & ~bad
    counts = (int(good.sum()), int(bad.sum()), against_threshold.cells)
    if not against_threshold.cells:
        none = ClaimOfFile(that, *counts)
        return Sentence(NOT_TESTED, none), [Sentence("No simulated cell is selected.", none)]
    verdict = for_all(*counts)
    means = claimed_range(estimate.center, "", "")
    ends = [claim_of_means.number for claim_of_means in means.claims if isinstance(claim_of_means, Extreme)]
    claim_with_ends = ClaimOfFile(that, *counts, *ends)
    word = Sentence(verdict, *verdict.claims, ClaimOfFile(that, *counts))
    counts_text = f"{counts[0]} of {format.count(against_threshold.cells, 'cell')} decided for it, {counts[1]} against"
    evidence = [Sentence(f"{counts_text}; means {means.text} (threshold {claim.words}).", claim_with_ends)]
    if bad.any():
        evidence.append(Sentence(f"Against it: {_places(data, left.selected, bad)}.", ClaimOfFile(that, *counts)))
    if word == UNDECIDED:
        evidence.append(Sentence(_more(data, estimate, undecided, threshold), ClaimOfFile(that, *counts)))
    return word, evidence


def _side(data: Dataset, cells: MetricCells) -> SelectedCells:
    known = [name for name in data.table.column_names if pa.types.is_floating(data.table.schema.field(name).type)]
    known += [name for name in data.table.column_names if pa.types.is_integer(data.table.schema.field(name).type)]
    if cells.metric not in known:
        raise SweepError(f'metric "{cells.metric}" is not in the table.{did_you_mean(cells.metric, known)}')
    shape = data.index.shape[:-1]
    if cells.where is None:
        return SelectedCells(cells.metric, np.ones(shape, dtype=bool))
    selected = holds(cells.where, lambda name: _column(data, name), int(np.prod(shape)))
    return SelectedCells(cells.metric, selected.reshape(shape))


def _column(data: Dataset, name: str) -> Column | None:
    """A column of the table over the cells, each as its replicates have it."""
    if name not in data.table.column_names:
        return None
    found = of_field(data.table.schema.field(name), data.table.column(name))
    row = data.index.max(axis=-1).ravel()
    known = (row >= 0) & found.known[row]
    if found.is_text:
        return replace(found, values=found.values[row], known=known, choices=found.choices or (), is_open=True)
    values = np.fmax.reduce(data.values(name), axis=-1).ravel()
    return replace(found, values=values, known=known & ~np.isnan(values))


def _estimate(data: Dataset, left: SelectedCells, right: SelectedCells | None, confidence: float) -> stats.Estimate:
    """Of every (mix, load, ring, column): the left side, or its paired difference from the right side."""
    if right is None:
        return evidence.estimate(left.metric, data.cells, confidence)
    other = data.cells.column(_counterpart(data, right))
    if left.metric == right.metric:
        return evidence.difference(left.metric, data.cells, other, confidence)
    return stats.mean(data.values(left.metric) - other.read(right.metric), confidence)


def _counterpart(data: Dataset, side: SelectedCells) -> NDArray[np.int64]:
    """The column selected by the right side for every (mix, load, ring); -1 where it selects none."""
    selected = side.selected & (data.index >= 0).any(axis=-1)
    if (selected_count := selected.sum(axis=-1)).max(initial=0) > 1:
        raise SweepError(
            f"the right side selects {int(selected_count.max())} strategies in a cell; name one (and its label)"
        )
    return np.where(selected.any(axis=-1), selected.argmax(axis=-1), -1)


def _places(data: Dataset, selected: Mask, bad: Mask, most: int = 3) -> str:
    cells = np.argwhere(selected)[bad]
    shown = [
        f"{data.columns[column]} in {data.mixes[mix]} at {data.words(mix, load, ring)}"
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
    command = typed(resume.recorded_arguments(reproduction.command(data.metadata))[1:])
    return f"{open_cells}: about {max(known)} replicates would decide ({command} --set replicates={max(known)})."
