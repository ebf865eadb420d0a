# SPDX-License-Identifier: MIT
"""Who else could change a file or folder, asked before code is loaded from it.

Not modelled: access control lists, which can let others write where the mode does not say so.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def changeable_by_others(place: Path) -> str:
    """How another user could change what is loaded from `place`, which need not exist; "" if nobody can."""
    try:
        existing = place.resolve()
        while not existing.exists():
            existing = existing.parent
        if reason := changeable(str(existing), existing.stat(), sticky_protects=existing != place.resolve()):
            return reason
        for path in existing.parents:
            if reason := changeable(str(path), path.stat(), sticky_protects=True):
                return reason
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        return getattr(error, "strerror", None) or str(error)
    return ""


def changeable(path: str, about: os.stat_result, *, sticky_protects: bool) -> str:
    """How a user other than this one and root can change the file or folder `path`; "" if nobody can."""
    if about.st_uid not in (0, os.geteuid()):
        return f'"{path}" belongs to another user (id {about.st_uid})'
    if stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX and sticky_protects:
        return ""  # as /tmp: others can add to it, and not replace what is there
    if about.st_mode & stat.S_IWOTH:
        return f'"{path}" can be written by every user'
    own_group = about.st_gid == os.geteuid()  # many systems give each user a group of the same number
    if about.st_mode & stat.S_IWGRP and not own_group:
        return f'"{path}" can be written by its group (id {about.st_gid})'
    return ""
