# SPDX-License-Identifier: MIT
"""The rules of the kernel: what it does where a rule holds and where it does not, and the releases that have it.

`sweep.model.kernel` says which rules a release has.  A rule that matters to sweeps is a parameter, `kernel.<name>`: on
or off, by default as in the release.
"""

from __future__ import annotations

from typing import NamedTuple

from .parameter import WORD, Parameter


class Rule(NamedTuple):
    """A way in which the kernel does something, from some release on."""

    name: str
    meaning: str  # what the kernel does where the rule holds
    before: str  # what it does where it does not
    since: str  # the first release of Linus's tree that has it; "6.10?6.12": assumed, read in 6.12; "6.10?": in none
    source: str  # commit and subject are under this key in docs/sources.md
    backports: str = ""  # the first release on each stable branch that goes off before `since`, written as that
    until: str = ""  # the first release of Linus's tree that has it no more
    needs: tuple[str, ...] = ()  # rules without which it would mean nothing
    excludes: tuple[str, ...] = ()  # rules that say the opposite
    replay_only: str = ""  # why it makes no difference to a sweep; "": it does
    in_loop: bool = True  # whether compiled code reads it; the rest are read here


RULES = (
    Rule(
        "pcp_process_only",
        "softirq takes and frees each page under the zone lock",
        "softirq uses the per-CPU lists",
        "4.11-rc1",
        "kernel 374ad05ab64d",
        until="4.11",
        excludes=("pcp_order3",),
    ),
    Rule(
        "pcp_batch_63",
        "a per-CPU list moves 63 pages at a time",
        "31",
        "4.19",
        "kernel d8a759b57035",
        in_loop=False,
    ),
    Rule(
        "pool_bulk",
        "a pool asks the page allocator for up to 64 pages at once, and keeps what is left in its cache",
        "for one page, which goes straight to the caller",
        "5.13",
        "kernel be5dba25b4b2",
    ),
    Rule(
        "pcp_high_by_zone",
        "the high mark of a per-CPU list follows from the zone's size: 649 pages, an example [gorman-2021-05-25]",
        "it is six batches",
        "5.14",
        "gorman-2021-05-25",
        in_loop=False,
    ),
    Rule(
        "pcp_order3",
        "blocks of order 3 have per-CPU lists",
        "they come and go under the zone lock, one by one",
        "5.14",
        "kernel 44042b449872",
    ),
    Rule(
        "skb_recycle",
        "an sk_buff gives its page back to the pool",
        "the page has left the pool with it",
        "5.14",
        "kernel 6a5bcd84e886",
    ),
    Rule(
        "pool_statistics",
        "a pool has the eleven counters",
        "it counts nothing, the model counts all the same",
        "5.18",
        "kernel 8610037e8106",
        replay_only="the model's counters run for every kernel",
        in_loop=False,
    ),
    Rule(
        "deferred_free",
        "what TCP's reader (a mix with flows) has read waits for the CPU that allocated it to free it, up to 64",
        "it is freed where its reader runs",
        "5.19",
        "kernel 39564c3fdc66",
        in_loop=False,
    ),
    Rule(
        "skb_locality",
        "who frees an sk_buff in softirq on the CPU of the pool's NAPI puts its page into the cache",
        "into the ring",
        "6.4",
        "kernel 8c48eea3adf3",
        needs=("skb_recycle",),
    ),
    Rule(
        "pool_locality",
        "the pool's own put finds out whether it runs in softirq on the CPU of its NAPI, and then uses the cache",
        "only if its caller says so",
        "6.10?6.12",
        "kernel 4a96a4e807c3",
    ),
    Rule(
        "bulk_locality",
        "so does a bulk put, which XDP frames come back in",
        "a bulk put goes to the ring",
        "6.10?6.12",
        "kernel 39806b96c89a",
    ),
    Rule(
        "softirq_off_free",
        "what could be deferred but is read on the queue's own CPU is freed with softirqs off: a put can be local",
        "in process context: none is",
        "6.10?6.12",
        "kernel 7cb31c46b9cc",
        needs=("deferred_free",),
        in_loop=False,
    ),
    Rule(
        "fragment_statistics",
        "a fragment cut from the current page counts nothing, a page that starts over counts cached and fast",
        "both count fast",
        "6.13?6.14",
        "kernel ef04d290c013",
    ),
    Rule(
        "unmap_at_destroy",
        "the first try to destroy a pool unmaps all its pages, also those that users hold, and stops syncing",
        "each page is unmapped when it is given back, and synced until then",
        "6.16?6.18.2",
        "kernel ee62ce7a1d90",
        backports="6.12.34 6.15.3?",
        replay_only="no pool is destroyed in a sweep",
    ),
    Rule(
        "pool_size_clamp",
        "a pool_size above 16,384 is clamped",
        "32,768 slots are kept, more are refused",
        "6.18",
        "kernel a1b501a8c6a8",
        backports="5.4.302? 5.10.247? 5.15.197 6.1.159 6.6.117? 6.12.58 6.17.8?",
        in_loop=False,
    ),
    Rule(
        "udp_deferred_free",
        "so does what UDP's reader has read",
        "it is freed where its reader runs",
        "6.18?6.18.2",
        "kernel 6471658dc66c",
        needs=("deferred_free",),
        in_loop=False,
    ),
    Rule(
        "rcvbuf_strict",
        "a packet is queued if the receive buffer is not exceeded with it, or is empty",
        "if it is not exceeded yet without it",
        "6.18?6.18.2",
        "kernel 9aaec660b5be",
    ),
    Rule(
        "deferred_limit_128",
        "the list of deferred frees has room for 128",
        "for 64",
        "6.19?6.19.9",
        "kernel b61785852ed0",
        backports="6.18.35",
        needs=("deferred_free",),
        in_loop=False,
    ),
    Rule(
        "cache_by_page_size",
        "refill and bulk are 64, 16 and 4 pages where a page has 4, 16 and 64 KiB, the cache twice that",
        "64, and 128 in the cache, whatever the page",
        "7.1?7.1.5",
        "kernel 15abbe7c8266",
        needs=("pool_bulk",),
        replay_only="a page of a sweep has 4 KiB",
        in_loop=False,
    ),
    Rule(
        "fragment_alignment",
        "the size of a fragment is rounded up to 8 bytes, the alignment of skb_shared_info",
        "only to the alignment of DMA, 1 byte on x86-64",
        "7.3?7.3.4",
        "kernel dc0df5a0c62c",
        backports="6.1.191 6.12.115 7.2.13",
        in_loop=False,
    ),
)
BY_NAME = {rule.name: rule for rule in RULES}
SWEEP_RULES = tuple(rule for rule in RULES if not rule.replay_only)
LOOP_RULES = tuple(rule for rule in RULES if rule.in_loop)
ON, OFF = SWITCH = ("on", "off")

KERNEL: tuple[Parameter, ...] = tuple(
    Parameter(f"kernel.{rule.name}", WORD, f"rule: {rule.meaning}; off: {rule.before}", default=None)
    for rule in SWEEP_RULES
)
