# SPDX-License-Identifier: MIT
"""The end of a run as a user sees it: colour on a terminal alone, the page in a browser, and the list of runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typed import on_a_terminal, sweep

WORD = re.compile(r"(?<!\S)[^\W\d]\S*")  # that begins with a letter: times differ from run to run
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

RUN = ("run", "tiny.yaml", "--executor", "inline")  # of a finished run: simulates nothing


@pytest.mark.parametrize("columns", [80, 200])
def test_a_run_ends_with_the_verdict_in_colour_and_fits(done: Path, columns: int) -> None:
    shown = on_a_terminal(done, columns, *RUN)
    assert "\x1b[" in shown
    plain = ESCAPE.sub("", shown)
    assert max(map(len, plain.splitlines())) <= columns
    assert plain.endswith("\n\nreport: runs/tiny/report.html\n  next: sweep report runs/tiny --open\n")
    wide = on_a_terminal(done, 240, *RUN, NO_COLOR="1")
    assert set(WORD.findall(plain)) <= set(WORD.findall(wide))  # none is broken


def test_no_colour_where_it_is_not_wanted(done: Path) -> None:
    assert "\x1b" not in on_a_terminal(done, 100, *RUN, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(done, 100, *RUN, TERM="dumb")
    out, _ = sweep(done, *RUN)
    assert "\x1b" not in out


def test_open_shows_the_page(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = done / "browser"
    browser.write_text('#!/bin/sh\necho "$1" >> opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    sweep(done, *RUN, "--open")
    sweep(done, "report", "runs/tiny", "--open")
    page = (done / "runs/tiny/report.html").absolute().as_uri()
    assert (done / "opened").read_text().splitlines() == [page, page]
    for words in ((*RUN, "--open", "--no-report"), ("report", "runs/tiny", "--open", "--row", "ring")):
        _, error = sweep(done, *words, code=2)
        assert "leave" in error


def test_where_there_is_no_browser_the_run_has_ended_well(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sweep.cli import browser

    monkeypatch.chdir(done)
    said: list[str] = []
    monkeypatch.setattr(browser, "say", lambda text, error: said.append(text))
    monkeypatch.setattr("webbrowser.open", lambda page: False)
    browser.open_page("runs/tiny")
    assert said == ["--open: no browser could be started here; BROWSER names one\n  the page: runs/tiny/report.html"]


def test_the_list_of_runs(done: Path) -> None:
    out, _ = sweep(done, "list")
    header, row = out.splitlines()
    assert header.split() == ["name", "when", "done", "failed", "state", "path"]
    assert re.fullmatch(r"  tiny  \d{4}-\d\d-\d\d \d\d:\d\d  6 of 6  0       complete  runs/tiny", row)
    out, _ = sweep(done, "list", "runs", "--format", "json")
    found = json.loads(out)
    assert found["format"] == 1
    (run,) = found["runs"]
    assert (run["name"], run["done"], run["failed"], run["state"], run["path"]) == (
        "tiny",
        6,
        0,
        "complete",
        "runs/tiny",
    )
    _, error = sweep(done, "list", "--format", "jsn", code=2)
    assert 'Did you mean "json"?' in error
