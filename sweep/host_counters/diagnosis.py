# SPDX-License-Identifier: MIT
"""A diagnosis of a host from its counters alone: what stands out, with its numbers, and the questions to ask next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sweep.format import count as plural
from sweep.format import percent, significant
from sweep.safe_text import visible_line

from . import readings
from .result import Result
from .wording import checked, doubts

OFTEN = 1 / 64  # allocator calls a page: more than one for each bulk of PP_ALLOC_CACHE_REFILL pages
MOST = 0.5  # of the pages given back: what goes by this way is the rule, not the exception
AS_ASKED = "dropped by the XDP program, as asked"


class Finding(NamedTuple):
    """A sentence with its numbers, and the question that it leads to; "" if it leads to none."""

    said: str
    ask: str


def lines(result: Result) -> list[str]:
    """The diagnosis as lines: findings, the worst first, then questions, then what could not be judged."""
    found = [*_wrong(result), *_drops(result), *_pool(result), *_polling(result), *_absent(result)]
    said = ["what stands out", *(f"  {number}. {entry.said}" for number, entry in enumerate(found, 1))]
    if not found:
        said = ["what stands out", "  nothing: no drops, no lost pages, nothing that contradicts itself"]
    asked = list(dict.fromkeys(entry.ask for entry in found if entry.ask))
    if asked:
        said += ["to ask next", *(f"  {question}" for question in asked)]
    return [visible_line(line) for line in [*said, *checked(result), *doubts(result)]]


def _wrong(result: Result) -> Iterator[Finding]:
    if result.suspects:
        numbers = ", ".join(result.suspects[:8])
        yield Finding(
            f"these numbers contradict others and look wrong: {numbers}; what follows from them is in doubt",
            "were the files read at the same moment, of the same host, and not edited?",
        )
    for source, scope in sorted(result.change.restarted):
        yield Finding(
            f"{source}{f', {scope}' if scope else ''} began again between the moments",
            "who restarted the driver or brought the interface down? take two moments without that",
        )


def _drops(result: Result) -> Iterator[Finding]:
    packets = result.derived.packets
    of_sockets = sum(drop.count for drop in result.derived.drops if drop.source == readings.SOCKETS)
    said_by_udp = any(drop.name == "Udp RcvbufErrors" and drop.count == of_sockets for drop in result.derived.drops)
    for drop in result.derived.drops:
        if not drop.count or drop.cause == AS_ASKED or (said_by_udp and drop.source == readings.SOCKETS):
            continue
        of = f" ({percent(drop.count / packets)} % of {packets:,} packets)" if packets and drop.count <= packets else ""
        yield Finding(
            f"{drop.count:,} dropped{of}: {drop.cause} ({drop.source} {drop.name})", _question(result, drop.name)
        )


def _question(result: Result, name: str) -> str:
    if name.endswith((" d", "RcvbufErrors")):
        levels = [entry for moment in result.host.moments for entry in moment.levels.items()]
        held = [value for key, value in levels if (key.source, key.name) == (readings.SOCKETS, "rb")]
        size = f" of {max(held):,} bytes" if held else ""
        ask = "is the reader away too long, or too slow? is its receive buffer"
        return f"{ask}{size} as meant (net.core.rmem_max, SO_RCVBUF)?"
    if "overrun" in name or "missed" in name or name == "rx-hw-drops":
        ring = result.host.settings.get(readings.RINGS, {}).get("RX")
        now = f", now {ring}" if ring else ""
        ask = f"is the receive ring{now} (ethtool -g) too small for the longest pause of the CPU"
        return f"{ask}, or is the CPU full? sweep size"
    if name == "dropped":
        return "is one CPU getting all packets by RPS or from a device without NAPI? net.core.netdev_max_backlog"
    if "alloc-fail" in name:
        return "was memory short? /proc/vmstat allocstall, dmesg"
    return ""


def _pool(result: Result) -> Iterator[Finding]:
    counts, derived = result.derived.counts, result.derived
    shares = derived.shares
    refused = counts.get("recycle-ring-full", 0)
    if refused:
        slots = {pool.after["ring-slots"] for pool in result.pools if pool.has_moved and "ring-slots" in pool.after}
        ring = f" of {min(slots)} slots" if len(slots) == 1 else ""
        part = shares["refused by a full ring of pages given back"]
        yield Finding(
            f"{plural(refused, 'page')} ({percent(part or 0)} % of those given back) went to the page allocator: the "
            f"pool's ring{ring} was full",
            "how many packets do readers hold at most? the driver's pool_size should be above that: sweep size",
        )
    shared = counts.get("recycle-released-refcnt", 0)
    if shared:
        yield Finding(
            f"{plural(shared, 'page')} left the pool because someone else still held them",
            "who keeps references to received pages: a tap, splice, a clone, a driver that shares pages?",
        )
    if counts.get("alloc-waive"):
        yield Finding(
            f"{plural(counts['alloc-waive'], 'page')} from the ring were of another NUMA node and were let go",
            "is the interrupt on the node of the NIC and of the pool? /proc/irq/N/smp_affinity_list",
        )
    missed = counts.get("alloc-empty", 0) - counts.get("alloc-slow", 0) - counts.get("alloc-slow-high-order", 0)
    if missed > 0 and "alloc-slow" in counts:
        yield Finding(f"the page allocator failed {missed:,} times for the pool", "was memory short? /proc/vmstat")
    calls = shares.get("allocator calls a page")
    if calls is not None and calls > OFTEN:
        yield Finding(
            f"the page allocator is called {significant(calls)} times a page: pages do not come back in time",
            "where are they? pages outside the pool, and a full ring, say it",
        )
    ring_share = shares.get("into the ring of pages given back")
    if ring_share is not None and ring_share > MOST:
        moved = [pool for pool in result.pools if pool.has_moved]
        said = f"{percent(ring_share)} % of the pages given back come back through the ring: "
        if moved and all(pool.facts.get("napi-set") is False and not pool.is_system for pool in moved):
            yield Finding(f"{said}its pool names no NAPI, so all that leaves the poll does", "")
        else:
            yield Finding(
                f"{said}they are freed elsewhere than where they are polled",
                "on which CPU does the reader run, and on which the interrupt? does the kernel defer frees "
                "(net.core.skb_defer_max)?",
            )
    idle = sum(value for name, value in derived.put_calls.items() if "NAPI on no list" in name)
    if idle:
        total = sum(derived.put_calls.values())
        yield Finding(f"{idle:,} of {total:,} puts found the pool's NAPI on no CPU's list, and went to the ring", "")


def _polling(result: Result) -> Iterator[Finding]:
    squeezed = {
        scope: counts["time_squeeze"]
        for scope, counts in result.change.of(readings.SOFTNET).items()
        if counts.get("time_squeeze")
    }
    if squeezed:
        which = ", ".join(f"{scope}: {value:,}" for scope, value in squeezed.items())
        yield Finding(
            f"polls ended with packets left over (time_squeeze {which}): netdev_budget or its 2 ms were used up",
            "is that CPU full? how many queues does it poll? net.core.netdev_budget, netdev_budget_usecs",
        )


def _absent(result: Result) -> Iterator[Finding]:
    refused = {source: why for moment in result.host.moments for source, why in moment.refused.items()}
    if readings.POOLS in refused:
        yield Finding(
            f"the kernel refuses page-pool statistics ({refused[readings.POOLS]})",
            "is CONFIG_PAGE_POOL_STATS set? without it recycling cannot be seen",
        )
    elif not result.pools and not result.device.pool():
        yield Finding(
            "no page pool is listed",
            "does the driver use page_pool in this kernel? pools without a net device (veth, vmxnet3) are not listed; "
            "veth prints them in ethtool -S when an XDP program is set",
        )
    if result.host.before is None:
        yield Finding(
            "there is one moment only: counts are since each counter began, and may mix quiet and busy times",
            "take a second moment ten seconds later, under load",
        )
