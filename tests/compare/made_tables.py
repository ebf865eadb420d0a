# SPDX-License-Identifier: MIT
"""Published tables with known differences: a row per simulation, noise shared by BASE and NEW as packets are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from sweep.schema import results_schema

SCHEMA = results_schema()
Row = dict[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})
PARAMETERS = ("strategy", "label", "traffic", "host", "ring", "load", "packets", "warmup", "seed", "replicate")
UNITS = {"ns_per_packet": "ns", "pages_held_mean_pages": "pages", "host.atomic": "ns", "latency_p99_ns": "ns"}
GATE = """\
metrics:
  - {metric: ns_per_packet, margin: 1 %, why: "a test has to say something"}
  - {metric: drop_ratio, margin: 0.001}
  - {metric: allocator_calls_per_packet, margin: 2 %, floor: 0.001}
"""


def unchanged(row: Row) -> None:
    """NEW as BASE was."""


def table(
    change: Callable[[Row], None] = unchanged,
    *,
    strategies: Sequence[str] = ("page_allocator", "page_pool"),
    labels: Mapping[str, Sequence[str]] = NOTHING,
    mixes: Sequence[str] = ("router",),
    loads: Sequence[float] = (0.3,),
    rings: Sequence[int] = (256, 1024),
    replicates: int = 4,
    seed: int = 1,
    noise: float = 0.02,
    own_noise: float = 0.0005,
    version: str = "base",
    keep: Callable[[Row], bool] = lambda row: True,
    about: Mapping[str, Any] = NOTHING,
) -> pa.Table:
    """Every combination, a row each, as `change` leaves it; `version` of the code is in the ids and the noise."""
    rows = []
    for strategy, mix, load, ring, replicate in product(strategies, mixes, loads, rings, range(replicates)):
        for label in labels.get(strategy, (None,)):
            row = _row(strategy, label, mix, load, ring, replicate, seed, noise, own_noise, version)
            change(row)
            if keep(row):
                rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    fields = [pa.field(name, _kind(rows, name), metadata=_metadata(name)) for name in names]
    described = {
        "name": "made",
        "simulations": len(rows),
        "format": 2,
        "strategy_digests": dict.fromkeys(strategies, f"{crc32(version.encode()):08x}"),
        "command": f"sweep run made.yaml --out runs/{version}",
        **about,
    }
    arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, {"sweep": json.dumps(described)}))


def _row(
    strategy: str,
    label: str | None,
    mix: str,
    load: float,
    ring: int,
    replicate: int,
    seed: int,
    noise: float,
    own_noise: float,
    version: str,
) -> Row:
    met = np.random.default_rng([crc32(mix.encode()), round(load * 1e6), replicate, seed]).normal()
    who = f"{strategy}{label}{mix}{load}{ring}{replicate}{seed}{version}"
    own = np.random.default_rng(crc32(who.encode())).normal()
    pool = strategy == "page_pool"
    return {
        "id": f"{crc32(who.encode()):08x}",
        "strategy": strategy,
        "label": label,
        "traffic": mix,
        "host": "xeon",
        "ring": ring,
        "load": load,
        "packets": 20_000,
        "warmup": 4_000,
        "seed": seed,
        "replicate": replicate,
        "packet_stream": f"{crc32(f'{mix} at {load}'.encode()):016x}",
        "host.atomic": 4.769,
        "ns_per_packet": (500.0 if pool else 600.0) * (1 + noise * met + own_noise * own),
        "drop_ratio": 0.0,
        "allocator_calls_per_packet": 0.0 if pool else 1.0,
        "throughput_pps": 1e6 * load,
        "recycle_ring": 1_000 if pool else None,
        "valid": True,
    }


def _kind(rows: Sequence[Row], name: str) -> pa.DataType:
    first = next((row[name] for row in rows if row.get(name) is not None), "")
    if isinstance(first, list):
        return pa.list_(pa.int64(), len(first))
    kinds = ((bool, pa.bool_()), (int, pa.int64()), (float, pa.float64()))
    return next((arrow for kind, arrow in kinds if isinstance(first, kind)), pa.string())


def _metadata(name: str) -> dict[str, str]:
    if name in PARAMETERS or name.startswith("host."):
        role = "parameter"
    elif name.endswith("_histogram"):
        role = "histogram"
    else:
        role = {"id": "id", "packet_stream": "id", "valid": "quality", "recycle_ring": "counter"}.get(name, "metric")
    return {"unit": UNITS.get(name, "1"), "meaning": name, "role": role} | published(name)


def published(name: str) -> dict[str, str]:
    """What a published table says of a parameter: what it belongs to, and what it decides."""
    if name not in SCHEMA.names:
        return {}
    said = SCHEMA.field(name).metadata
    return {what: said[what.encode()].decode() for what in ("of", "decides") if what.encode() in said}


def worse(share: float, **where: Any) -> Callable[[Row], None]:
    """A change: more ns per packet, in the rows that have these values."""

    def change(row: Row) -> None:
        if all(row[name] == value for name, value in where.items()):
            row["ns_per_packet"] *= 1 + share

    return change
