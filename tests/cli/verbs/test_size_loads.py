# SPDX-License-Identifier: MIT
"""`sweep size --find load` as a user types it."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from typed import SWEEP, sweep

SWEEP = SWEEP.replace("packets: 300", "packets: 1_100")  # enough busy periods to say that none lost anything
DROPS = ("--objective", "drop_ratio < 5 %")
INLINE = ("--executor", "inline")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a sweep file whose windows are long enough to decide."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    return tmp_path


def test_the_highest_load_comes_with_packets_and_bits_and_is_found_again(here: Path) -> None:
    loads = ("--set", "axes.load={log: [0.2, 1, 33]}")
    words = (
        "size",
        "tiny.yaml",
        "--find",
        "load",
        *DROPS,
        *INLINE,
        *loads,
        "--set",
        "axes.ring=[64, 256]",
        "--replicates=5",
    )
    out, error = sweep(here, *words)
    assert error == ""
    lines = out.splitlines()
    assert lines[0] == "tiny: 2 series of 33 loads, at most 5 replicates: 330 simulations if all were run"
    assert lines[1] == "tiny: the highest load with drop_ratio < 5 %"
    assert re.search(r"^  router 64 +(≥ )?0\.\d+\S* +[\d.]+ +[\d.]+ +page_allocator +–$", out, re.M)
    assert re.fullmatch(
        r"simulated \d+ · .+ s · runs/tiny/size_load\.json", lines[-1 if "to decide" not in out else -2]
    )
    kept = json.loads((here / "runs/tiny/size_load.json").read_text())
    assert (kept["format"], kept["found"], len(kept["loads"])) == (1, "load", 33)
    (series,) = kept["verdicts"][0]["series"]
    assert 0.2 <= series["load"] < series["fails_from_load"] <= 1
    frame_bits = series["gbit_per_s"] * 1e9 / series["packets_per_s"]["mean"]
    assert 64 * 8 <= frame_bits <= 1518 * 8
    assert series["packets_per_s"]["mean"] == pytest.approx(series["load"] * 1e10 / (frame_bits + 20 * 8), rel=0.1)

    again, _ = sweep(here, *words)
    assert "\nsimulated 0, " in again
    assert again.splitlines()[1:-2] == lines[1:-2]
    assert json.loads((here / "runs/tiny/size_load.json").read_text())["verdicts"] == kept["verdicts"]
    out, _ = sweep(here, "size", "tiny.yaml", *DROPS, *INLINE, "--format", "json")
    assert json.loads(out)["verdicts"][0]["apply"]["ring"] == 64  # both answers are kept
    assert (here / "runs/tiny/size_load.json").exists()


def test_loads_are_up_to_the_line_rate_or_the_peak_of_bursts(here: Path) -> None:
    words = (
        "--find",
        "load",
        "--objective",
        "drop_ratio < 50 %",
        *INLINE,
        "--set",
        "axes.ring=[64]",
        "--format",
        "json",
    )
    out, _ = sweep(here, "size", "tiny.yaml", *words)
    loads = json.loads(out)["loads"]
    assert (len(loads), loads[0], loads[-1]) == (925, 0.01, 1)
    assert max(high / low for low, high in pairwise(loads)) < 1.0051
    out, _ = sweep(here, "size", "tiny.yaml", *words, "--set", "traffic=bursty_host")
    assert json.loads(out)["loads"][-1] == 0.995
