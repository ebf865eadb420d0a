# SPDX-License-Identifier: MIT
"""An answer as text: a table for terminals, with units below the names, and a Markdown table for mail and issues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

from sweep.fields.column import said
from sweep.safe_text import visible, visible_line

from .database import Answer
from .rows import values

GAP = "  "
SPECIAL = re.compile(r"([\\`*<|~]|&(?=#?\w+;)|\[(?=[^\]]*\][(\[])|(?<!\w)_|_(?!\w))")  # Markdown's markup
MOST_ROWS = 100_000  # of a text table, which is kept in memory to find the widths of its columns
LONGEST = 60  # characters of a text in a table; a histogram is longer


class FirstRows(NamedTuple):
    """The first rows of an answer as texts."""

    names: list[str]
    units: list[str]  # "" for none
    right: list[bool]  # numbers are aligned right
    rows: list[list[str]]
    more: bool  # whether there are more rows than these


def shown(answer: Answer, most: int | None) -> FirstRows:
    """The first `most` rows of an answer (None: all) as texts, MOST_ROWS at most."""
    rows = (row for batch in answer for row in zip(*map(values, batch.columns), strict=True))
    first_rows = list(islice(rows, min(most or MOST_ROWS, MOST_ROWS)))
    more = next(rows, None) is not None
    units = [said(field, "unit") or "" for field in answer.schema]
    return FirstRows(
        names=[visible_line(name) for name in answer.schema.names],
        units=["" if unit == "1" else visible_line(unit) for unit in units],
        right=[_is_number(field.type) for field in answer.schema],
        rows=[[word(value) for value in row] for row in first_rows],
        more=more,
    )


def table(found: FirstRows, width: int) -> str:
    """A text table of the columns that fit, at least one, and a last line with counts and what is left out.

    One row with a text of several lines, as EXPLAIN gives, is that text.
    """
    if len(found.rows) == 1 and any("\n" in text for text in found.rows[0]):
        return "\n".join(found.rows[0]) + "\n"
    header_rows = [found.names, *([found.units] if any(found.units) else [])]
    cells = [[_short(text) for text in row] for row in [*header_rows, *found.rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    fitting = _fitting(widths, width)
    lines = [_line(row, widths, found.right, fitting) for row in cells]
    lines.insert(len(header_rows), GAP.join("-" * size for size in widths[:fitting]))
    notes = []
    if fitting < len(widths):
        columns_left = len(widths) - fitting
        columns_text = "1 more column does" if columns_left == 1 else f"{columns_left} more columns do"
        notes.append(f"{columns_text} not fit: name those you want, or --format csv")
    if found.more:
        notes.append("more rows: --rows 0 prints all, --format csv --out FILE keeps them")
    count = f"{len(found.rows):,} {'row' if len(found.rows) == 1 else 'rows'}"
    return "\n".join([*lines, " · ".join([f"{count}{' shown' if found.more else ''}", *notes])]) + "\n"


def markdown(found: FirstRows) -> str:
    """A Markdown table with all columns, units in the header."""
    header_names = [f"{name} [{unit}]" if unit else name for name, unit in zip(found.names, found.units, strict=True)]
    rule = ["---:" if right else "---" for right in found.right]
    rows = [[_escaped(text) for text in row] for row in [header_names, *found.rows]]
    rows.insert(1, rule)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def word(value: Any) -> str:
    """A value as text: 256 · 11,880 · 551.524 · page_pool · - for null"""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float | Decimal):
        return f"{value:,.6g}"
    return visible(str(value))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _short(text: str) -> str:
    """A text on one line, shortened to LONGEST characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _fitting(widths: Sequence[int], width: int) -> int:
    """Number of columns that fit into `width` side by side, at least one."""
    used = -len(GAP)
    for place, size in enumerate(widths):
        used += len(GAP) + size
        if used > width and place:
            return place
    return len(widths)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], fitting: int) -> str:
    parts = list(zip(row, widths, right, strict=True))[:fitting]
    return GAP.join(text.rjust(size) if is_right else text.ljust(size) for text, size, is_right in parts).rstrip()


def _escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
