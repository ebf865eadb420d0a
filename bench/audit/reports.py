# SPDX-License-Identifier: MIT
"""How often a report decides wrongly: a winner that is none, a claim that is not so.

A decided winner is wrong if it truly drops more than the margin over the least, or truly takes more ns than the margin
over the best of those that do not.  Two standard errors of the truth are allowed for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep import stats
from sweep.report.parts.claim_verdicts import REFUTED, SUPPORTED
from sweep.results.analysis import Analysis

from . import program
from .blocks import Ensemble
from .table import NOTHING, Line, Section, judged, rate, worst

SIZES = (2, 3, 5, 10)
MOST_REPORTS = 500
CELLS_PROMISED, CLAIMS_PROMISED = 0.05, 0.025
BOUND = 0.001  # of the claims: `drop_ratio < 0.1 %`
ALLOWED = 2  # standard errors of the truth

Mask = NDArray[np.bool_]


class Truth(NamedTuple):
    """Which columns may not win a cell, and which cells are above the bound: (mixes, loads, rings, columns)."""

    drops_more: Mask
    slower: Mask
    above: Mask
    below: Mask


def truth(ensemble: Ensemble) -> Truth:
    """What is true of an ensemble, as far as all of its replicates show it."""
    whole = program.read(ensemble.table)
    drops, ns = whole.values("drop_ratio"), whole.values("ns_per_packet")
    count = ensemble.replicates

    def beyond(values: NDArray[np.float64], limit: float) -> Mask:
        error = values.std(axis=-1, ddof=1) / np.sqrt(count)
        return np.asarray(values.mean(axis=-1) - ALLOWED * error > limit)

    least = np.take_along_axis(drops, drops.mean(axis=-1).argmin(axis=-1)[..., None, None], axis=-2)
    more = beyond(drops - least, stats.DROP_MARGIN)
    may_win = np.where(more, np.inf, ns.mean(axis=-1))
    best = np.take_along_axis(ns, may_win.argmin(axis=-1)[..., None, None], axis=-2)
    slower = beyond(np.log(ns / best), float(np.log1p(stats.MARGIN)))
    return Truth(more, slower, beyond(drops, BOUND), beyond(-drops, -BOUND))


def section(name: str, ensemble: Ensemble) -> Section:
    """Reports with a wrong cell, wrong cells among the decided, and wrongly called claims."""
    true, claims = truth(ensemble), _claims(ensemble)
    found = [_count(ensemble, true, claims, size) for size in SIZES]
    lines = (
        _reports("with a wrong winner", [(each.wrong_reports, each.reports) for each in found]),
        _reports("with a smallest ring that loses too much", [(each.wrong_rings, each.reports) for each in found]),
        Line(
            "wrong winners among the decided; cells decided",
            "",
            tuple(
                f"{100 * each.wrong / max(each.decided, 1):.2f}; {100 * each.decided / each.cells:.0f}"
                for each in found
            ),
        ),
        _line("said of a cell above, worst cell", true.above, [(each.supported, each.reports) for each in found]),
        _line("denied of a cell below, worst cell", true.below, [(each.refuted, each.reports) for each in found]),
        Line(
            f"claim drop_ratio < {100 * BOUND:g} %: cells decided",
            "",
            tuple(f"{100 * (each.supported + each.refuted).sum() / each.cells_of_claims:.0f}" for each in found),
        ),
    )
    return Section(f"decisions, ensemble {name}: % <= limit of reports", tuple(f"n={size}" for size in SIZES), lines)


class Counts(NamedTuple):
    """Of reports of one size."""

    reports: int
    wrong_reports: int
    wrong_rings: int  # reports that name one
    wrong: int  # winners
    decided: int
    cells: int  # of all reports
    supported: NDArray[np.int64]  # reports in which the claim of each cell and column is supported
    refuted: NDArray[np.int64]

    @property
    def cells_of_claims(self) -> int:
        return self.reports * self.supported.size


def _claims(ensemble: Ensemble) -> list[str]:
    """A claim for each cell and column, in their order."""
    data = program.read(ensemble.table)
    return [
        f"drop_ratio[{data.columns[column]}, traffic={data.mixes[mix]}, load={data.loads[load]:g}, "
        f"ring={data.rings[ring]}] < {100 * BOUND:g} %"
        for mix, load, ring, column in np.ndindex(data.index.shape[:-1])
    ]


def _count(ensemble: Ensemble, true: Truth, claims: list[str], size: int) -> Counts:
    """Read so many reports of one size."""
    blocks = ensemble.disjoint(size, MOST_REPORTS)
    wrong_reports = wrong_rings = wrong = decided = cells = 0
    supported, refuted = np.zeros(true.above.shape, np.int64), np.zeros(true.above.shape, np.int64)
    for chosen in blocks:
        found = program.analysed(program.read(ensemble.block(chosen)))
        wins = program.winners(found)
        bad = sum(bool((true.drops_more | true.slower)[(*cell, column)]) for cell, column in wins)
        wrong_reports, wrong, decided = wrong_reports + (bad > 0), wrong + bad, decided + len(wins)
        cells, wrong_rings = cells + len(found.outcomes), wrong_rings + _ring_loses(found, true)
        words = np.array(program.claimed(found, claims)).reshape(true.above.shape)
        supported += words == SUPPORTED
        refuted += words == REFUTED
    return Counts(len(blocks), wrong_reports, wrong_rings, wrong, decided, cells, supported, refuted)


def _reports(what: str, wrong: list[tuple[int, int]]) -> Line:
    verdict = worst([judged(*each, CELLS_PROMISED) for each in wrong])
    return Line(f"reports {what}", f"<= {100 * CELLS_PROMISED:g}", tuple(rate(*each) for each in wrong), verdict)


def _ring_loses(found: Analysis, true: Truth) -> bool:
    """Whether a report names a ring that truly loses more than it says, for any mix and column."""
    rings = found.data.rings
    for mix in range(len(found.data.mixes)):
        load = found.last_load(mix)
        for column in range(len(found.data.columns)):
            ring = program.named_ring(found, mix, column)
            if ring is not None and true.above[mix, load, rings.index(ring), column]:
                return True
    return False


def _line(what: str, where: Mask, calls: list[tuple[NDArray[np.int64], int]]) -> Line:
    """Wrong calls of the cell that has most; the mean over cells in brackets."""
    realised, verdicts = [], []
    for called, reports in calls:
        wrong = called[where]
        if wrong.size:
            realised.append(f"{rate(int(wrong.max()), reports)} (mean {100 * wrong.mean() / reports:.1f})")
            verdicts.append(judged(int(wrong.max()), reports, CLAIMS_PROMISED))
        else:
            realised.append(NOTHING)
    text = f"claim drop_ratio < {100 * BOUND:g} % {what}"
    return Line(text, f"<= {100 * CLAIMS_PROMISED:g}", tuple(realised), worst(verdicts) if verdicts else "")
