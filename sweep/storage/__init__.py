# SPDX-License-Identifier: MIT
"""A run directory as files by name, on a disk or in an object store: `open` gives them for a path or a URI.

    files = storage.open("runs/smoke")            # or "s3://bucket/smoke", "gs://bucket/smoke", "file:///data/smoke"
    with files.writing():                         # the single writer
        files.put("parts/a.arrow", data)          # whole and for good, or not there

Opening a path imports neither pyarrow nor anything else that is heavy; opening a URI imports `pyarrow.fs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files import Files
    from .location import open

__all__ = ["Files", "open"]


def __getattr__(name: str) -> Any:
    """The names above, imported when they are used: `sweep --help` needs but `storage.home`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import files, location

    return files.Files if name == "Files" else location.open
