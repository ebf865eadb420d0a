# SPDX-License-Identifier: MIT
"""`--set key=value`: parameters, settings, axes, and ways into named mixes, hosts and NICs."""

import pytest

from tests.config.sweep_files import GRID, ZIP, column


@pytest.mark.parametrize(
    ("sets", "points", "name", "values"),
    [
        (["ring=512"], 4, "ring", {512}),
        (["axes.ring=[64, 128, 512]"], 12, "ring", {64, 128, 512}),
        (["axes.load=[0.1, 0.2]"], 16, "load", {100_000, 200_000}),
        (["load=10 %"], 8, "load", {100_000}),
        (["where=ring > 256"], 4, "ring", {1024}),
        (["traffic=drop_flood"], 4, "traffic", {"drop_flood"}),
        (["strategy.pool_size=77"], 8, "strategy.pool_size", {77}),
        (["axes.strategy.pool_size=[77, 78]"], 4 + 8, "strategy.pool_size", {None, 77, 78}),
        (["ring=512", "axes.ring=[64]"], 4, "ring", {64}),
        (["axes.nic.tx_ring={log2: [64, 256]}"], 24, "nic.tx_ring", {64, 128, 256}),
        (["points=[{strategy: page_frag, traffic: host, ring: 99}]"], 9, "ring", {256, 1024, 99}),
        (["zip=[{load: [0.1, 0.2], packets: [30_000, 40_000]}]", "axes.load=[0.4]"], 16, "load", {400_000}),
    ],
)
def test_parameters(sweep_of, sets, points, name, values):
    sweep = sweep_of(GRID.replace("load: 0.3\n", "") if "zip" in sets[0] else GRID, *sets)
    assert sweep.points == points
    assert set(column(sweep, name)) == values


def test_settings_and_sections(sweep_of):
    sweep = sweep_of(
        GRID,
        "replicates=10",
        "seed=5",
        "name=other",
        "baseline.strategy=page_pool",
        "traffic.host.reader.rate=1 Mpps",
        "nics.10g.tx_ring=99",
        "nic.copybreak=128",
        "hosts.xeon-e5-1650v4.costs.zone_lock.value=20 ns",
    )
    assert (sweep.replicates, sweep.seed, sweep.name, sweep.baseline) == (10, 5, "other", {"strategy": "page_pool"})
    host = next(s for s in (sweep.scenario(p, 0) for p in range(8)) if s.traffic.name == "host")
    assert (host.traffic.reader.read_ps, host.nic.tx_ring, host.nic.copybreak_bytes) == (1_000_000, 99, 128)
    assert dict(host.costs_ps)["zone_lock"] == 20_000


def test_a_parameter_leaves_its_zip_and_a_label_does_not_stay_alone(sweep_of):
    sweep = sweep_of(ZIP, "strategy.pool_size=300")
    assert sweep.points == 6
    assert not any("label" in sweep.labels(point) for point in range(6))


def test_a_fixed_label_is_on_every_point(sweep_of):
    sweep = sweep_of(GRID, "label=second try")
    assert [sweep.labels(point)["label"] for point in range(8)] == ["second try"] * 8


def test_null_takes_away_a_constraint(sweep_of):
    assert sweep_of(GRID + "where: ring > 256\n", "where=").points == 8
