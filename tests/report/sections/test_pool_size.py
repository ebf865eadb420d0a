# SPDX-License-Identifier: MIT
"""How large a pool should be, and what its statistics mean: sizes, lags and published counters put in."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import config
from sweep.document.blocks import Chart, Paragraph, Section, Table
from sweep.report.sections import pool_size, pool_statistics
from sweep.results import analysis, dataset
from tests.report.synthetic_sweep import WINDOW, Effects, bucket, table

ROOT = Path(__file__).parents[3]
GRID = {"mixes": ("router", "host"), "loads": (0.3,), "rings": (64, 256), "replicates": 2}


def analysed(effects: Effects | None = None, **arguments) -> analysis.Analysis:
    return analysis.analyse(dataset.read(table(**{**GRID, "effects": effects or Effects(), **arguments})))


def told(section: Section, kind: type = Paragraph) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


class TestSize:
    def section(self, slow=lambda row: 0, **overrides) -> Section:
        return pool_size.section(analysed(Effects(alloc_slow=slow, overrides=overrides), variants=True))

    def test_the_smallest_that_keeps_off_the_slow_path(self):
        """In the host only the pool of twice the ring does, in the router both do."""

        def slow(row: dict) -> int:
            return WINDOW // 100 if row["traffic"] == "host" and row["label"] == "pool=ring" else 0

        (text,) = (block.text for block in told(self.section(slow)))
        assert text.startswith(
            "page_pool: large enough, with fewer than one slow allocation in 10,000 packets, is"
            " ≤ 1× in 2; 2× in 2 of 4 cells of mix, load and ring."
        )

    def test_a_cell_in_which_none_is_enough_is_named(self):
        (text,) = (b.text for b in told(self.section(lambda row: 500 if row["traffic"] == "host" else 0)))
        assert "is ≤ 1× in 2; none of these in 2 (host) of 4 cells" in text

    def test_a_size_counts_only_if_all_larger_ones_do_too(self):
        (text,) = (b.text for b in told(self.section(lambda row: 500 if row["label"] == "pool=2x" else 0)))
        assert "is none of these in 4 (router, host) of 4 cells" in text

    def test_idle_memory_is_cache_and_ring(self):
        stock = {"pool_ring_mean_pages": lambda row: float(row["strategy.pool_size"] or 0)}
        text = told(self.section(**stock))[0].text
        # 60 pages in the cache and 64 or 256 in the ring, of 4096 bytes; and with twice the ring
        assert "median over the cells: 0.9 MB at 1× (at most 1.3), 1.6 MB at 2× (at most 2.3)" in text
        idle = told(self.section(**stock), Table)[1]
        assert [cell.text for cell in idle.rows[0]][-2:] == ["0.508", "0.77"]

    def test_lag_in_laps(self):
        """All packets take 1 ms; a lap of 256 descriptors at 1.2 Mpps is 213 µs; buckets are an eighth wide."""
        counts = [0] * 256
        counts[bucket(1_000_000)] = 2000
        slow = told(self.section(latency_ns_histogram=lambda row: counts), Table)[0]
        cells = dict(zip(slow.header, (cell.text for cell in slow.rows[-1]), strict=True))
        assert (cells[""], cells["ring"]) == ("host", "256")
        assert float(cells["lag, laps"]) == pytest.approx(1e6 / 213_333, rel=0.13)

    def test_whether_the_size_can_matter(self):
        assert "so that its size can matter, in 2 of 4 cells." in told(self.section())[0].text  # the host's

    def test_a_line_per_mix_is_drawn(self):
        (chart,) = told(self.section(), Chart)
        assert [entry.text for entry in chart.key] == ["router", "host"]
        assert len(chart.spec["hconcat"]) == 2

    def test_one_size_says_how_to_vary_it(self):
        (block,) = pool_size.section(analysed()).blocks
        assert block.text == f"Not tested: every pool has 1× the ring's size. To vary it: {pool_size.VARY}."

    def test_and_what_it_says_is_understood(self):
        override = pool_size.VARY.removeprefix("--set '").removesuffix("'")
        sweep = config.load(ROOT / "configs" / "smoke.yaml", [override])
        assert sweep.points == 2 * 2 * (3 + 3)  # three strategies without a pool, three sizes of one

    def test_no_pool_no_section(self):
        assert pool_size.section(analysed(strategies=("page_allocator", "page_frag"))).blocks == ()


ZEROS = dict.fromkeys((*pool_statistics.COUNTERS, *pool_statistics.OTHERS), 0)


class TestStatistics:
    def section(self, **counters: int) -> Section:
        """One simulation of one pool with these counters, the others zero."""
        given = {name: (lambda row, value=value: value) for name, value in (ZEROS | counters).items()}
        one = {"strategies": ("page_pool",), "baseline": "page_pool", "mixes": ("host",), "rings": (256,)}
        return pool_statistics.section(analysed(Effects(overrides=given), **one, replicates=1))

    def rates(self, **counters: int) -> dict[str, str]:
        (found,) = told(self.section(**counters), Table)
        return {cells[0].text: cells[1].text for cells in found.rows}

    def test_the_printed_rate_is_the_published_one_and_not_the_hit_rate(self):
        """V04: 359,853 of 398,337 is 90.3 %; 656 bulks brought 41,984 pages.  5,000 refills make the rest."""
        counters = {
            "alloc_fast": 398_337 - 656,
            "alloc_slow": 656,
            "alloc_refill": 5_000,
            "recycle_cached": 59_853,
            "recycle_ring": 300_000,
            "pages_taken": 41_984,
        }
        found = self.rates(**counters)
        assert found["recycle rate, as ynl prints it"] == "90.3 %"
        assert found["true page hit rate"] == "89.6 %"  # 1 - 41,984 / 403,337
        assert found["new pages per slow"] == "64.0"
        assert found["direct, of pages put back"] == "16.6 %"  # 59,853 / 359,853
        assert found["ring, of pages put back"] == "83.4 %"
        first = told(self.section(**counters))[0].text
        assert "lies up to 0.75 percentage points from the true page hit rate (host: 90.3 % printed, 89.6 %" in first
        assert "on the allocating CPU (direct): host 16.6 %" in first

    def test_nothing_comes_back(self):
        """V02: each bulk of 64 gives one slow and 63 fast."""
        found = self.rates(
            alloc_fast=63 * 286_369, alloc_slow=286_369, pages_taken=64 * 286_369, recycle_released_refcnt=64 * 286_369
        )
        assert found["recycle rate, as ynl prints it"] == "0 %"
        assert found["true page hit rate"] == "0 %"
        assert found["direct, of pages put back"] == "–"

    def test_all_comes_back_through_the_ring(self):
        """Every refill moves 64 pages and hands out one itself: 63 fast each."""
        found = self.rates(alloc_fast=63_000, alloc_refill=1_000, recycle_ring=64_000)
        assert found["fast per refill"] == "63.0"
        assert found["true page hit rate"] == "100 %"
        assert found["ring, of pages put back"] == "100 %"

    def test_a_full_cache_is_a_share_of_direct_puts(self):
        found = self.rates(alloc_fast=1, recycle_cached=9_000, recycle_cache_full=1_000, recycle_ring=1_000)
        assert found["cache full, of direct puts"] == "10.0 %"
        assert found["direct, of pages put back"] == "90.0 %"

    def test_deferral(self):
        found = self.rates(alloc_fast=1, released_buffers=1_000, deferred_frees=930)
        assert found["freed by deferral, of buffers"] == "93.0 %"

    def test_a_pool_that_did_nothing_has_no_statistics(self):
        assert self.section().blocks == ()

    def test_without_new_pages_the_hit_rate_is_not_guessed(self):
        source = table(**GRID).drop_columns("pages_taken")
        section = pool_statistics.section(analysis.analyse(dataset.read(source)))
        assert "so the true page hit rate is not known" in told(section)[0].text
        assert not any(cells[0].text == "true page hit rate" for cells in told(section, Table)[0].rows)

    def test_without_a_pool_no_section(self):
        assert pool_statistics.section(analysed(strategies=("page_allocator",))).blocks == ()
