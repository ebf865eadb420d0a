# SPDX-License-Identifier: MIT
"""The page allocator of a replayed trace: fresh serial numbers, failures on demand, and its counters.

These functions fill the holes of the same name in the page_pool code; the sweep fills them with `pages`.
Every page gets the next serial number, never used again; the oracle that recorded the traces did the same.

Source: the recorded traces' environment, tests/golden/page_pool/FORMAT.md ("Page-allocator model").
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from sweep.fields.counters import COUNTERS
from sweep.fields.field import Field
from sweep.fields.kernel import LOOP_RULES
from sweep.model.compiler.jit import device
from sweep.model.kernel.releases import fragment_align_bytes
from sweep.model.lane.params import PARAMS
from sweep.model.lane.sim import STATE
from sweep.model.record import zeros
from sweep.model.strategies import page_pool

NO_LIMIT = -1

ALLOCATOR_STATE = (
    Field("next_serial", "page", "serial number of the next page"),
    Field("fail_requests", "1", "requests that are still to fail"),
    Field("bulk_limit", "pages", "pages that the next successful bulk request delivers; NO_LIMIT: all"),
    Field("next_handle", "1", "number of the next handle"),
    Field("next_snapshot", "1", "number of the next snapshot"),
)

ALLOCATOR_COUNTERS = (
    Field("bulk_calls", "1", "bulk requests"),
    Field("bulk_pages", "pages", "pages that they gave"),
    Field("single_calls", "1", "single requests"),
    Field("single_pages", "pages", "pages that they gave, a high-order page is one"),
    Field("freed", "pages", "pages whose last reference went, no matter who dropped it"),
    Field("dma_sync_bytes", "bytes", "bytes synced for the device"),
)


class TraceSim(NamedTuple):
    """The arrays of a replay, in place of `Sim`: one lane, no packets.  H handles, S snapshots."""

    params: np.recarray  # (1,) record of PARAMS: costs are 0
    state: np.recarray  # (1,) record of STATE and ALLOCATOR_STATE
    counters: np.recarray  # (1,) record of COUNTERS, page_pool's own and ALLOCATOR_COUNTERS
    handle_page: np.ndarray  # (H,) int64: serial of the page behind a handle, -1 if the allocation failed
    handle_offset: np.ndarray  # (H,) int64: byte offset of the fragment
    batch: np.ndarray  # (H,) int64: pages of the bulk put under way
    snapshots: np.ndarray  # (S, columns) int64


def trace_sim(handles: int, snapshots: int, columns: int, rules: Collection[str]) -> TraceSim:
    """A simulation without packets for a trace of this size, of a kernel with these rules."""
    sim = TraceSim(
        zeros(PARAMS, 1),
        zeros(STATE + ALLOCATOR_STATE, 1),
        zeros(COUNTERS + page_pool.COUNTERS + ALLOCATOR_COUNTERS, 1),
        np.zeros(handles, np.int64),
        np.zeros(handles, np.int64),
        np.zeros(handles, np.int64),
        np.zeros((snapshots, columns), np.int64),
    )
    for rule in LOOP_RULES:
        sim.params[rule.name] = int(rule.name in rules)
    sim.params.skb_locality = 0  # a trace has no sk_buffs: its puts are the pool's own
    sim.params.skb_recycle = 1
    sim.params.fragment_align_bytes = fragment_align_bytes(rules)
    sim.state.bulk_limit = NO_LIMIT
    return sim


@device
def request_fails(sim: TraceSim, lane: int) -> bool:
    """Whether the next request fails, as operation E asked for."""
    st = sim.state[lane]
    if st.fail_requests == 0:
        return False
    st.fail_requests -= 1
    sim.counters[lane].allocator_failures += 1
    return True


@device
def single_request(sim: TraceSim, lane: int) -> int:
    """Count one request for one page, whatever its order; returns how many were allocated."""
    c = sim.counters[lane]
    c.single_calls += 1
    if request_fails(sim, lane):
        return 0
    c.single_pages += 1
    return 1


@device
def page_bulk(sim: TraceSim, lane: int, want: int) -> int:
    """One bulk request for `want` pages, or a single one in a kernel without; returns how many were allocated."""
    st, c = sim.state[lane], sim.counters[lane]
    if sim.params[lane].pool_bulk == 0:
        return single_request(sim, lane)
    c.bulk_calls += 1
    if request_fails(sim, lane):
        return 0
    delivered = want
    if st.bulk_limit != NO_LIMIT:
        delivered = min(want, st.bulk_limit)
        st.bulk_limit = NO_LIMIT
    c.bulk_pages += delivered
    return delivered


@device
def bulk_page(sim: TraceSim, lane: int) -> int:
    """Serial number of the next page."""
    st = sim.state[lane]
    serial: int = st.next_serial
    st.next_serial += 1
    return serial


@device
def order_alloc(sim: TraceSim, lane: int, order: int) -> int:
    """One request for a page of `order`; returns its serial number, or -1 if it failed."""
    return bulk_page(sim, lane) if single_request(sim, lane) == 1 else -1


@device
def page_free(sim: TraceSim, lane: int, page: int, context: int) -> None:
    """Count a page whose last reference has gone."""
    sim.counters[lane].freed += 1


@device
def dma_map(sim: TraceSim, lane: int) -> None:
    """Count a page that is mapped for DMA."""
    sim.counters[lane].dma_maps += 1


@device
def dma_unmap(sim: TraceSim, lane: int) -> None:
    """Count a page that is unmapped."""
    sim.counters[lane].dma_unmaps += 1


@device
def dma_sync(sim: TraceSim, lane: int, length_bytes: int) -> None:
    """Count `length_bytes` of a page that are synced for the device."""
    sim.counters[lane].dma_syncs += 1
    sim.counters[lane].dma_sync_bytes += length_bytes


@device
def opened(sim: TraceSim, lane: int, page: int, pages: int) -> None:
    """Does nothing: a replay models no CPU cache."""


HOLES: dict[str, Callable[..., Any]] = {
    "page_bulk": page_bulk,
    "bulk_page": bulk_page,
    "order_alloc": order_alloc,
    "page_free": page_free,
    "dma_map": dma_map,
    "dma_unmap": dma_unmap,
    "dma_sync": dma_sync,
    "opened": opened,
}
