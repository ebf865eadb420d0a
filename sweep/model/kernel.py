# SPDX-License-Identifier: MIT
"""Kernel eras: which rules of the simulated kernel changed when.

Not modelled: anything before 5.14 (no bulk refill, pages leave the pool with their skb); the auto-tuned
per-CPU list marks of 6.7+ (the 5.14 example value is used for all eras).
Source: fidelity research A0, A6, A13; page_pool semantics section 9.
"""

from __future__ import annotations

from typing import NamedTuple


class Era(NamedTuple):
    """The rules of one kernel version and those after it, up to the next entry."""

    deferred_free: int  # 1: an skb freed on another CPU is freed by the allocating CPU's softirq
    napi_local_direct: int  # 1: the pool itself finds out that a put comes from its own NAPI's CPU
    pool_size_max: int  # slots; a larger pool_size is clamped
    pcp_batch: int  # pages
    pcp_high: int  # pages


# deferred free: 68822bdf76f1 ("net: generalize skb freeing deferral to per-cpu lists", 5.19).
# NAPI-local: 8c48eea3adf3 ("page_pool: allow caching from safely localized NAPI", 6.4).
# clamp: a1b501a8c6a8 ("page_pool: Clamp pool size to max 16K pages"), in 6.12.117; before it 32768 was the limit.
# pcp batch 63, high 649: fidelity A0, the example of Mel Gorman's 2021 series ("378 -> 649").
ERAS = {
    "5.14": Era(0, 0, 32768, 63, 649),
    "5.19": Era(1, 0, 32768, 63, 649),
    "6.4": Era(1, 1, 32768, 63, 649),
    "6.12": Era(1, 1, 16384, 63, 649),
}
