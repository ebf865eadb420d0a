# SPDX-License-Identifier: MIT
"""The first screen: verdict, commands, map and curve at once; everything else folded; an address restores it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from browser import Browser
from pyarrow import parquet
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from sweep import report

HEIGHT = 800
SMOKE = Path(__file__).parent.parent / "smoke.parquet"  # of `sweep run smoke`: page_pool wins for a router


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a real run."""
    path = tmp_path_factory.mktemp("smoke") / "report.html"
    path.write_text(report.render(parquet.read_table(SMOKE), "html", location="runs/smoke"), encoding="utf-8")
    return path


BOTTOM = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
OPEN = "return [...document.querySelectorAll('details[data-fold]')].filter((e) => e.open).map((e) => e.dataset.fold)"


def shown(browser: Browser, path: Path, width: int = 1280, fragment: str = "") -> None:
    """The page as a reader gets it who has an address with a fragment."""
    browser.open(path, width=width)
    browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=HEIGHT, deviceScaleFactor=1, mobile=False)
    if fragment:
        browser.driver.get("about:blank")
        browser.driver.get(f"{path.as_uri()}#{fragment}")
        browser.until("return document.querySelector('#filters label') !== null", "the page's scripts did not end")


def state(browser: Browser) -> dict[str, list[str]]:
    return parse_qs(browser.run("return location.hash").removeprefix("#"))


@pytest.mark.parametrize("width", [1280, 400])
def test_verdict_commands_map_and_curve_are_on_it(chromium: Browser, smoke: Path, width: int) -> None:
    shown(chromium, smoke, width)
    answer = ".answer[open]"
    chromium.until(f"return document.querySelector('{answer} .canvas svg .mark-symbol') !== null", "no curve")
    summary = chromium.one(f"{answer} > summary").text
    assert summary.startswith("router page_pool ")
    labels = [each.text for each in chromium.all(f"{answer} .prose tbody th")]
    assert labels == ["Set", "Gain", "Next", "Costs", "How sure"]
    assert chromium.one(f"{answer} code").text.splitlines() == [
        "ethtool -G DEV rx 256 tx 512",
        "ethtool -C DEV rx-usecs 8 rx-frames 32 tx-usecs 8 tx-frames 32",
        "page_pool_params.pool_size = 256;  // in the driver",
    ]
    for selector in (".prose", "code", "table.map", ".canvas svg"):
        assert chromium.run(BOTTOM, f"{answer} {selector}") <= HEIGHT, selector
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    assert chromium.run("return document.documentElement.scrollHeight") <= 2400
    assert chromium.said() == []


def test_nothing_else_is_open(chromium: Browser, page_file: Path) -> None:
    shown(chromium, page_file)
    assert chromium.run(OPEN) == ["router"]
    views = [each.text for each in chromium.all(".view > summary h2")]
    assert len(views) == len(set(views)) >= 7
    assert not any(each.is_displayed() for each in chromium.all(".view section"))


def test_views_open_by_keyboard_and_stand_in_the_address(chromium: Browser, page_file: Path) -> None:
    shown(chromium, page_file)
    summary = chromium.all(".view > summary")[2]
    view = summary.find_element("css selector", "h2").text
    summary.send_keys(Keys.ENTER)
    chromium.until("return location.hash.length > 1", "the address does not say it")
    assert state(chromium) == {"open": ["router", view]}
    summary.send_keys(Keys.ENTER)
    chromium.until("return !location.hash.includes('&')", "the address still says it")
    chromium.all(".answer > summary")[1].click()  # one answer at a time
    chromium.until("return location.hash === '#open=host'", "the other answer is not open alone")


def test_an_address_restores_what_was_open_and_filtered(chromium: Browser, page_file: Path) -> None:
    shown(chromium, page_file)
    Select(chromium.all("#filters select")[0]).select_by_visible_text("host_slow_reader")
    Select(chromium.all("#filters select")[1]).select_by_visible_text("page_frag")
    Select(chromium.all("#filters select")[2]).select_by_visible_text("0.6")
    chromium.one("#filters input").send_keys("256")
    chromium.all(".view > summary")[0].click()
    chromium.until("return location.hash.includes('Strategies')", "the address does not say it")
    sent = chromium.run("return location.hash").removeprefix("#")
    told, opened = chromium.one("#found").text, chromium.run(OPEN)
    assert "host_slow_reader" in opened
    shown(chromium, page_file, fragment=sent)
    assert chromium.run("return location.hash").removeprefix("#") == sent
    assert (chromium.one("#found").text, chromium.run(OPEN)) == (told, opened)
    assert [each.text for each in chromium.all(".answer h2") if each.is_displayed()] == ["host_slow_reader"]
    chosen = [Select(each).first_selected_option.text for each in chromium.all("#filters select")]
    assert [*chosen, chromium.one("#filters input").get_attribute("value")] == [
        *("host_slow_reader", "page_frag", "0.6", "all"),
        "256",
    ]
    assert chromium.said() == []


def test_an_address_that_names_what_is_not_there_does_no_harm(chromium: Browser, page_file: Path) -> None:
    shown(
        chromium,
        page_file,
        fragment="mix=nobody&strategy=<b>&load=7&curves.metric=x&curves.off=q&open=router&open=nothing&words=",
    )
    assert chromium.run(OPEN) == ["router"]
    assert chromium.one("#found").text.endswith("90 of 90 points")
    assert chromium.said() == []
