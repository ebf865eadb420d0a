# SPDX-License-Identifier: MIT
"""Rules of the kernel, drawn."""

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
    return in_table_order(drawn)


def in_table_order(drawn: set[str]) -> tuple[str, ...]:
    """These rules as a scenario has them."""
    return tuple(rule.name for rule in SWEEP_RULES if rule.name in drawn)
