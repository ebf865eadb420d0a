# SPDX-License-Identifier: MIT
"""Which kernels this machine has compiled already: a look at the names in numba's cache, without numba.

Only a forecast rests on it.  A kernel that numba refuses all the same (another numba, another processor) is
compiled, and a run is then as much longer than was said.

Not modelled: the caches of other machines of a cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from sweep.model import jit, poll


def uncompiled(strategies: Iterable[str], code: Mapping[str, str]) -> list[str]:
    """Those of `strategies`, sorted, that have no kernel of these sources (`plan.identity.code`) in the cache."""
    if jit.jit_disabled():
        return []
    return [name for name in sorted(strategies) if not _compiled(jit.kernel_tag(name, code[""], code[name]))]


def _compiled(tag: str) -> bool:
    """Whether the cache has an index of a kernel with this tag (see `batch.kernel`), which says what its sources are.

    Numba keeps the kernels of each directory of sources apart.
    """
    source = Path(poll.__file__)
    folder = Path(jit.kernel_cache(), f"{source.parent.name}_{hashlib.sha1(bytes(source.parent)).hexdigest()}")
    return any(folder.glob(f"*{tag}*.nbi"))
