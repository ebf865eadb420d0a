# SPDX-License-Identifier: MIT
"""Columns that say which run a row is from, so that the exports of several runs can be united in one table.

They are in exports and not in published tables: rows are reused by other runs, and the data columns of a published
table depend on the sweep and the model alone, so that equal runs publish equal tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.field import Role

TEXT = pa.dictionary(pa.int32(), pa.string())
COLUMNS = (
    Column("sweep_name", TEXT, "1", "name of the sweep", Role.ID),
    Column(
        "run_id", TEXT, "1", "the publication that the row is from; another one of the same run has another", Role.ID
    ),
    Column("run_time", pa.timestamp("us"), "1", "when it was published, UTC", Role.ID),
)


def values(manifest: Mapping[str, Any]) -> dict[str, str | datetime | None]:
    """The value of each of COLUMNS, the same in all rows; None where the manifest does not say it."""
    published = manifest.get("published")
    time = datetime.fromisoformat(published).astimezone(UTC).replace(tzinfo=None) if published else None
    return {"sweep_name": manifest.get("name"), "run_id": manifest.get("snapshot"), "run_time": time}


def array(column: Column, value: str | datetime | None, rows: int) -> pa.Array:
    """One of COLUMNS for this many rows."""
    if column.type != TEXT:
        return pa.repeat(pa.scalar(value, column.type), rows)
    codes = pa.repeat(pa.scalar(None if value is None else 0, pa.int32()), rows)
    return pa.DictionaryArray.from_arrays(codes, pa.array([] if value is None else [value], pa.string()))
