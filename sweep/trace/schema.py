# SPDX-License-Identifier: MIT
"""The columns of an event trace, and the rows that fill them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sweep.fields.column import Column

FORMAT = 1
WORDS = pa.dictionary(pa.int16(), pa.string())


def _id(name: str, meaning: str) -> Column:
    return Column(name, pa.int64(), "1", f"{meaning}; null where the event is of none")


def _length(name: str, unit: str, meaning: str) -> Column:
    return Column(name, pa.int64(), unit, f"{meaning}, right after the event")


LENGTHS = (
    _length("rx_waiting", "packets", "packets on the RX ring that the driver has not taken"),
    _length("rx_posted", "descriptors", "descriptors that are posted and not filled"),
    _length("tx_queued", "frames", "frames in the TX ring, those that have left and are not cleaned included"),
    _length("socket_packets", "packets", "packets in the socket's queue"),
    _length("deferred_buffers", "buffers", "buffers on the deferred list"),
    _length("pool_cache_pages", "pages", "pages kept by the strategy, ready at once"),
    _length("pool_ring_pages", "pages", "pages in the pool's ring"),
    _length("provider_pages", "pages", "free pages in regions that are partly in use"),
    _length("pages_held", "pages", "pages taken from the page allocator and not given back"),
)

COLUMNS = (
    Column(
        "time_ns",
        pa.float64(),
        "ns",
        "when it begins, on the clock of its CPU, exact to the picosecond; 0 for what comes before time begins",
    ),
    Column("event", WORDS, "1", "what happens; the file's metadata say what each word means"),
    Column("depth", pa.int8(), "1", "0, or how many events it is inside of; what is inside follows it"),
    Column("cpu", pa.int8(), "1", "0: the queue's CPU; 1: the reader's, if it is another"),
    _id("packet", "number of the packet, from 0"),
    _id("slot", "RX descriptor, TX descriptor of what is inside tx_clean, entry of the socket's queue of a read"),
    _id("buffer", "the buffer, as the strategy names it: a page, a block, a frame of the area"),
    _id("page", "page or block of the page allocator or of a pool"),
    Column("count", pa.int64(), "1", "how many: see the meaning of the event; null where it has none"),
    Column("detail", WORDS, "1", "fate of a packet, context of a release, where a page or packet went"),
    Column("cost_ps", pa.int64(), "ps", "CPU time of the event itself, without the events inside it"),
    Column(
        "measured", pa.bool_(), "1", "inside the measured window: the costs of these add up to busy_ps + release_ps"
    ),
    *LENGTHS,
    Column("function", WORDS, "1", "the function of sweep.model that it is"),
)


class EventRow:
    """An event that is being recorded: an attribute per column, dictionary columns as text."""

    packet: int | None = None
    slot: int | None = None
    buffer: int | None = None
    page: int | None = None
    count: int | None = None
    detail: str | None = None
    cost_ps = 0
    measured = False
    rx_waiting = 0
    rx_posted = 0
    tx_queued = 0
    socket_packets = 0
    deferred_buffers = 0
    pool_cache_pages = 0
    pool_ring_pages = 0
    provider_pages = 0
    pages_held = 0

    def __init__(self, event: str, function: str, depth: int, cpu: int, time_ns: float) -> None:
        self.event, self.function, self.depth, self.cpu, self.time_ns = event, function, depth, cpu, time_ns


def schema(metadata: dict[str, str]) -> pa.Schema:
    """The schema of a trace file, with `metadata`."""
    return pa.schema([column.field() for column in COLUMNS], metadata)


def table(rows: Sequence[EventRow], words: dict[str, list[str]], known: pa.Schema) -> pa.RecordBatch:
    """`rows` as a record batch; `texts_by_column`: all texts of each dictionary column, the same for all batches."""
    arrays: list[Any] = []
    for column in COLUMNS:
        values = [getattr(row, column.name) for row in rows]
        if column.type == WORDS:
            code_of_word = {word: number for number, word in enumerate(words[column.name])}
            numbers = pa.array([None if value is None else code_of_word[value] for value in values], pa.int16())
            arrays.append(pa.DictionaryArray.from_arrays(numbers, pa.array(words[column.name], pa.string())))
        else:
            arrays.append(pa.array(values, column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=known)
