# SPDX-License-Identifier: MIT
"""How often the printed intervals of means and of differences with the baseline contain the truth.

A cell in which a metric is the same in all replicates has nothing to cover and is left out.  Where the program gives
no interval ("too little seen"), that is counted and not held against it, up to a share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep.results.dataset import Dataset

from . import program
from .blocks import Ensemble
from .program import Intervals
from .table import FAIL, NOTHING, PASS, Line, Section, upper, worst

METRICS = (
    "ns_per_packet",
    "drop_ratio",
    "latency_p99_ns",
    "allocator_calls_per_packet",
    "reuse_ratio",
    "pages_held_mean_pages",
)
SIZES = (2, 3, 5, 10)
LEAST_MEAN, LEAST_WORST = 0.92, 0.85
LEAST_GIVEN = {"a": 0.80, "b": 0.90}  # share of cells that get an interval at the largest size
BLOCKS = 200  # of each size, at least
LEAST_BLOCKS = 20  # with an interval: a cell with fewer has no rate of its own
# A coverage is counted over finitely many blocks, so it fails when it is below its limit beyond doubt.  The worst cell
# of a mix is the worst of many, so that doubt is larger.
SURE_OF_MEAN, SURE_OF_WORST = 0.95, 0.999
Kinds = Mapping[str, Callable[[Dataset, str], Intervals]]  # of a metric in every cell
KINDS: Kinds = {"mean": program.means, "paired": program.against_baseline}


class Counts(NamedTuple):
    """Of one kind, metric and size: arrays (mixes, loads, rings, columns)."""

    blocks: int
    disjoint: int  # of them, independent ones
    given: NDArray[np.int64]  # with an interval
    covered: NDArray[np.int64]  # with the truth in it
    there: NDArray[np.bool_]  # simulated, and not the baseline beside itself
    varies: NDArray[np.bool_]  # of those: there is something to cover


def count(
    ensemble: Ensemble, sizes: Iterable[int], seed: int, kinds: Kinds, metrics: Sequence[str]
) -> dict[tuple[str, str, int], Counts]:
    """Cover the truth with intervals from blocks of each size: (kind, metric, size) -> counts."""
    whole = program.read(ensemble.table)
    truths = {(kind, metric): kinds[kind](whole, metric).center for kind in kinds for metric in metrics}
    there = {key: np.isfinite(truth) for key, truth in truths.items()}
    for kind, metric in truths:
        there[kind, metric][..., 0] &= kind != "paired"
    varying = {key: varies(whole, *key) & there[key] for key in truths}
    found = {}
    for size in sizes:
        given = {key: np.zeros(truth.shape, np.int64) for key, truth in truths.items()}
        covered = {key: np.zeros(truth.shape, np.int64) for key, truth in truths.items()}
        blocks = 0
        for chosen in ensemble.shuffled(size, BLOCKS, seed):
            data = program.part(whole, chosen)
            blocks += 1
            for (kind, metric), truth in truths.items():
                interval = kinds[kind](data, metric)
                given[kind, metric] += _given(interval)
                covered[kind, metric] += contains(interval, truth)
        disjoint = ensemble.replicates // size
        found |= {
            (*key, size): Counts(blocks, disjoint, given[key], covered[key], there[key], varying[key]) for key in truths
        }
    return found


def contains(interval: Intervals, truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where an interval is given and the truth is in it, but for rounding."""
    rounding = 1e-12 * np.abs(truth)
    with np.errstate(invalid="ignore"):
        return np.asarray((interval.low <= truth + rounding) & (interval.high >= truth - rounding))


def _given(interval: Intervals) -> NDArray[np.bool_]:
    return np.isfinite(interval.low) & np.isfinite(interval.high)


def varies(whole: Dataset, kind: str, metric: str) -> NDArray[np.bool_]:
    """Where a metric, or of the kind "paired" its difference from the baseline, is not the same in all replicates."""
    values = whole.values(metric)
    if kind == "paired":
        values = values - values[..., :1, :]
    seen = np.isfinite(values).any(axis=-1)
    low = np.min(values, axis=-1, initial=np.inf, where=np.isfinite(values))
    high = np.max(values, axis=-1, initial=-np.inf, where=np.isfinite(values))
    return np.asarray(seen & (low < high))


def section(
    name: str,
    ensemble: Ensemble,
    seed: int,
    *,
    sizes: Sequence[int] = SIZES,
    kinds: Kinds = KINDS,
    metrics: Sequence[str] = METRICS,
) -> Section:
    """Mean coverage of a mix's cells, (its worst cell), and the share of blocks with an interval, in %."""
    counts = count(ensemble, sizes, seed, kinds, metrics)
    mixes = program.read(ensemble.table).mixes
    lines = []
    for kind in kinds:
        for metric in metrics:
            own = [counts[kind, metric, size] for size in sizes]
            for mix, title in enumerate(mixes):
                if own[0].varies[mix].any():
                    cells = [_cell(each, mix) for each in own]
                    realised, verdicts = tuple(text for text, _ in cells), [verdict for _, verdict in cells]
                    lines.append(Line(f"{kind} {metric}, {title}", "95", realised, worst(verdicts)))
            if own[0].varies.any():
                lines.append(_shares(f"{kind} {metric}, share with an interval (where it varies)", name, own))
    title = f"coverage, ensemble {name}: mean over cells (worst) share with an interval, %"
    return Section(title, tuple(f"n={size}" for size in sizes), tuple(lines))


def _cell(counts: Counts, mix: int) -> tuple[str, str]:
    """What a mix realises, and whether it is as promised."""
    varies = counts.varies[mix]
    given, covered = counts.given[mix][varies], counts.covered[mix][varies]
    share = given.sum() / (counts.blocks * len(given))
    enough = given >= LEAST_BLOCKS
    if not enough.any():
        return f"{NOTHING} {_percent(share)}%", PASS
    rates = covered[enough] / given[enough]
    least = int(np.argmin(rates))
    independent = counts.disjoint * given[enough] / counts.blocks  # series of each cell
    loads = counts.varies.shape[1]  # of one load the cells met the same packets
    mean_limit = _limit(rates.mean(), loads * independent.mean(), SURE_OF_MEAN)
    kept = mean_limit >= LEAST_MEAN and _limit(rates[least], independent[least], SURE_OF_WORST) >= LEAST_WORST
    text = f"{_percent(rates.mean())} ({_percent(rates[least])}) {_percent(share)}%"
    return text, PASS if kept else FAIL


def _limit(rate: float, series: float, sure: float) -> float:
    """Upper limit of a rate that was seen in so many independent series."""
    whole = max(round(series), 1)
    return upper(round(rate * whole), whole, sure)


def _shares(what: str, name: str, own: list[Counts]) -> Line:
    """Of all cells, and in brackets of those in which the metric varies."""
    shares = [
        [each.given[cells].sum() / (each.blocks * cells.sum()) for cells in (each.there, each.varies)] for each in own
    ]
    least = LEAST_GIVEN.get(name)
    verdict = "" if least is None else PASS if shares[-1][0] >= least else FAIL
    realised = tuple(f"{_percent(every)} ({_percent(varying)})" for every, varying in shares)
    return Line(what, "" if least is None else f">= {_percent(least)}", realised, verdict)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
