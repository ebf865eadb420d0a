# SPDX-License-Identifier: MIT
"""All scenarios as columns against one scenario at a time, over odd sweep files."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sweep.config import Sweep, from_document, load
from sweep.config.points.scenarios import FIELDS
from sweep.errors import ConfigError
from sweep.grid import Coded, combined
from sweep.model import batch
from sweep.model.randomness import quantiles
from sweep.plan import cost
from sweep.plan.survey import survey

# Axes with two to four values each; some are read by a formula, some reach into a part of the scenario.
AXES = {
    "traffic": ["router", "host", "host_slow_reader"],
    "ring": [64, 300, 1024],
    "load": [0.1, 0.3],
    "queues": [1, 4],
    "kernel": ['"5.19"', '"6.12"'],
    "iommu": ["off", "strict"],
    "packets": [30_000, 40_000],
    "duration": ["20 ms", "31.7 ms"],
    "warmup": [2_000, "300 us", "2.1 ms"],
    "memory_pages": [0, 100_000],
    "host": ["xeon-e5-1650v4", "epyc-9684x"],
    "nic": ["25g", "100g"],
    "nic.link": ["10 Gbit/s", "25 Gbit/s"],
    "nic.tx_ring": [256, 512, 1024],
    "nic.copybreak": [0, 256],
    "traffic.reader.rate": ["1 Mpps", "2 Mpps"],
    "traffic.reader.rcvbuf": [100_000, 212_992],
    "traffic.arrivals": ["poisson", "{on_off: {burst: 8}}"],
    "traffic.reader.wakeup": ["5 us", "{exponential: {mean: 9 us}}"],
    "host.remote_line": ["60 ns", "70 ns"],
    "strategy.pool_size": [64, "ring", "2*ring", "nic.tx_ring"],
    "strategy.frag_bytes": [1984, 2048],
    "strategy.cache_size": [128, 256],
}
FIXED = {"traffic": "router", "ring": 512, "load": 0.2, "warmup": 2_000}
STRATEGIES = ["page_allocator", "page_frag", "page_pool", "page_pool_frag", "zero_copy", "fifo_cache"]
WHERE = [
    "ring <= 256 or strategy != page_pool",
    "strategy.pool_size >= ring",
    "nic.tx_ring >= 512 or load < 0.2",
    "traffic.reader.rate > 1 Mpps",
    "traffic == router or queues == 1",
    "host.remote_line * 2 > 130 ns",
    "packets > 25_000 or warmup < 2_000",
    "duration >= 25 ms or strategy == page_pool",
]
POINTS = [
    "{strategy: page_pool, ring: 128, traffic: host, load: 0.4, strategy.pool_size: 2*ring, label: c}",
    "{strategy: page_allocator, ring: 64, traffic: router, load: 0.1, nic.tx_ring: 2048}",
    "{strategy: page_pool, ring: 64, traffic: host, load: 0.1, host.atomic: 5 ns, traffic.reader.rate: 3 Mpps}",
    "{strategy: zero_copy, ring: 64, traffic: router, load: 0.3, packets: 50_000, kernel: '5.19'}",
]


@st.composite
def sweep_files(draw: st.DrawFn) -> str:
    """The text of a sweep file of some hundred points at most; not all of them can be loaded."""
    names = draw(st.lists(st.sampled_from(sorted(AXES)), max_size=4, unique=True))
    axes = {name: draw(st.lists(st.sampled_from(AXES[name]), min_size=1, unique=True)) for name in names}
    axes["strategy"] = draw(st.lists(st.sampled_from(STRATEGIES), min_size=1, max_size=4, unique=True))
    zipped = draw(st.sampled_from([None, *(name for name in AXES if name not in axes and len(AXES[name]) > 1)]))
    order = draw(st.permutations(list(axes)))
    lines = ["axes:"]
    lines += [f"  {name}: [{', '.join(map(str, axes[name]))}]" for name in order]
    if zipped:
        second = draw(st.sampled_from(["label", *(name for name in ("ring", "queues") if name not in (*axes, zipped))]))
        values = {"label": ["a", "b"], "ring": [64, 2048], "queues": [2, 3]}[second]
        pair = ", ".join(str(value) for value in AXES[zipped][:2])
        lines.append(f"zip: [{{{zipped}: [{pair}], {second}: [{values[0]}, {values[1]}]}}]")
        axes[second] = values
    lines += [f"{name}: {value}" for name, value in FIXED.items() if name not in axes and name != zipped]
    lines.append(f"points: [{', '.join(draw(st.lists(st.sampled_from(POINTS), max_size=3)))}]")
    known = [*WHERE, "label != b or ring > 64"] if "label" in axes else WHERE
    lines.append(f"where: {draw(st.lists(st.sampled_from(known), max_size=2))}".replace("'", '"'))
    return "\n".join([*lines, f"replicates: {draw(st.integers(1, 3))}"])


def sweep_of(folder: Path, text: str) -> Sweep:
    path = folder / "odd.yaml"
    path.write_text(text)
    try:
        return load(path)
    except ConfigError:
        assume(False)
        raise


ODD = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@ODD
@given(sweep_files())
def test_columns_say_what_each_scenario_says(tmp_path: Path, text: str) -> None:
    sweep = sweep_of(tmp_path, text)
    points = range(sweep.points)
    one_by_one = [sweep.scenario(point, 0) for point in points]
    assert [sweep.scenarios.at(point) for point in points] == one_by_one
    assert set(FIELDS) | {"replicate"} == {field.name for field in fields(one_by_one[0])}
    assert [sweep.scenarios.duration_ps[point] for point in points] == [sweep.value(p, "duration") for p in points]
    labels = [sweep.labels(point).get("label") for point in points]
    assert [sweep.scenarios.label[point] for point in points] == labels
    for column in sweep.scenarios.columns.values():
        assert len(set(column.values)) == len(column.values)
    again = from_document(sweep.document, sweep.layout.cells)
    assert [again.scenario(point, 0) for point in points] == one_by_one


@ODD
@given(sweep_files())
def test_costs_are_what_the_model_says_of_each(tmp_path: Path, text: str) -> None:
    sweep = sweep_of(tmp_path, text)
    found = survey(sweep)
    every = range(0, found.simulations, max(1, found.simulations // 8))
    for index in every:
        scenario = sweep.scenario(*divmod(index, sweep.replicates))
        assert found.predicted_ns[index] == batch.predicted_ns(scenario)
        assert found.packets[index] == scenario.packets
        assert found.strategies[index] == scenario.strategy
        tables = len(set(batch.distributions(scenario))) - 2  # the survey counts two, whatever the mix
        lane_bytes = batch.state_bytes(scenario) - tables * quantiles.SIZE * 8
        assert lane_bytes <= found.state_bytes[index] <= lane_bytes * 17 / 16
        for each in batch.distributions(scenario):
            assert np.array_equal(found.tables[each], quantiles.table(each))


def test_the_model_is_asked_once_for_what_matters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither load nor link nor reader decides the size of a lane, and neither ring nor reader its time.

    Rings of about the same size are one question.
    """
    text = (
        "axes: {strategy: [page_pool], ring: [64, 127, 128, 256], load: {linspace: [0.1, 0.4, 50]},"
        " traffic.reader.rate: [1 Mpps, 2 Mpps], nic.link: [10 Gbit/s, 25 Gbit/s]}\n"
        "traffic: host\nnic: 10g\n"
    )
    scenarios = sweep_of(tmp_path, text).scenarios
    asked: list[str] = []
    for name in ("state_bytes", "predicted_ns"):
        monkeypatch.setattr(batch, name, lambda scenario, name=name: asked.append(name) or len(asked))
    cost.state_bytes(scenarios)
    cost.predicted_ns(scenarios)
    assert (asked.count("state_bytes"), asked.count("predicted_ns")) == (3, 50 * 2)


@given(st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=1, max_size=4), st.booleans())
def test_combinations_are_those_of_the_rows(rows: list[list[int]], wide: bool) -> None:
    """Whether a table of all combinations is small enough or they are sorted."""
    columns = [Coded.of([value * 10**6 for value in column]) for column in rows]
    if wide:
        columns = [Coded((*column.values, *range(-70_000, 0)), column.codes) for column in columns]
    found = combined(columns, 5)
    assert [found[row] for row in range(5)] == [tuple(column[row] for column in columns) for row in range(5)]
    assert len(set(found.values)) == len(found.values) == len({found[row] for row in range(5)})
    assert combined([], 3).values == ((),)
