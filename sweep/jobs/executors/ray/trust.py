# SPDX-License-Identifier: MIT
"""Which folders other users of this machine cannot write: what is imported from anywhere else may be anybody's code.

A folder is trusted with all folders above it: whoever may rename one of those puts another in its place.

Not modelled: access control lists; a group counts as others, whoever is in it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
ROOT = 0
ALL_USERS = ["0", "0", "4294967295"]  # /proc/self/uid_map where no user namespace hides who owns what


def is_private(folder: str | Path) -> bool:
    """Whether nobody but this user and root can put anything into `folder`, or another folder in its place."""
    return keeps_entries(folder) and _mode(os.path.realpath(folder)) & WRITABLE_BY_OTHERS == 0


def keeps_entries(folder: str | Path) -> bool:
    """Whether what this user makes in `folder` stays there under its name: /tmp with its sticky bit is such a one."""
    real = Path(os.path.realpath(folder))
    return all(_keeps(each) for each in (real, *real.parents))


def _keeps(folder: Path) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    loose = found.st_mode & WRITABLE_BY_OTHERS and not found.st_mode & stat.S_ISVTX
    return stat.S_ISDIR(found.st_mode) and found.st_uid in _trusted() and not loose


def _mode(folder: str) -> int:
    return stat.S_IMODE(os.stat(folder).st_mode)


def _trusted() -> tuple[int, ...]:
    """This user and root; in a user namespace also the id that stands for the users outside, root among them."""
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
        outside = int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError):
        return ROOT, os.geteuid()
    return (ROOT, os.geteuid()) if mapped == ALL_USERS else (ROOT, os.geteuid(), outside)
