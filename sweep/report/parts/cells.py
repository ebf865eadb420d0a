# SPDX-License-Identifier: MIT
"""The cell that represents a mix in a table (its highest load, the middle of its rings), and rows of its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from sweep import format
from sweep.document.blocks import Cell
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import CellIndex

from .differences import ABSENT


def middles(analysis: Analysis) -> Iterator[CellIndex]:
    """Per mix: its highest load and the middle of the rings simulated there."""
    for mix in range(len(analysis.data.mixes)):
        load = analysis.last_load(mix)
        rings = np.flatnonzero(analysis.absolute.pairs[mix, load].any(axis=-1)) if load >= 0 else np.zeros(0, int)
        if rings.size:
            yield mix, load, int(rings[rings.size // 2])


def place(analysis: Analysis, cell: CellIndex) -> str:
    """A cell in words, such as "router at load 0.5, ring 512"."""
    return f"{analysis.data.mixes[cell[0]]} at {analysis.data.words(*cell)}"


def present(analysis: Analysis, cell: CellIndex) -> list[int]:
    """Columns simulated in a cell."""
    return [int(column) for column in np.flatnonzero(analysis.absolute.pairs[cell])]


def row(analysis: Analysis, cell: CellIndex, column: int, cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """A table row about one strategy: its name, with a footnote if its runs were not steady, then `cells`."""
    return (Cell(analysis.data.columns[column], notes=analysis.steady.notes((*cell, column))), *cells)


def by_column(analysis: Analysis, cell: CellIndex, values: Iterable[Array]) -> tuple[tuple[Cell, ...], ...]:
    """A row per strategy simulated in the cell; `values` are arrays over the strategies, a column each."""
    values = list(values)
    return tuple(
        row(analysis, cell, column, (number(float(value[column])) for value in values))
        for column in present(analysis, cell)
    )


def number(value: float) -> Cell:
    """A cell with a number rounded for display beside much larger ones."""
    return Cell(format.coarse(value)) if np.isfinite(value) else ABSENT


def significant(value: float) -> Cell:
    """A cell with a number to three significant digits."""
    return Cell(format.significant(value)) if np.isfinite(value) else ABSENT


def share(value: float) -> Cell:
    """A cell with a ratio in percent."""
    return Cell(f"{format.percent(value)} %") if np.isfinite(value) else ABSENT
