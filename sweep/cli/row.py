# SPDX-License-Identifier: MIT
"""Text for one simulation: every column that has a value, with its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

WIDTH, DIGITS = 32, 18  # column widths that fit most names and numbers

if TYPE_CHECKING:
    import pyarrow


def text(table: pyarrow.Table) -> str:
    """The only row of `table`, a line per column; empty columns and histograms are left out."""
    from sweep.fields.column import said

    lines = []
    for field in table.schema:
        value = table.column(field.name)[0].as_py()
        if value is None or isinstance(value, list):
            continue
        unit = said(field, "unit") or "1"
        lines.append(f"  {field.name:{WIDTH}} {_number(value):>{DIGITS}}  {'' if unit == '1' else unit}".rstrip())
    return "\n".join(lines)


def _number(value: Any) -> str:
    """A value as text: "11,880", "0.0333", "page_pool"."""
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
