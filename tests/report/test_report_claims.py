# SPDX-License-Identifier: MIT
"""Claims, the thread's six and a sweep file's own: each verdict word from a table made to deserve it."""

from __future__ import annotations

import pytest

from sweep.report.claims import linux_mm_2016
from sweep.report.claims import user as user_claims
from sweep.report.parts.claim_verdicts import NOT_TESTED, REFUTED, SIZE_OPEN, SUPPORTED, UNDECIDED
from sweep.results import analysis, dataset
from tests.report.synthetic_sweep import WINDOW, Effects, table

GRID = {"mixes": ("router", "host"), "loads": (0.3,), "rings": (256, 1024), "replicates": 4}


def seed(name: str, **arguments):
    """The finding on one of S1 to S6."""
    found = linux_mm_2016.judge(analysis.analyse(dataset.read(table(**{**GRID, **arguments}))))
    return next(finding for finding in found if finding.name == name)


def user(that: object, **arguments):
    """The finding on a claim of the sweep file."""
    claims = [{"name": "mine", "that": that}]
    (found,) = user_claims.judge(analysis.analyse(dataset.read(table(**{**GRID, "claims": claims, **arguments}))))
    return found


def overrides(**made) -> Effects:
    return Effects(overrides=made)


def only(strategy: str, value, other):
    """A metric that is `value` for one strategy (a function of the row, or a number)."""
    return lambda row: (value(row) if callable(value) else value) if row["strategy"] == strategy else other


PUTS = {"recycle_ring": only("page_pool", 1000, None)}


class TestS1:
    def test_no_slow_allocation_in_any_router_cell_supports(self):
        slow = Effects(alloc_slow=lambda row: 0 if row["traffic"] == "router" else 500, overrides=PUTS)
        found = seed("S1", effects=slow)
        assert found.word == SUPPORTED
        assert "in 2 of 2 router cells" in found.evidence[0]

    def test_without_ring_puts_the_size_of_the_pool_is_not_tested(self):
        found = seed("S1", effects=Effects(alloc_slow=lambda row: 0))
        assert found.word == SIZE_OPEN
        assert any(line.startswith("The pool's size plays no part here: 0 ring puts") for line in found.evidence)

    def test_where_the_ring_is_used_the_rate_is_told_by_size(self):
        def size(row):
            return row["ring"] * (2 if row["ring"] == 1024 else 1) // 2 if row["strategy"] == "page_pool" else None

        slow = Effects(
            alloc_slow=lambda row: 0 if row["ring"] == 1024 else WINDOW // 100,
            overrides={"strategy.pool_size": size, **PUTS},
        )
        found = seed("S1", effects=slow)
        assert (
            "In 2 router cells with ring puts, slow allocations per packet by pool size / ring size:"
            " 0.01 at 0.5; 0 at 1." in found.evidence
        )

    def test_slow_allocations_refute_and_are_counted(self):
        found = seed("S1", effects=Effects(alloc_slow=lambda row: 0 if row["ring"] == 256 else WINDOW // 100))
        assert found.word == REFUTED
        assert "in 1 of 2 router cells; at most 0.01 per packet" in found.evidence[0]

    def test_a_pool_smaller_than_the_ring_is_told_apart(self):
        small = Effects(
            alloc_slow=lambda row: 900,
            overrides={"strategy.pool_size": lambda row: row["ring"] // 2 if row["strategy"] == "page_pool" else None},
        )
        found = seed("S1", effects=small)
        assert found.word == NOT_TESTED
        assert found.evidence[0].startswith("No router cell has a pool of the ring's size")
        assert "smaller than the ring: 0 slow allocations per packet after warm-up in 0 of 2" in found.evidence[1]

    def test_one_replicate_leaves_it_undecided(self):
        assert seed("S1", replicates=1, effects=Effects(alloc_slow=lambda row: 0)).word == UNDECIDED

    def test_without_routers_it_is_not_tested(self):
        assert seed("S1", mixes=("host",)).word == NOT_TESTED

    def test_without_a_pool_it_is_not_tested_and_says_so(self):
        found = seed("S1", strategies=("page_allocator", "page_frag"))
        assert found.word == NOT_TESTED
        assert "page_pool" in found.evidence[0]


class TestS2:
    def test_few_calls_at_the_largest_ring_support(self):
        rare = only("refcount_recycle", lambda row: 0.3 if row["ring"] == 256 else 0.001, 1.0)
        found = seed("S2", effects=overrides(allocator_calls_per_packet=rare))
        assert found.word == SUPPORTED
        assert found.evidence[0] == "router: under 1 call in 100 packets from ring 1024 at load 0.3."

    def test_many_calls_at_the_largest_ring_refute(self):
        found = seed("S2", effects=overrides(allocator_calls_per_packet=only("refcount_recycle", 0.2, 1.0)))
        assert found.word == REFUTED
        assert "not up to ring 1024 (20.0 % there)" in found.evidence[0]

    def test_a_mean_at_the_threshold_is_undecided(self):
        spread = only("refcount_recycle", lambda row: 0.005 + 0.003 * row["replicate"], 1.0)
        assert seed("S2", effects=overrides(allocator_calls_per_packet=spread)).word == UNDECIDED

    def test_overloaded_cells_do_not_decide_and_are_listed(self):
        lossy = Effects(
            drop_ratio=lambda row: 0.2 if row["ring"] == 1024 else 0.0,
            overrides={"allocator_calls_per_packet": lambda row: 0.3 if row["ring"] == 1024 else 0.001},
        )
        found = seed("S2", effects=lossy)
        assert found.word == SUPPORTED
        assert found.evidence[0] == "router: under 1 call in 100 packets from ring 256 at load 0.3."
        assert any(
            line.startswith("Overloaded (over 1.0 % dropped), so not counted: router at load 0.3, ring 1024: 0.3 ")
            for line in found.evidence
        )

    def test_if_all_is_overloaded_it_is_not_tested(self):
        assert seed("S2", effects=Effects(drop_ratio=lambda row: 0.2)).word == NOT_TESTED

    def test_stalling_readers_are_another_claim(self):
        found = seed("S2", mixes=("host_slow_reader",))
        assert found.word == NOT_TESTED

    def test_buffers_in_tx_are_compared_with_those_posted(self):
        found = seed("S2", effects=overrides(tx_ring_mean_buffers=lambda row: row["ring"] * 2.0))
        assert "in 0 of 2 router cells" in found.evidence[-1]


class TestS3:
    def test_cheaper_than_the_allocator_where_it_reuses_supports(self):
        found = seed("S3")
        assert found.word == SUPPORTED
        assert "cheaper than page_allocator in 4 of these cells and dearer in 0" in found.evidence[1]

    def test_dearer_refutes(self):
        dear = only("refcount_recycle", lambda row: 300.0 + row["replicate"], 2.0)
        assert seed("S3", effects=overrides(recycle_ns_per_packet=dear)).word == REFUTED

    def test_if_nothing_is_reused_it_is_undecided(self):
        assert seed("S3", effects=overrides(reuse_ratio=lambda row: 0.1)).word == UNDECIDED


class TestS4:
    def ns(self, host: dict[str, float], router: dict[str, float]):
        return Effects(
            ns=lambda row: (router if row["traffic"] == "router" else host).get(row["strategy"], 550.0), noise=0.01
        )

    def test_a_pool_that_loses_on_hosts_supports(self):
        assert seed("S4", effects=self.ns({"page_pool": 700.0}, {"page_pool": 400.0})).word == SUPPORTED

    def test_a_pool_that_wins_on_hosts_refutes(self):
        assert seed("S4", effects=self.ns({"page_pool": 400.0}, {"page_pool": 400.0})).word == REFUTED

    def test_a_pool_that_costs_the_same_on_hosts_refutes_it_too(self):
        same = Effects(ns=lambda row: 500.0, noise=0.01, own_noise=0.0)
        assert seed("S4", effects=same).word == REFUTED

    def test_half_and_half_is_undecided(self):
        mixed = Effects(ns=lambda row: 550 + (30 if row["ring"] == 256 else -30) * (row["strategy"] == "page_pool"))
        assert seed("S4", effects=mixed).word == UNDECIDED

    def test_it_needs_both_kinds_of_mix(self):
        assert seed("S4", mixes=("host",)).word == NOT_TESTED


class TestS5:
    @pytest.mark.parametrize(("reuse", "word"), [(0.99, SUPPORTED), (0.5, REFUTED)])
    def test_reuse_decides(self, reuse, word):
        assert seed("S5", effects=overrides(reuse_ratio=lambda row: reuse)).word == word

    def test_overloaded_cells_do_not_decide(self):
        lossy = Effects(
            drop_ratio=lambda row: 0.02 if row["ring"] == 256 else 0.0,
            overrides={"reuse_ratio": lambda row: 0.99 if row["ring"] > 256 else 0.2},
        )
        found = seed("S5", effects=lossy)
        assert found.word == SUPPORTED
        assert "host at load 0.3, ring 256: 20.0 % of the buffers reused" in found.evidence[1]

    def test_rings_that_differ_leave_it_undecided(self):
        found = seed("S5", effects=overrides(reuse_ratio=lambda row: 0.99 if row["ring"] > 256 else 0.2))
        assert found.word == UNDECIDED
        assert "ring 256: 20.0 %, ring 1024: 99.0 %" in found.evidence[0]

    def test_the_lap_rule_is_checked_against_the_histogram(self):
        found = seed("S5", effects=overrides(reuse_ratio=lambda row: 1.0, lap_ns=lambda row: 1e12))
        assert "in 4 of 4 cells (median gap 0.0 points)" in found.evidence[-1]
        found = seed("S5", effects=overrides(reuse_ratio=lambda row: 1.0, lap_ns=lambda row: 1.0))
        assert "in 0 of 4 cells (median gap 100.0 points)" in found.evidence[-1]


class TestS6:
    def test_not_tested_without_the_strategy(self):
        found = seed("S6")
        assert found.word == NOT_TESTED
        assert "hugepage_pool" in found.evidence[0]

    @pytest.mark.parametrize(
        ("small", "large", "word"), [(500.0, 600.0, SUPPORTED), (500.0, 500.0, REFUTED), (550.0, 550.0, UNDECIDED)]
    )
    def test_better_here_and_worse_there_is_what_mixed_means(self, small, large, word):
        ns = Effects(
            ns=lambda row: 550.0 if row["strategy"] != "hugepage_pool" else small if row["ring"] == 256 else large
        )
        assert seed("S6", strategies=("page_allocator", "page_pool", "hugepage_pool"), effects=ns).word == word


class TestUserClaims:
    NS = Effects(ns=lambda row: {"page_allocator": 600.0, "page_pool": 500.0}.get(row["strategy"], 550.0))

    @pytest.mark.parametrize(
        ("that", "word"),
        [
            ("ns_per_packet[page_pool] < 550", SUPPORTED),
            ("ns_per_packet[page_pool] > 550", REFUTED),
            ("ns_per_packet[page_pool] < 500", UNDECIDED),
            ("ns_per_packet[page_pool, traffic=host, ring>=1024] <= 550", SUPPORTED),
            ("ns_per_packet[strategy=page_pool, load<0.2] < 550", NOT_TESTED),
            ("ns_per_packet[strategy!=page_pool, ring=256] > 520", SUPPORTED),
            ("ns_per_packet < 700", SUPPORTED),
            ("ns_per_packet[page_pool] < ns_per_packet[page_allocator]", SUPPORTED),
            ("ns_per_packet[page_pool] > ns_per_packet[page_allocator]", REFUTED),
            ("drop_ratio[page_pool] <= 0", SUPPORTED),
            ("drop_ratio[page_pool] < 0.1 %", SUPPORTED),
            ("drop_ratio where strategy = page_pool and ring in 1..4096 < 0.1 %", SUPPORTED),
            ("ns_per_packet where strategy = page_pool < ns_per_packet where strategy = page_allocator", SUPPORTED),
            ("packets[page_pool] >= 200_000", SUPPORTED),
        ],
    )
    def test_words(self, that, word):
        assert user(that, effects=self.NS).word == word

    def test_evidence_counts_cells_and_names_places(self):
        found = user("ns_per_packet[page_pool, ring=256] > 550", effects=self.NS)
        assert found.evidence[0].startswith("0 of 2 cells decided for it, 2 against")
        assert found.evidence[1] == (
            "Against it: page_pool in router at load 0.3, ring 256; page_pool in host at load 0.3, ring 256."
        )

    def test_undecided_says_how_many_replicates_would_do(self):
        found = user("ns_per_packet[page_pool] < 505", effects=Effects(ns=lambda row: 500.0, noise=0.03))
        assert found.word == UNDECIDED
        assert "sweep run configs/synthetic.yaml --set replicates=" in found.evidence[-1]

    def test_one_replicate_is_undecided(self):
        found = user("ns_per_packet[page_pool] < 550", effects=self.NS, replicates=1)
        assert found.word == UNDECIDED
        assert "at least 2 are needed" in found.evidence[-1]

    @pytest.mark.parametrize(
        ("that", "said"),
        [
            (
                "ns_per_pakket[page_pool] < 1",
                'metric "ns_per_pakket" is not in the table. Did you mean "ns_per_packet"?',
            ),
            (
                "ns_per_packet[page_pol] < 1",
                'has the strategy "page_pol" in it, which is not known. Did you mean "page_pool"?',
            ),
            (
                "ns_per_packet[rings>1] < 1",
                '"rings" in it, which is not a parameter with a number (character 15). Did you mean "ring"?',
            ),
            ("ns_per_packet[ring>many] < 1", 'has "many" in it, which is not a parameter with a number (character 20)'),
            ("ns_per_packet[traffic>host] < 1", "compares the order of text"),
            ("ns_per_packet[page_pool] is low", "has no bound such as < 0.01 at its end"),
            ("ns_per_packet < ns_per_packet[ring=256]", "selects 4 strategies in a cell"),
            ("ns_per_packet < !", 'it has "!" where a number, with or without a unit, or a metric is expected'),
            (7, '"that" is missing'),
            (None, '"that" is missing'),
        ],
    )
    def test_what_cannot_be_read_says_why(self, that, said):
        found = user(that)
        assert found.word == "not understood"
        assert said in found.evidence[0]

    def test_an_entry_that_is_no_mapping_is_told_too(self):
        (found,) = user_claims.judge(analysis.analyse(dataset.read(table(**GRID, metadata={"claims": [7]}))))
        assert found.word == "not understood"
