# SPDX-License-Identifier: MIT
"""The strategies of the plain reference: docs/model.md, section 10.

Each has `alloc(slot)` (a buffer or None), `release(buffer, context)`, for the census `ready_pages()` and
`ring_pages()`, and perhaps `received(packet, context)`.
"""

from __future__ import annotations

from .fifo_cache import FifoCache
from .page_allocator import PageAllocator
from .page_flip import PageFlip
from .page_frag import PageFrag
from .page_pool import PagePool
from .refcount_recycle import RefcountRecycle

STRATEGIES = {
    "fifo_cache": FifoCache,
    "page_allocator": PageAllocator,
    "page_flip": PageFlip,
    "page_frag": PageFrag,
    "page_pool": PagePool,
    "refcount_recycle": RefcountRecycle,
}
