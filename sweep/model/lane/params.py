# SPDX-License-Identifier: MIT
"""Kernel parameters of a lane: one record of integers, made from a `Scenario` by `batch.prepare`.

First what is declared in `sweep.fields`, under its name in the model; then what is worked out from that.  A strategy's
own knobs follow under their names.
"""

from __future__ import annotations

from sweep.fields.field import Field
from sweep.fields.kernel import LOOP_RULES
from sweep.fields.parameter import WORD
from sweep.fields.parameters import PARAMETERS

# What the loop reads of a scenario as it was declared.
DECLARED = tuple(each for each in PARAMETERS.values() if each.kind is not WORD and each.in_the_loop)

PARAMS: tuple[Field, ...] = (
    *(Field(parameter.symbol, parameter.model_unit, parameter.meaning) for parameter in DECLARED),
    Field("iommu", "1", "0 off, 1 lazy, 2 strict"),
    Field("frame_bytes", "bytes", "mean frame of this mix"),
    Field("lines_in_page", "lines", "cache lines of a page that mean frames fill"),
    Field("offsets_used", "1", "offsets in a page, in lines, that they are spread over"),
    Field("mapped_pages", "pages", "pages under one translation"),
    Field("llc_sets", "1", "sets of the last-level cache; 0: no cache model"),
    Field("local_cut", "1", "a 32-bit draw below this is a local packet"),
    Field("forward_cut", "1", "a 32-bit draw below this, and not local, is forwarded; else dropped"),
    Field("size_classes", "1", "number of packet sizes"),
    Field("gap_table", "1", "row in the tables: gap between bursts (between packets if bursts are of one)"),
    Field("burst_table", "1", "row in the tables: burst length in 1/1024 packets; -1: bursts of one packet"),
    Field("burst_gap_ps", "ps", "start to start inside a burst"),
    Field("reader_same_cpu", "1", "1: the reader runs on the queue's CPU"),
    Field("wakeup_table", "1", "row in the tables: wake-up delay of the reader"),
    Field("stall_every_table", "1", "row in the tables: end of a stall to the next; -1: no stalls"),
    Field("stall_for_table", "1", "row in the tables: length of a stall"),
    Field("buffer_truesize_bytes", "bytes", "truesize of one received buffer under this strategy, sk_buff included"),
    Field("copy_truesize_bytes", "bytes", "truesize of a copied packet, sk_buff included"),
    Field("kept_pages", "pages", "pages that the strategy may keep: its knobs that count pages or frames, summed"),
    Field("pcp_batch", "pages", "per-CPU list: pages moved per zone-lock take"),
    Field("pcp_high", "pages", "per-CPU list: high mark"),
    Field("fragment_align_bytes", "bytes", "a fragment of a page_pool is rounded up to this"),
    Field("deferred_most", "buffers", "most on the deferred list; 0: the reader frees what it has read itself"),
    Field("reader_softirqs_off", "1", "1: a reader on the queue's CPU frees buffers with softirqs off"),
    # 1 where the kernel has the rule
    *(Field(rule.name, "1", f"rule: {rule.meaning}") for rule in LOOP_RULES),
    Field("remote_lines", "lines", "cache lines that move when a reader on another CPU gives a buffer back"),
    Field("forward_xdp", "1", "1: forwarded packets are XDP frames, never an sk_buff"),
    Field("stack_forward_ps", "ps", "stack cost of a forwarded packet on this mix's path"),
    Field("key_gap", "1", "random stream: gaps", dtype="u8"),
    Field("key_burst", "1", "random stream: burst lengths", dtype="u8"),
    Field("key_packet", "1", "random stream: size and fate of a packet", dtype="u8"),
    Field("key_wakeup", "1", "random stream: wake-up delays, indexed by the packet that wakes", dtype="u8"),
    Field("key_stall", "1", "random stream: stalls, two values a stall", dtype="u8"),
    Field("key_order3", "1", "random stream: success of order-3 allocations", dtype="u8"),
    Field("tx_map", "1", "1: forwarded frames are mapped for TX, through an IOMMU that is on"),
    Field("cost_tx_map", "ps", "what the IOMMU adds to the mapping of a frame for TX"),
    Field("cost_tx_unmap", "ps", "what it adds to the removal of that mapping"),
)
