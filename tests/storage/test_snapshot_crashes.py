# SPDX-License-Identifier: MIT
"""kill -9 before every single step of a publication: the old snapshot or the new one is there, whole, each time."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from test_snapshot import NAMES, numbers, publish

from sweep import storage
from sweep.errors import SweepError
from sweep.storage.objects import Objects

STEPS = ("replace", "fsync", "symlink", "unlink", "mkdir", "rmdir", "open")


def in_a_child(work: Callable[[], object]) -> int:
    """What `os.waitpid` says of a forked process that did this."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: the child only writes files
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


def killed_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Have this process killed just before its `step`-th change of the file system."""
    done = 0

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return call

    for name in STEPS:
        patch.setattr(os, name, counting(getattr(os, name)))


def every_crash(before: Path, work: Callable[[storage.Files], object], monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Copies of the directory, in each of them `work` killed a step later than in the one before; not in the last."""
    after = []
    for step in range(1, 500):
        copy = before.with_name(f"killed-{step}")
        shutil.copytree(before, copy, symlinks=True)

        def child(copy: Path = copy, step: int = step) -> None:
            killed_at(step, monkeypatch)
            files = storage.open(copy)
            with files.writing():
                work(files)

        after.append(copy)
        if in_a_child(child) == 0:
            return after
    raise AssertionError("it never ends")


def test_of_a_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tmp_path / "before"
    files = storage.open(before)
    with files.writing():
        for number in (1, 2, 3):
            publish(files, number)
    after = every_crash(before, lambda files: publish(files, 4), monkeypatch)
    assert len(after) > 20
    seen = []
    for directory in after:
        files = storage.open(directory)
        (number,) = numbers(files)
        seen.append(number)
        for name in NAMES:  # and for plain tools
            assert (directory / name).read_text() == f"{name} {number}\n" * 3
        with files.writing():
            publish(files, 5)
        assert numbers(files) == {5}
        assert len(files.folders("snapshots")) == 2
        assert not list(directory.rglob("*.tmp"))
    assert seen == sorted(seen)  # old ones, then new ones
    assert set(seen) == {3, 4}


def test_of_the_first_publication_over_plain_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for name in NAMES:
        (before / name).write_text(f"{name} 0\n" * 3)
    for directory in every_crash(before, lambda files: publish(files, 1), monkeypatch):
        for name in NAMES:
            assert (directory / name).read_text() in (f"{name} 0\n" * 3, f"{name} 1\n" * 3)
        files = storage.open(directory)
        with files.writing():
            publish(files, 2)
        assert numbers(files) == {2}


def test_of_a_put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tmp_path / "before"
    files = storage.open(before)
    with files.writing():
        files.put("parts/a", b"old")
    for directory in every_crash(before, lambda files: files.put("parts/a", b"new" * 1000), monkeypatch):
        files = storage.open(directory)
        assert files.get("parts/a") in (b"old", b"new" * 1000)
        assert files.names("parts") == ["a"]
        with files.writing():
            files.put("parts/b", b"x")
        assert sorted(path.name for path in (directory / "parts").iterdir()) == ["a", "b"]


class Crash(BaseException):
    """The process is gone: nothing after this counts."""


def test_of_a_publication_in_an_object_store(s3, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is gone at one request of a publication after the other."""
    seen, crashed = [], True
    for step in range(1, 40):
        files = storage.open(s3.uri(f"run-{step}"))
        with files.writing():
            publish(files, 1)
        with monkeypatch.context() as patch:
            gone_at(step, patch)
            try:
                with files.writing():
                    publish(files, 2)
                crashed = False
            except Crash:
                crashed = True
        (number,) = numbers(files)
        seen.append(number)
        if not crashed:
            break
        with files.writing():
            publish(files, 3)
        assert numbers(files) == {3}
    assert not crashed
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}


def gone_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Have this process come no further than to its `step`-th change of the store, the lease's apart."""
    done = 0

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def call(self: Objects, file: str, *rest: object) -> object:
            nonlocal done
            done += not file.startswith("lock/")
            if done >= step and not file.startswith("lock/"):
                raise Crash
            return real(self, file, *rest)

        return call

    for name in ("_put", "delete"):
        patch.setattr(Objects, name, counting(getattr(Objects, name)))


@pytest.mark.parametrize("good", [0, 1, 2])
def test_a_large_file_of_which_some_does_not_go_up(s3, monkeypatch: pytest.MonkeyPatch, capfd, good: int) -> None:
    """After `good` parts the store refuses: there is no object, not even a short one, and nothing is printed."""
    from moto.s3.exceptions import AccessForbidden
    from moto.s3.models import S3Backend

    files = storage.open(s3.uri())
    files.put("large", b"old")
    real, parts = S3Backend.upload_part, []

    def upload_part(self: S3Backend, *given: object, **named: object) -> object:
        parts.append(given)
        if len(parts) > good:
            raise AccessForbidden("planted")
        return real(self, *given, **named)

    monkeypatch.setattr(S3Backend, "upload_part", upload_part)
    with pytest.raises(SweepError, match=r"cannot be written: .*everything before it is kept"):
        files.put("large", bytes(40_000_000))
    assert len(parts) > good
    gc.collect()  # a stream that is closed by its destructor would publish now
    assert files.get("large") == b"old"
    assert capfd.readouterr() == ("", "")
