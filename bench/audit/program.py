# SPDX-License-Identifier: MIT
"""The functions under audit, as the audit calls them: the only file to follow when one of them changes.

Each takes published tables or what the report makes of them, and gives what the program would print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import compare, evidence, stats
from sweep.config import Target
from sweep.report.claims import user
from sweep.report.sections import low_drops
from sweep.results import analysis, dataset
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.sizing.search import Question, Search

Array = NDArray[np.float64]

RELATIVE = frozenset({"ns_per_packet", "latency_p99_ns"})  # compared by ratios; everything else by differences


class Intervals(NamedTuple):
    """Means with their 95 % intervals, (mixes, loads, rings, columns); NaN where the program gives none."""

    center: Array
    low: Array
    high: Array


class SizedSeries(NamedTuple):
    """What `sweep size` says of one mix, column and load."""

    mix: str
    column: str
    load: float
    ring: int | None
    decided: bool
    replicates: int  # asked for, of all rings together


def read(table: pa.Table) -> Dataset:
    """A published table as the report lays it out."""
    return dataset.read(table)


def part(whole: Dataset, replicates: NDArray[np.int64]) -> Dataset:
    """Some replicates of all that has been laid out: as `read` of their table, without laying it out again."""
    return replace(whole, index=whole.index[..., replicates], _cubes={})


def analysed(data: Dataset) -> Analysis:
    """What a report concludes."""
    return analysis.analyse(data)


def means(data: Dataset, metric: str) -> Intervals:
    """Mean of a metric in every cell and column."""
    return _intervals(data.estimate(metric))


def against_baseline(data: Dataset, metric: str) -> Intervals:
    """Paired difference with the baseline in every cell and column: of logarithms where it is shown as a ratio."""
    compared = evidence.log_ratio if metric in RELATIVE else evidence.difference
    return _intervals(compared(metric, *_sides(data)))


def at_each_of(looks: int) -> float:
    """The confidence of each interval of a table whose replicates were looked at so often."""
    return stats.at_each(looks, stats.CONFIDENCE)


def differences(data: Dataset, metric: str, confidence: float) -> Intervals:
    """Paired difference with the baseline in every cell and column, in the metric's unit."""
    return _intervals(evidence.difference(metric, *_sides(data), confidence))


def undecided(data: Dataset, target: Target, confidence: float) -> NDArray[np.bool_]:
    """Comparisons with the baseline that a look of `sweep run` finds open for one metric."""
    return evidence.open_difference(*target, *_sides(data), confidence)


def reference(data: Dataset, target: Target) -> Array:
    """The half width that is asked for, in the metric's unit: a relative one is a share of the baseline's mean."""
    mean = np.abs(data.estimate(target.metric).center[..., :1]) if target.relative else 1.0
    return np.broadcast_to(np.asarray(target.half_width * mean), data.index.shape[:-1])


def claimed(found: Analysis, claims: Sequence[str]) -> list[str]:
    """The verdict on each of these claims: "supported", "refuted", "undecided"."""
    data = replace(found.data, metadata=found.data.metadata | {"claims": [{"that": that} for that in claims]})
    return [str(each.word) for each in user.judge(replace(found, data=data))]


def named_ring(found: Analysis, mix: int, column: int) -> int | None:
    """The ring that a report names as the smallest with few drops at a mix's highest load; None if it names none."""
    return low_drops.ring_claim(found, mix, column, low_drops.smallest_ring(found, mix, column)).ring


def sized(asked: Question, table: pa.Table) -> list[SizedSeries]:
    """What `sweep size` answers if simulations, as it asks for them, come out as in a table of the whole grid."""
    search = Search(asked)
    values = {
        name: table.column(name).cast(pa.float64()).to_numpy().reshape(asked.cube.number, -1) for name in search.metrics
    }
    search.tell(values)
    while search.wanted().any():
        search.tell(values)
    return [_sized(search, *where) for where in np.argwhere(asked.cube.there.any(axis=(3, 4))).tolist()]


def _sized(search: Search, mix: int, column: int, load: int) -> SizedSeries:
    cube, known = search.question.cube, search.series(mix, column, load)
    ring = cube.rings[known.answer // len(cube.pools)] if known.answer is not None else None
    replicates = int(known.count.sum())
    return SizedSeries(cube.mixes[mix], cube.columns[column], cube.loads[load], ring, known.decided, replicates)


def compared(base: pa.Table, new: pa.Table) -> str:
    """The verdict of `sweep compare` with the default gate: "pass", "regressed", "too little data"."""
    return compare.runs(base, new).verdict


def winners(found: Analysis) -> Sequence[tuple[tuple[int, int, int], int]]:
    """Cells (mix, load, ring) whose winner is decided, and the column that wins."""
    return [(cell, outcome.winner.best) for cell, outcome in found.outcomes.items() if outcome.decided]


def _sides(data: Dataset) -> tuple[evidence.Cells, evidence.Cells]:
    """Every column, and the baseline's beside it."""
    return data.cells, data.cells.at((*[slice(None)] * 3, slice(0, 1)))


def _intervals(found: stats.Estimate) -> Intervals:
    return Intervals(np.asarray(found.center), np.asarray(found.low), np.asarray(found.high))
