# SPDX-License-Identifier: MIT
"""Claims about what packets are lost to, held against the table: by SQL, and by SciPy for what is shown."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy.stats import ttest_ind

from sweep.document import statements as say
from tests.report.claim_checks import check, missing
from tests.report.second_cells import Cell
from tests.report.second_evidence import difference
from tests.report.second_statistics import CONFIDENCE
from tests.report.table_in_sql import Facts

DROPPED = tuple(
    f"drop_{cause}_packets" for cause in ("nic_buffer", "no_descriptor", "no_memory", "socket_buffer", "tx_ring")
)

QUEUES = (  # that is full, or empty, when a packet is lost so
    *("nic_buffer_peak_bytes", "rx_ring_peak_packets", "rx_ring_peak_packets"),
    *("socket_truesize_peak", "tx_ring_peak_frames"),
)


@check.register
def _(claim: say.LostTo, facts: Facts, text: str) -> str | None:
    """More than half is lost to a cause if the drops that are lost to it exceed those that are not, in pairs."""
    names = [name for name in DROPPED if facts.has(name)]
    whole = " + ".join(f"coalesce({name}, 0)" for name in names)
    sums = ", ".join(f"sum(coalesce({name}, 0))" for name in names)
    lost = {
        tuple(point): counts
        for *point, counts in facts.all(f"select mix, load, ring, col, [{sums}] from rows group by all")
        if sum(counts)
    }
    each_at = 1 - (1 - CONFIDENCE) / max(facts.family_of_losses or len(lost), 1)
    here = set(facts.all(f"select mix, load, ring, col from points where {claim.where}"))
    led = [point for point, counts in lost.items() if point in here and names[int(np.argmax(counts))] == claim.counter]
    if len(led) != claim.points:
        return f"SQL finds {len(led)} that lose most to it"

    def dropping(cell: Cell, expression: str, full: str = "") -> Cell:
        lost = cell.read(expression) > 0

        def read(name: str) -> np.ndarray:
            if name == "drop_ratio":
                return cell.read(f"({expression}) / nullif(offered_packets, 0)")
            return np.where(lost, cell.read(name), 0.0) if name == "loss_episodes" else cell.read(name)

        return replace(cell, read=read, has=lambda name: name != full and cell.has(name))

    shown = 0
    for point in led:
        cell = facts.evidence(point)
        own = dropping(cell, claim.counter)
        others = dropping(cell, f"{whole} - {claim.counter}", QUEUES[DROPPED.index(claim.counter)])
        found = difference("drop_ratio", own, others, each_at)
        shown += found.pairs > 1 and found.low > 0
    return None if shown == claim.shown else f"{shown} are shown to"


@check.register
def _(claim: say.FallsWithLoad, facts: Facts, text: str) -> str | None:
    """By SciPy's Welch tests of every two loads."""
    series: dict[tuple, dict[float, np.ndarray]] = {}
    for (_, load, ring, col), values in facts.samples("drop_ratio", say.at(claim.mix)).items():
        known = values[np.isfinite(values)]
        if len(known) >= 2:
            series.setdefault((ring, col), {})[load] = known
    several = [each for each in series.values() if len(each) >= 2]
    falling = 0
    for each in several:
        pairs = list(combinations(sorted(each), 2))
        surest = min(_one_sided(each[low], each[high]) for low, high in pairs)
        falling += surest * len(pairs) < claim.risk
    if (falling, len(several)) != (claim.falling, claim.series):
        return f"SciPy finds {falling} of {len(several)}"
    return (missing(str(claim.falling), text) or missing(str(claim.series), text)) if text else None


def _one_sided(earlier: np.ndarray, later: np.ndarray) -> float:
    """The p-value that the mean of `later` is smaller by chance."""
    if np.ptp(earlier) == np.ptp(later) == 0:
        return 0.0 if later[0] < earlier[0] else 1.0
    with warnings.catch_warnings():  # SciPy doubts means of values that differ in their last digits only
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        return float(ttest_ind(earlier, later, equal_var=False, alternative="greater").pvalue)
