# SPDX-License-Identifier: MIT
"""The page of a comparison, and of any document without points: to read on a phone, in the dark, without scripts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import Browser
from test_page_reads import CONTRAST

from sweep import compare

ROWS = Path(__file__).parents[1] / "smoke.parquet"  # of the smoke sweep
STRATEGIES = ("page_allocator", "page_frag")


@pytest.fixture(scope="module")
def comparison() -> compare.Comparison:
    rows = pq.read_table(ROWS)  # from before rows said which packets they met: those of their mix
    met = pa.field("packet_stream", pa.string(), metadata={"role": "id", "meaning": "packets", "unit": "1"})
    return compare.strategies(rows.append_column(met, rows.column("traffic").cast(pa.string())), *STRATEGIES)


@pytest.fixture(scope="module")
def comparison_file(tmp_path_factory: pytest.TempPathFactory, comparison: compare.Comparison) -> Path:
    path = tmp_path_factory.mktemp("comparison") / "compare.html"
    path.write_text(compare.write(comparison, "html"), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_is_as_wide_as_the_window_and_asks_for_nothing(
    chromium: Browser, comparison_file: Path, width: int, theme: str
) -> None:
    chromium.open(comparison_file, width=width, theme=theme)
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    seen, poor = chromium.run(CONTRAST)
    assert seen > 50
    assert poor == []
    assert chromium.said() == []
    assert [url for url in chromium.requests() if url != comparison_file.as_uri()] == []


def test_without_scripts_it_says_what_the_text_says(
    chromium: Browser, comparison_file: Path, comparison: compare.Comparison
) -> None:
    chromium.open(comparison_file, scripts=False)
    heading = chromium.one("h1").text
    assert heading == " ".join(compare.write(comparison, "md").splitlines()[0].removeprefix("# ").split())
    told = " ".join(chromium.one("main").text.split())
    rules = {rule.metric for rule in comparison.gate.rules}
    assert any(metric in told for metric in rules)
    for word in ("Metric by metric", "margin", "worst", "false alarm"):
        assert word in told


def test_on_paper_there_is_no_field_to_type_in(chromium: Browser, comparison_file: Path) -> None:
    chromium.open(comparison_file)
    chromium.theme("light", "print")
    assert not any(each.is_displayed() for each in chromium.all("#filters input"))
    assert chromium.one("h1").is_displayed()
    assert all(each.is_displayed() for each in chromium.all("main table"))
