# SPDX-License-Identifier: MIT
"""Filters of the page drive its answers, charts and tables together; an address restores what they left."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Browser

from sweep import report
from sweep.document.statements.templates import filled
from sweep.report import contents
from sweep.results.analysis import Analysis
from tests.report.generated_tables import made
from tests.report.selected_cells import Fact, facts, facts_of, selected, selections

SEEDS = (0, 3, 10)  # of generated tables with several loads and rings
MORE_SEEDS = (1, 4, 5, 9, 11, 12, 14, 15, 16, 67, 364)
SET = """
  for (const [name, value] of Object.entries(arguments[0])) {
    const found = [...document.querySelectorAll('#filters label')].find((each) => each.firstChild.data.trim() === name);
    const list = found.querySelector('select');
    list.value = value;
    list.dispatchEvent(new Event('change'));
  }"""
FACTS = """
  return [...document.querySelectorAll('.answer')].filter((each) => !each.hidden).map((each) =>
    [...each.querySelectorAll('.prose tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent)))"""


def choose(page: Browser, **values: str) -> None:
    page.run(SET, {name.replace("_", " "): value for name, value in values.items()})


def of_ring(text: str, whole: bool) -> str:
    """A sentence as the page has it where one ring is selected: the smallest of one says nothing."""
    if whole:
        return text
    for said in (filled("edge"), filled("ring_edge"), "≤ "):
        text = text.replace(said, "")
    return text


def expected(told: list[list[Fact]], *, whole: bool) -> list[list[list[str]]]:
    return [[[label, of_ring(str(text), whole)] for label, text in each] for each in told]


def differing(page: Browser, analysis: Analysis) -> list[str]:
    """Each selection after which the page does not say what the reference says, with both."""
    data, found = analysis.data, []
    for loads, rings in selections(analysis):
        part, whole = selected(analysis, loads, rings), len(rings) == len(data.rings)
        choice = {}
        if len(loads) < len(data.loads):
            choice["Load"] = f"{data.loads[loads[0]]:g}"
        if not whole:
            choice["Ring"] = str(data.rings[rings[0]])
        mixes = range(len(data.mixes))
        choose(page, **choice)
        said, wanted = page.run(FACTS), expected([facts(part, mix) for mix in mixes], whole=whole)
        found += [f"{choice}\n{one}\n{other}" for one, other in zip(said, wanted, strict=True) if one != other]
        if len(set(data.strategies)) > 1:
            strategy = data.strategies[-1]
            choose(page, Strategy=strategy)
            said, wanted = page.run(FACTS), expected([facts_of(part, mix, strategy) for mix in mixes], whole=whole)
            found += [
                f"{strategy} {choice}\n{one}\n{other}" for one, other in zip(said, wanted, strict=True) if one != other
            ]
            choose(page, Strategy="")
        choose(page, **dict.fromkeys(choice, ""))
    return found


def compared(chromium: Browser, path: Path, seed: int) -> list[str]:
    source, _ = made(seed)
    analysis = contents.analysed(source)[1]
    if analysis is None:
        return []
    path.write_text(report.render(source, "html", location="runs/made"), encoding="utf-8")
    chromium.open(path)
    found = differing(chromium, analysis)
    assert chromium.said() == []
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_to_what_is_selected_are_those_of_the_report(chromium: Browser, tmp_path: Path, seed: int) -> None:
    assert not (found := compared(chromium, tmp_path / "report.html", seed)), "\n".join(found[:3])


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_answers_of_many_tables_are_those_of_the_report(chromium: Browser, tmp_path: Path, seed: int) -> None:
    assert not (found := compared(chromium, tmp_path / "report.html", seed)), "\n".join(found[:3])


def shown(page: Browser, fragment: str) -> None:
    """The page as who follows an address with this fragment gets it."""
    address = page.driver.current_url.partition("#")[0]
    page.driver.get("about:blank")
    page.driver.get(f"{address}#{fragment}")
    page.until("return performance.getEntriesByName('ready').length > 0", "the page's scripts did not end")


def points(page: Browser) -> set[tuple[str, ...]]:
    """Strategy, mix, load and ring of the rows of the table of all points."""
    cells = "[...row.cells].slice(0, 4).map((cell) => cell.textContent)"
    found = page.run(f"return [...document.querySelector('table.live').tBodies[0].rows].map((row) => {cells})")
    return {tuple(each) for each in found}


def test_a_filter_changes_answer_map_curve_charts_and_tables_together(page: Browser) -> None:
    page.drawn("curves")
    figure = ".answer[open] .deciding"
    page.until(f"return document.querySelector('{figure} svg') !== null", "no curve")
    before = page.run(FACTS), page.one(f"{figure} figcaption").text, page.one(".answer[open] table.map").text
    choose(page, Ring="256", Load="0.3")
    assert page.run(FACTS) != before[0]
    page.until(
        f"return document.querySelector('{figure} figcaption').textContent.includes('load 0.3')", "the same curve"
    )
    assert page.one(".answer[open] table.map").text.split()[-5:] == ["router", "256", "load", "0.3", "?BCDE"]
    assert {each[2:] for each in points(page)} == {("0.3", "256")}
    title = "return document.querySelector('[data-view=curves] .live figcaption').textContent"
    page.until(f"{title}.includes('at load 0.3')", "the chart has another load")
    rings = page.run(
        "return [...document.querySelectorAll('.view .block table')].filter((each) => each.checkVisibility() &&"
        " each.tHead.rows[0].cells[0].textContent.startsWith('ring')).flatMap((each) => [...each.tBodies[0].rows])"
        ".filter((row) => !row.hidden).map((row) => row.cells[0].textContent)"
    )
    assert rings
    assert set(rings) == {"256"}
    captions = [each.text for each in page.all(".view .block caption") if each.is_displayed()]
    assert not any("load 0.6" in each or "ring 64" in each for each in captions)
    choose(page, Ring="", Load="")
    assert page.run(FACTS) == before[0]
    page.until(f"return document.querySelector('{figure} figcaption').textContent === arguments[0]", "?", before[1])
    assert page.said() == []


def test_what_cannot_follow_a_filter_says_so(page: Browser) -> None:
    notes = ".whole"
    assert page.all(notes)
    assert not any(each.is_displayed() for each in page.all(notes))
    choose(page, Ring="256")
    assert any(each.is_displayed() for each in page.all(notes))


def test_an_address_restores_filters_and_the_choices_of_charts(page: Browser) -> None:
    page.drawn("curves")
    choose(page, Traffic_mix="host", Ring="256")
    figure = "[data-view=curves]"
    over = "return [...document.querySelectorAll('[data-view=curves] label')].map((each) => each.textContent)"
    assert any(each.startswith("Over") for each in page.run(over))
    page.run(
        SET.replace("#filters", figure),
        {
            "Metric": page.run(
                f"return [...document.querySelectorAll('{figure} option')].find((each) =>"
                " each.textContent === 'p99 latency').value"
            )
        },
    )
    page.run(f"document.querySelectorAll('{figure} .key button')[2].click()")
    title = "return document.querySelector('[data-view=curves] .live figcaption').textContent"
    said = page.until(f"const text = {title[7:]}; return text.startsWith('p99 latency') && text", "another metric")
    assert said == "p99 latency: host, ring 256, with bands of 95 %"  # over the loads: one ring is left
    sent = page.run("return location.hash").removeprefix("#")
    facts_sent, points_sent = page.run(FACTS), points(page)
    shown(page, sent)
    page.drawn("curves")
    assert page.run(title) == said
    assert (page.run(FACTS), points(page)) == (facts_sent, points_sent)
    pressed = [each.get_attribute("aria-pressed") for each in page.all(f"{figure} .key button")]
    assert pressed == ["true", "true", "false", "true", "true"]
    assert set(sent.split("&")) <= set(page.run("return location.hash").removeprefix("#").split("&"))
    assert page.said() == []
