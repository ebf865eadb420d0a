# SPDX-License-Identifier: MIT
"""A sweep whose run directory is in an object store: the same table, resumed, guarded, reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

import sweep
from sweep import report, storage
from sweep.errors import IncompleteError, RunError
from sweep.jobs.run import RunRequest, run
from sweep.jobs.store.parts import Store
from sweep.storage import location
from tests.tiny_sweep import SIMULATIONS, SWEEP, MakeRequest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def remote(request_of: MakeRequest, s3) -> RunRequest:
    return replace(request_of(chunk_s=1e-6), directory=s3.uri())


def test_the_same_table(remote: RunRequest, s3, undisturbed: pa.Table) -> None:
    summary = run(remote)
    assert (summary.exit_code, summary.done, summary.published) == (0, SIMULATIONS, True)
    assert report.read(s3.uri()).equals(undisturbed)
    assert s3.objects().count("run/manifest.json") == 1
    manifest = json.loads(storage.open(s3.uri()).get("manifest.json"))
    assert (manifest["rows"], manifest["simulations"]) == (SIMULATIONS, SIMULATIONS)
    assert {name.rpartition(".")[0] for name in manifest["files"]} >= {"results", "dictionary"}
    again = run(remote)
    assert (again.exit_code, again.inventory.missing) == (0, 0)
    assert report.read(s3.uri()).equals(undisturbed)


def test_interrupted_then_run_again(remote: RunRequest, s3, undisturbed: pa.Table) -> None:
    def interrupt(progress: object) -> None:
        if progress.ended_chunks == 3:  # type: ignore[attr-defined]
            os.kill(os.getpid(), 2)

    first = run(remote, interrupt)
    assert (first.exit_code, first.interrupted) == (3, True)
    assert not Store(s3.uri()).published()
    second = run(remote)
    assert (second.exit_code, second.inventory.done) == (0, first.done)
    assert report.read(s3.uri()).equals(undisturbed)


def test_a_second_driver_is_kept_out(remote: RunRequest, s3) -> None:
    with Store(s3.uri()).writing(), pytest.raises(IncompleteError, match=f"pid {os.getpid()} ") as caught:
        run(remote)
    assert caught.value.exit_code == 3
    assert run(remote).exit_code == 0


def test_a_damaged_part_is_set_aside_and_runs_again(remote: RunRequest, s3, undisturbed: pa.Table) -> None:
    run(remote)
    victim = Store(s3.uri()).scan(set_aside=False)[0]
    key = f"run/{victim.name}"
    data = s3.client.get_object(Bucket=s3.name, Key=key)["Body"].read()
    s3.put(key, data[:-1])
    again = run(remote)
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert key.replace(".arrow", ".bad") in s3.objects()
    assert report.read(s3.uri()).equals(undisturbed)


def test_logs_are_in_the_store_in_the_end(s3) -> None:
    store = Store(s3.uri())
    scratch = store.logs

    def fail() -> None:
        (scratch / "executor.log").write_text("what it said")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.writing():
        fail()
    assert storage.open(s3.uri()).get("logs/executor.log") == b"what it said"
    assert not scratch.exists()


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch, s3) -> Iterator[SimpleNamespace]:
    """A server in a process of its own, which a test may end."""
    code = (
        "import sys, logging\nfrom moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)\n"
        "logging.getLogger('werkzeug').setLevel(logging.ERROR)\n"
        "server.start(); print(server.get_host_and_port()[1], flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        bucket = type(s3)(port, "bucket", None)
        import boto3

        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
        client.create_bucket(Bucket="bucket")
        yield SimpleNamespace(uri=bucket.uri(), process=process)
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_store_that_goes_away_in_the_middle(
    request_of: MakeRequest,
    own_server: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(location, "ATTEMPTS", 2)  # less to wait for
    remote = replace(request_of(chunk_s=1e-6), directory=own_server.uri)

    def unplug(progress: object) -> None:
        if progress.ended_chunks == 3:  # type: ignore[attr-defined]
            own_server.process.kill()
            own_server.process.wait(30)

    with pytest.raises(RunError, match=r"parts/.*cannot be written: the store cannot be reached; everything before it"):
        run(remote, unplug)
    assert capfd.readouterr().err == ""
    assert not [thread for thread in threading.enumerate() if thread.name in ("lease", "reader")]


def test_python_interface(sweep_file: Path, s3, undisturbed: pa.Table) -> None:
    finished = sweep.run(sweep_file, out=s3.uri(), executor="inline")
    assert (finished.location, finished.done, finished.failed) == (s3.uri(), SIMULATIONS, 0)
    assert finished.table().equals(undisturbed)
    assert "page_pool" in finished.report()
    assert {f"run/report.{name}" for name in report.FORMATS} <= set(s3.objects())


def test_two_drivers_at_once_and_a_report(s3, tmp_path: Path, undisturbed: pa.Table) -> None:
    """What a user types, twice: one runs, the other says who does and exits 3, or comes later and has nothing to do."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "sweep"]
    run_words = [*words, "run", "tiny.yaml", "--executor", "inline", "--out", s3.uri(), "--no-report"]
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen(run_words, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True)
        for _ in range(2)
    ]
    try:
        ends = [(*process.communicate(timeout=300), process.returncode) for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait(30)
    assert sorted(code for *_, code in ends) in ([0, 3], [0, 0]), ends
    for out, error, code in ends:
        if code == 3:
            assert "is being written by another process: pid " in error
        else:
            assert f"s3://{s3.name}/run/snapshots/" in out
            assert error == ""
    assert report.read(s3.uri()).equals(undisturbed)
    done = subprocess.run(
        [*words, "report", s3.uri()], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert s3.uri().replace("?", "/report.html?") in done.stdout
    assert not (tmp_path / "runs").exists()


def test_files_are_fetched_several_at_a_time(s3) -> None:
    """And come in order all the same."""
    store = Store(s3.uri())
    real = store.files.get

    def slow(name: str) -> bytes:
        time.sleep(0.05)
        return real(name)

    for number in range(64):
        store.fail(f"{number:02}", {"number": number})
    store.files.get = slow  # type: ignore[method-assign]
    most = _most_at_a_time(store)
    assert [record["number"] for record in store.failures()] == list(range(64))
    assert most() > 4


def _most_at_a_time(store: Store):
    inner, guard, now, most = store.files.get, threading.Lock(), 0, 0

    def get(name: str) -> bytes:
        nonlocal now, most
        with guard:
            now += 1
            most = max(most, now)
        try:
            return inner(name)
        finally:
            with guard:
                now -= 1

    store.files.get = get  # type: ignore[method-assign]
    return lambda: most
