# SPDX-License-Identifier: MIT
"""Another user of the machine, beside a run: nothing to write, nothing to list, no token to read, no code to plant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import descendants, named, private_directories
from ray_plans import LONG, SHORT, collect, mixed_plan, wait_until

from sweep.jobs.executors.choice import open_executor
from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.work import Ending, RunSlice

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user as well")
SWEEP = "from sweep.__main__ import main; main()"

# What another user sees: what of the run's they may write or list, tokens that they can read, sockets that take them.
LOOK = """
import json, os, pathlib, socket, sys
directory, *pids = sys.argv[1:]
found = {"writable": [], "listable": [], "tokens": [], "sockets": []}
for root in (directory, directory + "/r"):
    found["writable"] += [root] * os.access(root, os.W_OK)
    try:
        os.listdir(root)
        found["listable"].append(root)
    except OSError:
        pass
for place in ("/tmp", "/dev/shm", "/var/tmp"):
    for at, folders, files in os.walk(place):
        for each in folders + files:
            path = os.path.join(at, each)
            if ("sweep-ray-" in path and path != directory) or (place == "/dev/shm" and "plasma" in each):
                found["listable"].append(path)
for pid in pids:
    for name in ("environ", "cwd", "fd", "mem", "maps"):
        path = f"/proc/{pid}/{name}"
        try:
            os.listdir(path) if name == "fd" else os.readlink(path) if name == "cwd" else open(path, "rb").read(1)
            found["tokens"].append(path)
        except OSError:
            pass
    try:
        text = pathlib.Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        text = ""
    if "AUTH_TOKEN" in text:
        found["tokens"].append(f"command line of {pid}")
for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
    path = line.split()[-1]
    if path.startswith(directory) or path.startswith("@") and "ray" in path:
        peer = socket.socket(socket.AF_UNIX)
        try:
            peer.connect(path.replace("@", chr(0), 1) if path.startswith("@") else path)
            found["sockets"].append(path)
        except OSError:
            pass
print(json.dumps(found))
"""

# Plants modules wherever it may, as fast as it can, until its standard input is closed.
PLANT = """
import glob, os, select, sys
marker = sys.argv[1]
code = f"open({marker!r} + str(__import__('os').getpid()), 'w').write('run'); raise ImportError('planted')"
print("planting", flush=True)
while not select.select([sys.stdin], [], [], 0.005)[0]:
    for folder in glob.glob("/tmp/sweep-ray-*") + glob.glob("/tmp/sweep-ray-*/*"):
        for name in ("pyarrow", "numpy"):
            try:
                os.mkdir(f"{folder}/{name}")
                with open(f"{folder}/{name}/__init__.py", "w") as file:
                    file.write(code)
                print("planted", folder, flush=True)
            except OSError:
                pass
"""


def as_nobody(code: str, *words: str) -> list[str]:
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [*user, "/usr/bin/env", "-i", "python3" if shutil.which("python3") else sys.executable, "-c", code, *words]


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    folder = tmp_path_factory.mktemp("executor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWEEP_PLAIN_PYTHON", "1")
        patch.setattr(tempfile, "tempdir", "/tmp")
        executor = open_executor("ray", mixed_plan(folder), 1, None, folder / "executor.log")
    try:
        yield executor
    finally:
        executor.close()


@pytest.fixture
def markers() -> Iterator[Path]:
    """A folder in which anybody may leave a mark."""
    folder = Path(tempfile.mkdtemp(prefix="marks-", dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@as_root
@pytest.mark.slow
def test_beside_a_run(executor: Executor, markers: Path) -> None:
    planting = as_nobody(PLANT, f"{markers}/mark-")
    with subprocess.Popen(planting, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as planter:
        assert planter.stdout is not None
        assert planter.stdout.readline() == "planting\n"
        executor.submit(RunSlice(LONG))
        wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
        started = descendants() - {planter.pid}
        (directory,) = private_directories(started)
        assert (directory / "r").stat().st_mode & 0o777 == 0o777, "Ray opens its own; it is ours that nobody enters"
        looking = as_nobody(LOOK, str(directory), *map(str, started))
        done = subprocess.run(looking, capture_output=True, text=True, check=True, timeout=60)
        assert json.loads(done.stdout) == {"writable": [], "listable": [], "tokens": [], "sockets": []}
        assert len(started) > 5
        executor.cancel(RunSlice(LONG))
        executor.submit(RunSlice(SHORT))
        assert collect(executor, [RunSlice(SHORT)])[RunSlice(SHORT)].ending is Ending.DONE
        said, _ = planter.communicate(timeout=20)
        assert said == ""
    assert list(markers.iterdir()) == []


@as_root
@pytest.mark.slow
def test_services_that_listen_ask_for_the_token(executor: Executor) -> None:
    """Those of Ray that run what they are asked to; numbers for a monitoring system are for all."""
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, Request, build_opener

    executor.submit(RunSlice(LONG))
    wait_until(executor, lambda: named("ray::run_chunk"), "a worker at the long chunk")
    (directory,) = private_directories(descendants())
    opened = build_opener(ProxyHandler({}))
    answers: dict[str, Any] = {}
    for service, path in (
        ("runtime_env_agent", "/get_or_create_runtime_env"),
        ("dashboard_agent_listen", "/api/job_agent/jobs/"),
    ):
        (port,) = {each.read_text() for each in (directory / "r" / "session_latest").glob(f"{service}_port_*")}
        try:
            with opened.open(
                Request(f"http://127.0.0.1:{port}{path}", data=b"{}", method="POST"), timeout=10
            ) as answer:
                answers[service] = answer.status
        except HTTPError as error:
            answers[service] = error.code
            error.close()
        except URLError as error:
            answers[service] = str(error)
    executor.cancel(RunSlice(LONG))
    assert set(answers.values()) <= {401, 404}, answers
    assert answers["runtime_env_agent"] == 401


@pytest.mark.slow
def test_a_run_that_is_started_where_others_may_write(markers: Path, sweep_file: Path) -> None:
    """Neither the run nor any process of it imports from there, though the user has that in PYTHONPATH."""
    for name in ("pyarrow", "numpy", "ray", "sweep"):
        (markers / name).mkdir()
        (markers / name / "__init__.py").write_text(f"open('{markers}/mark-{name}', 'w'); raise ImportError('planted')")
    for name in ("pickle", "random", "struct", "multiprocessing"):
        (markers / f"{name}.py").write_text(f"open('{markers}/mark-{name}', 'w'); raise ImportError('planted')")
    shutil.copy(sweep_file, markers / "tiny.yaml")
    here = str(Path(__file__).parents[4])
    # The command's own search path is the user's affair, so it starts with a safe one and what its children get is not.
    code = (
        f"import os, sys; sys.path[:] = [p for p in sys.path if p]; os.environ['PYTHONPATH'] = ':.:{markers}'\n{SWEEP}"
    )
    environment = {**os.environ, "PYTHONPATH": here, "SWEEP_PLAIN_PYTHON": "1"}
    environment.pop("PYTHONSAFEPATH", None)
    command = [sys.executable, "-P", "-c", code, "run", "tiny.yaml", "--no-report", "--workers", "1", "--out", "out"]
    done = subprocess.run(command, cwd=markers, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in markers.glob("mark-*")] == []


@pytest.mark.slow
def test_kernels_that_are_compiled_where_others_may_write(markers: Path, tmp_path: Path) -> None:
    for name in ("pickle", "random", "struct", "multiprocessing"):
        (markers / f"{name}.py").write_text(f"open('{markers}/mark-{name}', 'w'); raise ImportError('planted')")
    here = str(Path(__file__).parents[4])
    environment = {**os.environ, "PYTHONPATH": here, "SWEEP_CACHE_DIR": str(tmp_path)}
    environment.pop("PYTHONSAFEPATH", None)
    command = [sys.executable, "-P", "-c", SWEEP, "warm", "page_allocator"]
    done = subprocess.run(command, cwd=markers, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in markers.glob("mark-*")] == []
