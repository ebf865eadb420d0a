# SPDX-License-Identifier: MIT
"""Which comparisons the finished parts already decide, and which are furthest from a decision.

A *cell* is one traffic mix, load and ring size, as in the report.  It is judged once every strategy and variant of the
sweep has two pairs there; until then it waits.  A judged cell without a winner is undecided; those that need the most
pairs come first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sweep.document.statements import at
from sweep.results import dataset
from sweep.results.analysis import METRIC, Analysis, analyse
from sweep.results.outcome import CellIndex, pairs_wanted

PAIRS = 2  # pairs that every column needs before a cell is judged


@dataclass(frozen=True)
class Undecided:
    """A cell without a winner."""

    where: str  # "host, load 0.6, ring 1024"
    between: tuple[str, ...]  # the best first
    why: str  # "undecided with 3 pairs: about 12 would decide"


@dataclass(frozen=True)
class CellCounts:
    """Counts of the cells of a sweep by state, and the undecided ones."""

    decided: int
    waiting: int  # cells that wait for simulations
    undecided: tuple[Undecided, ...]  # the furthest from a decision first


def judge(table: pa.Table) -> CellCounts:
    """The cells of a table with a row for every simulation of the sweep, its metrics null where it has not run."""
    data = dataset.read(table)
    if not data.has(METRIC):
        return CellCounts(0, int((data.index >= 0).any(axis=(-2, -1)).sum()), ())
    analysis = analyse(data)
    pairs_done = np.isfinite(analysis.ns).sum(axis=-1)
    pairs_needed = np.minimum((data.index >= 0).sum(axis=-1), PAIRS)
    exists, ready = pairs_needed.any(axis=-1), (pairs_done >= pairs_needed).all(axis=-1)
    judged = [(cell, outcome) for cell, outcome in analysis.outcomes.items() if ready[cell]]
    not_decided = [cell for cell, outcome in judged if not outcome.decided]
    ranked = sorted(not_decided, key=lambda cell: _distance(analysis, cell), reverse=True)
    return CellCounts(
        decided=len(judged) - len(not_decided),
        waiting=int((exists & ~ready).sum()),
        undecided=tuple(_told(analysis, cell) for cell in ranked),
    )


def of_all(rows: Iterable[pa.Table], parameters: pa.Table, metadata: dict[bytes, bytes]) -> pa.Table:
    """The table for `judge`: `parameters` of every simulation that is asked for, in order, and the metrics of `rows`.

    `rows` are batches with the columns `simulation` and the metrics.
    """
    batches = pa.concat_tables(rows)
    places = batches.column("simulation").to_numpy()
    table = parameters
    for name in batches.column_names:
        if name != "simulation":
            values = np.full(len(parameters), np.nan)
            values[places] = batches.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
            table = table.append_column(name, pa.array(values, from_pandas=True))
    return table.replace_schema_metadata(metadata)


def _distance(analysis: Analysis, cell: CellIndex) -> float:
    """Pairs that would decide a cell; infinite if no number within reach would."""
    winner = analysis.outcomes[cell].winner
    return float(winner.needed) if winner.needed is not None else float("inf")


def _told(analysis: Analysis, cell: CellIndex) -> Undecided:
    data, outcome = analysis.data, analysis.outcomes[cell]
    mix, load, ring = cell
    where = at(data.mixes[mix], data.loads[load], data.rings[ring])
    rivals = [outcome.winner.best, *outcome.winner.open, *outcome.faster_droppers]
    return Undecided(
        where=f"{data.mixes[mix]}, {data.words(mix, load, ring)}",
        between=tuple(dict.fromkeys(data.columns[rival] for rival in rivals)),
        why="drops are open" if outcome.drops_open else str(pairs_wanted([outcome], where)),
    )
