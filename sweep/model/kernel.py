# SPDX-License-Identifier: MIT
"""Kernel eras: when the rules of the simulated kernel changed, and which apply to a release.

An era is named after its first release and lasts until the next one: 5.15 has the rules of "5.14".  "4.11-rc1" is that
release candidate alone (the change was reverted before 4.11); 4.11 to 4.17 are "4.6".  Releases after the last era have
its rules: later changes are not known here.  An era may be combined with a strategy that came later, to see what it
would have done.

Not modelled: the auto-tuned per-CPU list marks of 6.7+ (the 5.14 example value is used for all eras from there);
that page_frag's order-0 fallback was freed past the lists before 5.0 [kernel 65895b67ad27]; marks that differ with the
memory.
Source: [kernel 374ad05ab64d], [kernel d8a759b57035], [kernel be5dba25b4b2], [kernel 44042b449872], [gorman-2021-05-25],
[kernel 6a5bcd84e886], [kernel 68822bdf76f1], [kernel 8c48eea3adf3], [kernel a1b501a8c6a8];
tests/golden/page_pool/SEMANTICS.md section 9.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Era(NamedTuple):
    """The rules of one kernel version and those after it, up to the next entry."""

    pcp_batch: int  # pages
    pcp_high: int  # pages
    pcp_softirq: int  # 1: softirq may use the per-CPU lists; 0: its pages come and go under the zone lock, one by one
    pcp_order3: int  # 1: blocks of order 3 have per-CPU lists; 0: they come and go under the zone lock, one by one
    pool_bulk_pages: int  # pages that a pool asks the page allocator for at once, at most
    pool_size_max: int  # slots; a larger pool_size is clamped
    skb_recycle: int  # 1: an sk_buff gives its page back to the pool; 0: the page has left the pool with it
    deferred_free: int  # 1: an skb freed on another CPU is freed by the allocating CPU's softirq
    napi_local_direct: int  # 1: the pool itself finds out that a put comes from its own NAPI's CPU


# pcp batch and high: 31 and 6 * 31; 63 and 6 * 63 from 4.19 [kernel d8a759b57035]; 649: example [gorman-2021-05-25].
# softirq: [kernel 374ad05ab64d], 4.11-rc1, reverted.
# order 3: [kernel 44042b449872], 5.14.
# bulk: [kernel be5dba25b4b2], 5.13.
# clamp: [kernel a1b501a8c6a8], in 6.12.117; before it 32768 was the limit.
# skb recycling: [kernel 6a5bcd84e886], 5.14.
# deferred free: [kernel 68822bdf76f1], 5.19.
# NAPI-local: [kernel 8c48eea3adf3], 6.4.
ERAS = {
    "4.6": Era(31, 186, 1, 0, 1, 32768, 0, 0, 0),
    "4.11-rc1": Era(31, 186, 0, 0, 1, 32768, 0, 0, 0),
    "4.18": Era(31, 186, 1, 0, 1, 32768, 0, 0, 0),  # page_pool merged
    "4.19": Era(63, 378, 1, 0, 1, 32768, 0, 0, 0),
    "5.13": Era(63, 378, 1, 0, 64, 32768, 0, 0, 0),
    "5.14": Era(63, 649, 1, 1, 64, 32768, 1, 0, 0),
    "5.19": Era(63, 649, 1, 1, 64, 32768, 1, 1, 0),
    "6.4": Era(63, 649, 1, 1, 64, 32768, 1, 1, 1),
    "6.12": Era(63, 649, 1, 1, 64, 16384, 1, 1, 1),
}

_RELEASE = re.compile(r"v?([1-9]\d?)\.(\d{1,3})(\.\d{1,4})?", re.ASCII)
# No series has gone beyond x.20 since 3.0; these have ended (kernel.org).
MOST_MINOR = 20
LAST_MINORS = {3: 19, 4: 20, 5: 19}


class ReleaseError(ValueError):
    """The text is not a Linux release, or one whose rules are unknown; the message follows the text in quotes."""


def rules(release: str) -> str:
    """The name of the era whose rules apply to `release` ("5.15", "v6.1", "6.12.117", or the name of an era).

    That is the newest era that is not newer than it.  Errors: ReleaseError.
    """
    if release in ERAS:
        return release
    requested = _release(release)
    if requested is None:
        raise ReleaseError('is no release of Linux such as "5.15" or "6.12.117"')
    first_release_of = {name: first_release for name in ERAS if (first_release := _release(name))}
    newest = max(first_release_of.values())
    last_minor = LAST_MINORS.get(requested[0], MOST_MINOR)
    if requested[0] > newest[0] + 1 or (requested[0] > 2 and requested[1] > last_minor):
        raise ReleaseError(f"is no release of Linux: {_end(requested[0], last_minor, newest)}")
    older = [name for name, begin in first_release_of.items() if begin <= requested]
    if not older:
        raise ReleaseError(f"is older than the oldest rules known here, those of {next(iter(ERAS))}")
    return max(older, key=first_release_of.__getitem__)


def _release(text: str) -> tuple[int, int] | None:
    """Major and minor number; None if `text` is not a release, such as a release candidate."""
    match = _RELEASE.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def _end(major: int, last: int, newest: tuple[int, int]) -> str:
    if major > newest[0] + 1:
        return f"the newest rules known here are those of {newest[0]}.{newest[1]}"
    return f"the last of its series is {major}.{last}" if major in LAST_MINORS else f"no series goes beyond .{last}"
