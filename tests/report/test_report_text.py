# SPDX-License-Identifier: MIT
"""The whole report and its first screen, compared with files in golden/, one of each per hard case.

A change on purpose: `SWEEP_GOLDEN=write pytest tests/report/test_report_text.py`, then read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pyarrow as pa
import pytest

from sweep import report
from tests.report.synthetic_sweep import Effects, table

GOLDEN = Path(__file__).parent / "golden"
COSTS = {"page_allocator": 600.0, "refcount_recycle": 600.0, "page_frag": 540.0, "page_pool": 480.0}
SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (256, 1024), "replicates": 3}
EXACT = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.0, own_noise=0.0)
NOISY = Effects(ns=lambda row: COSTS[row["strategy"]], noise=0.02, own_noise=0.004)


def missing(row: dict) -> bool:
    """No baseline at the small ring, no pool at the large one, one replicate of page_frag lost."""
    strategy, ring = row["strategy"], row["ring"]
    return (
        (strategy == "page_allocator" and ring == 256)
        or (strategy == "page_pool" and ring == 1024)
        or (strategy == "page_frag" and row["replicate"] == 1)
    )


def without(source: pa.Table, absent) -> pa.Table:
    rows = source.select(["strategy", "ring", "replicate"]).to_pylist()
    return source.filter(pa.array([not absent(row) for row in rows]))


def broken(row: dict) -> bool:
    return row["strategy"] == "page_pool" and row["replicate"] == 2


CASES = {
    "one_replicate": lambda: table(effects=NOISY, **{**SMALL, "replicates": 1}),
    "exact": lambda: table(effects=EXACT, **SMALL),
    "zeros": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            overrides={"allocator_calls_per_packet": lambda row: 0.0, "pages_held_mean_pages": lambda row: 0.0},
        ),
        **SMALL,
    ),
    "missing_cells": lambda: without(table(effects=NOISY, **SMALL), missing),
    "invalid_rows": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            overrides={
                "valid": lambda row: not broken(row),
                "violation": lambda row: "packets: in 180000, out 179999" if broken(row) else None,
            },
        ),
        **SMALL,
    ),
    "drops": lambda: table(
        effects=Effects(
            ns=lambda row: COSTS[row["strategy"]],
            drop_ratio=lambda row: {"page_pool": 0.03, "page_allocator": 0.01}.get(row["strategy"], 0.01),
        ),
        **SMALL,
    ),
    "old_file": lambda: table(effects=NOISY, **SMALL).select(
        ["strategy", "traffic", "load", "ring", "replicate", "ns_per_packet"]
    ),
    "no_valid_row": lambda: table(
        effects=Effects(overrides={"valid": lambda row: False, "violation": lambda row: "pages: 1 lost"}),
        strategies=("page_pool",),
        **{**SMALL, "rings": (64,), "replicates": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", ["brief", "full"])
def test_golden(name, form):
    got = report.text(CASES[name](), full=form == "full", location="runs/synthetic")
    path = GOLDEN / form / f"{name}.txt"
    if os.environ.get("SWEEP_GOLDEN") == "write":
        path.write_text(got, encoding="utf-8")
    assert got == path.read_text(encoding="utf-8")


WIDTHS = (72, 80, 100)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_asked(name, width):
    for full in (False, True):
        assert max(map(len, report.text(CASES[name](), width, full=full).splitlines())) <= width


@pytest.fixture(scope="module")
def summit() -> pa.Table:
    """As many mixes, rings, loads and variants as configs/mm_summit_2016.yaml, with long names."""
    return table(
        mixes=("router", "host", "host_slow_reader", "router_and_host", "drop_flood", "bursty_host"),
        rings=(64, 128, 256, 512, 1024, 2048, 4096),
        loads=(0.1, 0.3, 0.5),
        replicates=2,
        variants=True,
        metadata={"platform": "x" * 90, "command": f"sweep run configs/{'very_' * 20}long.yaml"},
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_the_long_sweep_is_wider_than_asked(summit, width):
    assert max(map(len, report.text(summit, width, full=True).splitlines())) <= width


def test_a_narrow_form_loses_no_name_or_number(summit):
    """Names may be broken over lines, so all is compared without blanks."""
    narrow = "".join(report.text(summit, 72, full=True).split())
    for name in ("refcount_recycle", "(pool=2x)", "host_slow_reader", "x" * 90):
        assert "".join(name.split()) in narrow


def test_the_first_screen_is_one(summit):
    """Six mixes, six variants, a hundred columns: a verdict for each mix, first, on about sixty lines."""
    lines = report.text(summit).splitlines()
    assert len(lines) <= 60
    assert lines.index("Verdict") < 6
    for name in ("router", "host", "host_slow_reader", "router_and_host", "drop_flood", "bursty_host"):
        assert any(line.split()[:1] == [name] for line in lines)


def section(text: str, title: str) -> str:
    """The lines under a title, in one line."""
    (_, found) = text.split(f"\n{title}\n{'=' * len(title)}\n")
    return " ".join(found.split("\n===")[0].split())


class TestWinners:
    """Close is not the same as undecided, and neither is the same as best."""

    def test_within_the_margin_is_said_as_such(self):
        near = {**COSTS, "page_frag": 481.0}  # 0.2 % behind page_pool
        text = report.text(
            table(effects=Effects(ns=lambda row: near[row["strategy"]], own_noise=0.0), **SMALL), full=True
        )
        assert "host: page_pool, with page_frag within 0.5 %." in text
        assert "load 0.3  D≈C   D≈C" in text
        assert "≈ -19.8 %" in text
        assert "* -20.0 %" in text
        assert "no difference found between" not in text

    def test_two_pairs_are_undecided_and_name_no_winner(self):
        noisy = Effects(ns=lambda row: COSTS[row["strategy"]], own_noise=0.02)
        text = report.text(table(effects=noisy, **{**SMALL, "replicates": 2}), full=True)
        verdict = section(text, "Verdict")
        assert verdict.startswith("host: undecided with 2 pairs.")
        assert re.search(r"undecided with 2 pairs: about \d+( to \d+)? would decide", verdict)
        assert " or page_allocator" not in verdict
        assert "*" not in text.split("host: strategies against")[1].split("* fewest ns")[0]

    def test_drops_that_differ_without_proof_leave_no_winner(self):
        """page_pool: fewest ns, 0 to 6 % dropped, so 3 % in the mean against 1 % but not beyond doubt."""
        lossy = Effects(
            ns=lambda row: COSTS[row["strategy"]],
            drop_ratio=lambda row: 0.03 * row["replicate"] if row["strategy"] == "page_pool" else 0.01,
        )
        text = report.text(table(effects=lossy, **SMALL), full=True)
        verdict = section(text, "Verdict")
        assert verdict.startswith("host: undecided: drops open. 2 cells are undecided: drops open (one with fewer ns")
        assert "load 0.3    ≠     ≠" in text
        assert "takes the fewest" not in verdict

    def test_more_drops_that_win_nothing_do_not_matter(self):
        lossy = Effects(
            ns=lambda row: COSTS[row["strategy"]],
            drop_ratio=lambda row: 0.03 * row["replicate"] if row["strategy"] == "page_allocator" else 0.01,
        )
        assert "host: page_pool." in report.text(table(effects=lossy, **SMALL), full=True)


class TestSteady:
    def text(self, **overrides) -> str:
        effects = Effects(ns=lambda row: COSTS[row["strategy"]], overrides=overrides)
        return report.text(table(effects=effects, **SMALL), full=True)

    def test_two_laps_of_warm_up_are_enough_and_one_packet_fewer_is_not(self):
        assert "hold 2 laps of its ring or more" in self.text(warmup=lambda row: 2 * 1024)
        text = self.text(warmup=lambda row: 2 * 1024 - 1)
        assert "12 simulations of 24 had fewer than 2 laps" in section(text, "Quality")
        assert "Runs in 1 cell of ring and load are too short" in section(text, "Verdict")
        assert re.search(r"load 0.3    D    D¹\n", text)
        assert "too short: fewer than 2 laps of the ring" in section(text, "host: strategies against page_allocator")

    def test_a_window_of_less_than_two_laps_is_too_short(self):
        assert "(ring 1024): too short" in self.text(rx_packets=lambda row: 2000)

    def test_what_a_poll_and_a_refill_have_in_hand_is_no_drift(self):
        def moved(pages):
            return {
                "nic.napi_budget": lambda row: 64,
                "nic.refill_batch": lambda row: 16,
                "pages_held_start": lambda row: 200,
                "pages_held_mean_pages": lambda row: 300.0,
                "pages_held_end": lambda row: 200 + pages,
            }

        assert "In none of 8 points do the pages held move" in self.text(**moved(2 * 64 + 16))
        assert "In 8 of 8 points the pages held move" in self.text(**moved(2 * 64 + 17))

    def test_replicates_that_move_both_ways_are_no_drift(self):
        swing = {"pages_held_end": lambda row: row["pages_held_start"] + (900, -900, 30)[row["replicate"]]}
        assert "In none of 8 points" in self.text(**swing)

    def test_a_trend_is_marked(self):
        text = self.text(pages_held_end=lambda row: row["pages_held_start"] * 2)
        assert "In 8 of 8 points" in section(text, "Quality")
        assert "not steady: pages held move" in section(text, "host: strategies against page_allocator")


def test_two_pages_a_slot_are_said_wherever_pages_held_are_compared():
    text = report.text(table(effects=NOISY, **SMALL), full=True)
    for title in ("What else a ring costs", "Who holds the pages", "Against ring size"):
        assert "up to two pages a slot" in section(text, title)


def test_a_version_that_is_not_known_has_no_line():
    text = report.text(table(**SMALL, metadata={"versions": {"sweep": "", "numpy": "2.2"}}), full=True)
    assert "numpy version" in text
    assert "sweep version" not in text
