# SPDX-License-Identifier: MIT
"""A run of every strategy that takes a blink once its kernels are compiled, shared by all tests of `sweep show`."""

from __future__ import annotations

from pathlib import Path

import pytest
from shown_sweep import SWEEP, Shown

import sweep


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """The run, published."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "shown.yaml").write_text(SWEEP)
    finished = sweep.run(folder / "shown.yaml", out=folder / "run", executor="inline")
    assert (finished.failed, finished.invalid) == (0, 0)
    return Shown(Path(finished.location))
