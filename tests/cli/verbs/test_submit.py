# SPDX-License-Identifier: MIT
"""`sweep submit` and `sweep follow`: what is refused here, what is sent, and how a run over there ends here."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typed import start, sweep

from sweep.config.library import BUILT_IN
from sweep.errors import RunError
from sweep.jobs.store.parts import Store
from sweep.jobs.submission.address import address
from sweep.jobs.submission.api import connect
from sweep.jobs.submission.submit import PACKAGE, errand, submit

NOWHERE = "http://127.0.0.1:1"  # nobody listens on port 1
START_S, END_S = 180, 30

# A head with its dashboard that ends when its standard input does, so that it cannot outlive the tests.
HEAD = """
import ray, sys
ray.init(
    num_cpus=2, include_dashboard=True, dashboard_port=int(sys.argv[1]), object_store_memory=150_000_000,
    _temp_dir=sys.argv[2], logging_level="ERROR", log_to_driver=False,
)
print("up", flush=True)
sys.stdin.read()
ray.shutdown()
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "s3://b/x", "--set", "packets=-3"], 'packets "-3" is too small'),
        (["--out", "runs/x"], '--out "runs/x" is relative, and the run is on another machine'),
        (["--out", "~nosuchuser/x"], "~nosuchuser"),
        (["--out", "s4://b/x"], 'has scheme "s4", which is not known'),
        (["--out", "s3://b/x", "--", "--exector", "inline"], "would not understand this: No such option: --exector"),
        (["--out", "s3://b/x", "--nodes", "-1"], "Invalid value for '--nodes'"),
        ([], "Missing option '--out'"),
    ],
)
def test_what_is_wrong_is_known_before_a_cluster_is_asked(here: Path, words: list[str], said: str) -> None:
    out, error = sweep(here, "submit", "tiny.yaml", "--address", NOWHERE, *words, code=2)
    assert said in error
    assert "no Jobs API" not in error
    assert out == ""


def test_nobody_there(here: Path) -> None:
    for words in (["submit", "tiny.yaml", "--out", "s3://b/x"], ["follow", "job"]):
        assert "Connection refused" in sweep(here, *words, "--address", NOWHERE, code=1)[1]


@pytest.mark.parametrize("words", [["submit", "tiny.yaml", "--out", "s3://b/x"], ["follow", "job"]])
def test_a_token_in_clear_is_warned_of_before_it_is_sent(
    here: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """192.0.2.1 is nobody's; a client that would be asked for at all ends the test."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", "SECRET")
    code = f"""
import sys
from sweep.jobs.submission import api as jobs_api
def connect(address):
    print("asked", file=sys.stderr)
    raise SystemExit(7)
jobs_api.connect = connect
sys.argv = ["sweep", *{words!r}, "--address", "http://192.0.2.1:8265"]
from sweep.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines() == [
        "the token travels in clear to another machine: make a tunnel (ray dashboard CLUSTER.yaml)",
        "asked",
    ]


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://127.0.0.1:99999", "http://me:secret@127.0.0.1:1", "http://h\x1b[31m"]
)
def test_an_address_that_is_malformed(here: Path, address: str) -> None:
    for words in (["submit", "tiny.yaml", "--out", "s3://b/x"], ["follow", "job"]):
        _, error = sweep(here, *words, "--address", address, code=2)
        assert error.startswith('address "http://')
        assert "\x1b" not in error
        assert "secret" not in error


def test_what_is_sent(here: Path) -> None:
    """The sources with their configs, the sweep file, and of the files beside it those that it names; no more."""
    for folder, names in {"traffic": ("mine", "unused"), "runs": ("old",), ".git": ("config",)}.items():
        (here / folder).mkdir()
        for name in names:
            shutil.copy(BUILT_IN / "traffic" / "router.yaml", here / folder / f"{name}.yaml")
    sent: dict[str, Any] = {}

    def submit_job(**job: Any) -> str:
        environment = job["runtime_env"]
        sent.update(job, files=_names(environment["working_dir"]), sources=_names(environment["py_modules"][0]))
        return str(job["submission_id"])

    task = errand(here / "tiny.yaml", ["traffic=mine"], "s3://b/x", 2, ["--chunk-seconds", "5"])
    job = submit(SimpleNamespace(submit_job=submit_job), task)
    assert job.startswith("sweep-tiny-")
    assert sent["files"] == {"tiny.yaml", "traffic/mine.yaml"}
    assert sent["sources"] == {name for name in _names(PACKAGE) if "__pycache__" not in name} | {
        f"configs/{name}" for name in _names(BUILT_IN)
    }
    assert {"report/page/page.js", "report/page/page.html.j2", "py.typed"} <= sent["sources"]
    assert sent["metadata"] == {"sweep.out": "s3://b/x"}
    assert sent["entrypoint"] == (
        "python -P -m sweep run tiny.yaml --set traffic=mine --address auto --nodes 2 --out s3://b/x --chunk-seconds 5"
    )


def test_a_cluster_that_has_just_started_is_asked_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.jobs.submission.submit.TICK_S", 0.0)
    answers: list[str] = ["No available agent to submit job, please try again later."] * 3

    def submit_job(**job: Any) -> str:
        if answers:
            raise RuntimeError(f"Request failed with status code 500: {answers.pop()}")
        return "taken"

    task, client = errand(here / "tiny.yaml", [], "s3://b/x", 0, []), SimpleNamespace(submit_job=submit_job)
    assert submit(client, task) == "taken"
    answers.append("disk full")
    with pytest.raises(RunError, match=r"the cluster did not take the job: .*disk full"):
        submit(client, task)


def _names(folder: str | Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}


@dataclass
class Head:
    """A running Ray head."""

    address: str
    token: Path


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    """Ray on loopback with its dashboard and a token, in processes of its own; kernels run as plain Python there."""
    folder = Path(tempfile.mkdtemp(prefix="sw-"))  # short: Ray's sockets are in it
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # which makes Ray listen on loopback only
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "SWEEP_PLAIN_PYTHON": "1",
    }
    with open(folder / "log", "wb") as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        process = subprocess.Popen(
            [sys.executable, "-c", HEAD, str(port), str(folder / "ray")],
            **{"env": given, "cwd": folder, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log},
        )
        try:
            assert process.stdout
            watchdog = signal.SIGALRM
            before = signal.signal(watchdog, lambda *_: process.kill())
            signal.alarm(START_S)
            up = process.stdout.readline()
            signal.alarm(0)
            signal.signal(watchdog, before)
            assert up == b"up\n", f"the head did not start within {START_S} s: {(folder / 'log').read_text()[-2000:]}"
            yield Head(f"http://127.0.0.1:{port}", token)
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()  # its children end when it does
                process.wait()
            process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_run_over_there_and_its_exit_code(here: Path, head: Head) -> None:
    (here / "traffic").mkdir()
    shutil.copy(BUILT_IN / "traffic" / "router.yaml", here / "traffic" / "mine.yaml")
    words = ["submit", "tiny.yaml", "--address", head.address, "--set", "traffic=mine", "--follow"]
    out, error = sweep(here, *words, "--out", str(here / "there"))
    first = out.splitlines()[0].split()
    assert first[1:] == ["is", "on", head.address]
    assert f"sweep follow {first[0]} --address {head.address}" in out
    assert f"ray rsync-down CLUSTER.yaml {here}/there/ runs/" in out
    assert "done 6 · failed 0" in out
    assert error == ""
    assert (here / "there" / "results.arrow").exists()
    again, _ = sweep(here, "follow", first[0], "--address", head.address)
    assert again.splitlines()[-1] == out.splitlines()[-1]


@pytest.mark.slow
def test_a_run_that_fails_over_there(here: Path, head: Head) -> None:
    words = ["submit", "tiny.yaml", "--address", head.address, "--follow", "--out"]
    out, _ = sweep(here, *words, "/dev/null/x", code=2)
    assert '"/dev/null" is a device' in out
    held = here / "held"
    with Store(held).writing():
        out, _ = sweep(here, *words, str(held), code=3)
    assert "held" in out


@pytest.mark.slow
def test_without_follow_it_is_taken_and_that_is_all(here: Path, head: Head) -> None:
    out, _ = sweep(here, "submit", "tiny.yaml", "--address", head.address, "--out", str(here / "there"))
    assert "done" not in out
    assert "done 6 · failed 0" in sweep(here, "follow", out.split()[0], "--address", head.address)[0]


@pytest.mark.slow
def test_a_wrong_token_and_none(here: Path, head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["submit", "tiny.yaml", "--address", head.address, "--out", str(here / "there")]
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    assert "does not accept the token" in sweep(here, *words, code=1)[1]
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(here / "none"))
    assert "asks for a token, and none was found" in sweep(here, *words, code=1)[1]


@pytest.mark.slow
def test_ctrl_c_leaves_the_run_alone_and_a_stop_does_not(here: Path, head: Head) -> None:
    long = ["--set", "packets=30000", "--set", "replicates=50", "--out", str(here / "there")]
    watching = start(here, "submit", "tiny.yaml", "--address", head.address, *long, "--follow")
    try:
        assert watching.stdout
        job = watching.stdout.readline().split()[0]
        while "150 simulations" not in watching.stdout.readline():
            assert watching.poll() is None
        watching.send_signal(signal.SIGINT)
        _, error = watching.communicate(timeout=60)
    finally:
        watching.kill()
        watching.wait()
    assert watching.returncode == 3
    assert f"the run goes on. Watch it again with\n  sweep follow {job} --address {head.address}" in error
    client = connect(address(head.address))
    assert client.get_job_info(job).status == "RUNNING"
    again = start(here, "follow", job, "--address", head.address)
    try:
        assert client.stop_job(job)
        _, error = again.communicate(timeout=60)
    finally:
        again.kill()
        again.wait()
    assert again.returncode == 3
    assert f'"{job}" was stopped' in error
    deadline = time.monotonic() + 30
    while not client.get_job_info(job).status.is_terminal():
        assert time.monotonic() < deadline, "the job goes on 30 s after it was stopped"
        time.sleep(0.2)
    assert "Go on with" in client.get_job_logs(job)
