# SPDX-License-Identifier: MIT
"""The page in a browser: quiet, asking for nothing, with charts that are drawn and tables that sort and filter."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from browser import Browser
from page_tables import LOCATION, small
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from sweep import format, report
from sweep.safe_text import chart_text, visible_line
from tests.report.synthetic_sweep import table

VIEWS = ("curves", "pareto", "costs", "census", "shares")
POINTS = "table.live"
EVIL = '</script><img src=x onerror="window.hacked = 1"> \u2028 {load} ${1} <!--'


MARK = ".canvas svg [role=graphics-symbol][aria-label]:not([aria-roledescription=axis])"


def marks(page: Browser, view: str) -> int:
    """Marks that say something, in the chart of a view."""
    return len(page.all(f"[data-view={view}] {MARK}"))


def column(page: Browser, place: int, selector: str = POINTS) -> list[str]:
    rows = "return [...document.querySelector(arguments[0]).tBodies[0].rows]"
    return page.run(f"{rows}.map((row) => row.cells[arguments[1]].textContent)", selector, place)


def choose(page: Browser, figure: str, label: str, text: str) -> None:
    """By name, as a reader does."""
    lists = page.all(f"{figure} label")
    (found,) = [each for each in lists if each.text.startswith(label)]
    Select(found.find_element("css selector", "select")).select_by_visible_text(text)


def status(page: Browser) -> str:
    return page.one("#found").text


def test_it_is_quiet_and_asks_for_nothing(page: Browser, page_file: Path) -> None:
    for view in VIEWS:
        page.drawn(view)
    assert page.said() == []
    assert page.requests() == [page_file.as_uri()]


def test_nothing_could_be_loaded_or_run(page: Browser) -> None:
    script = """
      const [done] = [arguments[0]], refused = [];
      document.addEventListener("securitypolicyviolation", (event) => {
        refused.push(event.effectiveDirective);
        if (refused.length === 3) done(refused.sort());
      });
      fetch("http://127.0.0.1:9/").catch(() => 0);
      document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/" }));
      document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hacked = 1" }));"""
    assert page.driver.execute_async_script(script) == ["connect-src", "img-src", "script-src-elem"]
    assert page.run("return window.hacked") is None


@pytest.mark.parametrize("view", VIEWS)
def test_every_chart_is_drawn_when_it_comes_into_sight(chromium: Browser, page_file: Path, view: str) -> None:
    page = chromium
    page.open(page_file)
    assert marks(page, view) == 0  # folded
    figure = page.drawn(view)
    assert marks(page, view) >= 3
    size = figure.find_element("css selector", ".canvas svg").size
    assert size["width"] > 500
    assert size["height"] > 80
    cells = len(figure.find_elements("css selector", "details tbody tr"))
    assert cells == marks(page, view)


def test_curves_change_with_metric_mix_and_load(page: Browser) -> None:
    figure = page.drawn("curves")
    caption = figure.find_element("css selector", "figcaption")
    assert caption.text.startswith("ns per packet: router at load 0.6")
    choose(page, "[data-view=curves]", "Metric", "dropped share")
    choose(page, "[data-view=curves]", "Traffic mix", "host_slow_reader")
    choose(page, "[data-view=curves]", "Load", "0.3")
    assert caption.text.startswith("dropped share: host_slow_reader at load 0.3")
    said = "return document.querySelector('[data-view=curves] .canvas').getAttribute('aria-label')"
    page.until(f"{said}.startsWith('dropped share: host_slow')", "not drawn anew")
    assert page.said() == []


def test_no_two_ticks_say_the_same(page: Browser) -> None:
    page.drawn("curves")
    choose(page, "[data-view=curves]", "Traffic mix", "host_slow_reader")
    choose(page, "[data-view=curves]", "Metric", "dropped share")
    axis = "return [...document.querySelectorAll('[data-view=curves] .canvas svg .role-axis-label text')]"
    ticks = f"{axis}.map((text) => text.textContent).filter((text) => text.endsWith('%'))"
    found = page.until(f"const found = {ticks.removeprefix('return ')}; return found.length && found", "no percents")
    assert found == ["0 %", "0.01 %", "0.1 %", "1 %"]


def test_the_legend_takes_a_strategy_away_and_back_by_keyboard(page: Browser) -> None:
    figure = page.drawn("curves")
    every = marks(page, "curves")
    button = figure.find_element("css selector", ".key button")
    page.run("arguments[0].focus()", button)
    button.send_keys(Keys.SPACE)
    assert button.get_attribute("aria-pressed") == "false"
    count = f"return document.querySelectorAll('[data-view=curves] {MARK}').length"
    page.until(f"{count} === {every - 3}", "its three points did not go")
    button.send_keys(Keys.ENTER)
    page.until(f"{count} === {every}", "its three points did not come back")


def test_a_list_keeps_the_focus_when_it_is_changed_by_keyboard(page: Browser) -> None:
    page.drawn("pareto")
    (across,) = [each for each in page.all("[data-view=pareto] label") if each.text.startswith("Across")]
    across.find_element("css selector", "select").send_keys("p99")
    title = "return document.querySelector('[data-view=pareto] .live figcaption').textContent"
    page.until(f"{title}.includes('p99')", "no other axis")
    assert page.run("return document.activeElement.selectedOptions[0].textContent") == "p99 latency"


def test_a_mark_says_its_numbers_under_the_pointer(page: Browser) -> None:
    page.drawn("costs")
    mark = page.all(f"[data-view=costs] {MARK}")[0]
    words = mark.get_attribute("aria-label")
    assert re.fullmatch(r"\S.*: \w+ [\d.,]+ ns", words)
    at = page.run("return arguments[0].getBoundingClientRect().toJSON()", mark)
    page.cdp("Input.dispatchMouseEvent", type="mouseMoved", x=at["x"] + at["width"] / 2, y=at["y"] + at["height"] / 2)
    page.until("return !document.getElementById('tip').hidden", "no tooltip")
    assert page.one("#tip").text == words


def test_maps_answer_to_pointer_and_arrow_keys(page: Browser) -> None:
    first = page.all("table.map td")[0]
    reader = page.all(".readout")[0]
    page.run("arguments[0].focus()", first)
    assert reader.text.startswith("router, load 0.6, ring 64: ")
    first.send_keys(Keys.ARROW_RIGHT)
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert reader.text.startswith("router, load 0.3, ring 256: ")
    assert page.driver.switch_to.active_element.get_attribute("title") in reader.text
    assert len(page.all("table.map td[tabindex='0']")) == len(page.all("table.map"))


def test_no_number_of_a_point_is_hidden(page: Browser) -> None:
    """The buttons in the last column stay in sight where the table is wider than the page; here it is not."""
    assert (
        page.run(f"const box = document.querySelector('{POINTS}').parentNode; return box.scrollWidth - box.clientWidth")
        < 5
    )
    assert page.all(f"{POINTS} thead th")[-1].find_elements("css selector", "button") == []  # nothing to sort by


def test_all_points_sort_by_mouse_and_by_keyboard(page: Browser) -> None:
    heading = next(each for each in page.all(f"{POINTS} th") if each.text.startswith("ns per packet"))
    button = heading.find_element("css selector", "button")
    page.run("arguments[0].scrollIntoView()", button)
    button.click()
    assert heading.get_attribute("aria-sort") == "ascending"
    up = [float(re.search(r"[\d.]+", cell)[0]) for cell in column(page, 4)]
    assert len(up) == 50
    assert up == sorted(up)
    page.run("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    assert heading.get_attribute("aria-sort") == "descending"
    down = [float(re.search(r"[\d.]+", cell)[0]) for cell in column(page, 4)]
    assert down == sorted(down, reverse=True)
    assert down[0] > up[-1]


def test_other_tables_sort_by_their_numbers(page: Browser) -> None:
    script = """
      const table = [...document.querySelectorAll("main table:not(.map, .live)")].find((each) =>
        each.caption?.textContent.includes("dropped packets, %"));
      table.id = "chosen";
      table.querySelectorAll("thead button")[1].click();"""
    page.run(script)
    rings = [int(cell) for cell in column(page, 1, "#chosen")]
    assert rings == sorted(rings)
    assert len(set(rings)) == 3
    page.run("document.querySelectorAll('#chosen thead button')[1].click()")
    assert [int(cell) for cell in column(page, 1, "#chosen")] == rings[::-1]


class TestFilters:
    def test_a_mix(self, page: Browser) -> None:
        page.drawn("curves")
        choose(page, "#filters", "Traffic mix", "host")
        assert set(column(page, 1)) == {"host"}
        titles = [each.text for each in page.all("main h3") if each.is_displayed()]
        assert "host: strategies against page_allocator" in titles
        assert "router: strategies against page_allocator" not in titles
        assert "host_slow_reader: strategies against page_allocator" not in titles
        assert page.one("[data-view=curves] .live figcaption").text.startswith("ns per packet: host at")
        points = 2 * 3 * 5
        assert re.fullmatch(rf"\d+ of \d+ tables, {points} of {3 * points} points", status(page))
        choose(page, "#filters", "Traffic mix", "all")
        assert status(page).endswith(f"{3 * points} of {3 * points} points")

    def test_a_strategy(self, page: Browser) -> None:
        choose(page, "#filters", "Strategy", "page_pool")
        assert set(column(page, 0)) == {"page_pool (pool=ring)", "page_pool (pool=2x)"}
        table = ".view .block table:not(.map, .prose)"
        cells = "return [...document.querySelector(arguments[0]).tHead.rows[0].cells]"
        shown = page.run(f"{cells}.filter((cell) => !cell.hidden).map((cell) => cell.innerText)", table)
        names = [re.sub(r"\s+", " ", name) for name in shown]
        assert names == ["ring", "page_allocator", "page_pool (pool=ring)", "page_pool (pool=2x)", "lead"]

    def test_words_by_keyboard(self, page: Browser) -> None:
        page.one("#filters input").send_keys("HOST_slow 1024")
        assert set(zip(column(page, 1), column(page, 3), strict=True)) == {("host_slow_reader", "1024")}
        assert re.match(r"[1-9]\d* of \d+ tables, 10 of 90 points", status(page))
        assert page.one("#found").get_attribute("role") in (None, "status")  # an output is one

    def test_they_say_how_much_there_is(self, page: Browser) -> None:
        assert re.fullmatch(r"(\d+) of \1 tables, 90 of 90 points", status(page))

    def test_words_that_nothing_has(self, page: Browser) -> None:
        page.one("#filters input").send_keys("zebra")
        assert re.match(r"0 of \d+ tables, 0 of 90 points", status(page))


def test_a_row_tells_how_to_get_it_again(page: Browser, page_file: Path) -> None:
    button = page.all(f"{POINTS} tbody button")[7]
    name, mix, load, ring = (column(page, place)[7] for place in range(4))
    page.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    dialog = page.one("dialog[open]")
    assert f"{name} in {mix} at load {load}, ring {ring}" in dialog.text
    run, show = (each.text for each in dialog.find_elements("css selector", "code"))
    assert shlex.split(run)[:-1] == ["sweep", "run", "configs/synthetic.yaml", "--out", "again", "--only"]
    assert shlex.split(show)[:3] == ["sweep", "show", LOCATION]
    chosen = shlex.split(run)[-1]
    source = small().to_pylist()
    (row,) = [each for each in source if each["id"].startswith(chosen)]
    assert (row["traffic"], str(row["load"]), str(row["ring"]), row["replicate"]) == (mix, load, ring, 0)
    page.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    dialog.find_elements("css selector", ".copy")[0].click()
    page.until("return document.querySelector('dialog .copy').textContent === 'Copied'", "nothing was copied")
    read = "navigator.clipboard.readText().then(arguments[0], (error) => arguments[0](String(error)))"
    assert page.driver.execute_async_script(read) == run
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until("return document.querySelector('dialog') === null", "the dialog did not close")
    assert page.run("return document.activeElement === arguments[0]", button)


def test_numbers_are_written_as_in_the_tables(page: Browser) -> None:
    values = [0.0, 1.0, 0.000123, 0.24, 6.1, 11.04, 99.96, 628.4, 1843.2, 12_345_678.9, -7.25]
    shares = [0.0, 0.5, 0.00042, 0.0312, 1.5, -0.071]
    times = [5.0, 628.0, 11_040.0, 3.2e6, 4e9]
    halves = [0.00001, 0.0004, 0.012, 0.2]
    mapped = "return arguments[0].map((value) => {}(value))".format
    assert page.run(mapped("significant"), values) == [format.significant(value) for value in values]
    assert page.run(mapped("percent"), shares) == [f"{format.percent(value)} %" for value in shares]
    assert page.run(mapped("time"), times) == [format.time(value) for value in times]
    assert page.run(mapped("halfWidth"), halves) == [format.half_width(value) for value in halves]


def test_names_are_only_text(chromium: Browser, tmp_path: Path) -> None:
    source = table(mixes=(EVIL, "host"), loads=(0.3,), rings=(64, 256), replicates=2)
    path = tmp_path / "evil.html"
    path.write_text(report.render(source, "html", location=EVIL), encoding="utf-8")
    chromium.open(path)
    for view in VIEWS:
        chromium.drawn(view)
    assert column(chromium, 1)[0] == chart_text(EVIL)
    caption = chromium.one("[data-view=curves] .live figcaption").get_attribute("textContent")
    assert caption.startswith(f"ns per packet: {chart_text(EVIL)} at load 0.3")
    chromium.run("document.querySelector('table.live tbody button').click()")
    assert visible_line(shlex.quote(EVIL)) in chromium.all("dialog code")[1].get_attribute("textContent")
    assert chromium.run("return window.hacked") is None
    assert chromium.said() == []
