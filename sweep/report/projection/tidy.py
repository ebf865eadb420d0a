# SPDX-License-Identifier: MIT
"""A projection as a tidy CSV table: a row per cell and metric, numbers unrounded in the units of their columns.

Differences are ratios minus one where the metric is compared by ratios, else in its own unit; `difference_unit` says
which.  `ids` are the simulations of a cell: `sweep show LOCATION ID` has each in full.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from sweep import stats
from sweep.safe_text import spreadsheet_text
from sweep.stats import Call

from .document import Projection
from .metric_tables import MetricGrid

BEFORE = ("metric", "unit", "mean", "low", "high", "n")
AFTER = ("baseline", "difference", "difference_low", "difference_high", "difference_unit", "pairs", "verdict")
LAST = ("notes", "ids")
VERDICTS = {
    Call.TOO_FEW: "too few pairs",
    Call.LOWER: "lower",
    Call.HIGHER: "higher",
    Call.TIE: "no difference found",
    Call.EQUIVALENT: "within the margin",
}


def csv_text(projection: Projection) -> str:
    """The projection as CSV text, with a header."""
    axes, table = projection.axes, projection.data.table
    axis_columns = [
        name for axis in (*axes.tables, *axes.rows, *axes.columns) for name in _names(projection, axis.name)
    ]
    ids = table.column("id").to_pylist() if "id" in table.column_names else [""] * len(table)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(spreadsheet_text, [*axis_columns, *BEFORE, *AFTER, *LAST]))
    for grid in projection.grids:
        for cell, members in grid.members.items():
            notes = "; ".join(grid.notes[cell])
            csv_row = [*_row(projection, grid, cell), notes, " ".join(ids[row] or "" for row in members)]
            writer.writerow(map(spreadsheet_text, csv_row))
    return out.getvalue()


def _names(projection: Projection, axis: str) -> list[str]:
    """The CSV columns of an axis: two for strategies that have variants, else one."""
    return [axis, "variant"] if axis == "strategy" and any(projection.data.labels) else [axis]


def _values(projection: Projection, axis: str, label: str) -> list[str]:
    if len(_names(projection, axis)) == 1:
        return [label]
    data = projection.data
    place = data.columns.index(label) if label in data.columns else data.strategies.index(label)
    return [data.strategies[place], data.labels[place] if label in data.columns else ""]


def _row(projection: Projection, grid: MetricGrid, cell: tuple[int, int]) -> list[str]:
    absolute, measure, axes = grid.absolute[cell], grid.measure, projection.axes
    places = [
        *grid.where,
        *((axis.name, label) for axis, label in zip(axes.rows, grid.rows[cell[0]], strict=True)),
        *((axis.name, label) for axis, label in zip(axes.columns, grid.columns[cell[1]], strict=True)),
    ]
    coordinates_row = [value for axis, label in places for value in _values(projection, axis, label)]
    return [*coordinates_row, measure.name, measure.unit, *_numbers(absolute), *_difference(projection, grid, cell)]


def _difference(projection: Projection, grid: MetricGrid, cell: tuple[int, int]) -> list[str]:
    base, measure, estimate = projection.base, grid.measure, grid.against[cell]
    if base is None:
        return [""] * len(AFTER)
    if grid.base[cell] or not estimate.pairs:
        return [base.name, *[""] * (len(AFTER) - 2), "baseline" if grid.base[cell] else "nothing to compare with"]
    margin = float(np.log1p(stats.MARGIN)) if measure.relative else measure.margin
    *numbers, pairs = _numbers(estimate.ratios() if measure.relative else estimate)
    unit = "ratio - 1" if measure.relative else measure.unit
    return [base.name, *numbers, unit, pairs, VERDICTS[estimate.call(margin)]]


def _numbers(found: stats.Estimate) -> list[str]:
    """Mean, low and high end of its interval, number of samples, as text; "" for what is not finite."""
    values = (float(side) for side in (found.center, found.low, found.high))
    return [*(repr(value) if np.isfinite(value) else "" for value in values), str(int(found.pairs))]
