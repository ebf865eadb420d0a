# SPDX-License-Identifier: MIT
"""A tail of latency that each of few windows saw or not: no test of it stands where no interval does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from made_tables import Row, table

from sweep.compare import runs

GATE = "metrics: [{metric: latency_p99_ns, margin: 10 %}]\n"
BUCKETS, USUAL, LATE = 256, 80, 160
REPLICATES = 16


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    path = tmp_path / "gate.yaml"
    path.write_text(GATE)
    return path


def windows(late: bool, episodes: Callable[[int], int]) -> pa.Table:
    """Of a busy period each; where `late`, 3 % of the packets of every other one wait for a stall."""

    def change(row: Row) -> None:
        counts = [0] * BUCKETS
        counts[LATE] = 480 if late and row["replicate"] % 2 else 0
        counts[USUAL] = 16_000 - counts[LATE]
        row["latency_ns_histogram"], row["latency_p99_ns"] = counts, float(counts[LATE])
        row["offered_packets"], row["busy_peak_packets"] = 16_000, 400
        row["episodes"] = episodes(row["replicate"])

    return table(change, replicates=REPLICATES, rings=(256,), strategies=("page_pool",))


def verdict(gate: Path, episodes: Callable[[int], int]) -> str:
    return runs(windows(False, episodes), windows(True, episodes), gate=gate).verdict


def test_a_tail_is_not_called_worse_where_too_few_episodes_were_seen_for_an_interval(gate: Path) -> None:
    assert verdict(gate, lambda replicate: replicate % 2) == "too little data"


def test_it_is_where_many_were_seen(gate: Path) -> None:
    assert verdict(gate, lambda replicate: 40) == "regressed"
