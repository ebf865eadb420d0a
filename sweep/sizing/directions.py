# SPDX-License-Identifier: MIT
"""The assumed directions of metrics with ring, pool and load, by which one simulation implies states of others.

Each line has its reason, and was checked with every pair of cells of `configs/mm_summit_2016.yaml`, 2,268 along the
ring and 756 along the load: paired differences beyond 2 %, at 99 %.  Nothing is assumed of metrics not listed: every
smaller ring is simulated.  A contradiction seen in a search drops the assumption for that series (`lattice`).

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


class Direction(NamedTuple):
    """The direction of a metric as a parameter grows: 1 rises, -1 falls, 0 unknown."""

    ring: int = 0
    pool: int = 0
    load: int = 0
    turns: bool = False  # from some ring on, the direction may reverse
    calm: bool = False  # holds only if the drop ratio is at most OVERLOAD
    why: str = ""

    def where(self, overload: bool) -> Direction:
        """The assumption that still holds in an overload."""
        return UNKNOWN if self.calm and overload else self

    def of_badness(self, sign: str) -> Direction:
        """The assumption for the badness under an objective with this sign, which is small where the objective is met.

        What gets better with the ring and then worse still says that smaller rings are worse; what gets worse first
        says nothing.
        """
        if sign in (">", ">="):
            self = self._replace(ring=-self.ring, pool=-self.pool, load=-self.load)
        return self._replace(ring=0, turns=False) if self.turns and self.ring > 0 else self


_DROPS = "a longer ring outlasts longer bursts and pauses, until rings outgrow the cache and each packet costs more"
_CALLS = "a lap of a longer ring, and a larger pool, give every page more time to come back"
UNKNOWN = Direction()
OVERLOAD = 0.25  # ratio of packets that are dropped
SHAPES = {
    "drop_ratio": Direction(ring=-1, load=1, turns=True, why=_DROPS),
    "delivered_ratio": Direction(ring=1, load=-1, turns=True, why=_DROPS),
    "allocator_calls_per_packet": Direction(ring=-1, pool=-1, why=_CALLS),
    "pages_taken_per_packet": Direction(ring=-1, pool=-1, why=_CALLS),
    "reuse_ratio": Direction(ring=1, pool=1, why=_CALLS),
    "pages_held_mean_pages": Direction(ring=1, pool=1, calm=True, why="each descriptor holds a buffer"),
    "rx_ring_mean_buffers": Direction(ring=1, why="each descriptor holds a buffer"),
    "latency_p99_ns": Direction(load=1, why="a busier queue is a longer one"),
    "lap_ns": Direction(ring=1, load=-1, why="it is ring over packet rate"),
}


def shape(metric: str) -> Direction:
    """The assumption about a metric; UNKNOWN if there is none."""
    return SHAPES.get(metric, UNKNOWN)
