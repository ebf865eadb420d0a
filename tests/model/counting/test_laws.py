# SPDX-License-Identifier: MIT
"""Every law holds in a real row, and is caught when a counter or a state is changed behind its back."""

from __future__ import annotations

import pytest

from sweep.model.counting import laws
from sweep.model.lane.sim import Sim
from sweep.model.strategies import NAMES, strategy
from tests.model.scenes import LOCAL, NS, constant, knobs, run, scenario
from tests.reference.comparison import prepare, run_engine

# law -> what breaks it: "counters", "state" or "params", the field, and by how much
PLANTED = {
    "packets in = packets out + inside": ("counters", "drop_socket_buffer_packets", 1),
    "12.9: packets in = taken from the ring + lost + waiting": ("counters", "drop_no_descriptor_packets", 1),
    "packets inside = on the rings + in the socket": ("state", "tx_queued", 1),
    "packets copied <= packets not filtered": ("counters", "copied_packets", 1000),
    "latencies = packets out": ("counters", "forwarded_packets", 1),
    "12.9: full polls * budget <= packets": ("counters", "full_polls", 1000),
    "12.9: packets <= full polls * budget + other polls * (budget - 1)": ("counters", "rx_packets", 1 << 20),
    "interrupts + full polls <= polls + 1": ("counters", "interrupts", 2),
    "ring occupancies = polls": ("counters", "polls", 1),
    "no poll finds more packets than descriptors": ("params", "ring", -4),
    "buffers on the ring = start + posted - packets taken": ("state", "rx_ring_start", 1),
    "buffers on the ring <= ring": ("counters", "rx_ring_end_buffers", 100),
    "empty descriptors < refill batch, not starved": ("counters", "rx_ring_end_buffers", -1),
    "frames in the TX ring <= TX ring": ("counters", "tx_ring_end_buffers", 100),
    "frames unmapped = forwarded, if mapped": ("counters", "tx_dma_unmaps", 1),
    "frames mapped - unmapped = change of the TX ring, if mapped": ("counters", "tx_dma_maps", 1),
    "buffers posted - released = change of buffers out": ("counters", "posted_buffers", 1),
    "pages taken - given back = pages held": ("counters", "pages_taken", 1),
    "pages held <= peak": ("counters", "pages_held_peak", -1000),
    "memory = zone + lists + pages held": ("state", "zone_free", -1),
    "0 <= pages in the zone": ("state", "zone_free", -(1 << 41)),
    "allocator failures <= allocator calls": ("counters", "allocator_failures", 1000),
    "census of the RX ring <= ring * window": ("counters", "rx_ring_buffer_ns", 1 << 40),
    "census of the TX ring <= TX ring * window": ("counters", "tx_ring_buffer_ns", 1 << 40),
    "census of pages held <= peak * window": ("counters", "pages_held_page_ns", 1 << 40),
    "truesize = buffers and copies in the socket": ("state", "socket_truesize", 1),
    "truesize <= peak": ("counters", "socket_truesize_peak", -(1 << 20)),
    "peak of truesize <= rcvbuf, and a packet": ("counters", "socket_truesize_peak", 1 << 24),
    "wakeups <= packets read + 1": ("counters", "wakeups", 1000),
    "buffers on the deferred list <= its limit": ("state", "deferred_count", 129),
    "kicks * (half of the limit + 1) <= deferred frees": ("counters", "deferred_kicks", 1000),
    "warm-up has ended": ("state", "window", -1),
    "CPU time <= time": ("counters", "start_ps", 1 << 50),
    "CPU time split = CPU time": ("counters", "copy_ps", 1),
    "time of polls = polls, interrupts and kicks at their costs": ("counters", "poll_ps", 1),
    "maps, unmaps and syncs at their costs <= time of DMA": ("counters", "dma_ps", -1),
    "takes of the lock at their cost <= time of the lock": ("counters", "lock_ps", -1),
}
STOCK = {
    "12.2: left the ring = refilled + waived": ("counters", "recycle_ring", 1),
    "12.2: refilled <= 64 * refills": ("counters", "pool_cache_end_pages", 1000),
    "12.4: empty + waive >= slow": ("counters", "alloc_empty", -1000),
    "12.4: empty = slow + failures, nothing waived": ("counters", "allocator_failures", 1),
    "12.5: pages taken <= bulk * slow": ("counters", "pages_taken", 1000),
    "12.5: pages taken = bulk * slow, memory ample": ("counters", "alloc_slow", 1),
    "12.7: cache_full <= ring + ring_full": ("counters", "recycle_cache_full", 1000),
    "puts into the cache <= the driver's, of a pool without NAPI": ("counters", "recycle_cached", 1000),
    "pages in cache <= 128": ("counters", "pool_cache_end_pages", 129),
    "pages in ring <= pool_size": ("counters", "pool_ring_end_pages", 1000),
    "one map per page taken": ("counters", "dma_maps", 1),
    "one unmap per page given back": ("counters", "dma_unmaps", 1),
}
OWN = {
    "bounded_pool": {
        "pages held = census": ("counters", "pool_ring_end_pages", 1),
        "census of pages held = sum of the holders": ("counters", "pool_ring_page_ns", 1),
        "fast + refill + slow + slow_high_order = buffers posted": ("counters", "alloc_fast", 1),
        "cached + ring + ring_full + released_refcnt = puts": ("counters", "recycle_released_refcnt", 1),
        "12.3: handed out - put back = change of pages outside": ("counters", "recycle_ring_full", 1),
        "pages held <= pool_size": ("counters", "pages_held_peak", 1000),
        "the allocator is asked only below the bound": ("counters", "allocator_calls", 1000),
        "one sync per new page and per put": ("counters", "dma_syncs", 1),
        **{law: planted for law, planted in STOCK.items() if "memory ample" not in law},
    },
    "page_allocator": {
        "pages held = census": ("counters", "socket_end_buffers", 1),
        "census of pages held = sum of the holders": ("counters", "socket_buffer_ns", 1),
        "one map per page taken": ("counters", "dma_maps", 1),
        "one unmap per page given back": ("counters", "dma_unmaps", 1),
    },
    "refcount_recycle": {
        "pages held = census": ("counters", "pool_cache_end_pages", 1),
        "census of pages held = sum of the holders": ("counters", "pool_cache_page_ns", 1),
        "one map per page taken": ("counters", "dma_maps", 1),
        "one unmap per busy page": ("counters", "slot_busy", 1),
        "new or reused = buffers posted": ("counters", "slot_reuse", 1),
    },
    "page_flip": {
        "driver's pages <= pages held": ("counters", "rx_ring_end_buffers", 1000),
        "pages held <= driver's pages + halves out": ("counters", "pages_held_end", 1000),
        "two halves a page": ("counters", "socket_end_buffers", 1000),
        "new + reused = posted + kept": ("counters", "page_reuse", 1),
        "reused + busy = packets, if pages are reused": ("counters", "page_busy", 1),
        "new pages = pages taken": ("counters", "page_new", 1),
        "one map per page taken": ("counters", "dma_maps", 1),
        "one unmap per page given up": ("counters", "dma_unmaps", 1),
        "one sync per buffer posted": ("counters", "dma_syncs", 1),
    },
    "fifo_cache": {
        "pages held = census": ("counters", "pool_cache_end_pages", 1),
        "census of pages held = sum of the holders": ("counters", "pool_cache_page_ns", 1),
        "reuse + empty + busy = page requests": ("counters", "cache_reuse", 1),
        "empty + busy = allocator calls": ("counters", "cache_empty", 1),
        "no page is waived": ("counters", "cache_waive", 1),
        "pages in cache < cache_size": ("counters", "pool_cache_end_pages", 1000),
        "one map per page taken": ("counters", "dma_maps", 1),
        "one unmap per page given up, none bypassed": ("counters", "cache_full", 1),
        "one sync per page reused": ("counters", "dma_syncs", 1),
    },
    "page_frag": {
        "pages held <= 8 * fragments out + current block": ("counters", "pages_held_end", 1000),
        "fragments out fit the pages held": ("counters", "socket_end_buffers", 1000),
        "pages taken = 8 * blocks + fallbacks": ("counters", "block_allocs", 1),
        "one map per fragment posted": ("counters", "dma_maps", 1),
        "one unmap per fragment released": ("counters", "dma_unmaps", 1),
    },
    "page_pool_frag": {
        "fast + refill + slow + slow_high_order = buffers posted, or pages opened": ("counters", "alloc_fast", 1),
        "cached + ring + ring_full + released_refcnt + frag_puts = puts": ("counters", "frag_puts", 1),
        "one sync per new page, put page and restart": ("counters", "frag_restarts", 1),
        "12.3: pages opened - put = change of pages outside": ("counters", "recycle_ring_full", 1),
        "pages outside <= fragments out + current page": ("counters", "pages_held_end", 1000),
        "fragments out fit the pages outside": ("counters", "socket_end_buffers", 1000),
        **STOCK,
    },
    "zero_copy": {
        "12.10: frames of all owners = area": ("counters", "socket_end_buffers", 1),
        "frames taken = buffers posted": ("counters", "fill_taken", 1),
        "frames put = buffers released": ("counters", "free_put", 1),
        "change of the stack": ("counters", "pool_cache_end_pages", 1),
        "change of the ring": ("counters", "pool_ring_start_pages", 1),
        "early <= empty, zcrx only": ("counters", "fill_early", 1),
        "entries flushed were posted, zcrx only": ("counters", "fill_flushes", 1),
        "no page taken": ("counters", "pages_taken", 1),
        "no page given back": ("counters", "pages_given", 1),
        "nothing mapped": ("counters", "dma_maps", 1),
        "one sync per buffer posted": ("counters", "dma_syncs", 1),
    },
    "hugepage_pool": {
        "pages held = census": ("counters", "provider_end_pages", 1),
        "census of pages held = sum of the holders": ("counters", "provider_page_ns", 1),
        "fast + refill + slow + slow_high_order = buffers posted": ("counters", "alloc_fast", 1),
        "cached + ring + ring_full + released_refcnt + left = puts": ("counters", "left_with_skb", 1),
        "12.3: handed out - put back = change of pages outside": ("counters", "recycle_ring_full", 1),
        "12.5: fresh pages <= bulk * slow": ("counters", "pages_taken", 1000),
        "slow <= fresh pages": ("counters", "alloc_slow", 1000),
        "one sync per fresh page and per put": ("counters", "dma_syncs", 1),
        **{law: planted for law, planted in STOCK.items() if "12.5" not in law and "one " not in law},
        "pages taken are whole regions": ("counters", "regions_taken", 1),
        "pages given are whole regions": ("counters", "regions_given", 1),
        "one map per region taken": ("counters", "dma_maps", 1),
        "one unmap per region given back": ("counters", "dma_unmaps", 1),
        "no region is kept whole": ("counters", "provider_end_pages", 1000),
    },
    "page_pool": {
        "pages held = census": ("counters", "pool_ring_end_pages", 1),
        "census of pages held = sum of the holders": ("counters", "pool_ring_page_ns", 1),
        "fast + refill + slow + slow_high_order = buffers posted": ("counters", "alloc_fast", 1),
        "cached + ring + ring_full + released_refcnt + left = puts": ("counters", "left_with_skb", 1),
        "12.3: handed out - put back = change of pages outside": ("counters", "recycle_ring_full", 1),
        "nothing recycled if shared": ("params", "shared", 1),
        "12.1: fast = (bulk - 1) * slow less kept, none recycled": ("counters", "recycle_ring", -8),
        "12.2: parked pages = change of cache + ring": ("counters", "alloc_refill", 1),
        **STOCK,
        "one sync per new page and per recyclable put": ("counters", "dma_syncs", 1),
    },
}

SMALL = {"page_pool": {"pool_size": 8}}  # so that a few packets reach every rule


def real(strategy: str = "page_allocator", **changes: object) -> Sim:
    costs = {"stack_local": 700 * NS, "poll": 50 * NS, "page_alloc": 30 * NS, "page_free": 20 * NS}
    settings = LOCAL | {
        "wakeup_ps": constant(2000 * NS),
        "packets": 30,
        "warmup": 5,
        "strategy": strategy,
        "pool_napi": 0,
    }
    settings["knobs"] = knobs(strategy, **SMALL.get(strategy, {}))
    return run(scenario(costs, **(settings | changes)))


def broken(sim: Sim, name: str = "page_allocator") -> list[str]:
    return laws.violations(sim, strategy(name).LAWS)


def test_a_real_row_breaks_none() -> None:
    assert broken(real()) == [""]


@pytest.mark.parametrize("name", NAMES)
def test_every_law_is_planted_and_holds(name: str) -> None:
    sim = real(name)
    assert broken(sim, name) == [""]
    assert {law.name for made in laws.COMMON for law in made(sim)} == set(PLANTED)
    assert {law.name for made in strategy(name).LAWS for law in made(sim)} == set(OWN[name])


@pytest.mark.parametrize(
    ("name", "law", "planted"),
    [("page_allocator", law, planted) for law, planted in PLANTED.items()]
    + [(name, law, planted) for name, own in OWN.items() for law, planted in own.items()],
)
def test_a_planted_violation_is_caught(name: str, law: str, planted: tuple[str, str, int]) -> None:
    sim = real(name)
    where, field, change = planted
    getattr(sim, where)[field][0] += change
    assert law in broken(sim, name)[0]


def test_both_sides_are_told() -> None:
    sim = real()
    polls = int(sim.counters.polls[0])
    sim.counters.polls[0] += 1
    assert f"ring occupancies = polls: {polls} = {polls + 1}" in broken(sim)[0]


def test_other_lanes_stay_valid() -> None:
    made = scenario({"poll": NS}, packets=20)
    sim = run_engine("page_allocator", prepare([made, made]), plain=True)
    sim.counters.dma_ps[1] += 1
    assert [bool(found) for found in broken(sim)] == [False, True]


def test_a_simulation_that_ends_in_its_warm_up_is_invalid() -> None:
    """All packets arrive while the first one is worked on: no poll starts after the warm-up."""
    sim = run(scenario({"stack_drop": 100_000 * NS}, packets=4, ring=8, warmup=3))
    assert "warm-up has ended" in broken(sim)[0]
