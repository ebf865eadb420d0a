# SPDX-License-Identifier: MIT
"""Stalls and bursts that windows will see: what the sweep file gives, and what simulations have seen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sweep import config
from sweep.jobs.episodes import ENOUGH, EpisodeForecast, forecast_episodes
from sweep.model import batch

SWEEP = """\
name: seen
strategy: page_allocator
ring: 256
nic: 10g
replicates: 3
traffic:
  stalling:
    arrivals: poisson
    sizes: 1500
    fates: {local: 1.0}
    reader: {wakeup: 5 us, stall: {every: {exponential: {mean: 2 ms}}, for: 500 us}}
  bursting: {arrivals: {on_off: {burst: 20, peak: 0.9}}, sizes: 1500, fates: {drop: 1.0}}
  both:
    arrivals: {on_off: {burst: 20, peak: 0.9}}
    sizes: 1500
    fates: {local: 1.0}
    reader: {stall: {every: 3 ms, for: 1 ms}}
  neither: {arrivals: poisson, sizes: 1500, fates: {drop: 1.0}}
  unread: {arrivals: poisson, sizes: 1500, fates: {drop: 1.0}, reader: {stall: {every: 3 ms, for: 1 ms}}}
duration: 40 ms
warmup: 1 ms
axes:
  traffic: [stalling, bursting, both, neither, unread]
  load: [0.3, 0.1]
"""


def of(folder: Path, *sets: str) -> dict[str, EpisodeForecast]:
    path = folder / "seen.yaml"
    path.write_text(SWEEP)
    return {each.mix: each for each in forecast_episodes(config.load(path, sets))}


def test_what_a_window_will_see(tmp_path: Path) -> None:
    found = of(tmp_path)
    assert {mix: each.episode for mix, each in found.items()} == {
        "stalling": "stall",
        "bursting": "burst",
        "both": "stall",
        "neither": "busy period",
        "unread": "stall",
    }
    assert [mix for mix, each in found.items() if each.is_forecast] == ["stalling", "bursting", "both"]
    assert [cell.load for cell in found["stalling"].cells] == [0.1, 0.3]
    assert float(found["stalling"].fewest) == pytest.approx(16, rel=1e-3)  # 40 ms / (2 ms + 500 us)
    assert float(found["both"].most) == pytest.approx(10, rel=1e-3)  # 40 ms / (3 ms + 1 ms)
    packets = {cell.load: cell.packets for cell in found["bursting"].cells}
    assert [cell.episodes for cell in found["bursting"].cells] == [Fraction(packets[load], 20) for load in (0.1, 0.3)]


def test_windows_in_packets_are_as_long_as_they_are_at_their_load(tmp_path: Path) -> None:
    found = of(tmp_path, "packets=20_000", "warmup=0")["stalling"]
    assert float(found.fewest * 3) == pytest.approx(float(found.most), rel=1e-4)


def test_what_would_be_enough_is(tmp_path: Path) -> None:
    few = of(tmp_path, "axes.duration=[1 ms, 3 ms]")["stalling"]
    assert few.is_short
    assert float(few.fewest) == pytest.approx(0.4, rel=1e-2)
    more = of(tmp_path, "duration=1 ms", f"replicates={few.enough_replicates}")["stalling"]
    assert ENOUGH <= more.fewest * more.replicates < ENOUGH * 1.05
    longer = of(tmp_path, f"duration={few.enough_ps} ps")["stalling"]
    assert ENOUGH <= longer.fewest * longer.replicates < ENOUGH * 1.1
    assert not more.is_short
    assert not longer.is_short


def test_thirty_in_all_replicates_are_enough(tmp_path: Path) -> None:
    assert of(tmp_path, "duration=24.9 ms")["stalling"].is_short  # 29.9
    assert not of(tmp_path, "duration=25.1 ms")["stalling"].is_short  # 30.1


@pytest.mark.parametrize(("mix", "episode"), [("stalling", "stalls"), ("bursting", "bursts")])
def test_simulations_see_what_was_forecast(tmp_path: Path, mix: str, episode: str) -> None:
    """The mean of the replicates is within four standard errors of Poisson numbers."""
    path = tmp_path / "seen.yaml"
    path.write_text(SWEEP)
    sweep = config.load(path, [f"axes.traffic=[{mix}]", "axes.load=[0.3]", "replicates=8"])
    scenarios = [sweep.scenario(0, replicate) for replicate in range(sweep.replicates)]
    tables = batch.build_tables(batch.distributions(scenarios[0]))
    counters = batch.simulate("page_allocator", scenarios, tables).counters
    (found,) = forecast_episodes(sweep)
    assert found.episode + "s" == episode
    forecast = float(found.fewest * sweep.replicates)
    assert abs(counters["episodes"].sum() - forecast) < 4 * forecast**0.5
