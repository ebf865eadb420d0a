# SPDX-License-Identifier: MIT
"""Whether the p99 of a cell is that of its packets, whatever the length of the windows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sweep.fields.counters import LATENCY
from sweep.fields.histogram import edges

from . import ensembles, program
from .blocks import Ensemble
from .coverage import contains
from .table import FAIL, NOTHING, PASS, Line, Section

METRIC, HISTOGRAM, QUANTILE = "latency_p99_ns", LATENCY, 0.99
PACKETS = 12_000_000  # in each block, whatever its windows
LEAST = 0.85
LEAST_GIVEN = 0.5  # of the blocks: an interval that is never given is right for nobody


def pooled(ensemble: Ensemble) -> float:
    """The quantile of all packets of all replicates, ns, evenly spread inside its bucket."""
    lists = ensemble.table.column(HISTOGRAM).combine_chunks()
    counts = lists.flatten().to_numpy().reshape(len(lists), -1).sum(axis=0)
    below, target = np.cumsum(counts), QUANTILE * counts.sum()
    bucket = int(np.argmax((below >= target) & (counts > 0)))
    low, high = edges()[bucket : bucket + 2]
    return float(low + (target - (below[bucket] - counts[bucket])) / counts[bucket] * (high - low))


def section(found: Mapping[str, Ensemble]) -> Section:
    """Center, coverage of the quantile of the longest windows, and share of blocks with an interval."""
    true = pooled(found[ensembles.WINDOWS[max(ensembles.WINDOWS)].name])
    centers, covers, own, verdict = [], [], [], PASS
    for packets, plan in ensembles.WINDOWS.items():
        ensemble = found[plan.name]
        whole = program.read(ensemble.table)
        blocks = ensemble.disjoint(min(PACKETS // packets, ensemble.replicates))
        intervals = [program.means(program.part(whole, chosen), METRIC) for chosen in blocks]
        given = [each for each in intervals if np.isfinite(each.low).all()]
        covered = sum(bool(contains(each, np.array(true)).all()) for each in given)
        centers.append(f"{np.mean([each.center.ravel()[0] for each in intervals]) / 1e3:,.0f} us")
        own.append(f"{pooled(ensemble) / 1e3:,.0f} us")
        covers.append(f"{100 * covered / len(given):.0f} of {len(given)}" if given else NOTHING)
        if len(given) < LEAST_GIVEN * len(blocks) or covered < LEAST * len(given):
            verdict = FAIL
    lines = (
        Line("p99 as printed, mean of the blocks", "the same", tuple(centers)),
        Line("p99 of all packets", "", tuple(own)),
        Line(f"intervals with the p99 of all packets ({true / 1e3:,.0f} us), %", "95", tuple(covers), verdict),
    )
    title = f"p99 of one cell by windows, blocks of {PACKETS // 1_000_000} M packets"
    return Section(title, tuple(f"{packets:,}" for packets in ensembles.WINDOWS), lines)
