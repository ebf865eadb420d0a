# SPDX-License-Identifier: MIT
"""Ctrl-C and SIGTERM: the first stops at once, keeps what is ready and leaves nothing behind; the second just ends.

Publishing is interrupted at each of its steps in `test_crash_points`.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from marked import wait_for
from scene import Said, Scene, Typed

from tests.tiny_sweep import sweep_text

AXES = {"strategy": "[page_allocator]", "ring": "[64, 128, 256]"}
SWEEP = sweep_text(packets=400_000, traffic="router", axes=AXES, replicates=30)
SIMULATIONS = 90
TYPED = ("run", "tiny.yaml", "--chunk-seconds", "0.05", "--no-report")
BEGIN_S, END_S, SECOND_END_S = 150.0, 6.0, 2.0  # 3 s and nothing on a machine of one's own
SECOND_AFTER_S = 0.1
SENDERS: dict[str, Callable[[Typed], None]] = {
    "SIGINT": lambda typed: os.killpg(typed.process.pid, signal.SIGINT),  # to the whole group, as a terminal does
    "SIGTERM": lambda typed: typed.process.send_signal(signal.SIGTERM),
}
sent_by = pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)


@pytest.fixture
def run(scene: Scene) -> Typed:
    (scene.here / "tiny.yaml").write_text(SWEEP)
    return scene.start(*TYPED)


def interrupted(scene: Scene, typed: Typed, send: Callable[[Typed], None]) -> Said:
    """Send the signal; the run must end in time, with exit code 3 and how to go on, and leave nothing behind."""
    send(typed)
    assert wait_for(lambda: typed.process.poll() is not None, END_S), typed.said()
    said = typed.said()
    assert said.code == 3, said
    assert re.search(r"Go on with\n\s+sweep run tiny\.yaml", said.out + said.error), said
    assert said.error == "" or said.error.startswith("interrupted"), said
    assert "Traceback" not in said.out + said.error, said
    nothing_left(scene)
    return said


def nothing_left(scene: Scene) -> None:
    assert scene.mark.gone(10), scene.mark.processes()
    assert [path.name for path in scene.temp.iterdir()] == []


def parts(scene: Scene) -> int:
    return len(list((scene.here / "runs" / "tiny" / "parts").glob("*.arrow")))


@pytest.mark.slow
@sent_by
def test_while_it_runs(scene: Scene, run: Typed, send: Callable[[Typed], None]) -> None:
    """What was finished is kept, and `plan` counts it."""
    assert wait_for(lambda: parts(scene) > 0, BEGIN_S), run.said()
    said = interrupted(scene, run, send)
    assert said.error == "", said
    assert "interrupted; what was finished is kept." in said.out, said
    done = int(re.findall(r"^done (\d+)", said.out, re.M)[0])
    assert 0 < done < SIMULATIONS
    assert f"done {done} · reused 0 · to run {SIMULATIONS - done}" in scene.sweep("plan", "tiny.yaml").out


@pytest.mark.slow
@pytest.mark.parametrize("delay_s", [0.1, 0.5, 1.5, 2.5, 3.5, 5.0])
def test_while_it_starts(scene: Scene, run: Typed, delay_s: float) -> None:
    """At any moment before the first chunk."""
    time.sleep(delay_s)
    interrupted(scene, run, SENDERS["SIGINT"])


@pytest.mark.slow
@sent_by
def test_while_it_compiles(scene: Scene, send: Callable[[Typed], None]) -> None:
    """A compiler cannot be asked to stop."""
    (scene.here / "tiny.yaml").write_text(SWEEP)
    cold = scene.here / "cold"
    typed = scene.start(*TYPED, environment={"SWEEP_CACHE_DIR": str(cold)})
    assert wait_for(lambda: compiles(cold, typed.process.pid), BEGIN_S), typed.said()
    interrupted(scene, typed, send)


def compiles(cold: Path, driver: int) -> bool:
    """Whether a worker whose kernels are kept in `cold` has loaded LLVM, and no kernel is there yet."""
    if list(cold.rglob("*.kernel")):
        return False
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (
                int(process.name) != driver
                and f"SWEEP_CACHE_DIR={cold}".encode() in (process / "environ").read_bytes().split(b"\0")
                and "libllvmlite" in (process / "maps").read_text()
            ):
                return True
    return False


@pytest.mark.slow
@sent_by
def test_the_second_signal_ends_at_once(scene: Scene, run: Typed, send: Callable[[Typed], None]) -> None:
    """Without another word; what it leaves running ends by itself, and what it leaves lying the next run removes."""
    assert wait_for(lambda: parts(scene) > 0, BEGIN_S), run.said()
    send(run)
    time.sleep(SECOND_AFTER_S)
    send(run)
    assert wait_for(lambda: run.process.poll() is not None, SECOND_END_S), run.said()
    said = run.said()
    assert (said.code, said.error) == (3, ""), said
    assert scene.mark.gone(10), scene.mark.processes()
    scene.sweep(*TYPED)
    nothing_left(scene)
