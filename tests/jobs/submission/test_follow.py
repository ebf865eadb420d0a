# SPDX-License-Identifier: MIT
"""Following a job: its log once and whole whatever the connection does, then the exit code, wherever it stands."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sweep import storage
from sweep.errors import IncompleteError, RunError, SweepError
from sweep.jobs.submission.follow import follow
from sweep.storage import snapshot

NEVER_S = 1e-9  # so little patience that the second try is the last


class Status(str, Enum):  # noqa: UP042 - as Ray's JobStatus
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    def is_terminal(self) -> bool:
        return self is not Status.RUNNING


class Cluster:
    """A Jobs API that plays a script: for each time the log is asked for, the texts that come; an exception breaks it.

    It ends with `end`, a `JobDetails`, once the script is played.
    """

    def __init__(self, script: Sequence[Sequence[str | Exception]], **end: Any) -> None:
        self.script = list(script)
        self.end = SimpleNamespace(
            **{
                "driver_exit_code": None,
                "message": None,
                "metadata": {},
                "start_time": 0,
                "status": Status.FAILED,
                **end,
            }
        )

    def get_job_info(self, job: str) -> Any:
        if job != "job":
            raise RuntimeError(f"Request failed with status code 404: Job {job} does not exist.")
        return self.end if not self.script else SimpleNamespace(status=Status.RUNNING)

    async def tail_job_logs(self, job: str) -> AsyncIterator[str]:
        for text in self.script.pop(0):
            if isinstance(text, Exception):
                raise text
            yield text


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.jobs.submission.follow.TICK_S", 0.0)


def watched(cluster: Cluster, timeout_s: float = 60.0) -> tuple[str, int]:
    """The log as it was written, and the exit code."""
    written: list[str] = []
    code = follow(cluster, "job", written.append, timeout_s)
    return "".join(written), code


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_exit_code_is_the_run_s(code: int) -> None:
    assert watched(Cluster([["one\n", "two\n"]], driver_exit_code=code)) == ("one\ntwo\n", code)


def test_a_connection_that_breaks_costs_nothing() -> None:
    """The log comes from its beginning each time, in other pieces."""
    broken = [
        ["one\n", ConnectionError("reset")],
        ["o", RuntimeError("closed unexpectedly")],
        ["one\ntw", "o\nthree\n"],
    ]
    assert watched(Cluster(broken, driver_exit_code=0, status=Status.SUCCEEDED)) == ("one\ntwo\nthree\n", 0)


def test_a_log_that_ends_before_the_job_is_asked_for_again() -> None:
    assert watched(Cluster([[], ["one\n"]], driver_exit_code=3)) == ("one\n", 3)


def test_a_cluster_that_stays_away_is_given_up() -> None:
    script = [[ConnectionError("refused")]] * 1000
    with pytest.raises(IncompleteError, match=r'lost sight of "job": refused\n  it may well go on'):
        watched(Cluster(script), timeout_s=NEVER_S)


def test_no_such_job() -> None:
    with pytest.raises(RunError, match='there is no job "other"'):
        follow(Cluster([]), "other", print)


def test_a_job_that_was_stopped_is_incomplete() -> None:
    with pytest.raises(IncompleteError, match='"job" was stopped'):
        watched(Cluster([[]], status=Status.STOPPED))


@pytest.mark.parametrize("code", [None, -9])
def test_a_job_without_an_exit_code_says_why(code: int | None) -> None:
    with pytest.raises(RunError, match=r"ended without an exit code: runtime_env setup failed\n  next: "):
        watched(Cluster([[]], driver_exit_code=code, message="runtime_env setup failed\nTraceback\n"))


def test_what_the_run_published_after_its_start_stands_in_for_a_lost_exit_code(tmp_path: Path) -> None:
    files = storage.open(tmp_path.as_uri())
    with files.writing():
        snapshot.Draft(files).publish({"exit_code": 3})
    now_ms = int(time.time() * 1000)
    end = {"metadata": {"sweep.out": tmp_path.as_uri()}, "message": "node died"}
    assert watched(Cluster([[]], start_time=now_ms - 5_000, **end)) == ("", 3)
    with pytest.raises(RunError, match="node died"):  # that of an earlier run
        watched(Cluster([[]], start_time=now_ms + 20_000, **end))
    files.put("manifest.json", b"{")
    with pytest.raises(RunError, match="node died"):
        watched(Cluster([[]], **end))


def test_a_log_is_shown_and_not_obeyed() -> None:
    cluster = Cluster([["one\ttwo\n\x1b]0;title\x07\r", "\u202eolleh\n"]], driver_exit_code=0)
    assert watched(cluster) == ("one\ttwo\n\\x1b]0;title\\x07\\r\\u202eolleh\n", 0)


@pytest.mark.parametrize("job", ["", "../version", "a b", "x?y", "x/y", "\x1b[31m", "é"])
def test_a_name_that_can_be_none_of_a_job(job: str) -> None:
    with pytest.raises(SweepError, match=r'".*" is no job: ') as caught:
        follow(Cluster([]), job, print)
    assert "\x1b" not in str(caught.value)
