# SPDX-License-Identifier: MIT
"""Gives a generated table the columns that count episodes, as plausible as its other numbers, and claims about them.

Each mix and load has seen many episodes, few, or hardly any, or nothing in it is drawn at random; a table lacks some of
the queues, as one of other hardware does.
"""

from __future__ import annotations

import json
import random

import numpy as np
import pyarrow as pa

from tests.report.second_cells import LATENCY
from tests.report.second_quantiles import quantile
from tests.report.synthetic_sweep import SCHEMA, WINDOW

CLAIMS = (
    "latency_p99_ns[page_pool] < 200_000",
    "latency_p99_ns[page_pool] <= latency_p99_ns[page_allocator]",
    "drop_ratio[page_pool] <= drop_ratio[page_allocator]",
    "drop_ratio[ring>=256] <= 1 %",
    "pages_held_mean_pages[page_pool] > pages_held_mean_pages[page_allocator]",
    "reuse_ratio[refcount_recycle] > reuse_ratio[page_frag]",
    "reuse_ratio[refcount_recycle] >= 0.5",
    "pages_taken_per_packet < 0.9",
    "cpu_busy_ratio < 0.9",
)
KINDS = {  # episodes of a replicate, packets of its longest busy period
    "many": ((200, 400), (20, 400)),
    "some": ((8, 14), (500, 4_000)),
    "few": ((1, 4), (4_000, 60_000)),
    "hardly any": ((0, 1), (WINDOW, 2 * WINDOW)),
    "constant": ((1, 1), (WINDOW, WINDOW)),
}
QUEUES = (  # most that was in it, what it takes
    ("rx_ring_peak_packets", "ring"),
    ("tx_ring_peak_frames", "nic.tx_ring"),
    ("socket_truesize_peak", "traffic.reader.rcvbuf"),
    ("nic_buffer_peak_bytes", "nic.rx_buffer"),
)
TEXTS = ("traffic.arrivals", "traffic.sizes", "traffic.reader.wakeup", "traffic.reader.stall.every")
PARAMETERS = ("nic.refill_batch", "traffic.reader.rcvbuf", "nic.rx_buffer", *TEXTS)
FATES = ("traffic.fates.local", "traffic.fates.forward", "traffic.fates.drop")


def counted(source: pa.Table, seed: int) -> pa.Table:
    """The table with these columns."""
    chance = random.Random(f"episodes of {seed}")
    lacking = {name for queue in QUEUES[1:] for name in queue if chance.random() < 0.3}
    batch = chance.choice((1, 16, 64))
    kinds: dict[tuple, str] = {}
    rows = source.to_pylist()
    told = []
    for row in rows:
        kind = kinds.setdefault((row["traffic"],), chance.choice(tuple(KINDS)))
        told.append(_row(row, kind, batch, random.Random(f"{seed}{row['id']}")))
    for name in told[0]:
        if name not in lacking:
            source = _with(source, name, [each[name] for each in told])
    described = json.loads(source.schema.metadata[b"sweep"])
    described["claims"] += [{"name": text, "that": text} for text in chance.sample(CLAIMS, chance.randint(1, 5))]
    return source.replace_schema_metadata({"sweep": json.dumps(described)})


def _row(row: dict, kind: str, batch: int, chance: random.Random) -> dict:
    (least, most), longest = KINDS[kind]
    # Strategies meet the same episodes, more or less.
    met = random.Random(f"{row['traffic']}{row['load']}{row['replicate']}").randint(least, most)
    episodes = met + (chance.randint(0, 2) if kind == "many" else 0)
    lost, calls = row["drop_no_descriptor_packets"], row["allocator_calls"]
    clumps = chance.randint(1, min(lost, max(episodes, 1), 40)) if lost else 0
    counts = row[LATENCY] if row["rx_packets"] else [0] * len(row[LATENCY])
    host = row["traffic"].startswith("host")
    constant = kind == "constant"
    bursty = not constant and random.Random(f"{kind}{row['traffic']}").random() < 0.5
    room = {"ring": row["ring"], "nic.tx_ring": row["nic.tx_ring"], "traffic.reader.rcvbuf": 4 << 20 if host else None}
    room["nic.rx_buffer"] = 512 << 10
    peaks = {
        peak: room[size] and (room[size] if lost and peak.startswith("rx") else chance.randint(0, room[size]))
        for peak, size in QUEUES
    }
    fates = dict(zip(FATES, (1.0, 0.0, 0.0) if host else (0.0, 1.0, 0.0), strict=True))
    return {
        "episodes": episodes,
        "loss_episodes": clumps,
        "loss_peak_packets": chance.randint(-(-lost // clumps), lost) if lost else 0,
        "allocation_episodes": chance.randint(1, max(episodes, 1)) if calls else 0,
        "busy_peak_packets": chance.randint(*longest),
        **peaks,
        **{name: room[name] for name in ("traffic.reader.rcvbuf", "nic.rx_buffer")},
        "nic.refill_batch": batch,
        "bursts": 3 * episodes if bursty else 0,
        "traffic.arrivals": "constant" if constant else "on_off(burst=geometric(32))" if bursty else "poisson",
        "traffic.sizes": "64" if constant else "64:7 594:4 1518:1",
        "traffic.reader.wakeup": ("20 us" if constant else "exponential(mean=20 us)") if host else None,
        "traffic.reader.stall.every": "exponential(mean=50 ms)" if row["stalls"] and not constant else None,
        **fates,
        LATENCY: counts,
        "latency_p99_ns": quantile(np.array(counts), 0.0, 0.99),
    }


def _with(source: pa.Table, name: str, values: list) -> pa.Table:
    if name in source.column_names:
        place = source.column_names.index(name)
        field = source.schema.field(place)
        return source.set_column(place, field, pa.array(values, field.type))
    role = "parameter" if name in (*PARAMETERS, *FATES) else "metric" if name == "latency_p99_ns" else "counter"
    known = (SCHEMA.field(name).metadata or {}) if name in SCHEMA.names else {}
    own = {what: known[what] for what in (b"of", b"decides") if what in known}
    kind = pa.string() if name in TEXTS else pa.float64() if role == "metric" or name in FATES else pa.int64()
    field = pa.field(name, kind, metadata={b"unit": b"", b"meaning": name.encode(), b"role": role.encode()} | own)
    return source.append_column(field, pa.array(values, kind))
