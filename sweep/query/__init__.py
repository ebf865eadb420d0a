# SPDX-License-Identifier: MIT
"""SQL over what a run directory has published, and the same tables as files for other programs."""

from .database import Answer, Database, Limits, open
from .mistakes import LONGEST_BYTES
from .published import Table
from .waiting import is_left_behind

__all__ = ["LONGEST_BYTES", "Answer", "Database", "Limits", "Table", "is_left_behind", "open"]
