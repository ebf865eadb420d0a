# SPDX-License-Identifier: MIT
"""Which kernels this machine has compiled already: a look at the names in numba's cache, without numba.

Forecasts are based on it, and so is the order in which workers that need the same kernel wait for each other.  A cached
kernel that numba rejects (another numba, another processor) is compiled again, and the run takes longer than forecast.

Not modelled: the caches of other machines of a cluster.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sweep.model import poll
from sweep.model.compiler import jit
from sweep.model.compiler.kernel_cache import make


def uncompiled(strategies: Iterable[str], code: Mapping[str, str]) -> list[str]:
    """The strategies, sorted, whose kernel is not in the cache for these sources (`code`: see `plan.identity.code`)."""
    if jit.jit_disabled():
        return []
    return [name for name in sorted(strategies) if not _compiled(jit.kernel_tag(name, code[""], code[name]))]


@contextmanager
def one_compiles(strategy: str) -> Iterator[None]:
    """Let one process of this machine compile the kernel of `strategy`; the others wait and find it in the cache.

    Numba itself lets every process compile.  Source: measured, four workers that need a kernel at the same time take
    6 to 7 s each in place of 2.5.
    """
    tag = jit.kernel_tag(strategy, jit.core_digest(), jit.strategy_digest(strategy))
    if jit.jit_disabled() or _compiled(tag):
        yield
        return
    cache = jit.kernel_cache()
    make(cache)
    with open(Path(cache, f"{tag}.lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _compiled(tag):  # meanwhile: no reason to load it one after the other
            fcntl.flock(lock, fcntl.LOCK_UN)
        yield


def _compiled(tag: str) -> bool:
    """Whether numba's cache has a kernel with this tag, which names the sources of the kernel (see `batch.kernel`).

    Numba keeps the kernels of each directory of sources apart.
    """
    source = Path(poll.__file__)
    folder = Path(jit.kernel_cache(), f"{source.parent.name}_{hashlib.sha1(bytes(source.parent)).hexdigest()}")
    return any(folder.glob(f"*{tag}*.nbi"))
