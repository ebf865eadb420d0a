# SPDX-License-Identifier: MIT
"""A real browser, and a page in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from page_tables import LOCATION, small

from sweep import report


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests; ended whatever happens."""
    browser = Browser(tmp_path_factory.mktemp("browser"))
    try:
        yield browser
    finally:
        browser.end()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small sweep with variants, three mixes, and all sections."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report.render(small(), "html", location=LOCATION), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium: Browser, page_file: Path) -> Browser:
    """The page, opened anew, light and wide, with all its views open."""
    chromium.open(page_file)
    chromium.unfold()
    return chromium
