# SPDX-License-Identifier: MIT
"""Charts are saved as SVG, PNG and CSV: whole, in the page's colours, with title and key, and with their numbers."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.compute as pc
import pytest
from browser import WAIT_S, Browser
from page_tables import small

from sweep import report
from tests.report.synthetic_sweep import table

SVG = "{http://www.w3.org/2000/svg}"


def saved(page: Browser, figure: str, kind: str, folder: Path) -> Path:
    """The file that a button of a chart gives."""
    page.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    buttons = "[...document.querySelectorAll(arguments[0] + ' .save button')]"
    page.run(f"{buttons}.find((each) => each.textContent === arguments[1]).click()", figure, kind)
    end = time.monotonic() + WAIT_S
    while not (found := list(folder.glob(f"*.{kind.lower()}"))):
        assert time.monotonic() < end, f"nothing was saved; the console says: {page.said()}"
        time.sleep(0.05)
    return found[0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_stands_alone(chromium: Browser, page_file: Path, tmp_path: Path, theme: str) -> None:
    chromium.open(page_file, theme=theme)
    chromium.drawn("curves")
    path = saved(chromium, "[data-view=curves]", "SVG", tmp_path)
    assert path.name == "ns_per_packet_router_at_load_0.6.svg"
    root = ElementTree.parse(path).getroot()
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert texts[0] == "ns per packet: router at load 0.6, with bands of 95 %"
    assert texts[1:6] == [
        *("page_allocator", "refcount_recycle", "page_frag", "page_pool (pool=ring)", "page_pool (pool=2x)"),
    ]
    assert {"64", "256", "1024", "ring"} <= set(texts)
    assert "var(--" not in path.read_text()
    assert ("#12161b" in path.read_text()) == (theme == "dark")
    assert chromium.said() == []


def test_a_png_has_the_drawing(page: Browser, tmp_path: Path) -> None:
    page.drawn("pareto")
    data = saved(page, "[data-view=pareto]", "PNG", tmp_path).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    assert width > 1000
    assert height > 700
    assert len(data) > 20_000  # not an empty sheet
    assert page.said() == []


@pytest.mark.parametrize("figure", ["[data-view=curves]", ".answer[open]"])
def test_numbers_are_those_of_the_table(page: Browser, tmp_path: Path, figure: str) -> None:
    page.drawn("curves")
    page.until("return document.querySelector('.answer[open] .canvas svg') !== null", "no curve")
    with saved(page, figure, "CSV", tmp_path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 5
    source = small().filter((pc.field("traffic") == "router") & (pc.field("load") == 0.6))
    for row in rows:
        own = source.filter((pc.field("strategy") == row["strategy"]) & (pc.field("ring") == int(row["ring"])))
        label = row["name"].partition("(")[2].removesuffix(")") or None
        values = [each["ns_per_packet"] for each in own.to_pylist() if each["label"] == label]
        assert len(values) == 3
        assert float(row["ns per packet"]) == pytest.approx(sum(values) / 3, rel=1e-4)
        assert float(row["low"]) < float(row["ns per packet"]) < float(row["high"])


def test_a_still_picture_is_saved_too(page: Browser, tmp_path: Path) -> None:
    page.drawn("curves")
    stills = "[data-view=curves] .stills figure"
    page.run("document.querySelector('[data-view=curves] .stills').open = true")
    page.until(f"return document.querySelector('{stills} svg') !== null", "no picture")
    with saved(page, stills, "CSV", tmp_path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {"ring", "strategy", "mean", "low", "high"} <= set(rows[0])


def test_no_name_is_a_formula_to_a_spreadsheet(chromium: Browser, tmp_path: Path) -> None:
    source = table(mixes=('=1+2,"x"',), loads=(0.3,), rings=(64, 256), replicates=2)
    strategies = ["=cmd()" if name == "page_frag" else name for name in source.column("strategy").to_pylist()]
    place = source.column_names.index("strategy")
    source = source.set_column(place, source.schema.field(place), [strategies])
    path = tmp_path / "evil.html"
    path.write_text(report.render(source, "html"), encoding="utf-8")
    chromium.open(path)
    chromium.drawn("curves")
    with saved(chromium, "[data-view=curves]", "CSV", tmp_path).open(newline="", encoding="utf-8") as file:
        names = {row["strategy"] for row in csv.DictReader(file)}
    assert "'=cmd()" in names
    assert not any(name.startswith("=") for name in names)
