# SPDX-License-Identifier: MIT
"""A strategy that raises, crashes, never ends or fills memory at one point: that point fails, all others are there."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from poison import CAP_BYTES, ENDINGS, NAME, RING, plant
from scene import Scene, read

from tests.tiny_sweep import sweep_text

AXES = {"strategy": f"[page_allocator, {NAME}]", "ring": "{range: [32, 184, 8]}"}
SWEEP = sweep_text(name="poison", packets=20, warmup=5, traffic="router", axes=AXES)
POINTS = 2 * 20
SIMULATIONS = 2 * POINTS
BOUND_S = 240.0  # generous: alone on two cores it takes a quarter of that
TYPED = ("run", "poison.yaml", "--out", "run", "--workers", "2", "--chunk-seconds", "0.001", "--no-report")
INLINE = ("--executor", "inline")  # what is left is run another way than what failed


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, pa.Table]]:
    """The package with the poison planted, and the table of a run in which it does nothing."""
    here = tmp_path_factory.mktemp("poison")
    temp = Path(tempfile.mkdtemp(prefix="sf-", dir="/tmp"))
    environment = {"SWEEP_PLAIN_PYTHON": "1", "SWEEP_WORKER_MEMORY_BYTES": str(CAP_BYTES)}
    scene = Scene(here, temp, sources=plant(here), environment=environment)
    (here / "poison.yaml").write_text(SWEEP)
    try:
        scene.sweep("run", "poison.yaml", "--out", "undisturbed", "--executor", "inline", "--no-report")
        yield scene, read(here / "undisturbed")
    finally:
        scene.end()
        shutil.rmtree(temp, ignore_errors=True)


@pytest.fixture
def scene(bed: tuple[Scene, pa.Table], tmp_path: Path) -> Iterator[Scene]:
    """A directory of the test's own, with the planted package."""
    (tmp_path / "poison.yaml").write_text(SWEEP)
    made = replace(bed[0], here=tmp_path)
    yield made
    made.end()


@pytest.fixture
def undisturbed(bed: tuple[Scene, pa.Table]) -> pa.Table:
    return bed[1]


def poisonous(table: pa.Table) -> pa.Array:
    return pc.and_(pc.equal(table.column("strategy"), NAME), pc.equal(table.column("ring"), RING))


@pytest.mark.slow
@pytest.mark.parametrize(("how", "ending"), ENDINGS.items())
def test_one_point_fails_and_all_others_are_there(scene: Scene, undisturbed: pa.Table, how: str, ending: str) -> None:
    bad = undisturbed.filter(poisonous(undisturbed)).column("id").to_pylist()
    good = undisturbed.filter(pc.invert(poisonous(undisturbed)))
    assert (len(bad), len(good)) == (2, SIMULATIONS - 2)

    said = scene.sweep(*TYPED, "--deadline-seconds", "8", code=3, timeout_s=BOUND_S, environment={"SWEEP_POISON": how})
    assert f"done {SIMULATIONS - 2} · failed 2" in said.out, said
    assert re.search(r"\n  sweep run poison\.yaml --out run.* --retry-failed\n", said.out), said
    records = [json.loads(path.read_text()) for path in (scene.here / "run" / "failed").glob("*.json")]
    assert sorted(name for record in records for name in record["ids"]) == sorted(bad)
    assert {(record["strategy"], record["ending"]) for record in records} == {(NAME, ending)}, records
    assert all(record["error"] for record in records), records
    assert read(scene.here / "run").equals(good)
    status_says(scene, ending)
    nothing_left(scene)

    retried = scene.sweep(*TYPED, "--retry-failed", *INLINE)  # the cause is mended: nothing is poison now
    assert f"done {SIMULATIONS} · failed 0" in retried.out, retried
    assert read(scene.here / "run").equals(undisturbed)
    assert json.loads(scene.sweep("status", "run", "--format", "json").out)["complete"] is True
    nothing_left(scene)


def status_says(scene: Scene, ending: str) -> None:
    """To programs and to people."""
    found = json.loads(scene.sweep("status", "run", "--format", "json", code=3).out)
    assert (found["done"], found["failed"], found["missing"]) == (SIMULATIONS - 2, 2, 0)
    assert found["failed_by_ending"] == {ending: 2}
    shown = scene.sweep("status", "run", code=3).out
    assert f"done {SIMULATIONS - 2} · reused 0 · failed 2 · missing 0" in shown, shown
    assert all(word in shown for word in (f"{NAME}, ", "run/failed/", "--retry-failed")), shown


@pytest.mark.slow
@pytest.mark.parametrize("option", [("--fail-fast",), ("--max-failures", "1")])
def test_stops_at_too_many(scene: Scene, undisturbed: pa.Table, option: tuple[str, ...]) -> None:
    """Half of all simulations are poisonous, and most of those are never begun."""
    environment = {"SWEEP_POISON": "raise", "SWEEP_POISON_EVERYWHERE": "1"}
    said = scene.sweep(*TYPED, *option, code=3, timeout_s=BOUND_S, environment=environment)
    assert "stopped there; nothing is published" in said.out, said
    assert not (scene.here / "run" / "results.arrow").exists()
    found = json.loads(scene.sweep("status", "run", "--format", "json", code=3).out)
    assert 0 < found["failed"] < SIMULATIONS / 2, found
    assert found["missing"] > 0, found
    nothing_left(scene)
    again = scene.sweep(*TYPED, "--retry-failed", *INLINE, timeout_s=BOUND_S)
    assert f"done {SIMULATIONS} · failed 0" in again.out, again
    assert read(scene.here / "run").equals(undisturbed)


def nothing_left(scene: Scene) -> None:
    assert scene.mark.gone(20), f"left running: {scene.mark.processes()}"
    assert [path.name for path in scene.temp.iterdir()] == []
