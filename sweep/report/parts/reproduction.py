# SPDX-License-Identifier: MIT
"""How to reproduce a row: the commands that run one simulation again."""

from __future__ import annotations

import shlex
from typing import Any

import pyarrow as pa

from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import fixed
from sweep.report.parts import cells
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.standard_input import typed
from sweep.storage import resume

from .differences import ABSENT

LEAST = 8  # characters of a shortened id, so that it is still unique in a longer sweep


def command(meta: dict[str, Any]) -> str:
    """The command that made the table; "" if its metadata has none."""
    recorded = meta.get("command", "")
    return shlex.join(map(str, recorded)) if isinstance(recorded, list) else str(recorded)


def elsewhere(made: str, out: str = "again") -> str:
    """The command `made` with `out` as its run directory, so that it does not reuse finished simulations."""
    arguments = resume.recorded_arguments(made)
    while "--out" in arguments:
        del arguments[arguments.index("--out") : arguments.index("--out") + 2]
    return typed([argument for argument in arguments[1:] if not argument.startswith("--out=")] + ["--out", out])


def shortened(table: pa.Table) -> list[str]:
    """Each row's id, shortened to as many characters as tell all ids apart; [] if the table has no ids."""
    column_ids = table.column("id").to_pylist() if "id" in table.column_names else []
    ids = [row_id for row_id in column_ids if row_id is not None]
    if len(ids) < len(table):
        return []
    longest = max(map(len, ids), default=LEAST)
    distinct = len(set(ids))
    length = next((n for n in range(LEAST, longest, 2) if len({row_id[:n] for row_id in ids}) == distinct), longest)
    return [row_id[:length] for row_id in ids]


def again(data: Dataset, location: str, row: str, what: str) -> list[Block]:
    """Commands that show and rerun the simulation whose id begins with `row`."""
    command_elsewhere = elsewhere(command(data.metadata) or "sweep run FILE")
    blocks: list[Block] = []
    if location:
        blocks.append(Paragraph(fixed(f"{what[:1].upper()}{what[1:]} in full, run again and compared bit for bit:")))
        blocks.append(Paragraph(f"sweep show {shlex.quote(location)} {row} --check", code=True))
    blocks.append(Paragraph(fixed(f"From the sweep file alone, {what}, in a new directory:")))
    blocks.append(Paragraph(f"{command_elsewhere} --only {row}", code=True))
    return blocks


def section(analysis: Analysis, location: str) -> Section:
    """Ids of simulations in the cell that represents each mix, and the commands that take an id."""
    data = analysis.data
    ids = shortened(data.table)
    rows = []
    for cell in cells.middles(analysis) if ids else ():
        rows_of_columns = [data.index[(*cell, column)] for column in range(len(data.columns))]
        first_rows = [
            int(rows_of_column[rows_of_column >= 0][0]) if (rows_of_column >= 0).any() else -1
            for rows_of_column in rows_of_columns
        ]
        id_cells = (Cell(ids[row]) if row >= 0 else ABSENT for row in first_rows)
        rows.append((Cell(cells.place(analysis, cell)), *id_cells))
    if not rows:
        return Section("How to reproduce a row", ())
    example = next(cell.text for cell in rows[0][1:] if cell.tone != "missing")
    return Section(
        "How to reproduce a row",
        (
            Paragraph(
                fixed(
                    "Every simulation has an id; its first characters name it. Here are those of one replicate of a"
                    " cell of each mix. `sweep report LOCATION --format csv` has the ids of all cells."
                )
            ),
            Table("First replicate", ("cell", *data.columns), tuple(rows)),
            *again(data, location, example, "one simulation"),
        ),
    )
