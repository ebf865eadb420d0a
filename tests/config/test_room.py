# SPDX-License-Identifier: MIT
"""A sweep may be as large as there is memory for planning it, and says so where there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import config
from sweep.config import room
from sweep.errors import ConfigError
from tests.tiny_sweep import sweep_text

GB = 10**9


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sweep of 2 x 2 x 1000 x 1000 cells, of which a constraint leaves 4000 points."""
    path = tmp_path / "large.yaml"
    axes = {
        "strategy": "[page_allocator, page_pool]",
        "traffic": "[router, host_slow_reader]",
        "load": "{linspace: [0.001, 1, 1000]}",
        "packets": "{range: [1000, 1999, 1]}",
    }
    path.write_text(sweep_text(axes=axes, load=None, packets=None, ring=64, where="packets == 1500"))
    return path


def has(monkeypatch: pytest.MonkeyPatch, node: float, machine: float = 64 * GB) -> None:
    monkeypatch.setattr(room, "node_bytes", lambda: int(node))
    monkeypatch.setattr(room, "machine_bytes", lambda: int(machine))


def test_cells_are_limited_by_memory_before_they_are_laid_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 0.2 * GB, 0.2 * GB)
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert 'the axes make "2 × 2 × 1,000 × 1,000 = 4,000,000" points: laying them out takes about 0.3 GB of memory' in (
        str(caught.value)
    )
    assert "and this machine has 0.2 GB" in str(caught.value)
    assert str(caught.value).startswith(f"{file}:")
    has(monkeypatch, 0.2 * GB)
    with pytest.raises(ConfigError, match=r"and the control group of this process allows 0\.2 GB"):
        config.load(file)
    has(monkeypatch, 0.3 * GB)
    assert config.load(file).points == 4000


def test_replicates_are_limited_by_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 0.3 * GB)
    assert config.load(file, ["replicates=500"]).simulations == 2_000_000
    with pytest.raises(ConfigError, match=r'"4,000 × 1,000 = 4,000,000": planning them takes about 0\.5 GB of memory'):
        config.load(file, ["replicates=1000"])


def test_what_planning_takes_is_what_it_is_held_against(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 64 * GB)
    sweep = config.load(file, ["replicates=1000"])
    needed = room.planning_bytes(sweep)
    has(monkeypatch, needed)
    room.check_simulations(sweep, None)  # type: ignore[arg-type]
    few = config.load(file, ["replicates=1"])
    assert room.planning_bytes(few) == 4_000_000 * room.CELL_BYTES  # laying out what the constraint removes
