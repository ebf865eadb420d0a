# SPDX-License-Identifier: MIT
"""Files on a disk and in an object store: what holds for one holds for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep import storage


@pytest.fixture(params=["local", "s3"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A run directory that is not there yet."""
    return str(tmp_path / "run") if request.param == "local" else request.getfixturevalue("s3").uri()


@pytest.fixture
def files(location: str) -> storage.Files:
    return storage.open(location)
