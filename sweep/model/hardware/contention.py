# SPDX-License-Identifier: MIT
"""Waiting for the zone lock: CPUs that think, queue for one lock and hold it, by exact mean value analysis.

All CPUs of the host that allocate or free take the same lock.  Each thinks for some time between two takes, then
waits for those before it.  Adding one CPU at a time, the one added meets the queue of a system without it (the
arrival theorem); who waits polls the lock's cache line and makes the hold longer, `lock_waiter` for each, so
throughput falls once enough CPUs wait.

Not modelled: the queue's order (the slow path is a FIFO), think times other than exponential ones, holds that vary.
Source: [reiser-1980]; [boyd-wickizer-2012] for the hold that grows with the waiters; [toukan-2017-09-14], the measured
collapse.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device

QUEUE_SHIFT = 10  # queue lengths are in 1/1024


@device
def lock_wait_ps(cpus: int, think_ps: int, hold_ps: int, waiter_ps: int) -> int:
    """Mean time that a take costs beyond an uncontended hold, ps, with `cpus` CPUs `think_ps` apart from the lock."""
    queue = 0
    response_ps = hold_ps
    for n in range(1, cpus + 1):
        slowed_ps = hold_ps + (waiter_ps * queue >> QUEUE_SHIFT)
        response_ps = slowed_ps * (queue + (1 << QUEUE_SHIFT)) >> QUEUE_SHIFT
        queue = (n * response_ps << QUEUE_SHIFT) // max(think_ps + response_ps, 1)
    return response_ps - hold_ps
