# SPDX-License-Identifier: MIT
"""What `sweep plan` and `sweep run` say of windows: packets of times, stalls and bursts, and where they are too few."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import SWEEP, sweep

from sweep import config
from sweep.cli.episodes import lines, warnings

STALLING = SWEEP.replace("traffic: router\n", "").replace("  ring:", "  traffic: [router, host_slow_reader]\n  ring:")


def of(folder: Path, *sets: str) -> config.Sweep:
    path = folder / "tiny.yaml"
    path.write_text(STALLING)
    return config.load(path, sets)


def test_too_few_are_told_with_what_would_do(tmp_path: Path) -> None:
    told = warnings(of(tmp_path, "packets=120_000", "warmup=20_000", "axes.load=[0.1, 0.5]", "replicates=5"))
    assert told == [
        "host_slow_reader: 1.1 to 5.5 stalls in a window, 5.5 to 27 in all 5 replicates: too few to say what is never "
        "lost; duration: 400 ms or replicates: 33 would see 36 or more"
    ]


def test_enough_are_told_and_are_no_warning(tmp_path: Path) -> None:
    long = of(tmp_path, "duration=1 s", "warmup=10 ms", "axes.load=[0.1, 0.3]", "axes.ring=[64]")
    assert warnings(long) == []
    assert lines(long) == [
        "router: 327,369 packets in a window at load 0.1, 982,105 at load 0.3",
        "host_slow_reader: 327,369 packets in a window at load 0.1, 982,105 at load 0.3",
        "host_slow_reader: 18 stalls in a window, 36 in all 2 replicates",
    ]


def test_windows_in_packets_are_not_told_again(tmp_path: Path) -> None:
    assert [line.partition(":")[0] for line in lines(of(tmp_path))] == ["host_slow_reader"]
    assert lines(of(tmp_path, "axes.traffic=[router]")) == []


def test_packets_that_differ_at_a_load_and_many_loads_are_a_range(tmp_path: Path) -> None:
    two = of(tmp_path, "axes.duration=[1 ms, 2 ms]", "axes.traffic=[router]")
    assert lines(two) == ["router: 983 to 1,965 packets in a window at load 0.3"]
    stalls = "axes.traffic.reader.stall=[none, {every: 10 ms, for: 1 ms}]"
    some = of(tmp_path, "duration=1 ms", "axes.traffic=[host_slow_reader]", stalls)
    assert [line.partition(" in a window")[0] for line in lines(some)] == [
        "host_slow_reader: 983 packets",
        "host_slow_reader: 0.09 stalls",
    ]
    many = of(tmp_path, "duration=1 ms", "axes.load={linspace: [0.1, 0.5, 9]}", "axes.traffic=[router]")
    assert lines(many) == ["router: 328 to 1,637 packets in a window, loads 0.1 to 0.5"]


def test_numbers_are_never_rounded_up(tmp_path: Path) -> None:
    (told,) = warnings(of(tmp_path, "duration=1.64 s", "replicates=1"))
    assert told.startswith("host_slow_reader: 29 stalls in a window: too few")  # 29.8, and 30 are enough


@pytest.mark.parametrize("mixes", [1, 9, 10])
def test_many_mixes_are_counted(tmp_path: Path, mixes: int) -> None:
    names = [f"mix_{number}" for number in range(mixes)]
    own = "".join(
        f"  {name}: {{arrivals: {{on_off: {{burst: 8}}}}, sizes: imix, fates: {{drop: 1.0}}}}\n" for name in names
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(f"{STALLING}traffic:\n{own}")
    told = warnings(config.load(path, [f"axes.traffic=[{', '.join(names)}]", "replicates=1"]))
    assert len(told) == (mixes if mixes < 10 else 9)
    assert told[-1] == "and 2 more mixes" or mixes < 10


def test_plan_and_run_print_them(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(STALLING)
    out, _ = sweep(tmp_path, "plan", "tiny.yaml", "--set", "duration=100 us")
    assert "\n  router: 99 packets in a window at load 0.3\n" in out
    assert out.count("too few") == 1
    words = ["--executor", "inline", "--no-report", "--set", "duration=100 us", "--set", "warmup=10 us"]
    out, _ = sweep(tmp_path, "run", "tiny.yaml", *words)
    assert out.count("too few") == 1
    assert "packets in a window" not in out
    out, _ = sweep(tmp_path, "query", "runs/tiny", "select distinct packets, warmup, duration, warmup_ns from results")
    assert out.splitlines()[-2].split() == ["109", "10", "100,000", "10,000"]
