# SPDX-License-Identifier: MIT
"""The folder of this package, and the one that Python imports it from."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
IMPORTED_FROM = PACKAGE.resolve().parent
