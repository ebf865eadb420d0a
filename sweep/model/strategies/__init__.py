# SPDX-License-Identifier: MIT
"""The page recycling strategies, one file each; a new one is a file and a word in `NAMES`.

What a file offers is said, and checked by mypy, in `protocol`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from .protocol import Strategy

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


@cache
def strategy(name: str) -> Strategy:
    """One strategy: its module, which is the object that everything asks.  Errors: KeyError if it is not in `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    return cast(Strategy, import_module(f"{__name__}.{name}"))
