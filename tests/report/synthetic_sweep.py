# SPDX-License-Identifier: MIT
"""Tables shaped like a published sweep, with known answers in them, for tests of the report.

`table` makes one row per simulation from a grid; `Effects` says what each strategy does, so a test can put the
truth in and look for it in the report.  Noise is shared by all strategies of a (mix, load, replicate), as packets are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from zlib import crc32

import numpy as np
import pyarrow as pa

from sweep.schema import results_schema

SCHEMA = results_schema()
PACKETS, WARMUP = 200_000, 20_000
WINDOW = PACKETS - WARMUP
STRATEGIES = ("page_allocator", "refcount_recycle", "page_frag", "page_pool")
MIXES = ("router", "host", "host_slow_reader", "drop_flood")
HOLD_NS = {"router": 20_000.0, "host": 60_000.0, "host_slow_reader": 2_000_000.0, "drop_flood": 2_000.0}
STACK_NS = {"router": 400.0, "host": 560.0, "host_slow_reader": 600.0, "drop_flood": 60.0}
LINK_PPS = 4_000_000.0
TRUESIZE_BYTES = {"page_frag": 2048}  # of the others: a page
FRAME_BYTES = 512


@dataclass(frozen=True)
class Effects:
    """What a row gets; every function sees the row's parameters."""

    ns: Callable[[dict], float] | None = None  # ns per packet without noise; None: a plausible model
    drop_ratio: Callable[[dict], float] = lambda row: 0.0
    alloc_slow: Callable[[dict], int] | None = None
    noise: float = 0.02  # relative, common to all strategies
    own_noise: float = 0.002  # relative, of one simulation
    overrides: Mapping[str, Callable[[dict], object]] = field(default_factory=dict)


def bucket(value: int) -> int:
    """The bucket rule of the published histograms, written out."""
    if value < 8:
        return value
    octave = value.bit_length() - 4
    return min((octave + 1) * 8 + ((value >> octave) & 7), 255)


def table(
    *,
    strategies: Sequence[str] = STRATEGIES,
    mixes: Sequence[str] = ("router", "host", "host_slow_reader"),
    loads: Sequence[float] = (0.1, 0.3, 0.6),
    rings: Sequence[int] = (64, 256, 1024, 4096),
    replicates: int = 5,
    effects: Effects = Effects(),
    variants: bool = False,  # page_pool as "pool=ring" and "pool=2x"
    baseline: str = "page_allocator",
    claims: Sequence[Mapping[str, str]] = (),
    metadata: Mapping[str, object] | None = None,
) -> pa.Table:
    """Every combination, a row each."""
    rows = []
    for strategy, mix, load, ring in product(strategies, mixes, loads, rings):
        labels = ("pool=ring", "pool=2x") if variants and strategy == "page_pool" else (None,)
        for label, replicate in product(labels, range(replicates)):
            rows.append(_row(strategy, label, mix, load, ring, replicate, effects))
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays, fields = [], []
    for name in names:
        values = [row.get(name) for row in rows]
        kind = _kind(name, values)
        arrays.append(pa.array(values, kind))
        fields.append(pa.field(name, kind, metadata={"unit": "", "meaning": name, "role": _role(name)} | _part(name)))
    described = {
        "name": "synthetic",
        "baseline": {"strategy": baseline},
        "claims": list(claims),
        "strategy_digests": {name: f"{crc32(name.encode()):08x}" for name in strategies},
        "versions": {"sweep": "0.1.0", "numpy": "2.2"},
        "command": "sweep run configs/synthetic.yaml",
        "created": "2026-01-02T03:04:05Z",
        "simulations": len(rows),
        "seed": 2016,
        **(metadata or {}),
    }
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"sweep": json.dumps(described)}))


PARAMETERS = frozenset(
    (
        *(
            "strategy",
            "label",
            "traffic",
            "host",
            "nic",
            "kernel",
            "ring",
            "nic.tx_ring",
            "strategy.pool_size",
            "truesize_bytes",
        ),
        *("load", "packets", "warmup", "seed", "replicate"),
    )
)


RATIO = re.compile("_per_|_ratio$|_pps$")  # names of metrics


def _role(name: str) -> str:
    if name in PARAMETERS:
        return "parameter"
    return "histogram" if name.endswith("_histogram") else "metric" if RATIO.search(name) else "counter"


def _part(name: str) -> dict[str, str]:
    """What a published table says of a parameter: what it belongs to, and what it decides."""
    said = (SCHEMA.field(name).metadata or {}) if name in SCHEMA.names else {}
    return {what: said[what.encode()].decode() for what in ("of", "decides") if what.encode() in said}


def _kind(name: str, values: list) -> pa.DataType:
    if name.endswith("_histogram"):
        return pa.list_(pa.int64(), 256)
    if name == "valid":
        return pa.bool_()
    first = next((value for value in values if value is not None), "")
    for kind, arrow in ((bool, pa.bool_()), (int, pa.int64()), (float, pa.float64())):
        if isinstance(first, kind):
            return arrow
    return pa.string()


def _row(strategy: str, label: str | None, mix: str, load: float, ring: int, replicate: int, effects: Effects) -> dict:
    common = np.random.default_rng([crc32(mix.encode()), round(load * 1e6), replicate]).normal()
    own = np.random.default_rng([crc32(f"{strategy}{label}{mix}".encode()), round(load * 1e6), ring, replicate])
    row: dict = {
        "id": f"{crc32(f'{strategy}{label}{mix}{load}{ring}{replicate}'.encode()):08x}",
        "strategy": strategy,
        "label": label,
        "traffic": mix,
        "host": "xeon-e5-1650v4",
        "nic": "10g",
        "kernel": "6.12",
        "ring": ring,
        "nic.tx_ring": 1024,
        "strategy.pool_size": None if strategy != "page_pool" else ring * (2 if label == "pool=2x" else 1),
        "truesize_bytes": TRUESIZE_BYTES.get(strategy, 4096),
        "load": load,
        "packets": PACKETS,
        "warmup": WARMUP,
        "seed": 2016,
        "replicate": replicate,
        "valid": True,
        "violation": None,
    }
    pps = load * LINK_PPS
    lap = ring / pps * 1e9
    hold = HOLD_NS.get(mix, 50_000.0)
    reuse = {"refcount_recycle": lap / (lap + 0.02 * hold) if lap > hold else 0.2 * lap / hold, "page_pool": 0.999}
    reused = reuse.get(strategy, 0.0)
    drop = effects.drop_ratio(row)
    received = round(WINDOW * (1 - drop))
    taken = round(received * (1 - reused))
    calls = {"page_frag": taken // 16, "page_pool": taken // 64}.get(strategy, taken)
    slow = calls if effects.alloc_slow is None else effects.alloc_slow(row)
    split = {
        "stack": STACK_NS.get(mix, 500.0),
        "poll": 8.0,
        "allocate": 90.0 * calls / max(received, 1),
        "recycle": {"page_pool": 9.0, "refcount_recycle": 5.0}.get(strategy, 2.0),
        "dma": 25.0 * (1 - reused),
        "lock": 20.0 * calls / max(received, 1),
        "copy": 0.0,
        "remote": 6.0 if mix.startswith("host") else 0.0,
    }
    true = sum(split.values()) if effects.ns is None else effects.ns(row)
    noise = 1 + effects.noise * common + effects.own_noise * own.normal()
    kind = "forwarded" if mix.startswith("router") else "filtered" if mix.startswith("drop") else "delivered"
    out = round(pps * hold / 1e9)  # buffers in the TX ring or the socket
    cache, pool_ring = (60, 3 * ring // 10) if strategy == "page_pool" else (0, 0)
    forwarded, delivered = (out if kind == which else 0 for which in ("forwarded", "delivered"))
    held = (ring + forwarded + delivered) * row["truesize_bytes"] / 4096 + cache + pool_ring
    samples = own.lognormal(np.log(hold * 0.6), 0.5, 2000).astype(np.int64)
    counts = np.bincount([bucket(int(value)) for value in samples], minlength=256)
    row |= {
        "offered_packets": WINDOW,
        "offered_bytes": WINDOW * FRAME_BYTES,
        "start_ps": 0,
        "end_ps": round(WINDOW / pps * 1e12),
        "rx_packets": received,
        "delivered_packets": received if kind == "delivered" else 0,
        "forwarded_packets": received if kind == "forwarded" else 0,
        "filtered_packets": received if kind == "filtered" else 0,
        "drop_no_descriptor_packets": WINDOW - received,
        "stalls": 20 if "slow" in mix else 0,
        "allocator_calls": calls,
        "pages_taken": taken,
        "posted_buffers": received,
        "released_buffers": received,
        "deferred_frees": received // 2 if kind == "delivered" else 0,
        "pages_held_start": round(held),
        "pages_held_end": round(held),
        "pages_held_peak": round(held * 1.3),
        "latency_ns_histogram": counts.tolist(),
        "ns_per_packet": float(true * noise),
        "allocator_calls_per_packet": calls / max(received, 1),
        "pages_taken_per_packet": taken / max(received, 1),
        "drop_ratio": (WINDOW - received) / WINDOW,
        "delivered_ratio": received / WINDOW,
        "throughput_pps": pps * received / WINDOW,
        "cpu_busy_ratio": min(1.0, pps * true / 1e9),
        "pages_held_mean_pages": float(held),
        "rx_ring_mean_buffers": float(ring),
        "tx_ring_mean_buffers": float(forwarded),
        "socket_mean_buffers": float(delivered),
        "pool_cache_mean_pages": float(cache),
        "pool_ring_mean_pages": float(pool_ring),
        "pcp_mean_pages": 32.0,
        "rx_ring_end_buffers": ring,
        "tx_ring_end_buffers": forwarded,
        "socket_end_buffers": delivered,
        "pool_cache_end_pages": cache,
        "pool_ring_end_pages": pool_ring,
        "zone_lock_takes_per_packet": calls / max(received, 1) / 31,
        "lap_ns": lap,
        "reuse_ratio": float(reused),
        **{f"{name}_ns_per_packet": float(value) for name, value in split.items()},
    }
    if strategy == "page_pool":
        row |= {
            "alloc_fast": received - slow * 63,
            "alloc_slow": slow,
            "alloc_slow_high_order": 0,
            "alloc_empty": slow,
            "alloc_refill": received // 64,
            "alloc_waive": 0,
            "recycle_cached": 0 if kind == "delivered" else received,
            "recycle_cache_full": 0,
            "recycle_ring": received if kind == "delivered" else 0,
            "recycle_ring_full": 0,
            "recycle_released_refcnt": 0,
        }
    for name, make in effects.overrides.items():
        row[name] = make(row)
    return row
