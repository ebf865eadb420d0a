# SPDX-License-Identifier: MIT
"""What goes wrong around a run is held against no simulation, and the next run has them all.

Workers are killed from outside for a minute; nothing can be compiled; this machine has less room than is asked for.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import Scene, Typed, read

from tests.tiny_sweep import sweep_text

KILLS, KILLING_S = 150, 60.0
AXES = {"strategy": "[page_allocator, page_pool]", "ring": "[64, 256]"}
TYPED = ("run", "killed.yaml", "--out", "run", "--no-report")
SEED = 20161


def written(scene: Scene, replicates: int = 4) -> int:
    """Write the sweep file; how many simulations it has."""
    (scene.here / "killed.yaml").write_text(
        sweep_text(name="killed", packets=600_000, warmup=1000, traffic="router", axes=AXES, replicates=replicates)
    )
    return 4 * replicates


def workers(scene: Scene) -> list[int]:
    """Processes of the scene that run a chunk, or that a chunk is watched in."""
    return [
        process.pid
        for process in scene.mark.processes()
        if process.words[0].startswith("ray::run_chunk") or "sweep.jobs.executors.trial" in process.words
    ]


def kill_workers(scene: Scene, typed: Typed, chance: random.Random) -> int:
    """SIGKILL to KILLS workers over a minute of their being there, or until the run has ended; how many there were."""
    killed = 0
    until = time.monotonic() + 10 * KILLING_S
    while killed < KILLS and typed.process.poll() is None and time.monotonic() < until:
        time.sleep(KILLING_S / KILLS)
        if there := workers(scene):
            try:
                os.kill(chance.choice(there), signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed += 1
    return killed


@pytest.mark.slow
def test_150_kills_of_workers_make_no_simulation_fail(scene: Scene) -> None:
    simulations = written(scene, replicates=100)
    scene.sweep("run", "killed.yaml", "--out", "undisturbed", "--no-report", "--executor", "inline", timeout_s=900)
    typed = scene.start(*TYPED, "--workers", "2", "--chunk-seconds", "0.3")
    killed = kill_workers(scene, typed, random.Random(SEED))
    print(f"{killed} kills, seed {SEED}")
    said = typed.end(900)
    assert said.code in (0, 1, 3), said
    assert killed >= KILLS or said.code == 1, said
    assert list((scene.here / "run" / "failed").glob("*.json")) == []
    scene.sweep(*TYPED, "--workers", "2", timeout_s=900)
    assert read(scene.here / "run").equals(read(scene.here / "undisturbed"))
    assert read(scene.here / "run").num_rows == simulations


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_kernel_cache_that_cannot_be_written(scene: Scene, executor: str) -> None:
    """Kernels are not kept, which is said once."""
    written(scene, replicates=1)
    words = (*TYPED, "--executor", executor, "--set", "packets=3000", "--set", "axes.strategy=[page_allocator]")
    said = scene.start(*words, environment={"SWEEP_CACHE_DIR": "/proc/x"}).end(600)
    assert said.code == 0, said
    assert said.error.count("the kernel cache") == 1
    assert not (scene.here / "run" / "failed").exists()


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_a_compiler_that_fails_everywhere_stops_the_run(scene: Scene, executor: str) -> None:
    simulations = written(scene)
    broken = scene.here / "broken"
    broken.mkdir()
    (broken / "llvmlite.py").write_text('raise ImportError("libLLVM is missing: planted")\n')
    environment = {"PYTHONPATH": os.pathsep.join([str(broken), scene.surroundings()["PYTHONPATH"]])}
    said = scene.start(*TYPED, "--executor", executor, environment=environment).end(120)
    assert said.code == 1, said
    assert "libLLVM is missing: planted" in said.error
    assert "Traceback" not in said.error
    assert not list((scene.here / "run").glob("failed/*"))
    said = scene.sweep(*TYPED, "--executor", "inline", "--set", "packets=3000", timeout_s=600)
    assert f"done {simulations} · failed 0" in said.out


@pytest.mark.slow
def test_more_workers_than_there_is_room_for(scene: Scene) -> None:
    simulations = written(scene)
    said = scene.start(*TYPED, "--workers", "100000").end(60)
    assert said.code == 1, said
    assert re.search(r"next: --workers \d+, or leave it out", said.error), said
    assert not (scene.here / "run" / "failed").exists()
    assert f"{simulations} simulations" in said.out
    planned = scene.sweep("plan", "killed.yaml", "--out", "run", "--workers", "100000").out
    assert re.search(r"next: --workers \d+, or leave it out", planned), planned


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group of version 1 for memory, inside that of this process."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    own = [path for _, controllers, path in lines if controllers == "memory"]
    folder = Path("/sys/fs/cgroup/memory", *(path.strip("/") for path in own), f"sweep-faults-{os.getpid()}")
    try:
        folder.mkdir()
        (folder / "memory.limit_in_bytes").write_text(str(400_000_000 // 4096 * 4096))
    except OSError as error:
        pytest.skip(f"a memory control group of version 1 cannot be made here: {error.strerror}")
    yield folder
    for _ in range(100):
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.1)


@pytest.mark.slow
def test_a_memory_limit_below_what_is_needed(scene: Scene, group: Path) -> None:
    """Said before anything starts, soon, with a way on that fits."""
    simulations = written(scene)
    inside = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
    scene.within = inside
    started = time.monotonic()
    said = scene.start(*TYPED).end(60)
    assert said.code == 1, said
    assert time.monotonic() - started < 20
    assert "the control group of this process allows 0.4 GB" in said.error
    assert "next: --executor inline" in said.error or "sweep warm" in said.error
    assert "0.4 GB" in scene.sweep("plan", "killed.yaml").out
    scene.within = []
    scene.sweep("warm", "page_allocator", "page_pool", timeout_s=600)
    scene.within = inside
    said = scene.sweep(*TYPED, "--executor", "inline", timeout_s=600)
    assert f"done {simulations} · failed 0" in said.out
