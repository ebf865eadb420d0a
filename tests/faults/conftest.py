# SPDX-License-Identifier: MIT
"""A scene, and nothing of it left afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Where a test types; whatever it starts ends with it."""
    temp = Path(tempfile.mkdtemp(prefix="sf-", dir="/tmp"))
    made = Scene(tmp_path, temp)
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(temp, ignore_errors=True)
