# SPDX-License-Identifier: MIT
"""A directory with a sweep that takes a blink."""

from __future__ import annotations

from pathlib import Path

import pytest
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
