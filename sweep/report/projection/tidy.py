# SPDX-License-Identifier: MIT
"""A projection as one tidy CSV table: a row per cell and metric, numbers in the units of the columns, nothing rounded.

Differences are ratios minus one where the metric is compared by ratios, else in its own unit; `difference_unit` says
which.  `ids` are the simulations of a cell: `sweep show LOCATION ID` has each in full.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from sweep import stats
from sweep.foreign import sheet_text
from sweep.stats import Call

from .document import Projection
from .sheets import Sheet

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
    """The whole table, with its header."""
    axes, table = projection.axes, projection.data.table
    named = [name for axis in (*axes.tables, *axes.rows, *axes.columns) for name in _names(projection, axis.name)]
    ids = table.column("id").to_pylist() if "id" in table.column_names else [""] * len(table)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(sheet_text, [*named, *BEFORE, *AFTER, *LAST]))
    for sheet in projection.sheets:
        for cell, members in sheet.members.items():
            notes = "; ".join(sheet.notes[cell])
            line = [*_row(projection, sheet, cell), notes, " ".join(ids[row] or "" for row in members)]
            writer.writerow(map(sheet_text, line))
    return out.getvalue()


def _names(projection: Projection, axis: str) -> list[str]:
    """The columns of an axis: strategies that have variants take two."""
    return [axis, "variant"] if axis == "strategy" and any(projection.data.labels) else [axis]


def _values(projection: Projection, axis: str, label: str) -> list[str]:
    if len(_names(projection, axis)) == 1:
        return [label]
    data = projection.data
    place = data.columns.index(label) if label in data.columns else data.strategies.index(label)
    return [data.strategies[place], data.labels[place] if label in data.columns else ""]


def _row(projection: Projection, sheet: Sheet, cell: tuple[int, int]) -> list[str]:
    found, measure, axes = sheet.absolute[cell], sheet.measure, projection.axes
    places = [
        *sheet.where,
        *((axis.name, label) for axis, label in zip(axes.rows, sheet.rows[cell[0]], strict=True)),
        *((axis.name, label) for axis, label in zip(axes.columns, sheet.columns[cell[1]], strict=True)),
    ]
    where = [value for axis, label in places for value in _values(projection, axis, label)]
    return [*where, measure.name, measure.unit, *_numbers(found), *_difference(projection, sheet, cell)]


def _difference(projection: Projection, sheet: Sheet, cell: tuple[int, int]) -> list[str]:
    base, measure, found = projection.base, sheet.measure, sheet.against[cell]
    if base is None:
        return [""] * len(AFTER)
    if sheet.base[cell] or not found.pairs:
        return [base.name, *[""] * (len(AFTER) - 2), "baseline" if sheet.base[cell] else "nothing to compare with"]
    margin = float(np.log1p(stats.MARGIN)) if measure.relative else measure.margin
    *numbers, pairs = _numbers(found.ratios() if measure.relative else found)
    unit = "ratio - 1" if measure.relative else measure.unit
    return [base.name, *numbers, unit, pairs, VERDICTS[found.call(margin)]]


def _numbers(found: stats.Estimate) -> list[str]:
    """Mean, both ends of its interval, samples; empty where there is none."""
    values = (float(side) for side in (found.center, found.low, found.high))
    return [*(repr(value) if np.isfinite(value) else "" for value in values), str(int(found.pairs))]
