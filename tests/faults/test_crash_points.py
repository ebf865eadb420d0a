# SPDX-License-Identifier: MIT
"""A run that dies, or is interrupted, before each single change that it makes to its directory, one after the other.

Whatever the moment, a reader finds the old table or the new one, whole, and the same command again completes the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from marked import wait_for
from scene import Scene, read

from tests.tiny_sweep import sweep_text

SWEEP = sweep_text(
    name="crash",
    traffic="router",
    ring=64,
    axes={"strategy": "[page_allocator, page_pool]"},
    precision="{ns_per_packet: 0.1 %, most_replicates: 4}",  # which two replicates do not have
)
PLAIN = ("--set", "precision=null")
CHANGES = {  # what is typed for the first table, and for the second one
    "replicates": (PLAIN, (*PLAIN, "--set", "replicates=3")),
    "looks": (PLAIN, ()),
}
BOUND_S = 600.0
LEAST_STEPS = 15


@dataclass
class Tables:
    """Of the two sweeps."""

    old: pa.Table
    new: pa.Table


def published(scene: Scene, change: str) -> Tables:
    """Two replicates in `template`, from where three are aimed at, or as many as looks ask for."""
    (scene.here / "crash.yaml").write_text(SWEEP)
    inline = ("run", "crash.yaml", "--executor", "inline", "--no-report")
    before, after = CHANGES[change]
    scene.sweep(*inline, "--out", "template", *before)
    scene.sweep(*inline, "--out", "undisturbed", *after)
    return Tables(read(scene.here / "template"), read(scene.here / "undisturbed"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "codes", "change"),
    [
        ("SIGKILL", {-9}, "replicates"),
        ("SIGINT", {0, 3}, "replicates"),
        ("SIGTERM", {0, 3}, "replicates"),
        ("SIGKILL", {-9}, "looks"),
        ("SIGINT", {0, 3}, "looks"),
    ],
)
def test_at_every_step(scene: Scene, kind: str, codes: set[int], change: str) -> None:
    tables = published(scene, change)
    steps = walk(scene, kind, CHANGES[change][1])
    assert len(steps) > LEAST_STEPS, steps
    assert steps[-1] == {"step": "", "code": 0, "again": 0}, steps[-1]
    seen = {"old": 0, "new": 0}
    for number, step in enumerate(steps, 1):
        here = scene.here / "points" / str(number)
        told = f"{kind} before change {number}: {step}; {(here / 'error.txt').read_text()}"
        if number < len(steps):
            assert step["code"] in codes, told
        assert step["again"] == 0, told
        assert "Traceback" not in (here / "error.txt").read_text(), told
        seen[which(here / "run", tables, told)] += 1
        assert which(here / "after", tables, told) == "new", told
        assert not [path.name for path in (here / "after").rglob("*.tmp")], told
        assert not [path.name for path in (here / "after").rglob("*.bad")], told
    assert min(seen.values()) > 0, seen  # it did go through the moment of publication
    assert [path.name for path in scene.temp.iterdir()] == []
    assert any("looks.json" in str(step["step"]) for step in steps) is (change == "looks")


def walk(scene: Scene, kind: str, typed_last: tuple[str, ...]) -> list[dict[str, object]]:
    """One line per step, from `crash_points.py`."""
    out = scene.here / "steps.jsonl"
    words = ["run", "crash.yaml", "--executor", "inline", "--no-report", *typed_last]
    script = Path(__file__).with_name("crash_points.py")
    typed = [str(script), kind, str(scene.here / "template"), str(scene.here / "points"), *words]
    with open(out, "wb") as lines:
        process = subprocess.Popen(
            [sys.executable, *typed], cwd=scene.here, env=scene.surroundings(), stdout=lines, start_new_session=True
        )
    assert wait_for(lambda: process.poll() is not None, BOUND_S), out.read_text()
    assert process.returncode == 0, out.read_text()
    return [json.loads(line) for line in out.read_text().splitlines()]


def which(directory: Path, tables: Tables, told: str) -> str:
    """Which table is published, in both formats alike."""
    found = read(directory)
    name = "old" if found.equals(tables.old) else "new" if found.equals(tables.new) else ""
    assert name, told
    parquet = pq.read_table(directory / "results.parquet", columns=["id"])
    assert parquet.column("id").to_pylist() == found.column("id").to_pylist(), told
    return name
