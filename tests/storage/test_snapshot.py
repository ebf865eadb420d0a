# SPDX-License-Identifier: MIT
"""Publication: readers see one snapshot whole, whatever happens to the writer and whenever they look."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from sweep import storage
from sweep.errors import IncompleteError, RunError
from sweep.storage import snapshot
from sweep.storage.files import MANIFEST

NAMES = ("results.arrow", "results.parquet", "dictionary.arrow")


def publish(files: storage.Files, number: int, names: tuple[str, ...] = NAMES) -> snapshot.Manifest:
    """A snapshot whose files all say the same number, in files of several writes."""
    draft = snapshot.Draft(files)
    for name in names:
        with draft.file(name) as sink:
            for _ in range(3):
                sink.write(f"{name} {number}\n".encode())
    return draft.publish({"rows": number})


def numbers(files: storage.Files) -> set[int]:
    """The numbers in the manifest and in all files of the published snapshot."""
    found = snapshot.read(files, *NAMES)
    assert found is not None
    manifest, data = found
    for name, each in data.items():
        assert each.to_pybytes().decode().count(f"{name} ") == 3
    return {manifest.about["rows"], *(int(word) for each in data.values() for word in each.to_pybytes().split()[1::2])}


def test_what_is_published_is_read(files: storage.Files) -> None:
    assert snapshot.read(files, *NAMES) is None
    with files.writing():
        published = publish(files, 1)
        assert numbers(files) == {1}
    document = json.loads(files.get(MANIFEST))
    assert (document["format"], document["rows"], document["snapshot"]) == (1, 1, published.name)
    assert set(document["files"]) == set(NAMES)
    assert document["files"]["results.arrow"]["bytes"] == len("results.arrow 1\n") * 3
    assert snapshot.at(files, "results.arrow") == files.at(
        "results.arrow" if files.path else f"snapshots/{published.name}/results.arrow"
    )


def test_the_last_two_are_kept(files: storage.Files) -> None:
    with files.writing():
        names = [publish(files, number).name for number in range(4)]
    assert set(files.folders("snapshots")) == set(names[-2:])
    assert numbers(files) == {3}


def test_a_draft_that_is_given_up_shows_nothing_and_is_removed(files: storage.Files) -> None:
    with files.writing():
        publish(files, 1)
        with snapshot.Draft(files).file("results.arrow") as sink:
            sink.write(b"draft")
        assert numbers(files) == {1}
        publish(files, 2)
        publish(files, 3)
    assert len(files.folders("snapshots")) == 2


def test_only_the_writer_publishes(files: storage.Files) -> None:
    with files.writing():
        publish(files, 1)
    with pytest.raises(IncompleteError):
        publish(files, 2)
    assert numbers(files) == {1}


def test_readers_see_one_snapshot_whole(files: storage.Files, location: str) -> None:
    """A reader in a loop while 50 publications (of a slower store 12) come and go, three files and a manifest each."""
    seen: list[set[int]] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def look() -> None:
        mine = storage.open(location)
        try:
            while not over.is_set():
                seen.append(numbers(mine))
        except BaseException as error:
            failed.append(error)

    with files.writing():
        publish(files, 0)
        reader = threading.Thread(target=look, daemon=True)
        reader.start()
        for number in range(1, 51 if files.path else 13):
            publish(files, number)
        over.set()
        reader.join(60)
    assert not failed
    assert all(len(each) == 1 for each in seen)
    assert len({number for each in seen for number in each}) > 3


class TestDamage:
    def test_of_a_file(self, files: storage.Files) -> None:
        with files.writing():
            manifest = publish(files, 1)
            for data in (b"results.arrow 2\n" * 3, b"", b"results.arrow 1\n" * 2):
                files.put(manifest.at("results.arrow"), data)
                with pytest.raises(RunError, match="is damaged: it is not what was published") as caught:
                    snapshot.read(files, *NAMES)
                assert "next: sweep run FILE --out" in str(caught.value)
            files.delete(manifest.at("results.arrow"))
            with pytest.raises(RunError, match="is not whole"):
                snapshot.read(files, *NAMES)
            with pytest.raises(RunError, match='has no "other"'):
                snapshot.read(files, "other")
            publish(files, 2)
        assert numbers(files) == {2}

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"format": 1}', b"\xff", b'{"format":1,"files":3}'])
    def test_of_the_manifest(self, files: storage.Files, data: bytes) -> None:
        with files.writing():
            publish(files, 1)
            files.put(MANIFEST, data)
            with pytest.raises(RunError, match=r'manifest.json[^"]*" is damaged'):
                snapshot.read(files, *NAMES)
            publish(files, 2)
        assert numbers(files) == {2}

    def test_of_another_version(self, files: storage.Files) -> None:
        files.put(MANIFEST, b'{"format": 99}')
        with pytest.raises(RunError, match='has format "99"; this version of sweep reads format 1'):
            snapshot.read(files, *NAMES)

    @pytest.mark.parametrize("name", ["../../secret", "..", "a/../../../x"])
    def test_a_hostile_manifest_names_nothing_outside(self, files: storage.Files, name: str) -> None:
        entry = {"bytes": 6, "digest": "0"}
        for document in (
            {"format": 1, "snapshot": name, "files": {"results.arrow": entry}},
            {"format": 1, "snapshot": "x", "files": {name: entry}},
        ):
            files.put(MANIFEST, json.dumps(document).encode())
            with pytest.raises(RunError, match="is not a name of a file in a run directory"):
                snapshot.read(files, name)


class TestTop:
    """The links at the top of a directory on a disk."""

    def test_plain_names_open_what_is_published(self, tmp_path: Path) -> None:
        files = storage.open(tmp_path)
        with files.writing():
            for number in (1, 2):
                publish(files, number)
                assert (tmp_path / "results.arrow").read_text() == f"results.arrow {number}\n" * 3
        assert os.readlink(tmp_path / "results.arrow") == "current/results.arrow"
        assert os.readlink(tmp_path / "current").startswith("snapshots/")

    def test_plain_files_of_an_earlier_version_are_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "results.arrow").write_text("old")
        (tmp_path / "report.txt").write_text("report")
        files = storage.open(tmp_path)
        with files.writing():
            publish(files, 1)
        assert (tmp_path / "results.arrow").read_text() == "results.arrow 1\n" * 3
        assert (tmp_path / "report.txt").read_text() == "report"

    def test_links_to_what_is_no_more_are_removed(self, tmp_path: Path) -> None:
        files = storage.open(tmp_path)
        with files.writing():
            publish(files, 1, (*NAMES, "failures.arrow"))
            assert (tmp_path / "failures.arrow").exists()
            publish(files, 2)
        assert not (tmp_path / "failures.arrow").is_symlink()

    def test_what_others_have_in_the_directory_stays(self, tmp_path: Path) -> None:
        """A home directory, or one with snapshots of something else, may be given as --out."""
        (tmp_path / "notes.tmp").write_text("mine")
        (tmp_path / "deep" / "er").mkdir(parents=True)
        (tmp_path / "deep" / "er" / "notes.tmp").write_text("mine")
        (tmp_path / "snapshots" / "of my own").mkdir(parents=True)
        (tmp_path / "dangling").symlink_to("not/mounted/now")
        files = storage.open(tmp_path)
        with files.writing():
            for number in range(3):
                publish(files, number)
        assert (tmp_path / "notes.tmp").read_text() == "mine"
        assert (tmp_path / "deep" / "er" / "notes.tmp").read_text() == "mine"
        assert (tmp_path / "snapshots" / "of my own").is_dir()
        assert (tmp_path / "dangling").is_symlink()

    def test_a_copy_that_followed_the_links_is_read_and_written(self, tmp_path: Path) -> None:
        import shutil

        files = storage.open(tmp_path / "a")
        with files.writing():
            publish(files, 1)
        shutil.copytree(tmp_path / "a", tmp_path / "b", symlinks=False)
        copy = storage.open(tmp_path / "b")
        assert numbers(copy) == {1}
        with copy.writing():
            publish(copy, 2)
        assert numbers(copy) == {2}
        assert os.readlink(tmp_path / "b" / "current").startswith("snapshots/")

    def test_a_folder_of_somebody_else_in_the_place_of_the_link_stays(self, tmp_path: Path) -> None:
        (tmp_path / "current" / "deep").mkdir(parents=True)
        (tmp_path / "current" / "manifest.json").write_text("mine")
        files = storage.open(tmp_path)
        with pytest.raises(RunError, match=r"Is a directory.*\n  next: a directory is in the way"), files.writing():
            publish(files, 1)
        assert (tmp_path / "current" / "manifest.json").read_text() == "mine"
