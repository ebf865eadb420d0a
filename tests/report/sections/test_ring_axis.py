# SPDX-License-Identifier: MIT
"""Does a larger ring help or hurt: each word from a table made to deserve it, with the numbers put in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import config, report
from sweep.document.blocks import Chart, Document, Paragraph
from sweep.report.page import html
from sweep.report.sections import ring_axis, ring_effects
from sweep.results import analysis, dataset
from tests.report.synthetic_sweep import Effects, table

ROOT = Path(__file__).parents[3]
GRID = {
    "strategies": ("page_allocator", "page_pool"),
    "mixes": ("router",),
    "loads": (0.1, 0.3),
    "rings": (64, 512, 4096),
    "replicates": 3,
}


def analysed(effects: Effects | None = None, **arguments) -> analysis.Analysis:
    return analysis.analyse(dataset.read(table(**{**GRID, "effects": effects or Effects(), **arguments})))


def found(effects: Effects, **arguments):
    """The finding on the one mix."""
    (block,) = ring_effects.section(analysed(effects, **arguments)).blocks
    (item,) = block.items
    return item


def exact(ns, drops=lambda row: 0.0, **overrides) -> Effects:
    return Effects(ns=ns, drop_ratio=drops, noise=0.0, own_noise=0.0, overrides=overrides)


def by_ring(small, middle, large):
    return lambda row: {64: small, 512: middle, 4096: large}[row["ring"]]


class TestWord:
    def test_drops_at_the_small_ring_only_are_absorbed_by_a_larger_one(self):
        item = found(exact(lambda row: 500.0, by_ring(0.05, 0.0, 0.0)))
        assert item.word == ring_effects.HELPS
        assert (
            "At load 0.3, from 64 to 4096, a larger ring helps every strategy: drops 5.0 % at 64 against 0 %"
            in item.claim
        )

    def test_misses_that_grow_with_the_ring_hurt(self):
        misses = by_ring(1.0, 5.0, 41.0)
        item = found(exact(lambda row: 500.0 + misses(row), cache_ns_per_packet=misses))
        assert item.word == ring_effects.HURTS
        assert "cache misses 41.0 at 4096 against 1.00 ns per packet (best ring ≤ 64)" in item.claim
        assert "Cache: misses cost 1.00 ns per packet at 64, 41.0 ns per packet at 4096" in "".join(item.evidence)

    def test_drops_on_one_side_and_misses_on_the_other_leave_the_best_in_between(self):
        misses = by_ring(1.0, 1.0, 41.0)
        item = found(exact(lambda row: 500.0 + misses(row), by_ring(0.05, 0.0, 0.0), cache_ns_per_packet=misses))
        assert item.word == ring_effects.BETWEEN
        assert "drops 5.0 % at 64 against 0 %; cache misses 41.0 at 4096 against 1.00 ns" in item.claim
        assert "(best ring 512)" in item.claim

    def test_walks_are_told_where_the_larger_ring_drops_more(self):
        walks = by_ring(0.1, 0.5, 2.5)
        item = found(exact(lambda row: 500.0, by_ring(0.0, 0.0, 0.2), walk_reads_per_packet=walks))
        assert item.word == ring_effects.HURTS
        assert "drops 20.0 % at 4096 against 0 %, translations 2.50 at 4096 against 0.1 page-walk reads" in item.claim

    def test_page_work_that_reuse_saves_is_told_with_the_reuse(self):
        work = by_ring(60.0, 10.0, 10.0)
        item = found(
            exact(
                lambda row: 500.0 + work(row),
                allocate_ns_per_packet=work,
                reuse_ratio=by_ring(0.25, 1.0, 1.0),
            )
        )
        assert item.word == ring_effects.HELPS
        assert "page work, 560 at 64 against 510 ns per packet, reused 25.0 % at 64" in item.claim

    def test_nothing_changes(self):
        item = found(exact(lambda row: 500.0))
        assert item.word == ring_effects.ALIKE
        assert "hardly matters to every strategy (both ends within 0.5 % of the best)" in item.claim

    def test_opposite_strategies(self):
        def ns(row):
            rising = row["ring"] / 64
            return 500.0 + (rising if row["strategy"] == "page_pool" else 64 - rising)

        item = found(exact(ns))
        assert item.word == ring_effects.MIXED
        assert "helps page_allocator: " in item.claim
        assert "it hurts page_pool: " in item.claim

    def test_one_that_moves_beside_one_that_does_not(self):
        item = found(exact(lambda row: 500.0 + (row["ring"] / 64 if row["strategy"] == "page_pool" else 0.0)))
        assert item.word == ring_effects.SOME[ring_effects.HURTS]

    def test_one_replicate_decides_nothing(self):
        item = found(exact(by_ring(900.0, 500.0, 500.0)), replicates=1)
        assert item.word == ring_effects.OPEN
        assert "more replicates would decide" in item.claim

    def test_without_a_split_of_the_cost_no_part_of_it_is_blamed(self):
        source = table(**{**GRID, "effects": exact(by_ring(900.0, 500.0, 500.0))})
        bare = source.select(["strategy", "traffic", "load", "ring", "replicate", "ns_per_packet"])
        (block,) = ring_effects.section(analysis.analyse(dataset.read(bare))).blocks
        assert "helps every strategy: 900 at 64 against 500 ns per packet" in block.items[0].claim

    def test_variants_that_agree_go_by_the_strategy_s_name(self):
        item = found(exact(lambda row: 500.0 + (row["ring"] / 64 if row["label"] else 0.0)), variants=True)
        assert "hurts page_pool: " in item.claim
        assert "pool=2x" not in item.claim


def test_what_is_alike_at_both_ends_is_one_number():
    item = found(exact(lambda row: 500.0, reuse_ratio=lambda row: 0.5))
    assert "Reuse: reused 50.0 %, the same at both ends." in item.evidence


class TestOneRing:
    def test_the_section_says_how_to_vary_it(self):
        (block,) = ring_effects.section(analysed(rings=(256,))).blocks
        assert isinstance(block, Paragraph)
        assert ring_effects.VARY in block.text
        assert ring_axis.section(analysed(rings=(256,))).blocks == ()

    def test_and_what_it_says_is_understood(self):
        override = ring_effects.VARY.removeprefix("--set '").removesuffix("'")
        assert config.load(ROOT / "configs" / "smoke.yaml", [override]).points == 4 * 2 * 3


class TestAxis:
    def charts(self, effects: Effects) -> list[Chart]:
        return [block for block in ring_axis.section(analysed(effects)).blocks if isinstance(block, Chart)]

    def test_a_panel_per_effect_with_something_in_it(self):
        (chart,) = self.charts(exact(lambda row: 500.0, by_ring(0.05, 0.0, 0.0), cache_ns_per_packet=lambda row: 3.0))
        assert len(chart.spec["vconcat"]) == 4  # drops, cache, reuse, memory
        assert "0 everywhere" not in chart.title

    def test_effects_that_are_nowhere_are_named(self):
        (chart,) = self.charts(exact(lambda row: 500.0, walk_reads_per_packet=lambda row: 0.0))
        assert len(chart.spec["vconcat"]) == 2  # reuse, memory
        assert chart.title.endswith("(burst absorption, translations: 0 everywhere)")

    def test_columns_that_the_table_lacks_are_said(self):
        (first, *_) = ring_axis.section(analysed()).blocks
        assert "The table has no column for cache and translations." in first.text

    def test_it_can_be_drawn(self):
        section = ring_axis.section(analysed(exact(lambda row: 500.0, by_ring(0.05, 0.0, 0.0))))
        page = html.render(Document("t", "s", (section,)))
        assert "MB held" in page
        assert "page_pool, ring 512" in page


@pytest.mark.parametrize("metric", ["cache_ns_per_packet", "walk_reads_per_packet"])
def test_what_the_hardware_costs_is_a_table_or_a_line(metric):
    def text(value: float) -> str:
        return report.text(table(**GRID, effects=exact(lambda row: 500.0, **{metric: lambda row: value})), full=True)

    title = {
        "cache_ns_per_packet": "cache misses, ns per packet",
        "walk_reads_per_packet": "page-walk reads per packet",
    }
    assert f"router: {title[metric]}\n" in text(1.5)
    assert f"{title[metric].capitalize()}: 0 everywhere." in text(0.0)
