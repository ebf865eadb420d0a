# SPDX-License-Identifier: MIT
"""Fixtures of the sweep file's tests."""

import pytest

from sweep.config import load


@pytest.fixture
def sweep_of(tmp_path):
    """Write a sweep file and load it."""

    def load_text(text, *sets, folders=()):
        path = tmp_path / "my.yaml"
        path.write_text(text)
        return load(path, sets, folders)

    return load_text
