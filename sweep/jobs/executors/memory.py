# SPDX-License-Identifier: MIT
"""A worker's share of its node's memory, and a cap on what it may take: too much is then a MemoryError.

Without it a lane that allocates without end takes the machine down, or a monitor of memory kills it together
with bystanders.  The cap is a soft RLIMIT_DATA, which Linux holds against private writable mappings, touched or not: so
what is mapped and not touched when it is set (stacks of threads, the arenas of allocators) is granted on top.

Not modelled: the store of Ray's objects; several Ray nodes on one machine, each of which takes it for its own.
Source: measured with Ray 2.60: a worker has mapped 290 MB at its start and touched 56 MB of them; pyarrow's allocator
maps 1 GiB at its first use.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.cgroups import node_bytes

WORKERS_SHARE = 0.8  # of a node's memory; the rest is for the executor, the system and pages of files


def share_bytes(cpus: float, node_cpus: float) -> int:
    """Memory that work on `cpus` of the node's CPUs may take, bytes."""
    return int(node_bytes() * WORKERS_SHARE * cpus / max(node_cpus, cpus))


@contextmanager
def capped(limit_bytes: int) -> Iterator[None]:
    """Limit this process to `limit_bytes` of memory inside the block; a lower hard limit stays in force."""
    used = _status_bytes()
    granted = limit_bytes + max(0, used["VmData"] - used["RssAnon"])
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = granted if hard == resource.RLIM_INFINITY else min(granted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _status_bytes() -> dict[str, int]:
    """VmData and RssAnon of this process, bytes: private writable mappings, and anonymous memory in use."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {fields[0][:-1]: int(fields[1]) << 10 for fields in lines if fields[:1] in (["VmData:"], ["RssAnon:"])}
