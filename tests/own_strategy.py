# SPDX-License-Identifier: MIT
"""The strategy that the how-to page writes, as a user would save it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "strategy.md"
(DRIVER,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(), re.S | re.M)


def saved(folder: Path, sweep_file: str) -> Path:
    """The folder with my_driver.py and own.yaml in it, which nobody else can change."""
    folder.chmod(0o700)
    (folder / "my_driver.py").write_text(DRIVER)
    (folder / "own.yaml").write_text(sweep_file)
    return folder
