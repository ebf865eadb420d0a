# SPDX-License-Identifier: MIT
"""Limits on processes and memory here, for error messages: those of this process, and the pids limit of its container.

A thread counts as a process, and takes address space.  At such a limit Ray's C++ aborts, often without a message.
"""

from __future__ import annotations

import resource
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OF_PROCESS = (
    ("ulimit -v", resource.RLIMIT_AS, 1024),
    ("ulimit -u", resource.RLIMIT_NPROC, 1),
    ("ulimit -n", resource.RLIMIT_NOFILE, 1),
)


def described() -> str:
    """All limits that are set, as text for a message; "" if there are none."""
    soft = ((name, resource.getrlimit(kind)[0], unit) for name, kind, unit in OF_PROCESS)
    limits = [f"{name} is {limit // unit}" for name, limit, unit in soft if limit != resource.RLIM_INFINITY]
    pids = [f"the pids limit of this container is {limit}" for limit in [pids_limit()[0]] if limit is not None]
    return ", ".join(limits + pids)


def pids_limit() -> tuple[int | None, bool]:
    """The lowest pids limit of this process's control groups, None without one, and whether it was ever hit."""
    lowest, refused = None, False
    for folder in _folders():
        try:
            text = (folder / "pids.max").read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            lowest = min(int(text), int(text) if lowest is None else lowest)
            refused |= _refused(folder)
    return lowest, refused


def _refused(folder: Path) -> bool:
    try:
        return (folder / "pids.events").read_text().split()[-1] != "0"  # "max 12": refused twelve times
    except (OSError, IndexError):
        return False


def _folders() -> list[Path]:
    """Folders of this process's control group and its parents, of version 2 and of the pids controller of version 1."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            root = GROUPS / controllers
            folder = root / path.lstrip("/")
            folders += [
                candidate for candidate in (folder, *folder.parents) if candidate == root or root in candidate.parents
            ]
    return folders
