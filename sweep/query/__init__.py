# SPDX-License-Identifier: MIT
"""SQL over the published tables of a run directory, and export of these tables to files for other programs."""

from .database import Answer, Database, Limits, open
from .mistakes import LONGEST_BYTES
from .published import QueryTable
from .waiting import is_left_behind

__all__ = ["LONGEST_BYTES", "Answer", "Database", "Limits", "QueryTable", "is_left_behind", "open"]
