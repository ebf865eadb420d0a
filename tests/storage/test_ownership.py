# SPDX-License-Identifier: MIT
"""Whose a directory is: a run is known by what sweep alone writes, and whatever else lies there is somebody's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pytest

from sweep import storage
from sweep.errors import SweepError
from sweep.storage import ownership, snapshot

OLD_NOTE = {
    "document": {"format": 1},
    "document_digest": "0",
    "command": "sweep run x.yaml",
}  # as it was without a mark


def manifest(**more: object) -> bytes:
    return json.dumps({"format": snapshot.FORMAT, "snapshot": "x", "files": {}, **more}).encode()


def table(metadata: dict[str, str] | None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, pa.schema([("id", pa.string())], metadata)):
        pass
    return sink.getvalue().to_pybytes()


OURS = {
    "nothing": {},
    "a note": {"run.json": json.dumps({"format": ownership.FORMAT, **OLD_NOTE}).encode()},
    "a note of an earlier version": {"run.json": json.dumps(OLD_NOTE).encode()},
    "a manifest": {"manifest.json": manifest()},
    "a manifest and a damaged note": {"manifest.json": manifest(), "run.json": b"junk"},
    "a table of an earlier version": {"results.arrow": table({"sweep": "{}"})},
    "a note, and files of the user": {"run.json": json.dumps(OLD_NOTE).encode(), "notes.md": b"", "more/x.csv": b""},
}
FOREIGN = {
    "any file": {"x": b""},
    "a folder": {"pictures/x.png": b""},
    "names of ours": {"results.parquet": b"mine", "manifest.json": b"mine", "report.html": b"mine"},
    "a note of another program": {"run.json": b'{"name": "x", "tasks": []}'},
    "a note of another program that has a format": {"run.json": json.dumps({"format": ownership.FORMAT}).encode()},
    "a note that is no JSON": {"run.json": b"run: 1"},
    "a note nested without end": {"run.json": b"[" * 100_000},
    "a manifest of a web page": {"manifest.json": b'{"name": "x", "icons": []}'},
    "a table of something else": {"results.arrow": table(None)},
    "no table": {"results.arrow": b"ARROW1"},
    "parts of something else": {"parts/x.arrow": b"mine"},
    "logs of something else": {"logs/app.log": b"mine"},
    "a hidden file": {".git/config": b""},
}


@pytest.mark.parametrize("kind", OURS)
def test_a_run_may_go_on_here(files: storage.Files, kind: str) -> None:
    for name, data in OURS[kind].items():
        files.put(name, data)
    ownership.check(files, "x")


@pytest.mark.parametrize("kind", FOREIGN)
def test_nothing_is_run_where_somebody_has_files(files: storage.Files, kind: str) -> None:
    for name, data in FOREIGN[kind].items():
        files.put(name, data)
    with pytest.raises(SweepError) as told:
        ownership.check(files, "x")
    assert told.value.exit_code == 2
    said = str(told.value)
    assert f'"{files}" is neither empty nor a run directory: it has "' in said
    assert all(f'"{name.partition("/")[0]}"' in said for name in FOREIGN[kind])
    assert "next: give --out a directory that is empty or not there yet, as " in said
    assert files.at("x") in said
    ownership.check(files, "x", has_parts=lambda: True)


def test_what_is_in_the_way_is_named_and_then_counted(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"f{number}").touch()
    with pytest.raises(SweepError, match=r'it has "f0", "f1", "f2", "f3" and 5 more, which'):
        ownership.check(storage.open(tmp_path))


def test_what_a_run_leaves_that_is_killed_at_once_is_nobody_s(files: storage.Files) -> None:
    with files.writing():
        files.make_folder("logs")
        ownership.check(files, "x")  # as a second one does, before it is told of the first
    if files.path:
        (files.path / "run.json.7.0123.sweep.tmp").write_text("half")
        (files.path / "lock.holder").write_text("pid 7")
    ownership.check(files, "x")


@pytest.mark.parametrize("format", [3, 99, "2", [1], 1.5])
@pytest.mark.parametrize("name", ["run.json", "manifest.json", "run.json document"])
def test_what_a_newer_version_has_made_is_left_alone(files: storage.Files, name: str, format: object) -> None:
    file, _, inside = name.partition(" ")
    document = {**OLD_NOTE, "document": {"format": format}} if inside else {**OLD_NOTE, "format": format}
    files.put("manifest.json", manifest())
    files.put(file, json.dumps(document).encode())
    with pytest.raises(SweepError, match=f"{file}.* has format .*it is left as it is\n  next: ") as told:
        ownership.check(files, "x", document_format=1)
    assert told.value.exit_code == 2


@pytest.mark.parametrize("where", ["run.json", "manifest.json"])
def test_a_run_of_another_sweep_is_not_replaced_unless_asked(files: storage.Files, where: str) -> None:
    files.put(
        where, json.dumps({**OLD_NOTE, "name": "mine"}).encode() if where == "run.json" else manifest(name="mine")
    )
    ownership.check(files, "mine")
    ownership.check(files, "other", replace=True)
    with pytest.raises(SweepError, match=r'has a run of sweep "mine", and this is sweep "other"\n.* --replace-sweep'):
        ownership.check(files, "other")


@pytest.mark.parametrize(
    "name", ["lock", "parts", "logs", "plans", "failed", "snapshots", "run.json", "size.json", "size_load.json"]
)
@pytest.mark.parametrize("target", ["/etc/hostname", "../victim", "run.json"])
def test_no_name_of_ours_is_a_link(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_bytes(manifest())
    (tmp_path / "run" / name).symlink_to(target)
    with pytest.raises(SweepError, match=f'"{tmp_path}/run/{name}" is a link to "{target}", and a ') as told:
        ownership.check(storage.open(tmp_path / "run"))
    assert told.value.exit_code == 2


@pytest.mark.parametrize("name", ["current", "manifest.json", "results.arrow", "failures.parquet"])
def test_links_at_the_top_stay_inside(tmp_path: Path, name: str) -> None:
    (tmp_path / "run.json").write_text(json.dumps(OLD_NOTE))
    files = storage.open(tmp_path)
    for target, fine in (("snapshots/x", True), (f"current/{name}", True), ("../x", False), ("/x", False)):
        (tmp_path / name).symlink_to(target)
        if fine:
            ownership.check(files)
        else:
            with pytest.raises(SweepError, match=f'/{name}" is a link to "{target}"'):
                ownership.check(files)
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(SweepError, match=f'/{name}" is a pipe, and a '):
        ownership.check(files)
