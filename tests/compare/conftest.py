# SPDX-License-Identifier: MIT
"""A gate file, and comparing two tables against it."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_tables import GATE


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """gate.yaml in the working directory, so that messages have no path of this machine."""
    monkeypatch.chdir(tmp_path)
    Path("gate.yaml").write_text(GATE)
    return Path("gate.yaml")
