# SPDX-License-Identifier: MIT
"""Who holds the pages, what a ring costs in memory, and what several buffers a page save: numbers worked out by hand.

In a cell of `synthetic_sweep` at load 0.3 a host has 72 buffers in its socket (1.2 Mpps for 60 µs) beside its ring of
256: 328 pages where a buffer is a page, 164 where two share one, 136 more in the stock of page_pool.
"""

from __future__ import annotations

import pyarrow as pa
import pytest

from sweep import report
from sweep.document.blocks import Chart, Section, Table
from sweep.report.sections import census, density, inflight, memory
from sweep.results import analysis, dataset, page_census
from tests.report.synthetic_sweep import Effects, table

GRID = {"mixes": ("router", "host"), "loads": (0.3,), "rings": (64, 256), "replicates": 3}


def analysed(source: pa.Table | None = None, **overrides) -> analysis.Analysis:
    return analysis.analyse(dataset.read(source or table(**GRID, effects=Effects(overrides=overrides))))


def tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def row(found: Table, name: str) -> dict[str, str]:
    """The cells of one row by the names of their columns."""
    (cells,) = [cells for cells in (*found.rows, *found.foot) if cells[0].text == name]
    return dict(zip(found.header, (cell.text for cell in cells), strict=True))


def of(mix: str, section: Section) -> Table:
    (found,) = [found for found in tables(section) if found.caption.startswith(f"{mix} at")]
    return found


class TestHolders:
    def test_memory_of_a_buffer_is_what_the_table_says(self):
        data = dataset.read(table(**GRID))
        truesize = page_census.truesize_bytes(data)
        assert {name: set(truesize[..., column].flat) for column, name in enumerate(data.columns)} == {
            "page_allocator": {4096.0},
            "refcount_recycle": {4096.0},
            "page_frag": {2048.0},
            "page_pool": {4096.0},
        }

    def test_without_it_fragments_are_known_by_their_knob(self):
        cut = {"strategy.frag_bytes": lambda row: 1024 if row["strategy"] == "page_frag" else None}
        source = table(**GRID, effects=Effects(overrides=cut)).drop_columns("truesize_bytes")
        data = dataset.read(source)
        assert set(page_census.truesize_bytes(data)[..., data.of("page_frag")].flat) == {1024.0}
        assert set(page_census.truesize_bytes(data)[..., data.of("page_pool")].flat) == {4096.0}

    def test_a_lost_replicate_changes_nothing(self):
        source = table(**GRID)
        lost = [r["strategy"] == "page_frag" and r["replicate"] == 1 for r in source.to_pylist()]
        data = dataset.read(source.filter(pa.array([not one for one in lost])))
        assert set(page_census.truesize_bytes(data)[..., data.of("page_frag")].flat) == {2048.0}

    def test_holders_add_up_to_the_pages_held(self):
        found = analysed()
        pages = page_census.means(found)
        held = sum(values for title, values in pages.items() if title != page_census.PER_CPU)
        assert held == pytest.approx(found.mean(page_census.HELD))
        assert pages[page_census.PINNED].max() == 0

    def test_what_no_holder_has_is_pinned(self):
        found = analysed(pages_held_mean_pages=lambda row: 1000.0)
        pages = page_census.means(found)[page_census.PINNED]
        host, ring, frag = 1, 1, found.data.of("page_frag")[0]
        assert pages[host, 0, ring, frag] == pytest.approx(1000 - 164)


class TestCensus:
    def test_pages_and_shares(self):
        found = row(of("host", census.section(analysed())), "page_allocator")
        assert found[page_census.RX] == "256 (71 %)"  # of 256 + 72 held and 32 on the lists
        assert found[page_census.SOCKET] == "72.0 (20 %)"
        assert found[page_census.PER_CPU] == "32.0 (9 %)"
        assert found["held, mean"] == "328"
        assert found["held, peak"] == "426"  # 1.3 times as much

    def test_two_buffers_a_page_hold_half(self):
        found = row(of("host", census.section(analysed())), "page_frag")
        assert (found[page_census.RX], found[page_census.SOCKET], found["held, mean"]) == (
            "128 (65 %)",
            "36.0 (18 %)",
            "164",
        )

    def test_holders_without_a_page_are_named_and_left_out(self):
        found = of("host", census.section(analysed()))
        assert found.caption.endswith("none: TX ring, pinned")
        assert page_census.TX not in found.header

    def test_the_first_sentence_says_who(self):
        (first, *_) = census.section(analysed()).blocks
        assert "RX ring in host (51.6 to 71.1 % by strategy" in first.text  # 256 / (464 + 32), 256 / (328 + 32)

    def test_a_drawing_of_the_window_and_of_its_end(self):
        charts = [block for block in census.section(analysed()).blocks if isinstance(block, Chart)]
        assert [len(chart.spec["hconcat"]) for chart in charts] == [2, 2]

    def test_without_the_end_the_window_alone(self):
        ends = [holder.end for holder in page_census.HOLDERS]
        charts = [b for b in census.section(analysed(table(**GRID).drop_columns(ends))).blocks if isinstance(b, Chart)]
        assert all("hconcat" not in chart.spec for chart in charts)

    def test_without_a_census_no_section(self):
        assert census.section(analysed(table(**GRID).drop_columns(page_census.HELD))).blocks == ()


class TestInflight:
    def test_sockets_are_a_slow_application(self):
        section = inflight.section(analysed())
        assert section.blocks[0].text.startswith("Nothing leaks: every page held at the end")
        assert "up to 72.0 in host (pages in sockets, most of any cell), none in router" in section.blocks[0].text
        found = row(of("host", section), "page_pool")
        assert found == {"": "page_pool", "rings": "256", "kept": "136", "socket": "72.0", "read in": "60.0 µs"}

    def test_fragments_are_read_at_the_pace_of_packets(self):
        found = row(of("host", inflight.section(analysed())), "page_frag")
        assert (found["socket"], found["read in"]) == ("36.0", "60.0 µs")

    def test_a_page_without_a_holder_is_a_leak(self):
        def leaky(row: dict) -> int:
            return row["pages_held_end"] + 5 * (row["strategy"] == "page_pool")

        section = inflight.section(analysed(pages_held_end=leaky))
        assert section.blocks[0].text.startswith("Up to 5.00 pages have no holder")

    def test_the_rest_of_a_region_in_use_is_none(self):
        regions = {"regions_taken": lambda row: 3 if row["strategy"] == "page_pool" else None}
        rest = {"pages_held_end": lambda row: row["pages_held_end"] + 5 * (row["strategy"] == "page_pool")}
        section = inflight.section(analysed(**regions, **rest))
        assert section.blocks[0].text.startswith("Nothing leaks")
        assert row(of("host", section), "page_pool")["kept"] == "141"

    def test_empty_sockets_leave_nothing_in_flight(self):
        section = inflight.section(analysed(table(**{**GRID, "mixes": ("router",)})))
        assert "No socket holds a page either" in section.blocks[0].text
        assert tables(section) == []


class TestMemory:
    def test_megabytes_mean_and_peak(self):
        found = of("host", memory.section(analysed()))
        assert row(found, "256")["page_allocator"] == "1.34 / 1.74"  # 328 and 426 pages of 4096 bytes
        assert row(found, "256")["page_frag"] == "0.672 / 0.872"

    def test_truesize_over_payload(self):
        found = row(of("host", memory.section(analysed())), "truesize/payload")  # 512-byte frames
        assert (found["page_allocator"], found["page_frag"]) == ("8.00", "4.00")

    def test_the_first_sentence_spans_the_rings(self):
        (first, *_) = memory.section(analysed()).blocks
        assert first.text.startswith("Pages held come to 0.18 to 0.881 MB at ring 64 and 0.573 to 1.90 MB at ring 256")
        assert "the least is held by page_frag, the most by page_pool." in first.text
        assert "The peak lies up to 30." in first.text

    def test_one_ring(self):
        (first, *_) = memory.section(analysed(table(**{**GRID, "rings": (64,)}))).blocks
        assert first.text.startswith("Pages held come to 0.18 to 0.881 MB at ring 64 at the highest load")


class TestDensity:
    def test_memory_per_payload_and_calls(self):
        section = density.section(analysed())
        assert (
            "Several buffers a page (page_frag): per byte of payload it takes 0.5 times the memory of the leanest"
            in section.blocks[0].text
        )
        assert "it asks the page allocator 0.0625 times per packet" in section.blocks[0].text
        found = of("host", section)
        assert row(found, "page_allocator")["held/payload"] == "8.00"
        assert row(found, "page_frag")["held/payload"] == "4.00"
        assert row(found, "page_pool")["held/payload"] == "11.3"  # 464 pages for 328 buffers

    def test_blocks_and_what_fell_back(self):
        def counted(blocks: int):
            return lambda row: blocks if row["strategy"] == "page_frag" else None

        section = density.section(analysed(block_allocs=counted(90), block_fallbacks=counted(10)))
        assert "page_frag takes order-3 blocks, 8 pages in one call; 10.0 % of its requests" in section.blocks[1].text

    def test_no_section_where_every_buffer_is_a_page(self):
        source = table(**GRID, strategies=("page_allocator", "page_pool"))
        assert density.section(analysed(source)).blocks == ()

    def test_nothing_to_compare_with(self):
        source = table(**GRID, strategies=("page_frag",), baseline="page_frag")
        (first, *_) = density.section(analysed(source)).blocks
        assert "it takes 4.00 bytes of memory per byte of payload" in first.text


TINY = {"strategies": ("page_allocator", "page_frag", "page_pool"), "mixes": ("host",), "loads": (0.3,)}
NEEDED = ("strategy", "traffic", "load", "ring", "replicate", "ns_per_packet")


READ = (
    *(name for holder in page_census.HOLDERS for name in (holder.mean, holder.end)),
    *("truesize_bytes", "pcp_mean_pages", "pages_held_mean_pages", "pages_held_end", "pages_held_peak"),
    *("offered_bytes", "start_ps", "strategy.pool_size", "alloc_slow", "alloc_refill", "pages_taken", "deferred_frees"),
    *("lap_ns", "latency_ns_histogram", "recycle_ring", "drop_ratio", "reuse_ratio", "allocate_ns_per_packet"),
)


def test_a_report_does_without_any_one_column():
    source = table(**TINY, rings=(64, 256), replicates=2, variants=True)
    for name in READ:
        assert "Verdict" in report.text(source.drop_columns(name), full=True), name


def test_a_report_of_columns_that_are_null_everywhere():
    source = table(**TINY, rings=(64, 256), replicates=2)
    for place, name in enumerate(source.column_names):
        field = source.schema.field(name)
        if name not in NEEDED and not pa.types.is_list(field.type) and name not in ("valid", "label"):
            source = source.set_column(place, field, pa.nulls(len(source), field.type))
    assert "Verdict" in report.text(source, full=True)
