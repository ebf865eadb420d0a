# SPDX-License-Identifier: MIT
"""How large a ring and a pool must be, and what a fragment pins: answers that a report is asked for, in closed form.

Source: claim S1 [brouer-2016-04-07]; pool sizes [kicinski-2025-09-23]; page_frag_cache, page_pool.c [linux 6.12.117].
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from sweep.model.scenario import Distribution

from ..model.scenes import FORWARD, NS, US, WIRE_PS, constant, run, scenario
from .checks import agree, exactly, within
from .replicates import LANES, replicates

SERVICE = 260 * NS
BURSTS = [(100, 0, 1), (200, 5 * US, 1), (200, 5 * US, 16)]  # packets, interrupt latency, refill batch


def smallest_ring(burst: int, service: int, latency: int, batch: int) -> int:
    """Descriptors that a burst at line rate needs: packet i finds i used, less those that are posted again.

    Work on packet k ends at latency + (k + 1) * service after the first one, and descriptors come back `batch` at a
    time; one that comes back in the same instant is too late.
    """

    def back(i: int) -> int:
        done = max(math.ceil((i * WIRE_PS - latency) / service) - 1, 0)
        return batch * (done // batch)

    return max(i + 1 - back(i) for i in range(burst))


def lost(ring: int, burst: int, latency: int, batch: int) -> int:
    settings = {"kind": "on_off", "settings": (("burst", constant(burst)), ("peak", 1_000_000)), "load_ppm": 100_000}
    costs = {"stack_drop": SERVICE, "interrupt_latency": latency}
    c = run(scenario(costs, **settings, ring=ring, packets=burst, refill_batch=batch)).counters[0]
    return int(c.drop_no_descriptor_packets)


@pytest.mark.parametrize(("burst", "latency", "batch"), BURSTS)
def test_smallest_ring_for_a_burst(burst: int, latency: int, batch: int) -> None:
    """B packets g apart against S a packet: N = B + 1 - ceil((B - 1) g / S), latency and batched refill included."""
    ring = smallest_ring(burst, SERVICE, latency, batch)
    assert lost(ring, burst, latency, batch) == 0
    enough = next(n for n in range(ring - 8, ring + 8) if lost(n, burst, latency, batch) == 0)
    exactly(f"Smallest ring, burst {burst}, latency {latency // US} us, refill {batch}", ring, enough)
    if latency == 0:
        assert ring == burst + 1 - math.ceil((burst - 1) * WIRE_PS / SERVICE)


RING, FRAMES = 64, 256  # the NIC tells of TX completions 256 frames at a time: 0 to 256 pages are out on TX
ROUTER = {**FORWARD, "strategy": "page_pool", "kernel": "5.14", "ring": RING, "tx_ring": 512}
ROUTER |= {"tx_coalesce_frames": FRAMES, "tx_coalesce_ps": 1 << 40, "packets": 200 * FRAMES}


def test_a_pool_of_ring_and_tx_frames_never_allocates() -> None:
    """S1: pages of ring + outstanding TX frames are enough, rounded up to whole bulks of 64 for ever.

    All puts go to the pool's ring (5.14: completions are not direct), which has room for all that come back at once.
    """
    c = replicates(None, 1, **ROUTER, knobs=(("pool_size", RING + FRAMES),), warmup=4 * FRAMES).counters[0]
    assert c.posted_buffers > 190 * FRAMES
    assert (c.alloc_slow, c.allocator_calls, c.pages_given, c.recycle_ring_full) == (0, 0, 0, 0)
    exactly("Pages of a router's pool (S1)", 64 * math.ceil((RING + FRAMES) / 64), c.pages_held_peak)


@pytest.mark.parametrize("missing", [64, 128])
def test_a_pool_too_small_allocates_what_it_loses(missing: int) -> None:
    """Of F pages that come back at once, a ring of F - 64 k keeps that many: k bulks of 64 are lost and taken a cycle.

    A larger stock would lose more than it takes until the ring is empty when the F pages come back, so this is where it
    settles; F is a whole number of bulks, and of the 16 slots that the ring's consumer gives back at a time.
    """
    settings = {**ROUTER, "knobs": (("pool_size", FRAMES - missing),), "warmup": 10 * FRAMES}
    c = replicates(None, 1, **settings).counters[0]
    assert c.pages_given == c.pages_taken == 64 * c.alloc_slow
    cycles = c.forwarded_packets / FRAMES
    exactly(f"Bulk allocations per cycle, pool {missing} too small", missing / 64, c.alloc_slow / cycles)


FRAGMENTS = 16  # of 2 KiB in a block of 32 KiB
KEPT_PPM = 50_000


def test_blocks_pinned_by_fragments() -> None:
    """1 - (1 - p)^16: a block is pinned as long as one of its 16 fragments is, here by a reader that never reads.

    p is the share of packets that a socket keeps.  The first blocks are all received; those of the ring follow.
    """
    packets, ring = 4000 * FRAGMENTS, 4 * FRAGMENTS
    knobs = (("frag_bytes", 2048), ("order3_fail_ppm", 0))
    settings = {"strategy": "page_frag", "knobs": knobs, "ring": ring, "packets": packets, "rcvbuf_bytes": 1 << 30}
    fates = {"local_ppm": KEPT_PPM, "drop_ppm": 1_000_000 - KEPT_PPM, "wakeup_ps": Distribution("constant", (1 << 42,))}
    c = replicates(**settings, **fates).counters
    assert not c.delivered_packets.any()
    share = KEPT_PPM / 1_000_000
    pinned = (c.pages_held_end / 8 - ring / FRAGMENTS) / (packets / FRAGMENTS)
    agree("Blocks pinned, a fragment in 20 kept", 1 - (1 - share) ** FRAGMENTS, pinned)
    assert len(np.unique(pinned)) > LANES / 2


def test_loss_at_the_pcie_cap() -> None:
    """1 - capacity / load: what the port cannot write in time is lost once the NIC's own buffer is full.

    Packets come every 100 ns and four queues share a port that writes one in 62.5 ns, 250 ns for each queue.
    """
    port = {"queues": 4, "pcie_packet_ps": 62_500, "rx_buffer_bytes": 80 * 100, "load_ppm": 4_000_000}
    c = replicates(None, 1, **port, ring=64, packets=100_000, warmup=10_000).counters[0]
    assert c.drop_no_descriptor_packets == 0
    slack = 2 * 100  # the buffer may be full at one end of the window and not at the other
    theory = 1 - WIRE_PS / (4 * 62_500)
    within("Loss at the PCIe cap", theory, c.drop_nic_buffer_packets / c.offered_packets, slack / c.offered_packets)
