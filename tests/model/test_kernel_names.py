# SPDX-License-Identifier: MIT
"""The kernel's names: each with the file and symbol that counts it, and none for what is only akin."""

from __future__ import annotations

import re

import pytest

from sweep import schema
from sweep.fields.field import Field
from sweep.model import batch
from sweep.model.page_pool import pool

FIELDS = {field.name: field for field in (*batch.all_counter_fields(), *pool.POOL, *pool.PAGE)}
NAMED = {name: field for name, field in FIELDS.items() if field.kernel}
PLACE = re.compile(r"(include|net|drivers)/[\w/.-]+\.[ch]: (struct )?[a-z_0-9]+(, until \d+\.\d+)?")

# struct page_pool_alloc_stats and struct page_pool_recycle_stats (include/net/page_pool/types.h, Linux 6.12)
STATISTICS = {
    "alloc": ("fast", "slow", "slow_high_order", "empty", "refill", "waive"),
    "recycle": ("cached", "cache_full", "ring", "ring_full", "released_refcnt"),
}
# Names of the kernel that are not what a counter here counts, and why.
AKIN = {
    "time_squeeze": "softnet_data: net_rx_action stopped for netdev_budget or its time, not a poll for its weight",
    "rx_copybreak": "a setting: ETHTOOL_RX_COPYBREAK",
    "rx_out_of_buffer": "counts packets without a descriptor whatever the reason; here failed allocations are apart",
    "sk_drops": "a socket's drops for any reason, checksums and filters too",
    "sk_rmem_alloc": "what is charged now, not the most that was",
    "skb_attempt_defer_free": "a function",
    "rx_cache_reuse of i40e": "counted when a page is posted again, not when it is kept",
}


@pytest.mark.parametrize("name", NAMED)
def test_a_name_has_the_place_that_counts_it(name: str) -> None:
    assert PLACE.fullmatch(NAMED[name].defined), NAMED[name].defined


def test_what_has_no_name_has_no_place() -> None:
    assert not [name for name, field in FIELDS.items() if field.defined and not field.kernel]


def test_what_is_only_akin_is_no_name() -> None:
    names = {field.kernel for field in NAMED.values()}
    assert not names & AKIN.keys()
    assert FIELDS["page_reuse"].kernel == ""
    for name in ("full_polls", "copied_packets", "deferred_frees", "socket_truesize_peak"):
        assert FIELDS[name].kernel == "", name


def test_the_statistics_of_a_page_pool_are_the_members_of_its_structures() -> None:
    for kind, members in STATISTICS.items():
        own = [field for field in NAMED.values() if field.kernel.startswith(f"page_pool_{kind}_stats.")]
        found = [field.kernel.removeprefix(f"page_pool_{kind}_stats.") for field in own]
        assert found == list(members)
        assert [field.name for field in own] == [f"{kind}_{member}" for member in members]
        assert all(field.defined.startswith("net/core/page_pool.c: ") for field in own)


def test_a_table_carries_names_and_places() -> None:
    fields = {field.name: field for field in schema.results_schema()}
    rows = {row["name"]: row for row in schema.dictionary(schema.columns()).to_pylist()}
    for counter in batch.all_counter_fields():
        assert isinstance(counter, Field)
        metadata = {key.decode(): value.decode() for key, value in fields[counter.name].metadata.items()}
        assert metadata["kernel"] == counter.kernel
        assert metadata.get("definition", "") == counter.defined
        assert (rows[counter.name]["kernel"], rows[counter.name]["definition"]) == (
            counter.kernel or None,
            counter.defined or None,
        )
