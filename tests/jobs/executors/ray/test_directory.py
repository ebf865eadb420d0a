# SPDX-License-Identifier: MIT
"""Where Ray's private directory is made, and what of others of that name is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sweep.errors import RunError
from sweep.jobs.executors.ray.directory import ROOT_BYTES, SOCKET, Directory, end_processes

OTHER = 65534  # nobody
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory with a short name, as TMPDIR."""
    path = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    yield path
    for each in path.iterdir():
        each.rmdir() if each.is_dir() and not each.is_symlink() else each.unlink()
    path.rmdir()


def made() -> Path:
    """Where the directory of a run is made; it is gone again."""
    directory = Directory()
    path = Path(directory.path)
    assert path.stat().st_mode & 0o777 == 0o700
    assert Path(directory.of_ray).parent == path
    directory.remove()
    assert not path.exists()
    return path.parent


def test_under_tmpdir(root: Path) -> None:
    assert made() == root


def test_the_longest_socket_fits(root: Path) -> None:
    """A byte more, and the directory is made elsewhere."""
    fitting = root / ("x" * (ROOT_BYTES - len(str(root)) - 1))
    fitting.mkdir()
    tempfile.tempdir = str(fitting)
    assert len(f"{fitting}{SOCKET}") == 107
    assert made() == fitting
    fitting.rename(longer := Path(f"{fitting}x"))
    tempfile.tempdir = str(longer)
    assert made() == Path("/tmp")


def test_not_where_others_could_put_another_in_its_place(root: Path) -> None:
    root.chmod(0o777)
    assert made() == Path("/tmp")
    root.chmod(0o1777)
    assert made() == root


def test_nowhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweep.jobs.executors.ray.directory.keeps_entries", lambda folder: False)
    with pytest.raises(RunError, match=r'no place .* in "/tmp" other users .*\n  next: set TMPDIR .*--executor inline'):
        Directory()


def test_what_is_left_of_killed_runs_goes_and_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    (root / "sweep-ray-left" / "r").mkdir(parents=True)
    (root / "sweep-ray-left" / "r").chmod(0o777)
    (root / "sweep-ray-file").touch()
    (tmp_path / "precious").mkdir()
    (root / "sweep-ray-link").symlink_to(tmp_path / "precious")
    os.mkfifo(root / "sweep-ray-pipe")
    made()
    assert {path.name for path in root.iterdir()} == {"sweep-ray-file", "sweep-ray-link", "sweep-ray-pipe"}
    assert (tmp_path / "precious").is_dir()


def test_a_process_that_starts_and_has_nothing_open_there_yet_is_ended(root: Path) -> None:
    """One of a session of its own, as Ray starts its workers."""
    directory = Directory()
    words = [sys.executable, "-S", "-c", "print(flush=True); import time; time.sleep(60)"]
    environment = {"TMPDIR": directory.path}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, start_new_session=True) as started:
        assert started.stdout is not None
        started.stdout.readline()
        end_processes(directory.path + "x")
        assert started.poll() is None
        end_processes(directory.path)
        assert started.wait(10) == -signal.SIGKILL
    directory.remove()


@as_root
def test_what_is_another_user_s_is_left_alone(root: Path) -> None:
    (root / "sweep-ray-theirs").mkdir()
    os.chown(root / "sweep-ray-theirs", OTHER, OTHER)
    made()
    assert (root / "sweep-ray-theirs").is_dir()
