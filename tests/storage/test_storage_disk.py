# SPDX-License-Identifier: MIT
"""Disks that are full, read-only, gone or in the way: a clear error with the next command, and nothing is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

import pytest

from sweep import storage
from sweep.errors import RunError, SweepError
from sweep.storage import snapshot


def test_full(mount) -> None:
    files = storage.open(mount.path / "run")
    with files.writing():
        files.put("parts/a", bytes(400_000))
        with pytest.raises(RunError, match="No space left on device; everything before it is kept") as caught:
            files.put("parts/b", bytes(800_000))
        assert f'"{mount.path}/run/parts/b" cannot be written' in str(caught.value)
        assert "next: make room, then run the same command again: it runs only what is missing" in str(caught.value)
        assert files.names("parts") == ["a"]
        assert not list(mount.path.rglob("*.tmp"))
        files.put("parts/c", bytes(400_000))  # there is room for this


def test_full_before_it_starts(mount) -> None:
    (mount.path / "other").write_bytes(bytes(900_000))
    _write(mount.path / "run")
    with open(mount.path / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(512))
    with pytest.raises(RunError, match=r"No space left on device.*\n  next: make room"):
        _write(mount.path / "run")
    (mount.path / "other").unlink()
    _write(mount.path / "run")


def test_where_no_directory_can_be_made() -> None:
    files = storage.open("/proc/sweep-run")
    with (
        pytest.raises(RunError, match=r'"/proc/sweep-run" cannot be made: .*\n  next: give --out another'),
        files.writing(),
    ):
        pass


def test_full_while_publishing(mount) -> None:
    files = storage.open(mount.path / "run")

    def publish(size: int) -> None:
        draft = snapshot.Draft(files)
        with draft.file("results.arrow") as sink:
            sink.write(bytes(size))
        draft.publish({})

    with files.writing():
        publish(300_000)
        before = snapshot.manifest(files)
        with pytest.raises(RunError, match="No space left on device"):
            publish(900_000)
        assert snapshot.manifest(files) == before
        publish(200_000)
        assert (snapshot.read(files, "results.arrow") or before)[1]["results.arrow"].size == 200_000


def test_full_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever call it is that fails: RunError, and the old file is there."""
    files = storage.open(tmp_path)
    for name in ("fsync", "replace"):
        with files.writing():
            files.put("a/x", b"old")
            with monkeypatch.context() as patch:
                patch.setattr(os, name, lambda *given, **named: _raise(errno.ENOSPC))
                with pytest.raises(RunError, match="No space left"):
                    files.put("a/x", b"new")
            assert files.names("a") == ["x"]
            assert files.get("a/x") in (b"old", b"new")


def test_read_only(mount) -> None:
    directory = mount.path / "run"
    files = storage.open(directory)
    with files.writing():
        files.put("parts/a", b"x")
    mount.read_only()
    with pytest.raises(RunError, match=r"Read-only file system.*\n  next: make it writable, or give --out another"):
        files.put("parts/b", b"x")
    with pytest.raises(RunError, match=f'run directory "{directory}" cannot be written: Read-only file system'):
        _write(directory)
    with pytest.raises(RunError, match="Read-only file system"):
        _write(mount.path / "other")
    assert files.get("parts/a") == b"x"
    assert files.holder() is None


@pytest.mark.parametrize("again", [False, True])
def test_vanished(tmp_path: Path, again: bool) -> None:
    """Removed while it was written; it is not made anew behind the user's back, nor is another one written."""
    directory = tmp_path / "run"
    files = storage.open(directory)
    with files.writing():
        files.put("parts/a", b"x")
        shutil.rmtree(directory)
        if again:
            directory.mkdir()
            (directory / "lock").touch()
        for write in (lambda: files.put("parts/b", b"x"), files.check, lambda: files.swap("snapshots/x")):
            with pytest.raises(RunError, match=f'run directory "{directory}" vanished while it was being written'):
                write()
    assert directory.exists() == again
    assert not (directory / "parts").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(
        SweepError, match=rf'"{tmp_path}/run" is a file, and a run directory is needed\n  next: '
    ) as told:
        _write(tmp_path / "run")
    assert told.value.exit_code == 2
    with pytest.raises(
        SweepError, match=rf'"{tmp_path}/run" is a file, and ".*deeper" would lie in it\n  next: move it'
    ):
        _write(tmp_path / "run" / "deeper")
    (tmp_path / "fine").mkdir()
    (tmp_path / "fine" / "parts").write_text("in the way")
    with pytest.raises(RunError, match="a file is in the way"), storage.open(tmp_path / "fine").writing():
        storage.open(tmp_path / "fine").put("parts/a", b"x")


def test_no_permission(tmp_path: Path) -> None:
    directory = tmp_path / "closed"
    directory.mkdir(mode=0o500)
    root = os.geteuid() == 0
    if root:  # who may do anything: be somebody else for a moment
        os.seteuid(65534)
    try:
        with pytest.raises(RunError, match=r"Permission denied.*\n  next: give yourself permission, or give --out"):
            _write(directory / "run")
    finally:
        if root:
            os.seteuid(0)


def _write(directory: Path) -> None:
    with storage.open(directory).writing():
        pass


def _raise(number: int) -> None:
    raise OSError(number, os.strerror(number))
