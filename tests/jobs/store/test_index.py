# SPDX-License-Identifier: MIT
"""The index of parts saves reading them, and whatever it says wrongly is found before it is published."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sweep import storage
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store import index, parts
from sweep.jobs.store.part import DamagedPartError, Part
from sweep.jobs.store.parts import Store
from sweep.storage.files import INDEX
from sweep.storage.local import Local
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


@pytest.fixture(autouse=True)
def from_two_parts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LEAST", 2)


@pytest.fixture
def whole(request_of: MakeRequest) -> Path:
    """A finished run whose parts have all been untouched for a while when its index is written."""
    run(request_of(chunk_s=1e-6))
    return settled(request_of().directory)


def settled(directory: Path) -> Path:
    """As if the index had been written a minute from now."""
    later_s = time.time() + 60
    os.utime(directory / INDEX, (later_s, later_s))
    return directory


@pytest.fixture
def read_parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the parts whose bytes are compared with their names when a directory is looked through."""
    names: list[str] = []
    real = parts.part_of

    def part_of(files: storage.Files, name: str, data: bytes) -> Part | None:
        names.append(name)
        return real(files, name, data)

    monkeypatch.setattr(parts, "part_of", part_of)
    return names


def test_what_the_index_vouches_for_is_not_read(
    whole: Path, read_parts: list[str], undisturbed: pa.Table, request_of: MakeRequest
) -> None:
    found = status(whole)
    assert (found.inventory.done, found.complete, read_parts) == (SIMULATIONS, True, [])
    indexed = Store(whole).scan(set_aside=False)
    (whole / INDEX).unlink()
    plain = Store(whole).scan(set_aside=False)
    assert [(part.name, part.chunks, part.ids.tolist()) for part in indexed] == [
        (part.name, part.chunks, part.ids.tolist()) for part in plain
    ]
    assert sorted(read_parts) == [part.name for part in plain]
    assert run(request_of()).done == SIMULATIONS
    assert read(whole).equals(undisturbed)


def test_parts_that_were_written_just_before_it_are_read(request_of: MakeRequest, read_parts: list[str]) -> None:
    """Their times could be those of a change that came after it."""
    run(request_of(chunk_s=1e-6))
    del read_parts[:]
    assert status(request_of().directory).complete
    assert len(read_parts) >= SIMULATIONS // 2


def test_a_copy_is_read_once_and_then_indexed(
    whole: Path, tmp_path: Path, read_parts: list[str], request_of: MakeRequest
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy, symlinks=True)  # with the times that files had
    assert status(copy).complete
    assert len(read_parts) >= SIMULATIONS // 2
    run(request_of(out="copy"))
    del read_parts[:]
    assert status(settled(copy)).complete
    assert read_parts == []


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _flip_and_restore_times(path: Path) -> None:
    times = path.stat()
    _flip(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _replace_by_another(path: Path) -> None:
    other = next(each for each in sorted(path.parent.glob("*.arrow")) if each != path)
    path.write_bytes(other.read_bytes())


def _replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = [_flip, _flip_and_restore_times, _cut, _replace_by_another, _replace_by_a_pipe, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_part_that_was_touched_is_read_and_runs_again(
    whole: Path, damage: Callable[[Path], None], undisturbed: pa.Table, request_of: MakeRequest
) -> None:
    victim = Store(whole).scan(set_aside=False)[3]
    damage(whole / victim.name)
    assert status(whole).missing == len(victim.ids)
    again = run(request_of())
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert os.path.lexists((whole / victim.name).with_suffix(".bad")) is (damage is not Path.unlink)
    assert read(whole).equals(undisturbed)


def test_a_part_that_rotted_in_silence_is_found_when_it_is_published(
    whole: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table, request_of: MakeRequest
) -> None:
    """The disk says that nothing has changed; the bytes say otherwise."""
    before = {folder: Store(whole).files.stamps(folder) for folder in ("", "parts")}
    victim = Store(whole).scan(set_aside=False)[3]
    _flip(whole / victim.name)
    published = (whole / "manifest.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Local, "stamps", lambda files, folder: before[folder])
        with pytest.raises(DamagedPartError, match=r"is damaged\n  next: run the same command again"):
            run(request_of())
    assert (whole / victim.name).with_suffix(".bad").exists()
    assert (whole / "manifest.json").read_bytes() == published
    again = run(request_of())
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert read(whole).equals(undisturbed)


def test_an_index_that_gives_rows_to_the_wrong_part_is_found(whole: Path, request_of: MakeRequest) -> None:
    """It is a whole index, as a stranger could write it."""
    found = Store(whole).scan(set_aside=False)
    first, second = found[:2]
    swapped = [
        Part(first.files, first.name, second.chunks, second.ids),
        Part(second.files, second.name, first.chunks, first.ids),
        *found[2:],
    ]
    files = Store(whole).files
    (whole / INDEX).write_bytes(index.encoded(swapped, files.stamps("parts")))
    settled(whole)
    with pytest.raises(DamagedPartError):
        run(request_of())


def _signed(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=index.DIGEST_BYTES).digest() + body


def _other_table() -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({"name": ["parts/a-b.arrow"]})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return _signed(sink.getvalue().to_pybytes())


def _other_format(data: bytes) -> bytes:
    table = pa.ipc.open_file(data[index.DIGEST_BYTES :]).read_all().replace_schema_metadata({"format": "99"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return _signed(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    "damaged",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :],
        lambda data: _signed(b""),
        lambda data: _signed(b"no table"),
        lambda data: _other_table(),
        _other_format,
    ],
)
def test_a_damaged_index_counts_as_absent_and_is_written_again(
    whole: Path,
    damaged: Callable[[bytes], bytes],
    read_parts: list[str],
    undisturbed: pa.Table,
    request_of: MakeRequest,
) -> None:
    (whole / INDEX).write_bytes(damaged((whole / INDEX).read_bytes()))
    settled(whole)
    assert status(whole).complete
    assert len(read_parts) >= SIMULATIONS // 2
    assert run(request_of()).exit_code == 0
    assert read(whole).equals(undisturbed)
    del read_parts[:]
    assert status(settled(whole)).complete
    assert read_parts == []


def test_a_disk_that_has_no_room_for_it_ends_no_run(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    put = Local.put

    def full(files: Local, name: str, data: bytes) -> None:
        if name == INDEX:
            raise OSError(28, "No space left on device")
        put(files, name, data)

    monkeypatch.setattr(Local, "put", full)
    assert run(request_of(chunk_s=1e-6)).exit_code == 0
    assert not (request_of().directory / INDEX).exists()
    assert read(request_of().directory).equals(undisturbed)


def test_it_is_written_seldom_however_many_parts_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time it has grown by an eighth: a thousand parts are some 35 times, not a thousand."""
    written: list[int] = []
    monkeypatch.setattr(index, "encoded", lambda known, stamps: written.append(len(known)) or b"")
    writer = index.Writer(storage.open(tmp_path))
    for number in range(1000):
        writer.add(Part(storage.open(tmp_path), f"parts/{number:x}-0.arrow", (), np.zeros(0, "S32")))
    assert 20 < len(written) < 50
    assert written == sorted(written)
    assert 1000 - written[-1] <= 1000 // index.GROWTH
