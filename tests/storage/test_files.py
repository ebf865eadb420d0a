# SPDX-License-Identifier: MIT
"""Files by name, on a disk and in an object store alike: whole or not there, and never outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from sweep import storage
from sweep.errors import IncompleteError, RunError
from sweep.storage.objects import Objects


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 50_000])  # the last goes up in parts
def test_what_is_put_is_got(files: storage.Files, data: bytes) -> None:
    files.put("a/b/c.arrow", data)
    assert files.get("a/b/c.arrow") == data
    assert files.view("a/b/c.arrow").to_pybytes() == data
    with files.put_stream("a/streamed.arrow") as sink:
        for start in range(0, len(data), 1_000_000):
            sink.write(data[start : start + 1_000_000])
    assert files.get("a/streamed.arrow") == data


def test_folders_and_names(files: storage.Files) -> None:
    for name in ("top", "a/2", "a/1", "a/deep/3"):
        files.put(name, b"x")
    assert files.names("") == ["top"]
    assert files.names("a") == ["1", "2"]
    assert files.folders("") == ["a"]
    assert files.folders("a") == ["deep"]
    assert files.names("nowhere") == files.folders("nowhere") == []
    assert (files.exists("a/1"), files.exists("a"), files.exists("a/3")) == (True, False, False)


def test_put_replaces_and_delete_removes(files: storage.Files) -> None:
    files.put("a/1", b"old and longer")
    files.put("a/1", b"new")
    assert files.get("a/1") == b"new"
    files.delete("a/1")
    files.delete("a/1")
    with pytest.raises(FileNotFoundError):
        files.get("a/1")
    files.put("b/1", b"x")
    files.put("b/deep/2", b"x")
    files.delete("b")
    assert files.names("b") == files.folders("b") == []
    assert not files.exists("b/deep/2")


def test_a_writer_that_fails_leaves_the_old_file_and_no_litter(files: storage.Files) -> None:
    files.put("a/1", b"old")

    def write_half(name: str) -> None:
        with files.put_stream(name) as sink:
            sink.write(b"half")
            raise ZeroDivisionError

    for name in ("a/1", "a/2"):
        with pytest.raises(ZeroDivisionError):
            write_half(name)
    assert files.get("a/1") == b"old"
    assert files.names("a") == ["1"]
    if files.path:
        assert [path.name for path in files.path.rglob("*") if path.is_file()] == ["1"]


def test_set_aside(files: storage.Files) -> None:
    files.put("parts/a-b.arrow", b"damaged")
    files.set_aside("parts/a-b.arrow")
    files.set_aside("parts/a-b.arrow")  # gone already
    files.put("parts/plain", b"damaged")
    files.set_aside("parts/plain")
    assert files.names("parts") == ["a-b.bad", "plain.bad"]
    assert files.get("parts/a-b.bad") == b"damaged"


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a//b", "", "./x", "a/", "a\0b", ".."])
def test_no_name_leaves_the_directory(files: storage.Files, name: str) -> None:
    for use in (files.get, files.view, files.exists, files.delete, files.set_aside, lambda name: files.put(name, b"")):
        with pytest.raises(RunError, match="is not a name of a file in a run directory"):
            use(name)
    with pytest.raises(RunError, match="is not a name"), files.put_stream(name):
        pass


def test_where_a_file_is(files: storage.Files, location: str) -> None:
    assert str(files) == location
    assert storage.open(files) is files
    if files.path:
        assert files.at("a/b") == f"{location}/a/b"
    else:
        assert files.at("a/b") == location.replace("?", "/a/b?")


def test_a_file_uri_is_a_local_directory(tmp_path: Path) -> None:
    files = storage.open(f"file://{tmp_path}/my%20run")
    with files.writing():
        files.put("a/b", b"x")
    assert (tmp_path / "my run" / "a" / "b").read_bytes() == b"x"
    assert files.at("a/b") == f"file://{tmp_path}/my%20run/a/b"


def test_one_writer(files: storage.Files, location: str) -> None:
    other = storage.open(location)
    assert other.holder() is None
    with files.writing():
        files.check()
        assert f"pid {os.getpid()} on " in (other.holder() or "")
        with pytest.raises(IncompleteError, match="is being written by another process") as no, other.writing():
            pass
        assert re.search(rf"pid {os.getpid()} on \S+ since 20.*\n  next: wait for it to end", str(no.value))
        files.check()
    assert other.holder() is None
    with other.writing():
        other.check()
    with pytest.raises(IncompleteError, match="is not being written by this process"):
        other.check()


def test_a_writer_that_was_killed_lets_go(files: storage.Files, location: str) -> None:
    """At once: this machine knows that the process is dead."""
    code = (
        "import os, signal, sys\nfrom sweep import storage\n"
        "with storage.open(sys.argv[1]).writing(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, location], timeout=60, check=False, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert files.holder() is None
    with files.writing():
        files.put("a", b"x")


def test_a_disk_needs_no_pyarrow(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom sweep import storage\nfiles = storage.open(sys.argv[1])\n"
        "with files.writing(): files.put('a/b', b'x')\n"
        "assert files.get('a/b') == b'x' and files.names('a') == ['b'] and files.holder() is None\n"
        "print([name for name in ('pyarrow', 'numpy', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_small_file_is_one_put(s3: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a multipart upload of three requests: there is no moment with half of it."""
    files = storage.open(s3.uri())  # type: ignore[attr-defined]
    started: list[object] = []
    from moto.s3.models import S3Backend

    monkeypatch.setattr(S3Backend, "create_multipart_upload", lambda *given: started.append(given))
    files.put("a", b"x" * 100_000)
    assert isinstance(files, Objects)
    assert (files.get("a"), started) == (b"x" * 100_000, [])


def test_a_file_is_read_whole_or_not_at_all_while_it_is_replaced_and_removed(files: storage.Files) -> None:
    """By ones of other lengths, which a reader that asked for the length first would cut or wait for."""
    over = threading.Event()

    def replace() -> None:
        """No length comes again: a reader that finds the old one once more could not know what it has."""
        for number in count(1):
            for length in (3 * number, 6000 - number):
                files.put("x", length.to_bytes(2, "big") * length)
            files.delete("x")
            if over.wait(0.01):
                return

    writer = threading.Thread(target=replace, daemon=True)
    writer.start()
    seen: dict[str, int] = {}
    try:
        deadline = time.monotonic() + 60
        while not {*seen} >= {"short", "long", "none"} and time.monotonic() < deadline:
            try:
                data = files.get("x")
                length = len(data) // 2
                assert data == length.to_bytes(2, "big") * length
                found = "short" if length < 3000 else "long"
            except FileNotFoundError:
                found = "none"
            except RunError as error:  # not at all, which an object store may have to say
                found = "busy" if "changes all the time" in str(error) else str(error)
            seen[found] = seen.get(found, 0) + 1
    finally:
        over.set()
        writer.join(60)
    assert {*seen} - {"busy"} == {"short", "long", "none"}


def test_stamps_tell_a_file_that_was_changed(files: storage.Files) -> None:
    for name, data in (("a/1", b"one"), ("a/2", b"three"), ("a/deep/3", b"x")):
        files.put(name, data)
    before = files.stamps("a")
    assert {name: stamp.size for name, stamp in before.items()} == {"1": 3, "2": 5}
    assert all(abs(stamp.modified_ns / 1e9 - time.time()) < 3600 for stamp in before.values())
    assert files.stamps("a") == before
    files.put("a/2", b"other")
    files.put("a/1", b"longer")
    after = files.stamps("a")
    assert after["1"] != before["1"]
    assert files.path is None or after["2"] != before["2"]
    assert files.stamps("nowhere") == {}
