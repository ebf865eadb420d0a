# SPDX-License-Identifier: MIT
"""A published point with fixed numbers, in golden/point.json, so that what is shown does not follow the model.

`SWEEP_GOLDEN=write` takes the numbers anew from the run of these tests: then read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from sweep import schema

FILE = Path(__file__).parent / "golden" / "point.json"
BUCKETS = 256
ABOUT = {
    "created": "2026-01-02T03:04:05+00:00",
    "command": "sweep run configs/made.yaml --out runs/made",
    "versions": {"sweep": "0.1.0"},
    "git_commit": "0123456789abcdef",
    "platform": "Linux-6.12",
    "strategy_digests": {"page_pool": "ab1e"},
}


def table() -> pa.Table:
    """The point: three replicates, of which the last breaks a law."""
    rows = json.loads(FILE.read_text())
    known = schema.results_schema()
    for place, row in enumerate(rows):
        row |= {"id": f"{place + 1}" * 32, "valid": place < 2, "violation": "a = b: 1 = 2" if place == 2 else None}
        for name in (field.name for field in known if pa.types.is_fixed_size_list(field.type)):
            row[name] = [row[name].get(str(bucket), 0) for bucket in range(BUCKETS)]
    arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in known]
    return pa.Table.from_arrays(arrays, schema=known)


def write(point: pa.Table) -> None:
    """Keep the numbers of a published point."""
    rows: list[dict[str, Any]] = point.drop_columns(["id", "valid", "violation"]).to_pylist()
    rows.append(rows[0] | {"replicate": 2})
    kept = [{name: _sparse(value) for name, value in row.items() if value is not None} for row in rows]
    FILE.write_text(json.dumps(kept, indent=0) + "\n")


def _sparse(value: Any) -> Any:
    return {str(i): count for i, count in enumerate(value) if count} if isinstance(value, list) else value
