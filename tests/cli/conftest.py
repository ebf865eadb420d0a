# SPDX-License-Identifier: MIT
"""Directories with a sweep that takes a blink, and with runs of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from places import typed
from typed import SWEEP, sweep


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a sweep file."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    return tmp_path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a finished run in runs/tiny."""
    directory = tmp_path_factory.mktemp("done")
    (directory / "tiny.yaml").write_text(SWEEP)
    sweep(directory, "run", "tiny.yaml", "--executor", "inline", "--no-report")
    return directory


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    place = tmp_path_factory.mktemp("good")
    (place / "tiny.yaml").write_text(SWEEP)
    typed(place, "run", "tiny.yaml", "--executor", "inline", "--out", str(place / "run"))
    return place / "run"


@pytest.fixture
def place(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where to type: a sweep file, a copy of the run in `run`, and things of the user in `victims`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    shutil.copytree(good, tmp_path / "run", symlinks=True)
    (tmp_path / "victims" / "folder").mkdir(parents=True)
    for name in ("file", "folder/x.json", "folder/y.sweep.tmp", "folder/0-0123456789abcdef.arrow"):
        (tmp_path / "victims" / name).write_text("precious")
    return tmp_path
