# SPDX-License-Identifier: MIT
"""page_allocator: a page per buffer, allocated and mapped at refill, freed by its last user.  The baseline.

Source: mm/page_alloc.c [linux 6.12.117]; drivers before page recycling, for one mlx5 with its page cache off
[toukan-2017-09-14].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law, census
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import Sim

from ..pages import PAGE_BUFFER_BYTES, dma_map, dma_unmap, page_alloc, page_free

DEFERRED_FREE = True
KNOBS: tuple[Knob, ...] = ()
COUNTERS: tuple[Field, ...] = ()


def mappings(sim: Sim) -> Iterator[Law]:
    """Every page is mapped for as long as it is out."""
    c = sim.counters
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    yield Law("one unmap per page given back", c.dma_unmaps, "=", c.pages_given)


LAWS = (census, mappings)


class Pool(NamedTuple):
    """No state of its own; the array only carries the number of lanes."""

    lanes: np.ndarray  # (L,) int64, unused


def empty(capacity: Capacity) -> Pool:
    """The state of a batch, which this strategy does not need."""
    return Pool(np.zeros(capacity.lanes, np.int64))


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the whole page."""
    return PAGE_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame that a buffer holds, bytes."""
    return PAGE_BUFFER_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each page is mapped by itself."""
    return 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Allocate a page and map it; returns its number, or -1."""
    page = page_alloc(sim, lane)
    if page >= 0:
        dma_map(sim, lane)
        opened(sim, lane, page, 1)
    return page


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Unmap and free the page."""
    sim.counters[lane].released_buffers += 1
    dma_unmap(sim, lane)
    page_free(sim, lane, buffer, context)
