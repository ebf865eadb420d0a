# SPDX-License-Identifier: MIT
"""The table that the page is tested with: three mixes, variants, drops and tails."""

from __future__ import annotations

import pyarrow as pa

from tests.report.synthetic_sweep import Effects, table

LOCATION = "runs/of mine"
EFFECTS = Effects(
    overrides={
        "drop_ratio": lambda row: 0.04 * 64 / row["ring"] if row["traffic"] == "host_slow_reader" else 0.0,
        "latency_p99_ns": lambda row: row["ns_per_packet"] * (30.0 + row["ring"] / 8),
    }
)


def small() -> pa.Table:
    """3 mixes × 2 loads × 3 rings × 5 columns × 3 replicates."""
    return table(loads=(0.3, 0.6), rings=(64, 256, 1024), replicates=3, variants=True, effects=EFFECTS)
