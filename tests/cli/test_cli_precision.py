# SPDX-License-Identifier: MIT
"""A sweep with a precision as a user types it: what is said before, while, after, and of what stays open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typed import SWEEP, sweep

INLINE = ("--executor", "inline")
PAIRED = SWEEP.replace("strategy: [page_allocator]", "strategy: [page_allocator, page_pool]").replace(
    "ring: [64, 128, 256]", "ring: [64, 128]"
)
PRECISE = f"{PAIRED}precision: {{throughput_pps: 0.1 %, most_replicates: 8}}\n"
OPEN = "2 of 2 comparisons stay open at 8 replicates: page_pool, ring 64 (throughput_pps); page_pool, ring 128"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(PRECISE)
    return tmp_path


def test_before_while_and_after(here: Path) -> None:
    out, _ = sweep(here, "plan", "tiny.yaml", *INLINE)
    lines = out.splitlines()
    assert lines[0] == "tiny: 4 points × 2 to 8 replicates = 8 to 32 simulations, 2.4 kpackets at least"
    assert lines[1] == "  precision throughput_pps 0.1 % in 2 comparisons, looks at 2, 4, 8 replicates"
    assert any(line.startswith("  done 0 · reused 0 · to run 8 to 32 in ") for line in lines), out
    assert not (here / "runs").exists()

    out, _ = sweep(here, "run", "tiny.yaml", *INLINE)
    assert "\ndone 32 · failed 0 · " in out
    assert OPEN in out

    out, _ = sweep(here, "plan", "tiny.yaml", *INLINE)
    assert out.startswith("tiny: 4 points × 2 to 8 replicates = 32 simulations, 9.6 kpackets\n")
    assert OPEN in out
    assert "to run 0" in out
    out, _ = sweep(here, "status", "runs/tiny")
    assert out.startswith("tiny: 32 simulations\n")
    assert f"  look 3 of 3: {OPEN}" in out
    found = json.loads(sweep(here, "status", "runs/tiny", "--format", "json")[0])
    assert found["looks"] == {
        "replicates": [2, 4, 8],
        "look": 3,
        "finished": True,
        "comparisons": 2,
        "open_comparisons": 2,
    }
    assert found["complete"]
    out, _ = sweep(here, "watch", "runs/tiny", "--once")
    assert "look 3 of 3 · 32/32 simulations" in out
    assert "next: sweep report runs/tiny" in out
    out, _ = sweep(here, "report", "runs/tiny")
    assert OPEN in " ".join(out.split())


def test_an_override_asks_for_it_and_another_takes_it_away(here: Path) -> None:
    (here / "tiny.yaml").write_text(PAIRED)
    out, _ = sweep(here, "plan", "tiny.yaml", *INLINE, "--set", "precision.ns_per_packet=1 %")
    assert "2 to 16 replicates" in out
    (here / "tiny.yaml").write_text(PRECISE)
    out, _ = sweep(here, "plan", "tiny.yaml", *INLINE, "--set", "precision=null")
    assert out.startswith("tiny: 4 points × 2 replicates = 8 simulations, ")
    assert "precision" not in out


def test_an_unfinished_run_is_not_complete(here: Path) -> None:
    """As one that was killed after its first look was simulated, before that was decided."""
    sweep(here, "run", "tiny.yaml", *INLINE, "--no-report", "--set", "precision=null", "--out", "runs/tiny")
    about = json.loads((here / "runs/tiny/run.json").read_text())
    sweep(here, "run", "tiny.yaml", *INLINE, "--no-report", "--out", "runs/other")
    other = json.loads((here / "runs/other/run.json").read_text())
    changed = {name: other[name] for name in ("document", "document_digest", "command")}
    (here / "runs/tiny/run.json").write_text(json.dumps(about | changed))
    out, _ = sweep(here, "status", "runs/tiny", code=3)
    assert out.startswith("tiny: 8 simulations asked for so far\n")
    assert "missing 0" in out
    assert "look 1 of 3: the looks are not finished: 2 of 2 comparisons are not decided yet" in out
    assert "\nnext: sweep run tiny.yaml" in out
    out, _ = sweep(here, "watch", "runs/tiny", "--once", code=3)
    assert "look 1 of 3 · 8/8 simulations" in out
    assert "\nnext: sweep run tiny.yaml" in out


def test_size_looks_by_rules_of_its_own(here: Path) -> None:
    out, _ = sweep(here, "size", "tiny.yaml", *INLINE, "--objective", "ns_per_packet < 100_000")
    assert out.startswith("tiny: 2 series of 2 rings, at most 2 replicates: 8 simulations if all were run")
    out, _ = sweep(here, "size", "tiny.yaml", *INLINE, "--objective", "ns_per_packet < 100_000", "--replicates", "16")
    assert "at most 16 replicates" in out


def test_compare_pays_for_the_looks_of_both(here: Path) -> None:
    sweep(here, "run", "tiny.yaml", *INLINE, "--no-report", "--out", "runs/base")
    changed = ("--set", "host.atomic=6 ns")
    sweep(here, "run", "tiny.yaml", *INLINE, "--no-report", "--out", "runs/new", *changed, "--set", "replicates=3")
    out, _ = sweep(here, "compare", "runs/base", "runs/new", code=4)
    assert "Replicates ran until enough was known, in 5 looks: each is judged at 99 %." in " ".join(out.split())


def test_a_query_knows_the_intervals_of_the_report(here: Path) -> None:
    from scipy.stats import t

    sweep(here, "run", "tiny.yaml", *INLINE, "--no-report")
    sql = (
        "select ns_per_packet_half_width / (select stddev_samp(ns_per_packet) / sqrt(8) from results r "
        "where r.strategy = p.strategy and r.ring = p.ring) from points p where replicates = 8"
    )
    out, _ = sweep(here, "query", "runs/tiny", sql, "--format", "csv")
    values = [float(line) for line in out.splitlines()[1:]]
    assert len(values) == 4
    assert values == pytest.approx([t.ppf(1 - 0.025 / 3, 7)] * 4)
