# SPDX-License-Identifier: MIT
"""The page for every reader: light and dark, keyboard and screen reader, a phone, paper, and no scripts at all."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from pathlib import Path

import pytest
from browser import Browser
from selenium.webdriver.common.keys import Keys

# Every text that is seen, with the contrast of its ink against what is behind it (WCAG 2.2: 4.5 for text of this size).
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor);
    if (color[3] > 0.99) return color;
  }
  return rgba(getComputedStyle(document.body).backgroundColor);
};
const poor = new Set();
let seen = 0;
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !node.checkVisibility() || node.closest("script, style, title, .skip")) continue;
  const style = getComputedStyle(node);
  const ink = rgba(node.closest("svg") ? style.fill : style.color);
  const [a, b] = [light(ink), light(behind(node))].sort((x, y) => y - x);
  seen += 1;
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) poor.add(`${node.tagName} ${walk.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
}
return [seen, [...poor]];
"""
PICTURES = "document.querySelectorAll('figure:not(.live) .canvas').length"
DRAWN = "document.querySelectorAll('figure:not(.live) .canvas svg').length"
VIEWS = ("curves", "pareto", "costs", "census", "shares")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(chromium: Browser, page_file: Path, theme: str) -> None:
    chromium.open(page_file, theme=theme)
    for view in VIEWS:
        chromium.drawn(view)
    chromium.run("document.querySelectorAll('details').forEach((e) => { e.removeAttribute('name'); e.open = true; })")
    chromium.run("dispatchEvent(new Event('beforeprint'))")
    chromium.until(f"return {PICTURES} === {DRAWN}", "not all pictures were drawn")
    chromium.run("document.querySelector('table.live tbody button').click()")
    seen, poor = chromium.run(CONTRAST)
    assert seen > 1500
    assert poor == []


def test_dark_is_dark_also_in_charts(chromium: Browser, page_file: Path) -> None:
    ink = "return getComputedStyle(document.querySelector('[data-view=curves] .canvas svg text')).fill"
    colors = {}
    for theme in ("light", "dark"):
        chromium.open(page_file, theme=theme)
        chromium.drawn("curves")
        colors[theme] = chromium.run(ink), chromium.run("return getComputedStyle(document.body).backgroundColor")
    assert colors == {
        "light": ("rgb(27, 31, 36)", "rgb(255, 255, 255)"),
        "dark": ("rgb(226, 231, 237)", "rgb(18, 22, 27)"),
    }


def test_a_drawn_chart_follows_a_change_of_theme(page: Browser) -> None:
    page.drawn("curves")
    page.theme("dark")
    text = page.one("[data-view=curves] .live figcaption").value_of_css_property("color")
    assert text == "rgba(226, 231, 237, 1)"
    line = page.run("return getComputedStyle(document.querySelector('[data-view=curves] .canvas svg text')).fill")
    assert line == "rgb(226, 231, 237)"


class TestForAScreenReader:
    def test_what_can_be_used_has_a_role_and_a_name(self, page: Browser) -> None:
        for view in VIEWS:
            page.drawn(view)
        page.cdp("Accessibility.enable")
        nodes = [node for node in page.cdp("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        page.cdp("Accessibility.disable")
        named: dict[str, list[str]] = {}
        for node in nodes:
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", "").strip())
        roles = ("button", "combobox", "searchbox", "link", "table", "grid", "image", "figure", "region")
        for role in (*roles, "search", "rowheader", "heading"):
            assert named.get(role), f"nothing is a {role}"
            assert all(named[role]), f"a {role} has no name: {[each for each in named[role] if each][:5]}"
        assert len(named["main"]) == len(named["banner"]) == 1
        assert "status" in named

    def test_headings_do_not_skip_a_level(self, page: Browser) -> None:
        levels = page.run("return [...document.querySelectorAll('h1, h2, h3, h4')].map((each) => +each.tagName[1])")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    def test_tables_have_captions_and_heads(self, page: Browser) -> None:
        assert page.all("main .block table")
        assert page.run("return [...document.querySelectorAll('main .block table')].every((t) => t.caption && t.tHead)")
        assert page.run("return [...document.querySelectorAll('main th')].every((th) => th.scope)")
        sortable = "table:not(.map) th[scope=col]"
        assert page.run(f"return document.querySelectorAll('main .block {sortable} button').length") > 100

    def test_the_language_and_every_id_once(self, page: Browser) -> None:
        assert page.run("return document.documentElement.lang") == "en"
        ids = page.run("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
        assert len(ids) == len(set(ids))


def test_tab_goes_first_to_the_report_and_focus_is_seen(page: Browser) -> None:
    page.one("body").send_keys(Keys.TAB)
    link = page.driver.switch_to.active_element
    assert link.text == "To the report"
    assert link.rect["x"] >= 0
    link.send_keys(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "main"
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    for _ in range(3):
        style = (
            "const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]"
        )
        assert page.run("return document.activeElement.closest('#filters') !== null")
        kind, width = page.run(style)
        assert kind == "solid"
        assert width >= 2
        page.driver.switch_to.active_element.send_keys(Keys.TAB)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_the_window(chromium: Browser, page_file: Path, width: int) -> None:
    chromium.open(page_file, width=width)
    for view in VIEWS:
        chromium.drawn(view)
    assert chromium.run("return document.documentElement.scrollWidth") <= width
    chart = chromium.one("[data-view=curves] .canvas svg").size["width"]
    assert 0.75 * min(width, 1040) < chart < width


def test_without_scripts_all_but_pictures_is_there_to_read(chromium: Browser, page_file: Path) -> None:
    chromium.open(page_file, scripts=False)
    assert chromium.one("h1").text == "synthetic"
    assert not chromium.one("#filters").is_displayed()
    assert not chromium.all(".live figcaption, button, .readout")
    pictures = chromium.all("figure:not(.live) .canvas")
    assert len(pictures) > 12
    notes = chromium.all("figure noscript p")
    said = [each.get_attribute("textContent") for each in notes]
    assert said == ["Scripts draw this picture; the tables have its numbers."] * len(pictures)
    maps = chromium.all("table.map")
    assert len(maps) == len(chromium.all(".answer")) == 3
    assert [each.is_displayed() for each in maps] == [each.is_displayed() for each in notes[:3]] == [True, False, False]
    assert "undecided with 3 pairs" in chromium.one(".answer[open] > summary").text
    assert "cells decided" in chromium.all(".answer[open] tbody")[0].text
    for summary in chromium.all(".answer:not([open]) > summary, .view > summary"):
        summary.click()  # a browser folds and unfolds without scripts
    assert "sweep report 'runs/of mine' --format csv" in chromium.one("main").text
    assert chromium.said() == []
    assert chromium.requests() == [page_file.as_uri()]


def test_a_picture_is_drawn_when_it_comes_into_sight(page: Browser) -> None:
    """The stills of a chart lie folded under it; each has what a reader hears, and numbers under the pointer."""
    page.drawn("curves")
    assert page.all("[data-view=curves] .stills [data-picture]")
    assert not page.all("[data-view=curves] .stills [data-picture] svg")
    page.run("document.querySelector('[data-view=curves] .stills').open = true")
    script = (
        "return document.querySelector('[data-view=curves] .stills [data-picture] svg [role=graphics-symbol] title')"
    )
    said = page.until(f"{script}?.textContent", "the picture was not drawn")
    assert re.fullmatch(r"page_allocator, ring 64: [\d.,]+( \([\d.,]+ to [\d.,]+\))?", said)
    assert page.run(f"return {DRAWN} < {PICTURES}")
    assert page.said() == []


def test_paper_has_what_is_open_and_that_is_little(chromium: Browser, page_file: Path) -> None:
    chromium.open(page_file)
    chromium.until("return window.vegaEmbed !== undefined", "the drawing libraries were not loaded")
    paper = base64.b64decode(chromium.cdp("Page.printToPDF", printBackground=True)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2
    assert chromium.run(f"return {DRAWN}") == 1


def test_paper_has_the_pictures_and_no_controls(page: Browser) -> None:
    """Printed without ever having been scrolled: what is drawn for paper is the same as what is drawn later."""
    page.until("return window.vegaEmbed !== undefined", "the drawing libraries were not loaded")
    assert page.run(f"return {DRAWN}") < page.run(f"return {PICTURES}") - 2
    first, again = (
        base64.b64decode(page.cdp("Page.printToPDF", printBackground=True)["data"]) for _ in ("first", "again")
    )
    assert first.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", first)) > 5
    assert page.run(f"return {DRAWN}") == page.run(f"return {PICTURES}") - 2  # those of the two folded answers
    assert abs(len(first) - len(again)) < 0.001 * len(again)
    page.theme("dark", media="print")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.one("body").value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert not any(each.is_displayed() for each in page.all("nav, #filters, figure.live, .copy, .readout, .skip"))
    assert all(each.is_displayed() for each in page.all("figure[data-live] svg"))
    page.theme("light")
