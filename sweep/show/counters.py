# SPDX-License-Identifier: MIT
"""The counters of one simulation, in the order of a packet's path, with units, meanings and the kernel's names.

Stages stand in the order of `sweep.fields`, counters in that of the table, which for a page_pool is that of the
kernel's statistics.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sweep.document.blocks import Cell, Section, Table
from sweep.fields.column import Column, columns
from sweep.fields.field import Role, Stage

from .choose import Chosen

TITLE = "What was counted in the measured window"


def section(chosen: Chosen) -> Section:
    """A table per stage."""
    stages = [(title, fields) for title, fields in staged(chosen.row.schema, str(chosen.value("strategy")))]
    stages_with_values = [
        (title, [counter_field for counter_field in fields if chosen.value(counter_field.name) is not None])
        for title, fields in stages
    ]
    rows = {title: [_row(chosen, field) for field in fields] for title, fields in stages_with_values if fields}
    widest = [max(len(row[column].text) for stage_rows in rows.values() for row in stage_rows) for column in range(3)]
    return Section(
        TITLE,
        tuple(
            Table(title, _heads(widest), tuple(_padded(row, widest) for row in stage_rows), prose=True)
            for title, stage_rows in rows.items()
        ),
    )


def staged(schema: pa.Schema, strategy: str) -> Iterator[tuple[str, list[Column]]]:
    """The counters of a table by stage, as it says itself: title and counters, those of `strategy` under its name."""
    counters = columns(schema, Role.COUNTER)
    for stage in dict.fromkeys([*Stage, *(counter.stage for counter in counters)]):
        title = f"{stage}, {strategy}" if stage == Stage.STRATEGY else str(stage)
        yield title, [counter for counter in counters if counter.stage == stage]


def _row(chosen: Chosen, counter: Column) -> tuple[Cell, ...]:
    meaning_text = f"{counter.kernel}: {counter.meaning}" if counter.kernel else counter.meaning
    unit = "" if counter.unit == "1" else counter.unit
    return Cell(counter.name), Cell(f"{chosen.value(counter.name):,}"), Cell(unit), Cell(meaning_text)


def _heads(widest: list[int]) -> tuple[str, ...]:
    return "counter", "value".rjust(widest[1]), "unit", "kernel's name: what it counts"


def _padded(row: tuple[Cell, ...], widest: list[int]) -> tuple[Cell, ...]:
    """A row padded so that the tables of all stages have equal column widths; numbers aligned right."""
    name, value, unit, meaning_text = (cell.text for cell in row)
    return Cell(name.ljust(widest[0])), Cell(value.rjust(widest[1])), Cell(unit.ljust(widest[2])), Cell(meaning_text)
