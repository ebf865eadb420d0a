# SPDX-License-Identifier: MIT
"""The points of a sweep as a cube, with the names that its report will have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sweep import config
from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.sizing.cube import cube
from tests.tiny_sweep import sweep_text

AXES = {
    "strategy": "[page_frag, page_allocator, page_pool]",
    "traffic": "[router, host]",
    "ring": "[128, 64, 256]",
    "load": "[0.5, 0.1]",
}
SWEEP = sweep_text(load=None, axes=AXES)


def load(folder: Path, more: str = "", *sets: str) -> Sweep:
    path = folder / "tiny.yaml"
    path.write_text(SWEEP + more)
    return config.load(path, sets)


def test_every_point_has_its_cell(tmp_path: Path) -> None:
    sweep = load(tmp_path)
    found = cube(sweep)
    assert (found.mixes, found.loads, found.rings, found.pools) == (
        ("router", "host"),
        (0.1, 0.5),
        (64, 128, 256),
        (None,),
    )
    assert found.columns == found.strategies == ("page_allocator", "page_frag", "page_pool")  # the baseline first
    assert sorted(found.points.ravel().tolist()) == list(range(sweep.points))
    for cell in np.ndindex(found.shape):
        scenario = sweep.scenario(int(found.points[cell]), 0)
        assert scenario.traffic.name == found.mixes[cell[0]]
        assert scenario.strategy == found.strategies[cell[1]]
        assert (scenario.load_ppm / 1e6, scenario.ring) == (found.loads[cell[2]], found.rings[cell[3]])
        pools = [size for name, size in scenario.knobs if name == "pool_size"]
        assert found.pool_sizes[found.points[cell]] == (pools[0] if pools else -1)


def test_what_else_varies_splits_the_mixes_and_variants_the_columns(tmp_path: Path) -> None:
    zip_ = "zip:\n  - {strategy.pool_size: [ring, 2*ring], label: [one, two]}\n"
    found = cube(load(tmp_path, zip_, 'axes.kernel=["5.19", "6.12"]'))
    assert found.mixes == ("router · kernel=5.19", "router · kernel=6.12", "host · kernel=5.19", "host · kernel=6.12")
    assert found.columns == ("page_allocator", "page_frag", "page_pool (one)", "page_pool (two)")
    assert found.there.all()


def test_packets_of_a_time_are_those_of_each_load_and_split_no_mix(tmp_path: Path) -> None:
    found = cube(load(tmp_path, "", "duration=5 ms", "warmup=1 ms", "axes.nic.link=[10 Gbit/s, 25 Gbit/s]"))
    assert found.mixes == tuple(f"{mix} · nic.link={link} Gbit/s" for mix in ("router", "host") for link in (10, 25))
    packets = found.of(found.packets, -1)
    assert (packets == packets[..., :1, :1]).all()  # whatever the ring
    by_load = packets[:, 0, :, 0, 0]
    assert np.unique(by_load[:2]).size == 4  # of two links and two loads
    assert (abs(by_load[:, 1] - 5 * by_load[:, 0]) < 5).all()
    assert (abs(by_load[1::2] - 2.5 * by_load[::2]) < 3).all()


def test_two_times_split_a_mix_by_the_time(tmp_path: Path) -> None:
    found = cube(load(tmp_path, "", "axes.duration=[5 ms, 10 ms]"))
    assert found.mixes[:2] == ("router · duration=5 ms", "router · duration=10 ms")


def test_a_constraint_leaves_cells_empty(tmp_path: Path) -> None:
    found = cube(load(tmp_path, "where: strategy != page_frag or ring <= 128\n"))
    assert found.there.sum() == found.points.size - 4
    assert not found.there[:, 1, :, 2].any()


def test_a_pool_that_varies_by_itself_is_an_axis(tmp_path: Path) -> None:
    found = cube(load(tmp_path, "", "axes.strategy.pool_size=[512, 128]"))
    assert (found.columns, found.pools) == (("page_allocator", "page_frag", "page_pool"), (128, 512))
    assert found.there[:, :2, :, :, 0].all()
    assert not found.there[:, :2, :, :, 1].any()
    assert found.there[:, 2].all()
    assert (found.pool_sizes[found.points[:, 2]] == np.array([128, 512])).all()


def test_a_pool_that_follows_the_ring_is_a_variant(tmp_path: Path) -> None:
    found = cube(load(tmp_path, "", "axes.strategy.pool_size=[ring, 2*ring]"))
    assert found.columns == (
        "page_allocator",
        "page_frag",
        "page_pool (strategy.pool_size=1×ring)",
        "page_pool (strategy.pool_size=2×ring)",
    )
    assert found.pools == (None,)


def test_values_of_points_by_cell(tmp_path: Path) -> None:
    sweep = load(tmp_path, "where: strategy != page_frag or ring <= 128\n")
    found = cube(sweep)
    values = found.of(np.arange(sweep.points * 2, dtype=float).reshape(-1, 2), np.nan)
    assert values.shape == (*found.shape, 2)
    assert (values[found.there][:, 0] == 2 * found.points[found.there]).all()
    assert np.isnan(values[~found.there]).all()


def test_one_ring_is_nothing_to_choose_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='tiny has no axis "ring": ring is "64" at every point') as error:
        cube(load(tmp_path, "", "ring=64"))
    assert "next: sweep size FILE --set 'axes.ring={log2: [64, 4096]}'" in str(error.value)
