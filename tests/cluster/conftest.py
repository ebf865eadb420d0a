# SPDX-License-Identifier: MIT
"""Nodes of namespaces, and the table that the sweep must give whatever happens to them."""

from __future__ import annotations

from pathlib import Path

import namespaces
import pyarrow as pa
import pytest
import sweep_runs


@pytest.fixture(scope="session")
def nodes_can_be_made() -> None:
    """Skip where they cannot."""
    if reason := namespaces.lacking():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that a head shares with the tests: sweep files and run directories."""
    directory = tmp_path_factory.mktemp("shared")
    (directory / "sweep.yaml").write_text(sweep_runs.SWEEP)
    return directory


@pytest.fixture(scope="session")
def undisturbed(nodes_can_be_made: None, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The table of an inline run that nothing happened to."""
    directory = tmp_path_factory.mktemp("undisturbed")
    (directory / "sweep.yaml").write_text(sweep_runs.SWEEP)
    return sweep_runs.run_inline(directory / "sweep.yaml", directory / "out")
