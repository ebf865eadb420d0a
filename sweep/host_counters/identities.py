# SPDX-License-Identifier: MIT
"""What must hold between counters of one host, and which number looks wrong where it does not.

page_pool's are from net/core/page_pool.c: each page allocated is counted once (fast, refill or slow), each page given
back once (cached, ring, ring-full or released-refcnt), and pages leave the pool for the page allocator only when the
ring is full, when the page is shared or from another NUMA node, or with the pool.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sweep.fields.constants import BULK_PAGES

from .change import Change
from .device import Device
from .files import Host
from .pools import NARROW, Pool, allocations, outside, puts
from .readings import LINK, SNMP

CACHE_SIZE = 128  # PP_ALLOC_CACHE_SIZE in include/net/page_pool/types.h
APART = 0.005  # of a count: what a host that works on may move by between the reads of two files

DYING = "a pool that is being destroyed gives its pages to the page allocator without counting them"


@dataclass(frozen=True)
class Check:
    """`off` is 0 where it holds; `close`: what it is off by is the time between the reads of two files.

    `reason` explains a check that does not hold with right numbers.
    """

    where: str
    rule: str
    numbers: tuple[str, ...]
    off: int
    close: bool = False
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.off == 0 or self.close


def checks(host: Host, change: Change, found: list[Pool], nic: Device) -> list[Check]:
    """All checks for which the numbers are there."""
    result: list[Check] = []
    for pool in found:
        result += _levels(pool)
        result += _books(pool, change)
    result += _system(found)
    result += _same(found, nic)
    result += _sockets(change)
    result += _queues(nic, change)
    return result


def suspects(result: list[Check]) -> list[str]:
    """The numbers that look wrong: those of most failed checks that no check confirms; else all of the failed ones."""
    failed = [check for check in result if not check.holds and not check.reason]
    confirmed = {
        f"{check.where} {name}" for check in result if check.holds and " = " in check.rule for name in check.numbers
    }
    named = Counter(f"{check.where} {name}" for check in failed for name in check.numbers)
    unconfirmed = {name: times for name, times in named.items() if name not in confirmed} or dict(named)
    most = max(unconfirmed.values(), default=0)
    return [name for name, times in unconfirmed.items() if times == most]


def _where(pool: Pool) -> str:
    return f"pool {pool.number}"


def _levels(pool: Pool) -> list[Check]:
    result: list[Check] = []
    where, levels = _where(pool), pool.after
    hold, release = (pool.absolute.get(name) for name in ("hold-count", "release-count"))
    if hold is not None and release is not None and "inflight" in levels:
        off = (hold - release - levels["inflight"]) % NARROW
        result.append(
            Check(where, "hold-count - release-count = inflight", ("hold-count", "release-count", "inflight"), off)
        )
    if "cache-count" in levels:
        off = max(0, levels["cache-count"] - CACHE_SIZE)
        result.append(Check(where, f"cache-count at most {CACHE_SIZE}", ("cache-count",), off))
    if "ring-used" in levels and "ring-slots" in levels:
        off = max(0, levels["ring-used"] - levels["ring-slots"])
        result.append(Check(where, "ring-used at most ring-slots", ("ring-used", "ring-slots"), off))
    out = outside(levels)
    if out is not None:
        result.append(
            Check(
                where,
                "cache-count + ring-used at most inflight",
                ("inflight", "cache-count", "ring-used"),
                max(0, -out),
            )
        )
    if "inflight" in levels and "inflight-mem" in levels and levels["inflight"] and not pool.facts.get("order"):
        off = levels["inflight-mem"] % levels["inflight"]
        result.append(Check(where, "inflight-mem is whole pages of inflight", ("inflight", "inflight-mem"), off))
    return result


def _books(pool: Pool, change: Change) -> list[Check]:
    where, rises, result = _where(pool), pool.rises, list[Check]()
    if not pool.is_system:
        result += _balance(where, pool)
    if "alloc-empty" in rises and "alloc-slow" in rises:
        slow = rises["alloc-slow"] + rises.get("alloc-slow-high-order", 0)
        off = max(0, slow - rises["alloc-empty"] - rises.get("alloc-waive", 0))
        result.append(Check(where, "alloc-slow at most alloc-empty + alloc-waive", ("alloc-slow", "alloc-empty"), off))
    if "recycle-cache-full" in rises and "recycle-ring" in rises and "recycle-ring-full" in rises:
        off = max(0, rises["recycle-cache-full"] - rises["recycle-ring"] - rises["recycle-ring-full"])
        names = ("recycle-cache-full", "recycle-ring", "recycle-ring-full")
        result.append(Check(where, "recycle-cache-full at most recycle-ring + recycle-ring-full", names, off))
    if "hold-count" in rises and "alloc-slow" in rises:
        order = rises.get("alloc-slow-high-order", 0)
        brought = rises["hold-count"] - order
        off = max(0, rises["alloc-slow"] - brought, brought - BULK_PAGES * rises["alloc-slow"])
        rule = f"alloc-slow brings 1 to {BULK_PAGES} pages a call"
        result.append(Check(where, rule, ("hold-count", "alloc-slow"), off))
    for name in sorted({name for counts in pool.by_cpu.values() for name in counts}):
        if name in rises:
            off = abs(sum(counts.get(name, 0) for counts in pool.by_cpu.values()) - rises[name])
            result.append(Check(where, f"{name} = its sum over CPUs", (name,), off))
    return result


def _balance(where: str, pool: Pool) -> list[Check]:
    """Pages got less pages given back are the pages that went outside; released ones left the pool."""
    got, back = allocations(pool.rises), puts(pool.rises)
    names = ("alloc-fast", "alloc-refill", "alloc-slow", "recycle-cached", "recycle-ring", "recycle-ring-full")
    result: list[Check] = []
    if got is not None and back is not None:
        rule = "allocations - puts = change of pages outside"
        off = _moved_outside(pool, got - back)
        if off is not None:
            result.append(Check(where, rule, (*names, "recycle-released-refcnt"), off))
        else:
            most, least = pool.after.get("inflight"), -(pool.before or {}).get("inflight", 0)
            if most is not None and (pool.before is None or "inflight" in pool.before):
                off = max(0, got - back - most, least - (got - back))
                rule = "allocations - puts within the pages in flight"
                result.append(Check(where, rule, (*names, "recycle-released-refcnt", "inflight"), off, _near(off, got)))
    left = ("recycle-ring-full", "recycle-released-refcnt", "alloc-waive")
    if "release-count" in pool.rises and "recycle-ring-full" in pool.rises:
        more = pool.rises["release-count"] - sum(pool.rises.get(name, 0) for name in left)
        off, reason = abs(more), DYING if more > 0 and not got else ""
        rule = "release-count = recycle-ring-full + recycle-released-refcnt + alloc-waive"
        result.append(Check(where, rule, ("release-count", *left), off, reason=reason))
    elif "alloc-slow" in pool.rises and "inflight" in pool.after and (pool.before is None or "inflight" in pool.before):
        brought = pool.after["inflight"] - (pool.before or {}).get("inflight", 0)
        brought += sum(pool.rises.get(name, 0) for name in left) - pool.rises.get("alloc-slow-high-order", 0)
        slow = pool.rises["alloc-slow"]
        off = max(0, slow - brought, brought - BULK_PAGES * slow)
        rule = f"change of inflight + released pages = 1 to {BULK_PAGES} for each alloc-slow"
        result.append(Check(where, rule, ("inflight", "alloc-slow", *left), off, _near(off, BULK_PAGES * slow)))
    return result


def _moved_outside(pool: Pool, expected: int) -> int | None:
    """How far `expected` is from what the structs say; a ring that shows 0 is empty or full."""
    last = outside(pool.after)
    first = outside(pool.before) if pool.before is not None else 0
    if last is None or first is None:
        return None
    off = abs(last - first - expected)
    slots = pool.after.get("ring-slots", 0)
    levels = (pool.before or {}, pool.after)
    return 0 if slots and off == slots and any(level.get("ring-used") == 0 for level in levels) else off


def _system(found: list[Pool]) -> list[Check]:
    """The balance over all system pools, which share their recycle counters."""
    system = [pool for pool in found if pool.is_system]
    if not system or len({tuple(sorted(_recycled(pool).items())) for pool in system}) > 1:
        shared = sorted({name for pool in system for name in _recycled(pool)})
        return [Check("system pools", "recycle counters = the same in all", tuple(shared), 1)] if system else []
    got = [allocations(pool.rises) for pool in system]
    back = puts(system[0].rises)
    last = [outside(pool.after) for pool in system]
    first = [outside(pool.before) if pool.before is not None else 0 for pool in system]
    if back is None or any(value is None for value in (*got, *last, *first)):
        return []
    off = abs(sum(map(_int, last)) - sum(map(_int, first)) - sum(map(_int, got)) + back)
    slots = system[0].after.get("ring-slots", 0)
    shows_0 = any(0 in ((pool.before or {}).get("ring-used"), pool.after.get("ring-used")) for pool in system)
    off = 0 if slots and off == slots and shows_0 else off
    names = ("alloc-fast", "alloc-refill", "alloc-slow", "recycle-cached", "recycle-ring", "recycle-ring-full")
    return [Check("system pools", "allocations - puts = change of pages outside", names, off)]


def _int(value: int | None) -> int:
    return value or 0


def _recycled(pool: Pool) -> dict[str, int]:
    return {name: value for name, value in pool.rises.items() if name.startswith("recycle-")}


def _same(found: list[Pool], nic: Device) -> list[Check]:
    """What two sources say of the same pool."""
    result: list[Check] = []
    for pool in found:
        for name, value in pool.other.items():
            if name in pool.rises:
                off = abs(value - pool.rises[name])
                result.append(Check(_where(pool), f"{name}: netlink = struct", (name,), off, _near(off, value)))
    printed = nic.pool()
    moved = [pool for pool in found if not pool.is_system and pool.has_moved]
    if any(printed.values()) and moved and all(pool.facts.get("ifindex") in (0, None) for pool in moved):
        for name, value in printed.items():
            sums = [pool.rises[name] for pool in moved if name in pool.rises]
            if len(sums) == len(moved):
                off = abs(sum(sums) - value)
                rule = f"{name}: ethtool -S = the pools' own"
                result.append(Check(_where(moved[0]), rule, (name,), off, _near(off, value)))
    return result


def _near(off: int, count: int) -> bool:
    return 0 < off <= APART * count


def _sockets(change: Change) -> list[Check]:
    result: list[Check] = []
    snmp = change.of(SNMP)
    udp, ip = snmp.get("Udp", {}), snmp.get("Ip", {})
    if "InErrors" in udp:
        parts = sum(udp.get(name, 0) for name in ("RcvbufErrors", "InCsumErrors", "MemErrors"))
        names = ("InErrors", "RcvbufErrors", "InCsumErrors", "MemErrors")
        off = max(0, parts - udp["InErrors"])
        result.append(Check("Udp", "RcvbufErrors + InCsumErrors + MemErrors at most InErrors", names, off))
    if "InReceives" in ip and "InDelivers" in ip:
        off = max(0, ip["InDelivers"] - ip["InReceives"])
        result.append(Check("Ip", "InDelivers at most InReceives", ("InDelivers", "InReceives"), off))
    return result


def _queues(nic: Device, change: Change) -> list[Check]:
    result: list[Check] = []
    for name in ("rx-packets", "rx-bytes", "xdp-packets", "alloc-fast", "recycle-ring"):
        total = nic.queue_sum(name)
        if total is not None and name in nic.whole:
            off = abs(total - nic.whole[name])
            rule = f"{name} = its sum over queues"
            result.append(Check(nic.driver or "NIC", rule, (name,), off, _near(off, total)))
    seen = nic.whole.get("xdp-packets")
    if seen is not None:
        acted = sum(nic.whole.get(name, 0) for name in ("xdp-drop", "xdp-tx", "xdp-redirect", "xdp-aborted"))
        names = ("xdp-packets", "xdp-drop", "xdp-tx", "xdp-redirect")
        result.append(Check(nic.driver or "NIC", "XDP verdicts at most xdp-packets", names, max(0, acted - seen)))
    for scope, counts in change.of(LINK).items():
        packets, size = counts.get("rx_packets"), counts.get("rx_bytes")
        if packets and size is not None:
            result.append(
                Check(scope, "rx_bytes at least 14 a packet", ("rx_bytes", "rx_packets"), max(0, 14 * packets - size))
            )
    return result
