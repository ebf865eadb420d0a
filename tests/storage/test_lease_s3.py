# SPDX-License-Identifier: MIT
"""The lease against a real S3 server: threads and processes race, the dead are followed, the displaced stop."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from scripted_claims import claim

from sweep import storage
from sweep.errors import IncompleteError
from sweep.storage import lease as leases
from sweep.storage import snapshot
from sweep.storage.objects import Objects

WAIT_S = 60.0


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, f"waited {WAIT_S:g} s for {what}"
        time.sleep(0.02)


def test_a_claim_of_another_machine_keeps_writers_out_until_it_is_old(s3) -> None:
    s3.put("run/lock/other", claim())
    files = storage.open(s3.uri())
    with pytest.raises(IncompleteError, match="pid 7 on elsewhere"), files.writing():
        pass
    assert files.holder() == "pid 7 on elsewhere since 2026-01-01: sweep run x.yaml"
    assert [key for key in s3.objects() if key.startswith("run/lock/") and key != "run/lock/"] == ["run/lock/other"]
    s3.age("run/lock/other", leases.TTL_S + 1)
    assert files.holder() is None
    with files.writing():
        files.check()
        assert len(files.names("lock")) == 1
        assert "run/lock/other" not in s3.objects()
    assert files.names("lock") == []


def test_threads_that_race(s3) -> None:
    """Never two at a time; each of them takes its turn in the end."""
    writing, most, done = 0, 0, []
    guard, start = threading.Lock(), threading.Barrier(6)

    def race() -> None:
        nonlocal writing, most
        start.wait(WAIT_S)
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            files = storage.open(s3.uri())
            try:
                with files.writing():
                    with guard:
                        writing += 1
                        most = max(most, writing)
                    files.check()
                    time.sleep(0.01)
                    with guard:
                        writing -= 1
            except IncompleteError:
                time.sleep(0.05)
                continue
            done.append(True)
            return

    threads = [threading.Thread(target=race, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * WAIT_S)
    assert most == 1
    assert len(done) == 6


def test_processes_that_race(s3, tmp_path) -> None:
    """Each marks when it wrote; no two overlap, and one at least got in."""
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from sweep import storage\nfrom sweep.errors import IncompleteError\n"
        "files, mark, go = storage.open(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])\n"
        "Path(sys.argv[2] + '.ready').touch()\n"
        "while not go.exists(): time.sleep(0.001)\n"
        "try:\n"
        "    with files.writing():\n"
        "        start = time.time(); files.put('x', b'x'); files.check(); time.sleep(1.0)\n"
        "        mark.write_text(f'{start} {time.time()}')\n"
        "except IncompleteError as error: print(error); sys.exit(3)\n"
    )
    go = tmp_path / "go"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, s3.uri(), str(tmp_path / str(number)), str(go)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    try:
        until(lambda: len(list(tmp_path.glob("*.ready"))) == 2, "two processes to start")
        go.touch()
        ends = [(*process.communicate(timeout=WAIT_S), process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait(WAIT_S)
    codes = sorted(code for _, _, code in ends)
    assert codes in ([0, 3], [0, 0]), ends
    for out, error, code in ends:
        assert error == ""
        assert code == 0 or "is being written by another process: pid " in out
    spans = sorted(tuple(map(float, mark.read_text().split())) for mark in tmp_path.glob("[01]"))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_a_live_holder_is_never_taken_for_dead(s3) -> None:
    """It renews its claim again and again, for longer than a claim that is not renewed would last."""
    holder, other = (_objects(s3, ttl_s=3.0) for _ in range(2))
    with holder.writing():
        started = time.monotonic()
        while time.monotonic() - started < 6.0:
            with pytest.raises(IncompleteError, match=f"pid {os.getpid()} "), other.writing():
                pass
            time.sleep(0.3)
        holder.check()


def test_a_writer_that_was_displaced_stops(s3) -> None:
    """As after a long sleep of its machine: another took the lease; it notices by itself, and puts nothing more."""
    holder = _objects(s3, ttl_s=1.0)
    with holder.writing():
        (mine,) = holder.names("lock")
        s3.client.delete_object(Bucket=s3.name, Key=f"run/lock/{mine}")
        s3.put("run/lock/other", claim())
        until(lambda: holder._lease.lost is not None, "the writer to notice")
        with pytest.raises(IncompleteError, match="its claim is gone"):
            holder.check()
        with pytest.raises(IncompleteError, match="run the same command again"):
            holder.put("parts/a", b"x")
        with pytest.raises(IncompleteError):
            holder.swap("snapshots/x")
    assert [key for key in s3.objects() if not key.endswith("/")] == ["run/lock/other"]


def test_a_writer_that_slept_while_it_published_removes_nothing_of_its_successor(s3, monkeypatch) -> None:
    """Between its last check and its put another took the lease and is writing a snapshot now."""
    sleeper = _objects(s3, ttl_s=60.0)
    theirs = "snapshots/20261123T090000Z-01234567"
    put = Objects._put

    def put_late(self: Objects, name: str, data: bytes) -> None:
        if name == "manifest.json":
            (mine,) = sleeper.names("lock")
            s3.client.delete_object(Bucket=s3.name, Key=f"run/lock/{mine}")
            s3.put("run/lock/other", claim())
            s3.put(f"run/{theirs}/results.arrow", b"half of it")
        put(self, name, data)

    monkeypatch.setattr(Objects, "_put", put_late)
    with sleeper.writing():
        draft = snapshot.Draft(sleeper)
        with draft.file("results.arrow") as sink:
            sink.write(b"whole")
        with pytest.raises(IncompleteError, match="its claim is gone"):
            draft.publish({})
    assert sleeper.get(f"{theirs}/results.arrow") == b"half of it"
    found = snapshot.read(sleeper, "results.arrow")
    assert found is not None
    assert found[1]["results.arrow"].to_pybytes() == b"whole"


def test_a_writer_whose_draft_is_gone_says_that_it_was_displaced(s3) -> None:
    sleeper = _objects(s3, ttl_s=60.0)
    with sleeper.writing():
        (mine,) = sleeper.names("lock")
        s3.client.delete_object(Bucket=s3.name, Key=f"run/lock/{mine}")
        with pytest.raises(IncompleteError, match="its claim is gone"):
            sleeper.swap("snapshots/removed")
    assert not sleeper.exists("manifest.json")


def test_the_lease_is_given_back_after_an_error(s3) -> None:
    files = storage.open(s3.uri())
    with pytest.raises(ZeroDivisionError), files.writing():
        raise ZeroDivisionError
    assert files.names("lock") == []
    assert not [thread for thread in threading.enumerate() if thread.name == "lease"]


def _objects(s3, ttl_s: float) -> Objects:
    from pyarrow import fs

    filesystem = fs.S3FileSystem(
        endpoint_override=f"127.0.0.1:{s3.port}", scheme="http", region="us-east-1", allow_delayed_open=True
    )
    return Objects(filesystem, f"{s3.name}/run", s3.uri(), ttl_s)
