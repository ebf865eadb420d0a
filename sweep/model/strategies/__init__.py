# SPDX-License-Identifier: MIT
"""The page recycling strategies, one file each; a new one is a file and a word in `NAMES`.

A strategy module offers the same few names:

* `Pool`: a NamedTuple of arrays whose first dimension is the lane, the strategy's own state;
* `empty(capacity) -> Pool`: that state for a batch, before the first allocation (host code);
* `alloc(sim, pool, lane, slot) -> int`: a buffer for descriptor `slot`, or -1 (device);
* `release(sim, pool, lane, buffer, context)`: the last user is done with a buffer (device);
* optionally `received(sim, pool, lane, slot, giver)`: a packet has its fate (device; `holes`);
* `KNOBS`: its own parameters, tuple of `fields.Knob`;
* `COUNTERS`: its own counters, tuple of `fields.Field`;
* `LAWS`: what must hold in every row of it, tuple of functions as in `laws`;
* `DEFERRED_FREE`: whether a buffer is freed with its sk_buff, so that the deferral of the kernel era applies and
  the cache line of its struct page moves with it;
* `truesize_bytes(knobs) -> int`: what one received buffer is charged to a socket, without the sk_buff;
* `buffer_bytes(knobs) -> int`: the largest frame a buffer holds;
* `mapped_pages(knobs) -> int`: pages under one DMA mapping.

`alloc` says with `llc.opened` when a page begins to serve buffers.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

NAMES = (
    "fifo_cache",
    "hugepage_pool",
    "page_allocator",
    "page_flip",
    "page_frag",
    "page_pool",
    "page_pool_frag",
    "refcount_recycle",
    "zero_copy",
)


def strategy(name: str) -> ModuleType:
    """The module of one strategy.  Errors: KeyError if the name is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    return import_module(f"{__name__}.{name}")
