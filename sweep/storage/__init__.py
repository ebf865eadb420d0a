# SPDX-License-Identifier: MIT
"""A run directory as files by name, on a disk or in an object store: `open` gives them for a path or a URI.

    files = storage.open("runs/smoke")            # or "s3://bucket/smoke", "gs://bucket/smoke", "file:///data/smoke"
    with files.writing():                         # the single writer
        files.put("parts/a.arrow", data)          # whole and for good, or not there

Opening a path imports neither pyarrow nor anything else that is heavy; opening a URI imports `pyarrow.fs`.
"""

from .files import Files
from .location import open

__all__ = ["Files", "open"]
