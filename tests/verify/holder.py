# SPDX-License-Identifier: MIT
"""A strategy for a test: a user beside every other, who keeps each page for a time of its own.

The model's own users keep pages in order (a TX ring, a socket); this one has no queue, which is the premise of
M/G/infinity.  Hold times come from the wake-up table of the scenario: value i for the i-th page.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sweep.model.compiler.jit import compiled, device
from sweep.model.lane.sim import PROCESS, Sim
from sweep.model.pages import page_alloc, page_free
from sweep.model.poll import run
from sweep.model.randomness.quantiles import sample
from sweep.model.randomness.rng import draw

MOST = 256  # pages held at once: more than 50 deviations above the stocks of these tests


class Pool(NamedTuple):
    """Who holds what until when, in no order, and how often a new page has found how many held."""

    count: np.ndarray  # (L,) int64: pages held
    total: np.ndarray  # (L,) int64: pages ever held
    due_ps: np.ndarray  # (L, MOST) int64
    page: np.ndarray  # (L, MOST) int64
    found: np.ndarray  # (L, MOST) int64: found[n] packets have found n pages held


def empty(lanes: int) -> Pool:
    """Nobody holds anything."""
    one, many = (lambda: np.zeros(lanes, np.int64)), (lambda: np.zeros((lanes, MOST), np.int64))
    return Pool(one(), one(), many(), many(), many())


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """A page of the page allocator."""
    return page_alloc(sim, lane)


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """The driver is done with a page, the holder is not: it gives back what is due, and keeps this one."""
    st, p = sim.state[lane], sim.params[lane]
    sim.counters[lane].released_buffers += 1
    kept = 0
    for i in range(pool.count[lane]):
        if pool.due_ps[lane, i] <= st.now_ps:
            page_free(sim, lane, pool.page[lane, i], PROCESS)
        else:
            pool.due_ps[lane, kept] = pool.due_ps[lane, i]
            pool.page[lane, kept] = pool.page[lane, i]
            kept += 1
    if st.window == 1:
        pool.found[lane, kept] += 1
    pool.due_ps[lane, kept] = st.now_ps + sample(sim.tables, p.wakeup_table, draw(p.key_wakeup, pool.total[lane]))
    pool.page[lane, kept] = buffer
    pool.count[lane] = kept + 1
    pool.total[lane] += 1


@cache
def kernel() -> Any:
    """The loop with this strategy in its holes, compiled."""
    return compiled(run, {"alloc": alloc, "release": release}, "holder")
