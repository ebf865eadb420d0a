# SPDX-License-Identifier: MIT
"""The counters of one simulation, stage by stage on a packet's way, with units, meanings and the kernel's names.

A strategy's own counters are those that not all strategies have, in the order of the table, which for a page_pool is
that of the kernel's statistics.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sweep.document.blocks import Cell, Section, Table

from .choose import Chosen

TITLE = "What was counted in the measured window"
OTHERS = "Other counters"
STAGES = (
    (
        "From the wire to the ring",
        *("offered_packets", "offered_bytes", "drop_nic_buffer_packets", "drop_no_descriptor_packets"),
        *("drop_no_memory_packets", "interrupts", "polls", "full_polls", "rx_packets"),
    ),
    (
        "Independent episodes, and what was lost in them",
        *("episodes", "bursts", "loss_episodes", "loss_peak_packets", "allocation_episodes", "busy_peak_packets"),
        *("rx_ring_peak_packets", "tx_ring_peak_frames", "nic_buffer_peak_bytes"),
    ),
    ("In the driver", "filtered_packets", "copied_packets", "posted_buffers", "released_buffers"),
    (
        "To the socket and its reader",
        *("drop_socket_buffer_packets", "wakeups", "stalls", "delivered_packets", "delivered_bytes"),
        *("socket_truesize_peak", "deferred_frees", "deferred_kicks"),
    ),
    ("Through the TX ring", "drop_tx_ring_packets", "forwarded_packets", "forwarded_bytes"),
    (
        "Page allocator",
        *("allocator_calls", "allocator_failures", "pages_taken", "pages_given", "zone_lock_takes"),
    ),
    (
        "DMA, and hardware that is shared",
        *("dma_maps", "dma_unmaps", "dma_syncs", "ddio_miss_ppm", "iotlb_miss_ppm", "walk_upper_miss_ppm"),
        *("walk_last_miss_ppm", "reuse_distance_pages"),
    ),
    (
        "Time",
        *("start_ps", "end_ps", "busy_ps", "release_ps", "stack_ps", "poll_ps", "allocate_ps", "recycle_ps"),
        *("dma_ps", "lock_ps", "cache_ps", "copy_ps", "remote_ps"),
    ),
    (
        "Inside, at both ends of the window",
        *("inside_start_packets", "inside_end_packets", "held_start_buffers", "rx_ring_end_buffers"),
        *("tx_ring_end_buffers", "socket_end_buffers", "pool_cache_start_pages", "pool_cache_end_pages"),
        *("pool_ring_start_pages", "pool_ring_end_pages", "provider_start_pages", "provider_end_pages"),
        *("pages_held_start", "pages_held_end", "pages_held_peak"),
    ),
    (
        "Census",
        *("rx_ring_buffer_ns", "tx_ring_buffer_ns", "socket_buffer_ns", "pool_cache_page_ns", "pool_ring_page_ns"),
        *("provider_page_ns", "pcp_page_ns", "pages_held_page_ns"),
    ),
)


def section(chosen: Chosen) -> Section:
    """A table per stage; the strategy's own counters follow the driver's."""
    stages = [(title, fields) for title, fields in staged(chosen.row.schema, str(chosen.value("strategy")))]
    known = [(title, [each for each in fields if chosen.value(each.name) is not None]) for title, fields in stages]
    rows = {title: [_row(chosen, field) for field in fields] for title, fields in known if fields}
    widest = [max(len(row[column].text) for some in rows.values() for row in some) for column in range(3)]
    return Section(
        TITLE,
        tuple(
            Table(title, _heads(widest), tuple(_padded(row, widest) for row in some), prose=True)
            for title, some in rows.items()
        ),
    )


def staged(schema: pa.Schema, strategy: str) -> Iterator[tuple[str, list[pa.Field]]]:
    """The counters of a table by stage: title and fields, those of `strategy` alone among them."""
    counters = {field.name: field for field in schema if (field.metadata or {}).get(b"role") == b"counter"}
    own = [field for field in counters.values() if field.nullable]
    for title, *names in STAGES:
        yield title, [counters.pop(name) for name in names if name in counters]
        if title == "In the driver":
            yield f"The strategy, {strategy}", [counters.pop(field.name) for field in own if field.name in counters]
    yield OTHERS, list(counters.values())


def _row(chosen: Chosen, field: pa.Field) -> tuple[Cell, ...]:
    unit, meaning, kernel = (field.metadata.get(key, b"").decode() for key in (b"unit", b"meaning", b"kernel"))
    said = f"{kernel}: {meaning}" if kernel else meaning
    return Cell(field.name), Cell(f"{chosen.value(field.name):,}"), Cell("" if unit == "1" else unit), Cell(said)


def _heads(widest: list[int]) -> tuple[str, ...]:
    return "counter", "value".rjust(widest[1]), "unit", "kernel's name: what it counts"


def _padded(row: tuple[Cell, ...], widest: list[int]) -> tuple[Cell, ...]:
    """The same columns in the tables of all stages, numbers to the right."""
    name, value, unit, said = (cell.text for cell in row)
    return Cell(name.ljust(widest[0])), Cell(value.rjust(widest[1])), Cell(unit.ljust(widest[2])), Cell(said)
