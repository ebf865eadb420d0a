# SPDX-License-Identifier: MIT
"""The strategies of the plain reference: docs/model.md, section 10.

Each has `alloc(slot)` (a buffer or None), `release(buffer, context)`, for the census `ready_pages()`, `ring_pages()`
and `provider_pages()`, and perhaps `received(packet, context)`.
"""

from __future__ import annotations

from .bounded_pool import BoundedPool
from .fifo_cache import FifoCache
from .hugepage_pool import HugepagePool
from .page_allocator import PageAllocator
from .page_flip import PageFlip
from .page_frag import PageFrag
from .page_pool import PagePool
from .page_pool_frag import PagePoolFrag
from .refcount_recycle import RefcountRecycle
from .zero_copy import ZeroCopy

STRATEGIES = {
    "bounded_pool": BoundedPool,
    "fifo_cache": FifoCache,
    "hugepage_pool": HugepagePool,
    "page_allocator": PageAllocator,
    "page_flip": PageFlip,
    "page_frag": PageFrag,
    "page_pool": PagePool,
    "page_pool_frag": PagePoolFrag,
    "refcount_recycle": RefcountRecycle,
    "zero_copy": ZeroCopy,
}
