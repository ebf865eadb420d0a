# SPDX-License-Identifier: MIT
"""Kernel parameters of a lane: one record of integers, made from a `Scenario` by `batch.prepare`.

Costs of the host profile follow as `cost_<name>` and a strategy's own knobs under their names.
"""

from __future__ import annotations

from .fields import Field
from .host import COSTS

PARAMS: tuple[Field, ...] = (
    Field("ring", "descriptors", "RX ring size"),
    Field("tx_ring", "frames", "TX ring size"),
    Field("napi_budget", "packets", "packets per poll at most"),
    Field("coalesce_ps", "ps", "interrupt coalescing: time after the first waiting packet"),
    Field("coalesce_frames", "packets", "interrupt coalescing: waiting packets; 0 is not used"),
    Field("tx_coalesce_ps", "ps", "TX completion batching: time after the first frame that has left"),
    Field("tx_coalesce_frames", "frames", "TX completion batching: frames"),
    Field("refill_batch", "descriptors", "consumed descriptors that make the driver refill"),
    Field("copybreak_bytes", "bytes", "local packets up to this size are copied out of their page"),
    Field("link_ps_per_byte", "ps", "time on the wire per byte, both directions"),
    Field("local_cut", "1", "a 32-bit draw below this is a local packet"),
    Field("forward_cut", "1", "a 32-bit draw below this, and not local, is forwarded; else dropped"),
    Field("size_classes", "1", "number of packet sizes"),
    Field("gap_table", "1", "row in the tables: gap between bursts (between packets if bursts are of one)"),
    Field("burst_table", "1", "row in the tables: burst length in 1/1024 packets; -1: bursts of one packet"),
    Field("burst_gap_ps", "ps", "start to start inside a burst"),
    Field("reader_same_cpu", "1", "1: the reader runs on the queue's CPU"),
    Field("wakeup_table", "1", "row in the tables: wake-up delay of the reader"),
    Field("read_ps", "ps", "reader: per packet"),
    Field("call_ps", "ps", "reader: per call"),
    Field("batch_packets", "packets", "reader: packets per call at most"),
    Field("stall_every_table", "1", "row in the tables: end of a stall to the next; -1: no stalls"),
    Field("stall_for_table", "1", "row in the tables: length of a stall"),
    Field("rcvbuf_bytes", "bytes", "receive buffer of the socket, in truesize"),
    Field("buffer_truesize_bytes", "bytes", "truesize of one received buffer under this strategy, sk_buff included"),
    Field("copy_truesize_bytes", "bytes", "truesize of a copied packet, sk_buff included"),
    Field("memory_pages", "pages", "pages that the zone has for this queue"),
    Field("pcp_batch", "pages", "per-CPU list: pages moved per zone-lock take"),
    Field("pcp_high", "pages", "per-CPU list: high mark"),
    Field("deferred_free", "1", "kernel era: see kernel.Era"),
    Field("napi_local_direct", "1", "kernel era: see kernel.Era"),
    Field("packets", "packets", "packets offered in all"),
    Field("warmup", "packets", "packets before the measured window"),
    Field("stack_forward_ps", "ps", "stack cost of a forwarded packet on this mix's path"),
    Field("key_gap", "1", "random stream: gaps", dtype="u8"),
    Field("key_burst", "1", "random stream: burst lengths", dtype="u8"),
    Field("key_packet", "1", "random stream: size and fate of a packet", dtype="u8"),
    Field("key_wakeup", "1", "random stream: wake-up delays, indexed by the packet that wakes", dtype="u8"),
    Field("key_stall", "1", "random stream: stalls, two values a stall", dtype="u8"),
    Field("key_order3", "1", "random stream: success of order-3 allocations", dtype="u8"),
    *(Field(f"cost_{field.name}", field.unit, field.meaning) for field in COSTS),
)
