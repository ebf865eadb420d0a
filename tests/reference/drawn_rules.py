# SPDX-License-Identifier: MIT
"""Rules of the kernel and what a driver says of its pool, drawn."""

from __future__ import annotations

from random import Random

from sweep.fields.kernel import SWEEP_RULES

DEFERRAL = {"deferred_free", "udp_deferred_free", "deferred_limit_128"}


def rules(rng: Random) -> tuple[str, ...]:
    """Rules of no kernel in particular, in every combination that is not contradictory."""
    drawn = {rule.name for rule in SWEEP_RULES if rng.random() < 0.7}
    if rng.random() < 0.7 or "pcp_order3" in drawn:
        drawn.discard("pcp_process_only")
    if "skb_recycle" not in drawn:
        drawn.discard("skb_locality")
    if "deferred_free" not in drawn:
        drawn.discard("softirq_off_free")
    return in_table_order(drawn)


def in_table_order(drawn: set[str]) -> tuple[str, ...]:
    """These rules as a scenario has them."""
    return tuple(rule.name for rule in SWEEP_RULES if rule.name in drawn)


def pool(rng: Random) -> dict[str, int]:
    """What a NIC's driver does with its pool and its frames, by the names in the model."""
    return {
        "xdp_tx_map": rng.choice((0, 1)),
        "pool_napi": rng.choice((0, 1, 1)),
        "system_pool": rng.choice((0, 0, 1)),
        "napi_unlisted_ppm": rng.choice((0, 0, 1, 123_457, 500_000, 1_000_000)),
    }
