# SPDX-License-Identifier: MIT
"""Drawings made of characters, and a trace over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shown_sweep import Shown

from sweep.show import text_drawing, timeline
from sweep.trace import record


def test_bars_are_as_long_as_they_say() -> None:
    assert text_drawing.bars([8, 4, 1, 0.001, 0], 4) == ["████", "██", "▌", "▏", ""]
    assert text_drawing.bars([0, 0], 4) == ["", ""]
    assert text_drawing.bars([], 4) == []
    assert text_drawing.bar(float("nan"), 1, 4) == ""
    assert text_drawing.bar(31, 32, 4) == "███▉"


def test_columns_are_as_high_as_they_say_and_nothing_is_lost() -> None:
    drawn = text_drawing.columns(np.array([0, 1, 8, 9, 16, 0.01]), 16, 2)
    assert drawn == ["   ▁█", " ▁███▁"]
    assert text_drawing.columns(np.zeros(3), 0, 2) == ["", ""]


def test_means_of_stretches_of_time_carry_on_where_no_poll_began() -> None:
    time_ns = np.array([0.0, 1, 2, 30, 99, 100])
    values = np.array([3.0, 5, 4, 10, 7, 9])
    assert timeline.means(time_ns, values, 10).tolist() == [4, 4, 4, 10, 10, 10, 10, 10, 10, 8]
    assert timeline.means(np.array([50.0]), np.array([2.0]), 4).tolist() == [0, 0, 0, 2]


def test_a_trace_over_time(shown: Shown, tmp_path: Path) -> None:
    row = shown.row("page_pool")
    record.record(shown.found(row), tmp_path / "trace.arrow", None, lambda arrived: None)
    found = timeline.read(tmp_path / "trace.arrow")
    counts = row.to_pylist()[0]
    assert len(found.time_ns) > counts["polls"]
    assert found.window_ns == counts["start_ps"] / 1000
    assert found.time_ns[-1] == counts["end_ps"] / 1000
    measured = found.time_ns >= found.window_ns
    assert found.series["pages held: taken, not given back"][measured].max() <= counts["pages_held_peak"]
    assert "free pages in regions in use" not in found.series
    for width in (60, 100):
        lines = timeline.text(found, width).splitlines()
        assert max(map(len, lines)) <= width
        assert len(lines) == 1 + len(found.series) * (2 + timeline.HEIGHT) + 2
        assert "▲ the window opens" in lines[-1]
    section = timeline.section(found)
    assert [chart.title for chart in section.blocks] == list(found.series)


def test_nothing_to_draw_is_nothing(tmp_path: Path) -> None:
    assert timeline.text(timeline.Timeline(np.zeros(0), {}, None), 100) == ""
