# SPDX-License-Identifier: MIT
"""The run directory: parts are whole or not there, and what is not whole runs again."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from sweep.errors import RunError, SweepError
from sweep.jobs.run import run
from sweep.jobs.store.parts import Store
from sweep.storage import beneath
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _swap(path: Path) -> None:
    """Another part's bytes under this part's name."""
    other = next(each for each in sorted(path.parent.glob("*.arrow")) if each != path)
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize("damage", [_flip, _cut, _empty, _swap])
def test_a_damaged_part_is_set_aside_and_runs_again(
    request_of: MakeRequest, undisturbed: pa.Table, damage: object
) -> None:
    request = request_of()
    run(request)
    store = Store(request.directory)
    victim = store.scan(set_aside=False)[0]
    path = request.directory / victim.name
    damage(path)  # type: ignore[operator]
    again = run(request)
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert path.with_suffix(".bad").exists()
    assert read(request.directory).equals(undisturbed)


def test_a_removed_part_runs_again(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    request = request_of()
    run(request)
    store = Store(request.directory)
    victim = store.scan(set_aside=False)[-1]
    (request.directory / victim.name).unlink()
    assert run(request).inventory.missing == len(victim.ids)
    assert read(request.directory).equals(undisturbed)


def test_what_a_stranger_has_among_the_parts_is_left_alone(request_of: MakeRequest) -> None:
    """Its name is none that this program gives."""
    request = request_of()
    run(request)
    strangers = [request.directory / name for name in ("parts/notes.arrow", "parts/old.bad", "failed/notes.json")]
    strangers[-1].parent.mkdir()
    for stranger in strangers:
        stranger.write_text("not a part")
    assert run(request).done == SIMULATIONS
    assert [stranger.read_text() for stranger in strangers] == ["not a part"] * 3
    assert (Store(request.directory).damaged(), Store(request.directory).failures()) == (0, [])


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder"])
def test_what_is_no_file_in_the_place_of_a_part_is_set_aside(
    request_of: MakeRequest, undisturbed: pa.Table, tmp_path: Path, kind: str
) -> None:
    request = request_of()
    run(request)
    victim = Store(request.directory).scan(set_aside=False)[0]
    path = request.directory / victim.name
    path.rename(tmp_path / "elsewhere.arrow")  # a whole part, but not of this directory
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / ("elsewhere.arrow" if kind == "link" else "nowhere"))
    again = run(request)
    assert (again.exit_code, again.inventory.missing) == (0, len(victim.ids))
    assert os.path.lexists(path.with_suffix(".bad"))
    assert not path.is_symlink()
    assert read(request.directory).equals(undisturbed)


def test_planning_changes_nothing(request_of: MakeRequest) -> None:
    request = request_of()
    run(request)
    store = Store(request.directory)
    _flip(request.directory / store.scan(set_aside=False)[0].name)
    before = sorted(request.directory.rglob("*"))
    parts = store.scan(set_aside=False)
    assert sum(len(part.ids) for part in parts) < SIMULATIONS
    assert sorted(request.directory.rglob("*")) == before


def test_rows_in_two_parts_count_once(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    """At least once is what executors promise; a part committed twice, or cut otherwise, changes nothing."""
    small, large = request_of(chunk_s=1e-6, out="small"), request_of(chunk_s=10.0, out="large")
    run(small)
    run(large)
    for part in (small.directory / "parts").glob("*.arrow"):
        os.link(part, large.directory / "parts" / part.name)
    assert run(large).done == SIMULATIONS
    assert read(large.directory).equals(undisturbed)


def test_what_a_crash_left_half_written_is_removed(request_of: MakeRequest) -> None:
    request = request_of()
    run(request)
    left = [request.directory / "parts" / "x.arrow.7.sweep.tmp", request.directory / "results.arrow.sweep.tmp"]
    for path in left:
        path.write_bytes(b"half")
    run(request)
    assert not any(path.exists() for path in left)


def test_a_file_in_place_of_the_directory_is_an_error(request_of: MakeRequest) -> None:
    request = request_of()
    request.directory.write_text("in the way")
    with pytest.raises(SweepError, match=r'".*run" is a file, and a run directory is needed'):
        run(request)


def test_a_full_disk_keeps_what_was_finished(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    request, real, written = request_of(chunk_s=1e-6), os.fsync, []

    def fsync(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 13:  # the directory, what was asked for, the plan and three parts, with their folders
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(RunError, match="No space left on device; everything before it is kept"):
            run(request)
    again = run(request)
    assert (again.exit_code, again.inventory.done) == (0, 3)
    assert read(request.directory).equals(undisturbed)


def test_failures_are_kept_and_damaged_ones_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing():
        assert store.failures() == []
        store.fail("b", {"ids": ["1"], "kind": "crash"})
        store.fail("a", {"ids": ["2"], "kind": "exception"})
        store.fail("a", {"ids": ["2"], "kind": "memory"})
        for name, data in (("c", b"{"), ("d", b"[]"), ("e", b"\xff")):
            store.files.put(f"failed/{name}.json", data)
        assert [record["kind"] for record in store.failures()] == ["memory", "crash"]
        assert len(store.files.names("failed")) == 5  # a reader changes nothing
        assert [record["kind"] for record in store.failures(set_aside=True)] == ["memory", "crash"]
        assert store.files.names("failed") == ["a.json", "b.json", "c.bad", "d.bad", "e.bad"]
        store.forgive("a")
        store.forgive("a")
        assert [record["kind"] for record in store.failures()] == ["crash"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_failure_s_name_cannot_leave_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="is not a name"):
        Store(tmp_path / "run").fail(name, {})


def test_notes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.noted("run") is None
    with store.writing():
        store.note("run", {"exit_code": 3})
        store.note("run", {"exit_code": 0})
        assert Store(tmp_path).noted("run") == {"exit_code": 0}
        store.files.put("run.json", b"{")
        assert store.noted("run") is None


def test_bytes_that_are_no_part_are_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.writing(), pytest.raises(RunError, match="is not one: the worker that made it"):
        store.commit("chunk", b"no part")
    assert store.files.names("parts") == []


def test_a_part_that_cannot_be_read_runs_again(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """A bad sector, say."""
    request, real = request_of(), beneath.reading
    run(request)
    victim = Store(request.directory).scan(set_aside=False)[0]

    def reading(root: int, name: str) -> int:
        if name == victim.name:
            raise OSError(5, "Input/output error")
        return real(root, name)

    with monkeypatch.context() as patch:
        patch.setattr(beneath, "reading", reading)
        assert run(request).inventory.missing == len(victim.ids)
    assert (request.directory / victim.name).with_suffix(".bad").exists()
    assert read(request.directory).equals(undisturbed)


def test_a_table_of_an_earlier_version_is_read_and_replaced(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    """It lies at the top as a plain file."""
    from sweep import report

    request = request_of()
    request.directory.mkdir()
    with pa.ipc.new_file(str(request.directory / "results.arrow"), undisturbed.schema) as writer:
        writer.write_table(undisturbed.slice(0, 3))
    assert len(report.read(request.directory)) == 3
    assert Store(request.directory).published()
    run(request)
    assert report.read(request.directory).equals(undisturbed)
    assert read(request.directory).equals(undisturbed)
    assert (request.directory / "results.arrow").is_symlink()
