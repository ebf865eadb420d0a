# SPDX-License-Identifier: MIT
"""A published run with known numbers, small enough to be checked by eye: 3 points, 2 or 3 replicates, one failure.

| strategy | label | ring | ns of replicates 0, 1, 2 | |
|---|---|---|---|---|
| page_allocator | - | 64 | 600, 610, 620 | mean 610, deviation 10: half width 4.303 * 10 / sqrt(3) = 24.84 |
| page_pool | a "b", c | 64 | 500, 520, - | replicate 2 failed |
| page_pool | naïve\\n2x | 128 | 400, 999 | replicate 1 broke a law: mean 400, no interval |
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from sweep import storage
from sweep.storage import snapshot

HISTOGRAM = pa.list_(pa.int64(), 4)
FIELDS = (  # name, type, unit, role, meaning
    ("id", pa.string(), "1", "id", "digest of the scenario"),
    ("strategy", pa.string(), "1", "parameter", "page recycling strategy"),
    ("label", pa.string(), "1", "parameter", "name of the variant"),
    ("traffic", pa.string(), "1", "parameter", "traffic mix"),
    ("ring", pa.int64(), "descriptors", "parameter", "RX ring size"),
    ("load", pa.float64(), "1", "parameter", "share of the link"),
    ("seed", pa.int64(), "1", "parameter", "seed of all random streams"),
    ("replicate", pa.int64(), "1", "parameter", "replicate"),
    ("ns_per_packet", pa.float64(), "ns", "metric", "cost of a packet"),
    ("drop_ratio", pa.float64(), "1", "metric", "packets dropped, of those offered"),
    ("valid", pa.bool_(), "1", "quality", "the row obeys all laws"),
    ("violation", pa.string(), "1", "quality", "the laws that it breaks"),
    ("rx_packets", pa.int64(), "packets", "counter", "packets taken from the ring"),
    ("latency_ns_histogram", HISTOGRAM, "ns", "histogram", "counts"),
)
VARIANTS = (
    ("page_allocator", None, 64, (600.0, 610.0, 620.0)),
    ("page_pool", 'a "b", c', 64, (500.0, 520.0)),
    ("page_pool", "naïve\n2x", 128, (400.0, 999.0)),
)
ABOUT = {"name": "known", "simulations": 8, "rows": 7, "failed": 1, "exit_code": 3, "command": "sweep run known.yaml"}


def results() -> pa.Table:
    """A row per simulation that has a result."""
    rows: list[dict[str, Any]] = []
    for strategy, label, ring, costs in VARIANTS:
        for replicate, cost in enumerate(costs):
            valid = cost < 900
            rows.append(
                {
                    "id": f"{len(rows):032x}",
                    "strategy": strategy,
                    "label": label,
                    "traffic": "router",
                    "ring": ring,
                    "load": 0.3,
                    "seed": 1,
                    "replicate": replicate,
                    "ns_per_packet": cost,
                    "drop_ratio": None if strategy == "page_allocator" else 1 / 3,
                    "valid": valid,
                    "violation": None if valid else "pages_balance",
                    "rx_packets": 9_000_000_000_000_000_000 + replicate,
                    "latency_ns_histogram": [0, replicate, 17, 1 << 40],
                }
            )
    fields = [
        pa.field(name, kind, metadata={"unit": unit, "role": role, "meaning": meaning, "kernel": ""})
        for name, kind, unit, role, meaning in FIELDS
    ]
    said = {"name": "known", "baseline": {"strategy": "page_allocator"}, "simulations": 8}
    return pa.Table.from_pylist(rows, schema=pa.schema(fields, metadata={"sweep": json.dumps(said)}))


def series() -> pa.Table:
    """Of every row three bins; in bin k of row i there are 10 i + k packets."""
    ids = results().column("id")
    lists = pa.list_(pa.int64(), 3)
    said = {"unit": "packets", "role": "series", "meaning": "packets that arrived, in each bin", "kernel": ""}
    ends = {"unit": "ps", "role": "series", "meaning": "end of the bin", "kernel": ""}
    known = pa.schema(
        [
            pa.field("id", pa.string(), metadata={"role": "id", "unit": "1", "meaning": "of the simulation"}),
            pa.field("end_ps", lists, metadata=ends),
            pa.field("offered_packets", lists, metadata=said),
        ]
    )
    counts = [[10 * row + place for place in (1, 2, 3)] for row in range(len(ids))]
    return pa.table([ids.combine_chunks(), pa.array([[5, 6, 7]] * len(ids), lists), pa.array(counts, lists)], known)


def failures() -> pa.Table:
    """The one that has none."""
    table = results()
    lost = table.slice(4, 1).select([field.name for field in table.schema if field.metadata[b"role"] == b"parameter"])
    lost = lost.set_column(lost.column_names.index("replicate"), table.schema.field("replicate"), [pa.array([2])])
    return lost.append_column("ending", pa.array(["crash"])).append_column("error", pa.array(["it ended\nin flames"]))


def publish(
    directory: Path | str,
    table: pa.Table | None = None,
    lost: pa.Table | None = None,
    batch_rows: int = 3,
    series: pa.Table | None = None,
) -> str:
    """A run directory (path or URI) with these tables published in it, as `sweep run` does."""
    files = storage.open(directory)
    table = results() if table is None else table
    with files.writing():
        draft = snapshot.Draft(files)
        every = [("results", table), ("failures", failures() if lost is None else lost)]
        for name, each in every + ([] if series is None else [("series", series)]):
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            with (
                draft.file(f"{name}.arrow") as sink,
                pa.ipc.new_file(sink, each.schema, options=options) as writer,
            ):
                writer.write_table(each, max_chunksize=batch_rows)
        draft.publish(ABOUT)
    return str(directory)
