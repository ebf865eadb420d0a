# SPDX-License-Identifier: MIT
"""The benchmark of the search compares what it says it compares, on a sweep that takes a blink."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bench import sizing
from sweep import config
from sweep.sizing.run import question
from tests.tiny_sweep import sweep_text

AXES = {
    "strategy": "[page_allocator, page_pool]",
    "traffic": "[router, host_slow_reader]",
    "ring": "{log2: [64, 1024]}",
    "load": "[0.1, 0.5]",
}
SWEEP = sweep_text(load=None, axes=AXES, replicates=3)


def test_it_searches_fills_the_grid_and_compares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    code = sizing.main(["--file", str(tmp_path / "tiny.yaml"), "--executor", "inline"])
    out = capsys.readouterr().out.splitlines()
    head = re.fullmatch(
        r"sweep size: (\d+) of 120 simulations, .* packets \(([\d.]+)%\), \d+ s; with the rest of the grid \d+ s",
        out[0],
    )
    assert head
    assert int(head[1]) / 1.2 == pytest.approx(float(head[2]), abs=0.06)
    questions = [line for line in out[1:-1] if not line.startswith("  differs: ")]
    assert len(questions) == len(sizing.QUESTIONS)
    assert all(
        re.search(r"smallest ring as in the grid in \d of 8 series \(\d undecided there\)", line) for line in questions
    )
    assert all(re.search(r"best strategy in \d of 4 mixes and loads$", line) for line in questions)
    assert out[-1].startswith("aim: the answers of the grid with 20% of its packets or less: ")
    assert (code == 0) == out[-1].endswith("met")


def test_a_difference_is_found(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    sweep = config.load(tmp_path / "tiny.yaml")
    asked = question(sweep, ["allocator_calls_per_packet < 0.01"])
    ring = np.array([sweep.value(point, "ring") for point in range(sweep.points)])
    pool = np.array([sweep.strategy_of(point) == "page_pool" for point in range(sweep.points)])

    def values(first: int) -> dict[str, np.ndarray]:
        """The pool does from this ring on, and the allocator never."""
        calls = np.where(pool & (ring >= first), 0.001, 1.0)
        given = {"allocator_calls_per_packet": calls, "ns_per_packet": np.where(pool, 400.0, 500.0)}
        given |= {"allocation_episodes": 1000.0 * calls, "busy_peak_packets": np.ones(sweep.points)}  # none is rare
        given |= dict.fromkeys(("episodes", "offered_packets", "rx_packets"), np.full(sweep.points, 1e5))
        full = {name: given.get(name, np.zeros(sweep.points)) for name in asked.metrics}
        return {name: np.repeat(each[:, None], 3, axis=1) for name, each in full.items()}

    search, grid = sizing.searched(asked, values(256)), sizing.filled(asked, values(256))
    assert sizing.differences(search, grid) == ([], [])
    assert sizing.undecided(grid) == 0
    text, same = sizing.line(asked, search, grid)
    assert same
    assert "smallest ring as in the grid in 8 of 8 series (0 undecided there)" in text
    series, best = sizing.differences(search, sizing.filled(asked, values(512)))
    assert len(series) == 4
    assert all(each.startswith("page_pool, ") for each in series)
    assert best == []
    series, best = sizing.differences(search, sizing.filled(asked, values(4096)))
    assert (len(series), len(best)) == (4, 4)
    text, same = sizing.line(asked, search, sizing.filled(asked, values(512)))
    assert not same
    assert text.count("\n  differs: page_pool, ") == 4
