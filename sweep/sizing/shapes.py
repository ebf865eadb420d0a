# SPDX-License-Identifier: MIT
"""How metrics go with ring, pool and load: the assumption that lets one simulation speak for others.

Each line has its reason, and was held against every pair of cells of `configs/mm_summit_2016.yaml`, 2,268 along the
ring and 756 along the load: paired differences beyond 2 %, at 99 %.  Of what is in no line nothing is assumed: every
smaller ring is simulated.  A contradiction seen while searching ends the assumption for that series (`lattice`).

| metric | ring | pool | load | pairs that go the other way |
|---|---|---|---|---|
| drop_ratio | falls, may turn | - | rises | ring: 29 turns at the largest, 6 where over half is dropped; load: 0 |
| delivered_ratio | rises, may turn | - | falls | ring: 36 turns at the largest, 6 likewise; load: 0 |
| allocator_calls, pages_taken, per packet | falls | falls | - | ring: 0 |
| reuse_ratio | rises | rises | - | ring: 0 |
| pages_held_mean_pages | rises | rises | - | ring: 4, all where over a quarter is dropped; nothing is assumed there |
| rx_ring_mean_buffers | rises | - | - | ring: 0 |
| latency_p99_ns | - | - | rises | load: 0 |
| lap_ns | rises | - | falls | 0, by definition |

A direction along the load only says which load is searched first.  The pool's column follows from what a pool is; that
sweep file has no axis of its own for it.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Which way a metric goes where a parameter grows: 1 rises, -1 falls, 0 not known."""

    ring: int = 0
    pool: int = 0
    load: int = 0
    turns: bool = False  # from some ring on it may go back
    calm: bool = False  # only where no more is dropped than OVERLOAD
    why: str = ""

    def where(self, overload: bool) -> Shape:
        """What is left of it in an overload."""
        return UNKNOWN if self.calm and overload else self

    def of_badness(self, sign: str) -> Shape:
        """The same for what an objective of this sign wants small.

        What gets better with the ring and then worse still says that smaller rings are worse; what gets worse first
        says nothing.
        """
        if sign in (">", ">="):
            self = self._replace(ring=-self.ring, pool=-self.pool, load=-self.load)
        return self._replace(ring=0, turns=False) if self.turns and self.ring > 0 else self


_DROPS = "a longer ring outlasts longer bursts and pauses, until rings outgrow the cache and each packet costs more"
_CALLS = "a lap of a longer ring, and a larger pool, give every page more time to come back"
UNKNOWN = Shape()
OVERLOAD = 0.25  # ratio of packets that are dropped
SHAPES = {
    "drop_ratio": Shape(ring=-1, load=1, turns=True, why=_DROPS),
    "delivered_ratio": Shape(ring=1, load=-1, turns=True, why=_DROPS),
    "allocator_calls_per_packet": Shape(ring=-1, pool=-1, why=_CALLS),
    "pages_taken_per_packet": Shape(ring=-1, pool=-1, why=_CALLS),
    "reuse_ratio": Shape(ring=1, pool=1, why=_CALLS),
    "pages_held_mean_pages": Shape(ring=1, pool=1, calm=True, why="each descriptor holds a buffer"),
    "rx_ring_mean_buffers": Shape(ring=1, why="each descriptor holds a buffer"),
    "latency_p99_ns": Shape(load=1, why="a busier queue is a longer one"),
    "lap_ns": Shape(ring=1, load=-1, why="it is ring over packet rate"),
}


def shape(metric: str) -> Shape:
    """What is assumed of a metric."""
    return SHAPES.get(metric, UNKNOWN)
