# SPDX-License-Identifier: MIT
"""Gives a generated table time series: forty bins a row that add up to plausible numbers, some with a planted drift.

What drifts, in which points, and when it settles (or that it does not) is drawn by seed.
"""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa

BINS = 40
LIST = pa.list_(pa.int64(), BINS)
SHAPES = ("none", "none", "start", "trend")


def with_series(source: pa.Table, seed: int) -> pa.Table:
    """The table with the columns of a series for every row."""
    rows = source.to_pylist()
    told = [_row(row, seed, random.Random(f"series of {seed} {number}")) for number, row in enumerate(rows)]
    for name in told[0]:
        field = pa.field(f"series_{name}", LIST, False, metadata={"role": "series", "unit": "", "meaning": name})
        source = source.append_column(field, pa.array([each[name] for each in told], LIST))
    return source


def _row(row: dict, seed: int, own: random.Random) -> dict[str, list[int]]:
    where = [row[name] for name in ("strategy", "traffic", "load", "ring")]
    chance = random.Random(f"{seed}{where}")
    packets = int(row["packets"] or 200_000)
    offered = [packets * (place + 1) // BINS - packets * place // BINS for place in range(BINS)]
    drifts = {name: chance.choice(SHAPES) for name in ("dropped", "cpu", "latency", "held")}
    settled, size = chance.randrange(5, 17), chance.choice((0.2, 0.5, 2.0))

    def shaped(name: str, level: float) -> np.ndarray:
        place = np.arange(BINS)
        extra = {"none": 0 * place, "start": place < settled, "trend": place / BINS}[drifts[name]]
        noise = np.array([own.gauss(0, 0.01) for _ in place])
        return np.maximum(level * (1 + size * extra + noise), 0)

    dropped = np.minimum(shaped("dropped", row.get("drop_ratio") or 0.0) * offered, offered).astype(int)
    taken = np.maximum(np.array(offered) - dropped, 0)
    out = taken if chance.random() < 0.9 else 0 * taken
    step_ns = 100_000
    return {
        "end_ps": [step_ns * 1000 * (place + 1) for place in range(BINS)],
        "offered_packets": offered,
        "dropped_packets": dropped.tolist(),
        "rx_packets": taken.tolist(),
        "cpu_ps": (shaped("cpu", 500_000.0) * taken).astype(int).tolist(),
        "out_packets": out.tolist(),
        "latency_ns": (shaped("latency", 20_000.0) * out).astype(int).tolist(),
        "pages_held_page_ns": (shaped("held", 300.0) * step_ns).astype(int).tolist(),
        "episodes": [own.randrange(8) for _ in range(BINS)],
        "loss_episodes": [min(int(lost), 2) for lost in dropped],
    }
