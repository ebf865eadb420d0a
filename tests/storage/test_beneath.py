# SPDX-License-Identifier: MIT
"""Nothing below a directory leads out of it, whatever lies there and however deep: no link, no pipe, no device."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from sweep import storage
from sweep.errors import IncompleteError, RunError
from sweep.storage import beneath

STRANGE: dict[str, Callable[[Path, Path], object]] = {
    "absolute": lambda path, victim: path.symlink_to(victim),
    "relative": lambda path, victim: path.symlink_to(os.path.relpath(victim, path.parent)),
    "through a link": lambda path, victim: (path.with_name("hop").symlink_to(victim), path.symlink_to("hop")),
    "loop": lambda path, victim: path.symlink_to(path.name),
    "pipe": lambda path, victim: os.mkfifo(path),
    "socket": lambda path, victim: _socket(path),
    "device": lambda path, victim: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7)),  # /dev/full
    "folder": lambda path, victim: path.mkdir(),
}


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim" / "x"
    path.parent.mkdir()
    path.write_text("precious")
    return path


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    (path / "parts").mkdir(parents=True)
    return path


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", ["x", "parts/x"])
def test_what_is_no_file_is_not_read(run: Path, victim: Path, kind: str, name: str) -> None:
    STRANGE[kind](run / name, victim)
    files = storage.open(run)
    for read in (files.get, files.view):
        with pytest.raises(RunError, match=rf'"{run}/{name}" cannot be read: .*\n  next: '):
            read(name)
    assert "x" in files.entries(os.path.dirname(name))


@pytest.mark.parametrize("kind", [kind for kind in STRANGE if kind != "folder"])
def test_what_is_written_takes_its_place_and_goes_no_further(run: Path, victim: Path, kind: str) -> None:
    STRANGE[kind](run / "parts" / "x", victim)
    storage.open(run).put("parts/x", b"new")
    assert (run / "parts" / "x").read_bytes() == b"new"
    assert not (run / "parts" / "x").is_symlink()
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("target", ["../victim", "loop", "inside"])
def test_no_folder_that_is_a_link_is_written_to(run: Path, victim: Path, target: str) -> None:
    (run / "inside").mkdir()
    (run / "loop").symlink_to(target)
    files = storage.open(run)
    (run / "inside" / "x").write_text("there")
    for write in (lambda: files.put("loop/x", b""), lambda: files.delete("loop/x"), lambda: files.set_aside("loop/x")):
        with pytest.raises(RunError, match=f'"loop" is a link to "{target}", and no link is followed'):
            write()
    with pytest.raises(RunError, match='"loop" is a link'):
        files.make_folder("loop/deeper")
    assert victim.read_text() == "precious"
    assert sorted(path.name for path in victim.parent.iterdir()) == ["x"]


def test_links_that_stay_inside_are_read_through(run: Path) -> None:
    (run / "parts" / "deep").mkdir()
    (run / "parts" / "deep" / "x").write_text("found")
    (run / "short").symlink_to("parts/deep")
    (run / "parts" / "up").symlink_to("../short/./x")
    files = storage.open(run)
    assert (files.get("short/x"), files.get("parts/up")) == (b"found", b"found")
    assert files.names("short") == ["x"]
    (run / "parts" / "up").unlink()
    (run / "parts" / "up").symlink_to("../short/../../../victim/x")
    with pytest.raises(RunError, match="and no link is followed out of the directory"):
        files.get("parts/up")


def test_the_directory_itself_may_be_reached_through_links(run: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("run")
    files = storage.open(tmp_path / "latest")
    with files.writing():
        files.put("parts/x", b"1")
    assert (run / "parts" / "x").read_bytes() == b"1"


@pytest.mark.parametrize("kind", STRANGE)
def test_a_lock_that_is_no_file_is_neither_opened_nor_waited_for(run: Path, victim: Path, kind: str) -> None:
    STRANGE[kind](run / "lock", victim)
    files = storage.open(run)
    with pytest.raises(RunError, match=rf'run directory "{run}" cannot be written: "lock" is a'), files.writing():
        pass
    assert files.holder() is None
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("text", ["precious", ""])
def test_the_lock_is_never_written_to(run: Path, victim: Path, text: str) -> None:
    """It may be another name of somebody's file, which no look at it can tell for sure."""
    victim.write_text(text)
    os.link(victim, run / "lock")
    files = storage.open(run)
    with files.writing():
        assert f"pid {os.getpid()}" in (storage.open(run).holder() or "")
        with pytest.raises(IncompleteError, match=f"pid {os.getpid()}"), storage.open(run).writing():
            pass
    assert victim.read_text() == text
    assert files.holder() is None
    assert not (run / "lock.holder").exists()


def test_the_holder_in_the_lock_of_an_earlier_version_is_said(run: Path) -> None:
    import fcntl

    with open(run / "lock", "w") as lock:
        lock.write("pid 7 on \udcff elsewhere".encode("utf-8", "surrogateescape").decode("latin-1"))
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "pid 7 on " in (storage.open(run).holder() or "")


def test_what_is_half_written_is_removed_and_nothing_that_it_leads_to(run: Path, victim: Path) -> None:
    (victim.parent / "y.sweep.tmp").write_text("precious")
    (run / "parts" / "x.sweep.tmp").symlink_to(victim)
    (run / "current.sweep.tmp").symlink_to(victim.parent)
    (run / "failed").mkdir()
    (run / "failed" / "deep").symlink_to(victim.parent)
    (run / "elsewhere").symlink_to(victim.parent)
    (run / "other run").mkdir()
    (run / "other run" / "x.sweep.tmp").write_text("of a run that goes on")
    with storage.open(run).writing():
        pass
    assert not os.path.lexists(run / "parts" / "x.sweep.tmp")
    assert not os.path.lexists(run / "current.sweep.tmp")
    assert (run / "other run" / "x.sweep.tmp").exists()
    assert sorted(path.read_text() for path in victim.parent.iterdir()) == ["precious"] * 2


def test_a_name_for_what_is_half_written_cannot_be_taken_before(run: Path, victim: Path) -> None:
    """As `x.<pid>.sweep.tmp` could, by a link that is written through."""
    for pid in range(os.getpid() - 2, os.getpid() + 3):
        (run / "parts" / f"x.{pid}.sweep.tmp").symlink_to(victim)
    storage.open(run).put("parts/x", b"new")
    assert victim.read_text() == "precious"


class TestAppending:
    def test_lines_are_added(self, run: Path) -> None:
        for line in (b"1\n", b"2\n"):
            with beneath.appending(run / "log") as file:
                file.write(line)
        assert (run / "log").read_bytes() == b"1\n2\n"

    @pytest.mark.parametrize("kind", STRANGE)
    def test_what_is_no_file_is_not_opened(self, run: Path, victim: Path, kind: str) -> None:
        STRANGE[kind](run / "log", victim)
        with pytest.raises(OSError, match='"log" is a'), beneath.appending(run / "log") as file:
            file.write(b"x")
        assert victim.read_text() == "precious"

    def test_no_folder_that_is_a_link_is_gone_through(self, run: Path, victim: Path) -> None:
        (run / "logs").symlink_to(victim.parent)
        with pytest.raises(OSError, match=r"Not a directory|symbolic link"), beneath.appending(run / "logs" / "log"):
            pass
        assert [path.name for path in victim.parent.iterdir()] == ["x"]

    def test_a_file_with_another_name_keeps_what_it_has(self, run: Path, victim: Path) -> None:
        os.link(victim, run / "log")
        with beneath.appending(run / "log") as file:
            file.write(b"mine")
        assert (victim.read_text(), (run / "log").read_text()) == ("precious", "mine")
