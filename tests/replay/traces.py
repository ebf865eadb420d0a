# SPDX-License-Identifier: MIT
"""The recorded traces, and traces made of operations only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sweep.replay.trace import COLUMNS, Trace, read_trace

FOLDER = Path(__file__).parents[1] / "golden" / "page_pool"
GOLDEN, KERNELS = FOLDER / "traces.public.jsonl", FOLDER / "traces.kernels.jsonl"  # of 6.12.117, and of other kernels
LINES = GOLDEN.read_text(encoding="utf-8").splitlines()
TRACES = [read_trace(line) for line in LINES]
DEFAULTS = {"pool_size": 0, "flags": 0, "order": 0, "nid": -1, "numa_node": 0, "napi": 1, "max_len": 4096}


def row(index: int) -> dict[str, Any]:
    """A recorded trace as a dictionary that may be changed."""
    parsed: dict[str, Any] = json.loads(LINES[index])
    return parsed


def trace(ops: str, kernel: str = "6.12.117", **params: int) -> Trace:
    """A trace of a kernel with these operations that expects nothing in particular."""
    expected = {"create_errno": 0, "snapshots": [], "final": dict.fromkeys(COLUMNS, 0), "handle_hash": 0}
    row = {"id": "made", "kernel": kernel, "params": DEFAULTS | params, "ops": ops, "expected": expected}
    return read_trace(json.dumps(row))
