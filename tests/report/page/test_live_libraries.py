# SPDX-License-Identifier: MIT
"""The script of drawing libraries in the package is the one that the installed vl-convert bundles."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

CHECKS = Path(__file__).parents[3] / "checks"


def test_it_is_what_vl_convert_bundles() -> None:
    spec = importlib.util.spec_from_file_location("checks_libraries", CHECKS / "libraries.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert gzip.decompress(made.FILE.read_bytes()) == made.bundled(), "next: python checks/libraries.py"
