# SPDX-License-Identifier: MIT
"""The kernel's ptr_ring: a FIFO whose consumer gives slots back to the producer in batches.

The kernel keeps no count.  A slot is free when it holds NULL; the consumer clears consumed slots only when
a batch of them is complete or the end of the array is reached, and until then the producer finds them
occupied ("stale").  The occupied slots are one run from the consumer's tail to the producer, so a count of
the visible entries plus the stale ones, head - tail, says the same as the slot's content: full when they
fill the ring, empty when nothing is visible.  That saves the clearing and one load per put.

Not modelled: resizing, more than one producer at a time, `ptr_ring_unconsume`.
Source: include/linux/ptr_ring.h [linux 6.12.117] (`__ptr_ring_produce`, `__ptr_ring_discard_one`,
`__ptr_ring_set_size`); tests/golden/page_pool/SEMANTICS.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sweep.fields.field import Field
from sweep.model.compiler.jit import device
from sweep.model.record import zeros

NOTHING = -1  # returned by an empty ring

CACHE_LINE_BYTES = 64  # x86-64; 128-byte lines double the batch
POINTER_BYTES = 8
BATCH = 2 * CACHE_LINE_BYTES // POINTER_BYTES

RING = (
    Field("slot_count", "slots", "slots of the ring, any number >= 1"),
    Field("batch", "slots", "consumed slots that are given back to the producer together"),
    Field("producer", "slot", "next slot to fill"),
    Field("head", "slot", "next slot to take"),
    Field("tail", "slot", "first slot that was taken and not given back"),
    Field("count", "entries", "entries that can be taken"),
)


class Ring(NamedTuple):
    """A ring per lane."""

    s: np.recarray  # (L,) record of RING
    slots: np.ndarray  # (L, largest size) int64: what lies in the slots


def ring_batch(size: int) -> int:
    """Slots given back together: two cache lines of pointers, or one slot if that is over half the ring."""
    return 1 if size // 2 < BATCH else BATCH


def rings(sizes: Sequence[int]) -> Ring:
    """Empty rings, lane `i` with `sizes[i]` >= 1 slots."""
    ring = Ring(zeros(RING, len(sizes)), np.zeros((len(sizes), max(sizes, default=1)), np.int64))
    ring.s.slot_count = sizes
    ring.s.batch = [ring_batch(int(size)) for size in sizes]
    return ring


@device
def ring_put(ring: Ring, lane: int, item: int) -> bool:
    """Append `item` (>= 0); returns False if the producer's slot is occupied."""
    s = ring.s[lane]
    if s.count + s.head - s.tail == s.slot_count:
        return False
    slot = s.producer
    ring.slots[lane, slot] = item
    s.producer = slot + 1 if slot + 1 < s.slot_count else 0
    s.count += 1
    return True


@device
def ring_take(ring: Ring, lane: int) -> int:
    """Take the oldest entry; NOTHING if the ring is empty."""
    s = ring.s[lane]
    if s.count == 0:
        return NOTHING
    item: int = ring.slots[lane, s.head]
    head = s.head + 1
    s.count -= 1
    if head >= s.slot_count:
        head = 0
        s.tail = 0
    elif head - s.tail >= s.batch:
        s.tail = head
    s.head = head
    return item


@device
def ring_stale(ring: Ring, lane: int) -> int:
    """Taken slots that the producer still finds occupied."""
    stale: int = ring.s[lane].head - ring.s[lane].tail
    return stale
