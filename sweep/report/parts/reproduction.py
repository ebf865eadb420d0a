# SPDX-License-Identifier: MIT
"""How to get a row again: the commands for one simulation, which a reader can paste."""

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

LEAST = 8  # characters of an id, so that it still names one row in a longer sweep


def command(meta: dict[str, Any]) -> str:
    """What made the table, "" if it does not say."""
    found = meta.get("command", "")
    return shlex.join(map(str, found)) if isinstance(found, list) else str(found)


def elsewhere(made: str, out: str = "again") -> str:
    """The command with another run directory, so that it finds nothing done."""
    words = resume.asked(made)
    while "--out" in words:
        del words[words.index("--out") : words.index("--out") + 2]
    return typed([word for word in words[1:] if not word.startswith("--out=")] + ["--out", out])


def shortened(table: pa.Table) -> list[str]:
    """The first characters of each row's id, as many as tell all of them apart; none if the table has no ids."""
    found = table.column("id").to_pylist() if "id" in table.column_names else []
    ids = [one for one in found if one is not None]
    if len(ids) < len(table):
        return []
    whole = max(map(len, ids), default=LEAST)
    distinct = len(set(ids))
    length = next((n for n in range(LEAST, whole, 2) if len({one[:n] for one in ids}) == distinct), whole)
    return [one[:length] for one in ids]


def again(data: Dataset, location: str, row: str, what: str) -> list[Block]:
    """Commands that show and rerun the simulation whose id begins with `row`."""
    made = elsewhere(command(data.metadata) or "sweep run FILE")
    blocks: list[Block] = []
    if location:
        blocks.append(Paragraph(fixed(f"{what[:1].upper()}{what[1:]} in full, run again and compared bit for bit:")))
        blocks.append(Paragraph(f"sweep show {shlex.quote(location)} {row} --check", code=True))
    blocks.append(Paragraph(fixed(f"From the sweep file alone, {what}, in a new directory:")))
    blocks.append(Paragraph(f"{made} --only {row}", code=True))
    return blocks


def section(analysis: Analysis, location: str) -> Section:
    """Ids of simulations in the cell that stands for each mix, and the commands that take one."""
    data = analysis.data
    ids = shortened(data.table)
    rows = []
    for cell in cells.middles(analysis) if ids else ():
        members = [data.index[(*cell, column)] for column in range(len(data.columns))]
        firsts = [int(found[found >= 0][0]) if (found >= 0).any() else -1 for found in members]
        shown = (Cell(ids[first]) if first >= 0 else ABSENT for first in firsts)
        rows.append((Cell(cells.place(analysis, cell)), *shown))
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
