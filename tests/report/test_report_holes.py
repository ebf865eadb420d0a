# SPDX-License-Identifier: MIT
"""Constraints that leave no point of a whole mix, strategy, load or ring, and metrics without a value, in a report."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from sweep import format, report
from tests.report.synthetic_sweep import STRATEGIES, Effects, table

AXES = {
    "strategy": STRATEGIES[:3],
    "traffic": ("router", "host"),
    "load": (0.1, 0.6),
    "ring": (64, 256, 1024),
}
GRID = {"strategies": AXES["strategy"], "mixes": AXES["traffic"], "loads": AXES["load"], "rings": AXES["ring"]}
METRICS = ("drop_ratio", "allocator_calls_per_packet", "pages_held_mean_pages", "latency_p99_ns")


@pytest.fixture(scope="module")
def whole() -> pa.Table:
    return table(replicates=3, **GRID)


def kept(source: pa.Table, seed: int) -> pa.Table:
    """The rows that one to three random constraints leave, each of which removes every point of some combination."""
    drawn = random.Random(seed)
    rows = source.select([*AXES]).to_pylist()
    there = [True] * len(rows)
    for _ in range(drawn.randint(1, 3)):
        names = drawn.sample([*AXES], drawn.randint(1, 3))
        removed = {name: drawn.sample(AXES[name], drawn.randint(1, len(AXES[name]) - 1)) for name in names}
        left = [
            there[place] and not all(row[name] in removed[name] for name in names) for place, row in enumerate(rows)
        ]
        there = left if any(left) else there
    return source.filter(pa.array(there))


@pytest.mark.parametrize("seed", range(24))
def test_a_report_stands_whatever_constraints_removed(whole: pa.Table, seed: int) -> None:
    source = kept(whole, seed)
    for full in (False, True):
        said = report.text(source, full=full, location="runs/holes")
        assert f"up to {format.MISSING} %" not in said
        assert "nan" not in said.split()
        for mix in set(source.column("traffic").to_pylist()):
            assert mix in said


def test_a_baseline_that_is_alone_in_a_mix_is_compared_with_nobody(whole: pa.Table) -> None:
    rows = whole.select(["strategy", "traffic"]).to_pylist()
    alone = [row["traffic"] == "host" or row["strategy"] == "page_allocator" for row in rows]
    said = report.text(whole.filter(pa.array(alone)), full=True, location="runs/holes")
    assert "The others take" not in said.partition("host")[0]


@pytest.mark.parametrize("metric", METRICS)
def test_a_report_stands_without_a_value_of_a_metric(metric: str) -> None:
    source = table(replicates=2, effects=Effects(overrides={metric: lambda row: float("nan")}), **GRID)
    for full in (False, True):
        assert "Verdict" in report.text(source, full=full, location="runs/holes")


@pytest.mark.parametrize(
    ("found", "axis", "best", "shown"),
    [
        (512, (256, 512, 1024), False, "512"),
        (256, (256, 512, 1024), False, "≤ 256"),
        (1024, (256, 512, 1024), False, "1024"),
        (1024, (256, 512, 1024), True, "≥ 1024"),
        (256, (256, 512, 1024), True, "≤ 256"),
        (256, (256,), False, "≤ 256"),
        (256, (256,), True, "256"),
        (None, (256, 1024), False, "> 1024"),
        (0.25, (0.25, 1, 2), False, "≤ 0.25"),
    ],
)
def test_an_answer_at_the_edge_of_its_axis_says_so(
    found: float | None, axis: tuple[float, ...], best: bool, shown: str
) -> None:
    assert format.on_axis(found, axis, best=best) == shown


@pytest.mark.parametrize(
    ("enough", "shown", "sentence"),
    [
        (64, "≤ 64", "within 0.1 % at load 0.6 is ≤ 64, the smallest that was simulated."),
        (256, "256", "within 0.1 % at load 0.6 is 256."),
        (4096, "> 1024", "No ring keeps its drops within 0.1 % at load 0.6 (least 1.0 %)."),
    ],
)
def test_the_smallest_ring_of_a_verdict(enough: int, shown: str, sentence: str) -> None:
    """Where all that was simulated does, or nothing, the answer lies beyond the axis."""
    drops = Effects(drop_ratio=lambda row: 0.01 if row["ring"] < enough or row["load"] < 0.6 else 0.0, noise=0.001)
    source = table(replicates=3, effects=drops, **GRID | {"mixes": ("router",)})
    brief, full = (report.text(source, full=full, location="runs/holes") for full in (False, True))
    assert [line for line in brief.splitlines() if line.strip().startswith("router") and line.rstrip().endswith(shown)]
    assert sentence in " ".join(full.split())
