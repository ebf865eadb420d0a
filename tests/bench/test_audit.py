# SPDX-License-Identifier: MIT
"""The audit finds planted faults in what it audits, with losses in clumps, and passes what keeps its promise."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench.audit import coverage, ensembles, gates, program, reports, sizing, stopping, table
from bench.audit.blocks import Ensemble
from bench.audit.program import Intervals, SizedSeries
from sweep import config
from sweep.config import Target
from sweep.fields.counters import LOSSES
from sweep.results.dataset import Dataset
from sweep.sizing.run import question
from tests.report import synthetic_sweep
from tests.report.synthetic_sweep import Effects

REPLICATES = 400
Drops = Callable[[dict], float]


@cache
def ensemble(drops: Drops, replicates: int = REPLICATES) -> Ensemble:
    """Of two strategies in one cell."""
    made = synthetic_sweep.table(
        strategies=("page_allocator", "page_pool"),
        mixes=("router",),
        loads=(0.3,),
        rings=(256,),
        replicates=replicates,
        effects=Effects(drop_ratio=drops),
    )
    return Ensemble(made, replicates)


def clumps(row: dict) -> float:
    """A stall in one window of five, and it loses a third."""
    chance = np.random.default_rng([row["replicate"], len(row["strategy"])])
    return float((chance.random() < 0.2) * chance.uniform(0.2, 0.4))


def noise(row: dict) -> float:
    return float(np.random.default_rng([row["replicate"], len(row["strategy"])]).normal(0.3, 0.02))


def plain_t(data: Dataset, metric: str) -> Intervals:
    """Student's t, whatever was seen."""
    values = data.values(metric)
    count = values.shape[-1]
    half = {2: 12.706, 5: 2.776, 10: 2.262}.get(count, 2.0) * values.std(axis=-1, ddof=1) / np.sqrt(count)
    center = values.mean(axis=-1)
    return Intervals(center, center - half, center + half)


def honest(data: Dataset, metric: str) -> Intervals:
    """The same, but none where too few windows lost anything."""
    found = plain_t(data, metric)
    enough = (data.values(metric) > 0).sum(axis=-1) >= 30
    return Intervals(found.center, *(np.where(enough, end, np.nan) for end in found[1:]))


def measured(of: Ensemble, intervals: Callable[[Dataset, str], Intervals]) -> table.Line:
    """The line of the mean drop ratio."""
    section = coverage.section("test", of, 1, sizes=(2, 5, 10), kinds={"mean": intervals}, metrics=["drop_ratio"])
    return section.lines[0]


def test_plain_t_intervals_of_clumps_are_found_out() -> None:
    line = measured(ensemble(clumps), plain_t)
    assert line.verdict == table.FAIL
    assert [text.split("%")[0].split()[-1] for text in line.realised] == ["100"] * 3
    assert int(line.realised[0].split()[0]) < 60  # both windows without a stall, or nearly: 36 to 64 %


def test_the_same_intervals_pass_where_noise_is_normal() -> None:
    assert measured(ensemble(noise), plain_t).verdict == table.PASS


def test_an_interval_that_is_not_given_is_not_wrong_but_counted() -> None:
    line = measured(ensemble(clumps), honest)
    assert line.verdict == table.PASS
    assert line.realised == ("- 0%",) * 3


def test_a_share_of_intervals_that_is_too_small_fails() -> None:
    section = coverage.section("b", ensemble(clumps), 1, sizes=(2,), kinds={"mean": honest}, metrics=["drop_ratio"])
    assert [line.verdict for line in section.lines] == [table.PASS, table.FAIL]


def test_limits_of_rates() -> None:
    assert table.upper(0, 59) == pytest.approx(0.0495, abs=1e-4)  # the rule of three
    assert table.upper(3, 3) == 1.0
    assert table.upper(10, 100) == pytest.approx(0.1637, abs=1e-4)  # Clopper and Pearson, one-sided 95 %
    assert table.judged(0, 58, 0.05) == table.OPEN
    assert table.judged(0, 59, 0.05) == table.PASS
    assert table.judged(40, 500, 0.05) == table.FAIL


def test_blocks_are_tables_of_their_replicates() -> None:
    whole = ensemble(noise, 12)
    block = whole.block([3, 7])
    assert block.column("replicate").to_pylist() == [3, 7] * 2
    data = program.part(program.read(whole.table), np.array([3, 7]))
    assert np.array_equal(program.read(block).values("drop_ratio"), data.values("drop_ratio"))
    assert [each.tolist() for each in whole.disjoint(5)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert len(list(whole.shuffled(5, 4, 1))) == 4
    with pytest.raises(ValueError, match="are not 5 replicates"):
        Ensemble(whole.table, 5)


def answers(monkeypatch: pytest.MonkeyPatch, ring: int | None) -> list[str]:
    """Verdicts on a search that always answers this, where 6 % of the packets are lost."""
    said = [SizedSeries("router", "page_pool", 0.3, ring, True, 2)]
    monkeypatch.setattr(program, "sized", lambda asked, block: said)
    section = sizing.section(ensembles.RARE, ensemble(clumps), 1, caps=(2, 5))
    return [line.verdict for line in section.lines if line.verdict]


def test_a_wrong_ring_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, 256) == [table.FAIL, table.FAIL]


def test_no_answer_is_no_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, None) == [table.PASS, table.OPEN]  # 80 series are too few for 1 %


SEEN = {  # by every window
    **{"episodes": 200, "bursts": 0, "loss_episodes": 100, "allocation_episodes": 100, "busy_peak_packets": 300},
    **{"loss_peak_packets": 900, "rx_ring_peak_packets": 64, "tx_ring_peak_frames": 0, "socket_truesize_peak": 0},
    "nic_buffer_peak_bytes": 0,
    **{counter.name: 0 for counter in LOSSES},
}


def test_a_search_is_served_from_the_ensemble() -> None:
    made = synthetic_sweep.table(
        strategies=("page_pool",),
        mixes=("rare_stalls",),
        loads=(0.3,),
        rings=(64, 256, 1024),
        replicates=6,
        effects=Effects(
            drop_ratio=lambda row: 0.3 + 0.01 * row["replicate"] / row["ring"],
            overrides={name: (lambda row, seen=seen: seen) for name, seen in SEEN.items()},
        ),
        baseline="page_pool",
    )
    sweep = config.load(ensembles.RARE.path, ["replicates=3"])
    (series,) = program.sized(question(sweep, [sizing.OBJECTIVE]), Ensemble(made, 6).block([1, 2, 5]))
    assert (series.mix, series.column, series.load) == ("rare_stalls", "page_pool", 0.3)
    assert series.ring is None
    assert 2 <= series.replicates <= 9


def gated(monkeypatch: pytest.MonkeyPatch, verdict: str) -> list[str]:
    """Verdicts on a gate that always says this."""
    monkeypatch.setattr(program, "compared", lambda base, new: verdict)
    one = ensemble(noise, 20)
    monkeypatch.setattr(one, "disjoint", lambda size, most: [np.arange(2)] * 200)
    monkeypatch.setattr(one, "block", lambda chosen: one.table)
    found = {plan.name: one for plan in (ensembles.BASE, *gates.NO_EFFECT, *gates.EFFECT)}
    sections = [gates.without_effect(plan, found) for plan in gates.NO_EFFECT]
    sections += [gates.with_effect(plan, found) for plan in gates.EFFECT]
    return [line.verdict for section in sections for line in section.lines if line.verdict]


def test_a_gate_that_always_shuts_or_never_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm, passes, power = [table.FAIL], [table.FAIL], [table.PASS]
    assert gated(monkeypatch, "regressed") == [*alarm, *passes, *alarm, *alarm, *power, *power]
    alarm, passes, power = [table.PASS], [table.PASS], [table.FAIL]
    assert gated(monkeypatch, "pass") == [*alarm, *passes, *alarm, *alarm, *power, *power]
    alarm, passes, power = [table.PASS], [table.FAIL], [table.FAIL]
    assert gated(monkeypatch, "too little data") == [*alarm, *passes, *alarm, *alarm, *power, *power]


def nothing(row: dict) -> float:
    return 0.0


def lossy_pool(row: dict) -> float:
    """The baseline loses nothing, the pool in clumps."""
    return clumps(row) if row["strategy"] == "page_pool" else 0.0


@pytest.mark.parametrize(("winner", "verdict"), [(0, table.FAIL), (1, table.FAIL), (None, table.PASS)])
def test_a_winner_that_drops_more_or_is_slower_is_found_out(
    winner: int | None, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wins = [] if winner is None else [((0, 0, 0), winner)]
    monkeypatch.setattr(program, "winners", lambda found: wins)
    monkeypatch.setattr(program, "claimed", lambda found, claims: ["supported"] * len(claims))
    monkeypatch.setattr(program, "named_ring", lambda found, mix, column: 256)
    monkeypatch.setattr(reports, "SIZES", (2, 5))
    drops = lossy_pool if winner == 1 else nothing  # the pool takes fewer ns: the baseline wins where both lose
    lines = reports.section("test", ensemble(drops)).lines
    assert lines[0].verdict == verdict
    assert lines[1].verdict == (table.FAIL if winner == 1 else table.PASS)  # ring 256 is named for the pool
    assert lines[3].verdict == (table.FAIL if winner == 1 else "")  # "drop_ratio < 0.1 %" is said of the pool


def stopped(of: Ensemble) -> dict[str, table.Line]:
    """Lines of one section `precision:`, by what they promise."""
    lines = stopping.section("test", of).lines
    return {line.what.split(", ")[-1]: line for line in lines if "drop_ratio" in line.what}


def test_stopped_intervals_that_are_too_narrow_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "ASKED", ((Target("drop_ratio", 0.02, False),),))
    monkeypatch.setattr(stopping, "LOOKS", (2, 4))
    assert stopped(ensemble(noise))["misses"].verdict != table.FAIL
    for confidence, verdict in ((0.9999, table.PASS), (0.7, table.FAIL)):  # 100 series show no more
        monkeypatch.setattr(program, "at_each_of", lambda looks, given=confidence: given)
        assert stopped(ensemble(noise))["misses"].verdict == verdict


def test_stopping_says_what_it_took_and_what_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "ASKED", ((Target("drop_ratio", 0.5, False),),))
    assert stopped(ensemble(noise))["misses"].realised[1:] == ("4.0", "0 %")
    monkeypatch.setattr(stopping, "ASKED", ((Target("drop_ratio", 1e-6, False),),))
    assert stopped(ensemble(noise))["misses"].realised[1:] == ("16.0", "100 %")
    few = stopping.section("test", ensemble(noise, 12))
    assert few.columns[1] == "replicates of 8"


def quick(part: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m bench.audit --quick --only part`, with its simulations in a folder."""
    arguments = ["--quick", "--workers", "1", "--only", part, "--runs", str(folder)]
    # A process of its own: its pool would leave a resource tracker among the children of this one.
    return subprocess.run([sys.executable, "-m", "bench.audit", *arguments], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_quick_audit_simulates_and_prints(tmp_path: Path) -> None:
    audit = quick("quantiles", tmp_path)
    lines = audit.stdout.splitlines()
    assert lines[0].split("promised")[1].split() == [f"{packets:,}" for packets in ensembles.WINDOWS]
    assert lines[1].startswith("p99 as printed, mean of the blocks")
    assert lines[-1].startswith("1 promises: ")
    assert audit.returncode == (0 if "1 kept" in lines[-1] else 1)
    assert (tmp_path / "seed-1-quick" / "window-16000" / "results.arrow").exists()


def shown_wrong(output: str) -> list[tuple[int, int]]:
    """Of the lines on stopped intervals those whose misses are above 5 % beyond doubt: misses and series."""
    told = re.findall(r"(?:misses|wrong word) +<= 5 +([\d.]+) <= [\d.]+ of (\d+)", output)
    counts = [(round(float(percent) * int(series) / 100), int(series)) for percent, series in told]
    assert sum(series for _, series in counts) > 500
    return [(wrong, series) for wrong, series in counts if 1 - table.upper(series - wrong, series) > stopping.PROMISED]


@pytest.mark.slow
def test_stopped_intervals_of_a_quick_audit_are_not_shown_to_miss(tmp_path: Path) -> None:
    """Of simulated stalls: too few series to show that the promise is kept, enough to show that it is broken."""
    assert shown_wrong(quick("stopping", tmp_path).stdout) == []
