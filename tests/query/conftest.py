# SPDX-License-Identifier: MIT
"""A published run with known numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from published_tables import publish

from sweep import query


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its run directory; nothing may change it."""
    return Path(publish(tmp_path_factory.mktemp("known") / "run"))


@pytest.fixture
def database(known: Path) -> Iterator[query.Database]:
    with query.open(known) as opened:
        yield opened
