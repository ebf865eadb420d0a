# SPDX-License-Identifier: MIT
"""The page recycling strategies, one file each; a new one is a file and a word in `NAMES`.

What a file offers is said, and checked by mypy, in `protocol`.  Beside these there are, in one process, the strategies
of the user's own files that its sweep names (`set_own`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, cast

from .protocol import Strategy

NAMES = (
    "bounded_pool",
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


F = TypeVar("F", bound=Callable[..., Any])

_own: dict[str, Strategy] = {}
_caches: list[Any] = []


def cached(function: F) -> F:
    """`functools.cache` for what depends on which strategies there are."""
    of = cache(function)
    _caches.append(of)
    return cast(F, of)


def set_own(own: Mapping[str, Strategy]) -> None:
    """Let these be the strategies that this process knows beside the built-in ones, by name."""
    if _own == dict(own):
        return
    _own.clear()
    _own.update(own)
    for each in _caches:
        each.cache_clear()


def own() -> dict[str, Strategy]:
    """The strategies that are not built in."""
    return dict(_own)


def names() -> tuple[str, ...]:
    """The names of all strategies."""
    return (*NAMES, *_own)


def strategy(name: str) -> Strategy:
    """One strategy: its module, which is the object that everything asks.  Errors: KeyError if there is none."""
    return _own[name] if name in _own else _built_in(name)


@cache
def _built_in(name: str) -> Strategy:
    if name not in NAMES:
        raise KeyError(name)
    return cast(Strategy, import_module(f"{__name__}.{name}"))
