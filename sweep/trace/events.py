# SPDX-License-Identifier: MIT
"""Which functions of the model are events of a trace, and what is recorded of each.

A function's arguments called slot, buffer, page, block, frame or context are columns of its row; what else is recorded
when it begins and ends is defined here.  Other functions of the model leave no row of their own: their cost is added to
the event that they are part of.  A strategy's own functions are events called "step".

Not modelled: which packet a buffer on the deferred list came with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sweep.fields.counters import LOSSES
from sweep.fields.field import Stage
from sweep.model.lane.sim import KEPT, NAPI, PROCESS, PROCESS_LOCAL, REMOTE, SOFTIRQ, SOFTIRQ_IDLE, XDP_FRAME
from sweep.model.traffic.arrivals import DROP, FORWARD, LOCAL

from .schema import EventRow

ARGUMENTS = {"slot": "slot", "buffer": "buffer", "frame": "buffer", "page": "page", "block": "page", "moved": "count"}
FATES = {LOCAL: "local", FORWARD: "forward", DROP: "drop"}
CONTEXTS = {
    NAPI: "napi",
    SOFTIRQ: "softirq",
    REMOTE: "remote",
    PROCESS: "process",
    PROCESS_LOCAL: "process_local",
    XDP_FRAME: "xdp_frame",
    SOFTIRQ_IDLE: "softirq_idle",
    KEPT: "kept",
}

Sim = Any  # of objects, one lane: `lane_objects`
Begin = Callable[[EventRow, Sim, tuple[Any, ...]], None]  # row, arrays, arguments after `sim`
End = Callable[[EventRow, Sim, Any], None]  # row, arrays, what the function returned


def _nothing(row: EventRow, sim: Sim, given: Any) -> None:
    pass


class EventKind(NamedTuple):
    """One kind of event."""

    name: str
    meaning: str
    begin: Begin = _nothing
    end: End = _nothing
    counts: str = ""  # name of the inner events whose number is its `count`; "": none
    optional: bool = False  # whether it leaves no row if `count` is 0


def _into(column: str) -> End:
    """An `End` that writes what the function returns into `column`; null if it is negative."""

    def end(row: EventRow, sim: Sim, result: Any) -> None:
        setattr(row, column, int(result) if result >= 0 else None)

    return end


def _word(*words: str) -> End:
    """An `End` that sets `detail` to the word that the function's result numbers."""

    def end(row: EventRow, sim: Sim, result: Any) -> None:
        row.detail = words[int(result)]

    return end


def _arrival(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    st = sim.state[0]
    row.time_ns, row.packet, row.detail = st.next_arrival_ps / 1000, st.arrived, FATES[st.next_fate]
    if st.next_lost == 1:
        row.event = "drop_nic_buffer"
    elif st.posted > 0:
        row.slot = st.rx_head
    else:
        row.event = "drop_no_memory" if st.starved == 1 else "drop_no_descriptor"


def _poll(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    _, _, start_ps, interrupted = given
    row.time_ns, row.detail = start_ps / 1000, "interrupt" if interrupted == 1 else "again"


def _receive(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    row.slot = sim.state[0].rx_clean
    packet = sim.rx[0, row.slot]
    row.packet, row.buffer, row.detail = packet.index, packet.buffer, FATES[packet.fate]


def _filled(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    packet = sim.rx[0, row.slot]
    row.packet, row.buffer = packet.index, packet.buffer


def _deliver(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    _filled(row, sim, given)
    row.count = sim.state[0].socket_count


def _delivered(row: EventRow, sim: Sim, giver: Any) -> None:
    queued, row.count = sim.state[0].socket_count > row.count, None
    row.detail = ("queued" if giver == KEPT else "copied") if queued else "dropped"


def _transmitted(row: EventRow, sim: Sim, giver: Any) -> None:
    row.detail = "queued" if giver == KEPT else "dropped"


def _read(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    _, _, clock_ps, _ = given
    row.time_ns, row.slot = clock_ps / 1000, sim.state[0].socket_first
    row.cpu = 1 - sim.params[0].reader_same_cpu
    buffer = sim.socket[0, row.slot].buffer
    row.buffer, row.detail = (buffer, None) if buffer >= 0 else (None, "copied")


def _idle_softirq(row: EventRow, sim: Sim, given: tuple[Any, ...]) -> None:
    *_, at_ps = given
    row.time_ns, row.cpu = max(sim.state[0].cpu_free_ps, at_ps) / 1000, 0


def _refilled(row: EventRow, sim: Sim, moved: Any) -> None:
    row.count = sim.state[0].pool_cache_pages if moved else 0


EVENTS = {
    "hardware.mean_field.begin_epochs": EventKind("start", "the ring is full, and time begins"),
    "counting.window.open_window": EventKind("window_open", "warm-up is over: counters begin at zero"),
    "counting.window.close_window": EventKind("window_close", "the simulation is over"),
    "counting.window.census": EventKind("sample", "a sample of the census: at the start of each poll, and at the end"),
    "traffic.arrivals.accept": EventKind(
        "arrival", "a packet has arrived and fills a descriptor; `detail` is its fate", _arrival
    ),
    "poll.poll": EventKind(
        "poll", "a NAPI poll; `count` packets taken; after an interrupt, or again", _poll, counts="receive"
    ),
    "poll.receive": EventKind("receive", "the driver takes a packet from the ring; `detail` is its fate", _receive),
    "poll.refill": EventKind(
        "refill", "the driver refills descriptors; `count` allocations, a failed one included", counts="alloc"
    ),
    "traffic.reader.deliver": EventKind(
        "deliver", "a local packet: queued, copied (and queued), or dropped", _deliver, _delivered
    ),
    "traffic.reader.finish_packet": EventKind("read", "the reader has read a packet, and gives its buffer back", _read),
    "traffic.reader.flush_deferred": EventKind(
        "flush_deferred", "the softirq frees `count` deferred buffers", counts="release", optional=True
    ),
    "traffic.reader.take_kick": EventKind("kick", "a half full deferred list has interrupted the queue's CPU"),
    "traffic.reader.answer_kick": EventKind("idle_softirq", "the queue's idle CPU answers a kick", _idle_softirq),
    "tx.transmit": EventKind("transmit", "a frame is queued on the TX ring, or dropped", _filled, _transmitted),
    "tx.clean_tx": EventKind("tx_clean", "`count` frames are completed", counts="release", optional=True),
    "pages.page_alloc": EventKind(
        "page_alloc", "one page from the page allocator; no page if it failed", end=_into("page")
    ),
    "pages.page_bulk": EventKind("page_bulk", "a bulk request that got `count` pages", end=_into("count")),
    "pages.page_free": EventKind("page_free", "one page back to the page allocator"),
    "pages.block_alloc": EventKind("block_alloc", "one block of order 3 from the page allocator", end=_into("page")),
    "pages.block_free": EventKind("block_free", "one block of order 3 back to the page allocator"),
    "pages.area_alloc": EventKind("area_alloc", "pages that lie together, past the lists"),
    "pages.area_free": EventKind("area_free", "such pages given back"),
    "pages.zone_gains": EventKind("zone_lock", "the zone lock is taken; `count` pages or blocks are moved under it"),
    "pages.dma_map": EventKind("dma_map", "a mapping is made"),
    "pages.dma_unmap": EventKind("dma_unmap", "a mapping is removed"),
    "pages.dma_sync": EventKind("dma_sync", "a sync for the device"),
    "pages.tx_map": EventKind("tx_map", "a frame is mapped for TX"),
    "pages.tx_unmap": EventKind("tx_unmap", "the mapping of a sent frame is removed"),
    "page_pool.alloc.refill_cache": EventKind(
        "pool_refill", "`count` pages move from the pool's ring to its cache", end=_refilled
    ),
    "page_pool.put.recycle": EventKind(
        "pool_put", "a page is put: into the cache, on to the ring, or refused", end=_word("cached", "ring", "refused")
    ),
    "page_pool.put.put_ring": EventKind(
        "pool_ring_put", "it is put into the pool's ring, or that is full", end=_word("full", "stored")
    ),
    "page_pool.pool.give_back": EventKind("pool_give_back", "a page leaves the pool"),
}

# The functions with which a strategy fills the holes of the loop, whatever file they are in.
HOLES = {
    "alloc": EventKind(
        "alloc", "the strategy gives a buffer for a descriptor; none if it has none", end=_into("buffer")
    ),
    "release": EventKind("release", "the last user is done with a buffer, in the context of `detail`"),
    "received": EventKind("received", "the strategy decides about the buffer of a packet that has its fate", _filled),
    "provider_alloc": EventKind("pool_slow", "the pool gets `count` fresh pages", end=_into("count")),
    "provider_release": EventKind("pool_return", "a page goes back to where the pool got it"),
}
STEP = EventKind("step", "a step of the strategy: `function` says which")

BEFORE = [counter for counter in LOSSES if counter.stage == Stage.WIRE]  # the ring; other losses are in other events
DROPS = {counter.name.removesuffix("_packets"): f"a packet is {counter.meaning}" for counter in BEFORE}
MEANINGS = {kind.name: kind.meaning for kind in (*EVENTS.values(), *HOLES.values(), STEP)} | DROPS
DETAILS = sorted(
    {*FATES.values(), *CONTEXTS.values(), "interrupt", "again", "queued", "copied", "dropped"}
    | {"cached", "ring", "refused", "full", "stored"}
)


def kind_of(module: str, name: str, arguments: tuple[str, ...]) -> EventKind | None:
    """The event kind of a function of the model; None if it leaves no row.  module: without "sweep.model."."""
    if arguments[:1] != ("sim",) or module == "holes":  # one that the strategy leaves empty
        return None
    if name in HOLES:
        return HOLES[name]
    return EVENTS.get(f"{module}.{name}") or (STEP if module.startswith("strategies.") else None)
