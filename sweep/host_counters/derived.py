# SPDX-License-Identifier: MIT
"""What the counters say: recycle rates, allocator calls a packet, pages parked and outside, drops by cause."""

from __future__ import annotations

from dataclasses import dataclass, field

from .change import Change
from .device import Device
from .json_forms import PUT_CALLS
from .pools import Pool, allocations, outside, puts, total
from .readings import ETHTOOL, LINK, QUEUE_STATS, SNMP, SOCKETS, SOFTNET, STRUCTS

PARKED = "parked"

# Where packets are lost: source, name, what it means.  Sources overlap: a packet may be in a driver's count and in
# that of `ip -s link`, and a socket's drop is in Udp RcvbufErrors too.
CAUSES = (
    (ETHTOOL, "rx-hw-drop-overruns", "no buffer in the receive ring"),
    (ETHTOOL, "rx-hw-drops", "dropped by the NIC"),
    (ETHTOOL, "rx-hw-drop-ratelimits", "over the rate that the NIC allows"),
    (ETHTOOL, "rx_missed_errors", "missed: the host was too slow for the NIC"),
    (ETHTOOL, "rx-drops", "dropped by the driver"),
    (ETHTOOL, "rx-alloc-fail", "no memory for a packet"),
    (ETHTOOL, "rx-page-alloc-fail", "no page for a buffer"),
    (ETHTOOL, "rx-oversize-drops", "too long"),
    (ETHTOOL, "rx_crc_errors", "bad checksum on the wire"),
    (ETHTOOL, "rx_length_errors", "wrong length"),
    (ETHTOOL, "xdp-drop", "dropped by the XDP program, as asked"),
    (ETHTOOL, "xdp-aborted", "the XDP program failed"),
    (QUEUE_STATS, "rx-alloc-fail", "no memory for a packet"),
    (QUEUE_STATS, "rx-hw-drops", "dropped by the NIC"),
    (QUEUE_STATS, "rx-hw-drop-overruns", "no buffer in the receive ring"),
    (LINK, "rx_dropped", "dropped by the driver or the stack"),
    (LINK, "rx_missed", "missed: the host was too slow for the NIC"),
    (LINK, "rx_overrun_errors", "overrun"),
    (LINK, "rx_fifo_errors", "FIFO overrun"),
    (SOFTNET, "dropped", "the backlog of a CPU was full"),
    (SNMP, "Udp RcvbufErrors", "the receive buffer of a UDP socket was full"),
    (SNMP, "Udp InCsumErrors", "bad UDP checksum"),
    (SNMP, "Udp NoPorts", "no UDP socket at that port"),
    (SNMP, "Udp MemErrors", "no memory for UDP"),
    (SNMP, "Ip InDiscards", "no memory for IP"),
    (SNMP, "TcpExt TCPBacklogDrop", "the backlog of a TCP socket was full"),
    (SNMP, "TcpExt TCPRcvQDrop", "the receive queue of a TCP socket was full"),
)  # fmt: skip


@dataclass(frozen=True)
class Drop:
    """`count` packets lost; 0 is a cause that was counted and did not happen."""

    source: str
    name: str
    cause: str
    count: int


@dataclass
class Derived:
    """Ratios are None where a number is missing or there is nothing to divide by."""

    packets: int | None = None
    packets_from: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    allocations: int | None = None
    puts: int | None = None
    shares: dict[str, float | None] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)
    put_calls: dict[str, int] = field(default_factory=dict)


def derive(change: Change, found: list[Pool], nic: Device) -> Derived:
    """All that follows from what was counted."""
    result = Derived()
    counted = [pool for pool in found if pool.has_moved]
    result.counts = total(counted) or nic.pool()
    if not any(name.startswith(("alloc-", "recycle-")) for name in result.counts) and nic.pool():
        result.counts = {**result.counts, **nic.pool()}
    result.packets, result.packets_from = _packets(change, nic, found)
    got, back = allocations(result.counts), puts(result.counts)
    result.allocations, result.puts = got, back
    counts = result.counts
    recycled = None if back is None else counts["recycle-cached"] + counts["recycle-ring"]
    slow = counts["alloc-slow"] + counts.get("alloc-slow-high-order", 0) if "alloc-slow" in counts else None
    result.shares = {
        "recycled of pages given back": _ratio(recycled, back),
        "into the cache of pages given back": _ratio(counts.get("recycle-cached"), back),
        "into the ring of pages given back": _ratio(counts.get("recycle-ring"), back),
        "refused by a full ring of pages given back": _ratio(counts.get("recycle-ring-full"), back),
        "released as shared of pages given back": _ratio(counts.get("recycle-released-refcnt"), back),
        "allocator calls a packet": _ratio(slow, result.packets),
        "allocator calls a page": _ratio(slow, got),
        "pages a packet": _ratio(got, result.packets),
        "pages a refill from the ring": _ratio(counts.get("recycle-ring"), counts.get("alloc-refill")),
    }
    result.levels = _levels(counted or found)
    result.drops = list(_drops(change, nic))
    for scope, calls in change.of(STRUCTS).items():
        if scope.endswith(PUT_CALLS):
            for name, value in calls.items():
                if value:
                    result.put_calls[f"{scope.removesuffix(PUT_CALLS)} {name}"] = value
    return result


def _ratio(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _packets(change: Change, nic: Device, found: list[Pool]) -> tuple[int | None, str]:
    """Packets received, and whose count it is: the one nearest to the driver that moved."""
    wanted = {pool.facts.get("ifindex") for pool in found if pool.has_moved} - {0, None}
    queues = {
        scope: counts["rx-packets"]
        for scope, counts in change.of(QUEUE_STATS).items()
        if "rx-packets" in counts
        and (not wanted or int(scope.split()[1]) in wanted if scope.split()[1].isdigit() else True)
    }
    links = [counts["rx_packets"] for counts in change.of(LINK).values() if "rx_packets" in counts]
    delivered = change.of(SNMP).get("Ip", {}).get("InReceives")
    candidates = (
        (sum(queues.values()) if queues else None, f"{QUEUE_STATS} rx-packets"),
        (nic.whole.get("rx-packets"), f"{ETHTOOL} rx-packets"),
        (nic.whole.get("xdp-packets"), f"{ETHTOOL} xdp-packets"),
        (sum(links) if len(links) == 1 else None, f"{LINK} rx_packets"),
        (delivered, f"{SNMP} Ip InReceives"),
    )
    there = [(count, source) for count, source in candidates if count is not None]
    return next(((count, source) for count, source in there if count), there[0] if there else (None, ""))


def _levels(found: list[Pool]) -> dict[str, int]:
    """Pages in flight, parked in caches and rings, and outside; from structs, or from counts since creation."""
    result: dict[str, int] = {}
    for pool in found:
        out = outside(pool.after)
        if out is None and not pool.is_system:
            got, back = allocations(pool.absolute), puts(pool.absolute)
            if got is not None and back is not None and 0 <= got - back <= pool.after.get("inflight", -1):
                out = got - back
        for name, value in (("in flight", pool.after.get("inflight")), ("outside", out)):
            if value is not None:
                result[name] = result.get(name, 0) + value
        if out is not None and "inflight" in pool.after:
            result[PARKED] = result.get(PARKED, 0) + pool.after["inflight"] - out
    return result


def _drops(change: Change, nic: Device) -> list[Drop]:
    result: list[Drop] = []
    snmp = {f"{scope} {name}": value for scope, counts in change.of(SNMP).items() for name, value in counts.items()}
    summed: dict[str, dict[str, int]] = {ETHTOOL: nic.whole, SNMP: snmp}
    for source in (QUEUE_STATS, LINK, SOFTNET):
        sums: dict[str, int] = {}
        for counts in change.of(source).values():
            for name, value in counts.items():
                sums[name] = sums.get(name, 0) + value
        summed[source] = sums
    for source, name, cause in CAUSES:
        if name in summed[source]:
            result.append(Drop(source, name, cause, summed[source][name]))
    for scope, counts in change.of(SOCKETS).items():
        if "d" in counts:
            result.append(Drop(SOCKETS, f"{scope} d", "the receive buffer of this socket was full", counts["d"]))
    return result
