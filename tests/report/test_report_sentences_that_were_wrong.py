# SPDX-License-Identifier: MIT
"""Sentences that said something wrong once."""

from __future__ import annotations

import re
from typing import ClassVar

import pyarrow as pa
from test_report_sentences import real, sentences

from sweep import report
from tests.report.generated_tables import ASKED
from tests.report.synthetic_sweep import Effects, table


class TestWhatWasWrong:
    """The sentences that were found wrong, each in a table of its own."""

    COSTS: ClassVar = {"page_allocator": 600.0, "refcount_recycle": 600.0, "page_frag": 540.0, "page_pool": 480.0}
    SMALL: ClassVar = {"mixes": ("host",), "loads": (0.3,), "rings": (256, 1024), "replicates": 3}

    def text(self, effects: Effects, **more) -> str:
        return " ".join(report.text(table(effects=effects, **(self.SMALL | more)), full=True).split())

    def test_the_smallest_mean_is_that_of_the_one_that_has_it(self):
        """page_pool has the smallest mean everywhere, and drops more, not beyond doubt: nobody wins."""
        lossy = Effects(
            ns=lambda row: self.COSTS[row["strategy"]],
            drop_ratio=lambda row: 0.03 * row["replicate"] if row["strategy"] == "page_pool" else 0.01,
        )
        assert "The smallest mean is that of page_pool in 2 of 2 cells." in self.text(lossy)

    def test_one_that_is_set_aside_says_so_where_the_baseline_drops_as_much(self):
        lossy = Effects(
            ns=lambda row: self.COSTS[row["strategy"]],
            drop_ratio=lambda row: 0.0 if row["strategy"] == "page_frag" else 0.02,
        )
        text = self.text(lossy)
        assert "set aside: drops 2.0 percentage points more packets than page_frag, so fewer ns are not faster" in text

    def test_where_the_baseline_leads_fewer_is_not_called_more(self):
        lossy = Effects(
            ns=lambda row: {"page_allocator": 500.0, "page_pool": 450.0}[row["strategy"]],
            drop_ratio=lambda row: 0.0 if row["strategy"] == "page_allocator" else 0.05,
        )
        text = self.text(lossy, strategies=("page_allocator", "page_pool"))
        assert re.search(r"The others take up to (9\.9|10\.0|10\.1|10\.2) % fewer\.", text)
        assert "% more." not in text.split("Claims of")[0]

    def test_the_first_screen_marks_what_it_shows_alone(self):
        """The best variant is not on the first screen; the one that is gets the sign that it has among those shown."""
        best = Effects(
            ns=lambda row: (
                300.0
                if row["label"] == "pool=2x" and row["ring"] == 1024
                else 301.0
                if row["label"] == "pool=ring"
                else self.COSTS[row["strategy"]]
            )
        )
        lines = report.text(table(effects=best, variants=True, **self.SMALL)).splitlines()
        (row,) = [line for line in lines if line.strip().startswith("host, 0.3, 1024")]
        assert row.count("*") == 1

    def test_hugepages_without_a_pool_in_the_same_cell_are_not_tested(self):
        source = table(strategies=("page_pool", "hugepage_pool"), claims=ASKED, **self.SMALL)
        apart = [
            (ring == 256) == (name == "page_pool")
            for name, ring in zip(*(source.column(c).to_pylist() for c in ("strategy", "ring")), strict=True)
        ]
        assert "S6: not tested by this sweep" in " ".join(
            report.text(source.filter(pa.array(apart)), full=True).split()
        )

    def test_a_rival_that_was_not_simulated_is_not_named(self):
        text = self.text(Effects(), strategies=("page_allocator", "page_pool"), mixes=("router", "host"), claims=ASKED)
        assert "page_pool takes no more ns per packet than page_allocator in" in text

    def test_who_drops_nothing_is_not_said_to_drop_more(self):
        """Thirteen stalls without a loss show nothing: drops are open, and no more than that is said."""
        source, reports = real("episodes")
        (mix,) = {
            row["traffic"] for row in source.to_pylist() if row["traffic"] == "dozing_host" and not row["drop_ratio"]
        }
        about = [text for each in reports for where, text, _ in sentences(each) if mix in where]
        assert any("drops open, of those with fewer ns: " in text for text in about)
        assert not any("more drops" in text for text in about)
