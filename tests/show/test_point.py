# SPDX-License-Identifier: MIT
"""What is said of one simulation, compared with files in golden/; and that nothing of it is left out.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/show/test_point.py`, then read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import made_rows
import pyarrow as pa
import pytest
from shown_sweep import Shown

from sweep import schema
from sweep.fields.column import names
from sweep.fields.field import Role, Stage
from sweep.model.page_pool.common import POOL_COUNTERS
from sweep.model.strategies import NAMES
from sweep.report.page import html
from sweep.show import counters, histograms, laws, point, summary
from sweep.show.choose import Chosen, choose

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("SWEEP_GOLDEN") == "write"


def shown_text(table: pa.Table, replicate: int, width: int = 100) -> str:
    chosen = choose(table, [f"replicate={replicate}"], "runs/made")
    return point.text(point.document(chosen, made_rows.ABOUT), width)


@pytest.mark.parametrize(("name", "replicate", "width"), [("whole", 0, 100), ("narrow", 1, 72), ("invalid", 2, 100)])
def test_golden(shown: Shown, name: str, replicate: int, width: int) -> None:
    if WRITE:
        made_rows.write(choose(shown.table, ["strategy=page_pool traffic=everything ring=64"], "x").point)
    text = shown_text(made_rows.table(), replicate, width)
    if name == "invalid":  # the same numbers: what is said of the laws
        text = "\n".join([*text.splitlines()[:3], "...", text[text.index("Laws that") :]])
    file = GOLDEN / f"{name}.txt"
    if WRITE:
        file.write_text(text)
    assert text == file.read_text()
    assert max(map(len, text.splitlines())) <= width


def test_one_replicate_has_no_interval_and_says_so() -> None:
    text = shown_text(made_rows.table().slice(0, 1), 0)
    assert "an interval needs two valid replicates at least" in text
    assert "±" not in text.replace("mean ± 95 %", "")


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_the_table_has_is_shown(shown: Shown, name: str) -> None:
    chosen = choose(shown.table, [f"strategy={name} traffic=everything ring=64"], "runs/x")
    text = point.text(point.document(chosen, shown.about), 100)
    words = set(text.split())
    for field in chosen.row.schema:
        value = chosen.row.column(field.name)[0].as_py()
        if value is not None and not isinstance(value, list) and field.name not in ("valid", "violation", "id"):
            assert field.name in words, field.name
    assert chosen.id in words
    assert f"obeys all of these {len(laws.names(name))}" in " ".join(text.split())


def test_every_counter_has_a_stage_and_a_pool_s_are_in_the_kernel_s_order() -> None:
    stages = dict(counters.staged(schema.results_schema(), "page_pool"))
    assert list(stages) == [f"{stage}, page_pool" if stage == Stage.STRATEGY else stage for stage in Stage]
    assert all(stages.values())
    shown = [counter.name for some in stages.values() for counter in some]
    assert sorted(shown) == sorted(names(schema.results_schema(), Role.COUNTER))
    own = [field.name for field in stages["The strategy, page_pool"]]
    pool = [field.name for field in POOL_COUNTERS]
    assert [name for name in own if name in pool] == pool


def test_octaves_lose_nothing(shown: Shown) -> None:
    for row in range(0, len(shown.table), 7):
        counts = histograms._counts(shown.table.slice(row, 1), "latency_ns_histogram")
        labels, merged = histograms.octaves(counts, "ns")
        assert merged.sum() == counts.sum() > 0
        assert merged[0] > 0 < merged[-1]
        assert len(labels) == len(set(labels)) == len(merged)


def test_the_page_has_the_same_with_its_bars(shown: Shown) -> None:
    chosen = choose(shown.table, ["strategy=page_pool traffic=everything ring=64"], "runs/x")
    document = point.document(chosen, shown.about)
    page = html.render(document)
    assert all(section.title in page for section in document.sections)
    assert all(field.name in page for field in POOL_COUNTERS)
    whole = rf"(?<!█)█{{{summary.BAR}}}(?!█)"  # and no column over time
    assert len(re.findall(whole, page)) == 4  # the longest of each drawing


def test_laws_of_other_sources_are_not_told(shown: Shown) -> None:
    row = shown.row("page_pool")
    chosen = Chosen(row, row, (), "runs/x")
    known = laws.section(chosen, shown.about).blocks[0].text
    assert known.startswith(f"It obeys all of these {len(laws.names('page_pool'))}: packets in = packets out + inside")
    other = laws.section(chosen, shown.about | {"strategy_digests": {"page_pool": "0"}}).blocks[0].text
    assert "the sources here are not those of the table" in other
