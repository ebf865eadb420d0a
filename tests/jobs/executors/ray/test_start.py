# SPDX-License-Identifier: MIT
"""Local Ray that cannot start says why, soon; one that is only slow, or that somebody has killed, is not given up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import alive, descendants, named, ray_process, until
from ray_plans import SHORT, collect, mixed_plan

from sweep.errors import RunError
from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.ray import start
from sweep.jobs.executors.ray.start import STORE_BYTES, CannotStartError, Death, StartWatch, dead_children, store_folder
from sweep.jobs.executors.work import Ending, RunSlice

SOON_S = 60  # 20 s on a machine that has nothing else to do
SWEEP = "from sweep.__main__ import main; main()"
# Ray is started although it is plain beforehand that there is no room for it: what is not known beforehand fails so.
WITHOUT_LOOKING = """
from dataclasses import replace
import sweep.jobs.executors.ray as ray
ray.KIND = replace(ray.KIND, address_bytes=0, threads=0, worker_threads=0)
"""
RUN = ["run", "tiny.yaml", "--no-report", "--workers", "1"]
NAMESPACES = subprocess.run(["unshare", "-mn", "true"], capture_output=True).returncode == 0
namespaces = pytest.mark.skipif(not NAMESPACES, reason="namespaces need root")
PIDS = Path("/sys/fs/cgroup/pids") if Path("/sys/fs/cgroup/pids").is_dir() else Path("/sys/fs/cgroup")


def test_where_objects_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To shared memory, else to a disk that has room, else nowhere."""
    monkeypatch.setattr(start, "SHARED_MEMORY", str(tmp_path))
    assert store_folder("/tmp") == str(tmp_path)
    monkeypatch.setattr(start, "SHARED_MEMORY", "/proc")
    assert store_folder(str(tmp_path)) == str(tmp_path)
    monkeypatch.setattr(start, "STORE_BYTES", 1 << 60)
    with pytest.raises(CannotStartError, match=r"objects need .* MiB, and /proc cannot be written .* and .* MiB free"):
        store_folder(str(tmp_path))
    with pytest.raises(CannotStartError, match="logs need 16 MiB, and /proc cannot be written"):
        store_folder("/proc")


def test_how_a_process_has_ended() -> None:
    assert str(Death(1, "raylet", 1 << 8)) == "its raylet has ended with exit code 1"
    killed = Death(1, "python", signal.SIGKILL)
    assert killed.killed
    assert str(killed) == "one of its services was ended by SIGKILL, by somebody or for want of memory"
    assert not Death(1, "gcs_server", signal.SIGABRT | 0x80).killed


def looked(watch: StartWatch, timeout_s: float = 20) -> str:
    trouble = until(watch.look, "trouble", timeout_s)
    return trouble.what


def session(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], start_new_session=True)


def test_a_child_that_nobody_waits_for_is_found_out_and_one_that_is_waited_for_is_not() -> None:
    waits = "import subprocess, time\nwhile True: subprocess.run(['true']); time.sleep(0.01)"
    with session(waits) as process:
        watch, until_s = StartWatch(process.pid), time.monotonic() + 3
        while time.monotonic() < until_s:
            assert watch.look() is None
            time.sleep(0.05)
        process.kill()
    with session("import subprocess, time; subprocess.Popen(['false']); time.sleep(100)") as process:
        assert looked(StartWatch(process.pid)) == "one of its services has ended with exit code 1"
        assert [death.name for death in dead_children(process.pid)] == ["false"]
        process.kill()


def test_processes_that_wait_for_each_other_are_told_from_one_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "IDLE_S", 1.5)
    with session("import time; time.sleep(100)") as idle, session("while True: pass") as busy:
        watch = StartWatch(busy.pid)
        assert looked(StartWatch(idle.pid)) == "its processes have waited for each other for 2 s"
        until_s = time.monotonic() + 4
        while time.monotonic() < until_s:
            assert watch.look() is None
            time.sleep(0.05)
        idle.kill()
        busy.kill()


@pytest.fixture
def here(tmp_path: Path, sweep_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(sweep_file, tmp_path / "tiny.yaml")
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    return tmp_path


def ran(here: Path, *before: str, program: str = SWEEP, **environment: str) -> tuple[int, str]:
    """Exit code of a run after the words `before`, and all that it said."""
    command = [*before, sys.executable, "-c", program, *RUN, "--out", str(here / "run")]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=SOON_S * 3)
    return done.returncode, done.stdout + done.stderr


def not_begun(here: Path, *before: str) -> str:
    """What is said of a run for which there is plainly no room; nothing has been started."""
    code, said = ran(here, *before)
    assert code == 1, said
    assert "this run does not fit on local Ray with 1 worker: " in said
    assert "starting local Ray" not in said
    assert "next: " in said
    assert not list((here / "run").glob("failed/*")), "no simulation is to blame"
    return said


def refused(here: Path, *before: str, program: str = SWEEP) -> str:
    """The line of a run that does not start, which says where the log is and what to do, soon."""
    began = time.monotonic()
    code, said = ran(here, *before, program=program)
    assert time.monotonic() - began < SOON_S, said
    assert code == 1, said
    assert f"  log: {here}/run/logs/executor.log\n" in said
    assert "  next: the same command with --executor inline" in said
    assert not list((here / "run").glob("failed/*")), "no simulation is to blame"
    (line,) = (line for line in said.splitlines() if line.startswith("local Ray cannot start: "))
    return line.removeprefix("local Ray cannot start: ")


@namespaces
@pytest.mark.slow
def test_no_loopback(here: Path) -> None:
    assert "127.0.0.1 cannot be reached (Network is unreachable)" in refused(here, "unshare", "-n")


@namespaces
@pytest.mark.slow
@pytest.mark.parametrize("options", ["ro", "size=1m"])
def test_shared_memory_that_cannot_be_used_is_done_without(here: Path, options: str) -> None:
    code, said = ran(here, "unshare", "-m", "sh", "-c", f'mount -t tmpfs -o {options} tmpfs /dev/shm; exec "$@"', "sh")
    assert code == 0, said


@namespaces
@pytest.mark.slow
def test_no_room_for_objects_anywhere(here: Path) -> None:
    mounts = 'mount -t tmpfs -o size=1m tmpfs /dev/shm; mount -t tmpfs -o size=20m tmpfs /tmp; exec "$@"'
    place = here / "t"
    place.mkdir()
    mounts = mounts.replace("/tmp", str(place))
    bound = f"mount --bind {place} /var/tmp; export TMPDIR=/var/tmp; "
    said = refused(here, "unshare", "-m", "sh", "-c", mounts.replace("exec", f"{bound}exec"), "sh")
    assert f"its objects need {STORE_BYTES >> 20} MiB, and /dev/shm has 1 MiB free and /var/tmp/sweep-ray-" in said


@pytest.mark.slow
def test_python_that_is_told_to_leave_things_out_or_be_strict(here: Path) -> None:
    code, said = ran(here, PYTHONOPTIMIZE="2")
    assert code == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("kib", [400_000, 800_000, 1_500_000])
def test_a_limit_on_memory(here: Path, kib: int) -> None:
    """With each another part of Ray does not come up, in another way."""
    limited = ("bash", "-c", f'ulimit -v {kib}; exec "$@"', "bash")
    assert f"{kib / 976_562.5:.1f} GB here" in not_begun(here, *limited)
    assert f"ulimit -v is {kib}" in refused(here, *limited, program=WITHOUT_LOOKING + SWEEP)


@pytest.mark.slow
@pytest.mark.skipif(not os.access(PIDS, os.W_OK) or os.geteuid() != 0, reason="needs a control group of its own")
@pytest.mark.parametrize("pids", [20, 60, 100])
def test_a_limit_on_processes(here: Path, pids: int) -> None:
    group = PIDS / f"sweep-test-{os.getpid()}"
    group.mkdir()
    try:
        if not (group / "pids.max").exists():
            pytest.skip("control groups have no limit on processes here")
        (group / "pids.max").write_text(str(pids))
        limited = ("sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh")
        assert "threads" in not_begun(here, *limited)
        said = refused(here, *limited, program=WITHOUT_LOOKING + SWEEP)
        assert "no more processes or threads may be started" in said
        assert f"the pids limit of this container is {pids}" in said
    finally:
        until(lambda: not (group / "cgroup.procs").read_text(), "the end of the group", 20)
        group.rmdir()


@pytest.fixture
def executor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """One that has only just begun to start."""
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    executor = open_executor("ray", mixed_plan(tmp_path), 1, None, tmp_path / "executor.log")
    try:
        yield executor
    finally:
        executor.close()


@pytest.mark.slow
def test_a_start_that_somebody_kills_is_made_again_once(executor: Executor, tmp_path: Path) -> None:
    executor.submit(RunSlice(SHORT))
    before = descendants()
    (gcs,) = until(lambda: named("gcs_server"), "Ray's first service")
    os.kill(gcs, signal.SIGKILL)
    found = collect(executor, [RunSlice(SHORT)])[RunSlice(SHORT)]
    assert found.ending is Ending.LOST
    assert not alive(before)
    os.kill(ray_process(), signal.SIGKILL)
    with pytest.raises(RunError, match=r"^local Ray cannot start: its process was ended by SIGKILL") as error:
        collect(executor, [RunSlice(SHORT)])
    assert str(tmp_path / "executor.log") in str(error.value)


@pytest.mark.slow
def test_a_start_that_is_slow_says_for_how_long(executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.jobs.executors.ray.executor.ANNOUNCE_S", 0.5)
    os.kill(ray_process(), signal.SIGSTOP)
    time.sleep(1.5)
    executor.wait(0.1)
    assert executor.name == "starting local Ray (2 s)"
