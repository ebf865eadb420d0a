# SPDX-License-Identifier: MIT
"""What `precision:` in a sweep file promises: intervals that stopped where they were narrow enough still cover.

Disjoint blocks of replicates are as if each were a run: they are looked at after 4, 8, ... of them, and each comparison
with the baseline ends at the first look at which it is decided, or at the last.  Its interval there may miss the truth
in at most 5 % of series, however it was chosen.  Comparisons of which nothing varies are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep.config import Target
from sweep.results.dataset import Dataset

from . import coverage, program
from .blocks import Ensemble
from .table import NOTHING, OPEN, Line, Section, judged, rate

Mask = NDArray[np.bool_]

LOOKS = (4, 8, 16)  # a longer schedule has fewer independent series, and asks less of each look
PROMISED = 0.05
ASKED = (  # each is a section `precision:` of its own
    (Target("drop_ratio", 0.001, False), Target("ns_per_packet", 0.005, True)),
    (Target("latency_p99_ns", 0.05, True),),
    (Target("pages_held_mean_pages", 0.05, True),),
)


class Ended(NamedTuple):
    """Of all series of one section `precision:`."""

    series: int
    given: dict[str, int]  # metric -> series with an interval at the end
    missed: dict[str, int]  # of them, those whose interval leaves the truth out
    wrong: int  # decided by a side of the half width on which the truth is not
    open: int  # at the last look
    replicates: int  # at the end, of all series together


def section(name: str, ensemble: Ensemble) -> Section:
    """Stopped intervals that miss, the replicates they took, and what stayed open."""
    looks = tuple(look for look in LOOKS if look <= ensemble.replicates)
    lines = []
    for targets in ASKED:
        found = stopped(ensemble, looks, targets)
        text = ", ".join(target.text for target in targets)
        used = f"{found.replicates / found.series:.1f}" if found.series else NOTHING
        still = f"{100 * found.open / found.series:.0f} %" if found.series else NOTHING
        for target in targets:
            given, missed = found.given[target.metric], found.missed[target.metric]
            verdict = judged(missed, given, PROMISED)
            lines.append(Line(f"{name}: {target.text}, misses", "<= 5", (rate(missed, given), used, still), verdict))
        ended = found.series - found.open
        verdict = judged(found.wrong, ended, PROMISED) if ended else OPEN
        lines.append(Line(f"{name}: {text}, wrong word", "<= 5", (rate(found.wrong, ended), used, still), verdict))
    title = f"stopped intervals, looks at {', '.join(map(str, looks))}: % of series"
    return Section(title, ("wrong", f"replicates of {looks[-1]}", "open at the last"), tuple(lines))


def stopped(ensemble: Ensemble, looks: tuple[int, ...], targets: tuple[Target, ...]) -> Ended:
    """Look at disjoint series until each comparison is decided."""
    whole = program.read(ensemble.table)
    truth = {target.metric: program.differences(whole, target.metric, 0.95).center for target in targets}
    size = {target.metric: program.reference(whole, target) for target in targets}
    there = _compared(whole, targets)
    found = Ended(0, dict.fromkeys(truth, 0), dict.fromkeys(truth, 0), 0, 0, 0)
    confidence = program.at_each_of(len(looks))
    for chosen in ensemble.disjoint(looks[-1]):
        going, used = there.copy(), np.zeros(there.shape, np.int64)
        for look in looks:
            data = program.part(whole, chosen[:look])
            undecided = np.logical_or.reduce([program.undecided(data, target, confidence) for target in targets])
            ends = going & (~undecided | (look == looks[-1]))
            wrong = np.zeros(there.shape, np.bool_)
            for metric in truth:
                interval = program.differences(data, metric, confidence)
                known = ends & np.isfinite(interval.low) & np.isfinite(interval.high)
                found.given[metric] += int(known.sum())
                found.missed[metric] += int((known & ~coverage.contains(interval, truth[metric])).sum())
                wrong |= known & ~undecided & _wrong(interval, truth[metric], size[metric])
            still = int((ends & undecided).sum())
            found = found._replace(wrong=found.wrong + int(wrong.sum()), open=found.open + still)
            used[ends], going = look, going & ~ends
        series, replicates = found.series + int(there.sum()), found.replicates + int(used.sum())
        found = found._replace(series=series, replicates=replicates)
    return found


def _compared(whole: Dataset, targets: tuple[Target, ...]) -> Mask:
    """Points that are compared with the baseline's, and differ from it by chance."""
    varying = [coverage.varies(whole, "paired", target.metric) for target in targets]
    there = np.isfinite(whole.values("offered_packets")).any(axis=-1) & np.logical_or.reduce(varying)
    there[..., 0] = False
    return np.asarray(there)


def _wrong(interval: program.Intervals, truth: NDArray[np.float64], size: NDArray[np.float64]) -> Mask:
    """Where an interval lies beyond the half width, or within it of zero, and the truth does not."""
    with np.errstate(invalid="ignore"):
        above, below = (interval.low > size) & (truth <= size), (interval.high < -size) & (truth >= -size)
        within = (interval.low >= -size) & (interval.high <= size) & (np.abs(truth) > size * (1 + 1e-9))
    return np.asarray(above | below | within)
