# SPDX-License-Identifier: MIT
"""Page pools of a host: what each counted between the moments, what it held at each, and sums over pools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .change import Change
from .files import Host
from .json_forms import POOL_COUNTERS
from .readings import POOL_LEVELS, POOLS, STRUCTS, Moment

NARROW = 1 << 32


@dataclass
class Pool:
    """One pool.

    `rises` are what `POOL_COUNTERS`, hold-count and release-count rose by, `other` the same from a second source;
    `absolute` what they are at the end; `before` and `after` are levels.
    """

    number: str
    source: str
    facts: dict[str, Any] = field(default_factory=dict)
    rises: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] | None = None
    after: dict[str, int] = field(default_factory=dict)
    by_cpu: dict[str, dict[str, int]] = field(default_factory=dict)
    other: dict[str, int] = field(default_factory=dict)
    absolute: dict[str, int] = field(default_factory=dict)

    @property
    def is_system(self) -> bool:
        """Whether it is a CPU's system pool: these share one set of recycle counters."""
        return self.facts.get("kind") == "system"

    @property
    def has_moved(self) -> bool:
        """Whether anything was counted."""
        return any(self.rises.values())


def pools(host: Host, change: Change) -> list[Pool]:
    """The pools of the last moment, by number; from the kernel's structs where they were read, else from netlink."""
    listed: list[Pool] = []
    structs, dumps, levels = (host.after.by_scope(source) for source in (STRUCTS, POOLS, POOL_LEVELS))
    rises = {source: change.of(source) for source in (STRUCTS, POOLS)}
    numbers = {scope for scope in (*structs, *dumps, *levels) if scope.count(" ") == 1}
    for scope in sorted(numbers, key=lambda scope: (len(scope), scope)):
        source, other = (STRUCTS, POOLS) if scope in structs else (POOLS, STRUCTS)
        pool = Pool(scope.partition(" ")[2], source, dict(host.after.facts.get(scope, {})))
        pool.rises = dict(rises[source].get(scope, {}))
        pool.other = dict(rises[other].get(scope, {})) if source == STRUCTS else {}
        pool.after = _levels(host.after, scope)
        pool.before = _levels(host.before, scope) if host.before is not None else None
        pool.absolute = dict((structs if source == STRUCTS else dumps).get(scope, {}))
        prefix = f"{scope} cpu "
        pool.by_cpu = {
            cpu_scope.removeprefix(prefix): counts
            for cpu_scope, counts in rises[source].items()
            if cpu_scope.startswith(prefix)
        }
        listed.append(pool)
    return listed


def _levels(moment: Moment, scope: str) -> dict[str, int]:
    return {**moment.by_scope(POOL_LEVELS).get(scope, {}), **_only_levels(moment, scope)}


def _only_levels(moment: Moment, scope: str) -> dict[str, int]:
    return {key.name: value for key, value in moment.levels.items() if key.source == STRUCTS and key.scope == scope}


def total(found: Iterable[Pool]) -> dict[str, int]:
    """The rises of all pools; what system pools share is taken once.  A name that one of them lacks has no sum."""
    found = list(found)
    sums: dict[str, int] = {}
    shared: dict[str, int] = {}
    for pool in found:
        for name, value in pool.rises.items():
            if pool.is_system and name.startswith("recycle-"):
                shared[name] = max(shared.get(name, 0), value)
            else:
                sums[name] = sums.get(name, 0) + value
    everywhere = (name for name in dict.fromkeys((*sums, *shared)) if all(name in pool.rises for pool in found))
    return {name: sums.get(name, 0) + shared.get(name, 0) for name in everywhere}


def allocations(counts: dict[str, int]) -> int | None:
    """Pages that the driver got; None if a counter is missing."""
    names = ("alloc-fast", "alloc-refill", "alloc-slow", "alloc-slow-high-order")
    return None if any(name not in counts for name in names) else sum(counts[name] for name in names)


def puts(counts: dict[str, int]) -> int | None:
    """Pages that were given back; None if a counter is missing.  cache-full is counted besides one of these."""
    names = ("recycle-cached", "recycle-ring", "recycle-ring-full", "recycle-released-refcnt")
    return None if any(name not in counts for name in names) else sum(counts[name] for name in names)


def outside(levels: dict[str, int]) -> int | None:
    """Pages with the driver, the stack or a reader, of a pool whose struct was read; None if it was not."""
    if any(name not in levels for name in ("inflight", "cache-count", "ring-used")):
        return None
    return levels["inflight"] - levels["cache-count"] - levels["ring-used"]


def has_counts(counts: dict[str, int]) -> bool:
    """Whether page_pool statistics are among them."""
    return any(name in counts for name in POOL_COUNTERS)
