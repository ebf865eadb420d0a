# SPDX-License-Identifier: MIT
"""Tables of ns per packet against the baseline, one per mix and load."""

from __future__ import annotations

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Cell, Section, Table
from sweep.document.statements import Count, Geomean, Number, Sentence, at, both, fixed, quoted
from sweep.report.parts.differences import ABSENT, against, noted
from sweep.report.parts.marked_row import row, winner_claim
from sweep.results.analysis import METRIC, Analysis
from sweep.results.outcome import DROPS_OPEN, WITHIN, CellIndex, pairs_wanted

DROPS_NOTE = fixed(
    f"one with fewer ns is shown neither to drop over {format.percent(stats.DROP_MARGIN)} percentage points more"
    " packets than the least, nor not to"
)
LEGEND = fixed(
    f"* fewest ns per packet · ≈ shown to be {WITHIN} of the fewest · ? undecided which takes the fewest"
    " · lead: how far the next is behind · ~ no difference from the baseline found at 95 %, with the half width of"
    " its interval · negative: fewer ns than the baseline"
)


def sections(analysis: Analysis) -> list[Section]:
    """One section per mix, with a table of ns per packet for each load."""
    data = analysis.data
    sections_of_mixes = []
    for mix, name in enumerate(data.mixes):
        tables = [table(analysis, mix, load) for load in range(len(data.loads)) if analysis.simulated(mix, load)]
        if tables:
            sections_of_mixes.append(Section(f"{name}: strategies against {analysis.baseline}", tuple(tables)))
    return sections_of_mixes


def table(analysis: Analysis, mix: int, load: int) -> Table:
    """ns per packet: the baseline with its interval, the others as paired differences in percent."""
    data = analysis.data
    rows = []
    here = [outcome for (own, at_load, _), outcome in analysis.outcomes.items() if (own, at_load) == (mix, load)]
    wanted = pairs_wanted(here, at(data.mixes[mix], data.loads[load]))
    for ring, size in enumerate(data.rings):
        outcome = analysis.outcomes.get((mix, load, ring))
        if outcome is None:
            continue
        rows.append((Cell(str(size)), *row(analysis, (mix, load, ring)), _lead(analysis, (mix, load, ring), wanted)))
    pairs = sorted({int(n) for n in np.unique(analysis.relative.pairs[mix, load]) if n})
    n = f"n={format.ranges([float(p) for p in pairs])} {'pair' if pairs == [1] else 'pairs'}"
    return Table(
        caption=f"{data.mixes[mix]} at load {data.loads[load]:g}, against {analysis.baseline}, ns per packet, {n}",
        header=("ring", *data.columns, "lead"),
        rows=tuple(rows),
        foot=(_means(analysis, mix, load),),
        legend=LEGEND if load == analysis.last_load(mix) else "",
    )


def _lead(analysis: Analysis, where: CellIndex, wanted: Sentence) -> Cell:
    """How far the next is behind, or why that is unknown; `wanted` is the footnote of undecided cells."""
    outcome = analysis.outcomes[where]
    winner, claims = outcome.winner, (winner_claim(analysis, where, outcome),)
    if outcome.drops_open:
        return Cell(DROPS_OPEN, "tie", notes=(DROPS_NOTE,), claims=claims)
    if not outcome.decided:
        return Cell("undecided", "tie", notes=(wanted,), claims=claims)
    if winner.runner_up is None:
        return Cell(WITHIN, "tie", claims=claims) if winner.close else ABSENT
    behind = Number(winner.behind, format.percent(winner.behind), 100)
    return Cell(f"{behind.text} %", claims=(winner_claim(analysis, where, outcome, behind=behind),))


def _means(analysis: Analysis, mix: int, load: int) -> tuple[Cell, ...]:
    """Geometric means over the rings that both sides have, with intervals over the pairs that have all of them."""
    ns = analysis.ns[mix, load]  # (rings, columns, pairs)
    cells = [Cell("geomean")]
    for column in range(ns.shape[1]):
        logs = stats.log_ratio(ns[:, column], ns[:, 0] if column else np.ones_like(ns[:, 0]))
        has_value = np.asarray(np.isfinite(logs).any(axis=-1))
        pairs = np.isfinite(logs[has_value]).all(axis=0) if has_value.any() else np.zeros(logs.shape[-1], dtype=bool)
        mean_logs = np.where(
            pairs, np.where(has_value[:, None], logs, 0.0).sum(axis=0) / max(int(has_value.sum()), 1), np.nan
        )
        estimate = stats.mean(mean_logs, analysis.data.confidence)
        if column == 0:
            cells.append(_geomean(analysis, mix, load, float(np.exp(estimate.center))) if estimate.pairs else ABSENT)
            continue
        cell = against(analysis, estimate, mix, column, analysis.data.loads[load])
        rings, rings_used = int(analysis.absolute.pairs[mix, load].any(axis=-1).sum()), int(has_value.sum())
        if rings_used < rings and estimate.pairs:
            place = at(analysis.data.mixes[mix], analysis.data.loads[load])
            both_there = both(place, f"col = {quoted(analysis.data.columns[column])}", "base_pairs > 0")
            claims = (
                Count(rings_used, "distinct ring of points", both_there),
                Count(rings, "distinct ring of points", both(place, "pairs > 0")),
            )
            cell = noted(cell, Sentence(f"over {rings_used} of {rings} rings", *claims))
        cells.append(cell)
    return (*cells, Cell(""))


def _geomean(analysis: Analysis, mix: int, load: int, value: float) -> Cell:
    """A cell with the geometric mean of the baseline, ns per packet."""
    text = format.significant(value)
    here = at(analysis.data.mixes[mix], analysis.data.loads[load])
    return Cell(text, claims=(Geomean(METRIC, here, analysis.baseline, Number(value, text)),))
