# SPDX-License-Identifier: MIT
"""The highest load of a model with a closed form, in real simulations, and what it takes beside a grid of loads.

Frames of 64 bytes come every `gap` on a link of 10 Gbit/s, on which each takes (64 + 20) * 8 / 10 = 67.2 ns, so that
load = 67.2 ns / gap.  Nothing costs anything but what the stack does with a packet, `stack_drop`: a server with a
constant service time s, and a queue of `ring` places.

* None is lost as long as gap >= s, and with gap < s the queue grows without end.  The no-drop rate is 67.2 ns / s.
* Above it the queue is full and packets leave every s, so that 1 - gap / s of them are dropped.  At most a share p is,
  up to the load (67.2 ns / s) / (1 - p).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweep import config
from sweep.fields.host import COST_NAMES
from sweep.jobs.origin import Origin
from sweep.jobs.request import RunRequest
from sweep.plan import survey
from sweep.sizing import loads
from sweep.sizing.load_answer import LoadAnswer
from sweep.sizing.run import highest_loads, question

WIRE_NS, SERVICE_NS = 67.2, 210
CAPACITY = WIRE_NS / SERVICE_NS
MADE_UP = "made up for a closed form"
COSTS = dict.fromkeys(COST_NAMES, "0 ns") | {"stack_drop": f"{SERVICE_NS} ns"}
SIZES = {"llc": "16 MiB", "llc_ways": 16, "ddio_ways": 0, "header_lines": 0, "iotlb": 64, "walk_cache": 64}
HOST = {
    part: {name: {"value": value, "source": MADE_UP} for name, value in values.items()}
    for part, values in (("costs", COSTS), ("hardware", SIZES))
}
SWEEP = f"""\
name: server
host: server
hosts: {{server: {json.dumps(HOST)}}}
nic: 10g
kernel: "6.12"
traffic: {{fixed: {{arrivals: constant, sizes: 64, fates: {{drop: 1}}}}}}
packets: 40_000
warmup: 10_000
load: 0.3
axes: {{strategy: [page_allocator, page_pool], ring: [128]}}
replicates: 2
seed: 1
"""
GRID = ["axes.load={range: [0.01, 1, 0.01]}"]  # steps of 1 %
AIM = 1 / 5  # of the grid's packets


def request(folder: Path, sets: list[str]) -> RunRequest:
    path = folder / "server.yaml"
    path.write_text(SWEEP)
    sweep = config.load(path, sets)
    return RunRequest(sweep, folder / "run", Origin.of(str(path), sets, None), executor="inline")


def answered(folder: Path, objective: str) -> LoadAnswer:
    sweep = request(folder, []).sweep
    asked = request(folder, loads.override(sweep, []))
    _, answer = highest_loads(asked, question(asked.sweep, [objective], searched="load"))
    return answer


@pytest.mark.parametrize(("objective", "truth"), [("drop_ratio <= 0", CAPACITY), ("drop_ratio < 10 %", CAPACITY / 0.9)])
def test_within_one_percent_with_a_fifth_of_the_packets(tmp_path: Path, objective: str, truth: float) -> None:
    answer = answered(tmp_path, objective)
    (verdict,) = answer.verdicts
    for series in verdict.series:
        assert series.decided
        assert series.highest is not None
        assert series.fails_from is not None
        assert series.highest.load == pytest.approx(truth, rel=0.01)
        assert series.fails_from.load == pytest.approx(truth, rel=0.01)
        assert (
            series.highest.packets_per_s.center <= 1e9 / SERVICE_NS * 1.001
        )  # nothing leaves faster than it is served
    grid = survey(request(tmp_path, GRID).sweep)
    assert answer.wanted_packets < AIM * int(grid.packets.sum())
