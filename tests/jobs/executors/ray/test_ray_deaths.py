# SPDX-License-Identifier: MIT
"""Local Ray dies in every way that it can: what was in flight is lost, Ray is started again, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import alive, descendants, named, private_directories, ray_process, until
from ray_plans import LONG, SHORT, collect, mixed_plan, wait_until

from sweep.errors import RunError
from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.ray.directory import Directory, end_processes
from sweep.jobs.executors.work import Ending, RunSlice, WarmKernel

pytestmark = pytest.mark.slow

RUN_THAT_IS_KILLED = """\
import sys
from pathlib import Path
from ray_plans import LONG, mixed_plan
from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.work import RunSlice
folder = Path(sys.argv[1])
executor = open_executor("ray", mixed_plan(folder), 2, None, folder / "executor.log")
executor.submit(RunSlice(LONG))
while True:
    executor.wait(1.0)
"""


@pytest.fixture(autouse=True)
def without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[Executor]:
    """One worker, at the long chunk; another chunk waits for it."""
    executor = open_executor("ray", mixed_plan(tmp_path), 1, None, tmp_path / "executor.log")
    try:
        _occupy(executor)
        yield executor
    finally:
        executor.close()


def _occupy(executor: Executor, copy: int = 0) -> None:
    executor.submit(RunSlice(LONG, attempt=copy))
    executor.submit(RunSlice(SHORT, attempt=copy))
    wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")


@pytest.mark.parametrize("victim", ["ray_process", "raylet", "gcs_server"])
def test_whatever_dies_what_was_in_flight_is_lost_and_ray_is_there_again(executor: Executor, victim: str) -> None:
    before = descendants()
    (pid,) = {ray_process()} if victim == "ray_process" else named(victim)
    os.kill(pid, signal.SIGKILL)
    outcomes = collect(executor, [RunSlice(LONG), RunSlice(SHORT)])
    assert {outcome.ending for outcome in outcomes.values()} == {Ending.LOST}
    assert not alive(before), "what was left of the first Ray has ended"
    executor.submit(WarmKernel("page_pool"))
    executor.submit(RunSlice(SHORT, attempt=1))
    again = collect(executor, [WarmKernel("page_pool"), RunSlice(SHORT, attempt=1)])
    assert {outcome.ending for outcome in again.values()} == {Ending.DONE}
    assert executor.name == "local Ray, 1 worker (started again)"


def test_ray_that_dies_again_and_again_is_given_up(executor: Executor, tmp_path: Path) -> None:
    """However far it has come: at work, or only just started."""
    for copy in range(3):
        os.kill(ray_process(), signal.SIGKILL)
        assert collect(executor, [RunSlice(LONG, attempt=copy)])[RunSlice(LONG, attempt=copy)].ending is Ending.LOST
        executor.submit(RunSlice(LONG, attempt=copy + 1))
    os.kill(ray_process(), signal.SIGKILL)
    with pytest.raises(RunError, match="local Ray ended 4 times") as error:
        collect(executor, [RunSlice(LONG, attempt=3)])
    assert "the same command again runs only what is missing" in str(error.value)
    assert str(tmp_path / "executor.log") in str(error.value)


def test_a_run_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL: no handler runs.  Its Ray process sees the end of its socket and ends everything."""
    command = [sys.executable, "-c", RUN_THAT_IS_KILLED, str(tmp_path)]
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parents[4])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.Popen(command, env=environment)
    try:
        until(lambda: named("ray::run_chunk", run.pid), "a worker at the long chunk", 120)
        started = descendants(run.pid)
        directories = private_directories(started)
    finally:
        run.kill()
        run.wait()
    try:
        until(lambda: not alive(started), "no process is left", 10)
        assert directories
        assert not any(path.exists() for path in directories)
    finally:
        for pid in alive(started):
            os.kill(pid, signal.SIGKILL)


def test_a_stuck_ray_process_does_not_hold_up_closing(executor: Executor) -> None:
    before = descendants()
    os.kill(ray_process(), signal.SIGSTOP)
    executor.close()
    assert not alive(before)


def test_what_killed_runs_have_left_is_cleared_away_and_what_lives_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    mine = Directory()
    left = Path(tempfile.mkdtemp(prefix="sweep-ray-", dir="/tmp"))
    code = "import sys, time; file = open(sys.argv[1], 'w'); print('open', flush=True); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", code, str(left / "log")], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            other = Directory()
            assert process.wait(10) == -signal.SIGKILL
            assert not left.exists()
            assert Path(mine.path).is_dir()
            assert Path(mine.path).stat().st_mode & 0o777 == 0o700
        finally:
            process.kill()
    for each in (mine, other):
        each.remove()
        end_processes(each.path)
        assert not Path(each.path).exists()
