# SPDX-License-Identifier: MIT
"""The row of one cell of ring and load: a number per strategy, and a sign at each that may be the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Cell
from sweep.document.statements import CellWinner, Extreme, Mark, Number, Sentence, SetAside, at, both, quoted
from sweep.results.analysis import Analysis
from sweep.results.outcome import CellIndex, Outcome, outcome_of, over_least

from .differences import noted, point_cell


def row(analysis: Analysis, where: CellIndex, among: Sequence[int] = ()) -> list[Cell]:
    """The row of a cell that has an outcome: a table cell per column, marked unless it is shown to be slower.

    With `among`, only these columns, in their order, compared with each other: a sign never refers to a column that
    is not shown.
    """
    data = analysis.data
    columns = list(among) or list(range(len(data.columns)))
    outcome: Outcome | None = analysis.outcomes[where]
    if len(columns) < len(data.columns):
        ns, cells_here = analysis.contest[where][columns], data.cells.at((*where, columns))
        level = analysis.each_at
        excess = None if analysis.drops is None else over_least(ns, cells_here, level)
        outcome = outcome_of(ns, excess, level)
    cells = [point_cell(analysis, (*where, column)) for column in columns]
    if outcome is None:
        return cells
    claim = winner_claim(analysis, where, outcome, columns)
    for position, (sign, tone) in signs(outcome).items():
        mark = Mark(sign, data.columns[columns[position]], claim)
        cell = cells[position]
        cells[position] = replace(cell, text=f"{sign} {cell.text}", tone=tone, claims=(*cell.claims, mark))
    for position, note in _passed_over(analysis, where, outcome, columns):
        cells[position] = noted(cells[position], note)
    return cells


def winner_claim(
    analysis: Analysis, where: CellIndex, outcome: Outcome, columns: Sequence[int] = (), behind: Number | None = None
) -> CellWinner:
    """The claim that the outcome of a cell makes; positions in the outcome are indices of `columns`."""
    data, winner = analysis.data, outcome.winner
    shown_columns = list(columns) or list(range(len(data.columns)))

    def names(places: Iterable[int]) -> tuple[str, ...]:
        return tuple(data.columns[shown_columns[place]] for place in places)

    return CellWinner(
        data.mixes[where[0]],
        data.loads[where[1]],
        data.rings[where[2]],
        "drops" if outcome.drops_open else "decided" if outcome.decided else "open",
        data.columns[shown_columns[winner.best]],
        names(winner.close),
        names(winner.open),
        names(outcome.faster_droppers),
        names(range(len(shown_columns))) if len(shown_columns) < len(data.columns) else (),
        behind,
        "" if winner.runner_up is None else data.columns[shown_columns[winner.runner_up]],
    )


def _passed_over(
    analysis: Analysis, where: CellIndex, outcome: Outcome, columns: Sequence[int]
) -> Iterator[tuple[int, Sentence]]:
    """Position and footnote of each column with a smaller number than the winner's that yet did not win: why."""
    if not outcome.decided:
        return
    data, best = analysis.data, columns[outcome.winner.best]
    shown = analysis.relative.center[where].copy()
    shown[0] = 0.0 if analysis.absolute.pairs[(*where, 0)] else np.nan
    means = stats.mean(analysis.drops[where]).center if analysis.drops is not None else np.full(len(shown), np.nan)
    pairs = analysis.absolute.pairs[where]
    drops = analysis.drops[where] if analysis.drops is not None else np.full((len(shown), 1), np.nan)
    with_drops = [column for column in columns if np.isfinite(means[column]) and pairs[column]]
    least_dropping = min(with_drops, key=lambda column: means[column]) if with_drops else best
    place = at(data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]])
    for position, column in enumerate(columns):
        if column == best or not shown[column] < shown[best] or analysis.drops_more[where][column]:
            continue  # one that drops more than the baseline has its footnote
        more = float(stats.difference(drops[column], drops[least_dropping]).center) if with_drops else 0.0
        if more > stats.DROP_MARGIN:
            text = format.percent(more)
            claim = SetAside(
                *(data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]], data.columns[column]),
                data.columns[least_dropping],
                Number(more, text, 100),
            )
            why = f"set aside: drops {text} percentage points more packets than {data.columns[least_dropping]}"
            yield position, Sentence(f"{why}, so fewer ns are not faster", claim)
            continue
        ns = [float(analysis.absolute.center[(*where, each)]) for each in (column, best)]
        own, fewest = (Number(each, format.significant(each, 6)) for each in ns)
        claims = [
            Extreme("smallest", "avg(ns_per_packet)", both(place, f"col = {quoted(data.columns[each])}"), number)
            for each, number in ((column, own), (best, fewest))
        ]
        others = " (over other replicates)" if pairs[column] != pairs[best] else ""
        text = f"its mean is {own.text} ns{others}, that of {data.columns[best]} {fewest.text}"
        yield position, Sentence(f"{text}: * goes by the mean, the difference by ratios in pairs", *claims)


def signs(outcome: Outcome) -> dict[int, tuple[str, str]]:
    """Position -> (sign, tone) of the columns that may be the best."""
    winner = outcome.winner
    if winner.pairs < 2:
        return {}
    if outcome.drops_open:
        return dict.fromkeys((*outcome.faster_droppers, winner.best), ("?", "tie"))
    if not outcome.decided:
        return dict.fromkeys(winner.ties, ("?", "tie"))
    return {winner.best: ("*", "best"), **dict.fromkeys(winner.close, ("≈", "tie"))}
