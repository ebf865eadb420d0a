# SPDX-License-Identifier: MIT
"""Published tables of many kinds, each a function of its seed: what a sweep may come to, and what it seldom comes to.

Mixes, loads, rings, replicates and strategies in any number; variants by label and by knob; costs that tie, differ by
less than the margin, or cross; drops of none, some and all packets; rows that are missing, invalid, doubled or without
a number; windows too short and stocks that move; tables that count episodes and such that do not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.report.counted_episodes import counted
from tests.report.synthetic_sweep import STRATEGIES, Effects, table

MIXES = ("router", "host", "host_slow_reader", "drop_flood", "mixed_bag", "it's odd")
LOADS = (0.05, 0.1, 0.3, 0.45, 0.6)
RINGS = (64, 128, 256, 512, 1024, 4096)
KNOBS = (8, 64)
CLAIMS = (
    "ns_per_packet[page_pool] < 520",
    "ns_per_packet[page_pool, ring>=256] < ns_per_packet[page_allocator]",
    "drop_ratio[strategy!=page_frag] <= 0.1 %",
    "allocator_calls_per_packet[refcount_recycle, load<0.5] < 0.3",
    "pages_held_mean_pages >= 100",
    "no_such_metric < 1",
)
ASKED = ({"name": "S3 the rule is tiny", "that": "recycle_ns_per_packet[refcount_recycle] < 20"},)  # the thread's six


class Made(NamedTuple):
    """A table, and SQL for the names that its report has."""

    table: pa.Table
    col: str | None


def some(chance: random.Random, choices, least: int, most: int) -> list:
    """A few of these, in their order."""
    chosen = set(chance.sample(list(choices), chance.randint(least, min(most, len(choices)))))
    return [each for each in choices if each in chosen]


def made(seed: int) -> Made:
    """The table of a seed."""
    chance = random.Random(seed)
    mixes, loads, rings = some(chance, MIXES, 1, 4), some(chance, LOADS, 1, 3), some(chance, RINGS, 1, 4)
    strategies = some(chance, (*STRATEGIES, "hugepage_pool", "fifo_cache"), 1, 6)
    chance.shuffle(strategies)
    replicates = chance.choice((1, 2, 3, 3, 4, 5))
    by_knob = chance.random() < 0.3 and "page_pool" in strategies
    given = {
        "strategies": strategies,
        "mixes": mixes,
        "loads": loads,
        "rings": rings,
        "replicates": replicates,
        "variants": chance.random() < 0.3,
        "baseline": chance.choice(("page_allocator", "page_allocator", strategies[0], "page_pool")),
        "claims": [*ASKED, *({"name": text, "that": text} for text in some(chance, CLAIMS, 0, 6))][seed % 5 == 0 :],
        "metadata": {"simulations": chance.choice((1, 10_000))} if chance.random() < 0.3 else {},
    }
    source = table(effects=effects(chance, seed), **given)
    if counts_episodes(seed):
        source = counted(source, seed)
    col = None
    if by_knob:
        source = pa.concat_tables([knob(source, value, first=value == KNOBS[0]) for value in KNOBS])
        col = (
            "strategy || case when label is null"
            """ and "strategy.bulk" is null then '' else ' (' || concat_ws(', ', label,"""
            """ case when "strategy.bulk" is not null then 'strategy.bulk=' || "strategy.bulk" end) || ')' end"""
        )
    return Made(damaged(source, chance, seed), col)


def counts_episodes(seed: int) -> bool:
    """Whether the table of a seed is of a version that counts them; half of them are."""
    return random.Random(f"version of {seed}").random() < 0.5


def effects(chance: random.Random, seed: int) -> Effects:
    """What the strategies do: a cost for each of a few levels, so that many are equal or nearly so."""
    levels = chance.choice(
        ((500.0,), (500.0, 501.0, 502.0, 503.0), (300.0, 500.0, 501.0, 900.0), (480.0, 500.0, 520.0))
    )
    drops = chance.choice(((0.0,), (0.0, 0.0005, 0.0015), (0.0, 0.02, 0.3), (0.0, 1.0), (0.004, 0.0045, 0.006)))
    jitter = chance.choice((0.0, 0.0, 0.001, 0.02))

    def level(row: dict, of: tuple, *names: str):
        return of[random.Random(f"{seed}{[row[name] for name in names]}").randrange(len(of))]

    def dropped(row: dict) -> float:
        own = level(row, drops, "strategy", "traffic", "load", "ring")
        moved = own + jitter * random.Random(f"{seed}{list(row.values())}").uniform(-1, 1) * (own > 0)
        return min(max(moved, 0.0), 1.0)

    shape = {
        "warmup": lambda row: chance_of(row, "short", 20_000, 100),
        "pages_held_end": lambda row: round(row["pages_held_start"] * chance_of(row, "moving", 1, 2)),
    }

    def chance_of(row: dict, what: str, usual, other):
        return other if random.Random(f"{seed}{what}{row['strategy']}{row['ring']}").random() < 0.15 else usual

    moving = chance.random() < 0.4
    shape = (shape if moving else {}) | causes(seed)
    return Effects(
        ns=lambda row: level(row, levels, "strategy", "traffic", "load", "ring"),
        drop_ratio=dropped,
        noise=chance.choice((0.0, 0.02)),
        own_noise=chance.choice((0.0, 0.0, 0.0003, 0.002, 0.02)),
        overrides=shape,
    )


def causes(seed: int) -> dict[str, Callable[[dict], object]]:
    """What is dropped, lost where the packets of a mix pass too; in some tables for want of a descriptor alone."""
    if random.Random(f"causes of {seed}").random() < 0.3:
        return {}

    def share(row: dict) -> float:
        where = [row[name] for name in ("strategy", "traffic", "load", "ring")]
        usual = random.Random(f"lost {seed}{where}").choice((0.0, 0.1, 0.5, 0.9, 1.0))
        return usual if usual in (0.0, 1.0) else min(max(usual + 0.2 * random.Random(row["id"]).uniform(-1, 1), 0), 1)

    def elsewhere(kind: str) -> Callable[[dict], object]:
        def lost(row: dict) -> int:
            dropped = row["offered_packets"] - row["rx_packets"]
            return round(dropped * share(row)) if row["traffic"].startswith(kind) else 0

        return lost

    others = {"drop_socket_buffer_packets": "host", "drop_tx_ring_packets": "router", "drop_nic_buffer_packets": "drop"}
    left = "drop_no_descriptor_packets"
    return {name: elsewhere(kind) for name, kind in others.items()} | {
        left: lambda row: row["offered_packets"] - row["rx_packets"] - sum(row[name] for name in others)
    }


def knob(source: pa.Table, value: int, *, first: bool) -> pa.Table:
    """A pool with this knob; the other strategies, which lack it, once."""
    pool = pc.equal(source.column("strategy"), "page_pool")
    if not first:
        source = source.filter(pool)
    own = [value if name == "page_pool" else None for name in source.column("strategy").to_pylist()]
    field = pa.field("strategy.bulk", pa.int64(), metadata={"role": "parameter", "of": "strategy", "decides": ""})
    if value != KNOBS[0]:
        ns = pc.multiply(source.column("ns_per_packet"), 1.003)
        place = source.column_names.index("ns_per_packet")
        source = source.set_column(place, source.schema.field(place), ns)
    return source.append_column(field, pa.array(own, pa.int64()))


def damaged(source: pa.Table, chance: random.Random, seed: int) -> pa.Table:
    """Rows without a number, invalid, missing and doubled; columns that an older table lacks."""
    draw = np.random.default_rng(seed)
    ns = source.column("ns_per_packet").to_pylist()
    received = source.column("rx_packets").to_pylist()
    odd = draw.random(len(source)) < chance.choice((0.0, 0.0, 0.05))
    ns = [
        None if not packets else float("nan") if bad else value
        for value, packets, bad in zip(ns, received, odd, strict=True)
    ]
    source = replaced(source, "ns_per_packet", pa.array(ns, pa.float64()))
    broken = draw.random(len(source)) < chance.choice((0.0, 0.0, 0.08))
    source = replaced(source, "valid", pa.array(~broken))
    source = replaced(source, "violation", pa.array(["pages: 1 lost" if bad else None for bad in broken], pa.string()))
    keep = draw.random(len(source)) >= chance.choice((0.0, 0.0, 0.1, 0.3))
    keep[0] = True
    source = source.filter(pa.array(keep))
    if chance.random() < 0.15:
        source = pa.concat_tables([source, source.slice(0, 2)])
    lacking = some(chance, ("drop_ratio", "reuse_ratio", "stalls", "pages_held_mean_pages", "recycle_ring"), 0, 2)
    there = [name for name in lacking if name in source.column_names]
    return source.drop_columns(there) if chance.random() < 0.2 else source


def replaced(source: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = source.column_names.index(name)
    return source.set_column(place, pa.field(name, values.type, metadata=source.schema.field(place).metadata), values)
