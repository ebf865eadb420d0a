# SPDX-License-Identifier: MIT
"""The whole terminal report, compared with files in golden/, one per hard case.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/report/test_report_text.py`, then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from synthetic_sweep import Effects, table

from sweep import report

GOLDEN = Path(__file__).parent / "golden"
COSTS = {"page_allocator": 600.0, "refcount_recycle": 600.0, "page_frag": 540.0, "page_pool": 480.0}
SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (256, 1024), "replicates": 3}
EXACT = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.0, own_noise=0.0)
NOISY = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.02, own_noise=0.004)


def missing(row: dict) -> bool:
    """No baseline at the small ring, no pool at the large one, one replicate of page_frag lost."""
    strategy, ring = row["strategy"], row["ring"]
    return (
        (strategy == "page_allocator" and ring == 256)
        or (strategy == "page_pool" and ring == 1024)
        or (strategy == "page_frag" and row["replicate"] == 1)
    )


def without(source: pa.Table, absent) -> pa.Table:
    rows = source.select(["strategy", "ring", "replicate"]).to_pylist()
    return source.filter(pa.array([not absent(row) for row in rows]))


def broken(row: dict) -> bool:
    return row["strategy"] == "page_pool" and row["replicate"] == 2


CASES = {
    "one_replicate": lambda: table(effects=NOISY, **{**SMALL, "replicates": 1}),
    "exact": lambda: table(effects=EXACT, **SMALL),
    "zeros": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            overrides={"allocator_calls_per_packet": lambda row: 0.0, "pages_held_mean_pages": lambda row: 0.0},
        ),
        **SMALL,
    ),
    "missing_cells": lambda: without(table(effects=NOISY, **SMALL), missing),
    "invalid_rows": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            overrides={
                "valid": lambda row: not broken(row),
                "violation": lambda row: "packets: in 180000, out 179999" if broken(row) else None,
            },
        ),
        **SMALL,
    ),
    "drops": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            drop_ratio=lambda row: {"page_pool": 0.03, "page_allocator": 0.01}.get(row["strategy"], 0.01),
        ),
        **SMALL,
    ),
    "old_file": lambda: table(effects=NOISY, **SMALL).select(
        ["strategy", "traffic", "load", "ring", "replicate", "ns_per_packet"]
    ),
    "no_valid_row": lambda: table(
        effects=Effects(overrides={"valid": lambda row: False, "violation": lambda row: "pages: 1 lost"}),
        strategies=("page_pool",),
        **{**SMALL, "rings": (64,), "replicates": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name):
    got = report.text(CASES[name]())
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [72, 100])
def test_no_line_is_wider_than_asked(name, width):
    lines = report.text(CASES[name](), width, full=True).splitlines()
    table_of_four_names = 100  # a head and one column always stay together
    assert max(map(len, lines)) <= (width if width == 100 else table_of_four_names)


def test_the_full_form_holds_the_short_one():
    source = table(effects=NOISY, **SMALL)
    short, full = report.text(source), report.text(source, full=True)
    assert len(full) > len(short)
    assert all(line in full for line in short.splitlines())
