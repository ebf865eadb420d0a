# SPDX-License-Identifier: MIT
"""SQL over what a run directory has published, and the same tables as files for other programs."""

from .database import Answer, Database, Table, open

__all__ = ["Answer", "Database", "Table", "open"]
