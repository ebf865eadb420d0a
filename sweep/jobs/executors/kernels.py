# SPDX-License-Identifier: MIT
"""Which kernels this machine has compiled already: a look at the names in the cache of kernels.

Forecasts are based on it, and so is the order in which workers that need the same kernel wait for each other.  The name
of a kernel for another processor looks the same here; it is compiled again, and the run takes longer than forecast.

Not modelled: the caches of other machines of a cluster.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from sweep.model import batch
from sweep.model.compiler import kernel_cache
from sweep.model.declared_strategy import is_declared


def uncompiled(strategies: Iterable[str]) -> list[str]:
    """The strategies, sorted, whose kernel is not in the cache."""
    return [name for name in sorted(strategies) if not (is_declared(name) or batch.is_compiled(name))]


@contextmanager
def one_compiles(strategy: str) -> Iterator[None]:
    """Let one process of this machine compile the kernel of `strategy`; the others wait and find it in the cache.

    Compiling takes all of a core, so workers that compiled the same kernel at once would only delay each other.  Where
    no cache can be used, each compiles its own.
    """
    place = kernel_cache.usable()
    if place is None or batch.is_compiled(strategy):
        yield
        return
    with suppress(OSError):
        kernel_cache.make(place)
    try:
        lock = open(place / f"{strategy}.lock", "wb")  # noqa: SIM115
    except OSError:  # a read-only disk
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if batch.is_compiled(strategy):  # meanwhile: no reason to load it one after the other
            fcntl.flock(lock, fcntl.LOCK_UN)
        yield
