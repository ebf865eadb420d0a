# SPDX-License-Identifier: MIT
"""Runs of folders: which there are, newest first, and how each has ended; strangers' folders are no runs."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from sweep.errors import SweepError
from sweep.storage.listing import runs

NOTE = {
    **{"name": "smoke", "started": "2026-11-30T10:00:00+00:00", "ended": "2026-11-30T10:01:00+00:00"},
    **{"simulations": 64, "done": 64, "failed": 0, "invalid": 0, "exit_code": 0, "interrupted": False, "format": 1},
}


def noted(folder: Path, **changed: object) -> None:
    """A run directory; None leaves a field out."""
    folder.mkdir(parents=True)
    fields = {name: value for name, value in {**NOTE, **changed}.items() if value is not None}
    (folder / "run.json").write_text(json.dumps(fields))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_of_here_and_of_runs_newest_first(here: Path) -> None:
    noted(here / "runs/old")
    noted(here / "runs/new", started="2026-12-01T10:00:00+00:00", name="other")
    noted(here / "mine", started="2026-11-30T12:00:00+00:00")
    (here / "runs/no").mkdir()
    (here / "runs/latest").symlink_to("new")
    found = runs()
    assert [(run.path, run.name) for run in found] == [
        ("runs/latest", "other"),
        ("mine", "smoke"),
        ("runs/old", "smoke"),
    ]
    assert (found[1].simulations, found[1].done, found[1].failed, found[1].invalid) == (64, 64, 0, 0)
    assert [run.path for run in runs(["runs/old"])] == ["runs/old"]
    assert {run.path for run in runs([str(here / "runs")])} == {str(here / "runs" / name) for name in ("latest", "old")}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "complete"),
        ({"exit_code": 3, "failed": 2}, "incomplete"),
        ({"exit_code": 1, "invalid": 2}, "failed"),
        ({"exit_code": 3, "interrupted": True}, "interrupted"),
        ({"exit_code": None, "interrupted": None, "ended": None}, "killed"),
    ],
)
def test_how_it_ended(here: Path, changed: dict[str, object], state: str) -> None:
    noted(here / "run", **changed)
    assert [run.state for run in runs()] == [state]


def test_one_that_is_written_now(here: Path) -> None:
    noted(here / "run", exit_code=None)
    with (here / "run/lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [run.state for run in runs()] == ["running"]


def test_what_says_nothing_is_listed_all_the_same(here: Path) -> None:
    (here / "copied").mkdir()
    (here / "copied/results.arrow").write_bytes(b"")
    noted(here / "odd", started="yesterday")
    assert [(run.path, run.name, run.state) for run in runs()] == [
        ("copied", None, "published"),
        ("odd", None, "published"),
    ]


def test_folders_that_are_not_there(here: Path) -> None:
    assert runs() == []
    with pytest.raises(SweepError, match='"none" cannot be listed: No such file or directory'):
        runs(["none"])
    with pytest.raises(SweepError, match="only folders of this machine"):
        runs(["s3://bucket/runs"])
