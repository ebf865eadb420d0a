# SPDX-License-Identifier: MIT
"""A directory with a sweep that takes a blink."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import SWEEP


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory with a sweep file."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    return tmp_path
