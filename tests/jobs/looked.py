# SPDX-License-Identifier: MIT
"""What is asked of the tiny sweep where replicates run until comparisons are decided, and reading what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

POINTS, LOOKS = 8, (2, 4, 8)
TARGET = "precision.stack_ns_per_packet=0.2 %"  # the router's pairs have it at once, the slow reader's never
ASKED = (TARGET, "precision.most_replicates=8")


def looked(directory: Path | str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(directory) / "looks.json").read_text())
    return found


def counts(table: pa.Table) -> dict[tuple[object, ...], int]:
    """Replicates of each point."""
    rows = table.select(["strategy", "traffic", "ring"]).to_pylist()
    found: dict[tuple[object, ...], int] = {}
    for row in rows:
        found[tuple(row.values())] = found.get(tuple(row.values()), 0) + 1
    return found


def ids(table: pa.Table) -> list[str]:
    found: list[str] = table.column("id").to_pylist()
    return found
