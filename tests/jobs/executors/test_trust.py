# SPDX-License-Identifier: MIT
"""Which folders others may write, or put another folder in the place of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.jobs.executors.trust import is_private, keeps_entries, safe_search_path

OTHER = 65534  # nobody
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


@pytest.mark.parametrize(
    ("mode", "private", "keeps"),
    [(0o700, True, True), (0o755, True, True), (0o777, False, False), (0o775, False, False), (0o1777, False, True)],
)
@pytest.mark.parametrize("below", ["", "a/b"])
def test_by_mode(tmp_path: Path, mode: int, private: bool, keeps: bool, below: str) -> None:
    """What is inside a folder of which others may only add to is as private as it is itself."""
    folder = tmp_path / "folder"
    (folder / below).mkdir(parents=True)
    folder.chmod(mode)
    assert keeps_entries(folder / below) is keeps
    assert is_private(folder / below) is (keeps if below else private)


def test_of_a_link_it_is_the_target_that_counts(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to("open")
    assert not keeps_entries(tmp_path / "link")


def test_what_is_not_there_or_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not is_private(tmp_path / "none")
    assert not is_private(tmp_path / "file")


@as_root
def test_another_user_s_folder(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "mine").mkdir(parents=True)
    os.chown(tmp_path / "theirs", OTHER, OTHER)
    for mode in (0o755, 0o1777):
        (tmp_path / "theirs").chmod(mode)
        assert not keeps_entries(tmp_path / "theirs" / "mine")


def test_processes_meanwhile_import_from_no_folder_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(tmp_path)]))
    (tmp_path / "pickle.py").write_text("raise SystemExit('planted')")
    tmp_path.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", "import pickle"]
    assert subprocess.run(command, capture_output=True).returncode == 1
    with safe_search_path():
        assert subprocess.run(command).returncode == 0
    assert "PYTHONSAFEPATH" not in os.environ
    assert os.environ["PYTHONPATH"] == os.pathsep.join(["", str(tmp_path)])
