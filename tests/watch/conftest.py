# SPDX-License-Identifier: MIT
"""A finished run in runs/watched, for all tests; those that change it take a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from half_done import SWEEP, sweep


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its run directory."""
    directory = tmp_path_factory.mktemp("watched")
    (directory / "watched.yaml").write_text(SWEEP)
    sweep(directory, "run", "watched.yaml", "--executor", "inline", "--no-report", "--chunk-seconds", "0.001")
    return directory / "runs" / "watched"


@pytest.fixture
def half(finished: Path, tmp_path: Path) -> Path:
    """A copy without its page_pool parts and without a snapshot, as a killed run leaves one."""
    directory = tmp_path / "half"
    shutil.copytree(finished, directory, symlinks=True)
    from sweep.jobs.store.parts import Store

    for part in Store(directory).scan(set_aside=False):
        if part.chunks[0]["strategy"] == "page_pool":
            (directory / part.name).unlink()
    shutil.rmtree(directory / "snapshots")
    for link in directory.iterdir():
        if link.is_symlink():
            link.unlink()
    return directory
