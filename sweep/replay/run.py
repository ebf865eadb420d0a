# SPDX-License-Identifier: MIT
"""Replay a recorded trace, and list where the results differ from the kernel's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sweep.model.compiler.jit import bind, compiled
from sweep.model.kernel.releases import refill_pages
from sweep.model.page_pool.lifecycle import DMA_MAP, DMA_SYNC_DEV, create_errno, ring_slots
from sweep.model.page_pool.pool import CACHE_REFILLS, Pool, pools

from .kernel import TraceKernel
from .operations import replay
from .pages import HOLES, TraceSim, trace_sim
from .trace import COLUMNS, COUNTER_COLUMNS, Trace, TraceParams

HASH_FACTOR = 1_000_003
HASH_MODULUS = 2**61 - 1


class ReplayResult(NamedTuple):
    """The results of replaying a trace."""

    create_errno: int
    shots: np.ndarray  # (snapshots + 1, columns) int64; the last row is the final state
    handles: np.ndarray  # (handles, 2) int64: serial of the page, -1 if it failed; byte offset
    totals: dict[str, int]


class TraceDifference(NamedTuple):
    """A value that differs from the kernel's."""

    where: str  # "create", "snapshots[3]", "final", "totals" or "handles[12]"
    column: str
    expected: int
    got: int


@cache
def compiled_kernel() -> Callable[..., None]:
    """`replay` compiled, over the traces' page allocator."""
    made: Callable[..., None] = compiled(replay, HOLES, "trace")
    return made


def plain_kernel() -> Callable[..., None]:
    """`replay` as plain Python over the traces' page allocator: slow, and a debugger works in it."""
    bound: Callable[..., None] = bind(replay, HOLES)
    return bound


def trace_pool(params: TraceParams, pages: int, kernel: TraceKernel) -> Pool:
    """The pool that these parameters create on this kernel, with serial numbers below `pages`."""
    pool = pools([ring_slots(params.pool_size, kernel.rules)], pages)
    pool.s.page_bytes = kernel.page_bytes
    pool.s.refill_pages = refill_pages(kernel.rules, kernel.page_bytes)
    pool.s.cache_pages = CACHE_REFILLS * pool.s.refill_pages
    pool.s.bulk_pages = pool.s.refill_pages if "pool_bulk" in kernel.rules else 1
    pool.s.order = params.order
    pool.s.nid = params.nid
    pool.s.cpu_node = params.numa_node
    pool.s.napi = params.napi
    pool.s.maps = 1 if params.flags & DMA_MAP else 0
    pool.s.syncs = 1 if params.flags & DMA_SYNC_DEV else 0
    pool.s.max_len = params.max_len
    return pool


def run(trace: Trace, run_ops: Callable[..., None] | None = None) -> ReplayResult:
    """Replay one trace with `run_ops`, by default the compiled kernel."""
    kernel = trace.kernel
    slots = ring_slots(trace.params.pool_size, kernel.rules)
    errno = create_errno(trace.params.flags, trace.params.max_len, slots)
    if errno != 0:
        return ReplayResult(errno, np.zeros((0, len(COLUMNS)), np.int64), np.zeros((0, 2), np.int64), {})
    pages_each = 64 if trace.params.order == 0 else 1  # an allocation makes at most one request
    sim = trace_sim(trace.handles, trace.snapshots + 1, len(COLUMNS), kernel.rules)
    pool = trace_pool(trace.params, pages_each * trace.handles, kernel)
    (run_ops or compiled_kernel())(sim, pool, trace.ops)
    handles = np.stack([sim.handle_page, sim.handle_offset], axis=1)
    return ReplayResult(0, sim.snapshots, handles, _totals(sim, pool, handles, fragment_handles(trace.ops)))


def fragment_handles(ops: np.ndarray) -> np.ndarray:
    """Mask (handles,) of the handles that are fragments, not whole pages."""
    is_page, is_fragment = ops[:, 0] == ord("A"), ops[:, 0] == ord("F")
    counts = np.where(is_page, ops[:, 1], np.where(is_fragment, ops[:, 2], 0))
    return np.repeat(is_fragment, counts)


def handle_hash(handles: np.ndarray, fragment: np.ndarray) -> int:
    """Hash of the page serial, and for fragments the offset, of every handle; the same as the recorder computes."""
    h = 0
    for (serial, offset), is_fragment in zip(handles.tolist(), fragment.tolist(), strict=True):
        h = (h * HASH_FACTOR + serial + 1) % HASH_MODULUS
        if is_fragment and serial >= 0:
            h = (h * HASH_FACTOR + offset) % HASH_MODULUS
    return h


def _totals(sim: TraceSim, pool: Pool, handles: np.ndarray, fragment: np.ndarray) -> dict[str, int]:
    ring = pool.ring.s[0]
    return {
        "handle_hash": handle_hash(handles, fragment),
        "n_handles": len(handles),
        "alloc_ok": int((handles[:, 0] >= 0).sum()),
        "allocator_failures": int(sim.counters[0].allocator_failures),
        "release_retry_pending": int(pool.s[0].retry),
        "ring_size": int(ring.slot_count),
        "ring_batch": int(ring.batch),
    }


def differences(trace: Trace, answer: ReplayResult) -> list[TraceDifference]:
    """All values of `answer` that differ from what the trace expects, in order of time."""
    if trace.create_errno != answer.create_errno:
        return [TraceDifference("create", "create_errno", trace.create_errno, answer.create_errno)]
    if trace.create_errno != 0:
        return []
    differing = []
    if len(trace.shots) != trace.snapshots:
        differing.append(TraceDifference("totals", "snapshots", len(trace.shots), trace.snapshots))
    first = 0 if trace.has_counters else len(COUNTER_COLUMNS)
    for index, (want, actual) in enumerate(zip(trace.shots, answer.shots[:-1].tolist(), strict=False)):
        differing += _row(f"snapshots[{index}]", want, actual, first)
    differing += _row("final", trace.final, answer.shots[-1].tolist(), first)
    differing += _handles(trace, answer)
    differing += [
        TraceDifference("totals", name, value, answer.totals[name])
        for name, value in trace.totals
        if value != answer.totals[name]
    ]
    return differing


def _row(where: str, want: Any, got: Any, first: int) -> list[TraceDifference]:
    rows = list(zip(COLUMNS, want, got, strict=True))[first:]
    return [TraceDifference(where, column, expected, value) for column, expected, value in rows if expected != value]


def _handles(trace: Trace, answer: ReplayResult) -> list[TraceDifference]:
    if trace.handle_list is None:
        return []
    if len(trace.handle_list) != len(answer.handles):
        return [TraceDifference("totals", "handles", len(trace.handle_list), len(answer.handles))]
    differing = []
    for index, (want, actual) in enumerate(zip(trace.handle_list, answer.handles.tolist(), strict=True)):
        for column, expected, value in zip(("serial", "offset"), want, actual, strict=True):
            if expected != value:
                differing.append(TraceDifference(f"handles[{index}]", column, expected, value))
    return differing
