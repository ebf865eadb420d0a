# SPDX-License-Identifier: MIT
"""The benchmark of scale plans and publishes what it says, at a size that takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bench import scale
from sweep.config import load
from sweep.model import batch
from sweep.plan import survey
from sweep.schema import part_schema


@pytest.mark.parametrize("points", [1000, 100_000, 1_000_000])
def test_the_file_has_as_many_points_as_asked_for(tmp_path: Path, points: int) -> None:
    sweep = load(scale.sweep_file(tmp_path, points))
    assert points <= sweep.points < points + 2 * scale.POINTS_PER_LOAD
    assert sweep.document["where"]
    assert any(len(dimension["names"]) > 1 for dimension in sweep.document["grid"])


def test_parts_are_made_up_for_every_simulation(tmp_path: Path) -> None:
    found = survey(load(scale.sweep_file(tmp_path, 1)))
    ids = []
    for _, data in scale.made_up_parts(found):
        table = pa.ipc.open_file(data).read_all()
        ids += table.column("id").to_pylist()
        assert len(table) <= scale.PART_ROWS
    assert sorted(ids) == sorted(found.ids.astype(str).tolist())
    for strategy in found.strategies.values:
        made = scale.made_up(strategy, 3)
        assert made.counters.dtype.names == tuple(field.name for field in batch.counter_fields(strategy))
        assert np.count_nonzero(made.latency) > 100
        assert len(part_schema(strategy)) == len(made.counters.dtype) + 4 + made.series.shape[-1]


@pytest.mark.slow
def test_the_benchmark_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert scale.main(["--points", "1000"]) == 0
    out = capsys.readouterr().out
    assert "scale: 2,624 points × 1 replicate = 2,624 simulations" in out
    assert "\nsweep plan: " in out
    assert "\npublication of 2,624 rows: " in out
    assert "\nsweep plan with all of them done: " in out
