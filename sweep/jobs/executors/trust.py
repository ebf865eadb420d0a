# SPDX-License-Identifier: MIT
"""Which folders other users of this machine cannot write to: only from these may code be imported.

A folder is trusted with all folders above it: whoever may rename one of those puts another in its place.

Not modelled: access control lists; a group counts as others, whoever is in it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.package import IMPORTED_FROM

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
ROOT = 0
ALL_USERS = ["0", "0", "4294967295"]  # /proc/self/uid_map where no user namespace hides who owns what


@contextmanager
def safe_search_path() -> Iterator[None]:
    """Inside the block, Python processes that are started import from no folder that others may write."""
    previous = {name: os.environ.get(name) for name in ("PYTHONPATH", "PYTHONSAFEPATH")}
    os.environ.update(PYTHONPATH=search_path(os.environ.get("PYTHONPATH", "")), PYTHONSAFEPATH="1")
    try:
        yield
    finally:
        for name, value in previous.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def search_path(given: str) -> str:
    """PYTHONPATH: this very checkout or installation first, then of those `given` the absolute ones that are safe."""
    others = (path for path in given.split(os.pathsep) if os.path.isabs(path) and _is_safe(path))
    return os.pathsep.join([str(IMPORTED_FROM), *map(os.path.realpath, others)])


def is_private(folder: str | Path) -> bool:
    """Whether nobody but this user and root can put anything into `folder`, or another folder in its place."""
    return keeps_entries(folder) and _mode(os.path.realpath(folder)) & WRITABLE_BY_OTHERS == 0


def keeps_entries(folder: str | Path) -> bool:
    """Whether what this user makes in `folder` keeps its place: true of /tmp, because of its sticky bit."""
    real = Path(os.path.realpath(folder))
    return all(_keeps(parent) for parent in (real, *real.parents))


def _is_safe(path: str) -> bool:
    return is_private(path if os.path.isdir(path) else os.path.dirname(path))  # of a zip file, its folder


def _keeps(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    loose = status.st_mode & WRITABLE_BY_OTHERS and not status.st_mode & stat.S_ISVTX
    return stat.S_ISDIR(status.st_mode) and status.st_uid in _trusted() and not loose


def _mode(folder: str) -> int:
    return stat.S_IMODE(os.stat(folder).st_mode)


def _trusted() -> tuple[int, ...]:
    """Ids of this user and root; in a user namespace also the overflow id, which stands for all users outside."""
    try:
        mapped = Path("/proc/self/uid_map").read_text().split()
        outside = int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError):
        return ROOT, os.geteuid()
    return (ROOT, os.geteuid()) if mapped == ALL_USERS else (ROOT, os.geteuid(), outside)
